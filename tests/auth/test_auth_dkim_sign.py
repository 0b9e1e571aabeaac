"""Signing: dkimpy, which knows nothing of smtplab, verifies what smtplab signs."""

from __future__ import annotations

import itertools
import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import dkim as dkimpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.auth import dkim
from smtplab.auth.dkim import canonical
from smtplab.auth.dkim.keys import PrivateKey
from smtplab.auth.dkim.message import Message
from smtplab.auth.dkim.sign import worth_signing
from smtplab.mail.errors import RecordError

FORMS = ("simple", "relaxed")
KEYS = {"rsa": dkim.generate(), "ed25519": dkim.generate("ed25519")}
MESSAGE = (
    b"Received: from x by y; Mon, 2 Mar 2026 09:00:00 +0000\r\n"
    b"From: Alice <alice@acorn.example>\r\nTo: bob@birch.example\r\nTo: erin@birch.example\r\n"
    b"Subject:  Tea \t or\r\n\t coffee?  \r\nMessage-ID: <1@acorn.example>\r\n"
    b"\r\nShall we?  \r\n\r\nAlice\r\n"
)
BODIES = {
    "none": b"",
    "one empty line": b"\r\n",
    "empty lines at the end": b"Tea?\r\n\r\n\r\n",
    "white space lines at the end": b"Tea?\r\n \t \r\n  \r\n",
    "no last line end": b"Tea?",
    "runs of white space": b"Tea \t or\t\tcoffee?\t\r\n  indented\r\n",
    "empty lines inside": b"\r\n\r\nTea?\r\n\r\nYes\r\n",
    "longer than a piece": b"A line of tea. \r\n" * 10_000,
    "empty lines across a piece": b"x" * (canonical.CHUNK - 1) + b"\r\n" * 40_000 + b"end\r\n",
    "one very long line": b"y" * 300_000 + b" \r\n",
}


def verified(message: bytes, signature: bytes, key: PrivateKey) -> bool:
    """What dkimpy says of the signature on top of `message`."""
    record = dkim.record(key).encode()
    return bool(dkimpy.verify(signature + message, dnsfunc=lambda name, timeout=5: record))


def signed(message: bytes, key: PrivateKey, **more: object) -> bytes:
    return dkim.sign(message, domain="acorn.example", selector="s1", key=key, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("forms", list(itertools.product(FORMS, FORMS)), ids="/".join)
@pytest.mark.parametrize("body", BODIES)
def test_dkimpy_verifies(body: str, forms: tuple[str, str], kind: str) -> None:
    message = MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + BODIES[body]
    signature = signed(message, KEYS[kind], canonicalization=forms)
    assert verified(message, signature, KEYS[kind])
    assert not verified(message.replace(b"Tea", b"tea").replace(b"Alice", b"Mallory"), signature, KEYS[kind])


def test_what_is_signed_and_what_is_not() -> None:
    signature = signed(MESSAGE, KEYS["rsa"])
    assert b"h=from:from:subject:message-id:to:to;" in signature
    for changed, holds in (
        (MESSAGE.replace(b"from x", b"from z"), True),  # a trace field
        (MESSAGE.replace(b"  Tea", b" Tea"), True),  # white space, under relaxed
        (MESSAGE.replace(b"Tea", b"Coffee"), False),
        (MESSAGE.replace(b"Shall", b"Should"), False),
        (
            b"From: mallory@mallory.example\r\n" + MESSAGE,
            False,
        ),  # From was signed once more than it was there
        (b"To: carol@cedar.example\r\n" + MESSAGE, True),  # To was not
        (MESSAGE + b"-- \r\nA footer\r\n", False),
        (MESSAGE + b"\r\n\r\n", True),
    ):
        assert verified(changed, signature, KEYS["rsa"]) is holds, changed


def test_times_and_identity() -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    signature = signed(
        MESSAGE,
        KEYS["rsa"],
        now=now,
        expires=now + timedelta(days=7),
        identity="alice@acorn.example",
        headers=["From", "Subject"],
    )
    said = {
        name: value.strip()
        for name, _, value in (
            tag.strip().partition("=") for tag in signature.decode().partition(":")[2].split(";")
        )
    }
    assert list(said) == ["v", "a", "c", "d", "s", "i", "t", "x", "h", "bh", "b"]
    assert (said["t"], said["x"], said["h"]) == ("1772442000", "1773046800", "from:subject")
    assert said["i"] == "alice@acorn.example"


def test_copies_are_read_as_they_were() -> None:
    odd = b"From: a@acorn.example\r\nSubject: a|b;c=20 \xc3\xa9\r\n\t" + b"d " * 60 + b"\r\n\r\nx\r\n"
    signature = signed(odd, KEYS["ed25519"], copies=True, length=1)
    assert verified(odd, signature, KEYS["ed25519"])
    assert max(map(len, signature.split(b"\r\n"))) <= 78
    assert not re.search(rb"=.?\r\n", signature.partition(b"z=")[2].partition(b";")[0])  # no =2 and 0
    read = dkim.Signature.parse(signature)
    assert read.copies == (
        ("from", " a@acorn.example"),
        ("subject", f" a|b;c=20 \u00e9\r\n\t{'d ' * 60}"),
    )
    assert read.length == 1


def test_lines_are_short_and_end_in_crlf() -> None:
    many = b"".join(b"List-ID: <%d.example>\r\n" % n for n in range(60)) + MESSAGE
    signature = signed(many, KEYS["rsa"])
    assert verified(many, signature, KEYS["rsa"])
    lines = signature.decode().split("\r\n")
    assert lines.pop() == "" and max(map(len, lines)) <= 78
    assert all(line.startswith(" ") for line in lines[1:])


def test_a_key_is_published_as_verifiers_read_it() -> None:
    assert re.fullmatch(r"v=DKIM1; k=rsa; p=MII[A-Za-z0-9+/=]+", dkim.record(KEYS["rsa"]))
    kind, _, public = dkim.record(KEYS["ed25519"]).rpartition("; p=")
    assert kind == "v=DKIM1; k=ed25519" and len(b64decode(public)) == 32


@pytest.mark.parametrize(
    ("domain", "selector", "rule"),
    [
        ("acorn.example; d=mallory.example", "s1", "a domain is"),
        ("acorn.example\r\nBcc: x", "s1", "a domain is"),
        ("acorn.example", "s 1", "a selector is"),
        ("", "s1", "a domain is"),
    ],
)
def test_a_name_that_the_dns_cannot_hold(domain: str, selector: str, rule: str) -> None:
    with pytest.raises(RecordError, match=rule):
        dkim.sign(MESSAGE, domain=domain, selector=selector, key=KEYS["ed25519"])


def test_from_must_be_signed() -> None:
    with pytest.raises(RecordError, match="names From"):
        signed(MESSAGE, KEYS["ed25519"], headers=["subject"])
    with pytest.raises(RecordError, match="names From"):
        signed(b"Subject: no author\r\n\r\nx\r\n", KEYS["ed25519"])


@given(st.lists(st.sampled_from([b"\r\n", b" ", b"\t", b"a", b"=", b"\r", b"\n", b"\xff"]), max_size=60))
def test_any_body_is_canonicalized_as_dkimpy_does(parts: list[bytes]) -> None:
    # A last line without CR LF that ends in white space: dkimpy keeps one space of it under relaxed, we none,
    # as RFC 6376 §3.4.4 (a) has it for any line. Over SMTP every message ends in CR LF.
    body = b"".join(parts) + b"\r\n"
    for form in FORMS:
        theirs = getattr(dkimpy.canonicalization, form.title()).canonicalize_body(body)
        assert b"".join(canonical.body(body, form)) == theirs  # type: ignore[arg-type]


def test_a_last_line_without_its_end() -> None:
    assert b"".join(canonical.body(b"Tea? \t", "relaxed")) == b"Tea?\r\n"
    assert b"".join(canonical.body(b"Tea? \t", "simple")) == b"Tea? \t\r\n"


def test_fields_keep_their_folds_and_odd_spaces() -> None:
    message = Message(b"Subject : a\r\n b\r\nnot a: field\r\nTo: x\r\n\r\nbody")
    assert message.fields == [("subject", b"Subject : a\r\n b\r\n"), ("to", b"To: x\r\n")]
    assert b"".join(message.body("simple")) == b"body\r\n"
    assert worth_signing(message.fields) == ["subject", "to"]
