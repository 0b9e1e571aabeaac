"""Transcript: what happened on one connection, in order.

A transcript keeps two records. `events` is what the two ends said to each other, in plain text even
under TLS: the lab's servers hand over what they decrypted. `wire` is what a listener on the cable
saw: the same bytes while the connection is clear, and TLS records afterwards. `mail.dialogue` reads
the events as SMTP.

With someone in the middle a connection has two legs, and each is a transcript of its own: what the
client said and heard, and what the server did. `twin` leads from one to the other. Whatever the one in
the middle changed or made up stands in an event of its own, and the event's `note` says so.

Times are seconds since the connection opened, by the real clock, so that a reader sees what took
how long; `opened` is the lab's own date and time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

# Transcripts grow in the lab's thread, and others wait for that. One for all of them: few wait at a time, and
# a transcript stays plain data.
_GROWN = threading.Condition()


def grown() -> None:
    """Tell who waits that a transcript has grown, or something that goes with its connection has changed."""
    with _GROWN:
        _GROWN.notify_all()


def wait_until(ready: Callable[[], bool], seconds: float) -> bool:
    """Wait until `ready()`, which is asked anew after each change, `seconds` at most; what it says then.

    It is for the learner's thread. `ready` only looks: it must not wait for the lab.
    """
    with _GROWN:
        return _GROWN.wait_for(ready, seconds)


class Side(StrEnum):
    """Who speaks: the SMTP client opened the connection, the SMTP server answers."""

    CLIENT = "C"
    SERVER = "S"

    @property
    def other(self) -> Side:
        """The side that listens."""
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a connection: the host's name in the lab, its notional address and its port."""

    host: str
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something on the wire.

    `kind` is "data" (bytes that `side` sent; with a `note`, someone in the middle wrote them in the
    name of `side`), "tls" (both ends now speak TLS; `note` says which version) or "close" (`side`
    ended the connection; `note` says how). With `kept`, a "tls" event is that of a server which goes
    on with what came in clear behind STARTTLS, though it must not (RFC 3207 §4.2).
    """

    t: float
    side: Side
    data: bytes = b""
    tls: bool = False
    kind: Literal["data", "tls", "close"] = "data"
    note: str = ""
    kept: bool = False


@dataclass(slots=True)
class Transcript:
    """The record of one connection. It grows while the connection lives.

    `leg` is "client" or "server" when someone stood in the middle: whose leg of the connection this
    is. `twin` is then the other leg, and None otherwise. `order` tells what came first (`timeline`).
    """

    number: int
    client: Endpoint
    server: Endpoint
    opened: datetime
    protocol: str = "smtp"
    events: list[Event] = field(default_factory=list, repr=False)  # they hold passwords
    wire: list[Event] = field(default_factory=list, repr=False)
    keylog: list[str] = field(default_factory=list, repr=False)  # NSS key log lines, for Wireshark
    closed: bool = False
    leg: Literal["", "client", "server"] = ""
    twin: Transcript | None = field(default=None, repr=False, compare=False)
    order: int = field(default=0, repr=False, compare=False)

    @property
    def tls(self) -> bool:
        """True when any part of the connection was under TLS."""
        return any(event.kind == "tls" for event in list(self.events))

    def text(self, *, secrets: bool = False) -> str:
        """The dialogue for a terminal, in the line grammar that swaks uses.

        Passwords and tokens are hidden unless `secrets` asks for them.
        """
        from .dialogue import text  # the reader of SMTP builds on this record

        return text(self, secrets=secrets)

    def __str__(self) -> str:
        return self.text()

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """The transcript as plain JSON types; bytes are decoded as Latin-1, which loses nothing.

        Passwords and tokens are blacked out unless `secrets` asks for them.
        """
        from .masking import masked  # it reads the dialogue, which builds on this record

        events = list(self.events) if secrets else masked(self)
        return {
            "number": self.number,
            "client": [self.client.host, self.client.address, self.client.port],
            "server": [self.server.host, self.server.address, self.server.port],
            "opened": self.opened.isoformat(),
            "protocol": self.protocol,
            "leg": self.leg,
            "events": [_event_dict(event) for event in events],
        }


def _event_dict(event: Event) -> dict[str, Any]:
    return {
        "t": round(event.t, 6),
        "side": str(event.side),
        "kind": event.kind,
        "tls": event.tls,
        "data": event.data.decode("latin-1"),
        "note": event.note,
    }
