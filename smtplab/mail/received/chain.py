"""chain: a message's way by its Received fields, and how much of it is known (RFC 5321 §4.4, §7.1).

Every host adds its line on top and leaves the others alone, so trust is read from the top down. The newest
line is known when a host that the reader trusts wrote it; the next one down is known when that host had the
message from a trusted client, and a trusted host wrote that line too, and so on. The first line whose client
is not a trusted host is the last that is known: the address it saw is evidence. All below came in with the
message and is claimed, lines in the names of trusted hosts included.

A claimed line may well be true. A consistent forgery can't be told from the truth, and nothing here tries to.
Nothing is looked up, and it takes linear time, whatever a stranger wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from email.message import Message

from ..header.field import Field, Stored
from ..header.field import fields as fields_of
from ..hosts import Trusted
from ..verdict import Step, Verdict
from . import anomalies, protocols
from .hops import Chain, Hop, cut
from .record import Received
from .summary import summary
from .trust import reasons
from .way import Way, above, again, by_name, lines_of

_Given = Stored | bytes | str | Message | Sequence[Received]

_FOLDED = re.compile(r"[\r\n]+(?![ \t])|\s+\Z")


def chain(message: _Given, *, trusted: Iterable[str] = ()) -> Chain:
    """The hops of a message, where trust ends, and what does not fit.

    `message` comes from a mailbox (what has its octets as `.raw`), as octets, as text or as an object of the
    standard library; only its header section is read. A list of `Received` is in the order of the header, the
    newest first.

    `trusted` are your hosts: "mx.birch.example" (that host), ".birch.example" (the domain and all below it),
    "192.0.2.7", "192.0.2.0/24". Between hosts of yours across the Internet names are enough only where the
    software that wrote the line checks them, so give their addresses too. Without any, nothing is known:
    begin with the host that wrote the newest line, if it is yours. Raises RecordError for an entry of
    `trusted` that is none of these, and for nothing in the message.
    """
    trusted = (trusted,) if isinstance(trusted, str) else tuple(trusted)
    way, why = _way(message, Trusted.of(trusted))
    hops = tuple(_hops(way, why))
    steps = anomalies.of_chain(way)
    said = summary(hops, way.boundary, way.trusted)
    return Chain(hops, _verdict(hops, steps, way.boundary), said, way.boundary, trusted, steps)


def _way(message: _Given, trusted: Trusted) -> tuple[Way, list[str]]:
    """The lines with all that the checks need, and for each line the reason why it is known or not."""
    fields: tuple[Field, ...] = ()
    if isinstance(message, Message):
        fields = fields_of(_text(message))
    elif isinstance(message, bytes | str | Stored):
        fields = fields_of(message)
    lines, unreadable = lines_of(fields)
    if isinstance(message, Sequence) and not isinstance(message, bytes | str):
        lines = tuple(reversed(message))
    known, why = reasons(lines, unreadable, trusted)
    newest_for = max((place for place, line in enumerate(lines) if line.for_), default=-1)
    around = above(fields), again(lines), by_name(fields)
    return Way(lines, len(lines) - known, trusted, unreadable, *around, newest_for), why


def _text(message: Message) -> str:
    """The header section of a message object as text, each field with the folds that it has."""
    items: Iterable[tuple[str, object]] = message.raw_items()
    return "".join(f"{name}: {_FOLDED.sub(' ', str(value)).rstrip()}\n" for name, value in items)


def _hops(way: Way, why: Sequence[str]) -> Iterator[Hop]:
    before: Received | None = None
    for index, line in enumerate(way.lines):
        yield Hop(
            number=index + 1,
            place=len(way.lines) - index,
            received=line,
            known=index >= way.boundary,
            why=why[index],
            delay=line.date - before.date if before and before.date and line.date else None,
            secure=protocols.secure(line),
            with_meaning=protocols.meaning(line.with_),
            steps=anomalies.of_hop(way, index),
        )
        before = line


def _verdict(hops: Sequence[Hop], steps: tuple[Step, ...], boundary: int) -> Verdict:
    """Hop by hop, the newest first, as trust is read; then what is about the chain as a whole."""
    known = len(hops) - boundary
    result = "none" if not hops else "claimed" if not known else "partial" if boundary else "known"
    question = f"which way did this message come, and how many of its {len(hops)} hops are known?"
    if len(hops) == 1:
        question = "which way did this message come, and is its only hop known?"
    meters = {"hops": (len(hops), anomalies.MOST_HOPS)}
    return Verdict(result, "Received", question, (*map(_step, reversed(hops)), *steps), meters)


def _step(hop: Hop) -> Step:
    what = f"hop {hop.number}: {hop.client or 'not said'} → {cut(hop.received.by) or 'not said'}"
    return Step(what, hop.why, "known" if hop.known else "claimed", "RFC 5321 §4.4", hop.steps)
