"""A change of DKIM keys, with mail in the queue and answers in a receiver's cache: done right, and wrong.

RFC 6376 §3.1 has selectors for this: the old key stays published while anything signed with it is on its way.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtplab.auth import dkim
from smtplab.lab.dkim_keys import lab_key
from smtplab.lab.lab import Lab
from smtplab.lab.signing import Signer

MXS = ("mx.birch.example", "mx2.birch.example")
LETTER = "From: alice@acorn.example\nTo: bob@birch.example\nSubject: keys\n\nHello\n"
OLD, NEW = "a1._domainkey", "a2._domainkey"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as running:
        for host in MXS:
            running.mta(host).checks.caching = True
        yield running
        running.settle()
        assert running._world.errors == []


def signer(lab: Lab) -> Signer:
    return next(one for one in lab.mta("mail.acorn.example").policies if isinstance(one, Signer))


def publish(lab: Lab) -> None:
    lab.dns.zone("acorn.example").set(NEW, "TXT", dkim.record(lab_key("acorn.example", 2)), ttl=3600)


def change(lab: Lab) -> None:
    """Sign with the new key from now on."""
    signer(lab).selector, signer(lab).key = "a2", lab_key("acorn.example", 2)


def found(lab: Lab) -> list[tuple[str, str, str]]:
    """selector, result and cause of each message that birch.example judged, in order."""
    judged = [one for host in MXS for one in lab.judgements(host)]
    return [(each.selector, each.result, each.cause) for one in judged for each in one.dkim]


def test_done_right_every_message_passes(lab: Lab) -> None:
    publish(lab)
    lab.clock.advance(hours=1)
    for host in MXS:
        lab.stop_host(host)
    lab.submit(LETTER)  # waits in the queue, signed with the old key
    change(lab)
    for host in MXS:
        lab.start_host(host)
    lab.clock.advance(hours=12)
    lab.submit(LETTER)
    lab.clock.advance(days=7)
    lab.dns.zone("acorn.example").delete(OLD, "TXT")
    lab.submit(LETTER)
    assert [(selector, result) for selector, result, _ in found(lab)] == [
        ("a1", "pass"), ("a2", "pass"), ("a2", "pass"),
    ]  # fmt: skip


def test_the_old_key_taken_away_while_mail_waits(lab: Lab) -> None:
    for host in MXS:
        lab.stop_host(host)
    lab.submit(LETTER)
    publish(lab)
    change(lab)
    lab.dns.zone("acorn.example").delete(OLD, "TXT")
    for host in MXS:
        lab.start_host(host)
    lab.clock.advance(hours=12)
    assert found(lab) == [("a1", "permerror", "no-key")]


def test_the_new_key_published_too_late_fails_until_the_cache_forgets(lab: Lab) -> None:
    change(lab)
    lab.submit(LETTER)  # nothing is published, and the receiver keeps that for the SOA's minimum of 60 s
    publish(lab)
    lab.clock.advance(seconds=30)
    lab.submit(LETTER)
    lab.clock.advance(seconds=30)
    lab.submit(LETTER)
    assert found(lab) == [("a2", "permerror", "no-key")] * 2 + [("a2", "pass", "")]


def test_one_selector_for_both_keys_fails_for_the_ttl(lab: Lab) -> None:
    lab.submit(LETTER)
    lab.dns.zone("acorn.example").set(OLD, "TXT", dkim.record(lab_key("acorn.example", 2)))
    signer(lab).key = lab_key("acorn.example", 2)
    lab.submit(LETTER)
    lab.clock.advance(seconds=300)
    lab.submit(LETTER)
    assert [result for _, result, _ in found(lab)] == ["pass", "fail", "pass"]
