"""A raw connection for the learner's own hands: what SMTP, POP3 and IMAP sessions have in common."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ..mail.certificate import Certificate
from ..mail.errors import LabError
from ..mail.transcript import Transcript
from .certificates import read as read_certificate

Dial = Callable[[str, int], socket.socket]


class Raw:
    """A connection that somebody types into. Use it as a context manager, or call `close`."""

    def __init__(
        self,
        sock: socket.socket,
        host: str,
        context: ssl.SSLContext,
        transcript: Callable[[], Transcript | None],
    ) -> None:
        self.host = host
        self._sock = sock
        self._context = context
        self._transcript = transcript

    @property
    def transcript(self) -> Transcript:
        """What was said so far. It grows with the session."""
        transcript = self._transcript()
        if transcript is None:
            raise LabError("The tap has not seen this connection yet: read the greeting first.")
        return transcript

    @property
    def certificate(self) -> Certificate | None:
        """The certificate that the server has shown; None in clear."""
        shown = self._sock.getpeercert(True) if isinstance(self._sock, ssl.SSLSocket) else None
        return read_certificate(shown) if shown else None

    def _secure(self) -> None:
        """Go on under TLS."""
        self._sock = self._context.wrap_socket(self._sock, server_hostname=self.host)

    def _heard(self) -> bytes:
        """What comes next; nothing when the server has hung up. Raises LabError when it stays silent."""
        try:
            return self._sock.recv(65536)
        except TimeoutError:
            raise LabError(f"{self.host} did not answer within {self._sock.gettimeout():g} s.") from None
        except OSError:
            return b""

    def _closed(self) -> LabError:
        return LabError(f"{self.host} has closed this session. Open a new one with lab.connect(...).")

    def close(self) -> None:
        """Hang up, without a farewell. Under TLS the server is told first, as RFC 8446 §6.1 asks."""
        if isinstance(self._sock, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self._sock.settimeout(0.5)
                self._sock.unwrap()
        self._sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
