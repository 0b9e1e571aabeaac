"""Policies: what a receiver asks of a message beyond the protocol. A lesson switches them on and off.

An MTA asks each of its policies in turn; the first reply refuses. What a policy lets pass, the next one
may still refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mail.envelope import Envelope, Recipient
from ..mail.reply import Reply

if TYPE_CHECKING:
    from .server import SmtpServer


class Policy:
    """Lets everything pass. A policy overrides what it cares about; None means: no objection."""

    async def on_mail(self, session: SmtpServer, envelope: Envelope) -> Reply | None:
        """The reply that refuses MAIL."""

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        """The reply that refuses a recipient."""

    async def on_message(self, session: SmtpServer, envelope: Envelope, content: bytes) -> Reply | None:
        """The reply that refuses the message, after its end."""
