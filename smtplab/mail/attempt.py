"""One try to hand a message on, and what it means for the recipient (RFC 5321 §4.2.1, §4.5.4.1).

A record: `lab/` makes it, `history` and the pictures read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .envelope import Recipient
from .reply import Reply
from .transcript import Transcript
from .verdict import Step

# The words of RFC 3464 §2.3.3; "queued" until the first try has ended, "dropped" for a duplicate.
Outcome = Literal["queued", "delivered", "relayed", "expanded", "delayed", "failed", "dropped"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to hand a message to one host for one recipient.

    `reply` is the reply that settled it; None when none came, and `note` says why. `transcript` is
    None when no connection came about. `tls` says what was decided about TLS, and why; None when it did
    not come to that. `rule` is "" for a reply of the host's; where the MTA gave it itself, it is the RFC
    section that made it. `address` is the IP address that was dialled, "" where it did not come to that.
    `during` is the verb that the reply answers or that the connection broke at, "" for the greeting.
    """

    when: datetime
    host: str
    recipient: Recipient
    reply: Reply | None
    note: str = ""
    transcript: Transcript | None = None
    tls: Step | None = None
    rule: str = ""
    address: str = ""
    during: str = ""

    @property
    def outcome(self) -> Outcome:
        """What this try means for the recipient: no reply and 4yz mean later (RFC 5321 §4.2.1)."""
        if self.reply is None or 400 <= self.reply.code < 500:
            return "delayed"
        return "relayed" if self.reply.code < 300 else "failed"
