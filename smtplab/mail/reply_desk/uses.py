"""Who uses an enhanced code for what, and where the uses collide (RFC 5248 and the receivers' own pages).

A number that is registered for one thing is used for another by large receivers, and some use numbers that
nobody registered. So the words after the number decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..codes import enhanced
from .failures import FAILURES

Relation = Literal["registered", "same", "other", "own", "wide"]

# How a use stands to the registry: a sign and words, so that no colour has to say it.
RELATIONS: dict[Relation, tuple[str, str]] = {
    "registered": ("§", "the registered meaning"),
    "same": ("=", "as registered"),
    "other": ("≠", "something else: a collision"),
    "own": ("+", "a number of its own"),
    "wide": ("*", "one of many things: a catch-all number"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a number: by whom (the RFC for the registered one), for what, and how it stands to that."""

    who: str
    meaning: str
    relation: Relation
    reported: bool = False


def uses(number: str) -> tuple[Use, ...]:
    """Who uses `number` ("5.7.30"), the registry first; none for "" and for what is no enhanced code."""
    return tuple(_uses(number))


def collide(found: tuple[Use, ...]) -> bool:
    """Whether the same number means different things to different people."""
    return any(use.relation == "other" for use in found)


def _uses(number: str) -> Iterator[Use]:
    entry = enhanced(number)
    if entry is None:
        return
    if entry.known:
        yield Use(entry.ref, entry.name, "registered")
    wide = number.endswith(".0") or number[2:] == "7.1"  # X.7.1 stands for any local rule
    usual: Relation = "own" if not entry.known else "wide" if wide else "same"
    told = set()
    for seen in entry.seen:
        told.add(seen.who)
        yield Use(seen.who, seen.meaning, "other" if seen.collides else usual, seen.reported)
    for failure in FAILURES:
        for wording in failure.wordings:
            if number not in wording.reply.split()[:2] or wording.who in told or wording.who[:3] == "RFC":
                continue
            if usual != "same" or number[2:] in failure.numbers:
                told.add(wording.who)
                yield Use(wording.who, failure.name, usual, wording.reported)
