"""Predict the verdict: cases without end, each with facts, options, the answer, and why the rest is wrong.

The answer is what `evaluate` and `disposition` say, never what the maker of the case thought. The reasons are
made from the verdict too. A case has the shape of the course's questions; nothing is asked or scored here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from smtplab.mail.verdict import Verdict

from .combinations import check
from .deciding import disposition
from .quiz_situations import Situation, situation
from .result import DmarcVerdict

DIFFICULTIES = (1, 2, 3)

OPTIONS = {
    "pass": "DMARC passes, and the message is delivered",
    "fail-none": "DMARC fails, and the message is delivered all the same",
    "fail-junk": "DMARC fails, and the message goes to the junk folder",
    "fail-reject": "DMARC fails, and the message is refused with 550",
    "fail-discard": "DMARC fails, and the message is taken with 250 and dropped",
    "temperror": "The DNS did not answer, so that DMARC has no result, and the message is delivered",
    "permerror": "The record cannot be applied, and the message is delivered",
    "none": "DMARC says nothing about the message, and it is delivered",
}
RULES = {
    "mark": "mark it and deliver it",
    "junk": "the junk folder, whether the owner asks for quarantine or for reject",
    "reject": "the junk folder where the owner asks for quarantine, a 550 where he asks for reject",
    "discard": "the junk folder where the owner asks for quarantine, take and drop where he asks for reject",
}
ALWAYS = ("pass", "fail-none", "fail-junk", "fail-reject")


@dataclass(frozen=True, slots=True)
class Case:
    """One question. `facts` are what the receiver knows: pairs of what it is and what it says.

    `options` are texts by key, `answer` is the key of the right one, `reasons` say for each wrong one why it
    is not so, `explain` why the answer is. `dmarc` and `decided` have every step.
    """

    seed: int
    difficulty: int
    facts: tuple[tuple[str, str], ...]
    options: Mapping[str, str]
    answer: str
    reasons: Mapping[str, str]
    explain: str
    dmarc: DmarcVerdict
    decided: Verdict

    @property
    def text(self) -> str:
        """The facts as paragraphs, and what is asked."""
        said = "\n\n".join(f"**{what}**: {value}" for what, value in self.facts)
        return f"{said}\n\nWhat does the receiver make of the message?"


def case(seed: int, difficulty: int = 1) -> Case:
    """The case of this number: always the same for the same `seed` and `difficulty` (1 to 3).

    Raises ValueError for another difficulty.
    """
    if difficulty not in DIFFICULTIES:
        raise ValueError(f"The difficulty is one of {DIFFICULTIES}, not {difficulty!r}.")
    made = situation(Random(f"{difficulty} {seed}"), difficulty)
    verdict = check(made.authors, made.records, made.spf, made.dkim, made.exists)
    decided = disposition(verdict, made.receiver)
    answer = _key(verdict, decided)
    more = {"fail-discard"} if made.receiver == "discard" else set()
    more |= {"none", "temperror"} if difficulty > 2 else set()
    shown = [key for key in OPTIONS if key in (*ALWAYS, answer, *more)]
    return Case(
        seed,
        difficulty,
        tuple(_facts(made)),
        {key: OPTIONS[key] for key in shown},
        answer,
        {key: _why_not(key, verdict, decided, made) for key in shown if key != answer},
        _why(verdict, decided),
        verdict,
        decided,
    )


def _key(verdict: DmarcVerdict, decided: Verdict) -> str:
    return f"fail-{decided.result}" if verdict.result == "fail" else verdict.result


def _facts(made: Situation) -> list[tuple[str, str]]:
    facts = [("From", " and ".join(f"somebody@{domain}" for domain in made.authors))]
    facts.append(("SPF", f"{made.spf[0]} for `{made.spf[1]}`"))
    signed = "; ".join(f"{result} for `{domain}`" for result, domain in made.dkim)
    facts.append(("DKIM", signed or "no signature"))
    for name, found in made.records.items():
        texts = [found] if isinstance(found, str) else found
        said = " and ".join("no answer" if text == "TIMEOUT" else f"`{text}`" for text in texts)
        facts.append((f"TXT at {name}", said))
    missing = [one for one in dict.fromkeys(made.authors) if f"_dmarc.{one}" not in made.records]
    for domain in missing:
        there = any(name == domain or name.endswith(f".{domain}") for name in (*made.records, *made.exists))
        facts.append((domain, "the name exists" if there else "there is no such name"))
    facts.append(("The receiver's rule for mail that fails", RULES[made.receiver]))
    return facts


def _why(verdict: DmarcVerdict, decided: Verdict) -> str:
    said = [f"DMARC is {verdict.result}: {_end(verdict)}."]
    if verdict.result == "fail":
        said.append(f"{_asks(verdict)}.")
    rule = decided.steps[-1]
    said.append(f"The receiver: {rule.why} ({rule.ref}).")
    return " ".join(said)


def _end(verdict: DmarcVerdict) -> str:
    """The last step, and of a name with several records what became of them."""
    last = verdict.steps[-1]
    several = [f"; at {step.what}: {step.why}" for step in last.steps if "count as none" in step.why]
    return f"{last.why} ({last.ref}){''.join(several[:1])}"


def _asks(verdict: DmarcVerdict) -> str:
    said = verdict.record.tag(verdict.tag) if verdict.record else None
    where = f"`{said.name}={said.value}`" if said else "no policy that can be read"
    test = ", one step milder for `t=y`" if verdict.testing else ""
    return f"The owner asks for {verdict.policy} ({where} at {verdict.policy_domain}{test})"


def _why_not(key: str, verdict: DmarcVerdict, decided: Verdict, made: Situation) -> str:
    """Why `key` is not what becomes of it: another result, or the same and another decision."""
    wrong = key.partition("-")[0]
    if wrong == verdict.result:
        rule = decided.steps[-1]
        return f"It fails. {_asks(verdict)}; the receiver's rule makes of it: {rule.why} ({rule.ref})."
    if verdict.result == "pass":
        who = [f"SPF for {made.spf[1]}"] if verdict.spf_aligned else []
        who += [f"DKIM for {domain}" for domain in verdict.aligned_signers]
        return f"One pass that aligns is enough, and there is one: {' and '.join(who)} (RFC 9989 §5.3.5)."
    if verdict.result != "fail":
        return f"It does not come to that: {_end(verdict)}."
    if wrong == "pass":
        passed = [domain for result, domain in (made.spf, *made.dkim) if result == "pass"]
        if passed:
            them = " and ".join(dict.fromkeys(passed))
            return f"Something passed, but for {them}, and that does not align with {verdict.domain}."
        return "Neither SPF nor DKIM passed, so nothing can align."
    if wrong == "none":
        return f"A record counts: that of {verdict.policy_domain} (RFC 9989 §4.10.1)."
    return "All that the result hangs on was answered."
