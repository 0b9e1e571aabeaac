"""What stands around the route planner's board: the places, a sentence on top, the look-ups, the reasons.

What the DNS answers is written by strangers: it is made visible and escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import htpy as h
from markupsafe import Markup

from ..mail.route import Answer, Question, Route, Status
from ..mail.verdict import SIGNS, Tone, tone
from .ladder import script_file
from .route_board import Place, Tried, how_it_went, preference
from .theme import CLASSES, result_chip, shown, style
from .verdict import STYLE as VERDICT_STYLE
from .verdict import html as verdict_html

ROUTE_CSS = script_file("route_planner.css")
_STYLE = Markup(style(VERDICT_STYLE))  # the widget brings it once for all
MOST_VALUES = 8  # of one answer

_ANSWERS: dict[Status, tuple[Tone, str]] = {
    "found": ("good", ""),
    "no data": ("plain", "no such record"),
    "no such name": ("bad", "no such name"),
    "no answer": ("later", "no answer"),
}


def banner(place: Place, recipient: str, route: Route, tried: Tried | None) -> Markup:
    """In a sentence or two: where it would go, or what came of trying."""
    result = tried.result if tried else route.verdict.result
    return Markup(
        h.div(".rp-banner")[
            result_chip(result, big=True),
            h.div[
                h.p[outcome(tried) if tried else plan(route, place)],
                h.p(".smtplab-dim")[
                    f"To {shown(recipient, 200)}, from {place.host}"
                    + (f" through {place.through}." if place.through else ", direct.")
                ],
            ],
        ]
    )


def plan(route: Route, place: Place) -> str:
    """What will happen, as far as the DNS tells."""
    if route.refusal:
        said = shown(str(route.refusal), 300)
        if route.refusal.code < 500:
            return f"Nobody can be asked now. The message waits, and the next try asks the DNS again: {said}"
        return f"Nobody is asked. Whoever sends it must give up by itself: {said}"
    if not route.targets:
        return f"The mail is at home on {place.host} and stays there: no mail exchanger is looked for."
    hosts = [host for host in route.hosts if host.addresses]
    out = len(route.hosts) - len(hosts)
    counted = f"{_count(len(hosts), 'host')} with {_count(len(route.targets), 'address', 'es')}"
    left_out = f" {_count(out, 'host')} cannot be used." if out else ""
    if len(route.targets) == 1:
        return f"One address to try, and no other to fall back on.{left_out}"
    return f"{counted}, tried in this order until one of them takes the message or refuses it.{left_out}"


def outcome(tried: Tried) -> str:
    """What came of it: who took it, who refused it, or that nobody was there."""
    count = _count(len(tried.attempts), "attempt")
    if not tried.attempts:
        return "It has not been tried: no attempt has ended."
    last = tried.attempts[-1]
    place = shown(f"{last.host} at {last.address}", 200)
    if last.rule:
        return f"Nothing was sent: {shown(str(last.reply), 300)}"
    if last.reply is None or last.outcome == "delayed" or last.expired:
        return (
            f"Nobody took it: {count}. Whoever has no queue gives up here; an MTA keeps it and tries again."
        )
    if last.outcome == "failed":
        return f"{place} refused it for good, so no other host is asked: {count}."
    if not tried.onward:
        return f"{place} took it: {count}."
    host, final = tried.onward[-1]
    if host == last.host:
        return f"{place} took it and handed it on to {shown(final.host, 100)}."
    return f"{place} took it, and in the end {shown(host, 100)} handed it to {shown(final.host, 100)}."


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"


# The look-ups -----------------------------------------------------------------------------------


def lookups(route: Route) -> Markup:
    """Each question with its answer, in the order in which they were asked."""
    if not route.queries:
        return Markup(h.p(".smtplab-dim")["The DNS is not asked."])
    return Markup(h.ol(".rp-asks")[(h.li[_asked(*query)] for query in route.queries)])


def _asked(question: Question, answer: Answer) -> list[h.Node]:
    how, word = _ANSWERS[answer.status]
    values = [shown(value, 200) for value in answer.values[:MOST_VALUES]]
    more = len(answer.values) - len(values)
    words = ", ".join(filter(None, [word, shown(answer.note, 200) if answer.status == "no answer" else ""]))
    return [
        h.code(".rp-question")[
            shown(question.name, 200), " ", h.span(".rp-type")[shown(question.rdtype, 10)]
        ],
        h.span(".rp-gives", aria_hidden="true")["→"],
        h.span(".rp-answer")[
            h.code(".rp-alias")[f"CNAME {shown(answer.alias, 200)}"] if answer.alias else None,
            [h.code[value] for value in values],
            h.span(".smtplab-dim")[f"and {more} more"] if more else None,
            h.span(class_=f"rp-word rp-{CLASSES[how]}")[f"{SIGNS[how]} {words}"] if words else None,
        ],
    ]


# Around them ------------------------------------------------------------------------------------


def why(route: Route) -> Markup:
    """The verdict with its steps, to unfold."""
    return Markup(
        h.details(".rp-why", data_fold="why")[
            h.summary(data_key="why")["How this was decided, step by step"],
            Markup(verdict_html(route.verdict).replace(_STYLE, "")),
        ]
    )


def places(known: Sequence[Place], chosen: Place) -> Markup:
    """The places to choose from, as radio buttons."""
    return Markup(
        h.fragment[
            (
                h.label(".rp-place")[
                    h.input(
                        type="radio",
                        name="place",
                        value=place.key,
                        checked=place.key == chosen.key,
                        data_key=f"place-{place.key}",
                    ),
                    h.span[h.strong[place.label], h.span(".smtplab-dim")[place.note]],
                ]
                for place in known
            )
        ]
    )


def text(place: Place, recipient: str, route: Route, tried: Tried | None) -> str:
    """The planner for a terminal."""
    return "\n".join(_told(place, recipient, route, tried))


def _told(place: Place, recipient: str, route: Route, tried: Tried | None) -> Iterator[str]:
    result = tried.result if tried else route.verdict.result
    through = f" through {place.through}" if place.through else ""
    yield f"{SIGNS[tone(result)]} {result}  to {shown(recipient, 200)}, from {place.host}{through}"
    yield f"  {outcome(tried) if tried else plan(route, place)}"
    for host in (tried.route if tried else route).hosts:
        where = ", ".join(host.addresses) or shown(host.step.why, 300)
        yield f"  {preference(host)}  {shown(host.name, 200)}: {where}"
    for attempt in tried.attempts if tried else ():
        said = str(attempt.reply) if attempt.reply else attempt.note
        ended = shown(f"{attempt.host} {attempt.address}: {said}", 500)
        yield f"  {SIGNS[how_it_went(attempt)]} {ended}"
