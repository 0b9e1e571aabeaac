"""What a delivery status notification says, as records (RFC 3464 §2.2, §2.3).

`Report` is the machine's part of a DSN: who reports, and one `Fate` for each recipient. `build` writes it,
`parse` reads it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Action = Literal["failed", "delayed", "delivered", "relayed", "expanded"]

# The worst first: what a DSN with several recipients is called by.
ACTIONS: tuple[Action, ...] = ("failed", "delayed", "expanded", "relayed", "delivered")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the message for one recipient (RFC 3464 §2.3).

    `recipient` is the address that the reporting MTA had in its envelope, `original` what ORCPT said
    ("rfc822;bob@birch.example") or "". `status` is an enhanced code (RFC 3463 §2). `remote` is the host that
    gave `diagnostic`, one line, whose kind is `diagnostic_type`: "smtp" for a reply of that host's.
    `retry_until` is for "delayed" alone.
    """

    recipient: str
    action: Action
    status: str
    original: str = ""
    remote: str = ""
    diagnostic: str = ""
    diagnostic_type: str = "smtp"
    last_attempt: datetime | None = None
    retry_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A DSN's machine part: the reporting MTA's name, the recipients, and where the message came from.

    `envelope_id` is what ENVID said, decoded; `arrived` when the message came to the reporting MTA, from the
    host `received_from`.
    """

    by: str
    fates: tuple[Fate, ...]
    envelope_id: str = ""
    arrived: datetime | None = None
    received_from: str = ""

    @property
    def action(self) -> Action:
        """The worst of the recipients' actions, in the order of ACTIONS."""
        return min((fate.action for fate in self.fates), key=ACTIONS.index)
