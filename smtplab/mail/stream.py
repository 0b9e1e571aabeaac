"""Stream: the octets of one side of a connection, cut into lines however the network cut them.

Each line knows when its last octet came. Taking lines costs time in proportion to their length, also
when a line comes octet by octet. What a line means is the reader's business.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .transcript import Event


@dataclass(frozen=True, slots=True)
class Piece:
    """A line without its line end, or what there was of one.

    `size` counts octets with the line end. `bare`: a bare LF ends it, or a bare CR or LF is in it.
    `cut`: it has no line end.
    """

    body: bytes
    t: float
    tls: bool
    size: int
    number: int  # of the event that brought its last octet
    bare: bool = False
    cut: bool = False


class Stream:
    """What one side has sent and nobody has taken yet."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0  # octets at the front that hold no line end
        self._taken = 0  # octets that have left the buffer
        self._marks: deque[tuple[int, float, bool, int]] = deque()  # octets so far, and their event
        self._last = (0.0, False, 0)

    def __len__(self) -> int:
        return len(self._buffer)

    def feed(self, event: Event, number: int) -> None:
        """Add what `event`, the transcript's `number`th, brought."""
        self._buffer += event.data
        self._last = (event.t, event.tls, number)
        self._marks.append((self._taken + len(self._buffer), *self._last))

    def line(self, end: bytes, limit: int = 0) -> Piece | None:
        """The next line, ended by `end` (CRLF, or LF with or without CR), or None while it is incomplete.

        With `limit`, at most that many octets are taken, whether or not a line ends there.
        """
        stop = min(len(self._buffer), limit) if limit else len(self._buffer)
        found = self._buffer.find(end, self._searched, stop)
        if found >= 0:
            return self._take(found + len(end))
        if limit and stop == limit:
            return self._take(limit)
        self._searched = max(0, stop - len(end) + 1)
        return None

    def rest(self) -> Piece | None:
        """Everything that is left, which has no line end; None when nothing is."""
        return self._take(len(self._buffer)) if self._buffer else None

    def end(self) -> Piece:
        """The end of what came, as an empty piece without line end."""
        t, tls, number = self._last
        return Piece(b"", t, tls, 0, number, cut=True)

    def rewind(self) -> None:
        """Search again from the front: what ends a line has changed."""
        self._searched = 0

    def _take(self, size: int) -> Piece:
        raw = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._searched = 0
        self._taken += size
        while self._marks[0][0] < self._taken:
            self._marks.popleft()
        _, t, tls, number = self._marks[0]
        body = raw.removesuffix(b"\n")
        cut = len(body) == len(raw)
        whole = body.removesuffix(b"\r") if not cut else body
        lone = not cut and len(whole) == len(body)
        return Piece(whole, t, tls, size, number, lone or b"\r" in whole or b"\n" in whole, cut)
