"""The canonical form beside the raw one: what is hashed, and what was taken out or changed on the way to it.

White space is drawn: `·` a space, `→` a tab, `↵` a line end. What canonicalization takes out is struck out,
and what it puts in its place is marked. The octets are those of `auth.dkim.canonical`; this only sets them
side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import htpy as h
from markupsafe import Markup

from ..auth.dkim import canonical
from ..auth.dkim.message import Message, without_value
from ..auth.dkim.signature import Signature
from ..mail.text import decode, visible
from .theme import hidden

MOST = 40  # fields, and lines of the body, that are shown
WIDEST = 1500  # characters of one of them
TAKEN = 4 * WIDEST  # octets of a field that are worked on
LONG = 80  # characters that were taken out are counted when there are more

Piece = tuple[str, str]  # text, and "" or "cut" or "new"
Pair = tuple[list[Piece], list[Piece]]


def side_by_side(raw: str, made: str) -> Pair:
    """The two forms in pieces. Canonicalization takes out white space, and makes a tab or a capital another
    character; it puts nothing in."""
    left: list[Piece] = []
    right: list[Piece] = []
    at = 0
    for char in _chars(raw):
        now = made[at : at + len(char)]
        if now and (now == char or (char == "\t" and now == " ") or now == char.lower()):
            left.append((char, "" if now == char else "cut"))
            right.append((now, "" if now == char else "new"))
            at += len(now)
        else:
            left.append((char, "cut"))
    right += [(char, "new") for char in _chars(made[at:])]  # the line end that a last line lacks
    return _joined(left), _joined(right)


def _chars(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        size = 2 if text.startswith("\r\n", at) else 1
        yield text[at : at + size]
        at += size


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    return [("".join(text for text, _ in run), mark) for mark, run in groupby(pieces, lambda one: one[1])]


def field(raw: bytes, form: canonical.Form, signature: Signature | None = None) -> Pair:
    """A field; the signature's own, where `signature` is given, loses what stands in b= and its line end."""
    raw = raw[:TAKEN]
    if signature is None or signature.tags["b"].span[1] > TAKEN // 2:
        return side_by_side(decode(raw), decode(canonical.header(raw, form)))
    start, end = signature.tags["b"].span
    text = decode(raw)
    made = decode(canonical.header(without_value(raw) + b"\r\n", form)[:-2])
    left, right = side_by_side(text[:start] + text[end:].removesuffix("\r\n"), made)
    return [*_inserted(left, start, text[start:end]), ("\r\n", "cut")], right


def _inserted(pieces: Sequence[Piece], place: int, taken: str) -> Iterator[Piece]:
    """The pieces, with what was taken out at `place` put back."""
    at = 0
    for text, mark in pieces:
        if at <= place < at + len(text):
            yield text[: place - at], mark
            yield taken, "cut"
            yield text[place - at :], mark
        else:
            yield text, mark
        at += len(text)
    if place >= at:
        yield taken, "cut"


def table(read: Message, own: bytes, signature: Signature) -> Markup:
    """Header section and body, each in both forms."""
    header, body = signature.forms
    covered = [one for one in read.covered(signature.headers, own) if one is not None]
    pairs = [field(one, header) for one in covered[:MOST]]
    pairs.append(field(own, header, signature))
    lines = list(_body(read, body))
    left = len(covered) - MOST
    return Markup(
        h.div(".dk-canon")[
            _legend(),
            _part(
                f"Header section, {header}", "in the order of h=, the signature last", pairs, left, "fields"
            ),
            _part(f"Body, {body}", _limit(signature), lines[:MOST], len(lines) - MOST, "lines, or more"),
        ]
    )


def _limit(signature: Signature) -> str:
    if signature.length is None:
        return "all of it is hashed"
    return f"the first {signature.length} octets of the canonical form are hashed (l=)"


def _body(read: Message, form: canonical.Form) -> Iterator[Pair]:
    """The body's lines in both forms: as many as are shown, and one more."""
    head = read.octets[read.body_at : read.body_at + (MOST + 1) * WIDEST]
    lines = [f"{line}\r\n" for line in decode(head).split("\r\n")]
    lines[-1] = lines[-1].removesuffix("\r\n")
    made = decode(b"".join(canonical.body(head, form))).split("\r\n")
    hashed = [f"{line}\r\n" for line in made[:-1]]
    for number, line in enumerate(lines[: MOST + 1]):
        if line or number < len(hashed):
            yield side_by_side(line, hashed[number] if number < len(hashed) else "")


def _legend() -> h.Element:
    return h.p(".dk-legend")[
        h.span[h.code["·"], " a space"],
        h.span[h.code["→"], " a tab"],
        h.span[h.code["↵"], " CR LF"],
        h.span[h.del_(".dk-cut")["struck out"], " is not hashed"],
        h.span[h.ins(".dk-new")["underlined"], " is put in its place"],
    ]


def _part(title: str, says: str, pairs: Sequence[Pair], left: int, what: str) -> h.Element:
    return h.table(".dk-forms")[
        h.caption[h.b[title], " ", h.span(".smtplab-dim")[says]],
        h.thead[h.tr[h.th(scope="col")["As it stands"], h.th(scope="col")["As it is hashed"]]],
        h.tbody[
            (
                h.tr[h.td[_side(raw)], h.td[_side(made) if made else h.span(".smtplab-dim")["nothing"]]]
                for raw, made in pairs
            ),
            h.tr[h.td(colspan="2")[h.span(".smtplab-dim")[f"and {left} {what}"]]] if left > 0 else None,
        ],
    ]


def _side(pieces: Sequence[Piece]) -> h.Element:
    room = WIDEST
    drawn: list[h.Node] = []
    for text, mark in pieces:
        if room <= 0:
            drawn.append("…")
            break
        long = mark == "cut" and len(text) > LONG
        said = [*_drawn(text[:24]), f"… {len(text)} characters"] if long else _drawn(text[:room])
        room -= LONG if long else len(text)
        if mark == "cut":
            drawn.append(h.del_(".dk-cut")[hidden("taken out: "), said])
        else:
            drawn.append(h.ins(".dk-new")[said] if mark else said)
    return h.code[drawn]


def _drawn(text: str) -> list[h.Node]:
    """Text with its white space drawn; a fold breaks the line here too."""
    lines = text.split("\r\n")
    found: list[h.Node] = []
    for number, line in enumerate(lines):
        said = visible(line, keep="\t").replace(" ", "·").replace("\t", "→")
        found.append(said)
        if number < len(lines) - 1:
            found.append("↵\n" if number < len(lines) - 2 or lines[-1] else "↵")
    return found
