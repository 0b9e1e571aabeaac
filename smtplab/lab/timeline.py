"""The lab's timeline: what its network, DNS, queues and mailboxes recorded, put into one order.

    for event in lab.timeline(delivery):
        print(event.line())

Nothing is recorded here: each event is made from a record that is kept anyway, and the numbers that records
take (`order`) tell which came first. What a long-lived lab has forgotten (the oldest transcripts, queries and
decisions) is not in its timeline either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ..mail.route import Answer, Question
from ..mail.text import decode
from ..mail.timeline import Event, Kind
from ..mail.transcript import Side, Transcript
from . import trace
from .decisions import Decision
from .item import Item

if TYPE_CHECKING:
    from .dns import Query

Entry = tuple[int, int, Event]  # what came first goes by the two numbers

_STATUS = {"NXDOMAIN": "no such name", "NOERROR": "no data"}
_KINDS: dict[str, Kind] = {"imap": "imap", "pop3": "pop3"}
LONGEST = 300  # characters of a text that came from the wire


def ordered(entries: Iterable[Entry]) -> tuple[Event, ...]:
    """The events in the order in which they happened, and numbered so."""
    found = sorted(entries, key=lambda entry: entry[:2])
    return tuple(replace(event, t=t) for t, (*_, event) in enumerate(found))


def connection(transcript: Transcript) -> Entry:
    """A connection, at the moment when it was opened."""
    kind = _KINDS.get(transcript.protocol, "smtp")
    port = f"port {transcript.server.port}"
    leg = f"the {transcript.leg}'s leg" if transcript.leg else ""
    tls = "TLS" if transcript.tls else ""
    parts = [f"#{transcript.number}", port, tls, leg, last_reply(transcript)]
    event = Event(
        transcript.opened,
        0,
        kind,
        transcript.client.host,
        transcript.server.host,
        ", ".join(part for part in parts if part),
        transcript=transcript,
    )
    return transcript.order, 0, event


def last_reply(transcript: Transcript) -> str:
    """The last line that the server said, but for its goodbye; "" for none.

    It reads no dialogue, because a timeline may have thousands: of a reply in several lines it is the last.
    """
    for event in reversed(list(transcript.events)):
        if event.side is Side.SERVER and event.kind == "data":
            for line in reversed(event.data.splitlines()):
                if line and not line.startswith((b"221", b"* BYE")):
                    return decode(line[:LONGEST])
    return ""


def question(query: Query) -> Entry:
    """A question to the DNS. The host is "" for a program of the learner's."""
    asked = Question(query.name, query.rdtype)
    status = "found" if query.answers else _STATUS.get(query.rcode, "no answer")
    said = "; ".join(query.answers) or (status if status != "no answer" else query.rcode)
    answer = Answer(status, query.answers, note="" if query.answers else query.rcode)  # type: ignore[arg-type]
    text = f"{query.name} {query.rdtype}: {said}"
    return query.order, 0, Event(query.when, 0, "dns", query.asker, text=text, query=(asked, answer))


def decision(made: Decision) -> Entry:
    """What a server decided, with its reason."""
    about = {"": "the connection", ".": "the message"}.get(made.verb, f"{made.verb} {made.about}".strip())
    text = f"{made.by}, {about}: {made.reply or made.step.why}"
    ends = made.transcript
    return made.order, 0, Event(
        made.when, 0, "verdict", ends.server.host, ends.client.host, text, made.result,
        transcript=ends, verdict=made.verdict(),
    )  # fmt: skip


def queued(item: Item, came: bytes = b"", *, headers: bool = False) -> Iterator[Entry]:
    """A message at one host: taken, put into mailboxes, tried, and reported on.

    `came` is the header section with which it came, for `headers`: then events say what the host added.
    """
    section = header_section(item.content) if headers else b""
    yield item.order, 0, _taken(item, came, section)
    for number, (address, outcome) in enumerate(item.outcomes.items(), 1):
        if outcome in ("delivered", "dropped", "expanded"):
            yield item.order, number, _placed(item, address, outcome, section)
    tries: Counter[str] = Counter()
    for n, attempt in enumerate(item.attempts):
        address = attempt.recipient.path.address
        tries[address] += 1
        said = f"{attempt.reply}" if attempt.reply else attempt.note or "no reply"
        last = all(later.recipient.path.address != address for later in item.attempts[n + 1 :])
        yield attempt.order, 0, Event(
            attempt.when, 0, "queue", item.host, attempt.host,
            f"attempt {tries[address]} for {address}: {said}", attempt.outcome, item.id, (address,),
            tries[address], item.next_try if last and attempt.outcome == "delayed" else None,
            attempt.transcript,
        )  # fmt: skip
    for notice in item.notices:
        about = ", ".join(notice.recipients)
        text = f"{notice.action}: {about}" + (f"; none is sent: {notice.why_not}" if notice.why_not else "")
        yield notice.order, 0, Event(
            notice.when, 0, "dsn", item.host, notice.to, text, "" if notice.why_not else notice.action,
            item.id, notice.recipients,
        )  # fmt: skip


def _taken(item: Item, came: bytes, section: bytes) -> Event:
    client = item.transcript.client.host if item.transcript else ""
    whom = ", ".join(path.address for path in item.envelope.forward_paths)
    own = "" if item.transcript else " of its own making" if item.envelope.reverse_path.is_null else ""
    paths = tuple(path.address for path in item.envelope.forward_paths)
    return Event(
        item.accepted, 0, "queue", item.host, client, f"takes a message{own} as {item.id} for {whom}",
        "queued", item.id, paths, transcript=item.transcript, before=came, after=section,
    )  # fmt: skip


def _placed(item: Item, address: str, outcome: str, section: bytes) -> Event:
    twin = any(step.what.startswith("duplicate ") for step in item.steps)
    texts = {
        "delivered": "put into the junk folder" if item.folder else "put into the mailbox",
        "dropped": "dropped: a message with this Message-ID is there already" if twin else "thrown away",
        "expanded": f"{address} is an alias, and the message goes on to where it leads",
    }
    kind: Kind = "queue" if outcome == "expanded" else "delivered"
    after = trace.return_path(item.envelope.reverse_path) + section if kind == "delivered" else b""
    return Event(
        item.accepted, 0, kind, item.host, address, texts[outcome], outcome, item.id, (address,),
        before=section, after=after if section else b"",
    )  # fmt: skip


def header_section(content: bytes) -> bytes:
    """The header section of a message, as it lies in a queue."""
    from ..mail.header.field import split  # the readers of header fields load when one is needed

    return split(content)[0]
