"""A message in which what is signed is lit: which fields, of several which one, and how much of the body.

Each row says it in a word too, and whether it has changed since it was signed. Of a long message the
beginning is shown, and of a long header section what is signed; the rest is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import htpy as h
from markupsafe import Markup

from ..auth.dkim.message import Message
from ..auth.dkim.signature import Signature
from ..mail.text import decode, visible

FIELDS, LINES = 60, 100  # rows that are shown
COMPARED = 300  # rows that are compared with those of the original
WIDEST = 600  # characters of a row
WORDS = {
    "signed": "signed",
    "open": "not signed",
    "own": "the signature",
    "none": "signed as not there",
    "rest": "not counted",
}

_VALUE = re.compile(r"(?<=b=)([A-Za-z0-9+/]{20})[A-Za-z0-9+/=\s]{60,}")
_SPACE = re.compile(rb"[ \t]+")


@dataclass(frozen=True, slots=True)
class Row:
    """A field, or a line of the body. `kind` is one of `WORDS`, "" for a row that only counts others."""

    kind: str
    text: str
    note: str = ""
    changed: bool = False


def lit(read: Message, own: bytes, signature: Signature | None, original: Message) -> Markup:
    """The message, row by row. `own` is the signature's field in `read`."""
    header = _changes(_header(read, own, signature), [decode(field) for _, field in original.fields])
    body = _changes(_body(read, signature), _lines(original)[:COMPARED])
    return Markup(
        h.div(".dk-lit")[
            _part("Header section", _header_says(read, own, signature), header),
            _part("Body", _body_says(read, signature), body),
        ]
    )


def _part(title: str, says: str, rows: Sequence[Row]) -> h.Node:
    return h.fragment[
        h.p(".dk-lit-says")[h.b[title], " ", says],
        h.ul(".dk-rows")[(_row(row) for row in rows)],
    ]


def _row(row: Row) -> h.Element:
    if not row.kind:
        return h.li(".dk-row.dk-is-more")[h.span(".dk-word"), h.span(".smtplab-dim")[row.text]]
    word = "hashed" if row.changed and row.kind == "signed" else WORDS[row.kind]
    words = [h.span[word], h.span(".dk-changed")["≠ changed"] if row.changed else None]
    note = h.span(".smtplab-dim.dk-note")[row.note] if row.note else None
    text = _short(row.text.removesuffix("\r\n")) if row.kind == "own" else row.text.removesuffix("\r\n")
    more = f"… ({len(text) - WIDEST} characters more)" if len(text) > WIDEST else ""
    text = "\n".join(visible(line, keep="\t") for line in text[:WIDEST].split("\r\n")) + more
    return h.li(class_=f"dk-row dk-is-{row.kind}")[
        h.span(".dk-word")[words], h.span(".dk-said")[h.code[text or " "], note]
    ]


def _short(text: str) -> str:
    """A signature's field without the most of b=, which says nothing to a reader."""
    return _VALUE.sub(lambda found: f"{found[1]}… ({len(found[0])} characters)", text)


# The header section -------------------------------------------------------------------------------


def _taken(read: Message, own: bytes, signature: Signature | None) -> tuple[dict[int, int], list[str]]:
    """Of each signed field its place in h=, and the names that cover none."""
    names = signature.headers if signature else ()
    covered = read.covered(names, own)
    places = {id(field): n for n, field in enumerate(covered, 1) if field is not None}
    return places, [name for name, field in zip(names, covered, strict=True) if field is None]


def _header(read: Message, own: bytes, signature: Signature | None) -> list[Row]:
    places, missing = _taken(read, own, signature)
    found: list[Row] = []
    left = 0
    seen: dict[str, int] = {}
    for name, field in read.fields:
        seen[name] = seen.get(name, 0) + 1
        important = field is own or id(field) in places
        if len(found) >= (2 * FIELDS if important else FIELDS):
            left += 1
            continue
        kind = "own" if field is own else "signed" if important else "open"
        found.append(Row(kind, decode(field), _note(name, seen[name], len(read.index[name]), kind)))
    if left:
        found.append(Row("", f"… and {left} fields more"))
    for name in dict.fromkeys(missing[:FIELDS]):
        again = "no other one" if name in read.index else "none"
        found.append(Row("none", f"{name}:", f"h= names it and there is {again}: adding one breaks b="))
    return found


def _note(name: str, number: int, count: int, kind: str) -> str:
    if kind == "own":
        return "hashed last, with nothing in b="
    if count == 1:
        return ""
    return f"the lowest of {count}" if number == count and kind == "signed" else f"number {number} of {count}"


def _header_says(read: Message, own: bytes, signature: Signature | None) -> str:
    if signature is None:
        return "nothing is signed, as there is no signature that can be read."
    places, _ = _taken(read, own, signature)
    return f"{len(places)} of {len(read.fields) - 1} fields are covered, and the signature's own."


# The body -----------------------------------------------------------------------------------------


def _lines(read: Message) -> list[str]:
    """The first lines of the body, each with its line end."""
    head = read.octets[read.body_at : read.body_at + WIDEST * LINES]
    return [f"{line}\r\n" for line in decode(head.removesuffix(b"\r\n")).split("\r\n")] if head else []


def _body(read: Message, signature: Signature | None) -> list[Row]:
    octets = read.octets[read.body_at : read.body_at + WIDEST * LINES]
    if not octets:
        return []
    form = signature.forms[1] if signature else "simple"
    whole = len(read.octets) - read.body_at
    kept = _kept(read, form) - read.body_at
    found: list[Row] = []
    at, used = 0, 0
    limit = signature.length if signature else 0
    for line in octets.removesuffix(b"\r\n").split(b"\r\n")[:LINES]:
        size = len(_SPACE.sub(b" ", line).rstrip(b" ") if form == "relaxed" else line) + 2
        if at >= kept and signature:
            found.append(Row("rest", decode(line)))
        else:
            found += _split(line, form, size, None if limit is None else max(0, limit - used))
        at, used = at + len(line) + 2, used + size
    if at < whole:
        kind = "signed too" if limit is None else "not signed" if used >= limit else "signed in part"
        found.append(Row("", f"… and {whole - at} octets more, {kind}"))
    return found


def _kept(read: Message, form: str) -> int:
    """Where the body's empty lines at the end begin."""
    end = len(read.octets)
    space = b" \t\r\n" if form == "relaxed" else b"\r\n"
    step = 4096
    while end > read.body_at:
        start = max(read.body_at, end - step)
        piece = read.octets[start:end].rstrip(space)
        if piece:
            return start + len(piece)
        end = start
    return end


def _split(line: bytes, form: str, size: int, left: int | None) -> Iterator[Row]:
    """A line, or its two halves where l= ends within it. `left` canonical octets of it are signed."""
    if left is None or (left >= size - 2 and left > 0):
        yield Row("signed", decode(line))
        return
    if left == 0:
        yield Row("open", decode(line))
        return
    at, counted, before = 0, 0, False
    while at < len(line) and counted < left:
        space = line[at] in b" \t" and form == "relaxed"
        counted += not (space and before)
        before, at = space, at + 1
    yield Row("signed", decode(line[:at]), "l= ends here")
    yield Row("open", decode(line[at:]))


def _body_says(read: Message, signature: Signature | None) -> str:
    size = len(read.octets) - read.body_at
    if signature is None:
        return f"{size} octets, and none is signed."
    if signature.length is None:
        return f"all of it is covered, {size} octets as they stand here."
    whole = read.body_hash(signature.forms[1], signature.length).size
    if whole <= signature.length:
        return f"all of it is covered, and whatever is written behind it is not (l={signature.length})."
    more = whole - signature.length
    return f"the first {signature.length} octets are covered, and {more} behind them are not."


# What has changed -----------------------------------------------------------------------------------


def _changes(rows: list[Row], before: list[str]) -> list[Row]:
    """The rows, with those marked that are not in the message as it was signed."""
    now = [row.text.removesuffix("\r\n") for row in rows[:COMPARED] if row.kind not in ("", "none")]
    old = [text.removesuffix("\r\n") for text in before[:COMPARED]]
    if now == old:
        return rows
    same: set[int] = set()
    for block in SequenceMatcher(None, old, now, autojunk=False).get_matching_blocks():
        same.update(range(block.b, block.b + block.size))
    found, number = [], 0
    for row in rows:
        counts = row.kind not in ("", "none")
        found.append(Row(row.kind, row.text, row.note, counts and number < COMPARED and number not in same))
        number += counts
    return found
