"""A DNS blocklist (RFC 5782) and the spam trap that feeds it.

A blocklist is a zone: an address is listed when its octets, backwards, have an A record there. Receivers
ask it about the client's address. The lab's list works as the well-known ones do: whoever sends to a trap,
an address that no person ever gave to anyone, is listed an hour later.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from ipaddress import ip_address

import dns.exception

from ..mail.envelope import Envelope, Recipient
from ..mail.path import Path
from ..mail.reply import Reply
from .mta import Mta
from .policy import Policy
from .server import SmtpServer
from .world import World

LISTED = (
    "127.0.0.2"  # the value of an entry, and the address that every list has for tests: RFC 5782 §2.1, §5
)
AFTER = timedelta(hours=1)


class Blocklist:
    """One list: its zone, and what is in it."""

    def __init__(self, world: World, zone: str = "bl.example") -> None:
        self.zone = zone
        self._world = world
        world.dns.add_zone(zone)
        self.add(
            LISTED, "test entry"
        )  # RFC 5782 §5: without it nobody can tell an empty list from a dead one

    def name(self, address: str) -> str:
        """The name under which `address` is asked for (RFC 5782 §2.1, §2.4): `66.113.0.203.bl.example`."""
        ip = ip_address(address)
        parts = str(ip).split(".") if ip.version == 4 else list(ip.exploded.replace(":", ""))
        return ".".join(reversed(parts)) + "." + self.zone

    def add(self, address: str, why: str) -> None:
        """List an address, with the reason as text."""
        zone = self._world.dns.zone(self.zone)
        zone.set(self.name(address) + ".", "A", LISTED)
        zone.set(self.name(address) + ".", "TXT", why)

    def remove(self, address: str) -> None:
        """Take an address off the list."""
        self._world.dns.zone(self.zone).delete(self.name(address) + ".")

    def report(self, address: str, why: str) -> None:
        """Note that `address` sent spam: it will be listed in an hour, by the lab's clock."""
        self._world.clock.at(self._world.clock.now() + AFTER, partial(self._add_later, address, why))

    async def _add_later(self, address: str, why: str) -> None:
        self.add(address, why)

    def protect(self, mta: Mta, trap: str) -> None:
        """Make an MTA ask this list, and make the mailbox `trap` there its spam trap."""
        mta.store.add(trap)
        mta.policies += [AskBlocklist(self, self._world), SpamTrap(self, trap)]


class AskBlocklist(Policy):
    """Refuse recipients to a client that is listed, unless it has logged in."""

    def __init__(self, blocklist: Blocklist, world: World) -> None:
        self._blocklist, self._world = blocklist, world

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        address = session.wire.transcript.client.address
        try:
            listed = await self._world.lookup(self._blocklist.name(address), "A")
        except dns.exception.DNSException:
            return None  # a list that does not answer must not stop all mail
        if session.account or not listed:
            return None
        text = f"Service unavailable; Client host [{address}] blocked using {self._blocklist.zone}"
        return Reply(554, "5.7.1", (text,))


class SpamTrap(Policy):
    """Report whoever sends to the trap. The message is accepted: a trap does not give itself away."""

    def __init__(self, blocklist: Blocklist, trap: str) -> None:
        self._blocklist, self._trap = blocklist, Path.of(trap)

    async def on_message(self, session: SmtpServer, envelope: Envelope, content: bytes) -> Reply | None:
        if self._trap in envelope.forward_paths:
            self._blocklist.report(session.wire.transcript.client.address, f"sent to {self._trap.address}")
        return None
