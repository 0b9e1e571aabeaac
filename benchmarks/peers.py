"""The servers that the lab is measured beside: bare aiosmtpd, and Postfix's smtp-sink."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import smtplib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

from aiosmtpd.smtp import SMTP, AuthResult

from smtplab.lab.certificates import Authority
from smtplab.lab.lab import Lab

Connect = Callable[[], smtplib.SMTP]
NAME = "bare.example"

MESSAGE = (
    b"From: alice@acorn.example\r\nTo: bob@birch.example\r\nSubject: hello\r\n\r\n"
    + b"A line of text.\r\n" * 30
)


class Accept:
    """An aiosmtpd handler that takes every message and forgets it."""

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        return "250 OK"


@contextlib.contextmanager
def lab() -> Iterator[Connect]:
    """The lab's MX, spoken to by the stock smtplib from mail.acorn.example."""
    with Lab() as running:
        yield lambda: running.smtp("mx.birch.example", 25)


@contextlib.contextmanager
def lab_starttls() -> Iterator[Connect]:
    """The same with STARTTLS, the certificate checked."""
    with Lab() as running:
        yield lambda: secured(running.smtp("mx.birch.example", 25), None)


@contextlib.contextmanager
def lab_implicit() -> Iterator[Connect]:
    """Alice's submission by implicit TLS and a login, without which nobody may say MAIL there."""
    with Lab() as running:
        yield lambda: logged_in(running.smtp_ssl("mail.acorn.example", 465))


@contextlib.contextmanager
def bare_aiosmtpd() -> Iterator[Connect]:
    """aiosmtpd as it comes, on a thread of its own as the lab is."""
    with _serve(None) as port:
        yield lambda: smtplib.SMTP("127.0.0.1", port, local_hostname="mail.acorn.example")


@contextlib.contextmanager
def bare_starttls() -> Iterator[Connect]:
    """The same with STARTTLS: certificates and contexts are made as the lab's."""
    authority = Authority()
    context = authority.client_context()
    with _serve(None, tls_context=authority.server_context(NAME)) as port:
        yield lambda: secured(_named("127.0.0.1", port), context)


@contextlib.contextmanager
def bare_implicit() -> Iterator[Connect]:
    """The same with implicit TLS, and a login that takes any password."""
    authority = Authority()
    context = authority.client_context()
    login = {"auth_require_tls": False, "authenticator": lambda *about: AuthResult(success=True)}
    with _serve(authority.server_context(NAME), **login) as port:
        yield lambda: logged_in(_Implicit("127.0.0.1", port, context))


def secured(client: smtplib.SMTP, context: ssl.SSLContext | None) -> smtplib.SMTP:
    """`client` after STARTTLS; with None it takes the context that it has."""
    client.starttls(**({"context": context} if context else {}))
    return client


def logged_in(client: smtplib.SMTP) -> smtplib.SMTP:
    """`client` after EHLO and AUTH PLAIN."""
    client.ehlo()
    client.user, client.password = "alice@acorn.example", "wonderland"
    client.auth("PLAIN", client.auth_plain)
    return client


class _Implicit(smtplib.SMTP):
    """smtplib.SMTP_SSL, but for the name that is checked: the server is on loopback."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(host, port, local_hostname="mail.acorn.example")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._context.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=NAME)


def _named(host: str, port: int) -> smtplib.SMTP:
    """smtplib's client, which checks the certificate for the server's name and not for its address."""
    client = smtplib.SMTP(host, port, local_hostname="mail.acorn.example")
    client._host = NAME  # type: ignore[attr-defined]
    return client


@contextlib.contextmanager
def _serve(tls: ssl.SSLContext | None, **options: object) -> Iterator[int]:
    """aiosmtpd on a loopback port of its own, with implicit TLS by `tls`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(
            lambda: SMTP(Accept(), hostname=NAME, loop=loop, **options), "127.0.0.1", 0, ssl=tls
        )

    async def stop() -> None:
        server.close()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait_for(asyncio.gather(*sessions, return_exceptions=True), 5)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextlib.contextmanager
def smtp_sink() -> Iterator[Connect | None]:
    """Postfix's smtp-sink, which is C and does nothing with a message. None where it is not installed."""
    program = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [program, "-u", "nobody", f"127.0.0.1:{port}", "100"], stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield lambda: smtplib.SMTP("127.0.0.1", port, local_hostname="mail.acorn.example")
    finally:
        process.kill()
        process.wait(10)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("smtp-sink did not start")
