"""A message's octets as text in a field in which every octet can be changed, and the changes to offer.

`written` and `octets` undo each other for any octets: what does not show is a code (`\\x00`, `\\u202e`), and
a backslash is two. A line of the field is a line of the message, which ends with CR LF.

The changes are those that mail systems, or somebody with a hand in them, make on the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from itertools import pairwise

from ..mail.errors import LabError
from ..mail.text import decode, encode, visible

LONGEST = 60_000  # octets of a message that can be edited in a field

_CODE = re.compile(r"\\(\\|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")
_HIGH = re.compile(r"[\x80-\xff]")
_FROM = re.compile(rb"(?im)^(From[ \t]*:[^@\r\n]{0,400}?)([A-Za-z0-9.+_-]{1,64})@")
_SUBJECT = re.compile(rb"(?im)^(Subject[ \t]*:[ \t]*)([^\r\n]*)")
_LETTER = re.compile(rb"[A-Za-z]")
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:.*?\r\n(?![ \t])", re.DOTALL)
FOOTER = b"-- \r\nThis list is read by 400 people.\r\n"


def written(message: bytes) -> str:
    """The octets as text that shows all of them."""
    text = _HIGH.sub(_character, decode(message).replace("\\", "\\\\"))
    return "\n".join(visible(line, keep="\t") for line in text.split("\r\n"))


def _character(found: re.Match[str]) -> str:
    """`visible` writes U+0085 as it writes the octet 85, which are two octets and one."""
    return f"\\u{ord(found[0]):04x}" if visible(found[0]) != found[0] else found[0]


def octets(text: str) -> bytes:
    """The octets that `text` stands for."""
    lines = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return b"".join(
        _octet(piece) if number % 2 else encode(piece) for number, piece in enumerate(_CODE.split(lines))
    )


def _octet(code: str) -> bytes:
    if code == "\\":
        return b"\\"
    value = int(code[1:], 16)
    if code[0] == "x":
        return bytes([value])
    return chr(value).encode("utf-8", "surrogatepass") if value < 0x110000 else f"\\{code}".encode()


def split(message: bytes) -> tuple[bytes, bytes]:
    """The header section with the empty line, and the body."""
    end = message.find(b"\r\n\r\n")
    if message.startswith(b"\r\n"):
        return message[:2], message[2:]
    return (message, b"") if end < 0 else (message[: end + 4], message[end + 4 :])


def _space(message: bytes) -> bytes:
    """One more space after the Subject's colon; a double space elsewhere would do as well."""
    return _header(message, _SUBJECT, lambda found: found[1] + b" " + found[2], "Subject")


def _swap(message: bytes) -> bytes:
    """The first two fields with different names that are no signature change places."""
    head, body = split(message)
    fields = _FIELD.findall(head.removesuffix(b"\r\n") if head.endswith(b"\r\n\r\n") else head)
    names = [field.partition(b":")[0].strip().lower() for field in fields]
    may = [n for n, name in enumerate(names) if name not in (b"dkim-signature", b"received")]
    for first, second in pairwise(may):
        if second == first + 1 and names[first] != names[second]:
            pair = fields[first] + fields[second]
            return head.replace(pair, fields[second] + fields[first], 1) + body
    raise LabError("There are no two fields that could change places.")


def _letter(message: bytes) -> bytes:
    """The first letter of the body becomes another one."""
    head, body = split(message)
    found = _LETTER.search(body)
    if not found:
        raise LabError("The body has no letter that could be changed.")
    at = found.start()
    other = b"J" if body[at : at + 1] != b"J" else b"H"
    return head + body[:at] + (other if body[at : at + 1].isupper() else other.lower()) + body[at + 1 :]


def _footer(message: bytes) -> bytes:
    return (message if message.endswith(b"\r\n") else message + b"\r\n") + FOOTER


def _blank(message: bytes) -> bytes:
    return message + b"\r\n\r\n"


def _subject(message: bytes) -> bytes:
    return _header(message, _SUBJECT, lambda found: found[1] + b"[list] " + found[2], "Subject")


def _author(message: bytes) -> bytes:
    def other(found: re.Match[bytes]) -> bytes:
        return found[1] + (b"mallory" if found[2] != b"mallory" else b"alice") + b"@"

    return _header(message, _FROM, other, "From")


def _second_author(message: bytes) -> bytes:
    """One more From, on top, where most programs take it from."""
    return b"From: Mallory <mallory@mallory.example>\r\n" + message


def _space_in_body(message: bytes) -> bytes:
    """The first space in the body becomes two."""
    head, body = split(message)
    if b" " not in body:
        raise LabError("The body has no space that could become two.")
    return head + body.replace(b" ", b"  ", 1)


def _header(
    message: bytes, what: re.Pattern[bytes], other: Callable[[re.Match[bytes]], bytes], name: str
) -> bytes:
    head, body = split(message)
    changed, count = what.subn(other, head, count=1)
    if not count:
        raise LabError(f"The header section has no {name} that could be changed.")
    return changed + body


# key -> what the button says, and the change
CHANGES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "space": ("A space in Subject", _space),
    "swap": ("Swap two fields", _swap),
    "subject": ("[list] in Subject", _subject),
    "from": ("Another From", _author),
    "second-from": ("A second From", _second_author),
    "letter": ("A letter of the body", _letter),
    "body-space": ("A space in the body", _space_in_body),
    "blank": ("Empty lines at the end", _blank),
    "footer": ("A footer", _footer),
}


def change(key: str) -> Callable[[bytes], bytes]:
    """The change called `key`. Raises LabError for one that is not offered."""
    if key not in CHANGES:
        raise LabError(f"There is no change {visible(key)[:40]!r}. There are: {', '.join(CHANGES)}.")
    return partial(CHANGES[key][1])
