"""Two verdicts set side by side: what does one change do, and which steps does it do it by?

Draws `mail.verdict.Comparison`, of whatever check: the two results, the meters that moved, and one list of
steps in which "−" marks those that went and "+" those that came. What stayed is dim, and long runs of it are
folded. It compares nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import htpy as h
from markupsafe import Markup

from ..mail.verdict import SIGNS, Comparison, Mark, Step, Verdict, tone
from .theme import CLASSES, hidden, result_chip, shown, style

STAYED = 3  # steps in a row that are shown where nothing changed; more are folded
SIGN: dict[Mark, str] = {"same": "", "gone": "−", "new": "+"}
WORD: dict[Mark, str] = {"same": "", "gone": "no longer: ", "new": "new: "}

STYLE = """
.cm-head{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center;margin-bottom:8px}
.cm-arrow{font-weight:700;color:var(--smtplab-dim)} .cm-head>.cm-says{flex:1 1 200px}
.cm-moved{color:var(--smtplab-dim);white-space:nowrap;font-size:13px}
.smtplab.smtplab.smtplab ul.cm-steps{list-style:none;margin:0;padding:0}
.smtplab.smtplab .cm-steps li.cm-step{list-style:none;margin:0;padding:2px 6px 2px 0;display:flex;gap:0 10px;
 align-items:baseline;border-left:3px solid transparent}
.cm-text{flex:1;min-width:0;display:flex;flex-wrap:wrap;gap:0 10px;align-items:baseline}
.cm-mark{flex:none;width:18px;text-align:center;font:700 14px var(--smtplab-mono)}
.cm-how{flex:none;width:14px;text-align:center;font-weight:700}
.cm-how.cm-how{background:none}
.smtplab.smtplab .cm-step code{flex:0 1 auto;min-width:min(180px,50%);max-width:100%}
.cm-why{flex:1 1 160px;color:var(--smtplab-dim)}
.smtplab.smtplab .cm-steps li.cm-new{background:var(--smtplab-panel);border-left-color:var(--smtplab-ink)}
.cm-new .cm-why{color:var(--smtplab-ink)}
.smtplab.smtplab .cm-steps li.cm-gone{border-left:3px dashed var(--smtplab-dim)}
.smtplab.smtplab.smtplab .cm-gone code{text-decoration:line-through;text-decoration-color:var(--smtplab-dim)}
.smtplab.smtplab.smtplab .cm-same code{color:var(--smtplab-dim)}
.smtplab .cm-stayed>summary{color:var(--smtplab-dim);font-size:13px;padding:2px 0 2px 21px}
"""


def html(comparison: Comparison, *, styled: bool = True) -> Markup:
    """`comparison` as one HTML fragment that needs no script; with its style, unless a widget brings that."""
    return Markup(
        h.div(".smtplab.smtplab-card.cm-compared")[
            style(STYLE) if styled else None,
            h.div(".cm-head")[
                result_chip(comparison.before.result, big=True),
                h.span(".cm-arrow", aria_hidden="true")["→"],
                hidden(" becomes "),
                result_chip(comparison.after.result, big=True),
                h.span(".cm-says")[says(comparison)],
                moved(comparison.before, comparison.after),
            ],
            h.p(".smtplab-dim")[asked(comparison)],
            h.ul(".cm-steps")[
                (_run(mark, list(rows)) for mark, rows in groupby(comparison.steps, lambda row: row[0]))
            ]
            if comparison.changed
            else None,
        ]
    )


def asked(comparison: Comparison) -> str:
    """Which question was asked twice; where its words changed too, both."""
    before, after = comparison.before, comparison.after
    question = f"{shown(before.method, 40)}: {shown(before.question, 300)}"
    return question if before.question == after.question else f"{question} → {shown(after.question, 300)}"


def says(comparison: Comparison) -> str:
    """In one sentence: what changed."""
    if not comparison.changed:
        return "Nothing changed: the same result, by the same steps."
    gone = sum(mark == "gone" for mark, _, _ in comparison.steps)
    new = sum(mark == "new" for mark, _, _ in comparison.steps)
    steps = f"{gone} {'step' if gone == 1 else 'steps'} went, {new} came"
    if comparison.before.result == comparison.after.result:
        return f"The same result, another way to it: {steps}."
    return f"{steps[0].upper()}{steps[1:]}."


def moved(before: Verdict, after: Verdict) -> list[h.Element]:
    """The meters that do not stand where they stood."""
    return [
        h.span(".cm-moved")[f"{shown(name)} {before.meters[name][0]} → {used} of {limit}"]
        for name, (used, limit) in after.meters.items()
        if name in before.meters and before.meters[name][0] != used
    ]


def _run(mark: Mark, rows: Sequence[tuple[Mark, int, Step]]) -> h.Node:
    """Steps in a row with the same mark."""
    drawn = [_step(mark, depth, step) for _, depth, step in rows]
    if mark != "same" or len(drawn) <= STAYED:
        return drawn
    first = rows[0][2].what
    return h.li[
        h.details(".cm-stayed")[
            h.summary(data_key=f"stayed {shown(first, 100)}")[f"{len(drawn)} steps as before"],
            h.ul(".cm-steps")[drawn],
        ]
    ]


def _step(mark: Mark, depth: int, step: Step) -> h.Element:
    how = tone(step.result)
    indent = f"padding-left:{4 + 14 * min(depth, 8)}px"
    return h.li(class_=f"cm-step cm-{mark}", style=indent)[
        h.span(".cm-mark", aria_hidden="true")[SIGN[mark]],
        h.span(class_=f"cm-how smtplab-{CLASSES[how]}", aria_hidden="true")[SIGNS[how]],
        hidden(WORD[mark] + (f"{step.result}: " if step.result else "")),
        h.span(".cm-text")[
            h.code[shown(step.what)],
            h.span(".cm-why")[shown(step.why)],
            h.span(".smtplab-ref")[shown(step.ref)] if step.ref else None,
        ],
    ]
