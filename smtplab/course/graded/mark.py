"""Mark and Score: what one step of a check is worth, why, and what it adds up to.

A judge never stops at the first failure: it yields one `Mark` for each thing it looked at, and the points of
all of them are always the same, whatever the answer was. A `Score` is their sum; it shows itself as a
Verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...mail.text import visible
from ...mail.verdict import Step, Verdict


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing looked at: `points` of `of`, and one sentence that says why.

    `sealed` is for what only the teacher's grader can decide: it counts for nothing here.
    """

    what: str
    of: float
    points: float
    why: str
    ref: str = ""
    inside: tuple[Step, ...] = ()
    sealed: bool = False

    def step(self) -> Step:
        """The mark as a step of a verdict, its points in front of its reason."""
        if self.sealed:
            return Step(self.what, self.why, "unknown", self.ref)
        why = f"{number(self.points)} of {number(self.of)}: {self.why}"
        return Step(self.what, why, result(self.points, self.of), self.ref, self.inside)


Marks = Iterator[Mark]
Judge = Callable[..., Marks]  # (answer, world) -> marks


def mark(what: str, of: float, share: float, why: str, ref: str = "", *inside: Step) -> Mark:
    """A mark for `share` (False or 0 to True or 1) of `of` points."""
    return Mark(what, of, round(of * min(max(float(share), 0.0), 1.0), 2), why, ref, inside)


def each(what: str, of: float, cases: Iterable[tuple[str, bool, str]], ref: str = "") -> Mark:
    """A mark for several cases, each (name, whether it went well, why): the points in proportion."""
    tried = list(cases)
    if not tried:
        return mark(what, of, 0, "There was nothing to try.", ref)
    good = sum(well for _, well, _ in tried)
    inside = [Step(visible(name), why, "correct" if well else "wrong") for name, well, why in tried]
    first = next((f" First, {visible(name)}: {why}" for name, well, why in tried if not well), "")
    return mark(
        what, of, good / len(tried), f"{good} of {len(tried)} as they should be.{first}", ref, *inside
    )


def sealed(what: str, of: float) -> Mark:
    """A mark that needs the truth of a world which is not here: the teacher's grader has it."""
    return Mark(what, of, 0, f"{number(of)} more: your teacher's grader decides this.", sealed=True)


@dataclass(frozen=True, slots=True)
class Score:
    """What an answer is worth: `points` of `of`, out of the task's `marks`.

    Its `repr` is the number alone: nbgrader takes a test cell's last value as its partial credit. `str` is
    the verdict, and so is what a notebook shows.
    """

    task: str
    title: str
    marks: tuple[Mark, ...]

    @property
    def points(self) -> float:
        """What was earned, as an int where it is whole."""
        return whole(sum(one.points for one in self.marks))

    @property
    def of(self) -> float:
        """What could be earned here, without what is sealed."""
        return whole(sum(one.of for one in self.marks if not one.sealed))

    @property
    def verdict(self) -> Verdict:
        """Every mark as a step: "correct", "partial", "wrong", or "unknown" where all of it is sealed."""
        points = f"{number(self.points)} of {number(self.of)} points"
        steps = tuple(one.step() for one in self.marks)
        outcome = result(self.points, self.of) if self.of else "unknown"
        return Verdict(outcome, "check", f"{self.task}, {self.title}: {points}", steps)

    def to_dict(self) -> dict[str, Any]:
        """The score as plain JSON types."""
        return {"task": self.task, "points": self.points, "of": self.of, **self.verdict.to_dict()}

    def __repr__(self) -> str:
        return number(self.points)

    def __str__(self) -> str:
        return self.verdict.text()

    def _repr_html_(self) -> str:
        from ...show.verdict import html

        return str(html(self.verdict))


def result(points: float, of: float) -> str:
    """The word for `points` of `of`."""
    return "correct" if points >= of else "partial" if points > 0 else "wrong"


def whole(value: float) -> float:
    """`value` to two places, an int where it is one."""
    rounded = round(value, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def number(value: float) -> str:
    """`value` as people write it."""
    return f"{whole(value):g}"
