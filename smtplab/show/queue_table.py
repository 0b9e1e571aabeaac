"""The queue timeline in words: one sentence about how things stand, a table of all that was drawn, and text.

What the picture says by places and shapes stands here for a screen reader, a terminal, and for whoever likes
a table better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import htpy as h
from markupsafe import Markup

from ..mail.history import History
from ..mail.text import visible
from ..mail.verdict import SIGNS
from .queue_drawing import clock, said
from .queue_events import Lane, Mark, due, lanes
from .theme import CLASSES, shown
from .tracer_delay import words

HEAD = ("When", "After", "Recipient", "What", "Reply, or why there is none", "Host")
_ROW = Markup(
    "<tr><td>%s</td><td>%s</td><td><code>%s</code></td>"
    '<td><span class="qt-sign smtplab-%s" aria-hidden="true">%s</span> %s</td><td>%s</td><td>%s</td></tr>'
)


def summary(found: Sequence[Lane]) -> str:
    """How things stand, in one or two sentences."""
    if not found:
        return "Nothing is in the queue yet."
    told = " ".join(
        _told(host, [lane for lane in found if lane.history.host == host]) for host in _hosts(found)
    )
    soon = due(found)
    if soon is None:
        return f"{told} Nothing is left to be tried."
    now = max(lane.history.now for lane in found)
    ahead = f"in {words(soon - now)}" if soon > now else "now"
    return f"{told} Next attempt {ahead}, {clock(soon)}."


def _hosts(found: Sequence[Lane]) -> list[str]:
    return list(dict.fromkeys(lane.history.host for lane in found))


def _told(host: str, own: Sequence[Lane]) -> str:
    count = Counter("waiting" if lane.pending else lane.outcome for lane in own)
    parts = ", ".join(f"{number} {word}" for word, number in count.items())
    return f"{shown(host, 100)} has {len(own)} recipient{'' if len(own) == 1 else 's'}: {parts}."


def table(found: Sequence[Lane]) -> Markup:
    """All that was drawn, a row for each mark."""
    return Markup(
        h.table(".qt-table")[
            h.caption(".smtplab-hidden")[
                "Attempts, notices and what is still to come, recipient by recipient"
            ],
            h.thead[h.tr[(h.th(scope="col")[name] for name in HEAD)]],
            h.tbody[(_row(lane, mark) for lane in found for mark in lane.marks)],
        ]
    )


def _row(lane: Lane, mark: Mark) -> Markup:
    attempt = mark.attempt
    since = mark.when - lane.history.accepted
    what = said(mark, lane).split(", ", 1)[0]
    sign = "·" if mark.kind in ("next", "warn", "stop") else SIGNS[mark.tone]
    return _ROW % (
        clock(mark.when),
        words(since),
        shown(lane.recipient, 320),
        CLASSES[mark.tone],
        sign,
        what,
        reason(mark),
        shown(attempt.host if attempt else lane.history.host, 320),
    )


def reason(mark: Mark) -> str:
    """The reply to an attempt, or why there was none; of a notice to whom it went, or why there is none."""
    attempt, notice = mark.attempt, mark.notice
    if attempt and attempt.reply:
        own = " (by the sending MTA itself)" if attempt.rule else ""
        return shown(" ".join(str(attempt.reply).split("\n")), 400) + own
    if attempt:
        return shown(attempt.note or "no reply", 400)
    if notice:
        return shown(f"not sent: {notice.why_not}" if notice.why_not else f"to <{notice.to}>", 400)
    return ""


def text(found: Sequence[Lane]) -> str:
    """The timeline for a terminal."""
    lines = [summary(found)]
    for lane in found:
        lines += ["", f"{lane.recipient}  {lane.history.host} {lane.history.id}: {lane.outcome}"]
        lines += _text(lane)
    return visible("\n".join(lines), keep="\n")


def history_text(history: History) -> str:
    """One message's life in a queue, for a terminal."""
    return text(lanes([history]))


def _text(lane: Lane) -> Iterator[str]:
    for mark in lane.marks:
        sign = SIGNS["plain"] if mark.hollow and not mark.attempt else SIGNS[mark.tone]
        why = reason(mark)
        yield f"  {sign} {said(mark, lane)}" + (f": {why}" if why else "")
