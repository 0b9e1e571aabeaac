"""Faults of a server: it breaks off, falls silent, or says something else, at a point of the dialogue.

    lab.mta("mx.birch.example").faults.add("RCPT", "drop", times=2)
    lab.mta("mx.birch.example").faults.add("MAIL", Reply(421, "4.3.2", ("Shutting down",)), fraction=0.3)
    lab.mta("mx.birch.example").faults.clear()

They happen inside the server, so TLS hides nothing from them. What breaks in the network instead is in `tap`.
RFC 5321 §4.2.5 and §6.1 say who has the message when a session ends early: until the client has the reply to
the end of the message it must keep it, so at the point "reply" there are two copies from then on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal

from ..mail.errors import LabError
from ..mail.reply import Reply
from ..mail.session import VERBS
from ..mail.transcript import Side
from .connection import Hangup

if TYPE_CHECKING:
    from .connection import Connection

# Where, apart from the verbs, which stand for "read, and not yet answered".
POINTS = {
    "banner": "before the greeting",
    "content": "in the message, after its first line",
    "end": "after the end of the message, which has not been taken yet",
    "reply": "after the message has been taken, before the client is told",
    "after": "after the client has been told",
}
_SAME = {"HELO": "EHLO", "BDAT": "DATA"}

Does = Literal["drop", "silent"] | Reply


@dataclass(slots=True)
class Fault:
    """What happens at a point: "drop", "silent", or a reply, after which a 421 closes the session.

    It happens `left` times, or without end with None, and each time only for a `fraction` of the sessions
    that come so far. `struck` counts.
    """

    at: str
    does: Does
    left: int | None = None
    fraction: float = 1.0
    struck: int = 0


class Faults:
    """The faults of one server. `random` decides where only a fraction is to suffer."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.faults: list[Fault] = []

    def add(self, at: str, does: Does, *, times: int | None = None, fraction: float = 1.0) -> Fault:
        """Switch a fault on at a verb or one of POINTS. Raises LabError where it makes no sense."""
        if at not in POINTS and at not in VERBS:
            raise LabError(f"A fault is at a verb or at one of {', '.join(POINTS)}, not at {at!r}.")
        if not isinstance(does, Reply) and does not in ("drop", "silent"):
            raise LabError(f'A fault is "drop", "silent" or a Reply, not {does!r}.')
        if isinstance(does, Reply) and at in ("reply", "after"):
            raise LabError('The message has been taken: there is no other reply to give. Use "end".')
        fault = Fault(_SAME.get(at, at), does, times, fraction)
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all of them off. Who waits for a silent server waits on."""
        self.faults.clear()

    async def strike(self, session: Connection, at: str) -> Reply | None:
        """What a fault does at this point: the reply to give instead, or None when there is none.

        Raises ConnectionAbortedError or Hangup when it ends the session, and never returns from silence.
        """
        fault = self._due(_SAME.get(at, at)) if self.faults else None
        if fault is None:
            return None
        if isinstance(fault.does, Reply):
            return fault.does
        if fault.does == "silent":
            await self._say_nothing(session, at)
        if at == "after":
            raise Hangup  # what has been said must arrive
        session.wire.closing(Side.SERVER, "dropped the connection")
        session.wire.abort()
        raise ConnectionAbortedError

    def _due(self, at: str) -> Fault | None:
        for fault in self.faults:
            if fault.at == at and fault.left != 0 and self._hits(fault):
                fault.left = None if fault.left is None else fault.left - 1
                fault.struck += 1
                return fault
        return None

    def _hits(self, fault: Fault) -> bool:
        return fault.fraction >= 1 or self._random.random() < fault.fraction

    async def _say_nothing(self, session: Connection, at: str) -> None:
        """Until the client has had enough: then aiosmtpd cancels the session."""
        if at == "after":  # the reply may be under way: silence begins with the next command
            await session.read_line(b"\n", 2048)
        session.wire.fall_silent()
        await asyncio.get_running_loop().create_future()
