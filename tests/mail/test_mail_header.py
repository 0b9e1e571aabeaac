"""Header fields: cutting a message up, and reading what it says: RFC 5322 §2.2, §3, §4."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smtplab.mail.errors import RecordError
from smtplab.mail.header import fields, first, named, split
from smtplab.mail.header.address import mailboxes, posing
from smtplab.mail.header.date import parse as parse_date
from smtplab.mail.header.lexical import bare, comments
from smtplab.mail.header.words import decoded
from smtplab.mail.text import decode


def table(message: bytes | str) -> list[tuple[str, str, int, int]]:
    """Name, value, first line and number of lines of every field."""
    return [(field.name, field.value, field.line, field.lines) for field in fields(message)]


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (b"", []),
        (b"\r\nA: body\r\n", []),
        (b"A: 1\r\nB: 2\r\n\r\nC: body\r\n", [("A", "1", 1, 1), ("B", "2", 2, 1)]),
        (b"A: 1\nB: 2\n\nC: body\n", [("A", "1", 1, 1), ("B", "2", 2, 1)]),  # bare LF
        (b"A: 1\r\nB: no line end", [("A", "1", 1, 1), ("B", "no line end", 2, 1)]),
        (b"A: one\r\n two\r\n\tthree\r\nB:\r\n", [("A", "one two\tthree", 1, 3), ("B", "", 4, 1)]),
        # RFC 5322 §4.5: the obsolete way, a space before the colon; §4.2: a line of spaces that goes on
        (b"A : 1\r\nB\t:2\r\n", [("A", "1", 1, 1), ("B", "2", 2, 1)]),
        (b"A: 1\r\n   \r\nB: 2\r\n", [("A", "1", 1, 2), ("B", "2", 3, 1)]),
        # no fields: kept, with no name
        (b"From me Mon Mar  2\r\nA: 1\r\n", [("", "From me Mon Mar  2", 1, 1), ("A", "1", 2, 1)]),
        (b" fold of nothing\r\nA: 1\r\n", [("", "fold of nothing", 1, 1), ("A", "1", 2, 1)]),
        (b"no colon\r\n more\r\nA: 1\r\n", [("", "no colon more", 1, 2), ("A", "1", 3, 1)]),
        (b"A B: 1\r\n: 2\r\n", [("", "A B: 1", 1, 1), ("", ": 2", 2, 1)]),
        # a bare CR ends no line, and what it hides stays one field
        (b"A: 1\rBcc: x\r\nB: 2", [("A", "1\rBcc: x", 1, 1), ("B", "2", 2, 1)]),
        (b"A: \xff\xc3\xbc\x00\r\n", [("A", decode(b"\xff\xc3\xbc\x00"), 1, 1)]),
        ("A: ü\n\nB: 1", [("A", "ü", 1, 1)]),
    ],
)
def test_fields(message: bytes | str, found: list[tuple[str, str, int, int]]) -> None:
    assert table(message) == found


def test_a_field_knows_its_place() -> None:
    message = b"A: 1\r\na:  2\r\n x\r\nB: 3\r\n\r\nbody"
    text = decode(message)
    found = fields(message)
    assert [text[slice(*field.span)] for field in found] == ["A: 1", "a:  2\r\n x", "B: 3"]
    assert [text[field.body_at : field.span[1]] for field in found] == [field.body for field in found]
    assert [(field.key, field.occurrence) for field in found] == [("a", 1), ("a", 2), ("b", 1)]
    assert [field.value for field in named(found, "A")] == ["1", "2 x"]
    assert (first(found, "b"), first(found, "C")) == ("3", "")


@pytest.mark.parametrize(
    ("message", "halves"),
    [
        (b"A: 1\r\n\r\nbody\r\n\r\nmore", (b"A: 1\r\n", b"body\r\n\r\nmore")),
        (b"A: 1\n\nbody", (b"A: 1\n", b"body")),
        (b"\r\nbody", (b"", b"body")),
        (b"A: 1", (b"A: 1", b"")),
        (b"A: 1\r\n \r\nB: 2\r\n\r\n", (b"A: 1\r\n \r\nB: 2\r\n", b"")),
    ],
)
def test_header_section_and_body(message: bytes, halves: tuple[bytes, bytes]) -> None:
    assert split(message) == halves


# the words of a structured field ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "notes"),
    [
        ("a b", "a b", ()),
        ("a (note) b", "a b", ("note",)),
        ("a(one (two) three)b", "ab", ("one (two) three",)),
        (r"a (\)\() b", "a b", (")(",)),
        ('"a (no note)" b', '"a (no note)" b', ()),
        (r'"a \" b" c', r'"a \" b" c', ()),
        ("a (never closed; b", "a", ("never closed; b",)),
        ('a "never closed; (b)', 'a "never closed; (b)', ()),
        ("a) b", "a) b", ()),
    ],
)
def test_comments_and_quotes(text: str, words: str, notes: tuple[str, ...]) -> None:
    assert bare(text) == words
    assert comments(text) == notes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?ISO-8859-1?Q?a_b?= c", "a b c"),
        ("=?utf-8?b?w7w=?= =?utf-8?b?w7w?=", "üü"),  # RFC 2047 §6.2: the space between is none
        ("=?utf-8?q?a?=\r\n =?utf-8?q?b?= =?utf-8?q?c?=", "abc"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8*en?q?a?=", "a"),
        ("=?windows-1252?q?=80?=", "€"),
        ("=?koi8-r?b?8NLJ18XU?=", "Привет"),
        ("=?iso-2022-jp?b?GyRCJCIbKEI=?=", "あ"),
        ("=?utf-8?q?=FF?=", "\ufffd"),
        ("=?nonsense?q?a?=", "=?nonsense?q?a?="),
        ("=?punycode?q?a-b?= =?rot13?q?a?= =?undefined?q?a?=",) * 2,
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?b?w?=", "=?utf-8?b?w?="),
        ("=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=", "=?utf-8?q?a?="),  # decoded once only
    ],
)
def test_encoded_words(text: str, said: str) -> None:
    assert decoded(text) == said


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        ("", []),
        ("a@b.example", [("", "a@b.example")]),
        ("<a@b.example>", [("", "a@b.example")]),
        ("Alice <a@b.example>, Bob<c@d.example>", [("Alice", "a@b.example"), ("Bob", "c@d.example")]),
        ('"Alice, A. <x@y>" <a@b.example>', [("Alice, A. <x@y>", "a@b.example")]),
        ("a@b.example (Alice)", [("Alice", "a@b.example")]),
        ('"a b"@c.example', [("", '"a b"@c.example')]),
        ("a @ b . example", [("", "a@b.example")]),
        (
            "Friends: a@b.example, <c@d.example>;, e@f.example",
            [("", f"{x}.example") for x in ("a@b", "c@d", "e@f")],
        ),
        ("undisclosed-recipients:;", []),
        ("<@relay.example,@other.example:a@b.example>", [("", "a@b.example")]),
        ("=?utf-8?q?J=C3=B6rg?= <a@b.example>", [("Jörg", "a@b.example")]),
        ("=?utf-8?q?a?= =?utf-8?q?b?= <a@b.example>", [("ab", "a@b.example")]),
        ("Only a Name", [("Only a Name", "")]),
        ("Alice <a@b.example", [("Alice", "a@b.example")]),
        ("Alice <>", [("Alice", "")]),
        (",,;", []),
    ],
)
def test_mailboxes(text: str, boxes: list[tuple[str, str]]) -> None:
    assert [(box.name, box.address) for box in mailboxes(text)] == boxes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Alice <a@b.example>", ""),
        ('"a@b.example" <A@B.example>', ""),
        ('"ceo@bank.example" <x@mallory.example>', "ceo@bank.example"),
        ('"The Boss (ceo@bank.example)" <x@mallory.example>', "ceo@bank.example"),
        ("=?utf-8?q?ceo=40bank=2Eexample?= <x@mallory.example>", "ceo@bank.example"),
        ('"ceo＠bank.example" <x@mallory.example>', "ceo＠bank.example"),
        ('"me @ home" <x@mallory.example>', ""),
    ],
)
def test_a_name_that_poses_as_an_address(text: str, shown: str) -> None:
    assert posing(mailboxes(text)[0]) == shown


# dates ------------------------------------------------------------------------------------------

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "when", "zone_known", "weekday_right"),
    [
        ("Mon, 2 Mar 2026 09:00:00 +0000", NINE, True, True),
        ("Mon, 02 Mar 2026 10:00:00 +0100 (CET)", NINE, True, True),
        ("2 Mar 2026 09:00 +0000", NINE, True, True),
        ("Mon,2 Mar 2026 09:00:00 -0000", NINE, False, True),
        ("Tue, 2 Mar 2026 09:00:00 +0000", NINE, True, False),
        ("Mon, 2 Mar 26 04:00:00 EST", NINE, True, True),  # RFC 5322 §4.3
        ("2 Mar 2026 09:00:00 Z", NINE, False, True),
        ("2 Mar 2026 09:00:00", NINE, False, True),
        ("Mon (a) , (b) 2 (c) Mar\r\n 2026 09 : 00 : 00 (d) GMT", NINE, True, True),
        ("1 Mar 98 00:00:00 +0000", datetime(1998, 3, 1, tzinfo=UTC), True, True),
        ("1 Mar 102 00:00:00 +0000", datetime(2002, 3, 1, tzinfo=UTC), True, True),
        ("31 Dec 2016 23:59:60 +0000", datetime(2017, 1, 1, tzinfo=UTC), True, True),
        ("Mon, 2 Mar 2026 14:30:00 +0530", NINE, True, True),
    ],
)
def test_dates(text: str, when: datetime, zone_known: bool, weekday_right: bool) -> None:
    found = parse_date(text)
    assert (found.when, found.zone_known, found.weekday_right) == (when, zone_known, weekday_right)


@pytest.mark.parametrize(
    ("text", "pointed_at"),
    [
        ("", ""),
        ("yesterday", "yesterday"),
        ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z"),
        ("2 Foo 2026 09:00:00 +0000", "Foo"),
        ("30 Feb 2026 09:00:00 +0000", "30 Feb 2026 09:00:00 +0000"),
        ("2 Mar 2026 25:00:00 +0000", "2 Mar 2026 25:00:00 +0000"),
        ("2 Mar 2026 09:00:61 +0000", "2 Mar 2026 09:00:61 +0000"),
        ("2 Mar 2026 09:00:00 +2400", "+2400"),
        ("2 Mar 2026 09:00:00 +0060", "+0060"),
        ("31 Dec 9999 23:59:59 -2300", "31 Dec 9999 23:59:59 -2300"),
        ("1 Jan 0001 00:00:00 +2300", "1 Jan 0001 00:00:00 +2300"),
        ("31 Dec 9999 23:59:60 +0000", "31 Dec 9999 23:59:60 +0000"),
    ],
)
def test_no_dates(text: str, pointed_at: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse_date(text)
    assert text[slice(*caught.value.span)] == pointed_at
