"""Three readers of one header: who of them believes the forged lines?

The naive one reads from the bottom up, as is often taught, and takes the lowest line for the origin. The
careful one reads from the top down and stops at the first line that no host of its own wrote
(`mail.received.chain`). The filter does the same, and also looks for what does not fit in the rest: it can
catch a careless forgery, and a careful one it can't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..mail.received.chain import chain
from ..mail.received.finding import sure
from ..mail.received.hops import Chain, Hop
from ..mail.verdict import Tone

NAIVE, CAREFUL, FILTER = "the naive reader", "the careful reader", "the filter"
BELIEVED, KNOWN, CLAIMED, ODD = "believed", "known", "claimed", "does not fit"
TONES: dict[str, Tone] = {BELIEVED: "bad", KNOWN: "good", CLAIMED: "later", ODD: "bad"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader makes of a header.

    `lines` has a word for each Received field, the newest first; `origin` is where the message came from, by
    this reader; `result` sums up what the forgery did to it, and `how` says how the result went.
    """

    reader: str
    rule: str
    lines: tuple[str, ...]
    origin: str
    result: str
    how: Tone


def readings(delivered: bytes, forged: int, trusted: Sequence[str]) -> tuple[Chain, list[Reading]]:
    """The chain, and the three readings of it. The lowest `forged` Received fields are the forged ones."""
    found = chain(delivered, trusted=trusted)
    newest = found.header
    real = len(newest) - forged
    return found, [_naive(newest, real), _careful(newest, real), _filter(newest, real)]


def _naive(newest: Sequence[Hop], real: int) -> Reading:
    fooled = real < len(newest)
    return Reading(
        NAIVE,
        "bottom up: the lowest line is the origin",
        (BELIEVED,) * len(newest),
        _client(newest[-1]) if newest else "nothing",
        "fooled" if fooled else "not fooled",
        "bad" if fooled else "good",
    )


def _careful(newest: Sequence[Hop], real: int) -> Reading:
    words = tuple(KNOWN if hop.known else CLAIMED for hop in newest)
    fooled = KNOWN in words[real:]
    return Reading(
        CAREFUL,
        "top down: stops at the first line that no host of its own wrote",
        words,
        _last_known(newest),
        "fooled" if fooled else "not fooled",
        "bad" if fooled else "good",
    )


def _filter(newest: Sequence[Hop], real: int) -> Reading:
    words = tuple(KNOWN if hop.known else ODD if contradicted(hop) else CLAIMED for hop in newest)
    caught = words[real:].count(ODD)
    if KNOWN in words[real:]:
        result, how = "fooled", "bad"
    elif caught:
        result, how = f"caught: {caught} of your {len(newest) - real} lines", "good"
    else:
        result, how = "sees nothing wrong", "later"
    if real == len(newest):
        result, how = "nothing to catch", "plain"
    return Reading(
        FILTER,
        "as the careful reader, and looks for what does not fit",
        words,
        _last_known(newest),
        result,
        how,  # type: ignore[arg-type]
    )


def contradicted(hop: Hop) -> bool:
    """True when something in this hop is certainly or likely wrong."""
    return any(sure(step) in ("certain", "likely") for step in hop.steps)


def _last_known(newest: Sequence[Hop]) -> str:
    known = [hop for hop in newest if hop.known]
    return _client(known[-1]) if known else "unknown"


def _client(hop: Hop) -> str:
    """The client of a hop: the address first, for it is the evidence where there is any."""
    read = hop.received
    return str(read.ip or read.rdns or read.helo or "not said")
