"""The hosts of a route, in the order in which they are tried, and what came of each address.

A host that cannot be used stands in its place with the reason, so that a wrong record is seen where it is.
Names, addresses and replies are written by strangers: they are made visible and escaped.
"""

from __future__ import annotations

from dataclasses import dataclass

import htpy as h
from markupsafe import Markup

from ..mail.attempt import Attempt
from ..mail.route import MailHost, Route, Target
from ..mail.verdict import SIGNS, Tone, tone
from . import ladder
from .theme import CLASSES, chip, hidden, shown

MOST_TRIES = 60
WIDTH = 540  # pixels of a transcript


@dataclass(frozen=True, slots=True)
class Place:
    """Where the message is sent from: a host with its addresses, alone or through a smart host.

    `names` has, for each address, the name that its PTR record gives, "" for none: what a receiver sees.
    """

    key: str
    label: str
    host: str
    addresses: tuple[str, ...]
    names: tuple[str, ...] = ()
    note: str = ""
    through: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a real delivery: its route and attempts, the result, and what the next hosts did with it.

    `onward` are the attempts of hosts that took the message and handed it on, each with that host's name.
    """

    route: Route
    attempts: tuple[Attempt, ...]
    result: str
    onward: tuple[tuple[str, Attempt], ...] = ()


def board(place: Place, route: Route, tried: Tried | None) -> Markup:
    """The sender, and below it the hosts in order, with what came of each address."""
    if tried:
        route = tried.route
    numbers = {target: n for n, target in enumerate(route.targets, 1)}
    return Markup(
        h.ol(".rp-board")[
            h.li(".rp-from")[
                h.span(".rp-dot", aria_hidden="true"),
                h.div[
                    h.strong[place.host],
                    (
                        _seen(address, place.names[n] if n < len(place.names) else None)
                        for n, address in enumerate(place.addresses)
                    ),
                ],
            ],
            (_host(host, numbers, tried) for host in route.hosts),
            _end(route),
            _onward(tried) if tried and tried.onward else None,
        ]
    )


def _seen(address: str, name: str | None) -> h.Element:
    """An address of the sender, and the name that receivers find for it, None where nobody has looked."""
    if name is None:
        return h.code(".rp-seen.smtplab-dim")[address]
    ptr = f"PTR {shown(name, 200)}" if name else f"{SIGNS['later']} no PTR"
    return h.span(".rp-seen")[
        h.code(".smtplab-dim")[address], " ", h.span(class_=None if name else "rp-later")[ptr]
    ]


def _host(host: MailHost, numbers: dict[Target, int], tried: Tried | None) -> h.Element:
    out = not host.addresses
    step = host.step
    return h.li(class_=["rp-host", out and "rp-out"])[
        h.span(".rp-dot", aria_hidden="true")[SIGNS["bad" if step.result != "delayed" else "later"]]
        if out
        else None,
        h.div(".rp-name")[
            h.span(".rp-pref")[preference(host)],
            h.strong[h.code[shown(host.name, 200)]],
            _reason(host) if out or step.result == "policy" else None,
        ],
        h.ol(".rp-tries")[
            (
                _address(numbers[target], target, tried)
                for address in host.addresses
                if (target := Target(host.preference, host.name, address)) in numbers
            )
        ]
        if not out
        else None,
    ]


def preference(host: MailHost) -> str:
    if host.preference is not None:
        return f"preference {host.preference}"
    return "address literal" if host.name.startswith("[") else "smart host"


def _reason(host: MailHost) -> h.Element:
    step = host.step
    why = step.why.partition("; try ")[0]
    how = tone(step.result)
    ref = [" ", h.span(".smtplab-ref")[step.ref]] if step.ref else None
    return h.span(".rp-reason")[h.span(class_=f"rp-{CLASSES[how]}")[f"{SIGNS[how]} "], shown(why, 400), ref]


def _address(number: int, target: Target, tried: Tried | None) -> h.Element:
    mine = (
        [a for a in tried.attempts if (a.host, a.address) == (target.name, target.address)] if tried else []
    )
    word = "not tried" if tried and not mine else ""
    how = how_it_went(mine[-1]) if mine else "plain"
    return h.li(class_=["rp-try", tried is not None and f"rp-was-{CLASSES[how] if mine else 'not'}"])[
        h.span(".rp-dot")[str(number)],
        h.div[
            h.code(".rp-address")[target.address],
            h.span(".rp-next")[f"· {word}"] if word else None,
            [_attempt(attempt) for attempt in mine],
        ],
    ]


def how_it_went(attempt: Attempt) -> Tone:
    """A try that failed because it was the last is still "later" by itself."""
    return "later" if attempt.expired or attempt.reply is None else tone(attempt.outcome)


def _attempt(attempt: Attempt) -> h.Element:
    how = how_it_went(attempt)
    lead = {"later": "so the next one is tried", "bad": "this is final: no other host is asked"}.get(how, "")
    if attempt.expired:
        lead = "and that was the last one"
    if attempt.reply:
        said: list[h.Node] = [
            chip(attempt.reply.code, attempt.reply.enhanced),
            h.span[shown(attempt.reply.text, 300)],
        ]
        if attempt.during:
            lead = "; ".join(filter(None, [f"to {_verb(attempt.during)}", lead]))
    else:
        said = [
            h.span(class_=f"smtplab-chip rp-chip smtplab-{CLASSES[how]}")[f"{SIGNS[how]} no reply"],
            h.span[shown(attempt.note or "no reply", 300)],
        ]
    return h.div(".rp-said")[
        h.div[said, h.span(".smtplab-dim")[f"({lead})"] if lead else None],
        _transcript(attempt),
    ]


def _verb(during: str) -> str:
    return "the message" if during == "." else shown(during, 20)


def _transcript(attempt: Attempt) -> h.Element | None:
    """The dialogue, to unfold."""
    if attempt.transcript is None:
        return None
    key = f"said-{attempt.transcript.number}"
    ends = f"with {attempt.transcript.server.host} at {attempt.transcript.server.address}"
    return h.details(".rp-dialogue", data_fold=key)[
        h.summary(data_key=key)["The dialogue ", hidden(ends)],
        h.div(".sl-scroll", tabindex="0", role="group", aria_label=f"The dialogue {shown(ends)}")[
            ladder.svg(attempt.transcript, width=WIDTH)
        ],
    ]


def _end(route: Route) -> h.Element | None:
    """Where there is nobody to try: what is said in place of a delivery."""
    if route.targets:
        return None
    if route.refusal is None:
        return h.li(".rp-host")[
            h.span(".rp-dot", aria_hidden="true")[SIGNS["good"]], h.div(".rp-name")["a mailbox here"]
        ]
    how: Tone = "later" if route.refusal.code < 500 else "bad"
    return h.li(".rp-host.rp-stop")[
        h.span(".rp-dot", aria_hidden="true")[SIGNS[how]],
        h.div(".rp-name")[
            chip(route.refusal.code, route.refusal.enhanced),
            h.span[shown(route.refusal.text, 300)],
            h.span(".smtplab-ref")[route.rule],
        ],
    ]


def _onward(tried: Tried) -> h.Element:
    """What the hosts that took it did next."""
    return h.li(".rp-onward")[
        h.span(".rp-dot", aria_hidden="true")[SIGNS["more"]],
        h.div[
            [
                h.div[
                    h.span(".rp-hop")[
                        h.code[shown(host, 100)],
                        " → ",
                        h.code[shown(attempt.host, 200)],
                        " ",
                        h.code(".smtplab-dim")[attempt.address],
                    ],
                    _attempt(attempt),
                ]
                for host, attempt in tried.onward[:MOST_TRIES]
            ]
        ],
    ]
