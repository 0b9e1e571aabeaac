"""How long each hop took, as bars on one scale that is about logarithmic: seconds and days both show.

A delay is the difference of two clocks that nobody compared. A negative one can't be: it is drawn apart, and
named as clock skew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import log10

import htpy as h

from ..mail.verdict import SIGNS
from .theme import hidden

TICKS = {1: "1 s", 60: "1 min", 3600: "1 h", 86400: "1 d", 30 * 86400: "30 d"}
LEAST = 60.0  # seconds: a scale shorter than this would make much of nothing
SKEW = "the two clocks disagree"
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def words(delay: timedelta | None) -> str:
    """A delay as read: "0 s", "4 min 10 s", "2 h 5 min", "−4 min"; two units at most."""
    if delay is None:
        return "unknown"
    seconds = abs(delay.total_seconds())
    sign = "−" if delay < timedelta() else ""
    if seconds < 10 and seconds % 1:
        return f"{sign}{seconds:.1f} s"
    left = int(seconds)
    said: list[str] = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count or (said and left):
            said.append(f"{count} {unit}")
        if len(said) == 2 or (said and not left):
            break
    return sign + (" ".join(part for part in said if not part.startswith("0 ")) or "0 s")


class Scale:
    """The scale for these delays: `share` of a delay is between 0 and 100, for the width of a bar."""

    def __init__(self, delays: Iterable[timedelta | None]) -> None:
        found = [abs(delay.total_seconds()) for delay in delays if delay is not None]
        self._most = max([LEAST, *found])

    def share(self, delay: timedelta) -> float:
        """How far the bar goes, in per cent."""
        return round(100 * log10(1 + abs(delay.total_seconds())) / log10(1 + self._most), 1)

    def ticks(self) -> dict[float, str]:
        """Where the usual times stand, in per cent: those that fit."""
        places = {self.share(timedelta(seconds=seconds)): label for seconds, label in TICKS.items()}
        return {place: label for place, label in places.items() if place <= 100}


def axis(scale: Scale) -> h.Element:
    """The head of the column, with the scale."""
    return h.div(".tr-axis", aria_hidden="true")[
        (
            h.span(class_=["tr-tick", place > 85 and "tr-last"], style=f"left:{place}%")[label]
            for place, label in scale.ticks().items()
        )
    ]


def bar(delay: timedelta | None, scale: Scale) -> h.Element:
    """One delay: its bar, and the same in words."""
    if delay is None:
        return h.div(".tr-delay")[h.span(".tr-time.smtplab-dim")[hidden("delay: "), "–"]]
    skewed = delay < timedelta()
    return h.div(".tr-delay")[
        h.div(".tr-track", aria_hidden="true")[
            (h.i(class_="tr-grid", style=f"left:{place}%") for place in scale.ticks()),
            h.div(class_=["tr-bar", skewed and "tr-skewed"], style=f"width:{max(scale.share(delay), 1)}%"),
        ],
        h.span(class_=["tr-time", skewed and "tr-warn"])[
            hidden("delay: "), f"{SIGNS['later']} {words(delay)}: clock skew" if skewed else words(delay)
        ],
    ]
