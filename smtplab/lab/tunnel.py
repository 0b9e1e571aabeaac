"""Tunnel: one end of TLS, in memory. Octets from the cable go in, what was said comes out, and back.

For whoever terminates TLS in the middle of a connection. It opens no socket and has no timer.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable


class Tunnel:
    """One end of TLS. `send` takes the octets for the cable; `on_open` is called after the handshake.

    With a `name` it is the client's end, which asks for that name; without one the server's. What is
    said too early waits for the handshake. Raises ssl.SSLError where TLS breaks.
    """

    def __init__(self, context: ssl.SSLContext, send: Callable[[bytes], None], name: str = "") -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=not name, server_hostname=name or None)
        self._send = send
        self._early: list[bytes] = []
        self.on_open: Callable[[], None] = lambda: None
        self.is_open = False
        self.is_over = False  # the other end has said that nothing follows

    def start(self) -> None:
        """Begin the handshake."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        finally:
            self._flush()  # an alert has to get out as well
        if self.is_open:  # the answer came while the last flight was on its way
            return
        self.is_open = True
        early, self._early = self._early, []
        for data in early:
            self.say(data)
        self.on_open()

    def feed(self, data: bytes) -> bytes:
        """Take octets from the cable, and return what the other end said."""
        self._in.write(data)
        if not self.is_open:
            self.start()
        said = b""
        while self.is_open and not self.is_over:
            try:
                piece = self._tls.read(65536)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            said += piece
            self.is_over = not piece
        self._flush()
        return said

    def say(self, data: bytes) -> None:
        """Say `data` to the other end."""
        if self.is_open:
            self._tls.write(data)
            self._flush()
        else:
            self._early.append(data)

    def close(self) -> None:
        """Say that nothing follows (RFC 8446 §6.1)."""
        if self.is_open:
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()

    def _flush(self) -> None:
        while data := self._out.read():
            self._send(data)
