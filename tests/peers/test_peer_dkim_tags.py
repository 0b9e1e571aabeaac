"""Our DKIM beside mailauth in its strict mode: signatures with odd tags, and odd key records."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smtplab.auth import dkim
from tests.auth.dkim_zone import KEYS, MESSAGE, NAME, NOW, rewritten, signed, zone
from tests.peers import mailauth_batch

KEY = KEYS["ed25519"]
RECORD = dkim.record(KEY)
SIGNED = signed(MESSAGE, KEY)

# tags that are added to a signature, which is then made anew over what stands there
ADDED = (
    "i=bob@mail.acorn.example", "i=@birch.example", "i=@ACORN.example", "i=@notacorn.example", "q=dns/txt",
    "q=http:dns/txt", "q=http", "x=1772442001; t=1772442000", "x=1772441000", "x=1772441999",
    "x=1772441000; t=1772442000", "t=1772442200", "t=1772449200", "t=99999999999999", "x-unknown=1", "zz=1",
    "d=acorn.example", "l=99999", "l=a", "l=10", "z=From:a|b",
)  # fmt: skip
# what stands in a signature, and what is put there
CHANGED = (
    ("v=1;", ""), ("v=1;", "v=2;"), ("v=1;", "V=1;"), ("a=ed25519-sha256", "a=ed448-sha512"),
    ("a=ed25519-sha256", "a=rsa-sha256"), ("a=ed25519-sha256", "a=Ed25519-SHA256"),
    ("c=relaxed/relaxed", "c=Relaxed / RELAXED"), ("c=relaxed/relaxed;", ""),
    ("c=relaxed/relaxed", "c=relaxed/simple"), ("c=relaxed/relaxed", "c=nofws"),
    ("d=acorn.example", "d=acorn"), ("d=acorn.example", "d=.acorn.example"),
    ("d=acorn.example", "d=birch.example"), ("s=s1", "s=s2"), ("s=s1", "s=s 1"), ("h=from:from:", "h="),
    ("h=from:", "h=from::"), ("h=from:", "h=FROM : "), ("bh=", "bh=!"),
)  # fmt: skip
BEHIND = (
    "", "; t=s", "; t=y", "; t=", "; h=sha1", "; h=sha256", "; h=sha1:sha256", "; h=", "; s=email",
    "; s=tlsrpt", "; s=*", "; s=", "; n=a note", ";", "; zz", "; zz=1", "; p=AAAA",
)  # fmt: skip
RECORDS = (
    *("v=DKIM1; k=ed25519; p=", "v=DKIM1", ""),
    *(RECORD + more for more in BEHIND),
    RECORD.replace("DKIM1", "DKIM2"),
    RECORD.replace("DKIM1", "dkim1"),
    RECORD.replace("v=DKIM1; ", ""),
    RECORD.replace("k=ed25519", "k=rsa"),
    RECORD.replace("k=ed25519", "k=ED25519"),
    RECORD.replace("p=", "P="),
    RECORD.replace("; ", " ;  "),
    RECORD.removeprefix("v=DKIM1; ") + "; v=DKIM1",
)


def cases() -> list[tuple[str, bytes, str]]:
    """What is odd, the message, and the key record."""
    found = [(tag, rewritten(SIGNED, KEY, _adding(tag)), RECORD) for tag in ADDED]
    for old, new in CHANGED:
        message = rewritten(SIGNED, KEY, lambda field, old=old, new=new: field.replace(old, new))  # type: ignore[misc]
        assert message != SIGNED
        found.append((f"{old} -> {new}", message, RECORD))
    return found + [(f"key {text.replace(RECORD, '...')}", SIGNED, text) for text in RECORDS]


def _adding(tag: str) -> Callable[[str], str]:
    return lambda field: field.replace(" b=", f" {tag}; b=")


def kind(results: list[str]) -> str:
    """pass, fail, or neither (RFC 8601 §2.7.1): neutral, permerror, policy. mailauth has neutral for most."""
    (result,) = results
    return result if result in ("pass", "fail") else "neither"


def test_mailauth_takes_odd_tags_alike(mailauth: tuple[str, str]) -> None:
    made = cases()
    told = mailauth_batch.ask(
        *mailauth, verify=[message for _, message, _ in made], keys={}, strict=True, now=NOW.isoformat(),
        more=[{NAME: record} for _, _, record in made],
    )["verify"]  # fmt: skip
    differing = {}
    for (what, message, record), other in zip(made, told, strict=True):
        verdicts = dkim.verify(message, resolve=zone({NAME: record}), now=NOW)
        pair = kind([one.result for one in verdicts]), kind([one["result"] for one in other])
        if pair[0] != pair[1]:
            differing[what] = pair
    assert differing == {what: pair for what, (pair, _) in DIFFERENT.items()}
    assert len(made) - len(differing) > 55


CLOCK = "clocks differ, so we give an expiry some minutes, and doubt a time that is far ahead (RFC 6376 §3.5)"
# what is odd -> our kind of result and mailauth's, and why
DIFFERENT = {
    "x=1772441999": (("pass", "neither"), CLOCK),
    "t=1772449200": (("neither", "pass"), CLOCK),
    "l=99999": (("fail", "pass"), "l= must not say more than the body has (RFC 6376 §3.5)"),
    "s=s1 -> s=s 1": (
        ("pass", "neither"),
        "RFC 6376 §3.5 has no white space in s=; we ask without it",
    ),
    "h=from: -> h=from::": (("neither", "pass"), "no name of a field is empty (RFC 6376 §3.5)"),
    "bh= -> bh=!": (("neither", "fail"), "it compares what is no base64, and we stop at it (RFC 6376 §3.5)"),
}


@pytest.mark.parametrize("tag", ["h", "s"])
def test_a_list_that_names_nothing_is_no_key(tag: str) -> None:
    """RFC 6376 §3.6.1: at least one name is there."""
    (verdict,) = dkim.verify(SIGNED, resolve=zone({NAME: f"{RECORD}; {tag}="}), now=NOW)
    assert (verdict.result, verdict.cause) == ("neutral", "key-syntax")
