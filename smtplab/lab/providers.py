"""Services that send for others: DNS zones with the shapes of real ones, and a host of each that sends.

    lab.providers["news"].include        # "spf.news.example", for include:spf.news.example
    lab.connect("mx.birch.example", source=lab.providers["news"].host)

What does it cost to let such a service send? Each says "include me", and what its record includes in turn
counts towards the ten terms that may ask the DNS (RFC 7208 §4.6.4). Names and addresses are made up; how many
lookups each costs, and how they are nested, is as reported of large ones. They only send: none has an MTA.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .hosts import Host

if TYPE_CHECKING:
    from .dns import Dns
    from .world import World


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that sends for its customers.

    `include` is the domain that it asks them to include, and `lookups` what that costs them, the include
    itself counted. `hosts` are those that send, each a name and its addresses; `records` are its TXT records.
    One without hosts and records is gone: its names are free, and whoever registers them has its customers'
    trust.
    """

    key: str
    name: str
    what: str
    include: str
    lookups: int
    domain: str
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    records: tuple[tuple[str, str], ...] = ()

    @property
    def host(self) -> str:
        """The first host that sends, "" where there is none."""
        return self.hosts[0][0] if self.hosts else ""

    @property
    def gone(self) -> bool:
        """Whether the service has been given up, its names with it."""
        return not self.records


PROVIDERS = (
    Provider(
        "suite",
        "Suite",
        "webmail for whole companies",
        "_spf.suite.example",
        4,  # the include, and a list of networks in three parts
        "suite.example",
        (("out1.suite.example", ("203.0.113.130", "2001:db8:5::130")),),
        (
            ("_spf", "v=spf1 include:_net1.suite.example include:_net2.suite.example"
                     " include:_net3.suite.example ~all"),
            ("_net1", "v=spf1 ip4:203.0.113.128/29 ~all"),
            ("_net2", "v=spf1 ip6:2001:db8:5::/64 ~all"),
            ("_net3", "v=spf1 ip4:203.0.113.136/29 ~all"),
        ),
    ),
    Provider(
        "works",
        "Works",
        "an office suite, mail among it",
        "spf.protection.works.example",
        3,
        "works.example",
        (("out.protection.works.example", ("192.0.2.130",)),),
        (
            ("spf.protection", "v=spf1 ip4:192.0.2.128/28 include:spfa.protection.works.example"
                               " include:spfb.protection.works.example -all"),
            ("spfa.protection", "v=spf1 ip4:192.0.2.144/29 -all"),
            ("spfb.protection", "v=spf1 ip6:2001:db8:6::/64 -all"),
        ),
    ),
    Provider(
        "news",
        "News",
        "sends newsletters",
        "spf.news.example",
        4,  # one below the other, and the last one in two parts
        "news.example",
        (("o1.news.example", ("203.0.113.146",)),),
        (
            ("@", "v=spf1 include:spf.news.example -all"),
            ("spf", "v=spf1 include:u1.spf.news.example ~all"),
            ("u1.spf", "v=spf1 include:eu.spf.news.example include:us.spf.news.example ~all"),
            ("eu.spf", "v=spf1 ip4:203.0.113.144/28 ~all"),
            ("us.spf", "v=spf1 ip4:203.0.113.160/28 ~all"),
        ),
    ),
    Provider(
        "crm",
        "Crmly",
        "keeps customers, and writes to them",
        "_spf.crmly.example",
        1,
        "crmly.example",
        (("mta.crmly.example", ("192.0.2.162",)),),
        (("_spf", "v=spf1 ip4:192.0.2.160/29 -all"),),
    ),
    Provider(
        "tickets",
        "Tickets",
        "a help desk that answers for you",
        "spf.tickets.example",
        2,  # a: asks, too
        "tickets.example",
        (("out.tickets.example", ("192.0.2.170",)),),
        (("spf", "v=spf1 a:out.tickets.example -all"),),
    ),
    Provider(
        "oldpost",
        "Oldpost",
        "sent newsletters, and gave up long ago",
        "spf.oldpost.example",
        1,  # as long as nobody answers there
        "oldpost.example",
    ),
)  # fmt: skip


class Providers(Mapping[str, Provider]):
    """The services of the lab by their keys."""

    def __init__(self, providers: tuple[Provider, ...] = PROVIDERS) -> None:
        self._by_key = {provider.key: provider for provider in providers}

    def __getitem__(self, key: str) -> Provider:
        return self._by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def __repr__(self) -> str:
        rows = [("key", "include", "lookups", "sends from", "what it does")]
        for key, one in self.items():
            rows.append((key, one.include, str(one.lookups), one.host or "nobody is left", one.what))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        ]
        return "\n".join(line.rstrip() for line in lines)


def publish(dns: Dns, *providers: Provider) -> None:
    """Put the zones of `providers` (all of them by default) into the DNS, as they were at the beginning."""
    dns.fill({one.domain: list(_zone(one)) for one in providers or PROVIDERS if not one.gone})


def _zone(provider: Provider) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Its records: name, type, values."""
    for name, text in provider.records:
        yield name, "TXT", (text,)
    for host, addresses in provider.hosts:
        for rdtype, colon in (("A", False), ("AAAA", True)):
            if values := tuple(address for address in addresses if (":" in address) == colon):
                yield host, rdtype, values
        for address in addresses:
            yield address, "PTR", (host,)


class Services:
    """The part of a lab that knows them."""

    _world: World

    @property
    def providers(self) -> Providers:
        """Services that send for others, by their keys: `lab.providers["news"].include`."""
        return Providers()

    def _start_providers(self) -> None:
        """Their zones into the DNS, their hosts onto the network."""
        publish(self._world.dns)
        for provider in PROVIDERS:
            for name, addresses in provider.hosts:
                self._world.network.add(Host(name, addresses))
