"""A message's journey in steps: what the map shows one after another (RFC 5598 §4, RFC 5321 §4.5.4.1).

`steps` reads the events of one message (`mail.timeline`) and puts together what a reader takes as one: the
lookups before a connection, a connection with its replies and what the host added, the attempts of one round
of the queue, the wait after it. Rounds that end like those before are told once, with their number.

It draws nothing, and knows neither places nor pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ..mail.timeline import Event
from ..mail.transcript import Transcript

# hop: a connection; miss: attempts for which none came about; dns: lookups; wait: in a queue; box: into a
# mailbox; note: an alias; dsn: a report is written; fetch: read by POP3 or IMAP.
StepKind = Literal["hop", "miss", "dns", "wait", "box", "note", "dsn", "fetch"]
State = Literal["here", "wait", "box", "lost"]

ALIKE = 2  # rounds with the same end that are told one by one; those that follow are counted


@dataclass(frozen=True, slots=True)
class Token:
    """A copy of the message after a step: where it is, and how it stands. `dsn` for a report about it."""

    host: str
    state: State
    label: str = ""
    dsn: bool = False


@dataclass(slots=True)
class Step:
    """One step. `a` is the host that acts, `b` the other one, "" for none. Connections have a `number`.

    `lines` say what was asked, answered or decided; `lookups` are the questions that led here, `asked` those
    of the host that was called. `before` and `after` are header sections, as in `mail.timeline.Event`.
    `rounds` is how many rounds of attempts a wait stands for, `until` when it ends. `tokens` are the copies
    afterwards.
    """

    kind: StepKind
    a: str
    b: str = ""
    when: datetime = datetime.min
    text: str = ""
    result: str = ""
    dsn: bool = False  # a hop of a report, not of the message
    partly: bool = False  # not every recipient had this result
    number: int = 0
    lines: list[str] = field(default_factory=list)
    lookups: list[Event] = field(default_factory=list)
    asked: list[Event] = field(default_factory=list)
    verdicts: list[Event] = field(default_factory=list)
    transcript: Transcript | None = None
    before: bytes = b""
    after: bytes = b""
    rounds: int = 0
    until: datetime | None = None
    tokens: tuple[Token, ...] = ()

    def same(self, other: Step) -> bool:
        """Whether the other step tells the same, but for its time and its number."""
        mine, theirs = (
            (one.kind, one.a, one.b, one.result, one.lines if one.kind != "wait" else [])
            for one in (self, other)
        )
        return mine == theirs


def steps(events: Iterable[Event]) -> list[Step]:
    """The steps of the journey that the events of one message make, in order; [] for none."""
    from .map_reader import Reader  # it makes the records of this module

    return folded(Reader(tuple(events)).read())


def folded(found: list[Step]) -> list[Step]:
    """Rounds of a queue that end like those before them are put into the wait before them."""
    kept: list[Step] = []
    alike = 0
    for step in found:
        kept.append(step)
        size = _round(kept)
        again = size and len(kept) >= 2 * size and all(
            a.same(b) for a, b in zip(kept[-size:], kept[-2 * size : -size], strict=True)
        )  # fmt: skip
        if not size:
            continue
        alike = alike + 1 if again else 0
        if alike >= ALIKE:
            gone = kept[-size:]
            del kept[-size:]
            kept[-1].until, kept[-1].rounds, kept[-1].text = gone[-1].until, gone[-1].rounds, gone[-1].text
            kept[-1].tokens = gone[-1].tokens
            alike -= 1
    return kept


def _round(kept: list[Step]) -> int:
    """How many steps the round has that a wait has just ended: lookups, attempt, wait; 0 for none."""
    if kept[-1].kind != "wait":
        return 0
    size = 1
    while (
        size < len(kept)
        and kept[-1 - size].kind in ("dns", "miss", "hop")
        and kept[-1 - size].a == kept[-1].a
    ):
        size += 1
    return size
