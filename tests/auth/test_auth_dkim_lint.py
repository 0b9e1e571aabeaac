"""Advice on pasted key records and signatures, with its place, and the records that are written."""

from __future__ import annotations

import re

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from smtplab.auth import dkim
from smtplab.auth.dkim import lint_key, lint_signature
from smtplab.auth.dkim.build import zone_text
from smtplab.auth.dkim.keys import PrivateKey
from smtplab.mail.errors import RecordError
from tests.auth.dkim_zone import KEYS, MESSAGE, NOW

RSA, ED = dkim.record(KEYS["rsa"]), dkim.record(KEYS["ed25519"])
P = RSA.partition("p=")[2]
SHORT = dkim.record(dkim.generate(bits=1024))


def pem(key: PrivateKey, private: bool) -> str:
    if private:
        octets = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    else:
        octets = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return octets.decode()


def private_der(key: PrivateKey, kind: PrivateFormat) -> str:
    return "".join(key.private_bytes(Encoding.PEM, kind, NoEncryption()).decode().split("\n")[1:-2])


OLD = PrivateFormat.TraditionalOpenSSL
CASES = [
    (SHORT, "policy", "1024 bits", SHORT.partition("p=")[2]),
    (RSA + "; t=y", "policy", "only tests", "y"),
    (RSA + "; t=y:s", "policy", "only tests", "y:s"),
    (RSA + "; t=q", "neutral", "the flag q", "q"),
    (RSA.replace("v=DKIM1; ", ""), "neutral", "v=DKIM1 in front", ""),
    (f"k=rsa; v=DKIM1; p={P}", "permerror", "the first tag", "DKIM1"),
    (RSA.replace("DKIM1", "dkim1"), "permerror", "capitals and all", "v=dkim1"),
    (RSA.replace("DKIM1", "DKIM2"), "permerror", "v=DKIM1", "v=DKIM2"),
    ("v=DKIM1; k=rsa", "permerror", "has the tag p=", ""),
    (f"v=DKIM1; p={P[:200]} {P[200:]}", "neutral", "white space inside", " "),
    (f"v=DKIM1; p={P[:64]}\r\n {P[64:]}", "neutral", "white space inside", "\r\n "),
    (f"v=DKIM1; p={P[:-9]}", "permerror", "base64", P[:-9]),
    (f"v=DKIM1; p={P[:200]}", "permerror", "half of one", P[:200]),
    (ED.replace("k=ed25519; ", ""), "permerror", "the size of an Ed25519 key", ED[-44:]),
    (f"v=DKIM1; k=ed25519; p={P}", "permerror", "32 octets", P),
    ("v=DKIM1; k=dsa; p=AAAA", "permerror", "k= is rsa or ed25519", "dsa"),
    (ED, "neutral", "not every verifier", ED[-44:]),
    (RSA + "; h=sha1", "permerror", "leaves sha256 out", "sha1"),
    (RSA + "; h=sha1:sha256", "policy", "allows sha1", "sha1:sha256"),
    (RSA + "; s=tlsrpt", "policy", "neither email", "tlsrpt"),
    (RSA + "; g=*", "neutral", "older standard", "*"),
    ("v=DKIM1; p=", "policy", "withdrawn", ""),
    ("", "permerror", "there is nothing", ""),
    ("v=spf1 -all", "permerror", "SPF record", "v=spf1"),
    ("v=DKIM1 k=rsa p=" + P, "permerror", "v=DKIM1", None),
    (
        "v=DKIM1; k=rsa; p=-----BEGIN PUBLIC KEY-----" + P,
        "permerror",
        "hyphens",
        "-----BEGIN PUBLIC KEY-----",
    ),
    ("v=DKIM1; p=" + pem(KEYS["rsa"], private=False), "permerror", "hyphens", "-----BEGIN PUBLIC KEY-----"),
    (pem(KEYS["rsa"], private=True), "permerror", "private key", "-----BEGIN PRIVATE KEY-----"),
    ("v=DKIM1; p=" + private_der(KEYS["rsa"], OLD), "permerror", "private key", None),
    ("v=DKIM1; p=" + private_der(KEYS["rsa"], PrivateFormat.PKCS8), "permerror", "private key", None),
    (
        "v=DKIM1; k=ed25519; p=" + private_der(KEYS["ed25519"], PrivateFormat.PKCS8),
        "permerror",
        "private key",
        None,
    ),
    (f'"{RSA}"', "permerror", "at most 255 octets", RSA),
    (f'"{RSA[:200]} " "{RSA[200:]}"', "neutral", "ends up inside", None),
    (f'"{RSA}', "permerror", "without its other one", '"'),
    (f'"{RSA[:200]}" "{RSA[200:]}; t=y"', "policy", "only tests", "y"),
    (RSA, "neutral", "several strings", None),
]


@pytest.mark.parametrize(("text", "result", "said", "place"), CASES, ids=[case[2] for case in CASES])
def test_advice_on_keys(text: str, result: str, said: str, place: str | None) -> None:
    one = next(one for one in lint_key(text) if said in one.message)
    start, end = one.span
    assert one.result == result and 0 <= start <= end <= len(text) and re.match(r"RFC \d+ §", one.ref)
    assert place is None or text[start:end] == place


def test_a_good_record_in_strings_has_no_advice() -> None:
    assert lint_key(zone_text(RSA)) == ()
    assert lint_key(f"( {zone_text(RSA)} )") == ()


def test_several_records_and_the_worst_first() -> None:
    advice = lint_key(SHORT + "; t=y; h=sha1", "v=DKIM1; p=")
    assert [one.result for one in advice] == ["permerror", "policy", "policy", "policy"]
    assert "2 TXT records" in " ".join(one.message for one in advice)


FIELD = dkim.sign(MESSAGE, domain="acorn.example", selector="s1", key=KEYS["rsa"], now=NOW).decode()
SIGNATURES = [
    (FIELD.replace("from:from", "from"), "neutral", "From once", None),
    (FIELD.replace("subject:", ""), "policy", "leaves out subject", None),
    (FIELD.replace("from:from", "from:from:received"), "policy", "names received", None),
    (FIELD.replace("content-type", "x-type"), "neutral", "leaves out Content-Type", None),
    (FIELD.replace("s=s1;", "s=s1; l=0;"), "policy", "nothing of the body", "0"),
    (FIELD.replace("s=s1;", "s=s1; l=12;"), "policy", "first 12 octets", "12"),
    (FIELD.replace("relaxed/relaxed", "simple/relaxed"), "neutral", "folds a line", "simple/relaxed"),
    (FIELD.replace("t=1772442000;", ""), "neutral", "without t=", ""),
    (FIELD.replace("s=s1;", "s=s1; x=1872442000;"), "neutral", "it count for", "1872442000"),
    (FIELD.replace("rsa-sha256", "rsa-sha1"), "permerror", "no more", "rsa-sha1"),
    (FIELD.replace("rsa-sha256", "rsa-md5"), "permerror", "the algorithms are", "rsa-md5"),
    (FIELD.replace("d=acorn.example", "d=acorn"), "permerror", "2 labels", "acorn"),
    (FIELD.replace("d=acorn.example", "d=acorn.example; i=@x.example"), "permerror", "i= is", "@x.example"),
    (re.sub("bh=[^;]*", "bh=AAAA", FIELD), "permerror", "SHA-256 hash has 32", "AAAA"),
    (FIELD[: FIELD.index(" b=") + 15], "permerror", "at least", None),
    (FIELD.replace("v=1;", "v=1; v=1;"), "permerror", "stands once", None),
    ("DKIM-Signature:", "permerror", "a tag is a name", None),
    ("", "permerror", "a tag list is like", ""),
]


@pytest.mark.parametrize(
    ("text", "result", "said", "place"), SIGNATURES, ids=[case[2] for case in SIGNATURES]
)
def test_advice_on_signatures(text: str, result: str, said: str, place: str | None) -> None:
    one = next(one for one in lint_signature(text) if said in one.message)
    start, end = one.span
    assert one.result == result and 0 <= start <= end <= len(text)
    assert place is None or text[start:end] == place


def test_our_own_signatures_have_no_advice() -> None:
    assert lint_signature(FIELD) == () and lint_signature(FIELD.partition(":")[2]) == ()


@pytest.mark.parametrize("kind", KEYS)
def test_records_are_written(kind: str) -> None:
    key = KEYS[kind]
    assert dkim.build(key) == dkim.record(key)
    full = dkim.parse_key(
        dkim.build(key, testing=True, strict=True, services=["email"], hashes=["sha256"], notes="x")
    )
    assert (full.flags, full.services, full.hashes, full.notes) == (("y", "s"), ("email",), ("sha256",), "x")
    assert full.public == key.public_key() and next(iter(full.tags)) == "v"
    with pytest.raises(RecordError):
        dkim.build(key, notes="é")


def test_a_withdrawn_key_is_written() -> None:
    assert dkim.parse_key(dkim.build()).is_revoked
    assert zone_text("") == '""' and zone_text('a"b\\c') == '"a\\"b\\\\c"'
