"""Header sections that a stranger wrote: nothing crashes, and a megabyte takes no time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.header import fields, read, split
from smtplab.mail.text import decode

NAMES = (
    b"From Date Message-ID Received DKIM-Signature ARC-Seal Authentication-Results List-Id X-Spam-Status "
    b"Auto-Submitted Return-Path References"
).split()
SIGNS = [
    b"\r\n",
    b"\n ",
    b"\n",
    b";",
    b"(",
    b'"',
    b"\\",
    b"=?utf-8?q?",
    b"?=",
    b"@",
    b"<",
    b">",
    b",",
    b"i=1;",
]
LINES = st.sampled_from([*(name + b": " for name in NAMES), *SIGNS])


@given(
    st.one_of(
        st.binary(max_size=300), st.lists(st.one_of(LINES, st.binary(max_size=4)), max_size=40).map(b"".join)
    )
)
@settings(max_examples=300)
def test_anything_can_be_read(raw: bytes) -> None:
    verdict = read(raw, trusted=["b"])
    assert len([step for step in verdict.steps if not step.why.startswith("It is missing")]) == len(
        fields(raw)
    )
    verdict.text()
    assert decode(split(raw)[0]).count(":") >= len([field for field in fields(raw) if field.is_read])


def quick(work: Callable[[bytes], object], raw: bytes, seconds: float) -> None:
    started = time.process_time()
    work(raw)
    assert time.process_time() - started < seconds


MEGA = 1_000_000


@pytest.mark.parametrize(
    "raw",
    [
        b"A: 1\r\n" * (MEGA // 6),
        b"A: " + b"x\r\n " * (MEGA // 4),
        b"From: " + b'"' * MEGA,
        b"From: " + b'"\\' * (MEGA // 2),
        b"From: " + b"(" * MEGA,
        b"From: " + b"a <b@c>, " * (MEGA // 9),
        b"From: <" + b"," * MEGA,
        b"From: " + b"=?utf-8?q?" * (MEGA // 10),
        b"Message-ID: " + b"<" * MEGA,
        b"Message-ID: <" + b"a." * (MEGA // 2),
        b"References: " + b"<a@b> " * (MEGA // 6),
        b"Authentication-Results: x;" + b"spf=pass a.b=c;" * (MEGA // 15),
        b"Authentication-Results: x;" + b"a=" * (MEGA // 2),
        b"Authentication-Results: x;" + b" . a" * (MEGA // 4),
        b"DKIM-Signature: " + b"a=b;" * (MEGA // 4),
        b"DKIM-Signature: v=1; a=x; b=x; bh=x; d=x; s=x; h=from" + b":a" * (MEGA // 2),
        b"DKIM-Signature: v=1; a=x; b=x; bh=x; d=x; s=x; h=from\r\n" * (MEGA // 55),
        b"ARC-Seal: i=1; a=x; b=x; cv=none; d=x; s=x\r\n" * (MEGA // 45),
        b"List-Unsubscribe: <x>\r\nList-Unsubscribe-Post: x\r\n" * (MEGA // 50),
        b"List-Id: " + b"<" * MEGA,
        b"Received: from a (a [192.0.2.1]) by mx.b with SMTP id 1; x\r\n" * (MEGA // 60),
        b"Date: " + b"(" * MEGA,
        b"x" * MEGA,
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_a_megabyte_takes_no_time(raw: bytes) -> None:
    """Linear: a machine ten times slower still makes it, and anything quadratic takes minutes."""
    quick(lambda raw: read(raw, trusted=["mx.b"]), raw, 10)
