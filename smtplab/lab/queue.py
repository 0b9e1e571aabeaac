"""The queue of an MTA: mail for other hosts, from acceptance to the next host's 250.

An MTA that has said 250 to a message must deliver it or say that it could not (RFC 5321 §6.1). The
queue finds the next host by MX (`router`), hands over what is due (`dispatcher`, `sender`, `handover`), and
tries again later after a temporary failure, by its `schedule`. It writes no DSN: it tells its `reporter`.

It lives in memory: what it holds survives `lab.stop_host` and `lab.start_host`, but not the end of the lab.
A real MTA has it on disk before it says 250, for a crash is no excuse (RFC 5321 §6.1).
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from ..mail.envelope import Recipient
from ..mail.route import Route
from ..mail.transcript import Transcript
from .dispatcher import Connections, Dispatcher, Job
from .item import Item, SmartHost
from .outbound import Level, checked
from .router import Router
from .schedule import Schedule
from .world import World

__all__ = ["GIVE_UP_AFTER", "Connections", "Item", "Queue", "Reporter", "Schedule", "SmartHost"]

GIVE_UP_AFTER = Schedule().give_up


class Reporter(Protocol):
    """Who tells senders what became of their mail. Both are called on the lab's loop and must not wait."""

    def settled(self, item: Item, recipients: list[Recipient]) -> None:
        """A round of tries has ended, and with it the way of `recipients`: their outcomes are final."""

    def late(self, item: Item, recipients: list[Recipient]) -> None:
        """`recipients` still wait, and the time to say so has come. Called once for a message."""


class Queue:
    """One MTA's queue: `name` is what it says in EHLO; `smart_host` takes everything when set.

    `tls` is the level of TLS with other hosts: "none", "may", "encrypt" or "verify". Setting it raises
    LabError for any other word. A new `schedule` counts for messages from their next try on.
    """

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.world = world
        self.items: list[Item] = []
        self.smart_host: SmartHost | None = None
        self.schedule = Schedule()
        self.connections = Connections()
        self.reporter: Reporter | None = None
        self.router = Router(world, name)
        self.stopped = False
        self._tls: Level = "may"
        self._dispatcher = Dispatcher(self)
        self._active: dict[Item, int] = {}  # how many rounds of it are under way
        self._due: list[tuple[datetime, str, int, Item]] = []
        self._alarms: set[datetime] = set()
        self._to_warn: set[Item] = set()  # who has an entry in _due for it
        self._count = itertools.count()
        self._by_transcript: dict[int, list[Item]] = {}
        self._indexed = 0

    @property
    def tls(self) -> Level:
        return self._tls

    @tls.setter
    def tls(self, level: Level) -> None:
        self._tls = checked(level)

    def came_by(self, transcript: Transcript) -> list[Item]:
        """The messages that this connection brought, in order."""
        if self._indexed > len(self.items):  # someone has emptied the list
            self._by_transcript, self._indexed = {}, 0
        for item in self.items[self._indexed :]:
            if item.transcript:
                self._by_transcript.setdefault(id(item.transcript), []).append(item)
        self._indexed = len(self.items)
        return self._by_transcript.get(id(transcript), [])

    async def route(self, destination: str) -> Route:
        """Where mail for `destination` goes now: a domain, or "" for the smart host."""
        if self.smart_host:
            return await self.router.to_smart_host(self.smart_host.host)
        return await self.router.route(destination)

    # rounds -------------------------------------------------------------------------------------

    def add(self, item: Item, recipients: list[Recipient]) -> None:
        """Take `item` on for `recipients`, and try at once."""
        item.host = self.name
        item.outcomes.update({recipient.path.address: "queued" for recipient in recipients})
        item.onward += recipients
        item.give_up_at = item.accepted + self.schedule.give_up
        item.warn_at = item.accepted + self.schedule.warn if self.schedule.warn else None
        self._begin(item, recipients, fresh=True)

    def _begin(self, item: Item, recipients: list[Recipient], *, fresh: bool = False) -> None:
        """One round: every recipient, destination by destination, each once the one before need not be
        waited for. So one message's connections have an order."""
        if self.stopped:
            self._later(self.world.clock.now(), "try", item)
            return
        item.next_try = None
        self._active[item] = self._active.get(item, 0) + 1
        batches: dict[str, list[Recipient]] = {}
        for recipient in recipients:
            destination = "" if self.smart_host else recipient.path.domain.lower()
            batches.setdefault(destination, []).append(recipient)
        open_, left = len(batches), iter(list(batches.items()))

        def more() -> None:
            if found := next(left, None):
                self._dispatcher.put(Job(item, *found, done, more, fresh))

        def done(job: Job) -> None:
            nonlocal open_
            open_ -= 1
            if not open_:
                self._end(item, recipients)

        more()

    def _end(self, item: Item, recipients: list[Recipient]) -> None:
        """A round is over: who must wait gets a time, and the reporter hears of the others."""
        now = self.world.clock.now()
        self._active[item] -= 1
        if self._active[item]:
            others = {id(r) for r in item.waiting}
            self._report(item, [r for r in recipients if id(r) not in others])
            return
        del self._active[item]
        if item.waiting and self.schedule.is_over(item.accepted, now):
            self._expire(item)
        waiting = {id(r) for r in item.waiting}
        self._report(item, [r for r in recipients if id(r) not in waiting])
        if not waiting:
            item.next_try = item.warn_at = item.give_up_at = None
            return
        item.give_up_at = item.accepted + self.schedule.give_up
        self._later(self.schedule.next_try(item.accepted, now), "try", item)
        if item.warn_at and item not in self._to_warn:
            item.warn_at = max(item.warn_at, now)
            self._later(item.warn_at, "warn", item)

    def _expire(self, item: Item) -> None:
        """The time is up: the last try of each recipient who still waits was the last of all."""
        addresses = {r.path.address for r in item.waiting}
        for n in range(len(item.attempts) - 1, -1, -1):
            attempt = item.attempts[n]
            if (address := attempt.recipient.path.address) in addresses:
                addresses.discard(address)
                item.attempts[n] = replace(attempt, expired=True)
                item.outcomes[address] = "failed"
            if not addresses:
                return

    def _report(self, item: Item, recipients: list[Recipient]) -> None:
        if recipients and self.reporter:
            self.reporter.settled(item, recipients)

    # the clock ----------------------------------------------------------------------------------

    def _later(self, when: datetime, what: str, item: Item) -> None:
        if what == "try":
            item.next_try = when
        else:
            self._to_warn.add(item)
        heapq.heappush(self._due, (when, what, next(self._count), item))
        if when not in self._alarms:
            self._alarms.add(when)
            self.world.clock.at(when, partial(self._run, when))

    async def _run(self, when: datetime) -> None:
        self._alarms.discard(when)
        if not self.stopped:
            self._run_due()

    def _run_due(self) -> None:
        """Everything whose time has come, tries before warnings, the oldest first."""
        now = self.world.clock.now()
        while self._due and self._due[0][0] <= now:
            when, what, _, item = heapq.heappop(self._due)
            if what == "warn":  # a round under way will ask for another
                self._to_warn.discard(item)
            if item in self._active or not item.waiting:
                continue
            if what == "try" and item.next_try == when:
                self._begin(item, item.waiting)
            elif what == "warn" and item.warn_at == when:
                item.warn_at = None
                if self.reporter:
                    self.reporter.late(item, item.waiting)

    def flush(self) -> None:
        """Try everything that waits, now, and wait for what comes of it: Postfix's `postqueue -f`.

        It is for the learner's own thread. Raises LabError on the lab's.
        """
        self.world.thread.run(self._flush(), timeout=120)

    async def _flush(self) -> None:
        for when, what, _, item in sorted(self._due):
            if what == "try" and item.next_try == when and item not in self._active:
                self._begin(item, item.waiting)
        await self.world.idle()

    async def stop(self) -> None:
        """Stop in the middle of things, as a host does that is switched off. What is queued stays queued."""
        self.stopped = True
        await self._dispatcher.stop()
        for item in self._active:
            self._later(self.world.clock.now(), "try", item)
        self._active.clear()

    def start(self) -> None:
        """Go on: what fell due meanwhile is tried at once, and what was under way is tried again."""
        self.stopped = False
        self._run_due()
