"""The hops of a Received chain as rows, the newest on top as in the header: who handed it to whom, and how.

Each row has the path (client, protocol, host), the delay, the line itself with its clauses, and what does not
fit. A line above the trust boundary stands on solid ground: whole borders, a tick, the word known. Below it
all is dashed, and only claimed.

Everything goes through htpy, which escapes, after `visible`, which shows what hides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import htpy as h

from ..mail.received.hops import Chain, Hop
from ..mail.text import visible
from ..mail.topology import Place, Topology
from ..mail.verdict import SIGNS, Step, tone
from .theme import CLASSES, hidden, lock, result_chip, shown
from .tracer_clauses import LABELS, MOST, kind, pieces, worth
from .tracer_delay import Scale, axis, bar

ROWS = 60  # hops that are drawn, the newest first; what lies below is claimed by strangers, or a loop
NAME = 120  # characters of a name


def rows(found: Chain, topology: Topology, *, live: bool = False) -> h.Element:
    """All hops. With `live` each clause can have the focus, and a slot is left for the boundary's handle."""
    newest, known = found.header[:ROWS], known_count(found)
    scale = Scale(hop.delay for hop in newest)
    return h.div(".tr-chain")[
        h.div(".tr-head", aria_hidden="true")[
            h.span, h.span["from"], h.span, h.span["by"], h.span(".tr-delays")["delay", axis(scale)]
        ],
        h.ol(".tr-rows", aria_label="Hops, the newest first")[
            (
                h.fragment[
                    boundary(known, len(newest), live) if place == known else None,
                    row(hop, scale, topology, live=live, reason=place <= known),
                ]
                for place, hop in enumerate(newest)
            ),
            boundary(known, len(newest), live) if known == len(newest) else None,
        ],
        h.p(".tr-rest")[f"{len(found.hops) - ROWS} older lines are not drawn."]
        if len(found.hops) > ROWS
        else None,
        h.div(".tr-rest")[odd(found.steps)] if found.steps else None,
    ]


def known_count(found: Chain) -> int:
    """How many lines from the top are known, at most all that are drawn."""
    return min(len(found.known), ROWS)


def boundary(known: int, lines: int, live: bool) -> h.Element:
    """Where trust ends. In a live picture the script puts its handle here."""
    if live:
        return h.li(".tr-slot", aria_hidden="true", data_known=str(known))
    return h.li(".tr-slot.tr-drawn")[
        h.span(".tr-above")[f"{SIGNS['good']} above: written by hosts you trust"],
        h.span(".tr-below")[f"{SIGNS['later']} below: only claimed"],
    ]


def row(hop: Hop, scale: Scale, topology: Topology, *, live: bool, reason: bool) -> h.Element:
    """One hop. `reason` says why it is known or not, which is the same for all below the first claimed."""
    read = hop.received
    return h.li(class_=["tr-hop", "tr-known" if hop.known else "tr-claimed"], data_hop=str(hop.number))[
        h.div(".tr-mark")[h.span(".tr-number")[f"hop {hop.number}"], _chip(hop)],
        h.div(".tr-box.tr-from")[list(_client(hop, topology))],
        _wire(hop),
        h.div(".tr-box.tr-by")[
            hidden("taken by "),
            h.strong[shown(read.by, NAME) or "a host without a name"],
            _role(topology.place(read.by) if hop.known else None),
        ],
        bar(hop.delay, scale),
        line(hop, live=live),
        h.p(".tr-reason")[shown(hop.why, 600)] if reason else None,
        odd(hop.steps),
    ]


def _chip(hop: Hop) -> h.Element:
    return result_chip("known" if hop.known else "claimed")


def _client(hop: Hop, topology: Topology) -> Iterator[h.Node]:
    """The client as the line tells it: the address, the name found for it, and what it called itself."""
    read = hop.received
    place = at_address(topology, str(read.ip)) if read.ip and hop.known else None
    yield hidden("from ")
    if read.ip:
        yield h.div[h.span(".tr-what")["address"], h.code(".tr-seen")[str(read.ip)]]
    if read.rdns:
        yield h.div[h.span(".tr-what")["reverse"], h.code[shown(read.rdns, NAME)]]
    if read.helo:
        yield h.div[h.span(".tr-what")["HELO"], h.code(".tr-says")[f"“{shown(read.helo, NAME)}”"]]
    if read.user:
        yield h.div[h.span(".tr-what")["account"], h.code[shown(read.user, NAME)]]
    if not (read.ip or read.rdns or read.helo or read.user):
        yield h.span(".smtplab-dim")["the line does not say"]
    yield _role(place, "this is ")


def _role(place: Place | None, lead: str = "") -> h.Node:
    """What the lab knows of a host."""
    if place is None:
        return None
    roles = ", ".join(place.roles)
    words = f"{lead}{place.name} ({roles})" if lead else f"{roles} of {place.admd}" if place.admd else roles
    return h.div(".tr-role")[shown(words)]


def at_address(topology: Topology, address: str) -> Place | None:
    """The host of the lab that has this address."""
    return next((place for place in topology.places if address in place.addresses), None)


def _wire(hop: Hop) -> h.Element:
    """The arrow from client to host: protocol, and whether the hop was under TLS."""
    read = hop.received
    tls = read.tls.version if read.tls else ""
    words = shown(" ".join(part for part in (read.with_, tls) if part), 40)
    return h.div(class_=["tr-wire", hop.secure and "tr-secure"], title=hop.with_meaning or None)[
        h.span(".tr-with")[words or "?"],
        h.span(".tr-arrow", aria_hidden="true"),
        h.span(".tr-tls")[list(_sealed(hop.secure))],
    ]


def _sealed(secure: bool | None) -> Iterator[h.Node]:
    if secure:
        yield lock()
    yield {True: " TLS", False: "in clear", None: "TLS not said"}[secure]


def line(hop: Hop, *, live: bool) -> h.Element:
    """The line as it stands in the header, each clause by itself."""
    left, found = len(hop.received.text) - MOST, enumerate(pieces(hop.received))
    return h.p(".tr-line")[
        h.span(".tr-field")["Received:"],
        (_clause(name, words, hop, place if live else None) for place, (name, words) in found),
        h.span(".smtplab-dim")[f"… ({left} characters more)"] if left > 0 else None,
    ]


def _clause(name: str, words: str, hop: Hop, place: int | None) -> h.Node:
    """One clause, and for a script (which gives it a `place`) what to say about it."""
    said = as_written(words)
    if not name:
        return said
    value = worth(name, hop.received, hop.known)
    looks = ["tr-clause", f"tr-is-{name.strip('_')}", kind(name).from_client and "tr-told"]
    if place is None:
        return h.span(class_=looks, title=f"{kind(name).title}. {value}")[said]
    return h.span(
        class_=looks,
        role="button",
        tabindex="-1",
        aria_label=f"{LABELS.get(name, name)}: {shown(words.strip(), 300)}",
        data_key=f"clause-{hop.number}-{place}",
        data_kind=name,
        data_title=kind(name).title,
        data_worth=value,
    )[said]


def as_written(words: str) -> str:
    """A stretch of a header with its folds as line ends, and all else that hides made visible."""
    return visible(words.replace("\r\n", "\n"), keep="\n\t")


def odd(steps: Sequence[Step]) -> h.Node:
    """What does not fit; each reason begins with how sure that is."""
    if not steps:
        return None
    return h.ul(".tr-odd")[(_anomaly(step) for step in steps)]


def _anomaly(step: Step) -> h.Element:
    how = tone(step.result)
    return h.li[
        h.span(class_=f"tr-sign smtplab-{CLASSES[how]}", aria_hidden="true")[SIGNS[how]],
        h.strong[shown(step.what, 200)],
        f": {shown(step.why, 600)} ",
        h.span(".smtplab-ref")[shown(step.ref)] if step.ref else None,
    ]
