"""Signing (RFC 6376 §5): the DKIM-Signature field for a message.

A signature covers the fields that h= names, from the bottom up, and the body's hash. It hides nothing, and
it speaks for the domain d=, whoever stands in From. `sign` changes no message: put the field on top of it.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from ...mail.domain import to_ascii
from ...mail.errors import RecordError
from .canonical import Form
from .keys import PrivateKey, algorithm
from .message import Message, signed_octets

# RFC 6376 §5.4.1: fields that tell the reader what the message is. Trace fields change on the way.
WORTH_SIGNING = (
    *("from", "reply-to", "subject", "date", "message-id", "to", "cc", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-transfer-encoding"),
    *("list-id", "list-unsubscribe", "list-unsubscribe-post"),
)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
_WIDTH = 72


def sign(
    message: bytes,
    *,
    domain: str,
    selector: str,
    key: PrivateKey,
    headers: Iterable[str] | None = None,
    canonicalization: tuple[Form, Form] = ("relaxed", "relaxed"),
    identity: str = "",
    length: int | None = None,
    now: datetime | None = None,
    expires: datetime | None = None,
    copies: bool = False,
) -> bytes:
    """The field `DKIM-Signature: ...` with its CR LF, to be put on top of `message`.

    `message` has CR LF line ends. `headers` are the names for h=; a name that stands there more often than in
    the message keeps others from adding such a field (RFC 6376 §8.15). Left out, they are those of
    `WORTH_SIGNING` that the message has, and From once more. `now` and `expires` become t= and x=. `length`
    becomes l=: so many octets of the canonical body are signed, and whatever follows them is not. With
    `copies` z= has the signed fields as they are now, for whoever looks for what was changed. Raises
    RecordError for a domain or selector that the DNS cannot hold, and where h= would not name From.
    """
    domain, selector = to_ascii(domain), to_ascii(selector)
    for what, name in (("domain", domain), ("selector", selector)):
        if not _NAME.fullmatch(name):
            raise RecordError(f"a {what} is letters, digits, hyphens and dots", name, (0, len(name)))
    read = Message(message)
    names = [name.lower() for name in headers] if headers is not None else worth_signing(read.fields)
    if "from" not in names:
        raise RecordError("h= names From (RFC 6376 §5.4)", ":".join(names), (0, 0))
    covered = read.covered(names)
    tags = {
        "v": "1",
        "a": algorithm(key),
        "c": "/".join(canonicalization),
        "d": domain,
        "s": selector,
        **({"i": identity} if identity else {}),
        **({"t": str(int(now.timestamp()))} if now else {}),
        **({"x": str(int(expires.timestamp()))} if expires else {}),
        **({"l": str(length)} if length is not None else {}),
        **({"z": "|".join(_copy(field) for field in covered if field)} if copies else {}),
        "h": ":".join(names),
        "bh": b64encode(read.body_hash(canonicalization[1], length).digest).decode(),
    }
    unsigned = _written(tags)
    octets = signed_octets(covered, unsigned, canonicalization[0])
    return unsigned + _folded(b64encode(_signature(key, octets)).decode(), first=4).encode() + b"\r\n"


def worth_signing(fields: list[tuple[str, bytes]]) -> list[str]:
    """The names for h= when nobody chose: what the reader sees, and From once more than there is."""
    there = [name for name, _ in fields]
    names = [name for name in WORTH_SIGNING for _ in range(there.count(name))]
    return ["from", *names] if "from" in names else names


def _copy(field: bytes) -> str:
    """A field for z=, in DKIM's quoted-printable (RFC 6376 §2.11, §3.5)."""
    name, _, value = field.removesuffix(b"\r\n").partition(b":")
    safe = (
        chr(octet) if 0x21 <= octet <= 0x7E and octet not in b";=|" else f"={octet:02X}" for octet in value
    )
    return f"{name.decode('ascii').strip()}:{''.join(safe)}"


def _signature(key: PrivateKey, octets: bytes) -> bytes:
    if isinstance(key, RSAPrivateKey):
        return key.sign(octets, PKCS1v15(), SHA256())
    # RFC 8463 §3: Ed25519 signs the hash of the octets, not the octets.
    return key.sign(hashlib.sha256(octets).digest())


def _written(tags: dict[str, str]) -> bytes:
    """The field without CR LF, folded, up to and with `b=`."""
    lines, line = [], "DKIM-Signature:"
    for name, value in tags.items():
        tag = f" {name}={value};"
        if len(line) + len(tag) > _WIDTH:
            lines.append(line)
            line = ""
        line += _folded(tag, first=len(line), after=":" if name == "h" else "")
    return "\r\n".join([*lines, line, " b="]).encode("ascii")


def _folded(text: str, *, first: int, after: str = "") -> str:
    """`text` broken into lines: after the character `after`, or anywhere."""
    width, lines = _WIDTH - first, []
    while len(text) > width:
        at = text.rfind(after, 1, width) + 1 if after else width
        at = at if at > 1 else width
        if "=" in text[at - 2 : at]:  # never inside the =20 of a copy
            at = text.rindex("=", 0, at)
        lines.append(text[:at])
        text, width = " " + text[at:], _WIDTH
    return "\r\n".join([*lines, text])
