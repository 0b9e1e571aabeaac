"""DMARC aggregate reports for print: senders as bars, and the days of a roll-out, drawn with matplotlib.

It can be read in grey: what does not pass is hatched. matplotlib is imported only when a figure is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..auth.dmarc.reports import Report, Summary, summary
from ..mail.text import visible
from .dmarc_report import KINDS, parts
from .theme import DARK, LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

SENDERS = 12  # bars; the rest is one bar more
DAYS = 60  # the last ones
# How messages passed -> the tokens of its colour and of its edge, and a hatch
LOOK = {
    "both": ("ok", "ok", ""),
    "spf": ("ok-bg", "ok", "\\\\\\\\"),
    "dkim": ("ok-bg", "ok", "...."),
    "fail": ("no", "bg", "////"),
}


def figure(reports: Report | Iterable[Report], *, dark: bool = False) -> Picture:
    """Who sends as the domain and what passes, as a matplotlib Figure: `.savefig("report.pdf")`.

    Reports of several days get a second picture, day by day. Raises ValueError for no report, for one without
    messages, and for those of several domains.
    """
    from matplotlib.figure import Figure as Picture

    counted = summary(reports)
    if not counted.messages:
        raise ValueError("there is no message to draw")
    colours = DARK if dark else LIGHT
    bars = _bars(counted)
    several = len(counted.days) > 1
    heights = [0.9 + 0.34 * len(bars), 2.1][: 1 + several]
    picture = Picture(figsize=(7, 0.5 + sum(heights)), layout="constrained", facecolor=colours["bg"])
    grid = picture.subplots(1 + several, 1, squeeze=False, height_ratios=heights)
    _senders(grid[0][0], counted, bars, colours)
    if several:
        _days(grid[1][0], counted, colours)
    return picture


def svg(picture: Picture) -> str:
    """A matplotlib Figure as SVG, its words as text: the same picture gives the same SVG."""
    import io

    import matplotlib

    out = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "smtplab", "svg.fonttype": "none"}):
        picture.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def _bars(counted: Summary) -> list[tuple[str, tuple[int, int, int, int]]]:
    """A name and the counts by `KINDS` for each bar, most messages first."""
    bars = [
        (visible(sender.source)[:40], parts(sender.spf, sender.dkim, sender.passing, sender.messages))
        for sender in counted.senders
    ]
    if rest := bars[SENDERS:]:
        together = [sum(counts[kind] for _, counts in rest) for kind in range(len(KINDS))]
        bars = [*bars[:SENDERS], (f"{len(rest)} more", (together[0], together[1], together[2], together[3]))]
    return bars


def _senders(axes: Any, counted: Summary, bars: list[Any], colours: dict[str, str]) -> None:
    left = [0] * len(bars)
    for number, (kind, _, words) in enumerate(KINDS):
        sizes = [counts[number] for _, counts in bars]
        if any(sizes):
            _draw(axes.barh, range(len(bars)), sizes, left, kind, words, colours, base="left", height=0.62)
        left = [a + b for a, b in zip(left, sizes, strict=True)]
    for row, total in enumerate(left):
        axes.annotate(
            str(total),
            (total, row),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=colours["ink"],
        )
    axes.set_yticks(range(len(bars)), [name for name, _ in bars])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_xlabel("messages", fontsize=9, color=colours["client"], loc="left")
    title = f"Who sends as {visible(counted.domain)[:60]} ({visible(counted.published)[:60]})"
    axes.set_title(title, loc="left", fontsize=10, color=colours["ink"], pad=24, parse_math=False)
    _frame(axes, colours)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, fontsize=8,
        labelcolor=colours["ink"], borderpad=0, handlelength=1.2,
    )  # fmt: skip


def _days(axes: Any, counted: Summary, colours: dict[str, str]) -> None:
    days = counted.days[-DAYS:]
    places = range(len(days))
    passing, failing = [day[1] for day in days], [day[2] for day in days]
    _draw(axes.bar, places, passing, [0] * len(days), "both", "pass", colours, base="bottom", width=0.62)
    _draw(axes.bar, places, failing, passing, "fail", "do not pass", colours, base="bottom", width=0.62)
    step = -(-len(days) // 8)  # at most eight labels
    axes.set_xticks(list(places)[::step], [day[0] for day in days][::step])
    axes.set_title("Day by day", loc="left", fontsize=10, color=colours["ink"])
    axes.set_ylabel("messages", fontsize=9, color=colours["client"])
    _frame(axes, colours)


def _draw(
    bar: Any, places: Any, sizes: Any, base_at: Any, kind: str, words: str, colours: dict[str, str],
    *, base: str, **size: float,
) -> None:  # fmt: skip
    fill, edge, hatch = LOOK[kind]
    look = {"color": colours[fill], "edgecolor": colours[edge], "hatch": hatch, "linewidth": 0.6}
    bar(places, sizes, label=words, **look, **{base: base_at}, **size)


def _frame(axes: Any, colours: dict[str, str]) -> None:
    axes.set_facecolor(colours["bg"])
    axes.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(colours["client"])
    axes.tick_params(colors=colours["ink"], labelsize=9)
    axes.set_axisbelow(True)
