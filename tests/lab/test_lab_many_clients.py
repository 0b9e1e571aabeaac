"""Two hundred clients at once, each from its own notional address: who is who?

The source of a connection is looked up by its real port when the tap accepts it. If that ever went
wrong, one client's mail would carry another's address.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

import pytest

from smtplab.lab.client import Session
from smtplab.lab.hosts import Host
from smtplab.lab.lab import Lab
from smtplab.mail.transcript import Transcript

CLIENTS = 200
LOGIN = "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA=="


@dataclass(frozen=True)
class Client:
    """A client by its number: half of them come over IPv6."""

    number: int

    @property
    def host(self) -> str:
        return f"client-{self.number}.home.example"

    @property
    def address(self) -> str:
        return f"203.0.113.{self.number}" if self.number % 2 else f"2001:db8:c::{self.number:x}"

    @property
    def mark(self) -> str:
        """What only this client says."""
        return f"mark-{self.number:03}-of-its-own"


TAKEN = {9, 66, 76, 77, 78, 79, 200}  # the cast's own, and the home network that may not use port 25
EVERYONE = [Client(number) for number in range(1, CLIENTS + len(TAKEN) + 1) if number not in TAKEN]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        for client in EVERYONE:
            lab.network.add(Host(client.host, (client.address,)))
            lab.dns.set_addresses(client.host, client.address)
        for client in EVERYONE:  # this is not about the speed of DNS: the names are known before
            lab._world.thread.run(lab._world.rdns(client.address))
        yield lab
        assert lab._world.errors == []


def deliver(session: Session, client: Client, recipient: str, *first: str) -> None:
    """One whole transaction, every line of it with the client's mark where there is room."""
    session.say(
        f"EHLO {client.host}", *first, f"MAIL FROM:<{client.mark}@home.example>", f"RCPT TO:<{recipient}>"
    )
    content = f"Subject: {client.mark}\n\n" + f"{client.mark}\n" * 200
    replies = session.say("DATA", content.encode(), "QUIT")
    assert [reply.code for reply in replies] == [354, 250, 221]


class Start:
    """Where everyone waits until all are connected."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(CLIENTS)

    def wait(self) -> None:
        self._barrier.wait(60)

    def play(self, part: Callable[[Client], Transcript]) -> list[Transcript]:
        """Play `part` for everyone at once, and return the transcripts in their order."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            futures = [pool.submit(part, client) for client in EVERYONE]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            self._barrier.abort()  # if one has failed, the others need not wait
        failed = [error for future in done if (error := future.exception())]
        assert failed == []
        return [future.result() for future in futures]


def by_starttls(lab: Lab) -> list[Transcript]:
    start = Start()

    def part(client: Client) -> Transcript:
        server = "198.51.100.10" if client.number % 2 else "2001:db8:b::10"
        with lab.connect(server, 25, source=client.host) as session:
            session.host = "mx.birch.example"  # the name that its certificate has
            start.wait()
            deliver(session, client, "bob@birch.example", "STARTTLS", f"EHLO {client.host}")
            return session.transcript

    return start.play(part)


def by_implicit_tls(lab: Lab) -> list[Transcript]:
    start = Start()

    def part(client: Client) -> Transcript:
        server = "192.0.2.10" if client.number % 2 else "2001:db8:a::10"
        sock = lab.network.dial(client.host, server, 465)
        port = sock.getsockname()[1]
        start.wait()
        sock = lab.tls_context().wrap_socket(sock, server_hostname="mail.acorn.example")
        with Session(sock, server, lab.tls_context(), lambda: lab._world.transcript_of(port)) as session:
            deliver(session, client, "alice@acorn.example", LOGIN)
            return session.transcript

    return start.play(part)


@pytest.mark.parametrize(
    ("play", "box", "protocol"),
    [(by_starttls, "bob@birch.example", "ESMTPS"), (by_implicit_tls, "alice@acorn.example", "ESMTPSA")],
)
def test_everyone_is_seen_as_who_they_are(lab: Lab, play, box: str, protocol: str) -> None:
    assert len(EVERYONE) == CLIENTS
    transcripts = play(lab)
    lab.settle()

    for client, transcript in zip(EVERYONE, transcripts, strict=True):
        assert transcript.client.host == client.host
        assert transcript.client.address == client.address
        assert transcript.tls
        said = b"".join(event.data for event in transcript.events)
        assert said.count(client.mark.encode()) == 202
        assert said.count(b"mark-") == 202  # and nobody else's

    mails = {mail["Subject"]: mail for mail in lab.mailbox(box)}
    assert len(lab.mailbox(box)) == len(mails) == CLIENTS
    for client, transcript in zip(EVERYONE, transcripts, strict=True):
        mail = mails[client.mark]
        literal = client.address if client.number % 2 else f"IPv6:{client.address}"
        received = mail["Received"] or ""
        assert received.startswith(f"from {client.host} ({client.host} [{literal}])\tby ")
        assert f" with {protocol} id " in received
        assert mail.transcript is transcript
        assert mail.reverse_path.local == client.mark
        checked = mail["Received-SPF"] is not None  # a stranger's reverse-path stands there too
        assert mail.raw.count(client.mark.encode()) == 202 + checked  # Return-Path, Subject, 200 lines
        assert mail.raw.count(b"mark-") == 202 + checked


def test_a_stranger_is_the_visitor(lab: Lab) -> None:
    """A program that the lab did not dial for, on a port that one of the others had, is a visitor."""
    with socket.create_connection(lab.address("mx.birch.example", 25)) as sock:
        sock.recv(1000)
        transcript = lab._world.transcript_of(sock.getsockname()[1])
    assert transcript
    assert (transcript.client.host, transcript.client.address) == ("visitor.example", "203.0.113.200")
    assert lab.network._sources == {}
