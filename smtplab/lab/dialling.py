"""How a lab is dialled: a raw session, the standard library's clients, and the real address for others."""

from __future__ import annotations

import smtplib
import socket
import ssl
from functools import partial
from typing import TYPE_CHECKING, Literal, overload

from ..mail.certificate import Certificate
from ..mail.errors import LabError
from .certificates import Kind
from .client import LabSMTP, LabSMTPS, Session
from .message_store import POP3, PORTS, MessageStore

if TYPE_CHECKING:
    import imaplib
    import poplib

    from .mta import Mta
    from .network import Network
    from .reading import ImapSession, PopSession
    from .strangers import Stranger
    from .world import World


class Dialling:
    """The part of a lab that opens connections to its hosts."""

    _world: World
    mtas: dict[str, Mta]
    message_stores: dict[str, MessageStore]

    @property
    def network(self) -> Network:
        """Hosts, taps, firewall rules, latency."""
        return self._world.network

    @property
    def strangers(self) -> list[Stranger]:
        """Those who were refused, oldest first: programs of other users of this machine (`strangers`)."""
        return self._world.strangers.refused

    def admit(self, user: str | int) -> None:
        """Let the programs of another user of this machine in, as those of yours are: `lab.admit("postfix")`.

        By name or number. Raises LabError for a name that nobody has.
        """
        self._world.strangers.admit(user)

    def mta(self, host: str) -> Mta:
        """The MTA that runs on `host`, to change its policy. Raises LabError when none does."""
        if host not in self.mtas:
            raise LabError(f"No MTA runs on {host!r}. There are MTAs on: {', '.join(self.mtas)}.")
        return self.mtas[host]

    def message_store(self, host: str) -> MessageStore:
        """The message store on `host`, where people read their mail. Raises LabError when there is none."""
        if host not in self.message_stores:
            known = ", ".join(self.message_stores)
            raise LabError(f"Nobody reads mail on {host!r}. There are message stores on: {known}.")
        return self.message_stores[host]

    @overload
    def connect(  # type: ignore[overload-overlap]  # these ports have sessions of their own
        self,
        host: str,
        port: Literal[110, 995],
        source: str | None = None,
        *,
        tls: bool | None = None,
        check: bool = True,
        greeting: bool = True,
    ) -> PopSession: ...

    @overload
    def connect(  # type: ignore[overload-overlap]
        self,
        host: str,
        port: Literal[143, 993],
        source: str | None = None,
        *,
        tls: bool | None = None,
        check: bool = True,
        greeting: bool = True,
    ) -> ImapSession: ...

    @overload
    def connect(
        self,
        host: str,
        port: int = 25,
        source: str | None = None,
        *,
        tls: bool | None = None,
        check: bool = True,
        greeting: bool = True,
    ) -> Session: ...

    def connect(
        self,
        host: str,
        port: int = 25,
        source: str | None = None,
        *,
        tls: bool | None = None,
        check: bool = True,
        greeting: bool = True,
    ) -> Session | PopSession | ImapSession:
        """A raw session with `host`, from `source` (a host's name or address), in what its port speaks.

        Without `source` it comes from mail.acorn.example on port 25, which is spoken between servers,
        and from Alice's laptop on the others, to read mail from the desk of the user who has it there.
        `tls` is for implicit TLS: by default as the port has it. `check=False` takes any certificate,
        `greeting=False` leaves the greeting unread. Raises LabError when nobody answers.
        """
        source = source or self.usual_source(port, host)
        context = self._world.authority.shared_context(check)
        try:
            sock = self._dial(source, host, port)
            sock.settimeout(10)
            number = sock.getsockname()[1]
            if self.network.tap(host, port).tls is not None if tls is None else tls:
                sock = context.wrap_socket(sock, server_hostname=host)
        except OSError as error:
            advice = self._advice(source, port, error)
            raise LabError(f"No connection to {host} port {port}: {error}. {advice}") from None
        transcript = partial(self._world.transcript_of, number)
        if port in PORTS:
            from . import reading

            kind = reading.PopSession if port in POP3 else reading.ImapSession
            return kind(sock, host, context, transcript, greeting=greeting)
        return Session(sock, host, context, transcript, greeting=greeting)

    def usual_source(self, port: int, host: str = "") -> str:
        """The host that a connection comes from when nobody says: a mail server for 25, else Alice's.

        To read mail it is Bob's desk where `host` is in his domain.
        """
        if port in PORTS and host and self.network.host(host).name.endswith(".birch.example"):
            return "bob.birch.example"
        return "mail.acorn.example" if port == 25 else "alice.home.example"

    def imap(self, host: str, port: int = 993, source: str | None = None) -> imaplib.IMAP4:
        """The standard library's imaplib.IMAP4, connected to `host` through the lab; with TLS on 993."""
        from .reading import LabIMAP4

        dial = partial(self._dial, source or self.usual_source(port, host))
        context = self._world.authority.shared_context()
        return LabIMAP4(host, port, dial=dial, context=context, implicit=self._implicit(host, port))

    def pop(self, host: str, port: int = 995, source: str | None = None) -> poplib.POP3:
        """The standard library's poplib.POP3, connected to `host` through the lab; with TLS on 995."""
        from .reading import LabPOP3

        dial = partial(self._dial, source or self.usual_source(port, host))
        context = self._world.authority.shared_context()
        return LabPOP3(host, port, dial=dial, context=context, implicit=self._implicit(host, port))

    def _implicit(self, host: str, port: int) -> bool:
        return self.network.tap(host, port).tls is not None

    def _advice(self, source: str, port: int, error: OSError) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            return "lab.certificate(...) shows whose certificate it is."
        rule = self.network.blocked(self.network.host(source).addresses[0], port)
        return f"A firewall is in the way: {rule.why}." if rule else "lab.map() shows who listens where."

    def smtp(self, host: str, port: int = 587, source: str | None = None) -> smtplib.SMTP:
        """The standard library's smtplib.SMTP, connected to `host` through the lab."""
        return self._stock(LabSMTP, host, port, source or self.usual_source(port))

    def smtp_ssl(self, host: str, port: int = 465, source: str | None = None) -> smtplib.SMTP:
        """Like `smtp`, with implicit TLS as smtplib.SMTP_SSL does."""
        return self._stock(LabSMTPS, host, port, source or self.usual_source(port))

    def _stock(self, kind: type[LabSMTP], host: str, port: int, source: str) -> LabSMTP:
        context = self._world.authority.shared_context()
        return kind(host, port, dial=partial(self._dial, source), context=context, source=source)

    def _dial(self, source: str, host: str, port: int) -> socket.socket:
        return self.network.dial(source, host, port)

    def address(self, host: str, port: int) -> tuple[str, int]:
        """Where `port` of `host` really listens, for programs outside: ("127.0.0.1", 40123)."""
        return self.network.tap(host, port).real

    def tls_context(self, check: bool = True) -> ssl.SSLContext:
        """A client's TLS context that trusts the lab's CA, or with `check=False` anyone."""
        return self._world.authority.client_context(check=check)

    def ca_file(self) -> str:
        """The path of a PEM file with the lab's CA certificate. It goes away with the lab."""
        return str(self._world.scratch.write("ca.pem", self._world.authority.pem))

    def certificate(self, host: str, port: int = 25, source: str | None = None) -> Certificate:
        """The certificate of whoever answers for `host` on `port`, unchecked: Mallory's, if she is there.

        Raises LabError when none is shown.
        """
        with self.connect(host, port, source, check=False) as session:
            return session.ask_for_certificate()

    def use_certificate(self, host: str, kind: Kind = "good") -> None:
        """Give the server on `host` another certificate, one of `certificates.Kind`: "expired", ..."""
        context = self._world.context(host, kind)
        server = self.message_stores.get(host) or self.mta(host)
        server.context = context
        for tap in self.network.taps(self.network.host(host)):
            tap.tls = context if tap.tls else None
