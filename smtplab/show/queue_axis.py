"""The axis of the queue timeline as markup: ages with the lab's time below them, and what was done meanwhile.

It also draws the axis's lines through all lanes; the clock's own line is moved by the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import htpy as h
from markupsafe import Markup

from .queue_events import Axis
from .queue_fit import NEVER, Box, centred, fitted
from .theme import shown
from .tracer_delay import words

Changes = Sequence[tuple[datetime, str]]  # what was done to the world, and when


def axis_row(scale: Axis, changes: Changes = ()) -> Markup:
    """The axis: ages with the lab's time below them, and what was done to the world."""
    ticks = scale.ticks()
    levels = _tick_levels(scale, ticks)
    return Markup(
        h.div(".qt-axis", aria_hidden="true")[
            h.div(".qt-name")["since acceptance", h.small["and by the lab's clock"]],
            h.div(".qt-track")[
                (
                    h.span(
                        class_=f"qt-tick qt-t{level}{'' if tick else ' qt-first'}",
                        style=f"left:{scale.share(scale.start + tick)}%",
                    )[words(tick) if tick else "0", h.small[_date(scale.start, tick)]]
                    for tick, level in zip(ticks, levels, strict=True)
                    if level < NEVER
                )
            ],
        ]
    ) + _changes(scale, changes)


def _tick_levels(scale: Axis, ticks: Sequence[timedelta]) -> list[int]:
    usual = [timedelta(), timedelta(days=1), ticks[-1], timedelta(hours=1), timedelta(minutes=30)]
    boxes = []
    for tick in ticks:
        text, share = _date(scale.start, tick), scale.share(scale.start + tick)
        rank = usual.index(tick) if tick in usual else len(usual)
        box = centred(share, text, rank)
        boxes.append(box if tick else Box(share, -16, box.right - box.left - 16, rank))
    return fitted(boxes)


def _date(start: datetime, tick: timedelta) -> str:
    when = start + tick
    return f"{when:%H:%M}" if when.date() == start.date() and tick else f"{when:%a} {when:%H:%M}"


def _changes(scale: Axis, changes: Changes) -> Markup:
    if not changes:
        return Markup("")
    shares = [scale.share(when) for when, _ in changes]
    texts = [shown(label, 40) for _, label in changes]
    boxes = [
        Box(share, -4 - len(text) * 6.4 * share / 100, 16 + len(text) * 6.4 * (1 - share / 100), -number)
        for number, (share, text) in enumerate(zip(shares, texts, strict=True))
    ]
    return Markup(
        h.div(".qt-changes", aria_hidden="true")[
            h.div(".qt-name")["what you did"],
            h.div(".qt-track")[
                (
                    h.span(class_="qt-change", style=f"left:{share}%;--qt-at:{share}")[
                        h.b(class_=f"qt-t{level}")[text]
                    ]
                    for share, text, level in zip(shares, texts, fitted(boxes), strict=True)
                )
            ],
        ]
    )


def over(scale: Axis) -> Markup:
    """The lines of the axis through all lanes."""
    ticks = scale.ticks()
    return Markup("").join(
        Markup('<i class="qt-grid qt-t%d" style="left:%s%%"></i>') % (level, scale.share(scale.start + tick))
        for tick, level in zip(ticks, _tick_levels(scale, ticks), strict=True)
        if level < NEVER
    )
