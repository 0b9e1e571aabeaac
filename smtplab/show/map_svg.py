"""The mail map in SVG: hosts as cards on the ground of their domain, and the lines between them.

What a host is can be read without colour: every role is a word and a drawing, an attacker's card has
another shape, and a hop of a message's path has a number. Everything goes through htpy, which escapes,
after `visible`, which shows what hides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import htpy as h

from ..mail.text import visible
from ..mail.topology import Place, Topology
from .map_layout import LINE, Area, Card, Layout, layout
from .map_routes import Point, Route

NAME_ROOM = 20  # characters of a name that fit beside the drawing
LINE_ROOM = 24  # characters of an address that fit on a line
NOTE_ROOM = 28  # and of a note, in the interface font
CORNER = 7  # radius of a line's bend
TIP = 8  # length of an arrowhead
BADGE = 10  # radius of a hop's number
BEVEL = 11  # how much an attacker's card has cut off at each corner

# Drawings in a box of 18 by 18, because fonts and emoji differ from machine to machine.
ICONS = {
    "laptop": "M3.5 3.5h11v8h-11ZM1 14.5h16",
    "server": "M3 2.5h12v5.5h-12ZM3 10h12v5.5h-12ZM5.5 5.3h1M5.5 12.8h1M10 5.3h2.5M10 12.8h2.5",
    "tray": "M2 10.5 4.5 3.5h9L16 10.5v4.5H2ZM2 10.5h4.2l1 2h3.6l1-2H16",
    "signpost": "M9 1.5v15M3.5 3h8.5l2.5 2-2.5 2h-8.5ZM14.5 8.5H6L3.5 10.5 6 12.5h8.5Z",
    "mask": "M1.5 6.2C4 4.5 7 4.8 9 6.3 11 4.8 14 4.5 16.5 6.2 16.7 10.5 14.5 13 12 13 10.4 13 10 11.6 9 11.6"
    "S7.6 13 6 13C3.5 13 1.3 10.5 1.5 6.2ZM4.8 8.3 7 9.2M13.2 8.3 11 9.2",
    "terminal": "M2 3h14v12H2ZM5 6.8 7.5 9 5 11.2M9 11.5h4",
}


def picture(
    topology: Topology,
    path: Sequence[tuple[str, str]] = (),
    *,
    live: bool = False,
    style: h.Element | None = None,
    drawn: Layout | None = None,
) -> h.Element:
    """The map. With `live` each host is a button for a script; otherwise it is one still image.

    `style` is the `<style>` that a picture which stands alone brings with it. `drawn` is the layout, where
    it is known already.
    """
    drawn = drawn or layout(topology, path)
    numbers = {place.name: number for number, place in enumerate(topology.places)}
    title = summary(topology, path)
    return h.svg(
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {drawn.width} {drawn.height}",
        width=str(drawn.width),
        height=str(drawn.height),
        role="group" if live else "img",
        aria_label=title,
        class_=["sm-picture", {"sm-with-path": bool(path)}],
    )[
        None if live else h.title[title],
        style,
        (_area(area) for area in drawn.areas),
        h.g(class_="sm-links", aria_hidden="true")[_lines(drawn)],
        (_card(card, numbers[card.place.name], live, _on_path(card, drawn)) for card in drawn.cards),
        h.g(class_="sm-hops", aria_hidden=None if live else "true")[
            (_badge(n, route, path, live) for n, route in enumerate(drawn.routes) if route.hop)
        ],
        h.g(class_="sm-scene", aria_hidden="true") if live else None,
    ]


def summary(topology: Topology, path: Sequence[tuple[str, str]] = ()) -> str:
    """What the picture shows, in one line, for those who can't see it."""
    count = len(topology.places)
    text = f"Mail map: {count} host{'' if count == 1 else 's'}"
    if path:
        text += "; the message goes from " + ", then ".join(f"{a} to {b}" for a, b in path)
    return visible(text)


def describe(place: Place) -> str:
    """A host in one line: what a screen reader says of its card."""
    parts = [place.name, " ".join(place.roles) or "no role", ", ".join(place.addresses)]
    parts.append(f"run by {place.admd}" if place.admd else "")
    return visible(", ".join(part for part in parts if part))


def shortened(text: str, room: int) -> str:
    """`text` made visible, and cut to `room` columns where it is longer (wide characters count twice)."""
    shown, used = "", 0
    for char in visible(text):
        used += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > room:
            return shown[: max(len(shown) - 1, 1)] + "…"
        shown += char
    return shown


def gist(note: str) -> str:
    """What of a note fits on a card: all, or its first clause, or the words that fit; the panel has all."""
    if len(note) <= NOTE_ROOM:
        return shortened(note, NOTE_ROOM)
    short = shortened(re.split(r"[:;,.(]\s", note, maxsplit=1)[0], NOTE_ROOM)
    if short.endswith("…") and " " in short:
        return short.rpartition(" ")[0] + " …"
    return short


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


# Areas and cards


def _area(area: Area) -> h.Element:
    return h.g(class_=["sm-area", {"sm-hostile": area.hostile}])[
        h.rect(x=area.x, y=area.y, width=area.width, height=area.height, rx=10),
        h.text(x=area.x + 12, y=area.y + 18)[shortened(area.admd, LINE_ROOM)],
    ]


def _on_path(card: Card, drawn: Layout) -> bool:
    return any(route.hop and card.place.name in (route.link.a, route.link.b) for route in drawn.routes)


def _card(card: Card, number: int, live: bool, on_path: bool) -> h.Element:
    place = card.place
    button = {"role": "button", "tabindex": "0", "aria-label": describe(place), "aria-pressed": "false"}
    kinds = {"sm-hostile": place.hostile, "sm-on-path": on_path, "sm-lone": not place.admd}
    note = "" if card.compact else place.note
    lines = [] if card.compact else [shortened(address, LINE_ROOM) for address in place.addresses]
    y = card.y + 37
    return h.g(
        {"class": ["sm-card", kinds], "data-place": str(number)},
        button if live else {},
    )[
        None if live else h.title[describe(place)],
        _outline(card),
        h.path(class_="sm-icon", d=ICONS[_icon(place)], transform=f"translate({card.x + 11} {card.y + 9})"),
        h.text(class_="sm-name", x=card.x + 37, y=card.y + 22)[shortened(place.name, NAME_ROOM)],
        h.text(class_="sm-note", x=card.x + 12, y=y + 3)[gist(note)] if note else None,
        (
            h.text(class_="sm-address", x=card.x + 12, y=y + 3 + LINE * (row + bool(place.note)))[line]
            for row, line in enumerate(lines)
        ),
        _tags(card),
    ]


def _outline(card: Card) -> h.Element:
    if not card.place.hostile:
        return h.rect(class_="sm-edge", x=card.x, y=card.y, width=card.width, height=card.height, rx=7)
    left, top, right, bottom, cut = card.x, card.y, card.right, card.bottom, BEVEL
    corners = (
        f"M{left + cut} {top}H{right - cut}L{right} {top + cut}V{bottom - cut}L{right - cut} {bottom}"
        f"H{left + cut}L{left} {bottom - cut}V{top + cut}Z"
    )
    return h.path(class_="sm-edge", d=corners)


def _icon(place: Place) -> str:
    roles = set(place.roles)
    if "attacker" in roles:
        return "mask"
    if roles == {"MUA"}:
        return "laptop"
    if "DNS" in roles:
        return "signpost"
    if "MS" in roles and "MTA" not in roles:
        return "tray"
    return "server" if roles else "terminal"


def _tags(card: Card) -> Iterator[h.Element]:
    x, y = card.x + 12, card.bottom - 25
    for role in card.place.roles:
        word = role.upper()
        width = 13 + 8 * len(word)
        yield h.g(class_=["sm-tag", {"sm-hostile": role == "attacker"}])[
            h.rect(x=x, y=y, width=width, height=17, rx=8),
            h.text(x=_number(x + width / 2), y=y + 12)[word],
        ]
        x += width + 5


# Lines


def _lines(drawn: Layout) -> Iterator[h.Element]:
    hostile = {card.place.name for card in drawn.cards if card.place.hostile}
    # the path lies on top
    for number, route in sorted(enumerate(drawn.routes), key=lambda pair: pair[1].hop):
        kinds = {"sm-hop": bool(route.hop), "sm-hostile": route.link.a in hostile}
        yield h.g({"class": ["sm-link", kinds], "data-route": str(number)})[
            h.path(class_="sm-line", d=_bent(route.points)),
            h.path(class_="sm-tip", d=_tip(*route.points[-2:])),
            None if route.hop else _label(route, drawn),
        ]


def _bent(points: Sequence[Point]) -> str:
    """The line with its corners rounded; it ends where the arrowhead begins."""
    (x1, y1), (x2, y2) = points[-2:]
    length = abs(x2 - x1) + abs(y2 - y1) or 1
    share = max(length - TIP + 1, 0) / length
    points = [*points[:-1], (x1 + (x2 - x1) * share, y1 + (y2 - y1) * share)]
    parts = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _toward(corner, before), _toward(corner, after)
        parts.append(f"L{start}Q{_number(corner[0])} {_number(corner[1])} {end}")
    parts.append(f"L{_number(points[-1][0])} {_number(points[-1][1])}")
    return "".join(parts)


def _toward(corner: Point, other: Point) -> str:
    """The point near `corner` where its bend begins."""
    (x, y), (ox, oy) = corner, other
    length = abs(ox - x) + abs(oy - y) or 1
    reach = min(CORNER, length / 2) / length
    return f"{_number(x + (ox - x) * reach)} {_number(y + (oy - y) * reach)}"


def _tip(before: Point, end: Point) -> str:
    (x0, y0), (x, y) = before, end
    if abs(x - x0) >= abs(y - y0):
        back = -TIP if x >= x0 else TIP
        return f"M{_number(x)} {_number(y)}l{back} -4v8Z"
    back = -TIP if y >= y0 else TIP
    return f"M{_number(x)} {_number(y)}l-4 {back}h8Z"


def _label(route: Route, drawn: Layout) -> h.Element | None:
    """The link's label, where its longest stretch has room for it; the side panel has them all."""
    text = shortened(route.link.label, 40)
    (x1, y1), (x2, y2) = route.longest()
    if not text:
        return None
    x, y, wide = (x1 + x2) / 2, y1 - 6, 7 * len(text)
    if y1 == y2 and abs(x2 - x1) >= wide + 16 and not _taken(x - wide / 2, y - 12, wide, 14, drawn):
        return h.text(class_="sm-label", x=_number(x), y=_number(y))[text]
    if x1 == x2 and len(route.points) == 2 and abs(y2 - y1) >= LINE:
        return h.text(class_="sm-label sm-beside", x=_number(x1 + 9), y=_number((y1 + y2) / 2 + 4))[text]
    return None


def _taken(x: float, y: float, width: float, height: float, drawn: Layout) -> bool:
    """Whether a line, a card or an area is in the rectangle."""
    spans: list[tuple[float, float, float, float]] = [
        (box.x, box.y, box.right, box.bottom) for box in (*drawn.areas, *drawn.cards)
    ]
    for route in drawn.routes:
        for (x1, y1), (x2, y2) in zip(route.points, route.points[1:], strict=False):
            spans.append((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))
    return any(x1 < x + width and x2 > x and y1 < y + height and y2 > y for x1, y1, x2, y2 in spans)


def _badge(number: int, route: Route, path: Sequence[tuple[str, str]], live: bool) -> h.Element:
    """The number of a hop, or the first and how many more, where the message went there again and again."""
    ends = (route.link.a.lower(), route.link.b.lower())
    hops = [str(n) for n, (a, b) in enumerate(path, 1) if (a.lower(), b.lower()) == ends]
    word = " ".join(hops) if len(hops) < 3 else f"{hops[0]} +{len(hops) - 1}"
    wide = max(2 * BADGE, 8 * len(word) + 8)
    (x1, y1), (x2, y2) = route.longest()
    share = 0.46 if route.hop % 2 else 0.54  # two hops between the same hosts: numbers beside each other
    x, y = min(x1, x2) + abs(x2 - x1) * share, (y1 + y2) / 2
    if abs(x2 - x1) + abs(y2 - y1) < 4 * BADGE:  # too short a line to write on: beside it
        x, y = (x + 1.6 * BADGE, y) if x1 == x2 else (x, y - 1.6 * BADGE)
    label = visible(f"Hop {', '.join(hops)}: from {route.link.a} to {route.link.b}")
    button = {"role": "button", "tabindex": "0", "aria-label": label, "data-hop": str(number)}
    return h.g({"class": "sm-badge"}, button if live else {})[
        h.rect(x=_number(x - wide / 2), y=_number(y - BADGE), width=wide, height=2 * BADGE, rx=BADGE),
        h.text(x=_number(x), y=_number(y + 4))[word],
    ]
