"""Reading mail as a notebook has it: two mailboxes, one by POP3 and one by IMAP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Base

if TYPE_CHECKING:
    from ..show.two_mailboxes import TwoMailboxes


class Mailboxes(Base):
    """A lab with the two mailboxes."""

    def two_mailboxes(self) -> TwoMailboxes:
        """What a laptop, a phone and the server have after each command, POP3 beside IMAP.

        The sessions are real ones, with two mailboxes that are made for this: nobody else's mail is touched.
        """
        from ..lab.mailbox_trials import BOXES, HOST, PASSWORD, PORTS, MailboxTrials
        from ..show.mailbox_code import snippets
        from ..show.two_mailboxes import TwoMailboxes

        trials = MailboxTrials(self)
        pop3, imap = (self._target(HOST, PORTS[protocol]) for protocol in ("pop3", "imap"))
        return TwoMailboxes(
            trials.do,
            trials.now,
            trials.restart,
            code=lambda: snippets(pop3, imap, (BOXES["pop3"], BOXES["imap"]), PASSWORD),
        )
