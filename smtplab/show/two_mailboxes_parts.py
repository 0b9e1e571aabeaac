"""The parts of the two mailboxes: the bar of the script, and a board for each protocol.

A board has three lanes: the laptop, the server, the phone, each with its letters; below them what was said.
It draws records and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import htpy as h
from markupsafe import Markup

from ..mail.holdings import CLIENTS, Holding, Kept, Moment, Protocol, Said, Told, Who, brief, changed
from ..mail.holdings_script import COMMANDS, LABELS, Act, Part
from . import code_tabs
from .ladder import script_file
from .scripted import STYLE
from .theme import hidden, shown, style

MAILBOX_CSS = script_file("two_mailboxes.css")
MOST = 12  # letters in a lane; a fuller mailbox is counted
MOST_SAID = 40  # answers to one command that are shown

_TITLES: dict[Protocol, str] = {"pop3": "POP3, port 995", "imap": "IMAP, port 993"}
_SIGNS = {"read": "✓", "starred": "★", "to be deleted": "✕", "marked for deletion": "✕"}
_ENDING = ("to be deleted", "marked for deletion")


# The script -------------------------------------------------------------------------------------


def bar(acts: Sequence[Act], turn: int) -> Markup:
    """The next act to press, and the way back to the start."""
    over = turn >= len(acts)
    words = "Start again" if over else f"Next: {acts[turn].title}"
    return Markup(
        h.fragment[
            h.button(
                ".sl-button.sl-go",
                type="button",
                data_do="restart" if over else "next",
                data_key="next",
            )[words],
            h.button(".sl-button", type="button", data_do="restart", data_key="restart")["Start again"]
            if turn > 0 and not over
            else None,
            h.span(".tm-count")[f"{turn} of {len(acts)} steps done"],
        ]
    )


def told(act: Act | None, turn: int, count: int, moments: Mapping[Protocol, Moment]) -> Markup:
    """What has just been done; for a screen reader also what the sides have now."""
    if act is None:
        said = any(moment.said for moment in moments.values())
        words = (
            "A command of your own" if said else "Three letters in each mailbox, and nobody has looked yet"
        )
    else:
        words = f"{turn} · {act.title}"
    now = [f"{_TITLES[key]}: {'; '.join(map(str, moment.holdings))}." for key, moment in moments.items()]
    return Markup(h.p(".tm-title")[words, hidden(". " + " ".join(now))])


# A board ----------------------------------------------------------------------------------------


def board(
    moment: Moment,
    before: Moment,
    part: Part | None,
    who: Who,
    number: int,
    numbers: Sequence[int] = (),
) -> Markup:
    """One protocol: why it came out so, the lanes, what was said, and with `numbers` the commands."""
    return Markup(
        h.fragment[
            h.h3[_TITLES[moment.protocol]],
            h.p(".tm-words")[part.words, " ", h.span(".smtplab-ref")[part.ref]] if part else None,
            h.div(".tm-lanes")[
                (_lane(new, old) for new, old in zip(moment.holdings, before.holdings, strict=True))
            ],
            _said(moment.said, moment.protocol),
            _commands(moment.protocol, who, number, numbers) if numbers else None,
        ]
    )


def _lane(holding: Holding, before: Holding) -> h.Element:
    fresh = changed(before.messages, holding.messages)
    more = len(holding.messages) - MOST
    kind = "tm-server" if holding.who == "server" else "tm-open" if holding.open else "tm-shut"
    gone = len(before.messages) - len(holding.messages)
    return h.section(class_=f"tm-lane {kind}", aria_label=f"The {holding.who}")[
        h.h4[holding.who.capitalize()],
        h.p(".tm-state")[shown(holding.state, 60)],
        h.ol[(_card(one, holding, place in fresh) for place, one in enumerate(holding.messages[:MOST]))]
        if holding.messages
        else h.p(".tm-empty")["no letter"],
        h.p(".tm-empty")[f"and {more} more"] if more > 0 else None,
        h.p(".tm-gone")[f"✕ {gone} gone"] if gone > 0 else None,
    ]


def _card(one: Kept, holding: Holding, fresh: bool) -> h.Element:
    return h.li(class_="tm-card" + (" tm-new" if fresh else "") + (" tm-ending" if _ends(one) else ""))[
        h.span(".tm-number")[str(one.number)] if one.number else None,
        h.strong[shown(one.subject, 60)] if one.subject else h.em["not looked at"],
        hidden(" (changed)") if fresh else None,
        h.span(".tm-flags")[
            (
                h.span(class_="tm-flag" + (" tm-end" if word in _ENDING else ""))[
                    f"{_SIGNS.get(word, '·')} {shown(word, 40)}"
                ]
                for word in one.words
            )
        ]
        if one.words
        else None,
        h.span(".tm-what")[_what(one)] if holding.who != "server" else None,
    ]


def _ends(one: Kept) -> bool:
    return any(word in _ENDING for word in one.words)


def _what(one: Kept) -> str:
    if not one.number:
        return "a copy, for good"
    return "the whole letter" if one.whole else "its line in the list" if one.subject else ""


def _said(said: Sequence[Said], protocol: Protocol) -> h.Element | None:
    """The dialogue of the step; nothing while nothing was said."""
    if not said:
        return None
    return h.div(".tm-said", tabindex="0", role="region", aria_label=f"What was said, {protocol.upper()}")[
        h.ol[(h.li[_exchange(one)] for one in said)]
    ]


def _exchange(said: Said) -> h.Node:
    answers = said.answers[:MOST_SAID]
    more = len(said.answers) - len(answers)
    return h.fragment[
        h.span(class_=f"tm-who tm-who-{said.who}")[said.who],
        h.p(".tm-note")[shown(said.note, 300)] if said.note else None,
        h.code(".tm-client")[hidden("client: "), shown(said.shown, 300)] if said.command else None,
        [
            h.code(class_="tm-answer" + (" tm-refused" if said.refused and last else ""))[
                hidden("server: "),
                "✕ " if said.refused and last else None,
                brief(answer)[:1200],
            ]
            for last, answer in _with_last(answers)
        ],
        h.p(".tm-note")[f"and {more} lines more"] if more else None,
    ]


def _with_last(answers: Sequence[Told]) -> list[tuple[bool, Told]]:
    return [(place == len(answers) - 1, answer) for place, answer in enumerate(answers)]


def _commands(protocol: Protocol, who: Who, number: int, numbers: Sequence[int]) -> h.Element:
    """Whose turn it is, which letter is meant, and what can be said."""
    return h.details(".tm-own", data_fold=f"own-{protocol}")[
        h.summary(data_key=f"{protocol}-own")["Give commands yourself"],
        h.div(".tm-row", role="group", aria_label=f"Who speaks, {protocol.upper()}")[
            (_toggle(protocol, "who", one, one.capitalize(), one == who) for one in CLIENTS)
        ],
        h.div(".tm-row", role="group", aria_label=f"Which letter, {protocol.upper()}")[
            (_toggle(protocol, "letter", str(one), f"Letter {one}", one == number) for one in numbers)
        ],
        h.div(".tm-row", role="group", aria_label=f"Commands, {protocol.upper()}")[
            (
                h.button(
                    ".sl-button.tm-command",
                    type="button",
                    data_do="press",
                    data_value=f"{protocol} {place}",
                    data_key=f"{protocol}-press-{place}",
                )[LABELS.get(command, command.replace("#", str(number)))]
                for place, command in enumerate(COMMANDS[protocol])
            )
        ],
    ]


def _toggle(protocol: Protocol, do: str, value: str, words: str, pressed: bool) -> h.Element:
    return h.button(
        ".sl-button",
        type="button",
        aria_pressed=str(pressed).lower(),
        data_do=do,
        data_value=f"{protocol} {value}",
        data_key=f"{protocol}-{do}-{value}",
    )[words]


def still(heading: Markup, boards: Sequence[Markup], snippets: Mapping[str, str]) -> Markup:
    """The widget for a page without scripts."""
    return Markup(
        h.div(".smtplab.smtplab-card.sl-widget.tm-widget.tm-still")[
            style(STYLE, MAILBOX_CSS),
            h.div(".tm-told")[heading],
            h.div(".tm-boards")[(h.section(".tm-board")[one] for one in boards)],
            code_tabs.html(snippets),
        ]
    )
