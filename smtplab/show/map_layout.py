"""Where everything on the mail map goes: cards, areas and routes, in SVG units.

The picture reads from left to right as mail travels: domains whose users submit, then those in
between, then those that receive. Attackers and outsiders stand under the senders, name servers under
the receivers. The same topology always gives the same picture. This module knows geometry only; what a
card looks like is `map_svg`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..mail.topology import Link, Place, Topology
from .map_routes import Box, Route, routes

CARD_WIDTH = 200
PAD = 10  # between an area's border and its cards
HEAD = 26  # an area's name
GAP = 24  # between cards
GUTTER = 56  # between columns: where routes turn
MARGIN = 14
STACK = 28  # between areas: room for a route to pass
LINE = 16
LONG = 4  # groups in the only column, before they are dealt out to three
TALL = 6  # groups in any column, before it becomes two
CROWD = 16  # hosts; where there are more, cards have the name and the roles alone
LANE = 30  # above the middle column, when mail passes it by


@dataclass(frozen=True, slots=True)
class Card(Box):
    """A host's place in the picture, and its column and its row in that column."""

    place: Place = field(kw_only=True)
    compact: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Area(Box):
    """An administrative domain's ground. `cards` are the hosts on it."""

    admd: str = field(kw_only=True)
    cards: tuple[Card, ...] = field(kw_only=True)

    @property
    def hostile(self) -> bool:
        """True when every host in it is an attacker."""
        return all(card.place.hostile for card in self.cards)


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole picture. A route belongs to a link, or to a hop of the path (then `hop` counts from 1)."""

    width: int
    height: int
    areas: tuple[Area, ...]
    cards: tuple[Card, ...]
    routes: tuple[Route, ...]


def layout(topology: Topology, path: Sequence[tuple[str, str]] = ()) -> Layout:
    """Places every host, and draws each link, and each hop of `path`, which need not be a link.

    A link or hop that names a host that is not there is left out.
    """
    columns = _columns(topology)
    by_name = {place.name.lower(): place.name for place in topology.places}
    wanted = _wanted(topology.links, path, by_name)
    column_of = {place.name: i for i, column in enumerate(columns) for group in column for place in group[1]}
    passing = any(abs(column_of[link.a] - column_of[link.b]) > 1 for link, _ in wanted)
    areas, cards = _stand(columns, passing)
    drawn = routes(wanted, {card.place.name: card for card in cards}, (*areas, *cards), GUTTER)
    xs = [x for route in drawn for x, _ in route.points] + [box.right for box in (*areas, *cards)]
    ys = [y for route in drawn for _, y in route.points] + [box.bottom for box in (*areas, *cards)]
    width, height = (round(max(values, default=0)) + MARGIN for values in (xs, ys))
    return Layout(width, height, tuple(areas), tuple(cards), tuple(drawn))


def _wanted(
    links: Iterable[Link], path: Sequence[tuple[str, str]], by_name: dict[str, str]
) -> list[tuple[Link, int]]:
    """Every line to draw, once for each pair of hosts, with the number of its hop (0 for none)."""
    hops = {(a.lower(), b.lower()): number for number, (a, b) in reversed(list(enumerate(path, 1)))}
    found: dict[tuple[str, str], tuple[Link, int]] = {}
    for link in (*links, *(Link(a, b) for a, b in path)):
        pair = (link.a.lower(), link.b.lower())
        if pair in found or pair[0] == pair[1] or not set(pair) <= by_name.keys():
            continue
        found[pair] = (Link(by_name[pair[0]], by_name[pair[1]], link.label), hops.get(pair, 0))
    return list(found.values())


# Which column


Group = tuple[str, tuple[Place, ...]]


def _columns(topology: Topology) -> list[list[Group]]:
    """The groups of hosts in each column, from the top down."""
    kinds: dict[str, list[Group]] = {"send": [], "pass": [], "take": [], "lone": [], "out": [], "dns": []}
    for admd, places in topology.admds().items():
        if admd:
            kinds[_kind(topology, places)].append((admd, places))
    if not kinds["take"] and len(kinds["send"]) > 1:
        kinds["take"] = [kinds["send"].pop()]  # two equals that write to each other: one on each side
    # A host that no domain answers for stands alone: under the domain through which it sends, or outside.
    for place in topology.admds().get("", ()):
        kind = "out" if place.hostile else "dns" if "DNS" in place.roles else "lone"
        if kind == "lone" and (served := _submits_to(topology, place)):
            kind = next(k for k, groups in kinds.items() if served.admd in (admd for admd, _ in groups))
        kinds[kind].append(("", (place,)))
    columns = [kinds["send"] + kinds["lone"] + kinds["out"], kinds["pass"], kinds["take"] + kinds["dns"]]
    return [part for column in _dealt([column for column in columns if column]) for part in _parts(column)]


def _dealt(columns: list[list[Group]]) -> list[list[Group]]:
    """Equals that would all stand in one long column are dealt out to three."""
    if len(columns) != 1 or len(columns[0]) <= LONG:
        return columns
    size = -(-len(columns[0]) // 3)
    return [columns[0][start : start + size] for start in range(0, len(columns[0]), size)]


def _parts(column: list[Group]) -> list[list[Group]]:
    """A tall column as several of about the same height."""
    count = max(-(-len(column) // TALL), 1)
    size = -(-len(column) // count)
    return [column[start : start + size] for start in range(0, len(column), size)]


def _kind(topology: Topology, places: Sequence[Place]) -> str:
    """What a domain does: "send", "pass" (in and out), "take", "out" (an attacker) or "dns"."""
    roles = {role for place in places for role in place.roles}
    if "attacker" in roles:
        return "out"
    if roles == {"DNS"}:
        return "dns"
    names = {place.name.lower() for place in places}
    into = [link for link in topology.links if link.b.lower() in names]
    out = [link for link in topology.links if link.a.lower() in names and link.b.lower() not in names]
    if ("MSA" in roles and any(_is_user(topology, link.a) for link in into)) or any(
        _is_user(topology, link.a) for link in out
    ):
        return "send"
    if not topology.links:  # then roles must do: who takes mail for people, and from them?
        return "pass" if not roles & {"MDA", "MS"} else "send" if "MSA" in roles else "take"
    return "pass" if out else "take"


def _submits_to(topology: Topology, place: Place) -> Place | None:
    """The submission server of a domain that the host connects to."""
    targets = [topology.place(link.b) for link in topology.links if link.a.lower() == place.name.lower()]
    return next((one for one in targets if one and one.admd and "MSA" in one.roles), None)


def _is_user(topology: Topology, name: str) -> bool:
    place = topology.place(name)
    return place is not None and "MUA" in place.roles


# Where in the column


def card_height(place: Place, compact: bool = False) -> int:
    """A card holds the name, a short note, an address a line, and the roles."""
    if compact:
        return 60 if place.roles else 36
    return 30 + LINE * (len(place.addresses) + bool(place.note)) + (30 if place.roles else 8)


def _left(column: int) -> int:
    """The x of a column's cards."""
    return MARGIN + PAD + column * (CARD_WIDTH + 2 * PAD + GUTTER)


def _stand(columns: list[list[Group]], lane: bool) -> tuple[list[Area], list[Card]]:
    areas: list[Area] = []
    cards: list[Card] = []
    compact = sum(len(places) for column in columns for _, places in column) > CROWD
    for number, column in enumerate(columns):
        y, row = MARGIN, 0
        if lane and 0 < number < len(columns) - 1:
            y += LANE + _first_middle(columns[0], compact)
        for admd, places in column:
            top, inside = y, []
            y += HEAD if admd else 0
            for place in places:
                height = card_height(place, compact)
                card = Card(_left(number), y, CARD_WIDTH, height, number, row, place=place, compact=compact)
                inside.append(card)
                y, row = card.bottom + GAP, row + 1
            y += PAD - GAP if admd else -GAP
            cards += inside
            if admd:
                wide = CARD_WIDTH + 2 * PAD
                areas.append(
                    Area(_left(number) - PAD, top, wide, y - top, number, admd=admd, cards=tuple(inside))
                )
            y += STACK
    return areas, cards


def _first_middle(column: list[Group], compact: bool) -> int:
    """How far down the middle of the first card is: the straight way across leads there."""
    admd, places = column[0]
    return (HEAD if admd else 0) + card_height(places[0], compact) // 2
