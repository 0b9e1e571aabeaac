"""What becomes of a message on the host that took it: mailbox, alias, or on to the queue (RFC 5321 §3.9).

Aliases are followed to their ends here, so that one which comes back to itself ends here too, and not after
a hundred Received fields. Each recipient gets its own outcome. What a DSN request (RFC 3461) becomes when an
alias is followed: with one target it goes along, with several all but SUCCESS does, and SUCCESS is answered
here (RFC 3461 §5.2.7). Mailing lists, which put their own reverse-path in, are not made here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from ..mail.attempt import Attempt
from ..mail.envelope import Recipient
from ..mail.path import Path
from ..mail.reply import Reply
from . import trace
from .mailbox import INBOX, Mail, duplicate

if TYPE_CHECKING:
    from .mta import Mta
    from .queue import Item

LOOP = Reply(550, "5.4.6", ("Aliases lead in a circle",))
UNKNOWN = Reply(550, "5.1.1", ("No such user here",))


class Responder(Protocol):
    """A program that looks at what is delivered to a mailbox, such as one that answers (`autoreply`)."""

    def delivered(self, mta: Mta, mail: Mail) -> None:
        """Called once the message is in the mailbox, on the lab's loop. It must not block."""


class Program(Protocol):
    """A program that takes mail at addresses of its own, in place of a mailbox (`suppression`)."""

    def takes(self, path: Path) -> bool:
        """Whether mail for `path` is for this program."""

    def take(self, mta: Mta, item: Item, path: Path) -> None:
        """Take a message. Called on the lab's loop; it must not block."""

    def copies(self, mta: Mta, item: Item, onward: list[Recipient]) -> list[tuple[Item, list[Recipient]]]:
        """The messages to queue in place of `item`, each with its recipients. Plainly: [(item, onward)]."""


@dataclass
class Placing:
    """One message being placed: those for the queue, those to report on, and where aliases have been."""

    item: Item
    onward: list[Recipient] = field(default_factory=list)
    settled: dict[str, Recipient] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


class Local:
    """Local delivery for one MTA. `responders` go by mailbox; `programs` are asked in their order."""

    def __init__(self, mta: Mta) -> None:
        self.mta = mta
        self.responders: dict[str, Responder] = {}
        self.programs: list[Program] = []

    def knows(self, path: Path) -> bool:
        """Whether mail for `path`, an address of this host's domains, has somewhere to go."""
        return bool(
            self.mta.store.find(path)
            or path.address.lower() in self.mta.aliases
            or any(program.takes(path) for program in self.programs)
        )

    def is_local(self, path: Path) -> bool:
        """Whether `path` is in one of this host's domains."""
        domain = path.domain.lower()
        return not domain or domain in self.mta.store.domains

    def hand_on(self, item: Item) -> None:
        """Deliver to what is here, queue for what is not, and report what is settled."""
        item.host = self.mta.name
        placing = Placing(item)
        for recipient in item.envelope.recipients:
            self._place(placing, recipient, ())
        if placing.onward:
            copies = [(item, placing.onward)]
            for program in self.programs:
                copies = [pair for one, onward in copies for pair in program.copies(self.mta, one, onward)]
            for copy, onward in copies:
                self.mta.queue.add(copy, onward)
        if placing.settled:
            self.mta.bounces.settled(item, list(placing.settled.values()))

    def _place(self, placing: Placing, recipient: Recipient, within: tuple[str, ...]) -> None:
        """One recipient, reached through the aliases `within`."""
        path = recipient.path
        key = path.address.lower()
        if key in within:
            self._fail(placing, recipient, LOOP, "RFC 5321 §6.3")
            return
        if within and key in placing.seen:
            return  # two aliases lead to it, and one copy is enough
        placing.seen.add(key)
        if targets := self.mta.aliases.get(key):
            self._expand(placing, recipient, targets, (*within, key))
        elif program := next((one for one in self.programs if one.takes(path)), None):
            placing.item.outcomes[path.address] = "delivered"
            program.take(self.mta, placing.item, path)
        elif mailbox := self.mta.store.find(path):
            self._deliver(placing, mailbox, recipient)
        elif self.is_local(path):  # accepted without looking (`Mta.verify_recipients`), or an alias names it
            self._fail(placing, recipient, UNKNOWN, "RFC 5321 §3.3")
        else:
            placing.onward.append(recipient)

    def _expand(
        self, placing: Placing, recipient: Recipient, targets: tuple[str, ...], within: tuple[str, ...]
    ) -> None:
        placing.item.outcomes[recipient.path.address] = "expanded"
        notify = recipient.notify
        if len(targets) > 1:
            placing.settled[recipient.path.address] = recipient
            notify = without_success(notify)
        for target in targets:
            self._place(placing, replace(recipient, path=Path.of(target), notify=notify), within)

    def _deliver(self, placing: Placing, mailbox: str, recipient: Recipient) -> None:
        item, path = placing.item, placing.item.envelope.reverse_path
        raw = trace.return_path(path) + trace.without_field(item.content, "Return-Path")
        mail = Mail(
            raw, path, recipient.path, self.mta.world.clock.now(), item.transcript, item.folder or INBOX
        )
        twin = self.mta.store.deliver(mailbox, mail)
        item.outcomes[recipient.path.address] = "dropped" if twin else "delivered"
        if twin:
            item.steps.append(duplicate(mailbox, mail, twin))
            return
        placing.settled[recipient.path.address] = recipient
        if responder := self.responders.get(mailbox):
            responder.delivered(self.mta, mail)

    def _fail(self, placing: Placing, recipient: Recipient, reply: Reply, rule: str) -> None:
        """The MTA's own refusal, too late for the client to hear it: so the sender gets a DSN."""
        now = self.mta.world.clock.now()
        placing.item.settle([Attempt(now, self.mta.name, recipient, reply, rule=rule)])
        placing.settled[recipient.path.address] = recipient


def without_success(notify: Iterable[str]) -> tuple[str, ...]:
    """NOTIFY for the targets of an alias with several: SUCCESS is answered at the alias (RFC 3461 §5.2.7.3).

    Of SUCCESS alone NEVER is left: no NOTIFY at all would ask for news of failures.
    """
    given = tuple(notify)
    left = tuple(word for word in given if word != "SUCCESS")
    return ("NEVER",) if given and not left else left
