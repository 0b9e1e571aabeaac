"""The verdicts of a judgement as the judge desk has them: folded, each with its result in sight.

Of a verdict without end only the beginning is drawn; the text form has all of it. One renderer serves every
verdict (`show.verdict`); this only folds what it made.
"""

from __future__ import annotations

from dataclasses import replace

import htpy as h
from markupsafe import Markup

from ..auth.answers import commands
from ..auth.case import CaseJudgement, questions, requirements
from ..mail.verdict import Step, Verdict, walk
from .theme import result_chip, shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html

MOST_STEPS = 300  # of one verdict that are drawn
MOST_ALIKE = 20  # verdicts of one method: a message can bring thousands of signatures

_STYLE = Markup(style(VERDICT_STYLE))


def all_folded(made: CaseJudgement, kind: str = "verdict") -> list[h.Node]:
    """Every verdict of a judgement, folded, and how many are left out."""
    drawn: list[h.Node] = []
    count: dict[str, int] = {}
    for number, verdict in enumerate(made.verdicts):
        count[verdict.method] = count.get(verdict.method, 0) + 1
        if count[verdict.method] <= MOST_ALIKE:
            drawn.append(folded(f"{kind}-{number}", verdict))
    more = [(method, had - MOST_ALIKE) for method, had in count.items() if had > MOST_ALIKE]
    return [*drawn, *(h.p(".smtplab-dim")[f"{left} more of {shown(method, 40)}"] for method, left in more)]


def wanted(made: CaseJudgement) -> h.Element:
    """What the large providers want of senders, a verdict each."""
    return h.section(".jd-wanted")[
        h.h3["What the large providers want of senders"],
        [folded(f"wanted-{number}", each) for number, each in enumerate(requirements(made))],
        h.p(".smtplab-dim")[
            "For these rules also run, and paste what it prints: ",
            [[", " if number else "", h.code[shown(line)]] for number, line in enumerate(lines)],
        ]
        if (lines := commands(questions(made))["dig"])
        else None,
    ]


def folded(number: str, verdict: Verdict) -> h.Element:
    """A verdict, folded, with its result to be seen all the same. `number` tells it from the others."""
    left = MOST_STEPS
    kept: list[Step] = []
    for step in verdict.steps:
        cut, left = _within(step, left)
        kept += cut
    drawn = replace(verdict, steps=tuple(kept))
    body = verdict_html(drawn).replace(_STYLE, "")
    return h.details(".jd-verdict", data_fold=f"of-{number}")[
        h.summary(data_key=f"fold-{number}")[
            result_chip(verdict.result), " ", h.strong[shown(verdict.method, 80)], " ", _about(verdict)
        ],
        Markup(body),
        h.p(".smtplab-dim")["The rest of the steps is left out here; the text form has them all."]
        if sum(1 for _ in walk(verdict.steps)) > MOST_STEPS
        else None,
    ]


def _within(step: Step, left: int) -> tuple[list[Step], int]:
    """The step with as many of the steps inside as there is room for, and the room left."""
    if left <= 0:
        return [], 0
    left -= 1
    inner: list[Step] = []
    for each in step.steps:
        cut, left = _within(each, left)
        inner += cut
    return [replace(step, steps=tuple(inner)) if step.steps else step], left


def _about(verdict: Verdict) -> h.Element:
    return h.span(".jd-about")[shown(getattr(verdict, "domain", "") or verdict.question, 160)]
