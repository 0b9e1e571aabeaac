"""What the DMARC tests share: a DNS that is a table, and verdicts of SPF and DKIM as words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from smtplab.auth.dkim import DkimVerdict
from smtplab.auth.dmarc import DmarcVerdict, evaluate
from smtplab.auth.spf import SpfVerdict
from smtplab.mail.route import Answer, Question


@dataclass
class Table:
    """TXT records by name; `exists` are names with other records, `silent` those that get no answer.

    A name above an existing one exists too (RFC 8020 §2). `asked` are the questions, in order.
    """

    records: Mapping[str, str | Sequence[str]]
    exists: Iterable[str] = ()
    silent: Iterable[str] = ()
    asked: list[str] = field(default_factory=list)

    def answer(self, question: Question) -> Answer:
        name = question.name
        self.asked.append(name if question.rdtype == "TXT" else f"{name} {question.rdtype}")
        if name in self.silent:
            return Answer("no answer", note="Timeout")
        found = self.records.get(name, ())
        if found and question.rdtype == "TXT":
            return Answer("found", (found,) if isinstance(found, str) else tuple(found))
        there = any(one == name or one.endswith(f".{name}") for one in (*self.records, *self.exists))
        return Answer("no data") if there else Answer("no such name")

    def check(self, authors: str | Sequence[str], spf: str = "", dkim: Iterable[str] = ()) -> DmarcVerdict:
        """One evaluation. SPF is like "pass acorn.example", and so is each signature."""
        asking = evaluate(authors, spf=spf_of(spf), dkim=[dkim_of(one) for one in dkim])
        try:
            question = next(asking)
            while True:
                question = asking.send(self.answer(question))
        except StopIteration as end:
            verdict = end.value
            assert isinstance(verdict, DmarcVerdict)
            return verdict


def spf_of(words: str) -> SpfVerdict | None:
    if not words:
        return None
    result, _, domain = words.partition(" ")
    return SpfVerdict(result, "SPF", "", domain=domain)


def dkim_of(words: str) -> DkimVerdict:
    """ "pass acorn.example"; "testing" after it is a key with t=y."""
    result, domain, *more = words.split(" ")
    return DkimVerdict(result, "DKIM", "", domain=domain, testing="testing" in more)
