"""Greylisting (RFC 6647): who has not been here before is told to come again in a minute.

A mail system with a queue comes again, and much software that sends spam does not: that is all there is to
it. What is remembered is a triple of the client's network, the reverse-path and the recipient, and when it
was first seen. From `delay` after that on, and within `window`, the triple passes; from then on it is known,
until it has not been seen for `expiry`.

It acts at RCPT, so each recipient is decided by itself. The null reverse-path is one like any other: a DSN
waits in a queue and comes again, too. What only asks whether a mailbox exists, and never sends, gets no
better answer than 450 the first time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from ...mail.envelope import Recipient
from ...mail.errors import LabError
from ...mail.path import Path
from ...mail.reply import Reply
from ...mail.verdict import Step
from .. import dialects
from ..policy import Policy, is_own, refuse
from ..server import SmtpServer

# RFC 6647 §5 has 421 and 450. "common" is 451, as many servers give it.
REPLIES = {
    "standard": Reply(450, "4.7.1", ("Not known here yet: try again in a few minutes",)),
    "postfix": Reply(450, "4.7.1", ("{recipient}: Recipient address rejected: Service unavailable",)),
    "common": Reply(451, "4.7.1", ("Greylisting in action, please come back later",)),
    "closing": Reply(421, "4.7.1", ("{server} closes the session: not known here yet, try again later",)),
}
REF = "RFC 6647 §5"
PREFIX = {4: 24, 6: 64}  # bits: a provider's several outgoing hosts often share such a network
MOST = 10_000  # triples: who makes up addresses must not fill the memory

Triple = tuple[str, str, str]


@dataclass(slots=True)
class Entry:
    """When a triple was first seen, and when it last passed; None when it never did."""

    first: datetime
    passed: datetime | None = None


class Greylist(Policy):
    """Refuse a recipient until the same triple comes again, `delay` later and within `window`.

    The times are in seconds, minutes or days of the lab's clock, as timedelta. `entries` is what is
    remembered, by (network, reverse-path, recipient). `dialect` is one of DIALECTS, "common" or "closing".
    Raises LabError when the times are not delay < window.
    """

    def __init__(
        self,
        delay: timedelta = timedelta(minutes=1),  # RFC 6647 §5: from a minute
        window: timedelta = timedelta(hours=24),  # ... to a day
        expiry: timedelta = timedelta(days=35),
        dialect: str = "standard",
    ) -> None:
        if not timedelta(0) < delay < window:
            raise LabError("Greylisting needs a delay above zero and a window that is longer than it.")
        self.delay, self.window, self.expiry = delay, window, expiry
        self.dialect = dialects.known(dialect, "common", "closing")
        self.entries: dict[Triple, Entry] = {}

    def triple(self, address: str, reverse_path: Path, recipient: Path) -> Triple:
        """What is remembered of a client and one recipient: the network stands for all its hosts."""
        bits = PREFIX[ip_address(address).version]
        network = str(ip_network(f"{address}/{bits}", strict=False))
        return network, str(reverse_path).lower(), str(recipient).lower()

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        transaction = session.transaction
        if is_own(session) or transaction is None:
            return None
        address = session.wire.transcript.client.address
        triple = self.triple(address, transaction.reverse_path, recipient.path)
        wait, why = self._look(triple, session.mta.world.clock.now())
        what = " ".join(triple)
        if not wait:
            session.why = Step(what, why, "accepted", REF)
            return None
        words = {"recipient": str(recipient.path), "server": session.mta.name}
        return refuse(session, dialects.say(REPLIES, self.dialect, **words), what, why, REF)

    def _look(self, triple: Triple, now: datetime) -> tuple[bool, str]:
        """Whether the triple has to wait, and why. What is seen is remembered."""
        entry = self.entries.get(triple)
        if entry is None or self._is_over(entry, now):
            over = "" if entry is None else " again: the time to come back in is over"
            self._remember(triple, now)
            return (
                True,
                f"seen for the first time{over}. It may pass from {now + self.delay:%d %b %H:%M:%S} on",
            )
        if entry.passed is None and now < entry.first + self.delay:
            left = entry.first + self.delay - now
            return True, f"came back too early: {left.total_seconds():.0f} s are left of the delay"
        again = "known" if entry.passed else f"came back after {now - entry.first}"
        entry.passed = now
        return (
            False,
            f"{again}, so a queue stands behind it. It is remembered until {now + self.expiry:%d %b}",
        )

    def _is_over(self, entry: Entry, now: datetime) -> bool:
        """Whether an entry counts no more: it never came back in time, or was not seen for too long."""
        if entry.passed is None:
            return now > entry.first + self.window
        return now > entry.passed + self.expiry

    def _remember(self, triple: Triple, now: datetime) -> None:
        self.entries.pop(triple, None)
        if len(self.entries) >= MOST:
            self.entries = {key: one for key, one in self.entries.items() if not self._is_over(one, now)}
        while len(self.entries) >= MOST:
            self.entries.pop(next(iter(self.entries)))
        self.entries[triple] = Entry(now)
