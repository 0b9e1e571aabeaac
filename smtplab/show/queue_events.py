"""What is drawn of messages in a queue, as data: an axis of time, a lane for each recipient, marks in it.

When was each attempt, how did it go, how long was the wait between them, and what is still to come: the next
attempt, the warning to the sender, the end of the queue's patience (RFC 5321 §4.5.4.1)? The timeline, its
table and the figure for print are all made from these lanes.

It draws nothing, and knows no clock but the one in the records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import log1p
from typing import Literal

from ..mail.attempt import Attempt, Outcome
from ..mail.history import History, Notice
from ..mail.verdict import Tone

Kind = Literal["here", "attempt", "gave up", "notice", "next", "warn", "stop"]
Key = tuple[str, str]  # of a history: host and id

PENDING = ("queued", "delayed")
BESIDE = 4  # a fan that is clear of the last attempt
LEAST = timedelta(hours=1)  # a shorter axis would make much of nothing
BEND = 120  # the stretched axis is about even up to a 120th of its length: an hour of five days

_TONES: dict[str, Tone] = {"relayed": "good", "delivered": "good", "expanded": "good", "delayed": "later",
                           "failed": "bad"}  # fmt: skip
_AGES = tuple(
    timedelta(minutes=minutes)
    for minutes in (5, 15, 30, 60, 120, 240, 480, 1440, 2880, 4320, 5760, 7200, 10080, 14400, 20160, 43200)
)


@dataclass(frozen=True, slots=True)
class Axis:
    """The time from `start` to `end`. `even` gives every hour the same room; else the early ones get more.

    The stretched axis is logarithmic from about a 120th of its length on, so that a wait of 30 minutes and
    one of two days can both be read.
    """

    start: datetime
    end: datetime
    even: bool = False

    def share(self, when: datetime) -> float:
        """Where `when` stands, in per cent of the axis."""
        part = min(max((when - self.start) / (self.end - self.start), 0.0), 1.0)
        return round(100 * (part if self.even else log1p(part * BEND) / log1p(BEND)), 2)

    def ticks(self) -> list[timedelta]:
        """The ages that may be written on the axis, from zero on."""
        return [timedelta(), *(age for age in _AGES if age <= self.end - self.start)]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something in a lane, at a moment. `hollow` is what did not come about: no connection, or not yet.

    `label` is what stands below it. `number` counts the attempts of the lane from 1, the notices from 1,
    and is 0 for all else. `fan` is how far aside it stands of what is at the same moment: the hosts of one
    round lie behind the last of them, -1, -2 and so on.
    """

    kind: Kind
    when: datetime
    tone: Tone
    label: str
    hollow: bool = False
    number: int = 0
    fan: int = 0
    attempt: Attempt | None = None
    notice: Notice | None = None

    @property
    def name(self) -> str:
        """What the mark is called within its lane."""
        return f"{self.kind.replace(' ', '-')}{self.number or ''}"


@dataclass(frozen=True, slots=True)
class Lane:
    """One recipient of one message in one queue. `marks` go by time."""

    history: History
    recipient: str
    outcome: Outcome
    marks: tuple[Mark, ...]

    @property
    def pending(self) -> bool:
        """Whether the queue still has work with it."""
        return self.outcome in PENDING

    @property
    def tone(self) -> Tone:
        """How it stands."""
        return "later" if self.outcome == "delayed" else _TONES.get(self.outcome, "plain")

    @property
    def until(self) -> datetime:
        """How far the message's life in this queue has come: to now, or to its end."""
        if self.pending:
            return self.history.now
        ended = [mark.when for mark in self.marks if mark.kind in ("here", "attempt", "gave up")]
        return max(ended, default=self.history.accepted)

    @property
    def attempts(self) -> list[Mark]:
        return [mark for mark in self.marks if mark.kind == "attempt"]

    def gaps(self) -> Iterator[tuple[datetime, datetime]]:
        """The waits between attempts, the one that is going on too: from when to when."""
        waits = [mark.when for mark in self.marks if mark.kind in ("attempt", "next")]
        for before, after in pairwise(waits):
            if after > before:
                yield before, after


def lanes(histories: Iterable[History], ends: Mapping[Key, datetime] | None = None) -> list[Lane]:
    """A lane for each recipient of each message, in their order.

    `ends` tells when the queue was to give a message up, where that was known once: a record of a message
    that is given up does not say it any more.
    """
    return [
        Lane(history, address, outcome, _marks(history, address, outcome, (ends or {}).get(key_of(history))))
        for history in histories
        for address, outcome in history.outcomes
    ]


def key_of(history: History) -> Key:
    """What a message is known by: its host and its id there."""
    return history.host, history.id


def axis(found: Sequence[Lane], *, even: bool = False, ends: Mapping[Key, datetime] | None = None) -> Axis:
    """The axis that has room for all lanes: from the first acceptance to the last that is known to come.

    Raises ValueError when there is no lane.
    """
    start = min(lane.history.accepted for lane in found)
    moments = [mark.when for lane in found for mark in lane.marks]
    moments += [lane.history.now for lane in found]
    moments += [(ends or {}).get(key_of(lane.history), start) for lane in found]
    return Axis(start, max(start + LEAST, *moments), even)


def due(found: Iterable[Lane]) -> datetime | None:
    """The next moment at which a queue acts: an attempt, or giving up. None when all is settled."""
    moments = [
        moment
        for lane in found
        if lane.pending
        for moment in (lane.history.next_try, lane.history.give_up_at)
        if moment is not None
    ]
    return min(moments, default=None)


# The marks of a lane ------------------------------------------------------------------------------------


def _marks(history: History, address: str, outcome: Outcome, end: datetime | None) -> tuple[Mark, ...]:
    attempts = list(_attempts(history, address))
    found = [*attempts, *_notices(history, address)]
    if outcome in PENDING:
        found += _to_come(history)
    elif not attempts:
        found.append(Mark("here", history.accepted, _TONES.get(outcome, "plain"), outcome))
    elif outcome == "failed" and attempts[-1].tone == "later":
        found.append(_given_up(found, attempts[-1], end, history.now))
    return tuple(sorted(found, key=lambda mark: mark.when))


def _attempts(history: History, address: str) -> Iterator[Mark]:
    own = [attempt for attempt in history.attempts if attempt.recipient.path.address == address]
    left = Counter(attempt.when for attempt in own)
    for number, attempt in enumerate(own, 1):
        left[attempt.when] -= 1
        label = f"{attempt.reply.code:03d}" if attempt.reply else "no reply"
        tone = "later" if attempt.expired else _TONES.get(attempt.outcome, "plain")  # what the host meant
        hollow = attempt.transcript is None
        yield Mark("attempt", attempt.when, tone, label, hollow, number, -left[attempt.when], attempt=attempt)


def _notices(history: History, address: str) -> Iterator[Mark]:
    own = (notice for notice in history.notices if address in notice.recipients)
    for number, notice in enumerate(own, 1):
        tone = _TONES.get(notice.action, "plain")
        yield Mark("notice", notice.when, tone, "DSN", bool(notice.why_not), number, notice=notice)


def _to_come(history: History) -> Iterator[Mark]:
    if history.next_try:
        yield Mark("next", history.next_try, "plain", f"{history.next_try:%H:%M}", hollow=True)
    if history.warn_at:
        yield Mark("warn", history.warn_at, "later", "warn", hollow=True)
    if history.give_up_at:
        yield Mark("stop", history.give_up_at, "bad", "give up", hollow=True)


def _given_up(found: Sequence[Mark], last: Mark, end: datetime | None, now: datetime) -> Mark:
    """The end of the queue's patience: with the last attempt, or where the DSN or the record had it."""
    if last.attempt and last.attempt.expired:
        return Mark("gave up", last.when, "bad", "gave up", fan=BESIDE)
    told = [mark.when for mark in found if mark.notice and mark.notice.action == "failed"]
    when = max(last.when, *told) if told else max(last.when, min(end or now, now))
    return Mark("gave up", when, "bad", "gave up", fan=BESIDE if when == last.when else 0)
