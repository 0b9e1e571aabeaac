"""A learner's function, tried: called with what it may get, or set to talk to a server that plays a part.

Only data goes in and only data comes out, so that a function can also be tried in another process. A function
that talks gets one end of a connected socket; at the other end a server speaks SMTP as the probe says, and
keeps the lines. Nothing waits for ever: both ends give up after some seconds without a word.
"""

from __future__ import annotations

import copy
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ...mail.errors import LabError
from ...mail.text import visible
from .answers import plain

PATIENCE = 3.0  # seconds either end of a dialogue waits for the other
LONGEST = 200_000  # octets that a server takes in one dialogue


class Server:
    """The server's end of a dialogue. A part is a function that gets one of these, and speaks and listens."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        self._connection, self._buffer, self._taken = connection, b"", 0
        self.lines: list[tuple[str, str]] = []  # ("C" or "S", the line without its end)

    def say(self, *lines: str) -> None:
        """Send lines, each with CRLF."""
        for line in lines:
            self.lines.append(("S", line))
        self._connection.sendall("".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape"))

    def raw(self, *pieces: bytes) -> None:
        """Send octets as they are, each piece by itself, so that a reader may get them apart."""
        self.lines += [("S", line) for line in b"".join(pieces).decode("utf-8", "replace").splitlines()]
        for piece in pieces:
            self._connection.sendall(piece)

    def hear(self) -> str | None:
        """The next line without its CRLF; None when the client has said its last. A line that ends in a bare
        LF keeps that LF, so that a part can tell."""
        while b"\n" not in self._buffer:
            got = self._connection.recv(65536)
            self._taken += len(got)
            if not got or self._taken > LONGEST:
                return None
            self._buffer += got
        raw, _, self._buffer = self._buffer.partition(b"\n")
        line = (raw[:-1] if raw.endswith(b"\r") else raw + b"\n").decode("utf-8", "replace")
        self.lines.append(("C", line))
        return line

    def data(self) -> list[str]:
        """The lines of a message as they came, up to the dot alone, which is left out."""
        taken = []
        while (line := self.hear()) not in (".", None):
            taken.append(str(line))
        return taken


Part = Callable[[Server], object]


@dataclass(frozen=True, slots=True)
class Probe:
    """One trial: the arguments, and for a function that talks the part that the server plays (it gets `sock`
    before the arguments). `name` says in a few words what is tried."""

    name: str
    arguments: Sequence[Any] = ()
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a probe: the value returned as plain data, or in one sentence what was raised; and the
    dialogue's lines as (who, line), "C" for the learner's client."""

    name: str
    value: Any = None
    error: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)

    def said(self) -> list[str]:
        """What the client said."""
        return [line for who, line in self.lines if who == "C"]


def run(function: Callable[..., Any], probes: Sequence[Probe]) -> list[Tried]:
    """Try `function` with every probe, whatever becomes of the others."""
    return [_talk(function, one) if one.part else _call(function, one) for one in probes]


def _call(function: Callable[..., Any], probe: Probe, *before: Any) -> Tried:
    try:
        return Tried(probe.name, plain(function(*before, *copy.deepcopy(list(probe.arguments)))))
    except LabError as error:
        return Tried(probe.name, error=str(error).replace("The answer", "What was returned"))
    except Exception as error:  # whatever a learner's function raises is a result, never our crash
        return Tried(probe.name, error=visible(f"{type(error).__name__}: {error}")[:300])


def _talk(function: Callable[..., Any], probe: Probe) -> Tried:
    assert probe.part
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(PATIENCE)
        server = Server(ours)
        thread = threading.Thread(target=_play, args=(probe.part, server, ours), daemon=True)
        thread.start()
        tried = _call(function, probe, theirs)
        with suppress(OSError):
            theirs.shutdown(socket.SHUT_WR)  # the server must not wait for more
        thread.join(2 * PATIENCE)
    return Tried(tried.name, tried.value, tried.error, list(server.lines))


def _play(part: Part, server: Server, connection: socket.socket) -> None:
    with suppress(OSError):  # the client closed, or said nothing for too long
        part(server)
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
