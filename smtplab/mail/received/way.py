"""Way: a message's Received lines in order of travel, with what the checks look at around them.

It is made once for a message, in linear time, so that each check looks up what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import RecordError
from ..header.field import Field
from ..hosts import Trusted, norm, standing
from .parse import parse
from .record import Received

# Fields of the author: hosts on the way put their own on top of them, and none below.
AUTHORS = frozenset(("from", "to", "cc", "subject", "return-path"))
RECIPIENTS = ("delivered-to", "envelope-to", "x-delivered-to", "x-envelope-to", "x-original-to")


@dataclass(frozen=True, slots=True)
class Way:
    """`lines`, the oldest first, of which `lines[boundary:]` are known.

    `unreadable` are the indexes of lines that `parse` refused. `above` has, for a line, the author's fields
    and Return-Path that stand between it and the next Received field above. `again` has the index of the
    first line with the same client and writer, for a line that repeats it, and how many there were before.
    `fields` are the other header fields. `newest_for` is the newest line that names a recipient, or -1.
    """

    lines: tuple[Received, ...]
    boundary: int
    trusted: Trusted = field(default_factory=Trusted)
    unreadable: frozenset[int] = frozenset()
    above: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    again: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    newest_for: int = -1

    @property
    def anchor(self) -> int:
        """The line that the others are measured by: the oldest that is known, else the newest."""
        return min(self.boundary, len(self.lines) - 1)


def lines_of(fields: Sequence[Field]) -> tuple[tuple[Received, ...], frozenset[int]]:
    """The Received lines among `fields`, the oldest first, and the indexes of those that can't be read."""
    lines, unreadable = list[Received](), set[int]()
    for place, one in enumerate(one for one in reversed(fields) if one.key == "received"):
        try:
            lines.append(parse(one.body))
        except RecordError:
            lines.append(Received(one.body, unread=((0, len(one.body)),)))
            unreadable.add(place)
    return tuple(lines), frozenset(unreadable)


def above(fields: Sequence[Field]) -> dict[int, tuple[str, ...]]:
    """Line (the oldest is 0) -> author's fields and Return-Path right above it, the topmost line's
    Return-Path left out: that is its place (RFC 5321 §4.4)."""
    found: dict[int, tuple[str, ...]] = {}
    place = sum(one.key == "received" for one in fields) - 1
    top, between = place, dict[str, None]()
    for one in fields:
        if one.key in AUTHORS and not (place == top and one.key == "return-path"):
            between[one.name] = None
        elif one.key == "received":
            if between:
                found[place] = tuple(between)
            place, between = place - 1, {}
    return found


def again(lines: Sequence[Received]) -> dict[int, tuple[int, int]]:
    """Line -> the first line with the same client address and writer, and how many such lines before."""
    seen: dict[tuple[str, str], tuple[int, int]] = {}
    found: dict[int, tuple[int, int]] = {}
    for place, line in enumerate(lines):
        if line.ip is None or not line.by or standing(line.ip) != "public" or _itself(line):
            continue
        first, count = seen.get(pair := (str(line.ip), norm(line.by)), (place, 0))
        if count:
            found[place] = (first, count)
        seen[pair] = (first, count + 1)
    return found


def by_name(fields: Sequence[Field]) -> dict[str, tuple[str, ...]]:
    """The values of the fields that some check looks at, by their name in lower case."""
    found: dict[str, tuple[str, ...]] = {}
    for name in (*RECIPIENTS, "date"):
        found[name] = tuple(one.value for one in fields if one.key == name)
    return found


def _itself(line: Received) -> bool:
    """True for a host that is its own client, as with a filter that listens beside it."""
    return norm(line.by) in (norm(line.rdns), norm(line.helo)) or line.by_ip == line.ip
