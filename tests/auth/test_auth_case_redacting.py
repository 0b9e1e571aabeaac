"""Redacting: the same address is the same word everywhere, and what is public stays."""

from __future__ import annotations

import time

import pytest

from smtplab.auth.case import Redactor
from tests.auth.test_auth_case import MESSAGE, judged


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "alice@acorn.example and Bob <b@elm.example>, ALICE@x.example",
            "user1@acorn.example and Bob <user2@elm.example>, user1@x.example",
        ),
        ('"a b"@acorn.example, x@[192.0.2.1]', "user1@acorn.example, user2@[ip1]"),
        ("postmaster@acorn.example", "postmaster@acorn.example"),
        ("from 198.51.100.10 (10.100.51.198.in-addr.arpa)", "from ip1 (ip1.in-addr.arpa)"),
        ("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all", "v=spf1 ip4:ip2/24 ip6:ip1/32 -all"),
        ("2001:db8::1 at 09:00:01, [IPv6:2001:DB8::1]", "ip1 at 09:00:01, [IPv6:ip1]"),
        (f"{'0.' * 30}1.2.ip6.arpa", "ip1.ip6.arpa"),
        (
            "RFC 5321 §4.1.1.4, 300.1.1.1, 5.7.26, i=@acorn.example",
            "RFC 5321 §4.1.1.4, 300.1.1.1, 5.7.26, i=@acorn.example",
        ),
        (
            "smtp.mailfrom=alice@acorn.example; i=alice@acorn.example",
            "smtp.mailfrom=user1@acorn.example; i=user1@acorn.example",
        ),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert Redactor().text(text) == expected


def test_a_whole_report() -> None:
    judgement = judged(MESSAGE.replace(b"Reply", b"X"), "")
    page = Redactor().text(judgement.text(whole=True))
    for lost in ("alice@", "bob@", "erin@", "198.51.100.10"):
        assert lost in judgement.text(whole=True)
        assert lost not in page
    assert "acorn.example" in page
    told = Redactor().data(judgement.to_dict())
    assert told["facts"][0]["value"] == "ip1"
    assert told["facts"][1]["value"].endswith("@acorn.example") and "alice" not in told["facts"][1]["value"]
    assert told["missing"] == judgement.to_dict()["missing"]


@pytest.mark.parametrize(
    "text", ["a" * 200_000, "1." * 100_000, "a:" * 100_000, '"' * 200_000, "@" * 200_000]
)
def test_it_takes_linear_time(text: str) -> None:
    before = time.process_time()
    Redactor().text(text)
    assert time.process_time() - before < 2
