"""Messages as a notebook has them: their header sections and envelopes, true and forged."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import EmailMessage
from functools import partial
from typing import TYPE_CHECKING, Any

from ..lab.mailbox import Mail
from .base import Base

if TYPE_CHECKING:
    from ..mail.letter import Letter
    from ..show.forge_desk import ForgeDesk
    from ..show.reader import MailReader
    from ..show.tracer import Tracer
    from ..show.xray import EnvelopeXray


class Messages(Base):
    """A lab with pictures of messages."""

    def trace(
        self, message: Mail | bytes | str | None = None, trusted: Iterable[str] | None = None
    ) -> Tracer:
        """The way of a message by its Received fields, and a line to move where trust ends.

        `message` comes from a mailbox, as octets or as text; by default it is the newest of all mailboxes,
        and when there is none, headers can be pasted. `trusted` are the hosts whose lines are believed: by
        default those of the recipient's own domain, or else the host that wrote the newest line. Raises
        LabError for a message without a Received field.
        """
        from ..lab.opened import expression, newest, own_hosts
        from ..show.tracer import Tracer

        found = newest(self) if message is None else message
        topology = self.topology()
        if not isinstance(found, Mail):
            return Tracer(found, trusted=tuple(trusted or ()), topology=topology)
        return Tracer(
            found,
            trusted=own_hosts(found.recipient.domain) if trusted is None else tuple(trusted),
            topology=topology,
            title=f"to {found.recipient}",
            origin=expression(self, found),
        )

    def forge_desk(self) -> ForgeDesk:
        """Write Received lines of your own, have them delivered to Bob, and see who believes them."""
        from ..lab.forging import Forger
        from ..show.forge_desk import ForgeDesk
        from ..show.script import content

        forger = Forger(self)
        target = self._target(forger.host, 25)
        return ForgeDesk(
            forger.send,
            sources=forger.sources,
            trusted=forger.trusted,
            now=self.clock.now,
            code=lambda source, hello, message: target.code(
                [*forger.script(hello), content(message), "QUIT"]
            ),
        )

    def xray(self, letter: Letter | None = None, *, send: bool = False, **parts: Any) -> EnvelopeXray:
        """A letter with an envelope and header fields that may disagree: send it, and see who sees what.

        The controls begin as `letter` has it, changed in `parts`, which are those of a `mail.letter.Letter`:
        `lab.xray(bcc="erin@birch.example")`. An envelope that is not among them is made of the fields. With
        `send` the letter is sent at once. What is sent is delivered.
        """
        from ..lab.posting import ACCOUNT, SUBMISSION, post
        from ..mail.letter import changed
        from ..show.xray import EnvelopeXray
        from ..show.xray_code import snippets

        target = self._target(SUBMISSION, 587)
        code = partial(snippets, target=target, account=ACCOUNT)
        made = EnvelopeXray(partial(post, self), changed(letter, parts), code=code)
        if send:
            made.send()
        return made

    def reader(
        self, message: Mail | EmailMessage | bytes | str, *, name_only: bool = False, origin: str = ""
    ) -> MailReader:
        """A message as a mail program shows it, beside View Source, in which each field explains itself.

        `message` is one from a mailbox, of which the fields of the recipient's own hosts count as evidence,
        or any other. `origin` is the expression that gives its octets in the notebook, for *Show the code*.
        """
        from ..lab.opened import expression, own_hosts
        from ..show.reader import MailReader

        if isinstance(message, Mail):
            return MailReader(
                message,
                trusted=own_hosts(message.recipient.domain),
                name_only=name_only,
                title=f"from the mailbox of {message.recipient.address}",
                origin=origin or expression(self, message) or "message",
            )
        raw = message.as_bytes() if isinstance(message, EmailMessage) else message
        return MailReader(raw, name_only=name_only, origin=origin or "message")
