"""The dialogues of POP3 and IMAP, line by line: which lines are commands, which are content, what is refused.

A response of several lines (RFC 1939 §3) and a literal (RFC 9051 §4.3) are content, so that a message which
says "LOGOUT" in its body is not taken for a command. Passwords are marked, however they are sent: on the line
itself, as a literal, or as the answer to a challenge. Nothing is judged that the server did not refuse.
"""

from __future__ import annotations

import re
from collections import deque

from .line import Kind, Part
from .pop3 import Command
from .reader import Reader, make_line
from .stream import Piece
from .text import decode
from .transcript import Event, Side


class PopReader(Reader):
    """POP3: a client's line is a command; a server's is a response, or a line of one that has several."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: deque[Command] = deque()  # commands that have no response yet
        self._content: Command | None = None  # whose lines are coming
        self._part: Part = ""
        self._greeted = False

    def tls(self, event: Event, number: int) -> None:
        if not event.kept:
            self._asked.clear()
        super().tls(event, number)

    def _plain(self, side: Side, piece: Piece) -> None:
        if side is Side.CLIENT:
            command = Command.parse(piece.body)
            self._asked.append(command)
            secret = self._login or command.verb in ("PASS", "APOP", "AUTH")
            self._login = self._login or command.verb == "AUTH"
            line = make_line(piece, side, "command", secret=secret, protocol="pop3")
        elif self._content is not None:
            line = make_line(piece, side, self._kind(piece.body), part=self._part, protocol="pop3")
            if self._part == "blank":
                self._part = "body"
            if piece.body == b".":
                self._content = None
        else:
            line = make_line(piece, side, "reply", refused=piece.body[:4].upper() == b"-ERR", protocol="pop3")
            self._respond(piece.body)
        self.place(line, piece.number)

    def _respond(self, body: bytes) -> None:
        """A response's first line: which command does it answer, and do more lines follow?"""
        if self._login and body[:2] in (b"+", b"+ "):  # "go on"
            return
        self._login = False
        if not self._greeted:
            self._greeted = True
        elif self._asked:
            command = self._asked.popleft()
            if command.several_lines and body[:3].upper() == b"+OK":
                self._content = command
                self._part = "header" if command.verb in ("RETR", "TOP") else ""

    def _kind(self, body: bytes) -> Kind:
        """A line of content; the part of the message moves on behind the header section."""
        if body == b".":
            kind: Kind = "end" if self._part else "data"
            self._part = ""
            return kind
        if self._part == "header" and not body:
            self._part = "blank"
        return "data"


class ImapReader(Reader):
    """IMAP: commands with tags, responses, and literals, which are counted in octets."""

    _LITERAL = re.compile(rb"\{(\d{1,10})(\+?)\}$")
    _LOGIN_TAG = re.compile(rb"(\S{1,64}) +(?:LOGIN|AUTHENTICATE)\b", re.IGNORECASE)
    _REFUSAL = re.compile(rb"\S+ +(?:NO|BAD|BYE)\b", re.IGNORECASE)

    def __init__(self) -> None:
        super().__init__()
        self._left = {Side.CLIENT: 0, Side.SERVER: 0}  # octets of a literal that are still to come
        self._inside = {Side.CLIENT: False, Side.SERVER: False}  # the line goes on behind a literal
        self._tag = b""  # of a login that is under way
        self._leaving = False  # LOGOUT was said: a BYE is no refusal then

    def pump(self, side: Side) -> None:
        while piece := self.stream(side).line(b"\n", self._left[side]):
            self._plain(side, piece)

    def _plain(self, side: Side, piece: Piece) -> None:
        client = side is Side.CLIENT
        kind: Kind = "command" if client else "reply"
        if self._left[side]:
            self._left[side] -= min(piece.size, self._left[side])
            kind = "data"
        else:
            if client and not self._inside[side]:
                self._hear(piece.body)
            elif not client and not self._inside[side]:
                self._answered(piece.body)
            found = self._LITERAL.search(piece.body[-16:])
            self._left[side] = int(found[1]) if found else 0
            self._inside[side] = found is not None
        refused = kind == "reply" and self._REFUSAL.match(piece.body[:80]) is not None
        if refused and self._leaving and piece.body[:1] == b"*":
            refused = False
        secret = client and bool(self._tag)
        self.place(
            make_line(piece, side, kind, secret=secret, refused=refused, protocol="imap"), piece.number
        )

    def _hear(self, body: bytes) -> None:
        """A client's line that may be a command."""
        if not self._tag and (found := self._LOGIN_TAG.match(body)):
            self._tag = found[1]
        self._leaving = self._leaving or decode(body[-6:]).upper() == "LOGOUT"

    def _answered(self, body: bytes) -> None:
        """A server's line: a tagged one ends the login, and a literal that was refused does not come."""
        if self._tag and body.startswith((self._tag + b" ", b"* BAD")):
            self._tag = b""
        if body[:1] not in (b"*", b"+"):
            self._left[Side.CLIENT] = 0
            self._inside[Side.CLIENT] = False
