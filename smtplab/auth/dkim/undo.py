"""What mail systems do to bodies and fields, undone: each function gives the text as it may have been.

Nothing here knows a hash. `cause_body` and `cause_header` try what comes out, most likely first.
"""

from __future__ import annotations

import binascii
import quopri
import re
from base64 import b64decode
from collections.abc import Callable, Iterator

Undo = Callable[[bytes], bytes]

_BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_TRAILING = re.compile(rb"(?<![ \t])[ \t]++(?=\r\n|\Z)")
_LEADING = re.compile(rb"(?:\A|(?<=\n))[ \t]+")
_STUFFED = re.compile(rb"(?:\A|(?<=\n)) (?=[ >]|From )")
_QUOTED_FROM = re.compile(rb"(?:\A|(?<=\n))>(?=>*From )")
_FROM = re.compile(rb"(?:\A|(?<=\n))(?=>*From )")
_DOUBLE_DOT = re.compile(rb"(?:\A|(?<=\n))\.(?=\.)")
_DOT = re.compile(rb"(?:\A|(?<=\n))(?=\.)")
_MANY_EMPTY = re.compile(rb"(?:\r\n){3,}")


# The cause, what was done in words, and how to undo it. The canonical form of what comes out is hashed.
BODY: tuple[tuple[str, str, Undo], ...] = (
    ("line-endings", "bare line feeds stand where CR LF stood", lambda b: _BARE_LF.sub(b"\r\n", b)),
    ("line-endings", "bare carriage returns stand where CR LF stood", lambda b: _BARE_CR.sub(b"\r\n", b)),
    ("line-endings", "CR was put before line ends that had one", lambda b: b.replace(b"\r\r\n", b"\r\n")),
    ("line-endings", "each line end became two", lambda b: b.replace(b"\r\n\r\n", b"\r\n")),
    ("line-endings", "the signer hashed bare line feeds", lambda b: b.replace(b"\r\n", b"\n")),
    ("body-whitespace", "white space was added at ends of lines", lambda b: _TRAILING.sub(b"", b)),
    ("body-whitespace", "white space was added before lines", lambda b: _LEADING.sub(b"", b)),
    ("body-whitespace", "a space was put before some lines", lambda b: _STUFFED.sub(b"", b)),
    ("body-whitespace", "spaces stand where tabs stood, or the other way", lambda b: b.replace(b"\t", b" ")),
    ("body-whitespace", "tabs were made eight spaces", lambda b: b.replace(b" " * 8, b"\t")),
    ("body-whitespace", "empty lines were added", lambda b: _MANY_EMPTY.sub(b"\r\n\r\n", b)),
    ("from-quoted", "> was put before lines that begin with From", lambda b: _QUOTED_FROM.sub(b"", b)),
    ("from-quoted", "> before lines that begin with From was taken away", lambda b: _FROM.sub(b">", b)),
    ("dot-stuffing", "dots at the beginning of lines were doubled", lambda b: _DOUBLE_DOT.sub(b"", b)),
    ("dot-stuffing", "dots at the beginning of lines were halved", lambda b: _DOT.sub(b".", b)),
    ("body-reencoded", "the body was put into quoted-printable", quopri.decodestring),
    ("body-reencoded", "the body was put into base64", lambda b: _unpacked(b)),
    ("body-reencoded", "the body was put into UTF-8", lambda b: _recoded(b, "utf-8", "latin-1")),
    ("body-reencoded", "the body was UTF-8 and is no more", lambda b: _recoded(b, "latin-1", "utf-8")),
)

# These are hashed as they are: a signer that leaves out the canonical form's last step.
AS_THEY_ARE: tuple[tuple[str, str, Undo], ...] = (
    ("last-newline", "the signer hashed no line end at the end", lambda b: b.rstrip(b"\r\n")),
    ("last-newline", "the signer hashed one more empty line", lambda b: b.rstrip(b"\r\n") + b"\r\n\r\n"),
    ("last-newline", "the signer hashed the empty lines at the end", lambda b: b),
    (
        "line-endings",
        "the signer hashed bare line feeds",
        lambda b: b.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n",
    ),
)


def plain_ends(content: bytes) -> bytes:
    """The text with one kind of line end."""
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _unpacked(content: bytes) -> bytes:
    try:
        return b64decode(content)
    except binascii.Error:
        return content


def _recoded(content: bytes, now: str, before: str) -> bytes:
    try:
        return content.decode(now).encode(before)
    except UnicodeError:
        return content


_TAG = re.compile(
    rb"([ \t\r\n]*(?:(?:re|fwd?|aw|wg)[ \t]*:[ \t]*)?)"  # an answer's tag stands behind its Re:
    rb"(?:\[[^\]\r\n]{1,80}\]|\*{2,5}[^*\r\n]{1,60}\*{2,5}|\([^)\r\n]{1,60}\)|\{[^}\r\n]{1,60}\}"
    rb"|[A-Z][A-Za-z ]{1,20}:)[ \t\r\n]*",
    re.IGNORECASE,
)
_FOLDED = re.compile(rb"\r\n[ \t]+")
_COMMA = re.compile(rb",[ \t\r\n]*")
_COMMENT = re.compile(rb"[ \t]*\([^()\r\n]{0,80}\)")
_OTHER_AUTHORS = ("reply-to", "x-original-from", "original-from", "x-google-original-from", "sender", "cc")
OF_LISTS = ("subject", "from", "reply-to", "sender", "cc", "list-id", "list-unsubscribe", "list-post")
ENCODINGS = (b"7bit", b"8bit", b"quoted-printable", b"base64", b"binary")
CONSTANT = {
    "mime-version": (b"1.0",),
    "content-transfer-encoding": ENCODINGS,
    "content-type": (b"text/plain", b"text/plain; charset=utf-8", b'text/plain; charset="utf-8"'),
    "subject": (b"",),
}


def spaces(field: bytes) -> Iterator[bytes]:
    """A field whose white space, or the case of whose name, may have been another."""
    name, _, value = field.removesuffix(b"\r\n").partition(b":")
    flat = _FOLDED.sub(b" ", value)
    for body in (
        flat,
        _FOLDED.sub(b"", value),
        _FOLDED.sub(b"\r\n\t", value),
        _FOLDED.sub(b"\r\n ", value),
        b" " + flat.strip(),
        flat.strip(),
        b" ".join(value.split()),
        b" " + b" ".join(value.split()),
        _COMMA.sub(b", ", flat),
        _COMMA.sub(b",", flat),
        _COMMA.sub(b",\r\n ", flat),
        _COMMA.sub(b",\r\n\t", flat),
        value.rstrip(),
    ):
        yield name + b":" + body + b"\r\n"
    for other in (name.lower(), name.title(), name.replace(b"-Id", b"-ID"), name.replace(b"Mime", b"MIME")):
        yield other + b":" + value + b"\r\n"


def changed(name: str, field: bytes, index: dict[str, list[bytes]]) -> Iterator[tuple[str, bytes]]:
    """What a field may have been: in words what was done to it, and the field."""
    label, _, value = field.partition(b":")
    if name == "subject":
        if tag := _TAG.match(value):
            yield "a tag was put before it", label + b":" + (tag[1] or b" ") + value[tag.end() :]
            yield "a tag was put before it", label + b":" + tag[1] + value[tag.end() :]
        yield "it was emptied or is new", label + b": \r\n"
    if name == "from":
        for other in _OTHER_AUTHORS:
            for one in index.get(other, ())[:2]:
                why = f"it was another, which {other.title()} may have kept"
                yield why, label + b":" + one.partition(b":")[2]
    if name in CONSTANT:
        for body in CONSTANT[name]:
            yield "its value was another", label + b": " + body + b"\r\n"
    if b"(" in value and len(value) < 1000:
        yield "a comment was added", label + b":" + _COMMENT.sub(b"", value)
    if b'"' in value:
        yield "quotation marks were added", label + b":" + value.replace(b'"', b"")
