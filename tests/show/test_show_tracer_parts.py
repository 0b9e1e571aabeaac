"""What the chain tracer is made of: clauses, delays, headers from outside, and code that does the same."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.mail.errors import LabError
from smtplab.mail.received import chain
from smtplab.mail.received.record import Received
from smtplab.show.tracer import hosts
from smtplab.show.tracer_clauses import KINDS, LABELS, MOST, UNREAD, explanation, kind, pieces, worth
from smtplab.show.tracer_code import SHELL, STANDARD, snippets
from smtplab.show.tracer_delay import Scale, axis, bar, words
from smtplab.show.tracer_input import (
    LIMIT,
    MSG,
    NO_TEXT,
    NO_TRACE,
    NOTHING,
    TOO_LARGE,
    header_section,
)

LINE = "from a.example (b.example [192.0.2.1]) by c.example with ESMTPS (x); Mon, 2 Mar 2026 09:00:00 +0000"
FIELD = b"Received: from a by b; Mon, 2 Mar 2026 09:00:00 +0000\r\n"


def at(words: str) -> tuple[int, int]:
    start = LINE.index(words)
    return start, start + len(words)


# Clauses --------------------------------------------------------------------------------------------


def test_a_line_is_cut_at_its_clauses() -> None:
    spans = {"helo": at("a.example"), "by": at("c.example"), "with_": at("ESMTPS"), "date": at("Mon, 2")}
    found = list(pieces(Received(LINE, spans=spans, unread=(at("(x)"),))))
    assert "".join(said for _, said in found) == LINE
    assert [piece for piece in found if piece[0]] == [
        ("helo", "a.example"),
        ("by", "c.example"),
        ("with_", "ESMTPS"),
        (UNREAD, "(x)"),
        ("date", "Mon, 2"),
    ]


def test_of_spans_within_each_other_the_inner_one_counts() -> None:
    spans = {"tls": at("(b.example [192.0.2.1])"), "ip": at("192.0.2.1"), "rdns": at("b.example")}
    found = [name for name, _ in pieces(Received(LINE, spans=spans))]
    assert found == ["", "tls", "rdns", "tls", "ip", "tls", ""]


SPANS = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda two: (min(two), max(two)))


@given(st.text(max_size=40), st.dictionaries(st.sampled_from(list(KINDS)), SPANS), st.lists(SPANS))
def test_nothing_gets_lost(
    text: str, spans: dict[str, tuple[int, int]], unread: list[tuple[int, int]]
) -> None:
    assert "".join(said for _, said in pieces(Received(text, spans=spans, unread=tuple(unread)))) == text


def test_a_very_long_line_is_cut() -> None:
    found = list(pieces(Received("x" * 10 * MOST, spans={"helo": (MOST - 1, 2 * MOST)})))
    assert [len(said) for _, said in found] == [MOST - 1, 1]


def test_every_clause_is_named_and_explained() -> None:
    fields = set(Received.__dataclass_fields__) - {"text", "spans", "unread", "dialect"}
    assert fields <= set(KINDS)
    assert set(LABELS) == set(KINDS)
    for name in KINDS:
        assert kind(name).ref in str(explanation(name))
    assert kind("something new").title == "A clause"


def test_who_vouches_for_a_clause() -> None:
    line = Received(LINE, by="c.example")
    assert worth("ip", line, known=True) == "c.example, which you trust, says so."
    assert "a claim all the same" in worth("helo", line, known=True)
    assert worth("ip", line, known=False).startswith("Only claimed")
    assert "no name" in worth("ip", Received(LINE), known=False)


# Delays -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delay", "said"),
    [
        (None, "unknown"),
        (timedelta(0), "0 s"),
        (timedelta(milliseconds=300), "0.3 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=4, seconds=10), "4 min 10 s"),
        (timedelta(hours=2, minutes=5, seconds=9), "2 h 5 min"),
        (timedelta(hours=2, seconds=9), "2 h"),
        (timedelta(days=3, minutes=4), "3 d"),
        (timedelta(minutes=-4), "−4 min"),
        (timedelta(days=-1, seconds=1), "−23 h 59 min"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_a_delay_in_words(delay: timedelta | None, said: str) -> None:
    assert words(delay) == said


def test_seconds_and_days_show_on_one_scale() -> None:
    scale = Scale([timedelta(seconds=1), None, timedelta(days=-3)])
    shares = [scale.share(timedelta(seconds=seconds)) for seconds in (0, 1, 60, 3600, 3 * 86400)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert 4 < shares[1] < 10
    assert shares[-1] == 100
    assert list(scale.ticks().values()) == ["1 s", "1 min", "1 h", "1 d"]


def test_a_short_chain_does_not_make_much_of_nothing() -> None:
    scale = Scale([timedelta(seconds=1)])
    assert scale.share(timedelta(seconds=1)) < 20
    assert list(scale.ticks().values()) == ["1 s", "1 min"]
    assert Scale([]).share(timedelta(0)) == 0


def test_a_negative_delay_is_named() -> None:
    scale = Scale([timedelta(minutes=-4)])
    assert "~ −4 min: clock skew" in str(bar(timedelta(minutes=-4), scale))
    assert "tr-skewed" in str(bar(timedelta(minutes=-4), scale))
    assert "tr-skewed" not in str(bar(timedelta(minutes=4), scale))
    assert "–" in str(bar(None, scale))
    assert "1 min" in str(axis(scale))


# Headers from outside -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "head"),
    [
        (FIELD + b"\r\nbody", FIELD),
        (b"X: y\n" + FIELD.replace(b"\r\n", b"\n") + b"\nbody", b"X: y\n" + FIELD.replace(b"\r\n", b"\n")),
        (FIELD, FIELD),
        (b"\r\n\r\n" + FIELD + b"\r\n", FIELD),
        (b"From x@y Mon Mar  2\n" + FIELD, FIELD),
        (FIELD.rstrip(), FIELD),
        (FIELD + b"\r\n" + b"x" * 3 * LIMIT, FIELD),  # a large body is not read
        (FIELD.decode(), FIELD),
        (FIELD.decode().replace("\r\n", "\n"), FIELD),
        ("    Received: from a\n      by b; x\n    To: b\n", b"Received: from a\r\n  by b; x\r\nTo: b\r\n"),
        (
            "Received: from a\nby b with ESMTP;\nMon, 2 Mar 2026 09:00:00 +0000\nSubject: s\n\nbody",
            b"Received: from a\r\n\tby b with ESMTP;\r\n\tMon, 2 Mar 2026 09:00:00 +0000\r\nSubject: s\r\n",
        ),
        ("received : from a; \udcff", b"received : from a; \xff\r\n"),
    ],
)
def test_the_header_section_is_found(given: str | bytes, head: bytes) -> None:
    assert header_section(given) == head


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", NOTHING),
        (b" \r\n\r\n", NOTHING),
        ("hello", NO_TRACE),
        (b"\r\n\r\nSubject: x\r\n\r\nReceived: in the body\r\n", NO_TRACE),
        ("x" * (LIMIT + 1), TOO_LARGE),
        (FIELD * (LIMIT // len(FIELD) + 1), TOO_LARGE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", MSG),
        (FIELD + b"X: \0\r\n", NO_TEXT),
    ],
)
def test_what_is_no_header_is_said_in_one_sentence(given: str | bytes, sentence: str) -> None:
    with pytest.raises(LabError, match=re.escape(sentence)):
        header_section(given)
    assert "\n" not in sentence


# The code -----------------------------------------------------------------------------------------------

MESSAGE = b"""\
Received: from c.example (c.example [192.0.2.3])
\tby d.example; Mon, 2 Mar 2026 09:00:05 +0000
Subject: Received: not one
received: from a.example ([IPv6:2001:db8::1]) by c.example;
 Mon, 2 Mar 2026 09:00:01 +0000

Received: in the body [192.0.2.9]
"""


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "message.eml").write_bytes(MESSAGE.replace(b"\n", b"\r\n"))
    return tmp_path


def test_the_shell_lines_do_the_same(saved: Path, need_program: Callable[..., str]) -> None:
    for program in ("awk", "nl"):
        need_program(program)
    done = subprocess.run(
        ["sh", "-c", SHELL], cwd=saved, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stderr == ""
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines == [
        "1 Received: from c.example (c.example [192.0.2.3]) by d.example; Mon, 2 Mar 2026 09:00:05 +0000",
        "2 received: from a.example ([IPv6:2001:db8::1]) by c.example; Mon, 2 Mar 2026 09:00:01 +0000",
        "[192.0.2.3]",
        "[IPv6:2001:db8::1]",
    ]


def test_the_standard_library_does_the_same(saved: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STANDARD], cwd=saved, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split("\n")[4:8] == [
        "2",
        "    from c.example (c.example [192.0.2.3]) by d.example",
        "    2026-03-02 09:00:05+00:00",
        "    0:00:04",
    ]


def test_the_code_names_the_hosts_that_are_trusted() -> None:
    made = snippets(["mx.birch.example"], 'lab.mailbox("bob@birch.example")[-1].raw')["smtplab"]
    assert "trusted=['mx.birch.example']" in made
    assert 'write_bytes(lab.mailbox("bob@birch.example")[-1].raw)' in made
    assert "write_bytes" not in snippets([])["smtplab"]


def test_a_filter_on_the_host_itself_adds_no_name_that_any_host_has() -> None:
    """amavis calls itself localhost, and its client's address is that of every host."""
    lines = (
        "from localhost (localhost [127.0.0.1]) by mx.birch.example; Mon, 2 Mar 2026 09:00:02 +0000",
        "from mx.birch.example ([127.0.0.1]) by localhost (mx.birch.example [127.0.0.1]) (amavis);"
        " Mon, 2 Mar 2026 09:00:01 +0000",
        "from a.example (a.example [192.0.2.1]) by mx.birch.example; Mon, 2 Mar 2026 09:00:00 +0000",
    )
    newest = chain("".join(f"Received: {line}\n" for line in lines)).header
    assert hosts(newest) == ("mx.birch.example",)
