"""The two ends of a connection: the client's real socket, and the server's transport in memory.

Both hand everything to the `Wire` between them, which records it and passes it on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from ..mail.transcript import Side

if TYPE_CHECKING:
    from .wire import Wire


class ClientEnd(asyncio.Protocol):
    """The client's end: a real socket on loopback."""

    transport: asyncio.Transport | None = None
    gone = False

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.wire.carry(Side.CLIENT, data)

    def eof_received(self) -> bool:
        self.wire.closing(Side.CLIENT, "closed the connection")
        self.wire.lanes[Side.CLIENT].finish(self.wire.server.feed_eof)
        return not self.wire.server.absent  # what the server still says must get through

    def connection_lost(self, error: Exception | None) -> None:
        self.gone = True
        self.wire.closing(Side.CLIENT, "reset the connection" if error else "closed the connection")
        self.wire.server.abort()
        self.wire.end()

    def pause_writing(self) -> None:
        self.wire.server.flow(paused=True)

    def resume_writing(self) -> None:
        self.wire.server.flow(paused=False)

    def write(self, data: bytes) -> None:
        """Send on what the server said."""
        if self.transport and not self.transport.is_closing():
            self.transport.write(data)

    def close(self) -> None:
        """Close once everything written is out."""
        if self.transport:
            self.transport.close()

    def abort(self) -> None:
        """Drop the connection at once."""
        if self.transport:
            self.transport.abort()


class ServerEnd(asyncio.Transport):
    """The server's end: a transport in memory, in front of the server's protocol object."""

    _start_tls_compatible = True  # what loop.start_tls asks of a transport

    def __init__(self, wire: Wire) -> None:
        client, server = wire.transcript.client, wire.transcript.server
        super().__init__(
            {"peername": (client.address, client.port), "sockname": (server.address, server.port)}
        )
        self.wire = wire
        self._protocol: asyncio.BaseProtocol | None = None
        self._waiting = b""  # what arrived while the server was not reading
        self._reading = True
        self._eof = False
        self._closing = False
        self.absent = False  # a firewall swallows what comes: nobody will ever read here
        self.gone = False

    def join(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the connection to the server."""
        self._protocol = protocol
        protocol.connection_made(self)

    # what the server calls ----------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview[int]) -> None:
        if data and not self._closing:
            self.wire.carry(Side.SERVER, bytes(data))

    def write_eof(self) -> None:
        self.close()  # a server that will say no more has nothing to wait for

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        if not self._closing:
            self.wire.closing(Side.SERVER, "closed the connection")
            self.wire.lanes[Side.SERVER].finish(self.wire.client.close)
            self._lose(None)

    def abort(self) -> None:
        if not self._closing:
            self.wire.closing(Side.SERVER, "reset the connection")
            self._lose(None)
            self.wire.client.abort()

    def _force_close(self, error: Exception | None) -> None:  # asyncio's TLS calls it when it fails
        if not self._closing:
            self.wire.closing(Side.SERVER, "broke the connection off")
            self._lose(error)
            self.wire.client.close()

    def _lose(self, error: Exception | None) -> None:
        self._closing = True
        asyncio.get_running_loop().call_soon(self._lost, error)

    def _lost(self, error: Exception | None) -> None:
        self.gone = True
        try:
            if self._protocol:
                self._protocol.connection_lost(error)
        finally:
            self.wire.end()

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._reading = False
        if (client := self.wire.client.transport) and not client.is_closing():
            client.pause_reading()

    def resume_reading(self) -> None:
        self._reading = True
        data, self._waiting = self._waiting, b""
        if data:
            self.feed(data)
        if self._eof:
            self.feed_eof()
        if (client := self.wire.client.transport) and not client.is_closing():
            client.resume_reading()

    def is_reading(self) -> bool:
        return self._reading

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        assert self._protocol
        return self._protocol

    def get_write_buffer_size(self) -> int:
        client = self.wire.client.transport
        return client.get_write_buffer_size() if client else 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if client := self.wire.client.transport:
            client.set_write_buffer_limits(high, low)

    # what the wire calls ------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Give the server what the client said."""
        if self._closing:
            return
        if not self._reading or self._protocol is None:
            self._waiting += data
        elif isinstance(self._protocol, asyncio.BufferedProtocol):
            _fill(self._protocol, data)
        else:
            cast(asyncio.Protocol, self._protocol).data_received(data)

    def feed_eof(self) -> None:
        """Tell the server that the client will say no more."""
        self._eof = True
        if self._closing or not self._reading or self._protocol is None:
            return
        protocol = cast(asyncio.Protocol, self._protocol)
        if not protocol.eof_received():
            self.close()

    def flow(self, *, paused: bool) -> None:
        """Ask the server to pause, or to go on: the client reads too slowly, or reads again."""
        if self._protocol and not self._closing:
            (self._protocol.pause_writing if paused else self._protocol.resume_writing)()


def _fill(protocol: asyncio.BufferedProtocol, data: bytes) -> None:
    """Give `data` to a protocol that has buffers of its own, as asyncio's TLS does."""
    while data:
        buffer = memoryview(protocol.get_buffer(len(data)))
        count = min(len(buffer), len(data))
        buffer[:count] = data[:count]
        protocol.buffer_updated(count)
        data = data[count:]
