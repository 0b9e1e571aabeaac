"""A record that is not published yet, and all that follows from it: its cost, its mistakes, its verdict.

The SPF builder draws this. The DNS is asked by `resolve` alone, each question once in a step, as meter, draft
and published record ask much the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import dns.exception
import dns.rdata

from ..auth.advice import Advice
from ..auth.spf import CostTree, check_host, cost_tree, lint, select
from ..auth.spf.check import text_of
from ..auth.what_if import Resolve
from ..mail.errors import LabError
from ..mail.text import visible
from ..mail.verdict import Comparison
from .spf_parts import Service
from .theme import shown

PATIENCE = 5.0  # seconds for the meter's questions: a picture may be late, but not for ever
NO_ADDRESS = "Write the client's IP address, such as 192.0.2.10 or 2001:db8:a::10."


class Draft:
    """The record `record` of `domain`, and a question about it: `ip`, `sender` (the reverse-path), `helo`.

    `look` works the rest out, as the DNS is then: the SPF records that are `published`, the `tree` of costs,
    the linter's `advice`, and the `comparison` of the answer by what is published with that by the draft,
    None where `problem` says why the question cannot be asked.
    """

    def __init__(self, domain: str, resolve: Resolve, ip: str, sender: str, helo: str) -> None:
        self.domain, self._resolve = domain, resolve
        self.ip, self.sender, self.helo = ip, sender, helo
        self.record = ""
        self._answers: dict[tuple[str, str], Any] = {}
        self.reset()
        self.look()

    published: list[str]
    tree: CostTree
    advice: tuple[Advice, ...]
    problem: str
    comparison: Comparison | None

    def reset(self) -> None:
        """Go back to what is published."""
        self._answers.clear()
        self.published = self._published()
        self.record = self.published[0] if self.published else ""

    def look(self) -> None:
        """Ask the DNS anew, and work out what follows."""
        self._answers.clear()
        self.published = self._published()
        self.tree = cost_tree(self.domain, resolve=self._once, record=self.record, patience=PATIENCE)
        self.advice = lint(self.record, tree=self.tree) if self.record else ()
        self.problem, self.comparison = "", None
        try:
            ip_address(self.ip)
        except ValueError:
            self.problem = NO_ADDRESS
        else:
            self.comparison = self._compared()

    @property
    def is_published(self) -> bool:
        """Whether this is what receivers see: this record and no other."""
        return self.published == [self.record] * bool(self.record)

    def weighed(self, service: Service) -> Service:
        """What including it costs now, and what is odd about it."""
        record = f"v=spf1 include:{service.include}"
        tree = cost_tree(self.domain, resolve=self._once, record=record, patience=PATIENCE)
        (cost,) = tree.root.terms
        return replace(service, lookups=cost.total, note=cost.problem or service.note)

    def text(self) -> str:
        """All of it, for a terminal."""
        lines = [f"{visible(self.domain)}: {shown(self.record, 400) or 'no record'}", str(self.tree)]
        lines += [f"{one.result}: {visible(one.message)} ({one.ref})" for one in self.advice]
        if self.comparison is None:
            return "\n".join((*lines, self.problem))
        lines.append(self.comparison.after.text())
        if not self.is_published:
            lines += ["Against what is published:", self.comparison.text()]
        return "\n".join(lines)

    def _compared(self) -> Comparison:
        """The question by the published record, and by the draft."""
        kept = [text for text in self._texts() if not select([text])]
        records = {(self.domain, "TXT"): [*[self.record] * bool(self.record), *kept]}
        sender = self.sender.removeprefix("<").removesuffix(">")
        before = check_host(self.ip, "", sender, helo=self.helo, resolve=self._once)
        return before.what_if(records=records)

    def _once(self, name: str, rdtype: str) -> Sequence[dns.rdata.Rdata]:
        key = (name.lower(), rdtype)
        if key not in self._answers:
            try:
                self._answers[key] = self._resolve(name, rdtype)
            except (dns.exception.DNSException, LabError, ValueError) as error:
                self._answers[key] = error
        found = self._answers[key]
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    def _texts(self) -> list[str]:
        try:
            return [text_of(record) for record in self._once(self.domain, "TXT")]
        except (dns.exception.DNSException, ValueError):
            return []

    def _published(self) -> list[str]:
        return select(self._texts())
