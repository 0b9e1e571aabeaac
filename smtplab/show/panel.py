"""The side panel of the ladder: what the focused line means, where the session stands, what may follow.

The words come from `mail.meaning`, the states from the session table (`mail.session`), the reasons for a
refusal from `mail.dialogue.refusal_verdict`; this module only sets them in HTML.

A panel is made of parts, because the lines of a long dialogue have most of theirs in common: a part is
built once and sent once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import htpy as h
from markupsafe import Markup

from ..mail.dialogue import refusal_verdict
from ..mail.line import Line, shown
from ..mail.meaning import meaning_at, spans
from ..mail.reply import Reply
from ..mail.session import TABLE, VERBS, State, refusal
from ..mail.text import visible
from ..mail.verdict import Step, Verdict
from .rungs import shortened
from .theme import chip, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html

LONG = 48  # characters: a longer line may not fit the picture, so the panel repeats it whole
WHOLE = 4000  # characters of a line that the panel shows

_VERDICT_STYLE = Markup(style(VERDICT_STYLE))

Refused = tuple[tuple[str, Reply, str], ...]

# Not on the usual way through a session, so shown only where they matter.
_SIDE_STATES = (State.AUTH, State.BDAT)
_ALONE = {
    State.DATA: "Whatever is sent now is content, and gets no reply, up to a line with only a dot.",
    State.AUTH: "The server waits for the next line of the exchange in base64, or a lone * to cancel it.",
    State.CLOSED: "The session is over.",
}


def panel(lines: Sequence[Line], index: int, *, why: bool = True) -> list[Markup]:
    """The panel for the line at `index`, part by part. `why` adds the reasons where it was refused."""
    line = lines[index]
    answer = lines[line.pair] if line.pair > index else line
    known = meaning_at(lines, index)
    whole = shortened(shown(line), WHOLE) if len(line.text) > LONG else ""
    parts = [_words(known.title, known.paragraphs, whole)]
    if any(each.protocol != "smtp" for each in lines[:1]):  # its states are not those of SMTP
        return [*parts, _refs(known.refs)]
    if why and answer.reply and answer.reply.code >= 400:
        verdict = refusal_verdict(lines, index)
        parts.append(_why(verdict.result, verdict.method, verdict.question, verdict.steps))
    return [*parts, _standing(answer.state, known.may, known.would_refuse), _refs(known.refs)]


# Long dialogues say the same things many times over, and HTML is slow to build beside a row.
@lru_cache(maxsize=1024)
def _words(title: str, paragraphs: tuple[str, ...], whole: str) -> Markup:
    return Markup(
        h.fragment[
            h.h3[visible(title)],
            h.pre(".sl-said", tabindex="0")[whole] if whole else None,
            [h.p[list(_prose(text))] for text in paragraphs],
        ]
    )


def _prose(text: str) -> Iterator[h.Node]:
    for kind, piece in spans(visible(text)):
        yield h.code[piece] if kind == "code" else h.strong[piece] if kind == "bold" else piece


@lru_cache(maxsize=256)
def _why(result: str, method: str, question: str, steps: tuple[Step, ...]) -> Markup:
    verdict = Verdict(result, method, question, steps)
    made = verdict_html(verdict).replace(_VERDICT_STYLE, "")  # the widget brings it once for all
    return Markup(h.details(".sl-why.smtplab-why")[h.summary["Why was this refused?"], Markup(made)])


@lru_cache(maxsize=256)
def _refs(refs: tuple[str, ...]) -> Markup:
    return Markup(
        h.p(".sl-refs")[[[" · " if number else "", h.span[ref]] for number, ref in enumerate(refs)]]
    )


@lru_cache(maxsize=256)
def _standing(state: State, may: tuple[str, ...], refused: Refused) -> Markup:
    """Where the session stands, what may be said, and what would be refused and why."""
    near_by = near(state)
    pills = [_pill(each, state, near_by) for each in State if each not in _SIDE_STATES or each in near_by]
    return Markup(
        h.fragment[
            h.ul(".sl-states", aria_label="Where the session stands")[pills],
            h.p(".sl-may")[list(_may(state, may))],
            _refused(refused) if refused and state not in _ALONE else None,
        ]
    )


def near(state: State) -> set[State]:
    """`state` and the states that one accepted command leads to from there."""
    if state in (State.DATA, State.AUTH):
        return {state, State.GREETED}
    reached = {move for move in TABLE.get(state, {}).values() if isinstance(move, State)}
    if reached and refusal(state, "AUTH") is None:
        reached.add(State.AUTH)
    return {state, *reached}


def _pill(each: State, state: State, near_by: set[State]) -> h.Element:
    if each is state:
        return h.li(".sl-now", aria_current="step")[f"● {each}"]
    if each in near_by:
        return h.li(".sl-may-come", title="one accepted command away")[f"→ {each}"]
    return h.li[str(each)]


def _may(state: State, may: tuple[str, ...]) -> Iterator[h.Node]:
    if state in _ALONE:
        yield _ALONE[state]
    elif may:
        yield "You may say: "
        yield from (_verb(name) for name in may)


def _verb(name: str) -> h.Node:
    known = VERBS.get(name)
    title = f"{known.syntax}: {known.purpose}" if known else None
    return h.fragment[h.code(title=title)[visible(name)], " "]


def _refused(refused: Refused) -> h.Element:
    """The verbs that would be refused, those with the same reason together."""
    reasons: dict[tuple[int, str], list[str]] = {}
    for name, reply, why in refused:
        reasons.setdefault((reply.code, why), []).append(name)
    return h.details(".sl-refused")[
        h.summary["What would be refused"],
        (
            h.p[[_verb(name) for name in names], chip(code), f" {visible(why)}"]
            for (code, why), names in reasons.items()
        ),
    ]
