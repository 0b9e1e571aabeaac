"""Where mail goes from a host of the lab, asked and tried: `lab.route(...)` and `lab.deliver(...)`."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from typing import TYPE_CHECKING

from ..mail.domain import to_ascii
from ..mail.route import Route
from ..mail.verdict import Step, Verdict
from .direct import Direct, OneTry, content, envelope
from .item import Item, SmartHost
from .router import Router
from .submission import parse

if TYPE_CHECKING:
    from ..mail.transcript import Transcript
    from .mta import Mta
    from .network import Network
    from .world import World


class Routes:
    """The part of a lab that plans routes, and delivers along them without a queue."""

    _world: World
    _routers: dict[str, Router]
    mtas: dict[str, Mta]

    if TYPE_CHECKING:

        @property
        def network(self) -> Network: ...
        def settle(self) -> None: ...
        def _items_of(self, transcript: Transcript) -> list[Item]: ...

    def route(
        self,
        recipient: str,
        source: str = "mail.acorn.example",
        *,
        smart_host: SmartHost | None = None,
        direct: bool = False,
    ) -> Route:
        """Where mail for `recipient`, an address or a domain, goes from the host `source`, as the DNS is now.

        Through `smart_host`, or the one that the MTA on `source` is set to, unless `direct`. Nothing is
        sent. A plan has its MX of equal preference in the order that the next message for the domain will
        have. Raises LabError for an unknown host.
        """
        domain = recipient.rpartition("@")[2]
        mta = self.mtas.get(self.network.host(source).name)
        if mta and to_ascii(domain) in mta.store.domains:
            return _at_home(domain, mta.host.name)
        through = smart_host or (mta.queue.smart_host if mta and not direct else None)
        router = self._router(source)
        plan = router.to_smart_host(through.host) if through else router.plan(domain)
        return self._world.thread.run(plan)

    def deliver(
        self,
        message: EmailMessage | str | bytes,
        source: str = "alice.home.example",
        *,
        recipients: Sequence[str] = (),
        smart_host: SmartHost | None = None,
    ) -> Direct:
        """Have a program on `source` deliver by itself, as scripts do: by MX, on port 25, every address once.

        Or to `smart_host`. No queue keeps what does not go at once. The reverse-path is taken from From; the
        `recipients`, where none are given, from To, Cc and Bcc. Raises LabError for an unknown host and for a
        message without sender or recipient, RecordError for an address that cannot be one.
        """
        parsed = parse(message)
        host = self.network.host(source)
        router = self._router(host.name)
        found = envelope(parsed, recipients)
        queue = OneTry(host.name, self._world, smart_host)
        queue.router = router
        item = Item("direct", found, content(parsed), None, self._world.clock.now())
        self._world.thread.run(_begin(queue, item))
        self.settle()
        return Direct(host.name, item, queue.routes, self._items_of)

    def _router(self, source: str) -> Router:
        """The router of the MTA on `source`, or one for a program there."""
        name = self.network.host(source).name
        if name in self.mtas:
            return self.mtas[name].queue.router
        return self._routers.setdefault(name, Router(self._world, name))


async def _begin(queue: OneTry, item: Item) -> None:
    queue.add(item, list(item.envelope.recipients))


def _at_home(domain: str, host: str) -> Route:
    why = f"{host} has its mailboxes, so the mail stays here and no mail exchanger is looked for"
    step = Step(f"{domain} is at home here", why, "delivered", "RFC 5321 §2.3.10")
    return Route(domain, (), Verdict("delivered", "routing", f"where does mail for {domain} go?", (step,)))
