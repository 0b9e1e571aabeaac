"""Whose timeline: all that happened in a lab, or what concerns one message: `lab.timeline(delivery)`.

A message's events are those of its copies at each host and of the DSNs about it, the connections between
them, the DNS lookups that led there, what the servers decided on the way, and the sessions in which it was
fetched.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ..mail.text import encode
from ..mail.transcript import Side, Transcript
from .delivery import Delivery
from .direct import Direct
from .item import Item

if TYPE_CHECKING:
    from ..mail.timeline import Event
    from .dns import Dns, Query
    from .mta import Mta
    from .timeline import Entry


class Timelines:
    """The part of a lab that tells what happened in it."""

    mtas: dict[str, Mta]

    if TYPE_CHECKING:

        @property
        def dns(self) -> Dns: ...
        @property
        def transcripts(self) -> list[Transcript]: ...
        def _items_of(self, transcript: Transcript) -> list[Item]: ...

    def timeline(self, delivery: Delivery | Direct | None = None) -> tuple[Event, ...]:
        """Every event of the lab, or those of one message, in the order in which they happened.

        Each transcript, query, decision, message in a queue, attempt, local delivery and notice is one event.
        """
        from . import timeline  # it loads with the first one that is asked for

        return timeline.ordered(self._of_all() if delivery is None else self._of_one(delivery))

    def _of_all(self) -> Iterator[Entry]:
        from . import timeline

        yield from map(timeline.connection, self.transcripts)
        yield from map(timeline.question, self.dns.queries)
        for mta in self.mtas.values():
            yield from map(timeline.decision, mta.decisions)
            for item in list(mta.queue.items):
                yield from timeline.queued(item)

    def _of_one(self, delivery: Delivery | Direct) -> Iterator[Entry]:
        from . import timeline

        first = [delivery.item] if isinstance(delivery, Direct) else []
        items = self._family([*first, *delivery.items()])
        hops = self._hops(delivery, items)
        yield from map(timeline.connection, hops)
        came = dict(_came(items))
        for item in items:
            before = came.get(id(item)) or _said(item, self._items_of)
            yield from timeline.queued(item, before, headers=True)
        for mta in self.mtas.values():
            for transcript in hops:
                yield from map(timeline.decision, mta.decisions.of(transcript))
        yield from map(timeline.question, _lookups(items, self.dns.queries))
        yield from map(timeline.connection, _fetched(items, self.transcripts))

    def _family(self, first: Iterable[Item]) -> list[Item]:
        """A message as each MTA took it, and the DSNs and copies that came of it."""
        found: dict[Item, None] = {}
        todo = deque(first)
        while todo:
            item = todo.popleft()
            if item not in found:
                found[item] = None
                todo += item.offspring
                for attempt in item.attempts:
                    if attempt.transcript is not None and attempt.place is not None:
                        brought = self._items_of(attempt.transcript)
                        todo += brought[attempt.place : attempt.place + 1]
        return list(found)

    def _hops(self, delivery: Delivery | Direct, items: Iterable[Item]) -> list[Transcript]:
        own = [] if isinstance(delivery, Direct) else [delivery.transcript]
        tried = [attempt.transcript for item in items for attempt in item.attempts if attempt.transcript]
        return list({id(transcript): transcript for transcript in (*own, *tried)}.values())


def _came(items: list[Item]) -> Iterator[tuple[int, bytes]]:
    """For each copy that another host of the lab handed over: the header section that it came with."""
    from .timeline import header_section

    by_connection: dict[tuple[int, str], Item] = {}
    for item in items:
        for attempt in item.attempts:
            if attempt.transcript and attempt.outcome == "relayed":
                legs = (attempt.transcript, attempt.transcript.twin)
                for leg in filter(None, legs):
                    by_connection.setdefault((id(leg), attempt.recipient.path.address), item)
    for item in items:
        for path in item.envelope.forward_paths:
            if upstream := by_connection.get((id(item.transcript), path.address)):
                yield id(item), header_section(upstream.content)
                break


def _said(item: Item, find: Callable[[Transcript], list[Item]]) -> bytes:
    """The header section as the client said it, for a message that no MTA of the lab handed over.

    Where a connection brought several messages, it is that of the one with as many taken before it.
    """
    from ..mail import dialogue  # it brings all meanings: not for starting a lab

    if item.transcript is None:
        return b""
    place = next((n for n, other in enumerate(find(item.transcript)) if other is item), 0)
    sections: list[bytes] = []
    section = b""
    for line in (said := dialogue.lines(item.transcript)):
        if line.kind == "data" and line.part == "header":
            section += encode(line.text) + b"\r\n"
        elif line.kind == "end" or (line.verb == "BDAT" and line.last and line.kind == "command"):
            reply = said[line.pair].reply if line.pair >= 0 else None
            if reply and reply.code < 300:
                sections.append(section)
            section = b""
    return sections[place] if place < len(sections) else b""


def _lookups(items: list[Item], queries: Iterable[Query]) -> Iterator[Query]:
    """What the hosts asked the DNS about: where the message goes, and who brought it."""
    spans = [(_begun(item), _ended(item), item.host, _seeds(item)) for item in items]
    for query in queries:
        for begun, ended, host, seeds in spans:
            if query.asker != host or not begun <= query.order <= ended:
                continue
            name = query.name.lower()
            if name in seeds or any(name.startswith(seed) for seed in seeds if seed.endswith(".")):
                # An answer that is a name, of an exchanger or an alias, will be looked up in its turn.
                seeds.update(value.split()[-1].rstrip(".").lower() for value in query.answers if value)
                yield query
                break


def _begun(item: Item) -> int:
    return item.transcript.order if item.transcript else item.order


def _ended(item: Item) -> int:
    return max((attempt.order for attempt in item.attempts), default=item.order)


def _seeds(item: Item) -> set[str]:
    """The names that lookups for a message begin with: its domains, its next hosts, its client's address."""
    seeds = {recipient.path.domain.lower() for recipient in item.onward}
    seeds |= {attempt.host.lower() for attempt in item.attempts}
    if item.transcript and ":" not in item.transcript.client.address:
        octets = item.transcript.client.address.split(".")
        seeds.add(".".join(reversed(octets)) + ".")
    return seeds - {""}


def _fetched(items: list[Item], transcripts: Iterable[Transcript]) -> Iterator[Transcript]:
    """The POP3 and IMAP sessions in which the server said the message's Message-ID.

    A message without one can't be told from another, so nothing is said about who fetched it.
    """
    from ..mail.header.ident import message_id  # the readers of header fields load when one is needed

    there = [item for item in items if "delivered" in item.outcomes.values()]
    names = {encode(name) for item in there if (name := message_id(item.content))}
    begun = min((item.order for item in there), default=0)
    for transcript in transcripts:
        if transcript.protocol in ("pop3", "imap") and transcript.order > begun and names:
            said = b"".join(event.data for event in list(transcript.events) if event.side is Side.SERVER)
            if any(name in said for name in names):
                yield transcript
