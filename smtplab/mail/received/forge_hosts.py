"""The hosts that forged chains go through: names under .example, addresses for documentation only.

Every organisation has a block of addresses of its own, a style of naming its hosts, a clock and a zone. Two
worlds from the same seed are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta, timezone
from ipaddress import IPv4Address, IPv6Address
from random import Random

from ..hosts import Address
from .forge_dialects import EDGES, PUBLIC

TREES = (
    "alder", "ash", "aspen", "beech", "birch", "cedar", "elm", "fir", "hazel", "holly", "juniper", "larch",
    "linden", "maple", "oak", "olive", "pine", "poplar", "rowan", "spruce", "sycamore", "willow", "yew",
)  # fmt: skip
BLOCKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737 §3
ZONES = (0, 0, 0, 60, 120, 330, -300, -480, 600)  # minutes from UTC
CLOCK = 15  # seconds by which an honest clock is wrong at most


@dataclass(frozen=True, slots=True)
class Host:
    """One host. `clock` is what its clock is ahead of the true time."""

    name: str
    ip: Address
    domain: str
    dialect: str
    zone: timezone
    clock: timedelta
    rdns: str


@dataclass(slots=True)
class World:
    """Makes organisations and hosts, each address once."""

    rng: Random
    _blocks: list[str] = field(default_factory=list)
    _used: dict[str, int] = field(default_factory=dict)
    _domains: list[str] = field(default_factory=list)
    _prefix: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._blocks = [f"{net}.{part * 8}" for net in BLOCKS for part in range(1, 31)]
        self.rng.shuffle(self._blocks)
        self._domains = [f"{tree}.example" for tree in TREES]
        self.rng.shuffle(self._domains)

    def organisation(self) -> str:
        """A domain that no host has yet, with a block of addresses."""
        count = len(self._prefix)
        domain = self._domains[count] if count < len(self._domains) else f"net{count}.example"
        self._prefix[domain] = self._blocks[count % len(self._blocks)] if count < len(self._blocks) else ""
        return domain

    def host(self, label: str, domain: str, dialects: tuple[str, ...] = PUBLIC) -> Host:
        """A host of `domain`, with an address of its block."""
        rng = self.rng
        zone = timezone(timedelta(minutes=rng.choice(ZONES)))
        clock = timedelta(seconds=rng.randint(-CLOCK, CLOCK))
        name = f"{label}.{domain}"
        return Host(name, self.address(domain), domain, rng.choice(dialects), zone, clock, name)

    def edge(self, label: str, domain: str) -> Host:
        """A host whose software names its clients by address and reverse name."""
        return self.host(label, domain, EDGES)

    def address(self, domain: str) -> Address:
        """The next address of a domain: IPv4, or IPv6 for one in five and where IPv4 has run out."""
        number = self._used[domain] = self._used.get(domain, 0) + 1
        block = self._prefix[domain]
        if not block or number > 6 or self.rng.random() < 0.2:
            index = list(self._prefix).index(domain) + 1
            return IPv6Address(f"2001:db8:{index:x}::{number:x}")
        net, _, start = block.rpartition(".")
        return IPv4Address(f"{net}.{int(start) + number}")

    def networks(self, domain: str) -> tuple[str, ...]:
        """All that `address` gives out for a domain, as networks."""
        block = self._prefix[domain]
        index = list(self._prefix).index(domain) + 1
        return (*([f"{block}/29"] if block else []), f"2001:db8:{index:x}::/48")

    def other(self, ip: Address) -> Address:
        """Another public address of the same kind, that no host has."""
        if ip.version == 6:
            return IPv6Address(f"2001:db8:ffff::{self.rng.randint(1, 0xFFFF):x}")
        return IPv4Address(f"{self.rng.choice(BLOCKS)}.{self.rng.randint(250, 254)}")
