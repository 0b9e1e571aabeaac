"""A question with options, and what a learner has made of it. No widgets here: plain records.

A `Question` says what is asked. A `Guess` follows one learner through it: guesses, a skip, and when
the explanation may be shown. Both a predict step and a quiz are made of these two.

Nothing is graded: the answer stands in the notebook, for anyone to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..mail.errors import LabError
from ..mail.text import visible
from .markup import plain

Explain = str | Callable[[], str]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: `options` and `reasons` by key, light Markdown in every text (see `markup`).

    `reasons` say for a wrong option why it is not so; `explain` is a text or a function that makes it from
    this run's values; `read` says what to read for whoever did not know.
    """

    text: str
    options: Mapping[str, str]
    answer: str
    reasons: Mapping[str, str] = field(default_factory=dict)
    explain: Explain | None = field(default=None, compare=False)
    read: str = ""

    def key(self, option: str | int) -> str:
        """The key of an option given by its key, its text, or its number from 1. Raises LabError."""
        keys = list(self.options)
        if isinstance(option, str):
            wanted = plain(option)
            for key, text in self.options.items():
                if option in (key, text) or wanted in (visible(key), plain(text)):
                    return key
        elif 1 <= option <= len(keys):
            return keys[option - 1]
        choices = "; ".join(f"{n} {plain(text)}" for n, text in enumerate(self.options.values(), 1))
        raise LabError(f"Guess one of these, by number or by text: {choices}")

    def reason(self, key: str) -> str:
        """Why the wrong option `key` is not so."""
        return self.reasons.get(key, "Not this one.")


def question(
    text: str,
    options: Iterable[str] | Mapping[str, str],
    *,
    answer: str,
    reasons: Mapping[str, str] | None = None,
    explain: Explain | None = None,
    read: str = "",
) -> Question:
    """A question for `quiz`: options are a list of texts, or key -> text; `answer` is the right one.

    Raises LabError where `answer` or a reason is for no option, or where two options look alike.
    """
    named = dict(options) if isinstance(options, Mapping) else {option: option for option in options}
    if len({plain(option) for option in named.values()}) != len(named) or len(named) < 2:
        raise LabError("A question needs two options or more, no two of them alike.")
    made = Question(text, named, answer, dict(reasons or {}), explain, read)
    for option in (answer, *made.reasons):
        if option not in named:
            raise LabError(f"This question has no option {plain(option)!r}: use its options' own words.")
    if answer in made.reasons:
        raise LabError(f"{plain(answer)!r} is the answer: put why it is so into explain=, not into reasons=.")
    return made


class Guess:
    """What one learner has made of one question so far.

    `asked` is None while the question's cell has not run (an explanation may come first). `on_change` are
    the views that follow, by their role: a view that is made again takes the place of the earlier one.
    """

    def __init__(self, asked: Question | None = None) -> None:
        self.asked = asked
        self.tries: list[str] = []
        self.skipped = False
        self.on_change: dict[str, Callable[[], None]] = {}

    def ask(self, asked: Question) -> None:
        """Ask; a question that is not the one asked before begins anew."""
        changed = self.asked is not None and self.asked != asked
        self.asked = asked
        if changed:
            self.tries, self.skipped = [], False
            self.tell()

    @property
    def right(self) -> bool:
        """Whether the right option was guessed."""
        return self.asked is not None and self.asked.answer in self.tries

    @property
    def settled(self) -> bool:
        """Whether it is over: guessed right, or skipped."""
        return self.right or self.skipped

    @property
    def begun(self) -> bool:
        """Whether a guess or a skip was made: from then on the explanation may be shown."""
        return bool(self.tries) or self.skipped

    @property
    def outcome(self) -> str:
        """One of `journal.OUTCOMES`."""
        if self.right:
            return "right first time" if len(self.tries) == 1 else "right later"
        if self.tries:
            return "wrong"
        return "skipped" if self.skipped else "not predicted"

    def guess(self, option: str | int) -> bool:
        """Guess an option (see `Question.key`); whether it is right. When it is over, nothing changes."""
        if self.asked is None:
            raise LabError("Run the cell with the question first: there is nothing to guess yet.")
        key = self.asked.key(option)
        if not self.settled and key not in self.tries:
            self.tries.append(key)
            self.tell()
        return key == self.asked.answer

    def skip(self) -> None:
        """Give up guessing, and see the answer."""
        if not self.settled:
            self.skipped = True
            self.tell()

    def tell(self) -> None:
        """Have every view show how things stand."""
        for changed in list(self.on_change.values()):
            changed()
