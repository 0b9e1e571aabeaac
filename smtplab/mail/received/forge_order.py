"""Anomalies in how the lines of a chain follow each other: what `forge_plants` plants before all others.

These add, take away or rename lines, so they come first; the other kinds keep away from the lines that are
changed here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from ..hosts import standing
from .forge_dialects import Leg
from .forge_hosts import Host
from .forge_way import Draft, Plan, draft


class Planted(NamedTuple):
    """An anomaly that is there on purpose: its kind, and the number of its hop (0 for the whole chain)."""

    kind: str
    hop: int


def broken(plan: Plan) -> tuple[Planted, ...]:
    """The topmost forged line is in the name of a host that has nothing to do with who handed it over.

    Without forged lines, a host that carried the message has left no line.
    """
    forged = sum(line.forged for line in plan.drafts)
    if forged:
        other = plan.world.host("mail", plan.world.organisation())
        _rename(plan.drafts[forged - 1], other.name)
        plan.used.update((forged - 1, forged))
        return (Planted("broken link", forged),)
    index = plan.one(plan.free(1, plan.boundary))
    if index is None:
        return ()
    del plan.drafts[index]
    plan.used.add(index - 1)
    return (Planted("broken link", index),)


def borrowed(plan: Plan) -> tuple[Planted, ...]:
    """A forged line in the name of the reader's own host: the topmost, or one below, where it fits."""
    forged = sum(line.forged for line in plan.drafts)
    mine = plan.drafts[plan.boundary].host
    if not forged:
        return ()
    index = plan.rng.randrange(forged)
    _rename(plan.drafts[index], mine.name)
    plan.used.update((index, index + 1))
    if index == forged - 1:
        return Planted("borrowed name", forged), Planted("broken link", forged)
    _hand(plan.drafts[index + 1], mine)
    return (Planted("borrowed name", index + 1),)


def unreadable(plan: Plan) -> tuple[Planted, ...]:
    """A line that nobody can read."""
    index = plan.one(plan.free(0, plan.boundary))
    if index is None:
        return ()
    line = plan.drafts[index]
    line.dialect, line.leg, line.client = "garbage", Leg(id=line.leg.id), None
    return (Planted("unreadable line", index + 1),)


def loop(plan: Plan) -> tuple[Planted, ...]:
    """From A to B, back to A, and to B again."""
    lines = plan.drafts
    index = plan.one(at for at in plan.free(1, plan.boundary) if _has_public(lines[at]))
    if index is None:
        return ()
    here = lines[index]
    back = draft(plan, here.host, lines[index - 1].host)
    again = replace(here, leg=replace(here.leg, id=here.leg.id[::-1]))
    for step, line in enumerate((back, again), 1):
        line.forged = here.forged
        _at(line, here, step)
    lines[index + 1 : index + 1] = [back, again]
    plan.used.update((index + 1, index + 2))
    return (Planted("loop", index + 3),)


def many(plan: Plan) -> tuple[Planted, ...]:
    """Relay after relay, before the message comes to the reader's own hosts."""
    known = plan.boundary
    if not known:
        return ()
    last = plan.drafts[known - 1]
    client, added = last.host, list[Draft]()
    for number in range(plan.rng.choice((32, 40, 55, 101)) - len(plan.drafts)):
        host = plan.world.host(f"relay{number}", plan.world.organisation())
        line = draft(plan, client, host)
        line.forged = last.forged
        _at(line, last, number // 8)
        added.append(line)
        client = host
    _hand(plan.drafts[known], client)
    plan.drafts[known:known] = added
    return (Planted("too many hops", 0),)


def _rename(line: Draft, name: str) -> None:
    line.leg.by, line.leg.own = name, ""


def _hand(line: Draft, client: Host) -> None:
    """Have `line` say that it was `client` who handed the message over."""
    line.client = client
    line.leg.helo, line.leg.ip = client.name, client.ip
    line.leg.rdns = client.rdns if line.leg.rdns else ""


def _at(line: Draft, after: Draft, seconds: int) -> None:
    """Date `line` some seconds after another."""
    time = after.leg.time
    line.leg.time = (time + timedelta(seconds=seconds)).astimezone(line.host.zone) if time else None


def _has_public(line: Draft) -> bool:
    return line.leg.ip is not None and standing(line.leg.ip) == "public"
