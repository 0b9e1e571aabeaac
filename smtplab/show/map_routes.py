"""The lines of the mail map: how a link gets from one card to another without crossing a third.

A line leaves a card sideways, turns only in the gutters between columns, passes a column only through
a free channel between its areas, and enters the other card sideways. Neighbours in one column are
joined straight. Lines that share a side, a channel or a gutter are spread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from ..mail.topology import Link

Point = tuple[float, float]
Range = tuple[float, float]

SPREAD = 14  # between lines on one side of a card, at most
APART = 8  # between lines in one channel, and between a line and an area
EDGE = 10  # between a line and its card's corner
BORDER = 10  # from a card's edge to the gutter: its area's padding


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `column` and `row` count from the left and the top."""

    x: int
    y: int
    width: int
    height: int
    column: int
    row: int = 0

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Route:
    """A line from card to card: its corners, first to last. `hop` is 0 for a link outside the path."""

    link: Link
    hop: int
    points: tuple[Point, ...]

    def longest(self) -> tuple[Point, Point]:
        """Its longest stretch: where a label has room."""
        pairs = list(zip(self.points, self.points[1:], strict=False))
        return max(pairs, key=lambda ends: abs(ends[0][0] - ends[1][0]) + abs(ends[0][1] - ends[1][1]))


@dataclass(slots=True, eq=False)
class _Plan:
    """A line being drawn from the left card to the right one; `back` when the link runs the other way.

    `ys` holds two heights for each gutter that it meets, at the gutter's left and right edge; `free`
    the channel of each column that it passes.
    """

    link: Link
    hop: int
    a: Box
    b: Box
    back: bool
    ys: list[float] = field(default_factory=list)
    free: list[Range] = field(default_factory=list)

    @property
    def loop(self) -> bool:
        """Both cards stand in one column, so the line goes round at the side."""
        return self.a.column == self.b.column


def routes(
    wanted: Sequence[tuple[Link, int]], cards: Mapping[str, Box], boxes: Iterable[Box], gutter: int
) -> list[Route]:
    """One route for each link of `wanted` (link, hop), between the `cards` by name, around `boxes`."""
    plans: list[_Plan] = []
    done: dict[int, Route] = {}
    for number, (link, hop) in enumerate(wanted):
        a, b = cards[link.a], cards[link.b]
        if a.column == b.column and abs(a.row - b.row) == 1:
            done[number] = Route(link, hop, _straight(a, b))
            continue
        back = a.column > b.column or (a.column == b.column and a.y > b.y)
        plans.append(_Plan(link, hop, *((b, a) if back else (a, b)), back))
    _choose_channels(plans, list(boxes))
    _spread_sides(plans)
    _settle_channels(plans)
    lanes = _lanes(plans, gutter)
    drawn = iter([_draw(plan, lanes[plan]) for plan in plans])
    return [done[number] if number in done else next(drawn) for number in range(len(wanted))]


def _straight(a: Box, b: Box) -> tuple[Point, ...]:
    """From the edge of one card to the edge of its neighbour above or below."""
    x = a.x + a.width / 2
    return ((x, a.bottom), (x, b.y)) if a.y < b.y else ((x, a.y), (x, b.bottom))


def _choose_channels(plans: list[_Plan], boxes: list[Box]) -> None:
    """The channel through which each line passes each column between its two cards."""
    for plan in plans:
        plan.ys = [plan.a.middle]
        for column in range(plan.a.column + 1, plan.b.column):
            channels = _channels([box for box in boxes if box.column == column])
            best = min(channels, key=partial(_detour, plan))
            plan.free.append(best)
            plan.ys += [_clamp(plan.ys[-1], best)] * 2
        plan.ys.append(plan.b.middle)


def _detour(plan: _Plan, free: Range) -> tuple[float, float]:
    """How far out of the way a channel is for a line; of equal ones, the nearer to where the link begins."""
    low, high = sorted((plan.a.middle, plan.b.middle))
    begin = (plan.b if plan.back else plan.a).middle
    return max(free[0] - high, low - free[1], 0.0), abs(_clamp(begin, free) - begin)


def _channels(boxes: list[Box]) -> list[Range]:
    """The heights at which a column can be passed: above it, between its areas, below it."""
    spans = sorted((box.y, box.bottom) for box in boxes)
    free, floor = [(float(APART), spans[0][0] - float(APART))], spans[0][1]
    for top, bottom in spans[1:]:
        if top >= floor + 2 * APART:
            free.append((floor + float(APART), top - float(APART)))
        floor = max(floor, bottom)
    return [*(free if free[0][0] <= free[0][1] else free[1:]), (floor + 12.0, floor + 60.0)]


def _clamp(y: float, free: Range) -> float:
    return min(max(y, free[0]), free[1])


def _spread_sides(plans: list[_Plan]) -> None:
    """Gives each line its own height on the card's side, in the order in which the lines go up or down."""
    sides: dict[tuple[Box, bool], list[tuple[float, float, _Plan, int]]] = defaultdict(list)
    for plan in plans:
        last = len(plan.ys) - 1
        sides[plan.a, True].append((plan.ys[1], plan.b.middle, plan, 0))
        sides[plan.b, plan.loop].append((plan.ys[last - 1], plan.a.middle, plan, last))
    for (box, _), ends in sides.items():
        ends.sort(key=lambda end: end[:2])
        step = min(SPREAD, (box.height - 2 * EDGE) / max(len(ends) - 1, 1))
        for index, (*_, plan, end) in enumerate(ends):
            plan.ys[end] = box.middle + (index - (len(ends) - 1) / 2) * step
    for (box, _), ends in sides.items():
        _level(box, [(plan, end) for *_, plan, end in ends])


def _level(box: Box, ends: list[tuple[_Plan, int]]) -> None:
    """Moves ends on a side to the height of their other end, where order and distance allow it."""
    for index, (plan, end) in enumerate(ends):
        other = plan.ys[0 if end else -1]
        lower = [plan.ys[at] for plan, at in ends[:index]] or [box.y + EDGE - APART]
        upper = [plan.ys[at] for plan, at in ends[index + 1 :]] or [box.bottom - EDGE + APART]
        fits = lower[-1] + APART <= other <= upper[0] - APART
        if fits and not plan.loop and all(_clamp(other, free) == other for free in plan.free):
            plan.ys[end] = other


def _settle_channels(plans: list[_Plan]) -> None:
    """Now that the ends are known, each line passes a column at the height of one of them if it can."""
    taken: dict[tuple[int, Range], list[float]] = defaultdict(list)
    for plan in plans:
        for index, free in enumerate(plan.free):
            before, after = plan.ys[2 * index], plan.ys[-1]
            y = after if _clamp(before, free) != before and _clamp(after, free) == after else before
            others = taken[plan.a.column + 1 + index, free]
            y = _clamp(y, free)
            while any(abs(y - other) < APART for other in others) and y + APART <= free[1]:
                y += APART
            others.append(y)
            plan.ys[2 * index + 1 : 2 * index + 3] = [y, y]
        _straighten(plan)


def _straighten(plan: _Plan) -> None:
    """A step that is too small to mean anything is taken out, at the card's end of it."""
    if abs(plan.ys[0] - plan.ys[1]) < APART:
        plan.ys[0] = plan.ys[1]
    if abs(plan.ys[-1] - plan.ys[-2]) < APART:
        plan.ys[-1] = plan.ys[-2]


def _lanes(plans: list[_Plan], gutter: int) -> dict[_Plan, list[float]]:
    """For each line, the x of its turn in each gutter that it meets.

    Lines that go down turn the sooner the further down they end, and lines that go up the later the
    further down they began: then lines with a common end do not cross.
    """
    gutters: dict[int, list[tuple[bool, float, _Plan, int]]] = defaultdict(list)
    for plan in plans:
        for which in range(len(plan.ys) // 2):
            start, end = plan.ys[2 * which], plan.ys[2 * which + 1]
            if start != end:
                key = (True, start) if end < start else (False, -end)
                gutters[plan.a.column + which].append((*key, plan, which))
    lanes = {plan: [0.0] * (len(plan.ys) // 2) for plan in plans}
    for turns in gutters.values():
        turns.sort(key=lambda turn: turn[:2])
        for index, (*_, plan, which) in enumerate(turns, 1):
            columns = plan.b.column - plan.a.column
            pitch = (plan.b.x - plan.a.x) / columns if columns else 0
            lanes[plan][which] = plan.a.right + which * pitch + BORDER + index * gutter / (len(turns) + 1)
    return lanes


def _draw(plan: _Plan, lanes: list[float]) -> Route:
    points: list[Point] = [(plan.a.right, plan.ys[0])]
    for which, x in enumerate(lanes):
        first, second = plan.ys[2 * which], plan.ys[2 * which + 1]
        if first != second:
            points += [(x, first), (x, second)]
    points.append((plan.b.right if plan.loop else plan.b.x, plan.ys[-1]))
    if plan.back:
        points.reverse()
    return Route(plan.link, plan.hop, tuple(points))
