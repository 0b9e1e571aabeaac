"""TLS records as they look from outside (RFC 8446 §5.1, RFC 5246 §6.2).

Answers: what is a record called, how long is it, and what of it can be read without a key? `Record` is
one record, `Heard` is anything that a listener tells apart on the wire. `tls_listener` makes both from what
a tap saw. Nothing is decrypted here, and no key is used, though the lab has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .errors import RecordError
from .tls_extensions import Field
from .tls_hello import Message
from .tls_names import ALERTS, CONTENT_TYPES, LEVELS, VERSIONS, named
from .transcript import Side

HEADER = 5  # octets in front of every record
MOST = 2**14 + 2048  # octets that a record may hold: RFC 5246 §6.2.3; TLS 1.3 allows fewer

CHANGE, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
TLS12, TLS13 = 0x0303, 0x0304


@dataclass(frozen=True, slots=True)
class Record:
    """One TLS record, as it looks from outside.

    `messages` are the handshake messages that end in it and `unfinished` names one that goes on in the
    next; `alert` is (level, description) where readable. A record that is `sealed` shows nothing but its
    header. `inside` says how many octets of content it may hold (lowest, highest): TLS 1.3 may pad
    (RFC 8446 §5.4), which is not counted on. `setup`: by its place, it belongs to the handshake.
    """

    code: int
    version: int
    length: int
    sealed: bool = False
    messages: tuple[Message, ...] = ()
    unfinished: str = ""
    alert: tuple[int, int] | None = None
    inside: tuple[int, int] = (0, 0)
    setup: bool = False
    fault: str = ""

    @property
    def kind(self) -> str:
        """The content type that its first octet gives."""
        return named(CONTENT_TYPES, self.code)

    @property
    def name(self) -> str:
        """`handshake · ServerHello, Certificate`, `alert · fatal, unknown CA`, `application data`."""
        said = [message.name for message in self.messages]
        if self.unfinished:
            said.append(f"{self.unfinished}, a part")
        if self.alert:
            said += [named(LEVELS, self.alert[0]), named(ALERTS, self.alert[1])]
        if self.sealed and self.code != DATA:
            said.append("sealed")
        return f"{self.kind} · {', '.join(said)}" if said else self.kind


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that a listener heard from one side: `data` is all of it, as it was on the wire.

    `kind` is "text" (a line in clear, with its line end), "record", or "junk" (neither). `t` is when its
    last octet passed, and `number` the place in the wire's events of the one that brought it. `cut`: it
    was not complete when the recording, or the clear part of the connection, ended.
    """

    t: float
    side: Side
    kind: Literal["text", "record", "junk"]
    data: bytes
    number: int
    record: Record | None = None
    cut: bool = False
    fault: str = ""

    def fields(self) -> Iterator[Field]:
        """Its octets one after the other, with what they say; what is sealed is one field.

        A message that began in an earlier record comes whole.
        """
        record = self.record
        if record is None:
            return
        yield Field(self.data[:1], "record type", record.kind)
        yield Field(self.data[1:3], "version", f"{named(VERSIONS, record.version)} on the label")
        yield Field(self.data[3:HEADER], "length", f"{record.length:,} octets follow")
        for message in record.messages:
            yield from message.fields
        if record.sealed:
            yield Field(self.data[HEADER:], "ciphertext", "nothing that a listener could read")
        elif record.alert:
            yield Field(self.data[HEADER : HEADER + 1], "level", named(LEVELS, record.alert[0]))
            yield Field(self.data[HEADER + 1 :], "description", named(ALERTS, record.alert[1]))
        elif record.code == CHANGE:
            yield Field(self.data[HEADER:], "change cipher spec", "from here on sealed")


def read_header(data: bytes) -> tuple[int, int, int]:
    """Content type, version and length that the five octets in front of a record say.

    Raises RecordError when no TLS record begins like this (RFC 8446 §5.1).
    """
    code, version = data[0], int.from_bytes(data[1:3], "big")
    length = int.from_bytes(data[3:HEADER], "big")
    text = data.decode("latin-1")
    if code not in CONTENT_TYPES:
        raise RecordError(f"no record has type {code}", text, (0, 1))
    if version not in VERSIONS:
        raise RecordError(f"no version is {version:#06x}", text, (1, 3))
    if length > MOST:
        raise RecordError(f"no record holds {length:,} octets", text, (3, HEADER))
    return code, version, length
