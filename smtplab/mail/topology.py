"""Topology: who is on the network, and who talks to whom (RFC 5598).

Which hosts are there, what part does each play, and on which ports does it listen? These records
answer that for the map, and for any other picture of a lab. They are plain data: they open no
socket, hold no lab, and say nothing about what happened (that is `Transcript`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["MUA", "MSA", "MTA", "MDA", "MS", "DNS", "attacker"]
Tls = Literal["none", "starttls", "implicit"]

# What each role does, in one phrase, and where it is defined. "attacker" is no role of the mail
# architecture, and the picture says so by having no section to cite.
ROLES: dict[Role, tuple[str, str, str]] = {
    "MUA": ("Message User Agent", "the program in which a person writes and reads mail", "RFC 5598 §4.2.1"),
    "MSA": ("Mail Submission Agent", "takes mail from its own users, who log in, and makes it fit to travel",
            "RFC 5598 §4.3.1"),
    "MTA": ("Message Transfer Agent", "passes mail on, one hop nearer to the recipient", "RFC 5598 §4.3.2"),
    "MDA": ("Mail Delivery Agent", "takes mail for its own users and puts it into their mailboxes",
            "RFC 5598 §4.3.3"),
    "MS": ("Message Store", "keeps the mailboxes that people read from", "RFC 5598 §4.2.2"),
    "DNS": ("Name server", "answers the lookups that route and authenticate mail", "RFC 1034 §2.4"),
    "attacker": ("Attacker", "follows no rules: forges, reads along, and relays for anyone", ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a host listens on.

    `number` is the one the mail world knows (25, 587), `service` its registered name ("smtp",
    "submission", "submissions", "domain"), `real` the ("127.0.0.1", port) where outside programs reach
    it, or None when nothing runs. With `tls` "implicit" the first byte is TLS already (RFC 8314 §3).
    """

    number: int
    service: str
    tls: Tls = "none"
    real: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A host: its name, its notional addresses, the roles it plays and who runs it.

    `admd` is the Administrative Management Domain that answers for the host (RFC 5598 §2.3), as a
    domain name; "" means none, as for a laptop at home.
    """

    name: str
    addresses: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    admd: str = ""
    ports: tuple[Port, ...] = ()
    note: str = ""

    @property
    def hostile(self) -> bool:
        """True for a host that plays the attacker."""
        return "attacker" in self.roles


@dataclass(frozen=True, slots=True)
class Link:
    """`a` opens connections to `b`, both named by host; `label` says what for ("587 submission")."""

    a: str
    b: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """A whole network: its places, in the order in which a picture shows them, and its links."""

    places: tuple[Place, ...] = ()
    links: tuple[Link, ...] = ()

    def place(self, name: str) -> Place | None:
        """The host called `name`, or None. Names compare as DNS names do, without regard to case."""
        wanted = name.lower().rstrip(".")
        return next((p for p in self.places if p.name.lower().rstrip(".") == wanted), None)

    def admds(self) -> dict[str, tuple[Place, ...]]:
        """Administrative domain -> its places, both in order; hosts that have none stand under ""."""
        found: dict[str, list[Place]] = {}
        for place in self.places:
            found.setdefault(place.admd, []).append(place)
        return {admd: tuple(places) for admd, places in found.items()}
