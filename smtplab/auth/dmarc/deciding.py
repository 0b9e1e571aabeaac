"""What the receiver does (RFC 9989 §5.4, §7.4): the owner asks, and the receiver decides by its own rule.

Four rules, from the mildest to the hardest. The standard asks receivers not to refuse a message for p=reject
alone, since lists and forwarders break honest mail: so the usual rule is the junk folder.
"""

from __future__ import annotations

from typing import Literal, get_args

from smtplab.mail.reply import Reply
from smtplab.mail.text import visible
from smtplab.mail.verdict import Step, Verdict

from .result import DmarcVerdict

Receiver = Literal["mark", "junk", "reject", "discard"]
RECEIVERS: tuple[Receiver, ...] = get_args(Receiver)
LOCAL = "RFC 9989 §5.4"
SOLELY = "RFC 9989 §5.4, §7.4"
REJECTING = "RFC 9989 §7.2"


def disposition(verdict: DmarcVerdict, receiver: Receiver = "junk") -> Verdict:
    """What a receiver with this rule does: a Verdict of "none" (delivered), "junk", "reject" or "discard".

    "mark" delivers everything; "junk" puts what fails into the junk folder where the owner asks for
    quarantine or reject; "reject" and "discard" refuse, or take and drop, what fails under reject.
    """
    step = _asked(verdict)
    result, why, ref = _decided(verdict, receiver)
    question = f"what does a receiver whose rule is {receiver!r} do?"
    return Verdict(result, "receiver", question, (step, Step(f"rule: {receiver}", why, result, ref)))


def _asked(verdict: DmarcVerdict) -> Step:
    if verdict.result != "fail":
        return Step("the owner", "asks for nothing: a policy is for mail that fails", "", LOCAL)
    return Step("the owner", f"asks for {verdict.policy}", "", "RFC 9989 §4.7")


def _decided(verdict: DmarcVerdict, receiver: Receiver) -> tuple[str, str, str]:
    if verdict.result == "temperror":
        return "none", "no answer from the DNS is no reason to hold the message back", "RFC 9989 §4.10.1"
    if verdict.result != "fail":
        return "none", f"DMARC is {verdict.result}, so it is delivered", LOCAL
    if verdict.policy not in ("quarantine", "reject"):
        return "none", "p=none must not change what becomes of a message", LOCAL
    if receiver == "mark":
        return "none", "it is marked, and delivered all the same", LOCAL
    if receiver == "junk" and verdict.policy == "reject":
        return "junk", "junk folder: not refused for p=reject alone", SOLELY
    if receiver == "junk" or verdict.policy == "quarantine":
        return "junk", "junk folder: the owner asks for suspicion", LOCAL
    if receiver == "reject":
        return "reject", "refused while the client is still there, so that its user hears of it", REJECTING
    return "discard", "taken with 250 and dropped: nobody hears of it", REJECTING


# Whose words (paraphrased where a provider adds a link): the standard's example, and three large receivers'
DIALECTS = {
    "postfix": (550, "5.7.1", "rejected by DMARC policy for {domain}"),
    "gmail": (550, "5.7.26", "Unauthenticated email from {domain} is not accepted due to its DMARC policy"),
    "microsoft": (550, "5.7.509", "Access denied, sending domain {domain} does not pass DMARC verification"),
}


def refusal(verdict: DmarcVerdict, dialect: str = "postfix") -> Reply | None:
    """The reply that refuses what failed under reject, None where nothing is refused (RFC 9989 §7.2).

    Raises KeyError for a dialect that there is not: postfix, gmail, microsoft.
    """
    if verdict.result != "fail" or verdict.policy != "reject":
        return None
    code, enhanced, words = DIALECTS[dialect]
    return Reply(code, enhanced, (words.format(domain=visible(verdict.domain)[:100]),))
