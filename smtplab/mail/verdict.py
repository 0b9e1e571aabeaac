"""Step and Verdict: a result, and the reasons that led to it.

Everything in smtplab that decides something (a session refusing a command, SPF, a delivery
attempt, an exercise being graded) answers with a `Verdict`. There is one type of `Step` and
one way to show it, so whoever has read one verdict can read them all.

This module does not render HTML: `show/` does, from these records.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from .text import visible

Tone = Literal["good", "more", "later", "bad", "plain"]

# How a result went, for the one sign and the one colour that every picture uses.
# The words are those of RFC 8601 §2.7 (authentication), RFC 3464 §2.3.3 (delivery) and our own
# two for a hop (known, claimed).
TONES: dict[str, Tone] = {
    "pass": "good",
    "delivered": "good",
    "accepted": "good",
    "known": "good",
    "correct": "good",
    "relayed": "more",
    "expanded": "more",
    "neutral": "plain",
    "none": "plain",
    "policy": "later",
    "softfail": "later",
    "temperror": "later",
    "delayed": "later",
    "claimed": "later",
    "partial": "later",
    "fail": "bad",
    "permerror": "bad",
    "failed": "bad",
    "refused": "bad",
    "wrong": "bad",
}

SIGNS: dict[Tone, str] = {"good": "✓", "more": "→", "later": "~", "bad": "✕", "plain": "·"}


def tone(result: str) -> Tone:
    """How `result` went: "good", "more" (go on), "later", "bad" or "plain"."""
    return TONES.get(result, "plain")


@dataclass(frozen=True, slots=True)
class Step:
    """One decision on the way to a verdict.

    `what` is the thing looked at, in the protocol's own words (`ip4:192.0.2.0/28`); `why` is one
    sentence about it; `result` is "" for a step that decided nothing, otherwise a result word;
    `ref` cites the source (`RFC 7208 §5.6`); `steps` are the decisions inside this one.
    """

    what: str
    why: str
    result: str = ""
    ref: str = ""
    steps: tuple[Step, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The step as plain JSON types."""
        return {
            "what": self.what,
            "why": self.why,
            "result": self.result,
            "ref": self.ref,
            "steps": [step.to_dict() for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """A result and the steps that led to it.

    `method` names who decided ("SPF", "session", "delivery"), `question` says in one line what was
    asked, and `meters` are counted limits: name -> (used, limit).
    """

    result: str
    method: str
    question: str
    steps: tuple[Step, ...] = ()
    meters: dict[str, tuple[int, int]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain JSON types, for files and for other programs."""
        return {
            "result": self.result,
            "method": self.method,
            "question": self.question,
            "steps": [step.to_dict() for step in self.steps],
            "meters": {name: list(meter) for name, meter in self.meters.items()},
        }

    def text(self, width: int = 100) -> str:
        """The verdict for a terminal, at most `width` columns wide where words allow it."""
        head = f"{SIGNS[tone(self.result)]} {self.result}  {self.method}: {self.question}"
        head += "".join(f"  [{name} {used} of {limit}]" for name, (used, limit) in self.meters.items())
        lines = _wrapped(visible(head), "", width)
        for depth, step in walk(self.steps):
            lines += _step_lines(step, "  " * (depth + 1), width)
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()


def walk(steps: tuple[Step, ...], depth: int = 0) -> Iterator[tuple[int, Step]]:
    """Every step with its depth, in reading order. A step's own steps come after it."""
    for step in steps:
        yield depth, step
        yield from walk(step.steps, depth + 1)


def _step_lines(step: Step, indent: str, width: int) -> list[str]:
    sign = SIGNS[tone(step.result)]
    ref = f" ({step.ref})" if step.ref else ""
    text = f"{sign} {visible(step.what)}: {visible(step.why)}{ref}"
    return _wrapped(text, indent, width)


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        max(width, len(indent) + 20),
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
