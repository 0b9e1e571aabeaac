"""What do Gmail, Yahoo and Outlook.com want of whoever sends to them, and does this message have it?

Their own rules, beyond any RFC, in force since 2024 (Gmail, Yahoo) and 5 May 2025 (Outlook.com); as their
pages had them at the time that each verdict names. One message can't show everything: how much is sent and
how many readers complain stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smtplab.mail.errors import RecordError
from smtplab.mail.header import Field, fields, first, named, split
from smtplab.mail.header.ident import parse as parse_id
from smtplab.mail.header.lists import from_a_list, unsubscribe
from smtplab.mail.received import chain
from smtplab.mail.route import Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step, Verdict

from ..dkim import DkimVerdict
from ..dmarc import DmarcVerdict
from ..spf import SpfVerdict
from .envelope import border
from .judging import HEAD
from .record import CaseJudgement
from .settling import UNKNOWN

MOST_NAMES = 5  # names of one address that are looked at
Found = tuple[str, str]  # pass, fail, unknown or none, and why


@dataclass(frozen=True, slots=True)
class _Seen:
    """A judged message, ready for the rules."""

    judgement: CaseJudgement
    known: Sequence[Field]
    spf: SpfVerdict
    dkim: tuple[DkimVerdict, ...]
    dmarc: DmarcVerdict

    @property
    def results(self) -> tuple[str, str]:
        """SPF's, and the best one of the signatures."""
        best = min((one.result for one in self.dkim), key=lambda word: (word != "pass", word != UNKNOWN))
        return self.spf.result, best


def requirements(judgement: CaseJudgement) -> tuple[Verdict, ...]:
    """A verdict for each provider, its rules as steps: "pass", "fail" or "unknown" for this message.

    The result is the worst of them, complaints aside, which no message shows. A rule for advertising alone is
    "none" where the message has no sign of being that.
    """
    known = fields(split(judgement.message)[0][:HEAD])
    path = next(one for one in judgement.verdicts if isinstance(one, SpfVerdict))
    policy = next(one for one in judgement.verdicts if isinstance(one, DmarcVerdict))
    signatures = tuple(one for one in judgement.verdicts if isinstance(one, DkimVerdict))
    seen = _Seen(judgement, known, path, signatures, policy)
    return tuple(_verdict(provider, seen) for provider in PROVIDERS)


def questions(judgement: CaseJudgement) -> tuple[Question, ...]:
    """What the rules about the client's name hang on and is not at hand."""
    return _names(judgement)[1]


def _verdict(provider: Provider, seen: _Seen) -> Verdict:
    steps = []
    for what, rule in provider.rules:
        result, why = rule(seen)
        steps.append(Step(what, why, result, REFS.get(rule, "")))
    found = {step.result for step in steps if step.what != SPAM}
    result = "fail" if "fail" in found else UNKNOWN if UNKNOWN in found else "pass"
    question = f"does this message have what {provider.name} wants (as of {provider.as_of})?"
    return Verdict(result, "sender requirements", question, tuple(steps))


# The rules -----------------------------------------------------------------------------------------------


def _either(seen: _Seen) -> Found:
    results = seen.results
    said = f"SPF is {results[0]}, DKIM is {results[1]}"
    return "pass" if "pass" in results else UNKNOWN if UNKNOWN in results else "fail", said


def _both(seen: _Seen) -> Found:
    results = seen.results
    said = f"SPF is {results[0]}, DKIM is {results[1]}"
    if set(results) == {"pass"}:
        return "pass", said
    return (UNKNOWN if set(results) <= {"pass", UNKNOWN} else "fail"), said


def _policy(seen: _Seen) -> Found:
    if seen.dmarc.record is not None:
        return "pass", f"{visible(seen.dmarc.policy_domain)} has one: p={seen.dmarc.policy}"
    if seen.dmarc.result == UNKNOWN:
        return UNKNOWN, "it is not at hand"
    return "fail", f"DMARC is {seen.dmarc.result}: there is none that counts"


def _aligned(seen: _Seen) -> Found:
    said = {"pass": "a pass aligns with From", UNKNOWN: "DMARC is unknown"}
    result = seen.dmarc.result if seen.dmarc.result in said else "fail"
    return result, said.get(result, f"DMARC is {seen.dmarc.result}")


def _one_from(seen: _Seen) -> Found:
    count = len(named(seen.known, "From"))
    return "pass" if count == 1 else "fail", f"{count} From field{'' if count == 1 else 's'}"


def _message_id(seen: _Seen) -> Found:
    try:
        found = parse_id(first(seen.known, "Message-ID"))
    except RecordError as error:
        return "fail", error.message
    return ("fail", found.fault) if found.fault else ("pass", "well-formed")


def _secure(seen: _Seen) -> Found:
    hop = border(chain(split(seen.judgement.message)[0][:HEAD], trusted=seen.judgement.case.trusted))
    if hop is None or hop.secure is None:
        return UNKNOWN, "no Received line says whether it came under TLS"
    return "pass" if hop.secure else "fail", f"it came {'under TLS' if hop.secure else 'in clear'}"


def _named(seen: _Seen) -> Found:
    return _names(seen.judgement)[0]


def _names(judgement: CaseJudgement) -> tuple[Found, tuple[Question, ...]]:
    """Whether the client's address has a name that leads back to it."""
    ip, answers = judgement.facts[0].value, judgement.case.answers
    if ip is None:
        return (UNKNOWN, "the client's address is not known"), ()
    asked = Question(_reverse(ip), "PTR")
    names = answers.find(asked)
    if names is None:
        return (UNKNOWN, f"the name of {ip} is not at hand"), (asked,)
    missing = []
    for name in names.values[:MOST_NAMES]:
        back = Question(name.removesuffix("."), "AAAA" if ":" in ip else "A")
        found = answers.find(back)
        if found is None:
            missing.append(back)
        elif ip in found.values:
            return ("pass", f"{ip} is {visible(back.name)[:200]}, and that leads back"), ()
    if missing:
        return (UNKNOWN, f"where {visible(missing[0].name)[:200]} leads is not at hand"), tuple(missing)
    return ("fail", f"{ip} has no name that leads back to it"), ()


def _reverse(ip: str) -> str:
    from ipaddress import ip_address

    return ip_address(ip).reverse_pointer


def _one_click(seen: _Seen) -> Found:
    if not unsubscribe(seen.known).one_click:
        if named(seen.known, "List-Unsubscribe") or from_a_list(seen.known):
            return "fail", "no https link with List-Unsubscribe-Post, and this is mail to a list"
        return "none", "it is not there; only advertising and newsletters need it"
    wanted = {"list-unsubscribe", "list-unsubscribe-post"}
    covering = [one for one in seen.dkim if one.signature and wanted <= _covered(one)]
    results = {one.result for one in covering}
    if "pass" in results:
        return "pass", "it is there, and a signature covers it"
    return (UNKNOWN if UNKNOWN in results else "fail"), "it is there, and no signature that holds covers it"


def _covered(verdict: DkimVerdict) -> set[str]:
    return {name.lower() for name in verdict.signature.headers} if verdict.signature else set()


def _complaints(seen: _Seen) -> Found:
    return UNKNOWN, "below 0.3 %: only the provider's own page for senders says it"


Rule = Callable[[_Seen], Found]
SPAM = "complaints"
REFS: dict[Rule, str] = {
    _one_click: "RFC 8058 §4",
    _one_from: "RFC 5322 §3.6",
    _message_id: "RFC 5322 §3.6.4",
    _aligned: "RFC 9989 §4.4",
}


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's rules, and when its page was read."""

    name: str
    as_of: str
    rules: tuple[tuple[str, Rule], ...]


_BULK: tuple[tuple[str, Rule], ...] = (
    ("SPF and DKIM, for bulk mail", _both),
    ("a DMARC record, for bulk mail", _policy),
    ("From aligned, for bulk mail", _aligned),
    ("one-click unsubscribe, for advertising", _one_click),
    (SPAM, _complaints),
)
# Bulk is more than 5,000 messages a day to Gmail, and to Outlook.com; Yahoo names no number.
PROVIDERS = (
    Provider(
        "Gmail",
        "March 2026",
        (
            ("SPF or DKIM", _either),
            ("a name of the client that leads back", _named),
            ("TLS", _secure),
            ("one From", _one_from),
            ("a valid Message-ID", _message_id),
            *_BULK,
        ),
    ),
    Provider(
        "Yahoo",
        "April 2025",
        (("SPF or DKIM", _either), ("a name of the client that leads back", _named), *_BULK),
    ),
    Provider("Outlook.com", "May 2025", _BULK[:3]),
)
