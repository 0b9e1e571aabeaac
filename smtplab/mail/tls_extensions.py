"""Walking through a TLS hello: a cursor over octets, and what its extensions say (RFC 8446 §4.2).

Answers: whom does the client want (SNI), which versions, groups and protocols does it offer, and what did
the server choose? Extensions that say nothing of that get their name and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .errors import RecordError
from .text import decode, visible
from .tls_names import EXTENSIONS, GROUPS, VERSIONS, is_grease, named

SHOWN = 6  # items of a long list that a field's words name


@dataclass(frozen=True, slots=True)
class Field:
    """Some octets that stand together, and what they say.

    `leak` is set on what tells a listener something about the two ends: a word for what it is.
    """

    octets: bytes
    name: str
    words: str = ""
    leak: str = ""


class Cursor:
    """Walks over octets; what is missing raises RecordError."""

    def __init__(self, data: bytes, what: str) -> None:
        self.data, self.what, self.at = data, what, 0

    def __len__(self) -> int:
        return len(self.data) - self.at

    def take(self, count: int, name: str) -> bytes:
        """The next `count` octets."""
        if len(self) < count:
            message = f"{self.what} ends within its {name}: {count} octets wanted, {len(self)} there"
            raise RecordError(message, self.data.decode("latin-1"), (self.at, len(self.data)))
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size: int, name: str) -> int:
        """A number of `size` octets."""
        return int.from_bytes(self.take(size, name), "big")

    def vector(self, size: int, name: str) -> bytes:
        """What follows its own length, a number of `size` octets (RFC 8446 §3.4)."""
        return self.take(self.number(size, name), name)

    def pairs(self) -> list[int]:
        """All that is left, as numbers of two octets."""
        rest = self.take(len(self), "list")
        if len(rest) % 2:
            raise RecordError(f"{self.what} has half a number", rest.decode("latin-1"), (len(rest) - 1,) * 2)
        return [int.from_bytes(rest[place : place + 2], "big") for place in range(0, len(rest), 2)]


# Extensions: what `data` says, as a value and in words.

Value = str | int | tuple[str, ...] | tuple[int, ...] | None
Known = dict[int, tuple[str, Callable[[bytes], tuple[Value, str]]]]


def extensions(cursor: Cursor, known: Known) -> Iterator[tuple[int, Field, Value]]:
    """Each extension of a hello with its value, where `known` has a reader for it. Raises RecordError."""
    if not len(cursor):
        return
    block = Cursor(cursor.vector(2, "extensions"), "the list of extensions")
    while len(block):
        code = block.number(2, "extension")
        data = block.vector(2, f"extension {named(EXTENSIONS, code)}")
        value, words = known[code][1](data) if code in known else (None, "")
        leak = "host name" if code == 0 and value else ""
        yield code, Field(data, named(EXTENSIONS, code), words, leak), value


def _server_name(data: bytes) -> tuple[Value, str]:
    """RFC 6066 §3. The server's answer to it is empty."""
    names = Cursor(Cursor(data, "the server name").vector(2, "list"), "the list of server names")
    while len(names):
        kind, name = names.number(1, "name type"), names.vector(2, "name")
        if kind == 0:
            return decode(name), f"{visible(name)}: whom the client wants, in clear"
    return None, "no host name"


def _versions(data: bytes) -> tuple[Value, str]:
    codes = Cursor(Cursor(data, "the versions").vector(1, "list"), "the list of versions").pairs()
    offered = tuple(code for code in codes if not is_grease(code))
    return offered, "offered: " + listed(VERSIONS, offered)


def _groups(data: bytes) -> tuple[Value, str]:
    codes = Cursor(Cursor(data, "the groups").vector(2, "list"), "the list of groups").pairs()
    offered = tuple(code for code in codes if not is_grease(code))
    return offered, listed(GROUPS, offered)


def _protocols(data: bytes) -> tuple[Value, str]:
    cursor = Cursor(Cursor(data, "the protocols").vector(2, "list"), "the list of protocols")
    names = []
    while len(cursor):
        names.append(decode(cursor.vector(1, "protocol")))
    return tuple(names), visible(", ".join(names[:SHOWN]))


def _version(data: bytes) -> tuple[Value, str]:
    code = Cursor(data, "the version").number(2, "version")
    return code, f"chosen: {named(VERSIONS, code)}"


def _share(data: bytes) -> tuple[Value, str]:
    code = Cursor(data, "the key share").number(2, "group")
    return code, f"the server's half of a key exchange with {named(GROUPS, code)}"


def listed(table: dict[int, str], codes: tuple[int, ...]) -> str:
    """The first few of `codes` by name, and how many more there are."""
    more = f" and {len(codes) - SHOWN} more" if len(codes) > SHOWN else ""
    return ", ".join(named(table, code) for code in codes[:SHOWN]) + more


CLIENTS: Known = {  # extension -> the attribute of ClientHello, and its reader
    0: ("server_name", _server_name),
    10: ("groups", _groups),
    16: ("protocols", _protocols),
    43: ("versions", _versions),
}
SERVERS: Known = {43: ("version", _version), 51: ("group", _share)}
