"""A tap: one (address, port) of the network, where it really listens, and what answers there."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from ..mail.transcript import Side, Transcript
from .hosts import Host
from .wire import Wire

Factory = Callable[[Wire], asyncio.Protocol]

# Someone in the middle: is given the client's leg, and the transcript and latency for a leg of their own
# to the server, which they return.
Middleman = Callable[[Wire, Transcript, Callable[[], float]], Wire]


@dataclass(slots=True)
class Tap:
    """A listener on (address, port): where it really listens, and what serves it."""

    host: Host
    address: str
    port: int
    protocol: str
    serve: Factory
    tls: ssl.SSLContext | None
    drops: list[tuple[Side, bytes]]
    listener: asyncio.Server | None = None
    middle: Middleman | None = None
    real_port: int = 0  # where it listened before its host was stopped

    @property
    def real(self) -> tuple[str, int]:
        """The loopback address and port that outside programs connect to."""
        assert self.listener is not None
        host, port = self.listener.sockets[0].getsockname()[:2]
        return host, port

    def drop(self, what: bytes, side: Side = Side.CLIENT) -> None:
        """Cut every later connection as soon as `side` sends `what`, before it arrives."""
        self.drops.append((side, what))
