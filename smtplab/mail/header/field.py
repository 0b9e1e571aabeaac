"""Field: one header field, and where it stands in the message (RFC 5322 §2.2).

What is in the header section, line by line? Fields come out as written and unfolded, with their lines;
what is no field is kept as it is and called unread, so that nothing is lost. A header section ends at the
first empty line, as it does for the servers that carried it.

It does not look at what a field says: that is for the readers of each kind. It never raises.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..text import decode, encode

# field-name = 1*ftext, printable ASCII but for the colon (RFC 5322 §3.6.8). Spaces before the colon are
# the obsolete way (RFC 5322 §4.5), which must still be read.
_NAME = re.compile(r"([!-9;-~]++)[ \t]*+:")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_BLANK = re.compile(rb"(?:\A|\n)\r?\n")


@runtime_checkable
class Stored(Protocol):
    """A message that lies somewhere, such as in a mailbox: whatever has its octets as `raw`."""

    @property
    def raw(self) -> bytes: ...


Message = Stored | bytes | str  # each way in which a message can be given


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `body` is what follows the colon, folds included; `value` is that unfolded and trimmed.

    `span` counts characters of the decoded message, from the first of the name to the last before the line
    end; `line` is the number of its first line, from 1, and `lines` how many it has. `occurrence` says the
    how manieth of its name it is, from the top, from 1. A line that is no field has the name "".
    """

    name: str
    body: str
    value: str
    span: tuple[int, int]
    line: int
    lines: int = 1
    occurrence: int = 1

    @property
    def key(self) -> str:
        """The name in lower case: field names have no case."""
        return self.name.lower()

    @property
    def is_read(self) -> bool:
        """False for a line that is no field: no name, or no colon, or a fold that continues nothing."""
        return bool(self.name)

    @property
    def body_at(self) -> int:
        """Where `body` begins, in characters of the decoded message."""
        return self.span[1] - len(self.body)


def split(message: bytes) -> tuple[bytes, bytes]:
    """The header section, its last line end included, and the body. The empty line between is dropped."""
    found = _BLANK.search(message)
    if not found:
        return message, b""
    return message[: found.start() + found[0].startswith(b"\n")], message[found.end() :]


def octets(message: Message) -> bytes:
    """The octets of a message, however it is given."""
    given = message if isinstance(message, bytes | str) else message.raw
    return given if isinstance(given, bytes) else encode(given)


def fields(message: Message) -> tuple[Field, ...]:
    """Every field of the header section, from the top, unread lines among them (RFC 5322 §2.2, §4.5)."""
    text = message if isinstance(message, str) else decode(split(octets(message))[0])
    counts: Counter[str] = Counter()
    found = []
    for start, end, line, lines in _chunks(text):
        name = _NAME.match(text, start, end)
        body = text[name.end() if name else start : end]
        key = name[1].lower() if name else ""
        counts[key] += 1
        value = _FOLD.sub("", body).strip(" \t\r\n")
        found.append(Field(name[1] if name else "", body, value, (start, end), line, lines, counts[key]))
    return tuple(found)


def named(fields: Iterable[Field], *names: str) -> tuple[Field, ...]:
    """Those of `fields` that have one of these names, in any case, in their order."""
    wanted = {name.lower() for name in names}
    return tuple(field for field in fields if field.key in wanted)


def first(fields: Iterable[Field], name: str) -> str:
    """The value of the first field with this name, "" when there is none."""
    return next((field.value for field in fields if field.key == name.lower()), "")


def _chunks(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Each line with those that continue it: start, end without the line end, first line, how many."""
    start, at, line, first = 0, 0, 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end, after = (len(text), len(text)) if end < 0 else (end, end + 1)
        blank = end - (end > at and text[end - 1] == "\r") == at
        if at > start and (blank or text[at] not in " \t"):
            yield start, _trimmed(text, start, at), first, line - first + 1
            start, first = at, line + 1
        if blank:
            return
        line += 1
        at = after
    if at > start:
        yield start, _trimmed(text, start, at), first, line - first + 1


def _trimmed(text: str, start: int, end: int) -> int:
    """`end` moved in front of the line end."""
    end -= text.endswith("\n", start, end)
    return end - text.endswith("\r", start, end)
