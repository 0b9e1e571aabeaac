"""MessageStore: a host on which people read their mail (the MS of RFC 5598 §4.2.2), by POP3 and IMAP.

It is to readers what `Mta` is to those who send: the accounts, the limits, the certificate, and how each port
is served. The mailboxes are those of its domain's MTAs. The protocols are in `pop3` and `imap`, which load
when somebody first connects.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..mail.path import Path
from ..mail.text import visible
from .accounts import Accounts
from .hosts import Host
from .mailbox import Store
from .service import Service

if TYPE_CHECKING:
    from .folders import Folders
    from .wire import Wire
    from .world import World

POP3, IMAP = (110, 995), (143, 993)
PORTS = (*POP3, *IMAP)  # 995 and 993 are implicit TLS: RFC 8314 §3.1, §3.2


@dataclass(slots=True)
class ReadingLimits:
    """What the server puts up with: seconds of silence, bad commands, octets in what a client stores."""

    idle: float = 1800.0  # RFC 9051 §5.4: at least 30 minutes; RFC 1939 §3 is content with 10
    errors: int = 20  # refused commands before the server hangs up
    bad_passwords: int = 3  # of one session
    append: int = 10_240_000


def protocol_of(port: int) -> str:
    """What is spoken on a port for reading mail: "pop3" or "imap"."""
    return "pop3" if port in POP3 else "imap"


class MessageStore:
    """One host's mailboxes for their readers. `plain_logins` lets passwords come in clear, as nobody should.

    `locks` are the mailboxes that a POP3 session holds, each with that session (RFC 1939 §4).
    """

    def __init__(
        self,
        host: Host,
        store: Store,
        world: World,
        context: ssl.SSLContext,
        accounts: Accounts | None = None,
    ) -> None:
        self.host = host
        self.store = store
        self.world = world
        self.context = context
        self.limits = ReadingLimits()
        self.plain_logins = False
        self.locks: dict[str, object] = {}
        self.accounts = accounts or Accounts(world.random(f"{host.name} accounts"), world.clock.now)
        self._imap: Any = None

    @property
    def name(self) -> str:
        """The host's name."""
        return self.host.name

    def serve(self, service: Service) -> Callable[[Wire], asyncio.Protocol]:
        """What makes the server's protocol object for a connection to this port."""
        return lambda wire: self._open(service, wire)

    def _open(self, service: Service, wire: Wire) -> asyncio.Protocol:
        if protocol_of(service.port) == "pop3":
            from .pop3 import Pop3

            return Pop3(self, wire, tls=service.tls == "implicit")
        from .imap import Imap  # 0.1 s, so only when it is asked for

        self._imap = self._imap or Imap(self)
        made: asyncio.Protocol = self._imap.serve(wire, tls=service.tls == "implicit")
        return made

    def open(self, name: str, password: str) -> str:
        """The mailbox that a name and a password open, "" for none."""
        account = self.accounts.check(name, password)
        local, _, domain = account.rpartition("@")
        return (self.store.find(Path(local, domain)) or "") if account else ""

    def folders(self, mailbox: str) -> Folders:
        """The folders of a mailbox: `ms.folders("bob@birch.example").inbox.messages()`."""
        return self.store.folders(mailbox)

    def __repr__(self) -> str:
        return f"<MessageStore {visible(self.name)}: {len(self.store.boxes)} mailboxes>"
