"""A ladder of hints: one more for each click, from a nudge to nearly the answer.

How many were seen is kept in the progress, for the learner alone; hints cost nothing.
"""

from __future__ import annotations

from typing import Self

import htpy as h

from ..mail.errors import LabError
from ..show.controls import Notice, Shown, button, finish, guarded, html, reopen, row
from ..show.theme import style
from . import bank, journal
from .asking import STYLE
from .lessons import current, readable
from .markup import inline, plain

_seen: dict[tuple[str, str], tuple[tuple[str, ...], int]] = {}  # (lesson, name) -> its hints, how many seen


def hint(name: str, *hints: str) -> Hint:
    """Hints for a task, from the first nudge to the last, each shown when asked for. Light Markdown.

    A name alone takes those of the lesson (see `bank`).
    """
    return Hint(readable(name), hints or bank.hints(current(), name))


class Hint(Shown):
    """The ladder on the page. `.next()` shows one more in code, too."""

    def __init__(self, name: str, hints: tuple[str, ...]) -> None:
        if not hints:
            raise LabError("hint() takes a name and one hint or more.")
        self._hints, self._key = hints, (current(), name)
        before, seen = _seen.get(self._key, (hints, 0))
        self.seen = seen if before == hints else 0
        self._list = Notice()
        self._button = button("", classes=["smtplab-next"])
        self._button.on_click(guarded(self._button, self._list)(lambda _: self.next()))
        super().__init__(
            [html(styled=STYLE), self._list, row(self._button)],
            html=self.static,
            text=self.text,
            classes=["smtplab-card", "smtplab-hint", f"smtplab-hint-{name}"],
        )
        self.refresh()

    def next(self) -> Self:
        """Show one hint more, if there is one."""
        if self.seen < len(self._hints):
            self.seen += 1
            _seen[self._key] = (self._hints, self.seen)
            lesson, name = self._key
            journal.record(journal.Entry(lesson, "hint", name, count=self.seen, of=len(self._hints)))
        self.refresh()
        return self

    def refresh(self) -> None:
        """Show the hints asked for so far, and what the button does next."""
        total = len(self._hints)
        if self.seen == total:
            finish(self._button, "No more hints")
        else:
            reopen(self._button, f"Next hint, {self.seen + 1} of {total}")
        if self.seen:
            self._list.say(h.ol(".smtplab-options")[(h.li[inline(one)] for one in self._hints[: self.seen])])
        else:
            self._list.clear()

    def static(self) -> str:
        """The hints for pages without a kernel, each folded away inside the one before."""
        ladder: h.Node = None
        for number, one in reversed(list(enumerate(self._hints, 1))):
            ladder = h.details(".smtplab-answer")[
                h.summary[f"Hint {number} of {len(self._hints)}"], h.p[inline(one)], ladder
            ]
        return str(h.div(".smtplab.smtplab-card.smtplab-hint")[style(STYLE), ladder])

    def text(self) -> str:
        """The hints seen so far, for a terminal, and how to get the next."""
        lines = [f"  {number}) {plain(one)}" for number, one in enumerate(self._hints[: self.seen], 1)]
        total = len(self._hints)
        more = f"Next hint, {self.seen + 1} of {total}: .next()" if self.seen < total else "No more hints"
        return "\n".join([*lines, more])
