"""The lab's network: notional hosts and addresses on top of loopback.

Every (address, port) that a server listens on is a tap: a listener on 127.0.0.1 with a port that the
system chose. Hosts have addresses from the documentation ranges (RFC 5737, RFC 3849) and the real
port numbers; programs outside the lab use the real ones.

The network is closed: it has no way to connect to anything but its own taps. Another user of this machine
who connects to a tap is cut off before the server hears of it (`strangers`).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime
from functools import partial
from ipaddress import ip_address

from ..mail.transcript import Endpoint, Transcript
from .hosts import Host, Rule, in_the_lab
from .listeners import LOOPBACK, Listeners
from .order import turn
from .recording import CURRENT
from .scratch import KeyLog
from .strangers import Strangers
from .tap import Tap
from .wire import Wire

FREE_PORTS = range(1024, 32768)
KEPT = 10_000  # transcripts; the oldest go first, so that a long-lived lab stays within its memory


class Network(Listeners):
    """Hosts, taps and firewall rules, and the transcript of every connection.

    `latency` is the time in seconds that bytes take in each direction. All methods that touch a
    running loop are coroutines, but for `dial`, which blocks and is for the learner's own thread.
    """

    def __init__(
        self, now: Callable[[], datetime], visitor: Host, secrets: KeyLog, strangers: Strangers
    ) -> None:
        super().__init__()
        self.rules: list[Rule] = []
        self.latency = 0.0
        self.gateways: dict[str, Host] = {}  # host -> what all its clients seem to be (NAT)
        self.transcripts: deque[Transcript] = deque(maxlen=KEPT)
        self.newest: dict[int, Transcript] = {}  # real client port -> the last of those transcripts
        self.clients: dict[int, Wire] = {}  # real client port -> the connection that lives now
        self.visitor = visitor
        self._now = now
        self._secrets = secrets
        self._strangers = strangers
        self._watchers: dict[int, Callable[[], None]] = {}  # real client port -> who asked about silence
        self._sources: dict[int, str] = {}  # real client port -> notional source address
        self._wires: set[Wire] = set()
        self._number = 0
        self._joining: set[asyncio.Task[None]] = set()
        self.add(visitor)

    async def stop(self, host: Host) -> None:
        """Close the listeners of `host` and cut its connections. Doing it twice is harmless."""
        self._stopped.setdefault(host.name, []).extend(self.taps(host))
        await self._stop_listening(self.taps(host))
        mine = [w for w in self._wires if host.name in (w.transcript.client.host, w.transcript.server.host)]
        for wire in mine:
            wire.abort()
        while self._wires.intersection(mine):
            await asyncio.sleep(0)

    def watch(self, port: int, on_silence: Callable[[], None]) -> None:
        """Call `on_silence` once nothing will come any more for the client with the real port `port`."""
        self._watchers[port] = on_silence
        if (wire := self.clients.get(port)) and wire.silent:
            on_silence()

    def unwatch(self, port: int) -> None:
        """Do not call any more."""
        self._watchers.pop(port, None)

    def _fell_silent(self, port: int) -> None:
        if watcher := self._watchers.get(port):
            watcher()

    def wires(self) -> list[Wire]:
        """The connections that live now; one with someone in the middle as its two legs."""
        return list(self._wires)

    def blocked(self, source: str, port: int) -> Rule | None:
        """The firewall rule that stops a connection from the address `source` to `port`, if any."""
        return next((rule for rule in self.rules if rule.covers(source, port)), None)

    def put_behind_nat(self, host: Host, address: str) -> None:
        """Put a gateway in front of `host` that hides who calls: all its clients seem to be `address`.

        So do containers whose proxy rewrites the source of connections.
        """
        self.gateways[host.name] = self.add(Host(f"gateway.{host.name}", (address,)))

    def dial(self, source: str, to: str, port: int, timeout: float | None = 30.0) -> socket.socket:
        """A connected blocking socket from the host `source` to `to` (a name or an address).

        Raises what a real network raises: TimeoutError where a firewall swallows the packets or nobody
        has the address, ConnectionRefusedError where nobody listens, OSError where no route leads. The
        time-out comes at once: nobody learns from waiting.
        """
        if (address := self._address(to)) == to and not in_the_lab(address):
            self.host(to)  # it has no such host, and says so: this is a slip, and nothing to wait for
        client, real = self._route(source, to, port)
        try:
            client.settimeout(timeout)
            client.connect(real)
        except OSError:
            self._sources.pop(client.getsockname()[1], None)
            client.close()
            raise
        return client

    async def dial_async(self, source: str, to: str, port: int) -> socket.socket:
        """Like `dial`, on the lab's loop: the socket does not block."""
        client, real = self._route(source, to, port)
        client.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(client, real)
        except BaseException:  # cancelled, most likely: the lab stops
            self._sources.pop(client.getsockname()[1], None)
            client.close()
            raise
        return client

    def _route(self, source: str, to: str, port: int) -> tuple[socket.socket, tuple[str, int]]:
        self._check_open()
        address, sender = self._address(to), self.host(source)
        mine = source if source in sender.addresses else sender.address(ip_address(address).version)
        if mine is None:
            raise OSError(f"Network is unreachable: {sender.name} has no address to reach {address} from")
        rule = self.blocked(mine, port)
        if (rule and rule.action == "swallow") or not self._anyone_at(address):
            raise TimeoutError(f"timed out: no answer from {address} port {port}")
        if rule or (address, port) not in self._taps:
            raise ConnectionRefusedError(f"Connection refused by {address} port {port}")
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # Lines are short, and a dialogue waits for each: Nagle's algorithm would add 40 ms to some.
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.bind((LOOPBACK, 0))
        # Known before the connection is: the tap looks the source up when it accepts.
        self._sources[client.getsockname()[1]] = mine
        return client, self._taps[address, port].real

    def _address(self, to: str) -> str:
        """The address that `to` is, whoever has it, or the first one of the host with this name."""
        try:
            return str(ip_address(to))
        except ValueError:
            return self.host(to).addresses[0]

    def _anyone_at(self, address: str) -> bool:
        return any(address in host.addresses for host in self.hosts.values())

    async def close(self) -> None:
        """Close the listeners, then both ends of every connection, and wait until they are gone."""
        self._closed = True
        await self._stop_listening(list(self._taps.values()))
        for wire in list(self._wires):
            wire.abort()
        for task in list(self._joining):
            task.cancel()
        await asyncio.gather(*self._joining, return_exceptions=True)
        while self._wires:
            await asyncio.sleep(0)

    def accepted(self, tap: Tap, transport: asyncio.Transport) -> None:
        """A client has connected to `tap`: find out who it is and lead it to the server."""
        port = transport.get_extra_info("peername")[1]
        known = self._sources.pop(port, None)
        source = known or self.visitor.addresses[0]
        rule = self.blocked(source, tap.port)
        refused = self._closed or (rule and rule.action == "refuse")
        if refused or not (known or self._admits(tap, transport)):
            transport.abort()
            return
        if gateway := self.gateways.get(tap.host.name):
            source = gateway.addresses[0]
        legs = 2 if tap.middle else 1
        wire = self._keep(Wire(self._record(source, port, tap), lambda: self.latency / legs))
        wire.drops = tap.drops
        wire.on_silence = partial(self._fell_silent, port)
        self.clients[port] = wire
        wire.client.connection_made(transport)
        transport.set_protocol(wire.client)
        if rule:  # it swallows: nobody answers
            wire.server.absent = True
            return
        if tap.middle:
            # A port below those that the system gives to clients: no real one is mistaken for it.
            there = self._record(source, FREE_PORTS[self._number % len(FREE_PORTS)], tap)
            wire = self._keep(tap.middle(wire, there, lambda: self.latency / legs))
        context = copy_context()
        context.run(CURRENT.set, wire)
        context.run(self._join, wire, tap)

    def _admits(self, tap: Tap, transport: asyncio.Transport) -> bool:
        client, server = (transport.get_extra_info(name) for name in ("peername", "sockname"))
        return self._strangers.admits("tcp", client, server, f"{tap.host.name} port {tap.port}")

    def _record(self, source: str, port: int, tap: Tap) -> Transcript:
        """A transcript for a connection from the address `source` to `tap`."""
        self._number += 1
        client = Endpoint(self.host(source).name, source, port)
        server = Endpoint(tap.host.name, tap.address, tap.port)
        transcript = Transcript(self._number, client, server, self._now(), tap.protocol, order=turn())
        if len(self.transcripts) == self.transcripts.maxlen:
            oldest = self.transcripts[0]
            if self.newest.get(oldest.client.port) is oldest:
                del self.newest[oldest.client.port]
        self.transcripts.append(transcript)
        self.newest[port] = transcript
        return transcript

    def _keep(self, wire: Wire) -> Wire:
        """Know `wire` until it has closed."""
        wire.on_closed = self._forget
        wire.on_tls = self._secrets.hand_over
        self._wires.add(wire)
        return wire

    def _forget(self, wire: Wire) -> None:
        self._wires.discard(wire)
        port = wire.transcript.client.port
        if self.clients.get(port) is wire:
            del self.clients[port]

    def _join(self, wire: Wire, tap: Tap) -> None:
        if not tap.tls:
            wire.server.join(tap.serve(wire))
            return
        task = asyncio.get_running_loop().create_task(self._secure(wire, tap, tap.tls))
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

    async def _secure(self, wire: Wire, tap: Tap, context: ssl.SSLContext) -> None:
        """Implicit TLS: the server's protocol object comes into play once the handshake is over."""
        protocol = tap.serve(wire)
        wire.server.set_protocol(protocol)
        try:
            tls = await asyncio.get_running_loop().start_tls(wire.server, protocol, context, server_side=True)
        except OSError:  # the transcript says why
            wire.abort()
            return
        if tls is not None:
            protocol.connection_made(tls)
