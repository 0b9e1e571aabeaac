"""Judgement: what a receiver found out about one message, and what it did with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ...mail.envelope import Envelope
from ...mail.text import visible
from ...mail.transcript import Transcript
from ...mail.verdict import SIGNS, Step, Verdict, tone

if TYPE_CHECKING:
    from ...auth.dkim.result import DkimVerdict
    from ...auth.dmarc import DmarcVerdict
    from ...auth.spf import SpfVerdict

MOST_KEPT = 256 * 1024  # octets of a message; a receiver keeps a thousand judgements

# What was done: into the mailbox or on its way; into the junk folder; refused; accepted and thrown away.
Disposition = Literal["none", "junk", "reject", "discard"]

_RESULTS: dict[Disposition, str] = {
    "none": "accepted",
    "junk": "accepted",
    "reject": "refused",
    "discard": "dropped",
}
_DONE: dict[Disposition, str] = {
    "none": "It is delivered.",
    "junk": "It is delivered to the junk folder.",
    "reject": "It is refused, so the client keeps it and has to tell its sender.",
    "discard": "It is accepted and thrown away: nobody hears of it.",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One message from outside, judged. None stands for what was not checked.

    `client` is the address that connected, `helo` what it called itself. Of `dkim` there is one verdict for
    each signature, the uppermost first. A message that SPF had refused at MAIL has no recipients. `removed`
    are the Authentication-Results that claimed to be the receiver's own; `decided` says why it was done.
    `content` is the message as it came, b"" where it never came or has more than `MOST_KEPT` octets.
    """

    envelope: Envelope
    client: str
    helo: str
    spf: SpfVerdict | None
    dkim: tuple[DkimVerdict, ...]
    dmarc: DmarcVerdict | None
    disposition: Disposition
    when: datetime
    transcript: Transcript
    removed: tuple[str, ...] = ()
    decided: Verdict | None = None
    content: bytes = b""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What each check said, in the order in which they were made."""
        found = [self.spf, *self.dkim, self.dmarc, self.decided]
        return tuple(verdict for verdict in found if verdict is not None)

    @property
    def step(self) -> Step:
        """All of it as one step: each check is a step inside, with its own steps."""
        steps = [Step(one.method, one.question, one.result, "", one.steps) for one in self.verdicts]
        for value in self.removed:
            why = "removed: it came from outside and claims to be of this server"
            steps.append(Step(f"Authentication-Results: {visible(value)[:100]}", why, "fail", "RFC 8601 §5"))
        return Step(self._summary(), _DONE[self.disposition], _RESULTS[self.disposition], "", tuple(steps))

    def verdict(self) -> Verdict:
        """The judgement with its reasons, for display."""
        step = self.step
        question = f"what did {self.transcript.server.host} make of a message from {self.client}?"
        inner = (*step.steps, Step("so", step.why, step.result))
        return Verdict(step.result, "checks", question, inner)

    def _summary(self) -> str:
        found = [f"{one.method} {one.result}" for one in (self.spf, *self.dkim, self.dmarc) if one]
        return ", ".join(found) or "nothing was checked"

    def __str__(self) -> str:
        path = visible(str(self.envelope.reverse_path))
        sign = SIGNS[tone(_RESULTS[self.disposition])]
        return f"{sign} {self.when:%d %b %H:%M:%S} {path} from {self.client}: {self._summary()}"
