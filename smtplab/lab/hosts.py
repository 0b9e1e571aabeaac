"""Who is on the network, and which firewall stands in between: records of the lab's network."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Literal

from ..mail.errors import LabError

# What the lab's internet has for addresses (RFC 5737 §3, RFC 3849 §2).
DOCUMENTATION = tuple(map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")))


def in_the_lab(address: str) -> bool:
    """Whether `address` is one that a host of the lab could have."""
    found = ip_address(address)
    return any(found.version == network.version and found in network for network in DOCUMENTATION)


@dataclass(slots=True)
class Host:
    """A host: its name and its notional addresses, the best one first. Raises LabError for a wrong one."""

    name: str
    addresses: tuple[str, ...]

    def __post_init__(self) -> None:
        for address in self.addresses:
            try:
                ip_address(address)
            except ValueError:
                raise LabError(f"Write an IP address such as 192.0.2.1, not {address!r}.") from None

    def address(self, version: int = 4) -> str | None:
        """The first address of IP `version`, or None."""
        return next((a for a in self.addresses if ip_address(a).version == version), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """A firewall rule: what happens to connections from `source` (a network) to `port`.

    "swallow" drops every packet, so that the client waits until it gives up; "refuse" answers at
    once that nobody listens.
    """

    source: str
    port: int
    action: Literal["swallow", "refuse"]
    why: str = ""

    def covers(self, source: str, port: int) -> bool:
        """True when a connection from the address `source` to `port` meets this rule."""
        network, address = ip_network(self.source), ip_address(source)
        return port == self.port and network.version == address.version and address in network
