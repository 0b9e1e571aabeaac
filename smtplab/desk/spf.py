"""SPF as a notebook has it: a record to build, to publish, and to send a message by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

import dns.rdata
import dns.rdataclass
import dns.rdatatype

from ..mail.errors import LabError
from ..mail.text import decode, visible
from ..mail.transcript import Transcript
from .base import Base

if TYPE_CHECKING:
    from ..lab.client import Session
    from ..lab.dns import ZoneView
    from ..mail.reply import Reply
    from ..show.spf_builder import SpfBuilder
    from ..show.spf_draft import Draft
    from ..show.spf_parts import Client, Sent

RECEIVER, RECIPIENT = "mx.birch.example", "bob@birch.example"
STRANGERS = {
    "relay": ("out.relay.example", "a smart host"),
    "forward": ("mx.forward.example", "a forwarder"),
    "mallory": ("mail.mallory.example", "Mallory"),
}
FIELDS = ("Received-SPF", "Authentication-Results")


class Spf(Base):
    """A lab with the SPF builder."""

    def spf_builder(self, domain: str = "acorn.example") -> SpfBuilder:
        """Who sends for `domain`? Tick boxes or paste a record, see what it costs and says, publish it, send.

        Publishing writes into the lab's DNS, and what is sent goes to bob@birch.example. Raises LabError for
        a domain that is in none of the lab's zones.
        """
        from ..show.spf_builder import SpfBuilder
        from ..show.spf_parts import Service

        domain = domain.lower().removesuffix(".")
        self._zone_of(domain)
        services = [Service(p.key, p.name, p.what, p.include) for p in self.providers.values()]
        return SpfBuilder(
            domain,
            resolve=self.resolve,
            publish=partial(self._publish_spf, domain),
            send=self._send_by_spf,
            services=services,
            hosts=self._clients(domain),
            sender="alice@acorn.example" if domain == "acorn.example" else f"postmaster@{domain}",
            code=self._spf_code,
        )

    def _clients(self, domain: str) -> list[Client]:
        from ..show.spf_parts import Client

        own = [mta.host.name for mta in self.mtas.values() if domain in mta.store.domains]
        hosts = {name: (name, "") for name in own}
        hosts |= {p.key: (p.host, p.name) for p in self.providers.values() if p.host}
        hosts |= {key: found for key, found in STRANGERS.items() if found[0] not in own}
        return [
            Client(key, name, self.network.host(name).addresses[0], label)
            for key, (name, label) in hosts.items()
        ]

    def _zone_of(self, domain: str) -> ZoneView:
        """The zone that `domain` is in, which may be one above it."""
        labels = domain.split(".")
        for at in range(len(labels)):
            name = ".".join(labels[at:])
            if name in self.dns.zones:
                return self.dns.zone(name)
        raise LabError(f"{visible(domain)!r} is in no zone here. There are: {', '.join(self.dns.zones)}.")

    def _publish_spf(self, domain: str, record: str) -> None:
        """Put `record` in the place of all SPF records of `domain`; other TXT records stay."""
        from ..auth.spf import select

        zone = self._zone_of(domain)
        relative = "@" if domain == zone.name else domain.removesuffix(f".{zone.name}")
        kept = []
        for each in zone:
            if each.name == relative and each.rdtype == "TXT":
                found = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, each.value)
                strings = [decode(string) for string in found.strings]  # type: ignore[attr-defined]
                kept += [] if select(["".join(strings)]) else [strings]
        if record or kept:
            zone.set(domain, "TXT", *[record] * bool(record), *kept)
        else:
            zone.delete(domain, "TXT")

    def _send_by_spf(self, address: str, sender: str, helo: str) -> Sent:
        """Have the host with this address send Bob a message for real."""
        from ..show.spf_parts import Sent

        source = self._with(address)
        if any(char in "\r\n" for char in sender + helo):
            raise LabError("Write the sender and the HELO name on one line each.")
        version = ip_address(address).version
        to = self.network.host(RECEIVER).address(version) or RECEIVER
        with self.connect(to, 25, source=address) as session:
            reply, during = _say(session, sender, helo or source, address)
        self.settle()
        done = session.transcript
        found = next((each for each in reversed(self.mta(RECEIVER).checked) if each.transcript is done), None)
        fields = self._fields(done) if reply.code == 250 and during == "." else ()
        return Sent(
            RECEIVER,
            reply,
            during,
            verdict=found.spf if found else None,
            outcome=found.step.why if found else "",
            fields=fields,
            transcript=done,
        )

    def _with(self, address: str) -> str:
        """The host that has this address. Raises LabError where nobody has it."""
        for host in self.network.hosts.values():
            if address in host.addresses:
                return host.name
        raise LabError(
            f"No host of the lab has the address {visible(address)[:60]}: choose one of the clients."
        )

    def _fields(self, done: Transcript) -> tuple[str, ...]:
        """What the receiver put on top of the message that came by this session."""
        for mail in reversed(self.mailbox(RECIPIENT)):
            if mail.transcript is done:
                found = [(name, str(value)) for name, value in mail.message.items() if name in FIELDS]
                return tuple(f"{name}: {' '.join(value.split())}" for name, value in found)
        return ()

    def _spf_code(self, draft: Draft) -> Mapping[str, str]:
        from ..show.spf_code import Real, snippets

        return snippets(Real(self.dns.address), draft)


def _say(session: Session, sender: str, helo: str, address: str) -> tuple[Reply, str]:
    """The dialogue, as far as the receiver goes along: its last reply, and what that answered."""
    author = sender or f"postmaster@{helo}"
    message = f"From: {author}\nTo: {RECIPIENT}\nSubject: Sent from {address}\n\nHello.\n"
    for line in (f"EHLO {helo}", f"MAIL FROM:<{sender}>", f"RCPT TO:<{RECIPIENT}>", "DATA"):
        reply = session.send(line)
        assert reply is not None
        if reply.code >= 400:
            session.send("QUIT")
            return reply, line.partition(" ")[0]
    reply = session.data(message)
    session.send("QUIT")
    return reply, "."
