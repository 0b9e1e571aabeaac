"""The queue timeline for print: the same lanes, drawn with matplotlib as a vector figure.

It can be read in grey: how an attempt went is told by its shape and by light and dark, and its reply code
stands below it. matplotlib is imported only when a figure is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..mail.history import History
from ..mail.text import visible
from .queue_drawing import clock
from .queue_events import Axis, Lane, Mark, axis, lanes
from .queue_fit import NEVER, Box, centred, fitted
from .tracer_delay import words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

INK, DIM, LINE = "#1b1f24", "#44546a", "#c9ced4"  # of print
# How it went -> the marker, and its colour: dark and light differ in grey as well.
_SHAPES = {"good": ("o", "#00785a"), "later": ("D", "#d9920a"), "bad": ("X", "#8f1510"), "plain": ("o", DIM)}
LEVEL = 2  # of queue_fit: the width that a figure of seven inches has for labels
NAMES = {
    ("good", False): "taken", ("later", False): "later (4yz)", ("later", True): "no connection",
    ("bad", False): "failed", ("plain", True): "next attempt",
}  # fmt: skip


def figure(histories: Sequence[History], *, even: bool = False) -> Picture:
    """What became of messages in a queue, as a matplotlib Figure: `.savefig("queue.pdf")`.

    One line for each recipient, in hours after acceptance; with `even` every hour has the same room, else
    the early ones have more. Raises ValueError when there is no message.
    """
    from matplotlib.figure import Figure as Picture

    found = lanes(histories)
    if not found:
        raise ValueError("there is no message to draw: give at least one history")
    scale = axis(found, even=even)
    picture = Picture(figsize=(7, 1.1 + 0.62 * len(found)), layout="constrained")
    axes = picture.subplots()
    _frame(axes, found, scale)
    for row, lane in enumerate(found):
        _lane(axes, row, lane, scale)
    _legend(axes)
    return picture


def _hours(scale: Axis, mark: Mark) -> float:
    return (mark.when - scale.start) / timedelta(hours=1)


def _frame(axes: Any, found: Sequence[Lane], scale: Axis) -> None:
    whole = (scale.end - scale.start) / timedelta(hours=1)
    forward, back = _bent(scale, whole)
    axes.set_xscale("function", functions=(forward, back))
    axes.set_xlim(0, whole)
    axes.set_ylim(len(found) - 0.4, -0.6)
    ticks = _ticks(scale)
    axes.set_xticks([tick / timedelta(hours=1) for tick in ticks], [words(t) if t else "0" for t in ticks])
    axes.set_xticks([], minor=True)
    axes.set_yticks(range(len(found)), [visible(lane.recipient)[:40] for lane in found])
    axes.set_xlabel(f"after {clock(scale.start)}, by the lab's clock", fontsize=9, color=DIM, loc="left")
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(axis="y", length=0, pad=8)
    axes.tick_params(colors=INK, labelsize=9)


def _bent(scale: Axis, whole: float) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Hours to their place and back, as `Axis.share` has them."""
    import numpy

    from .queue_events import BEND

    if scale.even:
        return (lambda hours: hours), (lambda place: place)
    return (
        lambda hours: numpy.log1p(numpy.maximum(hours, 0) / whole * BEND),
        lambda place: numpy.expm1(place) * whole / BEND,
    )


def _ticks(scale: Axis) -> list[timedelta]:
    ticks = scale.ticks()
    boxes = [
        centred(scale.share(scale.start + tick), words(tick), 0 if tick in (ticks[0], ticks[-1]) else 1)
        for tick in ticks
    ]
    return [tick for tick, level in zip(ticks, fitted(boxes), strict=True) if level <= LEVEL]


def _lane(axes: Any, row: int, lane: Lane, scale: Axis) -> None:
    until = (lane.until - scale.start) / timedelta(hours=1)
    start = (lane.history.accepted - scale.start) / timedelta(hours=1)
    axes.plot([start, until], [row, row], color=DIM, linewidth=1.2, zorder=1)
    end = lane.history.give_up_at if lane.pending else None
    if end:
        give_up = (end - scale.start) / timedelta(hours=1)
        axes.plot([until, give_up], [row, row], color=DIM, linewidth=1, linestyle=":", zorder=1)
    for kind in _KINDS:
        _points(axes, row, scale, kind, [mark for mark in lane.marks if _kind(mark) == kind])
    shown = [mark for mark in lane.marks if mark.kind != "notice"]
    for mark in _labelled(shown, scale):
        axes.annotate(
            mark.label,
            (_hours(scale, mark), row),
            (0, -9),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=7,
            color=INK,
        )


_Kind = tuple[str, str, bool]
_KINDS: tuple[_Kind, ...] = tuple(
    (shape, tone, hollow)
    for shape in ("mark", "notice")
    for tone in _SHAPES
    for hollow in (False, True)
)  # fmt: skip


def _kind(mark: Mark) -> _Kind:
    return ("notice" if mark.notice else "mark"), mark.tone, mark.hollow


def _points(axes: Any, row: int, scale: Axis, kind: _Kind, marks: Sequence[Mark]) -> None:
    """The marks of one kind as one collection, whose offsets are (hours, row)."""
    if not marks:
        return
    shape, tone, hollow = kind
    marker, colour = _SHAPES[tone]
    raised = -0.3 if shape == "notice" else 0  # envelopes stand above the line
    axes.scatter(
        [_hours(scale, mark) for mark in marks],
        [row + raised] * len(marks),
        s=34 if shape == "mark" else 60,
        marker=_envelope() if shape == "notice" else marker,
        facecolors="white" if hollow else colour,
        edgecolors=colour if hollow else "white",
        linewidths=1.3 if hollow else 0.6,
        zorder=3,
        clip_on=False,
        gid=f"{shape} {tone}{' hollow' if hollow else ''}",
    )


def _envelope() -> Any:
    from matplotlib.path import Path

    sheet = [(-1, -0.7), (1, -0.7), (1, 0.7), (-1, 0.7), (-1, -0.7)]
    flap = [(-1, 0.7), (0, -0.1), (1, 0.7)]  # drawn the same way round, so that nothing is cut out
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY, Path.MOVETO, *[Path.LINETO] * 2]
    return Path(sheet + flap, codes)


def _labelled(marks: Sequence[Mark], scale: Axis) -> list[Mark]:
    """Those whose label has room: ends and changes first."""
    boxes: list[Box] = []
    before = ""
    for number, mark in enumerate(marks):
        news = mark.label != before or number == len(marks) - 1
        before = mark.label
        boxes.append(centred(scale.share(mark.when), mark.label, 0 if news else 1, char=5))
    return [mark for mark, level in zip(marks, fitted(boxes), strict=True) if level <= LEVEL < NEVER]


def _legend(axes: Any) -> None:
    """What the shapes say, above the picture."""
    for (tone, hollow), name in NAMES.items():
        marker, colour = _SHAPES[tone]
        face, edge = ("white", colour) if hollow else (colour, "white")
        axes.scatter([], [], s=34, marker=marker, facecolors=face, edgecolors=edge, label=name)
    axes.scatter([], [], s=60, marker=_envelope(), facecolors=DIM, edgecolors="white", label="DSN")
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=6, frameon=False, fontsize=8, handletextpad=0.2,
        columnspacing=1.2, borderpad=0,
    )  # fmt: skip
