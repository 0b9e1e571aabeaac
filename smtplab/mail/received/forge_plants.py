"""Anomalies, planted in a chain that has none: one function for each kind that `chain` looks for.

`PLANTS` is the list, by the kinds of `anomalies.CHECKS`. Each plant changes as little as it can, so that it
causes no other anomaly, and names every (kind, hop) that a reader should find. A kind that does not fit into
a chain plants nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address

from ..hosts import standing
from . import forge_order
from .forge_order import Planted
from .forge_way import Draft, Plan


@dataclass(frozen=True, slots=True)
class Plant:
    """How to plant one kind. A chain gets at most one of each `group`, for two would spoil each other.

    `outside` says how many lines below the trust boundary it needs, `forged` how many of them made up.
    """

    group: str
    put: Callable[[Plan], tuple[Planted, ...]]
    outside: int = 0
    forged: int = 0


def _minutes(plan: Plan, least: int, most: int) -> timedelta:
    return timedelta(minutes=plan.rng.randint(least, most))


def _names_client(line: Draft) -> bool:
    """True where the reverse name and a public address are written beside what the client said."""
    return bool(line.leg.rdns) and line.leg.ip is not None and standing(line.leg.ip) == "public"


# in the times ---------------------------------------------------------------------------------------


def _skew(plan: Plan) -> tuple[Planted, ...]:
    index = plan.one(at for at in plan.free(1, len(plan.drafts)) if at != plan.boundary)
    if index is None:
        return ()
    here, before = plan.drafts[index], plan.drafts[index - 1].leg.time
    assert before is not None  # nothing else has been planted in the times
    here.leg.time = (before - _minutes(plan, 3, 150)).astimezone(here.host.zone)
    return (Planted("clock skew", index + 1),)


def _wait(plan: Plan) -> tuple[Planted, ...]:
    index = plan.one(plan.free(1, len(plan.drafts)))
    if index is None:
        return ()
    wait = _minutes(plan, 300, 60 * 24 * 8)
    for line in plan.drafts[index:]:
        line.leg.time = line.leg.time + wait if line.leg.time else None
    return (Planted("long delay", index + 1),)


def _later(plan: Plan) -> tuple[Planted, ...]:
    known = plan.boundary
    index = plan.one(plan.free(max(0, known - 1), known))
    above = plan.drafts[known].leg.time
    if index is None or above is None:
        return ()
    line = plan.drafts[index]
    line.leg.time = (above + _minutes(plan, 3, 150)).astimezone(line.host.zone)
    return (Planted("later than known", index + 1),)


def _no_date(plan: Plan) -> tuple[Planted, ...]:
    index = plan.one(plan.free(0, len(plan.drafts)))
    if index is None:
        return ()
    plan.drafts[index].leg.time = None
    return (Planted("missing date", index + 1),)


def _date(plan: Plan) -> tuple[Planted, ...]:
    if plan.one(plan.free(0, 1)) is None:
        return ()
    early = _minutes(plan, 60 * 26, 60 * 24 * 20)
    plan.date = plan.date + _minutes(plan, 60, 600) if plan.rng.random() < 0.5 else plan.date - early
    return (Planted("other date", 1),)


# in the names and addresses -------------------------------------------------------------------------


def _literal(plan: Plan) -> tuple[Planted, ...]:
    index = plan.one(at for at in plan.free(0, len(plan.drafts)) if _names_client(plan.drafts[at]))
    if index is None:
        return ()
    leg = plan.drafts[index].leg
    assert leg.ip is not None
    other = plan.world.other(leg.ip)
    leg.helo = f"[IPv6:{other}]" if other.version == 6 else f"[{other}]"
    return (Planted("other literal", index + 1),)


def _own_name(plan: Plan) -> tuple[Planted, ...]:
    lines = plan.drafts
    index = plan.one(at for at in plan.free(0, len(lines)) if _names_client(lines[at]))
    if index is None:
        return ()
    lines[index].leg.helo = lines[index].leg.by
    return (Planted("own name", index + 1),)


def _impossible(plan: Plan) -> tuple[Planted, ...]:
    index = plan.one(at for at in plan.free(0, plan.boundary) if plan.drafts[at].leg.helo)
    if index is None:
        return ()
    first = plan.rng.choice((0, 224, 239, 240, 255))
    plan.drafts[index].leg.ip = IPv4Address(
        f"{first}.{plan.rng.randint(1, 250)}.7.{plan.rng.randint(1, 250)}"
    )
    return (Planted("impossible address", index + 1),)


def _private(plan: Plan) -> tuple[Planted, ...]:
    index = plan.one(plan.free(1, plan.boundary))
    if index is None:
        return ()
    start = plan.rng.choice(("10.0.5", "172.16.9", "192.168.44", "100.64.0", "169.254.3"))
    plan.drafts[index].leg.ip = IPv4Address(f"{start}.{plan.rng.randint(2, 250)}")
    return (Planted("private address", index + 1),)


# in the header ---------------------------------------------------------------------------------------


def _misplaced(plan: Plan) -> tuple[Planted, ...]:
    index = plan.one(plan.free(0, len(plan.drafts) - 1))
    if index is None:
        return ()
    name, value = plan.rng.choice(
        (("Subject", "Invoice"), ("Return-Path", "<>"), ("From", "<x@fir.example>"))
    )
    plan.between.setdefault(index, []).append(f"{name}: {value}")
    return (Planted("misplaced field", index + 1),)


def _recipient(plan: Plan) -> tuple[Planted, ...]:
    named = [index for index, line in enumerate(plan.drafts) if line.leg.for_]
    if not named or named[-1] not in plan.free(0, len(plan.drafts)):
        return ()
    plan.used.add(named[-1])
    plan.delivered = f"carol@{plan.reader}"
    return (Planted("other recipient", named[-1] + 1),)


PLANTS: dict[str, Plant] = {
    "broken link": Plant("order", forge_order.broken, outside=2),
    "borrowed name": Plant("order", forge_order.borrowed, forged=1),
    "unreadable line": Plant("order", forge_order.unreadable, outside=1),
    "loop": Plant("order", forge_order.loop, outside=2),
    "too many hops": Plant("order", forge_order.many, outside=1),
    "clock skew": Plant("time", _skew, outside=2),
    "long delay": Plant("time", _wait, outside=1),
    "later than known": Plant("time", _later, outside=1),
    "missing date": Plant("time", _no_date),
    "other date": Plant("time", _date),
    "other literal": Plant("name", _literal, outside=1),
    "own name": Plant("name", _own_name, outside=1),
    "impossible address": Plant("name", _impossible, outside=2),
    "private address": Plant("name", _private, outside=2),
    "misplaced field": Plant("field", _misplaced, outside=1),
    "other recipient": Plant("for", _recipient),
}
