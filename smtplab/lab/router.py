"""The router of an MTA: `mail.routing` asks, and the lab's DNS answers, over the wire.

    route = await Router(world, "mail.acorn.example").route("birch.example")
    for target in route.targets: ...dial target.address, speak of target.name...

It decides for one host: its own names and addresses are left out (RFC 5321 §5.1), and IPv6 is used where the
host has an IPv6 address. It keeps no answers, so an edited zone counts at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from ipaddress import ip_address
from typing import Literal

import dns.exception
import dns.name
import dns.resolver

from ..mail.route import Answer, Cname, Question, Route
from .dns import Dns
from .world import World


class Router:
    """Routes mail for the host `name`.

    `cname` says what is done about an MX that is an alias. `first` is the IP version that is tried first. RFC
    5321 §5.2 leaves that to the MTA; most systems prefer IPv6.
    """

    # Lab: IPv4 first, because blocklists and what lessons say of addresses are about it. 6 shows the other.
    def __init__(
        self, world: World, name: str, *, cname: Cname = "lenient", first: Literal[4, 6] = 4
    ) -> None:
        self.world = world
        self.name = name
        self.cname = cname
        self.first = first
        self._rounds: Counter[str] = Counter()  # domain -> how often it was routed

    async def route(self, domain: str) -> Route:
        """Decide where mail for `domain` goes now. MX of equal preference change places from call to call."""
        decided = await self.plan(domain)
        self._rounds[domain.lower()] += 1
        return decided

    async def plan(self, domain: str) -> Route:
        """What the next `route` will decide, as long as the DNS stays as it is."""
        from ..mail.routing import decide  # it loads with the first message

        domain = domain.lower()
        random = self.world.random(f"route/{self.name}/{domain}/{self._rounds[domain]}")
        return await self._drive(
            decide(domain, random=random, me=self._me(), cname=self.cname, versions=self._versions())
        )

    async def to_smart_host(self, host: str) -> Route:
        """The addresses of a smart host: no MX is asked for."""
        from ..mail.routing import relay_through

        random = self.world.random("smart host")
        return await self._drive(
            relay_through(host, random=random, me=self._me(), cname=self.cname, versions=self._versions())
        )

    async def _drive(self, decision: Generator[Question, Answer, Route]) -> Route:
        try:
            question = next(decision)
            while True:
                question = decision.send(await ask(self.world.dns, question, self.name))
        except StopIteration as end:
            route: Route = end.value
            return route

    def _me(self) -> tuple[str, ...]:
        return (self.name, *self.world.network.host(self.name).addresses)

    def _versions(self) -> list[int]:
        mine = {ip_address(a).version for a in self.world.network.host(self.name).addresses}
        return sorted(mine, key=lambda version: version != self.first)


async def ask(server: Dns, question: Question, asker: str = "") -> Answer:
    """Ask `question` over the wire. Never raises: what goes wrong is an answer too."""
    try:
        name = dns.name.from_text(question.name)
        found = await server.look_up(name, question.rdtype, asker, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN as error:
        return Answer("no such name", alias=_alias(name, error.canonical_name))
    except dns.exception.DNSException as error:
        return Answer("no answer", note=note(error))
    alias = _alias(name, found.canonical_name)
    if not found.rrset:
        return Answer("no data", alias=alias)
    return Answer("found", tuple(record.to_text() for record in found.rrset), alias)


def _alias(name: dns.name.Name, canonical: dns.name.Name) -> str:
    return "" if canonical == name else canonical.to_text(omit_final_dot=True)


def note(error: dns.exception.DNSException) -> str:
    """What went wrong, without the server's port, which is another in every lab."""
    if isinstance(error, dns.exception.Timeout):
        return "no answer in time"
    errors = error.kwargs.get("errors", []) if isinstance(error, dns.resolver.NoNameservers) else []
    rcodes = [response.rcode().name for *_, response in errors if response is not None]
    return f"the server answered {rcodes[-1]}" if rcodes else error.__class__.__doc__ or ""
