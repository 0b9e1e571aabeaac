"""What a record may cost (RFC 7208 §4.6.4): every term that asks the DNS, also those inside includes.

`weigh` walks the records behind a domain as a client would that nothing matches, so that every term is
counted. Like `evaluate` it does no I/O: it yields Questions and is sent Answers. Whatever the DNS says, it
ends: terms, questions, depth and octets are bounded. It does not judge a message, that is `evaluate`'s part.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from smtplab.mail.errors import RecordError
from smtplab.mail.route import Answer, Question

from .asking import LIMITS, MAX_HOSTS, ascii_of, cut, why_not
from .evaluation import read_record
from .hosts import is_under
from .macros import target
from .record import ASKS, RULES, Modifier, Record, Term, select
from .tree import Cause, Cost, CostTree, Result

MAX_TERMS = 60  # terms that are counted; six times what is allowed tells enough
MAX_QUESTIONS = 150
MAX_DEPTH = 11  # records inside each other: the eleventh include is an error anyway
MAX_OCTETS = 200_000  # of all records that are read

KNOWN = frozenset("do")  # macros whose outcome the domain alone decides; all others depend on the message
GONE = ("no data", "no such name")


def weigh(domain: str, *, record: str | None = None) -> Generator[Question, Answer, CostTree]:
    """The cost of `domain`'s record, or of `record` in its place, as a generator; see `cost_tree`."""
    return _Weighing(ascii_of(domain)).run(record)


@dataclass(slots=True)
class _Seen:
    """What was found behind one term."""

    domain: str = ""
    record: str = ""
    cause: Cause = ""
    problem: str = ""
    result: Result = ""
    ref: str = ""
    voids4: int = 0
    voids6: int = 0
    terms: tuple[Cost, ...] = ()

    def wrong(self, cause: Cause, problem: str, result: Result = "", ref: str = "") -> _Seen:
        self.cause, self.problem, self.result, self.ref = cause, problem, result, ref
        return self


Seeing = Generator[Question, Answer, _Seen]


class _Weighing:
    """One walk: what it has asked, and how much of its bounds is used up."""

    def __init__(self, domain: str) -> None:
        self.origin = domain
        self.number = 0
        self.octets = 0
        self.complete = True
        self.answers: dict[Question, Answer] = {}

    def run(self, text: str | None) -> Generator[Question, Answer, CostTree]:
        seen = _Seen(self.origin)
        if text is None:
            seen = yield from self.record(seen, ())
        else:
            seen = yield from self.read(seen, text, ())
        if seen.cause in ("no-name", "no-record"):  # of the domain itself that is no error but no SPF
            seen.result, seen.ref = "", "RFC 7208 §4.5"
        root = _cost(self.origin, (0, 0), 0, seen)
        return CostTree(root, tuple(self.answers.items()), self.complete)

    def ask(self, name: str, rdtype: str) -> Generator[Question, Answer, Answer]:
        """Ask, once for each question; past the bound there is no answer."""
        question = Question(name, rdtype)
        answer = self.answers.get(question)
        if answer is None:
            if len(self.answers) >= MAX_QUESTIONS:
                self.complete = False
                return Answer("no answer", note=f"{MAX_QUESTIONS} questions are enough")
            answer = self.answers[question] = yield question
        return answer

    def record(self, seen: _Seen, above: tuple[str, ...]) -> Seeing:
        """The record of `seen.domain`, which `above` led to, and its terms."""
        name = seen.domain
        if why := why_not(name, full=True):
            return seen.wrong("no-record", f"{cut(name) or 'no domain'}: {why}", "permerror", "RFC 7208 §4.3")
        if name.lower() in above:
            why = f"{name} leads back to itself: each check goes round until it is over the limit"
            return seen.wrong("loop", why, "permerror", LIMITS)
        if len(above) >= MAX_DEPTH:
            return self.left_out(seen, f"{MAX_DEPTH} records inside each other")
        answer = yield from self.ask(name, "TXT")
        if answer.status == "no answer":
            return seen.wrong("no-answer", f"{name} could not be asked", "temperror", "RFC 7208 §4.4")
        texts = select(answer.values)
        if answer.status == "no such name":
            why = f"{name} does not exist: {self.risk(name)}"
            return seen.wrong("no-name", why, "permerror", RULES["include"])
        if not texts:
            return seen.wrong("no-record", f"{name} has no SPF record", "permerror", RULES["include"])
        if len(texts) > 1:
            why = f"{name} has {len(texts)} SPF records, and one is right"
            return seen.wrong("many-records", why, "permerror", "RFC 7208 §4.5")
        return (yield from self.read(seen, texts[0], above))

    def read(self, seen: _Seen, text: str, above: tuple[str, ...]) -> Seeing:
        """The terms of the record `text`, as far as a client that nothing matches comes."""
        seen.record = text
        self.octets += len(text)
        if self.octets > MAX_OCTETS:
            return self.left_out(seen, f"{MAX_OCTETS} octets of records")
        try:
            record = read_record(text)
        except RecordError as error:
            why = f"the record of {seen.domain} is in error: {error.message}"
            return seen.wrong("syntax", cut(why), "permerror", "RFC 7208 §4.6")
        costs: list[Cost] = []
        for term in counted(record):
            if self.number >= MAX_TERMS:
                self.left_out(seen, f"{MAX_TERMS} terms")
                break
            costs.append((yield from self.term(term, seen.domain, (*above, seen.domain.lower()))))
        seen.terms = tuple(costs)
        return seen

    def left_out(self, seen: _Seen, why: str) -> _Seen:
        self.complete = False
        return seen.wrong("not-followed", f"{why} are enough: what follows is not counted")

    def term(self, term: Term, domain: str, above: tuple[str, ...]) -> Generator[Question, Answer, Cost]:
        """One term that asks, and what is behind it."""
        self.number += 1
        number = self.number
        seen = _Seen(domain)
        macro = term.value if isinstance(term, Modifier) else term.domain
        if term.name == "ptr" or (macro and not macro.letters <= KNOWN):
            seen.domain = ""
            who = "client" if term.name == "ptr" else "message"
            seen.wrong("depends", f"it depends on the {who} what this leads to", "", RULES[term.name])
        else:
            if macro:
                seen.domain = target(macro, {"d": domain, "o": self.origin})
            if term.name in ("include", "redirect"):
                seen = yield from self.record(seen, above)
            elif why := why_not(seen.domain):
                seen.wrong("never", f"{why}: so it never matches", "", RULES[term.name])
            else:
                yield from self.hosts(term.name, seen)
        return _cost(term.text, term.span, number, seen)

    def hosts(self, name: str, seen: _Seen) -> Generator[Question, Answer, None]:
        """The questions of a, mx and exists, of clients with IPv4 and with IPv6 alike."""
        if name == "a":
            answer = yield from self.ask(seen.domain, "A")
            found = yield from self.addresses(seen.domain, seen)
        else:
            answer = yield from self.ask(seen.domain, "MX" if name == "mx" else "A")
            void = answer.status in GONE
            seen.voids4 += void
            seen.voids6 += void
            found = bool(answer.values)
            if answer.status == "no answer":
                seen.wrong("no-answer", f"{seen.domain} could not be asked", "temperror", "RFC 7208 §5")
            elif name == "mx":
                found = yield from self.exchangers(answer, seen)
        if found or seen.cause:
            return
        if answer.status == "no such name" and name != "exists":  # most exists: names are there to be absent
            seen.wrong("no-name", f"{seen.domain} does not exist: {self.risk(seen.domain)}", "", RULES[name])
        else:
            what = "mail exchanger with an address" if name == "mx" else "address"
            seen.wrong("void", f"{seen.domain} has no {what}: it never matches", "", LIMITS)

    def risk(self, name: str) -> str:
        """What comes of it that there is no such name."""
        if is_under(name, self.origin):
            return "it never matches anybody"
        return "whoever registers it may send for this domain"

    def exchangers(self, answer: Answer, seen: _Seen) -> Generator[Question, Answer, bool]:
        """Whether any of the mail exchangers has an address."""
        hosts = [value.split(" ")[-1].removesuffix(".") for value in answer.values]
        if len(hosts) > MAX_HOSTS:
            why = f"{seen.domain} has {len(hosts)} mail exchangers, and {MAX_HOSTS} is the limit"
            seen.wrong("too-many-hosts", why, "permerror", LIMITS)
            return True
        found = False
        for host in hosts:
            if not why_not(host):
                found |= yield from self.addresses(host, seen)
        return found

    def addresses(self, host: str, seen: _Seen) -> Generator[Question, Answer, bool]:
        """Whether the host has any address. Each client asks for those of its own IP version alone."""
        four = yield from self.ask(host, "A")
        six = yield from self.ask(host, "AAAA")
        seen.voids4 += four.status in GONE
        seen.voids6 += six.status in GONE
        if "no answer" in (four.status, six.status):
            seen.wrong("no-answer", f"{host} could not be asked", "temperror", "RFC 7208 §5")
        return bool(four.values or six.values)


def counted(record: Record) -> list[Term]:
    """The terms of one record that ask the DNS before its end: not those after all, nor a redirect then."""
    terms: list[Term] = []
    for mechanism in record.mechanisms:
        if mechanism.name == "all":
            return terms
        if mechanism.name in ASKS:
            terms.append(mechanism)
    return [*terms, record.redirect] if record.redirect else terms


def _cost(text: str, span: tuple[int, int], number: int, seen: _Seen) -> Cost:
    own = min(number, 1)
    return Cost(
        cut(text),
        span,
        seen.domain,
        number,
        own,
        own + sum(cost.total for cost in seen.terms),
        seen.voids4 + sum(cost.voids4 for cost in seen.terms),
        seen.voids6 + sum(cost.voids6 for cost in seen.terms),
        seen.record,
        seen.cause,
        seen.problem,
        seen.result,
        seen.ref,
        seen.terms,
    )
