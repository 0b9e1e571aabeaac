"""POP3 on paper (RFC 1939): which command may come when, and how a response is written and read.

`TABLE` is the protocol as data: the lab's server asks it before it acts, and a picture can draw it. A
refusal in it is the very response that the server sends. CAPA comes from RFC 2449 §5, STLS from RFC 2595 §4.
APOP and AUTH are left out, as most servers now do: under TLS a plain password does as well. This module opens
no socket and knows no mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .dots import unstuffed
from .errors import RecordError
from .text import decode, visible

COMMAND_LIMIT = 255  # octets of a command with CRLF (RFC 2449 §4)
RESPONSE_LIMIT = 512  # octets of the first line of a response with CRLF (RFC 1939 §3)
END = b"."  # the line that ends a response of several lines


class State(StrEnum):
    """Where a session stands (RFC 1939 §3). `USER` is AUTHORIZATION with a name given: PASS comes next.

    `UPDATE` is where what is marked is deleted: only QUIT leads there, and it never returns."""

    AUTHORIZATION = "authorization"
    USER = "user"
    TRANSACTION = "transaction"
    UPDATE = "update"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: its name, its syntax, how many arguments it takes, what it is for, where it is defined."""

    name: str
    syntax: str
    fewest: int
    most: int
    purpose: str
    ref: str


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("CAPA", "CAPA", 0, 0, "asks what the server can do", "RFC 2449 §5"),
        Verb("STLS", "STLS", 0, 0, "asks to go on under TLS", "RFC 2595 §4"),
        Verb("USER", "USER <name>", 1, 1, "says whose mailbox it is about", "RFC 1939 §7"),
        Verb("PASS", "PASS <password>", 1, 1, "opens the mailbox, and locks it for everybody else",
             "RFC 1939 §7"),
        Verb("STAT", "STAT", 0, 0, "asks how many messages there are, and how many octets", "RFC 1939 §5"),
        Verb("LIST", "LIST [number]", 0, 1, "asks how large each message is", "RFC 1939 §5"),
        Verb("UIDL", "UIDL [number]", 0, 1, "asks for the name that a message keeps from session to session",
             "RFC 1939 §7"),
        Verb("RETR", "RETR <number>", 1, 1, "fetches a message", "RFC 1939 §5"),
        Verb("TOP", "TOP <number> <lines>", 2, 2, "fetches the header section, and so many lines of the body",
             "RFC 1939 §7"),
        Verb("DELE", "DELE <number>", 1, 1, "marks a message: it goes when the session ends with QUIT",
             "RFC 1939 §5"),
        Verb("RSET", "RSET", 0, 0, "takes all marks away again", "RFC 1939 §5"),
        Verb("NOOP", "NOOP", 0, 0, "does nothing, and shows that the server is there", "RFC 1939 §5"),
        Verb("QUIT", "QUIT", 0, 0, "ends the session; what is marked is deleted now", "RFC 1939 §6"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Response:
    """A server's response: +OK or -ERR, the response code (RFC 2449 §8, "IN-USE"), and the words.

    `lines` are those of a response of several lines, without line ends and with their dots as they were;
    None where one line is all.
    """

    ok: bool
    text: str = ""
    code: str = ""
    lines: tuple[bytes, ...] | None = None

    @classmethod
    def parse(cls, line: bytes | str, lines: Iterable[bytes] | None = None) -> Response:
        """The response that begins with `line`. Raises RecordError when it is neither +OK nor -ERR."""
        text = decode(line) if isinstance(line, bytes) else line
        status, _, rest = text.removesuffix("\n").removesuffix("\r").partition(" ")
        if status.upper() not in ("+OK", "-ERR"):
            raise RecordError("a POP3 response begins with +OK or -ERR", text, (0, len(status)))
        code = ""
        if rest.startswith("[") and "]" in rest:
            code, _, rest = rest[1:].partition("]")
        kept = None if lines is None else tuple(lines)
        return cls(status.upper() == "+OK", rest.strip(" "), code.upper(), kept)

    def __str__(self) -> str:
        """The first line, made visible."""
        code = f"[{self.code}]" if self.code else ""
        return visible(" ".join(filter(None, ("+OK" if self.ok else "-ERR", code, self.text))))

    def format(self) -> bytes:
        """The octets for the wire: at most RESPONSE_LIMIT for the first line, dots doubled in the others."""
        first = str(self).encode()[: RESPONSE_LIMIT - 2] + b"\r\n"
        if self.lines is None:
            return first
        doubled = ((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in self.lines)
        return first + b"".join(doubled) + END + b"\r\n"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that may not come now: the server's response, the reason in one sentence, its source."""

    response: Response
    why: str
    ref: str


def _no(text: str, why: str, ref: str) -> Refusal:
    return Refusal(Response(False, text), why, ref)


_LOG_IN = _no("Log in first: USER, then PASS", "a mailbox is open only in the TRANSACTION state",
              "RFC 1939 §4")  # fmt: skip
_IN_ALREADY = _no("You have logged in already", "a session opens one mailbox, once", "RFC 1939 §4")
_NO_USER = _no("Send USER first", "PASS comes right after a USER that was accepted", "RFC 1939 §7")
_TLS_LATE = _no("STLS only before you log in", "TLS has to begin before a password is said", "RFC 2595 §4")
_OVER = _no("The session is over", "nothing can follow QUIT", "RFC 1939 §6")

Move = State | Refusal
_OPEN = ("STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET", "NOOP")

# state -> verb -> the state after +OK, or why the verb is refused.
TABLE: dict[State, dict[str, Move]] = {
    State.AUTHORIZATION: {
        "CAPA": State.AUTHORIZATION, "STLS": State.AUTHORIZATION, "USER": State.USER, "PASS": _NO_USER,
        "QUIT": State.CLOSED, **dict.fromkeys(_OPEN, _LOG_IN),
    },
    State.USER: {
        "CAPA": State.AUTHORIZATION, "STLS": State.AUTHORIZATION, "USER": State.USER,
        "PASS": State.TRANSACTION, "QUIT": State.CLOSED, **dict.fromkeys(_OPEN, _LOG_IN),
    },
    State.TRANSACTION: {
        "CAPA": State.TRANSACTION, "STLS": _TLS_LATE, "USER": _IN_ALREADY, "PASS": _IN_ALREADY,
        "QUIT": State.UPDATE, **dict.fromkeys(_OPEN, State.TRANSACTION),
    },
    State.UPDATE: dict.fromkeys(VERBS, _OVER),
    State.CLOSED: dict.fromkeys(VERBS, _OVER),
}  # fmt: skip


def refusal(state: State, verb: str) -> Refusal | None:
    """Why `verb` may not come in `state`, or None when it may."""
    move = TABLE[state].get(verb)
    if isinstance(move, Refusal):
        return move
    if move is None:
        text = f"Command not recognized: {verb[:40]}" if verb else "Command not recognized"
        return _no(text, "the server does not know this command", "RFC 1939 §3")
    return None


def after(state: State, verb: str, ok: bool) -> State:
    """The state once the server has answered `verb`. A refusal moves nothing, but PASS starts over."""
    move = TABLE[state].get(verb)
    if ok and isinstance(move, State):
        return move
    return State.AUTHORIZATION if state is State.USER else state


def allowed(state: State) -> tuple[str, ...]:
    """The verbs that may come in `state`, in the order of VERBS."""
    return tuple(verb for verb in VERBS if refusal(state, verb) is None)


@dataclass(frozen=True, slots=True)
class Command:
    """A client's line: the verb in upper case, and its arguments."""

    verb: str
    arguments: tuple[str, ...] = ()

    @classmethod
    def parse(cls, line: bytes) -> Command:
        """The command in `line`. PASS takes all that follows as one argument: a password may hold spaces."""
        verb, blank, rest = decode(line.removesuffix(b"\n").removesuffix(b"\r")).partition(" ")
        if verb.upper() == "PASS":
            return cls("PASS", (rest,) if blank else ())
        return cls(verb.upper(), tuple(rest.split()))

    def wrong(self) -> str:
        """What is wrong with the arguments, in words for a -ERR; "" when nothing is."""
        known = VERBS[self.verb]
        if known.fewest <= len(self.arguments) <= known.most:
            return ""
        return f"Syntax: {known.syntax}"

    @property
    def several_lines(self) -> bool:
        """Whether a +OK to it has several lines, up to one with only a dot (RFC 1939 §3)."""
        return self.verb in ("CAPA", "RETR", "TOP") or (self.verb in ("LIST", "UIDL") and not self.arguments)


class ResponseReader:
    """Puts a client's responses together, however the network cut them."""

    def __init__(self) -> None:
        self._buffer = b""
        self._first: bytes | None = None  # of a response whose other lines are still coming
        self._lines: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Add what came."""
        self._buffer += data

    def next(self, several_lines: bool = False) -> Response | None:
        """The next response, to a command that asks for `several_lines` or not; None while it is incomplete.

        Raises RecordError for what is no response.
        """
        while (size := self._buffer.find(b"\n") + 1) > 0:
            line, self._buffer = self._buffer[:size].removesuffix(b"\n"), self._buffer[size:]
            line = line.removesuffix(b"\r")
            if self._first is None:
                response = Response.parse(line)
                if not (several_lines and response.ok):
                    return response
                self._first = line
            elif line == END:
                first, lines = self._first, self._lines
                self._first, self._lines = None, []
                return Response.parse(first, lines)
            else:
                self._lines.append(unstuffed(line))
        return None
