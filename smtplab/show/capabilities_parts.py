"""The capability explorer in HTML and text: the list that EHLO gives, and what came of using it.

Parts for the widget and for a page without scripts alike. What a server said is escaped and made visible;
lines that only one of two replies has are lit, and a word says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import htpy as h
from markupsafe import Markup

from ..mail.capability import TONES, Offer, Switch, Trial, Trials
from ..mail.reply import Reply
from ..mail.text import visible
from ..mail.verdict import SIGNS
from . import round_trips
from .theme import CLASSES, chip, lock, shown

LONGEST = 3000  # characters of a dialogue in a page without scripts

Mark = tuple[str, str]  # a class, and the words that say the same

GONE, NEW = ("sc-gone", "clear only"), ("sc-new", "TLS only")
OFF, ON = ("sc-off", "switched off"), ("sc-on", "switched on")


def offer(now: Offer, before: Offer | None = None) -> Markup:
    """The replies to EHLO in clear, to EHLO under TLS, and to HELO, side by side.

    `before` is the offer before a switch was turned: what went stays in sight, struck out.
    """
    old = before or now
    clear, tls = dict.fromkeys(now.gone, GONE), dict.fromkeys(now.new, NEW)
    columns = (
        _column("EHLO, in clear", None, now.clear, old.clear, clear, now.why),
        _column("EHLO, under TLS", lock(), now.tls, old.tls, tls, now.why),
        _column("HELO", None, now.helo, old.helo, {}, ""),
    )
    return Markup(h.div(".sc-replies")[columns])


def _column(
    title: str,
    sign: h.Node,
    reply: Reply | None,
    before: Reply | None,
    marks: Mapping[str, Mark],
    why: str,
) -> h.Element:
    lines = list(_lines(reply, before, marks)) if reply else [h.li(".sc-none")[shown(why) or "no reply"]]
    count = len(reply.extensions) if reply else 0
    bare = reply is not None and reply.is_positive and not count
    note = "no list at all" if bare else f"{count} extension{'' if count == 1 else 's'}" if count else ""
    return h.section(".sc-reply")[
        h.h4[sign, " " if sign else None, title],
        h.ol(aria_label=f"The reply to {title}")[lines],
        h.p(".smtplab-dim")[note] if note else None,
    ]


def _lines(reply: Reply, before: Reply | None, marks: Mapping[str, Mark]) -> Iterator[h.Element]:
    """Every line of the reply, and those of the reply before it that are gone, where they stood."""
    old = before.extensions if before else reply.extensions
    said = str(reply).split("\n")
    here = reply.extensions
    lost = [keyword for keyword in old if keyword not in here]
    order = list(old)
    for number, line in enumerate(said):
        keyword = line[4:].split(" ", 1)[0].upper() if number and here else ""
        while lost and keyword and keyword in order and order.index(lost[0]) < order.index(keyword):
            yield _gone(lost.pop(0), old)
        mark = marks.get(keyword) or (ON if keyword and keyword not in old else None)
        yield _line(line, keyword, mark)
    for keyword in lost:
        yield _gone(keyword, old)


def _line(line: str, keyword: str, mark: Mark | None) -> h.Element:
    code, rest = line[:4], line[4:]
    name = rest[: len(keyword)]
    return h.li(class_=mark[0] if mark else None)[
        h.code[
            h.span(".smtplab-dim")[visible(code)],
            h.b[shown(name)] if name else None,
            shown(rest[len(name) :]),
        ],
        h.span(".sc-mark")[mark[1]] if mark else None,
    ]


def _gone(keyword: str, old: Mapping[str, str]) -> h.Element:
    words = f"{keyword} {old[keyword]}".strip()
    return h.li(class_=OFF[0])[h.del_[h.code[shown(words)]], h.span(".sc-mark")[OFF[1]]]


def trials(found: Trials, opener: Callable[[int, Trial], h.Node]) -> Markup:
    """What came of trying an extension: offered on the left, not offered on the right, and bars below.

    `opener` makes what opens the dialogue of an attempt, from its number and the attempt.
    """
    count = len(found.offered)
    name = found.extension
    return Markup(
        h.div(".sc-trials")[
            h.div(".sc-pair")[
                _half(f"{name} offered", found.offered, 0, opener),
                _half(f"{name} not offered", found.without, count, opener),
            ],
            _bars(found),
        ]
    )


def _half(
    title: str, attempts: Sequence[Trial], first: int, opener: Callable[[int, Trial], h.Node]
) -> h.Element:
    cards = [_card(trial, opener(first + number, trial)) for number, trial in enumerate(attempts)]
    return h.section(".sc-half")[h.h4[shown(title)], cards]


def _card(trial: Trial, opener: h.Node) -> h.Element:
    how = TONES[trial.result]
    reply = trial.reply
    return h.div(".sc-trial")[
        h.p[
            h.span(class_=f"smtplab-chip smtplab-{CLASSES[how]}")[f"{SIGNS[how]} {trial.result}"],
            " ",
            h.strong[shown(trial.client)],
            h.span(".sc-what")[f": {shown(trial.what)}"],
        ],
        h.p(".sc-words")[chip(reply.code, reply.enhanced), " ", h.code[shown(reply.text, 200)]]
        if reply
        else h.p(".sc-words")[h.code[shown(trial.said, 300)]],
        h.p(".sc-note")[shown(trial.note)] if trial.note else None,
        opener,
    ]


def _bars(found: Trials) -> h.Element | None:
    """The first figure of the attempts as bars, where they have one."""
    name = next((figure.name for trial in found for figure in trial.figures), "")
    if not name:
        return None
    labels = [
        (f"{words}: {trial.client} {SIGNS[TONES[trial.result]]}", trial)
        for words, attempts in (("offered", found.offered), ("not offered", found.without))
        for trial in attempts
    ]
    return h.figure(".sc-chart")[
        h.figcaption[shown(name[:1].upper() + name[1:])], round_trips.svg(labels, name)
    ]


def dialogue(number: int, trial: Trial) -> h.Element:
    """The dialogue of an attempt as text, to unfold."""
    text = visible(trial.transcript.text(), keep="\n")
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}…\n({len(text) - LONGEST} characters more)"
    return h.details[h.summary["The dialogue"], h.pre(tabindex="0")[text]]


def switches(now: Sequence[Switch]) -> Markup:
    """The extensions as a table: what is on, what each is, and where it is defined."""
    return Markup(
        h.table(".sc-table")[
            h.thead[
                h.tr[(h.th(scope="col")[title] for title in ("", "Extension", "The server …", "Source"))]
            ],
            h.tbody[
                (
                    h.tr[
                        h.td["✓ on" if switch.on else "· off"],
                        h.td[h.code[shown(switch.keyword)]],
                        h.td[shown(_words(switch))],
                        h.td(".smtplab-ref")[shown(switch.ref)],
                    ]
                    for switch in now
                )
            ],
        ]
    )


def _words(switch: Switch) -> str:
    return "; ".join(filter(None, (switch.meaning, switch.note)))


def text(title: str, now: Sequence[Switch], offered: Offer, found: Sequence[Trials]) -> str:
    """The explorer for a terminal."""
    rows = [f"{'on ' if s.on else 'off'}  {visible(s.keyword):20} {visible(_words(s))}" for s in now]
    replies = (("EHLO, in clear", offered.clear), ("EHLO, under TLS", offered.tls), ("HELO", offered.helo))
    for name, reply in replies:
        rows += ["", name, *(f"  {visible(line)}" for line in str(reply or "none").split("\n"))]
    return "\n".join([visible(title), *rows, *(f"\n{each}" for each in found)])
