"""The queue of an MTA: mail for other hosts, from acceptance to the next host's 250.

An MTA that has said 250 to a message must deliver it or say that it could not (RFC 5321 §6.1). The
queue finds the next host by MX (RFC 5321 §5.1), speaks SMTP to it (`handover`), under TLS as `outbound`
decides, and tries again later after a temporary failure. It writes no DSN: what failed is kept
with its reply.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiosmtplib
import dns.exception

from ..mail.attempt import Attempt, Outcome
from ..mail.envelope import Envelope, Recipient
from ..mail.errors import LabError
from ..mail.reply import Reply
from ..mail.transcript import Transcript
from ..mail.verdict import Step
from .handover import Handover, reply_of
from .outbound import SUBMISSIONS, Level, Outbound, TlsFailed, checked
from .world import World

RETRY_AFTER = timedelta(minutes=30)  # RFC 5321 §4.5.4.1: at least half an hour
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least four to five days


@dataclass(frozen=True, slots=True)
class SmartHost:
    """A host that takes all outgoing mail (a relay host): where it is, and the account to use there.

    `tls` is the level for it (see `outbound`): a password is at stake, so it is "verify" unless told
    otherwise.
    """

    host: str
    port: int
    account: str
    password: str
    tls: Level = "verify"

    def __post_init__(self) -> None:
        checked(self.tls)


@dataclass(slots=True)
class Item:
    """A message that an MTA has taken: its id, its envelope, its octets, and what became of it.

    `submitter` is what AUTH in MAIL tells the next host: an address, "<>" for unknown, or "" for nothing.
    `outcomes` goes by recipient address as RCPT gave it; `steps` say why, where a local delivery was
    anything but plain.
    """

    id: str
    envelope: Envelope
    content: bytes
    transcript: Transcript
    accepted: datetime
    submitter: str = ""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    next_try: datetime | None = None


class Queue:
    """One MTA's queue: `name` is what it says in EHLO; `smart_host` takes everything when set.

    `tls` is the level of TLS with other hosts: "none", "may", "encrypt" or "verify". Setting it raises
    LabError for any other word.
    """

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.world = world
        self.items: list[Item] = []
        self.smart_host: SmartHost | None = None
        self._tls: Level = "may"

    @property
    def tls(self) -> Level:
        return self._tls

    @tls.setter
    def tls(self, level: Level) -> None:
        self._tls = checked(level)

    def add(self, item: Item, recipients: list[Recipient]) -> None:
        """Take `item` on for `recipients`, and try at once."""
        item.outcomes.update({recipient.path.address: "queued" for recipient in recipients})
        self.world.work(self._try(item, recipients))

    async def _try(self, item: Item, recipients: list[Recipient]) -> None:
        """One round: every recipient, domain by domain; who must wait gets an alarm."""
        domains = dict.fromkeys("" if self.smart_host else r.path.domain.lower() for r in recipients)
        for domain in domains:
            batch = [r for r in recipients if self.smart_host or r.path.domain.lower() == domain]
            await self._try_domain(item, domain, batch)
        late = [r for r in recipients if item.outcomes[r.path.address] == "delayed"]
        item.next_try = self.world.clock.now() + RETRY_AFTER
        if late and item.next_try <= item.accepted + GIVE_UP_AFTER:
            self.world.clock.at(item.next_try, lambda: self._try(item, late))
        else:
            item.next_try = None
            item.outcomes.update({r.path.address: "failed" for r in late})

    async def _try_domain(self, item: Item, domain: str, batch: list[Recipient]) -> None:
        """Try the hosts of `domain` in order, until everyone has an answer or no host is left."""
        now = self.world.clock.now()
        try:
            hosts = [self.smart_host.host] if self.smart_host else await self._route(domain)
        except dns.exception.DNSException as error:
            tries = [Attempt(now, domain, r, None, f"DNS did not answer: {error}") for r in batch]
            self._settle(item, tries)
            return
        if not hosts:  # RFC 5321 §5.1, RFC 7505 §4.2: no such domain, or one that takes no mail
            reply = Reply(556, "5.1.10", (f"{domain} does not accept mail",))
            self._settle(item, [Attempt(now, domain, r, reply, rule="RFC 5321 §5.1") for r in batch])
        for host in hosts:
            left = [r for r in batch if item.outcomes[r.path.address] in ("queued", "delayed")]
            if left:
                self._settle(item, await self._send(host, item, left))

    def _settle(self, item: Item, tries: list[Attempt]) -> None:
        item.attempts += tries
        item.outcomes.update({attempt.recipient.path.address: attempt.outcome for attempt in tries})

    async def _route(self, domain: str) -> list[str]:
        """The hosts for a domain, best first (RFC 5321 §5.1); [] for none and for the null MX."""
        if domain.startswith("["):
            return [domain.strip("[]").removeprefix("ipv6:")]
        records = await self.world.lookup(domain, "MX")
        exchangers = sorted((record.preference, record.exchange.to_text(True)) for record in records)  # type: ignore[attr-defined]
        if exchangers:
            return [name for _, name in exchangers if name != "."]
        implicit = await self.world.lookup(domain, "A") or await self.world.lookup(domain, "AAAA")
        return [domain] if implicit else []

    async def _send(self, host: str, item: Item, batch: list[Recipient]) -> list[Attempt]:
        """An Attempt for every recipient of `batch`; two when TLS fails and the message may go in clear."""
        level = self.smart_host.tls if self.smart_host else self.tls
        authority = self.world.authority
        tries, in_clear = await self._connect(Outbound(host, level, authority.client_context), item, batch)
        if in_clear:
            plain = Outbound(host, level, authority.client_context, broken=True)
            tries += (await self._connect(plain, item, batch))[0]
        return tries

    async def _connect(
        self, outbound: Outbound, item: Item, batch: list[Recipient]
    ) -> tuple[list[Attempt], bool]:
        """One connection: an Attempt for every recipient, and whether another may be made in clear."""
        now, host = self.world.clock.now(), outbound.host
        port = self.smart_host.port if self.smart_host else 25
        try:
            sock = await self.world.network.dial_async(self.name, host, port)
        except (OSError, LabError) as error:
            return [Attempt(now, host, r, None, str(error)) for r in batch], False
        local_port = sock.getsockname()[1]
        client = aiosmtplib.SMTP(
            hostname=host,
            sock=sock,
            local_hostname=self.name,
            start_tls=False,
            use_tls=port == SUBMISSIONS,
            tls_context=outbound.context,
            timeout=60,
        )
        handover = Handover(client, outbound, item, batch)
        replies, note, in_clear = handover.replies, "", False
        try:
            await handover.run(self.smart_host)
        except TlsFailed as error:
            note, in_clear = str(error), error.in_clear
        except aiosmtplib.SMTPResponseException as error:
            for n in range(len(batch)):  # who has an answer keeps it: what follows a 250 does not undo it
                replies.setdefault(n, reply_of(error))
        except (aiosmtplib.SMTPException, OSError) as error:
            note = str(error) or type(error).__name__
        finally:
            client.close()
        transcript = self.world.transcript_of(local_port)
        tries = [
            Attempt(
                now,
                host,
                recipient,
                replies.get(n),
                note,
                transcript,
                tls=outbound.step,
                rule=handover.rules.get(n, ""),
            )
            for n, recipient in enumerate(batch)
        ]
        return tries, in_clear
