"""One zone as a learner sees it: to read, to edit, and what is set is served at once.

`Store` keeps the picture of all zones that the server reads; edits come from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dns.rdataset
import dns.rdatatype
from dns.name import Name
from dns.rdatatype import RdataType

from ..mail.errors import LabError
from .dns_values import TTL, Value, owner, rdataset, record_type
from .dns_zones import Zones, first_zones


class Store:
    """The zones now: `zones` may be read in any thread, and each edit puts new ones in its place."""

    def __init__(self) -> None:
        self.zones: Zones = first_zones()
        self._lock = threading.Lock()

    def add_zone(self, apex: Name) -> None:
        """A new zone with SOA and NS. A zone that is there already stays as it is."""
        with self._lock:
            self.zones = self.zones.with_zone(apex)

    def put(self, name: Name, records: dns.rdataset.Rdataset) -> None:
        """Put `records` in the place of those of their type at `name`."""
        with self._lock:
            self.zones = self.zones.put(name, records)

    def fill(self, apexes: Iterable[Name], records: Iterable[tuple[Name, dns.rdataset.Rdataset]]) -> None:
        """Put whole zones with their records in at once, in place of what is at their names now."""
        with self._lock:
            self.zones = self.zones.filled(apexes, records)

    def drop(self, name: Name, rdtype: RdataType | None) -> None:
        """Take away the records of this type at `name`, or all."""
        with self._lock:
            self.zones = self.zones.drop(name, rdtype)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a zone. `name` is relative to the zone, "@" for the zone itself; `ttl` in seconds."""

    name: str
    ttl: int
    rdtype: str
    value: str

    def __str__(self) -> str:
        return f"{self.name} {self.ttl} IN {self.rdtype} {self.value}"


class ZoneView:
    """One zone, to read and to edit. Iterating gives its records; what is set is served at once."""

    def __init__(self, store: Store, apex: Name) -> None:
        self._store = store
        self._apex = apex

    @property
    def name(self) -> str:
        """The zone's name, without the last dot."""
        return self._apex.to_text(omit_final_dot=True)

    def set(self, name: str, rdtype: str, *values: Value, ttl: int = TTL) -> None:
        """Make `values` the records of this type at `name`: "@", "mail" or "mail.acorn.example".

        Names in values are full names, last dot or not: `.set("@", "MX", "10 mx.birch.example")`. A
        TXT value is plain text, quoted and split for you; a list of texts gives its strings one by
        one. Raises RecordError for a wrong name or value, LabError for what cannot stand there.
        """
        self._store.put(self._owner(name), rdataset(record_type(rdtype), values, ttl))

    def delete(self, name: str, rdtype: str | None = None) -> None:
        """Take away the records of this type at `name`, or all. None there: nothing happens.

        The zone itself keeps its SOA and NS. Raises LabError when asked for those, RecordError for a
        wrong name.
        """
        self._store.drop(self._owner(name), record_type(rdtype) if rdtype else None)

    def _owner(self, name: str) -> Name:
        found = owner(name, self._apex)
        apex = self._store.zones.apex(found)
        if apex != self._apex:
            zone = apex.to_text(omit_final_dot=True)
            raise LabError(f"{found.to_text(True)} is in a zone of its own: use dns.zone({zone!r}).")
        return found

    def __iter__(self) -> Iterator[Record]:
        for name, records in self._store.zones.records(self._apex):
            relative = name.relativize(self._apex).to_text()
            kind = dns.rdatatype.to_text(records.rdtype)
            yield from (Record(relative, records.ttl, kind, rdata.to_text()) for rdata in records)

    def text(self) -> str:
        """The zone as a zone file (RFC 1035 §5.1)."""
        return "".join(f"{line}\n" for line in (f"$ORIGIN {self._apex}", *map(str, self)))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Zone {self.name}: {len(list(self))} records>"
