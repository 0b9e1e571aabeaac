"""A message's journey as the map shows it: the steps in words, and what each one has behind it.

`Journey` turns the events of a message into rows for the page (`rows`), into what a step opens (`detail`: the
lookups, the dialogue, the decisions, the header section before and after), into a list for a page without
scripts (`listed`) and into lines of text. All text is made visible here; the page sets it as text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import htpy as h

from ..mail.text import decode, visible
from ..mail.timeline import Event, compared
from ..mail.topology import Link, Place, Topology
from ..mail.verdict import SIGNS, tone
from .map_data import dialogue_text
from .map_layout import Layout
from .map_steps import Step, Token, steps
from .theme import CLASSES, shown

LINES = 5  # lines of a step that stand on the map
LINE = 400  # characters of one of them
FIELD = 1500  # characters of a header field in a comparison
SUBMISSION = (465, 587)

Row = dict[str, Any]


class Journey:
    """The steps of one journey on one map. `hops` are the connections that were tried, as pairs of hosts."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.steps = steps(events)

    @property
    def hops(self) -> list[tuple[str, str]]:
        """(from, to) for each connection, in order: the same hosts may come again."""
        return [(step.a, step.b) for step in self.steps if step.number]

    @property
    def tried(self) -> list[tuple[str, str]]:
        """(from, to) for attempts for which no connection came about."""
        return [(step.a, step.b) for step in self.steps if step.kind == "miss"]

    def places(self, topology: Topology) -> Topology:
        """`topology`, with a place for each host of the journey that it lacks, and a link for each attempt
        that came to no connection: what happened is drawn."""
        known = {place.name.lower() for place in topology.places}
        more: dict[str, Place] = {}
        for step in self.steps:
            ends = (step.transcript.client, step.transcript.server) if step.transcript else ()
            for end in ends:
                if end.host.lower() not in known:
                    more.setdefault(end.host.lower(), Place(end.host, (end.address,)))
        linked = {(link.a.lower(), link.b.lower()) for link in topology.links}
        tried = [Link(a, b) for a, b in dict.fromkeys(self.tried) if (a.lower(), b.lower()) not in linked]
        return Topology((*topology.places, *more.values()), (*topology.links, *tried))

    def rows(self, topology: Topology, drawn: Layout) -> list[Row]:
        """Each step as a dict: its words, the route and the card that it lights, and where the copies are."""
        numbers = {place.name.lower(): number for number, place in enumerate(topology.places)}
        routes = {(r.link.a.lower(), r.link.b.lower()): n for n, r in enumerate(drawn.routes)}
        stores = _stores(topology)
        start = Token(self.steps[0].a, "here") if self.steps else None
        first = [_row_of_tokens([start], numbers, stores)] if start else [[]]
        found: list[Row] = [
            {"kind": "start", "title": "The message is written.", "tokens": first[0], "lines": []}
        ]
        for step in self.steps:
            route = routes.get((step.a.lower(), step.b.lower()), -1)
            found.append(
                {
                    "kind": step.kind,
                    "number": step.number,
                    "title": title(step),
                    "when": _when(step.when),
                    "lines": [shown(line, LINE) for line in step.lines[:LINES]],
                    "more": max(len(step.lines) - LINES, 0),
                    "sign": SIGNS[tone(step.result)] if step.result else "",
                    "tone": CLASSES[tone(step.result)],
                    "place": numbers.get(step.a.lower(), -1),
                    "route": route,
                    "tokens": _row_of_tokens(step.tokens, numbers, stores),
                    "dsn": step.dsn,
                    "lookups": [_asked(event) for event in step.lookups] if step.kind == "dns" else [],
                }
            )
        return found if self.steps else []

    def detail(self, number: int) -> Row:
        """What step `number` has behind it, from 1. A number that there is not gives an empty answer."""
        if not 1 <= number <= len(self.steps):
            return {"number": number, "title": "There is no such step.", "parts": []}
        step = self.steps[number - 1]
        return {
            "number": number,
            "title": title(step),
            "when": _when(step.when),
            "lines": [shown(line, LINE) for line in step.lines],
            "parts": list(_parts(step)),
        }

    def listed(self) -> h.Element:
        """The steps for a page without scripts."""
        return h.ol(".sm-steps")[(_item(step, number) for number, step in enumerate(self.steps, 1))]

    def text(self) -> str:
        """The steps as lines of text."""
        return "\n".join(visible(line) for step in self.steps for line in _text(step))


def _asked(event: Event) -> tuple[str, str]:
    asked, _, said = event.text.partition(": ")
    return shown(asked, 60), shown(said, 200)


def title(step: Step) -> str:
    """A step in one sentence."""
    a, b = shown(step.a, 80), shown(step.b, 80)
    submits = bool(step.transcript and step.transcript.server.port in SUBMISSION)
    what = "its report" if step.dsn else "the message"
    verb = f"submits {what} to" if submits else f"hands {what} to"
    sentences = {
        "hop": {
            "relayed": f"{a} {verb} {b}{', but not for everyone' if step.partly else ''}.",
            "delayed": f"{a} connects to {b}, which does not take the message now.",
            "failed": f"{a} connects to {b}, which refuses it.",
        }.get(step.result, f"{a} connects to {b}."),
        "miss": f"{a} does not reach {b}." if step.b != step.a else f"{a} can't deliver the message.",
        "dns": f"{a or 'A program'} asks the DNS.",
        "wait": f"The message waits in the queue of {a}{_until(step)}: {step.text}.",
        "box": f"{a} puts it into the mailbox of {b}." if step.result == "delivered" else f"{a} drops it.",
        "note": f"{a}: {shown(step.text, 200)}.",
        "dsn": f"{a} writes to {b}: {shown(step.text, 200)}.",
        "fetch": f"{a} reads it from {b} by {step.text}.",
    }
    return sentences[step.kind]


def _until(step: Step) -> str:
    return f" until {_when(step.until)}" if step.until else ""


def _when(when: datetime) -> str:
    return f"{when:%a %d %b, %H:%M:%S}"


# Copies


def _stores(topology: Topology) -> dict[str, str]:
    """Host -> the message store of its domain, where one stands on the map: there its mailboxes are."""
    stores = {place.admd: place.name for place in topology.places if "MS" in place.roles and place.admd}
    return {place.name.lower(): stores[place.admd] for place in topology.places if place.admd in stores}


def _row_of_tokens(tokens: Sequence[Token], numbers: dict[str, int], stores: dict[str, str]) -> list[Row]:
    """The copies by card: equal ones are one, with their count."""
    counted: Counter[tuple[int, str, str, bool]] = Counter()
    for token in tokens:
        host = stores.get(token.host.lower(), token.host) if token.state == "box" else token.host
        label = token.label.partition("@")[0] if token.state == "box" else token.label
        counted[numbers.get(host.lower(), -1), token.state, label, token.dsn] += 1
    return [
        {"place": place, "state": state, "label": _label(label, state, dsn, count), "dsn": dsn}
        for (place, state, label, dsn), count in counted.items()
        if place >= 0
    ]


def _label(label: str, state: str, dsn: bool, count: int) -> str:
    words = [f"✓ {shown(label, 12)}" if state == "box" else label, "DSN" if dsn else ""]
    return " ".join(word for word in (*words, f"×{count}" if count > 1 else "") if word)


# What a step opens


def _parts(step: Step) -> Iterator[Row]:
    if step.lookups:
        yield {"kind": "list", "title": "Asked before", "items": [shown(e.text, LINE) for e in step.lookups]}
    if step.asked:
        title_ = f"What {shown(step.b, 60)} asked about its client"
        yield {"kind": "list", "title": title_, "items": [shown(e.text, LINE) for e in step.asked]}
    if step.verdicts:
        items = [shown(f"{SIGNS[tone(e.result)]} {e.text}", LINE) for e in step.verdicts]
        yield {"kind": "list", "title": f"What {shown(step.b, 60)} decided", "items": items}
    if step.after:
        who = step.b if step.kind == "hop" else step.a
        rows = [[sign, shown(decode(line), FIELD)] for sign, line in compared(step.before, step.after)]
        yield {"kind": "diff", "title": f"The header section: what {shown(who, 60)} added", "rows": rows}
    if step.transcript:
        yield {"kind": "dialogue", "title": "What was said", "text": dialogue_text(step.transcript)}


def _item(step: Step, number: int) -> h.Element:
    sign = f"{SIGNS[tone(step.result)]} " if step.result else ""
    hop = h.span(".sm-hopno")[str(step.number)] if step.number else None
    return h.li[
        hop,
        h.strong[sign, title(step)],
        h.span(".smtplab-dim")[f" {_when(step.when)}"],
        h.ul[(h.li[shown(line, LINE)] for line in step.lines[:LINES])] if step.lines else None,
        (_unfolded(part) for part in _parts(step) if part["kind"] == "diff"),
    ]


def _unfolded(part: Row) -> h.Element:
    kinds = {"+": "sm-plus", "-": "sm-minus", " ": "sm-kept"}
    return h.details[
        h.summary[part["title"]],
        h.pre(".sm-text.sm-diff", tabindex="0")[
            (h.span(class_=kinds[sign])[f"{sign} {line}\n"] for sign, line in part["rows"])
        ],
    ]


def _text(step: Step) -> Iterator[str]:
    sign = f"{SIGNS[tone(step.result)]} " if step.result else ""
    yield f"{step.number}. {sign}{title(step)}" if step.number else f"   {sign}{title(step)}"
    yield from (f"      {line}" for line in step.lines[:LINES])
