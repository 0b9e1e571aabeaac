"""What the forge desk draws: its examples, the table of readers, and the delivered header, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import htpy as h
from markupsafe import Markup

from ..mail.received.hops import Chain
from ..mail.text import visible
from ..mail.verdict import SIGNS, Tone
from .forge_readers import FILTER, TONES, Reading
from .ladder import script_file
from .theme import CLASSES, shown, style
from .tracer_rows import line, odd
from .tracer_still import TRACER_CSS

FORGE_CSS = script_file("forge_desk.css")
MOST = 40  # lines of a delivered header that are marked one by one


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent: as delivered, how many of its Received fields are forged, from where."""

    delivered: bytes
    forged: int
    source: str
    chain: Chain
    readings: tuple[Reading, ...]


def controls(names: Sequence[str]) -> Markup:
    """The examples, as buttons."""
    return Markup(
        h.fragment[
            h.span(".fd-label")["Begin with"],
            (
                h.button(
                    ".sl-button", type="button", data_do="example", data_value=name, data_key=f"ex-{name}"
                )[name]
                for name in names
            ),
        ]
    )


def result(sent: Sent) -> Markup:
    """What came of it: one sentence, the table, and the header."""
    return Markup(h.fragment[h.p(".fd-sum")[summary(sent)], _table(sent), _header(sent)])


def summary(sent: Sent) -> str:
    """In a sentence or two."""
    naive, careful, checking = sent.readings
    if not sent.forged:
        return "You forged nothing: every line was written by the host that took the message."
    parts = [f"Your {sent.forged} line{'s' * (sent.forged > 1)} came through untouched."]
    if careful.how == "bad":
        parts.append("Even the careful reader believes one of them.")
    else:
        parts.append(
            f"Who reads from the bottom up believes in {naive.origin}; who reads from the top stops at"
            f" {careful.origin}, which is where it came from."
        )
    if checking.how == "good":
        parts.append("The filter finds that they do not fit.")
    if checking.how == "later":
        parts.append("Nothing in your lines contradicts itself: no check of the header alone can tell.")
    return shown(" ".join(parts), 800)


def _table(sent: Sent) -> h.Element:
    heads = ("Reader", "How it reads", "Your lines", "Came from", "The forgery")
    return h.div(".sl-scroll", tabindex="0", role="group", aria_label="What each reader makes of it")[
        h.table(".fd-table")[
            h.thead[h.tr[(h.th(scope="col")[title] for title in heads)]],
            h.tbody[(_reading(reading, sent) for reading in sent.readings)],
        ]
    ]


def _reading(reading: Reading, sent: Sent) -> h.Element:
    mine = list(dict.fromkeys(reading.lines[len(reading.lines) - sent.forged :])) if sent.forged else []
    return h.tr[
        h.th(scope="row")[reading.reader],
        h.td[reading.rule],
        h.td[[[_word(word, TONES[word]), " "] for word in mine] or "none"],
        h.td[h.code[shown(reading.origin, 100)]],
        h.td[_word(reading.result, reading.how)],
    ]


def _word(word: str, how: Tone) -> h.Element:
    return h.span(class_=f"smtplab-chip fd-word smtplab-{CLASSES[how]}")[f"{SIGNS[how]} {shown(word)}"]


def _header(sent: Sent) -> h.Element:
    """The Received fields as delivered: whose they are, and what the filter says of them."""
    newest = sent.chain.header
    real = len(newest) - sent.forged
    checking = next(reading for reading in sent.readings if reading.reader == FILTER)
    return h.section(".fd-header")[
        h.h3["The header as it was delivered"],
        h.ol(".tr-rows")[
            (
                h.li(class_=["fd-line", "tr-known" if place < real else "tr-claimed"])[
                    h.div[
                        h.strong[
                            f"{SIGNS['good']} real" if place < real else f"{SIGNS['bad']} forged by you"
                        ],
                        " ",
                        _word(checking.lines[place], TONES[checking.lines[place]]),
                    ],
                    line(hop, live=False),
                    odd(hop.steps),
                ]
                for place, hop in enumerate(newest[:MOST])
            )
        ],
        h.p(".smtplab-dim")[f"{len(newest) - MOST} older lines are not shown."]
        if len(newest) > MOST
        else None,
    ]


def still(written: str, sent: Sent | None) -> Markup:
    """The desk for a page without scripts."""
    return Markup(
        h.div(".smtplab.smtplab-card.fd-desk.fd-still")[
            style(TRACER_CSS, FORGE_CSS),
            h.h3["The forged lines"],
            h.pre(tabindex="0")[visible(written[:8000], keep="\n\t")],
            Markup(result(sent)) if sent else h.p(".smtplab-dim")["Not sent yet."],
        ]
    )


def in_short(written: str, sent: Sent | None) -> str:
    """The desk for a terminal."""
    return "\n".join(_told(written, sent))


def _told(written: str, sent: Sent | None) -> Iterator[str]:
    yield visible(written[:8000], keep="\n\t").rstrip("\n")
    yield ""
    if sent is None:
        yield "Not sent yet."
        return
    yield summary(sent)
    for reading in sent.readings:
        told = f"{reading.reader} ({reading.rule}): came from {reading.origin}; {reading.result}"
        yield visible(f"{SIGNS[reading.how]} {told}")
