"""TLS on the way out: what each level does about certificates, about Mallory, and when a handshake breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from smtplab.lab.certificates import Kind
from smtplab.lab.delivery import Delivery
from smtplab.lab.lab import Lab
from smtplab.lab.mta import Service
from smtplab.lab.outbound import Level
from smtplab.lab.queue import SmartHost
from smtplab.lab.server import SmtpServer
from smtplab.mail.attempt import Attempt
from smtplab.mail.dialogue import lines
from smtplab.mail.errors import LabError
from smtplab.mail.transcript import Side

MSA = "mail.acorn.example"
MXS = ("mx.birch.example", "mx2.birch.example")
RELAY = "out.relay.example"
BOB = "bob@birch.example"
HELLO = f"From: alice@acorn.example\nTo: {BOB}\nSubject: hello\n\nthe body\n"
LEVELS = get_args(Level)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


def submit(lab: Lab, level: Level) -> Delivery:
    lab.mta(MSA).queue.tls = level
    return lab.submit(HELLO)


def attempts(delivery: Delivery) -> list[Attempt]:
    """The tries of the first MTA."""
    return delivery.items()[0].attempts


def decided(attempt: Attempt) -> tuple[str, str, str]:
    assert attempt.tls
    return attempt.tls.what, attempt.tls.result, attempt.tls.ref


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_levels_and_the_certificates(lab: Lab, kind: Kind) -> None:
    """Misconception 14: all but "verify" take any certificate."""
    for host in MXS:
        lab.use_certificate(host, kind)
    for level in LEVELS:
        delivery = submit(lab, level)
        waits = level == "verify" and kind != "good"
        assert delivery.result == ("delayed" if waits else "delivered"), (level, kind)
        tries = attempts(delivery)
        assert len(tries) == (2 if waits else 1)  # the second MX is tried as well
        for attempt in tries:
            assert attempt.transcript
            assert attempt.transcript.tls is (level != "none" and not waits)
            assert (b"the body" in b"".join(e.data for e in attempt.transcript.wire)) is (level == "none")
    assert len(lab.mailbox(BOB)) == (4 if kind == "good" else 3)


def test_each_decision_cites_its_reason(lab: Lab) -> None:
    expected = {
        "none": ("TLS level none", "none", "RFC 3207 §4"),
        "may": ("TLS level may", "neutral", "RFC 7435 §4"),
        "encrypt": ("TLS level encrypt", "neutral", "RFC 3207 §4.2"),
        "verify": ("TLS level verify", "pass", "RFC 3207 §4.2"),
    }
    for level in LEVELS:
        delivery = submit(lab, level)
        assert decided(attempts(delivery)[0]) == expected[level]
        assert f"TLS level {level}" in delivery.verdict().text()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("wrong-name", "not valid for"),
        ("expired", "expired"),
        ("self-signed", "self-signed|self signed"),
        ("unknown-ca", "issuer certificate"),
    ],
)
def test_why_a_message_waits(lab: Lab, kind: Kind, words: str) -> None:
    for host in MXS:
        lab.use_certificate(host, kind)
    [first, second] = attempts(submit(lab, "verify"))
    assert first.note.startswith(f"4.7.5 TLS with {MXS[0]} failed: ")
    assert second.note.startswith(f"4.7.5 TLS with {MXS[1]} failed: ")
    assert any(word in first.note for word in words.split("|"))
    assert (first.outcome, first.reply) == ("delayed", None)
    assert decided(first) == ("TLS level verify", "delayed", "RFC 3207 §4.1")


def test_a_message_goes_out_once_the_certificate_is_right(lab: Lab) -> None:
    for host in MXS:
        lab.use_certificate(host, "expired")
    delivery = submit(lab, "verify")
    lab.use_certificate(MXS[0], "good")
    lab.clock.advance(minutes=31)
    assert delivery.result == "delivered"
    assert [attempt.outcome for attempt in attempts(delivery)] == ["delayed", "delayed", "relayed"]


# where TLS is not to be had ---------------------------------------------------------------------


def test_stripped(lab: Lab) -> None:
    """Opportunistic means strippable: "may" says the message in clear, the strict levels wait."""
    for host in MXS:
        lab.mallory.strip_starttls(host)
    assert submit(lab, "may").result == "delivered"
    near = lab.mallory.transcripts[-1]
    assert b"the body" in b"".join(event.data for event in near.wire)
    for level in ("encrypt", "verify"):
        delivery = submit(lab, level)
        assert delivery.result == "delayed"
        for attempt in attempts(delivery):
            assert attempt.note == f"4.7.4 TLS is required, but {attempt.host} does not offer it"
            assert decided(attempt) == (f"TLS level {level}", "delayed", "RFC 3207 §4")
            assert attempt.transcript
            said = b"".join(e.data for e in attempt.transcript.events if e.side is Side.CLIENT)
            assert said == b"EHLO mail.acorn.example\r\nQUIT\r\n"
    lab.mallory.stop()
    lab.clock.advance(minutes=31)
    assert len(lab.mailbox(BOB)) == 3


def test_refused(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(server: SmtpServer, argument: str) -> None:
        server._writer.write(b"454 4.7.0 Not \x1b[2J now\r\n")

    delivery = submit(lab, "none")
    monkeypatch.setattr(SmtpServer, "smtp_STARTTLS", refuse)
    for level in ("may", "encrypt", "verify"):
        lab.mta(MSA).queue.tls = level
        # Alice's own program needs TLS on 587: the MTA alone is asked to hand a message on.
        with lab.smtp_ssl(MSA) as client:
            client.login("alice@acorn.example", "wonderland")
            client.sendmail("alice@acorn.example", [BOB], HELLO)
        lab.settle()
    may, encrypt, verify = (item.attempts for item in lab.queue(MSA)[1:])
    assert [attempt.outcome for attempt in may] == ["relayed"]
    assert may[0].transcript and not may[0].transcript.tls
    assert (
        may[0].tls
        and may[0].tls.why == f"{MXS[0]} refuses it with 454 4.7.0 Not \\x1b[2J now, so it goes in clear"
    )
    for tries in (encrypt, verify):
        assert [attempt.outcome for attempt in tries] == ["delayed", "delayed"]
        assert tries[0].note.startswith(f"4.7.4 TLS is required, but {MXS[0]} refuses it with 454")
    assert delivery.result == "delivered"


def test_a_broken_handshake(lab: Lab) -> None:
    """Somebody cuts every connection in which TLS begins: "may" comes again, in clear."""
    for host in MXS:
        lab.network.tap(host, 25).drop(b"\x16\x03\x01")  # the first octets of a ClientHello
    delivery = submit(lab, "may")
    assert delivery.result == "delivered"
    broken, clear = attempts(delivery)
    assert (broken.host, broken.outcome, broken.reply) == (MXS[0], "delayed", None)
    assert broken.note.startswith(f"TLS with {MXS[0]} failed: ")
    assert decided(broken) == ("TLS level may", "delayed", "RFC 7435 §4")
    assert (clear.host, clear.outcome) == (MXS[0], "relayed")
    assert clear.tls and clear.tls.why == "TLS has just failed, so it goes in clear"
    assert broken.transcript and clear.transcript and broken.transcript is not clear.transcript
    assert b"STARTTLS" not in b"".join(e.data for e in clear.transcript.events if e.side is Side.CLIENT)
    for level in ("encrypt", "verify"):
        tries = attempts(submit(lab, level))
        assert [attempt.outcome for attempt in tries] == ["delayed", "delayed"]
        assert all(attempt.note.startswith("4.7.5 ") for attempt in tries)
    assert len(lab.mailbox(BOB)) == 1


def test_impersonated(lab: Lab) -> None:
    for host in MXS:
        lab.mallory.impersonate(host)
    assert submit(lab, "may").result == "delivered"
    near = lab.mallory.transcripts[-1]
    assert near.tls and b"the body" in b"".join(event.data for event in near.events)
    assert submit(lab, "encrypt").result == "delivered"  # encrypted, to Mallory
    before = len(lab.mallory.transcripts)
    assert submit(lab, "verify").result == "delayed"
    for near in lab.mallory.transcripts[before:]:
        assert b"the body" not in b"".join(event.data for event in near.events)


# hop by hop -------------------------------------------------------------------------------------


def test_tls_is_per_hop(lab: Lab) -> None:
    """Misconception 13: what Alice's program says under TLS, the next hop may say in clear."""
    delivery = submit(lab, "none")
    first, second = delivery.transcripts
    assert (first.tls, second.tls) == (True, False)
    assert b"the body" not in b"".join(event.data for event in first.wire)
    assert b"the body" in b"".join(event.data for event in second.wire)
    assert b"the body" in lab.queue(MSA)[0].content  # and the relay reads it in any case
    [mail] = lab.mailbox(BOB)
    inner, outer = mail.message.get_all("Received") or ["", ""]
    assert "with ESMTP id" in inner and "with ESMTPSA id" in outer


# the smart host ---------------------------------------------------------------------------------


@pytest.mark.parametrize("port", [587, 465])
def test_a_smart_host_is_checked(lab: Lab, port: int) -> None:
    lab.mta(MSA).queue.smart_host = SmartHost(RELAY, port, "acorn@relay.example", "oak")
    delivery = submit(lab, "none")  # the level for others does not count here
    assert delivery.result == "delivered"
    assert decided(attempts(delivery)[0])[:2] == ("TLS level verify", "pass")
    lab.use_certificate(RELAY, "self-signed")
    delivery = submit(lab, "may")
    assert delivery.result == "delayed"
    [attempt] = attempts(delivery)
    assert attempt.note.startswith(f"4.7.5 TLS with {RELAY} failed: self")
    assert attempt.transcript
    assert b"AUTH" not in b"".join(e.data for e in attempt.transcript.events if e.side is Side.CLIENT)


@pytest.mark.parametrize("port", [587, 465])
def test_a_smart_host_that_is_not(lab: Lab, port: int) -> None:
    lab.use_certificate(RELAY, "self-signed")
    lab.mta(MSA).queue.smart_host = SmartHost(RELAY, port, "acorn@relay.example", "oak", tls="encrypt")
    delivery = submit(lab, "may")
    assert delivery.result == "delivered"
    assert decided(attempts(delivery)[0])[:2] == ("TLS level encrypt", "neutral")


def test_no_password_in_clear_for_mallory(lab: Lab) -> None:
    lab.mallory.strip_starttls(RELAY, 587, onward=True)
    lab.mta(MSA).queue.smart_host = SmartHost(RELAY, 587, "acorn@relay.example", "oak")
    assert submit(lab, "may").result == "delayed"
    lab.mta(MSA).queue.smart_host = SmartHost(RELAY, 587, "acorn@relay.example", "oak", tls="may")
    assert submit(lab, "may").result == "delivered"
    robbed = [
        b"AUTH" in b"".join(e.data for e in t.wire if e.side is Side.CLIENT) for t in lab.mallory.transcripts
    ]
    assert robbed == [False, True]


def test_a_port_that_is_not_implicit_tls_after_all(lab: Lab) -> None:
    """TLS from the first octet, to a server that speaks SMTP in clear."""
    for tap in lab.network.taps(lab.network.host(RELAY)):
        tap.tls = None
    lab.mta(MSA).queue.smart_host = SmartHost(RELAY, 465, "acorn@relay.example", "oak")
    [attempt] = attempts(submit(lab, "may"))
    assert attempt.note.startswith(f"4.7.5 TLS with {RELAY} failed: ")


def test_there_are_four_levels(lab: Lab) -> None:
    queue = lab.mta(MSA).queue
    with pytest.raises(LabError, match="none, may, encrypt, verify"):
        queue.tls = "strict"  # type: ignore[assignment]
    assert queue.tls == "may"
    with pytest.raises(LabError, match="no TLS level 'always'"):
        SmartHost(RELAY, 587, "acorn@relay.example", "oak", tls="always")  # type: ignore[arg-type]


# who submitted it ------------------------------------------------------------------------------


def says_auth(lab: Lab, asserted: str, *, client: str = "alice") -> list[str]:
    """A message with the parameter `asserted`, and what MAIL says of AUTH on its way, hop by hop."""
    before = len(lab.transcripts)
    if client == "alice":
        session = lab.connect(MSA, 465)
        session.say("EHLO a", "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA==")
    else:
        session = lab.connect(MSA, 25, source=client)
        session.say("EHLO a")
    with session:
        replies = session.say(
            f"MAIL FROM:<alice@acorn.example>{asserted}", f"RCPT TO:<{BOB}>", "DATA", HELLO.encode()
        )
        assert replies[-1].code == 250
    lab.settle()
    said = [
        line.text
        for transcript in lab.transcripts[before:]
        for line in lines(transcript)
        if line.verb == "MAIL" and line.kind == "command"
    ]
    return [next((word for word in text.split() if word.startswith("AUTH=")), "") for text in said]


@pytest.fixture
def relaying(lab: Lab) -> Lab:
    """The lab with a smart host, which offers AUTH; the last hop's MX does not."""
    lab.mta(MSA).queue.smart_host = SmartHost(RELAY, 587, "acorn@relay.example", "oak")
    return lab


@pytest.mark.parametrize(
    ("asserted", "onward"),
    [
        (" AUTH=alice@acorn.example", "AUTH=alice@acorn.example"),
        (" AUTH=Alice+40acorn.example", "AUTH=Alice@acorn.example"),
        (" AUTH=bob@birch.example", "AUTH=<>"),  # not hers to assert
        (" AUTH=<>", "AUTH=<>"),
        ("", ""),
    ],
)
def test_who_logged_in_may_assert_its_own_address(relaying: Lab, asserted: str, onward: str) -> None:
    assert says_auth(relaying, asserted) == [asserted.strip(), onward, ""]


@pytest.mark.parametrize("asserted", ["", " AUTH=<>", " AUTH=alice@acorn.example"])
def test_who_did_not_log_in_is_not_believed(relaying: Lab, asserted: str) -> None:
    """RFC 4954 §5: as if AUTH=<> had been given, even from a network that may relay."""
    relaying.mta(MSA).relay.inside = ("203.0.113.200/32",)
    assert says_auth(relaying, asserted, client="visitor.example") == [asserted.strip(), "AUTH=<>", ""]


def test_an_account_that_may_send_for_a_whole_domain_is_believed(relaying: Lab) -> None:
    says_auth(relaying, " AUTH=alice@acorn.example")
    relaying.mta(RELAY).accounts.change("acorn@relay.example", senders=("@acorn.example",))
    says_auth(relaying, " AUTH=alice@acorn.example")
    assert [item.submitter for item in relaying.queue(RELAY)] == ["<>", "alice@acorn.example"]


def test_auth_is_not_passed_on_where_it_is_not_offered(lab: Lab) -> None:
    assert says_auth(lab, " AUTH=alice@acorn.example") == ["AUTH=alice@acorn.example", ""]
    mx = lab.mta(MXS[0])
    lab.network.tap(MXS[0], 25).serve = mx.serve(Service(25, auth=True))
    assert says_auth(lab, " AUTH=alice@acorn.example")[1] == "AUTH=alice@acorn.example"
    mx.extensions.remove("AUTH")
    assert says_auth(lab, " AUTH=alice@acorn.example")[1] == ""
