"""The story of a dialogue: what the two ends knew before each line, and which line answers which.

`session_reader` has matched commands and replies in the order of the session; here the lines get into
the order of the wire, and each one its place in the story. Replies alone move the story: what a client
says changes nothing until the server has answered (RFC 5321 §4.3.1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .line import Known, Line
from .session import State

_REVERSE = re.compile(r"MAIL FROM:[ \t]*<?([^<>\s]*)", re.IGNORECASE)
_STATES: dict[str, State] = {"tls": State.START, "close": State.CLOSED}
_OUTSIDE = (State.START, State.GREETED, State.CLOSED)  # no transaction is open


def told(lines: Sequence[Line], order: Sequence[int]) -> list[Line]:
    """`lines` in `order`, each with `state`, `before`, `known`, `pair` and `ahead` filled in.

    Replies come in with their state; `pair` counts in the old order. The lines must be new: they are
    completed in place.
    """
    new = [0] * len(order)
    for index, old in enumerate(order):
        new[old] = index
    story: list[Line] = []
    state, known, waiting = State.START, Known(), 0
    for old in order:
        line = lines[old]
        reads = line.kind in ("greeting", "reply")
        after = line.state if reads else _STATES.get(line.kind, state)
        pair = new[line.pair] if line.pair >= 0 else -1
        _complete(line, before=state, state=after, known=known, pair=pair, ahead=0 if reads else waiting)
        story.append(line)
        if line.kind == "tls":
            waiting = max(0, waiting - sum(earlier.dropped for earlier in story))
        waiting += line.kind in ("command", "end", "auth")
        if reads:
            waiting -= pair >= 0
            known = learn(known, line, story[pair] if pair >= 0 else None)
        if line.kind != "close":  # a client that has closed may still listen to replies
            state = after
    return story


def _complete(line: Line, **values: Any) -> None:
    """Set fields of a line that nobody else has seen: `dataclasses.replace` takes ten times as long."""
    for name, value in values.items():
        object.__setattr__(line, name, value)


def learn(known: Known, line: Line, asked: Line | None) -> Known:
    """What is known after the reply `line` to `asked`."""
    if line.reply is None:
        return known
    verb, yes = line.verb, line.reply.is_positive
    if line.kind == "greeting":
        return Known(greeted=True, farewell=0 if yes else line.reply.code)
    if verb in ("EHLO", "HELO") and yes:
        known = replace(known, offers=line.reply.extensions if verb == "EHLO" else {})
    elif verb == "STARTTLS" and yes:
        known = Known(greeted=True, starttls=True)  # RFC 3207 §4.2: all else is forgotten
    elif verb == "AUTH" and yes:
        known = replace(known, authenticated=True)
    elif verb == "MAIL" and yes:
        found = _REVERSE.match(asked.text) if asked else None
        known = replace(known, reverse_path=found[1] if found else "", accepted=0, refused=0)
    elif verb == "RCPT":
        refused = line.reply.code >= 400
        known = replace(known, accepted=known.accepted + yes, refused=known.refused + refused)
    if line.state in _OUTSIDE and (known.reverse_path is not None or known.accepted or known.refused):
        known = replace(known, reverse_path=None, accepted=0, refused=0)
    if line.state is State.CLOSED and not known.farewell:
        known = replace(known, farewell=line.reply.code)
    return known
