"""What somebody pasted is told by its looks: a message, a bounce, a log, a report, a record."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.auth.case import recognise
from tests.auth.test_auth_case import ALL, MESSAGE, WRITTEN

CASES = Path(__file__).resolve().parents[1] / "cases"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (MESSAGE, "message"),
        (b"\xef\xbb\xbf\n" + WRITTEN, "message"),
        ((CASES / "bounces" / "postfix.eml").read_bytes(), "bounce"),
        ((CASES / "bounces" / "exim-without-dsn.eml").read_bytes(), "bounce"),
        (gzip.compress(b"<feedback/>", mtime=0), "aggregate report"),
        (b"PK\x03\x04", "aggregate report"),
        (b'<?xml version="1.0"?>\n<!-- from us -->\n<feedback><version>1.0</version>', "aggregate report"),
        (b"v=spf1 mx -all\n", "SPF record"),
        (b'"v=spf1 mx -all"', "SPF record"),
        (b"v=DMARC1; p=none", "DMARC record"),
        (b"v=DKIM1; k=rsa; p=MIIB", "DKIM record"),
        (b"k=rsa; p=MIIB", "DKIM record"),
        (b"version: STSv1\nmode: enforce\nmx: *.birch.example\nmax_age: 86400\n", "MTA-STS policy"),
        (
            b"=== Trying mx.birch.example:25...\n=== Connected to mx.birch.example.\n<-  220 hi",
            "swaks transcript",
        ),
        (
            b"Mar  2 09:00:01 mail postfix/smtp[77]: 4F1: to=<bob@birch.example>, status=deferred",
            "Postfix log",
        ),
        (b"2026-03-02 09:00:01 1rgXyZ-00000000Abc-1x2Y ** bob@birch.example R=dns: 550 no", "Exim log"),
        (b"550 5.7.26 This mail is unauthenticated", "reply"),
        (b"550-5.7.1 one\n550 5.7.1 two", "reply"),
        (ALL.encode(), "DNS answers"),
        (b"Dear Bob, shall we have tea?", "text"),
        (b"", "text"),
    ],
)
def test_kinds(data: bytes, kind: str) -> None:
    assert recognise(data) == kind


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_anything_has_a_kind(data: bytes) -> None:
    assert recognise(data)
