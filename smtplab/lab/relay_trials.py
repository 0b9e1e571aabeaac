"""The relay table of one server, tried for real: who plays which client, and what they say.

Inside, logged in, a stranger: for each there is a host in the lab that opens a session of its own. It says
MAIL and RCPT, and then QUIT: no message is sent, as relay testers do it (RFC 2505 §2.1).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from ..mail.errors import LabError
from ..mail.relaying import CELLS, Client, Scene, Setting, Where, Who, kind
from ..mail.transcript import Transcript
from .cast import CAST
from .hosts import Host
from .lab import Lab

MALLORY = "mail.mallory.example"


class RelayTrials:
    """One MTA of a lab: how it is set, and what its clients get. Raises LabError where no MTA runs."""

    def __init__(self, lab: Lab, host: str) -> None:
        self._lab = lab
        self._mta = lab.mta(host)
        self.scene = self._scene()

    def read(self) -> Setting:
        """How the server relays now."""
        relay = self._mta.relay
        gateway = self._lab.network.gateways.get(self._mta.name)
        allowed = frozenset(cell for cell in CELLS if relay.allowed[cell])
        return Setting(allowed, relay.inside, relay.denial, gateway.addresses[0] if gateway else "")

    def change(self, setting: Setting) -> None:
        """Make the server relay like this. Raises LabError, and changes nothing, for what is no network."""
        relay, network = self._mta.relay, self._lab.network
        relay.inside = setting.inside
        relay.denial = setting.denial
        for cell in CELLS:
            relay.set(*cell, cell in setting.allowed)
        if setting.gateway:
            network.put_behind_nat(self._mta.host, setting.gateway)
        else:
            network.gateways.pop(self._mta.name, None)

    def attempt(self, who: Who, where: Where) -> Transcript:
        """One session of this client about that recipient, up to the first refusal. No message is sent."""
        client = self.scene.clients[who]
        with self._lab.connect(self._mta.name, client.port, client.host) as session:
            for line in client.script(self.scene.recipients[where]):
                reply = session.starttls() if line == "STARTTLS" else session.send(line)
                if line != "QUIT" and reply and reply.code >= 400:
                    with contextlib.suppress(LabError):  # after a 421 there is nobody to say goodbye to
                        session.send("QUIT")
                    break
            return session.transcript

    # who plays ----------------------------------------------------------------------------------

    def _scene(self) -> Scene:
        own = self._mta.host.address() or self._mta.host.addresses[0]
        networks = self._mta.relay.inside or (str(ip_network(own)),)
        boxes, foreign = list(self._mta.store.boxes), self._foreign()
        here = boxes[0] if boxes else f"postmaster@{self._mta.name}"
        clients = [self._insider(networks), self._user(here), self._stranger()]
        recipients: dict[Where, str] = {"local": here, "elsewhere": foreign}
        return Scene(
            self._mta.name,
            {client.who: client for client in clients},
            recipients,
            networks,
            self._gateway(networks, own),
        )

    def _foreign(self) -> str:
        """A mailbox of somebody else's."""
        here = set(self._mta.store.domains)
        boxes = (box for mta in self._lab.mtas.values() for box in mta.store.boxes)
        known = [box for box in boxes if box.rpartition("@")[2] not in here]
        return next((box for box in ("bob@birch.example", "alice@acorn.example") if box in known), known[0])

    def _insider(self, networks: tuple[str, ...]) -> Client:
        """A host in the server's own networks that is no server; without one, the server itself."""
        found = next((host for host in self._plain_hosts() if _inside(networks, host)), self._mta.host)
        address = found.address() or found.addresses[0]
        sender = f"postmaster@{next(iter(self._mta.store.domains), found.name)}"
        return Client("inside", found.name, address, 25, sender)

    def _plain_hosts(self) -> Iterator[Host]:
        gateways = [gateway.name for gateway in self._lab.network.gateways.values()]
        for host in self._lab.network.hosts.values():
            if host.name not in gateways and not self._lab.network.taps(host):
                yield host

    def _user(self, mailbox: str) -> Client:
        """Somebody with an account here; where nobody can log in, somebody who tries all the same."""
        actor = next((actor for actor in CAST if actor.name == self._mta.name), None)
        account, password = actor.accounts[0] if actor and actor.accounts else (mailbox, "secret")
        submission = 587 in [tap.port for tap in self._lab.network.taps(self._mta.host)]
        home = {"alice@acorn.example": "alice.home.example", "acorn@relay.example": "mail.acorn.example"}
        host = self._lab.network.host(
            home.get(account, "visitor.example") if submission else "visitor.example"
        )
        return Client(
            "authenticated",
            host.name,
            host.addresses[0],
            587 if submission else 25,
            account,
            account,
            password,
            starttls=submission,
            welcome=submission,
        )

    def _stranger(self) -> Client:
        name = "visitor.example" if self._mta.name == MALLORY else MALLORY
        host = self._lab.network.host(name)
        return Client("outsider", name, host.addresses[0], 25, f"spam@{name.removeprefix('mail.')}")

    def _gateway(self, networks: tuple[str, ...], own: str) -> str:
        """An address that nobody has: inside where there is room, else beside the server."""
        if standing := self._lab.network.gateways.get(self._mta.name):
            return standing.addresses[0]
        taken = {address for host in self._lab.network.hosts.values() for address in host.addresses}
        wide = [network for network in map(ip_network, networks) if network.num_addresses > 2]
        around = (
            wide[0]
            if wide
            else ip_network(f"{own}/{24 if ip_address(own).version == 4 else 64}", strict=False)
        )
        return next(str(one) for one in around.hosts() if str(one) not in taken)


def _inside(networks: tuple[str, ...], host: Host) -> bool:
    return kind(networks, host.address() or host.addresses[0], "") == "inside"
