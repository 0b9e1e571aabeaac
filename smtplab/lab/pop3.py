"""A POP3 server (RFC 1939, with CAPA of RFC 2449 and STLS of RFC 2595 §4), one object a connection.

Answers each command as `mail.pop3` has it. A session that logs in sees the messages that are there then, and
locks the mailbox until it ends. What it marks is deleted only after QUIT: a connection that breaks off
deletes nothing (RFC 1939 §6).
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, cast

from ..mail.dots import beginning, size, stuffed
from ..mail.pop3 import COMMAND_LIMIT, VERBS, Command, Response, State, after, refusal
from ..mail.transcript import grown
from .recording import CURRENT

if TYPE_CHECKING:
    from .folders import Kept
    from .message_store import MessageStore
    from .wire import Wire

IN_USE = Response(False, "Another session has this mailbox open", "IN-USE")  # RFC 2449 §8.1.2


class Pop3(asyncio.Protocol):
    """One session. `tls` says that it began under TLS."""

    def __init__(self, server: MessageStore, wire: Wire, *, tls: bool) -> None:
        self.server = server
        self.wire = wire
        self.tls = tls
        self.state = State.AUTHORIZATION
        self.transport: asyncio.Transport | None = None
        self._buffer = b""
        self._skipping = False  # the rest of a line that was too long
        self._paused = False  # the client does not read what it has asked for
        self._eof = False
        self._errors = self._bad_passwords = 0
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._greeted = False
        self._forget()

    def _forget(self) -> None:
        """Drop all that the client has said, as after STLS."""
        self.user = self.mailbox = ""
        self.drop: list[Kept] = []  # what was there when the session logged in
        self.marked: set[int] = set()  # numbers from 1

    # asyncio's side -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._wait()
        if not self._greeted:
            self._greeted = True
            self._say(Response(True, f"{self.server.name} POP3 smtplab"))

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self._timer:
            self._timer.cancel()
        self._unlock()

    def pause_writing(self) -> None:
        self._paused = True
        if self.transport:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        self._paused = False
        if self.transport and not self.transport.is_closing():
            self.transport.resume_reading()
        self._work()

    def data_received(self, data: bytes) -> None:
        self._wait()
        self._buffer += data
        self._work()

    def eof_received(self) -> bool:
        """The client will say no more: answer what it has said, then close."""
        self._eof = True
        self._work()
        return self.transport is not None and not self.tls

    def _wait(self) -> None:
        """Hang up on a client that is silent for too long, and delete nothing (RFC 1939 §3)."""
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self.server.limits.idle, self._close)

    def _close(self) -> None:
        if self.transport:
            self.transport.close()

    def _say(self, response: Response, content: bytes | None = None) -> None:
        """Send a response; `content` is a message, as it goes over the wire."""
        if self.transport:
            self.transport.write(response.format() + (content or b""))

    # lines --------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Answer every command that is complete."""
        while self.transport and not self._paused and not self._task and self.state is not State.CLOSED:
            line, ended, rest = self._buffer.partition(b"\n")
            if not ended:
                if len(line) > COMMAND_LIMIT:
                    self._skipping, self._buffer = True, b""
                break
            self._buffer = rest
            if self._skipping or len(line) + 1 > COMMAND_LIMIT:
                self._skipping = False
                self._answer("", Response(False, "Line too long"))
            else:
                self._command(line)
        if self._eof and not self._paused:
            self._close()

    def _command(self, line: bytes) -> None:
        command = Command.parse(line)
        refused = refusal(self.state, command.verb)
        if refused is None and (wrong := command.wrong()):
            self._answer(command.verb, Response(False, wrong))
        elif refused:
            self._answer(command.verb, refused.response)
        elif command.verb in ("RETR", "TOP"):
            self._fetch(command)
        else:
            self._answer(command.verb, getattr(self, f"pop_{command.verb}")(*command.arguments))

    def _answer(self, verb: str, response: Response, content: bytes | None = None) -> None:
        """Send the response to `verb`, and move the session on."""
        self.state = after(self.state, verb, response.ok)
        self._errors += not response.ok
        if self.state is State.UPDATE:
            response = self._update()
            self.state = State.CLOSED
        self._say(response, content)
        if verb == "STLS" and response.ok:
            self._secure()
        elif self.state is State.CLOSED or self._errors >= self.server.limits.errors:
            self.state = State.CLOSED
            self._close()

    # AUTHORIZATION ------------------------------------------------------------------------------

    def pop_CAPA(self) -> Response:
        offers = ["TOP", "UIDL", "RESP-CODES", "PIPELINING"]
        if self.tls or self.server.plain_logins:
            offers.append("USER")
        if not self.tls:
            offers.append("STLS")
        offers += ["EXPIRE NEVER", "IMPLEMENTATION smtplab"]  # RFC 2449 §6.7, §6.9
        return Response(True, "This is what I can do", lines=tuple(map(str.encode, offers)))

    def pop_STLS(self) -> Response:
        if self.tls:
            return Response(False, "TLS is there already")
        return Response(True, "Ready to start TLS")

    def _secure(self) -> None:
        """Go on under TLS. What came in clear behind STLS is thrown away: anybody may have put it there."""
        self._buffer, self._skipping = b"", False
        self._forget()
        self.state = State.AUTHORIZATION
        self._task = asyncio.get_running_loop().create_task(self._start_tls())

    async def _start_tls(self) -> None:
        transport, loop = self.transport, asyncio.get_running_loop()
        if transport is None:
            return
        CURRENT.set(self.wire)  # a callback of the client's socket led here, which knows of no connection
        try:
            under_tls = await loop.start_tls(transport, self, self.server.context, server_side=True)
        except (OSError, ssl.SSLError):  # the transcript says why
            self.wire.abort()
            return
        finally:
            self._task = None
        self.tls = True
        if under_tls is not None:
            self.connection_made(under_tls)
        self._work()  # what came while the handshake was ending

    def pop_USER(self, name: str) -> Response:
        if not self.tls and not self.server.plain_logins:
            return Response(False, "No password in clear: send STLS first")
        self.user = name
        return Response(True, "Now the password")  # said to who is unknown, too (RFC 1939 §7)

    def pop_PASS(self, password: str) -> Response:
        mailbox = self.server.open(self.user, password)
        if not mailbox:
            self._bad_passwords += 1
            if self._bad_passwords >= self.server.limits.bad_passwords:
                self._errors = self.server.limits.errors
            return Response(False, "No such name and password")
        if mailbox in self.server.locks:
            return IN_USE
        self.server.locks[mailbox] = self
        self.mailbox = mailbox
        self.drop = self.server.folders(mailbox).inbox.messages()
        return Response(True, counted(len(self.drop)))

    def _unlock(self) -> None:
        if self.server.locks.get(self.mailbox) is self:
            del self.server.locks[self.mailbox]
            grown()

    # TRANSACTION --------------------------------------------------------------------------------

    def _there(self) -> list[tuple[int, Kept]]:
        """The messages that are not marked, with their numbers."""
        return [(n, kept) for n, kept in enumerate(self.drop, 1) if n not in self.marked]

    def _message(self, number: str) -> Kept | None:
        """The message with this number, unless it is marked or there is none."""
        n = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        return self.drop[n - 1] if 1 <= n <= len(self.drop) and n not in self.marked else None

    def pop_STAT(self) -> Response:
        there = self._there()
        return Response(True, f"{len(there)} {sum(size(kept.raw) for _, kept in there)}")

    def pop_LIST(self, number: str = "") -> Response:
        return self._listing(number, lambda kept: str(size(kept.raw)))

    def pop_UIDL(self, number: str = "") -> Response:
        validity = self.server.folders(self.mailbox).inbox.validity
        return self._listing(number, lambda kept: f"{validity}-{kept.uid}")

    def _listing(self, number: str, says: object) -> Response:
        assert callable(says)
        if number:
            kept = self._message(number)
            return Response(True, f"{int(number)} {says(kept)}") if kept else NO_SUCH
        lines = tuple(f"{n} {says(kept)}".encode() for n, kept in self._there())
        return Response(True, counted(len(lines)), lines=lines)

    def _fetch(self, command: Command) -> None:
        kept, top = self._message(command.arguments[0]), command.arguments[1:]
        if not kept:
            self._answer(command.verb, NO_SUCH)
        elif top and not (top[0].isascii() and top[0].isdigit() and len(top[0]) < 10):
            self._answer(command.verb, Response(False, f"Syntax: {VERBS['TOP'].syntax}"))
        else:
            content = beginning(kept.raw, int(top[0])) if top else kept.raw
            self._answer(command.verb, Response(True, f"{size(kept.raw)} octets"), stuffed(content))

    def pop_DELE(self, number: str) -> Response:
        if not self._message(number):
            return NO_SUCH
        self.marked.add(int(number))
        return Response(True, f"Message {int(number)} marked: it goes at QUIT")

    def pop_RSET(self) -> Response:
        self.marked.clear()
        return Response(True, counted(len(self.drop)))

    def pop_NOOP(self) -> Response:
        return Response(True)

    # UPDATE -------------------------------------------------------------------------------------

    def pop_QUIT(self) -> Response:
        return Response(True, "Goodbye")

    def _update(self) -> Response:
        """Delete what is marked, and let the mailbox go (RFC 1939 §6)."""
        uids = [self.drop[n - 1].uid for n in sorted(self.marked)]
        if uids:
            self.server.folders(self.mailbox).inbox.remove(uids)
        self._unlock()
        return Response(True, f"Goodbye: {len(uids)} deleted, {len(self.drop) - len(uids)} left")


NO_SUCH = Response(False, "No such message")


def counted(count: int) -> str:
    """So many messages, in words."""
    return f"{count} message{'' if count == 1 else 's'}"
