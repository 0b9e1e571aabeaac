"""The servers that the lab is measured beside: bare aiosmtpd, and Postfix's smtp-sink."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import smtplib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

from aiosmtpd.smtp import SMTP

from smtplab.lab.lab import Lab

Connect = Callable[[], smtplib.SMTP]

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
def bare_aiosmtpd() -> Iterator[Connect]:
    """aiosmtpd as it comes, on a thread of its own as the lab is."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(
            lambda: SMTP(Accept(), hostname="bare.example", loop=loop), "127.0.0.1", 0
        )

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    port = server.sockets[0].getsockname()[1]
    yield lambda: smtplib.SMTP("127.0.0.1", port, local_hostname="mail.acorn.example")
    loop.call_soon_threadsafe(server.close)
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
