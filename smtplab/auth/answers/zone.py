"""Lines of a zone file, and dig's lines of records, which have the same form (RFC 1035 §5.1).

$ORIGIN, @, names left out, TTL and class in either order, parentheses over several lines, comments, quoted
strings. A name without its last dot is taken as whole where no $ORIGIN was given, as people leave it out.
"""

from __future__ import annotations

import re

from .gathering import IGNORED, TYPES, Text

MOST_LINES = 400  # of one record in parentheses

_TTL = r"(?:(?:\d{1,10}|(?:\d{1,8}[smhdw]){1,5})[ \t]+)?"  # seconds, or 1h30m
_RECORD = re.compile(
    r"(?P<owner>[^\s;()\"]{1,300})?[ \t]+"
    rf"{_TTL}(?:IN[ \t]+)?{_TTL}"
    r"(?P<type>[A-Za-z]{1,7}[0-9]?)[ \t]+(?P<rest>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_ORIGIN = re.compile(r"\$ORIGIN[ \t]+([^\s;]{1,300})", re.IGNORECASE)
_DIRECTIVE = re.compile(r"\$(?:TTL|INCLUDE|GENERATE)\b", re.IGNORECASE)
_QUOTES = str.maketrans("“”„‟«»", '""""""')  # what word processors make of "


def take(text: Text) -> int:
    """The lines that were taken as a record or directive, 0 where this is none."""
    line = text.line
    if found := _ORIGIN.match(line):
        name = found[1]
        text.origin = name if name.endswith(".") or not text.origin else f"{name}.{text.origin}"
        text.origin = text.origin if text.origin.endswith(".") else f"{text.origin}."
        return 1
    if _DIRECTIVE.match(line):
        return 1
    record = read_record(line)
    if record is None:
        return 0
    owner, rdtype, rest = record
    lines = 1
    if "(" in line or '"' in rest:
        joined, lines = _joined(text, rest)
        if joined is None:
            text.remark("a record in parentheses or quotes that has no end", lines)
            return lines
        rest = joined
    name = owner_of(text, owner)
    if name and rdtype not in IGNORED:
        text.add(name, rdtype, rest, lines)
    elif not name:
        text.remark("a record without a name", lines)
    return lines


def read_record(line: str) -> tuple[str, str, str] | None:
    """Name (maybe ""), type and the rest of a line that is a record, else None."""
    found = _RECORD.fullmatch(line)
    if not found or found["type"].upper() not in TYPES:
        return None
    rest = found["rest"]
    if "“" in rest or "”" in rest:
        rest = rest.translate(_QUOTES)
    return found["owner"] or "", found["type"].upper(), rest


def owner_of(text: Text, owner: str) -> str:
    """The whole name of a record's owner; "" where there is none."""
    if not owner:
        return text.owner
    if owner == "@":
        owner = text.origin
    elif text.origin and not owner.endswith("."):
        owner = f"{owner}.{text.origin}"
    text.owner = owner
    return owner


def _joined(text: Text, rest: str) -> tuple[str | None, int]:
    """The record's data in one line without parentheses and comments, and over how many lines it went.

    None where parentheses or quotes do not end.
    """
    pieces: list[str] = []
    depth, lines, piece = 0, 1, rest
    while True:
        bare, depth, open_quote = _bare(piece, depth)
        pieces.append(bare)
        if open_quote and depth == 0:
            return None, lines
        if depth <= 0:
            return " ".join(pieces), lines
        if lines == MOST_LINES or text.at + lines >= len(text.lines):
            return None, lines
        piece = text.ahead(lines)
        lines += 1


_PIECE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[()]|;.*|\\.|[^"();\\]++|\\', re.DOTALL)


def _bare(piece: str, depth: int) -> tuple[str, int, bool]:
    """One line without parentheses and comment, how many are open after it, and whether a quote is."""
    kept: list[str] = []
    open_quote = False
    for found in _PIECE.finditer(piece):
        word = found[0]
        if word in "()":
            depth += 1 if word == "(" else -1
            kept.append(" ")
        elif word[0] == '"':
            open_quote = len(word) < 2 or word[-1] != '"'
            kept.append(word)
        elif word[0] != ";":
            kept.append(word)
    return "".join(kept).strip(), depth, open_quote
