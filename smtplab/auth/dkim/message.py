"""A message as DKIM looks at it: fields from the bottom up, and the hashes (RFC 6376 §3.7, §5.4.2).

Which octets are hashed for a signature? Nothing is judged here. The body is never copied, and each way to
hash it is gone once however many signatures there are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from . import canonical
from .canonical import Form

KEPT = 1 << 16  # octets of a canonical body that are kept to be shown

_FIELD = re.compile(rb"(?:\A|(?<=\r\n))([!-9;-~]+)[ \t]*:.*?\r\n(?![ \t])", re.DOTALL)
_OWN_VALUE = re.compile(rb"(?:\A|;)[ \t\r\n]*+b[ \t\r\n]*+=([^;]*+)")


@dataclass(frozen=True, slots=True)
class BodyHash:
    """A body's hash: the octets that were hashed, how many there are in canonical form, and the first."""

    digest: bytes
    hashed: int
    size: int
    head: bytes


class Message:
    """A message taken apart, with CR LF line ends as on the wire."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        head, self.body_at = head_of(octets)
        self.fields = fields_of(head)
        self.index: dict[str, list[bytes]] = {}  # for each name its fields, from the top
        for name, field in self.fields:
            self.index.setdefault(name, []).append(field)
        self._hashes: dict[tuple[Form, int | None, str], BodyHash] = {}

    @property
    def signatures(self) -> list[bytes]:
        """The DKIM-Signature fields from the top, each with its CR LF."""
        return self.index.get("dkim-signature", [])

    def body(self, form: Form) -> Iterator[bytes]:
        """The body in its canonical form, in pieces."""
        return canonical.body(self.octets, form, self.body_at)

    def body_hash(self, form: Form, length: int | None = None, name: str = "sha256") -> BodyHash:
        """The hash of the body, or with `length` of its first so many octets (RFC 6376 §3.4.5)."""
        key = (form, length, name)
        if key not in self._hashes:
            self._hashes[key] = _body_hash(self.body(form), length, name)
        return self._hashes[key]

    def covered(self, names: Iterable[str], own: bytes = b"") -> list[bytes | None]:
        """For each name the field that it covers, or None where there is none left; see `chosen`."""
        return chosen(self.index, names, own)


def _body_hash(pieces: Iterable[bytes], length: int | None, name: str) -> BodyHash:
    digest = hashlib.new(name, usedforsecurity=False)
    size, hashed, head = 0, 0, b""
    for piece in pieces:
        size += len(piece)
        if length is not None:
            piece = piece[: length - hashed]
        digest.update(piece)
        hashed += len(piece)
        if len(head) < KEPT:
            head += piece[: KEPT - len(head)]
    return BodyHash(digest.digest(), hashed, size, head)


def head_of(message: bytes) -> tuple[bytes, int]:
    """The header section with its last CR LF, and where the body begins, behind the empty line."""
    if message.startswith(b"\r\n"):
        return b"", 2
    end = message.find(b"\r\n\r\n")
    if end < 0:
        return (message if message.endswith(b"\r\n") else message + b"\r\n"), len(message)
    return message[: end + 2], end + 4


def fields_of(head: bytes) -> list[tuple[str, bytes]]:
    """The fields of a header section from the top: name in lower case, and the octets with their CR LF."""
    return [(found[1].decode("ascii").lower(), found[0]) for found in _FIELD.finditer(head + b"\r\n")]


def chosen(index: Mapping[str, list[bytes]], names: Iterable[str], own: bytes = b"") -> list[bytes | None]:
    """The field for each name of h=: the lowest that no name before it took (RFC 6376 §5.4.2).

    None where there is none left: that adds nothing to what is hashed. `own` is the signature's own field,
    which is hashed apart, and so never counts (RFC 6376 §3.7).
    """
    taken: dict[str, int] = {}
    found: list[bytes | None] = []
    for name in names:
        fields = index.get(name, ())
        at = taken.get(name, 0)
        # By identity: another signature may be the same to the last octet.
        while at < len(fields) and fields[-1 - at] is own:
            at += 1
        taken[name] = at + 1
        found.append(fields[-1 - at] if at < len(fields) else None)
    return found


def without_value(field: bytes) -> bytes:
    """A signature field with nothing in b=, and without its CR LF (RFC 6376 §3.7)."""
    name, colon, tags = field.removesuffix(b"\r\n").partition(b":")
    if found := _OWN_VALUE.search(tags):
        tags = tags[: found.start(1)] + tags[found.end(1) :]
    return name + colon + tags


def signed_octets(fields: Iterable[bytes | None], signature: bytes, form: Form) -> bytes:
    """What is signed: the covered fields, then the signature field with an empty b= (RFC 6376 §3.7).

    `signature` comes without its CR LF, and it stays without in the hash.
    """
    parts = [canonical.header(field, form) for field in fields if field]
    parts.append(canonical.header(signature + b"\r\n", form)[:-2])
    return b"".join(parts)
