"""Hosts by name and by address: which are yours, which belong together, which can't be on the Internet.

`Trusted` is what a reader says of the own hosts: one spelling, wherever trust is asked for. `standing` sorts
addresses, `kin` says whether two names belong to one organisation. All of it goes by spelling and by the
address registries: nothing is looked up. The real boundaries of organisations are in the DNS and in lists
that change, so `kin` is a good guess only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from .errors import RecordError
from .text import visible

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Standing = Literal["public", "private", "loopback", "impossible"]

MOST = 255  # RFC 5321 §4.5.3.1.2: a longer name is no host

# RFC 5737 §3, RFC 3849 §2: set aside for documentation. Here they are the public Internet.
DOCUMENTATION = tuple(map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")))
# "This host", multicast, and the unassigned rest up to broadcast: no TCP connection comes from there.
IMPOSSIBLE = tuple(map(ip_network, ("0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8")))

INTERNAL = frozenset(
    ("corp", "home", "intern", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost")
)
# Second-level labels under which a country's registry hands out names: co.uk, com.au, ac.jp.
_SHARED = frozenset(("ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"))
_HOST = re.compile(r"\.?[\w-]+(?:\.[\w-]+)*")


def norm(name: str) -> str:
    """A host name as it is compared: in lower case, without the root's dot; "" for what is too long."""
    return name.lower().rstrip(".") if len(name) <= MOST + 1 else ""


def literal(name: str) -> Address | None:
    """The address that `name` spells, in brackets (RFC 5321 §4.1.3) or bare; None for a name."""
    if len(name) > MOST:
        return None
    bare = name.strip().removeprefix("[").removesuffix("]")
    if bare[:5].lower() == "ipv6:":
        bare = bare[5:]
    try:
        return ip_address(bare)
    except ValueError:
        return None


def standing(ip: Address) -> Standing:
    """Where an address can be seen: on the Internet, inside a network, on the host itself, or nowhere."""
    if isinstance(ip, IPv6Address) and (inner := ip.ipv4_mapped or ip.sixtofour):
        return standing(inner)
    if ip.is_loopback:
        return "loopback"
    if any(ip in network for network in IMPOSSIBLE):
        return "impossible"
    if ip.is_global or any(ip in network for network in DOCUMENTATION):
        return "public"
    return "private"


def is_internal(name: str) -> bool:
    """True for names that mean something inside a network only: no dot, or under .local and its like."""
    if ip := literal(name):
        return standing(ip) != "public"
    labels = norm(name).split(".")
    return len(labels) == 1 or labels[-1] in INTERNAL


def organisation(name: str) -> str:
    """The domain that a name's owner has registered, as far as its spelling shows: the last two labels,
    three below the likes of co.uk."""
    labels = norm(name).split(".")
    shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return ".".join(labels[-3 if shared else -2 :])


def kin(one: str, other: str) -> bool:
    """True when two host names are the same, or names of one organisation."""
    if literal(one) or literal(other):
        return literal(one) == literal(other)
    return bool(norm(one)) and bool(norm(other)) and organisation(one) == organisation(other)


@dataclass(frozen=True, slots=True)
class Trusted:
    """The hosts that a reader trusts: exact `names`, whole `domains`, and `networks`."""

    names: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, trusted: Iterable[str] | Trusted) -> Trusted:
        """From "mx.birch.example" (that host), ".birch.example" (the domain and all below it), "192.0.2.7"
        and "192.0.2.0/24". Raises RecordError for anything else."""
        if isinstance(trusted, Trusted):
            return trusted
        names, domains, networks = set(), set(), []
        for entry in (trusted,) if isinstance(trusted, str) else trusted:
            found = _network(entry)
            if found:
                networks.append(found)
            elif not _HOST.fullmatch(norm(entry)):
                rule = 'a trusted host is a name, ".domain", an address or a network like "192.0.2.0/24"'
                raise RecordError(rule, entry, (0, len(entry)))
            elif entry.startswith("."):
                domains.add(norm(entry)[1:])
            else:
                names.add(norm(entry))
        return cls(frozenset(names), frozenset(domains), tuple(networks))

    def __bool__(self) -> bool:
        return bool(self.names or self.domains or self.networks)

    def name(self, host: str) -> bool:
        """True for the name of a trusted host, and for an address literal of one."""
        if ip := literal(host):
            return self.address(ip)
        host = norm(host)
        if host in self.names:
            return True
        labels = host.split(".")
        return any(".".join(labels[place:]) in self.domains for place in range(len(labels)))

    def almost(self, host: str) -> str:
        """The entry that would make `host` trusted, where only the name of its domain is; "" otherwise."""
        labels = norm(host).split(".")
        parents = (".".join(labels[place:]) for place in range(1, len(labels)))
        return next((f".{parent}" for parent in parents if parent in self.names), "")

    def advice(self, host: str) -> str:
        """What to write where `almost` has an entry, as the end of a sentence; "" otherwise."""
        entry = self.almost(host)
        return f": for all hosts of that domain write {visible(entry)} with its dot" if entry else ""

    def address(self, ip: Address | None) -> bool:
        """True for an address of a trusted host."""
        return ip is not None and any(ip in network for network in self.networks)


def _network(entry: str) -> Network | None:
    if ip := literal(entry):
        return ip_network(ip)
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return None
