"""Finding: something in a Received line that does not fit, and how sure it is that something is wrong.

Three words, everywhere the same. "certain": it can't be true as it stands there, or breaks the grammar.
"likely": an honest chain shows it rarely. "possible": honest chains show it too, but it is worth a look.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, NamedTuple

from ..verdict import Step

Sure = Literal["certain", "likely", "possible"]

# How each shows: as results of SPF do, from "no" over "probably not" to "can't say".
RESULTS: dict[Sure, str] = {"certain": "fail", "likely": "softfail", "possible": "neutral"}


class Finding(NamedTuple):
    """How sure, and one sentence that gives the reason."""

    sure: Sure
    why: str

    def step(self, kind: str, ref: str) -> Step:
        """The anomaly as a Step: `what` is its kind, `why` begins with how sure it is."""
        return Step(kind, f"{self.sure.capitalize()}: {self.why}", RESULTS[self.sure], ref)


def sure(step: Step) -> Sure:
    """How sure an anomaly is, of a Step that `Finding.step` made."""
    return next(word for word, result in RESULTS.items() if result == step.result)


def graded(amount: timedelta, likely: timedelta, certain: timedelta) -> Sure:
    """How sure, by how much time there is between two clocks."""
    return "certain" if amount >= certain else "likely" if amount >= likely else "possible"


def said(amount: timedelta) -> str:
    """A stretch of time in words, in whole units: "3 days", "2 h", "4 min", "10 s"."""
    seconds = int(abs(amount).total_seconds())
    for size, unit in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and unit != "day"):
            count = round(seconds / size)
            return f"{count} {unit}{'s' if unit == 'day' else ''}"
    return f"{seconds} s"
