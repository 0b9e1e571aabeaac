"""What a learner writes as DNS data, checked: names, types and values.

A value is written as in a zone file (RFC 1035 §5.1) with two differences that spare a beginner the
usual mistakes: a name in a value is always the full name, last dot or not, and the text of a TXT
record is plain text, which is quoted and split here. It does not judge what a record means: an SPF
record with two "all" terms is a good TXT record.
"""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.TXT
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from ..mail.errors import LabError, RecordError
from ..mail.text import encode

Value = str | Sequence[str]

TTL = 300  # seconds, unless `set` is told another
MAX_TTL = 2**31 - 1  # RFC 2181 §8
MAX_STRING = 255  # octets of one string in a TXT record (RFC 1035 §3.3)
MAX_RDATA = 65535  # octets: the length field has 16 bits (RFC 1035 §3.2.1)

EXAMPLES = {
    RdataType.A: "192.0.2.10",
    RdataType.AAAA: "2001:db8:a::10",
    RdataType.MX: "10 mx.birch.example",
    RdataType.NS: "ns.example",
    RdataType.CNAME: "mail.acorn.example",
    RdataType.PTR: "mail.acorn.example",
    RdataType.SRV: "0 1 587 mail.acorn.example",
    RdataType.CAA: '0 issue "ca.example"',
    RdataType.TLSA: "3 1 1 and 64 hexadecimal digits",
    RdataType.SOA: "ns.example hostmaster.example 1 7200 3600 1209600 60",
}
NAMES_A_HOST = {RdataType.MX, RdataType.NS, RdataType.CNAME, RdataType.DNAME, RdataType.PTR, RdataType.SRV}
TEXT = {RdataType.TXT, RdataType.SPF}


def full_name(text: str) -> Name:
    """The absolute name that `text` writes, last dot or not. Raises RecordError."""
    return _name(text).derelativize(dns.name.root)


def _name(text: str) -> Name:
    message = "Write a DNS name: labels of 1 to 63 octets with dots between them, 255 octets in all."
    if not text:
        raise RecordError(message, text, (0, 0))
    try:
        name = dns.name.from_text(text, None)
        name.derelativize(dns.name.root)
    except (dns.exception.DNSException, UnicodeError):
        raise RecordError(message, text, (0, len(text))) from None
    return name


def owner(text: str, origin: Name) -> Name:
    """The name of a record in the zone `origin`: "@" is the zone itself, other names are relative to it.

    A name that ends with the zone's own is taken for the full one, last dot or not. Raises
    RecordError for a malformed name and for one outside the zone.
    """
    name = _name(text)
    if text == "@":
        return origin
    absolute = name.derelativize(dns.name.root)
    if absolute.is_subdomain(origin):
        return absolute
    if name.is_absolute():
        zone = origin.to_text(omit_final_dot=True)
        raise RecordError(f"Write a name under {zone}, or leave the last dot out.", text, (0, len(text)))
    try:
        return name.derelativize(origin)
    except dns.exception.DNSException:
        raise RecordError("Write a shorter name: 255 octets at most.", text, (0, len(text))) from None


def record_type(text: str) -> RdataType:
    """The record type called `text`, such as "MX". Raises LabError for none, and for those only asked for."""
    try:
        rdtype = dns.rdatatype.from_text(text)
    except (dns.exception.DNSException, ValueError):
        rdtype = RdataType.NONE
    if rdtype == RdataType.NONE or dns.rdatatype.is_metatype(rdtype):
        raise LabError(f"{text!r} is no type of record: use one such as A, AAAA, MX, TXT, CNAME, PTR or NS.")
    return rdtype


def rdataset(rdtype: RdataType, values: Sequence[Value], ttl: int = TTL) -> dns.rdataset.Rdataset:
    """The set of records with these values. Raises RecordError for a wrong value, LabError for the rest."""
    kind = dns.rdatatype.to_text(rdtype)
    if not values:
        raise LabError(f"Give at least one value for {kind}, or use .delete(name, {kind!r}) to take it away.")
    if not 0 <= ttl <= MAX_TTL:
        raise LabError(f"Give a TTL between 0 and {MAX_TTL} seconds, not {ttl}.")
    found = [_rdata(rdtype, value) for value in values]
    if dns.rdatatype.is_singleton(rdtype) and len(found) > 1:
        raise LabError(f"Give one value only: a name has one {kind} at most.")
    return dns.rdataset.from_rdata_list(ttl, found)


def _rdata(rdtype: RdataType, value: Value) -> Rdata:
    rdata = _text(rdtype, value) if rdtype in TEXT else _from_text(rdtype, _one(value))
    if len(rdata.to_wire() or b"") > MAX_RDATA:
        raise LabError(f"Write a shorter value: a record has {MAX_RDATA} octets at most.")
    return rdata


def _one(value: Value) -> str:
    if not isinstance(value, str):
        raise LabError("Write each value as one text; only a TXT record has several strings.")
    return value


def _from_text(rdtype: RdataType, value: str) -> Rdata:
    kind = dns.rdatatype.to_text(rdtype)
    like = f" such as {EXAMPLES[rdtype]}" if rdtype in EXAMPLES else ", written as in a zone file"
    everything = (0, len(value))
    if not value.isprintable():  # a line end would end the record, and hide the rest
        raise RecordError(
            f"Write a value for {kind} on one line,{like}.".replace(",,", ","), value, everything
        )
    try:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, value, dns.name.root, relativize=False)
        rdata.to_wire()
    except (dns.exception.DNSException, ValueError):
        raise RecordError(f"Write a value for {kind}{like}.", value, everything) from None
    last = value.split()[-1]
    if rdtype in NAMES_A_HOST and "." not in last:
        start = value.rindex(last)
        raise RecordError(f"Write the host's full name{like}.", value, (start, start + len(last)))
    return rdata


def _text(rdtype: RdataType, value: Value) -> Rdata:
    """A TXT record. A str is split into strings of 255 octets; a sequence gives the strings themselves."""
    if isinstance(value, str):
        if len(value) > 1 and value[0] == value[-1] == '"':
            raise RecordError("Leave the quotation marks out: they are added for you.", value, (0, 1))
        octets = encode(value)
        strings = [octets[i : i + MAX_STRING] for i in range(0, len(octets), MAX_STRING)] or [b""]
    else:
        strings = [encode(part) for part in value]
        for part, text in zip(strings, value, strict=True):
            if len(part) > MAX_STRING:
                raise RecordError(f"Split the string: {MAX_STRING} octets at most.", text, (0, len(text)))
    return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, rdtype, strings)
