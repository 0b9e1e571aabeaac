"""IMAP's lines on paper (RFC 9051 §2.2): where a server's response ends, and whether it says yes.

Tagged and untagged responses, continuation requests and literals are told apart, no more: what is inside a
FETCH is for a library to read (imaplib, or pymap on the server's side).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .text import decode, visible

LITERAL = re.compile(rb"\{(\d{1,10})\+?\}\r?\n$")  # octets of any kind follow (RFC 9051 §4.3)
_TAGGED = re.compile(r"(\S+) (OK|NO|BAD|PREAUTH|BYE)\b ?(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to one command: all lines, a literal kept inside the line that announced it.

    `status` is that of the last line: "OK", "NO", "BAD", "PREAUTH", "BYE", or "+" for "go on"; "" when it is
    something else. `text` is what follows the status.
    """

    lines: tuple[bytes, ...]

    @property
    def status(self) -> str:
        """How it went, in one word."""
        last = decode(self.lines[-1]) if self.lines else ""
        if last.startswith("+"):
            return "+"
        found = _TAGGED.match(last)
        return found[2].upper() if found else ""

    @property
    def text(self) -> str:
        """The words of the last line, with their response code in brackets."""
        last = decode(self.lines[-1]) if self.lines else ""
        found = _TAGGED.match(last)
        return found[3] if found else last.removeprefix("+").strip()

    @property
    def ok(self) -> bool:
        """Whether the server did as it was told, or wants to hear more."""
        return self.status in ("OK", "PREAUTH", "+")

    @property
    def untagged(self) -> tuple[str, ...]:
        """What came before the last line, without the stars, made visible."""
        return tuple(visible(decode(line).removeprefix("* "), keep="\n") for line in self.lines[:-1])

    def __str__(self) -> str:
        said = (decode(line).replace("\r\n", "\n") for line in self.lines)
        return "\n".join(visible(line, keep="\n") for line in said)


class AnswerReader:
    """Puts a server's lines together, however the network cut them."""

    def __init__(self) -> None:
        self._buffer = b""
        self._searched = 0

    def feed(self, data: bytes) -> None:
        """Add what came."""
        self._buffer += data

    def next(self) -> bytes | None:
        """The next line without its line end, literals in it; None while it is incomplete."""
        while (size := self._buffer.find(b"\n", self._searched) + 1) > 0:
            found = LITERAL.search(self._buffer, self._searched, size)
            if found is None:
                line, self._buffer = self._buffer[:size], self._buffer[size:]
                self._searched = 0
                return line.removesuffix(b"\n").removesuffix(b"\r")
            end = size + int(found[1])
            if len(self._buffer) < end:
                return None
            self._searched = end
        return None
