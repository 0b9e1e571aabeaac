"""A message that is opened in the lab: which one, where it lies, and whose lines its reader may believe."""

from __future__ import annotations

from .cast import CAST
from .lab import Lab
from .mailbox import Mail


def newest(lab: Lab) -> Mail | None:
    """The message that a client brought last, of all mailboxes; None when there is none.

    What the mailbox's own MTA made, such as a DSN, counts only where there is nothing else.
    """
    stored = [mail for store in lab._stores.values() for box in store.boxes for mail in store.delivered(box)]
    return max(stored, key=lambda mail: mail.transcript.number if mail.transcript else -1, default=None)


def expression(lab: Lab, mail: Mail) -> str:
    """What gives this message's octets in a notebook; "" when it is in no mailbox now."""
    address = f"{mail.recipient.local}@{mail.recipient.domain}"
    box = lab.mailbox(address)
    return f"lab.mailbox({address!r})[{box.index(mail)}].raw" if mail in box else ""


def own_hosts(domain: str) -> tuple[str, ...]:
    """The hosts that take mail for `domain`, by name: those that write on top of its users' mail."""
    return tuple(actor.name for actor in CAST if actor.admd == domain.lower() and actor.services)
