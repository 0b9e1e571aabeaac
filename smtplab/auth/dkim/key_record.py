"""The key record (RFC 6376 §3.6.1, RFC 8463 §4.2): read it, and say where it is wrong.

Which key is it, for whom and for what? Whether a given signature may use it is `evaluation`'s question.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from smtplab.mail.errors import RecordError
from smtplab.mail.header.tags import Tag
from smtplab.mail.header.tags import parse as parse_tags

PublicKey = RSAPublicKey | Ed25519PublicKey
KINDS = ("rsa", "ed25519")
MAX_TEXT = 65535  # octets: no DNS message is longer (RFC 1035 §4.2.2)
MAX_BITS = 16384  # an RSA key that is longer is there to keep verifiers busy

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A record that was read. `tags` are as written, with spans into `text`.

    `kind` is k=; `public` the key, None where it is revoked (an empty p=) or of an unknown kind. `hashes` are
    those that h= allows, empty where any may be; `services` those of s=, `flags` those of t=; `notes` is n=.
    """

    text: str
    kind: str
    public: PublicKey | None
    hashes: tuple[str, ...]
    services: tuple[str, ...]
    flags: tuple[str, ...]
    notes: str
    tags: Mapping[str, Tag]

    @property
    def is_revoked(self) -> bool:
        """Whether p= is empty: the key was withdrawn (RFC 6376 §3.6.1)."""
        return not self.tags["p"].value

    @property
    def is_testing(self) -> bool:
        """Whether t=y asks to treat a message as if it were not signed (RFC 6376 §3.6.1)."""
        return "y" in self.flags

    @property
    def is_strict(self) -> bool:
        """Whether t=s wants the domain of i= to be d= itself (RFC 6376 §3.6.1)."""
        return "s" in self.flags

    @property
    def bits(self) -> int:
        """How long the key is; 0 where there is none."""
        if isinstance(self.public, RSAPublicKey):
            return self.public.key_size
        return 256 if self.public else 0


def parse_key(text: str) -> KeyRecord:
    """Read a record. Raises RecordError, with the span, for what no verifier can use (RFC 6376 §3.6.1)."""
    return _cached(text) if len(text) <= 4096 else _parse(text)


def _parse(text: str) -> KeyRecord:
    if len(text) > MAX_TEXT:
        raise RecordError("no DNS message could carry so long a record", text, (MAX_TEXT, len(text)))
    tags = parse_tags(text)
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"].value != "DKIM1"):
        raise RecordError("v= is DKIM1, and it is the first tag", text, tags["v"].span)
    if "p" not in tags:
        raise RecordError("a key record has the tag p=", text, (len(text), len(text)))
    for name in ("h", "s"):
        if name in tags and not tags[name].value:
            raise RecordError(f"{name}= is there and names nothing", text, tags[name].span)
    kind = tags["k"].packed.lower() if "k" in tags else "rsa"
    return KeyRecord(
        text,
        kind,
        _key(text, tags["p"], kind) if tags["p"].value and kind in KINDS else None,
        _list(tags, "h", ""),
        _list(tags, "s", "*"),
        _list(tags, "t", ""),
        tags["n"].value if "n" in tags else "",
        tags,
    )


_cached = lru_cache(maxsize=256)(_parse)  # the keys of the big senders come again with every second message


def _list(tags: Mapping[str, Tag], name: str, default: str) -> tuple[str, ...]:
    packed = tags[name].packed.lower() if name in tags else default
    return tuple(filter(None, packed.split(":")))


def _key(text: str, tag: Tag, kind: str) -> PublicKey:
    packed = tag.packed
    try:
        if not _BASE64.fullmatch(packed):
            raise binascii.Error
        octets = base64.b64decode(packed)
    except binascii.Error:
        raise RecordError("p= is base64, and what stands here is cut off or none", text, tag.span) from None
    if kind == "ed25519":
        if len(octets) != 32:
            why = f"an Ed25519 key is 32 octets, and p= holds {len(octets)}"
            raise RecordError(why, text, tag.span)
        return Ed25519PublicKey.from_public_bytes(octets)
    try:
        # Both forms are in use: SubjectPublicKeyInfo, and RSAPublicKey as the RFC has it (erratum 3017).
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        what = "32 octets, the size of an Ed25519 key" if len(octets) == 32 else "no RSA key, or half of one"
        raise RecordError(f"k= says rsa, and p= holds {what}", text, tag.span)
    if key.key_size > MAX_BITS:
        raise RecordError(f"an RSA key of {key.key_size} bits is no use to anybody", text, tag.span)
    return key
