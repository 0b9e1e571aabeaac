"""The parts of the SPF builder around record and meter: who sends, who asks, and what a receiver did.

All that is shown of records, replies and addresses was written by strangers: it is made visible and escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import htpy as h
from markupsafe import Markup

from ..mail.reply import Reply
from ..mail.transcript import Transcript
from ..mail.verdict import SIGNS, Comparison, Verdict
from . import comparison as compared
from . import ladder
from .theme import chip, hidden, result_chip, shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html

_STYLE = Markup(style(VERDICT_STYLE))  # the widget brings it once for all
WIDTH = 640  # pixels of a transcript


@dataclass(frozen=True, slots=True)
class Service:
    """Somebody who may send for the domain: what to include, and what it costs as the DNS is now.

    `note` says what is odd about it, "" where nothing is.
    """

    key: str
    name: str
    what: str
    include: str
    lookups: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """A host that may connect to a receiver."""

    key: str
    host: str
    address: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a receiver did with a message that was really sent.

    `reply` is its last one and `during` what it answered ("MAIL", "RCPT", "." for the message). `verdict` is
    the receiver's own, None where it made none; `fields` are those that it put on top of the message.
    `outcome` is a sentence about where the message went.
    """

    receiver: str
    reply: Reply
    during: str
    verdict: Verdict | None = None
    outcome: str = ""
    fields: tuple[str, ...] = ()
    transcript: Transcript | None = None


def services(offered: Sequence[Service], used: Sequence[str]) -> Markup:
    """Boxes to tick, one a service, with what it costs."""
    return Markup(h.fragment[(_service(each, each.include.lower() in used) for each in offered)])


def _service(service: Service, used: bool) -> h.Element:
    cost = f"{service.lookups} {'lookup' if service.lookups == 1 else 'lookups'}"
    return h.label(".sb-service")[
        h.input(
            type="checkbox",
            value=service.key,
            checked=used,
            data_key=f"use-{service.key}",
            data_change="use",
        ),
        h.span[
            h.strong[shown(service.name, 60)],
            " ",
            h.span(".smtplab-dim")[shown(service.what, 100)],
            h.span(".sb-cost-line")[
                h.code[f"include:{shown(service.include, 100)}"], h.span(".sb-count")[cost]
            ],
            h.span(".sb-later")[f"{SIGNS['later']} {shown(service.note, 160)}"] if service.note else None,
        ],
    ]


def clients(offered: Sequence[Client], address: str) -> Markup:
    """Buttons, one a host: who connects."""
    return Markup(
        h.fragment[
            (
                h.button(
                    ".sl-button.sb-client",
                    type="button",
                    value=each.key,
                    aria_pressed="true" if each.address == address else "false",
                    data_key=f"client-{each.key}",
                    data_press="client",
                )[h.strong[each.label or each.host], h.code[each.address]]
                for each in offered
            )
        ]
    )


def standing(record: str, published: Sequence[str]) -> Markup:
    """Whether this is what the world sees, and if not, what that is."""
    if len(published) > 1:
        words: list[h.Node] = [
            h.span(".sb-no")[f"{SIGNS['bad']} "],
            f"{len(published)} SPF records are published, and one is right (",
            h.span(".smtplab-ref")["RFC 7208 §4.5"],
            "). Publish puts this one in their place.",
        ]
    elif list(published) == [record]:
        words = [h.span(".sb-ok")[f"{SIGNS['good']} "], "Published: this is what receivers see."]
    elif not published and not record:
        words = ["No record is published, and none stands here."]
    elif not published:
        words = [h.span(".sb-later")[f"{SIGNS['later']} "], "A draft: no record is published yet."]
    else:
        words = [
            h.span(".sb-later")[f"{SIGNS['later']} "],
            "A draft. Published is: ",
            h.code[shown(published[0], 300)],
        ]
    return Markup(h.p[words])


def verdict(found: Verdict) -> Markup:
    """The evaluator's tree, by the one renderer."""
    return _scrolls(verdict_html(found).replace(_STYLE, ""), "The steps")


def change(comparison: Comparison | None) -> Markup:
    """What publishing would change for this question; nothing where nothing would."""
    if comparison is None:
        return Markup("")
    return _scrolls(compared.html(comparison, styled=False), "What would change")


def _scrolls(markup: str, label: str) -> Markup:
    """What may be long, in a place of its own that scrolls, by keyboard too."""
    return Markup(h.div(".sb-scroll", tabindex="0", role="group", aria_label=label)[Markup(markup)])


def problem(sentence: str) -> Markup:
    """Something typed that cannot be asked about."""
    return Markup(
        h.div(".smtplab-notice.smtplab-no")[h.span(".smtplab-sign")[f"{SIGNS['bad']} "], shown(sentence, 400)]
    )


def sent(done: Sent | None, draft: bool) -> Markup:
    """What the receiver answered, what it found out by itself, and the dialogue."""
    if done is None:
        return Markup("")
    return Markup(
        h.div(".sb-sent")[
            h.div(".sb-outcome")[
                h.strong[shown(done.receiver, 100)],
                chip(done.reply.code, done.reply.enhanced),
                h.span[_said(done)],
            ],
            h.div(".sb-outcome")[
                h.span["Its own SPF check says"], result_chip(done.verdict.result), shown(done.outcome, 300)
            ]
            if done.verdict
            else h.p[shown(done.outcome, 300)]
            if done.outcome
            else None,
            h.p(".smtplab-dim")["The receiver sees what is published, not the draft."] if draft else None,
            h.pre(".sb-fields", tabindex="0")["\n".join(shown(field, 600) for field in done.fields)]
            if done.fields
            else None,
            _dialogue(done.transcript) if done.transcript else None,
        ]
    )


def _said(done: Sent) -> str:
    where = "the message" if done.during == "." else done.during
    return f"to {where}: {shown(done.reply.text, 300)}"


def _dialogue(transcript: Transcript) -> h.Element:
    key = f"said-{transcript.number}"
    return h.details(".sb-dialogue", data_fold=key)[
        h.summary(data_key=key)["The dialogue ", hidden(f"with {transcript.server.host}")],
        h.div(
            ".sl-scroll", tabindex="0", role="group", aria_label=f"The dialogue with {transcript.server.host}"
        )[ladder.svg(transcript, width=WIDTH)],
    ]
