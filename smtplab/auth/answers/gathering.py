"""What the readers of the single forms share: the text line by line, the command that was run, and the store.

The answer that comes later counts, as the one who pasted it asked again. Everything is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from smtplab.mail.route import Status
from smtplab.mail.text import encode

from .known import Answers, Key, Remark, norm

MOST_REMARKS = 50
MOST_RECORDS = 5000
LONGEST_LINE = 70_000  # characters: no record is longer (RFC 1035 §4.2.2), quotes and escapes aside
MOST_VALUE = 100_000

# The types that a mail check asks for, or that stand beside them in a zone.
TYPES = frozenset(
    [
        "A",
        "AAAA",
        "CAA",
        "CNAME",
        "DNSKEY",
        "DS",
        "MX",
        "NS",
        "PTR",
        "SOA",
        "SPF",
        "SRV",
        "SSHFP",
        "SVCB",
        "HTTPS",
        "TLSA",
        "TXT",
        "RRSIG",
    ]
)
IGNORED = frozenset(["RRSIG", "DNSKEY", "DS", "NSEC", "NSEC3", "OPT", "SOA", "NS"])


@dataclass(frozen=True, slots=True)
class Command:
    """A command line that stands before its output: the tool, its one question, and whether it is +short."""

    tool: str
    name: str = ""
    rdtype: str = ""
    short: bool = False


@dataclass
class Text:
    """The text on its way through the readers. `at` is the line that is looked at."""

    lines: list[str]
    starts: list[int]
    at: int = 0
    block: int = 0  # an answer as a whole: the next one takes the place of what was known before
    command: Command | None = None
    begun: int = 0  # the line where that stood
    origin: str = ""
    owner: str = ""  # the name of the record before, for a zone file's lines without one
    prompt_type: str = ""  # "set type=" at nslookup's own prompt
    records: dict[Key, list[dns.rdata.Rdata]] = field(default_factory=dict)
    blocks: dict[Key, int] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    empty: dict[Key, tuple[Status, str]] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    count: int = 0
    added: int = -1  # the answer that the last record was added to

    @property
    def line(self) -> str:
        return self.lines[self.at]

    def ahead(self, number: int = 1) -> str:
        """A line further on, "" past the end."""
        place = self.at + number
        return self.lines[place] if place < len(self.lines) else ""

    def begin(self, command: Command | None = None) -> None:
        """Another answer begins."""
        self.block += 1
        self.command, self.begun = command, self.at
        self.owner = ""

    def remark(self, message: str, lines: int = 1, at: int | None = None) -> None:
        """These lines were not taken; `at` is the first, else the one that is looked at."""
        first = self.at if at is None else at
        if len(self.remarks) > MOST_REMARKS:
            return
        last = min(first + lines, len(self.lines)) - 1
        span = self.starts[first], self.starts[last] + len(self.lines[last])
        if len(self.remarks) == MOST_REMARKS:
            message = "from here on what was not understood is not listed any more"
        before = self.remarks[-1] if self.remarks else None
        if before and before.message == message and 0 <= span[0] - before.span[1] <= 2:
            self.remarks[-1] = Remark((before.span[0], span[1]), message)
        else:
            self.remarks.append(Remark(span, message))

    def add(self, name: str, rdtype: str, value: str, lines: int = 1) -> bool:
        """Keep a record, written as in a zone file; what is malformed becomes a remark."""
        if not self.has_room():
            return False
        record = self._rdata(rdtype.upper(), value)
        if record is None:
            self.remark(f"this is no {rdtype.upper()[:10]} record", lines)
            return False
        return self.keep(name, rdtype, record)

    def keep(self, name: str, rdtype: str, record: dns.rdata.Rdata) -> bool:
        """Keep a record, with those of its own answer and instead of those of an answer before."""
        if not self.has_room():
            return False
        self.count, self.added = self.count + 1, self.block
        name, rdtype = norm(name), rdtype.upper()
        if rdtype == "CNAME":
            target = norm(record.to_text())
            self.aliases[name] = target
        key = (name, rdtype)
        if self.blocks.get(key) != self.block:
            self.records[key], self.blocks[key] = [], self.block
        if record not in self.records[key][-20:]:
            self.records[key].append(record)
        self.empty.pop(key, None)
        self.empty.pop((name, ""), None)
        return True

    def nothing(self, name: str, rdtype: str, status: Status, note: str = "") -> None:
        """There is none: of this type, or with "no such name" of any. A failed server changes no record."""
        name = norm(name)
        if status == "no such name":
            rdtype = ""
            for key in [key for key in ((name, kind) for kind in TYPES) if key in self.records]:
                del self.records[key]
            self.aliases.pop(name, None)
        elif (name, rdtype) in self.records:
            if status == "no answer":
                return
            del self.records[(name, rdtype)]
        self.empty[(name, rdtype)] = (status, note)

    def has_room(self) -> bool:
        """Whether one more record is kept; a remark where not."""
        if self.count >= MOST_RECORDS:
            self.remark(f"more than {MOST_RECORDS} records: the rest is left out")
            return False
        return True

    def _rdata(self, rdtype: str, value: str) -> dns.rdata.Rdata | None:
        origin = dns.name.root
        try:
            if self.origin:
                origin = dns.name.from_text(self.origin)
            kind = dns.rdatatype.from_text("TXT" if rdtype == "SPF" else rdtype)
            if len(value) > MOST_VALUE:
                return None
            # dnspython writes what is not ASCII as UTF-8 in TXT; surrogates are octets that were not UTF-8.
            text = encode(value).decode("utf-8", "replace")
            return dns.rdata.from_text(dns.rdataclass.IN, kind, text, origin, relativize=False)
        except (dns.exception.DNSException, ValueError, OverflowError):
            return None

    def done(self) -> Answers:
        """All that was found."""
        records = {key: tuple(found) for key, found in self.records.items()}
        return Answers(records, self.aliases, self.empty, tuple(self.remarks))


_REVERSED = re.compile(r"[0-9a-fA-F:.]{2,50}")


def reverse(name: str) -> str:
    """The name under which an address has its PTR record; "" for what is no address."""
    if not _REVERSED.fullmatch(name):
        return ""
    try:
        return ip_address(name).reverse_pointer
    except ValueError:
        return ""


def typed(text: str, usual: str = "") -> str:
    """A record type that is known here, in capitals, else `usual`."""
    return text.upper() if text.upper() in TYPES else usual
