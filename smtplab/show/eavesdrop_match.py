"""Which octets on the wire carried which line of the dialogue.

Lines in clear are found on the wire by their place in the stream. Under TLS the events say what was said
and when, and the wire shows sealed records; a record gives away how much it holds (`Record.inside`), so the
two are laid beside each other in order and by size. Where the sizes do not fit (records that are padded),
time and direction alone decide, and the match says that it is not sure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ..mail.line import Line
from ..mail.text import encode
from ..mail.tls_records import DATA, Heard
from ..mail.transcript import Event, Side, Transcript

BIGGEST = 2**14  # octets that one record can carry (RFC 8446 §5.1)
CANDIDATES = 8  # records that may have carried an event, where only the time can tell

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Carried:
    """What carried one line: numbers of things heard, in order. `sure` is false where time alone told."""

    heard: tuple[int, ...] = ()
    sure: bool = True


@dataclass(frozen=True, slots=True)
class _Interval:
    """The octets from `start` to `end` of a stream, and the thing heard that carried them."""

    start: int
    end: int
    heard: int


def carried(transcript: Transcript, lines: Sequence[Line], heard: Sequence[Heard]) -> list[Carried]:
    """For each line what carried it; nothing for a line that is not on the wire as this one has it."""
    made = [Carried()] * len(lines)
    events = list(transcript.events)
    for side in Side:
        said = [(at, one) for at, one in enumerate(heard) if one.side is side]
        for tls in (False, True):
            stream = [e for e in events if e.side is side and e.tls is tls and e.kind == "data"]
            places = [
                place
                for place, line in enumerate(lines)
                if line.side is side and line.tls is tls and line.kind not in ("tls", "close")
            ]
            intervals, sure = _sealed(stream, said) if tls else _clear(stream, said)
            spans = _spans(stream, [lines[place] for place in places])
            for place, found in zip(places, _overlaps(spans, intervals), strict=True):
                made[place] = Carried(found, sure)
    return made


def _spans(stream: Sequence[Event], lines: Sequence[Line]) -> Iterator[Span]:
    """Where each line stands in what one side said: its first octet, and the one after its last."""
    octets = b"".join(event.data for event in stream)
    ends = list(accumulate(len(event.data) for event in stream))
    times = [event.t for event in stream]
    at = 0
    for line in lines:
        start = at
        for number, piece in enumerate(encode(line.text).split(b"\n")):
            if number:
                at = _after_end(octets, at)
            if not octets.startswith(piece, at):  # the events have it otherwise: go by the time
                at = ends[min(bisect_left(times, line.t), len(ends) - 1)] if ends else 0
                break
            at += len(piece)
        else:
            at = at if line.cut else _after_end(octets, at)
        yield min(start, at), at


def _after_end(octets: bytes, at: int) -> int:
    """The place behind the line end that stands at `at`, where one does."""
    return at + 2 if octets.startswith(b"\r\n", at) else at + octets.startswith(b"\n", at)


def _overlaps(spans: Iterator[Span], intervals: Sequence[_Interval]) -> Iterator[tuple[int, ...]]:
    """For each span the things heard that carried some of it. Both come in order."""
    first = 0
    for start, end in spans:
        while first < len(intervals) and intervals[first].end <= start:
            first += 1
        at, found = first, []
        while at < len(intervals) and intervals[at].start < max(end, start + 1):
            if intervals[at].end > start:
                found.append(intervals[at].heard)
            at += 1
        yield tuple(found)


def _clear(stream: Sequence[Event], heard: Sequence[tuple[int, Heard]]) -> tuple[list[_Interval], bool]:
    """In clear the wire has what was said, octet for octet, from the first on."""
    total = sum(len(event.data) for event in stream)
    intervals, at = [], 0
    for number, one in heard:
        if at >= total:
            break
        intervals.append(_Interval(at, at + len(one.data), number))
        at += len(one.data)
    said = b"".join(event.data for event in stream)
    return intervals, b"".join(one.data for _, one in heard[: len(intervals)]).startswith(said)


def _sealed(stream: Sequence[Event], heard: Sequence[tuple[int, Heard]]) -> tuple[list[_Interval], bool]:
    records = [
        (number, one)
        for number, one in heard
        if one.record and one.record.code == DATA and not one.record.setup and not one.cut
    ]
    by_size = _by_size(stream, records)
    return (_by_time(stream, records), False) if by_size is None else (by_size, True)


def _by_size(stream: Sequence[Event], records: Sequence[tuple[int, Heard]]) -> list[_Interval] | None:
    """Events laid beside the records that can hold just them; None where something is left over.

    What the server writes leaves in one record or several; what the client sent is read record by record.
    A record that fits nothing is TLS's own: a session ticket, a farewell.
    """
    intervals = []
    place, used, at = 0, 0, 0  # the event, the octets of it that are carried, and all octets that are
    for number, one in records:
        if place == len(stream):
            break
        if one.side is Side.CLIENT:
            size, count = _read_from(stream, place, one)
        else:
            size, count = _written_to(stream[place], used, one)
        if not size:
            continue
        intervals.append(_Interval(at, at + size, number))
        at += size
        used += size
        if count:
            place, used = place + count, 0
    over = records[-1][1].t if records else -1.0
    return intervals if all(event.t > over for event in stream[place:]) else None


def _read_from(stream: Sequence[Event], place: int, one: Heard) -> tuple[int, int]:
    """How many octets the server read from this record, and in how many events; 0 when it can't be."""
    assert one.record
    low, high = one.record.inside
    size = count = 0
    while size < max(low, 1) and count < CANDIDATES and place + count < len(stream):
        size += len(stream[place + count].data)
        count += 1
    fits = low <= size <= high and stream[place + count - 1].t >= one.t
    return (size, count) if fits else (0, 0)


def _written_to(event: Event, used: int, one: Heard) -> tuple[int, int]:
    """How many octets of what the server wrote this record carries (0: none), and whether they end it."""
    assert one.record
    low, high = one.record.inside
    size = min(len(event.data) - used, BIGGEST)
    if event.t > one.t or not low <= size <= high:
        return 0, 0  # it passed before the server said anything more, or holds something else
    return size, int(used + size == len(event.data))


def _by_time(stream: Sequence[Event], records: Sequence[tuple[int, Heard]]) -> list[_Interval]:
    """Each event with the records that passed since the one before it, or until the one after it."""
    times = [one.t for _, one in records]
    intervals, at = [], 0
    for place, event in enumerate(stream):
        if event.side is Side.CLIENT:
            last = bisect_right(times, event.t)
            first = bisect_right(times, stream[place - 1].t) if place else 0
            chosen = records[max(first, last - CANDIDATES) : last] or records[max(0, last - 1) : last]
        else:
            first = bisect_left(times, event.t)
            last = bisect_left(times, stream[place + 1].t) if place + 1 < len(stream) else len(times)
            chosen = records[first : min(last, first + CANDIDATES)] or records[first : first + 1]
        intervals += [_Interval(at, at + len(event.data), number) for number, _ in chosen]
        at += len(event.data)
    return intervals
