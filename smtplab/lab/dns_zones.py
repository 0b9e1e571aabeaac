"""The names of the lab's internet and what stands at them: which records answer a question?

`Zones` is a picture of all zones at one moment. An edit makes a new picture, so that the server
reads one while another thread writes the next. `find` is the algorithm of RFC 1034 §4.3.2 with
wildcards (RFC 4592), run by a server that holds the root and everything below it: it follows aliases
to their end and never has to refer anybody elsewhere. It does no DNSSEC and no DNAME.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import dns.name
import dns.rdatatype
import dns.rrset
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.SOA import SOA
from dns.rrset import RRset

from ..mail.errors import LabError
from .dns_values import rdataset

Node = Mapping[RdataType, Rdataset]

MAX_ALIASES = 8  # a longer chain, or one that bites its tail, is a SERVFAIL, as from most resolvers

NAME_SERVER = "ns.example."
FIRST_SOA = f"{NAME_SERVER} hostmaster.example. 1 7200 3600 1209600 60"
# An answer to ANY that saves everybody the bulk of it (RFC 8482 §4.2).
ANY_ANSWER = rdataset(RdataType.HINFO, ['"RFC8482" ""'])


@dataclass(frozen=True, slots=True)
class Found:
    """An answer: its rcode, its sections, and the names looked at, the alias first and its target last."""

    rcode: Rcode
    names: tuple[Name, ...]
    answers: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()


@dataclass(frozen=True)
class Zones:
    """Every name that has records, and the apexes of the zones that they fall into."""

    nodes: Mapping[Name, Node]
    apexes: frozenset[Name]

    @cached_property
    def existing(self) -> frozenset[Name]:
        """The names that exist: those with records and all above them (RFC 4592 §2.2.2)."""
        found: set[Name] = {dns.name.root}
        for name in self.nodes:
            while name not in found:
                found.add(name)
                name = name.parent()
        return frozenset(found)

    def apex(self, name: Name) -> Name:
        """The apex of the zone that `name` falls into."""
        while name not in self.apexes:
            name = name.parent()
        return name

    def node(self, name: Name) -> Node | None:
        """What stands at `name`, by itself or by a wildcard; None when the name does not exist."""
        if name in self.existing:
            return self.nodes.get(name, {})
        encloser = name.parent()
        while encloser not in self.existing:
            encloser = encloser.parent()
        source = Name((b"*", *encloser.labels))  # RFC 4592 §3.3.1: no other wildcard counts
        return self.nodes.get(source, {}) if source in self.existing else None

    def find(self, name: Name, rdtype: RdataType) -> Found:
        """The answer to a question, with the alias chain that leads to it."""
        if rdtype in (RdataType.AXFR, RdataType.IXFR):
            return Found(Rcode.REFUSED, (name,))
        names: list[Name] = []
        answers: list[RRset] = []
        while len(names) <= MAX_ALIASES:
            names.append(name)
            node = self.node(name)
            if node is None:
                return self._nothing(Rcode.NXDOMAIN, rdtype, names, answers)
            alias = node.get(RdataType.CNAME)
            found = alias if alias and rdtype in (RdataType.CNAME, RdataType.ANY) else node.get(rdtype)
            if node and not found and rdtype == RdataType.ANY:
                found = ANY_ANSWER
            if found:
                return Found(Rcode.NOERROR, tuple(names), (*answers, _rrset(name, found)))
            if not alias:
                return self._nothing(Rcode.NOERROR, rdtype, names, answers)
            answers.append(_rrset(name, alias))
            target = alias[0]
            assert isinstance(target, CNAME)
            name = target.target
        return Found(Rcode.SERVFAIL, tuple(names))

    def _nothing(self, rcode: Rcode, rdtype: RdataType, names: list[Name], answers: list[RRset]) -> Found:
        """No such name, or no such type there: the SOA says so, and for how long (RFC 2308 §3)."""
        # DS is the one type that belongs to the zone above (RFC 4035 §3.1.4.1).
        above = rdtype == RdataType.DS and names[-1] != dns.name.root
        apex = self.apex(names[-1].parent() if above else names[-1])
        soa = self.nodes[apex][RdataType.SOA]
        authority = _rrset(apex, soa)
        authority.ttl = min(soa.ttl, _soa(soa).minimum)
        return Found(rcode, tuple(names), tuple(answers), (authority,))

    # edits: each returns a new picture ----------------------------------------------------------

    def with_zone(self, apex: Name) -> Zones:
        """These zones and one more, which takes over what stands at `apex` and below already."""
        if apex in self.apexes:
            return self
        here = self.nodes.get(apex, {})
        if RdataType.CNAME in here:
            raise LabError(f"Delete the CNAME of {_text(apex)} first: an alias cannot be a zone.")
        soa, ns = rdataset(RdataType.SOA, [FIRST_SOA]), rdataset(RdataType.NS, [NAME_SERVER])
        node = {RdataType.SOA: soa, RdataType.NS: ns, **here}
        return Zones({**self.nodes, apex: node}, self.apexes | {apex})

    def filled(self, apexes: Iterable[Name], records: Iterable[tuple[Name, Rdataset]]) -> Zones:
        """With new zones and all of these records, in place of what is at their names: one picture for many
        edits. Nobody has seen these zones yet, so no serial moves."""
        soa, ns = rdataset(RdataType.SOA, [FIRST_SOA]), rdataset(RdataType.NS, [NAME_SERVER])
        nodes: dict[Name, dict[RdataType, Rdataset]] = {
            apex: {RdataType.SOA: soa, RdataType.NS: ns} for apex in apexes
        }
        found = self.apexes | nodes.keys()
        for name, each in records:
            nodes.setdefault(name, {})[each.rdtype] = each
        return Zones({**self.nodes, **nodes}, found)

    def put(self, name: Name, records: Rdataset) -> Zones:
        """With `records` in place of those of their type. Raises LabError when they cannot stand there."""
        node = {**self.nodes.get(name, {}), records.rdtype: records}
        if RdataType.CNAME in node and len(node) > 1:
            others = ", ".join(dns.rdatatype.to_text(t) for t in node if t != records.rdtype)
            raise LabError(
                f"{_text(name)} has {others} already, and an alias (CNAME) stands alone (RFC 1034 §3.6.2): "
                f"use another name{'' if name in self.apexes else ' or delete that first'}."
            )
        return self._edited(name, node, bump=records.rdtype != RdataType.SOA)

    def drop(self, name: Name, rdtype: RdataType | None) -> Zones:
        """Without the records of this type, or without all at `name`; a zone keeps its SOA and NS."""
        kept = {RdataType.SOA, RdataType.NS} if name in self.apexes else set()
        if rdtype in kept:
            kind = dns.rdatatype.to_text(rdtype)
            raise LabError(f"Every zone needs {kind} at its apex: set it to another value instead.")
        before = self.nodes.get(name, {})
        node = {t: r for t, r in before.items() if t in kept or rdtype not in (t, None)}
        return self if node == before else self._edited(name, node)

    def _edited(self, name: Name, node: Node, bump: bool = True) -> Zones:
        nodes = {**self.nodes, name: node}
        if not node:
            del nodes[name]
        if bump:  # whoever compares serials sees that the zone has changed (RFC 1034 §4.3.5)
            apex = self.apex(name)
            soa = nodes[apex][RdataType.SOA]
            rdata = _soa(soa).replace(serial=(_soa(soa).serial + 1) % 2**32)
            nodes[apex] = {**nodes[apex], RdataType.SOA: dns.rdataset.from_rdata(soa.ttl, rdata)}
        return Zones(nodes, self.apexes)

    def records(self, apex: Name) -> Iterator[tuple[Name, Rdataset]]:
        """The records of one zone: its SOA and NS first, then by name."""
        for name in sorted(name for name in self.nodes if self.apex(name) == apex):
            first = {RdataType.SOA: 0, RdataType.NS: 1}
            for rdtype in sorted(self.nodes[name], key=lambda t: (first.get(t, 2), t)):
                yield name, self.nodes[name][rdtype]


def first_zones() -> Zones:
    """The root alone, with the address of the name server."""
    zones = Zones({}, frozenset()).with_zone(dns.name.root)
    return zones.put(dns.name.from_text(NAME_SERVER), rdataset(RdataType.A, ["192.0.2.53"]))


def _rrset(name: Name, records: Rdataset) -> RRset:
    return dns.rrset.from_rdata_list(name, records.ttl, list(records))


def _soa(records: Rdataset) -> SOA:
    soa = records[0]
    assert isinstance(soa, SOA)
    return soa


def _text(name: Name) -> str:
    return name.to_text(omit_final_dot=True)
