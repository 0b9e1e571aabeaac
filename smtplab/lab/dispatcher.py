"""Who is served when: a queue's jobs in order, and the connections that work them off.

A destination is a domain, or the smart host. Its jobs wait in line, and a few connections serve the line:
one for a handful of jobs, more when more wait, and never more than the limits. So ten thousand queued
messages cost ten thousand entries in a line and no more than a few sockets.

A job that waits for a silent server holds its connection and nobody else: the next in line gets another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from ..mail.attempt import Attempt
from ..mail.envelope import Recipient
from ..mail.route import Route, Target
from .item import Item, SmartHost
from .outbound import Level
from .sender import Sender
from .world import World


@dataclass(slots=True)
class Connections:
    """How many connections a queue has open at once, and how many messages go over each.

    `line` is the number of waiting messages that one connection is trusted with before another is opened: up
    to so many for one destination keep their order, so that two runs have the same dialogue. New messages
    share a connection only when `line` of them wait, because when they come is chance; what falls due
    together always does. With `messages` 1 every message has a connection of its own.
    """

    per_destination: int = 5
    in_all: int = 20
    messages: int = 100
    line: int = 10


@dataclass(slots=True, eq=False)
class Job:
    """One message for the recipients at one destination. `done` is called when all have an answer.

    `on_wait` is called once, when that is so or when it depends on the clock.
    """

    item: Item
    destination: str
    recipients: list[Recipient]
    done: Callable[[Job], None]
    on_wait: Callable[[], None]
    fresh: bool  # it has just been accepted
    waited: bool = False

    def undecided(self) -> list[Recipient]:
        return [r for r in self.recipients if self.item.outcomes[r.path.address] in ("queued", "delayed")]

    def wait(self) -> None:
        if not self.waited:
            self.waited = True
            self.on_wait()


@dataclass(slots=True, eq=False)
class Line:
    """A destination's jobs, and who works on them."""

    destination: str
    jobs: deque[Job] = field(default_factory=deque)
    workers: int = 0
    parked: int = 0


class Owner(Protocol):
    """What a dispatcher needs of its queue."""

    name: str
    world: World
    connections: Connections
    smart_host: SmartHost | None
    tls: Level

    async def route(self, destination: str) -> Route: ...


class Dispatcher:
    """The lines of one queue."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._lines: dict[str, Line] = {}
        self._waiting: dict[str, Line] = {}  # those with jobs that nobody works on yet
        self._workers: dict[asyncio.Task[None], None] = {}

    def put(self, job: Job) -> None:
        """Line a job up."""
        line = self._lines.setdefault(job.destination, Line(job.destination))
        line.jobs.append(job)
        self._waiting[job.destination] = line
        self._open()

    def _open(self) -> None:
        """Open connections where jobs wait, as far as the limits go."""
        limits = self._owner.connections
        for line in self._waiting.values():
            wanted = min(-(-len(line.jobs) // limits.line) + line.parked, limits.per_destination)
            while line.workers < wanted:
                if len(self._workers) >= limits.in_all:
                    return
                line.workers += 1
                task = self._owner.world.work(self._work(line))
                self._workers[task] = None

    async def _work(self, line: Line) -> None:
        """One connection after another, until nobody waits."""
        carrier = Carrier(self._owner, line, self._open)
        try:
            while job := self._next(line):
                await carrier.carry(job)
                if not line.jobs or (line.jobs[0].fresh and len(line.jobs) < self._owner.connections.line):
                    await carrier.close()
                job.wait()
                job.done(job)
        finally:
            carrier.drop()
            line.workers -= 1
            self._workers.pop(asyncio.current_task(), None)  # type: ignore[arg-type]
            if not line.workers and not line.jobs:
                self._lines.pop(line.destination, None)
            self._open()

    def _next(self, line: Line) -> Job | None:
        if not line.jobs:
            return None
        job = line.jobs.popleft()
        if not line.jobs:
            self._waiting.pop(line.destination, None)
        return job

    async def stop(self) -> None:
        """Forget all jobs, and cut short those under way."""
        self._waiting.clear()
        self._lines.clear()
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


class Carrier:
    """Takes jobs to one destination, one after another, over as few connections as it can."""

    def __init__(self, owner: Owner, line: Line, opened: Callable[[], None]) -> None:
        self._owner = owner
        self._line = line
        self._opened = opened
        self._route: Route | None = None
        self._open: Sender | None = None
        self._new: Sender | None = None  # who speaks, or spoke last
        self._job: Job | None = None

    async def carry(self, job: Job) -> None:
        """Try the hosts of the destination in order, until everyone has an answer or no host is left."""
        self._job = job
        self._route = self._route or await self._owner.route(job.destination)
        if self._route.refusal:
            now, reply, rule = self._owner.world.clock.now(), self._route.refusal, self._route.rule
            host = job.destination
            job.item.settle([Attempt(now, host, r, reply, rule=rule) for r in job.undecided()])
            return
        met: set[str] = set()
        with self._cut_short(job):
            for target in self._route.targets:
                # Lab: a host that was reached is not asked again at its other addresses in the same round.
                # RFC 5321 §5.1 lets a client try them all: here they are the same server.
                if target.name not in met and (left := job.undecided()):
                    tries = await self._give(target, job.item, left)
                    met.update(attempt.host for attempt in tries if attempt.transcript)
                    job.item.settle(tries)

    async def _give(self, target: Target, item: Item, batch: list[Recipient]) -> list[Attempt]:
        """An Attempt for every recipient of `batch`; two when TLS fails and the message may go in clear."""
        if (used := self._open) and used.target == target:
            if used.alive and used.given < self._owner.connections.messages:
                self._new = used
                if (tries := await used.give(item, batch)) is not None:
                    return tries
            await self._close()
        sender = self._sender(target)
        tries = await self._first(sender, item, batch)
        if sender.in_clear:
            tries += await self._first(self._sender(target, broken=True), item, batch)
        return tries

    async def _first(self, sender: Sender, item: Item, batch: list[Recipient]) -> list[Attempt]:
        self._new = sender
        tries = await sender.give(item, batch) or []
        if sender.alive:
            await self._close()
            self._open = sender
        return tries

    def _sender(self, target: Target, *, broken: bool = False) -> Sender:
        smart_host = self._owner.smart_host
        level = smart_host.tls if smart_host else self._owner.tls
        sender = Sender(self._owner.world, self._owner.name, target, level, smart_host, broken=broken)
        sender.on_park, sender.on_wake = self._parked, self._woke
        return sender

    def _parked(self) -> None:
        self._line.parked += 1
        if self._job:
            self._job.wait()
        self._opened()

    def _woke(self) -> None:
        self._line.parked -= 1

    @contextmanager
    def _cut_short(self, job: Job) -> Iterator[None]:
        """When the host stops in the middle: nobody knows what came of it, so it is tried again."""
        try:
            yield
        except asyncio.CancelledError:
            note = f"{self._owner.name} was stopped in the middle"
            if self._new:
                job.item.settle(self._new.interrupted(job.undecided(), note))
            raise

    async def close(self) -> None:
        """Say goodbye, and route the next job anew."""
        self._route = None
        await self._close()

    async def _close(self) -> None:
        if self._open:
            sender, self._open = self._open, None
            await sender.quit()

    def drop(self) -> None:
        """Close what is open without a word, if anything is."""
        for sender in (self._open, self._new):
            if sender:
                sender.hang_up()
        self._open = None
