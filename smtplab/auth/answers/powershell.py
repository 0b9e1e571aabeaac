"""What Resolve-DnsName prints: a table, or with Format-List a line a property.

A table cuts long strings off, and Windows says so by three dots alone: such a record is not taken.
"""

from __future__ import annotations

import re

import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT

from smtplab.mail.text import encode

from .gathering import Text, typed

_HEAD = re.compile(r"Name[ \t]+Type[ \t]+TTL[ \t]+Section[ \t]+\S.*")
_ROW = re.compile(r"(\S{1,300})[ \t]+([A-Za-z0-9_]{1,10})[ \t]+(\d{1,10})[ \t]+(\w{1,12})[ \t]+(\S.*)")
_PROPERTY = re.compile(r"([A-Za-z]\w{0,30})[ \t]*:(?:[ \t]+(.*))?")
_FAILED = re.compile(r"Resolve-DnsName[ \t]*: ?([^\s:]{1,300})[ \t]*: ?(.*)", re.IGNORECASE)
# The property that has the data, by type.
_DATA = {
    "TXT": ("Strings", "Text"),
    "A": ("IPAddress", "IP4Address", "Address"),
    "AAAA": ("IPAddress", "IP6Address", "Address"),
    "CNAME": ("NameHost", "Server"),
    "PTR": ("NameHost", "Server"),
}
# Where a failure happened, in its script.
_NOISE = ("+ CategoryInfo", "+ FullyQualifiedErrorId", "+ ~~~", "+ Resolve-DnsName", "At line:")
CUT_OFF = "PowerShell has cut this record off: ask again with | Format-List and a wide window"
LONG = 200  # characters: a string before a comma that is as long was cut into strings by its owner


def take(text: Text) -> int:
    """The lines that were PowerShell's, 0 for others."""
    line = text.line.strip()
    if _HEAD.fullmatch(line):
        return _table(text, line)
    if line.startswith("Name") and (found := _PROPERTY.fullmatch(line)) and found[1] == "Name":
        below = _PROPERTY.fullmatch(text.ahead().strip())
        if below and below[1] in ("Type", "QueryType"):
            return _list(text)
    if found := _FAILED.match(line):
        return _failed(text, found[1], found[2])
    return 1 if line.startswith(_NOISE) else 0


def _table(text: Text, head: str) -> int:
    columns = head.split()[4:]
    lines = 1
    while (line := text.ahead(lines).strip()) and lines < 1000:
        found = _ROW.fullmatch(line)
        if found:
            values = [found[5]] if len(columns) == 1 else found[5].split()
            _record(text, found[1], found[2], found[4], dict(zip(columns, values, strict=False)))
        elif set(line) - set("- "):
            break
        lines += 1
    return lines


def _list(text: Text) -> int:
    """Name : …, Type : … and so on, up to an empty line; a long value goes on in the lines below."""
    values: dict[str, str] = {}
    last, lines = "", 0
    while lines < 1000 and (line := text.ahead(lines)).strip():
        found = _PROPERTY.fullmatch(line.strip())
        if found and not (line[:1].isspace() and last):
            if found[1] == "Name" and "Name" in values:
                break
            last = found[1]
            values[last] = found[2] or ""
        elif last and line[:1].isspace():
            space = "" if values[last].endswith(",") is False and len(line.strip()) > LONG else " "
            values[last] += (space if values[last] else "") + line.strip()
        else:
            break
        lines += 1
    kind = values.get("Type", "") or values.get("QueryType", "")
    _record(text, values.get("Name", ""), kind, values.get("Section", "Answer"), values)
    return max(lines, 1)


def _record(text: Text, name: str, kind: str, section: str, values: dict[str, str]) -> None:
    kind = typed(kind)
    if section.lower() != "answer":
        asked = text.command
        if kind == "SOA" and asked and asked.tool == "powershell" and asked.name and asked.rdtype:
            text.nothing(asked.name, asked.rdtype, "no data")
        return
    if kind == "MX":
        data = f"{values.get('Preference', '')} {_whole(values.get('NameExchange', ''))}"
        text.add(name, kind, data)
    elif kind == "TXT":
        _strings(text, name, next((values[key] for key in _DATA["TXT"] if values.get(key)), ""))
    elif kind in _DATA:
        data = next((values[key] for key in _DATA[kind] if values.get(key)), "")
        text.add(name, kind, _whole(data) if kind in ("CNAME", "PTR") else data)


def _strings(text: Text, name: str, value: str) -> None:
    """{one, two}: the strings of a record. A comma inside one is not marked, so it is told by length."""
    inside = value.removeprefix("{")
    if inside.endswith(("...", "…", "...}", "…}")) or (value.startswith("{") and not value.endswith("}")):
        text.remark(CUT_OFF)
        return
    pieces = inside.removesuffix("}").split(", ")
    joined = pieces[0]
    length = len(pieces[0])
    for piece in pieces[1:]:
        split = length >= LONG or joined.startswith(("v=spf1", "v=DKIM1"))
        joined += piece if split else f", {piece}"
        length = len(piece) if split else length + len(piece) + 2
    octets = encode(joined)[:65000]
    strings = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
    text.keep(name, "TXT", TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings))


def _failed(text: Text, name: str, why: str) -> int:
    asked = text.command
    kind = asked.rdtype if asked and asked.tool == "powershell" else ""
    low = why.lower()
    if "name does not exist" in low:
        text.nothing(name, "", "no such name")
    elif "no records found" in low and kind:
        text.nothing(name, kind, "no data")
    elif "server failure" in low and kind:
        text.nothing(name, kind, "no answer", "SERVFAIL")
    else:
        text.remark("Resolve-DnsName got no answer that tells: ask again, or another server")
    return 1


def _whole(name: str) -> str:
    return name if name.endswith(".") else f"{name}."
