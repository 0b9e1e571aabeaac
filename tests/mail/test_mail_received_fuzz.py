"""Received fields that a stranger wrote: nothing but RecordError is raised, and time is linear."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.errors import RecordError
from smtplab.mail.received import Received, parse
from smtplab.mail.received.lexer import tokens
from smtplab.mail.text import decode

WORDS = """
from by via with id for tls envelope-from helo= HELO EHLO ident= port= user= auth=yes unknown
mail.acorn.example alice@acorn.example <bob@birch.example> 192.0.2.1 [192.0.2.1] [IPv6:2001:db8::1] ::1
[::ffff:192.0.2.1%5] (Postfix) (Exim 4.96) (8.14.4/8.14.4) (qmail (fetchmail-6.3.26) (OpenSMTPD) encrypted
(Authenticated sender: using TLSv1.3 version=TLS1_2 cipher=X bits=256/256 verify=NO ESMTPS forged)
(may be 15.20.1.2 Mon, 2 Mar 2026 09:00:00 +0000 -9999 99 Mon,31 2026-03-02T09:00:00Z GMT é
""".split()  # noqa: SIM905
MARKS = [*'()[]<>";:,\\@=%/-. \t\0\u202e\x1b\udcff', "\r\n\t", "\n ", "; ", "((", "))", "\\)", '"(']
PIECES = st.one_of(st.sampled_from(WORDS), st.sampled_from(MARKS))
TEXT = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=60).map(" ".join),
    st.lists(PIECES, max_size=60).map("".join),
)


def check(text: str, read: Received) -> None:
    """What holds for every record."""
    assert read.text == text
    for name, (start, end) in read.spans.items():
        assert 0 <= start < end <= len(text)
        assert read.at(name) == text[start:end]
        assert getattr(read, name) not in ("", None)
    values = {name for name in read.__slots__ if getattr(read, name) not in ("", None)}
    assert set(read.spans) == values - {"text", "dialect", "spans", "unread"}
    assert read.date is None or read.date.tzinfo is not None
    last = 0
    for start, end in read.unread:
        assert last <= start < end <= len(text)
        assert text[start:end].strip(" \t\r\n")
        last = end


@given(TEXT)
@settings(max_examples=600, deadline=None)
def test_any_text(text: str) -> None:
    try:
        read = parse(text)
    except RecordError as error:
        start, end = error.span
        assert 0 <= start <= end == len(text) == len(error.text)
        str(error)
    else:
        check(text, read)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_octets(raw: bytes) -> None:
    try:
        read = parse(raw)
    except RecordError:
        return
    check(decode(raw), read)


@given(TEXT)
@settings(deadline=None)
def test_tokens_leave_out_nothing_but_space(text: str) -> None:
    last = 0
    for token in tokens(text):
        assert text[token.start : token.end] == token.text != ""
        assert not text[last : token.start].strip(" \t\r\n")
        last = token.end
    assert not text[last:].strip(" \t\r\n")


@pytest.mark.parametrize("text", ["", "Received:", " \r\n\t", "nothing here", "(a comment)", "; ; ;", "from"])
def test_nothing_understood(text: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse(text)
    assert caught.value.span == (len(text) - len(text.removeprefix("Received:").lstrip()), len(text))


# Time -----------------------------------------------------------------------------------------------

DATE = "; Mon, 2 Mar 2026 09:00:00 +0000"
HOSTILE: dict[str, Callable[[int], str]] = {
    "open parentheses": lambda n: "(" * n,
    "closed parentheses": lambda n: ")" * n,
    "nested": lambda n: "from a " + "(" * (n // 2) + ")" * (n // 2) + DATE,
    "nested but one": lambda n: "from a (" + "(" * (n // 2) + ")" * (n // 2) + DATE,
    "pairs in an open one": lambda n: "from a (" + "()" * (n // 2) + DATE,
    "pairs in two open ones": lambda n: "from a " + "(()" * (n // 3) + DATE,
    "one comment": lambda n: f"from a ({'x ' * (n // 2)}) by b{DATE}",
    "addresses in a comment": lambda n: f"from a ({'[192.0.2.1] ' * (n // 12)}) by b{DATE}",
    "many comments": lambda n: f"from a {'(b [192.0.2.1]) ' * (n // 16)}by b{DATE}",
    "TLS comments": lambda n: f"from a {'(using TLSv1.2 with cipher X-AES (9 bits)) ' * (n // 43)}by b{DATE}",
    "a TLS comment": lambda n: f"from a (using {'TLSv1.2 ' * (n // 8)}) by b{DATE}",
    "from": lambda n: "from " * (n // 5),
    "from by": lambda n: "from a by b " * (n // 12) + DATE,
    "id": lambda n: "by b " + "id " * (n // 3) + DATE,
    "spaces": lambda n: "from" + " " * n + "a by b" + DATE,
    "folds": lambda n: "from a" + "\r\n\t" * (n // 3) + "by b" + DATE,
    "spaces before a date": lambda n: "by b;" + " " * n + "x",
    "many semicolons": lambda n: "by b" + ";" * n,
    "many dates": lambda n: "by b" + DATE * (n // 32),
    "dates cut short": lambda n: "by b" + "; Mon, 2 Mar 2026 " * (n // 19),
    "dates without a semicolon": lambda n: "by b " + "Mon, 2 Mar " * (n // 11),
    "comments in a date": lambda n: "by b; Mon (" + "x" * n + "), 2 Mar 2026 09:00:00 +0000",
    "open brackets": lambda n: "from " + "[" * n,
    "brackets": lambda n: "from a " + "[x" * (n // 2),
    "angles": lambda n: "for " + "<x" * (n // 2),
    "quotes": lambda n: 'for "' + "x" * n,
    "escaped quotes": lambda n: 'for "' + '\\"' * (n // 2),
    "quotes and angles": lambda n: '<"' * (n // 2),
    "backslashes": lambda n: "from a (" + "\\" * n,
    "one word": lambda n: "from " + "a" * n + " by b" + DATE,
    "dots": lambda n: "from a ([" + "1." * (n // 2) + "]) by " + "b." * (n // 2) + DATE,
    "colons": lambda n: "from a ([" + "1:" * (n // 2) + "]) by b" + DATE,
    "a long id": lambda n: "by b with LMTP id " + "a-" * (n // 2) + DATE,
    "ident": lambda n: "from a (" + "b@" * (n // 2) + "[192.0.2.1]) by b" + DATE,
    "helo": lambda n: "from a (helo=" + "helo=" * (n // 5) + ") by b" + DATE,
    "HELO": lambda n: "from a (" + "HELO " * (n // 5) + ") by b" + DATE,
    "literals in with": lambda n: "by b with " + "[x SMTP]" * (n // 8) + DATE,
}  # fmt: skip


def taken(text: str, times: int = 3) -> float:
    """The shortest of some runs, in seconds of this process alone, its garbage collector set aside."""
    runs = []
    gc.disable()
    try:
        for _ in range(times):
            started = time.process_time()
            with contextlib.suppress(RecordError):
                parse(text)
            runs.append(time.process_time() - started)
    finally:
        gc.enable()
    return min(runs)


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_linear_time(make: Callable[[int], str]) -> None:
    """Four times the text takes about four times as long: quadratic code would take sixteen times."""
    quarter, whole = taken(make(30_000)), taken(make(120_000))
    assert whole < max(9 * quarter, 0.01)


@pytest.mark.parametrize(
    "name", ["nested", "pairs in an open one", "many semicolons", "escaped quotes", "spaces"]
)
def test_a_megabyte(name: str) -> None:
    tenth, whole = taken(HOSTILE[name](100_000)), taken(HOSTILE[name](1_000_000), times=1)
    assert whole < max(25 * tenth, 0.05)
