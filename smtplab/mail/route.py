"""Where does mail for a domain go? The records of a routing decision (RFC 5321 §5.1).

`routing` decides; it asks for what it needs to know with `Question`s and is given `Answer`s, so it does no
I/O of its own and a test can play the whole DNS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .reply import Reply
from .verdict import Step, Verdict

# What came back: records; the name is there, but not with this type; no such name; no answer in time or a
# server that failed (RFC 2308 §2, RFC 1035 §4.1.1).
Status = Literal["found", "no data", "no such name", "no answer"]
# What to do about an MX that is an alias, which is outside the standard (RFC 5321 §5.1, RFC 2181 §10.3).
Cname = Literal["strict", "lenient"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the DNS: a name without its last dot, and a record type ("MX", "A", "AAAA")."""

    name: str
    rdtype: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the DNS said. `values` are the records as text (`10 mx.birch.example.`, `198.51.100.10`).

    `alias` is the name that a CNAME led to, "" where there was none. `note` says what went wrong.
    """

    status: Status
    values: tuple[str, ...] = ()
    alias: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """One address to try: the preference of its MX (None for a smart host or a literal), its name, the IP."""

    preference: int | None
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class MailHost:
    """A host that an MX record names, the domain itself, or the smart host, and what was decided about it.

    `addresses` are those to try, none when it is left out; `step` says why.
    """

    preference: int | None
    name: str
    addresses: tuple[str, ...]
    step: Step


@dataclass(frozen=True, slots=True)
class Route:
    """The decision for `domain`: `targets` in the order to try them, and the verdict that explains them.

    With no targets `refusal` is the reply that the MTA gives itself, 5yz or 4yz, by the section `rule`.
    `queries` has what was asked and answered, in order; `hosts` those that were looked at, best first, also
    those that could not be used. With neither targets nor refusal the mail stays on the host that asks.
    """

    domain: str
    targets: tuple[Target, ...]
    verdict: Verdict
    queries: tuple[tuple[Question, Answer], ...] = ()
    refusal: Reply | None = None
    rule: str = ""
    hosts: tuple[MailHost, ...] = ()
