"""Handing a message over: what an MTA says as a client once the connection stands, and what it must not say.

RFC 5321 §3.3 is the dialogue, and RFC 5321 §4.2.1 what its replies mean, each for the command before it. A
message may need more than the next host offers: 8-bit content (RFC 6152 §3), letters beyond ASCII in an
address or a header field (RFC 6531 §3.2). Then this MTA refuses by itself, and no host is asked. What the
sender wants to be told goes on to a host that offers DSN (RFC 3461 §5.2.1).

It does not convert content, and it finds no other host: `queue` does that.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING

import aiosmtplib

from ..mail.dots import stuffed
from ..mail.envelope import MailParameters, Recipient
from ..mail.reply import Reply
from .patience import Patience

if TYPE_CHECKING:
    from .item import Item

_ASCII = bytes(range(128))


class Handover:
    """One message over one connection, for the recipients of `batch`.

    `replies` has, by place in `batch`, the reply that settles each recipient, as far as there is one, `verbs`
    the command that it answers, and `places` how many messages had been taken here before, for whom the
    message was said. `rules` has the RFC section for replies that this MTA gave itself, in place of the host.
    `begun` says that the host has answered MAIL. With `unclean` a transaction is still open here.
    """

    def __init__(
        self, client: aiosmtplib.SMTP, patience: Patience, item: Item, batch: list[Recipient], *, taken: int
    ) -> None:
        self.client = client
        self.patience = patience
        self.item = item
        self.batch = batch
        self.taken = taken  # messages, over this connection
        self.begun = False
        self.unclean = False
        self.replies: dict[int, Reply] = {}
        self.verbs: dict[int, str] = {}
        self.rules: dict[int, str] = {}
        self.places: dict[int, int] = {}

    async def run(self) -> None:
        """As many transactions as it takes. Raises aiosmtplib.SMTPException or OSError when it breaks."""
        message = refusal_of_message(self.item, self.client)
        for n, recipient in enumerate(self.batch):
            if found := message or refusal_of_recipient(recipient, self.client):
                self.replies[n], self.rules[n] = found
        left = [n for n in range(len(self.batch)) if n not in self.replies]
        while left:
            left = await self._transaction(left)

    async def _transaction(self, asked: list[int]) -> list[int]:
        """One message to as many of `asked` as the host takes at once. Returns who is left for another."""
        if self.unclean:
            await self.reset()
        words = parameters(self.item, self.client)
        mail = await self._command("MAIL", f"FROM:{self.item.envelope.reverse_path} {words}".rstrip())
        self.begun = True
        if mail.code >= 300:
            self._settle(asked, mail)
            return []
        self.unclean = True
        taken, left = await self._recipients(asked)
        if taken:
            await self._message(taken)
        return left

    async def _recipients(self, asked: list[int]) -> tuple[list[int], list[int]]:
        """RCPT for each of `asked`: who is taken, and who comes later because there were too many."""
        taken: list[int] = []
        for place, n in enumerate(asked):
            reply = await self._command("RCPT", f"TO:{for_rcpt(self.batch[n], self.item, self.client)}")
            if reply.code < 300:  # what counts is the reply to the message, and until then there is none
                taken.append(n)
            elif taken and says_too_many(reply):
                return taken, asked[place:]
            else:
                self._settle([n], reply)
        return taken, []

    async def _message(self, taken: list[int]) -> None:
        reply = await self._command("DATA")
        if reply.code < 300:
            raise aiosmtplib.SMTPException(f"the server said {reply} to DATA, which needs 354")
        if reply.code >= 400:
            self._settle(taken, reply)
            return
        self.places.update(dict.fromkeys(taken, self.taken))
        reply = await self._said(".", self._content())
        self.unclean = False
        self.taken += reply.code < 300
        self._settle(taken, reply)

    async def _content(self) -> aiosmtplib.SMTPResponse:
        if self.client.protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        self.client.protocol.write(stuffed(self.item.content))
        return await self.client.protocol.read_response(timeout=self.client.timeout)

    def _settle(self, who: list[int], reply: Reply) -> None:
        self.replies.update(dict.fromkeys(who, reply))
        self.verbs.update(dict.fromkeys(who, self.patience.verb))

    async def reset(self) -> None:
        """End the transaction without a message (RFC 5321 §4.1.1.5)."""
        await self._command("RSET")
        self.unclean = False

    async def _command(self, verb: str, argument: str = "") -> Reply:
        line = f"{verb} {argument}".rstrip().encode("utf-8", "surrogateescape")
        return await self._said(verb, self.client.execute_command(line))

    async def _said(self, verb: str, answer: Awaitable[aiosmtplib.SMTPResponse]) -> Reply:
        """The reply to `verb`. A 421 ends the session (RFC 5321 §3.8), and so does one out of sequence."""
        said = await self.patience.reply(verb, answer)
        if said.code == 421:
            raise aiosmtplib.SMTPResponseException(said.code, said.message)
        if not 200 <= said.code < 600 or (300 <= said.code < 400 and verb != "DATA"):
            raise aiosmtplib.SMTPException(f"the server said {said.code} to {verb}, which is out of sequence")
        return reply_of(said)


def says_too_many(reply: Reply) -> bool:
    """Does it refuse a recipient for coming after too many others (RFC 5321 §4.5.3.1.10)?

    452 says so, and 552 once did. Both have other uses, which an enhanced code tells apart.
    """
    return reply.code in (452, 552) and reply.enhanced[1:] in ("", ".5.3")


def for_rcpt(recipient: Recipient, item: Item, client: aiosmtplib.SMTP) -> Recipient:
    """The recipient with the parameters for RCPT: those of DSN, where they are offered (RFC 3461 §5.2.1).

    ORCPT may be added where it is missing. It is, where the sender asked for any DSN: there it is of use.
    """
    if not client.supports_extension("DSN"):
        return Recipient(recipient.path)
    declared, orcpt = item.envelope.parameters, recipient.orcpt
    if (
        not orcpt
        and (recipient.notify or declared.ret or declared.envid)
        and recipient.path.address.isascii()
    ):
        orcpt = f"rfc822;{recipient.path.address}"
    return replace(recipient, orcpt=orcpt, other=())


def parameters(item: Item, client: aiosmtplib.SMTP) -> MailParameters:
    """The parameters of MAIL that the next host offers and the message needs.

    AUTH says who submitted the message, or <> for unknown (RFC 4954 §5), and only where AUTH is offered. RET
    and ENVID go on as they came (RFC 3461 §5.2.1).
    """
    declared, offers = item.envelope.parameters, client.supports_extension
    return MailParameters(
        body="8BITMIME" if declared.body == "8BITMIME" and offers("8BITMIME") else "",
        size=len(item.content) if offers("SIZE") else None,
        smtputf8=declared.smtputf8 and offers("SMTPUTF8"),
        ret=declared.ret if offers("DSN") else "",
        envid=declared.envid if offers("DSN") else "",
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
