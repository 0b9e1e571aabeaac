"""When an MTA tries again, when it tells the sender that it takes long, and when it gives up.

RFC 5321 §4.5.4.1 asks for at least 30 minutes before the second try, for longer waits later on (its example:
two tries in the first hour, then one every two or three hours), and for four to five days in all. The wait
grows with the message's age, as Postfix has it: a message waits as long again as it has waited so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..mail.errors import LabError

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The waits between tries: as long as the message has been here, but from `first` to `most`.

    `give_up` is the age at which the last try is made, `warn` the age at which the sender is told of the
    delay, None for never. Raises LabError for times that make no sense.
    """

    first: timedelta = timedelta(minutes=30)
    most: timedelta = timedelta(hours=3)
    give_up: timedelta = timedelta(days=5)
    warn: timedelta | None = timedelta(hours=4)

    def __post_init__(self) -> None:
        if not ZERO < self.first <= self.most:
            raise LabError("A schedule's first wait is longer than nothing and no longer than its most.")
        if self.give_up < ZERO or (self.warn is not None and self.warn <= ZERO):
            raise LabError("A schedule looks ahead: give_up and warn are ages, and warn=None means never.")

    def next_try(self, accepted: datetime, now: datetime) -> datetime:
        """When a message taken at `accepted` and tried at `now` is tried again, at the latest when the
        time to give up has come."""
        wait = min(max(now - accepted, self.first), self.most)
        return min(now + wait, accepted + self.give_up)

    def is_over(self, accepted: datetime, now: datetime) -> bool:
        """True when a try at `now` was the last."""
        return now >= accepted + self.give_up

    def ages(self) -> tuple[timedelta, ...]:
        """The message's age at each try, the first included, when nobody ever takes it."""
        start = now = datetime.min
        found = [ZERO]
        while not self.is_over(start, now):
            now = self.next_try(start, now)
            found.append(now - start)
        return tuple(found)


RFC5321 = Schedule()
# Postfix's defaults (postconf(5): minimal_backoff_time, maximal_backoff_time, maximal_queue_lifetime,
# delay_warning_time). It looks at its queue every 300 s only; here a try comes on the second.
POSTFIX = Schedule(timedelta(seconds=300), timedelta(seconds=4000), timedelta(days=5), None)
