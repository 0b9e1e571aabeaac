"""A provider signs what it delivers, as itself until the customer's domain is set up; dkimpy verifies."""

from __future__ import annotations

from collections.abc import Iterator

import dkim as dkimpy
import pytest

from smtplab.auth import dkim
from smtplab.lab.dkim_keys import lab_key
from smtplab.lab.lab import Lab
from smtplab.lab.queue import SmartHost
from smtplab.lab.signing import Signer

MESSAGE = "From: alice@acorn.example\nTo: bob@birch.example\nSubject: Tea?\n\nAt five.\n"
PROVIDER = "out.relay.example"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as made:
        made.mta("mail.acorn.example").queue.smart_host = SmartHost(
            PROVIDER, 587, "acorn@relay.example", "oak"
        )
        yield made


def delivered(lab: Lab) -> bytes:
    assert lab.submit(MESSAGE).result == "delivered"
    return lab.mailbox("bob@birch.example")[-1].raw


def verified(lab: Lab, message: bytes) -> list[tuple[str, bool]]:
    """The domain of each signature, the uppermost first, and whether it holds by the key in the lab's DNS."""
    verifier = dkimpy.DKIM(message)
    count = sum(line.lower().startswith(b"dkim-signature:") for line in message.split(b"\r\n"))
    found = []
    for n in range(count):
        try:
            holds = verifier.verify(idx=n, dnsfunc=lambda name, timeout=5: key(lab, name))
        except dkimpy.ValidationError:
            holds = False
        found.append((verifier.domain.decode(), holds))
    return found


def key(lab: Lab, name: bytes) -> bytes:
    (record,) = lab.resolve(name.decode().rstrip("."), "TXT")
    return b"".join(record.strings)  # type: ignore[attr-defined]


def set_up(lab: Lab, domain: str) -> None:
    """What a provider asks of a new customer: its key, under the customer's name."""
    own = dkim.generate()
    lab.dns.zone(domain).set("relay._domainkey", "TXT", dkim.record(own))
    lab.mta(PROVIDER).policies.append(Signer(domain, "relay", own, only_own=True))


def test_the_provider_signs_as_itself(lab: Lab) -> None:
    message = delivered(lab)
    assert verified(lab, message) == [("relay.example", True)]
    assert verified(lab, message.replace(b"At five", b"At six")) == [("relay.example", False)]


def test_with_a_key_for_the_customer_it_signs_for_both(lab: Lab) -> None:
    set_up(lab, "acorn.example")
    assert verified(lab, delivered(lab)) == [("acorn.example", True), ("relay.example", True)]


def test_another_customers_mail_is_not_signed_with_that_key(lab: Lab) -> None:
    set_up(lab, "birch.example")
    assert verified(lab, delivered(lab)) == [("relay.example", True)]


def test_strangers_are_not_signed_for(lab: Lab) -> None:
    with lab.connect(PROVIDER, 25, source="visitor.example") as session:
        session.say(
            "EHLO visitor.example", "MAIL FROM:<x@visitor.example>", "RCPT TO:<postmaster@relay.example>"
        )
        session.say("DATA", b"From: x@relay.example\r\nSubject: sign me\r\n\r\nx\r\n")
    lab.settle()
    assert b"DKIM-Signature" not in lab.mailbox("postmaster@relay.example")[-1].raw


def test_a_message_without_an_author_goes_unsigned(lab: Lab) -> None:
    with lab.connect(PROVIDER, 587, source="mail.acorn.example") as session:
        session.say("EHLO x.example", "STARTTLS", "EHLO x.example")
        session.auth("PLAIN", "acorn@relay.example", "oak")
        session.say("MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>", "DATA")
        session.data(b"Subject: nobody\r\n\r\nx\r\n")
    lab.settle()
    assert b"DKIM-Signature" not in lab.mailbox("bob@birch.example")[-1].raw


def test_two_runs_give_the_same_signature() -> None:
    seen = set()
    for _ in range(2):
        with Lab() as lab:
            lab.mta("mail.acorn.example").queue.smart_host = SmartHost(
                PROVIDER, 587, "acorn@relay.example", "oak"
            )
            raw = delivered(lab)
            seen.add(raw[raw.index(b"DKIM-Signature") : raw.index(b"\r\nReceived: from alice")])
    assert len(seen) == 1


def test_the_labs_key_is_a_good_one_of_2048_bits() -> None:
    key = lab_key("relay.example")
    assert key.key_size == 2048
    key.private_numbers().private_key()  # checks the primes, which `lab_key` leaves out
