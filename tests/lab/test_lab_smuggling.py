"""Smuggling: nothing inside a message becomes a message, nothing said in clear is obeyed under TLS.

SMTP smuggling (2023) was two servers that did not agree where a message ends: one took a sequence such
as LF . CR LF for text and passed it on, the next took it for the end, and what came after for commands.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from smtplab.lab.client import Session
from smtplab.lab.lab import Lab

PLAIN = "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA=="
ENDS = (b"\r\n", b"\n", b"\r")

# Every way to write line end, dot, line end with CR LF, LF and CR, but for the real one, and more.
FALSE_ENDS = sorted(
    {before + b"." + after for before, after in itertools.product(ENDS, ENDS)} - {b"\r\n.\r\n"}
    | {b"\n\r.\r\n", b"\r\n.\r\r\n", b"\r\n\r.\r\n", b"\r\n.\n\r\n", b"\n\n.\n\n", b"\r\r.\r\r", b"\n.\r\r\n"}
)  # fmt: skip

# These have proper line ends only, and no line that is a dot alone: they are text.
TEXT = (b"\r\n.\0\r\n", b"\r\n\0.\r\n", b"\r\n. \r\n", b"\r\n .\r\n", b"\r\n\xef\xbc\x8e\r\n", b"\r\n..\r\n")

INNER = (
    b"MAIL FROM:<admin@acorn.example>\r\nRCPT TO:<bob@birch.example>\r\nDATA\r\n"
    b"From: admin@acorn.example\r\nSubject: smuggled\r\n\r\nPay at once.\r\n"
)
OUTER = b"From: alice@acorn.example\r\nSubject: outer\r\n\r\nHello"


@pytest.fixture(scope="module")
def one_lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@pytest.fixture
def lab(one_lab: Lab) -> Iterator[Lab]:
    """The lab, with empty mailboxes and queues."""
    for mta in one_lab.mtas.values():
        mta.queue.items.clear()
        for box in mta.store.boxes.values():
            box.clear()
    yield one_lab
    assert one_lab._world.errors == []


@pytest.fixture
def mx(lab: Lab) -> Iterator[Session]:
    """A session with Bob's MX, at the point where the message is due."""
    with lab.connect("mx.birch.example") as session:
        session.say(
            "EHLO mail.acorn.example", "MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>"
        )
        yield session


@pytest.fixture
def msa(lab: Lab) -> Iterator[Session]:
    """A session with Alice's submission server, at the point where the message is due."""
    with lab.connect("mail.acorn.example", 465) as session:
        session.say("EHLO alice.home.example", PLAIN)
        session.say("MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>")
        yield session


def code(session: Session, line: str) -> int:
    reply = session.send(line)
    assert reply
    return reply.code


def send_by_data(session: Session, content: bytes) -> str:
    """Write `content`, whole lines, after 354 as it is, then the dot, and return the reply to it."""
    assert code(session, "DATA") == 354
    session.write(content)
    return str(session.send("."))


def send_by_bdat(session: Session, content: bytes) -> str:
    return str(session.chunk(content, last=True))


def in_step(session: Session) -> bool:
    """Whether the next reply belongs to the next command: no command was smuggled in between."""
    session.write(b"HELP NOOP\r\nVRFY x\r\n")
    return [session.read().code, session.read().code] == [214, 252]


def subjects(lab: Lab) -> list[str | None]:
    lab.settle()
    return [mail["Subject"] for mail in lab.mailbox("bob@birch.example")]


@pytest.mark.parametrize("end", FALSE_ENDS, ids=repr)
@pytest.mark.parametrize("way", [send_by_data, send_by_bdat])
@pytest.mark.parametrize("hops", ["one", "two"])
def test_a_false_end_is_refused(lab: Lab, request: pytest.FixtureRequest, hops: str, way, end: bytes) -> None:
    session: Session = request.getfixturevalue("mx" if hops == "one" else "msa")
    reply = way(session, OUTER + end + INNER)
    assert reply == "550 5.5.2 Bare CR or LF in the message: every line ends with CR LF"
    assert in_step(session)
    assert subjects(lab) == []


@pytest.mark.parametrize("text", TEXT, ids=repr)
@pytest.mark.parametrize("way", [send_by_data, send_by_bdat])
def test_what_only_looks_like_an_end_is_text(lab: Lab, msa: Session, way, text: bytes) -> None:
    reply = way(msa, OUTER + text + INNER)
    assert reply.startswith("250 2.0.0 ")
    assert in_step(msa)
    assert subjects(lab) == ["outer"]
    if way is send_by_data:  # there a dot at the start of a line is a stuffed one
        text = text.replace(b"\r\n.", b"\r\n", 1)
    assert lab.mailbox("bob@birch.example")[0].raw.endswith(OUTER + text + INNER)


def test_the_real_end_inside_a_chunk_is_text_on_every_hop(lab: Lab, msa: Session) -> None:
    """BDAT counts octets, so a line with only a dot is text; the next hop, by DATA, stuffs the dot."""
    content = OUTER + b"\r\n.\r\n" + INNER
    assert send_by_bdat(msa, content).startswith("250 ")
    assert subjects(lab) == ["outer"]
    assert lab.mailbox("bob@birch.example")[0].raw.endswith(content)
    relayed = b"".join(event.data for event in lab.transcripts[-1].events)
    assert b"\r\n..\r\nMAIL FROM:<admin@acorn.example>" in relayed


def test_cr_before_the_real_end(lab: Lab, mx: Session) -> None:
    """CR CR LF . CR LF has the real end in it. What came before is refused, what comes after are the
    same client's own commands: two transactions of its own, and no message inside a message."""
    assert code(mx, "DATA") == 354
    mx.write(OUTER + b"\r\r\n.\r\n" + INNER + b".\r\n")
    assert [mx.read().code for _ in range(5)] == [550, 250, 250, 354, 250]
    assert in_step(mx)
    assert subjects(lab) == ["smuggled"]


@pytest.mark.parametrize("size", [5, 11, 12, 13, 14, 15])
def test_a_chunk_that_ends_between_cr_and_lf(lab: Lab, mx: Session, size: int) -> None:
    """Where the chunks are cut makes no difference to what is a bare CR or LF."""
    content = b"Subject: x\r\n\r\n.\r\nbody\r\n"
    assert mx.chunk(content[:size]).code == 250
    assert mx.chunk(content[size:], last=True).code == 250
    assert lab.mailbox("bob@birch.example")[0].raw.endswith(content)


def test_a_bare_lf_made_of_two_chunks(lab: Lab, mx: Session) -> None:
    assert mx.chunk(b"Subject: x").code == 250
    assert mx.chunk(b"\nbody\r\n", last=True).code == 550
    assert subjects(lab) == []


@pytest.mark.parametrize(
    "command", [b"RCPT TO:<bob@birch.example>\n.\r\n", b"RCPT TO:<bob@birch.example>\rDATA\r\n"]
)
def test_bare_line_ends_in_commands(lab: Lab, mx: Session, command: bytes) -> None:
    mx.write(command)
    replies = [mx.read() for _ in range(command.count(b"\n"))]
    assert {reply.code for reply in replies} == {500}
    assert "Bare CR or LF" in replies[0].text
    assert in_step(mx)


def test_a_careless_server_is_fooled(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab can show the attack, and so the tests above would see it."""
    monkeypatch.setattr(lab.mta("mx.birch.example"), "strict_line_ends", False)
    with lab.connect("mx.birch.example") as session:
        session.say(
            "EHLO mail.acorn.example", "MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>"
        )
        assert code(session, "DATA") == 354
        session.write(OUTER + b"\n.\r\n" + INNER + b".\r\n")
        assert [session.read().code for _ in range(5)] == [250, 250, 250, 354, 250]
    assert subjects(lab) == ["outer", "smuggled"]


@pytest.mark.parametrize(("host", "port"), [("mx.birch.example", 25), ("mail.acorn.example", 587)])
@pytest.mark.parametrize(
    "injected",
    [
        b"NOOP\r\n",
        b"EHLO mallory.example\r\nMAIL FROM:<mallory@mallory.example>\r\n",
        b"RSET\r\n" * 50,
        b"EHLO mall",  # without its end: the client's first line under TLS would be its end
        b"\0" * 20_000,
    ],
    ids=["noop", "transaction", "many", "half", "big"],
)
def test_commands_after_starttls_are_forgotten(lab: Lab, host: str, port: int, injected: bytes) -> None:
    """RFC 3207 §4.2: what came in clear is not known under TLS, also what had not been read yet."""
    with lab.connect(host, port) as session:
        session.send("EHLO client.example")
        session.write(b"STARTTLS\r\n" + injected)
        assert session.read().code == 220
        session._sock = session._context.wrap_socket(session._sock, server_hostname=host)
        assert str(session.send("NOOP")) == "250 2.0.0 OK"
        assert in_step(session)
        assert code(session, "MAIL FROM:<alice@acorn.example>") == 503
        assert code(session, "EHLO client.example") == 250
    transcript = session.transcript
    begun = next(n for n, event in enumerate(transcript.events) if event.kind == "tls")
    assert all(event.tls for event in transcript.events[begun:] if event.kind == "data")


def test_clear_text_in_place_of_a_handshake(lab: Lab) -> None:
    """Commands that go on in clear after 220 get no answer: the connection ends."""
    with lab.connect("mx.birch.example") as session:
        session.say("EHLO client.example")
        assert code(session, "STARTTLS") == 220
        session.write(b"MAIL FROM:<mallory@mallory.example>\r\nRCPT TO:<bob@birch.example>\r\nDATA\r\n")
        assert session._sock.recv(1000)[:1] in (b"", b"\x15")  # nothing, or a TLS alert
    lab.settle()
    assert lab.queue("mx.birch.example") == []
