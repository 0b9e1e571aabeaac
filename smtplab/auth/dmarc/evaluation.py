"""The DMARC check (RFC 9989 §5.3): whose domain is in From, which record counts, and does a pass align?

`evaluate` yields Questions to the DNS and is sent Answers. SPF and DKIM come in as their verdicts: nothing of
them is checked here. What becomes of the message is the receiver's decision (`deciding`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING

from smtplab.mail.route import Answer, Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step

from .aligning import Aligning
from .author import author_of, old_way
from .record import POLICIES, Record
from .result import DmarcVerdict
from .walk import MAX_QUERIES, ORGANIZATION, NoAnswer, Walk, Walker

if TYPE_CHECKING:
    from ..dkim import DkimVerdict
    from ..spf import SpfVerdict

DISCOVERY = "RFC 9989 §4.10.1"
EXISTENCE = "RFC 9989 §3.2.13"
PASSES = "RFC 9989 §5.3.5"
RECORD = "RFC 9989 §4.7"

Authors = str | Iterable[str]
Evaluation = Generator[Question, Answer, DmarcVerdict]


def evaluate(rfc5322_from: Authors, *, spf: SpfVerdict | None, dkim: Sequence[DkimVerdict]) -> Evaluation:
    """Check one message. `rfc5322_from` is the domain in From, or all of them; none means that From is
    missing or has none. `spf` None means that SPF was not checked."""
    domains = [rfc5322_from] if isinstance(rfc5322_from, str) else list(rfc5322_from)
    author, step = author_of(domains)
    if not author:
        shown = ", ".join(visible(one)[:100] for one in domains[:5]) or "nobody"
        question = f"is it true that {shown} is in From?"
        return DmarcVerdict("none", "DMARC", question, (step,))
    check = _Check(author, spf, dkim)
    check.steps.append(step)
    try:
        yield from check.run()
    except NoAnswer as error:
        why = f"the DNS did not answer for {visible(error.question.name)[:200]}, and it hangs on that"
        check.steps.append(Step("the record", why, "temperror", DISCOVERY, error.steps))
        check.result, check.asked = "temperror", len(error.steps)
    return check.verdict()


class _Check:
    """One check on its way."""

    def __init__(self, author: str, spf: SpfVerdict | None, dkim: Sequence[DkimVerdict]) -> None:
        self.author, self.spf, self.dkim = author, spf, dkim
        self.walker = Walker()
        self.steps: list[Step] = []
        self.result = "none"
        self.record: Record | None = None
        self.policy_domain = self.organization = self.policy = self.tag = ""
        self.asked = 0
        self.unsure = False  # whether np= counts
        self.aligning: Aligning | None = None

    def run(self) -> Generator[Question, Answer, None]:
        walk = yield from self.walker.walk(self.author)
        self.asked = len(walk.steps)
        self.organization = "" if walk.broken else walk.organization
        if not (yield from self._discover(walk)):
            return
        assert self.record is not None
        self.aligning = Aligning(walk, self.record, self.walker)
        yield from self.aligning.compare(self.spf, self.dkim)
        self.steps += self.aligning.steps
        passed = self.aligning.spf or bool(self.aligning.signers)
        later = self.aligning.waiting or self.unsure
        self.result = "pass" if passed else "temperror" if later else "fail"
        why = {
            "pass": "one pass that aligns is enough",
            "fail": "nothing that passed is for a domain that aligns with From",
            "temperror": "the DNS did not answer, and an answer could have made it another result",
        }[self.result]
        self.steps.append(Step("the result", why, self.result, PASSES))

    # Which record counts, and what it asks for -----------------------------------------------------------

    def _discover(self, walk: Walk) -> Generator[Question, Answer, bool]:
        above = () if walk.broken else (walk.organization, walk.public_suffix)
        where = next((domain for domain in (self.author, *above) if walk.record(domain)), "")
        record = walk.record(where)
        if record is None:
            why = f"none at {self.author}, nor above it: DMARC says nothing about this message"
            self.steps.append(Step("the record", why, "none", DISCOVERY, walk.steps))
            return False
        self.record, self.policy_domain = record, where
        why = f"that of {where} counts" + (", its own" if where == self.author else ", the nearest that may")
        inner = (*walk.steps, *_organized(walk))
        self.steps.append(Step("the record", why, "known", DISCOVERY, inner))
        self.steps += [
            Step(visible(f"{tag.name}={tag.value}" if tag.name else tag.value)[:200], why, "policy", RECORD)
            for tag, why in record.faults[:10]
        ]
        if not record.usable:
            why = "it has no policy that can be read and no address for reports, so it cannot be applied"
            self.steps.append(Step("p", why, "permerror", DISCOVERY))
            self.result = "permerror"
            return False
        yield from self._choose(record)
        return True

    def _choose(self, record: Record) -> Generator[Question, Answer, None]:
        """The policy for this message: p, or sp and np for a domain below the record's."""
        if not record.sound:
            self.policy, self.tag = "none", "p"
            why = "no policy that can be read, but an address for reports: it counts as p=none"
            self.steps.append(Step("p", why, "", DISCOVERY))
            return
        name = "p"
        if self.author != self.policy_domain and (record.sp or record.np):
            name = yield from self._below(record)
        said = {"p": record.p, "sp": record.sp, "np": record.np}[name]
        self.policy, self.tag = str(said), name
        self.steps.append(Step(f"{name}={said}", "what the owner asks for mail that fails", "", RECORD))
        if record.testing:
            self.policy = POLICIES[max(0, POLICIES.index(self.policy) - 1)]
            why = f"only a test: the owner asks not to apply it, so it counts as {self.policy}"
            self.steps.append(Step("t=y", why, "", RECORD))

    def _below(self, record: Record) -> Generator[Question, Answer, str]:
        if record.np:
            there, step = yield from self._exists(record.np != (record.sp or record.p))
            self.steps.append(step)
            if not there:
                return "np"
        return "sp" if record.sp else "p"

    def _exists(self, matters: bool) -> Generator[Question, Answer, tuple[bool, Step]]:
        """Whether the name in From exists at all: only NXDOMAIN says that it does not. It does not matter
        where np= asks for the same as what counts otherwise."""
        answer = yield from self.walker.ask(self.author, "A")
        if answer.status == "no answer":
            self.unsure = matters
            why = "no answer, so nobody can tell whether np= counts"
            why += "" if matters else ", but it asks for the same"
            return True, Step(f"{self.author} A", why, "temperror" if matters else "", EXISTENCE)
        there = answer.status != "no such name"
        why = "the name exists, so np= does not count" if there else "there is no such name, so np= counts"
        return there, Step(f"{self.author} A", why, "", EXISTENCE)

    def verdict(self) -> DmarcVerdict:
        return DmarcVerdict(
            self.result,
            "DMARC",
            f"is it true that {self.author} is in From?",
            tuple(self.steps),
            {"tree walk": (self.asked, MAX_QUERIES)},
            domain=self.author,
            policy=self.policy,
            tag=self.tag,
            policy_domain=self.policy_domain,
            org_domain=self.organization,
            spf_aligned=bool(self.aligning and self.aligning.spf),
            dkim_aligned=bool(self.aligning and self.aligning.signers),
            aligned_signers=tuple(self.aligning.signers) if self.aligning else (),
            record=self.record,
            testing=bool(self.record and self.record.testing),
            queries=tuple(self.walker.queries),
        )


def _organized(walk: Walk) -> tuple[Step, ...]:
    if walk.broken:
        why = "not known, as the walk was broken off"
        return (Step("organizational domain", why, "temperror", ORGANIZATION),)
    said = Step("organizational domain", f"{walk.organization}, by this walk", "", ORGANIZATION)
    return (said, *old_way(walk.start, walk))
