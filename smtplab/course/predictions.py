"""Predict, run, explain: the three steps of every section of a lesson.

`predict(name, question, options, answer=...)` in one cell asks; `predict(name, explain=...)` in a later
cell, after the run, explains. The explanation stays folded until a guess or a skip was made, and then opens
by itself, whichever of the two cells ran first or again. Run All waits for nobody: what was not guessed
is kept as "not predicted".

A function given as `explain` is called once, when its cell runs, and its text is kept until it is shown: it
tells this run's values, whatever later cells do to the same names. It reads values and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Self, overload

import htpy as h

from ..mail.errors import LabError
from ..show.controls import Notice, Shown, button, finish, guarded, html, row
from ..show.theme import style
from . import bank, journal
from .asking import STYLE, Asking, explanation, spoken, told, unfolded
from .lessons import current, readable
from .question import Explain, Guess, Question
from .question import question as make_question

FIRST = "Guess first, or skip."
FOLLOWS = "The explanation follows after the run."

_guesses: dict[tuple[str, str], Guess] = {}


@overload
def predict(name: str) -> Prediction: ...


@overload
def predict(name: str, *, explain: Explain) -> Explanation: ...


@overload
def predict(
    name: str,
    question: str,
    options: Iterable[str] | Mapping[str, str],
    *,
    answer: str,
    reasons: Mapping[str, str] | None = None,
    explain: Explain | None = None,
) -> Prediction: ...


def predict(
    name: str,
    question: str | None = None,
    options: Iterable[str] | Mapping[str, str] | None = None,
    *,
    answer: str | None = None,
    reasons: Mapping[str, str] | None = None,
    explain: Explain | None = None,
) -> Prediction | Explanation:
    """Ask before a run, or explain after it.

    A name alone asks what the lesson has under it (see `bank`). With a question: `options` are texts (or
    key -> text), `answer` is the right one, `reasons` say why each wrong one is not so. With a name and
    `explain` (light Markdown, or a function that returns it): the explanation, folded until the question of
    the same name had a guess or a skip. Raises LabError where these don't fit.
    """
    guess = _guesses.setdefault((current(), readable(name)), Guess())
    if question is not None and options is not None and answer is not None:
        asked = make_question(question, options, answer=answer, reasons=reasons, explain=explain)
        return Prediction(name, guess, asked)
    if question is None and options is None:
        if explain is not None:
            return Explanation(name, guess, explain)
        return Prediction(name, guess, bank.prediction(current(), name))
    raise LabError("predict() takes a question with options and answer=, or a name, or a name with explain=.")


def explain(name: str, /, **values: object) -> Explanation:
    """The explanation that the lesson has for the predict step `name`, made from this run's `values`."""
    lesson = current()
    return predict(name, explain=lambda: bank.explanation(lesson, name, values))


class Prediction(Asking):
    """The question of a predict step. `.guess("text")` or `.guess(2)` and `.skip()` work in code, too."""

    def __init__(self, name: str, guess: Guess, asked: Question) -> None:
        guess.ask(asked)
        lesson = current()

        def keep() -> None:
            journal.record(journal.Entry(lesson, "prediction", name, outcome=guess.outcome))

        guess.on_change["journal"] = keep
        keep()
        super().__init__(
            guess,
            asked,
            follows=FOLLOWS,
            classes=["smtplab-card", "smtplab-predict", f"smtplab-predict-{name}"],
        )


class Explanation(Shown):
    """The explanation of a predict step: folded until a guess or a skip, then open."""

    def __init__(self, name: str, guess: Guess, explain: Explain) -> None:
        self._guess, self._explain = guess, explain
        self._told: str | None = None
        with suppress(Exception):  # not yet: it is tried again when it is to be shown, and then says why
            self._tell()
        self._place = Notice()
        self._skip = button("Skip, and show it", classes=["smtplab-skip"])
        self._skip.on_click(guarded(self._skip, self._place)(self._skipped))
        self._pressed = False
        self._waiting = row(html(h.span(".smtplab-dim")[FIRST], styled=STYLE), self._skip)
        guess.on_change["explain"] = self.refresh
        super().__init__(
            [self._waiting, self._place],
            html=self.static,
            text=self.text,
            classes=["smtplab-card", "smtplab-explain", f"smtplab-explain-{name}"],
        )
        self.refresh()

    def skip(self) -> Self:
        """Don't guess; show the explanation."""
        self._guess.skip()
        return self

    def refresh(self) -> None:
        """Open the explanation once a guess or a skip was made."""
        begun = self._guess.begun
        self._waiting.layout.display = "none" if begun and not self._pressed else "flex"
        if not begun:
            self._place.clear()
            return
        try:
            self._place.say(explanation(self._tell))
        except Exception as error:  # made from values of this run that are not there
            self._place.fail(error)

    def _skipped(self, _: object) -> None:
        self._pressed = True  # the button stays where the keyboard is
        finish(self._skip, "Skipped")
        self._guess.skip()

    def _tell(self) -> str:
        if self._told is None:
            self._told = told(self._explain)
        return self._told

    def static(self) -> str:
        """The explanation folded away, for pages without a kernel."""
        return str(
            h.div(".smtplab.smtplab-card.smtplab-explain")[
                style(STYLE),
                h.details(".smtplab-answer", open=self._guess.begun)[
                    h.summary["The explanation: guess first, then open"], unfolded(self._tell)
                ],
            ]
        )

    def text(self) -> str:
        """The explanation for a terminal, or how to get at it."""
        return spoken(self._tell) if self._guess.begun else f"{FIRST[:-1]} with .skip()"
