"""A judgement as one page of text, and as plain JSON types. Everything from the message is made visible."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smtplab.mail.text import visible
from smtplab.mail.verdict import SIGNS, Step, Verdict, tone

from .damage import RAW_SOURCE

if TYPE_CHECKING:
    from .record import CaseJudgement

MOST_LINES = 60  # of one verdict on the page


def text(judgement: CaseJudgement, width: int = 100, *, whole: bool = False) -> str:
    """One page: three sentences, what is missing, what the checks were asked with, and the verdicts.

    Of each verdict only what decided is shown; `whole` shows every step.
    """
    parts = ["\n".join(wrapped(visible(one), width) for one in judgement.sentences)]
    if judgement.missing:
        parts.append(_missing(judgement))
    if judgement.damage:
        lines = [_step(step, width) for step in judgement.damage]
        if any(step.result for step in judgement.damage):
            lines += [
                "  How to get the raw source:",
                *(f"    {who}: {how}" for who, how in RAW_SOURCE.items()),
            ]
        parts.append("\n".join(["What the paste has suffered", *lines]))
    facts = [_step(fact.step, width) for fact in judgement.facts]
    parts.append("\n".join(["What the checks were asked with", *facts]))
    parts += [verdict.text(width) if whole else _short(verdict, width) for verdict in judgement.verdicts]
    if judgement.case.answers.remarks:
        parts.append("\n".join(["Not understood in the DNS answers", *_remarks(judgement, width)]))
    return "\n\n".join(parts)


def _missing(judgement: CaseJudgement) -> str:
    lines = ["Not at hand. Run these, and paste what they print:"]
    for tool, found in judgement.commands().items():
        if found:
            lines += [f"  {tool}", *(f"    {visible(line)}" for line in found)]
    return "\n".join(lines)


def _remarks(judgement: CaseJudgement, width: int) -> Iterable[str]:
    remarks = judgement.case.answers.remarks
    for remark in remarks[:10]:
        yield wrapped(f"  character {remark.span[0] + 1}: {visible(remark.message)}", width)
    if len(remarks) > 10:
        yield f"  and {len(remarks) - 10} more"


def _step(step: Step, width: int) -> str:
    ref = f" ({step.ref})" if step.ref else ""
    return wrapped(f"  {SIGNS[tone(step.result)]} {visible(step.what)}: {visible(step.why)}{ref}", width)


def _short(verdict: Verdict, width: int) -> str:
    """A verdict with what decided: of the header section only what breaks a rule, elsewhere the steps, and
    those inside them where something is not as it should be."""
    steps = verdict.steps
    if verdict.method == "header section":
        steps = tuple(step for step in steps if step.result == "fail")
    steps = tuple(_pruned(step) for step in steps)
    lines = replace(verdict, steps=steps).text(width).split("\n")
    more = [f"  and {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else []
    return "\n".join(lines[:MOST_LINES] + more)


def _pruned(step: Step) -> Step:
    """The step with what is inside it only where that says why."""
    if tone(step.result) == "good" or (not step.result and step.ref != "RFC 7208 §5.2"):
        return replace(step, steps=())
    return replace(step, steps=tuple(map(_pruned, step.steps)))


def wrapped(line: str, width: int) -> str:
    """The line within `width` columns, where words allow it."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def to_dict(judgement: CaseJudgement) -> dict[str, Any]:
    """Everything as plain JSON types."""
    return {
        "sentences": list(judgement.sentences),
        "facts": [
            {"name": one.name, "value": one.value, "standing": one.standing, "source": one.source}
            for one in judgement.facts
        ],
        "missing": [{"name": one.name, "type": one.rdtype} for one in judgement.missing],
        "commands": dict(judgement.commands()),
        "damage": [step.to_dict() for step in judgement.damage],
        "verdicts": [verdict.to_dict() for verdict in judgement.verdicts],
        "remarks": list(_spans(judgement)),
    }


def _spans(judgement: CaseJudgement) -> Iterator[dict[str, Any]]:
    for remark in judgement.case.answers.remarks:
        yield {"span": list(remark.span), "message": remark.message}
