"""What if a record were another one? Records put in front of a resolver, so that none need be published.

`Verdict.what_if(records=...)` of every check that takes `resolve` works with it: `asked` makes the verdict
remember how it was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from smtplab.mail.errors import LabError
from smtplab.mail.text import encode
from smtplab.mail.verdict import Verdict

Resolve = Callable[[str, str], Sequence[dns.rdata.Rdata]]
# name and type -> the records there; one record may stand without a list
Records = Mapping[tuple[str, str], Sequence[str] | str]
V = TypeVar("V", bound=Verdict)


def asked(verdict: V, check: Callable[..., V], given: Mapping[str, Any]) -> V:
    """`verdict`, with `again` set: `check(**given)` with its changes, and `records` in front of the DNS.

    `given` are all arguments of `check` by name, `resolve` among them. The verdict is that of a check that
    has just ended and that nobody has seen yet: it is changed, as a copy of a frozen one costs too much.
    """

    def again(*, records: Records | None = None, **changes: Any) -> V:
        if unknown := changes.keys() - given.keys():
            known = ", ".join(["records", *given])
            raise LabError(f"Nothing here is called {', '.join(sorted(unknown))}; what may change: {known}.")
        arguments = {**given, **changes}
        if records:
            arguments["resolve"] = overlay(arguments["resolve"], records)
        return check(**arguments)

    object.__setattr__(verdict, "again", again)
    return verdict


def overlay(resolve: Resolve, records: Records) -> Resolve:
    """`resolve` with other records for some names: {("acorn.example", "TXT"): ["v=spf1 -all"]}.

    An empty list takes the records away (NoAnswer). A TXT value is the text itself, any other is written as
    in a zone file. Raises dnspython's DNSException for a value that is none, at once and not when asked.
    """
    instead = {
        (name.lower().removesuffix("."), rdtype.upper()): [
            _rdata(rdtype, value) for value in ([values] if isinstance(values, str) else values)
        ]
        for (name, rdtype), values in records.items()
    }

    def ask(name: str, rdtype: str) -> Sequence[dns.rdata.Rdata]:
        found = instead.get((name.lower().removesuffix("."), rdtype.upper()))
        if found is None:
            return resolve(name, rdtype)
        if not found:
            raise dns.resolver.NoAnswer
        return found

    return ask


def _rdata(rdtype: str, value: str) -> dns.rdata.Rdata:
    kind = dns.rdatatype.from_text(rdtype)
    if kind == dns.rdatatype.TXT:
        octets = encode(value)
        strings = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
        return TXT(dns.rdataclass.IN, kind, strings)
    return dns.rdata.from_text(dns.rdataclass.IN, kind, value, dns.name.root, relativize=False)
