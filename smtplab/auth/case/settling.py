"""From a check that was asked with what is at hand to what it is worth: unknown where an answer is missing.

The checks of this layer are run as they are, with a DNS that fails for what is not at hand. They know what
hangs on such a failure and what does not; here that becomes "unknown", in the result and in the steps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from smtplab.mail.route import Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step, Verdict

from ..answers import NotAtHand
from ..dkim import DkimVerdict
from ..dkim.evaluation import NO_BODY
from ..spf import SpfVerdict
from ..spf.record import RULES

UNKNOWN = "unknown"
V = TypeVar("V", bound=Verdict)


def missing_of(verdict: Verdict) -> tuple[Question, ...]:
    """The questions of a verdict that are not answered at hand, in the order in which they were asked."""
    queries = getattr(verdict, "queries", ())
    return tuple(question for question, answer in queries if answer.note == NotAtHand.__name__)


def settle(verdict: V) -> V:
    """The same verdict, "unknown" where its result hangs on what is not at hand. `what_if` stays."""
    settled = _settled(verdict)
    again = verdict.again
    if again is not None:
        # Nobody has seen it yet: as in `what_if.asked`.
        object.__setattr__(settled, "again", lambda **changes: settle(again(**changes)))
    return settled


def may_pass(verdict: DkimVerdict) -> DkimVerdict:
    """The verdict as DMARC is to be told of it: one without a body may still come out as a pass."""
    return replace(verdict, result="temperror") if verdict.cause == NO_BODY else verdict


def _settled(verdict: V) -> V:
    missing = missing_of(verdict)
    changes: dict[str, Any] = {}
    if missing:
        shown = {f"{name} {q.rdtype}" for q in missing for name in (q.name, visible(q.name)[:200])}
        steps, touched = _rewritten(verdict.steps, shown)
        changes["steps"] = steps
        only_words = touched and all(step.ref == RULES["exp"] for step in touched)
        # SPF goes on without an answer about names of the client (RFC 7208 §5.5), and what it then finds
        # is not what it would find with one. Its own words for a fail change nothing.
        hangs = isinstance(verdict, SpfVerdict) and not only_words
        if hangs or verdict.result == "temperror":
            why = f"it hangs on {visible(missing[0].name)[:200]} {missing[0].rdtype}, which is not at hand"
            changes |= {"result": UNKNOWN, "steps": (*steps, Step("the result", why, UNKNOWN))}
            if isinstance(verdict, DkimVerdict):
                changes["cause"] = ""
    if isinstance(verdict, DkimVerdict) and verdict.cause == NO_BODY:
        why = "the header section is as it was signed; it hangs on the body, which is not at hand"
        changes |= {
            "result": UNKNOWN,
            "cause": "",
            "steps": (*verdict.steps, Step("the result", why, UNKNOWN)),
        }
    return replace(verdict, **changes)


def _rewritten(steps: tuple[Step, ...], shown: Collection[str]) -> tuple[tuple[Step, ...], list[Step]]:
    """The steps with "unknown" for what is not at hand and for what hangs on it; and those of them."""
    found: list[Step] = []
    touched: list[Step] = []
    for step in steps:
        new = _one(step, shown, bool(touched))
        if new is not step:
            touched.append(new)
        found.append(new)
    return tuple(found), touched


def _one(step: Step, shown: Collection[str], after: bool) -> Step:
    if step.what in shown and step.result == "temperror":
        return Step(step.what, "not at hand: nobody knows", UNKNOWN, step.ref)
    inside, touched = _rewritten(step.steps, shown)
    if step.result == "temperror" and (touched or after):
        return Step(step.what, "it hangs on what is not at hand", UNKNOWN, step.ref, inside)
    if touched and not step.result:
        return Step(step.what, "nobody can tell: it hangs on what is not at hand", UNKNOWN, step.ref, inside)
    return Step(step.what, step.why, step.result, step.ref, inside) if touched else step


def all_missing(verdicts: Collection[Verdict]) -> Iterator[Question]:
    """What is missing for those verdicts that are unknown, and then for the steps of others."""
    for verdict in sorted(verdicts, key=lambda one: one.result != UNKNOWN):
        if verdict.result == UNKNOWN:
            yield from missing_of(verdict)
