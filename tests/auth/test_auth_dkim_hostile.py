"""Hostile messages and records: the work is bounded, nothing raises, and nothing hidden is shown."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.auth import dkim
from smtplab.auth.advice import ORDER
from smtplab.auth.dkim import Signature, canonical, lint_key, lint_signature, parse_key
from smtplab.auth.dkim.cause import CAUSES
from smtplab.auth.dkim.message import Message
from smtplab.mail.errors import RecordError
from smtplab.mail.verdict import walk
from tests.auth.dkim_zone import KEYS, MESSAGE, NAME, NOW, published, rewritten, signed, verdict, zone

LIMIT = 2.0  # seconds of processor time; each takes well under half of that
KEY = KEYS["ed25519"]
RESULTS = ("pass", "fail", "neutral", "none", "policy", "temperror", "permerror")
FIELD = dkim.sign(MESSAGE, domain="acorn.example", selector="s1", key=KEY)
MANY_TAGS = b"".join(b"t%d=x; " % number for number in range(100_000))
PARTED = MESSAGE.partition(b"\r\n\r\n")


def many_headers(name: bytes) -> bytes:
    return b"".join(b"%s: %d\r\n" % (name, number) for number in range(10_000)) + MESSAGE


def many_names() -> bytes:
    """200,000 fields of as many names, and 100 that are signed, each five times in the message."""
    often = b"".join(b"X%d: 1\r\n" % number * 5 for number in range(100))
    names = [f"x{number}" for number in range(100)]
    message = signed(often + MESSAGE, KEY, headers=["from", *names])
    return b"".join(b"Y%d: 1\r\n" % number for number in range(200_000)) + message.replace(b"X0: 1", b"X0: 3")


def h_of_everything(key: str) -> bytes:
    """10,000 fields, all of them signed, and one changed afterwards."""
    content = many_headers(b"X-Tea")
    message = signed(content, KEYS[key], headers=["from", *["x-tea"] * 10_001])
    return message.replace(b"X-Tea: 5000", b"X-Tea: changed")


MESSAGES: dict[str, Callable[[], bytes]] = {
    "10,000 headers": lambda: signed(many_headers(b"X-Tea"), KEY),
    "10,000 of one name": lambda: signed(many_headers(b"Subject"), KEY),
    "10,000 signed fields, rsa": lambda: h_of_everything("rsa"),
    "10,000 signed fields, ed25519": lambda: h_of_everything("ed25519"),
    "1,000 signatures": lambda: FIELD * 1000 + MESSAGE,
    "1,000 signatures that fail": lambda: FIELD * 1000 + MESSAGE + b"Bye\r\n",
    "1 MB of tags": lambda: FIELD.replace(b"v=1;", b"v=1;" + MANY_TAGS) + MESSAGE,
    "1 MB of one tag": lambda: FIELD.replace(b"v=1;", b"v=1; zz=" + b"x" * 1_000_000 + b";") + MESSAGE,
    "1 MB of semicolons": lambda: b"DKIM-Signature: " + b";" * 1_000_000 + b"\r\n" + MESSAGE,
    "1 MB of spaces": lambda: FIELD.replace(b"v=1;", b"v=1;" + b" " * 1_000_000) + MESSAGE,
    "1 MB of equals signs": lambda: FIELD.replace(b"v=1;", b"v=1; z=" + b"=3" * 500_000 + b";") + MESSAGE,
    "1 MB of copies": lambda: FIELD.replace(b"v=1;", b"v=1; z=" + b"Subject:x|" * 100_000 + b";") + MESSAGE,
    "1 MB of h=": lambda: FIELD.replace(b"h=from", b"h=from" + b":subject" * 100_000) + MESSAGE,
    "1 MB of folds": lambda: FIELD + MESSAGE.replace(b"Subject: ", b"Subject: " + b"\r\n " * 300_000),
    "1 MB of brackets": lambda: FIELD + MESSAGE.replace(b"Subject: ", b"Subject: " + b"[(" * 500_000),
    "no From": lambda: FIELD + MESSAGE.replace(b"From:", b"X-From:"),
    "no header section": lambda: b"\r\n\r\nhello",
    "nothing": lambda: b"",
    "only signatures": lambda: FIELD,
    "NULs": lambda: FIELD + MESSAGE.replace(b"Subject: ", b"Subject: \x00\x00").replace(b"tea", b"\x00"),
    "NULs in the signature": lambda: FIELD.replace(b"v=1;", b"v=1; \x00") + MESSAGE,
    "eight bits": lambda: FIELD.replace(b"d=acorn", b"d=\xff\xfe") + MESSAGE,
    "2 MB of empty lines": lambda: FIELD + MESSAGE + b"\r\n" * 1_000_000 + b"x\r\n",
    "2 MB in one line": lambda: FIELD + MESSAGE + b"x" * 2_000_000,
    "9 MB in one line": lambda: FIELD + MESSAGE + b"x" * 9_000_000,
    "2 MB of spaces in one line": lambda: FIELD + MESSAGE + b" " * 2_000_000 + b"x",
    "2 MB of short lines": lambda: FIELD + MESSAGE + b"x\r\n" * 700_000,
    "900 kB of short lines": lambda: FIELD + PARTED[0] + PARTED[1] + b"x\r\n" * 300_000,
    "1 MB in one line, and 4,500 empty ones": lambda: FIELD
    + PARTED[0]
    + PARTED[1]
    + b"x" * 1_030_000
    + b"\r\n" * 4_500
    + b"y",
    "many names, and 100 signed fields": many_names,
    "1 MB of bare returns": lambda: FIELD + MESSAGE + b"\r" * 1_000_000,
    "1 MB of boundaries": lambda: FIELD
    + MESSAGE.replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=x")
    + b"--x\r\n" * 200_000,
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_bounded(name: str) -> None:
    message = MESSAGES[name]()
    start = time.process_time()
    verdicts = dkim.verify(message, resolve=published(KEY), now=NOW)
    assert time.process_time() - start < LIMIT
    for one in verdicts:
        assert one.result in RESULTS and (one.cause.partition(":")[0] in CAUSES) == (one.result != "pass")
        assert len(one.text()) < 40_000 and len(one.canonical_body) <= 1 << 16
        assert sum(1 for _ in walk(one.steps)) < 200
        assert one.text().replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "record",
    [
        "v=DKIM1; p=" + "A" * 60_000,
        "v=DKIM1; " + "x=1; " * 10_000 + "p=",
        "v=DKIM1; p=" + " " * 60_000,
        "v=DKIM1; t=" + "s:" * 30_000 + "; p=",
        "\x1b[2J\u202e" * 1000,
    ],
    ids=lambda record: record[:20],
)
def test_hostile_records(record: str) -> None:
    start = time.process_time()
    one = verdict(FIELD + MESSAGE, zone({NAME: [record] * 50}))
    advice = lint_key(record)
    assert time.process_time() - start < LIMIT / 2 and one.result != "pass"
    assert len(one.text()) < 40_000 and one.text().replace("\n", "").isprintable() and advice


def test_a_long_body_is_not_copied() -> None:
    message = signed(MESSAGE, KEY) + b"A line of tea, of coffee \t and of both. \r\n" * 120_000
    message = signed(message, KEY)
    tracemalloc.start()
    result = dkim.verify(message, resolve=published(KEY), now=NOW, policy=dkim.Policy(most=1))[0]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.result == "pass" and peak < 2_000_000 < len(message)


PIECES = [
    *("v", "a", "b", "bh", "c", "d", "h", "i", "l", "q", "s", "t", "x", "z", "p", "k", "n"),
    *("=", ";", " ", "\r\n ", "1", ":", "/", "@", "|", '"', "=20", "AAAA", "\u00e9", "\x00"),
    *("rsa-sha256", "DKIM1", "from", "acorn.example", "-----BEGIN PUBLIC KEY-----", "k=ed25519;", "p="),
    *("v=1;", "a=rsa-sha256;", "bh=AAAA;", "b=AAAA;", "d=a.example;", "s=s;", "h=from;"),
]
TAGS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(TAGS | st.text(max_size=80))
def test_parsers_raise_nothing_but_record_errors(text: str) -> None:
    for parse in (Signature.parse, parse_key):
        try:
            parse(text)
        except RecordError as error:
            start, end = error.span
            assert 0 <= start <= end <= len(text) and error.message and str(error)


@given(TAGS | st.text(max_size=80))
def test_advice_has_a_place(text: str) -> None:
    for one in (*lint_key(text), *lint_signature(text), *lint_key(f'"{text}" "{text}"', text)):
        assert one.result in ORDER and 0 <= one.span[0] <= one.span[1] <= 2 * len(text) + 5


@given(st.binary(max_size=200), st.integers(0, len(FIELD + MESSAGE)), st.integers(0, 20))
@settings(max_examples=150)
def test_any_change_gives_a_verdict(junk: bytes, at: int, gone: int) -> None:
    whole = FIELD + MESSAGE
    message = whole[:at] + junk + whole[at + gone :]
    for one in dkim.verify(message, resolve=published(KEY), now=NOW, original=whole):
        assert one.result in RESULTS and (one.cause == "") == (one.result == "pass")


@given(TAGS)
@settings(max_examples=60)
def test_any_tags_that_are_signed_give_a_verdict(tags: str) -> None:
    try:
        message = rewritten(FIELD + MESSAGE, KEY, lambda field: field.replace(" b=", f" {tags}; b="))
    except (KeyError, UnicodeError):
        return
    for one in dkim.verify(message, resolve=published(KEY), now=NOW):
        assert one.result in RESULTS and one.text()


@given(st.lists(st.sampled_from([b"\r\n", b" ", b"\t", b"a", b"\r", b"\n", b"bc" * 9]), max_size=60))
def test_pieces_of_a_body_are_the_body(parts: list[bytes]) -> None:
    """Cut into pieces of any size, a body has one canonical form."""
    content = b"".join(parts)
    for form in ("simple", "relaxed"):
        whole = b"".join(canonical.body(content, form))
        kept, canonical.CHUNK = canonical.CHUNK, 4
        try:
            assert b"".join(canonical.body(content, form)) == whole
            assert b"".join(Message(b"A: b\r\n\r\n" + content).body(form)) == whole
        finally:
            canonical.CHUNK = kept
