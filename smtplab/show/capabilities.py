"""The capability explorer: turn an extension on or off, see what EHLO offers then, and what a client does.

Three parts: a switch for each extension of a running server; its replies to EHLO in clear, to EHLO under TLS
and to HELO, asked anew after every turn; and real attempts by real clients, with the extension and without,
whose dialogues open as a ladder (RFC 5321 §2.2).

This module opens no connection. What it drives is handed in: see `CapabilityExplorer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import htpy as h
import traitlets
from markupsafe import Markup

from ..mail.capability import Offer, Switch, Trial, Trials
from ..mail.dialogue import lines as read
from ..mail.errors import LabError
from ..mail.text import visible
from . import capabilities_parts as parts
from .code_tabs import tabs
from .controls import STYLE as CONTROLS_STYLE
from .controls import Notice, guarded
from .ladder import SCRIPT, WIDGET_CSS, Ladder, script_file
from .theme import CSS, style
from .verdict import STYLE as VERDICT_STYLE

CAPABILITIES_CSS = script_file("capabilities.css")

# The tabs are the stepper's; what makes a stepper of it is not wanted here.
_TABS = script_file("stepper.js").partition("// Tabs as the ARIA")[2].partition("export default")[0]

Code = Callable[[str], Mapping[str, str]]


class CapabilityExplorer(Ladder):
    """The extensions of one server, to turn and to try.

    `switches` says how they stand, `switch(keyword, on)` turns one, `offer` asks the server for its list,
    and `attempt(keyword)` tries one extension with and without. `code(keyword)` makes what *Show the code*
    shows. `chosen` is the extension that is looked at first; it is tried at once when `tried`. The methods
    `turn`, `choose`, `attempt` and `look` do what the controls do.
    """

    _esm = SCRIPT + "// Tabs as the ARIA" + _TABS + script_file("capabilities.js")
    _css = CSS + VERDICT_STYLE + WIDGET_CSS + CONTROLS_STYLE + CAPABILITIES_CSS

    tools = traitlets.Dict().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        *,
        switches: Callable[[], Sequence[Switch]],
        switch: Callable[[str, bool], object],
        offer: Callable[[], Offer],
        attempt: Callable[[str], Trials],
        code: Code | None = None,
        title: str = "",
        chosen: str = "",
        tried: bool = False,
    ) -> None:
        self._switches, self._switch, self._offer, self._attempt = switches, switch, offer, attempt
        self._code, self._title = code, title
        self.found: dict[str, Trials] = {}
        self.opened: int | None = None
        self._before: Offer | None = None
        self._now = offer()
        self.chosen = next(each.keyword for each in switches())
        super().__init__()
        self._notice = Notice()
        self._notice.observe(lambda change: self.set_trait("message", change["new"]), "value")
        guard = guarded(self, self._notice, self._settle)
        acts = ("turn", "choose", "attempt", "look", "ask")
        self._acts = {name: guard(getattr(self, name)) for name in acts}
        self.add_class("smtplab-capabilities")
        if chosen:
            self.choose(chosen)
        if tried:
            self.attempt(self.chosen)
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def turn(self, keyword: str, on: bool) -> Offer:
        """Turn an extension on or off, and return the list that the server has then."""
        self._switch(keyword, on)
        self._before, self._now = self._now, self._offer()
        self._settle()
        return self._now

    def choose(self, keyword: str) -> None:
        """Look at another extension. Raises LabError for one that the server does not know."""
        if keyword not in {switch.keyword for switch in self._switches()}:
            raise LabError(f"There is no extension {keyword!r} here.")
        if keyword != self.chosen:
            self._fold()
        self.chosen = keyword
        self._settle()

    def attempt(self, keyword: str = "") -> Trials:
        """Try an extension, the chosen one by default, with the server offering it and without."""
        keyword = keyword or self.chosen
        self.found[keyword] = found = self._attempt(keyword)
        if keyword == self.chosen:
            self._fold()
        self._settle()
        return found

    def look(self, number: int) -> None:
        """Show the dialogue of the attempt with this number among those of the chosen extension.

        Once more, and it is closed again.
        """
        trial = list(self.found[self.chosen])[number]
        if self.opened == number:
            self._fold()
            return
        self.opened = number
        self.show(trial.transcript, _deciding(trial))

    def ask(self) -> None:
        """Ask the server for its list once more: something else may have changed it."""
        self._before, self._now = None, self._offer()

    # How --------------------------------------------------------------------------------------------

    def _fold(self) -> None:
        if self.opened is not None:
            self.opened = None
            self.show((), -1)

    def _settle(self) -> None:
        """Tell the page how things stand."""
        if not hasattr(self, "_acts"):  # not built yet
            return
        now = self._switches()
        found = self.found.get(self.chosen)
        self.tools = {
            "title": visible(self._title),
            "switches": [
                {
                    "keyword": visible(switch.keyword),
                    "name": switch.keyword,
                    "on": switch.on,
                    "meaning": visible(switch.meaning),
                    "note": visible(switch.note),
                    "ref": visible(switch.ref),
                }
                for switch in now
            ],
            "offer": str(parts.offer(self._now, self._before)),
            "chosen": self.chosen,
            "trials": str(parts.trials(found, _button)) if found else "",
            "opened": self.opened,
        }
        if self._code:
            self.code = str(tabs(self._code(self.chosen)))

    def _asked(self, widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        act = content.get("do")
        if act == "turn":
            keyword = str(content.get("keyword", ""))
            self._acts["turn"](keyword, bool(content.get("on")))
            self._acts["choose"](keyword)
        elif act == "choose":
            self._acts["choose"](str(content.get("keyword", "")))
        elif act == "look":
            self._acts["look"](int(content.get("number", -1)))
        elif act in ("attempt", "ask"):
            self._acts[act]()
        else:
            super()._asked(widget, content, buffers)

    # Without a kernel -------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle, metadata = super()._repr_mimebundle_(**options)
        bundle.pop("image/svg+xml", None)  # of the ladder, which shows nothing yet
        return bundle | {"text/html": str(self.static()), "text/plain": self.text()}, metadata

    def static(self) -> Markup:
        """The explorer for a page without scripts: how the switches stand, the lists, and what was tried."""
        return Markup(
            h.div(".smtplab.smtplab-card.sc-static")[
                style(CAPABILITIES_CSS),
                h.h3[visible(self._title)],
                parts.switches(self._switches()),
                parts.offer(self._now),
                (parts.trials(found, parts.dialogue) for found in self.found.values()),
            ]
        )

    def text(self) -> str:
        """The explorer for a terminal."""
        return parts.text(self._title, self._switches(), self._now, list(self.found.values()))

    def __repr__(self) -> str:
        return self.text()


def trials_html(found: Trials) -> Markup:
    """What came of trying one extension, by itself."""
    return Markup(
        h.div(".smtplab.smtplab-card.sc-static")[style(CAPABILITIES_CSS), parts.trials(found, parts.dialogue)]
    )


def _button(number: int, trial: Trial) -> h.Element:
    return h.button(".sl-link.sc-open", type="button", data_number=str(number), aria_expanded="false")[
        "Open the dialogue"
    ]


def _deciding(trial: Trial) -> int:
    """The number of the line that settled an attempt: where the ladder has its focus."""
    found = [number for number, line in enumerate(read(trial.transcript)) if line.reply == trial.reply]
    return found[-1] if found and trial.reply else 0
