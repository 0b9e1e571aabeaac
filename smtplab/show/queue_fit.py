"""What fits beside each other on a line whose width only the page knows.

Each thing has its place in per cent and its size in pixels. For a few widths of the line this says which of
them have room without touching another, the important ones first; the page then shows by its own width
(container queries), without a script.
"""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Sequence
from dataclasses import dataclass

WIDTHS = (240, 360, 520, 700, 900)  # pixels: from these on, what has level 0, 1, ... is shown
NEVER = len(WIDTHS)


@dataclass(frozen=True, slots=True)
class Box:
    """`place` in per cent, `left` and `right` in pixels from there; a lower `rank` gets its room first."""

    place: float
    left: float
    right: float
    rank: int = 0


def fitted(boxes: Sequence[Box]) -> list[int]:
    """For each box the level (index of WIDTHS) from which on it has room; NEVER when it has none.

    What has room on a narrow line has it on every wider one.
    """
    levels = [NEVER] * len(boxes)
    order = sorted(range(len(boxes)), key=lambda number: boxes[number].rank)
    for level, width in enumerate(WIDTHS):
        taken = sorted(_span(boxes[n], width) for n in order if levels[n] < level)
        for number in order:
            if levels[number] < NEVER:
                continue
            span = _span(boxes[number], width)
            at = bisect(taken, span)
            if (at == 0 or taken[at - 1][1] <= span[0]) and (at == len(taken) or taken[at][0] >= span[1]):
                insort(taken, span)
                levels[number] = level
    return levels


def _span(box: Box, width: int) -> tuple[float, float]:
    at = box.place * width / 100
    return at + box.left, at + box.right


def centred(place: float, text: str, rank: int = 0, *, char: float = 6.4, shift: float = 0) -> Box:
    """The box of a word that stands in the middle of its place, `shift` pixels to the right."""
    half = len(text) * char / 2 + 3
    return Box(place, shift - half, shift + half, rank)


def clear(shares: Sequence[float], shift: Sequence[float], number: int, room: float) -> int:
    """The level from which on this one of a row, in order, is `room` pixels away from both neighbours."""
    for level, width in enumerate(WIDTHS):
        at = shares[number] * width / 100 + shift[number]
        beside = [n for n in (number - 1, number + 1) if 0 <= n < len(shares)]
        if all(abs(shares[n] * width / 100 + shift[n] - at) >= room for n in beside):
            return level
    return NEVER
