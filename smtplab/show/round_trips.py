"""What an extension saves, as bars: round trips, milliseconds, octets.

`svg` draws one figure of several attempts for a page; `figure` draws round trips and time for print, with
matplotlib, which is imported only then. Both draw what was counted and measured (`mail.capability.Trial`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import htpy as h
from markupsafe import Markup

from ..mail.capability import Figure, Trial
from ..mail.text import visible
from .theme import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

LABEL, BAR, GAP = 18, 16, 10  # pixels: the words above a bar, the bar, the room below it
WIDEST = 50  # per cent of the picture that the longest bar takes; its value stands beside it
INK, DIM, LINE = "#1b1f24", "#44546a", "#c9ced4"  # of print

Bars = Sequence[tuple[str, Trial]]  # what each bar is called, and the attempt that it stands for


def svg(bars: Bars, name: str) -> Markup:
    """The figure called `name` of each attempt that has it, as bars to the same scale; "" when none has.

    A bar's other figures stand beside its value. The picture takes the width that it is given.
    """
    having = [(label, trial, found) for label, trial in bars if (found := _find(trial, name))]
    if not having:
        return Markup("")
    most = max(found.value for _, _, found in having) or 1
    height = len(having) * (LABEL + BAR + GAP)
    words = "; ".join(f"{label}: {found} {'' if found.unit else name}".strip() for label, _, found in having)
    return Markup(
        h.svg(".sc-bars", width="100%", height=str(height), role="img", aria_label=shown(f"{name}: {words}"))[
            [
                _bar(number * (LABEL + BAR + GAP), label, trial, found, most)
                for number, (label, trial, found) in enumerate(having)
            ]
        ]
    )


def _bar(top: int, label: str, trial: Trial, found: Figure, most: float) -> Iterator[h.Node]:
    share = WIDEST * found.value / most
    rest = [each for each in trial.figures if each is not found]
    value = f"{found} {'' if found.unit else found.name}".strip() + "".join(f", {each}" for each in rest)
    yield h.text(".sc-bar-label", x="0", y=str(top + LABEL - 5))[shown(label, 80)]
    yield h.rect(
        class_="sc-bar",
        x="0",
        y=str(top + LABEL),
        width=f"{max(share, 0.3):.2f}%",
        height=str(BAR),
        rx="2",
    )
    yield h.svg(x=f"{share:.2f}%", y=str(top + LABEL), overflow="visible")[
        h.text(".sc-bar-value", x="8", y=str(BAR - 4))[visible(value)]
    ]


def _find(trial: Trial, name: str) -> Figure | None:
    return next((figure for figure in trial.figures if figure.name == name), None)


def figure(bars: Bars) -> Picture:
    """Round trips and time of each attempt, side by side, as a matplotlib Figure: `.savefig("name.pdf")`."""
    from matplotlib.figure import Figure as Picture

    picture = Picture(figsize=(7, 0.8 + 0.45 * len(bars)), layout="constrained")
    for axes, (name, title) in zip(
        picture.subplots(1, 2, sharey=True),
        (("round trips", "round trips"), ("time", "time in ms")),
        strict=True,
    ):
        values = [trial[name] for _, trial in bars]
        drawn = axes.barh([visible(label) for label, _ in bars], values, color=DIM, height=0.6)
        axes.bar_label(drawn, [f"{value:.0f}" for value in values], padding=4, color=INK)
        axes.set_title(title, loc="left", fontsize=10, color=INK)
        axes.set_xlim(0, max(values, default=1) * 1.15)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(LINE)
        axes.tick_params(colors=INK, labelsize=9)
        axes.invert_yaxis()
    return picture
