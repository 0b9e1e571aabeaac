"""What if a record were another one? A box for each TXT record that a check asked for, and what came of it.

The case is judged once more with the record in front of the DNS answers (`CaseJudgement.what_if`); nothing is
published. What has changed is drawn as every comparison is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import htpy as h
from markupsafe import Markup

from ..auth.case import CaseJudgement
from ..mail.route import Question
from ..mail.text import visible
from ..mail.verdict import Comparison, compare
from .comparison import html as comparison_html
from .theme import shown

MOST = 12  # records with a box, and verdicts that are compared
LONGEST = 4000  # characters of one


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of another record: the judgement after it, and each verdict that moved."""

    question: Question
    after: CaseJudgement
    moved: tuple[Comparison, ...]


def records(made: CaseJudgement) -> tuple[tuple[Question, str], ...]:
    """The TXT records that the checks asked for, each with what is known of it, one a line."""
    asked: dict[Question, str] = {}
    for verdict in made.verdicts:
        for question, answer in getattr(verdict, "queries", ()):
            if question.rdtype == "TXT" and len(asked) < MOST:
                asked.setdefault(question, "\n".join(map(visible, answer.values))[:LONGEST])
    return tuple(asked.items())


def try_record(made: CaseJudgement, question: Question, text: str) -> Tried:
    """Judge once more with the lines of `text` as the records at `question`; none for an empty text."""
    lines = [line.strip() for line in text[:LONGEST].splitlines() if line.strip()]
    after = made.what_if(records={(question.name, question.rdtype): lines})
    pairs = (compare(*pair) for pair in zip(made.verdicts, after.verdicts, strict=True))
    return Tried(question, after, tuple(islice((each for each in pairs if each.changed), MOST)))


def forms(asked: Sequence[tuple[Question, str]]) -> Markup:
    """The boxes, folded."""
    if not asked:
        return Markup("")
    return Markup(
        h.details(".jd-tries", data_fold="tries")[
            h.summary(data_key="fold-tries")["What if a record were another one?"],
            h.p(".smtplab-dim")["One record a line; an empty box means that there is none."],
            (_form(number, question, text) for number, (question, text) in enumerate(asked)),
        ]
    )


def _form(number: int, question: Question, text: str) -> h.Element:
    name = f"{shown(question.name, 250)} {question.rdtype}"
    return h.div(".jd-try")[
        h.label[
            h.span(".sl-label")[name],
            h.textarea(
                ".sl-field.jd-record",
                rows="2",
                spellcheck="false",
                autocomplete="off",
                data_key=f"record-{number}",
                data_draft=f"{question.name} {question.rdtype}",
            )[text],
        ],
        h.button(
            ".sl-button.jd-go",
            type="button",
            data_key=f"try-{number}",
            data_number=str(number),
            aria_label=f"Try it: {name}",
        )["Try it"],
    ]


def tried(made: Tried | None) -> Markup:
    """What came of it."""
    if made is None:
        return Markup("")
    name = f"{shown(made.question.name, 250)} {made.question.rdtype}"
    same = "Nothing changes."
    return Markup(
        h.section(".jd-tried")[
            h.h3[f"With the other record at {name}"],
            h.p[shown(made.after.sentences[0], 1500), " ", shown(made.after.sentences[1], 1500)],
            [comparison_html(each, styled=False) for each in made.moved] or h.p[same],
        ]
    )
