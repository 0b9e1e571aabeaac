"""One connection through a tap: bytes carried from end to end, and every one of them recorded.

The client sits on a real loopback socket (`ClientEnd`); the server's protocol object is given an
in-memory transport (`ServerEnd`), so that it knows the notional source before a byte is read, and
nothing is left open when either end goes away. What the two ends say under TLS is recorded where the
server decrypts it (`recording`); what a listener on the cable sees is recorded here.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ..mail.transcript import Event, Side, Transcript, grown
from .ends import ClientEnd, ServerEnd

_HANDSHAKE = 0x16  # the content type that the first record of a TLS connection has (RFC 8446 §5.1)


class Lane:
    """One direction: hands over what is sent, in order, each piece `latency()` seconds later."""

    def __init__(self, deliver: Callable[[bytes], None], latency: Callable[[], float]) -> None:
        self._deliver = deliver
        self._latency = latency
        self._late: deque[tuple[float, bytes]] = deque()  # under way, with the time each arrives
        self._timer: asyncio.TimerHandle | None = None
        self._then: Callable[[], None] | None = None

    def send(self, data: bytes) -> None:
        latency = self._latency()
        if latency or self._late:
            loop = asyncio.get_running_loop()
            self._late.append((loop.time() + latency, data))
            self._timer = self._timer or loop.call_at(self._late[0][0], self._arrive)
        else:
            self._deliver(data)

    def finish(self, then: Callable[[], None]) -> None:
        """Call `then` once everything under way has arrived."""
        self._then = then
        if not self._late:
            then()

    def cut(self) -> None:
        """Lose what is under way."""
        self._late.clear()
        if self._timer:
            self._timer.cancel()

    def _arrive(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._late and self._late[0][0] <= loop.time():
            self._deliver(self._late.popleft()[1])
        if self._late:
            self._timer = loop.call_at(self._late[0][0], self._arrive)
        elif self._then:
            self._then()


class Wire:
    """The two ends of a connection, the lanes between them, and the transcript."""

    def __init__(self, transcript: Transcript, latency: Callable[[], float]) -> None:
        self.transcript = transcript
        self.client = ClientEnd(self)
        self.server = ServerEnd(self)
        self.lanes = {
            Side.CLIENT: Lane(self.server.feed, latency),
            Side.SERVER: Lane(self.client.write, latency),
        }
        self.drops: list[tuple[Side, bytes]] = []
        self.on_closed: Callable[[Wire], None] = lambda wire: None
        self.on_tls: Callable[[Wire], None] = lambda wire: None
        self.on_silence: Callable[[], None] = lambda: None
        self.silent = False  # the server will say no more, and does not close either
        self.kept = False  # the server goes on with what came in clear behind STARTTLS
        self._opened = time.perf_counter()
        self._tls_begun = False
        self._enciphered = {Side.CLIENT: False, Side.SERVER: False}
        self._close_said = False

    def add(
        self, side: Side, data: bytes = b"", *, wire: bool = True, plain: bool = True, **more: Any
    ) -> None:
        """Record an event: what was said (`plain`), what was on the cable (`wire`), or both."""
        event = Event(time.perf_counter() - self._opened, side, data, **more)
        if plain:
            self.transcript.events.append(event)
        if wire:
            self.transcript.wire.append(event)
        grown()

    def carry(self, side: Side, data: bytes, note: str = "") -> None:
        """Record `data` that `side` sent, and pass it to the other end."""
        if self._tls_begun and data[0] == _HANDSHAKE:
            self._enciphered[side] = True
        cipher = self._enciphered[side]
        self.add(side, data, plain=not cipher, tls=cipher, note=note)
        if any(who is side and what in data for who, what in self.drops):
            self.closing(side.other, "the network dropped the connection")
            self.abort()
        else:
            self.lanes[side].send(data)

    def said(self, side: Side, data: bytes) -> None:
        """Record what `side` said under TLS, as the server decrypted it."""
        if data:
            self.add(side, data, wire=False, tls=True)

    def tls_begins(self) -> None:
        """From here on a handshake record starts the cipher in its direction."""
        self._tls_begun = True

    def tls_stands(self, note: str) -> None:
        """The handshake is over, and what follows is said under TLS."""
        self.add(Side.SERVER, kind="tls", tls=True, note=note, kept=self.kept)
        self.on_tls(self)

    def closing(self, side: Side, note: str) -> None:
        """Record, once, who ended the connection and how."""
        if not self._close_said:
            self._close_said = True
            self.add(side, kind="close", note=note)

    def fall_silent(self) -> None:
        """The server has read all there is and will never say another word: only time can end this."""
        self.silent = True
        self.on_silence()

    def end(self) -> None:
        """An end is gone. Once both are, the connection is over."""
        if self.client.gone and self.server.gone:
            self.transcript.closed = True
            self.on_closed(self)
            grown()

    def abort(self) -> None:
        """Cut the connection at both ends, as a reset does."""
        for lane in self.lanes.values():
            lane.cut()
        self.client.abort()
        self.server.abort()
