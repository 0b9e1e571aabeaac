"""Who plays in a student's world: domains, people and addresses that the course's own cast does not use."""

from __future__ import annotations

import ipaddress
from random import Random

# All below .example (RFC 2606 §2). None of them is in the lab's own cast.
TREES = (
    "alder", "almond", "apple", "aspen", "bamboo", "beech", "cedar", "cherry", "chestnut", "cypress",
    "elder", "elm", "fig", "fir", "ginkgo", "hazel", "holly", "juniper", "larch", "laurel", "lime",
    "magnolia", "maple", "medlar", "mulberry", "oak", "olive", "pear", "pine", "plum", "poplar",
    "quince", "rowan", "sorrel", "spruce", "sycamore", "tamarind", "walnut", "willow", "yew",
)  # fmt: skip
NAMES = (
    "amir", "anna", "ben", "carla", "chen", "dana", "david", "elif", "emma", "farid", "fatou", "george",
    "hana", "ines", "ivan", "jakob", "julia", "karim", "lena", "linh", "maria", "marta", "mina",
    "nadia", "noah", "olga", "omar", "paul", "priya", "rosa", "sara", "sven", "tariq", "tomas", "vera",
    "wanda", "yuki", "zoe",
)  # fmt: skip
# RFC 5737 §3, each with the part of it that the lab's cast leaves free.
NETWORKS = {"192.0.2": range(180, 250), "198.51.100": range(60, 250), "203.0.113": range(210, 250)}


def domains(rng: Random, count: int) -> list[str]:
    """So many different domains."""
    return [f"{tree}.example" for tree in rng.sample(TREES, count)]


def people(rng: Random, count: int) -> list[str]:
    """So many different local parts."""
    return rng.sample(NAMES, count)


def addresses(rng: Random, count: int) -> list[str]:
    """So many different IPv4 addresses, from all three documentation networks."""
    everyone = [f"{network}.{host}" for network, hosts in NETWORKS.items() for host in hosts]
    return rng.sample(everyone, count)


def addresses6(rng: Random, count: int) -> list[str]:
    """So many different IPv6 addresses below 2001:db8::/32 (RFC 3849 §2)."""
    return [
        str(ipaddress.IPv6Address(f"2001:db8:{each:x}::25"))
        for each in rng.sample(range(0x1000, 0xFFFF), count)
    ]
