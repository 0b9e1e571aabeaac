"""Fields of filters: X-Spam-Status and its kin, as SpamAssassin and Rspamd write them.

What did a filter think of this message? The names are custom, not standard: new fields should not begin
with X- (RFC 6648), and old ones stay. Anyone can write "X-Spam-Status: No" into a message, so they count
only where one's own filter put them, and a receiver removes those that come in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..verdict import Step
from .field import Field, named

NAMES = ("X-Spam-Status", "X-Spam-Flag", "X-Spam-Score", "X-Spam-Level", "X-Spam-Report", "X-Spamd-Result")

_STATUS = re.compile(r"(Yes|No)\b", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,6})?")
_TESTS = re.compile(r"\btests=([A-Za-z0-9_]*(?:,\s*[A-Za-z0-9_]+)*)")


@dataclass(frozen=True, slots=True)
class FilterMark:
    """What one field says: `spam` is None when it does not say; `tests` are the rules that hit."""

    name: str
    spam: bool | None = None
    score: float | None = None
    required: float | None = None
    tests: tuple[str, ...] = ()


def parse(field: Field) -> FilterMark:
    """The mark in a field; one that it cannot read says nothing."""
    value = field.value
    if field.key == "x-spam-level":
        return FilterMark(field.name, score=float(len(value)) if value.strip("*") == "" else None)
    if field.key in ("x-spam-score", "x-spam-flag"):
        number = _NUMBER.match(value)
        said = _STATUS.match(value)
        spam = said[1].lower() == "yes" if said else None
        return FilterMark(field.name, spam, float(number[0]) if number else None)
    said, tests = _STATUS.match(value), _TESTS.search(value)
    return FilterMark(
        field.name,
        said[1].lower() == "yes" if said else None,
        _after(value, "score="),
        _after(value, "required="),
        tuple(test.strip() for test in tests[1].split(",") if test.strip()) if tests else (),
    )


def marks(fields: Iterable[Field]) -> tuple[FilterMark, ...]:
    """The marks of every filter field, from the top."""
    return tuple(parse(field) for field in named(fields, *NAMES))


def explain(field: Field) -> tuple[Step, ...]:
    """A Step on a filter's field, () when it says nothing that can be read."""
    mark = parse(field)
    said = {True: "spam", False: "no spam", None: ""}[mark.spam]
    if mark.score is not None:
        limit = f" of {mark.required:g}" if mark.required is not None else ""
        said = f"{said}{', ' if said else ''}score {mark.score:g}{limit}"
    rules = f" Rules: {', '.join(mark.tests[:20])}." if mark.tests else ""
    return (Step(mark.name, f"A filter's opinion: {said}.{rules}"),) if said else ()


def _after(value: str, word: str) -> float | None:
    """The number after `word`, which other words may surround."""
    at = value.find(word)
    number = _NUMBER.match(value, at + len(word)) if at >= 0 else None
    return float(number[0]) if number else None
