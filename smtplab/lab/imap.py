"""An IMAP server: pymap's, on the lab's wires and folders, with what pymap leaves open closed.

pymap reads commands and writes responses. Here it learns who may log in, how long a client may be silent, and
how large a line or a literal may be; and it forgets what came in clear behind STARTTLS, which it would obey
under TLS as if the client had said it there (the flaw that RFC 3207 §4.2 warns SMTP of).
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from argparse import Namespace
from collections.abc import Mapping
from contextlib import AsyncExitStack
from socket import AddressFamily
from typing import TYPE_CHECKING, NoReturn

from proxyprotocol.sock import SocketInfoLocal
from pymap.concurrent import Subsystem
from pymap.config import BackendCapability, IMAPConfig
from pymap.context import connection_exit
from pymap.exceptions import AuthorizationFailure, CloseConnection, InvalidAuth
from pymap.imap import IMAPConnection
from pymap.imap.state import ConnectionState
from pymap.interfaces.login import IdentityInterface, LoginInterface
from pymap.interfaces.session import SessionInterface
from pymap.parsing.response import ResponseBye, ResponseCode
from pysasl import SASLAuth
from pysasl.creds.server import ServerCredentials
from pysasl.hashing import BuiltinHash
from pysasl.identity import Identity as Known

from ..mail.imap import LITERAL
from .imap_folders import BoxSet, Identity

if TYPE_CHECKING:
    from .message_store import MessageStore
    from .wire import Wire

LINE_LIMIT = 65536  # octets; RFC 7162 §4 asks for 8192


class Settings(IMAPConfig):
    """What pymap asks about the server. It asks again for each connection."""

    def __init__(self, server: MessageStore, *, implicit: bool) -> None:
        self._server = server
        self._implicit = implicit
        super().__init__(
            Namespace(),
            host=server.name,
            port=993 if implicit else 143,
            ssl_context=server.context,
            tls_enabled=not implicit,
            hash_context=BuiltinHash(),
            cpu_subsystem=Subsystem.for_asyncio(),
            proxy_protocol=_NoProxy,  # type: ignore[arg-type]  # nobody asks for it: the wire knows the source
            reject_dnsbl=False,
            max_append_len=server.limits.append,
            bad_command_limit=server.limits.errors,
        )

    @property
    def ssl_context(self) -> ssl.SSLContext:
        return self._server.context

    @property
    def initial_auth(self) -> SASLAuth:
        return self.tls_auth if self._implicit or self._server.plain_logins else SASLAuth([])

    @property
    def greeting(self) -> bytes:
        return self._server.name.encode("ascii") + b" IMAP smtplab"

    @property
    def backend_capability(self) -> BackendCapability:
        return BackendCapability(idle=True, object_id=False, multi_append=True)

    @property
    def id_response(self) -> Mapping[bytes, bytes]:
        return {b"name": b"smtplab"}


class _NoProxy:
    """Stands for "no PROXY protocol"."""


class Source(SocketInfoLocal):
    """Where a connection comes from: for the lab nobody is local, so that nobody is let in without TLS."""

    @property
    def from_localhost(self) -> bool:
        return False

    @property
    def dnsbl(self) -> None:
        return None

    @property
    def family(self) -> AddressFamily:
        return AddressFamily.AF_UNSPEC  # there is no socket: the wire is in memory


class Login(LoginInterface):
    """Who may log in, and to which mailbox."""

    def __init__(self, server: MessageStore, settings: Settings) -> None:
        self._server, self._settings = server, settings
        self._boxes: dict[str, BoxSet] = {}

    @property
    def tokens(self) -> NoReturn:
        raise NotImplementedError("nobody logs in by token here")

    async def authenticate(self, credentials: ServerCredentials) -> IdentityInterface:
        known = _Account(self._server, credentials.authcid)
        if not credentials.verify(known):
            raise InvalidAuth
        return Identity(credentials.authcid, self._settings, self._of(known.mailbox))

    def _of(self, mailbox: str) -> BoxSet:
        if mailbox not in self._boxes:
            self._boxes[mailbox] = BoxSet(self._server.folders(mailbox), self._server.world.clock.now)
        return self._boxes[mailbox]

    async def authorize(self, authenticated: IdentityInterface, authzid: str) -> IdentityInterface:
        if authzid != authenticated.name:
            raise AuthorizationFailure
        return authenticated


class _Account(Known):
    """The account that somebody claims to have. `mailbox` is what the right password has opened."""

    def __init__(self, server: MessageStore, name: str) -> None:
        self._server, self._name = server, name
        self.mailbox = ""

    @property
    def authcid(self) -> str:
        return self._name

    def compare_authcid(self, authcid: str) -> bool:
        return authcid == self._name

    def compare_secret(self, secret: str) -> bool:
        self.mailbox = self._server.open(self._name, secret)
        return bool(self.mailbox)

    def get_clear_secret(self) -> None:
        return None


class State(ConnectionState):
    """pymap's session, which hangs up on who guesses passwords."""

    def __init__(self, login: Login, settings: Settings, most: int) -> None:
        super().__init__(login, settings)
        self._left = most

    async def _login(self, creds: ServerCredentials) -> SessionInterface:
        try:
            return await super()._login(creds)
        except (InvalidAuth, AuthorizationFailure):
            self._left -= 1
            if self._left <= 0:
                raise CloseConnection from None
            raise


class Connection(IMAPConnection):
    """pymap's reading and writing, within limits."""

    server: MessageStore

    async def readline(self) -> memoryview:
        try:
            async with asyncio.timeout(self.server.limits.idle):
                line = await self.reader.readline()
                room = self.server.limits.append + LINE_LIMIT
                while (literal := LITERAL.search(line[-16:])) and b"+}" in literal[0]:
                    room -= int(literal[1])
                    if room < 0:
                        await self._bye(b"Too much at once.", b"TOOBIG")
                    line += await self.reader.readexactly(int(literal[1])) + await self.reader.readline()
        except TimeoutError:  # RFC 9051 §5.4
            await self._bye(b"Nothing heard for too long.")
        except ValueError:  # the reader's limit
            await self._bye(b"Line too long.")
        if not line.endswith(b"\n"):
            raise EOFError
        return memoryview(line)

    async def read_continuation(self, literal_length: int) -> memoryview:
        if literal_length > self.server.limits.append:
            await self._bye(b"Too much at once.", b"TOOBIG")
        return await super().read_continuation(literal_length)

    async def _bye(self, why: bytes, code: bytes = b"") -> NoReturn:
        await self.write_response(ResponseBye(why, ResponseCode.of(code or None)))
        raise EOFError

    async def send_error_disconnect(self) -> None:
        """Speak of an error of the server's where there is one; pymap would when the client is gone, too."""
        if not isinstance(sys.exc_info()[1], OSError | EOFError | asyncio.CancelledError):
            await super().send_error_disconnect()

    async def start_tls(self) -> None:
        self.reader._buffer.clear()  # type: ignore[attr-defined]  # what came in clear behind STARTTLS
        await super().start_tls()


class Imap:
    """The IMAP server of one message store."""

    def __init__(self, server: MessageStore) -> None:
        self._server = server
        self._settings = {implicit: Settings(server, implicit=implicit) for implicit in (False, True)}
        self._login = Login(server, self._settings[True])
        self._commands = self._settings[True].commands

    def serve(self, wire: Wire, *, tls: bool) -> asyncio.Protocol:
        """The protocol object for one connection."""
        settings = self._settings[tls]

        async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._run(reader, writer, settings)

        return asyncio.StreamReaderProtocol(asyncio.StreamReader(LINE_LIMIT), run)

    async def _run(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, settings: Settings
    ) -> None:
        connection = Connection(self._commands, settings, reader, writer, Source(writer))
        connection.server = self._server
        state = State(self._login, settings, self._server.limits.bad_passwords)
        try:
            async with AsyncExitStack() as stack:
                connection_exit.set(stack)
                await connection.run(state)
        except (OSError, EOFError):  # the client is gone, and the transcript says so
            pass
        except Exception as error:
            self._server.world.errors.append(error)
        finally:
            writer.close()
