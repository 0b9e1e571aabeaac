"""The lab's DNS: the zones of its internet, edited while they are served.

    lab.dns.zone("acorn.example").set("@", "TXT", "v=spf1 mx -all")
    lab.dns.queries[-1]

One name server stands for all of the world's: it holds the root, so a name that the lab does not
know does not exist. Clients are real ones, over real UDP and TCP. Nothing here ever asks a server
outside: the resolvers know one address, and that is on loopback.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

import dns.asyncresolver
import dns.edns
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver
import dns.reversename
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from ..mail.errors import LabError
from .dns_server import ASKER, HOST, PAYLOAD, Address, Admits, Server, Transport, everybody
from .dns_values import full_name, owner, rdataset, record_type
from .dns_view import Record, Store, ZoneView
from .dns_zones import Found
from .order import turn
from .unanswered import Unanswered

__all__ = ["Dns", "Fault", "Query", "Record", "ZoneView"]

# The documentation ranges, backwards (RFC 5737 §3, RFC 3849 §2).
REVERSE = (
    "2.0.192.in-addr.arpa",
    "100.51.198.in-addr.arpa",
    "113.0.203.in-addr.arpa",
    "8.b.d.0.1.0.0.2.ip6.arpa",
)
MOST_QUERIES = 10_000  # kept in the log
LONGEST_DELAY = 60.0  # seconds
LIFETIME = 2.0  # seconds that a look-up may take
ONE_TRY = 1.0  # seconds to wait for an answer before asking once more

What = Literal["timeout", "servfail", "refused"] | float
_Any = TypeVar("_Any", bound=dns.resolver.BaseResolver)


@dataclass(frozen=True, slots=True)
class Query:
    """A question that the server was asked, and what it said.

    `when` is the lab's time; `client` a real "address:port"; `rcode` as dig writes it, or "timeout"
    when a fault swallowed the question; `answers` are values as `dig +short` prints them. `asker` is the host
    of the lab that asked, "" for a program of yours; `order` tells what came first (`order.turn`).
    """

    when: datetime
    client: str
    name: str
    rdtype: str
    rcode: str
    answers: tuple[str, ...]
    transport: Transport
    asker: str = ""
    order: int = field(default_factory=turn, compare=False, repr=False)

    def __str__(self) -> str:
        said = "; ".join(self.answers) or "no records"
        return f"{self.when:%H:%M:%S} {self.name} {self.rdtype} ({self.transport}): {self.rcode}, {said}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the answers for a name, and with `subtree` for all below it too."""

    name: Name
    what: What
    rdtype: RdataType | None
    subtree: bool

    def hits(self, name: Name, rdtype: RdataType) -> bool:
        """Whether a question for `name` and `rdtype` meets this fault."""
        there = name.is_subdomain(self.name) if self.subtree else name == self.name
        return there and self.rdtype in (None, rdtype)


class Dns:
    """The lab's name server, its zones, its faults and its log. `now` gives the lab's time for the log.

    `admits` says whose questions it takes (`strangers.Strangers.admits`), by default everybody's.
    """

    def __init__(self, now: Callable[[], datetime], admits: Admits = everybody) -> None:
        self._now = now
        self._store = Store()
        self._faults: tuple[Fault, ...] = ()
        self._queries: deque[Query] = deque(maxlen=MOST_QUERIES)
        self._lock = threading.Lock()
        self._unanswered = Unanswered()
        self._server = Server(self._answer, admits)
        self._loop: asyncio.AbstractEventLoop | None = None
        for name in REVERSE:
            self.add_zone(name)
        self.set_addresses("ns.example", "192.0.2.53")

    async def start(self) -> None:
        """Serve on the running loop, on a port that the system chooses."""
        await self._server.start()
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Stop serving. Doing it twice is harmless."""
        await self._server.stop()
        self._loop = None

    @property
    def address(self) -> Address:
        """Where it listens, UDP and TCP alike: ("127.0.0.1", 40123). Raises LabError when stopped."""
        if not self._server.port:
            raise LabError("The lab's DNS is not running. Make a new lab with `lab = Lab()`.")
        return HOST, self._server.port

    # zones --------------------------------------------------------------------------------------

    @property
    def zones(self) -> list[str]:
        """The names of all zones, the root (".") first."""
        return [apex.to_text(omit_final_dot=True) for apex in sorted(self._store.zones.apexes)]

    def zone(self, name: str) -> ZoneView:
        """The zone called `name`. Raises LabError when there is none, RecordError for a wrong name."""
        apex = full_name(name)
        if apex not in self._store.zones.apexes:
            raise LabError(f"There is no zone {name!r}. There are: {', '.join(self.zones)}.")
        return ZoneView(self._store, apex)

    def add_zone(self, name: str) -> ZoneView:
        """A new zone with SOA and NS. A zone that is there already stays as it is."""
        apex = full_name(name)
        self._store.add_zone(apex)
        return ZoneView(self._store, apex)

    def set_addresses(self, name: str, *addresses: str) -> None:
        """Give a host its A, AAAA and PTR records, each in the zone where it belongs."""
        host = full_name(name)
        for rdtype in (RdataType.A, RdataType.AAAA):
            if values := [a for a in addresses if (":" in a) == (rdtype == RdataType.AAAA)]:
                self._store.put(host, rdataset(rdtype, values))
        for address in addresses:
            backwards = dns.reversename.from_address(address)
            self._store.put(backwards, rdataset(RdataType.PTR, [host.to_text()]))

    def fill(self, zones: Mapping[str, Iterable[tuple[str, str, Sequence[str]]]]) -> None:
        """New zones at once: zone -> (name, type, values), names as for `ZoneView.set`, PTR by address.

        What is at their names already goes. For many records it is much faster than one by one.
        """
        records = []
        for zone, wanted in zones.items():
            apex = full_name(zone)
            for name, rdtype, values in wanted:
                at = dns.reversename.from_address(name) if rdtype == "PTR" else owner(name, apex)
                records.append((at, rdataset(record_type(rdtype), values)))
        self._store.fill(map(full_name, zones), records)

    # faults -------------------------------------------------------------------------------------

    def fault(self, name: str, what: What, rdtype: str | None = None, *, subtree: bool = False) -> None:
        """Spoil the answers for `name`: "timeout", "servfail", "refused", or a delay in seconds.

        Only those of `rdtype` when it is given; with `subtree` also for all names below. An alias
        that leads there is spoilt with it. Raises LabError for another `what`.
        """
        known = what in ("timeout", "servfail", "refused")
        if not known and not (isinstance(what, int | float) and 0 < what <= LONGEST_DELAY):
            raise LabError('A fault is "timeout", "servfail", "refused" or a delay of up to 60 seconds.')
        new = Fault(full_name(name), what, record_type(rdtype) if rdtype else None, subtree)
        with self._lock:
            same = (new.name, new.rdtype, new.subtree)
            others = tuple(f for f in self._faults if (f.name, f.rdtype, f.subtree) != same)
            self._faults = (*others, new)

    def mend(self, name: str | None = None) -> None:
        """Take away the faults of `name`, or all."""
        mended = full_name(name) if name else None
        with self._lock:
            self._faults = tuple(f for f in self._faults if mended and f.name != mended)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are there, the newest last."""
        return self._faults

    def snapshot(self) -> tuple[object, object]:
        """What every answer depends on: the same objects as long as no zone was edited or spoilt."""
        return self._store.zones, self._faults

    # answers ------------------------------------------------------------------------------------

    @property
    def queries(self) -> list[Query]:
        """The last 10,000 questions, oldest first."""
        with self._lock:
            return list(self._queries)

    def _answer(
        self, name: Name, rdtype: RdataType, client: Address, transport: Transport, asker: str = ""
    ) -> tuple[Found | None, float]:
        found: Found | None = self._store.zones.find(name, rdtype)
        assert found
        hits = [f.what for f in self._faults if any(f.hits(n, rdtype) for n in found.names)]
        what = hits[-1] if hits else 0.0
        if what == "timeout":
            found = None
            self._unanswered.tell(name, rdtype)
        elif isinstance(what, str):
            found = Found(Rcode[what.upper()], found.names)
        self._log(name, rdtype, found, f"{client[0]}:{client[1]}", transport, asker)
        return found, what if isinstance(what, int | float) else 0.0

    def _log(
        self,
        name: Name,
        rdtype: RdataType,
        found: Found | None,
        client: str,
        transport: Transport,
        asker: str,
    ) -> None:
        values = tuple(rdata.to_text() for rrset in found.answers for rdata in rrset) if found else ()
        rcode = found.rcode.name if found else "timeout"
        asked, kind = name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rdtype)
        query = Query(self._now(), client, asked, kind, rcode, values, transport, asker)
        with self._lock:
            self._queries.append(query)

    # look-ups -----------------------------------------------------------------------------------

    def resolver(self) -> dns.resolver.Resolver:
        """A blocking resolver that asks the lab's DNS and nobody else. It keeps no cache."""
        return self._pointed(dns.resolver.Resolver(configure=False))

    def async_resolver(self, asker: str = "") -> dns.asyncresolver.Resolver:
        """The same for coroutines: `await dns.async_resolver().resolve(name, "MX")`. `asker` is the host
        of the lab that asks, for the log."""
        return self._pointed(dns.asyncresolver.Resolver(configure=False), asker)

    async def look_up(
        self, name: Name | str, rdtype: str, asker: str = "", *, raise_on_no_answer: bool = True
    ) -> dns.resolver.Answer:
        """Ask over the wire, as a host of the lab does. Raises what dnspython raises.

        A question that a fault leaves unanswered raises Timeout at once (`unanswered`).
        """
        asked = dns.name.from_text(name) if isinstance(name, str) else name
        resolver = self.async_resolver(asker)
        looking = resolver.resolve(asked, rdtype, raise_on_no_answer=raise_on_no_answer)
        return await self._unanswered.wait(asked, RdataType.make(rdtype), looking)

    def _pointed(self, resolver: _Any, asker: str = "") -> _Any:
        host, resolver.port = self.address
        resolver.nameservers, resolver.domain = [host], dns.name.root
        resolver.lifetime, resolver.timeout = LIFETIME, ONE_TRY
        options: list[dns.edns.Option] = (
            [dns.edns.GenericOption(dns.edns.OptionType.make(ASKER), asker.encode())] if asker else []
        )
        resolver.use_edns(0, 0, PAYLOAD, options)
        return resolver

    def resolve(self, name: str, rdtype: str) -> list[dns.rdata.Rdata]:
        """The records of a name, asked for over the wire; an alias is followed.

        Raises dnspython's NXDOMAIN, NoAnswer and Timeout, and its NoNameservers when the server
        refuses or fails; RecordError for a malformed name, LabError for an unknown type.
        """
        asked, kind = full_name(name), record_type(rdtype)
        if _running_loop() is self._loop is not None:
            raise LabError("The lab's own thread may not wait for its DNS: use async_resolver() there.")
        return list(self.resolver().resolve(asked, kind))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
