"""Recording what is said under TLS, in the one place where the lab has both ends' plain text.

`ssl.SSLContext.sslobject_class` makes asyncio use our TLS object, for STARTTLS and implicit TLS alike,
whichever server library it is that speaks.
"""

from __future__ import annotations

import ssl
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ..mail.transcript import Side
from .wire import Wire

# The connection that the running callback serves. asyncio hands contexts on to every callback and
# task that a connection starts, so code deep inside a TLS handshake still knows whose it is.
CURRENT: ContextVar[Wire | None] = ContextVar("smtplab_connection", default=None)


class Recording(ssl.SSLObject):
    """The server's TLS object, which tells the wire what was said inside."""

    _wire: Wire | None = None
    _done = False

    def do_handshake(self) -> None:
        if self._wire is None and (wire := CURRENT.get()):
            self._wire = wire
            wire.tls_begins()
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            if self._wire:
                self._wire.closing(Side.SERVER, f"TLS failed: {error.reason or error}")
            raise
        if self._wire and not self._done:
            self._done = True
            self._wire.tls_stands(self._note())

    def _note(self) -> str:
        cipher = self.cipher()
        return f"{self.version()} with {cipher[0]}" if cipher else str(self.version())

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        got = super().read(len, buffer)
        if self._wire:
            self._wire.said(Side.CLIENT, bytes(buffer[:got]) if buffer is not None else got)
        return got

    def write(self, data: Any) -> int:
        count = super().write(data)
        if self._wire:
            self._wire.said(Side.SERVER, bytes(data[:count]))
        return count


def recorded(context: ssl.SSLContext, keylog: Path) -> ssl.SSLContext:
    """`context`, made to tell the wire what is said inside, and its secrets to the file `keylog`."""
    context.sslobject_class = Recording
    context.keylog_filename = str(keylog)
    return context
