"""The frame of a lesson: its head, and the words at its end.

`lesson` stands in the first cell. It says which lesson this notebook is, so that progress is kept under
its name, and shows how long it takes and what one will be able to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import htpy as h

from ..mail.errors import LabError
from ..show.theme import style
from . import bank
from .markup import inline, paragraphs, plain

UNNAMED = "no lesson"  # progress made in a notebook that has not said which lesson it is

STYLE = """
.smtplab-lesson h2{font-size:17px;font-weight:650;margin:0 0 4px;padding:0}
.smtplab .smtplab-able.smtplab-able.smtplab-able{margin:4px 0 0;padding-left:20px}
.smtplab .smtplab-able li{margin:2px 0}
"""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_current = UNNAMED


def readable(name: str) -> str:
    """`name`, if it can name a cell or a lesson: it is a file's key, a CSS class and read by people.

    Raises LabError otherwise.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > 60:
        raise LabError(
            f"A name is lower-case letters, digits and hyphens, such as ehlo-first, not {plain(str(name))}."
        )
    return name


def current() -> str:
    """The name of this notebook's lesson."""
    return _current


class Piece:
    """A part of a page that only shows something: the same HTML and text wherever it is shown."""

    def __init__(self, html: h.Element, text: str) -> None:
        self._html, self._text = str(html), text

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return self._text


def lesson(
    name: str, title: str = "", *, minutes: int | None = None, objectives: Iterable[str] = ()
) -> Piece:
    """Begin the lesson `name` ("02-dialogue"): progress is kept under it from here. Shows the head.

    `objectives` end the sentence "You will be able to ...". Light Markdown, see `markup`. Without a title
    all three come from the lesson's own texts (see `bank`).
    """
    global _current
    _current = readable(name)
    if not title and (head := bank.head(name)):
        title, minutes, objectives = head["title"], head["minutes"], head["objectives"]
    able = list(objectives)
    time = f"About {minutes} minutes" if minutes else ""
    html = h.section(".smtplab.smtplab-card.smtplab-lesson", aria_label=f"About lesson {name}")[
        style(STYLE),
        h.h2[inline(title)] if title else None,
        h.div(".smtplab-dim")[time] if time else None,
        [h.div["You will be able to"], h.ul(".smtplab-able")[(h.li[inline(one)] for one in able)]]
        if able
        else None,
    ]
    parts = [
        plain(title),
        time,
        *(["You will be able to"] if able else []),
        *(f"  - {plain(o)}" for o in able),
    ]
    return Piece(html, "\n".join(part for part in parts if part))


def glossary(words: Mapping[str, str] | None = None) -> Piece:
    """Words as term -> what it means in plain English (light Markdown); by default the lesson's own."""
    words = bank.glossary(current()) if words is None else words
    entries = [(h.dt[inline(term)], h.dd[paragraphs(meaning)]) for term, meaning in words.items()]
    html = h.div(".smtplab.smtplab-card.smtplab-glossary")[style(), h.dl[entries]]
    return Piece(html, "\n".join(f"{plain(term)}: {plain(meaning)}" for term, meaning in words.items()))
