"""Whose programs may talk to this lab: those of the user who runs it, and root's. Others are strangers.

On a machine that many use, every port on loopback is in reach of everybody. Each tap and the lab's DNS
therefore ask whose the socket at the other end is, before anything is said, and a stranger is cut off.
Root is let in: no answer of ours would keep out who can read the lab's memory, and `sudo swaks` works. So is
whom the owner names: a Postfix of one's own runs as a user of its own. A socket that its program has closed
before we could ask has no owner any more and is refused, else a stranger would only have to be quick. Where
the system cannot be asked, nobody is refused: `privacy` says so.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..mail.errors import LabError
from . import owners
from .owners import Address, Ask, Transport

ROOT = 0
KEPT = 1000  # of those who were refused; the oldest go first
TOLD = 20  # users that get a line in the log of the program that runs the lab

log = logging.getLogger("smtplab")


@dataclass(frozen=True, slots=True)
class Stranger:
    """Someone who was refused. `when` is the lab's time, `client` a real "address:port", `at` what it wanted.

    `uid` is the user's number, None for a socket that was closed before it could be asked for.
    """

    when: datetime
    uid: int | None
    client: str
    at: str

    def __str__(self) -> str:
        who = "someone who hung up at once" if self.uid is None else f"user {self.uid}"
        return f"{self.when:%H:%M:%S} refused {who} ({self.client}) at {self.at}"


class Strangers:
    """Decides who may come in, and remembers who might not. `now` gives the lab's time."""

    def __init__(self, now: Callable[[], datetime], ask: Ask | None = None) -> None:
        self._now = now
        self._welcome: set[int | None] = {os.geteuid() if hasattr(os, "geteuid") else ROOT, ROOT}
        self._refused: deque[Stranger] = deque(maxlen=KEPT)
        self._told: set[int | None] = set()
        self._lock = threading.Lock()
        way = owners.way() if ask is None else None
        self._own = way() if way else None  # what is ours to close
        self._ask: Ask | None = ask or self._own

    @property
    def refused(self) -> list[Stranger]:
        """The last 1000, oldest first."""
        with self._lock:
            return list(self._refused)

    def admits(self, transport: Transport, client: Address, server: Address, at: str) -> bool:
        """Whether the socket `client`, which has called ours, `server`, may stay. `at` is for the record."""
        if self._ask is None:
            return True
        uid = self._ask(transport, client, server)
        if uid in self._welcome:
            return True
        self._note(Stranger(self._now(), uid, f"{client[0]}:{client[1]}", at))
        return False

    def admit(self, user: str | int) -> None:
        """Let a user's programs in from now on, by name or number. Raises LabError for an unknown name."""
        if isinstance(user, str):
            import pwd  # Unix has it, and only there anyone is refused

            try:
                user = pwd.getpwnam(user).pw_uid
            except KeyError:
                raise LabError(f"This machine has no user {user!r}.") from None
        self._welcome.add(user)

    def _note(self, stranger: Stranger) -> None:
        with self._lock:
            self._refused.append(stranger)
        if stranger.uid in self._told or len(self._told) == TOLD:
            return
        self._told.add(stranger.uid)
        if stranger.uid is not None:  # such a one may be a port scan of the learner's own
            log.warning("The lab: %s. That user's others are in lab.strangers.", stranger)

    def close(self) -> None:
        """Ask no more: whoever calls now is refused. Doing it twice is harmless."""
        if self._own:
            self._own.close()


def privacy() -> tuple[bool, str]:
    """Whether labs are closed to the other users of this machine, and a sentence that says how."""
    way = owners.way()
    if way is None:
        return False, (
            "other users of this machine can talk to your lab while it runs: "
            "this system does not tell whose a connection on loopback is"
        )
    if owners.mixed():
        return False, (
            "this is a user namespace, and your user looks like all those whom it does not know: "
            "they can talk to your lab while it runs"
        )
    how = "the kernel is asked" if way is owners.SockDiag else "the kernel's tables are read"
    return True, f"closed to other users of this machine but root: {how} for the owner of each connection"
