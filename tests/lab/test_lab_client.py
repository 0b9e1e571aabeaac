"""The learner's clients: the raw Session, and the stock smtplib through the lab."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest

from smtplab.lab.client import Session
from smtplab.lab.lab import Lab
from smtplab.mail.errors import LabError, RecordError
from smtplab.mail.reply import Reply
from smtplab.mail.session import State
from smtplab.mail.transcript import Side

TO_BOB = ("EHLO mail.acorn.example", "MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>")


@pytest.fixture(scope="module")
def one_lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def lab(one_lab: Lab) -> Lab:
    for mta in one_lab.mtas.values():
        for box in mta.store.boxes.values():
            box.clear()
    return one_lab


@pytest.fixture
def session(lab: Lab) -> Iterator[Session]:
    with lab.connect("mx.birch.example") as session:
        yield session


def said_by_client(session: Session) -> bytes:
    return b"".join(event.data for event in session.transcript.events if event.side is Side.CLIENT)


# Session ----------------------------------------------------------------------------------------


def test_a_whole_dialogue_by_hand(lab: Lab, session: Session) -> None:
    assert session.greeting == Reply(220, "", ("mx.birch.example ESMTP smtplab",))
    replies = [session.send(line) for line in (*TO_BOB, "DATA")]
    assert [reply.code for reply in replies if reply] == [250, 250, 250, 354]
    assert session.send("Subject: by hand") is None
    assert session.send("") is None
    assert session.send("..hidden") is None
    assert str(session.send(".")).startswith("250 2.0.0 OK, queued as ")
    assert str(session.send("QUIT")).startswith("221 ")
    assert lab.mailbox("bob@birch.example")[0].raw.endswith(b"\r\n\r\n.hidden\r\n")
    assert [reply.code for reply in session.replies] == [220, 250, 250, 250, 354, 250, 221]


def test_the_state_follows_the_table(session: Session) -> None:
    states = [session.state]
    for line in (
        *TO_BOB,
        "RSET",
        "MAIL FROM:<>",
        "RCPT TO:<bob@birch.example>",
        "DATA",
        "x",
        ".",
        "nonsense",
        "QUIT",
    ):
        session.send(line)
        states.append(session.state)
    assert states == [
        State.START, State.GREETED, State.MAIL, State.RCPT, State.GREETED, State.MAIL, State.RCPT, State.DATA,
        State.DATA, State.GREETED, State.GREETED, State.CLOSED,
    ]  # fmt: skip


def test_what_is_sent_is_sent_as_it_is(session: Session) -> None:
    for line in ("  ehlo   x ", "MAIL FROM: <a@b.example>", "grüß\udcff", b"\x00\xff\x1b"):
        session.send(line)
    expected = "  ehlo   x \r\nMAIL FROM: <a@b.example>\r\ngrüß".encode() + b"\xff\r\n\x00\xff\x1b\r\n"
    assert said_by_client(session) == expected


def test_data_stuffs_dots_and_makes_line_ends(lab: Lab, session: Session) -> None:
    session.say(*TO_BOB, "DATA")
    assert session.data("Subject: dots\n\n.\n..\n.x\r\nend").code == 250
    assert said_by_client(session).endswith(b"DATA\r\nSubject: dots\r\n\r\n..\r\n...\r\n..x\r\nend\r\n.\r\n")
    assert lab.mailbox("bob@birch.example")[0].raw.endswith(b"\r\n\r\n.\r\n..\r\n.x\r\nend\r\n")


def test_data_without_a_line_end_and_empty(lab: Lab, session: Session) -> None:
    for content in (b"", b"\n", "Subject: x"):
        session.say(*TO_BOB, "DATA")
        assert session.data(content).code == 250
    bodies = [mail.raw.partition(b"+0000\r\n")[2] for mail in lab.mailbox("bob@birch.example")]
    assert bodies[1:] == [b"\r\n", b"Subject: x\r\n"]


def test_chunks(lab: Lab, session: Session) -> None:
    session.say(*TO_BOB)
    assert session.chunk(b"Subject: chunks\r\n").text == "17 octets received"
    assert session.state is State.BDAT
    assert session.chunk(b"", last=True).code == 250
    assert session.state is State.GREETED
    assert lab.mailbox("bob@birch.example")[0]["Subject"] == "chunks"


def test_pipelining(lab: Lab, session: Session) -> None:
    assert [reply.code for reply in session.pipeline(*TO_BOB, "RCPT TO:<x@birch.example>", "DATA")] == [
        250, 250, 250, 550, 354,
    ]  # fmt: skip
    assert session.state is State.DATA
    assert session.data("Subject: x").code == 250
    events = [event.data for event in session.transcript.events if event.side is Side.CLIENT]
    assert events[0].count(b"\r\n") == 5  # in one write


def test_say_does_it_all(lab: Lab, session: Session) -> None:
    replies = session.say("EHLO x", "STARTTLS", *TO_BOB, "DATA", b"Subject: said\n", "QUIT")
    assert [reply.code for reply in replies] == [250, 220, 250, 250, 250, 354, 250, 221]
    assert session.transcript.tls


def test_starttls(lab: Lab, session: Session) -> None:
    assert session.starttls().code == 503  # no EHLO yet: nothing happens
    session.send("EHLO x")
    assert session.starttls().code == 220
    assert session.state is State.START
    reply = session.send("EHLO x")
    assert reply
    assert "STARTTLS" not in reply.extensions
    assert session.starttls().code == 503


def test_a_server_that_says_more_before_tls_is_not_believed(lab: Lab) -> None:
    """RFC 3207 §4.2: a reply that somebody slipped in behind 220 is forgotten, not taken for a reply
    to the first command under TLS."""
    server = lab._world.authority.server_context("mx.birch.example")
    here, there = socket.socketpair()

    def play() -> None:
        with there:
            there.sendall(b"220 mx.birch.example\r\n")
            assert there.recv(100) == b"STARTTLS\r\n"
            there.sendall(b"220 go ahead\r\n250 slipped in\r\n")
            with server.wrap_socket(there, server_side=True) as tls:
                assert tls.recv(100) == b"NOOP\r\n"
                tls.sendall(b"250 real\r\n")

    thread = threading.Thread(target=play)
    thread.start()
    with Session(here, "mx.birch.example", lab.tls_context(), lambda: None) as session:
        # Both lines came in one piece: the reply that was not asked for is in the reader already.
        session.state = State.GREETED
        assert session.starttls().text == "go ahead"
        assert str(session.send("NOOP")) == "250 real"
        thread.join(10)
        with pytest.raises(LabError, match="read the greeting first"):
            _ = session.transcript


def test_a_certificate_for_another_name(lab: Lab, session: Session) -> None:
    session.send("EHLO x")
    session.host = "mx.elsewhere.example"
    with pytest.raises(ssl.SSLCertVerificationError):
        session.starttls()


def test_an_unchecked_certificate(lab: Lab, session: Session) -> None:
    session.send("EHLO x")
    session.host = "mx.elsewhere.example"
    session._context = lab.tls_context(check=False)
    assert session.starttls().code == 220


def test_a_closed_session_says_so(lab: Lab, session: Session) -> None:
    session.send("QUIT")
    with pytest.raises(LabError, match=r"mx.birch.example has closed this session.*lab.connect"):
        for _ in range(5):
            session.send("NOOP")
    assert session.state is State.CLOSED


def test_a_server_that_stays_silent(session: Session) -> None:
    session._sock.settimeout(0.1)
    with pytest.raises(LabError, match=r"did not answer within 0\.1 s"):
        session.read()
    session._sock.settimeout(10)
    assert session.send("NOOP")


def test_a_greeting_that_does_not_come(lab: Lab) -> None:
    with lab.connect("mail.acorn.example", 465, tls=True, greeting=False) as session:
        assert session.greeting is None
        assert session.read().code == 220


def test_plain_text_to_a_tls_port(lab: Lab) -> None:
    with lab.connect("mail.acorn.example", 465, tls=False, greeting=False) as session:
        with pytest.raises(LabError, match="closed this session"):
            session.send("EHLO x")
        transcript = session.transcript
    while not transcript.closed:
        lab._world.thread.run(asyncio.sleep(0.001))
    assert "TLS failed" in transcript.events[-1].note


def test_tls_to_a_plain_port(lab: Lab) -> None:
    with pytest.raises(LabError, match="No connection to mx"):
        lab.connect("mx.birch.example", 25, tls=True)


def test_a_server_that_talks_nonsense(lab: Lab) -> None:
    here, there = socket.socketpair()
    with there, pytest.raises(RecordError):
        there.sendall(b"HTTP/1.1 400 Bad Request\r\n")
        Session(here, "mx.birch.example", lab.tls_context(), lambda: None)
    assert here.fileno() == -1


def test_unread_replies_survive_a_hang_up(lab: Lab, session: Session) -> None:
    session.write(b"NOOP\r\nQUIT\r\n")
    while not session.transcript.closed:
        lab._world.thread.run(asyncio.sleep(0.001))
    assert [session.read().code, session.read().code] == [250, 221]
    with pytest.raises(LabError, match="closed"):
        session.read()


def test_a_session_may_live_in_any_thread(lab: Lab) -> None:
    codes: list[int] = []

    def play() -> None:
        with lab.connect("mx.birch.example") as session:
            codes.extend(reply.code for reply in session.say(*TO_BOB, "QUIT"))

    thread = threading.Thread(target=play)
    thread.start()
    thread.join(10)
    assert codes == [250, 250, 250, 221]


def test_a_session_inside_a_running_loop(lab: Lab) -> None:
    """A notebook's kernel has a loop of its own, in the thread that the cell runs in."""

    async def cell() -> str:
        with lab.connect("mx.birch.example") as session:
            lab.settle()
            return str(session.send("NOOP"))

    assert asyncio.run(cell()) == "250 2.0.0 OK"


# smtplib ----------------------------------------------------------------------------------------


def by_starttls(lab: Lab) -> smtplib.SMTP:
    client = lab.smtp("mail.acorn.example")
    client.starttls()
    return client


def by_implicit_tls(lab: Lab) -> smtplib.SMTP:
    return lab.smtp_ssl("mail.acorn.example")


@pytest.mark.parametrize("dial", [by_starttls, by_implicit_tls])
def test_smtplib_submits(lab: Lab, dial: Callable[[Lab], smtplib.SMTP]) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "alice@acorn.example", "bob@birch.example", "smtplib"
    message.set_content("Hello\n.\n")
    with dial(lab) as client:
        client.login("alice@acorn.example", "wonderland")
        assert client.send_message(message) == {}
    lab.settle()
    [mail] = lab.mailbox("bob@birch.example")
    assert mail.message.get_content().splitlines() == ["Hello", "."]
    assert (mail.message.get_all("Received") or [])[1].startswith("from alice.home.example ")


def test_smtplib_delivers_to_the_mx(lab: Lab) -> None:
    with lab.smtp("mx.birch.example", 25) as client:
        assert client.ehlo()[0] == 250
        assert client.has_extn("PIPELINING")
        assert client.esmtp_features["size"] == "10240000"
        refused = client.sendmail(
            "a@acorn.example", ["bob@birch.example", "x@birch.example"], "Subject: x\n\nx\n"
        )
        assert refused == {"x@birch.example": (550, b"5.1.1 No such user here")}
        assert client.verify("bob")[0] == 252
        assert client.help().startswith(b"Verbs:") or b"Verbs:" in client.help()
    assert len(lab.mailbox("bob@birch.example")) == 1


def test_smtplib_raises_what_it_always_raises(lab: Lab) -> None:
    with by_implicit_tls(lab) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            client.login("alice@acorn.example", "wrong")
        assert caught.value.smtp_code == 535
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.sendmail("alice@acorn.example", ["bob@birch.example"], "x")
        assert refused.value.smtp_code == 530
    with lab.smtp("mx.birch.example", 25) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@b.example", ["x@elsewhere.example"], "x")
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login("alice@acorn.example", "wonderland")


def test_smtplib_checks_the_certificate(lab: Lab) -> None:
    lab.use_certificate("mail.acorn.example", "expired")
    try:
        with lab.smtp("mail.acorn.example") as client, pytest.raises(ssl.SSLCertVerificationError):
            client.starttls()
        with pytest.raises(ssl.SSLCertVerificationError):
            lab.smtp_ssl("mail.acorn.example")
        with lab.smtp("mail.acorn.example") as client:
            assert client.starttls(context=lab.tls_context(check=False))[0] == 220
    finally:
        lab.use_certificate("mail.acorn.example")


def test_smtplib_in_clear_is_told_to_use_tls(lab: Lab) -> None:
    with lab.smtp("mail.acorn.example") as client, pytest.raises(smtplib.SMTPSenderRefused) as refused:
        client.sendmail("alice@acorn.example", ["bob@birch.example"], "x")
    assert refused.value.smtp_code == 530


@pytest.mark.parametrize("steps", [["EHLO x", "QUIT"], ["EHLO x", "STARTTLS", "EHLO x", "QUIT"]])
def test_after_quit_the_transcript_is_complete(steps: list[str]) -> None:
    """The server hangs up after its 221: whoever looks then sees it, every time."""
    with Lab() as lab:
        for _ in range(20):
            with lab.connect("mx.birch.example") as session:
                assert session.say(*steps)[-1].code == 221
                assert session.transcript.events[-1].kind == "close"
