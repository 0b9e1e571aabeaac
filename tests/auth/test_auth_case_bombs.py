"""Messages made to keep a reader busy: nests, crowds and giants, judged in bounded time and shown as text."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from smtplab.auth.answers import read
from smtplab.auth.case import (
    Case,
    CaseJudgement,
    Told,
    delivered,
    explain,
    judge_bounce,
    judge_case,
    recognise,
)
from smtplab.show.judgement_page import html

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RECEIVED = (
    b"Received: from a.example (a.example [192.0.2.7]) by mx.b.example; Mon, 2 Mar 2026 09:00:00 +0000\r\n"
)
HEAD = (
    RECEIVED + b"From: a@a.example\r\nTo: b@b.example\r\nSubject: <script>pwned()</script>\r\n"
    b"Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@a.example>\r\nMIME-Version: 1.0\r\n"
)
BODY = b"\r\nhi\r\n"
RECIPIENT = b"Final-Recipient: rfc822; b@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
REPORT = (
    HEAD + b'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
    b"--x\r\n\r\nfailed\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; a.example\r\n\r\n%s--x\r\nContent-Type: message/rfc822\r\n\r\n"
    b"From: x@a.example\r\n%s\r\nhi\r\n--x--\r\n"
)


def nest(count: int) -> bytes:
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(count)
    )
    return opened + BODY + b"".join(b"--b%d--\r\n" % n for n in reversed(range(count)))


BOMBS: dict[str, tuple[int, Callable[[int], bytes]]] = {
    "multiparts in multiparts": (10_000, lambda n: HEAD + nest(n)),
    "many parts": (
        100_000,
        lambda n: HEAD + b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + b"--x\r\n\r\nhi\r\n" * n,
    ),
    "messages in messages": (
        2_000, lambda n: HEAD + b"Content-Type: message/rfc822\r\n\r\nFrom: a@a.example\r\n" * n + BODY
    ),
    "one long field": (10_000_000, lambda n: HEAD + b"X-Long: " + b"x" * n + b"\r\n" + BODY),
    "many fields": (500_000, lambda n: HEAD + b"X: y\r\n" * n + BODY),
    "many Received fields": (20_000, lambda n: RECEIVED * n + HEAD + BODY),
    "many signatures": (60_000, lambda n: b"DKIM-Signature: v=1; d=a.example; b=x\r\n" * n + HEAD + BODY),
    "a long attachment": (
        2_500_000, lambda n: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * n + b"\r\n"
    ),
    "a bounce for many": (20_000, lambda n: REPORT % (RECIPIENT * n, b"")),
    "a bounce with a nest in it": (5_000, lambda n: REPORT % (RECIPIENT, nest(n))),
}  # fmt: skip


def judged(octets: bytes) -> CaseJudgement | Told:
    kind = recognise(octets)
    case = Case(octets, None, None, None, ("mx.b.example",), read(""))
    if kind in ("message", "text"):
        return judge_case(case, delivered(case, NOW))
    return judge_bounce(case, explain(octets, kind), NOW)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_judged_in_bounded_time_and_shown_as_text(name: str) -> None:
    most, made = BOMBS[name]
    spent = []
    for count in (most // 4, most):
        octets = made(count)
        begun = time.process_time()
        found = judged(octets)
        page, text = html(found), found.text()
        spent.append(time.process_time() - begun)
        assert "<script>" not in page
        assert len(page) + len(text) < 1_200_000
    # Four times as much takes four times as long at most, and half a second is for what is the same in both.
    assert spent[1] < 6 * spent[0] + 0.5, spent
