"""The three errors that smtplab raises. Replies and verdicts are values: a 550 never raises.

`RecordError` says that a text is malformed and points at the place. `ProtocolError` says that the
other end broke the sequence. `LabError` says in one sentence what to do about the lab.

This module does not decide which reply a server sends for a malformed text: that is the server's.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from .text import visible

if TYPE_CHECKING:
    from .reply import Reply

WINDOW = 76  # columns of the text that a message shows around the offending span


class RecordError(ValueError):
    """A malformed text: what would be right, the text itself, and the span (start, end) that is wrong.

    `span` counts characters of `text`; `start == end` points at a gap, where something is missing.
    `str()` shows the three on three lines, with everything that does not print made visible.
    """

    def __init__(self, message: str, text: str, span: tuple[int, int]) -> None:
        super().__init__(message, text, span)
        self.message = message
        self.text = text
        self.span = span

    def __str__(self) -> str:
        start, end = self.span
        left = _last(self.text[max(0, start - WINDOW) : start], WINDOW // 2)
        middle = _first(self.text[start : min(end, start + WINDOW)], WINDOW // 2)
        right = _first(self.text[end : end + WINDOW], WINDOW - _columns(left + middle))
        carets = " " * _columns(left) + "^" * max(1, _columns(middle))
        return f"{visible(self.message)}\n  {left}{middle}{right}\n  {carets}"


class ProtocolError(Exception):
    """The other end broke the sequence: `reply` is what it said, `why` what was expected instead."""

    def __init__(self, reply: Reply, why: str = "") -> None:
        super().__init__(reply, why)
        self.reply = reply
        self.why = why

    def __str__(self) -> str:
        return f"{self.reply}: {visible(self.why)}" if self.why else str(self.reply)


class LabError(Exception):
    """Something about the lab, in one sentence that says what to do."""


def _columns(text: str) -> int:
    """How many columns `text`, already visible, takes in a terminal."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) != 0 for char in text)


def _first(text: str, room: int) -> str:
    """The beginning of `text`, made visible, in about `room` columns."""
    shown: list[str] = []
    for char in text:
        piece = visible(char)
        room -= max(1, _columns(piece))  # a pile of combining marks is cut off too
        if room < 0:
            return "".join(shown) + "…"
        shown.append(piece)
    return "".join(shown)


def _last(text: str, room: int) -> str:
    """The end of `text`, made visible, in about `room` columns."""
    shown: list[str] = []
    for char in reversed(text):
        piece = visible(char)
        room -= max(1, _columns(piece))
        if room < 0:
            return "…" + "".join(reversed(shown))
        shown.append(piece)
    return "".join(reversed(shown))
