"""The envelope x-ray as data: a cell for each place and each thing that could be read there.

What is in the envelope, what in the header section, what has been added, removed or changed since the place
before, and who can be read as a recipient? It compares octets; what a cell means, `xray_words` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ..mail.envelope import Envelope
from ..mail.header import Field, fields, named, split
from ..mail.header.address import mailboxes
from ..mail.letter import Journey, Letter, Stop
from ..mail.path import Path
from .xray_words import BODY, MAIL, RCPT, SEEN, Mark

USUAL = ("From", "To", "Cc", "Bcc", "Return-Path", "Received", "Date", "Message-ID", "Subject")
Values = tuple[str, ...] | None  # None where nothing can be read
FEW = 40  # rows of a message with many kinds of fields; the rest is in View Source


@dataclass(frozen=True, slots=True)
class Cell:
    """What is there, as written, a text for each field or address, and how that is against the place before.

    `mark` is "first" in the first place, "sealed" where nothing can be read, "none" where there is nothing
    and was nothing, "leak" for a blind recipient who shows, else "same", "added", "removed" or "changed".
    `gained` counts the values at the front that are new.
    """

    values: tuple[str, ...]
    mark: Mark
    gained: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to be read, in the places in their order. `part` is where it belongs."""

    name: str
    part: str  # "envelope", "header section", "body" or "recipients"
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """A stop, read once: its fields and its body, None where it is sealed."""

    stop: Stop
    fields: tuple[Field, ...] | None
    body: bytes | None


def table(journey: Journey) -> tuple[Row, ...]:
    """All rows, from the envelope to who can be read as a recipient."""
    reads = [_read(stop) for stop in journey.stops]
    envelope = [
        Row(MAIL, "envelope", tuple(_cells(reads, _reverse_path))),
        Row(RCPT, "envelope", tuple(_cells(reads, _forward_paths))),
    ]
    header = [
        Row(name, "header section", tuple(_field(reads, name, _cells(reads, partial(_values, name=name)))))
        for name in _names(reads)
    ]
    body = Row(BODY, "body", tuple(_cells(reads, _body)))
    return (*envelope, *header, body, Row(SEEN, "recipients", tuple(_seen(journey, reads))))


def _read(stop: Stop) -> Read:
    if stop.content is None:
        return Read(stop, None, None)
    return Read(stop, fields(stop.content), split(stop.content)[1])


def _names(reads: Sequence[Read]) -> list[str]:
    """The fields to show: the usual ones, and whatever else there is."""
    known = {name.lower(): name for name in USUAL}
    for read in reads:
        for field in read.fields or ():
            if field.is_read:
                known.setdefault(field.key, field.name)
    return list(known.values())[:FEW]


# One thing in every place ---------------------------------------------------------------------------


def _cells(reads: Sequence[Read], of: Callable[[Read], Values]) -> Iterator[Cell]:
    found = [of(read) for read in reads]
    for place, (read, values) in enumerate(zip(reads, found, strict=True)):
        if values is None:
            yield Cell((), "sealed")
        else:
            yield _against(_before(reads, found, place), values) if read.stop.before >= 0 else _first(values)


def _field(reads: Sequence[Read], name: str, cells: Iterator[Cell]) -> Iterator[Cell]:
    """The cells of a field. A Bcc that has left the program is a leak."""
    for read, cell in zip(reads, cells, strict=True):
        leak = name == "Bcc" and cell.values and read.stop.kind != "program"
        yield replace(cell, mark="leak") if leak else cell


def _first(values: tuple[str, ...]) -> Cell:
    return Cell(values, "first" if values else "none")


def _before(reads: Sequence[Read], found: Sequence[Values], place: int) -> tuple[str, ...]:
    """What the last place before this one had, of those where it can be read."""
    at = reads[place].stop.before
    while at > 0 and found[at] is None:
        at = reads[at].stop.before
    return found[at] or ()


def _against(before: tuple[str, ...], now: tuple[str, ...]) -> Cell:
    if now == before:
        return Cell(now, "same" if now else "none")
    more = len(now) - len(before)
    if more > 0 and now[more:] == before:
        return Cell(now, "added", more)
    if set(now) < set(before):
        return Cell(now, "removed")
    return Cell(now, "changed")


def _reverse_path(read: Read) -> Values:
    return _envelope(read, lambda envelope: (str(envelope.reverse_path),))


def _forward_paths(read: Read) -> Values:
    return _envelope(read, lambda envelope: tuple(map(str, envelope.forward_paths)))


def _envelope(read: Read, of: Callable[[Envelope], tuple[str, ...]]) -> Values:
    """What `of` finds in the envelope; a mailbox has none."""
    if read.stop.kind == "mailbox":
        return ()
    return None if read.stop.envelope is None else of(read.stop.envelope)


def _values(read: Read, name: str) -> Values:
    return None if read.fields is None else tuple(field.value for field in named(read.fields, name))


def _body(read: Read) -> Values:
    """The body as one value: equal texts have equal octets, for the decoding loses none."""
    return None if read.body is None else (read.body.decode("utf-8", "surrogateescape"),)


# Who can be read as a recipient ---------------------------------------------------------------------


def _seen(journey: Journey, reads: Sequence[Read]) -> Iterator[Cell]:
    everyone = recipients(journey.letter)
    blind = hidden(journey.letter)
    for read in reads:
        if read.fields is None or read.stop.envelope is None:
            yield Cell((), "sealed")
            continue
        there = _addresses(read.fields)
        if read.stop.kind != "mailbox":
            there |= {path.address for path in read.stop.envelope.forward_paths}
        found = tuple(address for address in everyone if address in there)
        own = read.stop.name if read.stop.kind == "mailbox" else ""
        leak = read.stop.kind == "mailbox" and any(a in blind and a != own for a in found)
        yield Cell(found, "leak" if leak else "same" if found else "none")


def _addresses(known: Sequence[Field]) -> set[str]:
    """Every address that the header section has: in its address fields, and in the clause of a trace."""
    boxes = {box.address for field in named(known, "To", "Cc", "Bcc") for box in mailboxes(field.value)}
    words = " ".join(field.value for field in named(known, "Received", "Delivered-To"))
    return boxes | {word.strip("<>;") for word in words.split() if "@" in word}


def recipients(letter: Letter) -> tuple[str, ...]:
    """Whoever is named anywhere as a recipient: on the envelope first."""
    boxes = (
        box.address for text in (letter.to, letter.cc, letter.bcc) for box in mailboxes(text) if box.address
    )
    return tuple(dict.fromkeys((*map(_address, letter.rcpt_to), *boxes)))


def hidden(letter: Letter) -> frozenset[str]:
    """Those who are in Bcc and in no other field."""
    blind, known = (
        {box.address for text in texts for box in mailboxes(text)}
        for texts in ((letter.bcc,), (letter.to, letter.cc))
    )
    return frozenset(blind - known)


def _address(text: str) -> str:
    return Path.of(text).address
