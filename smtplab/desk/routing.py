"""Routing as a notebook has it: plan a route, and send a message along it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..lab.queue import SmartHost
from ..mail.errors import LabError
from .base import Base

if TYPE_CHECKING:
    from ..mail.route import Route
    from ..show.route_board import Place, Tried
    from ..show.route_planner import RoutePlanner

ALICE, MALLORY = "alice@acorn.example", "mallory@mallory.example"
RELAY = SmartHost("out.relay.example", 587, "acorn@relay.example", "oak")
KNOWN = (
    "bob@birch.example",
    "bob@forward.example",
    "trees@list.example",
    "alice@acorn.example",
    "bob@[198.51.100.10]",
    "nobody@nowhere.example",
)


class Routing(Base):
    """A lab with the route planner."""

    def route_planner(
        self, recipient: str = "bob@birch.example", source: str = "mail.acorn.example"
    ) -> RoutePlanner:
        """Where mail for `recipient` goes from `source`: planned step by step, and tried for real.

        Raises LabError for a host that is not in the lab.
        """
        from ..show.route_planner import RoutePlanner

        places = self._places(source)
        start = next(place.key for place in places if place.host == self.network.host(source).name)
        return RoutePlanner(
            self._planned,
            self._tried,
            places=places,
            recipient=recipient,
            place=start,
            known=KNOWN,
            names=self._ptr,
            code=self._route_code,
        )

    def _places(self, source: str) -> list[Place]:
        from ..show.route_board import Place

        def place(key: str, label: str, host: str, note: str, through: str = "") -> Place:
            found = self.network.host(host)
            return Place(key, label, found.name, found.addresses, note=note, through=through)

        acorn = "mail.acorn.example"
        places = [
            place("home", "Alice's laptop", "alice.home.example", "alice.home.example, a home connection"),
            place("direct", "Alice's provider, direct", acorn, f"{acorn}, by MX"),
            place("relay", "Alice's provider, relayed", acorn, f"through {RELAY.host}", RELAY.host),
            place("mallory", "Mallory's server", "mail.mallory.example", "mail.mallory.example, by MX"),
        ]
        name = self.network.host(source).name
        if all(name != known.host for known in places):
            places.append(place("other", name, name, "by MX"))
        return places

    def _ptr(self, place: Place) -> tuple[str, ...]:
        return tuple(self._world.thread.run(self._world.rdns(address)) for address in place.addresses)

    def _planned(self, place: Place, recipient: str) -> Route:
        if not place.through:
            return self.route(recipient, place.host, direct=True)
        return self.route(recipient, place.host, smart_host=RELAY)

    def _tried(self, place: Place, recipient: str) -> Tried:
        from ..show.route_board import Tried

        message = f"From: {_sender(place)}\nTo: {recipient}\nSubject: A trial\n\nHello.\n"
        through = RELAY if place.through else None
        done = self.deliver(message.encode(), place.host, recipients=[recipient], smart_host=through)
        onward = tuple((item.host, attempt) for item in done.items() for attempt in item.attempts)
        return Tried(done.routes[0], done.attempts, done.result, onward)

    def _route_code(self, place: Place, recipient: str, route: Route) -> Mapping[str, str]:
        from ..show.route_code import Real, snippets

        port = RELAY.port if place.through else 25
        taps = {}
        for target in route.targets:
            try:
                taps[target.address, port] = self.network.tap(target.address, port).real
            except LabError:  # nobody has the address, or nobody listens
                continue
        account = (RELAY.account, RELAY.password, self.ca_file()) if place.through else ("", "", "")
        return snippets(place, _sender(place), recipient, route, Real(self.dns.address, taps, port, *account))


def _sender(place: Place) -> str:
    return MALLORY if place.key == "mallory" else ALICE
