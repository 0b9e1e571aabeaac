"""What a relay provider does with bounces: VERP, and a list of addresses that it sends to no more.

Each message leaves with a reverse-path of its own, `bounce+TOKEN@relay.example`, one for each recipient
(variable envelope return path). So the provider learns from a DSN which recipient it is about, whatever
aliases lie between, and a stranger who does not know the token cannot have anyone suppressed.

An address whose mailbox does not exist goes on the list; what is full, busy or refuses by policy does not.
The DSN goes on to the customer. No RFC describes any of this: providers do it to keep their good name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ..mail.envelope import Envelope, Recipient
from ..mail.errors import LabError, RecordError
from ..mail.path import Path
from ..mail.reply import Reply
from .bounces import dsn_envelope
from .policy import Policy, refuse
from .queue import Item

if TYPE_CHECKING:
    from ..mail.dsn import Fate
    from .mta import Mta
    from .server import SmtpServer

PREFIX = "bounce+"
# No such mailbox, no such domain, moved away, a domain that takes no mail (RFC 3463 §3.2, RFC 7505 §4.1).
HARD = ("5.1.1", "5.1.2", "5.1.6", "5.1.10")


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An address on the list: since when, and what was said about it. `status` is "" when added by hand."""

    address: str
    since: datetime
    status: str
    why: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a token stands for: whose message it was, and to whom it went."""

    reverse_path: Path
    recipient: Path


class Suppression(Policy):
    """The list of one provider. `entries` goes by lower-case address, `sent` by token.

    It is a policy of the provider's MTA, which refuses suppressed recipients, and a program there, which
    gives messages their reverse-path and takes what comes back.
    """

    def __init__(self, mta: Mta) -> None:
        self.mta = mta
        self.domain = mta.store.domains[0]
        self.entries: dict[str, Suppressed] = {}
        self.sent: dict[str, Sent] = {}
        self._random = mta.world.random(f"{mta.name} bounce addresses")

    def add(self, address: str, why: str = "added by hand", status: str = "") -> Suppressed:
        """Put `address` on the list; it stays as it is when it is there."""
        entry = Suppressed(Path.of(address).address, self.mta.world.clock.now(), status, why)
        return self.entries.setdefault(address.lower(), entry)

    def remove(self, address: str) -> None:
        """Take `address` off the list. Raises LabError when it is not on it."""
        if self.entries.pop(address.lower(), None) is None:
            there = ", ".join(self.entries) or "nobody"
            raise LabError(f"{address!r} is not on the suppression list. On it: {there}.")

    def blocked(self, address: str) -> Suppressed | None:
        """The entry for `address`, None when it is not on the list."""
        return self.entries.get(address.lower())

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        """550 for a customer's message to a suppressed address: saying so at once spares a bounce."""
        entry = self.blocked(recipient.path.address) if session.service.submission else None
        if not entry:
            return None
        since = f"{entry.since:%d %b %Y}"
        words = f"On our suppression list since {since}: {entry.why}"[:400]
        reply = Reply(550, "5.1.1", (words,))
        why = f"it bounced on {since}, and the provider does not try again until it is taken off the list"
        return refuse(session, reply, str(recipient.path), why, "RFC 3463 §3.2")

    # as a program -------------------------------------------------------------------------------

    def takes(self, path: Path) -> bool:
        """Whether `path` is a reverse-path that was given to a message here."""
        return path.domain.lower() == self.domain and self._token(path) in self.sent

    def take(self, mta: Mta, item: Item, path: Path) -> None:
        """Read what comes back, and pass it on to whose message it was."""
        sent = self.sent[self._token(path)]
        if fate := self._hard(item.content):
            self.add(sent.recipient.address, fate.diagnostic or fate.status, fate.status)
        if not sent.reverse_path.is_null:
            utf8 = item.envelope.parameters.smtputf8
            mta.originate(dsn_envelope(sent.reverse_path, item.content, utf8), item.content)

    def copies(self, mta: Mta, item: Item, onward: list[Recipient]) -> list[tuple[Item, list[Recipient]]]:
        """One message for each recipient, each with its own reverse-path; those of the MTA's own as they are.

        `item` itself becomes the first; the others are messages of the MTA's.
        """
        envelope = item.envelope
        if envelope.reverse_path.is_null or item.transcript is None:
            return [(item, onward)]
        found: list[tuple[Item, list[Recipient]]] = []
        for recipient in onward:
            path = self._path(envelope.reverse_path, recipient.path)
            own = Envelope(path, (recipient.path,), envelope.parameters, (recipient,))
            if not found:
                item.envelope, copy = own, item
            else:
                copy = Item(mta.new_id(), own, item.content, None, item.accepted, item.submitter)
                mta.queue.items.append(copy)
                item.offspring.append(copy)
            found.append((copy, [recipient]))
        return found

    def _path(self, reverse_path: Path, recipient: Path) -> Path:
        token = f"{self._random.getrandbits(64):016x}"
        self.sent[token] = Sent(reverse_path, recipient)
        return Path(PREFIX + token, self.domain)

    def _token(self, path: Path) -> str:
        local = path.local.lower()
        return local.removeprefix(PREFIX) if local.startswith(PREFIX) else ""

    def _hard(self, content: bytes) -> Fate | None:
        """The fate in a DSN that says the mailbox is not there; None for anything else."""
        from ..mail.dsn import parse

        try:
            fates = parse(content).fates
        except RecordError:
            return None
        return next((fate for fate in fates if fate.action == "failed" and fate.status in HARD), None)
