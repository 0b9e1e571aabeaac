"""Fields that a stranger's text cannot break: the policy under which a DSN's fields are written.

A server's reply and a sender's address go into header fields here. The standard library's email package asks
its policy how to store and to write each field, so that is the one place: what does not print is written
visibly, and lines are folded only where this module folds them.
"""

from __future__ import annotations

import re
from email.message import Message
from email.policy import Compat32

from ..text import encode, visible

MOST_OF_LINE = 78  # RFC 5322 §2.1.1: characters of a line, if it can be
MOST_OF_WORD = 900  # octets; RFC 5322 §2.1.1 ends a line at 998
MOST_OF_VALUE = 4000  # characters; a server may answer with a thousand lines

_WORD = re.compile(r" *[^ ]+")  # with the spaces before it, so that no folded line is empty
_BEYOND = re.compile(r"[^\x20-\x7e]")


class Written(Compat32):
    """A policy that makes every value one line of visible text, and folds it at spaces."""

    def header_store_parse(self, name: str, value: str) -> tuple[str, str]:
        return name, one_line(value)

    def fold(self, name: str, value: str) -> str:
        return f"{folded(f'{name}: {value}')}\r\n"

    def fold_binary(self, name: str, value: str) -> bytes:
        return encode(self.fold(name, value))


POLICY = Written(linesep="\r\n")


def block(*fields: tuple[str, str]) -> bytes:
    """Header fields and the empty line after them; a field without a value is left out."""
    message: Message[str, str] = Message(POLICY)
    for name, value in fields:
        if value:
            message[name] = value
    # Not as_bytes(): for a multipart it would write a body, too, and here the body comes from elsewhere.
    return b"".join(POLICY.fold_binary(name, value) for name, value in message.raw_items()) + b"\r\n"


def one_line(value: str) -> str:
    """`value` without anything that ends a line or does not show, and not longer than MOST_OF_VALUE."""
    shown = visible(re.sub(r"[\r\n\t]+", " ", value)).strip()
    return shown if len(shown) <= MOST_OF_VALUE else shown[: MOST_OF_VALUE - 6].rstrip() + " [...]"


def seven_bit(value: str) -> str:
    r"""`value` with each character beyond ASCII as \u00e9, for a part that must be 7-bit (RFC 3464 §2.1)."""
    return _BEYOND.sub(lambda found: _escape(ord(found[0])), one_line(value))


def address(value: str, *, utf8: bool) -> str:
    r"""The typed form of an address: `rfc822; bob@birch.example`.

    Beyond ASCII the type is utf-8 (RFC 6533 §3): as it is where the part may hold UTF-8, with \x{E9} for each
    such character where it may not, or where one does not show or is a backslash.
    """
    if value.isascii():
        return f"rfc822; {value}"
    if utf8 and "\\" not in value and visible(value) == value:
        return f"utf-8; {value}"
    return "utf-8; " + re.sub(r"[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]", _embedded, value)


def folded(line: str) -> str:
    """`line` broken at spaces; a word that is too long for any line is broken too, with a space.

    The first word of the value stays with the name. It takes linear time.
    """
    lines, current, size = list[str](), "", 0
    for n, word in enumerate(_WORD.findall(line)):
        octets = len(encode(word))
        if n > 1 and size + octets > MOST_OF_LINE:
            lines.append(current)
            current, size = "", 0
        current, size = current + word, size + octets
        while size > MOST_OF_WORD:
            piece = encode(current)[:MOST_OF_WORD].decode("utf-8", "ignore")
            lines.append(piece)
            current = " " + current[len(piece) :]
            size = len(encode(current))
    return "\r\n".join([*lines, current])


def _embedded(found: re.Match[str]) -> str:
    return f"\\x{{{ord(found[0]):02X}}}"


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
