"""What doesn't fit in the times of a Received chain (RFC 5321 §4.4, RFC 5322 §3.3).

Each time is by the clock of the host that wrote it, and nobody compared the clocks: some seconds mean
nothing, and a wrong clock looks like a forged line.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ..errors import RecordError
from ..header import date
from .finding import Finding, graded, said
from .hops import cut
from .way import Way

SKEW = timedelta(minutes=1)  # clocks differ by this much without any meaning
LIKELY_SKEW = timedelta(minutes=10)
CERTAIN_SKEW = timedelta(days=1)
LONG = timedelta(hours=4)  # when hosts commonly tell the sender that a message still waits
LONGEST = timedelta(days=5)  # RFC 5321 §4.5.4.1: hosts give up after four to five days
DRAFT = timedelta(days=1)  # how long a message may lie in an outbox without a word here


def missing(way: Way, index: int) -> Finding | None:
    """RFC 5321 §4.4: the date is no optional clause."""
    if way.lines[index].date is not None or index in way.unreadable:
        return None
    return Finding("certain", "The line says no time that can be read, and every trace field ends with one.")


def skew(way: Way, index: int) -> Finding | None:
    """RFC 5321 §4.4: a host can't have a message before the one that handed it over.

    Where trust ends this is left to `later`: the known clock counts, and the claimed line is odd.
    """
    back = -_delay(way, index) if index != way.anchor else timedelta()
    if back <= SKEW:
        return None
    by = cut(way.lines[index - 1].by) or "the host before"
    why = f"It is dated {said(back)} before {by} had the message: a clock is wrong, or a line is made up."
    return Finding(graded(back, LIKELY_SKEW, CERTAIN_SKEW), why)


def later(way: Way, index: int) -> Finding | None:
    """RFC 5321 §4.4: what stands below was there when the host above wrote its line."""
    here, anchor = way.lines[index].date, way.lines[way.anchor]
    if index >= way.anchor or here is None or anchor.date is None or here - anchor.date <= SKEW:
        return None
    ahead = here - anchor.date
    above = cut(anchor.by) or "a host above"
    had = "is known to have had" if way.boundary < len(way.lines) else "wrote that it had"
    why = f"It is dated {said(ahead)} after {above} {had} the message, with this line in it."
    return Finding(graded(ahead, LIKELY_SKEW, CERTAIN_SKEW), why)


def long_delay(way: Way, index: int) -> Finding | None:
    """RFC 5321 §4.5.4.1: hosts try again for four to five days, and then give up."""
    delay = _delay(way, index)
    if delay <= LONG:
        return None
    if delay > LONGEST:
        return Finding("likely", f"{said(delay)} on one hop: hosts give up after four to five days.")
    return Finding("possible", f"{said(delay)} on one hop: it waited in a queue, or a clock is wrong.")


def date_field(way: Way, index: int) -> Finding | None:
    """RFC 5322 §3.6.1: Date is when the author had finished, so the first hop comes soon after it."""
    taken, written = way.lines[0].date, _written(way)
    if index or taken is None or written is None:
        return None
    if written - taken > LIKELY_SKEW:
        why = f"Date says that it was finished {said(written - taken)} after the first host took it."
        return Finding("likely", f"{why} One of the two clocks is wrong, or a line is made up.")
    if taken - written > DRAFT:
        why = f"The first host took it {said(taken - written)} after its Date."
        return Finding("possible", f"{why} It lay in an outbox, or lines below are missing.")
    return None


def _delay(way: Way, index: int) -> timedelta:
    """Time since the line before; nothing when one of the two says none."""
    here, before = way.lines[index].date, way.lines[index - 1].date if index else None
    return here - before if here is not None and before is not None else timedelta()


def _written(way: Way) -> datetime | None:
    dates = way.fields.get("date", ())
    try:
        return date.parse(dates[0]).when if len(dates) == 1 else None
    except RecordError:
        return None
