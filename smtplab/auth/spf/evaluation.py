"""SPF evaluation (RFC 7208 §4, §5, §6): may this host send mail for this domain?

`evaluate` walks the record term by term and writes one Step per decision, so a "fail" always comes with the
term that said so. It is a generator and does no I/O: it yields a Question for the DNS, is sent the Answer,
and returns the SpfVerdict. Whoever drives it may be blocking (`check_host`) or not.

It does not say what to do about a result: that is local policy (RFC 7208 §8).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache

from smtplab.mail.errors import RecordError
from smtplab.mail.route import Answer, Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step

from .asking import MAX_LOOKUPS, MAX_VOIDS, Address, Stop, ascii_of, cut, why_not
from .hosts import ASKING, Hosts, Matching
from .macros import IN_EXPLANATIONS, expand, read
from .record import ASKS, RULES, Mechanism, Modifier, Record, parse, select
from .result import SpfVerdict

EVERYBODY = "it matches whoever is left"
CACHED = 2048  # characters of a record that is kept read; longer ones are read anew each time


@dataclass(slots=True)  # not frozen: it lives for a moment, and frozen ones take three times as long to make
class Found:
    """What one record led to: its result, the term that decided, and the record to explain a fail."""

    result: str
    steps: list[Step]
    term: str = ""
    record: Record | None = None
    domain: str = ""


Finding = Generator[Question, Answer, Found]


def evaluate(
    ip: str | Address, domain: str, sender: str, *, helo: str = "", receiver: str = "", now: int = 0
) -> Generator[Question, Answer, SpfVerdict]:
    """check_host as a generator; arguments as there. Raises ValueError where `ip` is no IP address."""
    evaluation = _Evaluation(ip, sender, helo, receiver, now)
    return evaluation.run(ascii_of(domain) or evaluation.origin, null=sender in ("", "<>"))


class _Evaluation(Hosts):
    """The evaluation itself, from the domain to the result."""

    def run(self, domain: str, *, null: bool) -> Generator[Question, Answer, SpfVerdict]:
        what = "the HELO domain, for the null reverse-path" if null else "the domain of MAIL FROM"
        if domain != self.origin:
            what = "the domain to check"
        why = f"{what}; the sender is {self.sender}, the client {self.ip}"
        steps = [Step(cut(domain), cut(why), "", "RFC 7208 §2.4")]
        found = yield from self.check(domain)
        steps += found.steps
        explanation = ""
        if found.result == "fail" and found.record and found.record.exp:
            explanation = yield from self.explain(found.record.exp, found.domain, steps)
        return SpfVerdict(
            found.result,
            "SPF",
            f"may {self.ip} send mail for {visible(cut(domain))}?",
            tuple(steps),
            {"lookups": (self.lookups, MAX_LOOKUPS), "void lookups": (self.voids, MAX_VOIDS)},
            domain,
            found.term,
            explanation,
            tuple(self.queries),
        )

    def check(self, domain: str) -> Finding:
        """The record of `domain` and what it says (RFC 7208 §4.3 to §4.7)."""
        steps: list[Step] = []
        why = why_not(domain, full=True)
        if why:
            return Found("none", [Step(cut(domain) or "no domain", why, "none", "RFC 7208 §4.3")])
        answer = yield from self.ask(domain, "TXT", steps, void=False)
        if answer.status == "no answer":
            why = "without an answer nobody knows whether there is a record"
            steps.append(Step(f"the record of {domain}", why, "temperror", "RFC 7208 §4.4"))
            return Found("temperror", steps)
        texts = select(answer.values)
        if len(texts) != 1:
            why = (
                "no TXT record begins with v=spf1"
                if not texts
                else f"{len(texts)} SPF records, and one is right"
            )
            result = "permerror" if texts else "none"
            steps.append(Step(f"the record of {domain}", why, result, "RFC 7208 §4.5"))
            return Found(result, steps)
        try:
            record = read_record(texts[0])
        except RecordError as error:
            place = cut(error.text[slice(*error.span)]) or f"character {error.span[0] + 1}"
            why = f"{error.message}: so nothing in the record counts"
            steps.append(Step(place, why, "permerror", "RFC 7208 §4.6"))
            return Found("permerror", steps)
        return (yield from self.terms(record, domain, steps))

    def terms(self, record: Record, domain: str, steps: list[Step]) -> Finding:
        """Term by term from left to right, until one matches (RFC 7208 §4.6.2)."""
        for term in record.terms:
            if isinstance(term, Modifier):
                if term.name not in ("redirect", "exp"):
                    steps.append(
                        Step(cut(term.text), "an unknown modifier: it means nothing", "", "RFC 7208 §6")
                    )
                continue
            inside: tuple[Step, ...] = ()
            if term.name in ASKS:
                asked: list[Step] = []
                try:
                    self.count()
                    matched, why = yield from self.matches(term, domain, asked)
                except Stop as stop:
                    steps.append(Step(cut(term.text), stop.why, stop.result, stop.ref, tuple(asked)))
                    return Found(stop.result, steps, term.text)
                inside = tuple(asked)
            else:
                matched, why = self.in_network(term) if term.name != "all" else (True, EVERYBODY)
            result = term.result if matched else ""
            steps.append(Step(cut(term.text), why, result, RULES[term.name], inside))
            if matched:
                return Found(result, steps, term.text, record, domain)
        if record.redirect:
            return (yield from self.redirect(record.redirect, domain, steps))
        why = "no term matched and the record names no other: the domain says nothing about this client"
        steps.append(Step("the end of the record", why, "neutral", "RFC 7208 §4.7"))
        return Found("neutral", steps, "default")

    def redirect(self, modifier: Modifier, domain: str, steps: list[Step]) -> Finding:
        """The other domain's record in place of this one (RFC 7208 §6.1)."""
        inside: list[Step] = []
        try:
            self.count()
            name = yield from self.name_of(modifier.value, domain, inside)
            found = yield from self.check(name)
        except Stop as stop:
            steps.append(Step(cut(modifier.text), stop.why, stop.result, stop.ref, tuple(inside)))
            return Found(stop.result, steps, modifier.text)
        result, why = found.result, f"nothing matched, so the record of {name} counts: {found.result}"
        if result == "none":
            result, why = "permerror", f"nothing matched, and {name} has no record to go on with"
        steps.append(Step(cut(modifier.text), why, result, RULES["redirect"], (*inside, *found.steps)))
        return Found(result, steps, found.term, found.record, found.domain)

    def matches(self, term: Mechanism, domain: str, inside: list[Step]) -> Matching:
        """Whether a term that asks the DNS matches, and why."""
        name = domain
        if term.domain:
            if self.is_beyond_ascii(term.domain):
                return False, "the local-part is not ASCII, so a term with it never matches"
            name = yield from self.name_of(term.domain, domain, inside)
        if term.name == "include":
            return (yield from self.include(name, inside))
        if why := why_not(name):
            return False, why
        return (yield from ASKING[term.name](self, term, name, inside))

    def include(self, name: str, inside: list[Step]) -> Matching:
        """The other record is asked, and only its pass matches (RFC 7208 §5.2)."""
        found = yield from self.check(name)
        inside += found.steps
        if found.result == "pass":
            return True, f"{name} says pass"
        if found.result == "temperror":
            raise Stop("temperror", f"{name} could not be asked", RULES["include"])
        if found.result == "permerror":
            raise Stop(
                "permerror", f"the record of {cut(name)} is in error, and so is this one", RULES["include"]
            )
        if found.result == "none":
            raise Stop("permerror", f"{cut(name)} has no SPF record to include", RULES["include"])
        return False, f"{name} says {found.result}, and only its pass would match"

    def explain(self, exp: Modifier, domain: str, steps: list[Step]) -> Generator[Question, Answer, str]:
        """The domain's own words for a fail; whatever is wrong with them, there are none (RFC 7208 §6.2)."""
        inside: list[Step] = []
        text, why = "", "the explanation cannot be had, which changes nothing"
        try:
            name = yield from self.name_of(exp.value, domain, inside)
            if not why_not(name):
                answer = yield from self.ask(name, "TXT", inside, void=False)
                if len(answer.values) == 1:
                    macro = read(answer.values[0], (0, len(answer.values[0])), IN_EXPLANATIONS, spaces=True)
                    text = expand(macro, (yield from self.values_for(macro, domain, inside)))
        except RecordError as error:
            why = f"the explanation is malformed: {error.message}"
        except Stop as stop:
            why = stop.why
        if not text.isascii():
            text, why = "", "the explanation is not ASCII once its macros are put in"
        steps.append(Step(cut(exp.text), cut(text) or why, "", RULES["exp"], tuple(inside)))
        return text


def read_record(text: str) -> Record:
    """As `parse`. Records come again, those of the big providers with every second message: they are kept."""
    return _kept(text) if len(text) <= CACHED else parse(text)


_kept = lru_cache(maxsize=512)(parse)
