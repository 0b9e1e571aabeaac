"""The route planner: where does mail for this recipient go from here, and what happens on the way?

The learner picks the sender's place and the recipient, sees what the DNS was asked and which addresses follow
from it, in order, and has a message sent along the route for real: each address has its answer beside it.

What plans and what sends is handed in; this module opens no connection and asks no DNS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import htpy as h
import traitlets
from markupsafe import Markup

from ..mail.errors import LabError
from ..mail.path import Path
from ..mail.route import Route
from . import code_tabs
from .ladder import script_file
from .route_board import Place, Tried, board
from .route_parts import ROUTE_CSS, banner, lookups, places, text, why
from .scripted import SCRIPT, STYLE, Scripted
from .theme import style
from .verdict import STYLE as VERDICT_STYLE

Plan = Callable[[Place, str], Route]
Send = Callable[[Place, str], Tried]
Names = Callable[[Place], tuple[str, ...]]
Code = Callable[[Place, str, Route], Mapping[str, str]]


class RoutePlanner(Scripted):
    """A route to plan and to try. `plan`, `attempt` and `choose` do what the controls do.

    `plan(place, recipient)` decides, `send(place, recipient)` delivers for real. `known` are recipients to
    offer. `names(place)` finds the PTR names of its addresses, `code` makes what *Show the code* shows.
    Whoever changes the DNS presses "Plan the route" again.
    """

    _esm = SCRIPT + script_file("route_planner.js")
    _css = STYLE + ROUTE_CSS

    known = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        plan: Plan,
        send: Send,
        *,
        places: Sequence[Place],
        recipient: str,
        place: str = "",
        known: Sequence[str] = (),
        names: Names | None = None,
        code: Code | None = None,
    ) -> None:
        self._names = names
        self._decide, self._deliver, self._code = plan, send, code
        self.places = {each.key: each for each in places}
        self.place = self._place(place or next(iter(self.places)))
        self.recipient = recipient
        self.tried: Tried | None = None
        self.route = plan(self.place, self._checked(recipient))
        super().__init__("smtplab-route-planner")
        self.known = list(known)
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def plan(self, recipient: str = "", place: str = "") -> Route:
        """Decide anew where mail for `recipient` goes, as the DNS is now."""
        self._decide_anew(recipient, place)
        self._settle()
        return self.route

    def attempt(self, recipient: str = "", place: str = "") -> Tried:
        """Plan, and then send a message along the route for real."""
        self._decide_anew(recipient, place)
        if self.route.targets or self.route.refusal:
            self.tried = self._deliver(self.place, self.recipient)
            self.route = self.tried.route
        self._settle()
        if self.tried is None:
            raise LabError("There is nothing to send: the mail is at home here. Choose another recipient.")
        return self.tried

    def choose(self, place: str) -> Route:
        """Send from somewhere else."""
        return self.plan(place=place)

    # How --------------------------------------------------------------------------------------------

    def _decide_anew(self, recipient: str, place: str) -> None:
        checked, where = self._checked(recipient or self.recipient), self._place(place or self.place.key)
        self.route = self._decide(where, checked)
        self.recipient, self.place, self.tried = checked, where, None

    def _place(self, key: str) -> Place:
        if key not in self.places:
            raise LabError(f"There is no place {key!r}. There are: {', '.join(self.places)}.")
        place = self.places[key]
        return replace(place, names=self._names(place)) if self._names else place

    def _checked(self, recipient: str) -> str:
        """The recipient, without the spaces around it. Raises RecordError for what is no address."""
        address = recipient.strip()
        if "@" not in address:
            raise LabError("Write the recipient's whole address, such as bob@birch.example.")
        Path.of(address)
        return address

    def _draw(self) -> dict[str, Any]:
        return {
            "places": str(places(list(self.places.values()), self.place)),
            "place": self.place.key,
            "recipient": self.recipient,
            "banner": str(banner(self.place, self.recipient, self.route, self.tried)),
            "lookups": str(lookups(self.route)),
            "board": str(board(self.place, self.route, self.tried)),
            "why": str(why(self.route)),
        }

    def _snippets(self) -> Mapping[str, str]:
        return self._code(self.place, self.recipient, self.route) if self._code else {}

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {"do": "plan", "to": str(to), "place": str(place)} if place in self.places:
                return lambda: self._told(lambda: self.plan(to or " ", place))
            case {"do": "try", "to": str(to), "place": str(place)} if place in self.places:
                return lambda: self._told(lambda: self.attempt(to or " ", place))
        return None

    def _told(self, act: Callable[[], object]) -> None:
        self._notice.clear()
        act()

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        return Markup(
            h.div(".smtplab.smtplab-card.rp-widget.rp-still")[
                style(VERDICT_STYLE, ROUTE_CSS),
                banner(self.place, self.recipient, self.route, self.tried),
                h.div(".rp-main")[
                    h.section(".rp-part")[h.h3["What the DNS was asked"], lookups(self.route)],
                    h.section(".rp-part")[
                        h.h3["Whom to try, in this order"], board(self.place, self.route, self.tried)
                    ],
                ],
                why(self.route),
                code_tabs.html(self._snippets()),
            ]
        )

    def __repr__(self) -> str:
        return text(self.place, self.recipient, self.route, self.tried)
