"""The queue timeline's lanes as markup: the waits, the marks, and what stands below them.

Every mark is told by its shape and its sign as well as by its colour: a disc with ✓ was taken, a diamond with
~ has to wait, a square with ✕ is refused; what is hollow had no connection or has not come yet. Places are
per cent, so that the picture fits any width; `queue_fit` says what is shown at which.

Marks are filled into `Markup` templates, which escape as htpy does, in a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import htpy as h
from markupsafe import Markup

from ..mail.text import visible
from ..mail.verdict import SIGNS
from .queue_events import Axis, Lane, Mark
from .queue_fit import NEVER, Box, centred, clear, fitted
from .theme import CLASSES, result_chip, shown
from .tracer_delay import words

MARK = 11  # pixels: half of a mark, with some room
FAN = 6  # pixels between the hosts of one round, which lie behind each other; as in the style
PLAIN = 4  # the rank of an attempt that says the same as the one before it
_RANKS = {"next": 1, "gave up": 0, "here": 0, "stop": 2, "warn": 3}

_MARK = Markup(
    '<button type="button" tabindex="-1" class="qt-mark qt-is-%s qt-%s%s qt-f%d"'
    ' style="left:%s%%;--qt-fan:%d" data-key="%s" aria-label="%s" aria-pressed="false"><i>%s</i>%s</button>'
)
_LABEL = Markup('<b class="qt-t%d">%s</b>')
_GAP = Markup('<span class="qt-gap qt-t%d" style="left:%s%%">+%s</span>')
_WAIT = Markup('<i class="qt-wait" style="left:%s%%;width:%.2f%%"></i>')
LETTER = Markup('<svg viewBox="0 0 18 13"><path d="M1 1h16v11H1z"/><path d="M1.5 2 9 7.5 16.5 2"/></svg>')
_SIGNS = {"next": "", "warn": "!", "stop": "", "gave up": SIGNS["bad"]}


@lru_cache(maxsize=4096)
def clock(when: datetime) -> str:
    """A moment of the lab's time, as it stands beside the timeline."""
    return f"{when:%a} {when.day} {when:%b} {when:%H:%M}"


def age(when: datetime, lane: Lane) -> str:
    """How long after acceptance that is."""
    return since(when - lane.history.accepted)


@lru_cache(maxsize=4096)
def since(wait: timedelta) -> str:
    """A time after acceptance in words."""
    return f"{words(wait)} after acceptance" if wait else "at acceptance"


def said(mark: Mark, lane: Lane) -> str:
    """A mark in words: what a screen reader says, and what stands in the table."""
    return visible(f"{_what(mark)}, {clock(mark.when)}, {age(mark.when, lane)}")


def _what(mark: Mark) -> str:
    attempt, notice = mark.attempt, mark.notice
    if attempt:
        reply = attempt.reply
        code = f"{reply.code:03d} {reply.enhanced}".strip() if reply else ""
        why = code or ("no connection" if mark.hollow else "no reply")
        return f"Attempt {mark.number}: {attempt.outcome}, {why}"
    if notice:
        return f"{'No DSN' if notice.why_not else 'DSN'}: {notice.action}"
    return {
        "here": f"{lane_word(mark)} on this host",
        "next": "Next attempt",
        "warn": "Warning to the sender due",
        "stop": "The queue gives up",
        "gave up": "The queue gave up",
    }[mark.kind]


def lane_word(mark: Mark) -> str:
    """The outcome of what was settled where it came in."""
    return mark.label.capitalize()


# Lanes --------------------------------------------------------------------------------------------------


def board(found: Sequence[Lane], scale: Axis, names: Sequence[str]) -> Markup:
    """All lanes; `names` are their keys. The page opens marks and moves the keyboard among them."""
    noted = any(mark.notice for lane in found for mark in lane.marks)
    lines = [_lane(lane, scale, name) for lane, name in zip(found, names, strict=True)]
    kinds = f"qt-lanes{' qt-noted' if noted else ''}{' qt-many' if len(found) > 6 else ''}"
    return Markup('<div class="%s">%s</div>') % (kinds, Markup("").join(lines))


def _lane(lane: Lane, scale: Axis, name: str) -> Markup:
    history = lane.history
    count = len(lane.attempts)
    told = f"{lane.recipient}, queue of {history.host}, {history.id}: {lane.outcome}"
    told += f", {count} attempt{'' if count == 1 else 's'}"
    head = h.div(".qt-name")[
        h.span(".qt-who", title=shown(lane.recipient, 320))[shown(lane.recipient, 60)],
        h.span(".qt-where")[shown(history.host, 60), " ", h.code[shown(history.id, 30)]],
        result_chip(lane.outcome),
    ]
    body = (_line(lane, scale), _gaps(lane, scale), _marks(lane, scale, name))
    return Markup(
        '<div class="qt-lane" role="group" aria-label="%s">%s<div class="qt-track">%s</div></div>'
    ) % (
        visible(told)[:400],
        Markup(head),
        Markup("").join(body),
    )


def _line(lane: Lane, scale: Axis) -> Markup:
    """The message's life in this queue: lived, and still allowed."""
    start, until = scale.share(lane.history.accepted), scale.share(lane.until)
    rest = scale.share(lane.history.give_up_at or lane.until) if lane.pending else until
    return Markup(
        '<i class="qt-from" style="left:%s%%"></i><i class="qt-life" style="left:%s%%;width:%.2f%%"></i>'
        '<i class="qt-rest" style="left:%s%%;width:%.2f%%"></i>'
    ) % (start, start, until - start, until, max(rest - until, 0))


def _gaps(lane: Lane, scale: Axis) -> Markup:
    """The waits: a bow over each, named where there is room."""
    spans = list(lane.gaps())
    shares = [(scale.share(before), scale.share(after)) for before, after in spans]
    texts = [words(after - before) for before, after in spans]
    boxes = [
        centred((left + right) / 2, "+" + text, _gap_rank(number, len(spans)))
        for number, ((left, right), text) in enumerate(zip(shares, texts, strict=True))
    ]
    bows = [_WAIT % (left, right - left) for left, right in shares]
    named = [
        _GAP % (level, round(box.place, 2), text)
        for level, box, text in zip(fitted(boxes), boxes, texts, strict=True)
        if level < NEVER
    ]
    return Markup("").join([*bows, *named])


def _gap_rank(number: int, count: int) -> int:
    """The first and the last wait before those between them."""
    return 0 if number == 0 else 1 if number == count - 1 else 2


def _marks(lane: Lane, scale: Axis, name: str) -> Markup:
    shares = [scale.share(mark.when) for mark in lane.marks]
    full = [NEVER] * len(shares)
    labels = [NEVER] * len(shares)
    for in_row in (True, False):  # envelopes stand in a row of their own
        row = [n for n, mark in enumerate(lane.marks) if (mark.kind == "notice") is in_row and mark.fan >= 0]
        levels = _levels([lane.marks[n] for n in row], [shares[n] for n in row])
        for n, level, label in zip(row, *levels, strict=True):
            full[n], labels[n] = level, max(level, label)
    for n in range(len(shares) - 2, -1, -1):
        if lane.marks[n].fan < 0:  # the others of a round are as the last of it
            full[n] = full[n + 1]
    return Markup("").join(
        _mark(mark, lane, name, shares[n], full[n], labels[n]) for n, mark in enumerate(lane.marks)
    )


def _levels(marks: Sequence[Mark], shares: Sequence[float]) -> tuple[list[int], list[int]]:
    """From which width on each mark of a row is drawn in full, and has its label.

    Those that matter get their room from each other; any other has to stay clear of all its neighbours.
    """
    ranks = _mark_ranks(marks)
    shift = [mark.fan * FAN for mark in marks]
    labels = fitted(
        [centred(shares[n], mark.label, ranks[n], shift=shift[n]) for n, mark in enumerate(marks)]
    )
    first = [n for n, rank in enumerate(ranks) if rank < PLAIN]
    full = [clear(shares, shift, n, 2 * MARK - 3) for n in range(len(marks))]
    boxes = [Box(shares[n], shift[n] - MARK, shift[n] + MARK, ranks[n]) for n in first]
    for n, level in zip(first, fitted(boxes), strict=True):
        full[n] = min(level, full[n])
    return full, labels


def _mark_ranks(marks: Sequence[Mark]) -> list[int]:
    """Which marks are shown in full first: ends, then what differs from the one before it, then the rest."""
    ranks = []
    last = max((n for n, mark in enumerate(marks) if mark.kind == "attempt"), default=-1)
    before = ""
    for number, mark in enumerate(marks):
        if mark.kind == "attempt":
            news = mark.label != before
            before = mark.label
            ranks.append(0 if number == last else 1 if news else PLAIN)
        else:
            ranks.append(_RANKS.get(mark.kind, 1))
    return ranks


def _mark(mark: Mark, lane: Lane, name: str, share: float, full: int, label: int) -> Markup:
    key = f"{name}-{mark.name}"
    sign = LETTER if mark.notice else _SIGNS.get(mark.kind, SIGNS[mark.tone])
    return _MARK % (
        mark.kind.replace(" ", "-"),
        CLASSES[mark.tone],
        " qt-hollow" if mark.hollow else "",
        full,
        share,
        mark.fan,
        key,
        said(mark, lane),
        sign,
        Markup("") if label >= NEVER or mark.notice else _LABEL % (label, mark.label),
    )
