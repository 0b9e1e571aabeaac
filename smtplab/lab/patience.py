"""How long a client waits for each reply (RFC 5321 §4.5.3.2), by the lab's clock.

Nobody sits and waits for real minutes. A server that has fallen silent tells the wire
(`Wire.fall_silent`). Then the client's task is parked: the lab counts as idle, and an alarm of the lab's
clock ends the wait when its time has come. A server that is merely slow is waited for as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from ..mail.transcript import Side
from .world import World

T = TypeVar("T")

# Minutes, by what is waited for: "" is the greeting, "." the reply to the message. RFC 5321 §4.5.3.2.1 to
# RFC 5321 §4.5.3.2.6. The three minutes of RFC 5321 §4.5.3.2.5, for each block of the message, are about a
# server that stops reading; the lab's read all that comes. Other commands have no figure: as for MAIL.
MINUTES = {"": 5, "MAIL": 5, "RCPT": 5, "DATA": 2, ".": 10}
OTHERS = 5


class Patience:
    """One client's waiting, on one connection. `verb` is what it waits, or waited last, to hear about.

    `note` is "" until a wait has been in vain. `on_park` and `on_wake` are told when the wait is the clock's.
    """

    def __init__(
        self, world: World, port: int, on_park: Callable[[], None], on_wake: Callable[[], None]
    ) -> None:
        self.verb = ""
        self.note = ""
        self._world = world
        self._port = port
        self._on_park = on_park
        self._on_wake = on_wake
        self._task: asyncio.Task[None] | None = None  # who waits now
        self._parked: asyncio.Task[None] | None = None
        self._silent = False
        self._waits = 0  # an alarm for an earlier wait means nothing
        world.network.watch(port, self._fell_silent)

    async def reply(self, verb: str, answer: Awaitable[T]) -> T:
        """Wait for the `answer` to `verb`. When that takes too long the connection is cut."""
        self.verb = verb
        self._waits += 1
        self._task = asyncio.current_task()
        if self._silent:
            self._park()
        try:
            return await answer
        finally:
            self._task = None
            self._wake()

    def end(self) -> None:
        """The connection is over."""
        self._world.network.unwatch(self._port)

    def _fell_silent(self) -> None:
        self._silent = True
        if self._task:
            self._park()

    def _park(self) -> None:
        assert self._task
        if self.verb == "QUIT":  # all has been said: nothing is lost by not waiting for the farewell
            self._cut()
            return
        minutes, wait = MINUTES.get(self.verb, OTHERS), self._waits
        clock = self._world.clock

        async def give_up() -> None:
            if wait == self._waits and self._parked:
                self.note = f"timed out: nothing heard for {minutes} minutes{after(self.verb)}"
                self._wake()
                self._cut()

        self._parked = self._task
        self._world.park(self._task)
        self._on_park()
        clock.at(clock.now() + timedelta(minutes=minutes), give_up)

    def _wake(self) -> None:
        if self._parked:
            self._world.unpark(self._parked)
            self._parked = None
            self._on_wake()

    def _cut(self) -> None:
        if wire := self._world.network.clients.get(self._port):
            wire.closing(Side.CLIENT, "closed the connection: it had waited long enough")
            wire.abort()


def after(verb: str) -> str:
    """Where in the dialogue, in words that follow on: ` after MAIL`."""
    return {"": " before the greeting", ".": " after the end of the message"}.get(verb, f" after {verb}")
