"""MIME: the parts of a body, and what each is (RFC 2045, RFC 2046, RFC 2183, RFC 2231).

Which texts are there, which files, and how are they coded? `parts` cuts a message up. It takes linear time
and never raises, which the standard library's reader does not: its policy for modern mail raises on deep
comments and takes quadratic time over a long Content-Type. A stranger chooses both.

It does not read HTML and runs nothing.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .header.field import fields, first, split
from .header.lexical import Token, tokens
from .header.words import codec, decoded
from .text import decode

MOST_PARTS = 1000
DEEPEST = 50  # nested multiparts: a reader that goes on for ever can be stopped by one message

_TYPE = re.compile(r"([A-Za-z0-9!#$&^_.+-]++)/([A-Za-z0-9!#$&^_.+-]++)")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_CONTINUED = re.compile(r"([^*]++)\*([0-9]{1,2})(\*?)")


@dataclass(frozen=True)
class Part:
    """A leaf of a message. `type` is "text/plain" and the like, in lower case; `raw` is still coded.

    `disposition` is "attachment", "inline" or ""; `file` is the file's name, decoded, "" without one.
    `within` are the multiparts around it, the outermost first, each with a number: "alternative 2".
    """

    type: str
    charset: str
    encoding: str
    disposition: str
    file: str
    raw: bytes
    within: tuple[str, ...] = ()

    @cached_property
    def data(self) -> bytes:
        """The octets with base64 or quoted-printable undone; as they are when the coding is broken."""
        try:
            if self.encoding == "base64":
                return binascii.a2b_base64(self.raw)
            if self.encoding == "quoted-printable":
                return binascii.a2b_qp(self.raw)
        except binascii.Error:
            pass
        return self.raw

    @cached_property
    def text(self) -> str:
        """The octets as text with LF line ends. An unknown charset is read as UTF-8, odd octets kept."""
        name = codec(self.charset or "us-ascii")
        text = self.data.decode(name, "replace") if name and name != "ascii" else decode(self.data)
        return text.replace("\r\n", "\n")

    @property
    def is_attachment(self) -> bool:
        """Whether a mail program would show it as a file."""
        return self.disposition == "attachment" or bool(self.file) or not self.type.startswith("text/")


def parts(message: bytes) -> tuple[Part, ...]:
    """The leaves of a message in order. A multipart without its boundary is one part, as it is."""
    found: list[Part] = []
    stack: list[tuple[bytes, tuple[str, ...]]] = [(message, ())]
    number = 0
    while stack and len(found) < MOST_PARTS:
        raw, within = stack.pop()
        header, body = split(raw)
        known = fields(header)
        kind, parameters = content_type(first(known, "Content-Type"))
        main, _, sub = kind.partition("/")
        boundary = parameters.get("boundary", "")
        pieces = list(_pieces(body, boundary)) if main == "multipart" and boundary else []
        if pieces and len(within) < DEEPEST:
            number += 1
            stack += [(piece, (*within, f"{sub} {number}")) for piece in reversed(pieces)]
            continue
        disposition, more = content_type(first(known, "Content-Disposition"))
        encoding = first(known, "Content-Transfer-Encoding").strip().lower()
        name = more.get("filename") or parameters.get("name", "")
        charset = parameters.get("charset", "")
        found.append(Part(kind or "text/plain", charset, encoding, disposition, name, body, within))
    return tuple(found)


def content_type(value: str) -> tuple[str, dict[str, str]]:
    """The word in front, in lower case, and the parameters of a Content-Type or -Disposition, decoded.

    A type that is malformed counts as text/plain (RFC 2045 §5.2); "" stays "".
    """
    runs = [*_runs(value)]
    word = "".join(token.text for token in runs[0]).lower() if runs else ""
    if "/" in word and not _TYPE.fullmatch(word):
        word = "text/plain"
    pairs: dict[str, str] = {}
    for run in runs[1:]:
        name, equals, text = "".join(token.text for token in run).partition("=")
        if equals:
            pairs.setdefault(name.lower(), text)
    return word, _joined(pairs)


def _runs(value: str) -> Iterator[list[Token]]:
    run: list[Token] = []
    for token in tokens(value):
        if token.kind == "mark":
            yield run
            run = []
        elif token.kind != "comment":
            run.append(token)
    yield run


def _joined(pairs: dict[str, str]) -> dict[str, str]:
    """Parameters that go on over several names, and those in a charset (RFC 2231 §3, §4)."""
    plain = {name: decoded(text) for name, text in pairs.items() if "*" not in name}
    longer: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, text in pairs.items():
        if found := _CONTINUED.fullmatch(name):
            longer.setdefault(found[1], {})[int(found[2])] = (text, bool(found[3]))
        elif name.endswith("*"):
            longer.setdefault(name[:-1], {})[0] = (text, True)
    for name, pieces in longer.items():
        in_order = [pieces[number] for number in sorted(pieces)]
        charset = ""
        if in_order[0][1] and in_order[0][0].count("'") >= 2:
            charset, _, rest = in_order[0][0].split("'", 2)
            in_order[0] = (rest, True)
        data = b"".join(
            _octets(text) if coded else text.encode("utf-8", "replace") for text, coded in in_order
        )
        plain[name] = data.decode(codec(charset) or "utf-8", "replace")
    return plain


def _octets(text: str) -> bytes:
    return _PERCENT.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "replace"))


def _pieces(body: bytes, boundary: str) -> Iterator[bytes]:
    """What stands between the boundary lines of a multipart (RFC 2046 §5.1.1); nothing without any."""
    mark = re.escape(boundary.encode("utf-8", "surrogateescape")) if boundary.isprintable() else b"\x00"
    line = re.compile(rb"(?:\A|\r?\n)--" + mark + rb"(--)?[ \t]*+(?=\r?\n|\Z)")
    start = -1
    for found in line.finditer(body):
        if start >= 0:
            yield body[start : found.start()]
        if found[1]:
            return
        start = found.end() + (2 if body.startswith(b"\r\n", found.end()) else 1)
    if start >= 0:  # the closing boundary is missing
        yield body[start:]
