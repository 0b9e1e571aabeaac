"""What was learnt between the forms, item by item: for one learner, or for a class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import htpy as h

from ..mail.errors import LabError
from ..show.theme import style
from .forms import RIGHT, items, read
from .lessons import Piece
from .markup import inline, plain

Pair = tuple[dict[str, str], dict[str, str]]  # a learner's outcomes in both forms


@dataclass(frozen=True, slots=True)
class Line:
    """An item: how many of how many were right before and after."""

    id: str
    myth: str
    lesson: str
    before: int
    after: int
    of: int


def gain(*folders: str | Path) -> Piece:
    """The gain by item, the smallest first: of this learner, or of a class whose forms lie in `folders`.

    Each folder is a learner's and holds form-before.json and form-after.json; who lacks one is not counted.
    Raises LabError where none of the folders holds both.
    """
    found = [(read("before", Path(one)), read("after", Path(one))) for one in folders]
    pairs = found if folders else [(read("before"), read("after"))]
    whole = [pair for pair in pairs if all(pair)]
    if not whole and folders:
        raise LabError("None of these folders holds both form-before.json and form-after.json.")
    if not whole:
        missing = 'Hand in both forms first: form("before") and form("after").'
        return Piece(h.div(".smtplab.smtplab-card")[style(), missing], missing)
    return shown(lines(whole), len(pairs) - len(whole))


def lines(pairs: Iterable[Pair]) -> list[Line]:
    """A line an item, those that were learnt least first."""
    pairs = list(pairs)
    found = [
        Line(
            one.id, one.myth, one.lesson,
            sum(before.get(one.id) == RIGHT for before, _ in pairs),
            sum(after.get(one.id) == RIGHT for _, after in pairs),
            len(pairs),
        )
        for one in items()
    ]  # fmt: skip
    return sorted(found, key=lambda line: (line.after - line.before, line.after))


def shown(found: list[Line], left_out: int) -> Piece:
    """The table, as HTML and text."""
    before, after = (sum(getattr(line, name) for line in found) for name in ("before", "after"))
    total = sum(line.of for line in found)
    head = f"Before {_share(before, total)}, after {_share(after, total)}."
    if total > before:
        head += f" Of what was not known, {_share(max(after - before, 0), total - before)} was learnt."
    if left_out:
        head += f" {left_out} without both forms are not counted."
    rows = [
        h.tr[h.th(scope="row")[inline(one.myth)], (h.td[cell] for cell in (*_shares(one), one.lesson))]
        for one in found
    ]
    names = ("What some believe", "Before", "After", "Gain", "Lesson")
    table = h.table[h.thead[h.tr[(h.th(scope="col")[name] for name in names)]], h.tbody[rows]]
    page = h.div(".smtplab.smtplab-card.smtplab-gain")[style(), h.p[head], table]
    told = [
        " ".join(f"{cell:>5}" for cell in _shares(one)) + f"  {one.lesson:24}  {plain(one.myth)}"
        for one in found
    ]
    return Piece(page, "\n".join([head, *told]))


def _shares(one: Line) -> tuple[str, str, str]:
    """Before, after, and the gain in points of a hundred."""
    gained = 100 * (one.after - one.before) / one.of
    return _share(one.before, one.of), _share(one.after, one.of), f"{gained:+.0f}"


def _share(part: int, of: int) -> str:
    return f"{100 * part / of:.0f}%"
