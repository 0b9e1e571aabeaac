"""The cast as the map shows it: places, ports, and who connects to whom. It loads with the first map."""

from __future__ import annotations

from collections.abc import Callable

from ..mail.topology import Link, Place, Port, Tls, Topology
from .cast import CAST, Actor

LINKS = (
    Link("alice.home.example", "mail.acorn.example", "587 or 465"),
    Link("mail.acorn.example", "mx.birch.example", "25"),
    Link("mail.acorn.example", "mx2.birch.example", "25"),
    Link("mail.acorn.example", "out.relay.example", "587"),
    Link("mail.acorn.example", "mx.forward.example", "25"),
    Link("mail.acorn.example", "mx.list.example", "25"),
    Link("out.relay.example", "mx.birch.example", "25"),
    Link("mx.forward.example", "mx.birch.example", "25"),
    Link("mx.list.example", "mx.birch.example", "25"),
    Link("mail.mallory.example", "mx.birch.example", "25"),
    Link("bob.birch.example", "imap.birch.example", "993 or 995"),
)

# as IANA registers them (RFC 8314 §7.3)
SERVICES = {25: "smtp", 465: "submissions", 587: "submission"}
SERVICES |= {110: "pop3", 143: "imap", 993: "imaps", 995: "pop3s"}


def topology(real: Callable[[str, int], tuple[str, int] | None]) -> Topology:
    """The cast as the map shows it. `real` tells where a host's port really listens, None for one
    that is switched off."""
    return Topology(tuple(_place(actor, real) for actor in CAST if actor.on_map), LINKS)


def _place(actor: Actor, real: Callable[[str, int], tuple[str, int] | None]) -> Place:
    tls: dict[str, Tls] = {"implicit": "implicit", "none": "none"}
    ports = tuple(
        Port(s.port, SERVICES[s.port], tls.get(s.tls, "starttls"), real(actor.name, s.port))
        for s in (*actor.services, *actor.reading)
    )
    return Place(actor.name, actor.addresses, actor.roles, actor.admd, ports, actor.note)
