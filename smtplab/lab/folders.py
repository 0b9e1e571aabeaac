"""Folders: a mailbox as those who read it see it, with numbers that stay and flags that all share.

POP3 shows the INBOX alone; IMAP shows every folder, its flags, and to each client what the others do
(RFC 9051 §2.3). The INBOX is the store's mailbox itself: what is delivered appears there, and what a reader
deletes is gone from it. Nothing here speaks a protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import is_
from typing import TYPE_CHECKING, Any

from ..mail.path import Path

if TYPE_CHECKING:
    from .mailbox import Mail

INBOX = "INBOX"


@dataclass(slots=True, eq=False)
class Kept:
    """A message in a folder: its UID, which no other gets (RFC 9051 §2.3.1.1), its octets and its flags.

    `mail` is how it came when it was delivered, and None for what a client has stored. `flags` are spelled as
    on the wire ("\\\\Seen"). `change` is the number of the folder's change that touched it last.
    """

    uid: int
    raw: bytes
    when: datetime
    flags: frozenset[str] = frozenset()
    mail: Mail | None = None
    change: int = 0
    parsed: Any = field(default=None, repr=False)  # what a protocol has made of it, for the next time


class Folder:
    """Messages in the order in which they came, and a count of all that was changed.

    `watchers` are called after each change. `validity` is IMAP's UIDVALIDITY: another one says that the UIDs
    of before mean nothing any more.
    """

    def __init__(self, name: str, validity: int = 1) -> None:
        self.name = name
        self.validity = validity
        self.change = 0
        self.watchers: list[Callable[[], None]] = []
        self._kept: dict[int, Kept] = {}
        self._gone: dict[int, int] = {}  # UID -> the change that took it away
        self._next = 1

    @property
    def next_uid(self) -> int:
        """The UID that the next message will get."""
        return self._next

    def messages(self) -> list[Kept]:
        """The messages that are there now, oldest first."""
        return list(self._kept.values())

    def get(self, uid: int) -> Kept | None:
        """The message with this UID, or None."""
        return self._kept.get(uid)

    def append(self, raw: bytes, when: datetime, flags: Iterable[str] = ()) -> Kept:
        """Store a message, as IMAP's APPEND does: nobody is sent anything (RFC 9051 §6.3.12)."""
        kept = self._add(raw, when, frozenset(flags))
        self._changed()
        return kept

    def deliver(self, mail: Mail) -> None:
        """Put a message here that was delivered to the mailbox."""
        self._add(mail.raw, mail.when, frozenset(), mail)
        self._changed()

    def set_flags(self, kept: Kept, flags: frozenset[str]) -> None:
        """Give a message other flags."""
        if kept.flags != flags:
            kept.flags = flags
            kept.change = self.change + 1
            self._changed()

    def remove(self, uids: Iterable[int]) -> list[int]:
        """Take messages out, and return the UIDs of those that were there."""
        found = [uid for uid in uids if uid in self._kept]
        for uid in found:
            del self._kept[uid]
            self._gone[uid] = self.change + 1
        if found:
            self._changed()
        return found

    def since(self, change: int) -> tuple[list[Kept], list[int]]:
        """What a reader who saw `change` has missed: messages new or changed, and UIDs that are gone."""
        return (
            [kept for kept in self._kept.values() if kept.change > change],
            [uid for uid, when in self._gone.items() if when > change],
        )

    def _add(self, raw: bytes, when: datetime, flags: frozenset[str], mail: Mail | None = None) -> Kept:
        kept = self._kept[self._next] = Kept(self._next, raw, when, flags, mail, self.change + 1)
        self._next += 1
        return kept

    def _changed(self) -> None:
        self.change += 1
        for watcher in list(self.watchers):
            watcher()


class Inbox(Folder):
    """The folder of what is delivered. `box` gives the store's list, which anybody may change."""

    def __init__(self, box: Callable[[], list[Mail]], validity: int = 1) -> None:
        super().__init__(INBOX, validity)
        self._box = box

    def sync(self) -> None:
        """Number what has come, and let go of what is no longer there."""
        box = self._box()
        if len(box) == len(self._kept) and all(map(is_, box, (kept.mail for kept in self._kept.values()))):
            return
        there = {id(mail) for mail in box}
        gone = [kept.uid for kept in self._kept.values() if id(kept.mail) not in there]
        known = {id(kept.mail) for kept in self._kept.values()}
        super().remove(gone)
        for mail in box:
            if id(mail) not in known:
                self._add(mail.raw, mail.when, frozenset(), mail)
                self._changed()

    def messages(self) -> list[Kept]:
        self.sync()
        return super().messages()

    def append(self, raw: bytes, when: datetime, flags: Iterable[str] = ()) -> Kept:
        from .mailbox import Mail

        self.sync()
        mail = Mail(raw, Path(""), Path(""), when, None)  # nobody sent it, so no envelope came with it
        self._box().append(mail)
        kept = self._add(raw, when, frozenset(flags), mail)
        self._changed()
        return kept

    def remove(self, uids: Iterable[int]) -> list[int]:
        doomed = {id(kept.mail) for uid in uids if (kept := self._kept.get(uid))}
        box = self._box()
        box[:] = [mail for mail in box if id(mail) not in doomed]
        before = set(self._kept)
        self.sync()
        return sorted(before - set(self._kept))


class Folders:
    """All folders of one mailbox: the INBOX, "Sent", "Junk" once there is any, and what its clients make."""

    def __init__(self, box: Callable[[], list[Mail]]) -> None:
        self.inbox = Inbox(box)
        self._made = 1  # how many folders there ever were: a new one of an old name is another one
        self._others: dict[str, Folder] = {}
        self.subscribed: set[str] = set()
        self.create("Sent")

    def __iter__(self) -> Any:
        return iter([INBOX, *self._others])

    def get(self, name: str) -> Folder | None:
        """The folder called `name`, or None. INBOX is INBOX in any letter case (RFC 9051 §5.1)."""
        if name.upper() == INBOX:
            self.inbox.sync()
            return self.inbox
        return self._others.get(name)

    def create(self, name: str) -> Folder:
        """Make a folder. Raises ValueError when it is there already."""
        if self.get(name) is not None:
            raise ValueError(name)
        self._made += 1
        self._others[name] = Folder(name, self._made)
        return self._others[name]

    def deliver(self, name: str, mail: Mail) -> None:
        """Put a message into the folder `name`, which is made with its first message."""
        (self._others.get(name) or self.create(name)).deliver(mail)

    def delivered(self, name: str) -> list[Mail]:
        """What was delivered to the folder `name` and is still there."""
        folder = self._others.get(name)
        return [kept.mail for kept in folder.messages() if kept.mail] if folder else []

    def delete(self, name: str) -> None:
        """Remove a folder with all that is in it. Raises KeyError when there is none."""
        del self._others[name]

    def rename(self, before: str, after: str) -> None:
        """Give a folder another name. Raises KeyError and ValueError."""
        if self.get(after) is not None:
            raise ValueError(after)
        folder = self._others.pop(before)
        folder.name = after
        self._others[after] = folder
