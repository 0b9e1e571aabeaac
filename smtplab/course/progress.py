"""How far have I come? One row a lesson, from the journal that outlives the kernel.

It compares no one with anyone and gives no marks: predictions are there to be wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import htpy as h

from ..show.theme import shown, style
from . import journal
from .journal import OUTCOMES, Record

HEADS = ("Lesson", "Right first time", "Right later", "Wrong", "Skipped", "Not predicted", "Hints", "Quizzes")
UNSAVED = "These could not be written to the progress file, and are kept for as long as this kernel runs."
NOTHING = "Nothing yet: the first prediction, hint or quiz of a lesson begins the list."


class Summary:
    """The table that `progress()` returns: shows itself in a notebook and in a terminal."""

    def __init__(self, records: Mapping[str, Record], saved: bool = True) -> None:
        self.records = dict(sorted(records.items()))
        self.saved = saved

    def rows(self) -> list[tuple[str, ...]]:
        """A row a lesson, its cells as text, in the order of `HEADS` and then the last date."""
        return [_row(lesson, record) for lesson, record in self.records.items()]

    def _repr_html_(self) -> str:
        note = None if self.saved else h.p(".smtplab-dim")[UNSAVED]
        return str(h.div(".smtplab.smtplab-card.smtplab-progress")[style(), self._table(), note])

    def _table(self) -> h.Element:
        if not self.records:
            return h.p[NOTHING]
        head = h.tr[(h.th(scope="col", class_=_side(n))[name] for n, name in enumerate((*HEADS, "Last")))]
        body = (
            h.tr[
                h.th(scope="row")[shown(lesson)],
                (h.td(class_=_side(n))[cell] for n, cell in enumerate(cells, 1)),
            ]
            for lesson, *cells in self.rows()
        )
        return h.table[
            h.caption(".smtplab-hidden")["Progress, lesson by lesson"], h.thead[head], h.tbody[body]
        ]

    def __repr__(self) -> str:
        if not self.records:
            return NOTHING
        table = [(*HEADS, "Last"), *((shown(lesson), *cells) for lesson, *cells in self.rows())]
        widths = [max(len(row[n]) for row in table) for n in range(len(table[0]))]
        lines = ["  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)) for row in table]
        return "\n".join([*map(str.rstrip, lines), *([] if self.saved else [UNSAVED])])


class Progress:
    """`progress()` shows what has been done; `progress.reset("02-dialogue")` forgets it."""

    def __call__(self) -> Summary:
        """What this learner has done so far, in this kernel and in earlier ones."""
        return Summary(journal.read(), journal.saved())

    def reset(self, lesson: str | None = None) -> Summary:
        """Forget one lesson by its name, or every lesson. The questions on the page stay as they are."""
        journal.forget(lesson or "")
        return self()

    def __repr__(self) -> str:
        return "progress() shows how far you have come; progress.reset(lesson) forgets a lesson"


progress = Progress()


def _row(lesson: str, record: Record) -> tuple[str, ...]:
    became = Counter(record.predictions.values())
    hints = str(sum(count for count, _ in record.hints.values()))
    quizzes = ", ".join(f"{shown(name)} {count} of {of}" for name, (count, of) in record.quizzes.items())
    return (
        lesson,
        *(str(became[outcome]) for outcome in reversed(OUTCOMES[3:])),
        *(str(became[outcome]) for outcome in ("wrong", "skipped", "not predicted")),
        hints,
        quizzes or "–",
        shown(record.last[:10]),
    )


def _side(column: int) -> str | None:
    return "smtplab-number" if column not in (0, 7) else None  # the lesson and its quizzes are words
