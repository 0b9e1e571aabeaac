"""A DNS in memory for the tests of SPF: records as a table, asked by our engine and by pyspf."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address

from smtplab.auth.spf import SpfVerdict, evaluate
from smtplab.mail.route import Answer, Question

# name -> [(rdtype, value)]. An MX is "10 mx.example.", a TXT one joined text. "TIMEOUT" is silence: as a
# value, and as a type for every type that comes after it.
Zone = Mapping[str, Sequence[tuple[str, str]]]


def answer(zone: Zone, question: Question, aliases: int = 0) -> Answer:
    """What the zone says; a loop of aliases is no answer."""
    records = zone.get(question.name.lower())
    if records is None:
        return Answer("no such name")
    values: list[str] = []
    for rdtype, value in records:
        if (rdtype == "TIMEOUT" and not values) or (rdtype == question.rdtype and value == "TIMEOUT"):
            return Answer("no answer")
        if rdtype == question.rdtype:
            values.append(value)
        elif rdtype == "CNAME":
            if aliases > 8:
                return Answer("no answer")
            return answer(zone, Question(value, question.rdtype), aliases + 1)
    return Answer("found", tuple(values)) if values else Answer("no data")


def check(
    zone: Zone, ip: str | IPv4Address, sender: str, helo: str = "mail.example", domain: str = "", now: int = 0
) -> SpfVerdict:
    """One evaluation against the zone."""
    asking = evaluate(ip, domain, sender, helo=helo, now=now)
    try:
        question = next(asking)
        while True:
            question = asking.send(answer(zone, question))
    except StopIteration as end:
        verdict = end.value
        assert isinstance(verdict, SpfVerdict)
        return verdict


def for_pyspf(zone: Zone, name: str, rdtype: str) -> Iterator[tuple[tuple[str, str], object]]:
    """The same zone in the shape that pyspf's DNSLookup gives: its values are those of the old PyDNS."""
    import spf

    found = answer(zone, Question(name, rdtype))
    if found.status == "no answer":
        raise spf.TempError("DNS timeout")
    for value in found.values:
        shaped: object = value
        if rdtype == "TXT":
            shaped = (value.encode(),)
        elif rdtype == "MX":
            preference, host = value.split(" ")
            shaped = (int(preference), host.removesuffix("."))
        elif rdtype == "PTR":
            shaped = value.removesuffix(".")
        elif rdtype == "AAAA":
            shaped = socket.inet_pton(socket.AF_INET6, value)
        yield (name, rdtype), shaped
