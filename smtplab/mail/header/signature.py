"""DKIM-Signature: what a signature says about itself (RFC 6376 §3.5).

Who signed, which fields, how much of the body, until when? `parse` reads the tags and `signed` finds the
fields that they name. Nothing is verified here, neither key nor hash: until someone does, the field is a
claim. And a signature that verifies says that the domain in d= signed, not that From is true.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..domain import to_ascii
from ..errors import RecordError
from ..verdict import Step
from .field import Field
from .ident import related, sending_domains
from .tags import Tag
from .tags import parse as parse_tags

REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")  # RFC 6376 §3.5
_NUMBER = re.compile(r"[0-9]{1,12}")
_LENGTH = re.compile(r"[0-9]{1,76}")
# RFC 6376 §5.4.1: what a signer had better sign; a reader believes all of these.
_WORTH = ("from", "to", "subject", "date", "message-id", "reply-to")


@dataclass(frozen=True, slots=True)
class Signature:
    """The tags of a signature. `headers` are the names in h=, in order, in lower case.

    `length` is l=, None when the whole body is signed; `signed_at` and `expires` are t= and x=.
    `canonicalization` is (header, body). `tags` has all of them as written, with spans into `text`.
    """

    text: str
    domain: str
    selector: str
    algorithm: str
    headers: tuple[str, ...]
    identity: str
    body_hash: str
    signature: str
    canonicalization: tuple[str, str]
    length: int | None
    signed_at: datetime | None
    expires: datetime | None
    tags: Mapping[str, Tag]

    @property
    def key_name(self) -> str:
        """The DNS name of the public key's TXT record (RFC 6376 §3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


def parse(body: str) -> Signature:
    """The signature in a field's body, folds and all. Raises RecordError (RFC 6376 §3.5)."""
    return Signature(**claims(body, parse_tags(body, wide=True)))


def claims(body: str, tags: Mapping[str, Tag]) -> dict[str, Any]:
    """What these tags of `body` say, by the names of Signature's fields. Raises RecordError."""
    for name in REQUIRED:
        if name not in tags:
            raise RecordError(f"a signature has the tag {name}=", body, (len(body), len(body)))
    if tags["v"].value != "1":
        raise RecordError("the version of a signature is 1", body, tags["v"].span)
    domain = tags["d"].packed.lower()
    if "@" in domain:
        raise RecordError("d= is the name of a domain", body, tags["d"].span)
    identity = tags["i"].packed if "i" in tags else f"@{domain}"
    if not is_within(identity.rpartition("@")[2], domain):
        raise RecordError("i= is in the domain d= or under it", body, tags["i"].span)
    headers = tuple(name.lower() for name in tags["h"].packed.split(":"))
    if "from" not in headers:
        raise RecordError("h= names From", body, tags["h"].span)
    signed_at, expires = _time(body, tags, "t"), _time(body, tags, "x")
    if signed_at and expires and expires <= signed_at:
        raise RecordError("x= is later than t=", body, tags["x"].span)
    header, _, rest = tags["c"].packed.partition("/") if "c" in tags else ("simple", "", "")
    return {
        "text": body,
        "domain": domain,
        "selector": tags["s"].packed,
        "algorithm": tags["a"].packed,
        "headers": headers,
        "identity": identity,
        "body_hash": tags["bh"].packed,
        "signature": tags["b"].packed,
        # RFC 6376 §3.5: one word alone is for the header section
        "canonicalization": (header, rest or "simple"),
        "length": _length(body, tags),
        "signed_at": signed_at,
        "expires": expires,
        "tags": tags,
    }


def is_within(name: str, domain: str) -> bool:
    """Whether `name` is the domain or below it; A-labels and U-labels are the same names (RFC 8616 §5)."""
    name, domain = to_ascii(name), to_ascii(domain)
    return name == domain or name.endswith(f".{domain}")


def _length(body: str, tags: Mapping[str, Tag]) -> int | None:
    if "l" not in tags:
        return None
    if not _LENGTH.fullmatch(tags["l"].value):
        raise RecordError("l= is a number of octets", body, tags["l"].span)
    return int(tags["l"].value)


def _time(body: str, tags: Mapping[str, Tag], name: str) -> datetime | None:
    if name not in tags:
        return None
    value = tags[name].value
    if not _NUMBER.fullmatch(value) or int(value) > 253402300799:  # the last second of the year 9999
        raise RecordError(f"{name}= counts seconds since 1970", body, tags[name].span)
    return datetime.fromtimestamp(int(value), UTC)


def signed(
    signature: Signature, all_fields: tuple[Field, ...], own: Field | None = None
) -> tuple[tuple[str, Field | None], ...]:
    """For each name in h=, the field that it covers, counted from the bottom (RFC 6376 §5.4.2).

    None where the name stands more often than the field: the signer has signed that there is no more of
    them. `own` is the signature's own field, which does not count.
    """
    left: dict[str, list[Field]] = {}
    for field in all_fields:
        if field is not own:
            left.setdefault(field.key, []).append(field)
    return tuple((name, left[name].pop() if left.get(name) else None) for name in signature.headers)


def explain(field: Field, all_fields: tuple[Field, ...]) -> tuple[Step, ...]:
    """Steps on a DKIM-Signature: who, with which key, over what; or what is malformed."""
    try:
        signature = parse(field.body)
    except RecordError as error:
        return (Step("syntax", error.message, "permerror", "RFC 6376 §3.5"),)
    aligned = any(related(domain, signature.domain) for domain in sending_domains(all_fields))
    whose = "From is in that domain too" if aligned else "From is in another domain, which is allowed"
    steps = [
        Step(f"d={signature.domain}", f"This domain says that it signed; {whose}.", "claimed"),
        Step(f"s={signature.selector}", f"The public key is the TXT record {signature.key_name}.", "none"),
        *_over(signature, all_fields, field),
        *_limits(signature),
    ]
    return tuple(steps)


def _over(signature: Signature, all_fields: tuple[Field, ...], own: Field) -> list[Step]:
    pairs = signed(signature, all_fields, own)
    there = [name for name, field in pairs if field]
    present = {field.key for field in all_fields}
    bare = [name for name in _WORTH if name in present and name not in signature.headers]
    closed = dict.fromkeys(name for name, field in pairs if not field)
    names = ", ".join(dict.fromkeys(there)) or "none"
    steps = [Step("h=", f"Covers these fields: {names}.", "none", "RFC 6376 §5.4.2")]
    if bare:
        why = f"Does not cover {', '.join(bare)}: whoever changes them breaks nothing."
        steps.append(Step("h=", why, "policy", "RFC 6376 §5.4"))
    if closed:
        why = f"Names more of {', '.join(closed)} than there are: adding one would break the signature."
        steps.append(Step("h=", why, "none", "RFC 6376 §5.4.2"))
    return steps


def _limits(signature: Signature) -> list[Step]:
    steps = []
    if signature.length is not None:
        why = f"Only the first {signature.length} octets of the body are signed: anything may follow them."
        steps.append(Step(f"l={signature.length}", why, "policy", "RFC 6376 §8.2"))
    if signature.signed_at:
        why = f"The signer says that it signed at {signature.signed_at:%Y-%m-%d %H:%M:%S} UTC."
        steps.append(Step("t=", why, "claimed"))
    if signature.expires:
        why = f"The signer wants it to count until {signature.expires:%Y-%m-%d %H:%M:%S} UTC."
        steps.append(Step("x=", why, "claimed"))
    if signature.algorithm == "rsa-sha1":
        steps.append(Step("a=rsa-sha1", "Verifiers must not accept it.", "permerror", "RFC 8301 §3.1"))
    return steps
