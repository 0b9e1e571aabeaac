"""What a message needs and the next host does not offer: 8-bit content, letters beyond ASCII."""

from __future__ import annotations

from collections.abc import Iterator

import aiosmtplib
import pytest

from smtplab.lab.handover import reply_of
from smtplab.lab.item import Item
from smtplab.lab.lab import Lab
from smtplab.mail.attempt import Attempt
from smtplab.mail.dialogue import lines
from smtplab.mail.reply import Reply
from smtplab.mail.transcript import Transcript

MSA = "mail.acorn.example"
MX = "mx.birch.example"
BOB = "bob@birch.example"
BJORN = "bjørn@birch.example"
ALICE = "alice@acorn.example"
UMLAUT = "Subject: x\r\n\r\nGrüße\r\n".encode()
PLAIN = b"Subject: x\r\n\r\nGruesse\r\n"
MULTIPART = (
    "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n{}\r\n\r\n{}\r\n--b--\r\n"
)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.mta(MX).store.add(BJORN)
        lab.dns.zone("birch.example").set("@", "MX", f"10 {MX}")
        yield lab
        assert lab._world.errors == []


def off(lab: Lab, *extensions: str) -> None:
    for extension in extensions:
        lab.mta(MX).extensions.remove(extension)


def attempts(lab: Lab, message: bytes, *to: str, parameters: str = "", sender: str = ALICE) -> list[Attempt]:
    """Give `message` to Alice's provider, and return the tries that it makes."""
    with lab.connect(MSA, 465) as session:
        session.say("EHLO a", "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA==")
        session.say(f"MAIL FROM:<{sender}>{parameters}", *(f"RCPT TO:<{path}>" for path in to or (BOB,)))
        assert session.say("DATA", message)[-1].code == 250
    lab.settle()
    return submitted(lab).attempts


def submitted(lab: Lab) -> Item:
    """The message that was submitted last; what else is in the queue are DSNs."""
    return [item for item in lab.queue(MSA) if item.transcript][-1]


def settled(attempt: Attempt) -> tuple[int, str, str, str]:
    assert attempt.reply
    return attempt.reply.code, attempt.reply.enhanced, attempt.outcome, attempt.rule


def said(transcript: Transcript | None, verb: str = "") -> list[str]:
    """The client's commands, those of one verb if it is given."""
    assert transcript
    return [
        line.text
        for line in lines(transcript)
        if line.kind == "command" and verb in ("", line.text.split()[0])
    ]


DELIVERED = (250, "2.0.0", "relayed", "")
EIGHT_BIT = (554, "5.6.3", "failed", "RFC 6152 §3")
ADDRESS = (553, "5.6.7", "failed", "RFC 6531 §3.5")
HEADER = (554, "5.6.9", "failed", "RFC 6531 §3.2")


# 8-bit content ----------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", ["", " BODY=7BIT", " BODY=8BITMIME"])
def test_8_bit_content_never_goes_where_8bitmime_is_not_offered(lab: Lab, parameters: str) -> None:
    """Whatever BODY said: a mislabelled message must not go either."""
    off(lab, "8BITMIME")
    [attempt] = attempts(lab, UMLAUT, parameters=parameters)
    assert settled(attempt) == EIGHT_BIT
    assert str(attempt.reply).endswith(f"8-bit content, and {MX} does not offer 8BITMIME")
    assert said(attempt.transcript) == [f"EHLO {MSA}", "STARTTLS", f"EHLO {MSA}", "QUIT"]
    assert lab.mailbox(BOB) == []
    assert submitted(lab).outcomes == {BOB: "failed"}
    assert submitted(lab).next_try is None


@pytest.mark.parametrize(("offered", "body"), [(True, ["BODY=8BITMIME"]), (False, [])])
def test_7_bit_content_goes_anyway_and_body_stays_behind(lab: Lab, offered: bool, body: list[str]) -> None:
    if not offered:
        off(lab, "8BITMIME")
    [attempt] = attempts(lab, PLAIN, parameters=" BODY=8BITMIME")
    assert settled(attempt) == DELIVERED
    [mail] = said(attempt.transcript, "MAIL")
    assert [word for word in mail.split() if word.startswith("BODY")] == body


def test_a_delivery_says_that_nobody_was_asked(lab: Lab) -> None:
    off(lab, "8BITMIME")
    delivery = lab.submit(b"From: alice@acorn.example\r\nTo: bob@birch.example\r\n" + UMLAUT)
    assert not submitted(lab).content.isascii()  # the mail program has not coded it
    assert delivery.result == "failed"
    [step] = delivery.verdict().steps[1].steps
    assert (step.result, step.ref) == ("failed", "RFC 6152 §3")
    assert step.why.startswith("the MTA itself refuses with 554 5.6.3 Conversion required but not supported")


# letters beyond ASCII ---------------------------------------------------------------------------


def test_an_address_beyond_ascii_stays_and_the_other_recipient_gets_the_message(lab: Lab) -> None:
    off(lab, "SMTPUTF8")
    first, second = attempts(lab, PLAIN, BJORN, BOB, parameters=" SMTPUTF8")
    assert (settled(first), settled(second)) == (ADDRESS, DELIVERED)
    assert "SMTPUTF8" not in said(first.transcript, "MAIL")[0]
    assert said(first.transcript, "RCPT") == [f"RCPT TO:<{BOB}>"]
    assert len(lab.mailbox(BOB)) == 1


def test_a_sender_beyond_ascii_and_an_mx_that_cannot(lab: Lab) -> None:
    off(lab, "SMTPUTF8")
    [attempt] = attempts(lab, PLAIN, parameters=" SMTPUTF8", sender="ålice@acorn.example")
    assert settled(attempt) == ADDRESS
    assert said(attempt.transcript, "MAIL") == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (PLAIN, DELIVERED),
        (UMLAUT, DELIVERED),  # in the body: 8BITMIME is enough
        ("Subject: Grüße\r\n\r\nhi\r\n".encode(), HEADER),
        ("Subject: Grüße\r\n\r\nGrüße\r\n".encode(), HEADER),
        (MULTIPART.format("Content-Type: text/plain", "Grüße").encode(), DELIVERED),
        (MULTIPART.format('Content-Type: text/plain; name="Grüße"', "hi").encode(), HEADER),
    ],
)
def test_a_header_field_in_utf_8(lab: Lab, message: bytes, expected: tuple[int, str, str, str]) -> None:
    """At any level of the MIME structure."""
    [attempt] = attempts(lab, message, parameters=" SMTPUTF8 BODY=8BITMIME")
    assert settled(attempt) == DELIVERED
    off(lab, "SMTPUTF8")
    [attempt] = attempts(lab, message, parameters=" SMTPUTF8 BODY=8BITMIME")
    assert settled(attempt) == expected
    assert len(lab.mailbox(BOB)) == (2 if expected == DELIVERED else 1)


def test_smtputf8_is_said_where_it_is_offered(lab: Lab) -> None:
    [attempt] = attempts(lab, PLAIN, BJORN, parameters=" SMTPUTF8")
    assert settled(attempt) == DELIVERED
    assert said(attempt.transcript, "MAIL")[0].endswith(" SMTPUTF8")


# what the host says -----------------------------------------------------------------------------


def test_what_follows_a_250_does_not_undo_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that refuses QUIT has the message all the same: a second try would make a second copy."""

    async def refuse(client: aiosmtplib.SMTP) -> None:
        raise aiosmtplib.SMTPResponseException(421, "4.3.2 Going down")

    monkeypatch.setattr(aiosmtplib.SMTP, "quit", refuse)
    [attempt] = attempts(lab, PLAIN)
    assert settled(attempt) == DELIVERED
    lab.clock.advance(hours=1)
    assert len(lab.mailbox(BOB)) == 1


def test_a_refusal_of_the_hosts_has_no_rule(lab: Lab) -> None:
    [attempt] = attempts(lab, PLAIN, "nobody@birch.example")
    assert settled(attempt) == (550, "5.1.1", "failed", "")


def test_a_reply_of_several_lines() -> None:
    reply = reply_of(aiosmtplib.SMTPResponse(550, "5.1.1 one\n5.1.1 two"))
    assert reply == Reply(550, "5.1.1", ("one", "two"))
