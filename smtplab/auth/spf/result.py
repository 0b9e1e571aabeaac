"""The outcome of an SPF check, and the reply that a server may give for it (RFC 7208 §8, RFC 7372 §3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smtplab.mail.reply import Reply
from smtplab.mail.route import Answer, Question
from smtplab.mail.text import visible
from smtplab.mail.verdict import Verdict

LINE = 400  # characters of a stranger's explanation in one line of a reply (RFC 5321 §4.5.3.1.5: 512)


@dataclass(frozen=True, slots=True, repr=False)
class SpfVerdict(Verdict):
    """A Verdict whose result is none, neutral, pass, fail, softfail, temperror or permerror (RFC 7208 §2.6).

    `domain` was checked; `term` decided ("-all", "default" where none did, "" where it came to none).
    `explanation` is what the domain itself says about a fail (exp=): a stranger's words, ASCII alone.
    `queries` has what was asked and answered, in order.
    """

    domain: str = ""
    term: str = ""
    explanation: str = ""
    queries: tuple[tuple[Question, Answer], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As for every verdict, with the explanation and the rest."""
        return Verdict.to_dict(self) | {
            "domain": self.domain,
            "term": self.term,
            "explanation": self.explanation,
        }


def refusal(verdict: SpfVerdict) -> Reply | None:
    """The reply of a server that refuses for this result, or None where it takes the message.

    A fail is 550 5.7.23; a permerror 550 and a temperror 451, both X.7.24 (RFC 7372 §3.2). A softfail is
    no reason to refuse by itself (RFC 7208 §8.5).
    """
    domain = visible(verdict.domain)[:80]
    if verdict.result == "fail":
        lines = [f"SPF check failed: {domain} does not let this host send for it"]
        if verdict.explanation:
            lines += [f"{domain} explains:", visible(verdict.explanation)[:LINE]]
        return Reply(550, "5.7.23", tuple(lines))
    if verdict.result == "permerror":
        return Reply(550, "5.7.24", (f"The SPF record of {domain} is in error",))
    if verdict.result == "temperror":
        return Reply(451, "4.7.24", (f"SPF check of {domain}: the DNS did not answer",))
    return None
