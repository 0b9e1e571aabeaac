"""The lab's clock: time that stands still until you move it.

Dates in headers, retries, TTLs and expiry follow this clock, not the computer's. It starts at the
same moment in every lab, so that two runs of a notebook write the same dates. How long something
took on the wire is another matter: transcripts measure that by the real clock.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from ..mail.errors import LabError
from .loop import LoopThread

START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)  # a Monday morning

Alarm = Callable[[], Awaitable[None]]


class Clock:
    """The lab's time.

    `thread` runs what is due; `idle` is awaited before time moves and after each alarm, so that
    everything that an alarm starts has been said on the wire before the next one goes off.
    """

    def __init__(self, thread: LoopThread, idle: Alarm, start: datetime = START) -> None:
        self._now = start
        self._thread = thread
        self._idle = idle
        self._alarms: list[tuple[datetime, int, Alarm]] = []
        self._count = itertools.count()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The lab's date and time, with its zone (UTC)."""
        return self._now

    def rfc5322(self) -> str:
        """The time as a date field writes it: `Mon, 02 Mar 2026 09:00:00 +0000` (RFC 5322 §3.3)."""
        return format_datetime(self._now)

    def at(self, when: datetime, alarm: Alarm) -> None:
        """Await `alarm()` on the lab's loop once the clock reaches `when`."""
        with self._lock:
            heapq.heappush(self._alarms, (when, next(self._count), alarm))

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> datetime:
        """Move the clock forward and run everything that falls due on the way, in its order.

        Returns the new time. Raises LabError when asked to go back: the past has been said.
        """
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if step < timedelta(0):
            raise LabError("The clock only goes forward. Make a new lab to begin again: `lab = Lab()`.")
        self._thread.run(self._advance(self._now + step), timeout=600)
        return self._now

    async def _advance(self, until: datetime) -> None:
        await self._idle()
        while alarm := self._due(until):
            await alarm()
            await self._idle()
        self._now = until

    def _due(self, until: datetime) -> Alarm | None:
        """The next alarm up to `until`, with the clock set to its moment."""
        with self._lock:
            if not self._alarms or self._alarms[0][0] > until:
                return None
            when, _, alarm = heapq.heappop(self._alarms)
            self._now = max(self._now, when)
            return alarm
