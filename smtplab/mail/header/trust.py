"""The trust boundary in a header section: how far down can all its fields be believed?

Every host puts its trace field on top of what is there (RFC 5321 §4.4), so whatever stands above the lowest
line of a host that you trust was put there by hosts that you trust. All below came in with the message, and
the sender may have written it, lines in the names of your hosts included. Which lines are known is decided
where the chain is read, in `mail.received.trust`: there is one boundary, and this module counts the fields
above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..hosts import Trusted
from ..received.links import writer
from ..received.trust import reasons
from ..received.way import lines_of
from .field import Field


@dataclass(frozen=True, slots=True)
class Boundary:
    """`inside` is how many fields from the top are inside, 0 when nothing is to be trusted.

    `writers` are the hosts that say they wrote the Received fields, by the place of the field from the top,
    "" where one does not say. `taken` is when the first host says that it took the message.
    """

    inside: int = 0
    writers: Mapping[int, str] = field(default_factory=dict)
    taken: datetime | None = None


def boundary(fields: tuple[Field, ...], trusted: Trusted) -> Boundary:
    """Where trust ends among `fields`: below the lowest Received field that is known."""
    lines, unreadable = lines_of(fields)
    known, _ = reasons(lines, unreadable, trusted)
    places = [place for place, one in enumerate(fields) if one.key == "received"]
    return Boundary(
        places[known - 1] + 1 if known else 0,
        dict(zip(places, map(writer, reversed(lines)), strict=True)),
        lines[0].date if lines else None,
    )
