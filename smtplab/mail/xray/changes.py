"""What each hop added to a message, removed from it or changed, in the envelope and in the message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..envelope import Envelope
from ..header.field import Field, split
from .record import Change, Hop, PartOf


def previous(hops: Sequence[Hop], number: int) -> int:
    """The hop that handed the message to hop `number`: the last one before it with one of its recipients."""
    mine = set(hops[number].envelope.forward_paths)
    for other in range(number - 1, -1, -1):
        if "@" not in hops[other].who and mine & set(hops[other].envelope.forward_paths):
            return other
    return number - 1  # an alias or a list has given it new recipients


def changes(hops: tuple[Hop, ...], headers: list[tuple[Field, ...]], number: int) -> Iterator[Change]:
    before = previous(hops, number)
    old, new = hops[before], hops[number]
    if "@" not in new.who:
        yield from _compared(number, "envelope", _paths(old.envelope), _paths(new.envelope))
    yield from _compared(number, "header", _values(headers[before]), _values(headers[number]))
    bodies = [split(hop.message)[1] for hop in (old, new)]
    if bodies[0] != bodies[1]:
        yield Change(number, "changed", "body", "body", *(f"{len(body)} octets" for body in bodies))


def _paths(envelope: Envelope) -> dict[str, list[str]]:
    return {
        "MAIL FROM": [str(envelope.reverse_path)],
        "RCPT TO": [str(path) for path in envelope.forward_paths],
    }


def _values(header: tuple[Field, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for field in header:
        found.setdefault(field.name.title() if field.is_read else "no field", []).append(field.value)
    return found


def _compared(
    hop: int, part: PartOf, old: dict[str, list[str]], new: dict[str, list[str]]
) -> Iterator[Change]:
    """Values that are gone and values that are new, by name; one of each is a change."""
    for name in dict.fromkeys([*new, *old]):
        before, after = Counter(old.get(name, ())), Counter(new.get(name, ()))
        gone, come = [*(before - after).elements()], [*(after - before).elements()]
        while gone and come:
            yield Change(hop, "changed", part, name, gone.pop(0), come.pop(0))
        yield from (Change(hop, "removed", part, name, before=value) for value in gone)
        yield from (Change(hop, "added", part, name, after=value) for value in come)
