"""Received: one trace field, taken apart (RFC 5321 §4.4).

What did the host that wrote this line say, and which of it did it see for itself? `helo` is what the
client called itself: a claim. `ip` is the address the host saw on its own socket, and `rdns` the name
it found for that address. The three are told apart here, because only the address is evidence, and
only when the writer can be trusted.

This module holds the records. `parse` fills them and `chain` puts them in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..hosts import Address

Span = tuple[int, int]  # where in the field's text: from, up to


@dataclass(frozen=True, slots=True)
class Tls:
    """What a trace field says of TLS: each part as written there, "" where it says nothing.

    `version` is put in one form ("TLS1.3", "TLS1.2"); `cipher` is as written; `bits` is the strength of
    the cipher, 0 when not given; `verified` is the word on the client's certificate ("NO", "OK", "none").
    """

    version: str = ""
    cipher: str = ""
    bits: int = 0
    verified: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """One Received field. `text` is its body as written, folds included, with the name "Received:" where that
    was given; every span points into it.

    A clause that is not there is "" or None. `spans` says where each one stands, by the name it has
    here ("helo", "ip", "date" ...). `unread` are the stretches of the text that could not be understood.
    `dialect` is the family of software whose way of writing it matches ("postfix", "exim", ...), "" when
    it fits none.
    """

    text: str
    helo: str = ""
    rdns: str = ""
    ip: Address | None = None
    ident: str = ""  # RFC 1413: whom the client's host says the connection belongs to
    user: str = ""  # whom the host had authenticated; also the local user who handed the message in
    by: str = ""
    by_ip: Address | None = None
    via: str = ""
    with_: str = ""  # RFC 3848: SMTP, ESMTPS, ESMTPSA ...; free words from hosts that do not keep to it
    id: str = ""
    for_: str = ""
    tls: Tls | None = None
    date: datetime | None = None  # always with its zone; "-0000" is UTC (RFC 5322 §3.3)
    dialect: str = ""
    spans: Mapping[str, Span] = field(default_factory=dict)
    unread: tuple[Span, ...] = ()

    def at(self, name: str) -> str:
        """The very words of the clause `name`, or "" when it is not there."""
        start, end = self.spans.get(name, (0, 0))
        return self.text[start:end]
