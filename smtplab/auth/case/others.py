"""What is no message: a bounce, a reply, a line of a log, a report, a record. Each goes to its own reader.

Nothing is decided here: `mail.dsn` reads bounces, `mail.reply_desk` replies, `dmarc.reports` reports, and the
linters of SPF, DKIM and DMARC records. What they say becomes a Verdict each.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from smtplab.mail.dsn import explain_bounce
from smtplab.mail.errors import RecordError
from smtplab.mail.reply_desk import explain as explain_reply
from smtplab.mail.text import decode, visible
from smtplab.mail.verdict import Step, Verdict

from .. import dkim, dmarc, spf
from ..advice import Advice
from ..dmarc.reports import Report, read, summary
from ..dmarc.reports.summary import sentence
from .inputs import Kind
from .page import wrapped
from .policy_file import examine as examine_policy
from .record import CaseJudgement

LOOKED_AT = 1 << 20  # octets of a log or transcript
REPLY = 15_000  # characters that are given to the reader of replies
MOST_SENDERS = 20

# The lines of a log that hold a reply of another server, or one of this.
_TOLD = re.compile(
    r" said: |status=(?:deferred|bounced)|reject: |SMTP error from|\*\* |== |refused|timed out"
)
_SWAKS_BAD = re.compile(r"<(?:\*\*|~\*)[ \t]+([245]\d\d[ -].*)")
_SWAKS = re.compile(r"<(?:-|~)[ \t]+([245]\d\d[ -].*)")
_SWAKS_SENT = re.compile(r"[ ]?(?:->|~>)[ \t]+([A-Za-z]{4}|\.)(?:[ \t].*)?")


@dataclass(frozen=True, slots=True)
class Told:
    """What a paste of some kind says; a bounce is also a message, so it has its `judgement` as well.

    `returned` is the judgement on the message that came back in a bounce, and `copy` says what that is.
    """

    kind: Kind
    verdict: Verdict
    judgement: CaseJudgement | None = None
    returned: CaseJudgement | None = None
    copy: str = ""

    @property
    def about(self) -> CaseJudgement | None:
        """The judgement on the message that all this is about: what came back in a bounce, else itself."""
        return self.returned or self.judgement

    def text(self, width: int = 100, *, whole: bool = False) -> str:
        """One page for a terminal."""
        page = f"Read as: {self.kind}\n\n{self.verdict.text(width)}"
        if self.judgement:
            page += f"\n\n{self.judgement.text(width, whole=whole)}"
        if self.returned:
            rule = "-" * min(width, 20)
            copy = f"{wrapped(self.copy, width)}\n\n{self.returned.text(width, whole=whole)}"
            page += f"\n\n{rule}\n{copy}"
        return page

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        told: dict[str, Any] = {"kind": self.kind, "verdict": self.verdict.to_dict()}
        if self.judgement:
            told["judgement"] = self.judgement.to_dict()
        if self.returned:
            told["returned"] = {"copy": self.copy, **self.returned.to_dict()}
        return told


def explain(data: bytes, kind: Kind) -> Verdict:
    """What a paste of this kind says. Raises RecordError where it can't be read, and for a kind that has no
    reader here ("message", "DNS answers", "text")."""
    if kind not in READERS:
        raise RecordError(f"nothing here reads a {kind}", decode(data[:100]), (0, min(len(data), 100)))
    return READERS[kind](data)


def _reply(data: bytes) -> Verdict:
    return explain_reply(decode(data[:REPLY]))


def _log(data: bytes) -> Verdict:
    """The last line of a log that holds a reply."""
    lines = [line for line in decode(data[:LOOKED_AT]).splitlines() if _TOLD.search(line[:4000])]
    return explain_reply(lines[-1][:REPLY] if lines else decode(data[:REPLY]))


def _swaks(data: bytes) -> Verdict:
    """The reply that stopped a swaks transcript, else its last one, with the verb that it answers."""
    sent, last, verb, bad = "connect", "", "", False
    for line in decode(data[:LOOKED_AT]).splitlines():
        line = line[:4000].strip()
        if found := _SWAKS_SENT.fullmatch(line):
            sent = found[1].upper()
        elif found := _SWAKS_BAD.fullmatch(line):
            last, verb, bad = found[1], sent, True
        elif not bad and sent != "QUIT" and (found := _SWAKS.fullmatch(line)):
            last, verb = found[1], sent
    try:
        return explain_reply(last, verb=verb)
    except RecordError:
        return explain_reply(last)  # a verb that the reader of replies does not know


def _report(data: bytes) -> Verdict:
    """An aggregate report, counted: who sends in the domain's name, and what does not pass."""
    report = read(data)
    counted = summary(report)
    steps = [_published(report)]
    for sender in counted.senders[:MOST_SENDERS]:
        why = f"{sender.messages} messages, {sender.passing} of them pass: {sender.advice}"
        steps.append(Step(visible(sender.source)[:60], why, "fail" if sender.failing else "pass"))
    if len(counted.senders) > MOST_SENDERS:
        steps.append(Step("more senders", f"{len(counted.senders) - MOST_SENDERS} of them, not shown"))
    result = "pass" if not counted.failing else "partial" if counted.passing else "fail"
    return Verdict(result, "aggregate report", visible(sentence(counted))[:500], tuple(steps))


def _published(report: Report) -> Step:
    published = report.published
    why = f"p={published.p}, as the receiver found it" if published.p else "the report says no policy"
    return Step(visible(published.domain)[:200], visible(why)[:200], "", "RFC 9990 §3.1.1.5")


def _linted(name: str, lint: Callable[[str], tuple[Advice, ...]]) -> Callable[[bytes], Verdict]:
    def linted(data: bytes) -> Verdict:
        text = _unquoted(decode(data[:70_000]).strip())
        advice = lint(text)
        steps = [Step(_place(text, one), one.message, one.result, one.ref) for one in advice]
        result = advice[0].result if advice else "pass"
        question = f"what is to be said of this {name}?"
        return Verdict(result, name, question, tuple(steps) or (Step(name, "nothing to be mended", "pass"),))

    return linted


def _place(text: str, advice: Advice) -> str:
    return visible(text[slice(*advice.span)])[:80] or f"character {advice.span[0] + 1}"


_STRINGS = re.compile(r'"((?:[^"\\]|\\.)*+)"')


def _unquoted(text: str) -> str:
    """A record as its strings say it, where it was copied with its quotes."""
    return "".join(_STRINGS.findall(text)) if text.startswith('"') else text


READERS: dict[str, Callable[[bytes], Verdict]] = {
    "bounce": explain_bounce,
    "reply": _reply,
    "Postfix log": _log,
    "Exim log": _log,
    "swaks transcript": _swaks,
    "aggregate report": _report,
    "SPF record": _linted("SPF record", spf.lint),
    "DKIM record": _linted("DKIM record", dkim.lint_key),
    "DMARC record": _linted("DMARC record", dmarc.lint),
    "MTA-STS policy": examine_policy,
}
