"""Anomalies: what doesn't fit in a Received chain, how sure that is, and why (RFC 5321 §4.4, §6.3, §7.1).

`CHECKS` is the list: one entry for each kind, with the function that looks for it in one line. To add one,
write the function and its entry. What honest chains do every day (filters on the host itself, names of a
pool, clocks that differ by seconds, mail that waited for an hour) is no anomaly.

Nothing found does not mean that nothing is forged: a consistent forgery can't be told from the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..verdict import Step
from . import anomalies_names as names
from . import anomalies_time as times
from .finding import Finding
from .way import Way

MOST_HOPS = 100  # RFC 5321 §6.3: with fewer lines than this, no host should call it a loop
MANY_HOPS = 30  # what the strictest common software takes (Exim's received_headers_max)

Look = Callable[[Way, int], Finding | None]


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of anomaly: its name, what it means in general, its source, and who looks for it."""

    kind: str
    means: str
    ref: str
    look: Look


CHECKS: tuple[Check, ...] = (
    Check("unreadable line", "no Received field can be read in it", "RFC 5321 §4.4", names.unreadable),
    Check("broken link", "the next host had it from somebody else", "RFC 5321 §4.4", names.broken_link),
    Check("borrowed name", "a host of yours below the trust boundary", "RFC 5321 §7.1", names.borrowed),
    Check("own name", "the client gave the receiver's name as its own", "RFC 5321 §4.1.4", names.own_name),
    Check(
        "other literal", "the client named another address than its own", "RFC 5321 §4.1.3", names.literals
    ),
    Check("impossible address", "no connection comes from there", "RFC 5321 §4.4", names.impossible),
    Check("private address", "a private address across the Internet", "RFC 1918 §3", names.private),
    Check("loop", "the same hop a second time", "RFC 5321 §6.3", names.loop),
    Check("misplaced field", "a field of the author above a trace field", "RFC 5322 §3.6.7", names.misplaced),
    Check("other recipient", "for somebody else than it was delivered to", "RFC 5321 §4.4", names.recipient),
    Check("missing date", "a line without its time", "RFC 5321 §4.4", times.missing),
    Check("clock skew", "dated before the hop before", "RFC 5321 §4.4", times.skew),
    Check("later than known", "a claimed line dated after a known one", "RFC 5321 §4.4", times.later),
    Check("long delay", "longer on one hop than mail waits", "RFC 5321 §4.5.4.1", times.long_delay),
    Check("other date", "Date does not fit the first hop", "RFC 5322 §3.6.1", times.date_field),
)
TOO_MANY = Check(
    "too many hops", "more hops than mail makes", "RFC 5321 §6.3", lambda way, index: _too_many(way)
)

KINDS: tuple[str, ...] = tuple(check.kind for check in (*CHECKS, TOO_MANY))


def of_hop(way: Way, index: int) -> tuple[Step, ...]:
    """The anomalies of one line."""
    return tuple(_steps(CHECKS, way, index))


def of_chain(way: Way) -> tuple[Step, ...]:
    """The anomalies that belong to no single line."""
    return tuple(_steps((TOO_MANY,), way, 0))


def _steps(checks: tuple[Check, ...], way: Way, index: int) -> Iterator[Step]:
    for check in checks:
        if found := check.look(way, index):
            yield found.step(check.kind, check.ref)


def _too_many(way: Way) -> Finding | None:
    """RFC 5321 §6.3: count the lines; 100 and more mean a loop."""
    count = len(way.lines)
    if count >= MOST_HOPS:
        return Finding("likely", f"{count} hops: from {MOST_HOPS} on, hosts may call it a loop.")
    if count > MANY_HOPS:
        return Finding("possible", f"{count} hops: some hosts refuse a message with more than {MANY_HOPS}.")
    return None
