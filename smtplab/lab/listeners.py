"""The hosts of the lab's network and where they listen: a tap for every address and port.

A host that was stopped listens again where it did before. Who connects, and what becomes of it, is the
business of `network`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from functools import partial
from typing import cast

from ..mail.errors import LabError
from ..mail.transcript import Side
from .hosts import Host
from .loop import STOPPED
from .tap import Factory, Tap

LOOPBACK = "127.0.0.1"


class Listeners:
    """Hosts by name, and their taps."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self._taps: dict[tuple[str, int], Tap] = {}
        self._stopped: dict[str, list[Tap]] = {}  # host -> where it listens when it runs
        self._closed = False

    def accepted(self, tap: Tap, transport: asyncio.Transport) -> None:
        """A client has connected to `tap`."""
        raise NotImplementedError

    def add(self, host: Host) -> Host:
        """Put `host` on the network."""
        self.hosts[host.name] = host
        return host

    def host(self, name: str) -> Host:
        """The host with this name or address. Raises LabError with the names that there are."""
        for host in self.hosts.values():
            if name == host.name or name in host.addresses:
                return host
        raise LabError(f"There is no host {name!r} in the lab. There are: {', '.join(self.hosts)}.")

    def tap(self, name: str, port: int) -> Tap:
        """The tap for `port` of a host's name or address. Raises LabError when nobody listens."""
        self._check_open()
        host = self.host(name)
        address = name if name in host.addresses else host.addresses[0]
        if (address, port) not in self._taps:
            ports = sorted({p for a, p in self._taps if a in host.addresses})
            raise LabError(f"{host.name} does not listen on port {port}. It listens on: {ports or 'none'}.")
        return self._taps[address, port]

    def taps(self, host: Host) -> list[Tap]:
        """The taps of a host, on all its addresses."""
        return [tap for tap in self._taps.values() if tap.host is host]

    async def listen(
        self,
        host: Host,
        port: int,
        serve: Factory,
        *,
        protocol: str = "smtp",
        tls: ssl.SSLContext | None = None,
    ) -> Tap:
        """Open a tap for `port` of `host`, on all its addresses. `tls` makes it implicit TLS.

        `serve` makes the server's protocol object for one connection; it is given the `Wire`.
        """
        drops: list[tuple[Side, bytes]] = []  # one list for all addresses of the host
        for address in host.addresses:
            await self._open(Tap(host, address, port, protocol, serve, tls, drops))
        return self._taps[host.addresses[0], port]

    async def _open(self, tap: Tap, real: int = 0) -> None:
        loop = asyncio.get_running_loop()
        tap.listener = await loop.create_server(partial(_Gate, self, tap), LOOPBACK, real)
        self._taps[tap.address, tap.port] = tap

    async def start(self, host: Host) -> None:
        """Listen again where `host` listened, on the same real ports unless someone took them meanwhile."""
        for tap in self._stopped.pop(host.name, []):
            try:
                await self._open(tap, tap.real_port)
            except OSError:
                await self._open(tap)

    async def _stop_listening(self, taps: list[Tap]) -> None:
        """Close the listeners, once what they have accepted is let in: asyncio would leave it open."""
        listeners = [tap.listener for tap in taps if tap.listener]
        for tap in taps:
            tap.real_port = tap.real[1]
            del self._taps[tap.address, tap.port]
        for sock in (sock for listener in listeners for sock in listener.sockets):
            with contextlib.suppress(NotImplementedError):  # Windows
                asyncio.get_running_loop().remove_reader(sock)
        await asyncio.sleep(0)
        for listener in listeners:
            listener.close()

    def _check_open(self) -> None:
        if self._closed:
            raise LabError(STOPPED)


class _Gate(asyncio.Protocol):
    """Takes a connection from a listener and hands it to the network."""

    def __init__(self, network: Listeners, tap: Tap) -> None:
        self._network, self._tap = network, tap

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._network.accepted(self._tap, cast(asyncio.Transport, transport))
