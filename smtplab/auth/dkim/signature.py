"""Signature: a DKIM-Signature field, read as a verifier must (RFC 6376 §3.5, §6.1.1, RFC 8616 §5).

Is the field one that can be verified at all? `Signature.parse` says so, or where it is wrong, and which of
the RFC's reasons to give up that is. It looks at the field alone: neither key nor message is asked.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from smtplab.mail.domain import to_ascii
from smtplab.mail.errors import RecordError
from smtplab.mail.header.signature import REQUIRED, claims, is_within
from smtplab.mail.header.signature import Signature as Claims
from smtplab.mail.header.tags import Tag
from smtplab.mail.header.tags import parse as parse_tags
from smtplab.mail.text import decode

from .canonical import Form

ALGORITHMS = ("rsa-sha256", "ed25519-sha256", "rsa-sha1")  # RFC 6376 §3.3, RFC 8463 §3; of sha1 more later
FORMS = ("simple", "relaxed")
SYNTAX = "RFC 6376 §3.5"
CHECKS = "RFC 6376 §6.1.1"

_NAME = re.compile(r"[ \t]*DKIM-Signature[ \t]*:", re.IGNORECASE)
# A label as the DNS holds it. RFC 6376 §3.1 has no underscore in a selector, and some are published with one.
# Letters, digits, "_", "-" and all beyond ASCII, written as what it is not, which re compiles at once.
_LABEL = re.compile(r"(?!-)[^\x00-,./:-@\[-^`{-\x7f]{1,63}(?<!-)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_FIELD_NAME = re.compile(r"[!-9<-~]+")  # no colon and no semicolon, which divide the list (RFC 6376 §3.5)
_QUOTED = re.compile(r"=([0-9A-F]{2})")


class SignatureError(RecordError):
    """A signature that nobody can verify: with the `cause` for the verdict and the section `ref`."""

    def __init__(self, message: str, text: str, span: tuple[int, int], cause: str, ref: str) -> None:
        super().__init__(message, text, span)
        self.args = (message, text, span, cause, ref)
        self.cause = cause
        self.ref = ref


@dataclass(frozen=True, slots=True)
class Signature(Claims):
    """The tags of a signature, with spans into `text`, the field as it was given.

    `digest` is what bh= holds and `octets` what b= holds, both decoded. `copies` are the fields of z= in
    order: the name in lower case, and the value as the signer saw it (RFC 6376 §3.5).
    """

    digest: bytes
    octets: bytes
    copies: tuple[tuple[str, str], ...]

    @property
    def question(self) -> str:
        """The name to ask the DNS for, with A-labels."""
        return to_ascii(self.key_name)

    @property
    def forms(self) -> tuple[Form, Form]:
        """The canonical forms of header and body (c=)."""
        return cast("tuple[Form, Form]", self.canonicalization)

    @property
    def hash_name(self) -> str:
        """ "sha256" or "sha1"."""
        return self.algorithm.rpartition("-")[2]

    @classmethod
    def parse(cls, field: bytes | str) -> Signature:
        """Read a field, with or without `DKIM-Signature:`. Raises SignatureError, a RecordError."""
        text = field if isinstance(field, str) else decode(field)
        name = _NAME.match(text)
        start = name.end() if name else 0
        try:
            # White space in place of the name: so all spans count from the beginning of the field.
            tags = parse_tags(" " * start + text[start:], wide=True)
            _check(text, tags)
            said = claims(text, tags)
            said["identity"] = unquoted(said["identity"])
            said["algorithm"] = said["algorithm"].lower()
            said["canonicalization"] = tuple(form.lower() for form in said["canonicalization"])
            copies = _copies(tags["z"].packed) if "z" in tags else ()
        except SignatureError:
            raise
        except RecordError as error:
            raise SignatureError(error.message, text, error.span, "syntax", SYNTAX) from None
        return cls(
            **said,
            digest=_decoded(text, tags["bh"]),
            octets=_decoded(text, tags["b"]),
            copies=copies,
        )


def _check(text: str, tags: Mapping[str, Tag]) -> None:
    """What RFC 6376 §6.1.1 wants checked, in its order; more than a reader of headers needs to know."""

    def fail(message: str, name: str, cause: str = "syntax", ref: str = CHECKS) -> None:
        span = tags[name].span if name in tags else (len(text), len(text))
        raise SignatureError(message, text, span, cause, ref)

    if "v" in tags and tags["v"].value != "1":
        fail("the version of a signature is 1", "v")
    for name in REQUIRED:
        if name not in tags or not tags[name].value:
            fail(f"a signature has the tag {name}=, and it is not empty", name)
    if tags["a"].packed.lower() not in ALGORITHMS:
        fail(f"the algorithms are {', '.join(ALGORITHMS)}", "a", "algorithm", "RFC 6376 §3.3")
    for name, least in (("d", 2), ("s", 1)):
        labels = tags[name].packed.split(".")
        if not all(map(_LABEL.fullmatch, labels)) or len(labels) < least or len(tags[name].packed) > 253:
            fail(f"{name}= is a name with {least} label{'s' * (least > 1)} or more", name, ref=SYNTAX)
    if "i" in tags:
        _, at, domain = tags["i"].packed.rpartition("@")
        if not at or not is_within(domain, tags["d"].packed):
            fail("i= is @ and a domain, which is d= or below it", "i", "domain-mismatch")
    names = tags["h"].packed.lower().split(":")
    if not all(map(_FIELD_NAME.fullmatch, names)):
        fail("h= is names of fields with colons between", "h", ref=SYNTAX)
    if "from" not in names:
        fail("h= names From", "h", "from-unsigned", "RFC 6376 §5.4")
    forms = tags["c"].packed.lower().split("/") if "c" in tags else []
    if len(forms) > 2 or not all(form in FORMS for form in forms):
        fail("c= is simple or relaxed, for the header and after a slash for the body", "c", ref=SYNTAX)
    if "q" in tags and "dns/txt" not in tags["q"].packed.lower().split(":"):
        fail("the one way to a key that there is, q=dns/txt, is not offered", "q", ref=SYNTAX)


def _decoded(text: str, tag: Tag) -> bytes:
    packed = tag.packed
    try:
        if not _BASE64.fullmatch(packed):
            raise binascii.Error
        return base64.b64decode(packed)
    except binascii.Error:
        message = "here stands base64, and what stands there is cut off or none"
        raise SignatureError(message, text, tag.span, "syntax", SYNTAX) from None


def _copies(packed: str) -> tuple[tuple[str, str], ...]:
    """z=: copies of fields, `Name:value` with | between, in DKIM's quoted-printable (RFC 6376 §2.11)."""
    found = []
    for copy in packed.split("|"):
        name, colon, value = copy.partition(":")
        if colon:
            found.append((unquoted(name).lower(), unquoted(value)))
    return tuple(found)


def unquoted(text: str) -> str:
    """DKIM's quoted-printable, undone (RFC 6376 §2.11)."""
    if "=" not in text:
        return text
    octets = _QUOTED.sub(lambda found: chr(int(found[1], 16)), text.encode("utf-8").decode("latin-1"))
    return decode(octets.encode("latin-1"))
