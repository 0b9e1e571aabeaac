"""Handing a message over: what an MTA says as a client once the connection stands, and what it must not say.

RFC 5321 §3.3 is the dialogue. A message may need more than the next host offers: 8-bit content (RFC 6152 §3),
letters beyond ASCII in an address or a header field (RFC 6531 §3.2). Then this MTA refuses by itself, and
no host is asked. It does not convert content, and it finds no other host: `queue` does that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiosmtplib

from ..mail.envelope import MailParameters, Recipient
from ..mail.reply import Reply

if TYPE_CHECKING:
    from .outbound import Outbound
    from .queue import Item, SmartHost

_ASCII = bytes(range(128))


class Handover:
    """One message over one connection, for the recipients of `batch`.

    `replies` has, by place in `batch`, the reply that settles each recipient, as far as there is one.
    `rules` has the RFC section for those that this MTA gave itself, in place of the host.
    """

    def __init__(
        self, client: aiosmtplib.SMTP, outbound: Outbound, item: Item, batch: list[Recipient]
    ) -> None:
        self.client = client
        self.outbound = outbound
        self.item = item
        self.batch = batch
        self.replies: dict[int, Reply] = {}
        self.rules: dict[int, str] = {}

    async def run(self, smart_host: SmartHost | None) -> None:
        """The whole dialogue. Raises TlsFailed, aiosmtplib.SMTPException and OSError where it breaks off."""
        await self.outbound.connect(self.client)
        await self.client.ehlo()
        await self.outbound.start(self.client)
        if smart_host:
            await self.client.login(smart_host.account, smart_host.password)
        self._refuse_what_cannot_go()
        if asked := [n for n in range(len(self.batch)) if n not in self.replies]:
            await self._transaction(asked)
        await self.client.quit()

    def _refuse_what_cannot_go(self) -> None:
        message = refusal_of_message(self.item, self.client)
        for n, recipient in enumerate(self.batch):
            if found := message or refusal_of_recipient(recipient, self.client):
                self.replies[n], self.rules[n] = found

    async def _transaction(self, asked: list[int]) -> None:
        path, words = self.item.envelope.reverse_path, parameters(self.item, self.client)
        mail = await self._command(f"MAIL FROM:{path} {words}".rstrip())
        if mail.code >= 300:
            self.replies.update(dict.fromkeys(asked, mail))
            return
        taken = []
        for n in asked:
            reply = await self._command(f"RCPT TO:{self.batch[n].path}")
            if reply.code < 300:  # what counts is the reply to the message, and until then there is none
                taken.append(n)
            else:
                self.replies[n] = reply
        if taken:
            self.replies.update(dict.fromkeys(taken, await self._data()))

    async def _data(self) -> Reply:
        try:
            done = await self.client.data(self.item.content)
        except aiosmtplib.SMTPDataError as error:
            return reply_of(error)
        return reply_of(done)

    async def _command(self, line: str) -> Reply:
        return reply_of(await self.client.execute_command(line.encode("utf-8", "surrogateescape")))


def parameters(item: Item, client: aiosmtplib.SMTP) -> MailParameters:
    """The parameters of MAIL that the next host offers and the message needs.

    AUTH says who submitted the message, or <> for unknown (RFC 4954 §5), and only where AUTH is offered.
    """
    declared, offers = item.envelope.parameters, client.supports_extension
    return MailParameters(
        body="8BITMIME" if declared.body == "8BITMIME" and offers("8BITMIME") else "",
        size=len(item.content) if offers("SIZE") else None,
        smtputf8=declared.smtputf8 and offers("SMTPUTF8"),
        auth=item.submitter if offers("AUTH") else "",
    )


def refusal_of_message(item: Item, client: aiosmtplib.SMTP) -> tuple[Reply, str] | None:
    """Why the message can go to nobody over this connection: the reply, and the RFC section behind it."""
    if item.envelope.reverse_path.needs_utf8 and not client.supports_extension("SMTPUTF8"):
        return _not_offered("5.6.7", "The sender's address is beyond ASCII", "SMTPUTF8", client)
    if item.content.isascii():
        return None
    # RFC 5321 §2.4 lets a relay pass on what it took without looking, but not where 8BITMIME is missing:
    # there it is RFC 6152 §3 that counts, "under any circumstances", whatever BODY said.
    if not client.supports_extension("8BITMIME"):
        return _not_offered(
            "5.6.3", "Conversion required but not supported: 8-bit content", "8BITMIME", client
        )
    declared = item.envelope.parameters.smtputf8
    if declared and not client.supports_extension("SMTPUTF8") and _beyond_ascii_in_header(item.content):
        return _not_offered("5.6.9", "A header field is in UTF-8", "SMTPUTF8", client)
    return None


def refusal_of_recipient(recipient: Recipient, client: aiosmtplib.SMTP) -> tuple[Reply, str] | None:
    """Why one recipient cannot be given to this host."""
    if not recipient.path.needs_utf8 or client.supports_extension("SMTPUTF8"):
        return None
    return _not_offered("5.6.7", "The recipient's address is beyond ASCII", "SMTPUTF8", client)


def reply_of(said: aiosmtplib.SMTPResponse | aiosmtplib.SMTPResponseException) -> Reply:
    """What aiosmtplib read, as a Reply."""
    lines = said.message.split("\n")
    ends = [*["-"] * (len(lines) - 1), " "]
    return Reply.parse("".join(f"{said.code}{end}{line}\r\n" for end, line in zip(ends, lines, strict=True)))


# The section that forbids, and RFC 6531 §3.5's codes: 553 for an address, 554 for the message.
_RULES = {"5.6.3": (554, "RFC 6152 §3"), "5.6.7": (553, "RFC 6531 §3.5"), "5.6.9": (554, "RFC 6531 §3.2")}


def _not_offered(enhanced: str, what: str, extension: str, client: aiosmtplib.SMTP) -> tuple[Reply, str]:
    code, rule = _RULES[enhanced]
    text = f"{what}, and {client.hostname} does not offer {extension}"
    return Reply(code, enhanced, (text,)), rule


def _beyond_ascii_in_header(content: bytes) -> bool:
    """Are there octets beyond ASCII outside the bodies, so in a header section, on top or of a part?

    The header section of a message/rfc822 part counts as a body. What stands around the parts of a multipart
    counts as header: a bounce too many is better than a message that arrives garbled.
    """
    from ..mail.mime import parts  # seldom needed, and not needed to start a lab

    return _beyond_ascii(content) > sum(_beyond_ascii(part.raw) for part in parts(content))


def _beyond_ascii(octets: bytes) -> int:
    return len(octets.translate(None, _ASCII))
