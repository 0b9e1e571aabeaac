"""The clauses of a Received field: which stretch of the line says what, and what it is worth (RFC 5321 §4.4).

`pieces` cuts a line at the spans that the parser found; where spans lie within each other, the inner one
counts. `KINDS` explains each clause once for all, `worth` says of one line who vouches for it.

It does not read lines: `mail.received` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import htpy as h

from ..mail.received import Received
from ..mail.received.record import Span
from .theme import shown

MOST = 6000  # characters of one line that are shown: longer ones are no trace, they are an attack
UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a clause says, whoever wrote it. `from_client` is true where the client chose the words."""

    title: str
    means: str
    ref: str = "RFC 5321 §4.4"
    from_client: bool = False


KINDS: dict[str, Kind] = {
    "helo": Kind(
        "The name that the client gave",
        "What the client called itself in EHLO or HELO. The server writes it down as it was said. It may"
        " check the name against the address, but it must not refuse mail when they differ.",
        "RFC 5321 §4.1.4, §4.4",
        from_client=True,
    ),
    "ip": Kind(
        "The address that the host saw",
        "Where the TCP connection came from. The client can't choose it, for the packets must find their way"
        " back. In a line by a host that you trust this is the one piece of evidence about the client.",
    ),
    "rdns": Kind(
        "The name found for that address",
        "What the DNS answered when the host looked the address up backwards. Whoever holds the address"
        " writes that record, so the name proves something only if it leads to the same address forwards.",
    ),
    "ident": Kind(
        "Whom the client's host named",
        "The answer of an ident server on the client's own host: whom this connection belongs to. It is worth"
        " as much as that host is.",
        "RFC 1413",
        from_client=True,
    ),
    "user": Kind(
        "Who was logged in",
        "The account that the client logged in to. The grammar has no place for it, so software writes it"
        " into a comment; the keyword after `with` ends in A then.",
        "RFC 3848",
    ),
    "by": Kind(
        "The host that wrote this line",
        "Its own name for itself. All of the line is worth as much as this host is worth to you, and a line"
        " that somebody made up can name any host here.",
    ),
    "by_ip": Kind("The address of the host that wrote this line", "Its own address, as it says itself."),
    "via": Kind("The link", "Over which kind of network the message came, where that was not TCP."),
    "with_": Kind(
        "The protocol",
        "How the message was handed over. ESMTP is SMTP begun with EHLO; S at the end means under TLS, A"
        " means logged in; LMTP is the last step, into a mailbox.",
        "RFC 3848; RFC 5321 §4.4",
    ),
    "id": Kind("The number in the host's logs", "Only the host that wrote it can look it up."),
    "for_": Kind(
        "The recipient",
        "A recipient of the envelope. It is left out when there were several, for it would tell one about the"
        " others.",
        "RFC 5321 §4.4, §7.6",
    ),
    "tls": Kind(
        "The encryption of this hop",
        "Version and cipher of the TLS session, for this hop only: every host on the way had the message in"
        " clear.",
        "RFC 8314 §4.3",
    ),
    "date": Kind(
        "When the host took the message",
        "By its own clock, which may be wrong. The difference to the line below is the delay of this hop.",
        "RFC 5321 §4.4; RFC 5322 §3.3",
    ),
    UNREAD: Kind(
        "Not understood",
        "This stretch fits no clause. Software writes comments of its own into the line, and forgers make"
        " mistakes.",
    ),
}
OTHER = Kind("A clause", "A part of the line that has a meaning of its own to the host that wrote it.")

LABELS = {
    "helo": "HELO", "ip": "address", "rdns": "reverse name", "ident": "ident", "user": "account", "by": "by",
    "by_ip": "by address", "via": "via", "with_": "with", "id": "id", "for_": "for", "tls": "TLS",
    "date": "date", UNREAD: "not understood",
}  # fmt: skip


def kind(name: str) -> Kind:
    """What is known about a clause of this name."""
    return KINDS.get(name, OTHER)


def pieces(received: Received) -> Iterator[tuple[str, str]]:
    """The line as (clause, words), whole and in order; the clause is "" for the words between clauses."""
    spans = [(name, span) for name, span in received.spans.items() if span[0] < span[1]]
    spans += [(UNREAD, span) for span in received.unread if span[0] < span[1]]
    text = received.text[:MOST]
    cuts = sorted({0, len(text), *(min(edge, len(text)) for _, span in spans for edge in span)})
    last, begun = "", 0
    for start, end in pairwise(cuts):
        name = _innermost(spans, start, end)
        if name != last and start > begun:
            yield last, text[begun:start]
            begun = start
        last = name
    if text[begun:]:
        yield last, text[begun:]


def _innermost(spans: list[tuple[str, Span]], start: int, end: int) -> str:
    """The clause that the stretch belongs to: the shortest of those around it."""
    around = [(at[1] - at[0], name) for name, at in spans if at[0] <= start and end <= at[1]]
    return min(around)[1] if around else ""


def worth(name: str, received: Received, known: bool) -> str:
    """Who vouches for this clause of this line, in one sentence."""
    writer = shown(received.by, 100) or "a host that gives no name"
    if not known:
        return f"Only claimed: anybody below the boundary may have written this in the name of {writer}."
    if name == UNREAD:
        return f"{writer}, which you trust, wrote it."
    if kind(name).from_client:
        return f"{writer}, which you trust, wrote down what it was told: the words are a claim all the same."
    return f"{writer}, which you trust, says so."


def explanation(name: str) -> h.Element:
    """What this clause means, as it stands in the panel below the words themselves."""
    about = kind(name)
    return h.div[
        h.p[[h.code[part] if odd % 2 else part for odd, part in enumerate(about.means.split("`"))]],
        h.p(".sl-refs")[about.ref],
    ]
