"""The queue timeline's controls, and the whole of it as a still page.

The clock stands above the lanes, with its steps and what can be done to the receiver. Without a script the
same picture stands there, with the table and the dialogues to unfold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import htpy as h
from markupsafe import Markup

from ..mail.history import History
from ..mail.verdict import SIGNS
from . import code_tabs, queue_table
from .ladder import script_file
from .queue_axis import Changes, axis_row, over
from .queue_drawing import LETTER, board, clock, since
from .queue_events import Axis, Lane, axis, lanes
from .queue_panel import shown_dialogue
from .theme import chip, shown, style

BUTTONS = (
    ("minute", "+1 min"),
    ("quarter", "+15 min"),
    ("next", "Next attempt"),
    ("hour", "+1 h"),
    ("day", "+1 day"),
    ("end", "To the end"),
)
_LEGEND = (  # kind and hue of a mark, its sign, and what it says
    ("attempt qt-ok", SIGNS["good"], "taken"),
    ("attempt qt-later", SIGNS["later"], "later (4yz)"),
    ("attempt qt-no", SIGNS["bad"], "refused (5yz), or given up"),
    ("attempt qt-later qt-hollow", SIGNS["later"], "no connection"),
    ("next qt-plain qt-hollow", "", "next attempt"),
    ("notice qt-plain", LETTER, "DSN"),
)
DIALOGUES = 40  # that a still page has


def bar(
    found: Sequence[Lane], actions: Sequence[tuple[str, object]], changes: Changes, waiting: bool
) -> Markup:
    """The clock, the steps that it can take, and what can be done meanwhile."""
    last = changes[-1][1] if changes else ""
    return Markup(
        h.fragment[
            the_clock(found),
            h.div(".smtplab-bar.qt-steps", role="group", aria_label="Move the clock")[
                (_step(value, label, waiting) for value, label in BUTTONS)
            ],
            h.div(".smtplab-bar.qt-actions", role="group", aria_label="Meanwhile")[
                h.span(".qt-meanwhile", aria_hidden="true")["Meanwhile:"],
                (
                    h.button(
                        ".sl-button",
                        type="button",
                        data_do="act",
                        data_value=str(number),
                        data_key=f"act-{number}",
                        aria_pressed=str(label == last).lower(),
                    )[shown(label, 80)]
                    for number, (label, _) in enumerate(actions)
                ),
            ]
            if actions
            else None,
        ]
    )


def _step(value: str, label: str, waiting: bool) -> h.Element:
    idle = value in ("next", "end") and not waiting
    return h.button(
        class_=["sl-button", value == "next" and "sl-go"],
        type="button",
        data_do=None if idle else "step",
        data_value=value,
        data_key=f"step-{value}",
        aria_disabled="true" if idle else None,
    )[label]


def the_clock(found: Sequence[Lane]) -> h.Element:
    """The lab's time, large."""
    if not found:
        return h.div(".qt-clock")[h.strong["–"]]
    now = max(lane.history.now for lane in found)
    first = min(lane.history.accepted for lane in found)
    return h.div(".qt-clock")[
        h.span(".smtplab-hidden")["The lab's time: "],
        h.strong[clock(now)],
        h.span[since(now - first)],
    ]


def top(found: Sequence[Lane], *, even: bool, tabled: bool) -> Markup:
    """How the timeline is looked at: its scale, and the table."""
    if not found:
        return Markup("")
    return Markup(
        h.fragment[
            h.button(
                ".sl-link", type="button", data_do="scale", data_key="scale", aria_pressed=str(even).lower()
            )["Every hour the same width"],
            h.button(
                ".sl-link",
                type="button",
                data_do="table",
                data_key="table",
                aria_expanded=str(tabled).lower(),
            )["As a table"],
        ]
    )


def legend() -> Markup:
    """What the shapes say."""
    return Markup(
        h.ul(".qt-legend")[
            (
                h.li[h.span(class_=f"qt-mark qt-is-{kind}", aria_hidden="true")[h.i[sign]], words]
                for kind, sign, words in _LEGEND
            )
        ]
    )


def stage(found: Sequence[Lane], scale: Axis, names: Sequence[str], changes: Changes) -> h.Element:
    """The picture with its clock's line, for a page without a script."""
    now = scale.share(max(lane.history.now for lane in found))
    return h.div(".qt-stage", style=f"--qt-now:{now}")[
        h.div(".qt-over", aria_hidden="true")[h.i(".qt-future"), over(scale), h.div(".qt-now")[h.b["now"]]],
        axis_row(scale, changes),
        board(found, scale, names),
        legend(),
    ]


def still(
    found: Sequence[Lane],
    scale: Axis | None,
    names: Sequence[str],
    changes: Changes,
    code: Mapping[str, str],
) -> Markup:
    """The timeline for a page without scripts: the picture, the table, the dialogues and the code."""
    return Markup(
        h.div(".smtplab.smtplab-card.qt-still")[
            style(script_file("queue_timeline.css")),
            the_clock(found),
            h.p[queue_table.summary(found)],
            h.div(aria_hidden="true", inert=True)[stage(found, scale, names, changes)] if scale else None,
            h.details(open=len(found) < 3)[
                h.summary["As a table"], h.div(".qt-scroll")[queue_table.table(found)]
            ]
            if found
            else None,
            h.details(".qt-dialogues")[h.summary["What was said"], list(_dialogues(found))]
            if any(mark.attempt and mark.attempt.transcript for lane in found for mark in lane.marks)
            else None,
            code_tabs.html(code),
        ]
    )


def history_html(history: History) -> Markup:
    """One message's life in a queue, wherever IPython shows the record."""
    found = lanes([history])
    names = [str(number) for number in range(len(found))]
    return still(found, axis(found) if found else None, names, (), {})


def _dialogues(found: Sequence[Lane]) -> Iterator[h.Node]:
    told: set[int] = set()
    for lane in found:
        for mark in lane.attempts:
            attempt = mark.attempt
            if attempt is None or attempt.transcript is None or id(attempt.transcript) in told:
                continue
            told.add(id(attempt.transcript))
            if len(told) > DIALOGUES:
                return
            reply = attempt.reply
            yield h.details[
                h.summary[
                    f"Attempt {mark.number} to {shown(lane.recipient, 120)}, {clock(mark.when)} ",
                    chip(reply.code, reply.enhanced) if reply else "no reply",
                ],
                h.pre(tabindex="0")[shown_dialogue(attempt)],
            ]
