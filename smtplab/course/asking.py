"""A question on the page: radio buttons, Guess and Skip, and what follows from them.

None of the options is chosen beforehand. A wrong guess gets the reason for that very option and may be
followed by another; a right one, or a skip, gets the explanation. Without a kernel the question and its
options still stand there, and the answer is folded away beneath; in a terminal, `.guess()` and `.skip()`
do what the buttons do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import htpy as h

from ..mail.errors import LabError
from ..show.controls import Notice, Shown, button, choices, finish, guarded, html, reopen, row, sentence
from ..show.theme import style
from .markup import inline, paragraphs, plain
from .question import Explain, Guess, Question

STYLE = """
.smtplab .smtplab-asks{font-weight:600} .smtplab .smtplab-asks p{margin-bottom:2px}
.smtplab .smtplab-options.smtplab-options.smtplab-options{margin:4px 0 8px;padding-left:24px}
.smtplab .smtplab-options li{margin:2px 0}
.smtplab-answer>summary{color:var(--smtplab-accent);font-weight:600}
.smtplab-answer>*+*{margin-top:8px}
"""

CHOOSE = "Choose an option first, or skip."
UNMADE = "This explanation could not be made from what has run so far."  # a test of a lesson looks for it


class Asking(Shown):
    """One question with its buttons. `number` is shown before it, `follows` after it is settled."""

    def __init__(
        self,
        guess: Guess,
        asked: Question,
        *,
        number: int = 0,
        follows: str = "",
        classes: Iterable[str] = (),
    ) -> None:
        self._guess, self._question, self._number, self._follows = guess, asked, number, follows
        self._options = choices(asked.options, classes=["smtplab-choices"])
        self._go = button("Guess", go=True, classes=["smtplab-guess"])
        self._skip = button("Skip", classes=["smtplab-skip"])
        self._notice = Notice()
        buttons = (self._go, self._skip)
        self._go.on_click(guarded(buttons, self._notice, self._settle)(self._guessed))
        self._skip.on_click(guarded(buttons, self._notice, self._settle)(lambda _: self._guess.skip()))
        guess.on_change["question"] = self.refresh
        super().__init__(
            [html(self._asks(), styled=STYLE), self._options, row(*buttons), self._notice],
            html=self.static,
            text=self.text,
            classes=["smtplab-asking", *classes],
        )
        self.refresh()

    def guess(self, option: str | int) -> Self:
        """Guess an option, by its text or its number from 1. Raises LabError if there is none such."""
        self._guess.guess(option)
        return self

    def skip(self) -> Self:
        """Give up guessing, and see the answer."""
        self._guess.skip()
        return self

    @property
    def outcome(self) -> str:
        """ "right first time", "right later", "wrong", "skipped" or "not predicted"."""
        return self._guess.outcome

    def refresh(self) -> None:
        """Show how things stand: nothing, the reason for the last guess, or the answer."""
        guess = self._guess
        if guess.settled:
            try:
                self._notice.say(self._settled(), "good" if guess.right else "plain")
            except Exception as error:  # an explanation made from values that are not there
                self._notice.fail(error)
        elif guess.tries:
            self._notice.say(self._wrong(guess.tries[-1]), "bad")
        else:
            self._notice.clear()
        self._settle()

    def _guessed(self, _: object) -> None:
        if self._options.value is None and not self._guess.settled:
            self._notice.say(CHOOSE)
        elif not self._guess.settled:
            self._guess.guess(self._options.value)

    def _settle(self) -> None:
        """Which buttons there are now, and what they are called."""
        over, begun = self._guess.settled, self._guess.begun
        self._skip.disabled = self._options.disabled = over
        self._skip.description = "Show the answer" if begun and not over else "Skip"
        if over:
            finish(self._go, "Answered")
        else:
            reopen(self._go, "Guess again" if begun else "Guess")

    def _asks(self) -> h.Element:
        number = f"{self._number}. " if self._number else ""
        return h.div(".smtplab-asks")[paragraphs(number + self._question.text)]

    def _wrong(self, key: str) -> h.Node:
        asked = self._question
        return [
            h.strong[inline(asked.options[key])],
            ": ",
            inline(asked.reason(key)),
            h.p[h.strong["Read first: "], inline(asked.read)] if asked.read else None,
        ]

    def _settled(self) -> h.Node:
        asked = self._question
        said = "Right: " if self._guess.right else "The answer is: "
        return [
            h.span[said, h.strong[inline(asked.options[asked.answer])]],
            h.div[explanation(asked.explain)] if asked.explain is not None else None,
            h.p(".smtplab-dim")[self._follows] if self._follows and asked.explain is None else None,
        ]

    def static(self) -> str:
        """The question and its options, the answer folded away: for pages without a kernel."""
        return str(h.div(".smtplab.smtplab-card.smtplab-predict")[style(STYLE), self.folded()])

    def folded(self) -> h.Fragment:
        """What `static` shows, without the frame."""
        asked = self._question
        reasons = [
            h.li[h.strong[inline(text)], ": ", inline(asked.reasons[key])]
            for key, text in asked.options.items()
            if key in asked.reasons
        ]
        return h.fragment[
            self._asks(),
            h.ol(".smtplab-options")[(h.li[inline(text)] for text in asked.options.values())],
            h.details(".smtplab-answer")[
                h.summary["The answer"],
                h.p[h.strong[inline(asked.options[asked.answer])]],
                h.ul(".smtplab-options")[reasons] if reasons else None,
                unfolded(asked.explain) if asked.explain is not None else None,
                h.p[h.strong["Read first: "], inline(asked.read)] if asked.read else None,
            ],
        ]

    def text(self) -> str:
        """The question for a terminal, and what has come of it."""
        asked, guess = self._question, self._guess
        number = f"{self._number}. " if self._number else ""
        lines = [number + plain(asked.text)]
        lines += [f"  {n}) {plain(text)}" for n, text in enumerate(asked.options.values(), 1)]
        if guess.settled:
            lines.append(
                f"{'Right' if guess.right else 'The answer is'}: {plain(asked.options[asked.answer])}"
            )
            lines.append(spoken(asked.explain) if asked.explain is not None else self._follows)
        elif guess.tries:
            last = guess.tries[-1]
            lines.append(f"Not {plain(asked.options[last])}: {plain(asked.reason(last))}")
            lines += [f"Read first: {plain(asked.read)}"] if asked.read else []
        elif not number:
            lines.append(f"Guess with .guess(1) to .guess({len(asked.options)}), or .skip()")
        return "\n".join(line for line in lines if line)


def told(explain: Explain) -> str:
    """The explanation's text, made now if it is a function. Raises what that raises, or LabError."""
    text = explain() if callable(explain) else explain
    if not isinstance(text, str):
        raise LabError(f"explain= must be a text or return one, not {type(text).__name__}.")
    return text


def explanation(explain: Explain) -> list[h.Element]:
    """The explanation as paragraphs."""
    return paragraphs(told(explain))


def spoken(explain: Explain) -> str:
    """The explanation for a terminal; where it can't be made, why."""
    try:
        return plain(told(explain))
    except Exception as error:
        return sentence(error)


def unfolded(explain: Explain) -> h.Node:
    """The explanation for a static page. One that this run can't make says so, instead of raising."""
    try:
        return explanation(explain)
    except Exception:
        return h.p(".smtplab-dim")[UNMADE]
