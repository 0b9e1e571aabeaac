"""Step and Verdict: a result, and the reasons that led to it.

Everything in smtplab that decides something (a session refusing a command, SPF, a delivery
attempt, an exercise being graded) answers with a `Verdict`. There is one type of `Step` and
one way to show it, so whoever has read one verdict can read them all.

This module does not render HTML: `show/` does, from these records.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from .errors import LabError
from .text import visible

Tone = Literal["good", "more", "later", "bad", "plain"]

# How a result went, for the one sign and the one colour that every picture uses.
# The words are those of RFC 8601 §2.7 (authentication), RFC 3464 §2.3.3 (delivery), our own two for a hop
# (known, claimed), and those for what a receiver did (junk, reject, discard).
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
    "unknown": "plain",
    "policy": "later",
    "softfail": "later",
    "temperror": "later",
    "delayed": "later",
    "claimed": "later",
    "partial": "later",
    "junk": "later",
    "fail": "bad",
    "permerror": "bad",
    "failed": "bad",
    "refused": "bad",
    "wrong": "bad",
    "reject": "bad",
    "discard": "bad",
}

SIGNS: dict[Tone, str] = {"good": "✓", "more": "→", "later": "~", "bad": "✕", "plain": "·"}


def tone(result: str) -> Tone:
    """How `result` went: "good", "more" (go on), "later", "bad" or "plain"."""
    return TONES.get(result, "plain")


@dataclass(frozen=True, slots=True, init=False)
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

    def __init__(
        self, what: str, why: str, result: str = "", ref: str = "", steps: tuple[Step, ...] = ()
    ) -> None:
        # A check writes dozens of steps. The slots themselves take half the time of the frozen dataclass's
        # own __init__, which goes through object.__setattr__ by name.
        _set_what(self, what)
        _set_why(self, why)
        _set_result(self, result)
        _set_ref(self, ref)
        _set_steps(self, steps)

    def to_dict(self) -> dict[str, Any]:
        """The step as plain JSON types."""
        return {
            "what": self.what,
            "why": self.why,
            "result": self.result,
            "ref": self.ref,
            "steps": [step.to_dict() for step in self.steps],
        }


_SLOTS = vars(Step)
_set_what, _set_why, _set_result, _set_ref, _set_steps = (_SLOTS[one.name].__set__ for one in fields(Step))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A result and the steps that led to it.

    `method` names who decided ("SPF", "session", "delivery"), `question` says in one line what was
    asked, and `meters` are counted limits: name -> (used, limit). `again` asks the same question once more,
    with what its keyword arguments change; None where it cannot be asked again.
    """

    result: str
    method: str
    question: str
    steps: tuple[Step, ...] = ()
    meters: dict[str, tuple[int, int]] = field(default_factory=dict)
    again: Callable[..., Verdict] | None = field(default=None, compare=False, repr=False, kw_only=True)

    def what_if(self, **changes: Any) -> Comparison:
        """Ask the same question again with `changes`, and set the two explanations side by side.

        What may change is what the check was asked with: `ip`, `sender`, `helo` and `domain` for SPF. For
        every check that asks the DNS, `records` are other records than the published ones:
        {("acorn.example", "TXT"): ["v=spf1 -all"]}. Nothing is published and no mail is sent. Raises LabError
        for a verdict that nobody can ask again, and for a change that its question does not know.
        """
        if self.again is None:
            raise LabError(f"This verdict ({self.method}) cannot be asked again with something changed.")
        return compare(self, self.again(**changes))

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


Mark = Literal["same", "gone", "new"]
MARKS: dict[Mark, str] = {"same": " ", "gone": "-", "new": "+"}
MOST = 500  # steps of a verdict that are compared; more are left out, as equal ones cost their square


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two verdicts, and their steps in one list: each with its mark and its depth."""

    before: Verdict
    after: Verdict
    steps: tuple[tuple[Mark, int, Step], ...]

    @property
    def changed(self) -> bool:
        """Whether the result or any step differs."""
        return self.before.result != self.after.result or any(mark != "same" for mark, _, _ in self.steps)

    def text(self) -> str:
        """The results, and the steps as in a diff: "-" for those that went, "+" for those that came."""
        lines = [f"{self.before.result} -> {self.after.result}"]
        for mark, depth, step in self.steps:
            result = f" [{step.result}]" if step.result else ""
            lines.append(f"{MARKS[mark]} {'  ' * depth}{visible(step.what)}: {visible(step.why)}{result}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()


def compare(before: Verdict, after: Verdict) -> Comparison:
    """Set the steps of two verdicts side by side, in reading order."""
    from difflib import SequenceMatcher  # seldom needed, and an import of its own

    old, new = (list(walk(verdict.steps))[:MOST] for verdict in (before, after))
    keys = [[(depth, s.what, s.why, s.result) for depth, s in steps] for steps in (old, new)]
    steps: list[tuple[Mark, int, Step]] = []
    for kind, a, b, c, d in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if kind == "equal":
            steps += [("same", depth, step) for depth, step in old[a:b]]
            continue
        steps += [("gone", depth, step) for depth, step in old[a:b]]
        steps += [("new", depth, step) for depth, step in new[c:d]]
    return Comparison(before, after, tuple(steps))


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
