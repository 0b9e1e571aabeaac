"""What the relay table's drawing is made of: its words, its buttons, and the record of an attempt.

Each button says in its attributes what it asks for (`data-do`) and how it is found again after the picture
was drawn anew (`data-key`); the script only passes that on.
"""

from __future__ import annotations

from dataclasses import dataclass

import htpy as h

from ..mail.dialogue import lines
from ..mail.relaying import CELLS, Cell, Setting, Where
from ..mail.reply import Reply
from ..mail.transcript import Transcript
from ..mail.verdict import SIGNS

YES, NO = f"{SIGNS['good']} allowed", f"{SIGNS['bad']} denied"
COLUMNS: dict[Where, str] = {"local": "its own users", "elsewhere": "elsewhere"}


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt at one cell: what was said, and how the server was set then."""

    cell: Cell
    transcript: Transcript
    setting: Setting

    @property
    def reply(self) -> Reply | None:
        """The last reply before the goodbye; None when the server said nothing at all."""
        replies = [line.reply for line in lines(self.transcript) if line.reply and line.verb != "QUIT"]
        return replies[-1] if replies else None

    @property
    def accepted(self) -> bool:
        """True when the recipient was accepted."""
        said = [line.reply for line in lines(self.transcript) if line.verb == "RCPT" and line.reply]
        return bool(said) and said[-1].is_positive


def name(cell: Cell) -> str:
    """A cell in words: `outsider, elsewhere`."""
    return f"{cell[0]}, {COLUMNS[cell[1]]}"


def key(cell: Cell) -> str:
    """A cell in one word, for attributes."""
    return f"{cell[0]}-{cell[1]}"


def cell_of(word: str) -> Cell:
    """The cell whose `key` this is. Raises KeyError for another word."""
    return {key(cell): cell for cell in CELLS}[word]


def button(
    label: str,
    do: str,
    *,
    cell: Cell | None = None,
    about: str = "",
    value: str = "",
    title: str = "",
    go: bool = False,
    link: bool = False,
    pressed: bool | None = None,
    expanded: bool | None = None,
) -> h.Element:
    """A button that asks for `do`. `about` is for screen readers, where several have the same label."""
    return h.button(
        class_="sl-link" if link else "sl-button sl-go" if go else "sl-button",
        type="button",
        title=title or None,
        aria_label=f"{label}: {about}" if about else None,
        aria_pressed=None if pressed is None else str(pressed).lower(),
        aria_expanded=None if expanded is None else str(expanded).lower(),
        data_do=do,
        data_value=value or None,
        data_cell=key(cell) if cell else None,
        data_key="-".join(part for part in (do, value, key(cell) if cell else "") if part),
    )[label]


def switch(
    on: bool, words: str, do: str, about: str, *, cell: Cell | None = None, kind: str = ""
) -> h.Element:
    """A toggle button: `words` say its state, `about` what it switches."""
    return h.button(
        class_=f"rt-switch rt-{kind}" if kind else "rt-switch",
        type="button",
        aria_pressed=str(on).lower(),
        aria_label=f"{about}: {words.removeprefix(SIGNS['good']).removeprefix(SIGNS['bad']).strip()}",
        data_do=do,
        data_value=str(not on).lower(),
        data_cell=key(cell) if cell else None,
        data_key="-".join(part for part in (do, key(cell) if cell else "") if part),
    )[h.span(".rt-track", aria_hidden="true"), words]
