"""The SMTP commands, each as one method named by its verb (RFC 5321 §4.1.1).

Order is checked before a command gets here (`mail.session`); a method looks at the argument, asks
the MTA where policy decides, and answers once. BDAT is RFC 3030; the parameters are RFC 1870 (SIZE),
RFC 6152 (BODY), RFC 6531 (SMTPUTF8), RFC 3461 (RET, ENVID, NOTIFY, ORCPT) and RFC 4954 (AUTH).
"""

from __future__ import annotations

import re

from ..mail.envelope import Envelope
from ..mail.reply import Reply
from ..mail.session import VERBS
from .arguments import read_mail, read_rcpt
from .connection import READ_LIMIT, Connection, Hangup
from .policy import ask, decide, decline

TEXT_LINE = 1000  # octets with CRLF: RFC 5321 §4.5.3.1.6; a stuffed dot is not counted
CHUNK_LIMIT = 2**31  # octets that a BDAT may announce before the server refuses to listen on
DOMAIN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,253}[A-Za-z0-9_.])?")
LITERAL = re.compile(r"\[[!-Z^-~]{1,253}\]")  # RFC 5321 §4.1.3: dcontent
BRINGS = {"BDAT": "CHUNKING", "STARTTLS": "STARTTLS", "AUTH": "AUTH", "HELP": "HELP"}  # verb -> extension
BEFORE_TLS = {"EHLO", "NOOP", "STARTTLS", "QUIT"}  # RFC 3207 §4: all else may be refused until TLS

OK = Reply(250, "2.0.0", ("OK",))
BARE = Reply(550, "5.5.2", ("Bare CR or LF in the message: every line ends with CR LF",))
LONG = Reply(500, "5.5.2", (f"A line of the message is longer than {TEXT_LINE} octets",))
TLS_FIRST = Reply(530, "5.7.0", ("Must issue a STARTTLS command first",))
NO_SERVICE = Reply(503, "5.5.1", ("No SMTP service here: the greeting said so, and only QUIT is left",))
AUTH_FIRST = Reply(530, "5.7.0", ("Authentication required",))


class SmtpServer(Connection):
    """A session's commands. `transaction` is the open one's envelope, None when there is none."""

    chunks: list[bytes]

    async def unwelcome(self) -> Reply | None:
        return await ask(self, "on_connect", "")

    def out_of_order(self, verb: str) -> Reply | None:
        if self.no_service and verb != "QUIT":  # RFC 5321 §3.1
            return NO_SERVICE
        if self.service.tls == "required" and not self.tls and verb not in BEFORE_TLS and verb in VERBS:
            return TLS_FIRST
        return super().out_of_order(verb) or self._not_offered(verb)

    def _not_offered(self, verb: str) -> Reply | None:
        """Why an extension's verb is refused although the order is right; None for all others."""
        why = ""
        extension = BRINGS.get(verb, "")
        if extension and extension not in self.mta.extensions:
            return Reply(502, "5.5.1", (f"{extension} is not offered here",))
        if verb in ("STARTTLS", "AUTH", "BDAT") and not self.extended:
            why = "Send EHLO first: HELO offers no extensions"
        elif verb == "STARTTLS" and (self.tls or not self.mta.context):
            why = "TLS is on already" if self.tls else "No TLS here"
        elif verb == "AUTH" and not self.service.auth:
            why = "Authentication is not offered on this port"
        elif verb == "AUTH" and self.account:
            why = f"Already authenticated as {self.account}"
        elif verb == "AUTH" and not self.tls:
            return Reply(538, "5.7.11", ("Encryption required: send STARTTLS first",))
        return Reply(503, "5.5.1", (why,)) if why else None

    async def refuse(self, verb: str, argument: str, reply: Reply) -> None:
        if verb == "BDAT":  # RFC 3030 §2: the octets come whatever the server thinks of them
            size, _ = parse_bdat(argument)
            await self._read_chunk(size, keep=False)
        await super().refuse(verb, argument, reply)

    # the session --------------------------------------------------------------------------------

    async def smtp_EHLO(self, argument: str) -> None:
        if not (DOMAIN.fullmatch(argument) or LITERAL.fullmatch(argument)):
            await self.answer("EHLO", Reply(501, "5.5.4", ("Syntax: EHLO domain, or EHLO [address]",)))
            return
        self._hello(argument, extended=True)
        await self.answer("EHLO", Reply(250, "", (f"{self.mta.name} greets {argument}", *self._offers())))

    async def smtp_HELO(self, argument: str) -> None:
        if not DOMAIN.fullmatch(argument) and not LITERAL.fullmatch(argument):
            await self.answer("HELO", Reply(501, "5.5.4", ("Syntax: HELO domain",)))
            return
        self._hello(argument, extended=False)
        await self.answer("HELO", Reply(250, "", (self.mta.name,)))

    def _hello(self, helo: str, *, extended: bool) -> None:
        self.helo, self.extended, self.transaction = helo, extended, None

    def _offers(self) -> list[str]:
        """The extensions offered now: the list changes after STARTTLS and AUTH."""
        offers = []
        for keyword in self.mta.extensions:
            if keyword == "SIZE":
                offers.append(f"SIZE {self.mta.limits.size}")
            elif keyword == "STARTTLS":
                if self.mta.context and not self.tls:
                    offers.append(keyword)
            elif keyword == "AUTH":
                if self.service.auth and self.tls and not self.account and self.mta.mechanisms:
                    offers.append(f"AUTH {' '.join(self.mta.mechanisms)}")
            else:
                offers.append(keyword)
        return offers

    async def smtp_NOOP(self, argument: str) -> None:
        await self.answer("NOOP", OK)

    async def smtp_RSET(self, argument: str) -> None:
        if argument:
            await self.answer("RSET", Reply(501, "5.5.4", ("RSET takes no parameters",)))
            return
        self.transaction = None
        await self.answer("RSET", OK)

    async def smtp_QUIT(self, argument: str) -> None:
        if argument:
            await self.answer("QUIT", Reply(501, "5.5.4", ("QUIT takes no parameters",)))
        else:
            await self.answer("QUIT", Reply(221, "2.0.0", (f"{self.mta.name} closes the session",)))

    async def smtp_VRFY(self, argument: str) -> None:
        # RFC 5321 §7.3: a server may keep its list of mailboxes to itself, and then says 252.
        text = "Cannot VRFY user, but will accept message and attempt delivery"
        reply = Reply(252, "2.0.0", (text,)) if argument else Reply(501, "5.5.4", ("Syntax: VRFY mailbox",))
        await self.answer("VRFY", reply)

    async def smtp_EXPN(self, argument: str) -> None:
        await self.answer("EXPN", Reply(502, "5.5.1", ("EXPN is not implemented here",)))

    async def smtp_HELP(self, argument: str) -> None:
        verb = VERBS.get(argument.upper())
        if argument and not verb:
            await self.answer("HELP", Reply(504, "5.5.4", (f"No help on {argument[:40]}",)))
        elif verb:
            await self.answer("HELP", Reply(214, "2.0.0", (f"{verb.syntax}: {verb.purpose}",)))
        else:
            await self.answer("HELP", Reply(214, "2.0.0", ("Verbs: " + " ".join(VERBS),)))

    # the transaction ----------------------------------------------------------------------------

    async def smtp_MAIL(self, argument: str) -> None:
        offered = self.mta.extensions if self.extended else ()
        envelope = read_mail(argument, offered, self.mta.limits.size)
        reply = envelope if isinstance(envelope, Reply) else await self.mta.may_send(self, envelope)
        if isinstance(envelope, Envelope) and reply.code < 300:
            self.transaction, self.chunks = envelope, []
        await self.answer("MAIL", reply)

    async def smtp_RCPT(self, argument: str) -> None:
        assert self.transaction
        limit = self.mta.limits.recipients
        if len(self.transaction.recipients) >= limit:
            text = f"Too many recipients: send the rest, after these {limit}, in another transaction"
            reply = Reply(452, "4.5.3", (text,))
            why = f"the transaction has {limit} recipients, and this server takes no more at once"
            await self.answer("RCPT", decline(self, "RCPT", "", reply, why, "RFC 5321 §4.5.3.1.10"))
            return
        offered = self.mta.extensions if self.extended else ()
        recipient = read_rcpt(argument, offered, utf8=self.transaction.parameters.smtputf8)
        reply = recipient if isinstance(recipient, Reply) else await self.mta.may_receive(self, recipient)
        if not isinstance(recipient, Reply) and reply.code < 300:
            self.transaction = self.transaction.add(recipient)
        await self.answer("RCPT", reply)

    async def smtp_DATA(self, argument: str) -> None:
        if argument:
            await self.answer("DATA", Reply(501, "5.5.4", ("DATA takes no parameters",)))
            return
        await self.answer("DATA", Reply(354, "", ("End data with <CR><LF>.<CR><LF>",)))
        content, refused = await self._read_content()
        await self._take(".", content, refused)

    async def smtp_BDAT(self, argument: str) -> None:
        size, last = parse_bdat(argument)
        if size is None:
            await self.answer("BDAT", Reply(501, "5.5.4", ("Syntax: BDAT octets [LAST]",)))
            return
        if sum(map(len, self.chunks)) + size > self.mta.limits.size:
            await self._read_chunk(size, keep=False)
            await self._take("BDAT", b"", self._too_big(), last=True)
            return
        self.chunks.append(await self._read_chunk(size))
        if not last:
            await self.answer("BDAT", Reply(250, "2.0.0", (f"{size} octets received",)))
            return
        content = b"".join(self.chunks)
        await self._take("BDAT", content, fault(content), last=True)

    async def _take(self, verb: str, content: bytes, refused: Reply | None, *, last: bool = False) -> None:
        """End the transaction: hand the message over to the MTA, or refuse it."""
        envelope, self.transaction = self.transaction, None
        assert envelope
        if refused:
            decide(self, "Mta", ".", "", refused, None)
        refused = await self.mta.faults.strike(self, "end") or refused
        reply = refused or await self.mta.accept(self, envelope, content)
        await self.mta.faults.strike(self, "reply")
        await self.answer(verb, reply, last=last)
        if reply.code == 421:
            raise Hangup
        await self.mta.faults.strike(self, "after")

    async def _read_content(self) -> tuple[bytes, Reply | None]:
        """The message up to CRLF.CRLF with stuffed dots removed (RFC 5321 §4.5.2), or a refusal.

        What is wrong is said after the last line: the client does not listen before (RFC 5321 §4.2.5).
        """
        lines: list[bytes] = []
        size, refused = 0, None
        while (line := await self._read_text()) != b".\r\n":
            if not size and (failed := await self.mta.faults.strike(self, "content")):
                await self.fail(failed, ".")
            text = line.removeprefix(b".")
            size += len(text)
            if size > self.mta.limits.size:
                refused = self._too_big()
            refused = refused or fault(text if line else None)
            if refused:
                lines.clear()
            else:
                lines.append(text)
        return b"".join(lines), refused

    async def _read_text(self) -> bytes:
        """One line of the message. A careless server takes a bare LF for a line end, as many did in 2023."""
        if self.mta.strict_line_ends:
            return await self.read_line(b"\r\n", READ_LIMIT)
        line = await self.read_line(b"\n", READ_LIMIT)
        return line.removesuffix(b"\n").removesuffix(b"\r") + b"\r\n" if line else line

    def _too_big(self) -> Reply:
        return Reply(552, "5.3.4", (f"The message is larger than {self.mta.limits.size} octets",))

    async def _read_chunk(self, size: int | None, *, keep: bool = True) -> bytes:
        """Read exactly `size` octets, and return them when they are to be kept."""
        parts = []
        left = size or 0
        while left:
            part: bytes = await self._reader.readexactly(min(left, READ_LIMIT))
            left -= len(part)
            if keep:
                parts.append(part)
        return b"".join(parts)


def fault(content: bytes | None) -> Reply | None:
    """What is wrong with the line ends of `content`: whole lines, or None for one over every limit."""
    if content is None:
        return LONG
    lines = content.split(b"\r\n")
    if any(b"\r" in line or b"\n" in line for line in lines):
        return BARE
    return LONG if any(len(line) > TEXT_LINE - 2 for line in lines) else None


def parse_bdat(argument: str) -> tuple[int | None, bool]:
    """The octets that a BDAT announces, and whether it is the last. (None, False) when malformed."""
    match = re.fullmatch(r"(\d{1,10})( LAST)?", argument, re.ASCII | re.IGNORECASE)
    if not match or int(match[1]) > CHUNK_LIMIT:
        return None, False
    return int(match[1]), bool(match[2])
