"""Mallory on the wire: each attack with a client that asks no questions and one that does, on real bytes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.lab.certificates import Authority
from smtplab.lab.ear import Ear
from smtplab.lab.ends import ServerEnd
from smtplab.lab.lab import Lab
from smtplab.lab.mallory import without_starttls
from smtplab.lab.tunnel import Tunnel
from smtplab.mail.dialogue import Line, lines
from smtplab.mail.errors import LabError
from smtplab.mail.transcript import Endpoint, Event, Side, Transcript

MX = "mx.birch.example"
MSA = "mail.acorn.example"
BOB = "bob@birch.example"
HELLO = f"From: alice@acorn.example\nTo: {BOB}\nSubject: hello\n\nHello\n"
LOGIN = ("alice@acorn.example", "wonderland")
SECRET = b"AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA=="
KINDS = ["self-signed", "unknown-ca", "wrong-name"]


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A lab that says at the end whether anything went wrong inside, or was left open."""
    trouble: list[object] = []
    with Lab() as lab:
        lab._world.thread.loop.set_exception_handler(lambda loop, context: trouble.append(context))
        yield lab
        lab.mallory.stop()
        assert not any(wire.transcript.leg for wire in lab.network.wires())
    assert lab._world.errors == []
    assert trouble == []
    assert all(transcript.closed for transcript in lab.transcripts)


def legs(lab: Lab, number: int = -1) -> tuple[Transcript, Transcript]:
    """The client's leg and the server's of a connection, the latest one unless told otherwise."""
    near = lab.mallory.transcripts[number]
    assert near.leg == "client"
    assert near.twin and near.twin.leg == "server" and near.twin.twin is near
    return near, near.twin


def said(transcript: Transcript, side: Side, *, tls: bool | None = None) -> bytes:
    """What one side said on a leg, in plain text."""
    events = [e for e in transcript.events if e.side is side and e.kind == "data"]
    return b"".join(event.data for event in events if tls is None or event.tls is tls)


def on_the_cable(transcript: Transcript) -> bytes:
    return b"".join(event.data for event in transcript.wire)


def hers(transcript: Transcript) -> list[Line]:
    """The lines that Mallory had a hand in."""
    return [line for line in lines(transcript) if line.note]


def ending(lab: Lab) -> None:
    """Wait until no connection is left that runs through Mallory."""

    async def wait() -> None:
        while any(wire.transcript.leg for wire in lab.network.wires()):
            await asyncio.sleep(0.001)

    lab._world.thread.run(wait(), timeout=10)


@contextlib.contextmanager
def opportunistic(lab: Lab, host: str, port: int, *, log_in: bool = True) -> Iterator[smtplib.SMTP]:
    """A mail program set to "TLS if available", which believes any certificate."""
    with lab.smtp(host, port) as client:
        client.ehlo()
        if client.has_extn("starttls"):
            client.starttls(context=lab.tls_context(check=False))
            client.ehlo()
        if log_in:
            client.login(*LOGIN)
        yield client


# taking STARTTLS away ---------------------------------------------------------------------------


def test_a_stripped_client_goes_on_in_clear(lab: Lab) -> None:
    lab.mallory.strip_starttls(MX)
    with opportunistic(lab, MX, 25, log_in=False) as client:
        client.sendmail("alice@acorn.example", [BOB], HELLO)
    near, far = legs(lab)
    assert b"STARTTLS" not in on_the_cable(near)
    assert b"250-STARTTLS\r\n250 HELP\r\n" in on_the_cable(far)
    assert not near.tls and not far.tls
    assert b"Subject: hello" in on_the_cable(near)
    [mail] = lab.mailbox(BOB)
    assert mail["Subject"] == "hello"


def test_the_mail_program_stops_and_says_so(lab: Lab) -> None:
    letter = "From: alice@acorn.example\nTo: bob@birch.example\n\nAt five?\n"
    lab.mallory.strip_starttls("mail.acorn.example", 587, onward=True)
    with pytest.raises(LabError, match="has sent nothing: STARTTLS extension not supported"):
        lab.submit(letter)
    lab.mallory.stop()
    lab.use_certificate("mail.acorn.example", "expired")
    with pytest.raises(LabError, match=r"has sent nothing: .*certificate has expired"):
        lab.submit(letter)
    assert lab.queue("mail.acorn.example") == []


def test_a_strict_client_does_not(lab: Lab) -> None:
    lab.mallory.strip_starttls(MX)
    with lab.smtp(MX, 25) as client, pytest.raises(smtplib.SMTPNotSupportedError):
        client.starttls()
    assert lab.mailbox(BOB) == []


@pytest.mark.parametrize("code", [454, 502])
def test_who_asks_for_tls_all_the_same_is_refused_by_her(lab: Lab, code: int) -> None:
    lab.mallory.strip_starttls(MX, code=code)
    with lab.connect(MX) as session:
        replies = session.say("EHLO client.example", "starttls", "NOOP", "QUIT")
    assert [reply.code for reply in replies] == [250, code, 250, 221]
    near, far = legs(lab)
    assert said(far, Side.CLIENT) == b"EHLO client.example\r\nNOOP\r\nQUIT\r\n"
    assert [(line.verb, line.note.split()[0]) for line in hers(near)] == [
        ("EHLO", "Mallory"),
        ("STARTTLS", "Mallory"),
    ]
    assert hers(far) == []


def test_the_message_itself_may_say_starttls(lab: Lab) -> None:
    lab.mallory.strip_starttls(MX)
    with lab.connect(MX) as session:
        session.say("EHLO x", "MAIL FROM:<a@acorn.example>", f"RCPT TO:<{BOB}>", "DATA")
        assert session.data("Subject: one\n\nSTARTTLS\n.\n250-STARTTLS\n").code == 250
        session.say("MAIL FROM:<a@acorn.example>", f"RCPT TO:<{BOB}>")
        assert session.chunk(b"Subject: two\r\n\r\nSTARTTLS\r\n").code == 250
        assert session.chunk(b"STARTTLS\r\n", last=True).code == 250
        assert session.say("STARTTLS")[0].code == 502
    one, two = lab.mailbox(BOB)
    assert one.message.get_content() == "STARTTLS\r\n.\r\n250-STARTTLS\r\n"
    assert two.message.get_content() == "STARTTLS\r\nSTARTTLS\r\n"
    near, far = legs(lab)
    assert said(near, Side.CLIENT) == said(far, Side.CLIENT) + b"STARTTLS\r\n"


def test_her_answer_comes_in_its_turn(lab: Lab) -> None:
    lab.network.latency = 0.005
    lab.mallory.strip_starttls(MX)
    with lab.connect(MX) as session:
        session.send("EHLO x")
        replies = session.pipeline("NOOP", "STARTTLS", "VRFY bob", "STARTTLS", "RSET")
    assert [reply.code for reply in replies] == [250, 502, 252, 502, 250]


def test_octet_by_octet(lab: Lab) -> None:
    lab.mallory.strip_starttls(MX)
    with lab.connect(MX) as session:
        for octet in b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<a@acorn.example>\r\n":
            session.write(bytes([octet]))
        assert [session.read().code for _ in range(3)] == [250, 502, 250]


@pytest.mark.parametrize("latency", [0.0, 0.005])
def test_who_says_all_at_once_and_hangs_up_is_served(lab: Lab, latency: float) -> None:
    lab.network.latency = latency
    lab.mallory.strip_starttls(MX)
    sock = lab.network.dial(MSA, MX, 25)
    with sock, sock.makefile("rb") as file:
        assert file.readline().startswith(b"220")
        sock.sendall(
            b"EHLO x\r\nMAIL FROM:<a@acorn.example>\r\nRCPT TO:<bob@birch.example>\r\nDATA\r\n"
            b"Subject: in one go\r\n\r\nSTARTTLS\r\n.\r\nSTARTTLS\r\nQUIT\r\n"
        )
        sock.shutdown(socket.SHUT_WR)
        codes = [line[:3] for line in file if line[3:4] == b" "]
    assert codes == [b"250", b"250", b"250", b"354", b"250", b"502", b"221"]
    [mail] = lab.mailbox(BOB)
    assert mail["Subject"] == "in one go"


def test_an_unfinished_line_gets_through_at_the_end(lab: Lab) -> None:
    lab.mallory.strip_starttls(MX)
    with lab.connect(MX) as session:
        session.send("EHLO x")
        session.write(b"MAIL FR")
    ending(lab)
    assert said(legs(lab)[1], Side.CLIENT) == b"EHLO x\r\nMAIL FR"


@pytest.mark.parametrize(
    ("reply", "stripped"),
    [
        (b"250-x\r\n250-SIZE\r\n250-STARTTLS\r\n250 HELP\r\n", b"250-x\r\n250-SIZE\r\n250 HELP\r\n"),
        (b"250-x\r\n250-SIZE\r\n250 STARTTLS\r\n", b"250-x\r\n250 SIZE\r\n"),
        (b"250-x\r\n250 starttls\r\n", b"250 x\r\n"),
        (b"250-x\r\n250-STARTTLS\r\n250-StartTLS\r\n250 SIZE\r\n", b"250-x\r\n250 SIZE\r\n"),
        (b"250-STARTTLS.example\r\n250 SIZE\r\n", b"250-STARTTLS.example\r\n250 SIZE\r\n"),
        (b"250-x\r\n250-STARTTLSX\r\n250 X-STARTTLS\r\n", b"250-x\r\n250-STARTTLSX\r\n250 X-STARTTLS\r\n"),
        (b"500 what?\r\n", b"500 what?\r\n"),
        (b"250 STARTTLS\r\n", b"250 STARTTLS\r\n"),
    ],
)
def test_what_is_left_of_an_ehlo_reply(reply: bytes, stripped: bytes) -> None:
    assert without_starttls(reply) == stripped


def test_on_submission_there_is_nothing_to_fall_back_to(lab: Lab) -> None:
    """The server insists on TLS: who is stripped cannot log in, and no password gets on the cable."""
    lab.mallory.strip_starttls(MSA, 587)
    with pytest.raises(smtplib.SMTPNotSupportedError), opportunistic(lab, MSA, 587):
        pass
    with lab.connect(MSA, 587) as session:
        replies = session.say("EHLO x", "AUTH PLAIN", "MAIL FROM:<a@b.example>")
    assert [reply.code for reply in replies] == [250, 530, 530]
    assert all(SECRET not in on_the_cable(transcript) for transcript in lab.transcripts)


def test_unless_she_speaks_tls_to_the_server_herself(lab: Lab) -> None:
    lab.mallory.strip_starttls(MSA, 587, onward=True)
    with opportunistic(lab, MSA, 587) as client:
        client.sendmail(LOGIN[0], [BOB], HELLO)
    lab.settle()
    near, far = legs(lab)
    assert SECRET in on_the_cable(near)  # robbed
    assert b"AUTH" in said(near, Side.SERVER) and b"STARTTLS" not in said(near, Side.SERVER)
    assert SECRET not in on_the_cable(far)
    assert SECRET in said(far, Side.CLIENT, tls=True)
    assert far.tls and far.keylog and not near.tls and not near.keylog
    assert [mail["Subject"] for mail in lab.mailbox(BOB)] == ["hello"]
    assert [line.text.split()[0].upper() for line in hers(far)] == ["STARTTLS", "EHLO"]
    assert [line.tls for line in hers(far)] == [False, True]


def test_a_strict_client_keeps_its_password(lab: Lab) -> None:
    lab.mallory.strip_starttls(MSA, 587, onward=True)
    with lab.smtp(MSA, 587) as client, pytest.raises(smtplib.SMTPNotSupportedError):
        client.starttls()
        client.login(*LOGIN)
    assert all(SECRET not in on_the_cable(transcript) for transcript in lab.transcripts)


def test_what_a_client_says_while_she_is_busy_waits(lab: Lab) -> None:
    lab.network.latency = 0.005
    lab.mallory.strip_starttls(MSA, 587, onward=True)
    with lab.connect(MSA, 587) as session:
        replies = session.pipeline("EHLO x", "NOOP", "STARTTLS", "EHLO y", "NOOP")
    assert [reply.code for reply in replies] == [250, 250, 502, 250, 250]
    assert b"STARTTLS" not in said(legs(lab)[0], Side.SERVER)


def test_a_server_that_refuses_tls_is_taken_as_it_is(lab: Lab) -> None:
    lab.mta(MX).context = None
    lab.mallory.strip_starttls(MX, onward=True)
    with lab.connect(MX) as session:
        assert [r.code for r in session.say("EHLO x", "NOOP")] == [250, 250]
    assert hers(legs(lab)[0]) == []


def test_implicit_tls_is_out_of_her_reach(lab: Lab) -> None:
    """Misconception 12: on 465 there is no STARTTLS to strip."""
    lab.mallory.strip_starttls(MSA, 465, onward=True)
    with lab.smtp_ssl(MSA) as client:
        client.login(*LOGIN)
        client.sendmail(LOGIN[0], [BOB], HELLO)
    near, far = legs(lab)
    assert on_the_cable(near) == on_the_cable(far)
    assert SECRET not in on_the_cable(near)
    assert near.events and said(near, Side.CLIENT) == said(far, Side.CLIENT)
    assert near.keylog == far.keylog != []
    assert hers(near) == []


# commands behind STARTTLS -----------------------------------------------------------------------


def test_injected_commands_are_forgotten(lab: Lab) -> None:
    lab.mallory.inject(MX, 25, "NOOP\nRSET")
    with lab.smtp(MX, 25) as client:
        client.starttls()
        client.ehlo()
        assert client.noop()[0] == 250
    near, far = legs(lab)
    assert b"RSET" not in on_the_cable(near)
    assert b"STARTTLS\r\nNOOP\r\nRSET\r\n" in [event.data for event in far.wire]  # one segment
    dropped = [(line.text, line.note) for line in lines(far) if line.dropped]
    assert dropped == [("NOOP", "Mallory added this"), ("RSET", "Mallory added this")]
    assert said(near, Side.CLIENT, tls=True) == said(far, Side.CLIENT, tls=True)
    assert "*** 2 lines sent in clear behind STARTTLS: forgotten." in far.text()
    assert near.keylog == far.keylog != []


def test_one_segment_carries_both(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    fed: list[bytes] = []
    feed = ServerEnd.feed

    def spy(end: ServerEnd, data: bytes) -> None:
        fed.append(data)
        feed(end, data)

    monkeypatch.setattr(ServerEnd, "feed", spy)
    lab.mallory.inject(MX, 25, "RSET")
    with lab.connect(MX) as session:
        session.say("EHLO x", "STARTTLS")
    assert b"STARTTLS\r\nRSET\r\n" in fed


def test_a_careless_server_takes_them_for_the_clients(lab: Lab) -> None:
    lab.mta(MX).careless_starttls = True
    lab.mallory.inject(MX, 25, b"EHLO injected.example\r\n")
    client = lab.smtp(MX, 25)
    assert client.starttls()[0] == 220  # and with a good certificate: TLS itself is untouched
    assert client.ehlo()[0] == 250
    assert b"injected.example" in client.ehlo_resp  # the answer to another's command
    client.close()
    ending(lab)
    near, far = legs(lab)
    [line] = [line for line in lines(far) if line.note == "Mallory added this"]
    assert not line.tls and not line.dropped
    answer = lines(far)[line.pair]
    assert answer.tls and "injected.example" in answer.text
    assert "*** The server keeps what came in clear behind STARTTLS." in far.text()
    assert "keeps" not in near.text()


def test_what_the_victim_says_under_tls_becomes_her_mail(lab: Lab) -> None:
    """CVE-2011-0411: she opens a message to herself, and the victim dictates the rest."""
    lab.mta(MX).careless_starttls = True
    lab.mallory.inject(MX, 25, f"EHLO x\nMAIL FROM:<m@mallory.example>\nRCPT TO:<{BOB}>\nDATA")
    with lab.connect(MX) as session:
        session.say("EHLO victim.example", "STARTTLS")
        assert [session.read().code for _ in range(4)] == [250, 250, 250, 354]
        session.write(b"EHLO victim.example\r\nAUTH PLAIN " + SECRET + b"\r\n.\r\n")
        assert session.read().code == 250
    [mail] = lab.mailbox(BOB)
    assert SECRET in mail.raw
    assert str(mail.reverse_path) == "<m@mallory.example>"
    far = legs(lab)[1]
    assert [line.kind for line in lines(far) if SECRET.decode() in line.text] == ["data"]


def test_kept_commands_are_read_as_the_server_took_them() -> None:
    """DATA came in clear, its reply under TLS; what the client says in between is the message."""
    client, server = Endpoint("a", "192.0.2.1", 40000), Endpoint("b", "192.0.2.2", 25)
    spoken = [
        Event(0.0, Side.SERVER, b"220 b\r\n"),
        Event(0.1, Side.CLIENT, b"STARTTLS\r\n"),
        Event(0.1, Side.CLIENT, b"DATA\r\n", note="Mallory added this"),
        Event(0.2, Side.SERVER, b"220 go\r\n"),
        Event(0.3, Side.SERVER, tls=True, kind="tls", kept=True),
        Event(0.4, Side.CLIENT, b"EHLO victim\r\n.\r\nNOOP\r\n", tls=True),
        Event(0.5, Side.SERVER, b"354 go\r\n250 taken\r\n250 OK\r\n", tls=True),
    ]
    read = lines(Transcript(1, client, server, datetime(2026, 3, 2, tzinfo=UTC), events=spoken))
    said = {line.text: line.kind for line in read if line.side is Side.CLIENT}
    assert said == {
        "STARTTLS": "command",
        "DATA": "command",
        "EHLO victim": "data",
        ".": "end",
        "NOOP": "command",
    }
    answers = [(read[line.pair].text, line.text) for line in read if line.kind == "reply"]
    assert answers == [("STARTTLS", "220 go"), ("DATA", "354 go"), (".", "250 taken"), ("NOOP", "250 OK")]
    assert not any(line.dropped for line in read)
    assert [line.ahead for line in read if line.text == "NOOP"] == [2]


def test_where_the_server_stays_in_clear_she_hides_the_answers(lab: Lab) -> None:
    lab.mta(MX).context = None
    lab.mallory.inject(MX, 25, "NOOP\nVRFY bob")
    with lab.connect(MX) as session:
        assert session.send("EHLO x").code == 250
        assert [r.code for r in session.pipeline("STARTTLS", "RSET", "NOOP")] == [503, 250, 250]
    assert said(legs(lab)[0], Side.SERVER).count(b"252") == 0
    assert said(legs(lab)[1], Side.SERVER).count(b"252") == 1


def test_there_is_nothing_to_inject_into_on_465(lab: Lab) -> None:
    lab.mallory.inject(MSA, 465, "RSET")
    with lab.smtp_ssl(MSA) as client:
        client.login(*LOGIN)
    near, far = legs(lab)
    assert on_the_cable(near) == on_the_cable(far)


# in the server's place --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_who_checks_nothing_talks_to_mallory(lab: Lab, kind: str) -> None:
    right = x509.load_pem_x509_certificate(lab._world.authority.leaf(MSA).pem)
    lab.mallory.impersonate(MSA, 587, kind=kind)
    with opportunistic(lab, MSA, 587) as client:
        assert isinstance(client.sock, ssl.SSLSocket)
        shown = x509.load_der_x509_certificate(client.sock.getpeercert(True) or b"")
        assert shown.public_key() != right.public_key()  # nobody has the host's own key
        client.sendmail(LOGIN[0], [BOB], HELLO)
    lab.settle()
    near, far = legs(lab)
    for leg in (near, far):
        assert leg.tls and SECRET in said(leg, Side.CLIENT, tls=True) and SECRET not in on_the_cable(leg)
    assert said(near, Side.CLIENT) == said(far, Side.CLIENT)
    assert said(near, Side.SERVER) == said(far, Side.SERVER)
    assert near.keylog and far.keylog and not set(near.keylog) & set(far.keylog)
    assert next(e for e in near.events if e.kind == "tls").note.endswith("by Mallory")
    assert not next(e for e in far.events if e.kind == "tls").note.endswith("by Mallory")
    assert [mail["Subject"] for mail in lab.mailbox(BOB)] == ["hello"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("port", [587, 465])
def test_who_checks_does_not(lab: Lab, kind: str, port: int) -> None:
    lab.mallory.impersonate(MSA, port, kind=kind)
    with pytest.raises(ssl.SSLCertVerificationError) as raised:
        if port == 465:
            lab.smtp_ssl(MSA)
        with contextlib.closing(lab.smtp(MSA, port)) as client:
            client.starttls()
    assert raised.value.verify_code == {"self-signed": 18, "unknown-ca": 20, "wrong-name": 62}[kind]
    ending(lab)
    near, far = legs(lab)
    assert said(near, Side.CLIENT, tls=True) == b""
    assert any(event.kind == "close" and "TLS failed" in event.note for event in near.events)
    assert said(far, Side.CLIENT, tls=True) == b""


def test_a_trusted_ca_is_not_enough(lab: Lab) -> None:
    """Her certificate is from the CA that all trust: only the name gives her away."""
    lab.mallory.impersonate(MSA, 587, kind="wrong-name")
    nameless = lab.tls_context()
    nameless.check_hostname = False
    with lab.smtp(MSA, 587) as client:
        assert client.starttls(context=nameless)[0] == 220
    assert lab.certificate(MSA, 587).names == ("mail.mallory.example",)


def test_in_the_middle_of_implicit_tls(lab: Lab) -> None:
    lab.mallory.impersonate(MSA, 465)
    with lab.connect(MSA, 465, check=False) as session:
        session.say("EHLO x", f"AUTH PLAIN {SECRET.decode()}")
    near, far = legs(lab)
    assert SECRET in said(near, Side.CLIENT) and said(near, Side.CLIENT) == said(far, Side.CLIENT)
    assert on_the_cable(near) != on_the_cable(far)
    assert near.server.port == far.server.port == 465


def test_she_carries_much_and_both_ways(lab: Lab) -> None:
    lab.mallory.impersonate(MX)
    body = "".join(f"{number:06} {'x' * 60}\n" for number in range(60_000))  # 4 MB
    with opportunistic(lab, MX, 25, log_in=False) as client:
        client.sendmail("a@acorn.example", [BOB], f"Subject: much\n\n{body}")
    [mail] = lab.mailbox(BOB)
    assert mail.message.get_content().replace("\r\n", "\n") == body


def test_a_server_that_refuses_starttls_leaves_her_in_clear(lab: Lab) -> None:
    lab.mallory.impersonate(MX)
    lab.mta(MX).context = None
    with lab.connect(MX) as session:
        assert [r.code for r in session.say("EHLO x", "STARTTLS", "NOOP")] == [250, 503, 250]
    near, far = legs(lab)
    assert on_the_cable(near) == on_the_cable(far)


def test_a_server_that_asks_her_for_a_certificate(lab: Lab) -> None:
    """Her own TLS with the server fails: then there is nothing that she could pass on."""
    context = lab.mta(MX).context
    assert context
    context.verify_mode = ssl.CERT_REQUIRED
    lab.mallory.impersonate(MX)
    with lab.connect(MX, check=False) as session:
        session.say("EHLO x")
        with pytest.raises((LabError, OSError)):
            session.say("STARTTLS", "EHLO x")
    ending(lab)
    near, far = legs(lab)
    assert near.closed and far.closed
    assert any("TLS failed" in event.note for event in far.events)


def test_a_handshake_that_is_none(lab: Lab) -> None:
    lab.mallory.impersonate(MX)
    with lab.connect(MX) as session:
        session.say("EHLO x")
        session.send("STARTTLS")
        session.write(b"this is no ClientHello\r\n")
        with pytest.raises(LabError, match="closed"):
            session.read()
    ending(lab)
    assert any("TLS failed" in event.note for event in legs(lab)[0].events)


# what is the same for all of them ---------------------------------------------------------------

ATTACKS: dict[str, Callable[[Lab, str, int], None]] = {
    "strip": lambda lab, host, port: lab.mallory.strip_starttls(host, port),
    "onward": lambda lab, host, port: lab.mallory.strip_starttls(host, port, onward=True),
    "inject": lambda lab, host, port: lab.mallory.inject(host, port, "RSET"),
    "impersonate": lambda lab, host, port: lab.mallory.impersonate(host, port),
}


@pytest.fixture(params=list(ATTACKS))
def attack(request: pytest.FixtureRequest) -> Callable[[Lab, str, int], None]:
    return ATTACKS[request.param]


@pytest.mark.parametrize("latency", [0.0, 0.004])
def test_twenty_clients_at_once(lab: Lab, attack: Callable[[Lab, str, int], None], latency: float) -> None:
    attack(lab, MX, 25)
    lab.network.latency = latency

    def send(number: int) -> None:
        with opportunistic(lab, MX, 25, log_in=False) as client:
            for part in range(3):
                client.sendmail("a@acorn.example", [BOB], f"Subject: {number}/{part}\n\n{number:03} " * 50)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(send, range(20)))
    assert sorted(mail["Subject"] for mail in lab.mailbox(BOB)) == sorted(
        f"{number}/{part}" for number in range(20) for part in range(3)
    )
    ending(lab)
    pairs = [legs(lab, number) for number in range(20)]
    assert len({far.client.port for _, far in pairs}) == 20
    for near, far in pairs:
        assert near.client.host == far.client.host == MSA
        mine = [line for line in said(near, Side.CLIENT).split(b"\r\n") if line.startswith(b"Subject")]
        assert mine == [line for line in said(far, Side.CLIENT).split(b"\r\n") if line.startswith(b"Subject")]
        assert len({line.partition(b"/")[0] for line in mine}) == 1 and len(mine) == 3


def test_a_delivery_is_followed_through_her(lab: Lab, attack: Callable[[Lab, str, int], None]) -> None:
    """The queue sends through her as well, and knows no better: the message arrives."""
    attack(lab, MX, 25)
    delivery = lab.submit(HELLO)
    assert delivery.result == "delivered"
    assert delivery.path == [("alice.home.example", MSA), (MSA, MX)]
    assert [transcript.leg for transcript in delivery.transcripts] == ["", "client"]
    [mail] = lab.mailbox(BOB)
    assert f"from {MSA} ({MSA} [192.0.2.10])" in mail.message["Received"]


def test_latency_is_shared_between_the_legs(lab: Lab) -> None:
    lab.mallory.strip_starttls(MX)
    lab.network.latency = 0.2
    with lab.connect(MX) as session:
        session.say("EHLO x")
    said_here, heard_there = (next(e.t for e in t.events if e.side is Side.CLIENT) for t in legs(lab))
    assert 0.09 <= heard_there - said_here < 0.19


def test_stopping_cuts_what_runs_through_her(lab: Lab, attack: Callable[[Lab, str, int], None]) -> None:
    attack(lab, MX, 25)
    session, plain = lab.connect(MX), lab.connect(MSA)
    session.send("EHLO x")
    assert "mx.birch.example:25" in repr(lab.mallory)
    lab.mallory.stop()
    assert repr(lab.mallory) == "<Mallory: not on the wire>"
    with pytest.raises(LabError, match="closed"):
        session.send("NOOP")
    assert plain.send("NOOP").code == 250  # it does not run through her
    assert [wire.transcript.leg for wire in lab.network.wires()] == [""]
    with lab.smtp(MX, 25) as client:
        assert client.starttls()[0] == 220
    assert lab.transcripts[-1].leg == "" and lab.transcripts[-1].twin is None
    lab.mallory.stop()
    session.close()
    plain.close()


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_goes_away(lab: Lab, attack: Callable[[Lab, str, int], None], how: str) -> None:
    attack(lab, MX, 25)
    for step in ("", "EHLO x", "STARTTLS"):
        sock = lab.network.dial(MSA, MX, 25)
        sock.recv(100)
        sock.sendall(f"EHLO y\r\n{step}\r\n".encode())
        if how == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
    ending(lab)
    assert all(leg.closed for number in range(3) for leg in legs(lab, number))


def test_a_server_that_goes_away(lab: Lab, attack: Callable[[Lab, str, int], None]) -> None:
    attack(lab, MX, 25)
    lab.mta(MX).limits.idle = 0.05
    with lab.connect(MX) as session:
        assert session.read().code == 421
        with pytest.raises(LabError, match="closed"):
            session.read()


def test_a_network_that_drops(lab: Lab, attack: Callable[[Lab, str, int], None]) -> None:
    attack(lab, MX, 25)
    lab.network.tap(MX, 25).drop(b"MAIL FROM")
    with lab.connect(MX) as session:
        session.send("EHLO x")
        with pytest.raises(LabError, match="closed"):
            session.send("MAIL FROM:<a@acorn.example>")
    ending(lab)
    assert b"MAIL" not in said(legs(lab)[1], Side.CLIENT)


def test_a_lab_that_stops_first(attack: Callable[[Lab, str, int], None]) -> None:
    lab = Lab()
    attack(lab, MX, 25)
    session = lab.connect(MX)
    session.send("EHLO x")
    lab.stop()
    assert lab.network.wires() == []
    assert all(transcript.closed for transcript in lab.transcripts)
    lab.mallory.stop()
    with pytest.raises(LabError, match="stopped"):
        attack(lab, MX, 25)
    session.close()


def test_the_latest_attack_counts(lab: Lab) -> None:
    lab.mallory.strip_starttls(MX)
    lab.mallory.impersonate(MX)
    assert repr(lab.mallory) == "<Mallory: mx.birch.example:25 impersonates the server>"
    with opportunistic(lab, MX, 25, log_in=False):
        pass
    assert legs(lab)[0].tls


def test_she_sits_on_every_address(lab: Lab) -> None:
    lab.mallory.strip_starttls(MX)
    for address in ("198.51.100.10", "2001:db8:b::10"):
        with lab.connect(address) as session:
            assert "STARTTLS" not in session.send("EHLO x").text
    with lab.connect("mx2.birch.example") as session:
        assert "STARTTLS" in session.send("EHLO x").text


def test_what_she_cannot_do(lab: Lab) -> None:
    with pytest.raises(LabError, match="no host"):
        lab.mallory.strip_starttls("mx.elsewhere.example")
    with pytest.raises(LabError, match="does not listen on port 26"):
        lab.mallory.inject(MX, 26, "RSET")
    with pytest.raises(LabError, match="454 or 502"):
        lab.mallory.strip_starttls(MX, code=250)  # type: ignore[arg-type]
    with pytest.raises(LabError, match="self-signed, unknown-ca, wrong-name"):
        lab.mallory.impersonate(MX, kind="good")  # type: ignore[arg-type]
    assert repr(lab.mallory) == "<Mallory: not on the wire>"


def test_two_legs_are_plain_records(lab: Lab) -> None:
    lab.mallory.strip_starttls(MX)
    with lab.connect(MX) as session:
        session.send("EHLO x")
        assert session.transcript.leg == "client"
    near, far = legs(lab)
    assert json.loads(json.dumps(near.to_dict()))["leg"] == "client"
    assert near != far and "twin" not in repr(near)
    assert "*** Mallory took STARTTLS out of this reply." in near.text()
    assert "this is the client's leg" in near.text() and "this is the server's leg" in far.text()


# hearing ----------------------------------------------------------------------------------------

CUTS = st.lists(st.integers(1, 40), min_size=1, max_size=60)


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


@given(CUTS)
def test_commands_are_heard_however_they_are_cut(sizes: list[int]) -> None:
    """The server answers as soon as it is asked; what waits for the answer is heard then."""
    script = (
        b"EHLO x\r\nBDAT 12\r\nSTARTTLS\r\n.\r\n"  # the chunk ends within the line
        b"DATA\r\n.\r\nDATA\r\n..\r\nSTARTTLS\r\n.\r\nAUTH PLAIN\r\nSTARTTLS\r\nstarttls\r\n"
    )
    ear, heard = Ear(), []
    answers = {b"DATA\r\n": b"354", b"AUTH PLAIN\r\n": b"334", b"STARTTLS\r\n": b"235"}
    for piece in pieces(script, sizes):
        more = [piece]
        while more:
            asked = [(verb, octets) for verb, octets in ear.client(more.pop()) if verb]
            heard += [verb for verb, _ in asked]
            if asked and (code := answers.get(asked[-1][1])):
                ear.answered(code)
                more = [b""]
    assert heard == [b"EHLO", b"BDAT", b".", *[b"DATA", b"."] * 2, b"AUTH", b".", b"STARTTLS"]


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from([b"DATA\r\n", b"AUTH X\r\n", b"BDAT 5\r\n", b"\r\n.\r\n", b".", b"\r", b"\n", b" \0"])
    ),
    CUTS,
    st.lists(st.sampled_from([b"354", b"334", b"250", b"500", b""])),
)
def test_no_octet_is_lost_or_made(parts: list[bytes], sizes: list[int], answers: list[bytes]) -> None:
    script = b"".join(parts)
    ear, heard = Ear(), b""
    for piece in pieces(script, sizes):
        heard += b"".join(octets for _, octets in ear.client(piece))
        if answers:
            ear.answered(answers.pop())
            heard += b"".join(octets for _, octets in ear.client())
    assert heard + ear.rest()[0] == script


@given(st.binary(max_size=300), CUTS)
def test_no_octet_of_the_server_is_lost_either(data: bytes, sizes: list[int]) -> None:
    ear = Ear()
    heard = b"".join(reply for piece in pieces(data, sizes) for reply in ear.server(piece))
    assert heard + ear.rest()[1] == data


def test_a_line_without_end_is_not_waited_for() -> None:
    ear = Ear()
    assert list(ear.client(b"x" * 65536)) == []
    assert list(ear.client(b"x")) == [(b"", b"x" * 65537)]
    assert list(ear.server(b"2" * 65536)) == []
    assert list(ear.server(b"2")) == [b"2" * 65537]


# TLS in memory ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def tunnel(authority: Authority) -> tuple[Tunnel, Tunnel, dict[str, list[bytes]]]:
    """A client's end and a server's, and what each hears: what one sends, the other takes."""
    heard: dict[str, list[bytes]] = {"client": [], "server": []}
    ends: dict[str, Tunnel] = {}
    ends["client"] = Tunnel(
        authority.client_context(), lambda data: heard["server"].append(ends["server"].feed(data)), MX
    )
    ends["server"] = Tunnel(
        authority.server_context(MX), lambda data: heard["client"].append(ends["client"].feed(data))
    )
    return ends["client"], ends["server"], heard


def test_what_is_said_too_early_is_said_after_the_handshake(authority: Authority) -> None:
    client, server, heard = tunnel(authority)
    opened: list[str] = []
    client.on_open, server.on_open = lambda: opened.append("client"), lambda: opened.append("server")
    client.say(b"one ")
    client.say(b"two")
    server.say(b"three")
    assert heard == {"client": [], "server": []}
    client.start()
    assert b"".join(heard["server"]) == b"one two"
    assert b"".join(heard["client"]) == b"three"
    assert sorted(opened) == ["client", "server"]  # once each


def test_an_end_says_that_nothing_follows(authority: Authority) -> None:
    client, server, _ = tunnel(authority)
    client.close()  # nothing was begun: nothing to say
    client.start()
    assert not client.is_over and not server.is_over
    server.say(b"last words")
    server.close()
    assert client.is_over and not server.is_over


def test_a_tunnel_breaks(authority: Authority) -> None:
    sent: list[bytes] = []
    client = Tunnel(authority.client_context(), sent.append, MX)
    server = Tunnel(authority.server_context(MX), sent.append)
    with pytest.raises(ssl.SSLError):
        server.feed(b"EHLO, not a ClientHello")
    client.start()
    with pytest.raises(ssl.SSLError):
        client.feed(b"220 not a record")
