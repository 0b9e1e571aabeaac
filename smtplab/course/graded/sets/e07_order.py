"""The order of mail exchangers, in exercise 07 (RFC 5321 §5.1, RFC 7505 §3): cases with their right answers.

The answers are written down with the cases and not worked out, so that nothing here is a solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, mark
from ..probe import Probe, Tried
from ..world import World

MX = "RFC 5321 §5.1"


@dataclass(frozen=True, slots=True)
class Case:
    """What `targets` is called with, the groups that it should return, and what a wrong one overlooks."""

    name: str
    domain: str
    records: Sequence[str]
    groups: Sequence[Sequence[str]]
    why: str
    ref: str = MX
    me: str = "mail.sender.example"

    def probe(self) -> Probe:
        """The case as the learner's function gets it."""
        return Probe(self.name, (self.domain, list(self.records), self.me))

    def fits(self, value: Any) -> bool:
        """Whether these are the groups: within a group any order will do."""
        if type(value) is not list or not all(type(group) is list for group in value):
            return False
        return [_same(group) for group in value] == [_same(group) for group in self.groups]


def _same(group: Sequence[Any]) -> list[str]:
    return sorted(str(name).lower().rstrip(".") for name in group)


def judged(cases: Sequence[Case], tried: Sequence[Tried], of: float, *, tell: bool = True) -> list[Mark]:
    """A mark of `of` points for each case. Without `tell` the reason leaves out what was returned."""
    marks = []
    for case, one in zip(cases, tried, strict=True):
        good = not one.error and case.fits(one.value)
        got = f" It returned {visible(str(one.value))[:120]}." if tell else ""
        why = "As it should be." if good else one.error or f"Not right: {case.why}.{got}"
        marks.append(mark(case.name, of, good, why, case.ref))
    return marks


def shown(world: World) -> list[Case]:
    """The visible cases, with this world's names."""
    domain, (a, b, c, d) = world.order["domain"], world.order["hosts"]
    return [
        Case(
            "by the number",
            domain,
            [f"100 {a}.", f"20 {b}.", f"9 {c}."],
            [[c], [b], [a]],
            "the lowest number comes first, and 9 is lower than 20 and 100",
        ),
        Case(
            "equal numbers",
            domain,
            [f"20 {b}.", f"15 {d}.", f"20 {a}.", f"30 {c}."],
            [[d], [a, b], [c]],
            "hosts with the same number are one group",
        ),
        Case("no MX record", domain, [], [[domain]], "without any MX the domain itself is its exchanger"),
        Case("null MX", domain, ["0 ."], [], "a null MX says that there is no host at all", "RFC 7505 §3"),
    ]


def probes(world: World) -> list[Probe]:
    """One for each visible case."""
    return [case.probe() for case in shown(world)]


@task("routing-5", answers.function("targets(domain, records, me)"), probes)
def targets(tried: list[Tried], world: World) -> Marks:
    """A point for each case."""
    yield from judged(shown(world), tried, 1)
