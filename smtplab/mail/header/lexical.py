"""Tokens of a structured field body: words, quoted strings and comments (RFC 5322 §3.2).

What is text, what is a comment, and what only looks like a separator because it is quoted? All readers of
structured fields go by this one. It never raises and takes linear time: a comment or a quoted string that
nobody closes runs to the end.

It does not decode encoded words: that is `words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)("?)', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]++")
_PARENS = re.compile(r"[()]|\\.", re.DOTALL)
_PAIR = re.compile(r"\\(.)", re.DOTALL)
_FOLD = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a field body. `text` has quotes, parentheses and backslashes undone; `raw` is as written.

    `glued` is True when nothing stands between it and the token before. `closed` is False for a comment or
    a quoted string without its end.
    """

    kind: Literal["word", "quoted", "comment", "mark"]
    text: str
    raw: str
    start: int
    glued: bool = False
    closed: bool = True


def tokens(text: str, marks: str = ";") -> Iterator[Token]:
    """The tokens of `text`; each character of `marks` is a token of its own outside quotes and comments."""
    word = re.compile(rf'[^ \t\r\n()"{re.escape(marks)}]++')
    at, end, last = 0, len(text), -1
    while at < end:
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        glued = at == last
        if text[at] == "(":
            stop, closed = _comment_end(text, at)
            inside = text[at + 1 : stop - closed]
            token = Token("comment", _plain(inside), text[at:stop], at, glued, closed)
        elif text[at] == '"':
            found = _QUOTED.match(text, at)
            assert found
            token = Token("quoted", _plain(found[1]), found[0], at, glued, bool(found[2]))
        elif text[at] in marks or text[at] == ")":  # a parenthesis that closes nothing
            token = Token("mark", text[at], text[at], at, glued)
        else:
            found = word.match(text, at)
            assert found
            token = Token("word", found[0], found[0], at, glued)
        yield token
        at = last = at + len(token.raw)


def comments(text: str) -> tuple[str, ...]:
    """What the comments of `text` say, without their outer parentheses."""
    return tuple(token.text for token in tokens(text) if token.kind == "comment")


def bare(text: str) -> str:
    """`text` without comments and with single spaces: what a structured field says to a program."""
    parts: list[str] = []
    for token in tokens(text):
        if token.kind != "comment":
            parts += ["" if token.glued or not parts else " ", token.raw]
    return "".join(parts)


def _plain(text: str) -> str:
    return _PAIR.sub(r"\1", _FOLD.sub("", text)) if "\\" in text or "\n" in text else text


def _comment_end(text: str, start: int) -> tuple[int, bool]:
    """Where the comment that begins at `start` ends, comments inside it counted, and whether it does."""
    depth = 0
    for found in _PARENS.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if not depth:
            return found.end(), True
    return len(text), False
