"""Ear: what someone in the middle has to understand of SMTP to know a command when it passes.

Content, BDAT chunks and answers to challenges are told from commands, and replies are put together from
their lines (RFC 5321 §4.2.1, RFC 3030 §2, RFC 4954 §4), so that a message which says STARTTLS is left
alone. Nothing is judged: what is odd passes through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BDAT = re.compile(rb"BDAT +([0-9]{1,18})( +LAST)?[ \t]*\r?\n", re.IGNORECASE)
_END = b"\r\n.\r\n"
_WAITED = {b"DATA": b"354", b"AUTH": b"334"}  # the replies after which the client's octets are no commands
LONGEST = 65536  # octets without a line end, after which nobody waits for one

Heard = tuple[bytes, bytes]  # the verb (b"." for a line that only gets a reply, b"" for all else), the octets


class Ear:
    """Hears one session. `hold` makes it keep what the client says until `hold` is False again."""

    def __init__(self) -> None:
        self.hold = False
        self._client, self._server = b"", b""
        self._waits = b""  # the verb whose reply says what the client's next octets are
        self._mode = b""  # b"" commands, b"DATA" content, b"AUTH" an answer to a challenge
        self._chunk = 0  # octets of a BDAT that are still to come
        self._tail = b""  # the last octets of content: the end may be cut anywhere

    def client(self, data: bytes = b"") -> Iterator[Heard]:
        """What the client says with `data`, command by command, or in pieces where it is none."""
        self._client += data
        while self._client and not self.hold and not self._waits:
            heard = self._next()
            if heard is None:
                return
            self._client = self._client[len(heard[1]) :]
            yield heard

    def _next(self) -> Heard | None:
        """What stands first in what the client has said; None when it is not complete."""
        if self._chunk:
            piece = self._client[: self._chunk]
            self._chunk -= len(piece)
            return b"", piece
        if self._mode == b"DATA":
            return self._content()
        size = self._client.find(b"\n") + 1
        if not size:
            return (b"", self._client) if len(self._client) > LONGEST else None
        line = self._client[:size]
        if self._mode == b"AUTH":
            self._mode, self._waits = b"", b"AUTH"
            return b".", line
        verb = line.split(maxsplit=1)[0].upper() if line.strip() else b"."
        if verb in _WAITED:
            self._waits = verb
        elif found := _BDAT.fullmatch(line):
            self._chunk = int(found[1])
        return verb, line

    def _content(self) -> Heard:
        end = (self._tail + self._client).find(_END)
        if end < 0:
            self._tail = (self._tail + self._client)[-len(_END) + 1 :]
            return b"", self._client
        size = end + len(_END) - len(self._tail)
        self._mode = b""
        return b".", self._client[:size]

    def server(self, data: bytes) -> Iterator[bytes]:
        """The replies that `data` completes, each with all its lines."""
        self._server += data
        while self._server:
            size = 0
            while line := self._server[size : self._server.find(b"\n", size) + 1]:
                size += len(line)
                if line[3:4] != b"-":
                    break
            else:
                if len(self._server) <= LONGEST:
                    return
                size = len(self._server)
            reply, self._server = self._server[:size], self._server[size:]
            yield reply

    def answered(self, code: bytes) -> None:
        """The server has answered the last command that it was asked to: `code` says what follows."""
        verb, self._waits = self._waits, b""
        if verb and code == _WAITED[verb]:
            self._mode, self._tail = verb, b"\r\n"

    @property
    def waits(self) -> bool:
        """True while something that the client said is kept back until the server has answered."""
        return bool(self._client and (self.hold or self._waits))

    def rest(self) -> tuple[bytes, bytes]:
        """What the client and the server have said and nobody has passed on, which is then forgotten."""
        left = self._client, self._server
        self._client = self._server = b""
        return left
