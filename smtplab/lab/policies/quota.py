"""Quota: how much a mailbox may hold (RFC 5321 §4.2.3: 452 and 552; RFC 3463 §3.3: X.2.2).

A mailbox that is full is refused at RCPT, and so is one in which a message of the size that MAIL declared
(RFC 1870 §6) has no room. A client that declared no size learns it after the message.

What is counted is the message as it lies in the mailbox; the fields that delivery adds to the new one are
not known yet, so a mailbox can go over its quota by these few lines.
"""

from __future__ import annotations

from ...mail.envelope import Envelope, Recipient
from ...mail.errors import LabError
from ...mail.path import Path
from ...mail.reply import Reply
from ...mail.verdict import Step
from .. import dialects
from ..mailbox import Store
from ..policy import Policy, refuse
from ..server import SmtpServer

FOR_NOW = {
    "standard": Reply(452, "4.2.2", ("{recipient}: The mailbox is full, try again later",)),
    "gmail": Reply(452, "4.2.2", ("{recipient}: The recipient's account is out of storage space",)),
}
FOR_GOOD = {
    "standard": Reply(552, "5.2.2", ("{recipient}: The mailbox is full",)),
    "gmail": Reply(552, "5.2.2", ("{recipient}: The account is out of storage space and inactive",)),
    "microsoft": Reply(552, "5.2.2", ("{recipient}: Mailbox full",)),
}
REF = "RFC 3463 §3.3"


class Quota(Policy):
    """Keep each mailbox within `octets`, or within its own number in `boxes` (by address).

    With `permanent` a full mailbox is refused for good, 552, and otherwise for now, 452: its owner may make
    room. Changing `octets` counts from the next command on. Raises LabError for a quota below zero.
    """

    def __init__(
        self,
        octets: int,
        *,
        permanent: bool = False,
        boxes: dict[str, int] | None = None,
        dialect: str = "standard",
    ) -> None:
        self.boxes = {address.lower(): most for address, most in (boxes or {}).items()}
        if min(octets, *self.boxes.values(), 0) < 0:
            raise LabError("A quota is a number of octets: 0 for a mailbox that takes nothing.")
        self.octets, self.permanent, self.dialect = octets, permanent, dialects.known(dialect)

    def left(self, store: Store, mailbox: str) -> int:
        """The octets that still fit into a mailbox, below zero when it holds too much."""
        used = sum(len(mail.raw) for mail in store.boxes[mailbox])
        return self.boxes.get(mailbox, self.octets) - used

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        declared = session.transaction.parameters.size if session.transaction else None
        size = max(1, declared or 0)  # a message has at least one octet
        source = f"MAIL declared {size} octets" if declared else "a message has at least one octet"
        return self._room(session, recipient.path, size, source)

    async def on_message(self, session: SmtpServer, envelope: Envelope, content: bytes) -> Reply | None:
        for path in envelope.forward_paths:
            source = f"the message has {len(content)} octets"
            if len(envelope.forward_paths) > 1:
                # RFC 5321 §4.2.5: one reply; only LMTP has one for each recipient (RFC 2033 §4.2).
                source += ", and one reply stands for all recipients: those with room wait with this one"
            if refused := self._room(session, path, len(content), source):
                return refused
        return None

    def _room(self, session: SmtpServer, path: Path, size: int, source: str) -> Reply | None:
        mailbox = session.mta.store.find(path)
        if mailbox is None:
            return None
        left = self.left(session.mta.store, mailbox)
        if size <= left:
            return None
        replies = FOR_GOOD if self.permanent else FOR_NOW
        reply = dialects.say(replies, self.dialect, recipient=str(path))
        most = self.boxes.get(mailbox, self.octets)
        steps = (Step("needed", source), Step("left", f"{left} of {most} octets"))
        why = f"{mailbox} holds {most - left} of {most} octets, so there is no room"
        return refuse(session, reply, str(path), why, REF, steps)
