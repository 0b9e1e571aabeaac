"""What the reply desk draws: the reply with its parts lit, whose turn it is, and the cards and the table.

A part of the reply and the line that explains it carry the same `data-part`; the page lights both together.
All text from outside goes through `visible` and an escaping builder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import htpy as h
from markupsafe import Markup

from ..mail.codes import CLASS, CODES, enhanced
from ..mail.reply_desk import Explained, Part
from ..mail.reply_desk.context import SECOND, at
from ..mail.reply_desk.failures import Failure
from ..mail.status import CLASSES as KLASSES
from ..mail.status import SUBJECTS
from ..mail.text import visible
from ..mail.verdict import SIGNS, Tone
from .code_tabs import html as code_html
from .reply_examples import EXAMPLES
from .reply_table import table
from .theme import CLASSES, REPLIES, shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html

AROUND = 300  # characters of the paste that are shown before and after the reply
WORDS = 1200  # characters of the reply's words that are shown

HOW: dict[str, tuple[Tone, str]] = {
    "accepted": ("good", "success"),
    "intermediate": ("more", "go on"),
    "delayed": ("later", "temporary"),
    "refused": ("bad", "permanent"),
    "failed": ("bad", "given up"),
    "none": ("plain", "not known"),
}


def examples() -> Markup:
    """The examples, as buttons."""
    return Markup(
        h.fragment[
            h.span(".rd-begin")["For example"],
            (
                h.button(
                    ".sl-button",
                    type="button",
                    data_do="example",
                    data_value=name,
                    data_key=f"example-{name}",
                )[name]
                for name in EXAMPLES
            ),
        ]
    )


def result(made: Explained) -> Markup:
    """The whole explanation."""
    steps = Markup(verdict_html(made.verdict).replace(_VERDICT_STYLE, ""))
    return Markup(
        h.fragment[
            h.div(".rd-head")[_chip(made), h.strong(".rd-name")[shown(made.name, 120)], h.span[made.summary]],
            h.pre(".rd-text", tabindex="0", aria_label="What was pasted, with the parts of the reply marked")[
                list(_marked(made))
            ],
            h.p(".rd-others.smtplab-dim")[_others(made)] if made.found.others else None,
            h.div(".rd-cards.rd-answer")[_turns(made), _do(made)],
            h.div(".rd-cards")[_code(made), _enhanced(made), _words(made)],
            table(made),
            h.details(".rd-steps", data_fold="steps")[h.summary["The verdict, step by step"], steps],
        ]
    )


_VERDICT_STYLE = Markup(style(VERDICT_STYLE))


def _chip(made: Explained) -> h.Element:
    how, word = HOW[made.result]
    return h.span(class_=f"smtplab-big smtplab-{CLASSES[how]}")[f"{SIGNS[how]} {word}"]


def _others(made: Explained) -> str:
    one = made.found.others == 1
    more = f"{made.found.others} more {'reply stands' if one else 'replies stand'} in the text."
    return f"{more} Explained is the first that says no, or else the last."


# The reply, with its parts lit ----------------------------------------------------------------------------


def _marked(made: Explained) -> Iterator[h.Node]:
    text, parts = made.found.text, made.found.parts
    begin = max(0, parts[0].start - AROUND) if parts else 0
    end = min(len(text), (parts[-1].end if parts else 0) + AROUND)
    place = begin
    yield "… " if begin else None
    for part in parts:
        yield _kept(text[place : part.start])
        yield _mark(part, text[part.start : part.end], made)
        place = part.end
    yield _kept(text[place:end])
    yield " …" if end < len(text) else None


def _mark(part: Part, said: str, made: Explained) -> h.Element:
    how = CLASSES[REPLIES[int(said)]] if part.kind in ("first", "class") else ""
    return h.mark(
        class_=["rd-mark", f"rd-{part.kind}", how and f"smtplab-{how}"], data_part=part.kind
    )[_kept(said)]  # fmt: skip


def _kept(text: str) -> str:
    cut = f"… ({len(text) - WORDS} characters more) …" if len(text) > WORDS else ""
    return visible(text[:WORDS].replace("\r\n", "\n"), keep="\n\t") + cut


# Cards ----------------------------------------------------------------------------------------------------


def _turns(made: Explained) -> h.Element:
    return h.section(".rd-card.rd-main")[
        h.h3["Whose turn"],
        h.ol[
            (
                h.li[
                    h.strong[f"{turn.who[:1].upper()}{turn.who[1:]}."],
                    " ",
                    turn.what,
                    " ",
                    h.span(".smtplab-ref")[turn.ref],
                ]
                for turn in made.turns
            )
        ],
    ]


def _do(made: Explained) -> h.Element:
    return h.section(".rd-card.rd-main")[h.h3["What to do"], h.p[made.advice]]


def _row(kind: str, piece: str, name: str, meaning: str, ref: str = "") -> h.Element:
    return h.li(tabindex="0", data_part=kind)[
        h.code(".rd-piece")[piece],
        h.div[h.strong[name], " ", meaning, [" ", h.span(".smtplab-ref")[ref]] if ref else None],
    ]


def _code(made: Explained) -> h.Element:
    code = str(made.found.code)
    if not made.found.code:
        alone = "A DSN, and a client's own log, may have the enhanced code alone."
        why = alone if made.found.enhanced else "No server said this: the client's side did."
        return h.section(".rd-card")[h.h3["No reply code"], h.p(".smtplab-dim")[why]]
    first, entry = CLASS[made.found.code // 100], CODES.get(made.found.code)
    name, about = SECOND.get(code[1], ("not defined", "RFC 5321 has no such second digit"))
    about = _sentence(about) if code[1] in "0125" else f"{about}."
    place = at(made.found.code, made.found.verb)
    return h.section(".rd-card")[
        h.h3["Reply code ", h.code[code]],
        h.ul[
            _row("first", f"{code[0]}··", _dot(first.name), first.meaning, first.ref),
            _row("second", f"·{code[1]}·", _dot(name), about),
            _row("third", code, _dot(entry.name), entry.meaning, entry.ref)
            if entry
            else _row("third", code, "Not registered.", "The first digit alone counts.", "RFC 5321 §4.2"),
        ],
        h.p(".rd-place")[h.strong[_dot(place[0])], f" {place[1][:1].upper()}{place[1][1:]}. ",
                         h.span(".smtplab-ref")[place[2]]] if place else None,
    ]  # fmt: skip


def _enhanced(made: Explained) -> h.Element | None:
    number = made.found.enhanced or made.found.noted
    entry = enhanced(number)
    if entry is None:
        return None
    klass, subject, detail = number.split(".")
    about = SUBJECTS.get(subject)
    noted = not made.found.enhanced
    parts = ("noted", "noted", "noted") if noted else ("class", "subject", "detail")
    disagrees = made.found.code and not noted and klass != str(made.found.code)[0]
    return h.section(".rd-card")[
        h.h3["Enhanced code ", h.code[number]],
        h.ul[
            _row(parts[0], f"{klass}.·.·", "Class.", _sentence(KLASSES[klass]), "RFC 3463 §2"),
            _row(parts[1], f"·.{subject}.·", _dot(about.name), about.meaning, about.ref)
            if about
            else _row(
                parts[1], f"·.{subject}.·", "Unknown.", "No such subject is registered.", "RFC 3463 §2"
            ),
            _row(parts[2], f"·.·.{detail}", _dot(entry.name), entry.meaning, entry.ref),
        ],
        h.p(".rd-place")["The reply has none: the client's side noted this one."] if noted else None,
        h.p(".rd-place")[
            h.strong[f"{SIGNS['bad']} The two numbers disagree."],
            f" The client goes by {made.found.code}. ",
            h.span(".smtplab-ref")["RFC 2034 §4"],
        ]
        if disagrees
        else None,
    ]


def _words(made: Explained) -> h.Element:
    named = [each for each in made.failures if each.pattern.search(made.found.words)]
    if named:
        rows = [_cause(each, made.found.words) for each in named[:3]]
        return h.section(".rd-card")[h.h3["The words"], h.ul[rows]]
    why = "They name no cause that is known here." if made.found.words else "There are none."
    guess = f" By its number it is: {made.failures[0].name}." if made.failures else ""
    return h.section(".rd-card")[h.h3["The words"], h.p(".smtplab-dim")[why + guess]]


def _cause(failure: Failure, words: str) -> h.Element:
    said = failure.pattern.search(words)
    return h.li(tabindex="0", data_part="words")[
        h.div[
            h.code(".rd-said")[f"“{shown(said[0], 80)}”"] if said else None,
            h.strong[_dot(failure.name)],
            f" {failure.meaning} ",
            h.span(".smtplab-ref")[failure.ref],
        ]
    ]


def _dot(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _sentence(text: str) -> str:
    return f"It is {text}."


def still(made: Explained | None, snippets: Mapping[str, str], css: str) -> Markup:
    """The desk for a page without scripts."""
    return Markup(
        h.div(".smtplab.smtplab-card.rd-desk.rd-still")[
            style(VERDICT_STYLE, css),
            result(made) if made else h.p(".smtplab-dim")["Nothing is explained yet."],
            code_html(snippets),
        ]
    )
