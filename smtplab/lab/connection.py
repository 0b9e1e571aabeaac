"""One SMTP session on aiosmtpd: how bytes become commands, and answers become bytes.

aiosmtpd brings the protocol object and STARTTLS. This adapter reads lines, keeps the session's state by the
table in `mail.session`, and answers with enhanced codes; the commands themselves are in `server`, AUTH in
`login`. What a message's sender and recipients may do is the `Mta`'s business.

aiosmtpd's own session and envelope are not used outside this file.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP, TLSSetupException

from ..mail.envelope import Envelope
from ..mail.reply import Reply
from ..mail.session import State, after, refusal
from ..mail.transcript import Side
from ..mail.verdict import Step
from .login import log_in

if TYPE_CHECKING:
    from .mta import Mta, Service
    from .wire import Wire

COMMAND_LIMIT = 2048  # octets with CRLF; RFC 5321 §4.5.3.1.4 asks for 512, extensions for more
READ_LIMIT = 65536  # octets that the reader holds before it tells the client to wait
ERROR_LIMIT = 20  # refused commands before the server hangs up, as Postfix does by default

# The texts of aiosmtpd's that reach the wire, and what the lab says instead (RFC 2034 §4: every
# reply but the greeting and those to EHLO and HELO carries an enhanced code).
WORDS = {"220 Ready to start TLS": Reply(220, "2.0.0", ("Ready to start TLS",))}

# aiosmtpd logs every TLS failure with a traceback; the transcript tells it better.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


class Hangup(Exception):
    """The server has said its last word: close the connection."""


class Handler:
    """aiosmtpd asks for one; everything is in methods here."""


class Connection(SMTP):
    """One session with one client, served for one MTA on one of its ports.

    A class that inherits from it has a method `smtp_VERB(argument)` for every verb, which calls
    `answer` once.
    """

    line_length_limit = READ_LIMIT

    def __init__(self, mta: Mta, service: Service, wire: Wire) -> None:
        super().__init__(
            Handler(),
            hostname=mta.name,
            tls_context=mta.context,
            timeout=mta.limits.idle,
            auth_require_tls=False,  # ours decides: aiosmtpd does not see implicit TLS (its issue 281)
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )
        self.mta = mta
        self.service = service
        self.wire = wire
        self.tls = service.tls == "implicit"
        self.account = ""
        self.greeted = False
        self.no_service = False  # refused at the greeting: only QUIT is left
        self.why: Step | None = None  # what the policy that is being asked says of its decision
        self.errors = 0
        self.forget()

    def forget(self) -> None:
        """Drop all knowledge of the client, as after STARTTLS (RFC 3207 §4.2)."""
        self.state = State.START
        self.helo = ""
        self.extended = False
        self.transaction: Envelope | None = None

    # asyncio's side -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        again = self.transport is not None
        kept = self._unread if again and self.mta.careless_starttls else b""
        super().connection_made(transport)
        if again:
            self.tls = True
            self.account = ""
            self.forget()
        if kept:  # aiosmtpd has just discarded it, as RFC 3207 §4.2 demands
            self._reader.feed_data(kept)

    def data_received(self, data: bytes) -> None:
        self._reset_timeout()
        super().data_received(data)

    def eof_received(self) -> bool | None:
        """The client will say no more, as at the end of `printf ... | nc`: do what it has said, then close.

        Under TLS asyncio ends the connection at once, and who leaves before the greeting gets none.
        """
        if self.tls or not self.greeted:
            return super().eof_received()
        return asyncio.StreamReaderProtocol.eof_received(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self.session is not None:  # it is when implicit TLS never came about
            super().connection_lost(error)

    def _timeout_cb(self) -> None:
        """The client was silent for too long (RFC 5321 §4.5.3.2.7): say so, then close."""
        if self.transport is not None:
            late = Reply(421, "4.4.2", (f"{self.mta.name} closes the session: nothing heard for too long",))
            self._writer.write(self._worded(late))
            self.transport.close()

    async def push(self, status: str | bytes | Reply) -> None:
        """Send a reply. Text is aiosmtpd's: put into the lab's words."""
        if not isinstance(status, Reply):
            text = status.decode() if isinstance(status, bytes) else status
            status = WORDS.get(text) or Reply.parse(text)
            self.errors += status.is_permanent
        self._writer.write(self._worded(status))
        await self._writer.drain()

    def _worded(self, reply: Reply) -> bytes:
        """`reply` for the wire: with its enhanced code only where this server offers them (RFC 2034 §4)."""
        offered = "ENHANCEDSTATUSCODES" in self.mta.extensions
        return (reply if offered else replace(reply, enhanced="")).format()

    async def answer(self, verb: str, reply: Reply, *, last: bool = False) -> None:
        """Send `reply` to `verb` and move the session on."""
        self.state = after(self.state, verb, reply.code, last=last)
        if reply.code >= 400:
            self.errors += 1
        await self.push(reply)
        if self.state is State.CLOSED:
            raise Hangup
        await self.check_errors()

    async def check_errors(self) -> None:
        """Hang up on a client that has been refused too often."""
        if self.errors >= ERROR_LIMIT:
            await self.push(Reply(421, "4.7.0", (f"{self.mta.name} closes the session: too many errors",)))
            raise Hangup

    async def _handle_client(self) -> None:
        """aiosmtpd's loop, replaced: it takes a bare LF for a line end and has its own words."""
        try:
            await self._greet()
            while self.transport is not None:
                line = await self.read_line(b"\n", COMMAND_LIMIT)
                await self._command(line)
        except Hangup:
            pass
        except TLSSetupException as error:
            self.wire.abort()
            if self.transport is not None:
                self.connection_lost(error)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client is gone, and the transcript says so
        finally:
            if self.transport is not None:
                self.transport.close()

    async def _greet(self) -> None:
        """Send the greeting; refuse a client that could not wait for it (RFC 5321 §4.3.1)."""
        await asyncio.sleep(self.mta.limits.greet_pause)
        if any(event.side is Side.CLIENT and event.kind == "data" for event in self.wire.transcript.events):
            await self.push(Reply(554, "5.5.0", (f"{self.mta.name} You spoke before the greeting",)))
            raise Hangup
        if self.service.auth and (closed := self.mta.locked_out(self.wire.transcript.client.address)):
            await self.push(closed)
            raise Hangup
        refused = await self.mta.faults.strike(self, "banner") or await self.unwelcome()
        self.greeted, self.no_service = True, refused is not None
        await self.push(refused or Reply(220, "", (f"{self.mta.name} ESMTP smtplab",)))
        if refused and refused.code in (421, 521):  # RFC 5321 §3.8, RFC 7504 §3
            raise Hangup

    async def unwelcome(self) -> Reply | None:
        """The reply in place of the greeting to a client that gets no service (RFC 5321 §3.1), or None."""
        return None

    @property
    def _unread(self) -> bytes:
        """What the client has said and nobody has read."""
        return bytes(self._reader._buffer)  # type: ignore[attr-defined]

    async def read_line(self, end: bytes, limit: int) -> bytes:
        """One line with its `end`. Of a line over `limit` octets, b"" (and the line is gone)."""
        too_long = False
        while True:
            try:
                line: bytes = await self._reader.readuntil(end)
            except asyncio.LimitOverrunError as error:
                too_long = True
                await self._reader.readexactly(error.consumed)
                continue
            return b"" if too_long or len(line) > limit else line

    async def _command(self, line: bytes) -> None:
        verb, argument, refused = parse_command(line)
        if self._unread and verb != "BDAT" and "PIPELINING" not in self.mta.extensions:
            # Without PIPELINING a client waits for each reply. Postfix, since 3.9, hangs up on who does not.
            await self.push(Reply(554, "5.5.0", ("You did not wait: PIPELINING is not offered here",)))
            raise Hangup
        if refused is None:
            refused = self.out_of_order(verb)
        if refused:
            await self.refuse(verb, argument, refused)
            return
        try:
            if failed := await self.mta.faults.strike(self, verb):
                await self.fail(failed, verb, argument)
            else:
                await getattr(self, f"smtp_{verb}")(argument)
        except (Hangup, TLSSetupException, ConnectionError, asyncio.IncompleteReadError):
            raise
        except Exception as error:
            if not self.mta.world.ending:
                self.mta.world.errors.append(error)
            verb = "." if self.state is State.DATA else verb
            await self.answer(verb, Reply(451, "4.3.0", ("Local error in processing, try again later",)))

    def out_of_order(self, verb: str) -> Reply | None:
        """Why `verb` may not come now, by the session table; None when it may."""
        refused = refusal(self.state, verb)
        return refused.reply if refused else None

    async def refuse(self, verb: str, argument: str, reply: Reply) -> None:
        """Answer a command that may not come now."""
        await self.answer(verb, reply)

    async def fail(self, reply: Reply, verb: str, argument: str = "") -> None:
        """Answer as a fault has it; a 421 ends the session (RFC 5321 §3.8)."""
        await self.refuse(verb, argument, reply)
        if reply.code == 421:
            raise Hangup

    async def smtp_STARTTLS(self, argument: str) -> None:
        if argument:
            await self.answer("STARTTLS", Reply(501, "5.5.4", ("STARTTLS takes no parameters",)))
        else:
            self.wire.kept = self.mta.careless_starttls and bool(self._unread)
            await super().smtp_STARTTLS(argument)

    async def smtp_AUTH(self, argument: str) -> None:
        # Not aiosmtpd's: that one ignores whom PLAIN asks to act as, and knows neither SCRAM nor tokens.
        await self.answer("AUTH", await log_in(self, argument))


def parse_command(line: bytes) -> tuple[str, str, Reply | None]:
    """The verb (upper case) and argument of a command line, or the reply that refuses the line.

    The line must end with CRLF and hold no other CR or LF (RFC 5321 §2.3.8), and no NUL.
    """
    if not line:
        return "", "", Reply(500, "5.5.2", ("Command line is too long",))
    body = line[:-2]
    if not line.endswith(b"\r\n") or b"\r" in body or b"\n" in body:
        return "", "", Reply(500, "5.5.2", ("Bare CR or LF: a line ends with CR LF and has no other",))
    if b"\0" in body:
        return "", "", Reply(500, "5.5.2", ("A NUL has no place in a command",))
    verb, _, argument = body.partition(b" ")
    name = verb.upper().decode("ascii", "replace")
    return name, argument.decode("utf-8", "surrogateescape").strip(" "), None
