"""A DNS blocklist (RFC 5782) and the spam trap that feeds it.

A blocklist is a zone: an address is listed when its octets, backwards, have an A record there. Receivers
ask it about the client's address. The lab's list works as the well-known ones do: whoever sends to a trap,
an address that no person ever gave to anyone, is listed an hour later.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from ipaddress import ip_address, ip_network

import dns.exception
import dns.resolver
from dns.rdata import Rdata

from ..mail.envelope import Envelope, Recipient
from ..mail.errors import LabError
from ..mail.path import Path
from ..mail.reply import Reply
from ..mail.verdict import Step
from . import dialects
from .mta import Mta
from .policy import Policy, refuse
from .server import SmtpServer
from .world import World

LISTED = "127.0.0.2"  # the value of an entry, by convention (RFC 5782 §2.1)
# What every list has, for without it nobody could tell an empty list from a dead one (RFC 5782 §5).
TESTS = ("127.0.0.2", "::ffff:7f00:2")
VALUES = ip_network("127.0.0.0/8")  # where the value of an entry lies (RFC 5782 §2.1)
AFTER = timedelta(hours=1)

_BLOCKED = "Service unavailable; Client host [{client}] blocked using {zone}"
REPLIES = {
    "standard": Reply(554, "5.7.1", (_BLOCKED,)),
    "postfix": Reply(554, "5.7.1", (_BLOCKED,)),
    "microsoft": Reply(550, "5.7.1", (_BLOCKED,)),  # as third parties report it
}


class Blocklist:
    """One list: its zone, and what is in it."""

    def __init__(self, world: World, zone: str = "bl.example") -> None:
        self.zone = zone
        self._world = world
        self._removals: Counter[str] = Counter()  # by name: a report from before one counts no more
        world.dns.add_zone(zone)
        for address in TESTS:
            self.add(address, "test entry")

    def name(self, address: str) -> str:
        """The name under which `address` is asked for (RFC 5782 §2.1, §2.4): `66.113.0.203.bl.example`.

        Raises LabError for what is no IP address.
        """
        try:
            ip = ip_address(address)
        except ValueError:
            raise LabError(
                f"A blocklist lists IP addresses, such as 203.0.113.66, not {address!r}."
            ) from None
        parts = str(ip).split(".") if ip.version == 4 else list(ip.exploded.replace(":", ""))
        return ".".join(reversed(parts)) + "." + self.zone

    def add(self, address: str, why: str) -> None:
        """List an address, with the reason as text."""
        zone = self._world.dns.zone(self.zone)
        zone.set(self.name(address) + ".", "TXT", why)  # first: it may be refused, and then nothing is listed
        zone.set(self.name(address) + ".", "A", LISTED)

    def why(self, address: str) -> str:
        """Why an address is listed, as the list's TXT record says it; "" for one that is not listed."""
        try:
            (record, *_) = self._world.dns.resolve(self.name(address), "TXT")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ""
        return b"".join(record.strings).decode()  # type: ignore[attr-defined]

    def remove(self, address: str) -> None:
        """Take an address off the list. Reports up to now are settled with it."""
        name = self.name(address)
        self._removals[name] += 1
        self._world.dns.zone(self.zone).delete(name + ".")

    def report(self, address: str, why: str) -> None:
        """Note that `address` sent spam: it will be listed in an hour, by the lab's clock."""
        alarm = partial(self._add_later, address, why, self._removals[self.name(address)])
        self._world.clock.at(self._world.clock.now() + AFTER, alarm)

    async def _add_later(self, address: str, why: str, removals: int) -> None:
        if self._removals[self.name(address)] == removals:
            self.add(address, why)

    def protect(self, mta: Mta, trap: str) -> None:
        """Make an MTA ask this list, and make the mailbox `trap` there its spam trap.

        Doing it again changes nothing.
        """
        if not mta.store.find(Path.of(trap)):
            mta.store.add(trap)
        asks = [policy for policy in mta.policies if isinstance(policy, AskBlocklist)]
        traps = [policy for policy in mta.policies if isinstance(policy, SpamTrap)]
        new = SpamTrap(self, trap)
        if not any(policy.blocklist is self for policy in asks):
            mta.policies.append(AskBlocklist(self))
        if not any(policy.blocklist is self and policy.trap == new.trap for policy in traps):
            mta.policies.append(new)


class AskBlocklist(Policy):
    """Refuse recipients to a client that is listed, unless it has logged in."""

    def __init__(self, blocklist: Blocklist, dialect: str = "standard") -> None:
        self.blocklist, self.dialect = blocklist, dialects.known(dialect)

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        client = session.wire.transcript.client.address
        if session.account or not (entry := await self._entry(session.mta, client)):
            return None
        reply = dialects.say(REPLIES, self.dialect, client=client, zone=self.blocklist.zone)
        why = f"the client is on the list {self.blocklist.zone}"
        return refuse(session, reply, f"[{client}]", why, "RFC 5782 §2.1", entry)

    async def _entry(self, mta: Mta, client: str) -> tuple[Step, ...]:
        """The list's entry for a client, as steps: its value, and its reason; () when there is none.

        A list that does not answer must not stop all mail, and neither must one whose name has gone to
        somebody who gives it an address of the web.
        """
        name = self.blocklist.name(client)
        values = [value.to_text() for value in await _ask(mta, name, "A")]
        if not any(ip_address(value) in VALUES for value in values):
            return ()
        # Only now: the reason is for people to read (RFC 5782 §2.1), and most clients are not listed.
        reasons = [value.to_text() for value in await _ask(mta, name, "TXT")] or ["no reason is given"]
        return (Step(f"{name} A", ", ".join(values), "fail"), Step(f"{name} TXT", ", ".join(reasons)))


async def _ask(mta: Mta, name: str, rdtype: str) -> list[Rdata]:
    """The records of a name; [] also when the DNS does not answer."""
    try:
        return await mta.world.lookup(name, rdtype, mta.name)
    except dns.exception.DNSException:
        return []


class SpamTrap(Policy):
    """Report whoever sends to the trap. The message is accepted: a trap does not give itself away."""

    def __init__(self, blocklist: Blocklist, trap: str) -> None:
        self.blocklist, self.trap = blocklist, Path.of(trap).address.lower()

    async def on_message(self, session: SmtpServer, envelope: Envelope, content: bytes) -> Reply | None:
        # In any case of letters, as the store takes a local part.
        if any(path.address.lower() == self.trap for path in envelope.forward_paths):
            self.blocklist.report(session.wire.transcript.client.address, f"sent to {self.trap}")
        return None
