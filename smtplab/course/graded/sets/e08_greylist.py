"""The greylist of exercise 08 (RFC 6647 §5): stories of who came when, each with the right replies.

A story's replies are written down with it and not worked out, so that nothing here is a solution.
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

REF = "RFC 6647 §5"
Row = tuple[int, str, str, str, int, str]  # time, ip, reverse-path, recipient, the right reply, and why


@dataclass(frozen=True, slots=True)
class Story:
    """Events in the order of their times, each with the right reply and the reason for it."""

    name: str
    rows: Sequence[Row]

    def probe(self, world: World) -> Probe:
        """The story as the learner's function gets it."""
        events = [{"time": t, "ip": ip, "from": a, "to": b} for t, ip, a, b, _, _ in self.rows]
        return Probe(self.name, (events, world.visits["delay"], world.visits["window"]))

    def first_wrong(self, value: Any) -> str:
        """What is wrong with these replies, "" when nothing is. The reason is the first wrong event's."""
        if type(value) is not list or len(value) != len(self.rows):
            return f"there should be one reply for each of {len(self.rows)} events"
        for number, (row, got) in enumerate(zip(self.rows, value, strict=True), 1):
            if type(got) is not int or got != row[4]:
                return f"event {number} got {visible(str(got))[:30]} and not {row[4]}: {row[5]}"
        return ""


def judged(stories: Sequence[Story], tried: Sequence[Tried], of: float, *, tell: bool = True) -> list[Mark]:
    """A mark of `of` points for each story. Without `tell` the reason leaves out what came in."""
    marks = []
    for story, one in zip(stories, tried, strict=True):
        wrong = one.error or story.first_wrong(one.value)
        why = "Every reply is right." if not wrong else f"Not all replies are right: {wrong}."
        if wrong and not tell and not one.error:
            why = f"Not all replies are right. It is about this: {story.name}."
        marks.append(mark(story.name, of, not wrong, why, REF))
    return marks


def shown(world: World) -> list[Story]:
    """The visible stories: what a queue does, and what software without one does."""
    (one, two, _), delay, window = _clients(world), world.visits["delay"], world.visits["window"]
    known = "it came back in time once, so it passes from then on"
    return [
        Story("a queue comes again", [
            (100, *one, 450, "nobody has seen it before"),
            (100 + delay, *one, 250, "the delay has passed, to the second"),
            (100 + delay + 5, *one, 250, known),
        ]),
        Story("too early", [
            (0, *one, 450, "nobody has seen it before"),
            (delay - 1, *one, 450, "it came a second too early"),
            (delay + 30, *one, 250, "the delay counts from the first visit"),
        ]),
        Story("each triple by itself", [
            (0, *one, 450, "nobody has seen it before"),
            (delay + 9, one[0], two[1], one[2], 450, "the same client, and another reverse-path"),
            (delay + 10, one[0], one[1], two[2], 450, "the same client, and another recipient"),
            (delay + 11, *two, 450, "another client"),
            (delay + 12, *one, 250, "this triple was here before"),
        ]),
        Story("too late", [
            (0, *one, 450, "nobody has seen it before"),
            (window + 1, *one, 450, "the window is over, so this counts as a first visit"),
            (window + 1 + delay, *one, 250, "it came back in time after that"),
        ]),
    ]  # fmt: skip


def _clients(world: World) -> list[tuple[str, str, str]]:
    return [(each["ip"], each["from"], each["to"]) for each in world.visits["events"][:3]]


def probes(world: World) -> list[Probe]:
    """One for each visible story."""
    return [story.probe(world) for story in shown(world)]


@task("queue-5", answers.function("greylist(events, delay, window)"), probes)
def greylist(tried: list[Tried], world: World) -> Marks:
    """Each story is a point: all its replies, or none."""
    yield from judged(shown(world), tried, 1)
