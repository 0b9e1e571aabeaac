"""Case and CaseJudgement: what somebody has at hand of one message, and what can be said of it.

A result is "unknown" where a question has no answer at hand: that is another thing than none or temperror,
which are answers. This module holds the records; `judging` fills them, `page` shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from smtplab.mail.route import Question
from smtplab.mail.verdict import Step, Verdict

from ..answers import Answers, commands
from ..answers.commands import Tool

Name = Literal["ip", "mail_from", "helo"]


@dataclass(frozen=True, slots=True)
class Case:
    """A message as pasted, and what is known of how it came.

    `ip` is the client that handed it to your border, `mail_from` the reverse-path ("" for null), `helo` what
    the client called itself; None has it read from the message. `trusted` are your hosts, as for
    `received.chain`. `answers` are the DNS answers at hand. With `headers_only` the body is not at hand, as
    where a bounce brought back the header section alone: whether a signature holds is then unknown.
    """

    message: bytes
    ip: str | None = None
    mail_from: str | None = None
    helo: str | None = None
    trusted: tuple[str, ...] = ()
    answers: Answers = field(default_factory=Answers)
    headers_only: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the checks are asked with; `value` is None where nobody knows it.

    `standing` is "known" (given, or written by a host that you trust), "claimed" or "unknown"; `source` says
    in words where it comes from.
    """

    name: Name
    value: str | None
    standing: Literal["known", "claimed", "unknown"]
    source: str

    @property
    def step(self) -> Step:
        """The fact as a step."""
        shown = {None: "not known", "": "<>" if self.name == "mail_from" else "not said"}
        what = f"{LABELS[self.name]}: {shown.get(self.value, self.value)}"
        return Step(what[:400], self.source, self.standing)


LABELS: dict[Name, str] = {"ip": "client address", "mail_from": "reverse-path", "helo": "EHLO name"}


@dataclass(frozen=True, slots=True)
class CaseJudgement:
    """What can be said. `verdicts`: the Received chain, SPF, each DKIM signature, DMARC, what others say that
    they checked, the header section.

    `sentences` are three: what is known, what is wrong, what to do first. `missing` are the questions whose
    answers would tell more, the most urgent first. `damage` says what the paste has suffered: "fail" where a
    signature can't hold any more, "policy" where it may not. `message` is what was judged.
    """

    case: Case
    facts: tuple[Fact, ...]
    verdicts: tuple[Verdict, ...]
    sentences: tuple[str, str, str]
    missing: tuple[Question, ...]
    damage: tuple[Step, ...]
    message: bytes = field(repr=False)
    again: Callable[..., CaseJudgement] = field(repr=False, compare=False)

    def of(self, method: str) -> tuple[Verdict, ...]:
        """The verdicts of "SPF", "DKIM", "DMARC", "Received", "authentication results", "header section"."""
        return tuple(verdict for verdict in self.verdicts if verdict.method == method)

    def commands(self) -> Mapping[Tool, list[str]]:
        """For each tool the commands to run next, one a missing answer."""
        return commands(self.missing)

    def what_if(self, **changes: Any) -> CaseJudgement:
        """The whole case with something changed: `records` in front of the answers, as for a verdict's own
        `what_if`, and the fields of the case (`ip`, `mail_from`, `helo`, `trusted`, `answers`, `message`)."""
        return self.again(**changes)

    def text(self, width: int = 100, *, whole: bool = False) -> str:
        """One page for a terminal; `whole` has every step of every verdict."""
        from .page import text

        return text(self, width, whole=whole)

    def to_dict(self) -> dict[str, Any]:
        """The judgement as plain JSON types."""
        from .page import to_dict

        return to_dict(self)

    def __str__(self) -> str:
        return self.text()
