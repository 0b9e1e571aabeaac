"""What the reader sees: names and addresses, alternatives, attachments, links, and texts that mislead."""

from __future__ import annotations

import json
import time
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.mime import DEEPEST, content_type, parts
from smtplab.mail.text import encode
from smtplab.mail.view import Attachment, Link, html, reader_view

HEAD = "From: Alice <alice@acorn.example>\nDate: Mon, 2 Mar 2026 09:00:00 -0500\nSubject: Tea\n"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (HEAD, {"sender": "Alice", "name": "Alice", "address": "alice@acorn.example"}),
        ("From: alice@acorn.example\n", {"sender": "alice@acorn.example", "name": ""}),
        ("", {"sender": "(no sender)", "subject": "(no subject)", "date": "(no date)", "to": (), "body": ""}),
        ("From: Only a Name\n", {"sender": "Only a Name", "address": ""}),
        ("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n", {"subject": "Grüße"}),
        ("Subject: =?utf-8?q?a=0A=1B=5B31mb?=\n", {"subject": "a\\x0a\\x1b[31mb"}),
        ("From: =?utf-8?q?a=E2=80=AEb?= <a@b>\n", {"sender": "a\\u202eb"}),
        ("To: Bob <b@c>, d@e\nCc: Team: f@g;\n", {"to": ("Bob <b@c>", "d@e"), "cc": ("f@g",)}),
        ("Date: yesterday\n", {"date": "yesterday"}),
        (HEAD, {"date": "Mon 2 Mar 2026, 15:00"}),
        ("From: one@a\nFrom: two@b\n", {"address": "one@a"}),
        ("Subject: a\n b\n", {"subject": "a b"}),
        ("\nplain\ntext\n", {"body": "plain\ntext\n", "body_type": "text/plain"}),
        ("Content-Type: text/plain; charset=iso-8859-1\n\n\xfc", {"body": "Ã¼"}),
        ("Content-Type: text/plain; charset=nonsense\n\n\xfc", {"body": "ü"}),
        ("Content-Transfer-Encoding: quoted-printable\n\na=C3=BC=\nb", {"body": "aüb"}),
        ("Content-Transfer-Encoding: BASE64\n\nw7w=", {"body": "ü"}),
        ("Content-Transfer-Encoding: base64\n\n!", {"body": ""}),
        ("Content-Transfer-Encoding: base64\n\nw7w", {"body": "w7w"}),
        (
            "Content-Type: application/pdf\n\nx",
            {"body": "", "attachments": (Attachment("(no name)", "application/pdf", 1),)},
        ),
        ("Content-Type: multipart/mixed\n\nx", {"body": ""}),
        ("Content-Type: nonsense\n\nx", {"body": "", "body_type": ""}),
        ("Content-Type: a/b/c\n\nx", {"body": "x", "body_type": "text/plain"}),
    ],
)
def test_a_view(header: str, expected: dict[str, Any]) -> None:
    view = reader_view(header, zone=timezone(timedelta(hours=1)))
    assert {name: getattr(view, name) for name in expected} == expected


LETTER = """\
From: Alice <alice@acorn.example>
Content-Type: multipart/mixed; boundary="x y"

a preamble that nobody sees
--x y
Content-Type: multipart/alternative; boundary=z

--z

the plain one
--z
Content-Type: text/html; charset=utf-8

<p>the <b>HTML</b> one</p>
--z--
--x y
Content-Type: application/pdf; name*0*=utf-8''%C3%A4; name*1="b.pdf"
Content-Transfer-Encoding: base64

QUJD
--x y
Content-Disposition: attachment; filename="=?utf-8?q?=C3=BC?=.txt"

text in a file
--x y--
an epilogue
"""


def test_alternatives_and_files() -> None:
    view = reader_view(LETTER)
    assert (view.body, view.body_type) == ("the plain one", "text/plain")
    assert view.attachments == (
        Attachment("äb.pdf", "application/pdf", 3),
        Attachment("ü.txt", "text/plain", 14),
    )
    other = reader_view(LETTER, prefer="html")
    assert (other.body, other.body_type) == ("the HTML one", "text/html")
    assert any("2 times, as text/plain, text/html" in step.why for step in view.warnings)
    assert view.text().splitlines()[0] == "From     Alice"
    json.dumps(view.to_dict())


def test_where_parts_stand() -> None:
    leaves = parts(encode(LETTER))
    assert [part.within for part in leaves] == [("mixed 1", "alternative 2")] * 2 + [("mixed 1",)] * 2


def test_nesting_has_an_end() -> None:
    nested = b"the core"
    for level in range(200):
        head = f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n".encode()
        nested = head + (nested if level else b"\n" + nested)
    [part] = parts(nested)
    assert len(part.within) == DEEPEST
    assert part.type == "multipart/mixed" and b"the core" in part.raw


@pytest.mark.parametrize(
    ("value", "word", "parameters"),
    [
        ("text/plain; charset=utf-8", "text/plain", {"charset": "utf-8"}),
        ('Text/HTML ; Charset="a;b" (note); X=', "text/html", {"charset": "a;b", "x": ""}),
        ("attachment; filename*=utf-8'en'%e2%82%ac.txt", "attachment", {"filename": "€.txt"}),
        ('a/b; n*1="two"; n*0="one "', "a/b", {"n": "one two"}),
        ("a/b; n*0*=nonsense''%ff; n*1*=%41", "a/b", {"n": "\ufffdA"}),
        ("a/b; n=1; n=2", "a/b", {"n": "1"}),
        ("", "", {}),
        ("text", "text", {}),
        ("text/", "text/plain", {}),
    ],
)
def test_content_types(value: str, word: str, parameters: dict[str, str]) -> None:
    assert content_type(value) == (word, parameters)


@pytest.mark.parametrize(
    ("source", "text", "links"),
    [
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c", []),
        ("<p>a<br>b</p><p>c", "a\nb\n\nc", []),
        ("<script>alert(1)<b>x</b></script>a<style>b</style>c", "ac", []),
        ("a<script>never closed", "a", []),
        ("1 < 2 > 1 <unclosed", "1 < 2 > 1 <unclosed", []),
        ("<!-- a -->b", "b", []),
        ('<a href="https://x.example">there</a>', "there", [("there", "https://x.example")]),
        ("<A HREF='x&amp;y' class=z><b>one</b> two</A>", "one two", [("one two", "x&y")]),
        ("<a href=x>a<a href=y>b</a>", "ab", [("a", "x"), ("b", "y")]),
        ("<a name=x>a</a>", "a", []),
    ],
)
def test_html(source: str, text: str, links: list[tuple[str, str]]) -> None:
    assert html(source) == (text, tuple(Link(*link) for link in links))


PAGE = "Content-Type: text/html\n\n<a href='{}'>{}</a>"


@pytest.mark.parametrize(
    ("message", "warned"),
    [
        (HEAD, ""),
        ('From: "ceo@bank.example" <x@mallory.example>\n', "The name shows this address"),
        (HEAD + "From: x@y\n", "several From fields"),
        (HEAD + "Reply-To: x@mallory.example\n", "An answer goes to another domain"),
        (HEAD + "Reply-To: tea@mail.acorn.example\n", ""),
        (
            PAGE.format("https://mallory.example/bank.example", "https://bank.example"),
            "text of this link says",
        ),
        (PAGE.format("https://bank.example@mallory.example/", "bank.example"), "text of this link says"),
        (PAGE.format("https://bank.example/log-in", "BANK.example"), ""),
        (PAGE.format("https://bank.example/", "click here"), ""),
    ],
)
def test_warnings(message: str, warned: str) -> None:
    warnings = reader_view(message).warnings
    assert [warned in step.why for step in warnings] == ([True] if warned else [])


WORDS = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"Content-Type: text/html; charset=utf-16\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Disposition: attachment; filename*0*=utf-8'",
        b"From: =?utf-8?b?",
        b"Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n",
        b"\r\n--b\r\n",
        b"--b--",
        b"<a href='x'>",
        b"<script>",
        b"\r\n\r\n",
    ]
)


@given(
    st.one_of(
        st.binary(max_size=200), st.lists(st.one_of(WORDS, st.binary(max_size=6)), max_size=30).map(b"".join)
    )
)
@settings(max_examples=300)
def test_anything_has_a_view(raw: bytes) -> None:
    view = reader_view(raw, prefer="html")
    shown = "".join(
        [view.sender, view.subject, view.date, *view.to, view.body, *(f.name for f in view.attachments)]
    )
    assert not {char for char in shown if ord(char) < 32} - {"\n", "\t"}
    json.dumps(view.to_dict())


MEGA = 1_000_000


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/plain" + b"; a=b" * (MEGA // 5),
        b"Content-Type: text/plain" + b"; a*0=b" * (MEGA // 7),
        b"Content-Type: text/plain" + b" (x" * (MEGA // 3),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * (MEGA // 5),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" * (MEGA // 45),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * (MEGA // 50),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b" + b" " * MEGA,
        b"Content-Type: text/html\r\n\r\n" + b"<" * MEGA,
        b"Content-Type: text/html\r\n\r\n" + b"<a " * (MEGA // 3),
        b"Content-Type: text/html\r\n\r\n" + b"<script>" * (MEGA // 8),
        b"Content-Type: text/html\r\n\r\n" + b"<a href=x>y" * (MEGA // 11),
        b"Content-Type: text/html\r\n\r\n<a " + b"href='href=\"" * (MEGA // 12) + b">",
        b"Content-Type: text/html\r\n\r\n<a href=x>" + b"a." * (MEGA // 2),
    ],
    ids=lambda raw: repr(raw[-16:]),
)
def test_a_megabyte_takes_no_time(raw: bytes) -> None:
    started = time.process_time()
    reader_view(raw, prefer="html")
    assert time.process_time() - started < 10
