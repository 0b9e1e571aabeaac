"""What all hosts of a lab share: network, DNS, certificates, clock, and the count of work under way."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Coroutine
from typing import Any

import dns.exception
import dns.rdata
import dns.resolver
import dns.reversename

from ..mail.errors import LabError
from ..mail.transcript import Transcript
from .certificates import Authority, Kind
from .clock import Clock
from .dns import Dns
from .hosts import Host
from .loop import STOPPED, LoopThread
from .network import Network
from .recording import recorded
from .scratch import KeyLog, Scratch
from .strangers import Strangers


class World:
    """The shared parts of one lab. Its coroutines run on the lab's loop."""

    def __init__(self, seed: int, visitor: Host) -> None:
        self.seed = seed
        self.thread = LoopThread()
        self.clock = Clock(self.thread, self.idle)
        self.scratch = Scratch()
        self.keylog = KeyLog(self.scratch.folder / "keys")
        self.strangers = Strangers(self.clock.now)
        self.network = Network(self.clock.now, visitor, self.keylog, self.strangers)
        self.authority = Authority()
        self.dns = Dns(self.clock.now, self.strangers.admits)
        self.errors: list[BaseException] = []  # bugs of the lab's own, for its tests
        self.ending = False  # what is under way then meets closed doors, and that is no bug
        self._tasks: set[asyncio.Task[None]] = set()  # under way, but for those that are parked
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._contexts: list[ssl.SSLContext] = []
        self._names: dict[str, str] = {}  # address -> the name that its PTR gives
        self._names_from = self.dns.snapshot()

    def context(self, name: str, kind: Kind = "good") -> ssl.SSLContext:
        """The TLS context of the server `name`, with a certificate of this kind, recorded."""
        return self.record(self.authority.server_context(name, kind=kind))

    def record(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """A server's TLS context, made to tell the wire what is said inside."""
        if self.thread.loop.is_closed():
            raise LabError(STOPPED)
        self._contexts.append(context)
        return recorded(context, self.keylog.path)

    def close(self) -> None:
        """Let go of the files, once the loop has ended. Doing it twice is harmless."""
        self.strangers.close()
        for context in self._contexts:
            context.keylog_filename = None  # type: ignore[assignment]  # closes the file
        self.scratch.close()

    def random(self, purpose: str) -> random.Random:
        """A random source that gives the same numbers in every lab with this seed."""
        return random.Random(f"{self.seed}/{purpose}")

    def work(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `coroutine` on the loop; the lab is not idle until it ends or is parked."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.unpark(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self.park(task)
        if not task.cancelled() and (error := task.exception()) and not self.ending:
            self.errors.append(error)

    def park(self, task: asyncio.Task[None]) -> None:
        """Do not wait for `task`: it waits itself, for the clock to move."""
        self._tasks.discard(task)
        if not self._tasks:
            self._at_rest.set()

    def unpark(self, task: asyncio.Task[None]) -> None:
        """Wait for `task`: it has something to do."""
        self._tasks.add(task)
        self._at_rest.clear()

    async def idle(self) -> None:
        """Wait until no MTA has anything under way that could end before the clock moves."""
        while self._tasks:
            await self._at_rest.wait()

    async def lookup(self, name: str, rdtype: str, asker: str = "") -> list[dns.rdata.Rdata]:
        """The records of a name, over the lab's DNS; [] when there are none. `asker` is the host that asks.

        Raises dns.exception.DNSException when the DNS gave no answer either way.
        """
        try:
            return list(await self.dns.look_up(name, rdtype, asker))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []

    async def rdns(self, address: str, asker: str = "") -> str:
        """The name that the PTR record of an address gives, without the last dot; "" when none does.

        Answers are kept, as a caching resolver does, until someone edits the DNS.
        """
        snapshot = self.dns.snapshot()
        if any(now is not then for now, then in zip(snapshot, self._names_from, strict=True)):
            self._names, self._names_from = {}, snapshot
        if address not in self._names:
            try:
                names = await self.lookup(dns.reversename.from_address(address).to_text(), "PTR", asker)
            except dns.exception.DNSException:
                return ""  # nobody answered, so nothing is known: ask again next time
            self._names[address] = str(names[0]).rstrip(".") if names else ""
        return self._names[address]

    def transcript_of(self, port: int) -> Transcript | None:
        """The newest transcript whose client has the real port `port`."""
        return self.network.newest.get(port)
