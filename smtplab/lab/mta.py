"""The MTA of one host: whom it lets send, whom it receives for, and what it does with a message.

The server (`server`) speaks SMTP; this decides. Each decision is one method that answers with a
Reply, so that a lesson can change a policy while the server runs.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime

from ..mail.envelope import Envelope, Recipient
from ..mail.path import Path
from ..mail.reply import Reply
from . import sasl, trace
from .accounts import Accounts, Failures
from .bounces import Bounces
from .checks import Checks, Judgement
from .decisions import Decisions
from .faults import Faults
from .hosts import Host
from .local import Local
from .mailbox import JUNK, Store
from .policy import Policy, ask, decline
from .queue import Item, Queue
from .relay import RelayTable, Where
from .server import AUTH_FIRST, SmtpServer
from .service import EXTENSIONS, Limits, Service
from .wire import Wire
from .world import World

__all__ = ["EXTENSIONS", "MAX_HOPS", "Limits", "Mta", "Service"]

CHECKED = 1000  # judgements that are kept, the newest: each has all its reasons
MAX_HOPS = 100  # RFC 5321 §6.3: at least this many Received fields make a loop


@dataclass
class Mta:
    """An MTA: where it is, what it knows, what it is told to do.

    `relay` says who may send where, `checks` what it asks about mail from outside (SPF, DKIM, DMARC), and
    `policies` what else it asks of a client and its mail, in their order; `decisions` keeps what they said,
    and why, and `checked` the newest judgements on messages. Without `verify_recipients` it takes mail for
    any local part of its domains, so that it has to send a DSN for what it cannot deliver (RFC 5321 §6.1).
    With `strict_line_ends` only CR LF ends a line of the message (RFC 5321 §2.3.8).
    `careless_starttls` makes it go on under TLS with commands that came in clear behind STARTTLS, which
    RFC 3207 §4.2 forbids and many servers did until 2011 (CVE-2011-0411), some much longer.
    `aliases` maps an address to those that its mail goes on to.

    `mechanisms` are those that AUTH offers, in the order of the EHLO line. With `check_senders` an account
    may give only its own addresses in MAIL; what stands in From is nobody's business here.
    """

    host: Host
    store: Store
    world: World
    queue: Queue
    context: ssl.SSLContext | None = None
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    relay: RelayTable = field(default_factory=RelayTable)
    checks: Checks = field(default_factory=Checks)
    checked: deque[Judgement] = field(default_factory=lambda: deque(maxlen=CHECKED))
    policies: list[Policy] = field(default_factory=list)
    decisions: Decisions = field(default_factory=Decisions)
    verify_recipients: bool = True
    strict_line_ends: bool = True
    careless_starttls: bool = False
    extensions: list[str] = field(default_factory=lambda: list(EXTENSIONS))
    mechanisms: list[str] = field(default_factory=lambda: list(sasl.MECHANISMS))
    check_senders: bool = False
    limits: Limits = field(default_factory=Limits)
    accounts: Accounts = field(init=False)
    local: Local = field(init=False)
    bounces: Bounces = field(init=False)
    failures: Failures = field(default_factory=Failures)
    faults: Faults = field(init=False)

    def __post_init__(self) -> None:
        self._ids = self.world.random(self.name)
        self.accounts = Accounts(self.world.random(f"{self.name} accounts"), self.world.clock.now)
        self.faults = Faults(self.world.random(f"{self.name} faults"))
        self.local = Local(self)
        self.bounces = self.queue.reporter = Bounces(self)

    @property
    def name(self) -> str:
        """The name that the MTA gives in its greeting."""
        return self.host.name

    def serve(self, service: Service) -> Callable[[Wire], SmtpServer]:
        """What a tap needs to serve `service`: a protocol object for each connection."""
        return lambda wire: SmtpServer(self, service, wire)

    @property
    def accounts_down(self) -> bool:
        """True when nobody can be looked up, so that AUTH gets 454 (RFC 4954 §6)."""
        return self.accounts.down

    @accounts_down.setter
    def accounts_down(self, down: bool) -> None:
        self.accounts.down = down

    def locked_out(self, address: str) -> Reply | None:
        """The reply to a client from `address` when too many logins have failed there lately, or None.

        It goes by the address alone, so everyone behind the same one is locked out together.
        """
        limit = self.limits.bad_passwords
        since = self.world.clock.now() - timedelta(seconds=self.limits.bad_password_window)
        if not limit or self.failures.count(address, since) < limit:
            return None
        return Reply(421, "4.7.0", (f"{self.name} closes the session: too many failed logins",))

    async def may_send(self, session: SmtpServer, envelope: Envelope) -> Reply:
        """The reply to MAIL."""
        if session.service.submission and not session.account:
            return AUTH_FIRST
        path, account = envelope.reverse_path, session.account
        if self.check_senders and account and not self.accounts.owns(account, path):
            reply = Reply(553, "5.7.1", (f"Sender address rejected: not owned by user {account}",))
            why = f"the account {account} may not use this address"
            return decline(session, "MAIL", str(path), reply, why, "RFC 6409 §6.1")
        refused = await ask(session, "on_mail", str(path), envelope)
        return refused or Reply(250, "2.1.0", ("Sender OK",))

    async def may_receive(self, session: SmtpServer, recipient: Recipient) -> Reply:
        """The reply to RCPT: may this client send there, does nothing else speak against it, and is
        there such a mailbox?"""
        path = recipient.path
        local = self.local.is_local(path)
        who = self.relay.who(session.wire.transcript.client.address, session.account)
        where: Where = "local" if local else "elsewhere"
        if refused := self.relay.refusal(who, where):
            why = f"by the relay table: the client is {who}, the recipient is {where}"
            return decline(session, "RCPT", str(path), refused, why, "RFC 5321 §3.6.2")
        if refused := await ask(session, "on_rcpt", str(path), recipient):
            return refused
        if not local:
            return Reply(250, "2.1.5", ("Recipient OK, will relay",))
        if not self.verify_recipients or self.local.knows(path):
            return Reply(250, "2.1.5", ("Recipient OK",))
        reply = Reply(550, "5.1.1", ("No such user here",))
        why = "the domain is here, and has no such mailbox and no such alias"
        return decline(session, "RCPT", str(path), reply, why, "RFC 5321 §3.3")

    async def accept(self, session: SmtpServer, envelope: Envelope, content: bytes) -> Reply:
        """Take responsibility for a message (RFC 5321 §6.1): deliver it here, queue it for elsewhere."""
        if trace.count(content, "Received") >= MAX_HOPS:
            reply = Reply(554, "5.4.6", (f"Too many hops: {MAX_HOPS} Received fields, so this is a loop",))
            return decline(session, ".", "", reply, "each hop adds one Received field", "RFC 5321 §6.3")
        if refused := await ask(session, "on_message", "", envelope, content):
            return refused
        id_ = self.new_id()
        if content.startswith((b" ", b"\t")):  # no header section, or it would continue the field above
            content = b"\r\n" + content
        if session.service.submission:
            content = self._complete(content, id_)
        for policy in (self.checks, *self.policies):  # a signer among them, which has to see what was added
            content = await policy.on_accept(session, envelope, content)
        single = envelope.recipients[0].path if len(envelope.recipients) == 1 else None
        client = session.wire.transcript.client
        field_ = trace.received(
            helo=session.helo,
            rdns=await self.world.rdns(client.address, self.name),
            address=client.address,
            by=self.name,
            with_=trace.protocol(
                extended=session.extended,
                tls=session.tls,
                account=bool(session.account),
                utf8=envelope.parameters.smtputf8,
            ),
            id_=id_,
            for_=single,
            when=self.world.clock.now(),
        )
        judgement = self.checks.accepted(session)
        top = self.checks.fields(judgement) if judgement else b""
        item = Item(
            id_,
            envelope,
            top + field_ + content,
            session.wire.transcript,
            self.world.clock.now(),
            submitter=self._submitter(envelope.parameters.auth, session.account),
        )
        self.queue.items.append(item)
        if judgement and judgement.disposition == "discard":
            item.drop(judgement.step)
        else:
            item.folder = JUNK if judgement and judgement.disposition == "junk" else ""
            self.local.hand_on(item)
        return Reply(250, "2.0.0", (f"OK, queued as {id_}",))

    def _submitter(self, asserted: str, account: str) -> str:
        """Who submitted the message, as far as the client's word is trusted: "<>" when it is not.

        RFC 4954 §5: a client that has not logged in is never trusted. Who has may assert its own addresses.
        """
        if account and not asserted:  # RFC 4954 §5 would let the MTA name the account
            return ""
        if not account or asserted == "<>":
            return "<>"
        return asserted if self.accounts.owns(account, Path.of(asserted)) else "<>"

    def new_id(self) -> str:
        """The next queue id: ten hexadecimal digits, the same ones in every lab with this seed."""
        return f"{self._ids.getrandbits(40):010X}"

    def originate(self, envelope: Envelope, content: bytes) -> Item:
        """Send a message of the MTA's own making, a DSN for instance, as any other goes: to a mailbox here,
        or through the queue. Called on the lab's loop. It gets no Received field: no client brought it."""
        item = Item(self.new_id(), envelope, content, None, self.world.clock.now(), submitter="<>")
        self.queue.items.append(item)
        self.local.hand_on(item)
        return item

    def _complete(self, content: bytes, id_: str) -> bytes:
        """Add what a submitted message must have and lacks: Date and Message-ID (RFC 6409 §8)."""
        when = self.world.clock.now()
        if not trace.has_field(content, "Message-ID"):
            content = f"Message-ID: <{when:%Y%m%d%H%M%S}.{id_}@{self.name}>\r\n".encode() + content
        if not trace.has_field(content, "Date"):
            content = f"Date: {format_datetime(when)}\r\n".encode() + content
        return content
