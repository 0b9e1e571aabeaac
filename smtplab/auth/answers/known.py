"""Answers at hand: what a pasted text says of the DNS (RFC 2308 §2, RFC 1034 §4.3.2).

What is not in it is unknown, which is another thing than a name that does not exist. Nothing is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import dns.exception
import dns.rdata
import dns.resolver

from smtplab.mail.domain import to_ascii
from smtplab.mail.route import Answer, Question, Status

from ..spf.check import text_of

MOST_ALIASES = 8  # CNAMEs that are followed, as resolvers do
LONGEST = 1000  # characters of a name that are looked at; four times what the DNS allows

Key = tuple[str, str]  # a name in lower case without its last dot, and a record type
Records = tuple[dns.rdata.Rdata, ...]


class NotAtHand(dns.exception.DNSException):
    """What was pasted does not answer this question."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A stretch of the text that was not taken, and why. `span` counts characters of the text."""

    span: tuple[int, int]
    message: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What is known: `records` by name and type, `aliases` by name, and where there are none.

    `empty` has "no data" and "no answer" (with the server's word) for a name and type; under the type "" it
    has "no such name", which is about all types. `remarks` are in the order of the text.
    """

    records: Mapping[Key, Records] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    empty: Mapping[Key, tuple[Status, str]] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    def find(self, question: Question) -> Answer | None:
        """The answer to `question`, None where the text has none. The strings of a TXT record are joined."""
        name, rdtype = norm(question.name), question.rdtype.upper()
        alias = ""
        for _ in range(MOST_ALIASES):
            if records := self.records.get((name, rdtype)):
                return Answer("found", tuple(map(text_of, records)), alias)
            if found := self._empty(name, rdtype):
                return Answer(found[0], (), alias, found[1])
            if name not in self.aliases:
                return None
            name = alias = self.aliases[name]
        return Answer("no answer", (), alias, "the aliases lead on and on")

    def _empty(self, name: str, rdtype: str) -> tuple[Status, str] | None:
        found = self.empty.get((name, rdtype)) or self.empty.get((name, ""))
        parent = name
        while not found and "." in parent and name not in self.aliases:  # RFC 8020 §2: nothing underneath
            parent = parent.partition(".")[2]
            found = self.empty.get((parent, ""))
        return found

    def resolve(self, name: str, rdtype: str) -> Sequence[dns.rdata.Rdata]:
        """The records as `spf.check_host`, `dkim.verify` and `dmarc.verify` take them.

        Raises dnspython's NXDOMAIN, NoAnswer and NoNameservers, and NotAtHand for what is unknown.
        """
        question = Question(name.replace("\\\\", "\\"), rdtype)
        answer = self.find(question)
        if answer is None:
            raise NotAtHand
        if answer.status == "found":
            return self.records[(answer.alias or norm(question.name), rdtype.upper())]
        if answer.status == "no such name":
            raise dns.resolver.NXDOMAIN
        raise dns.resolver.NoAnswer if answer.status == "no data" else dns.resolver.NoNameservers

    @property
    def names(self) -> tuple[str, ...]:
        """The names that something is known about, in the order in which they came."""
        keys = (*(name for name, _ in self.records), *self.aliases, *(name for name, _ in self.empty))
        return tuple(dict.fromkeys(keys))

    def __bool__(self) -> bool:
        return bool(self.records or self.aliases or self.empty)

    def __add__(self, newer: Answers) -> Answers:
        """Both; where they say different things about one name and type, what `newer` says counts."""
        asked = {*newer.records, *newer.empty}
        gone = {name for name, rdtype in newer.empty if not rdtype}
        there = {*(name for name, _ in newer.records), *newer.aliases}
        records = {k: v for k, v in self.records.items() if k not in asked and k[0] not in gone}
        aliases = {k: v for k, v in self.aliases.items() if k not in gone}
        empty = {k: v for k, v in self.empty.items() if k not in asked and (k[1] or k[0] not in there)}
        return Answers(
            {**records, **newer.records},
            {**aliases, **newer.aliases},
            {**empty, **newer.empty},
            (*self.remarks, *newer.remarks),
        )


def norm(name: str) -> str:
    """A name as it is compared: in lower case, A-labels, without quotes and the last dot."""
    bare = name.strip().strip("\"'").removesuffix(".")
    return bare[:LONGEST].lower() if bare.isascii() or len(bare) > LONGEST else to_ascii(bare)
