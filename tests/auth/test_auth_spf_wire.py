"""The test suite of RFC 7208 once more, its zones served by the lab's name server, over UDP and over TCP."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.resolver
import pytest
from dns.rdtypes.ANY.TXT import TXT

from smtplab.auth.spf import check_host
from smtplab.lab.dns_zones import Zones, first_zones
from smtplab.lab.lab import Lab
from tests.auth.test_auth_spf_suite import TESTS, suite, zone_of

__all__ = ["suite"]  # the fixture


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


def serve(lab: Lab, scenario: dict[str, Any]) -> None:
    """Put the scenario's zone data into the lab's name server, alone."""
    zones = first_zones()
    lab.dns.mend()
    for name, records in zone_of(scenario).items():
        types: dict[str, list[str]] = defaultdict(list)
        for rdtype, value in records:
            if "TIMEOUT" not in (rdtype, value):
                types[rdtype].append(value)
        silent = {rdtype for rdtype, value in records if "TIMEOUT" in (rdtype, value)}
        for rdtype in silent:
            # What the suite calls a timeout is an answer that says no more: two seconds each would be long.
            # A name with a TXT record keeps it: its silence is about other types.
            only = None if rdtype == "TIMEOUT" and "TXT" not in types else "TXT" if rdtype == "TXT" else "SPF"
            lab.dns.fault(name, "servfail", only)
        zones = _put(zones, name, types)
    lab.dns._store.zones = zones


def _put(zones: Zones, name: str, types: dict[str, list[str]]) -> Zones:
    owner = dns.name.from_text(name)
    for rdtype, values in types.items():
        if "CNAME" in types and rdtype != "CNAME":
            continue
        zones = zones.put(
            owner, dns.rdataset.from_rdata_list(60, [_rdata(rdtype, value) for value in values])
        )
    return zones


def _rdata(rdtype: str, value: str) -> dns.rdata.Rdata:
    if rdtype in ("TXT", "SPF"):
        octets = value.encode()
        strings = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
        kind = dns.rdatatype.from_text(rdtype)
        return TXT(dns.rdataclass.IN, kind, strings)
    value = value.replace("..", ".") if rdtype == "MX" else value  # the null MX is written "0 ." there
    name = f"{value.removesuffix('.')}." if rdtype in ("CNAME", "PTR") else value
    return dns.rdata.from_text("IN", rdtype, name)


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_all_of_the_suite(lab: Lab, suite: list[dict[str, Any]], tcp: bool) -> None:
    resolver = lab.dns.resolver()

    def resolve(name: str, rdtype: str) -> Sequence[dns.rdata.Rdata]:
        return list(resolver.resolve(dns.name.from_text(name), rdtype, tcp=tcp))

    faults, count = {}, 0
    for scenario in suite:
        serve(lab, scenario)
        for name, test in scenario["tests"].items():
            verdict = check_host(test["host"], "", test["mailfrom"] or "", helo=test["helo"], resolve=resolve)
            count += 1
            wanted = test["result"] if isinstance(test["result"], list) else [test["result"]]
            words = test.get("explanation", verdict.explanation or "DEFAULT")
            if verdict.result not in wanted or words != (verdict.explanation or "DEFAULT"):
                faults[name] = f"{wanted} {words}\n{verdict.text()}"
    assert count == TESTS
    assert faults == {}
    assert {query.transport for query in lab.dns.queries[-50:]} == {"tcp" if tcp else "udp"}
