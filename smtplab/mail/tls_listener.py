"""Listening: from what a tap saw to lines in clear, TLS records, and octets that are neither.

Answers: where on the wire does TLS begin, which records does it consist of, and what of the handshake is
still in clear (RFC 8446 §5.1, RFC 5246 §6.2)? Works on what came so far, in time proportional to it, and
never raises: octets that are no TLS are handed over as just that. It has no key and decrypts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from .errors import RecordError
from .tls_hello import Message, ServerHello, read_message
from .tls_names import HANDSHAKES, SUITES, named
from .tls_records import ALERT, CHANGE, DATA, HANDSHAKE, HEADER, TLS13, Heard, Record, read_header
from .transcript import Event, Side

MOST_MESSAGE = 2**17  # octets of a handshake message that are waited for; OpenSSL takes 100 kB

# A connection may begin with TLS, or go over to it after one of these; POP3 and IMAP have STLS and tags.
_STARTTLS = re.compile(rb"(?:\S{1,32} )?(?:STARTTLS|STLS)[ \t]*\r?\n", re.IGNORECASE)
_MAC = {"SHA": 20, "SHA256": 32, "SHA384": 48}  # octets

Kind = Literal["text", "record", "junk"]


def listen(wire: Iterable[Event]) -> list[Heard]:
    """Everything that was heard on the wire, in the order in which it was complete.

    The `data` of all, put together by side, is what the side sent: nothing is lost. Never raises.
    """
    listener = Listener()
    for number, event in enumerate(wire):
        if event.kind == "data":
            listener.feed(event, number)
    listener.end()
    return listener.heard


class Listener:
    """Hears both sides, for what one of them says may depend on what the other said before."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.version = 0  # that the server chose; 0 until then
        self.suite = 0
        self.client_sealed = False  # the client has sent something sealed
        self._ears = {side: _Ear(side, self) for side in Side}

    def feed(self, event: Event, number: int) -> None:
        """Hear an event of kind "data", the `number`th of the wire."""
        self._ears[event.side].feed(event, number)

    def end(self) -> None:
        """Nothing more will come: hand over what is unfinished."""
        for ear in self._ears.values():
            ear.flush()

    def room(self, code: int, length: int) -> tuple[int, int]:
        """How many octets of content a sealed record of this length holds: at least, and at most."""
        suite = SUITES.get(self.suite, "")
        if self.version == TLS13:  # RFC 8446 §5.2: one octet for the type, and the tag
            inside = max(0, length - 1 - (8 if suite.endswith("CCM_8_SHA256") else 16))
            return inside, inside
        if "CHACHA20" in suite:
            return (max(0, length - 16),) * 2
        if "GCM" in suite or "CCM" in suite:  # eight octets of nonce stand in front
            return (max(0, length - 8 - (8 if suite.endswith("CCM_8") else 16)),) * 2
        if "CBC" in suite:  # a block of IV in front; MAC and 1 to 16 octets of padding behind
            most = length - 16 - _MAC[suite.rpartition("_")[2]] - 1
            return max(0, most - 15), max(0, most)
        return 0, length


class _Ear:
    """Hears one side: cuts its octets into lines and records."""

    def __init__(self, side: Side, both: Listener) -> None:
        self._side, self._both = side, both
        self._buffer = bytearray()
        self._searched = 0  # octets at the front that hold no line end
        self._mode: Literal["start", "text", "record", "junk"] = "start"
        self._fault = ""
        self._message = bytearray()  # of the handshake, not complete yet
        self._changed = False  # this side has sent change cipher spec
        self._event, self._number = Event(0.0, side), -1

    def feed(self, event: Event, number: int) -> None:
        if event.tls and self._mode in ("start", "text"):
            if not (self._mode == "start" and _may_begin_tls(self._buffer)):
                self.flush()  # with the event that brought it
            self._mode = "record"
        self._event, self._number = event, number
        self._buffer += event.data
        while self._buffer and self._step():
            pass

    def flush(self) -> None:
        """Hand over what is there, although it is not complete."""
        size = len(self._buffer)
        if self._mode in ("start", "text") and size:
            self._hear("text", size, cut=True)
        elif size >= HEADER:  # a good header, or it would be junk by now
            code, version, length = read_header(bytes(self._buffer[:HEADER]))
            fault = f"cut off: {size - HEADER:,} of {length:,} octets came"
            self._hear("record", size, Record(code, version, length, True, fault=fault), cut=True)
        elif size:
            self._hear("junk", size, cut=True, fault="the front of a record, cut off")

    def _step(self) -> bool:
        """Take one thing from the front of the buffer, or see what comes; false when more is needed."""
        if self._mode == "start":
            if len(self._buffer) < 3 and _may_begin_tls(self._buffer):
                return False
            self._mode = "record" if _may_begin_tls(self._buffer) else "text"
            return True
        if self._mode == "text":
            return self._line()
        if self._mode == "record":
            return self._record()
        self._hear("junk", len(self._buffer), fault=self._fault)
        return False

    def _line(self) -> bool:
        found = self._buffer.find(b"\n", self._searched)
        self._searched = len(self._buffer) if found < 0 else 0
        if found < 0:
            return False
        if found < 64 and _STARTTLS.fullmatch(self._buffer, 0, found + 1):
            self._mode = "start"
        self._hear("text", found + 1)
        return True

    def _record(self) -> bool:
        if len(self._buffer) < HEADER:
            return False
        try:
            code, version, length = read_header(bytes(self._buffer[:HEADER]))
        except RecordError as error:
            self._mode, self._fault = "junk", error.message
            return True
        if len(self._buffer) < HEADER + length:
            return False
        self._hear("record", HEADER + length, self._read(code, version, length))
        return True

    def _hear(
        self,
        kind: Kind,
        size: int,
        record: Record | None = None,
        *,
        cut: bool = False,
        fault: str = "",
    ) -> None:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._searched = 0
        self._both.heard.append(
            Heard(self._event.t, self._side, kind, data, self._number, record, cut, fault)
        )

    # what is in a record ------------------------------------------------------------------------

    def _read(self, code: int, version: int, length: int) -> Record:
        both = self._both
        body = self._buffer[HEADER : HEADER + length]
        # In TLS 1.3 change cipher spec means nothing (RFC 8446 §D.4), and what is sealed says it is data.
        if code == DATA or (self._changed and both.version != TLS13 and code != CHANGE):
            setup = code == HANDSHAKE or (code == DATA and both.version == TLS13 and not both.client_sealed)
            both.client_sealed |= code == DATA and self._side is Side.CLIENT
            return Record(code, version, length, True, inside=both.room(code, length), setup=setup)
        if code == HANDSHAKE:
            return self._handshake(version, bytes(body))
        if code == ALERT and length == 2:
            return Record(code, version, length, alert=(body[0], body[1]))
        self._changed |= code == CHANGE
        fault = "" if code == CHANGE else "not two octets, as an alert has"
        return Record(code, version, length, setup=code == CHANGE, fault=fault)

    def _handshake(self, version: int, body: bytes) -> Record:
        self._message += body
        messages = tuple(self._messages())
        fault = next((message.fault for message in messages if message.fault), "")
        unfinished = ""
        if self._message:
            unfinished = named(HANDSHAKES, self._message[0])
            if len(self._message) >= 4 and _size(self._message) > MOST_MESSAGE:
                fault = fault or f"a message of {_size(self._message):,} octets: nobody takes that"
                self._message.clear()
        return Record(HANDSHAKE, version, len(body), False, messages, unfinished, setup=True, fault=fault)

    def _messages(self) -> Iterator[Message]:
        """The handshake messages that are complete by now."""
        while len(self._message) >= 4 and len(self._message) >= (size := _size(self._message)):
            message = read_message(bytes(self._message[:size]))
            del self._message[:size]
            if isinstance(message.body, ServerHello):
                self._both.version, self._both.suite = message.body.version, message.body.suite
            yield message


def _may_begin_tls(buffer: bytearray) -> bool:
    """Whether what is there looks like the front of a first record: type 22, version 3.x."""
    return b"\x16\x03".startswith(buffer[:2]) and (len(buffer) < 3 or buffer[2] <= 4)


def _size(message: bytearray) -> int:
    return 4 + int.from_bytes(message[1:4], "big")
