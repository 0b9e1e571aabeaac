"""Dots: a message as it goes over the wire where a line with only a dot ends it.

SMTP's DATA and POP3's replies of several lines do it alike: a dot at the start of a line is doubled, and
taken away again (RFC 5321 §4.5.2, RFC 1939 §3). BDAT and IMAP count octets instead and need none of it.
"""

from __future__ import annotations

import re

_LINE_END = re.compile(rb"\r\n|\n|\r")
_HEAD_ENDS = (b"\r\n\r\n", b"\n\n")
_DOT = re.compile(rb"^\.", re.MULTILINE)


def stuffed(content: bytes) -> bytes:
    """`content` for the wire: every line ended by CRLF, dots doubled, and the last line (RFC 5321 §4.5.2)."""
    lines = _LINE_END.sub(b"\r\n", content)
    return _DOT.sub(b"..", lines if lines.endswith(b"\r\n") else lines + b"\r\n") + b".\r\n"


def unstuffed(line: bytes) -> bytes:
    """A line of such content as it was before its dot was doubled."""
    return line[1:] if line.startswith(b".") else line


def size(raw: bytes) -> int:
    """How many octets a message has, each line end counted as two (RFC 1939 §11)."""
    lone = raw.count(b"\n") + raw.count(b"\r") - 2 * raw.count(b"\r\n")
    return len(raw) + lone + (0 if raw.endswith((b"\n", b"\r")) else 2)


def beginning(raw: bytes, lines: int) -> bytes:
    """The header section of a message with its blank line, and the first `lines` lines of its body."""
    found = [(at, end) for end in _HEAD_ENDS if (at := raw.find(end)) >= 0]
    if not found:
        return raw
    at, end = min(found)
    head, body = raw[: at + len(end)], raw[at + len(end) :]
    return head + b"".join(body.splitlines(keepends=True)[:lines])
