"""Timeline: what happened, on all hosts, one event after another (RFC 5598 §4).

Which lookup sent a message to which host, what was said there, where did it wait, and what became of it? An
`Event` is one thing that happened, with what stands behind it: the transcript, the question and answer, or
the verdict. The events of one message and of its DSNs are its journey. `summary` prints them for a terminal.

These are plain records: they are made by the lab, and drawn by the map and the logbook.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .route import Answer, Question
from .text import visible
from .transcript import Transcript
from .verdict import SIGNS, Verdict, tone

Kind = Literal["dns", "smtp", "queue", "verdict", "delivered", "dsn", "imap", "pop3"]

# Each kind, and what its events are, for whoever chooses among them.
KINDS: dict[Kind, str] = {
    "dns": "a question to the DNS, and its answer",
    "smtp": "a connection on which mail was handed over, or was to be",
    "queue": "a message taken by an MTA, and each attempt to hand it on",
    "verdict": "what a server decided about a client or a message, and why",
    "delivered": "a message put into a mailbox",
    "dsn": "a report to the sender: sent, or not, and why",
    "imap": "a connection on which mail was read by IMAP",
    "pop3": "a connection on which mail was fetched by POP3",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `when` is the lab's time, which stands still while mail moves; `t` counts the events of a timeline in the
    order in which they happened, from 0. `host` is where it happened, `peer` the other one: the server of a
    connection, the host that an attempt was made at, the mailbox, or whom a DSN goes to.

    `text` says it in one line, `result` in one word, where there is one: that of an attempt or a delivery
    (RFC 3464 §2.3.3: "delivered", "relayed", "expanded", "delayed", "failed"), "queued" for a message that
    was taken, "accepted", "delayed" or "refused" for a decision. `message` is the queue id on `host`, and
    `recipients` whom it was about. `tries` counts the attempts for that recipient so far.

    `before` and `after` are header sections: as a message came to `host`, and as the host left it. They are
    empty unless the timeline is that of one message.
    """

    when: datetime
    t: int
    kind: Kind
    host: str
    peer: str = ""
    text: str = ""
    result: str = ""
    message: str = ""
    recipients: tuple[str, ...] = ()
    tries: int = 0
    until: datetime | None = None  # of an attempt after which nothing came yet: when the next one will
    transcript: Transcript | None = field(default=None, repr=False)
    query: tuple[Question, Answer] | None = None
    verdict: Verdict | None = field(default=None, repr=False)
    before: bytes = field(default=b"", repr=False)
    after: bytes = field(default=b"", repr=False)

    def line(self) -> str:
        """The event in one line: lab time, kind, where, and what."""
        where = " → ".join(name for name in (self.host or "you", self.peer) if name)
        sign = f"{SIGNS[tone(self.result)]} {self.result}: " if self.result else ""
        return visible(f"{self.when:%d %b %H:%M:%S}  {self.kind:9}  {where}  {sign}{self.text}")


def summary(events: Iterable[Event]) -> str:
    """Events as lines of text, in their order; "" for none."""
    return "\n".join(event.line() for event in events)


def field_lines(section: bytes) -> list[bytes]:
    """The header fields of a section, each with its folds and without its last line end."""
    found: list[bytes] = []
    for line in section.replace(b"\r\n", b"\n").split(b"\n"):
        if line[:1] in (b" ", b"\t") and found:
            found[-1] += b"\n" + line
        elif line:
            found.append(line)
    return found


def compared(before: bytes, after: bytes) -> list[tuple[Literal["+", "-", " "], bytes]]:
    """Two header sections field by field: "+" what a host added, "-" what it took away, " " what it left.

    Fields keep their places: a host writes its own above those that were there (RFC 5321 §4.4).
    """
    from difflib import SequenceMatcher  # pictures compare, and nothing that only runs mail does

    old, new = field_lines(before), field_lines(after)
    found: list[tuple[Literal["+", "-", " "], bytes]] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found += [(" ", line) for line in new[c:d]]
        else:
            found += [("-", line) for line in old[a:b]]
            found += [("+", line) for line in new[c:d]]
    return found
