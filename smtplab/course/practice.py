"""Cases without end: one question after another, as hard as the learner wants, with a score.

The questions are made, not written down: `make(number, level)` gives the next one, the same for the same two.
A question is right if the first guess was. The score is kept in the progress and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import htpy as h

from ..mail.errors import LabError
from ..show.controls import Notice, Shown, button, choices, guarded, html, row
from ..show.theme import style
from . import journal
from .asking import STYLE as ASKING_STYLE
from .asking import Asking
from .lessons import current, readable
from .markup import inline, plain
from .question import Guess, Question

STYLE = (
    ASKING_STYLE
    + """
.smtplab-practice .smtplab-asks.smtplab-asks{font-weight:400}
.smtplab-practice .smtplab-asks p:last-child{font-weight:600;margin-top:8px}
.smtplab-levels .widget-radio-box.widget-radio-box{display:flex;flex-flow:row wrap;gap:0 18px}
"""
)
Make = Callable[[int, str], Question]


class Practice(Shown):
    """The case at hand, and *Next case*. `.guess`, `.skip`, `.next` and `.level` do what the buttons do."""

    def __init__(self, name: str, make: Make, levels: Sequence[str], title: str = "", first: int = 1) -> None:
        self._name, self._lesson, self._title = readable(name), current(), title
        self._make, self._number = make, first
        self._right = self._answered = 0
        self._guess = Guess()
        self._levels = choices({level: level for level in levels}, classes=["smtplab-levels"])
        self._levels.value = self._level = levels[0]
        self._next = button("Next case", classes=["smtplab-next-case"])
        self._notice, self._score = Notice(), Notice()
        controls = (self._next, self._levels)
        self._next.on_click(guarded(controls, self._notice)(lambda _: self.next()))
        self._levels.observe(guarded(controls, self._notice)(self._chosen), "value")
        self._place = row()
        self._ask()
        super().__init__(
            [
                html(self._heading(), styled=STYLE),
                self._levels,
                self._place,
                row(self._next),
                self._notice,
                self._score,
            ],
            html=self.static,
            text=self.text,
            classes=["smtplab-card", "smtplab-practice"],
        )

    def next(self) -> Self:
        """Go on to the next case. One that was not answered counts for nothing."""
        self._number += 1
        self._ask()
        return self

    def level(self, level: str) -> Self:
        """Make the cases easier or harder, from a new one on. Raises LabError for a level there is not."""
        levels = [key for _, key in self._levels.options]
        if level not in levels:
            raise LabError(f"There is no level {level!r}. There are: {', '.join(levels)}.")
        self._levels.value = level
        return self

    def guess(self, option: str | int) -> Self:
        """Guess an option, by its text or its number from 1."""
        self._asking.guess(option)
        return self

    def skip(self) -> Self:
        """Give up this case, and see the answer."""
        self._asking.skip()
        return self

    @property
    def score(self) -> tuple[int, int]:
        """How many were right the first time, and how many were answered."""
        over = self._guess.settled
        return self._right + (self._guess.outcome == "right first time"), self._answered + over

    def _chosen(self, change: Any) -> None:
        if change["new"] and change["new"] != self._level:
            self._level = change["new"]
            self.next()

    def _ask(self) -> None:
        self._right, self._answered = self.score
        asked = self._make(self._number, self._level)
        self._guess = Guess(asked)
        self._guess.on_change["score"] = self._keep
        self._asking = Asking(self._guess, asked, number=self._number)
        self._place.children = (self._asking,)

    def _keep(self) -> None:
        """Show the score and keep it."""
        right, answered = self.score
        journal.record(journal.Entry(self._lesson, "quiz", self._name, count=right, of=answered))
        if answered:
            self._score.say(f"{right} of {answered} right the first time.", "plain")

    def _heading(self) -> h.Element | None:
        return h.p(".smtplab-title")[inline(self._title)] if self._title else None

    def static(self) -> str:
        """The case at hand for pages without a kernel, the answer folded away."""
        return str(
            h.div(".smtplab.smtplab-card.smtplab-practice")[
                style(STYLE), self._heading(), h.div(".smtplab-asking")[self._asking.folded()]
            ]
        )

    def text(self) -> str:
        """The case for a terminal, and the score."""
        right, answered = self.score
        title = [plain(self._title)] if self._title else []
        how = "Guess with .guess(option), or .skip(); .next() goes on"
        return "\n".join([*title, self._asking.text(), f"{right} of {answered} right the first time.", how])
