"""What the judge desk draws: three sentences, what is missing, what the paste suffered, and the verdicts.

It decides nothing: `auth.case` did. Verdicts are folded, and of very long ones only the beginning is shown.
All text from outside goes through `visible` and an escaping builder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import htpy as h
from markupsafe import Markup

from ..auth.case import RAW_SOURCE, CaseJudgement, Told
from ..mail.text import visible
from ..mail.verdict import SIGNS, Step, tone
from . import code_tabs
from .judgement_input import Found, Given
from .judgement_verdicts import all_folded, folded, wanted
from .theme import CLASSES, hidden, result_chip, shown

MOST_REMARKS = 20  # stretches of the DNS answers that are shown as not read
AROUND = 200  # characters of one of them

_HEADS = ("Known", "Wrong", "First")
# The sentences name the options of the command; here they are fields.
_OPTIONS = {
    "--trust ": "trust ",
    "with --trust": "in the field for hosts that you trust",
    "--ip": "give the connecting address",
    "--mail-from": "fill in MAIL FROM",
}


def judgement_of(found: Found) -> CaseJudgement | None:
    """The judgement on a message, where it is one; of a bounce, on the message that came back."""
    return found.about if isinstance(found, Told) else found


def top(found: Found) -> Markup:
    """What it is, and the three sentences."""
    made = judgement_of(found)
    told = found if isinstance(found, Told) else None
    return Markup(h.fragment[_told(told) if told else None, _sentences(made) if made else None])


def result(found: Found, given: Given) -> Markup:
    """What there is to say beyond the top and what is missing: damage, facts, and the verdicts, folded."""
    made = judgement_of(found)
    if made is None:
        return Markup("")
    # In a box of text line ends are never what they were; of a file it is worth knowing.
    mended = ("line ends",) if given.file is None else ()
    damage = [step for step in made.damage if step.result or step.what not in mended]
    return Markup(
        h.fragment[
            _damage(damage) if damage else None,
            _remarks(made, given) if made.case.answers.remarks else None,
            _facts(made),
            all_folded(made),
            wanted(made),
        ]
    )


def _told(told: Told) -> h.Element:
    return h.section(".jd-told")[
        h.p["Read as: ", h.strong[told.kind]],
        h.p[result_chip(told.verdict.result, big=True), " ", shown(told.verdict.question, 600)],
        folded("told", told.verdict),
        _itself(told.judgement) if told.returned and told.judgement else None,
        h.p(".jd-copy")[shown(told.copy, 600)] if told.returned else None,
    ]


def _itself(made: CaseJudgement) -> h.Element:
    """The bounce as a message."""
    return h.details(".jd-verdict", data_fold="itself")[
        h.summary(data_key="fold-itself")["The bounce itself, judged as a message"],
        all_folded(made, "itself"),
    ]


def _sentences(made: CaseJudgement) -> h.Element:
    return h.dl(".jd-sentences")[
        (
            h.fragment[h.dt[head], h.dd[list(_coded(_said(said.removeprefix(f"{head}: "))))]]
            for head, said in zip(_HEADS, made.sentences, strict=True)
        )
    ]


def _coded(sentence: str) -> Iterator[h.Node]:
    for number, piece in enumerate((sentence[:1].upper() + sentence[1:]).split("`")):
        yield h.code[piece] if number % 2 else piece


def _said(sentence: str) -> str:
    for option, words in _OPTIONS.items():
        sentence = sentence.replace(option, words)
    return shown(sentence, 1500)


def missing(found: Found) -> Markup:
    """What is not at hand, with the commands that ask for it: one tab a tool."""
    made = judgement_of(found)
    if made is None or not made.missing:
        return Markup("")
    count = len(made.missing)
    what = "One DNS answer is" if count == 1 else f"{count} DNS answers are"
    names = ", ".join(f"{shown(one.name, 200)} {one.rdtype}" for one in made.missing)
    return Markup(
        h.section(".jd-missing")[
            h.h3["Not at hand"],
            h.p[f"{what} missing: {names}. Run this, and add what it prints to the DNS answers above."],
            h.div(".jd-tabs.smtplab-code")[code_tabs.tabs(commands_of(made))],
        ]
    )


def commands_of(made: CaseJudgement) -> dict[str, str]:
    """The commands that ask for what is missing, by tool, one a line."""
    return {tool: "\n".join(each) for tool, each in made.commands().items() if each}


def _damage(steps: Sequence[Step]) -> h.Element:
    bad = any(step.result for step in steps)
    return h.section(".jd-damage")[
        h.h3["What the paste has suffered"],
        h.ul[(h.li[_step(step)] for step in steps)],
        h.details(data_fold="raw")[
            h.summary(data_key="fold-raw")["How to get the raw source"],
            h.dl[(h.fragment[h.dt[who], h.dd[how]] for who, how in RAW_SOURCE.items())],
        ]
        if bad
        else None,
    ]


def _step(step: Step) -> h.Node:
    how = tone(step.result)
    return h.fragment[
        h.span(class_=f"jd-sign smtplab-{CLASSES[how]}", aria_hidden="true")[f"{SIGNS[how]} "],
        hidden(f"{step.result}: ") if step.result else None,
        h.strong[shown(step.what, 400)],
        f": {_said(step.why)} ",
        h.span(".smtplab-ref")[shown(step.ref)] if step.ref else None,
    ]


def _remarks(made: CaseJudgement, given: Given) -> h.Element:
    remarks = made.case.answers.remarks
    count = len(remarks)
    said = "1 place" if count == 1 else f"{count} places"
    return h.details(".jd-remarks", data_fold="remarks")[
        h.summary(data_key="fold-remarks")[f"Of the DNS answers, {said} could not be read"],
        h.ul[
            (
                h.li[
                    h.mark[_stretch(given.answers[slice(*remark.span)])],
                    f" {shown(remark.message, 300)} (character {remark.span[0] + 1})",
                ]
                for remark in remarks[:MOST_REMARKS]
            ),
            h.li[f"and {count - MOST_REMARKS} more"] if count > MOST_REMARKS else None,
        ],
    ]


def _stretch(text: str) -> str:
    text = text.replace("\r", "").strip("\n")
    more = f"… ({len(text) - AROUND} characters more)" if len(text) > AROUND else ""
    return visible(text[:AROUND], keep="\n\t") + more


def _facts(made: CaseJudgement) -> h.Element:
    return h.section(".jd-facts")[
        h.h3["What the checks were asked with"],
        h.ul[(h.li[_step(fact.step)] for fact in made.facts)],
    ]


def saves() -> Markup:
    """The buttons that give a page to keep or to attach."""
    words = {"plain": "Save as a page", "hidden": "Save with user names and IP addresses hidden"}
    return Markup(
        h.div(".smtplab-bar")[
            (
                h.button(".sl-button", type="button", data_do="save", data_value=how, data_key=f"save-{how}")[
                    said
                ]
                for how, said in words.items()
            )
        ]
    )


def file_note(given: Given) -> Markup:
    """Which file is judged instead of the text in the box."""
    if given.file is None:
        return Markup("")
    size = f"{len(given.file):,} octets"
    return Markup(
        h.p(".jd-file")[
            f"Judged is {shown(given.title, 120) or 'a file without a name'} ({size}), not the text above. ",
            h.button(".sl-button.jd-drop", type="button", data_key="drop")["Judge the text instead"],
        ]
    )
