"""What does not fit in a chain, and what only looks like it: each kind with an example, and honest ways."""

from __future__ import annotations

import re

import pytest

from smtplab.mail.received import chain
from smtplab.mail.received.anomalies import CHECKS, KINDS, TOO_MANY
from smtplab.mail.received.finding import sure

MX = "from mail.acorn.example (mail.acorn.example [192.0.2.10]) by mx.birch.example with ESMTPS id 1; {}"
ACORN = (
    "from alice.home.example (alice.home.example [203.0.113.77]) by mail.acorn.example with ESMTPSA id 2; {}"
)
TIMES = [f"Mon, 2 Mar 2026 09:00:0{second} +0000" for second in range(10)]
BIRCH = (".birch.example", "198.51.100.0/24")
FIELD = re.compile(r"[A-Z][A-Za-z-]*: ")

BIRCH_ITSELF = "mx.birch.example (mx.birch.example [198.51.100.10])"
LAPTOP = "(alice.home.example [203.0.113.77])"
FILTERED = "from localhost (localhost [127.0.0.1]) by mx.birch.example (Postfix) with ESMTP id 1; {}"
STORED = "from mx.birch.example ([198.51.100.10]) by imap.birch.example with LMTP id 1; {}"
EXCHANGE = "from EXCH02.birch.local (10.1.1.2) by EXCH01.birch.local (10.1.1.1) with mapi id 15; {}"
FETCHED = (
    "from imap.elm.example (imap.elm.example [192.0.2.40]) by mx.birch.example with IMAP (fetchmail-6.4); {}"
)
AGAIN = f"from {BIRCH_ITSELF} by mx.birch.example with ESMTP id 2; {{}}"
TO_BOB = MX.replace(" id 1", " id 1 for <bob@birch.example>")


def anomalies(*lines: str, trusted: tuple[str, ...] = BIRCH) -> list[str]:
    """ "sure kind hop" of each, for lines with the newest first; {} becomes the time, a second later each."""
    dated = [line.replace("{}", TIMES[min(9, len(lines) - place)]) for place, line in enumerate(lines)]
    header = "".join(f"{line}\n" if FIELD.match(line) else f"Received: {line}\n" for line in dated)
    found = chain(header, trusted=trusted)
    assert all(step.ref.startswith("RFC ") and step.why.endswith(".") for _, step in found.anomalies)
    assert all(step.why.lower().startswith(sure(step) + ": ") for _, step in found.anomalies)
    return [f"{sure(step)} {step.what} {number}" for number, step in found.anomalies]


def dated(line: str, time: str) -> str:
    return line.replace("{}", time)


def by(line: str, host: str) -> str:
    return line.replace("by mail.acorn.example", f"by {host}").replace("by mx.birch.example", f"by {host}")


def client(line: str, words: str) -> str:
    return f"from {words} by {line.partition(' by ')[2]}"


NEXT = MX.replace("(mail.acorn.example [192.0.2.10])", "(mail.mallory.example [203.0.113.66])").replace(
    "from mail.acorn", "from mail.mallory"
)
ELM = "from mx.birch.example (mx.birch.example [198.51.100.10]) by mail.elm.example with ESMTPS id 3; {}"
BACK = "from mail.elm.example (mail.elm.example [192.0.2.40]) by mx.birch.example with ESMTPS id 4; {}"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        # links
        ([NEXT, ACORN], ["likely broken link 1"]),
        ([client(MX, "x.elm.example ([127.0.0.1])"), ACORN], ["likely broken link 1"]),
        ([NEXT, by(ACORN, "mx2.birch.example")], ["possible broken link 1", "likely borrowed name 1"]),
        ([NEXT, by(ACORN, "[192.0.2.200]")], ["possible broken link 1"]),
        # names
        ([MX, client(ACORN, BIRCH_ITSELF), by(ACORN, "mx.birch.example")],
         ["possible borrowed name 1"]),
        ([client(MX, "mx.birch.example (mail.acorn.example [192.0.2.10])"), ACORN], ["likely own name 2"]),
        ([client(MX, "mx.birch.example (unknown [192.0.2.10])")], ["likely own name 1"]),
        ([MX, client(ACORN, f"[203.0.113.5] {LAPTOP}")], ["likely other literal 1"]),
        ([MX, client(ACORN, "alice.home.example (HELO ?203.0.113.5?) (203.0.113.77)")],
         ["likely other literal 1"]),
        ([MX, client(ACORN, f"[IPv6:2001:db8::5] {LAPTOP}")],
         ["possible other literal 1"]),
        ([MX, client(ACORN, "alice ([0.1.2.3])")], ["certain impossible address 1"]),
        ([MX, client(ACORN, "alice (a.home.example [239.1.2.3])")], ["certain impossible address 1"]),
        ([MX, client(ACORN, "alice ([IPv6:ff02::1])")], ["certain impossible address 1"]),
        ([MX.replace("192.0.2.10", "10.0.0.5"), ACORN], ["likely private address 2"]),
        # order
        ([MX, ACORN, client(by(ACORN, "alice.home.example"), "mail.acorn.example ([192.0.2.10])"), ACORN],
         ["possible loop 3"]),
        ([BACK, ELM, BACK, ELM, BACK],
         ["possible borrowed name 1", "possible borrowed name 3", "possible loop 3", "possible loop 4",
          "likely loop 5"]),
        ([MX, "?# ?#"], ["certain unreadable line 1"]),
        ([MX, "; Mon, 2 Mar 2026 09:00:01 +0000"], ["certain unreadable line 1"]),
        ([MX, "by mail.acorn.example " + "= ! ? " * 40 + "; {}"], ["likely unreadable line 1"]),
        ([MX, "Subject: Hello", ACORN], ["possible misplaced field 1"]),
        ([MX, "Return-Path: <a@acorn.example>", ACORN], ["possible misplaced field 1"]),
        (["From: a@acorn.example", MX, ACORN], ["possible misplaced field 2"]),
        (["Delivered-To: carol@birch.example", TO_BOB, ACORN],
         ["possible other recipient 2"]),
        # times
        ([MX.replace("; {}", ""), ACORN], ["certain missing date 2"]),
        ([MX, ACORN, client(dated(by(ACORN, "alice.home.example"), "Mon, 2 Mar 2026 09:05:00 +0000"), "a")],
         ["possible later than known 1", "possible clock skew 2"]),
        ([MX, dated(ACORN, "Mon, 2 Mar 2026 09:02:00 +0000")], ["possible later than known 1"]),
        ([MX, dated(ACORN, "Mon, 2 Mar 2026 09:30:00 +0000")], ["likely later than known 1"]),
        ([MX, dated(ACORN, "Thu, 5 Mar 2026 09:00:00 +0000")], ["certain later than known 1"]),
        ([MX, dated(ACORN, "Sun, 1 Mar 2026 09:00:00 +0000")], ["possible long delay 2"]),
        ([MX, dated(ACORN, "Sun, 1 Feb 2026 09:00:00 +0000")], ["likely long delay 2"]),
        ([MX, ACORN, "Date: Mon, 2 Mar 2026 09:30:00 +0000"], ["likely other date 1"]),
        ([MX, ACORN, "Date: Sat, 28 Feb 2026 09:30:00 +0000"], ["possible other date 1"]),
    ],
)  # fmt: skip
def test_found(lines: list[str], found: list[str]) -> None:
    assert anomalies(*lines) == found


def test_clock_skew_among_known_lines() -> None:
    inner = "from mx.birch.example ([198.51.100.10]) by imap.birch.example with LMTP id 1; "
    for time, found in (
        ("Mon, 2 Mar 2026 08:59:30 +0000", []),
        ("Mon, 2 Mar 2026 08:57:00 +0000", ["possible clock skew 3"]),
        ("Mon, 2 Mar 2026 07:00:00 +0000", ["likely clock skew 3"]),
        ("Sat, 28 Feb 2026 09:00:00 +0000", ["certain clock skew 3"]),
    ):
        assert anomalies(inner + time, MX, ACORN) == found


@pytest.mark.parametrize(
    ("count", "found"),
    [
        (30, []),
        (31, ["possible too many hops 0"]),
        (99, ["possible too many hops 0"]),
        (100, ["likely too many hops 0"]),
    ],
)
def test_too_many_hops(count: int, found: list[str]) -> None:
    lines = [
        f"from r{number - 1}.example ([2001:db8::{number:x}]) by r{number}.example with SMTP id 1; {TIMES[0]}"
        for number in range(count, 0, -1)
    ]
    assert anomalies(*lines) == found


def test_every_kind_is_in_the_list_once() -> None:
    assert len(set(KINDS)) == len(KINDS) == len(CHECKS) + 1
    assert all(check.means and check.ref.startswith("RFC ") for check in (*CHECKS, TOO_MANY))


@pytest.mark.parametrize(
    "lines",
    [
        [MX, ACORN],
        # other names of the same organisation, and names from inside
        [client(MX, "out-3.acorn.example (out-3.acorn.example [192.0.2.13])"), ACORN],
        [MX, by(ACORN, "EXCH01.acorn.local")],
        [MX, by(ACORN, "10.20.30.40")],
        [client(MX, "mail.acorn.example (customer-7.elm.example [203.0.113.200])"), ACORN],
        [client(MX, "other.elm.example (mail.acorn.example [203.0.113.200])"), ACORN],
        # a home: behind NAT, without a name, in the network of its server
        [MX, client(ACORN, "[192.168.1.5] (unknown [203.0.113.77])")],
        [MX, client(ACORN, "unknown (HELO ?192.168.1.5?) (203.0.113.77)")],
        [MX, client(ACORN, "alices-laptop (unknown [10.0.0.5])")],
        [MX, client(ACORN, "laptop.home.example (laptop.home.example [192.168.1.5])")],
        [MX, "from [203.0.113.77] by mail.acorn.example with HTTP; {}"],
        [MX, "by mail.acorn.example (Postfix, from userid 1000) id 1; {}"],
        [MX, "from alice by mail.acorn.example with local (Exim 4.98) id 1; {}"],
        # several lines by one host, filters and inner hosts
        [STORED, FILTERED, FILTERED, MX, ACORN],
        [AGAIN, AGAIN, MX, ACORN],
        [EXCHANGE, MX, ACORN],
        ["by 2002:a05:6402::17 with SMTP id 1; {}", MX, ACORN],
        ["(qmail 4711 invoked from network); 2 Mar 2026 09:00:03 -0000", MX, ACORN],
        [FETCHED, by(MX, "imap.elm.example"), ACORN],
        # a message that went out and came back, by a list
        [STORED, BACK, MX.replace("mx.birch", "mail.elm"), by(ACORN, "mail.acorn.example")],
        # clocks, zones and an hour in a greylist
        [dated(MX, "Mon, 2 Mar 2026 10:40:00 +0100"), dated(ACORN, "Mon, 2 Mar 2026 01:00:00 -0800 (PST)")],
        [dated(MX, "Mon, 2 Mar 2026 08:59:40 +0000"), ACORN],
        [MX, ACORN, f"Date: {TIMES[0]}"],
        [MX, ACORN, "Date: Mon, 2 Mar 2026 09:05:00 +0000"],
        [MX, ACORN, "Date: Sun, 1 Mar 2026 20:00:00 +0000"],
        [MX, ACORN, "Date: yesterday"],
        # what hosts put between, and around
        ["Return-Path: <a@acorn.example>", "Delivered-To: bob@birch.example", MX, "X-Spam: no", ACORN,
         "DKIM-Signature: v=1", "From: a@acorn.example"],
        ["Delivered-To: Bob@birch.example", TO_BOB.replace("bob", "bob+list"), ACORN],
        ["Delivered-To: box7@birch.example", "X-Original-To: bob@birch.example", TO_BOB, ACORN],
        ["Delivered-To: bob@birch.example", TO_BOB, ACORN.replace(" id 2", " for <list@elm.example>")],
    ],
)  # fmt: skip
@pytest.mark.parametrize("trusted", [BIRCH, ()])
def test_honest(lines: list[str], trusted: tuple[str, ...]) -> None:
    assert anomalies(*lines, trusted=trusted) == []
