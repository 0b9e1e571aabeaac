"""The body's hash is not the one that was signed: what was done to the body?

Lines behind the signed ones are found in one pass, however long the body is. What takes a pass for each
attempt has a budget of octets.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import Any

from smtplab.mail.text import decode

from . import canonical, undo
from .canonical import Form
from .cause import EITHER, Failure, Finding
from .message import Message

MAX_FOOTER = 1 << 18  # octets of a footer that is looked for
MAX_BODY = 1 << 20  # octets of a body on which other attempts are made
BUDGET = 32 << 20  # octets that all attempts together may hash
MAX_PAIRS = 20_000  # pairs of lines between which something may have been put
SHOWN = 60

_BOUNDARY = re.compile(rb"boundary[ \t]*=[ \t]*\"?([^\";\r\n]{1,70})", re.IGNORECASE)
_WHITE = re.compile(rb"[ \t\r\n]+")


def find(failure: Failure) -> Finding:
    """The cause of a body hash that differs."""
    if failure.original is not None and (found := _compared(failure, failure.original)):
        return found
    hashes = _Hashes(failure)
    short: tuple[Attempt, ...] = (_undone, _parts, _inserted) if hashes.content else ()
    for attempt in (_truncated, _other_form, _footer, *short):
        if found := attempt(failure, hashes):
            return found
    return Finding("body-changed", "the body was changed, and nothing tried makes it the old one")


class _Hashes:
    """The hash that was signed, and how much may still be tried."""

    def __init__(self, failure: Failure) -> None:
        self.form: Form = failure.signature.forms[1]
        self.name = failure.signature.hash_name
        self.length = failure.signature.length
        self.wanted = failure.signature.digest
        self.left = BUDGET
        message = failure.message
        # What is tried is short enough to be held; a body that is not is looked at in pieces only.
        short = len(message.octets) - message.body_at <= MAX_BODY
        self.content = message.octets[message.body_at :] if short else b""

    def new(self) -> Any:
        return hashlib.new(self.name, usedforsecurity=False)

    def is_it(self, octets: bytes) -> bool:
        """Whether these octets, as they are, give the hash."""
        self.left -= len(octets)
        if self.left < 0:
            return False
        digest = self.new()
        digest.update(octets if self.length is None else octets[: self.length])
        return bool(digest.digest() == self.wanted)

    def fits(self, content: bytes, form: Form | None = None) -> bool:
        """Whether a body gives the hash in its canonical form."""
        return self.left > 0 and self.is_it(b"".join(canonical.body(content, form or self.form)))


Attempt = Callable[[Failure, _Hashes], Finding | None]


def _truncated(failure: Failure, hashes: _Hashes) -> Finding | None:
    if hashes.length is None:
        return None
    size = failure.message.body_hash(hashes.form, hashes.length, hashes.name).size
    if size >= hashes.length:
        return None
    why = f"l= says that {hashes.length} octets were signed, and {size} are left: the end is missing"
    return Finding("body-truncated", why)


def _other_form(failure: Failure, hashes: _Hashes) -> Finding | None:
    other: Form = "relaxed" if hashes.form == "simple" else "simple"
    if failure.message.body_hash(other, hashes.length, hashes.name).digest != hashes.wanted:
        return None
    why = f"the hash fits the {other} form of the body, and c= says {hashes.form}: {EITHER}"
    return Finding("canonicalization", why)


def _footer(failure: Failure, hashes: _Hashes) -> Finding | None:
    """The body up to each of its lines, in one pass: a hash can go on from where it was."""
    digest, count, octets = hashes.new(), 0, 0
    first = failure.message.body_hash(hashes.form, hashes.length, hashes.name).size - MAX_FOOTER
    empty = b"\r\n" if hashes.form == "simple" else b""
    if hashes.is_it(empty):
        return _behind(1, 0, failure.message, hashes.form)
    rest = b""  # a line that goes on in the next piece
    for piece in failure.message.body(hashes.form):
        if octets + len(piece) < first:  # too far from the end for a footer, wherever the lines end
            digest.update(piece)
            count += piece.count(b"\r\n")
            octets += len(piece)
            continue
        lines = (rest + piece).split(b"\r\n")
        rest = lines.pop()
        for line in lines:
            digest.update(line + b"\r\n")
            count += 1
            octets += len(line) + 2
            if line and digest.copy().digest() == hashes.wanted:
                return _behind(count + 1, octets, failure.message, hashes.form)
    return None


def _behind(line: int, octets: int, message: Message, form: Form) -> Finding:
    """Words for a footer that begins in this line, behind so many octets of the canonical body."""
    seen, added = 0, b""
    for piece in message.body(form):
        if seen + len(piece) > octets and len(added) < 4 * SHOWN:
            added += piece[max(0, octets - seen) :][: 4 * SHOWN]
        seen += len(piece)
    why = f"up to line {line - 1} the body is what was signed; {seen - octets} octets were put behind it: "
    return Finding("footer-appended", why + _text(added))


def _text(octets: bytes) -> str:
    """The first line of a text that says something, to be shown."""
    for line in octets.split(b"\r\n"):
        if words := decode(line).strip():
            return f'"{words[:SHOWN]}"' + "…" * (len(words) > SHOWN)
    return "empty lines"


def _undone(failure: Failure, hashes: _Hashes) -> Finding | None:
    content = hashes.content
    for cause, why, back in undo.AS_THEY_ARE:
        if hashes.is_it(back(content)):
            return Finding(cause, f"the hash fits once this is undone: {why}")
    for cause, why, back in undo.BODY:
        before = back(content)
        if before != content and hashes.fits(before):
            return Finding(cause, f"the hash fits once this is undone: {why}")
    if hashes.form == "simple":
        flat = b"".join(canonical.body(content, "relaxed"))
        if hashes.is_it(flat):
            return Finding("body-whitespace", "the hash fits the body with single spaces")
    return None


def _parts(failure: Failure, hashes: _Hashes) -> Finding | None:
    """A body that was made the first part of a new one, as some lists do to add their footer."""
    content_type = failure.message.index.get("content-type", [b""])[-1]
    found = _BOUNDARY.search(content_type)
    if not found or not hashes.content:
        return None
    line = b"--" + found[1].strip()
    marks = [m.start() for m in re.finditer(rb"(?:\A|(?<=\n))" + re.escape(line), hashes.content)][:20]
    for start, end in pairwise(marks):
        _, gap, inner = hashes.content[start:end].partition(b"\r\n\r\n")
        if gap and (hashes.fits(inner) or hashes.fits(inner.removesuffix(b"\r\n"))):
            return Finding("body-wrapped", "the hash fits one part: a new body was put around it")
    for start, end in pairwise(marks):
        if hashes.fits(hashes.content[:start] + hashes.content[end:]):
            part = _text(hashes.content[start:end].partition(line)[2])
            return Finding("lines-added", f"the hash fits without one of the parts: {part}")
    return None


def _inserted(failure: Failure, hashes: _Hashes) -> Finding | None:
    """Lines that were put in somewhere: taken out from each line to each other, most likely pairs first."""
    lines = b"".join(canonical.body(hashes.content, hashes.form)).split(b"\r\n")[:-1]
    sizes = list(accumulate((len(line) + 2 for line in lines), initial=0))
    whole = b"".join(line + b"\r\n" for line in lines)
    states = [hashes.new()]  # for each line the hash of what stands before it
    for start, end in _pairs(len(lines)):
        hashes.left -= len(whole) - sizes[end]
        if hashes.left < 0:
            return None
        while len(states) <= start:
            states.append(states[-1].copy())
            states[-1].update(lines[len(states) - 2] + b"\r\n")
        digest = states[start].copy()
        digest.update(whole[sizes[end] :])
        if digest.digest() == hashes.wanted:
            cause = "lines-added" if start else "banner-added"
            added = _text(whole[sizes[start] : sizes[end]])
            return Finding(cause, f"the hash fits without lines {start + 1} to {end}: {added}")
    return None


def _pairs(count: int) -> Iterator[tuple[int, int]]:
    """First what stands in front of everything, then short blocks before long ones."""
    for end in range(1, min(count, 1000)):
        yield 0, end
    tried = 0
    for size in range(1, count):
        for start in range(1, count - size + 1):
            if tried == MAX_PAIRS:
                return
            tried += 1
            yield start, start + size


def _compared(failure: Failure, original: Message) -> Finding | None:
    """With the original at hand: where the first difference is, and of what kind."""
    form, length, name = failure.signature.forms[1], failure.signature.length, failure.signature.hash_name
    if original.body_hash(form, length, name).digest != failure.signature.digest:
        return None  # it is not what was signed either
    before, now = (b"".join(message.body(form)) for message in (original, failure.message))
    if now.startswith(before):
        line = before.count(b"\r\n") + 1
        return Finding("footer-appended", f"from line {line} on it was added: {_text(now[len(before) :])}")
    if before.startswith(now.removesuffix(b"\r\n")):
        why = f"it ends after {len(now)} octets, and the original goes on: {_text(before[len(now) :])}"
        return Finding("body-truncated", why)
    at = _first_difference(before, now)
    line, start = before.count(b"\n", 0, at) + 1, before.rfind(b"\n", 0, at) + 1
    was, became = (_text(text[start : start + 4 * SHOWN]) for text in (before, now))
    why = f"the first difference is in line {line}, octet {at + 1} of the body: {was} became {became}"
    if before.endswith(now):
        return Finding("body-truncated", why)
    if now.endswith(before):
        return Finding("banner-added", why)
    if undo.plain_ends(before).rstrip(b"\n") == undo.plain_ends(now).rstrip(b"\n"):
        return Finding("line-endings", why)
    if _WHITE.sub(b"", before) == _WHITE.sub(b"", now):
        return Finding("body-whitespace", why)
    return Finding("body-changed", why)


def _first_difference(one: bytes, other: bytes) -> int:
    """Where two texts part, by halves: comparing in one piece is fast, octet by octet is not."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
