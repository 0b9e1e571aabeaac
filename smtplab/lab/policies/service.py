"""A server that cannot, or will not: no service for a client, maintenance, a full disk, an error inside.

None of these says anything about the message. Each is a reply that RFC 5321 §4.2.3 has for the server's own
state, with the code that RFC 3463 §3.4 adds. A lesson puts one in, looks, and takes it out again.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from ...mail.envelope import Envelope
from ...mail.errors import LabError
from ...mail.reply import Reply
from .. import dialects
from ..policy import Policy, refuse
from ..relay import networks
from ..server import SmtpServer

REF = "RFC 3463 §3.4"
EVERYONE = ("0.0.0.0/0", "::/0")

NO_SERVICE = Reply(554, "", ("{server} No SMTP service here for [{client}]",))
NO_MAIL_EVER = Reply(521, "", ("{server} does not accept mail",))  # RFC 7504 §3
MAINTENANCE = Reply(421, "4.3.2", ("{server} Service not available, closing transmission channel",))
FULL = {
    "standard": Reply(452, "4.3.1", ("No storage is left on this server: try again later",)),
    "postfix": Reply(452, "4.3.1", ("Insufficient system storage",)),
}
ERROR = Reply(451, "4.3.0", ("Local error in processing: try again later",))


class NoService(Policy):
    """Refuse service at the greeting to clients in `networks`; by default to all.

    `code` is 554 (RFC 5321 §3.1: the session stays open for QUIT) or 521 (RFC 7504 §3: this host never takes
    mail). Raises LabError for what is no network, and for another code.
    """

    def __init__(self, networks_: str | Iterable[str] = EVERYONE, *, code: int = 554) -> None:
        if code not in (554, 521):
            raise LabError("At the greeting a server refuses with 554, or with 521 if it never takes mail.")
        self.networks, self.code = networks(networks_), code

    async def on_connect(self, session: SmtpServer) -> Reply | None:
        client = session.wire.transcript.client.address
        found = [one for one in self.networks if ip_address(client) in ip_network(one)]
        if not found:
            return None
        template, ref = (NO_SERVICE, "RFC 5321 §3.1") if self.code == 554 else (NO_MAIL_EVER, "RFC 7504 §3")
        reply = dialects.say({"standard": template}, "standard", server=session.mta.name, client=client)
        return refuse(session, reply, f"[{client}]", f"it is in {found[0]}, which gets no service here", ref)


class Maintenance(Policy):
    """Turn away each client at the greeting, and those that are there already at their next MAIL."""

    async def on_connect(self, session: SmtpServer) -> Reply | None:
        return self._closing(session)

    async def on_mail(self, session: SmtpServer, envelope: Envelope) -> Reply | None:
        return self._closing(session)

    def _closing(self, session: SmtpServer) -> Reply:
        reply = dialects.say({"standard": MAINTENANCE}, "standard", server=session.mta.name)
        why = "the server is being worked on. 421 may answer any command, and closes the connection"
        return refuse(session, reply, session.mta.name, why, "RFC 5321 §3.8")


class FullDisk(Policy):
    """Refuse MAIL, as a server does that has no room for a message, whoever it is for."""

    def __init__(self, dialect: str = "standard") -> None:
        self.dialect = dialects.known(dialect)

    async def on_mail(self, session: SmtpServer, envelope: Envelope) -> Reply | None:
        why = "the server's disk is full. It is not the recipient's mailbox: X.3.1 is not X.2.2"
        return refuse(session, dialects.say(FULL, self.dialect), session.mta.name, why, REF)


class LocalError(Policy):
    """Refuse the message after its end, as a server does that broke down while it worked on it."""

    async def on_message(self, session: SmtpServer, envelope: Envelope, content: bytes) -> Reply | None:
        why = "something inside the server failed. The message is still the client's to keep"
        return refuse(session, ERROR, session.mta.name, why, "RFC 5321 §4.2.5")
