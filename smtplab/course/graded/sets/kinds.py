"""Marks for answers of which several are of one kind: what was wrong is told by kind, never by place."""

from __future__ import annotations

from collections.abc import Sequence

from ..mark import Mark, mark


def case(name: str, well: bool, why: str) -> tuple[str, bool, str]:
    """A case for `mark.each`: the reason is told only where it did not go well."""
    return name, well, "Right." if well else why


def few(what: str, of: float, cases: Sequence[tuple[bool, str]], ref: str = "") -> Mark:
    """A mark for a few answers of one kind, each (whether it is right, why not): the points in proportion.

    The first reason stands for all of them, and no answer is named.
    """
    good = sum(well for well, _ in cases)
    why = next((why for well, why in cases if not well), "Right.")
    count = "" if len(cases) == 1 or good == len(cases) else f"{good} of {len(cases)} are right. "
    return mark(what, of, good / len(cases), count + why[:1].upper() + why[1:], ref)
