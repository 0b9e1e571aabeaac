"""An SPF record with what is wrong in it marked, and the advice beside: each mark has its number.

It draws any linter's `Advice`, here that of `auth.spf.lint`. A record is hostile text: every stretch is made
visible and escaped, and of a long one only its beginning and the marked places are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import htpy as h
from markupsafe import Markup

from ..auth.advice import Advice
from ..mail.text import visible
from ..mail.verdict import SIGNS, Tone, tone
from .theme import CLASSES, hidden, shown

AROUND = 80  # characters on each side of a mark that are shown of a long record
BEGIN = 600  # characters at its beginning
MOST = 20  # remarks that are shown
WIDEST = 400  # characters of one mark that are shown

WORDS = {"permerror": "an error", "policy": "hardly meant", "neutral": "could be better"}


def record(text: str, advice: Sequence[Advice]) -> Markup:
    """The record with its marks, and the list of remarks; without any, a sentence that says so."""
    told = list(advice[:MOST])
    left = len(advice) - len(told)
    if not text:
        return Markup("")
    if not told:
        fine = h.span(".sb-ok")[f"{SIGNS['good']} "]
        return Markup(h.p(".sb-fine")[fine, "The linter has nothing to say about it."])
    return Markup(
        h.div(".sb-read")[
            h.pre(".sb-text", tabindex="0", role="group", aria_label="The record, with its marks")[
                list(_marked(text, told))
            ],
            h.ol(".sb-advice")[(_remark(n, one, text) for n, one in enumerate(told, 1))],
            h.p(".smtplab-dim")[f"and {left} remarks more"] if left else None,
        ]
    )


def _remark(number: int, one: Advice, text: str) -> h.Element:
    how = tone(one.result)
    return h.li(data_part=str(number))[
        h.span(".sb-number")[str(number)],
        h.span(class_=f"smtplab-chip sb-chip smtplab-{CLASSES[how]}")[f"{SIGNS[how]} {WORDS[one.result]}"],
        h.span(".sb-says")[shown(one.message, 300), " ", h.span(".smtplab-ref")[one.ref], _whole(one, text)],
    ]


def _whole(one: Advice, text: str) -> h.Element | None:
    """A remark about all of the record has no mark in it."""
    return hidden(" (the whole record)") if _is_whole(one, text) else None


def _is_whole(one: Advice, text: str) -> bool:
    return one.span[0] == 0 and one.span[1] >= len(text)


def _marked(text: str, advice: Sequence[Advice]) -> Iterator[h.Node]:
    """The text in pieces. Where marks overlap, a piece looks as the worst of them, which come first."""
    marks = [(n, one) for n, one in enumerate(advice, 1) if not _is_whole(one, text)]
    edges = {0, len(text)} | {min(at, len(text)) for _, one in marks for at in one.span}
    last = 0
    for start, end in _windows(text, [one.span for _, one in marks]):
        if start > last:
            yield h.span(".sb-left")[f" … {start - last} characters … "]
        inner = sorted({start, end, *(at for at in edges if start < at < end)})
        for left, right in pairwise(inner):
            yield from _piece(text, left, right, marks)
        last = end
    if last < len(text):
        yield h.span(".sb-left")[f" … {len(text) - last} characters more"]
    for number, one in marks:
        if one.span[0] >= len(text):
            yield _mark(" ", one.result, [number], gap=True)


def _windows(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The stretches of the record that are shown: all of a short one."""
    size = len(text)
    wanted = [(0, min(size, BEGIN if size > 2 * BEGIN else size))]
    wanted += [(max(0, a - AROUND), min(size, min(b, a + WIDEST) + AROUND)) for a, b in spans]
    start, end = 0, 0
    for left, right in sorted(wanted):
        if left > end:
            yield start, end
            start = left
        end = max(end, right)
    yield start, end


def _piece(text: str, left: int, right: int, marks: Sequence[tuple[int, Advice]]) -> Iterator[h.Node]:
    here = [(n, one) for n, one in marks if one.span[0] <= left and right <= one.span[1]]
    said = visible(text[left:right])
    if not here:
        yield said
        return
    yield _mark(said, here[0][1].result, [n for n, one in here if one.span[0] == left], gap=False)


def _mark(said: str, result: str, numbers: Sequence[int], *, gap: bool) -> h.Element:
    how: Tone = tone(result)
    return h.mark(class_=["sb-mark", f"smtplab-{CLASSES[how]}", gap and "sb-gap"])[
        said, [h.sup(data_part=str(n))[hidden("remark "), str(n)] for n in numbers]
    ]
