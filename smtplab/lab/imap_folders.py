"""pymap's idea of a mailbox, on top of the lab's folders: what one client changes, the others are told.

pymap brings IMAP itself (RFC 3501, and of RFC 9051 a good part); its dict backend keeps messages of its own,
so this one stands in its place. It is loaded with `imap`, when somebody first connects.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NoReturn

from pymap.backend.mailbox import MailboxDataInterface, MailboxSetInterface
from pymap.backend.session import BaseSession
from pymap.concurrent import Event
from pymap.config import IMAPConfig
from pymap.exceptions import NotAllowedError
from pymap.flags import FlagOp
from pymap.interfaces.login import IdentityInterface
from pymap.interfaces.message import CachedMessage
from pymap.listtree import ListTree
from pymap.mailbox import MailboxSnapshot
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import Flag, ObjectId
from pymap.parsing.specials.flag import Seen
from pymap.selected import SelectedMailbox, SelectedSet

from .folders import INBOX, Folder, Folders
from .imap_messages import Message


class Box(MailboxDataInterface[Message]):
    """One folder."""

    def __init__(self, folder: Folder, now: Callable[[], datetime]) -> None:
        self.folder = folder
        self._now = now
        self._selected_set = SelectedSet()
        self._claimed = 0  # the highest UID that some client was the first to see
        self._updated = Event.for_asyncio()
        folder.watchers.append(self._updated.set)

    @property
    def mailbox_id(self) -> ObjectId:
        return ObjectId(b"F%d" % self.folder.validity)

    @property
    def readonly(self) -> bool:
        return False

    @property
    def uid_validity(self) -> int:
        return self.folder.validity

    @property
    def selected_set(self) -> SelectedSet:
        return self._selected_set

    async def update_selected(
        self, selected: SelectedMailbox, *, wait_on: Event | None = None
    ) -> SelectedMailbox:
        seen = selected.mod_sequence
        messages = self.folder.messages()
        if wait_on is not None and seen == self.folder.change:
            await wait_on.or_event(self._updated).wait()
            messages = self.folder.messages()
        gone: list[int] = []
        if seen is not None:
            messages, gone = self.folder.since(seen)
        selected.mod_sequence = self.folder.change
        selected.add_updates([Message(kept) for kept in messages], gone)
        return selected

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        flags = _names(append_msg.flag_set & self.permanent_flags)
        kept = self.folder.append(append_msg.literal, append_msg.when or self._now(), flags)
        if not recent:
            self._claimed = kept.uid
        return Message(kept)

    async def copy(self, uid: int, destination: Box, *, recent: bool = False) -> int | None:
        kept = self.folder.get(uid)
        return destination.folder.append(kept.raw, kept.when, kept.flags).uid if kept else None

    async def move(self, uid: int, destination: Box, *, recent: bool = False) -> int | None:
        copied = await self.copy(uid, destination, recent=recent)
        self.folder.remove([uid])
        return copied

    async def get(self, uid: int, cached_msg: CachedMessage) -> Message:
        if kept := self.folder.get(uid):
            return Message(kept)
        assert isinstance(cached_msg, Message)
        return Message(cached_msg.kept, expunged=True)

    async def update(
        self, uid: int, cached_msg: CachedMessage, flag_set: frozenset[Flag], mode: FlagOp
    ) -> Message:
        message = await self.get(uid, cached_msg)
        if not message.expunged:
            self.folder.set_flags(message.kept, _names(mode.apply(message.permanent_flags, flag_set)))
            message = Message(message.kept)
        return message

    async def delete(self, uids: Iterable[int]) -> None:
        self.folder.remove(uids)

    async def claim_recent(self, selected: SelectedMailbox) -> None:
        for kept in self.folder.messages():
            if kept.uid > self._claimed:
                selected.session_flags.add_recent(kept.uid)
                self._claimed = kept.uid

    async def cleanup(self) -> None:
        pass

    async def snapshot(self) -> MailboxSnapshot:
        kept = self.folder.messages()
        unseen = [n for n, one in enumerate(kept, 1) if str(Seen) not in one.flags]
        return MailboxSnapshot(
            self.mailbox_id,
            self.readonly,
            self.uid_validity,
            self.permanent_flags,
            self.session_flags,
            len(kept),
            sum(one.uid > self._claimed for one in kept),
            len(unseen),
            unseen[0] if unseen else None,
            self.folder.next_uid,
        )


def _names(flags: Iterable[Flag]) -> frozenset[str]:
    return frozenset(bytes(flag).decode("ascii") for flag in flags)


class BoxSet(MailboxSetInterface[Box]):
    """All folders of one mailbox."""

    def __init__(self, folders: Folders, now: Callable[[], datetime]) -> None:
        self._folders = folders
        self._now = now
        self._boxes: dict[int, Box] = {}

    @property
    def delimiter(self) -> str:
        return "/"

    async def set_subscribed(self, name: str, subscribed: bool) -> None:
        (self._folders.subscribed.add if subscribed else self._folders.subscribed.discard)(name)

    async def list_subscribed(self) -> ListTree:
        names = (name for name in self._folders if name in self._folders.subscribed)
        return ListTree(self.delimiter).update(INBOX, *names)

    async def list_mailboxes(self) -> ListTree:
        return ListTree(self.delimiter).update(*self._folders)

    async def get_mailbox(self, name: str) -> Box:
        folder = self._folders.get(name)
        if folder is None:
            raise KeyError(name)
        if folder.validity not in self._boxes:
            self._boxes[folder.validity] = Box(folder, self._now)
        return self._boxes[folder.validity]

    async def add_mailbox(self, name: str) -> ObjectId:
        self._folders.create(name)
        return (await self.get_mailbox(name)).mailbox_id

    async def delete_mailbox(self, name: str) -> None:
        self._folders.delete(name)

    async def rename_mailbox(self, before: str, after: str) -> None:
        self._folders.rename(before, after)


class Session(BaseSession[Message]):
    """What a client that has logged in works on."""

    def __init__(self, owner: str, config: IMAPConfig, boxes: BoxSet) -> None:
        super().__init__(owner)
        self._config, self._boxes = config, boxes

    @property
    def config(self) -> IMAPConfig:
        return self._config

    @property
    def mailbox_set(self) -> Any:
        return self._boxes


class Identity(IdentityInterface):
    """Whoever has logged in. Nobody manages accounts by IMAP."""

    def __init__(self, name: str, config: IMAPConfig, boxes: BoxSet) -> None:
        self._name, self._config, self._boxes = name, config, boxes

    @property
    def name(self) -> str:
        return self._name

    @property
    def roles(self) -> frozenset[str]:
        return frozenset()

    @asynccontextmanager
    async def new_session(self) -> AsyncIterator[Session]:
        yield Session(self._name, self._config, self._boxes)

    async def new_token(self, *, expiration: datetime | None = None) -> str | None:
        return None

    async def get(self) -> NoReturn:
        raise NotAllowedError

    async def set(self, metadata: object) -> NoReturn:
        raise NotAllowedError

    async def delete(self) -> NoReturn:
        raise NotAllowedError
