"""Several questions with a score: the entry check at a lesson's head, the five questions at its end.

A question is right if the first guess was. A wrong answer points at what to read (`read=` of `question`).
The score is kept in the progress and counts for nothing.
"""

from __future__ import annotations

from typing import Self

import htpy as h

from ..mail.errors import LabError
from ..show.controls import Notice, Shown, html
from ..show.theme import style
from . import bank, journal
from .asking import STYLE, Asking
from .lessons import current, readable
from .markup import inline, plain
from .question import Guess, Question

QUIZ_STYLE = """
.smtplab-quiz .smtplab-asking{border-top:1px solid var(--smtplab-line);padding:10px 0}
.smtplab .smtplab-title{font-weight:650;font-size:15px;margin:0 0 8px}
"""

_guesses: dict[tuple[str, str, int], Guess] = {}


def quiz(name: str, *questions: Question, title: str = "") -> Quiz:
    """Ask `questions` (made by `question`) together, under `name` ("entry", "end") in the progress.

    Without questions, those that the lesson has under this name (see `bank`).
    """
    return Quiz(readable(name), questions or bank.questions(current(), name), title)


class Quiz(Shown):
    """The questions on the page. `.guess(2, "text")` and `.skip(2)` answer the second in code, too."""

    def __init__(self, name: str, questions: tuple[Question, ...], title: str) -> None:
        if not questions:
            raise LabError("quiz() takes a name and one question() or more.")
        self._name, self._lesson, self._title = name, current(), title
        self._score = Notice()
        self._guesses = [self._guess(number, asked) for number, asked in enumerate(questions, 1)]
        self._askings = [
            Asking(guess, asked, number=number)
            for number, (guess, asked) in enumerate(zip(self._guesses, questions, strict=True), 1)
        ]
        super().__init__(
            [html(self._heading(), styled=STYLE + QUIZ_STYLE), *self._askings, self._score],
            html=self.static,
            text=self.text,
            classes=["smtplab-card", "smtplab-quiz", f"smtplab-quiz-{name}"],
        )
        self.refresh()

    @property
    def right(self) -> int:
        """How many were right the first time."""
        return sum(guess.outcome == "right first time" for guess in self._guesses)

    @property
    def answered(self) -> int:
        """How many are over: guessed right, or skipped."""
        return sum(guess.settled for guess in self._guesses)

    def guess(self, number: int, option: str | int) -> Self:
        """Guess an option of question `number`, both counted from 1. Raises LabError if there is none."""
        self._asking(number).guess(option)
        return self

    def skip(self, number: int) -> Self:
        """Give up question `number`, and see its answer."""
        self._asking(number).skip()
        return self

    def refresh(self) -> None:
        """Show the score and keep it."""
        total = len(self._guesses)
        journal.record(journal.Entry(self._lesson, "quiz", self._name, count=self.right, of=total))
        if any(guess.begun for guess in self._guesses):
            done = self.answered == total
            self._score.say(self._said(), "good" if done and self.right == total else "plain")
        else:
            self._score.clear()

    def _said(self) -> str:
        total = len(self._guesses)
        left = total - self.answered
        return f"{self.right} of {total} right the first time" + (f", {left} to go." if left else ".")

    def _guess(self, number: int, asked: Question) -> Guess:
        guess = _guesses.setdefault((self._lesson, self._name, number), Guess())
        guess.ask(asked)
        guess.on_change["score"] = self.refresh
        return guess

    def _asking(self, number: int) -> Asking:
        if not 1 <= number <= len(self._askings):
            raise LabError(f"The questions are numbered 1 to {len(self._askings)}.")
        return self._askings[number - 1]

    def _heading(self) -> h.Element | None:
        return h.p(".smtplab-title")[inline(self._title)] if self._title else None

    def static(self) -> str:
        """All the questions for pages without a kernel, the answers folded away."""
        return str(
            h.div(".smtplab.smtplab-card.smtplab-quiz")[
                style(STYLE, QUIZ_STYLE),
                self._heading(),
                (h.div(".smtplab-asking")[asking.folded()] for asking in self._askings),
            ]
        )

    def text(self) -> str:
        """The questions for a terminal, and the score."""
        title = [plain(self._title)] if self._title else []
        how = "Guess with .guess(question, option), or .skip(question)"
        return "\n".join([*title, *(asking.text() for asking in self._askings), self._said(), how])
