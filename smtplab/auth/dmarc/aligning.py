"""Identifier alignment (RFC 9989 §4.4): is what SPF or DKIM passed for of the same organization as From?

Only a pass can count. Strict wants the very same domain; relaxed wants the same organizational domain, which
takes a tree walk for each domain that is not the one in From. What the result of a check is worth is decided
by `evaluation`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Literal

from smtplab.mail.domain import to_ascii
from smtplab.mail.route import Answer, Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step

from .record import Record
from .walk import NoAnswer, Walk, Walker

if TYPE_CHECKING:
    from ..dkim import DkimVerdict
    from ..spf import SpfVerdict

ALIGNMENT = "RFC 9989 §4.4"
MOST_SIGNERS = 10  # domains of signatures that may count and are looked at: each may cost a walk
MOST_OTHERS = 20  # of those that cannot: each is a step

# What one identifier is worth: it counts; it may count, once the DNS answers; it does not.
Worth = Literal["pass", "temperror", "fail"]
Compared = Generator[Question, Answer, Worth]


class Aligning:
    """Compares what passed with From. `steps` explains each; `spf` and `signers` are those that counted."""

    def __init__(self, walk: Walk, record: Record, walker: Walker) -> None:
        self.author, self.record, self.walker, self._walk = walk.start, record, walker, walk
        self.steps: list[Step] = []
        self.spf = self.waiting = False
        self.signers: list[str] = []

    def compare(
        self, spf: SpfVerdict | None, dkim: Sequence[DkimVerdict]
    ) -> Generator[Question, Answer, None]:
        """Look at both; `waiting` then tells whether something that may count had no answer."""
        if spf is None:
            self.steps.append(Step("SPF", "it was not checked", "none", ALIGNMENT))
        else:
            worth = yield from self._of("SPF", to_ascii(spf.domain), spf.result, self.record.aspf, "aspf")
            self.spf = worth == "pass"
        # A pass and a failure are counted apart: else whoever puts failures on top would push a pass out.
        seen: tuple[set[tuple[str, str]], set[tuple[str, str]]] = (set(), set())
        for one in dkim:
            # a key in test (t=y, RFC 6376 §3.6.1) makes the signature count as none
            key = (to_ascii(one.domain), "none" if one.result == "pass" and one.testing else one.result)
            may_count = key[1] in ("pass", "temperror")
            known = seen[may_count]
            if key in known or len(known) >= (MOST_SIGNERS if may_count else MOST_OTHERS):
                continue
            known.add(key)
            worth = yield from self._of("DKIM", *key, self.record.adkim, "adkim")
            if worth == "pass":
                self.signers.append(key[0])
        if not dkim:
            self.steps.append(Step("DKIM", "the message has no signature", "none", ALIGNMENT))

    def _of(self, method: str, domain: str, result: str, mode: str, tag: str) -> Compared:
        what = f"{method} {result} for {visible(domain)[:150] or 'nobody'}"
        if result not in ("pass", "temperror") or not domain:
            self.steps.append(Step(what, "what did not pass cannot count", "", ALIGNMENT))
            return "fail"
        steps: tuple[Step, ...] = ()
        aligned: bool | None
        if domain == self.author:
            aligned, why = True, "the same domain as in From"
        elif mode == "s":
            aligned, why = False, f"another domain than {self.author}, and {tag}=s wants the same"
        elif domain.rpartition(".")[2] != self.author.rpartition(".")[2]:
            aligned, why = False, f"nothing in common with {self.author}"  # so no need to walk
        else:
            aligned, why, steps = yield from self._relaxed(domain)
        worth: Worth = "fail" if aligned is False else "pass" if aligned and result == "pass" else "temperror"
        self.waiting = self.waiting or worth == "temperror"
        end = {True: "it aligns", False: "it does not align", None: "nobody can tell whether it aligns"}
        self.steps.append(Step(what, f"{why}: {end[aligned]}", worth, ALIGNMENT, steps))
        return worth

    def _relaxed(self, domain: str) -> Generator[Question, Answer, tuple[bool | None, str, tuple[Step, ...]]]:
        """Whether both have one organizational domain; None where the DNS does not answer for one."""
        try:
            walk = yield from self.walker.walk(domain)
            theirs, ours = walk.organization, self._walk.organization
        except NoAnswer as error:
            why = f"no answer for {visible(error.question.name)[:200]}"
            ours = "" if self._walk.broken else self._walk.organization
            if ours and domain != ours and not domain.endswith(f".{ours}"):
                # an organizational domain is the domain itself or one above it, so silence cannot hide this
                return False, f"{why}, but that of From is {ours}, and it is not below that", error.steps
            return None, why, error.steps
        if theirs == ours:
            return True, f"its organizational domain is also {ours}", walk.steps
        return False, f"its organizational domain is {theirs}, and that of From is {ours}", walk.steps
