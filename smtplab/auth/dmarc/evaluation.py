"""The DMARC check (RFC 9989 §5.3): whose domain is in From, which record counts, and does a pass align?

`evaluate` yields Questions to the DNS and is sent Answers. SPF and DKIM come in as their verdicts: nothing of
them is checked here. What becomes of the message is the receiver's decision (`deciding`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING

from smtplab.mail.domain import to_ascii
from smtplab.mail.route import Answer, Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step

from .author import author_of, old_way
from .record import POLICIES, Record
from .result import DmarcVerdict
from .walk import MAX_QUERIES, ORGANIZATION, NoAnswer, Walk, Walker

if TYPE_CHECKING:
    from ..dkim import DkimVerdict
    from ..spf import SpfVerdict

DISCOVERY = "RFC 9989 §4.10.1"
ALIGNMENT = "RFC 9989 §4.4"
PASSES = "RFC 9989 §5.3.5"
RECORD = "RFC 9989 §4.7"
MOST_SIGNERS = 10  # domains of signatures that are looked at: each may cost a walk

Authors = str | Iterable[str]
Evaluation = Generator[Question, Answer, DmarcVerdict]


def evaluate(rfc5322_from: Authors, *, spf: SpfVerdict | None, dkim: Sequence[DkimVerdict]) -> Evaluation:
    """Check one message. `rfc5322_from` is the domain in From, or all of them; none means that From is
    missing or has none. `spf` None means that SPF was not checked."""
    domains = [rfc5322_from] if isinstance(rfc5322_from, str) else list(rfc5322_from)
    author, step = author_of(domains)
    if not author:
        shown = ", ".join(visible(one)[:100] for one in domains) or "nobody"
        question = f"is it true that {shown} is in From?"
        return DmarcVerdict("none", "DMARC", question, (step,))
    check = _Check(author, spf, dkim)
    check.steps.append(step)
    try:
        yield from check.run()
    except NoAnswer as error:
        check.steps.append(
            Step(
                "the result",
                f"the DNS did not answer for {visible(error.question.name)[:200]}, and it hangs on that",
                "temperror",
                DISCOVERY,
            )
        )
        check.result = "temperror"
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
        self.spf_aligned = False
        self.signers: list[str] = []
        self._walks: dict[str, Walk] = {}

    def run(self) -> Generator[Question, Answer, None]:
        walk = yield from self._walk(self.author)
        self.asked = len(walk.steps)
        self.organization = walk.organization
        if not (yield from self._discover(walk)):
            return
        waiting = yield from self._align()
        passed = self.spf_aligned or bool(self.signers)
        self.result = "pass" if passed else "temperror" if waiting else "fail"
        why = {
            "pass": "one pass that aligns is enough",
            "fail": "nothing that passed is for a domain that aligns with From",
            "temperror": "a check that would have counted had no answer from the DNS",
        }[self.result]
        self.steps.append(Step("the result", why, self.result, PASSES))

    def _walk(self, domain: str) -> Generator[Question, Answer, Walk]:
        if domain not in self._walks:
            self._walks[domain] = yield from self.walker.walk(domain)
        return self._walks[domain]

    # Which record counts, and what it asks for -----------------------------------------------------------

    def _discover(self, walk: Walk) -> Generator[Question, Answer, bool]:
        where = next((d for d in (self.author, walk.organization, walk.public_suffix) if walk.record(d)), "")
        record = walk.record(where)
        if record is None:
            why = f"none at {self.author}, nor above it: DMARC says nothing about this message"
            self.steps.append(Step("the record", why, "none", DISCOVERY, walk.steps))
            return False
        self.record, self.policy_domain = record, where
        why = f"that of {where} counts" + (", its own" if where == self.author else ", the nearest that may")
        inner = (*walk.steps, _organized(walk), *old_way(self.author, walk))
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
            there, step = yield from self._exists()
            self.steps.append(step)
            if not there:
                return "np"
        return "sp" if record.sp else "p"

    def _exists(self) -> Generator[Question, Answer, tuple[bool, Step]]:
        """Whether the name in From exists at all (RFC 9989 §3.2.13)."""
        answer = yield from self.walker.ask(self.author, "A")
        if answer.status == "no answer":
            raise NoAnswer(Question(self.author, "A"), Step(self.author, "no answer", "temperror"))
        there = answer.status != "no such name"
        why = "the name exists, so np= does not count" if there else "there is no such name, so np= counts"
        return there, Step(f"{self.author} A", why, "", DISCOVERY)

    # What passed, and for whom ---------------------------------------------------------------------------

    def _align(self) -> Generator[Question, Answer, bool]:
        """Fill in what aligns; True where something that would align had no answer."""
        assert self.record is not None
        waiting = False
        if self.spf is None:
            self.steps.append(Step("SPF", "it was not checked", "none", ALIGNMENT))
        else:
            domain = to_ascii(self.spf.domain)
            aligned = yield from self._aligned("SPF", domain, self.spf.result, self.record.aspf, "aspf")
            self.spf_aligned = aligned and self.spf.result == "pass"
            waiting = aligned and self.spf.result == "temperror"
        seen: dict[tuple[str, str], None] = {}
        for one in self.dkim:
            key = (to_ascii(one.domain), "none" if one.result == "pass" and one.testing else one.result)
            if key in seen or len(seen) >= MOST_SIGNERS:
                continue
            seen[key] = None
            aligned = yield from self._aligned("DKIM", *key, self.record.adkim, "adkim")
            if aligned and key[1] == "pass":
                self.signers.append(key[0])
            waiting = waiting or (aligned and key[1] == "temperror")
        if not self.dkim:
            self.steps.append(Step("DKIM", "the message has no signature", "none", ALIGNMENT))
        return waiting

    def _aligned(
        self, method: str, domain: str, result: str, mode: str, tag: str
    ) -> Generator[Question, Answer, bool]:
        """Whether `domain` aligns with From. What did not pass is looked at only for a temporary error."""
        what = f"{method} {result} for {visible(domain)[:150] or 'nobody'}"
        if result not in ("pass", "temperror") or not domain:
            self.steps.append(Step(what, "what did not pass cannot count", "", ALIGNMENT))
            return False
        steps: tuple[Step, ...] = ()
        if domain == self.author:
            aligned, why = True, "the same domain as in From"
        elif mode == "s":
            aligned, why = False, f"another domain than {self.author}, and {tag}=s wants the same"
        elif not _may_align(domain, self.author):
            aligned, why = False, f"nothing in common with {self.author}"
        else:
            walk = yield from self._walk(domain)
            aligned, steps = walk.organization == self.organization, walk.steps
            is_ = "also" if aligned else "not that of From but"
            why = f"its organizational domain is {is_} {walk.organization}"
        good = aligned and result == "pass"
        verdict = "pass" if good else "temperror" if aligned else "fail"
        self.steps.append(
            Step(what, f"{why}: {'it aligns' if aligned else 'it does not align'}", verdict, ALIGNMENT, steps)
        )
        return aligned

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
            spf_aligned=self.spf_aligned,
            dkim_aligned=bool(self.signers),
            aligned_signers=tuple(self.signers),
            record=self.record,
            testing=bool(self.record and self.record.testing),
            queries=tuple(self.walker.queries),
        )


def _may_align(one: str, other: str) -> bool:
    """Domains whose last labels differ have no organizational domain in common: no need to walk."""
    return one.rpartition(".")[2] == other.rpartition(".")[2]


def _organized(walk: Walk) -> Step:
    return Step("organizational domain", f"{walk.organization}, by this walk", "", ORGANIZATION)
