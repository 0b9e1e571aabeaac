"""What `host` prints: one sentence a record."""

from __future__ import annotations

import re

from .gathering import Text

_NAME = r"(\S{1,300})"
# The sentence, and the type of the record whose data follows it.
_SENTENCES = tuple(
    (re.compile(rf"{_NAME} {words} (\S.*)"), rdtype)
    for words, rdtype in (
        ("descriptive text", "TXT"),
        ("has address", "A"),
        ("has IPv6 address", "AAAA"),
        ("mail is handled by", "MX"),
        ("domain name pointer", "PTR"),
        ("is an alias for", "CNAME"),
    )
)
_KNOWN = re.compile(r"descriptive text|has (?:IPv6 )?address|mail is handled|name pointer|is an alias for")
_NO_DATA = re.compile(rf"{_NAME} has no ([A-Z0-9]{{1,10}}) record")
_NOT_FOUND = re.compile(rf"Host {_NAME} not found: \d+\((\w+)\)")
_OTHER = re.compile(rf"{_NAME} (?:name server|has SOA record|has \w+ record|mail is handled by) ?.*")


def take(text: Text) -> int:
    """The lines that were host's, 0 for others."""
    line = text.line.strip()
    if line == "Using domain server:":  # with its name, address and aliases: who was asked
        return next((n for n in range(1, 5) if not text.ahead(n).strip()), 1)
    if _KNOWN.search(line, 0, 400):
        for sentence, rdtype in _SENTENCES:
            if found := sentence.fullmatch(line):
                text.add(_whole(found[1]), rdtype, found[2])
                return 1
    if found := _NO_DATA.fullmatch(line):
        text.nothing(found[1], found[2], "no data")
    elif found := _NOT_FOUND.fullmatch(line):
        _not_found(text, found[1], found[2])
    elif not _OTHER.fullmatch(line):
        return 0
    return 1


def _whole(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


def _not_found(text: Text, name: str, code: str) -> None:
    asked = text.command.rdtype if text.command else ""
    if code == "NXDOMAIN":
        text.nothing(name, "", "no such name")
    elif code == "SERVFAIL" and asked:
        text.nothing(name, asked, "no answer", "SERVFAIL")
    elif code == "SERVFAIL":
        text.remark("the server failed, and no command line says which type was asked for")
    else:
        text.remark(f"the server said {code[:20]}, which is no answer: ask another")
