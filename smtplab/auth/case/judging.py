"""judge_case: everything that can be said of one message from what is at hand, and what is missing.

Nothing is decided here: the Received chain, the header readers, SPF (RFC 7208), DKIM (RFC 6376) and DMARC
(RFC 9989) decide. No name is looked up: what the answers at hand do not say is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields as fields_of_class
from dataclasses import replace
from datetime import datetime
from typing import Any

from smtplab.mail.errors import LabError
from smtplab.mail.header import Field, fields, named, split
from smtplab.mail.header.address import mailboxes
from smtplab.mail.header.reading import authentication, read
from smtplab.mail.received import chain
from smtplab.mail.route import Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step, Verdict

from .. import dkim, dmarc, spf
from ..answers import Answers
from ..dkim import DkimVerdict
from ..dmarc import DmarcVerdict
from ..spf import SpfVerdict
from ..spf.asking import ascii_of
from ..spf.check import cost_tree
from ..what_if import Records, Resolve, asked, overlay
from .damage import THE_END, examine
from .envelope import facts_of
from .record import Case, CaseJudgement, Fact
from .sentences import sentences_of
from .settling import UNKNOWN, all_missing, may_pass, missing_of, settle

HEAD = 1 << 18  # octets of the header section that are read field by field; DKIM takes all of it
MOST_MISSING = 30  # questions that are named at once


def judge_case(case: Case, now: datetime) -> CaseJudgement:
    """Judge the case as at `now` (with a time zone), the moment of delivery or of reading.

    Raises RecordError for an entry of `trusted` that is no host, ValueError for an `ip` that is no address,
    and nothing for what is in the message or in the answers.
    """
    message, damage = examine(case.message)
    head = split(message)[0][:HEAD]
    known = fields(head)
    way = chain(head, trusted=case.trusted)
    facts = facts_of(case, known, way)
    if case.headers_only:
        damage = tuple(step for step in damage if step.what != THE_END)
    path, signatures, policy = _authenticated(case, message, known, facts, now)
    others = authentication(head, trusted=case.trusted), read(head, trusted=case.trusted)
    verdicts = (way.verdict, path, *signatures, policy, *others)
    missing = tuple(dict.fromkeys(_missing(path, (*signatures, policy), case.answers)))[:MOST_MISSING]

    def again(*, records: Records | None = None, **changes: Any) -> CaseJudgement:
        if unknown := changes.keys() - {one.name for one in fields_of_class(Case)}:
            raise LabError(f"A case has nothing called {', '.join(sorted(unknown))}.")
        changed = replace(case, **changes)
        if records:
            changed = replace(changed, answers=changed.answers + answers_of(records))
        return judge_case(changed, now)

    said = sentences_of(facts, way, verdicts, missing, damage, known)
    return CaseJudgement(case, facts, verdicts, said, missing, damage, message, again)


def delivered(case: Case, now: datetime) -> datetime:
    """When a host of the reader's own took the message, for signatures expire; `now` where none says it.

    Raises RecordError for an entry of `trusted` that is no host.
    """
    way = chain(split(case.message)[0][:HEAD], trusted=case.trusted)
    return next((hop.received.date for hop in way.known if hop.received.date), now)


def answers_of(records: Records) -> Answers:
    """Records as for `what_if`, as answers; an empty list is "no data"."""
    resolve = overlay(Answers().resolve, records)
    found, empty = {}, {}
    for (name, rdtype), values in records.items():
        key = (name.lower().removesuffix("."), rdtype.upper())
        if values or isinstance(values, str):
            found[key] = tuple(resolve(*key))
        else:
            empty[key] = ("no data", "")
    return Answers(found, {}, empty)  # type: ignore[arg-type]


def _authenticated(
    case: Case, message: bytes, known: Sequence[Field], facts: Sequence[Fact], now: datetime
) -> tuple[SpfVerdict, tuple[DkimVerdict, ...], DmarcVerdict]:
    """SPF, DKIM and DMARC, settled. DMARC is given SPF and DKIM as results that may still come."""
    ip, sender, helo = (fact.value for fact in facts)
    resolve = case.answers.resolve
    path = spf_of(ip=ip, sender=sender, helo=helo, now=int(now.timestamp()), resolve=resolve)
    settled = settle(path)
    signatures = dkim.verify(
        message, resolve=resolve, now=now, policy=dkim.Policy(body=not case.headers_only)
    )
    waiting = replace(path, result="temperror") if settled.result == UNKNOWN else path
    authors = [box.domain for field in named(known, "From") for box in mailboxes(field.value)]
    counted = list(map(may_pass, signatures))
    policy = settle(
        dmarc.verify(authors, spf=waiting if waiting.domain else None, dkim=counted, resolve=resolve)
    )
    if settled.result == UNKNOWN and policy.result in ("fail", "temperror"):
        policy = _open(policy, "SPF is unknown, and its pass could count")
    shown = tuple(map(settle, signatures)) or (unsigned(),)
    policy = _named(policy, [one for one in (settled, *shown) if one.result == UNKNOWN])
    if any(one.result == UNKNOWN for one in shown) and policy.result in ("fail", "temperror"):
        policy = _open(policy, "a signature is unknown, and its pass could count")
    return settled, shown, policy


def _named(verdict: DmarcVerdict, unknown: Sequence[Verdict]) -> DmarcVerdict:
    """DMARC was told "temperror" of what is unknown: its steps say so too."""
    words = {f"{one.method} temperror for {visible(getattr(one, 'domain', ''))[:150]}" for one in unknown}
    steps = tuple(
        replace(step, what=step.what.replace("temperror", UNKNOWN, 1), result=UNKNOWN)
        if step.what in words
        else step
        for step in verdict.steps
    )
    return replace(verdict, steps=steps)


def _open(verdict: DmarcVerdict, why: str) -> DmarcVerdict:
    return replace(verdict, result=UNKNOWN, steps=(*verdict.steps, Step("the result", why, UNKNOWN)))


def unsigned() -> DkimVerdict:
    """The verdict on a message without any signature."""
    step = Step("DKIM-Signature", "the message has none", "none", "RFC 6376 §6.1")
    return DkimVerdict("none", "DKIM", "did anybody sign this message?", (step,))


def spf_of(*, ip: str | None, sender: str | None, helo: str | None, now: int, resolve: Resolve) -> SpfVerdict:
    """`spf.check_host`, or an unknown where nobody knows what to ask it with, with `domain` if that is."""
    null = sender in ("", "<>")
    domain = ascii_of((helo if null else (sender or "").rpartition("@")[2]) or "")
    given = {"ip": ip, "sender": sender, "helo": helo, "now": now, "resolve": resolve}
    lacking = [
        Step(what, "not known, and SPF is asked with it", UNKNOWN, "RFC 7208 §4.1")
        for what, value in (("client address", ip), ("reverse-path", sender), ("EHLO name", helo or None))
        if value is None and (what != "EHLO name" or null)
    ]
    if ip is None or sender is None or lacking:
        question = "may this client send mail for this reverse-path?"
        verdict = SpfVerdict(UNKNOWN, "SPF", question, tuple(lacking), domain=domain)
    else:
        verdict = spf.check_host(ip, "", sender, helo=helo or "", now=now, resolve=resolve)
    return asked(verdict, spf_of, given)


def _missing(path: SpfVerdict, others: Sequence[Verdict], answers: Answers) -> Iterator[Question]:
    """What to ask next. For SPF also what lies behind, as far as it can be seen: one paste, not six."""
    if path.result == UNKNOWN:
        yield from missing_of(path)
    yield from all_missing(others)
    if path.result == UNKNOWN and path.domain:
        tree = cost_tree(path.domain, resolve=answers.resolve)
        for question, _ in tree.queries:
            if question.rdtype in ("TXT", "MX") and answers.find(question) is None:
                yield question
