"""The message store: where delivered mail waits for its reader (the MS of RFC 5598 §4.2.2)."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING

from ..mail.path import Path
from ..mail.text import visible
from ..mail.transcript import Transcript
from ..mail.verdict import Step
from .order import turn

if TYPE_CHECKING:
    from .folders import Folders

INBOX, JUNK = "INBOX", "Junk"


@dataclass(frozen=True, slots=True)
class Mail:
    """A delivered message: the octets as they lie in the mailbox, and how they came.

    `transcript` is None for a message that the mailbox's own MTA made, such as a DSN: no client brought it.
    `folder` is where it was put: "INBOX" or "Junk". `order` tells what came first (`order.turn`).
    """

    raw: bytes
    reverse_path: Path
    recipient: Path
    when: datetime
    transcript: Transcript | None
    folder: str = INBOX
    order: int = field(default_factory=turn, compare=False, repr=False)

    @property
    def id(self) -> str:
        """The message id with its brackets, "" when the message has none."""
        from ..mail.header.ident import message_id  # the readers of header fields load when one is needed

        return message_id(self.raw)

    @property
    def message(self) -> EmailMessage:
        """The message parsed by the standard library."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    def __getitem__(self, name: str) -> str | None:
        """The first header field called `name`, unfolded; None when there is none."""
        value = self.message[name]
        return None if value is None else str(value)

    def __str__(self) -> str:
        return visible(self.raw.replace(b"\r\n", b"\n"), keep="\n\t")


class Store:
    """The mailboxes of one administrative domain, by lower-case address. Its MTAs share it.

    With `drop_duplicates` a message goes into a mailbox once: one with the Message-ID of another that is
    there already is kept in `dropped` instead, which no reader sees. An id is only a hint: whoever knows it
    can get in first with a message of their own (RFC 5322 §3.6.4).
    """

    def __init__(self) -> None:
        self.boxes: dict[str, list[Mail]] = {}
        self.drop_duplicates = False
        self.dropped: list[Mail] = []
        self._folders: dict[str, Folders] = {}

    def folders(self, mailbox: str) -> Folders:
        """The folders of a mailbox, as its readers see them: the INBOX is what is delivered."""
        from .folders import Folders

        if mailbox not in self._folders:
            self._folders[mailbox] = Folders(lambda: self.boxes[mailbox])
        return self._folders[mailbox]

    def delivered(self, mailbox: str) -> list[Mail]:
        """What was delivered and is still there, the junk folder's too, oldest first."""
        found = list(self.boxes[mailbox])
        if reader := self._folders.get(mailbox):
            found += reader.delivered(JUNK)
            found.sort(key=lambda mail: mail.order)
        return found

    def add(self, *addresses: str) -> None:
        """Make empty mailboxes."""
        self.boxes.update({address.lower(): [] for address in addresses})

    def deliver(self, mailbox: str, mail: Mail) -> Mail | None:
        """Put `mail` into `mailbox`. When it is dropped instead: the one there with the same Message-ID."""
        name = mail.id if self.drop_duplicates else ""
        twin = next((other for other in self.delivered(mailbox) if other.id == name), None) if name else None
        if mail.folder == JUNK and not twin:
            self.folders(mailbox).deliver(JUNK, mail)
            return None
        (self.dropped if twin else self.boxes[mailbox]).append(mail)
        if reader := self._folders.get(mailbox):
            reader.inbox.sync()
        return twin

    @property
    def domains(self) -> list[str]:
        """The domains that have mailboxes here, in the order of their first mailbox."""
        return list(dict.fromkeys(address.rpartition("@")[2] for address in self.boxes))

    def find(self, path: Path) -> str | None:
        """The mailbox that `path` names here, or None. A bare postmaster is at the first domain.

        RFC 5321 §2.4 leaves the meaning of upper and lower case in a local part to its own host; this
        one takes them as the same, as most do.
        """
        domain = path.domain.lower() or next(iter(self.domains), "")
        address = f"{path.local.lower()}@{domain}"
        return address if address in self.boxes else None


def duplicate(mailbox: str, mail: Mail, twin: Mail) -> Step:
    """Why `mail` was dropped, for the log of its delivery: `twin` is the message that was there before it.

    The client has its 250 and hears nothing of this.
    """
    from ..mail.header.thread import likeness

    same = likeness(mail.raw) == likeness(twin.raw)
    says = "the same" if same else "something else, so this is no duplicate, and it is lost to its reader"
    why = f"{mailbox} has a message with this Message-ID, of {twin.when:%d %b %Y %H:%M:%S}. It says {says}."
    return Step(f"duplicate {mail.id}", why, "dropped", "RFC 5322 §3.6.4")
