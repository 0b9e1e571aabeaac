"""The records that say what an SPF record may cost (RFC 7208 §4.6.4): one Cost a term, in a tree.

`weighing` makes them. A meter, a picture or the linter reads them; there is nothing else here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from smtplab.mail.route import Answer, Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step, Verdict

from .asking import LIMITS, MAX_LOOKUPS, MAX_VOIDS

# What is odd about a term, in one word: the name does not exist; it has no SPF record; it has several; its
# record has a syntax error; the DNS gave no answer; it leads back to itself; only a message decides where it
# leads; its questions lead to nothing; its name cannot be one; it has too many MX hosts; it was not followed.
Cause = Literal[
    "",
    "no-name",
    "no-record",
    "many-records",
    "syntax",
    "no-answer",
    "loop",
    "depends",
    "void",
    "never",
    "too-many-hosts",
    "not-followed",
]
Result = Literal["", "permerror", "temperror"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one term costs a check that comes to it, and to everything behind it.

    `text` is the term as written (the domain, at the top), `span` its place in the record where it stands
    ((0, 0) at the top), and `domain` the name that it leads to, "" where that depends on the message.
    `number` counts the terms that ask, from 1, in the order in which a check comes to them (0 at the top).
    `own` is 1 (0 at the top), `total` is with all that is inside, so at its end `running` terms have asked.
    `voids4` and `voids6` are the void lookups, also inside, of clients with IPv4 and with IPv6.
    `record` is the record that it leads to: of the top, of include and of redirect. `cause` is "" where
    all is well, and `problem` says the same as a sentence, with `result` "permerror" or "temperror" where
    every check that comes this far ends in that, and with the section `ref`.
    """

    text: str
    span: tuple[int, int]
    domain: str
    number: int
    own: int
    total: int
    voids4: int = 0
    voids6: int = 0
    record: str = ""
    cause: Cause = ""
    problem: str = ""
    result: Result = ""
    ref: str = ""
    terms: tuple[Cost, ...] = ()

    @property
    def running(self) -> int:
        """Terms that have asked once this one and all inside it are done."""
        return self.number - self.own + self.total

    @property
    def is_over(self) -> bool:
        """Whether this term itself is past the ten."""
        return self.number > MAX_LOOKUPS

    def walk(self) -> Iterator[Cost]:
        """This one and all inside it, in the order in which a check comes to them."""
        yield self
        for term in self.terms:
            yield from term.walk()

    def step(self) -> Step:
        """It as a step, with those inside."""
        first, last = self.number or 1, self.running
        why = f"lookups {first} to {last}" if last > first else f"lookup {first}" if last else "no lookups"
        result, ref = self.result or ("neutral" if self.cause else ""), self.ref
        if self.number == MAX_LOOKUPS + 1:
            why, result, ref = f"{why}: over the limit of {MAX_LOOKUPS}", "permerror", LIMITS
        if self.problem:
            why += f"; {self.problem}"
        return Step(self.text, why, result, ref, tuple(term.step() for term in self.terms))


@dataclass(frozen=True, slots=True)
class CostTree:
    """What a check of one domain may cost: for a client that nothing matches before the end.

    `root` is the domain, with its `terms`. `queries` is what was asked and answered, in order. Where
    `is_complete` is False there is more than was looked at.
    """

    root: Cost
    queries: tuple[tuple[Question, Answer], ...] = ()
    is_complete: bool = True

    @property
    def total(self) -> int:
        """Terms that ask the DNS; more than ten are an error."""
        return self.root.total

    @property
    def voids(self) -> int:
        """Void lookups of the clients that have more of them, with IPv4 or with IPv6; two are allowed."""
        return max(self.root.voids4, self.root.voids6)

    @property
    def over(self) -> Cost | None:
        """The eleventh term that asks, wherever it stands: checks that come to it end as permerror."""
        return next((cost for cost in self.root.walk() if cost.is_over), None)

    def terms(self) -> list[Cost]:
        """Every term that asks, in the order in which a check comes to them."""
        return list(self.root.walk())[1:]

    def verdict(self) -> Verdict:
        """The tree as a verdict: "permerror" or "temperror" where a check can end so, "none" where there is
        no record, otherwise "pass"."""
        found = {cost.result for cost in self.root.walk()}
        if self.total > MAX_LOOKUPS or self.voids > MAX_VOIDS:
            found.add("permerror")
        result = next((one for one in ("permerror", "temperror") if one in found), "pass")
        if self.root.cause in ("no-name", "no-record"):
            result = "none"
        meters = {"lookups": (self.total, MAX_LOOKUPS), "void lookups": (self.voids, MAX_VOIDS)}
        question = f"what may a check of {visible(self.root.text)} cost?"
        return Verdict(result, "SPF", question, (self.root.step(),), meters)

    def __str__(self) -> str:
        return self.verdict().text()
