"""What became of one message in one MTA's queue, to the end: a record for pictures and DSNs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .attempt import Attempt, Outcome
from .envelope import Envelope


@dataclass(frozen=True, slots=True)
class Notice:
    """A DSN that the MTA made, or would have made (RFC 3461 §5).

    `action` is RFC 3464 §2.3.3's word, `recipients` whom it is about, `to` the reverse-path that it goes to.
    `why_not` is "" when it was sent; otherwise the reason that none was, with the section in `rule`.
    `order` tells what came first (`timeline`).
    """

    when: datetime
    action: Outcome
    recipients: tuple[str, ...]
    to: str
    why_not: str = ""
    rule: str = ""
    order: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class History:
    """One queued message, as it stands at `now`. All times are the lab's.

    `outcomes` goes by recipient address, in the order of the envelope. `next_try`, `warn_at` and
    `give_up_at` are None when they will not come any more (or, for `warn_at`, when none is asked for).
    """

    host: str
    id: str
    envelope: Envelope
    accepted: datetime
    now: datetime
    attempts: tuple[Attempt, ...]
    outcomes: tuple[tuple[str, Outcome], ...]
    notices: tuple[Notice, ...] = ()
    next_try: datetime | None = None
    warn_at: datetime | None = None
    give_up_at: datetime | None = None
