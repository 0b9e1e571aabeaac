"""What a queue holds: a message with its envelope and all that has been tried; and where all mail may go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from ..mail.attempt import Attempt, Outcome
from ..mail.envelope import Envelope, Recipient
from ..mail.history import History, Notice
from ..mail.transcript import Transcript
from ..mail.verdict import Step
from .order import turn
from .outbound import Level, checked

WAITING = ("queued", "delayed")


@dataclass(frozen=True, slots=True)
class SmartHost:
    """A host that takes all outgoing mail (a relay host): where it is, and the account to use there.

    `tls` is the level for it (see `outbound`): a password is at stake, so it is "verify" unless told
    otherwise.
    """

    host: str
    port: int
    account: str
    password: str
    tls: Level = "verify"

    def __post_init__(self) -> None:
        checked(self.tls)


@dataclass(slots=True, eq=False)
class Item:
    """A message that an MTA has taken: its id, its envelope, its octets, and what became of it.

    `transcript` is the connection that brought it, None for a message of the MTA's own making.
    `submitter` is what AUTH in MAIL tells the next host: an address, "<>" for unknown, or "" for nothing.
    `outcomes` goes by recipient address as RCPT gave it; `steps` say why, where a local delivery was
    anything but plain. `onward` are the recipients that the queue is to reach, `host` the MTA's name.
    The three times are None when they will not come any more. `notices` are the DSNs made about it, and
    `offspring` the messages that carry them; `order` tells what came first (`order.turn`). `folder` is where
    a mailbox here puts it: "Junk", or "" for the inbox.
    """

    id: str
    envelope: Envelope
    content: bytes
    transcript: Transcript | None
    accepted: datetime
    submitter: str = ""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    next_try: datetime | None = None
    warn_at: datetime | None = None
    give_up_at: datetime | None = None
    host: str = ""
    onward: list[Recipient] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    offspring: list[Item] = field(default_factory=list)
    order: int = field(default_factory=turn)
    folder: str = ""

    def __post_init__(self) -> None:
        if self.transcript and not self.host:
            self.host = self.transcript.server.host

    @property
    def waiting(self) -> list[Recipient]:
        """Those whom the message has not reached yet, and may still reach."""
        return [r for r in self.onward if self.outcomes[r.path.address] in WAITING]

    def history(self, now: datetime) -> History:
        """What became of the message so far, as a record."""
        first = [path.address for path in self.envelope.forward_paths]
        addresses = dict.fromkeys(a for a in (*first, *self.outcomes) if a in self.outcomes)
        return History(
            self.host,
            self.id,
            self.envelope,
            self.accepted,
            now,
            tuple(self.attempts),
            tuple((address, self.outcomes[address]) for address in addresses),
            tuple(self.notices),
            self.next_try,
            self.warn_at,
            self.give_up_at,
        )

    def drop(self, why: Step) -> None:
        """Taken, and given to nobody."""
        self.outcomes = {path.address: "dropped" for path in self.envelope.forward_paths}
        self.steps.append(why)

    def settle(self, tries: list[Attempt]) -> None:
        """Take note of tries, each of which decides for its recipient until the next."""
        self.attempts += [replace(attempt, order=turn()) for attempt in tries]
        self.outcomes.update({attempt.recipient.path.address: attempt.outcome for attempt in tries})
