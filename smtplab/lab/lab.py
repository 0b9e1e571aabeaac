"""Lab: a whole mail internet, running on one background thread of this process.

    lab = Lab()
    lab.submit("From: alice@acorn.example\\nTo: bob@birch.example\\n\\nHello")
    lab.mailbox("bob@birch.example")

The lab binds loopback only, looks names up only in its own DNS, and can connect only to its own
hosts: nothing that happens in it reaches the outside.
"""

from __future__ import annotations

import atexit
import builtins
from email.message import EmailMessage
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING

from dns.rdata import Rdata

from ..mail.errors import LabError
from ..mail.history import History
from ..mail.path import Path
from ..mail.transcript import Transcript
from .accounts import issue
from .blocklist import Blocklist
from .cast import CAST, HOME, RECORDS, VISITOR, Actor
from .clock import Clock
from .delivery import Delivery
from .dialling import Dialling
from .dns import Dns
from .hosts import Host, Rule
from .mailbox import Mail, Store
from .message_store import MessageStore, protocol_of
from .mta import Mta
from .programs import Programs
from .providers import Services
from .queue import Item, Queue
from .reporting import Reporting
from .router import Router
from .routes import Routes
from .signing import signers
from .submission import MailProgram, parse
from .timelines import Timelines
from .world import World

if TYPE_CHECKING:
    from ..mail.topology import Topology
    from .checks import Judgement
    from .mallory import Mallory

_here: list[Lab] = []  # the lab of this notebook: there is one at a time


class Lab(Dialling, Routes, Programs, Services, Reporting, Timelines):
    """A running mail internet. In a script use it as a context manager: `with Lab() as lab: ...`.

    In a notebook, making a lab stops the one made before, unless it is to run `beside` it. Two labs with the
    same `seed` say the same things: dates, ids and Message-IDs are equal, only real port numbers and TLS
    bytes differ.
    """

    def __init__(self, seed: int = 1, *, beside: bool = False) -> None:
        if hasattr(builtins, "__IPYTHON__") and not beside:
            while _here:
                _here.pop().stop()
            _here.append(self)
        self.seed = seed
        self.mtas: dict[str, Mta] = {}
        self.message_stores: dict[str, MessageStore] = {}
        self._stores: dict[str, Store] = {}
        self._routers: dict[str, Router] = {}  # of programs that deliver by themselves
        self._world = World(seed, Host(VISITOR.name, VISITOR.addresses))
        atexit.register(self.stop)
        try:
            self._world.thread.run(self._start())
        except BaseException:
            self.stop()
            raise

    async def _start(self) -> None:
        await self.dns.start()
        for zone, records in RECORDS.items():
            view = self.dns.add_zone(zone)
            for name, rdtype, values in records:
                view.set(name, rdtype, *values)
        for actor in CAST:
            host = self.network.add(Host(actor.name, actor.addresses))
            self.dns.set_addresses(actor.name, *actor.addresses)
            if actor.services:
                await self._open(actor, host)
            if actor.reading:
                await self._open_to_readers(actor, host)
        self._start_providers()
        self.blocklist = Blocklist(self._world)
        for signing, signer in signers().items():
            self.mtas[signing].policies.append(signer)
        self.mta("mail.mallory.example").checks.off()  # she does not mind
        self.network.rules.append(Rule(HOME, 25, "swallow", "home connections may not use port 25"))

    async def _open(self, actor: Actor, host: Host) -> None:
        store = self._stores.setdefault(actor.admd, Store())
        store.add(*actor.mailboxes)
        context = self._world.context(actor.name)
        mta = Mta(host, store, self._world, Queue(host.name, self._world), context)
        for name, password in actor.accounts:
            mta.accounts.add(name, password)
        mta.aliases.update(actor.aliases)
        mta.relay.inside = actor.inside
        mta.relay.set("outsider", "elsewhere", actor.open_relay)
        self.mtas[actor.name] = mta
        for service in actor.services:
            tls = context if service.tls == "implicit" else None
            await self.network.listen(host, service.port, mta.serve(service), tls=tls)

    async def _open_to_readers(self, actor: Actor, host: Host) -> None:
        store = self._stores.setdefault(actor.admd, Store())
        context = self._world.context(actor.name)
        # Who has an account with the domain's submission server has the same here.
        theirs = next((mta for mta in self.mtas.values() if mta.store is store and mta.accounts), None)
        ms = MessageStore(host, store, self._world, context, theirs.accounts if theirs else None)
        for name, password in actor.accounts:
            ms.accounts.add(name, password)
        self.message_stores[actor.name] = ms
        for service in actor.reading:
            tls = context if service.tls == "implicit" else None
            protocol = protocol_of(service.port)
            await self.network.listen(host, service.port, ms.serve(service), protocol=protocol, tls=tls)

    # the parts ----------------------------------------------------------------------------------

    @cached_property
    def mallory(self) -> Mallory:
        """She who is on the wire, once she is told what to do."""
        from .mallory import Mallory  # most labs do without her

        return Mallory(self._world)

    @property
    def dns(self) -> Dns:
        """The zones, their faults and the log of queries. `lab.dns.zone("acorn.example").set(...)`."""
        return self._world.dns

    @property
    def clock(self) -> Clock:
        """The lab's time: `lab.clock.now()`, `lab.clock.advance(hours=1)`."""
        return self._world.clock

    @property
    def transcripts(self) -> list[Transcript]:
        """Every connection so far, oldest first."""
        return list(self.network.transcripts)

    def queue(self, host: str) -> list[Item]:
        """Every message that the MTA on `host` has taken, with its attempts and outcomes."""
        return self.mta(host).queue.items

    def mailbox(self, address: str) -> list[Mail]:
        """The messages delivered to `address`, oldest first; `.folder` is "INBOX" or "Junk".

        Raises LabError for an unknown mailbox.
        """
        path = Path.of(address)
        for store in self._stores.values():
            if path.domain.lower() in store.domains and (found := store.find(path)):
                return store.delivered(found)
        known = sorted(box for store in self._stores.values() for box in store.boxes)
        raise LabError(f"There is no mailbox {address!r} in the lab. There are: {', '.join(known)}.")

    def judgements(self, host: str = "mx.birch.example") -> list[Judgement]:
        """What the MTA on `host` found out about the newest 1000 messages from outside, oldest first.

        Raises LabError when no MTA runs there.
        """
        return list(self.mta(host).checked)

    def resolve(self, name: str, rdtype: str) -> list[Rdata]:
        """Look `name` up over the lab's DNS. Raises dnspython's NXDOMAIN, NoAnswer, Timeout."""
        return self.dns.resolve(name, rdtype)

    # mail ---------------------------------------------------------------------------------------

    def submit(self, message: EmailMessage | str | bytes, user: str = "alice") -> Delivery:
        """Do what the mail program of `user` does: STARTTLS, AUTH and the message, on port 587.

        Envelope addresses are taken from From, To, Cc and Bcc (which is then removed). Returns when
        the lab has nothing more to do for the message now. Raises LabError for an unknown user.
        """
        if user != "alice":
            raise LabError(f"There is no user {user!r} who can submit here. There is: alice.")
        program = MailProgram("alice@acorn.example", "wonderland", self.token, len(self.transcripts))
        number = program.submit(partial(self.smtp, "mail.acorn.example", 587), parse(message))
        self.settle()
        transcript = self._world.transcript_of(number)
        assert transcript is not None
        return Delivery(transcript, self._items_of)

    def token(self, name: str, hours: float = 1) -> str:
        """A token that opens the account `name` with OAUTHBEARER, for so long by the lab's clock.

        Raises LabError when nobody has such an account.
        """
        return issue([mta.accounts for mta in self.mtas.values()], name, hours)

    def _items_of(self, transcript: Transcript) -> list[Item]:
        legs = [leg for leg in (transcript, transcript.twin) if leg]
        return [item for mta in self.mtas.values() for leg in legs for item in mta.queue.came_by(leg)]

    def history(self, delivery: Delivery) -> list[History]:
        """What became of a message in the queue of each MTA that took it, in the order of its way."""
        return [item.history(self.clock.now()) for item in delivery.items()]

    # hosts --------------------------------------------------------------------------------------

    def stop_host(self, name: str) -> None:
        """Switch a host off: it closes its ports and cuts its connections, and its queue stands still.

        What it has queued it keeps, in memory; what it was handing over when it stopped it will hand over
        again, so that the next host may get it twice. Stopping it twice is harmless. Raises LabError for a
        host that there is not.
        """
        self._world.thread.run(self._stop_host(name))

    async def _stop_host(self, name: str) -> None:
        host = self.network.host(name)
        if host.name in self.mtas:
            await self.mtas[host.name].queue.stop()
        await self.network.stop(host)

    def start_host(self, name: str) -> None:
        """Switch a stopped host on again, and wait for what it makes of the time that it has missed."""
        self._world.thread.run(self._start_host(name))
        self.settle()

    async def _start_host(self, name: str) -> None:
        host = self.network.host(name)
        await self.network.start(host)
        if host.name in self.mtas:
            self.mtas[host.name].queue.start()

    def settle(self) -> None:
        """Wait until no MTA has anything under way."""
        self._world.thread.run(self._world.idle(), timeout=120)

    # the picture --------------------------------------------------------------------------------

    def topology(self) -> Topology:
        """The hosts with their roles, addresses and ports, and who opens connections to whom."""
        from .layout import topology

        return topology(self._where)

    def _where(self, host: str, port: int) -> tuple[str, int] | None:
        try:
            return self.address(host, port)
        except LabError:  # the host is switched off
            return None

    # the end ------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Close every port and connection and end the thread. Doing it twice is harmless."""
        atexit.unregister(self.stop)
        thread = self._world.thread
        if not thread.loop.is_closed():
            thread.run(self._close(), timeout=30)
            thread.stop()
        self._world.close()

    async def _close(self) -> None:
        self._world.ending = True
        await self.network.close()
        await self.dns.stop()

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "stopped" if self._world.thread.loop.is_closed() else "running"
        return f"<Lab: {len(self.network.hosts)} hosts, {len(self.transcripts)} transcripts, {state}>"
