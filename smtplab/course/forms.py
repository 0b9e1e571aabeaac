"""Before and after: two parallel forms on the usual misconceptions, and what was learnt between them.

A form is answered as a whole, handed in once, and marks itself: not earlier, so that its first questions do
not teach its last. Both forms ask about the same things with other words, hosts and numbers, in the same
order. What came of each item is kept in a file beside the progress, for `gain`; a class hands these files in.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import htpy as h

from ..mail.errors import LabError
from ..show.controls import Notice, Shown, button, choices, finish, guarded, html, row
from ..show.theme import style
from . import journal
from .asking import STYLE
from .bank import mixed
from .markup import inline, paragraphs, plain
from .question import Question, question

FORMS = ("before", "after")
RIGHT, WRONG, LEFT = "right", "wrong", "left out"

FORM_STYLE = """
.smtplab-form .smtplab-item{border-top:1px solid var(--smtplab-line);padding:10px 0}
.smtplab-form .smtplab-title{font-weight:650;font-size:15px;margin:0 0 8px}
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked in both forms: what some believe (`myth`), its lesson, and its two questions."""

    id: str
    myth: str
    lesson: str
    before: Question
    after: Question


@cache
def items() -> tuple[Item, ...]:
    """The items, in the order of the forms."""
    words = tomllib.loads((files(__package__) / "forms.toml").read_text("utf-8"))
    return tuple(
        Item(key, entry["myth"], entry["lesson"], _asked(entry["before"]), _asked(entry["after"]))
        for key, entry in words.items()
    )


def _asked(entry: dict[str, Any]) -> Question:
    rest = {key: value for key, value in entry.items() if key not in ("text", "options")}
    return question(entry["text"], mixed(entry["text"], entry["options"]), **rest)


def form(name: str) -> Form:
    """The form "before" or "after", as it was left. Raises LabError for another name."""
    if name not in FORMS:
        raise LabError(f'There are two forms, "before" and "after", not {plain(str(name))[:60]!r}.')
    return Form(name)


class Form(Shown):
    """A form on the page. `.answer(3, "text")` answers its third question in code, `.hand_in()` ends it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._asked: list[tuple[Item, Question]] = [(one, getattr(one, name)) for one in items()]
        self._choices = [choices(asked.options, classes=["smtplab-choices"]) for _, asked in self._asked]
        self._notes = [Notice() for _ in self._asked]
        self._go = button("Hand in", go=True, classes=["smtplab-hand-in"])
        self._score = Notice()
        self._warned = False
        self._go.on_click(guarded(self._go, self._score, self._settle)(lambda _: self._asked_to()))
        rows = [
            part
            for number, (_, asked) in enumerate(self._asked, 1)
            for part in (html(_asks(number, asked)), self._choices[number - 1], self._notes[number - 1])
        ]
        super().__init__(
            [html(self._head(), styled=STYLE + FORM_STYLE), *rows, row(self._go), self._score],
            html=self.static,
            text=self.text,
            classes=["smtplab-card", "smtplab-form", f"smtplab-form-{name}"],
        )
        self.outcomes: Mapping[str, str] = read(name)
        self._settle()

    def answer(self, number: int, option: str | int) -> Self:
        """Choose an option of a question, both counted from 1. Raises LabError after handing in."""
        if self.outcomes:
            raise LabError("This form is handed in: its answers stay as they are.")
        if not 1 <= number <= len(self._asked):
            raise LabError(f"The questions are numbered 1 to {len(self._asked)}.")
        self._choices[number - 1].value = self._asked[number - 1][1].key(option)
        return self

    def _asked_to(self) -> None:
        """The button: it asks back once where questions are open."""
        still = [str(n) for n, one in enumerate(self._choices, 1) if one.value is None]
        if still and not self._warned and not self.outcomes:
            self._warned = True
            self._score.say(f"Not answered yet: {', '.join(still)}. Hand in again to leave them out.")
            return
        self.hand_in()

    def hand_in(self) -> Self:
        """End the form: mark it, keep what came of it, and show the reasons."""
        if not self.outcomes:
            chosen = [one.value for one in self._choices]
            self.outcomes = {
                item.id: LEFT if key is None else RIGHT if key == asked.answer else WRONG
                for (item, asked), key in zip(self._asked, chosen, strict=True)
            }
            keep(self.name, self.outcomes)
        self._settle()
        return self

    @property
    def file(self) -> Path:
        """Where it is kept once it is handed in."""
        return file(self.name)

    @property
    def right(self) -> int:
        """How many were right."""
        return sum(outcome == RIGHT for outcome in self.outcomes.values())

    def _settle(self) -> None:
        """Show how things stand: open, or handed in with a mark and a reason for each question."""
        if not self.outcomes:
            return
        finish(self._go, "Handed in")
        for (item, asked), chosen, note in zip(self._asked, self._choices, self._notes, strict=True):
            chosen.disabled = True
            outcome = self.outcomes.get(item.id, LEFT)
            note.say(_marked(item, asked, chosen.value, outcome), "good" if outcome == RIGHT else "bad")
        self._score.say(self._said())

    def _said(self) -> str:
        return f"{self.right} of {len(self._asked)} right. Each question names the lesson that it belongs to."

    def _head(self) -> h.Element:
        return h.p(".smtplab-title")[f"The form {self.name}: {len(self._asked)} questions"]

    def static(self) -> str:
        """The questions for pages without a kernel, without their answers."""
        return str(
            h.div(".smtplab.smtplab-card.smtplab-form")[
                style(STYLE, FORM_STYLE),
                self._head(),
                (
                    h.fragment[_asks(n, asked), h.ul[(h.li[inline(one)] for one in asked.options.values())]]
                    for n, (_, asked) in enumerate(self._asked, 1)
                ),
            ]
        )

    def text(self) -> str:
        """The questions for a terminal."""
        lines = []
        for number, (_, asked) in enumerate(self._asked, 1):
            lines.append(f"{number}. {plain(asked.text)}")
            lines += [f"  {n}) {plain(one)}" for n, one in enumerate(asked.options.values(), 1)]
        ends = self._said() if self.outcomes else "Answer with .answer(question, option), then .hand_in()"
        return "\n".join([*lines, ends])


def _asks(number: int, asked: Question) -> h.Element:
    return h.div(".smtplab-item.smtplab-asks")[paragraphs(f"{number}. {asked.text}")]


def _marked(item: Item, asked: Question, key: str | None, outcome: str) -> h.Node:
    """What is said about a question after handing in."""
    reason = inline(asked.reason(key)) if outcome == WRONG and key else None
    return [
        h.span[f"{outcome.capitalize()}. "],
        None
        if outcome == RIGHT
        else h.span["The answer is: ", h.strong[inline(asked.options[asked.answer])], ". "],
        reason,
        h.span(".smtplab-dim")[f" Lesson {item.lesson}."],
    ]


# what is kept -----------------------------------------------------------------------------------


def file(name: str) -> Path:
    """Where a form that was handed in is kept."""
    return journal.folder() / f"form-{name}.json"


def keep(name: str, outcomes: Mapping[str, str]) -> None:
    """Keep what came of a form: whole or not at all. Raises LabError where it cannot be written."""
    path = file(name)
    part = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"form": name, "items": dict(outcomes)}, indent=1) + "\n", "utf-8")
        part.replace(path)
    except OSError as error:
        raise LabError(f"The form is marked, and could not be kept in {path}: {error}.") from None


def read(name: str, folder: Path | None = None) -> dict[str, str]:
    """Item -> outcome of a form that was handed in; empty where there is none, or a file of another make."""
    path = (folder / f"form-{name}.json") if folder else file(name)
    try:
        found = json.loads(path.read_text("utf-8"))["items"]
        known = {one.id for one in items()}
        return {key: value for key, value in found.items() if key in known and value in (RIGHT, WRONG, LEFT)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def forget(name: str) -> None:
    """Forget a form, to answer it once more."""
    form(name)
    file(name).unlink(missing_ok=True)
