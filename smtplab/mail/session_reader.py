"""SmtpReader: from the events of a transcript to the lines of an SMTP session.

The session is followed reply by reply, because what a client's octets are (a command, content, an
answer to a challenge) depends on what the server said (RFC 5321 §4.1.1.4, RFC 2920 §3.1, RFC 3030 §2,
RFC 4954 §4). Nothing here raises and nothing is judged: the other end may be hostile.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace
from typing import Any

from .errors import RecordError
from .line import Kind, Line
from .reader import Reader, make_line
from .reply import Reply, ReplyReader
from .sasl import Exchange
from .session import VERBS, State, after
from .story import told
from .stream import Piece
from .text import decode
from .transcript import Event, Side

_BDAT = re.compile(r"BDAT +([0-9]{1,18})( +LAST)?[ \t]*", re.IGNORECASE)
_WAITED = {"DATA": 354, "AUTH": 334}  # the replies after which the client's lines are no commands
_BEGINS = ("DATA", "BDAT", "MAIL", "RSET", "EHLO", "HELO")  # what comes next is the front of a message
_NOT_COUNTED = (500, 501, 502)  # to BDAT: the server has read no octets, what follows are commands to it


class SmtpReader(Reader):
    """An SMTP session. A 354 makes the client's next lines content, a 334 the next one an answer.

    After DATA and AUTH the client's octets are held back until the reply says what they are, so that
    a client which does not wait is read as its server reads it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.state = State.START
        self.greeted = False
        self.pending: deque[int] = deque()  # indices of the client's lines that have no reply yet
        self.mode = ""  # what the client's next line is: "" a command, "DATA" content, "AUTH" an answer
        self.waits = ""  # the verb whose reply decides what comes next
        self.chunk = 0  # octets of a BDAT that are still to come
        self.chunks = False  # a BDAT without LAST has come: the next one continues the message
        self.part = "header"
        self.torn: bytes | None = None  # a piece of content without line end, which the next continues
        self.exchange = Exchange()
        self.replies = ReplyReader()
        self.raw: list[bytes] = []  # the lines of the reply that is being read

    # both sides ----------------------------------------------------------------------------------

    def pump(self, side: Side) -> None:
        if side is Side.SERVER:
            while piece := self.server.line(b"\n"):
                self._server_line(piece)
        else:
            while not self.waits and (piece := self._client_piece()):
                self._client_line(piece)

    def flush(self, *, tls: bool = False) -> None:
        while self.waits:  # no reply came: take the client at its word, but not across the start of TLS
            self._go_on("" if tls else self.waits)
        if piece := self.client.rest():
            self._client_line(piece)
        if self.raw or len(self.server):
            self._malformed(self.server.rest() or self.server.end())

    def tls(self, event: Event, number: int) -> None:
        if not event.kept:
            self._forget()
        self.state = State.START
        super().tls(event, number)

    def _forget(self) -> None:
        """RFC 3207 §4.2: what was said in clear and not answered is forgotten."""
        for index in self.pending:
            self.lines[index] = replace(self.lines[index], dropped=True)
        self.pending.clear()
        self.mode, self.waits, self.chunk = "", "", 0

    def ordered(self) -> list[Line]:
        return told(self.lines, self.order())

    # the client ----------------------------------------------------------------------------------

    def _client_piece(self) -> Piece | None:
        if self.chunk:
            return self.client.line(b"\n", limit=self.chunk)
        return self.client.line(b"\r\n" if self.mode == "DATA" else b"\n")

    def _client_line(self, piece: Piece) -> None:
        if self.chunk:
            self.chunk -= piece.size
            self._content(piece, "BDAT")
        elif self.mode == "DATA":
            self._data(piece)
        elif self.mode == "AUTH":
            self.waits = "AUTH"
            self._ask(piece, "auth", "AUTH", secret=self.exchange.answer(decode(piece.body)))
        else:
            self._command(piece)

    def _command(self, piece: Piece) -> None:
        words = decode(piece.body)
        verb = re.split(r"[ \t]", words, maxsplit=1)[0].upper()
        secret, last = False, False
        if verb == "AUTH":
            secret = self.exchange.begin(words[5:].strip())
        elif verb in VERBS:
            self.exchange.open = False
        elif self.exchange.open:  # an answer to a challenge that the server never sent
            verb, secret = "", bool(words)
        if verb in _WAITED:
            self.waits = verb
        elif verb == "BDAT" and (found := _BDAT.fullmatch(words)):
            self.chunk, last = int(found[1]), bool(found[2])
        if verb in _BEGINS:
            if verb != "BDAT" or not self.chunks:
                self.part, self.torn = "header", None
            self.chunks = verb == "BDAT" and not last
        self._ask(piece, "command", verb, secret=secret, last=last)

    def _data(self, piece: Piece) -> None:
        # RFC 5321 §4.1.1.4: nothing but CRLF, a dot and CRLF ends the data.
        if piece.body == b"." and not piece.cut and not piece.bare:
            self.mode = ""
            self._ask(piece, "end", ".")
        else:
            self._content(piece, "DATA")

    def _content(self, piece: Piece, verb: str) -> None:
        # A chunk may end between CR and LF: together they are a line end all the same.
        joined = self.torn is not None and self.torn.endswith(b"\r") and piece.size == 1
        empty = not piece.body and not piece.cut and (self.torn is None or self.torn == b"\r")
        if self.part == "blank":
            self.part = "body"
        elif self.part == "header" and empty:
            self.part = "blank"
        self.torn = piece.body if piece.cut else None
        line = make_line(piece, Side.CLIENT, "data", verb=verb, part=self.part)
        self.place(replace(line, bare=False) if joined else line, piece.number)

    def _ask(self, piece: Piece, kind: Kind, verb: str, **more: Any) -> None:
        """Add a line that the server answers."""
        self.pending.append(len(self.lines))
        self.place(make_line(piece, Side.CLIENT, kind, verb=verb, **more), piece.number)

    # the server ----------------------------------------------------------------------------------

    def _server_line(self, piece: Piece) -> None:
        try:
            replies = self.replies.feed(piece.body + b"\n")
        except RecordError:
            self._malformed(piece)
            return
        self.raw.append(piece.body)
        for reply in replies:  # one at the most: a line ends no more than one reply
            self._reply(self._joined(piece), reply)

    def _joined(self, piece: Piece) -> Piece:
        """All lines of the reply that `piece` ends."""
        body = b"\n".join(self.raw)
        self.raw.clear()
        return replace(piece, body=body)

    def _malformed(self, piece: Piece) -> None:
        """Add what is no reply. It answers nothing unless it is whole, and moves nothing."""
        self.raw.append(piece.body)
        self.replies = ReplyReader()
        said = self._joined(piece)
        if self.pending and not said.cut:
            self._reply(said, None)
        else:
            verb = self.lines[self.pending[0]].verb if self.pending else ""
            self.place(make_line(said, Side.SERVER, "reply", verb=verb, state=self.state), said.number)

    def _reply(self, said: Piece, reply: Reply | None) -> None:
        if reply and not self.greeted:
            self._greet(said, reply)
            return
        code = reply.code if reply else 0
        index = self.pending[0] if self.pending else -1
        asked = self.lines[index] if self.pending else None
        if asked:
            self._release(asked, code, reply.text if reply else "")
            self.pending.popleft()
            self.lines[index] = replace(asked, pair=len(self.lines))
        verb, last = (asked.verb, asked.last) if asked else ("", False)
        if reply:
            self.state = after(self.state, verb, code, last=last)
        line = make_line(said, Side.SERVER, "reply", verb=verb, reply=reply, pair=index, last=last)
        secret = asked is not None and _echoes(asked, line.text)
        self.place(replace(line, state=self.state, secret=secret), said.number)

    def _greet(self, said: Piece, reply: Reply) -> None:
        # RFC 5321 §3.1: after a refusing greeting only QUIT makes sense. The session is over before it
        # began, although the connection stays open until the client has said QUIT.
        self.greeted = True
        self.state = State.START if reply.is_positive else State.CLOSED
        line = make_line(said, Side.SERVER, "greeting", reply=reply, state=self.state)
        self.place(line, said.number)

    def _release(self, asked: Line, code: int, challenge: str) -> None:
        """Read what the client sent without waiting, now that the reply says what it is."""
        if asked.verb == "BDAT" and code in _NOT_COUNTED:
            self.chunk = 0
            self.pump(Side.CLIENT)
        elif asked.verb in _WAITED:
            if code == 334:
                self.exchange.challenge(challenge)
            self._go_on(asked.verb if code == _WAITED[asked.verb] else "")

    def _go_on(self, mode: str) -> None:
        self.mode, self.waits = mode, ""
        self.client.rewind()
        self.pump(Side.CLIENT)


def _echoes(asked: Line, text: str) -> bool:
    """Whether a reply repeats the secret of the line that it answers, as a 500 may."""
    words = asked.text.split()
    return asked.secret and bool(words) and words[-1][:16].lower() in text.lower()
