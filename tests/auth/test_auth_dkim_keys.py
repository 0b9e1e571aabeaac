"""Verification: what key records, their flags and limits, and the DNS lead to."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

import dns.rdata
import dns.resolver
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smtplab.auth import dkim
from smtplab.auth.dkim import DkimVerdict, Policy
from smtplab.auth.dkim.message import Message, signed_octets, without_value
from smtplab.mail.verdict import walk
from tests.auth.dkim_zone import KEYS, MESSAGE, NAME, published, rewritten, signed, verdict, zone

KEY = KEYS["ed25519"]
RSA = KEYS["rsa"]
RECORD = dkim.record(KEY)
SIGNED = signed(MESSAGE, KEY)


def found(verdict: DkimVerdict, what: str) -> str:
    """The words of the first step of this name."""
    return next(step.why for _, step in walk(verdict.steps) if step.what == what)


@pytest.mark.parametrize(
    ("record", "result", "cause"),
    [
        (RECORD.replace("v=DKIM1; ", ""), "pass", ""),
        (RECORD + "; t=s", "pass", ""),
        (RECORD + "; t=y:s; n=notes; s=email; h=sha256:sha1", "pass", ""),
        (RECORD + "; s=tlsrpt", "permerror", "key-service"),
        (RECORD + "; h=sha1", "permerror", "key-hash"),
        (RECORD.replace("k=ed25519", "k=rsa"), "neutral", "key-syntax"),
        (RECORD.replace("k=ed25519", "k=dilithium"), "permerror", "key-type"),
        ("v=DKIM1; k=ed25519; p=", "permerror", "revoked"),
        ("v=DKIM1; k=ed25519; p=AAAA", "neutral", "key-syntax"),
        ("k=ed25519; v=DKIM1; p=", "neutral", "key-syntax"),
        ("v=DKIM2; p=", "neutral", "key-syntax"),
        ("", "neutral", "key-syntax"),
        ("\x00\x1b[31m", "neutral", "key-syntax"),
        (dkim.record(RSA), "permerror", "key-type"),
    ],
)
def test_key_records(record: str, result: str, cause: str) -> None:
    one = verdict(SIGNED, zone({NAME: record}))
    assert (one.result, one.cause) == (result, cause)


def test_several_records_are_tried_in_order() -> None:
    other = dkim.record(dkim.generate("ed25519"))
    one = verdict(SIGNED, zone({NAME: ["v=spf1 -all", other, RECORD]}))
    assert one.result == "pass" and one.key is not None and one.key.text == RECORD
    assert verdict(SIGNED, zone({NAME: ["v=spf1 -all", "hello"]})).cause == "no-key"
    assert verdict(SIGNED, zone({NAME: [other] * 20 + [RECORD]})).result == "fail"


def test_flags_of_the_key() -> None:
    assert verdict(SIGNED, zone({NAME: RECORD + "; t=y"})).testing
    below = rewritten(SIGNED, KEY, lambda field: field.replace(" b=", " i=bob@mail.acorn.example; b="))
    strict = verdict(below, zone({NAME: RECORD + "; t=s"}))
    assert (strict.result, strict.cause) == ("permerror", "key-domain")


def test_the_dns_does_not_answer() -> None:
    def silent(name: str, rdtype: str) -> Sequence[dns.rdata.Rdata]:
        raise dns.resolver.LifetimeTimeout(timeout=1, errors=[])

    one = verdict(SIGNED, silent)
    assert (one.result, one.cause) == ("temperror", "no-dns")
    assert found(one, "key").startswith("the key cannot be had now")


def test_a_short_key() -> None:
    short = dkim.generate(bits=1024)
    message, resolve = signed(MESSAGE, short), published(short)
    assert verdict(message, resolve).result == "pass"
    one = verdict(message, resolve, policy=Policy(least_bits=2048))
    assert (one.result, one.cause) == ("policy", "weak-key")


def test_a_key_that_is_far_too_short() -> None:
    """512 bits, which no library makes any more: an odd number of that length does for the record."""
    tiny = RSAPublicNumbers(65537, 2**511 + 111).public_key()
    public = b64encode(tiny.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    one = verdict(signed(MESSAGE, RSA), zone({NAME: f"v=DKIM1; p={public}"}))
    assert (one.result, one.cause) == ("permerror", "weak-key")


def test_sha1() -> None:
    read = Message(signed(MESSAGE, RSA))
    own = read.signatures[0]
    digest = b64encode(read.body_hash("relaxed", name="sha1").digest).decode()
    unsigned = without_value(own).decode().replace("sha256", "sha1")
    start = unsigned.index("bh=") + 3
    unsigned = unsigned[:start] + digest + unsigned[unsigned.index(";", start) :]
    names = unsigned.partition("h=")[2].partition(";")[0].replace("\r\n ", "").split(":")
    octets = signed_octets(read.covered(names, own), unsigned.encode(), "relaxed")
    value = b64encode(RSA.sign(octets, PKCS1v15(), SHA1()))  # type: ignore[call-arg, union-attr]
    message = unsigned.encode() + value + b"\r\n" + MESSAGE
    one = verdict(message, published(RSA))
    assert (one.result, one.cause) == ("permerror", "sha1")
    assert verdict(message, published(RSA), policy=Policy(sha1=True)).result == "pass"
