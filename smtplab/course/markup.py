"""The little Markdown of questions, reasons and explanations: paragraphs, **bold** and `code`.

A lesson's text is often made from this run's values, and those come from the wire. So the text is cut
into pieces first and every piece is escaped and made visible; no HTML in it ever counts as HTML.

It does not know links, lists or headings: a notebook's own Markdown cells have those.
"""

from __future__ import annotations

import re

import htpy as h

from ..mail.text import visible
from ..show.theme import shown

# Neither kind spans its own mark, so that no text, however hostile, is scanned more than once or twice.
_MARKS = re.compile(r"`([^`\n]+)`|\*\*(?=\S)([^*]+)(?<=\S)\*\*")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")


def paragraphs(text: str) -> list[h.Element]:
    """`text` as `<p>` elements: an empty line begins the next."""
    return [h.p[inline(part.strip())] for part in _PARAGRAPHS.split(text.strip()) if part.strip()]


def inline(text: str) -> list[h.Node]:
    """`text` as one run of nodes, its line breaks taken as spaces."""
    nodes: list[h.Node] = []
    end = 0
    for mark in _MARKS.finditer(text):
        nodes.append(_words(text[end : mark.start()]))
        code, bold = mark.groups()
        nodes.append(h.code[shown(code)] if code else h.strong[inline(bold)])
        end = mark.end()
    nodes.append(_words(text[end:]))
    return nodes


def plain(text: str) -> str:
    """`text` for a terminal: without the marks, everything visible, paragraphs kept."""
    marks_off = _MARKS.sub(lambda mark: mark[1] or plain(mark[2]), text.strip())
    return visible(marks_off, keep="\n")


def _words(text: str) -> str:
    first, *rest = text.split("\n")
    if rest:
        *middle, last = rest
        lines = [first.rstrip(" \t"), *(line.strip(" \t") for line in middle), last.lstrip(" \t")]
        return shown(" ".join(lines))
    return shown(text)
