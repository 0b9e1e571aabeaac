"""Hop and Chain: the way of a message as its Received fields tell it (RFC 5321 §4.4).

Which host handed it to which, how long did each keep it, what doesn't fit, and where does trust end?
This module holds the records and shows them as text. `chain` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..text import visible
from ..verdict import Step, Verdict
from .record import Received

MOST = 120  # characters of one name that a sentence repeats


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop: a host took the message from a client, and wrote a line about it.

    `number` counts along the way, from 1 for the oldest line; `place` counts in the header, from 1 for the
    topmost. `known` is True above the trust boundary, and `why` gives the reason in one sentence. `delay` is
    the time since the hop before, None when one of the two says no time; it is negative where their clocks
    can't both be right. `secure` is True under TLS, False in clear, None when the line does not say.
    `with_meaning` explains the word after `with`. `steps` are the anomalies: each one's `what` is its kind,
    its `why` begins with how sure it is (see `anomalies.sure`).
    """

    number: int
    place: int
    received: Received
    known: bool
    why: str
    delay: timedelta | None = None
    secure: bool | None = None
    with_meaning: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def skew(self) -> bool:
        """True when the line is dated before the one that the hop before wrote: their clocks differ."""
        return self.delay is not None and self.delay < timedelta()

    @property
    def client(self) -> str:
        """Who handed the message over, for people: "mail.acorn.example [192.0.2.10]"; "" when not said."""
        return client(self.received)

    def to_dict(self) -> dict[str, Any]:
        """The hop as plain JSON types; `delay` in seconds."""
        read = self.received
        return {
            "number": self.number,
            "place": self.place,
            "known": self.known,
            "why": self.why,
            "helo": read.helo,
            "rdns": read.rdns,
            "ip": str(read.ip) if read.ip else None,
            "by": read.by,
            "with": read.with_,
            "with_meaning": self.with_meaning,
            "id": read.id,
            "for": read.for_,
            "date": read.date.isoformat() if read.date else None,
            "delay": self.delay.total_seconds() if self.delay is not None else None,
            "secure": self.secure,
            "steps": [step.to_dict() for step in self.steps],
        }

    def __str__(self) -> str:
        took = "after an unknown time" if self.delay is None else f"after {self.delay.total_seconds():g} s"
        how = {True: "under TLS", False: "in clear", None: "TLS not said"}[self.secure]
        word = "known" if self.known else "claimed"
        ends = f"{self.client or 'not said'} -> {cut(self.received.by) or 'not said'}"
        return f"{word} {self.number}: {ends}, {took}, {how}"


@dataclass(frozen=True, slots=True)
class Chain:
    """All hops of a message, in order of travel: `hops[0]` is the oldest, at the bottom of the header.

    `boundary` is the index where trust begins: `hops[boundary:]` are known, `hops[:boundary]` only claimed,
    and it is `len(hops)` when nothing is known. `summary` says both in two sentences. `steps` are the
    anomalies of the chain as a whole; `anomalies` has all, with the number of the hop (0 for the whole).
    """

    hops: tuple[Hop, ...]
    verdict: Verdict
    summary: str
    boundary: int
    trusted: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def header(self) -> tuple[Hop, ...]:
        """The hops in the order of the header: the newest first."""
        return self.hops[::-1]

    @property
    def known(self) -> tuple[Hop, ...]:
        """The hops that hosts you trust wrote, the oldest first."""
        return self.hops[self.boundary :]

    @property
    def claimed(self) -> tuple[Hop, ...]:
        """The hops that somebody else wrote, the oldest first."""
        return self.hops[: self.boundary]

    @property
    def anomalies(self) -> tuple[tuple[int, Step], ...]:
        """Every anomaly, with the number of its hop, or 0 where it is about the whole chain."""
        whole = [(0, step) for step in self.steps]
        return (*whole, *((hop.number, step) for hop in self.hops for step in hop.steps))

    def to_dict(self) -> dict[str, Any]:
        """The chain as plain JSON types."""
        return {
            "summary": self.summary,
            "boundary": self.boundary,
            "trusted": list(self.trusted),
            "hops": [hop.to_dict() for hop in self.hops],
            "steps": [step.to_dict() for step in self.steps],
            "verdict": self.verdict.to_dict(),
        }

    def __str__(self) -> str:
        return f"{visible(self.summary)}\n\n{self.verdict.text()}"


def client(received: Received) -> str:
    """Who handed the message over, as far as a line says: a name, and the address in brackets."""
    name = received.rdns or received.helo
    if received.ip is None:
        return cut(name)
    return (
        f"{cut(name)} [{received.ip}]"
        if name and name.strip("[]") != str(received.ip)
        else f"[{received.ip}]"
    )


def cut(text: str) -> str:
    """`text` made visible on one line, and not longer than anybody reads."""
    text = visible(" ".join(text[: 2 * MOST].split()))
    return text if len(text) <= MOST else f"{text[:MOST]}…"
