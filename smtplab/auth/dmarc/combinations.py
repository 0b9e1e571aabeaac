"""All combinations: what SPF said, what DKIM said, what aligns, what the owner asks for, what becomes of it.

Nothing here is written down as a table: each row is a check by `evaluate` and a decision by `disposition`, so
it says what the engine says. The DNS is three names. No message is read and nobody is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from smtplab.mail.route import Answer, Question
from smtplab.mail.verdict import Verdict

from ..dkim import DkimVerdict
from ..spf import SpfVerdict
from .deciding import RECEIVERS, Receiver, disposition
from .evaluation import Authors, evaluate
from .record import POLICIES, Policy
from .result import DmarcVerdict

AUTHOR, STRANGER = "acorn.example", "relay.example"
# The results that come to something of their own; the others do as fail does (RFC 9989 §5.3.5).
RESULTS = ("pass", "fail", "none", "temperror")

Records = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Combination:
    """One row: five facts about the message and its owner, the receiver's rule, and the two decisions.

    `spf` and `dkim` are results, and with them stands whether the domain checked aligns with From.
    """

    spf: str
    spf_aligned: bool
    dkim: str
    dkim_aligned: bool
    policy: Policy
    testing: bool
    receiver: Receiver
    dmarc: DmarcVerdict
    decided: Verdict

    @property
    def disposition(self) -> str:
        """none (delivered), junk, reject or discard."""
        return self.decided.result

    def row(self) -> dict[str, str]:
        """The row as words, for a table."""
        return {
            "SPF": _said(self.spf, self.spf_aligned),
            "DKIM": _said(self.dkim, self.dkim_aligned),
            "DMARC": self.dmarc.result,
            "the owner asks for": f"{self.policy}{' (t=y)' if self.testing else ''}",
            "the receiver's rule": self.receiver,
            "what becomes of it": self.disposition,
        }


def combinations(
    *,
    spf: Iterable[str] = RESULTS,
    dkim: Iterable[str] = RESULTS,
    policies: Iterable[Policy] = POLICIES,
    testing: Iterable[bool] = (False, True),
    receivers: Iterable[Receiver] = RECEIVERS,
) -> Iterator[Combination]:
    """Every combination of these, in order; with nothing given 1,176. What is none has no domain to align.

    `spf` are results of RFC 7208 §2.6, `dkim` those of RFC 8601 §2.7.1. Raises ValueError for other words.
    """
    sides = product(_sides(spf), _sides(dkim), tuple(policies), tuple(testing))
    rules = tuple(receivers)
    for (spf_said, spf_aligned), (dkim_said, dkim_aligned), policy, test in sides:
        verdict = _checked(spf_said, spf_aligned, dkim_said, dkim_aligned, policy, test)
        for rule in rules:
            decided = disposition(verdict, rule)
            yield Combination(
                spf_said, spf_aligned, dkim_said, dkim_aligned, policy, test, rule, verdict, decided
            )


def check(
    authors: Authors,
    records: Records,
    spf: tuple[str, str],
    dkim: Iterable[tuple[str, str]],
    exists: Iterable[str] = (),
) -> DmarcVerdict:
    """A check against `records`: TXT records by name. SPF and each signature are a result and a domain.

    A name exists where it, or one below it, is among `records` or `exists`; all else is NXDOMAIN. A record
    "TIMEOUT" is no answer.
    """
    there = [*records, *exists]
    signatures = [DkimVerdict(result, "DKIM", "", domain=domain) for result, domain in dkim]
    asking = evaluate(authors, spf=SpfVerdict(spf[0], "SPF", "", domain=spf[1]), dkim=signatures)
    try:
        question = next(asking)
        while True:
            question = asking.send(_answer(question, records, there))
    except StopIteration as end:
        verdict: DmarcVerdict = end.value
        return verdict


def _answer(question: Question, records: Records, there: list[str]) -> Answer:
    found = records.get(question.name, ())
    texts = (found,) if isinstance(found, str) else tuple(found)
    if "TIMEOUT" in texts:
        return Answer("no answer", note="Timeout")
    if texts and question.rdtype == "TXT":
        return Answer("found", texts)
    if any(name == question.name or name.endswith(f".{question.name}") for name in there):
        return Answer("no data")
    return Answer("no such name")


@cache
def _checked(
    spf: str, spf_aligned: bool, dkim: str, dkim_aligned: bool, policy: Policy, testing: bool
) -> DmarcVerdict:
    record = f"v=DMARC1; p={policy}{'; t=y' if testing else ''}"
    signatures = [] if dkim == "none" else [(dkim, _domain(dkim_aligned))]
    return check(AUTHOR, {f"_dmarc.{AUTHOR}": record}, (spf, _domain(spf_aligned)), signatures)


def _sides(results: Iterable[str]) -> list[tuple[str, bool]]:
    known = {"pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"}
    found = []
    for result in results:
        if result not in known:
            raise ValueError(f"{result!r} is no result of SPF or DKIM: they are {', '.join(sorted(known))}.")
        found += [(result, aligned) for aligned in ((False,) if result == "none" else (True, False))]
    return found


def _domain(aligned: bool) -> str:
    return AUTHOR if aligned else STRANGER


def _said(result: str, aligned: bool) -> str:
    return result if result == "none" else f"{result}, {'aligned' if aligned else 'not aligned'}"
