"""A host that rewraps what passes: other white space, other line breaks, other case. Old gateways do so.

A reader sees no difference. A DKIM signature may: "relaxed" was made for the header's part of it, and a body
whose lines break elsewhere is another body under both forms (RFC 6376 §3.4).
"""

from __future__ import annotations

import re
import textwrap

from ...mail.envelope import Envelope
from ...mail.text import decode, encode
from ..policy import Policy
from ..server import SmtpServer

_FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:[ \t]*((?:.*\r\n)(?:[ \t].*\r\n)*)", re.MULTILINE)


class Rewrap(Policy):
    """Rewrites messages on their way through. `header`: names in capitals and single spaces; `body`: lines of
    at most `width` characters. `trailing`: spaces at the end of a line are dropped."""

    def __init__(
        self, *, header: bool = True, body: bool = False, trailing: bool = False, width: int = 60
    ) -> None:
        self.header, self.body, self.trailing, self.width = header, body, trailing, width

    async def on_accept(self, session: SmtpServer, envelope: Envelope, content: bytes) -> bytes:
        if content.startswith(b"\r\n"):  # no header section at all
            head, blank, body = b"", content[:2], content[2:]
        else:
            head, blank, body = content.partition(b"\r\n\r\n")
        if self.header:
            head = _FIELD.sub(_rewritten, head + b"\r\n").removesuffix(b"\r\n")
        if self.trailing:
            body = re.sub(rb"[ \t]+\r\n", b"\r\n", body)
        if self.body:
            body = b"".join(map(self._wrapped, body.splitlines(keepends=True)))
        return head + blank + body

    def _wrapped(self, line: bytes) -> bytes:
        if len(line) <= self.width + 2:
            return line
        pieces = textwrap.wrap(decode(line), self.width, break_long_words=False, break_on_hyphens=False)
        return b"".join(encode(piece) + b"\r\n" for piece in pieces)


def _rewritten(found: re.Match[bytes]) -> bytes:
    """One field: its name in capitals, on one line, with single spaces."""
    value = b" ".join(re.sub(rb"\r\n(?=[ \t])", b"", found[2]).split())
    return found[1].upper() + b": " + value + b"\r\n"
