"""The rows of the eavesdropper's view: what was said inside, beside what passed on the wire.

A row stands for one turn: lines of the dialogue and the octets that carried them, or octets that carried
none. Rows are in the order of the wire. Nothing is drawn here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

from ..mail.dialogue import lines as read
from ..mail.line import Line
from ..mail.tls_hello import ServerHello
from ..mail.tls_listener import listen
from ..mail.tls_records import Heard
from ..mail.transcript import Side, Transcript
from .eavesdrop_match import Carried, carried

FOLD_ABOVE, HEAD, TAIL = 12, 8, 2  # rows of content: fold longer runs, and show so many of them
MOST_LINKS = 30  # rows that one line may join

Phase = Literal["", "clear", "setup", "sealed"]


@dataclass(slots=True)
class Row:
    """Lines and what carried them.

    `lines` end in this row; `goes_on` says that another one begins here and ends further down. `also`
    are the numbers of rows that share a line with this one. `phase` is set on the first row of a part of
    the connection: "clear", "setup" (TLS is agreed on), "sealed". `folded` rows stand for several.
    """

    t: float
    side: Side
    lines: list[Line] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    sure: bool = True
    goes_on: bool = False
    phase: Phase = ""
    folded: int = 0
    also: tuple[int, ...] = ()
    ids: list[int] = field(default_factory=list)  # numbers of the lines that touch it

    @property
    def content(self) -> bool:
        """Whether it shows content of a message and nothing else."""
        return bool(self.lines) and all(line.kind == "data" for line in self.lines)

    @property
    def tls(self) -> Line | None:
        """The line that says that TLS stands, where this row is it."""
        return next((line for line in self.lines if line.kind == "tls"), None)

    @property
    def own(self) -> bool:
        """Whether it is TLS's own: records that carry no line."""
        return not self.lines and not self.goes_on and bool(self.heard) and self.heard[0].kind == "record"


@dataclass(slots=True)
class View:
    """A transcript read for the eavesdropper's view."""

    transcript: Transcript
    lines: list[Line]
    heard: list[Heard]
    rows: list[Row]

    @property
    def chosen(self) -> ServerHello | None:
        """What the server chose, where it has; its last word counts."""
        messages = (message for one in self.heard if one.record for message in one.record.messages)
        hellos = [message.body for message in messages if isinstance(message.body, ServerHello)]
        return hellos[-1] if hellos else None


def view(transcript: Transcript) -> View:
    """Read `transcript` and its wire as they are now; it may go on growing."""
    transcript = replace(transcript, events=list(transcript.events), wire=list(transcript.wire))
    wire = transcript.wire
    heard, lines = listen(wire), read(transcript)
    match = carried(transcript, lines, heard)
    placed = sorted(_rows(lines, heard, match, [event.t for event in wire]), key=lambda pair: pair[0])
    rows = list(_folded(_joined(row for _, row in placed)))
    _end_handshake(rows)
    _link(rows)
    _mark_phases(rows)
    return View(transcript, lines, heard, rows)


def _rows(
    lines: Sequence[Line], heard: Sequence[Heard], match: Sequence[Carried], times: Sequence[float]
) -> Iterator[tuple[tuple[int, int], Row]]:
    """A row for each thing heard and each line that nothing carried, with its place on the wire."""
    made = [Row(one.t, one.side, heard=[one]) for one in heard]
    for number, (line, found) in enumerate(zip(lines, match, strict=True)):
        for place in found.heard[-MOST_LINKS:]:
            made[place].ids.append(number)
            made[place].goes_on |= place != found.heard[-1]
        if found.heard:
            row = made[found.heard[-1]]
            row.lines.append(line)
            row.sure &= found.sure
        else:  # the start of TLS, the end of the connection, or not on the wire
            place = bisect_right(times, line.t) - 1
            yield (place, len(heard) + number), Row(line.t, line.side, [line], ids=[number])
    yield from (((one.number, place), row) for place, (one, row) in enumerate(zip(heard, made, strict=True)))


def _joined(rows: Iterator[Row]) -> Iterator[Row]:
    """Rows with those made one that belong together."""
    last: Row | None = None
    for row in rows:
        if last and _belong(last, row):
            last.t = row.t
            last.lines += row.lines
            last.heard += row.heard
            last.goes_on = row.goes_on
            last.sure &= row.sure
            last.ids += [number for number in row.ids if number not in last.ids[-1:]]
            continue
        if last:
            yield last
        last = row
    if last:
        yield last


def _belong(last: Row, row: Row) -> bool:
    """Whether two rows are one: lines of one reply, a flight of a handshake, a run of junk."""
    if last.side is not row.side or not last.heard or not row.heard:
        return False
    kinds = {last.heard[-1].kind, row.heard[-1].kind}
    if kinds == {"text"}:
        return last.goes_on and last.ids[-1] in row.ids
    if kinds == {"record"} and last.own and row.own:
        one, other = last.heard[-1].record, row.heard[-1].record
        return one is not None and other is not None and one.setup == other.setup
    return kinds == {"junk"} and not last.lines and not row.lines


def _folded(rows: Iterator[Row]) -> Iterator[Row]:
    """Rows with a long run of content made shorter: one row stands for those in the middle."""
    for key, run in groupby(rows, key=lambda row: (row.content, row.side)):
        some = list(run)
        if not key[0] or len(some) <= FOLD_ABOVE:
            yield from some
            continue
        hidden = some[HEAD:-TAIL]
        yield from some[:HEAD]
        yield Row(
            hidden[-1].t,
            hidden[-1].side,
            [line for row in hidden for line in row.lines],
            [one for row in hidden for one in row.heard],
            all(row.sure for row in hidden),
            hidden[-1].goes_on,
            folded=len(hidden),
            ids=[hidden[0].ids[0], hidden[-1].ids[-1]],
        )
        yield from some[-TAIL:]


def _end_handshake(rows: list[Row]) -> None:
    """Put the line that says that TLS stands right behind the handshake.

    Two things shift it: in TLS 1.2 the server has the last word of the handshake, and writes down that TLS
    stands before it says that word; and a client may send its first line together with its own last word.
    """
    stands = next((place for place, row in enumerate(rows) if row.tls), -1)
    setup = [place for place, row in enumerate(rows[: stands + 2]) if row.own and _is_setup(row)]
    if stands >= 0 and setup:
        row = rows.pop(stands)
        rows.insert(setup[-1] + (setup[-1] < stands), row)


def _is_setup(row: Row) -> bool:
    record = row.heard[0].record
    return record is not None and record.setup


def _link(rows: Sequence[Row]) -> None:
    """Tell each row which others share a line with it."""
    touched: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        for number in row.ids:
            touched.setdefault(number, []).append(place)
    joins: dict[int, set[int]] = {}
    for places in touched.values():
        if len(places) > 1:
            for place in places:
                joins.setdefault(place, set()).update(places)
    for place, others in joins.items():
        rows[place].also = tuple(sorted(others - {place}))


def _mark_phases(rows: Sequence[Row]) -> None:
    """Mark where a part of the connection begins."""
    phase: Phase = ""
    for row in rows:
        now: Phase = phase
        if row.tls:
            now = "sealed"
        elif row.heard and row.heard[0].kind == "text":
            now = "clear"
        elif row.heard and row.heard[0].kind == "record" and phase != "sealed":
            now = "setup"
        if now != phase:
            row.phase = phase = now
