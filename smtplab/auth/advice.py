"""Advice: one remark about a published record, with its place, as every linter here gives it.

SPF, DKIM and DMARC share it, so that one picture can show the advice of all three. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Severity = Literal["permerror", "policy", "neutral"]
ORDER: tuple[Severity, ...] = get_args(Severity)  # worst first


@dataclass(frozen=True, slots=True)
class Advice:
    """One remark about the record: `result` is "permerror" (no receiver can use it), "policy" (it says
    something that its owner hardly wants) or "neutral" (it could be better); `span` is the place."""

    result: Severity
    message: str
    span: tuple[int, int]
    ref: str


def worst_first(advice: Iterable[Advice]) -> tuple[Advice, ...]:
    """The same advice, the worst first; what is equally bad keeps its order."""
    return tuple(sorted(advice, key=lambda one: ORDER.index(one.result)))
