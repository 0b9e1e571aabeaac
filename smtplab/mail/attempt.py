"""One try to hand a message on, and what it means for the recipient (RFC 5321 §4.2.1, §4.5.4.1).

A record: `lab/` makes it, `history` and the pictures read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .envelope import Recipient
from .reply import Reply
from .transcript import Transcript
from .verdict import Step

# The words of RFC 3464 §2.3.3; "queued" until the first try has ended, "dropped" for a duplicate.
Outcome = Literal["queued", "delivered", "relayed", "expanded", "delayed", "failed", "dropped"]

EXPIRED = "4.4.7"  # RFC 3463 §3.5: delivery time expired


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to hand a message to one host for one recipient.

    `reply` is the reply that settled it; None when none came, and `note` says why. `transcript` is
    None when no connection came about. `tls` says what was decided about TLS, and why; None when it did
    not come to that. `rule` is "" for a reply of the host's; where the MTA gave it itself, it is the RFC
    section that made it. `address` is the IP address that was dialled, "" where it did not come to that.
    `during` is the verb that the reply answers or that the connection broke at: "" for the greeting, "."
    for the end of the message, from where on nobody knows whether the host has it.

    `expired` says that it was the last try: the time to give up had come, so what would have been
    "delayed" is "failed". `dsn` says that the host offers DSN, so that it was told what the sender asked
    for (RFC 3461 §5.2.1). `place` counts the messages that the host had taken over this connection before
    this one; None when the message was not said. `order` tells what came first (`timeline`).
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
    expired: bool = False
    dsn: bool = False
    place: int | None = None
    order: int = field(default=0, compare=False, repr=False)

    @property
    def outcome(self) -> Outcome:
        """What this try means for the recipient: no reply and 4yz mean later (RFC 5321 §4.2.1)."""
        if self.reply is None or 400 <= self.reply.code < 500 or self._is_no_552:
            return "failed" if self.expired else "delayed"
        return "relayed" if self.reply.code < 300 else "failed"

    @property
    def _is_no_552(self) -> bool:
        """RFC 5321 §4.5.3.1.10: 552 to RCPT says "too many recipients" in an old way, and means later.

        An enhanced code that says something else, such as 5.2.2 for a full mailbox, is believed.
        """
        assert self.reply
        return self.during == "RCPT" and self.reply.code == 552 and self.reply.enhanced in ("", "5.5.3")

    @property
    def status(self) -> str:
        """The enhanced code for it: 4.4.7 when the time was up, the reply's own, or what is known.

        Without a reply 4.4.2 is a connection that broke or fell silent, 4.4.1 one that never came about
        (RFC 3463 §3.5). A reply without an enhanced code gets its class and "other" (RFC 3463 §3.1).
        """
        if self.expired and self.outcome == "failed":
            return EXPIRED
        if self.reply is None:
            return "4.4.2" if self.transcript else "4.4.1"
        return self.reply.enhanced or f"{self.reply.klass}.0.0"
