"""What a Received field says of TLS (RFC 8314 §4.3, and each program's own comment).

Was this hop encrypted, and how well? All ways of writing it are cut into the same small pieces, and each
piece is known by its looks or by the word before it: a version, a cipher suite, a number of bits, a word on
the client's certificate. Says nothing about whether the host that wrote it told the truth.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_PIECES = re.compile(r"[^\s,;:=()]+")
_VERSION = re.compile(r"(tls|ssl)[\\-]?(?:tls)?v?_?([0-9])?[._]?([0-9])?(?:\.0)?", re.IGNORECASE)
_SUITE = re.compile(r"[A-Z0-9]*+[-_][A-Z0-9_-]++", re.IGNORECASE)
_PRIMITIVE = re.compile(r"AES|CHACHA|RC4|DES|NULL|CAMELLIA|ARIA|SHA|MD5", re.IGNORECASE)
_BITS = re.compile(r"(\d{1,5})(?:/\d{1,5})?(bits?)?", re.IGNORECASE)
_VERDICTS = frozenset(("yes", "no", "ok", "fail", "not", "none", "unverified", "verified"))


class Facts(NamedTuple):
    """The parts of a Tls record."""

    version: str = ""
    cipher: str = ""
    bits: int = 0
    verified: str = ""

    def joined(self, other: Facts) -> Facts:
        """These, with what is missing taken from `other`."""
        return Facts(
            self.version or other.version,
            self.cipher or other.cipher,
            self.bits or other.bits,
            self.verified or other.verified,
        )


def facts(text: str) -> Facts:
    """What `text`, a comment or a clause, says of TLS."""
    version = cipher = verified = before = ""
    bits = 0
    for piece in _PIECES.findall(text):
        lower = piece.lower()
        if before == "version" and not version:
            version = named(piece)
        elif before == "cipher" and not cipher and not named(piece):
            cipher = piece
        elif before in ("verify", "verified") or (cipher and not verified and lower in _VERDICTS):
            verified = piece
        elif not version and (made := named(piece)):
            version = made
        elif not bits and (number := _BITS.fullmatch(piece)):
            bits = int(number[1]) if number[2] or cipher or before == "bits" else 0
        elif not cipher and _SUITE.fullmatch(piece) and _PRIMITIVE.search(piece):
            cipher = piece
        before = lower
    return Facts(version, cipher, bits, verified)


def named(text: str) -> str:
    r"""A version in one form, from "TLSv1.3", "TLS1_2", "TLSv1" or "TLS\Tls12"; "" when it is none.

    OpenSSL wrote "TLSv1/SSLv3" with a suite that came in with these: that does not say which one was used.
    """
    match = _VERSION.fullmatch(text)
    if not match or not match[2]:
        return ""
    name, major, minor = match.groups()
    return f"{name.upper()}{major}.{minor or 0}"


def certificate(text: str) -> Facts:
    """Postfix's comment on the client's certificate: "OK" when it says "verified OK", "none" without one."""
    lower = text.lower()
    if lower.startswith("client cn"):
        return Facts(verified="OK" if "verified ok" in lower else "NO")
    return Facts(verified="none")
