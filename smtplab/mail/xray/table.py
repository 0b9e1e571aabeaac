"""The table of an x-ray: onlookers as columns, the parts of envelope and message as rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..header.address import mailboxes
from ..header.field import Field, named, split
from .record import Hop, PartOf, Row, Seen, Viewer

Key = tuple[PartOf, str]
Held = dict[Key, str]


def viewers(hops: tuple[Hop, ...], headers: list[tuple[Field, ...]]) -> Iterator[Viewer]:
    for number, hop in enumerate(hops):
        if "@" in hop.who:
            yield Viewer(hop.who, "reader", number, hop.who.lower() not in addressed(headers[number]))
        else:
            yield Viewer(hop.who, "server" if number else "program", number)
            if number:
                yield Viewer(f"on the wire to {hop.who}", "eavesdropper", number)


def addressed(header: tuple[Field, ...]) -> set[str]:
    """The addresses in To and Cc, in lower case."""
    return {box.address.lower() for field in named(header, "To", "Cc") for box in mailboxes(field.value)}


def rows(
    hops: tuple[Hop, ...], headers: list[tuple[Field, ...]], onlookers: tuple[Viewer, ...], in_clear: bool
) -> Iterator[Row]:
    held: list[Held] = [
        {**_envelope(hop), **_header(header), ("body", "body"): f"{len(split(hop.message)[1])} octets"}
        for hop, header in zip(hops, headers, strict=True)
    ]
    order = {"envelope": 0, "header": 1, "body": 2}
    parts = dict.fromkeys(part for each in held for part in each)
    for part, name in sorted(parts, key=lambda each: order[each[0]]):
        value = next(each[part, name] for each in held if (part, name) in each)
        cells = tuple(_cell(viewer, (part, name), held, hops, in_clear) for viewer in onlookers)
        yield Row(part, name, value, cells)


def _cell(
    viewer: Viewer,
    part: Key,
    held: list[Held],
    hops: tuple[Hop, ...],
    in_clear: bool,
) -> Seen:
    if part not in held[viewer.hop]:
        return "absent"
    if viewer.role == "eavesdropper":
        return "hidden" if hops[viewer.hop].tls and not in_clear else "sees"
    # RFC 5321 §4.4: of the envelope only the reverse-path stays with the message, as Return-Path
    return "hidden" if viewer.role == "reader" and part[0] == "envelope" else "sees"


def _envelope(hop: Hop) -> Held:
    said = hop.envelope.commands()
    held: Held = {("envelope", "MAIL FROM"): said[0].partition(":")[2]}
    for path, command in zip(hop.envelope.forward_paths, said[1:], strict=True):
        held["envelope", f"RCPT TO {path}"] = command.partition(":")[2]
    return held


def _header(header: tuple[Field, ...]) -> Held:
    """Each field by name, a second one of the same name with its number, counted from the bottom.

    From the bottom, because hosts add on top: the number of a Received field stays the same on its way.
    """
    left = Counter(field.key for field in header)
    found: Held = {}
    for field in header:
        number = left[field.key]
        left[field.key] -= 1
        if field.is_read:
            found["header", f"{field.name} {number}" if number > 1 else field.name] = field.value
    return found
