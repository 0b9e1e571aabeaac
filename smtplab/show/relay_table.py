"""The relay policy table: who may send where, switched live on a server and tried for real (RFC 5321 §3.6.2).

Three kinds of client, two kinds of recipient. Each cell has a switch and *Try it*, which makes a real attempt
and shows the server's reply; its dialogue opens below. The banner says whether this is an open relay.

The widget keeps no copy of the policy: it reads the server each time it draws. Reading, changing and trying
are handed in; this module opens no connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import htpy as h
import traitlets
from markupsafe import Markup

from ..mail.dialogue import lines
from ..mail.dialogue import text as dialogue_text
from ..mail.errors import LabError
from ..mail.relaying import CELLS, PRESETS, WHERE, WHO, Cell, Scene, Setting, Where, Who, judge
from ..mail.text import visible
from ..mail.transcript import Transcript
from . import code_tabs
from .controls import STYLE as CONTROLS_STYLE
from .controls import Notice, guarded
from .ladder import SCRIPT, WIDGET_CSS, Ladder, script_file
from .relay_drawing import DENIALS, banner, bar, rules, told
from .relay_parts import NO, YES, Tried, cell_of, key, name
from .relay_rows import table
from .theme import CSS, style
from .verdict import STYLE as VERDICT_STYLE

RELAY_CSS = script_file("relay_table.css")
PORTED = ("swaks", "smtplib")  # the snippets that name real ports

Code = Callable[[Setting, Scene], Mapping[str, str]]
Attempt = Callable[[Who, Where], Transcript]


class PolicyTable(Ladder):
    """The table of one server. The methods `switch`, `attempt`, `attempt_all`, `preset`, `networks`,
    `gateway`, `deny`, `reset`, `dialogue` and `close_dialogue` do what the controls do.

    `read` gives the server's setting and `change` makes it so; `attempt` makes one client's session about
    one recipient and returns the transcript; `code` makes what *Show the code* shows.
    """

    _esm = SCRIPT + code_tabs.SCRIPT + script_file("relay_table.js")
    _css = CSS + VERDICT_STYLE + WIDGET_CSS + CONTROLS_STYLE + RELAY_CSS

    parts = traitlets.Dict().tag(sync=True)
    opened = traitlets.Unicode("").tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        scene: Scene,
        read: Callable[[], Setting],
        change: Callable[[Setting], object],
        attempt: Attempt,
        *,
        code: Code | None = None,
    ) -> None:
        self.scene = scene
        self._read, self._change, self._try, self._code = read, change, attempt, code
        self.usual = read()
        self.tried: dict[Cell, Tried] = {}
        super().__init__()
        self._notice = Notice()
        self._notice.observe(lambda change: self.set_trait("message", change["new"]), "value")
        self._guard = guarded(self, self._notice, self._settle)
        self.add_class("smtplab-relay-table")
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def switch(self, who: Who, where: Where, allowed: bool) -> None:
        """Allow or deny one of the six, on the server."""
        self._set(self._read().switched(_cell(who, where), bool(allowed)))

    def attempt(self, who: Who, where: Where) -> Tried:
        """Try one cell: a real session of its client, up to the answer to RCPT."""
        cell = _cell(who, where)
        setting = self._read()
        self.tried[cell] = Tried(cell, self._try(who, where), setting)
        if self.opened == key(cell):
            self.dialogue(who, where)
        return self.tried[cell]

    def attempt_all(self) -> list[Tried]:
        """Try all six, one after the other."""
        self._notice.clear()
        made = [self.attempt(*cell) for cell in CELLS]
        accepted = sum(tried.accepted for tried in made)
        self._notice.say(f"Tried six: {accepted} accepted, {len(made) - accepted} refused.")
        return made

    def preset(self, word: str) -> None:
        """Set the server as one of `PRESETS`. The wording of refusals stays."""
        if word not in PRESETS:
            raise LabError(f"There is no preset {word!r}. There are: {', '.join(PRESETS)}.")
        what, make = PRESETS[word]
        self._set(make(self._read(), self.scene))
        self._notice.say(what)

    def networks(self, text: str) -> None:
        """Make these networks inside: CIDR, with commas or spaces between. Raises LabError for others."""
        self._set(replace(self._read(), inside=tuple(text.replace(",", " ").split())))

    def gateway(self, on: bool) -> None:
        """Put the server behind a gateway that hides who calls, or take it out."""
        self._set(replace(self._read(), gateway=self.scene.gateway if on else ""))

    def deny(self, code: int) -> None:
        """Refuse with 554, for good, or with 454, for now."""
        if code not in DENIALS:
            raise LabError(f"A refusal here says {' or '.join(map(str, DENIALS))}, not {code}.")
        self._set(replace(self._read(), denial=DENIALS[code][0]))

    def reset(self) -> None:
        """Set the server as this table found it."""
        self._set(self.usual)

    def dialogue(self, who: Who, where: Where) -> None:
        """Show the dialogue of the last attempt at a cell."""
        tried = self.tried.get(_cell(who, where))
        if tried is None:
            raise LabError(f"Try {name((who, where))} first: there is no dialogue yet.")
        said = [
            n
            for n, line in enumerate(lines(tried.transcript))
            if line.kind == "command" and line.verb != "QUIT"
        ]
        self.show(tried.transcript, said[-1] if said else -1)
        self.opened = key(tried.cell)

    def close_dialogue(self) -> None:
        """Put the dialogue away."""
        self.opened = ""

    @property
    def setting(self) -> Setting:
        """How the server relays now."""
        return self._read()

    @property
    def is_open(self) -> bool:
        """Whether the server is an open relay now: by its table, its networks or its gateway."""
        return judge(self._read(), self.scene).is_open

    # How --------------------------------------------------------------------------------------------

    def _set(self, setting: Setting) -> None:
        self._notice.clear()
        self._change(setting)
        self._settle()

    def _settle(self) -> None:
        """Draw the server's setting as it is now."""
        setting, scene = self._read(), self.scene
        opened = cell_of(self.opened) if self.opened else None
        self.parts = {
            "bar": str(bar(setting, scene, self.usual)),
            "banner": str(banner(setting, scene)),
            "table": str(table(setting, scene, self.tried, live=True, opened=opened)),
            "rules": str(rules(setting, scene)),
            "dialogue": f"Dialogue: {name(opened)}" if opened else "",
        }
        if self._code:
            self.code = str(code_tabs.tabs(self._code(setting, scene)))

    def _asked(self, widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        do, value = content.get("do"), str(content.get("value", ""))
        act: Callable[[], object] | None = {
            "all": self.attempt_all,
            "preset": lambda: self.preset(value),
            "reset": self.reset,
            "inside": lambda: self.networks(value),
            "gateway": lambda: self.gateway(value == "true"),
            "deny": lambda: self.deny(int(value)),
            "close": self.close_dialogue,
            "look": lambda: None,
            **self._of_cell(content, value == "true"),
        }.get(str(do))
        if act is None:
            super()._asked(widget, content, buffers)
        elif do == "look":  # somebody may have changed the server from a cell
            self._settle()
        else:
            self._guard(act)()

    def _of_cell(self, content: dict[str, Any], value: bool) -> dict[str, Callable[[], object]]:
        """What can be asked of the cell that `content` names; nothing where it names none."""
        cell = next((cell for cell in CELLS if key(cell) == content.get("cell")), None)
        if cell is None:
            return {}
        toggle = self.close_dialogue if self.opened == key(cell) else lambda: self.dialogue(*cell)
        return {
            "switch": lambda: self.switch(*cell, value),
            "try": lambda: self.attempt(*cell),
            "open": toggle,
        }

    # Without a kernel -------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle, metadata = super()._repr_mimebundle_(**options)
        bundle.pop("image/svg+xml", None)
        return bundle | {"text/html": str(self._html()), "text/plain": repr(self)}, metadata

    def __repr__(self) -> str:
        setting = self._read()
        rows = [("", *(f"to {where}" for where in ("its own users", "elsewhere")))]
        rows += [(who, *(self._in_short(setting, (who, where)) for where in WHERE)) for who in WHO]
        widths = [max(len(row[place]) for row in rows) for place in range(3)]
        told = "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
        return visible(f"{self.scene.server}. {judge(setting, self.scene)}\n\n{told}", keep="\n")

    def _in_short(self, setting: Setting, cell: Cell) -> str:
        tried = self.tried.get(cell)
        said = f", tried: {tried.reply or 'no reply'}" if tried else ""
        return (YES if cell in setting.allowed else NO) + said.replace("\n", " ")

    def _html(self) -> Markup:
        setting = self._read()
        return Markup(
            h.div(".smtplab.smtplab-card.rt-still")[
                style(RELAY_CSS),
                banner(setting, self.scene),
                table(setting, self.scene, self.tried),
                told(setting),
                (
                    h.details[
                        h.summary[f"Dialogue: {name(tried.cell)}"],
                        h.pre(tabindex="0")[dialogue_text(tried.transcript)],
                    ]
                    for tried in self.tried.values()
                ),
                code_tabs.html(self._lasting_code(setting)),
            ]
        )

    def _lasting_code(self, setting: Setting) -> dict[str, str]:
        """The code that holds without the lab: its real ports are gone when a page is read."""
        code = self._code(setting, self.scene) if self._code else {}
        return {tool: text for tool, text in code.items() if tool not in PORTED}


def _cell(who: Who, where: Where) -> Cell:
    if (who, where) not in CELLS:
        raise LabError(f"The table has {', '.join(WHO)}, each with {' and '.join(WHERE)}.")
    return who, where
