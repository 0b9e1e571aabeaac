"""Reader: from the events of a transcript to plain lines, whatever the protocol.

Lines are put together by side, because events are cut as the network cut them. The passwords of POP3
and IMAP are marked. SMTP has a reader of its own, `session_reader`, which knows what a line is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from .line import Kind, Line
from .stream import Piece, Stream
from .text import decode
from .transcript import Event, Side


class Reader:
    """Any protocol: a client's line is a command, a server's is a reply."""

    _LOGIN = re.compile(r"(?:\S{1,32} )?(AUTH\w*|LOGIN|PASS|APOP)\b", re.IGNORECASE)

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.places: list[int] = []  # of each line: the number of the event that completed it
        self.client, self.server = Stream(), Stream()
        self._notes: dict[int, str] = {}  # event number -> what someone in the middle did there
        self._login = False  # the client is in the middle of a login: its lines are secrets

    def read(self, events: list[Event]) -> list[Line]:
        """The lines that `events` make, in the order of the wire, an unfinished one at the end included."""
        for number, event in enumerate(events):
            if event.kind == "data":
                if event.note:
                    self._notes[number] = event.note
                self.stream(event.side).feed(event, number)
                self.pump(event.side)
            elif event.kind == "tls":
                if not event.kept:
                    self.flush(tls=True)
                self.tls(event, number)
            else:
                self.place(Line(event.t, event.side, event.tls, "close", event.note), number)
        self.flush()
        return self.ordered()

    def stream(self, side: Side) -> Stream:
        """What `side` has sent and nobody has read yet."""
        return self.client if side is Side.CLIENT else self.server

    def place(self, line: Line, number: int) -> None:
        """Add a line that the event `number` completed."""
        note = self._notes.get(number)
        self.lines.append(replace(line, note=note) if note else line)
        self.places.append(number)

    def pump(self, side: Side) -> None:
        """Take what is complete from one side."""
        while piece := self.stream(side).line(b"\n"):
            self._plain(side, piece)

    def flush(self, *, tls: bool = False) -> None:
        """Take what is left on both sides, complete or not."""
        for side in Side:
            if piece := self.stream(side).rest():
                self._plain(side, piece)

    def tls(self, event: Event, number: int) -> None:
        """TLS began."""
        note = "The server keeps what came in clear behind STARTTLS" if event.kept else ""
        self.place(Line(event.t, event.side, True, "tls", event.note, note=note), number)

    def ordered(self) -> list[Line]:
        """All lines, in the order in which their last octets came."""
        return [self.lines[index] for index in self.order()]

    def order(self) -> list[int]:
        """The indices of the lines in the order of the wire: some are read late, none is moved far."""
        return sorted(range(len(self.lines)), key=self.places.__getitem__)

    def _plain(self, side: Side, piece: Piece) -> None:
        client = side is Side.CLIENT
        if client:
            self._login = self._login or bool(self._LOGIN.match(decode(piece.body[:80])))
        else:
            self._login = self._login and piece.body[:2] in (b"+", b"+ ")  # "go on"
        kind: Kind = "command" if client else "reply"
        self.place(make_line(piece, side, kind, secret=client and self._login), piece.number)


def make_line(piece: Piece, side: Side, kind: Kind, **more: Any) -> Line:
    """The `Line` for a piece of a stream."""
    text = decode(piece.body)
    return Line(piece.t, side, piece.tls, kind, text, bare=piece.bare, cut=piece.cut, **more)
