"""Canonicalization (RFC 6376 §3.4): the form of fields and body that is hashed.

What may change on the way without breaking a signature? With "simple" nothing but empty lines at the end;
with "relaxed" also white space and the case of field names. Octets come in and octets go out, with CR LF
line ends; nothing is decoded, and no bare line feed is mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

Form = Literal["simple", "relaxed"]

CHUNK = 1 << 16  # octets of a body that are worked on at a time, or up to the end of a longer line
_SPACE = re.compile(rb"[ \t]+")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_EMPTY_END = re.compile(rb"(?:\r\n)+\Z")


def header(field: bytes, form: Form) -> bytes:
    """One field, from its name to its CR LF, as it is hashed (RFC 6376 §3.4.1, §3.4.2)."""
    if form == "simple":
        return field
    name, _, body = field.partition(b":")
    body = _SPACE.sub(b" ", _FOLD.sub(b"", body))
    return name.rstrip(b" \t").lower() + b":" + body.strip(b" \t\r\n") + b"\r\n"


def body(content: bytes, form: Form) -> Iterator[bytes]:
    """The body as it is hashed, in pieces (RFC 6376 §3.4.3, §3.4.4).

    Empty lines at the end count as none. A body that is empty then is CR LF under "simple" and nothing
    under "relaxed".
    """
    held = b""  # line ends that count only if something comes after them
    some = False
    for piece in _pieces(content):
        piece = piece if form == "simple" else _SPACE.sub(b" ", piece).replace(b" \r\n", b"\r\n")
        kept = _EMPTY_END.sub(b"", piece)
        if kept:
            yield held + kept
            held, some = b"", True
        held += piece[len(kept) :]
    if some or form == "simple":
        yield b"\r\n"


def _pieces(content: bytes) -> Iterator[bytes]:
    """`content` in pieces of whole lines; the last line gets the CR LF that it lacks."""
    start = 0
    while start < len(content):
        end = content.find(b"\r\n", min(start + CHUNK, len(content)))
        if end < 0:
            last = content[start:]
            yield last if last.endswith(b"\r\n") else last + b"\r\n"
            return
        yield content[start : end + 2]
        start = end + 2
