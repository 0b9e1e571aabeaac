"""The cast: who is on the lab's internet, as data.

All names are under the reserved `.example` (RFC 2606 §2), all addresses from the documentation
ranges (RFC 5737 §3, RFC 3849 §2). The public DNS records are right: a lesson breaks what it needs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..auth import dkim
from .dkim_keys import lab_key
from .mta import Service

if TYPE_CHECKING:
    from ..mail.topology import Role

MX = (Service(25),)
SUBMISSION = (
    Service(25),
    Service(465, "implicit", auth=True, submission=True),
    Service(587, "required", auth=True, submission=True),
)
RETRIEVAL = (Service(110), Service(143), Service(993, "implicit"), Service(995, "implicit"))


@dataclass(frozen=True, slots=True)
class Actor:
    """A host and what it does. `mailboxes`, `accounts` and `aliases` are those of its domain.

    `inside` are the networks that may relay through it without logging in; hosts with the same
    `admd` share their mailboxes. A minor part that is not `on_map` is left out of the picture. `reading` are
    the ports on which people read their mail.
    """

    name: str
    addresses: tuple[str, ...]
    roles: tuple[Role, ...]
    admd: str = ""
    services: tuple[Service, ...] = ()
    note: str = ""
    mailboxes: tuple[str, ...] = ()
    accounts: tuple[tuple[str, str], ...] = ()
    aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    inside: tuple[str, ...] = ()
    open_relay: bool = False
    on_map: bool = True
    reading: tuple[Service, ...] = ()


VISITOR = Actor("visitor.example", ("203.0.113.200",), ("MUA",), note="whoever connects from outside the lab")

CAST = (
    Actor("alice.home.example", ("203.0.113.77",), ("MUA",), note="Alice's laptop, on a home connection"),
    Actor(
        "mail.acorn.example",
        ("192.0.2.10", "2001:db8:a::10"),
        ("MSA", "MTA", "MDA"),
        "acorn.example",
        SUBMISSION,
        "Alice's provider: takes her mail, sends it on, receives hers",
        mailboxes=("alice@acorn.example", "postmaster@acorn.example"),
        accounts=(("alice@acorn.example", "wonderland"),),
        inside=("192.0.2.0/28",),
    ),
    Actor(
        "printer.acorn.example",
        ("192.0.2.12",),
        ("MUA",),
        "acorn.example",
        note="the office printer: mails what it scans, and cannot log in",
        on_map=False,
    ),
    Actor(
        "imap.acorn.example",
        ("192.0.2.20",),
        ("MS",),
        "acorn.example",
        note="Alice's provider: the message store, where she reads her mail",
        on_map=False,
        reading=RETRIEVAL,
    ),
    Actor(
        "mx.birch.example",
        ("198.51.100.10", "2001:db8:b::10"),
        ("MTA", "MDA"),
        "birch.example",
        MX,
        "Bob's provider: the preferred mail exchanger",
        mailboxes=(
            "bob@birch.example",
            "päivi@birch.example",
            "postmaster@birch.example",
            "erin@birch.example",
        ),
        inside=("198.51.100.0/24",),
    ),
    Actor(
        "mx2.birch.example",
        ("198.51.100.11",),
        ("MTA", "MDA"),
        "birch.example",
        MX,
        "Bob's provider: the second mail exchanger",
        inside=("198.51.100.0/24",),
    ),
    Actor(
        "imap.birch.example",
        ("198.51.100.20",),
        ("MS",),
        "birch.example",
        note="Bob's provider: the message store, where he reads his mail by POP3 or IMAP",
        accounts=(("bob@birch.example", "builder"), ("erin@birch.example", "elm")),
        reading=RETRIEVAL,
    ),
    Actor("bob.birch.example", ("198.51.100.40",), ("MUA",), "birch.example", note="Bob's desk"),
    Actor(
        "out.relay.example",
        ("203.0.113.9",),
        ("MSA", "MTA"),
        "relay.example",
        SUBMISSION,
        "a smart host: delivers for customers who log in",
        mailboxes=("postmaster@relay.example",),
        accounts=(("acorn@relay.example", "oak"),),
    ),
    Actor(
        "mx.forward.example",
        ("192.0.2.40",),
        ("MTA",),
        "forward.example",
        MX,
        "a forwarder: what comes for bob goes on to birch.example",
        mailboxes=("postmaster@forward.example",),
        aliases=(("bob@forward.example", ("bob@birch.example",)),),
    ),
    Actor(
        "mx.list.example",
        ("192.0.2.50",),
        ("MTA",),
        "list.example",
        MX,
        "a mailing list: what comes for trees goes on to its members",
        mailboxes=("postmaster@list.example",),
        aliases=(("trees@list.example", ("alice@acorn.example", "bob@birch.example")),),
    ),
    Actor(
        "mail.mallory.example",
        ("203.0.113.66",),
        ("MTA", "attacker"),
        "mallory.example",
        MX,
        "an attacker, who also runs an open relay",
        mailboxes=("mallory@mallory.example",),
        open_relay=True,
    ),
    VISITOR,
)

HOME = "203.0.113.76/30"  # home connections: their provider swallows what they send to port 25

_FOUND_BY = {"_imaps._tcp": 993, "_imap._tcp": 143, "_pop3s._tcp": 995, "_pop3._tcp": 110}


def _found(host: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """The SRV records by which a mail program finds where its user reads mail (RFC 6186 §3.2, §3.3)."""
    return tuple((name, "SRV", (f"0 1 {port} {host}",)) for name, port in _FOUND_BY.items())


# A bounce has no reverse-path, so SPF asks about the name of its host: that has a record too (RFC 7208 §2.4).
_SENDS = ("v=spf1 a -all",)

# zone -> (name, type, values). Addresses and PTR records are made from CAST.
RECORDS: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "acorn.example": (
        ("@", "MX", ("10 mail.acorn.example",)),
        ("@", "TXT", ("v=spf1 mx -all",)),
        ("mail", "TXT", _SENDS),
        ("a1._domainkey", "TXT", (dkim.record(lab_key("acorn.example")),)),
        ("_dmarc", "TXT", ("v=DMARC1; p=reject",)),
        *_found("imap.acorn.example"),
    ),
    "birch.example": (
        ("@", "MX", ("10 mx.birch.example", "20 mx2.birch.example")),
        ("@", "TXT", ("v=spf1 mx -all",)),
        ("mx", "TXT", _SENDS),
        ("mx2", "TXT", _SENDS),
        ("_dmarc", "TXT", ("v=DMARC1; p=none",)),
        *_found("imap.birch.example"),
    ),
    "relay.example": (
        ("@", "MX", ("10 out.relay.example",)),
        ("@", "TXT", ("v=spf1 include:_spf.relay.example -all",)),
        ("_spf", "TXT", ("v=spf1 a:out.relay.example -all",)),
        ("out", "TXT", _SENDS),
        ("r1._domainkey", "TXT", (dkim.record(lab_key("relay.example")),)),
    ),
    "forward.example": (
        ("@", "MX", ("10 mx.forward.example",)),
        ("@", "TXT", ("v=spf1 mx -all",)),
        ("mx", "TXT", _SENDS),
    ),
    "list.example": (
        ("@", "MX", ("10 mx.list.example",)),
        ("@", "TXT", ("v=spf1 mx -all",)),
        ("mx", "TXT", _SENDS),
    ),
    "mallory.example": (("@", "MX", ("10 mail.mallory.example",)), ("@", "TXT", ("v=spf1 mx -all",))),
    "home.example": (),
    "visitor.example": (),
}
