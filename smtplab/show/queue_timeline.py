"""The queue timeline: messages that wait, drawn over the lab's time, and the clock in the learner's hand.

What does a queue do between "accepted" and "delivered", or "given up" (RFC 5321 §4.5.4.1)? A lane for each
recipient, a mark for each attempt; time moves when the learner says so. Each mark opens: the reply explained,
what was decided about TLS, what was said. What is done to the receiver meanwhile is drawn as well.

Reading the queue, moving the clock and changing the world are handed in. It opens no connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import traitlets
from markupsafe import Markup

from ..mail.errors import LabError
from ..mail.history import History
from . import queue_code, queue_table
from .controls import guarded
from .ladder import script_file
from .queue_axis import axis_row, over
from .queue_board import bar, legend, still, top
from .queue_drawing import board
from .queue_events import Axis, Key, Lane, Mark, axis, due, key_of, lanes
from .queue_panel import panel
from .scripted import SCRIPT, STYLE, Scripted
from .theme import shown

QUEUE_CSS = script_file("queue_timeline.css")
MOST = 60  # lanes that are drawn: a longer queue is counted, but nobody would look at all of it
STUCK = 10  # times that what is due is waited for when nothing comes of it
ROUNDS = 5000  # attempts that "to the end" waits for: a queue that never ends is not waited for

STEPS: dict[str, timedelta] = {
    "minute": timedelta(minutes=1),
    "quarter": timedelta(minutes=15),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}

Read = Callable[[], Sequence[History]]
Advance = Callable[[timedelta], object]
Action = tuple[str, Callable[[], object]]
Code = Callable[[], Mapping[str, str]]


class QueueTimeline(Scripted):
    """What became of messages in a queue, and a clock to move.

    `read` gives the messages as they stand; `advance` moves the lab's clock by a time and returns when all
    that fell due has been done; `actions` are buttons, each with what it does to the world; `code` makes
    what *Show the code* shows. `advance`, `to_next`, `to_end`, `act`, `explain` and `look` do what the
    controls do; `histories` and `lanes` are what was read last, and `marks` are by their keys.
    """

    _esm = SCRIPT + script_file("queue_timeline.js")
    _css = STYLE + QUEUE_CSS

    panel = traitlets.Unicode("").tag(sync=True)
    opened = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self, read: Read, advance: Advance, actions: Sequence[Action] = (), *, code: Code | None = None
    ) -> None:
        self._read, self._advance, self._actions = read, advance, tuple(actions)
        self._code = code or queue_code.snippets
        self._numbers: dict[tuple[Key, str], int] = {}
        self._ends: dict[Key, datetime] = {}
        self._even = self._tabled = False
        self._drawn: tuple[tuple[object, ...], dict[str, Any]] | None = None
        self.changes: list[tuple[datetime, str]] = []
        self.histories: tuple[History, ...] = ()
        self.lanes: tuple[Lane, ...] = ()
        super().__init__("smtplab-queue-timeline")
        self._take()
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def advance(self, step: timedelta) -> None:
        """Move the clock forward by `step`. Raises LabError for a step back."""
        self._told(lambda: self._move(step))

    def to_next(self) -> None:
        """Move the clock to the next moment at which a queue acts. Raises LabError when there is none."""
        self._told(self._to_next)

    def to_end(self) -> None:
        """Move the clock on until every recipient has an outcome. Raises LabError when all have."""
        self._told(self._to_end)

    def act(self, label: str) -> None:
        """Do the action with this label. Raises LabError when there is none."""
        number = next((n for n, (name, _) in enumerate(self._actions) if name == label), None)
        if number is None:
            known = ", ".join(name for name, _ in self._actions) or "none"
            raise LabError(f"There is no action {label!r} here. There are: {known}.")
        self._told(lambda: self._act_on(number))

    def explain(self, key: str) -> None:
        """Explain the mark with this key: `0-attempt1`, the first attempt of the first lane. "" closes."""
        self._open(key)

    def look(self) -> None:
        """Read the queue anew: a cell may have moved the clock."""
        self._told(self._take)

    @property
    def marks(self) -> dict[str, Mark]:
        """Every mark by its key."""
        return {f"{self._name(lane)}-{mark.name}": mark for lane in self.lanes for mark in lane.marks}

    @property
    def axis(self) -> Axis | None:
        """The axis of time, None while nothing is queued."""
        return axis(self.lanes, even=self._even, ends=self._ends) if self.lanes else None

    # How --------------------------------------------------------------------------------------------

    def _told(self, act: Callable[[], object]) -> None:
        act()
        self._settle()

    def _take(self) -> None:
        self.histories = tuple(self._read())
        for history in self.histories:
            if history.give_up_at:
                self._ends[key_of(history)] = history.give_up_at
        self.lanes = tuple(lanes(self.histories, self._ends))
        for lane in self.lanes:
            self._numbers.setdefault((key_of(lane.history), lane.recipient), len(self._numbers))
        if self.opened:
            self._open(self.opened)

    def _move(self, step: timedelta) -> None:
        try:
            self._advance(step)
        finally:
            self._take()

    def _to_next(self) -> None:
        soon = due(self.lanes)
        if soon is None:
            raise LabError("Nothing is due: no message waits in this queue.")
        self._move(max(soon - self._now(), timedelta(seconds=1)))

    def _to_end(self) -> None:
        self._to_next()
        stuck = 0
        for _ in range(ROUNDS):
            soon = due(self.lanes)
            if soon is None:
                return
            stuck = stuck + 1 if soon <= self._now() else 0
            if stuck > STUCK:
                raise LabError("The queue stands still, though something is due: is its host switched off?")
            self._to_next()
        raise LabError(f"After {ROUNDS} attempts something still waits, so the clock stands here.")

    def _act_on(self, number: int) -> None:
        label, action = self._actions[number]
        action()
        if self.histories:
            self.changes.append((self._now(), label))
        self._take()

    def _open(self, key: str) -> None:
        found = next(
            (
                (lane, mark)
                for lane in self.lanes
                for mark in lane.marks
                if key == f"{self._name(lane)}-{mark.name}"
            ),
            None,
        )
        with self.hold_sync():
            self.opened = key if found else ""
            self.panel = str(panel(*found)) if found else ""

    def _now(self) -> datetime:
        return max(history.now for history in self.histories)

    def _seen(self) -> list[Lane]:
        """The lanes that are drawn: all of them, or those that wait before those that are settled."""
        if len(self.lanes) <= MOST:
            return list(self.lanes)
        first = {id(lane) for lane in sorted(self.lanes, key=lambda lane: not lane.pending)[:MOST]}
        return [lane for lane in self.lanes if id(lane) in first]

    def _summary(self) -> str:
        told = queue_table.summary(self.lanes)
        return told if len(self.lanes) <= MOST else f"{told} Drawn are {MOST}, those that wait first."

    def _name(self, lane: Lane) -> str:
        return str(self._numbers[key_of(lane.history), lane.recipient])

    def _draw(self) -> dict[str, Any]:
        """The parts, drawn anew only when something was read or looked at otherwise."""
        state = (self.lanes, self._even, self._tabled)
        if self._drawn is None or any(a is not b for a, b in zip(self._drawn[0], state, strict=True)):
            self._drawn = (state, self._draw_anew())
        return self._drawn[1]

    def _draw_anew(self) -> dict[str, Any]:
        scale, seen = self.axis, self._seen()
        found: dict[str, Any] = {
            "bar": str(bar(self.lanes, self._actions, self.changes, due(self.lanes) is not None)),
            "top": str(top(self.lanes, even=self._even, tabled=self._tabled)),
            "summary": shown(self._summary(), 600),
        }
        if scale is None:
            return found | {"axis": "", "lanes": "", "grid": "", "legend": "", "table": "", "now": None}
        names = [self._name(lane) for lane in seen]
        return found | {
            "axis": str(axis_row(scale, self.changes)),
            "lanes": str(board(seen, scale, names)),
            "grid": str(over(scale)),
            "legend": str(legend()),
            "table": str(queue_table.table(seen)) if self._tabled else "",
            "now": scale.share(self._now()),
        }

    def _asked(self, widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        if content.get("do") == "look":  # nothing rests: what is pressed meanwhile comes right after
            guarded((), self._notice, self._settle)(self._take)()
        else:
            super()._asked(widget, content, buffers)

    def _snippets(self) -> Mapping[str, str]:
        return self._code()

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {"do": "step", "value": "next"}:
                return self._to_next
            case {"do": "step", "value": "end"}:
                return self._to_end
            case {"do": "step", "value": str(value)} if value in STEPS:
                return lambda: self._move(STEPS[value])
            case {"do": "act", "value": str(value)} if value.isdecimal() and int(value) < len(self._actions):
                return lambda: self._act_on(int(value))
            case {"do": "open", "value": str(value)}:
                return lambda: self._open(value)
            case {"do": "scale"}:
                return lambda: setattr(self, "_even", not self._even)
            case {"do": "table"}:
                return lambda: setattr(self, "_tabled", not self._tabled)
        return None

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        names = [self._name(lane) for lane in self._seen()]
        return still(self._seen(), self.axis, names, self.changes, self._snippets())

    def __repr__(self) -> str:
        return queue_table.text(self.lanes)
