"""The envelope x-ray: a letter whose envelope and fields may disagree, seen at every place on its way.

Who sees what? The controls say what the mail program is told; *Send* has the letter sent by the function that
is handed in, and the table shows what was really there: in the program, at each server, on the wire, and in
each mailbox. What was added, removed or changed is marked, and each cell explains itself.

It opens no connection and knows no hosts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import htpy as h
from markupsafe import Markup

from ..mail.errors import LabError
from ..mail.letter import Journey, Letter
from ..mail.text import visible
from ..mail.verdict import SIGNS
from . import code_tabs
from .ladder import script_file
from .scripted import SCRIPT, STYLE, Scripted
from .theme import shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html
from .xray_cells import Row, table
from .xray_code import PORTED
from .xray_desk import FIELDS, PRESETS, desk, letter_of
from .xray_findings import findings, noticed
from .xray_parts import grid, name, panel, panels

XRAY_CSS = script_file("xray.css")

Post = Callable[[Letter], Journey]
Code = Callable[[Letter], Mapping[str, str]]


class EnvelopeXray(Scripted):
    """The x-ray of one letter after another. `send`, `preset` and `as_usual` do what the controls do.

    `post` sends a letter for real and says what was where; `code` makes what *Show the code* shows.
    `letter` is what the controls say, `journey` the way of the last one that was sent.
    """

    _esm = SCRIPT + script_file("xray.js")
    _css = STYLE + XRAY_CSS

    def __init__(self, post: Post, letter: Letter | None = None, *, code: Code | None = None) -> None:
        self._post, self._code = post, code
        self.letter = letter or Letter()
        self.journey: Journey | None = None
        self._rows: tuple[Row, ...] = ()
        self._turn = 0
        super().__init__("smtplab-xray")
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def send(self, letter: Letter | None = None) -> Journey:
        """Send the letter, another one when given, and show its way.

        Raises RecordError where an address of the envelope is none, LabError where nobody answers.
        """
        journey = self._go(letter or self.letter)
        self._settle()
        return journey

    def preset(self, word: str) -> None:
        """Fill the controls as one of `PRESETS`; nothing is sent yet."""
        self._take(_preset(word))
        self._settle()

    def as_usual(self) -> None:
        """Make the envelope of the fields, as mail programs do."""
        self._take(self.letter.as_usual())
        self._settle()

    # How --------------------------------------------------------------------------------------------

    # These draw nothing: what the page asks for is drawn once, at the end.

    def _take(self, letter: Letter) -> None:
        self._notice.clear()
        self.letter = letter

    def _go(self, letter: Letter) -> Journey:
        self._take(letter)
        self.journey = self._post(letter)
        self._rows = table(self.journey)
        return self.journey

    def _draw(self) -> dict[str, Any]:
        self._turn += 1  # what was typed and not sent goes with each new drawing
        found = {"turn": self._turn, "desk": str(desk(self.letter))}
        if self.journey is None:
            return found
        stale = self.journey.letter != self.letter
        return found | {
            "findings": str(_outcome(self.journey, stale)),
            "grid": str(grid(self.journey, self._rows, live=True)),
            "why": str(_why(self.journey)),
            "panels": panels(self.journey, self._rows),
        }

    def _snippets(self) -> Mapping[str, str]:
        return self._code(self.letter) if self._code else {}

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {"do": "send", "letter": dict(given)}:
                return lambda: self._go(letter_of(given, self.letter))
            case {"do": "usual", "letter": dict(given)}:
                return lambda: self._take(letter_of(given, self.letter).as_usual())
            case {"do": "preset", "value": str(value)}:
                return lambda: self._take(_preset(value))
        return None

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        code = {tool: text for tool, text in self._snippets().items() if tool not in PORTED}
        return Markup(
            h.div(".smtplab.smtplab-card.xr-still")[
                style(VERDICT_STYLE, XRAY_CSS),
                _told(self.letter),
                [
                    noticed(self.journey),
                    h.div(".xr-scroll", tabindex="0", role="group", aria_label="Who sees what")[
                        grid(self.journey, self._rows)
                    ],
                    h.details[
                        h.summary["What came, went or changed"], list(_changes(self.journey, self._rows))
                    ],
                    _why(self.journey),
                ]
                if self.journey
                else h.p["Nothing was sent yet."],
                code_tabs.html(code),
            ]
        )

    def __repr__(self) -> str:
        lines = [f"MAIL FROM:<{self.letter.mail_from}>  RCPT TO:{' '.join(self.letter.rcpt_to)}"]
        lines += [
            f"{label}: {getattr(self.letter, of)}" for of, label in FIELDS.items() if getattr(self.letter, of)
        ]
        if self.journey:
            lines += ["", *(f"{SIGNS[how]} {text}" for how, text, _ in findings(self.journey)), ""]
            for place, stop in enumerate(self.journey.stops):
                lines.append(f"{name(stop)}")
                lines += [f"  {row.name}: {_in_short(row, place)}" for row in self._rows]
        return visible("\n".join(lines), keep="\n")


def _preset(word: str) -> Letter:
    if word not in PRESETS:
        raise LabError(f"There is no letter {word!r} to start from. There are: {', '.join(PRESETS)}.")
    return PRESETS[word]


def _in_short(row: Row, place: int) -> str:
    cell = row.cells[place]
    word = {"same": "", "first": "", "none": "none"}.get(cell.mark, cell.mark)
    values = ", ".join(" ".join(value.split())[:80] for value in cell.values)
    return "  ".join(filter(None, (values, f"[{word}]" if word else "")))


def _told(letter: Letter) -> h.Element:
    """What the program was told, for a page without controls."""
    said = [("MAIL FROM", f"<{letter.mail_from}>"), *(("RCPT TO", f"<{one}>") for one in letter.rcpt_to)]
    said += [(label, str(getattr(letter, of))) for of, label in FIELDS.items() if getattr(letter, of)]
    return h.p[[[h.code[shown(f"{what}: {text}", 200)], h.br] for what, text in said]]


def _outcome(journey: Journey, stale: bool) -> Markup:
    note = h.p(".xr-stale")["The letter above has changed since this one was sent."] if stale else None
    return Markup(h.fragment[note, noticed(journey)])


def _why(journey: Journey) -> Markup:
    made = verdict_html(journey.verdict).replace(str(style(VERDICT_STYLE)), "")
    return Markup(h.details(".xr-why")[h.summary["What the servers said"], Markup(made)])


def _changes(journey: Journey, rows: tuple[Row, ...]) -> Any:
    """What each marked cell means, for a page without a script."""
    for row in rows:
        for cell, stop in zip(row.cells, journey.stops, strict=True):
            if cell.mark in ("added", "removed", "changed", "leak"):
                yield h.div(".xr-change")[panel(row, cell, stop)]
