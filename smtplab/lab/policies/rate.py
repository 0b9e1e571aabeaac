"""Rate limits: how many messages one client may send, or one mailbox may get, in a given time.

No RFC says how many are too many. What a receiver says is a 4yz: the client keeps its mail and comes again
(RFC 5321 §4.2.1), which is all that is meant. Time is that of the lab's clock.

What was let through counts, what was refused does not: who comes again at a steady pace gets its share. A
DSN counts as any message does, because its null reverse-path is what a forger would write, too.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Literal

from ...mail.envelope import Envelope, Recipient
from ...mail.errors import LabError
from ...mail.reply import Reply
from ...mail.verdict import Step
from .. import dialects
from ..policy import Policy, is_own, refuse
from ..server import SmtpServer

FROM_CLIENT = {
    "standard": Reply(451, "4.7.1", ("Too many messages from [{client}]: try again later",)),
    "gmail": Reply(421, "4.7.28", ("An unusual rate of mail comes from [{client}]: it is limited for now",)),
}
TO_MAILBOX = {
    "standard": Reply(450, "4.2.1", ("{recipient}: Too many messages for this mailbox, try again later",)),
    "gmail": Reply(450, "4.2.1", ("{recipient}: The recipient is receiving mail too quickly",)),
    "microsoft": Reply(432, "4.3.2", ("{recipient}: Recipient thread limit exceeded",)),
}
REF = "RFC 5321 §4.2.1"
MOST = 10_000  # clients or mailboxes


class RateLimit(Policy):
    """Let `messages` through in any span of `per`: of one client's address, or for one recipient.

    `by="client"` counts MAIL, `by="recipient"` counts RCPT. Raises LabError for a limit or a time that is
    not above zero, and for another `by`.
    """

    def __init__(
        self,
        messages: int = 10,
        per: timedelta = timedelta(minutes=1),
        by: Literal["client", "recipient"] = "client",
        dialect: str = "standard",
    ) -> None:
        if messages < 1 or per <= timedelta(0):
            raise LabError("A rate limit is at least one message, in a time above zero.")
        if by not in ("client", "recipient"):
            raise LabError(f'A rate limit counts by "client" or by "recipient", not by {by!r}.')
        self.messages, self.per, self.by = messages, per, by
        self.dialect = dialects.known(dialect)
        self._seen: dict[str, deque[datetime]] = {}

    async def on_mail(self, session: SmtpServer, envelope: Envelope) -> Reply | None:
        client = session.wire.transcript.client.address
        if self.by != "client" or is_own(session):
            return None
        return self._count(session, client, f"[{client}]", FROM_CLIENT, client=client)

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        path = str(recipient.path)
        if self.by != "recipient" or is_own(session):
            return None
        return self._count(session, path.lower(), path, TO_MAILBOX, recipient=path)

    def _count(
        self, session: SmtpServer, key: str, what: str, replies: dialects.Replies, **words: str
    ) -> Reply | None:
        now = session.mta.world.clock.now()
        times = self._recent(key, now)
        limit = f"{self.messages} in {self.per} are let through"
        if len(times) < self.messages:
            times.append(now)
            session.why = Step(what, f"number {len(times)} in that time, and {limit}", "accepted", REF)
            return None
        free = times[0] + self.per
        why = f"{limit}, and it had them all. The next may come from {free:%d %b %H:%M:%S} on"
        return refuse(session, dialects.say(replies, self.dialect, **words), what, why, REF)

    def _recent(self, key: str, now: datetime) -> deque[datetime]:
        """When those were let through that still count. The keys that were quiet longest go first."""
        times = self._seen.pop(key, deque[datetime]())
        while times and times[0] <= now - self.per:
            times.popleft()
        while len(self._seen) >= MOST:
            self._seen.pop(next(iter(self._seen)))
        self._seen[key] = times
        return times
