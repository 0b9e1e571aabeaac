"""What stands out in a letter's way: where it came, what was refused, where envelope and fields differ.

A sentence for each, with its sign; the table of the x-ray has the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

import htpy as h
from markupsafe import Markup

from ..mail.letter import Journey
from ..mail.verdict import SIGNS, Step, Tone, tone, walk
from .theme import CLASSES, shown


def findings(journey: Journey) -> list[tuple[Tone, str, str]]:
    """What to notice about this letter, the outcome first: how it is, a sentence, and the source.

    Texts are not yet made visible.
    """
    boxes = [stop.name for stop in journey.stops if stop.kind == "mailbox"]
    there = f"It is in the mailbox of {_listed(boxes)}." if boxes else "It has reached no mailbox."
    outcome: tuple[Tone, str, str] = ("good" if boxes else "bad", there, "")
    refused = [step for _, step in walk(journey.verdict.steps) if step.result in REFUSALS]
    differ = [
        step
        for step in journey.xray.steps
        if step.result  # those of the hops have none: the table tells them better
        and not any(f"<{step.what}>" in one.what for one in refused)  # on the envelope, and refused
    ]
    return [outcome, *map(_noted, (*refused, *differ))]


REFUSALS = ("refused", "failed", "delayed")


def _noted(step: Step) -> tuple[Tone, str, str]:
    end = "" if step.why.endswith(".") else "."
    return tone(step.result), f"{step.what}: {step.why}{end}", step.ref


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " and " * (len(names) > 1) + "".join(names[-1:])


def noticed(journey: Journey) -> Markup:
    """The findings as a list, each with its sign."""
    return Markup(
        h.ul(".xr-findings")[
            (
                h.li[
                    h.span(class_=f"smtplab-mark smtplab-{CLASSES[how]}", aria_hidden="true")[SIGNS[how]],
                    h.span[shown(text, 600), " ", h.span(".smtplab-ref")[ref] if ref else None],
                ]
                for how, text, ref in findings(journey)
            )
        ]
    )
