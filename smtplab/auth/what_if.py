"""What if a record were another one? The same question asked twice, and what differs in the explanations.

`overlay` puts records in front of a resolver, so that nothing need be published to try it; `compare` sets two
verdicts side by side. Both work for every check that takes `resolve` and gives a Verdict. Nothing is asked
here: the caller asks twice.

    before = check_host(ip, domain, sender, resolve=lab.resolve)
    tried = overlay(lab.resolve, {("acorn.example", "TXT"): ["v=spf1 -all"]})
    compare(before, check_host(ip, domain, sender, resolve=tried)).text()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from smtplab.mail.text import encode, visible
from smtplab.mail.verdict import Step, Verdict, walk

Resolve = Callable[[str, str], Sequence[dns.rdata.Rdata]]
Records = Mapping[tuple[str, str], Sequence[str]]
Mark = Literal["same", "gone", "new"]

MOST = 500  # steps of a verdict that are compared; more are left out, as equal ones cost their square
SIGNS: dict[Mark, str] = {"same": " ", "gone": "-", "new": "+"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two verdicts, and their steps in one list: each with its mark and its depth."""

    before: Verdict
    after: Verdict
    steps: tuple[tuple[Mark, int, Step], ...]

    @property
    def changed(self) -> bool:
        """Whether the result or any step differs."""
        return self.before.result != self.after.result or any(mark != "same" for mark, _, _ in self.steps)

    def text(self) -> str:
        """The results, and the steps as in a diff: "-" for those that went, "+" for those that came."""
        lines = [f"{self.before.result} -> {self.after.result}"]
        for mark, depth, step in self.steps:
            result = f" [{step.result}]" if step.result else ""
            lines.append(f"{SIGNS[mark]} {'  ' * depth}{visible(step.what)}: {visible(step.why)}{result}")
        return "\n".join(lines)


def compare(before: Verdict, after: Verdict) -> Comparison:
    """Set the steps of two verdicts side by side, in reading order."""
    old, new = (list(walk(verdict.steps))[:MOST] for verdict in (before, after))
    keys = [[(depth, s.what, s.why, s.result) for depth, s in steps] for steps in (old, new)]
    steps: list[tuple[Mark, int, Step]] = []
    for kind, a, b, c, d in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if kind == "equal":
            steps += [("same", depth, step) for depth, step in old[a:b]]
            continue
        steps += [("gone", depth, step) for depth, step in old[a:b]]
        steps += [("new", depth, step) for depth, step in new[c:d]]
    return Comparison(before, after, tuple(steps))


def overlay(resolve: Resolve, records: Records) -> Resolve:
    """`resolve` with other records for some names: {("acorn.example", "TXT"): ["v=spf1 -all"]}.

    An empty list takes the records away (NoAnswer). A TXT value is the text itself, any other is written as
    in a zone file. Raises dnspython's DNSException for a value that is none, at once and not when asked.
    """
    instead = {
        (name.lower().removesuffix("."), rdtype.upper()): [_rdata(rdtype, value) for value in values]
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
