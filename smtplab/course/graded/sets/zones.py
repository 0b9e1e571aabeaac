"""A world's DNS as data, {name: {type: [values]}}: answered from, and put into a lab (RFC 1034 §4.3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dns.rdata
import dns.resolver

from ....auth.what_if import Resolve, overlay

Dns = Mapping[str, Mapping[str, Sequence[str]]]


def resolver(records: Dns) -> Resolve:
    """`resolve(name, rdtype)` that knows these records and no others, as the checks of SPF and DKIM want it.

    It raises dnspython's NXDOMAIN for a name that is not there and NoAnswer for another type of one that is.
    """
    known = {
        ".".join(parts[at:]) for name in records if (parts := name.split(".")) for at in range(len(parts))
    }

    def nothing(name: str, rdtype: str) -> Sequence[dns.rdata.Rdata]:
        raise dns.resolver.NoAnswer if name.lower().removesuffix(".") in known else dns.resolver.NXDOMAIN

    return overlay(
        nothing,
        {(name, kind): list(values) for name, kinds in records.items() for kind, values in kinds.items()},
    )


def publish(lab: Any, records: Dns) -> None:
    """Put the records into a running lab. A zone is made for each domain directly below a top-level one."""
    zones: dict[str, Any] = {}
    for name, kinds in records.items():
        apex = ".".join(name.split(".")[-2:])
        if apex not in zones:
            zones[apex] = lab.dns.add_zone(apex)
        for kind, values in kinds.items():
            zones[apex].set(name, kind, *values)
