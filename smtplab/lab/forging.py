"""Where the forge desk sends from: a host outside, a name of its own choosing, and one message for Bob.

The message goes out as it is given, whatever its header claims: SMTP hands over what it gets, and the
receiving host writes its own line on top (RFC 5321 §4.4).
"""

from __future__ import annotations

from ..mail.errors import LabError
from ..mail.text import visible
from .cast import VISITOR
from .lab import Lab
from .opened import own_hosts

MALLORY = "mail.mallory.example"


class Forger:
    """Sends to one mailbox of one receiving host. `sources` are the hosts that can play the sender.

    `trusted` are the hosts of the recipient's own domain: whose lines its reader may believe.
    """

    sources = (MALLORY, VISITOR.name)
    reverse_path = "accounts@mallory.example"

    def __init__(
        self, lab: Lab, host: str = "mx.birch.example", recipient: str = "bob@birch.example"
    ) -> None:
        self._lab, self.host, self.recipient = lab, host, recipient
        self.trusted = own_hosts(recipient.rpartition("@")[2])

    def script(self, hello: str) -> list[str]:
        """What is said before the message."""
        return [f"EHLO {hello}", f"MAIL FROM:<{self.reverse_path}>", f"RCPT TO:<{self.recipient}>", "DATA"]

    def send(self, source: str, hello: str, message: bytes) -> bytes:
        """Have `message` delivered, and return it as it lies in the mailbox.

        Raises LabError when the receiving host refuses it, with its words.
        """
        if source not in self.sources:
            raise LabError(f"The forge desk sends from {' or '.join(self.sources)}, not from {source!r}.")
        with self._lab.connect(self.host, 25, source) as session:
            steps: list[str | bytes] = [*self.script(hello), message]
            for step in steps:
                reply = session.data(step) if isinstance(step, bytes) else session.send(step)
                if reply and reply.code >= 400:
                    what = "the message" if isinstance(step, bytes) else step
                    raise LabError(f"{self.host} refused {visible(what)[:100]}: {visible(str(reply))}")
            session.send("QUIT")
            number = session.transcript.number
        self._lab.settle()
        return next(
            mail.raw
            for mail in reversed(self._lab.mailbox(self.recipient))
            if mail.transcript and mail.transcript.number == number
        )
