"""What the DKIM tests share: keys that are made once, a message, and a DNS that is a table."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dns.rdata
import dns.resolver
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from smtplab.auth import dkim
from smtplab.auth.dkim import DkimVerdict
from smtplab.auth.dkim.keys import PrivateKey
from smtplab.auth.dkim.message import Message, signed_octets, without_value
from smtplab.auth.dkim.sign import _signature
from smtplab.auth.what_if import Resolve, overlay
from smtplab.mail.errors import RecordError
from smtplab.mail.header.tags import parse

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
# The short one is always the same: its record stands in names of tests, and two workers must agree on those.
KEYS: dict[str, PrivateKey] = {
    "rsa": dkim.generate(),
    "ed25519": Ed25519PrivateKey.from_private_bytes(bytes(range(32))),
}
DOMAIN, SELECTOR = "acorn.example", "s1"
NAME = f"{SELECTOR}._domainkey.{DOMAIN}"
MESSAGE = (
    b"Received: from x by y; Mon, 2 Mar 2026 09:00:00 +0000\r\n"
    b"From: Alice <alice@acorn.example>\r\nTo: bob@birch.example,\r\n\terin@birch.example\r\n"
    b"Subject: Tea or coffee?\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@acorn.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"\r\nShall we have tea?\r\n\r\n  Or coffee,\tor both.\r\n"
    b"From Monday on, or later.\r\n.dots\r\n\r\nAlice\r\n"
)


def nothing(name: str, rdtype: str) -> Sequence[dns.rdata.Rdata]:
    raise dns.resolver.NXDOMAIN


def zone(records: Mapping[str, str | Sequence[str]]) -> Resolve:
    """A DNS with these TXT records and nothing else."""
    return overlay(nothing, {(name, "TXT"): texts for name, texts in records.items()})


def published(key: PrivateKey) -> Resolve:
    return zone({NAME: dkim.record(key)})


def signed(message: bytes, key: PrivateKey, **more: Any) -> bytes:
    """The message with its signature on top."""
    return dkim.sign(message, domain=DOMAIN, selector=SELECTOR, key=key, **more) + message


def verdict(message: bytes, resolve: Resolve, **more: Any) -> DkimVerdict:
    """The verdict on the one signature of a message."""
    (found,) = dkim.verify(message, resolve=resolve, now=more.pop("now", NOW), **more)
    return found


def rewritten(message: bytes, key: PrivateKey, change: Callable[[str], str]) -> bytes:
    """The message with the tags of its signature changed, and signed again over what stands there then."""
    read = Message(message)
    own = read.signatures[0]
    unsigned = change(without_value(own).decode()).encode()
    try:
        tags = parse(unsigned.decode().partition(":")[2], wide=True)
    except RecordError:  # nobody can verify it anyway
        return message.replace(own, unsigned + b"AAAA\r\n", 1)
    names = tags["h"].packed.lower().split(":")
    form = tags["c"].packed.lower().partition("/")[0] if "c" in tags else "simple"
    octets = signed_octets(read.covered(names, own), unsigned, form)  # type: ignore[arg-type]
    return message.replace(own, unsigned + b64encode(_signature(key, octets)) + b"\r\n", 1)
