"""Deliveries as a notebook has them: where a message went, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import TYPE_CHECKING

from ..lab.delivery import Delivery
from ..lab.direct import Direct
from .base import Base

if TYPE_CHECKING:
    from ..lab.item import SmartHost
    from ..mail.verdict import Verdict
    from ..show.logbook import Logbook
    from ..show.map import MailMap
    from ..show.reply_desk import ReplyDesk


class _Shown:
    """What has a verdict, and shows it in a notebook."""

    verdict: Callable[[], Verdict]

    def _repr_html_(self) -> str:
        from ..show.verdict import html

        return str(html(self.verdict()))


class ShownDelivery(_Shown, Delivery):
    """A delivery that shows itself in a notebook: its verdict, with a step for every hop."""


class ShownDirect(_Shown, Direct):
    """What became of a message that a host handed on by itself, shown as a delivery is."""


class Deliveries(Base):
    """A lab with pictures of deliveries."""

    def submit(self, message: EmailMessage | str | bytes, user: str = "alice") -> ShownDelivery:
        """As the bare lab's `submit`; the delivery shows itself."""
        return ShownDelivery(super().submit(message, user).transcript, self._items_of)

    def deliver(
        self,
        message: EmailMessage | str | bytes,
        source: str = "alice.home.example",
        *,
        recipients: Sequence[str] = (),
        smart_host: SmartHost | None = None,
    ) -> ShownDirect:
        """As the bare lab's `deliver`; what came of it shows itself."""
        done = super().deliver(message, source, recipients=recipients, smart_host=smart_host)
        return ShownDirect(done.source, done.item, list(done.routes), self._items_of)

    def map(self, delivery: Delivery | Direct | None = None) -> MailMap:
        """The hosts of the lab. With a `delivery`, its message's journey, to play and to step through."""
        from ..show.map import MailMap
        from ..show.map_code import JOURNEY

        if delivery is None:
            return MailMap(self.topology(), transcripts=lambda: self.transcripts)
        return MailMap(
            self.topology(),
            transcripts=lambda: self.transcripts,
            events=lambda: self.timeline(delivery),
            code=JOURNEY,
        )

    def logbook(self, delivery: Delivery | Direct | None = None) -> Logbook:
        """Every event of the lab, to filter and to open; with a `delivery`, those of its message."""
        from ..show.logbook import Logbook
        from ..show.map_code import LOGBOOK

        return Logbook(lambda: self.timeline(delivery), code=LOGBOOK)

    def reply_desk(self, text: str = "", *, verb: str = "") -> ReplyDesk:
        """Any reply, typed or pasted, explained: `text` is explained at once, where there is any.

        `verb` is what it answered ("RCPT", "." for the end of data), where the text does not say. Raises
        RecordError for text without a reply.
        """
        from ..show.reply_desk import ReplyDesk

        return ReplyDesk(text, verb=verb)
