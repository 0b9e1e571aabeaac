"""A verdict as HTML: the result, the question, and the tree of steps that led to it.

How did it decide? Each step shows what was looked at, why it counted, and the RFC section; steps within a
step can be folded away by mouse or keyboard, with no kernel. One renderer serves every verdict.

It escapes all that it shows (by htpy) and makes it visible (`mail.text.visible`): DNS records and headers
are written by strangers.
"""

from __future__ import annotations

import htpy as h
from markupsafe import Markup

from ..mail.verdict import SIGNS, Step, Verdict, tone
from .theme import CLASSES, hidden, result_chip, shown, style

CELLS = 20  # a meter has at most so many cells; a larger limit is drawn to scale

STYLE = """
.smtplab-head{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center;margin-bottom:8px}
.smtplab-question{flex:1 1 200px}
.smtplab-meter{color:var(--smtplab-dim);white-space:nowrap}
.smtplab-cells{display:inline-flex;gap:2px;vertical-align:-1px;margin:0 4px}
.smtplab-cells i{width:11px;height:11px;border-radius:2px;background:var(--smtplab-line)}
.smtplab-cells .smtplab-used{background:var(--smtplab-later)}
.smtplab-cells .smtplab-over{background:var(--smtplab-no)}
.smtplab ul.smtplab-steps.smtplab-steps.smtplab-steps{list-style:none;margin:0;padding:0}
.smtplab ul.smtplab-steps.smtplab-steps ul.smtplab-steps.smtplab-steps{margin-left:20px;padding-left:8px;
 border-left:1.5px solid var(--smtplab-line)}
.smtplab .smtplab-steps li{margin:0;padding:2px 0;list-style:none}
.smtplab-step{display:flex;flex-wrap:wrap;gap:0 10px;align-items:baseline;padding-left:12px;position:relative}
.smtplab summary.smtplab-step{list-style:none}
.smtplab summary.smtplab-step::-webkit-details-marker{display:none}
.smtplab summary.smtplab-step::before{content:"▸";position:absolute;left:0;color:var(--smtplab-dim)}
.smtplab details[open]>summary.smtplab-step::before{content:"▾"}
.smtplab-mark{width:16px;text-align:center;font-weight:700;flex:none}
.smtplab-mark.smtplab-ok,.smtplab-mark.smtplab-more,.smtplab-mark.smtplab-later,.smtplab-mark.smtplab-no,
.smtplab-mark.smtplab-plain{background:none}
.smtplab.smtplab .smtplab-step code{flex:0 1 250px;min-width:min(250px,60%)}
.smtplab-why{flex:1 1 130px;color:var(--smtplab-dim)}
.smtplab-decides{color:var(--smtplab-ink);font-weight:600}
"""


def html(verdict: Verdict) -> Markup:
    """`verdict` as one HTML fragment, with its style, that needs no script and no kernel."""
    meters = [_meter(name, used, limit) for name, (used, limit) in verdict.meters.items()]
    head = h.div(".smtplab-head")[
        result_chip(verdict.result, big=True),
        h.strong[shown(verdict.method)],
        h.span(".smtplab-question")[shown(verdict.question)],
        meters,
    ]
    steps = tree(verdict.steps, _deciding(verdict)) if verdict.steps else None
    return Markup(h.div(".smtplab.smtplab-card.smtplab-verdict")[style(STYLE), head, steps])


def _deciding(verdict: Verdict) -> Step | None:
    """The last outermost step that says what the verdict says: the one to read first."""
    same = [step for step in verdict.steps if step.result and step.result == verdict.result]
    return same[-1] if same else None


def tree(steps: tuple[Step, ...], deciding: Step | None = None) -> h.Element:
    """Steps as a list, those within a step below it; `deciding` is the one to read first."""
    return h.ul(".smtplab-steps")[(h.li[_item(step, step is deciding)] for step in steps)]


def _item(step: Step, decides: bool) -> h.Element:
    line = _line(step, decides)
    if not step.steps:
        return h.div(".smtplab-step")[line]
    return h.details(open=True)[h.summary(".smtplab-step")[line], tree(step.steps)]


def _line(step: Step, decides: bool) -> list[h.Node]:
    how = tone(step.result)
    return [
        h.span(class_=f"smtplab-mark smtplab-{CLASSES[how]}", aria_hidden="true")[SIGNS[how]],
        hidden(f"{step.result}: ") if step.result else None,
        h.code[shown(step.what)],
        h.span(class_=["smtplab-why", decides and "smtplab-decides"])[shown(step.why)],
        h.span(".smtplab-ref")[shown(step.ref)] if step.ref else None,
    ]


def _meter(name: str, used: int, limit: int) -> h.Element:
    """A counted limit: cells to see at a glance, and the numbers in words."""
    cells = max(0, min(limit, CELLS))
    filled = min(cells, -(-used * cells // limit)) if limit > 0 else 0
    full = "smtplab-over" if used > limit else "smtplab-used"
    bar = h.span(".smtplab-cells", aria_hidden="true")[
        (h.i(class_=full if number < filled else None) for number in range(cells))
    ]
    return h.span(".smtplab-meter")[shown(name), bar, f"{used} of {limit}"]
