"""Reads a message's events one by one, for the steps of its journey: what is pending, where each copy is.

Part of `map_steps`, which has the records and puts alike rounds together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ..mail.timeline import Event
from ..mail.verdict import SIGNS, tone
from .map_steps import State, Step, Token

RESULTS = ("relayed", "failed", "delayed", "")  # of a step with several attempts: the first that occurs


@dataclass(slots=True)
class _Copy:
    """A message at one host, as far as the events have come."""

    host: str
    recipients: tuple[str, ...]
    dsn: bool
    state: State = "here"
    labels: list[str] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)  # recipient -> the outcome of the last attempt
    rounds: list[datetime] = field(default_factory=list)
    until: datetime | None = None
    said: bool = True  # the wait that it is in has been told

    def tokens(self) -> list[Token]:
        found = [Token(self.host, "box", label, self.dsn) for label in self.labels]
        if self.state != "box":
            found.append(Token(self.host, self.state, self._label(), self.dsn))
        return found

    def _label(self) -> str:
        if self.state == "wait":
            return _times(len(self.rounds))
        return {"here": "", "lost": "failed"}.get(self.state, "")


def _times(count: int) -> str:
    return f"{count} {'try' if count == 1 else 'tries'}"


class Reader:
    """Reads events one by one: what is pending, where each copy is, and the steps so far."""

    def __init__(self, events: tuple[Event, ...]) -> None:
        self.events = events
        self.steps: list[Step] = []
        self.copies: dict[tuple[str, str], _Copy] = {}
        self.last = {(e.host, e.message): e for e in events if e.message}
        self.pending: dict[str, list[Event]] = {}
        self.hops: dict[int, Step] = {}
        self.sent = self._first_sender()
        self.number = 0
        self.told: set[str] = set()  # hosts that have written a DSN whose message comes next

    def read(self) -> list[Step]:
        for event in self.events:
            self._waits(event.when)
            getattr(self, f"_{event.kind}")(event)
            if self.last.get((event.host, event.message)) is event:
                self._settled(event)
        self._waits(None)
        self._seal()
        return self.steps

    def _first_sender(self) -> str:
        first = next((e for e in self.events if e.kind == "smtp"), None)
        return first.host if first else ""

    def _add(self, step: Step) -> Step:
        self._seal()
        self.steps.append(step)
        return step

    def _seal(self) -> None:
        """The last step shows the copies as they are when the next one begins."""
        if self.steps:
            tokens = [token for copy in self.copies.values() for token in copy.tokens()]
            if self.sent and not self.copies:
                tokens.append(Token(self.sent, "here"))
            self.steps[-1].tokens = tuple(tokens)

    # what happened -------------------------------------------------------------------------------

    def _dns(self, event: Event) -> None:
        self.pending.setdefault(event.host, []).append(event)

    def _lookups(self, event: Event) -> list[Event]:
        """The lookups of a host since it acted last, as a step of their own."""
        if found := self.pending.pop(event.host, []):
            self._add(
                Step("dns", event.host, when=event.when, lookups=found, lines=[one.text for one in found])
            )
        return found

    def _smtp(self, event: Event) -> None:
        found = self._lookups(event)
        self.number += 1
        step = Step(
            "hop", event.host, event.peer, event.when, number=self.number, lookups=found,
            transcript=event.transcript,
        )  # fmt: skip
        for leg in (event.transcript, event.transcript.twin if event.transcript else None):
            if leg is not None:
                self.hops[id(leg)] = step
        self._add(step)

    def _hop(self, event: Event) -> Step | None:
        step = self.hops.get(id(event.transcript)) if event.transcript else None
        if step:
            step.asked += self.pending.pop(step.b, [])
        return step

    def _queue(self, event: Event) -> None:
        if event.result == "queued":
            self._taken(event)
        elif event.result == "expanded":
            self._add(Step("note", event.host, when=event.when, text=event.text, result=event.result))
        else:
            self._attempt(event)

    def _taken(self, event: Event) -> None:
        step = self._hop(event)
        if step:
            step.before, step.after, step.result = event.before, event.after, step.result or "relayed"
            step.lines.append(event.text)
            self._gone(step)
        dsn = (event.host in self.told and not event.transcript) or self._carries_dsn(step)
        self.copies[event.host, event.message] = _Copy(event.host, event.recipients, dsn)
        if step:
            step.dsn = dsn

    def _gone(self, step: Step) -> None:
        """The copy that a connection took along leaves its host, if that has no more to do with it."""
        for (host, message), copy in self.copies.items():
            last = self.last.get((host, message))
            if (
                last
                and last.result == "relayed"
                and last.transcript
                and self.hops.get(id(last.transcript)) is step
            ):
                copy.state = "box"

    def _carries_dsn(self, step: Step | None) -> bool:
        mine = [copy for copy in self.copies.values() if step and copy.host == step.a]
        return bool(step) and bool(mine) and mine[-1].dsn

    def _attempt(self, event: Event) -> None:
        step = self._hop(event) or self._missed(event)
        said = event.text.partition(": ")[2]
        step.lines.append(f"{SIGNS[tone(event.result)]} {', '.join(event.recipients)}: {said}")
        step.result = next(r for r in RESULTS if r in (step.result, event.result))
        step.partly |= step.result != event.result
        copy = self.copies.get((event.host, event.message))
        if copy is None:
            return
        copy.ends[event.recipients[0] if event.recipients else ""] = event.result
        if event.result == "delayed":
            copy.state, copy.said, copy.until = "wait", False, event.until
            if event.when not in copy.rounds:
                copy.rounds.append(event.when)

    def _missed(self, event: Event) -> Step:
        """The step for an attempt without a connection: one for all addresses that a round tries."""
        self._lookups(event)
        last = self.steps[-1] if self.steps else None
        if last and last.kind == "miss" and (last.a, last.when) == (event.host, event.when):
            return last
        return self._add(Step("miss", event.host, event.peer, event.when))

    def _waits(self, now: datetime | None) -> None:
        """Time goes on: those copies that wait are told of, once for each round."""
        for copy in self.copies.values():
            if copy.state != "wait" or copy.said or (now is not None and now <= copy.rounds[-1]):
                continue
            copy.said = True
            until = now if now is not None else copy.until
            text = f"{_times(len(copy.rounds))} so far"
            step = Step("wait", copy.host, when=copy.rounds[-1], text=text, result="delayed", until=until)
            step.rounds = len(copy.rounds)
            self._add(step)

    def _delivered(self, event: Event) -> None:
        copy = self.copies.setdefault(
            (event.host, event.message), _Copy(event.host, event.recipients, event.host in self.told)
        )
        step = Step("box", event.host, event.peer, event.when, event.text, event.result)
        step.before, step.after = event.before, event.after
        self._add(step)  # first: the step before it ends without this one's mailbox
        if event.result == "delivered":
            copy.labels.append(event.peer)

    def _dsn(self, event: Event) -> None:
        if event.result:
            self.told.add(event.host)
            self._add(Step("dsn", event.host, event.peer, event.when, event.text, event.result))

    def _verdict(self, event: Event) -> None:
        if step := self._hop(event):
            step.verdicts.append(event)

    def _fetch(self, event: Event) -> None:
        step = Step(
            "fetch", event.host, event.peer, event.when, event.kind.upper(), transcript=event.transcript
        )
        self.number += 1
        step.number = self.number
        self._add(step)

    _imap = _pop3 = _fetch

    def _settled(self, event: Event) -> None:
        """Nothing more happens to a copy: it has gone on, failed, or still waits."""
        copy = self.copies.get((event.host, event.message))
        if copy is None:
            return
        ends = set(copy.ends.values())
        if "delayed" in ends and event.until:
            copy.state = "wait"
        elif "failed" in ends and not ends - {"failed"} and not copy.labels and event.kind != "dsn":
            copy.state = "lost"
        elif event.result != "queued" or event.kind == "delivered":
            copy.state = "box"
