"""The little Markdown: marks become elements, everything else stays text."""

from __future__ import annotations

import htpy as h
import pytest

from smtplab.course.markup import inline, paragraphs, plain


def shown(text: str) -> str:
    return str(h.fragment[inline(text)])


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("a `CODE` b", "a <code>CODE</code> b"),
        ("a **bold** b", "a <strong>bold</strong> b"),
        ("**the `220` greeting**", "<strong>the <code>220</code> greeting</strong>"),
        ("`**not bold**`", "<code>**not bold**</code>"),
        ("2 ** 3 ** 4", "2 ** 3 ** 4"),
        ("a ` alone", "a ` alone"),
        ("two\n  lines", "two lines"),
        ("a \n`b`\n\tc \n d", "a <code>b</code> c d"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("`<script>`", "<code>&lt;script&gt;</code>"),
        ("**<img onerror=x>**", "<strong>&lt;img onerror=x&gt;</strong>"),
        ("\x1b[31m\u202e\udc80", "\\x1b[31m\\u202e\\x80"),
        ("", ""),
    ],
)
def test_inline(text: str, html: str) -> None:
    assert shown(text) == html


def test_an_empty_line_begins_a_paragraph() -> None:
    made = [str(p) for p in paragraphs("\nOne\nstill one\n\n \n**Two**\n")]
    assert made == ["<p>One still one</p>", "<p><strong>Two</strong></p>"]
    assert paragraphs(" \n") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("say `EHLO`, **first**", "say EHLO, first"),
        ("**the `220`**", "the 220"),
        ("One\n\nTwo", "One\n\nTwo"),
        ("\x1b\rx", "\\x1b\\x0dx"),
    ],
)
def test_plain(text: str, words: str) -> None:
    assert plain(text) == words


@pytest.mark.timeout(10)
def test_long_hostile_text_takes_no_time() -> None:
    for evil in (
        "**" * 30_000,
        "`" * 60_000,
        "**a" * 20_000,
        "**a " * 30_000,
        "**a" + " " * 60_000,
        "\n \n" * 9_000,
        " " * 200_000 + "x",
        "\n" + " \t" * 99_000 + "x",
    ):
        assert len(str(h.fragment[paragraphs(evil)])) < 500_000
