"""Fetching a thousand messages by POP3 and by IMAP, in clear, beside servers that do nothing else.

POP3's peer is a bare asyncio server, written here, which keeps its responses ready made. IMAP's is pymap
alone, with its own in-memory backend on its own socket: the lab adds the tap, the transcript and the folders.
The login is not measured: pymap alone hashes the password, which takes its time.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import poplib
import statistics
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage

from smtplab.lab.lab import Lab
from smtplab.lab.mailbox import Mail
from smtplab.mail.dots import stuffed
from smtplab.mail.path import Path

Row = tuple[str, str, str, str]
COUNT, ROUNDS = 1000, 5
HOST, BOB = "imap.birch.example", "bob@birch.example"
LETTER = b"From: alice@acorn.example\r\nTo: bob@birch.example\r\nSubject: x\r\n\r\n" + b"Hello, Bob.\r\n" * 40


def rows() -> list[Row]:
    """The lab and its peer take turns, round by round."""
    with lab() as ours, bare_pop3() as pop3, bare_pymap() as imap:
        return [
            row("POP3", lambda: pop(ours.pop(HOST, 110)), lambda: pop(poplib.POP3(*pop3)), "bare asyncio"),
            row("IMAP", lambda: fetch(ours.imap(HOST, 143), BOB, "builder"),
                lambda: fetch(imaplib.IMAP4(*imap), "demouser", "demopass"), "pymap alone"),
        ]  # fmt: skip


def row(what: str, ours: Callable[[], float], theirs: Callable[[], float], peer: str) -> Row:
    rounds = [(ours(), theirs()) for _ in range(ROUNDS)]
    mine, other = (statistics.median(column) for column in zip(*rounds, strict=True))
    title = f"fetch {COUNT} messages by {what}"
    return title, f"{mine * 1000:.0f} ms", f"{peer} {other * 1000:.0f} ms", f"{mine / other:.2f} times"


def pop(client: poplib.POP3) -> float:
    """Seconds to fetch all, one by one, as POP3 has it."""
    client.user(BOB)
    client.pass_("builder")
    start = time.perf_counter()
    fetched = [client.retr(number) for number in range(1, client.stat()[0] + 1)]
    client.quit()
    assert len(fetched) == COUNT
    return time.perf_counter() - start


def fetch(client: imaplib.IMAP4, name: str, password: str) -> float:
    """Seconds to fetch all with one command."""
    client.login(name, password)
    start = time.perf_counter()
    client.select(readonly=True)
    said = client.fetch("1:*", "(BODY.PEEK[])")[1]
    client.logout()
    assert sum(isinstance(part, tuple) for part in said) == COUNT
    return time.perf_counter() - start


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    """A lab where Bob has a thousand messages and may say his password in clear, as the peers let him."""
    with Lab() as made:
        made.message_store(HOST).plain_logins = True
        store, to = made.mta("mx.birch.example").store, Path("bob", "birch.example")
        for _ in range(COUNT):
            store.deliver(BOB, Mail(LETTER, Path(), to, made.clock.now(), None))
        yield made


@contextlib.contextmanager
def serving(start: Callable[[], Coroutine[Any, Any, asyncio.Server]]) -> Iterator[tuple[str, int]]:
    """A server on a loop and a thread of its own, as the lab has them."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        host, port = server.sockets[0].getsockname()[:2]
        yield host, port
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def bare_pop3() -> contextlib.AbstractContextManager[tuple[str, int]]:
    """The least that poplib puts up with: no states, no lock, no record."""
    letter = b"+OK\r\n" + stuffed(LETTER)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+OK\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            writer.write({b"RETR": letter, b"STAT": b"+OK %d 1\r\n" % COUNT}.get(verb, b"+OK\r\n"))
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(serve, "127.0.0.1", 0)

    return serving(start)


def bare_pymap() -> contextlib.AbstractContextManager[tuple[str, int]]:
    """pymap as it comes."""

    async def start() -> asyncio.Server:
        arguments = Namespace(
            host="127.0.0.1", port=0, debug=False, cert=None, key=None, tls=False, passlib_cfg=None,
            proxy_protocol=None, demo_data=False, demo_user="demouser", demo_password="demopass",
        )  # fmt: skip
        backend, config = await DictBackend.init(arguments)
        async with backend.login.demo_user_identity.new_session() as session:
            inbox = await session.mailbox_set.get_mailbox("INBOX")
            for _ in range(COUNT):
                await inbox.append(AppendMessage(LETTER))
        server = IMAPServer(backend.login, config)
        callback = ProxyProtocolReader(config.proxy_protocol).get_callback(server)
        return await asyncio.start_server(callback, "127.0.0.1", 0)

    return serving(start)
