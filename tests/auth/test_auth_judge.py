"""A whole judgement: SPF, DKIM and DMARC asked in order, over one DNS, with records in front of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import dns.resolver
import pytest

from smtplab.auth import dkim
from smtplab.auth.judge import Judged, judge

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
LETTER = b"From: Alice <alice@acorn.example>\r\nTo: bob@birch.example\r\nSubject: Tea?\r\n\r\nAt five.\r\n"
KEY = dkim.generate("ed25519")
RECORDS = {
    ("acorn.example", "TXT"): ["v=spf1 ip4:192.0.2.10 -all"],
    ("a1._domainkey.acorn.example", "TXT"): [dkim.record(KEY)],
    ("_dmarc.acorn.example", "TXT"): ["v=DMARC1; p=reject"],
}


def nothing(name: str, rdtype: str) -> Any:
    raise dns.resolver.NXDOMAIN


def judged(message: bytes = LETTER, **changed: Any) -> Judged:
    given: dict[str, Any] = {"ip": "192.0.2.10", "mail_from": "alice@acorn.example", "records": RECORDS}
    return judge(message, **{"now": NOW, "resolve": nothing, **given, **changed})


def signed(message: bytes = LETTER) -> bytes:
    return dkim.sign(message, domain="acorn.example", selector="a1", key=KEY, now=NOW) + message


def results(found: Judged) -> tuple[str, ...]:
    return tuple(one.result for one in found.verdicts)


def test_four_verdicts_in_the_order_they_were_reached() -> None:
    found = judged(signed())
    assert [one.method for one in found.verdicts] == ["SPF", "DKIM", "DMARC", "receiver"]
    assert results(found) == ("pass", "pass", "pass", "none")
    assert found.dmarc.spf_aligned and found.dmarc.dkim_aligned
    asked = [question.name for queries in found.queries for question, _ in queries]
    assert asked[:2] == ["acorn.example", "a1._domainkey.acorn.example"] and "_dmarc.acorn.example" in asked


@pytest.mark.parametrize(
    ("receiver", "does"), [("mark", "none"), ("junk", "junk"), ("reject", "reject"), ("discard", "discard")]
)
def test_the_receiver_decides_about_what_fails(receiver: str, does: str) -> None:
    found = judged(ip="192.0.2.99", receiver=receiver)
    assert results(found) == ("fail", "fail", does)


def test_the_null_reverse_path_is_checked_by_the_helo_name() -> None:
    found = judged(mail_from="", helo="acorn.example")
    assert found.spf.domain == "acorn.example" and found.dmarc.spf_aligned
    assert not judged(mail_from="", helo="mail.elsewhere.example").dmarc.spf_aligned


def test_each_signature_has_its_verdict_and_a_changed_body_breaks_it() -> None:
    twice = signed(signed())
    found = judged(twice.replace(b"At five.", b"At six."))
    assert [one.result for one in found.dkim] == ["fail", "fail"]
    assert found.dmarc.result == "pass"  # SPF is enough


@pytest.mark.parametrize(
    ("author", "result"),
    [
        (b"From: alice@news.acorn.example", "pass"),
        (b"From: alice@mallory.example", "none"),
        (b"X-From: alice@acorn.example", "none"),
        (b"From: alice@acorn.example\r\nFrom: bob@acorn.example", "pass"),
        (b"From: alice@acorn.example, mallory@acorn.example", "pass"),
    ],
)
def test_whose_domain_counts_is_read_from_from(author: bytes, result: str) -> None:
    assert judged(LETTER.replace(b"From: Alice <alice@acorn.example>", author)).dmarc.result == result


def test_the_clock_is_the_one_that_is_given() -> None:
    brief = dkim.sign(LETTER, domain="acorn.example", selector="a1", key=KEY, now=NOW, expires=SOON) + LETTER
    assert judged(brief).dkim[0].result == "pass"
    later = judged(brief, now=NOW.replace(hour=10))
    assert later.dkim[0].cause == "expired"


def test_what_stands_in_no_record_is_asked_of_the_dns() -> None:
    asked = []

    def resolve(name: str, rdtype: str) -> Any:
        asked.append(name.rstrip("."))
        raise dns.resolver.NXDOMAIN

    judged(resolve=resolve, records={("acorn.example", "TXT"): "v=spf1 -all"})
    assert "acorn.example" not in asked and "_dmarc.acorn.example" in asked


def test_no_address_no_judgement() -> None:
    with pytest.raises(ValueError, match="address"):
        judged(ip="nowhere")
