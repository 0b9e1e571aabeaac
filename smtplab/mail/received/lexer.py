"""Tokens of a Received field: words, comments, domain literals, paths and quoted strings (RFC 5322 §3.2).

Where does a word of this field begin and end, and which words does a comment hold together? Takes linear
time whatever a stranger wrote. Unlike in other fields, a parenthesis or a quote that nobody closes is a
mark of its own and not a comment up to the end, and neither a quoted string nor a path reaches across a
parenthesis: one odd byte in a HELO argument must not hide what the host itself wrote behind it.

What the tokens mean is decided in `clauses`, `peer` and `remarks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

SPACE = " \t\r\n"

_PLAIN = r'(?P<word>[^ \t\r\n()\[\]<>";]++)|(?P<literal>\[[^\[\]()<>;]*+\])|(?P<angle><[^<>()]*+>)'
_MARK = r'|(?P<mark>[()\[\]<>";])'
# A comment with one more inside it, which is what mail programs write. Deeper ones take the slow way.
_COMMENT = r"|(?P<comment>\((?:[^()\\]++|\\.|\((?:[^()\\]++|\\.)*+\))*+\))"
_QUOTED = r'|(?P<quoted>"(?:[^"()\\]++|\\[^()])*+")'
_FAST = re.compile(_PLAIN + _COMMENT + _QUOTED + _MARK, re.DOTALL)
_SLOW = re.compile(_PLAIN + _MARK)
_PARENTHESES = re.compile(r"[()]|\\.", re.DOTALL)


class Token(NamedTuple):
    """A piece of the field as written, from `start` up to `end`.

    `kind` is "word", "comment", "literal" (in brackets), "angle" (in angle brackets), "quoted" or "mark".
    """

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The tokens of `text` between `start` and `end`, with their places in the whole."""
    end = len(text) if end is None else end
    found: list[Token] = []
    make = tuple.__new__  # takes half the time of Token(...), and there are many
    for match in _FAST.finditer(text, start, end):
        kind, said = match.lastgroup, match[0]
        if kind == "mark" and said in '("':
            # After one failure the fast way could go to the end again and again.
            found.extend(_slowly(text, match.start(), end))
            break
        first, last = match.span()
        found.append(make(Token, (kind, said, first, last)))
    return found


def inside(text: str, comment: Token) -> list[Token]:
    """The tokens of a comment, its own parentheses left out."""
    return tokens(text, comment.start + 1, comment.end - 1)


def _slowly(text: str, start: int, end: int) -> Iterator[Token]:
    """The rest of `tokens` where something is not closed or is nested deep: quotes are plain marks."""
    closing = _pairs(text, start, end)
    at = start
    while match := _SLOW.search(text, at, end):
        at = closing.get(match.start(), match.end())
        kind = "comment" if match.start() in closing else match.lastgroup or ""
        yield Token(kind, text[match.start() : at], match.start(), at)


def _pairs(text: str, start: int, end: int) -> dict[int, int]:
    """Where each parenthesis that opens is closed (one past it), for those that are."""
    opened: list[int] = []
    closing: dict[int, int] = {}
    for match in _PARENTHESES.finditer(text, start, end):
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")" and opened:
            closing[opened.pop()] = match.end()
    return closing
