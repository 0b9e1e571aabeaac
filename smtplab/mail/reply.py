"""Reply: what a server answers (RFC 5321 §4.2, RFC 2034, RFC 3463).

Answers: what did the server say, in code, enhanced code and text; what does it mean; what does a
client do next? A reply is read leniently (a lone code, a bare LF) and written strictly.

It does not know which command a reply belongs to: `dialogue` and the session table do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import RecordError
from .text import decode, encode, visible

MAX_LINE = 512  # RFC 5321 §4.5.3.1.5: octets of a reply line, with the code and CRLF
MAX_OCTETS = 64 * 1024  # one reply; more is an attack on the reader
MAX_LINES = 1000

# RFC 5321 §4.2 has 0 to 5 for the second digit. A client judges by the first alone, and codes such as 571
# are about, so any second digit is read.
_CODE = re.compile(r"[2-5][0-9][0-9]")
_ENHANCED = re.compile(r"([245]\.(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2}))(?:[ \t]|$)")
_EOL = re.compile(r"\r?\n")
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")  # ehlo-keyword (RFC 5321 §4.1.1.1)


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: a three-digit code, an enhanced code or "", and its lines without either."""

    code: int
    enhanced: str = ""
    lines: tuple[str, ...] = ()

    @classmethod
    def parse(cls, data: bytes | str) -> Reply:
        """One complete reply of one or more lines, as it came from the wire.

        A lone code and a bare LF are tolerated. The enhanced code is that of the first line that has
        one and is taken off each line that repeats it; it counts only when its class is the code's
        first digit (RFC 2034 §4). Raises RecordError.
        """
        text = decode(data) if isinstance(data, bytes) else data
        code, lines = 0, list[str]()
        for start, end, last in _reply_lines(text):
            code = _line_code(text, start, end, code)
            lines.append(text[start + 4 : end])
            _check_place(text, start, end, last)
        enhanced = next((found for line in lines if (found := _enhanced(line, code))), "")
        if enhanced:
            lines = [
                line[len(enhanced) + 1 :] if _enhanced(line, code) == enhanced else line for line in lines
            ]
        return cls(code, enhanced, () if lines == [""] else tuple(lines))

    def format(self) -> bytes:
        """The reply as it goes on the wire, each line with code and enhanced code and ended by CRLF.

        A CR or LF in the text starts a new line of the same reply, other control characters are
        written visibly, and a line too long for RFC 5321 §4.5.3.1.5 is continued on the next.
        """
        return "".join(f"{line}\r\n" for line in self._wire_lines()).encode("utf-8")

    def _wire_lines(self) -> list[str]:
        before = f"{visible(self.enhanced)} " if self.enhanced else ""
        room = max(64, MAX_LINE - len("250-\r\n") - len(encode(before)))
        whole = [piece for line in self.lines for piece in re.split(r"\r\n|\r|\n", line)] or [""]
        pieces = [piece for line in whole for piece in _chunks(visible(line, keep="\t"), room)]
        texts = [before + piece if piece else before.rstrip() for piece in pieces]
        return [f"{self.code}-{text}" for text in texts[:-1]] + [f"{self.code} {texts[-1]}"]

    def __str__(self) -> str:
        return "\n".join(line.rstrip() for line in self._wire_lines())

    @property
    def text(self) -> str:
        """The text alone, its lines joined with LF."""
        return "\n".join(self.lines)

    @property
    def klass(self) -> int:
        """The first digit, by which a client decides (RFC 5321 §4.2.1)."""
        return self.code // 100

    @property
    def is_positive(self) -> bool:
        """2yz: done."""
        return self.klass == 2

    @property
    def is_intermediate(self) -> bool:
        """3yz: accepted so far, send the rest."""
        return self.klass == 3

    @property
    def is_transient(self) -> bool:
        """4yz: not done, try again later."""
        return self.klass == 4

    @property
    def is_permanent(self) -> bool:
        """5yz: not done, do not repeat."""
        return self.klass == 5

    @property
    def meaning(self) -> str:
        """What the code means, then what the enhanced code adds."""
        from . import codes  # tables of meanings: a server that only sends replies needs none

        entry = codes.code(self.code) or codes.CLASS.get(self.klass)
        base = entry.meaning if entry else "The code is out of range."
        more = codes.enhanced(self.enhanced)
        return f"{base} {more.code}: {more.meaning}" if more else base

    @property
    def next_step(self) -> str:
        """What the client, or whoever runs it, does next."""
        from . import codes

        entry = codes.code(self.code) or codes.CLASS.get(self.klass)
        return entry.acts if entry else "The client ends the transaction (RFC 5321 §4.2)."

    @property
    def extensions(self) -> dict[str, str]:
        """The keywords of a positive reply to EHLO in upper case, each with its parameters or "".

        The first line names the server, so it is no keyword (RFC 5321 §4.1.1.1). Of any other reply
        the answer is meaningless; of a failure it is empty.
        """
        found = [line.partition(" ") for line in self.lines[1:]] if self.code == 250 else []
        return {word.upper(): rest.strip(" ") for word, _, rest in found if _KEYWORD.fullmatch(word)}


class ReplyReader:
    """Cuts a stream of octets into replies, however the network cut it into pieces.

    It never holds more than one reply of at most MAX_OCTETS and MAX_LINES. Once it has found a
    malformed reply it stays broken, because nobody can tell where the next reply begins.
    """

    def __init__(self) -> None:
        self.error: RecordError | None = None
        self._buffer = bytearray()
        self._seen = 0  # octets already searched for a line end
        self._start = 0  # where the line being read begins
        self._lines = 0

    @property
    def pending(self) -> bytes:
        """What has come of a reply that is not complete yet."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that `data` completes, in order.

        A malformed reply raises RecordError; when good replies stand before it they are returned
        first, and `error` says what the next call will raise.
        """
        replies: list[Reply] = []
        if self.error is None:
            self._buffer += data
            try:
                while (reply := self._next()) is not None:
                    replies.append(reply)
            except RecordError as error:
                self.error = error
        if self.error is not None and not replies:
            raise self.error
        return replies

    def _next(self) -> Reply | None:
        while (end := self._buffer.find(b"\n", self._seen)) >= 0:
            last = self._buffer[self._start + 3 : self._start + 4] != b"-"
            self._lines += 1
            self._seen = self._start = end + 1
            self._check_size(end + 1)
            if last:
                data = bytes(self._buffer[: end + 1])
                del self._buffer[: end + 1]
                self._seen = self._start = self._lines = 0
                return Reply.parse(data)
        self._seen = len(self._buffer)
        self._check_size(self._seen)
        return None

    def _check_size(self, octets: int) -> None:
        if octets > MAX_OCTETS or self._lines > MAX_LINES:
            rule = f"a reply has at most {MAX_OCTETS} octets and {MAX_LINES} lines here"
            raise RecordError(rule, decode(bytes(self._buffer[:MAX_LINE])), (0, MAX_LINE))


def _reply_lines(text: str) -> list[tuple[int, int, bool]]:
    """Start and end of each line without its line end, and whether it is the last."""
    ends = [match.span() for match in _EOL.finditer(text)]
    if not ends or ends[-1][1] < len(text):
        ends.append((len(text), len(text)))
    starts = [0] + [after for _, after in ends[:-1]]
    return [(start, end, start == starts[-1]) for start, (end, _) in zip(starts, ends, strict=True)]


def _line_code(text: str, start: int, end: int, before: int) -> int:
    """The code that a line begins with; it must be that of the lines before it (RFC 5321 §4.2.1)."""
    if end - start < 3 or not _CODE.match(text, start):
        rule = "a reply line begins with three digits, the first from 2 to 5"
        raise RecordError(rule, text, (start, min(start + 3, max(end, start))))
    code = int(text[start : start + 3])
    if before and code != before:
        raise RecordError(f"every line of this reply begins with {before}", text, (start, start + 3))
    return code


def _check_place(text: str, start: int, end: int, last: bool) -> None:
    """A hyphen after the code on every line but the last, a space on the last (RFC 5321 §4.2.1)."""
    sign = text[start + 3 : min(start + 4, end)]
    if sign not in ("", " ", "-"):
        raise RecordError("a space or a hyphen follows the code", text, (start + 3, start + 4))
    if last and sign == "-":
        raise RecordError(
            'the hyphen says that a line "code, space, text" is still to come', text, (end, end)
        )
    if not last and sign != "-":
        raise RecordError("a line without a hyphen ends the reply", text, (end, len(text)))


def _enhanced(line: str, code: int) -> str:
    """The enhanced code that `line` begins with, when it agrees with `code`."""
    found = _ENHANCED.match(line)
    return found[1] if found and found[1][0] == str(code)[0] else ""


def _chunks(text: str, room: int) -> list[str]:
    """`text` in pieces of at most `room` octets, never cut inside a character."""
    data, start = encode(text), 0
    pieces: list[str] = []
    while len(data) - start > room:
        cut = start + room
        while data[cut] & 0xC0 == 0x80:  # inside a character of UTF-8
            cut -= 1
        pieces.append(data[start:cut].decode("utf-8"))
        start = cut
    return [*pieces, data[start:].decode("utf-8")]
