"""Verification: what each tag and each key record leads to, and the explanation that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from smtplab.auth import dkim
from smtplab.auth.dkim import DkimVerdict, Policy
from smtplab.auth.dkim.message import without_value
from smtplab.mail.route import Answer
from smtplab.mail.verdict import walk
from tests.auth.dkim_zone import DOMAIN, KEYS, MESSAGE, NAME, NOW, published, rewritten, signed, verdict, zone

KEY = KEYS["ed25519"]
RSA = KEYS["rsa"]
RECORD = dkim.record(KEY)
SIGNED = signed(MESSAGE, KEY)


def tags(change: Callable[[str], str], message: bytes = SIGNED) -> bytes:
    return rewritten(message, KEY, change)


def more(tag: str, message: bytes = SIGNED) -> bytes:
    """With one more tag, signed anew."""
    return tags(lambda field: field.replace(" b=", f" {tag}; b="), message)


def found(verdict: DkimVerdict, what: str) -> str:
    """The words of the first step of this name."""
    return next(step.why for _, step in walk(verdict.steps) if step.what == what)


def test_a_pass_shows_everything() -> None:
    message = signed(MESSAGE, RSA, now=NOW, identity="alice@acorn.example")
    result = verdict(message, published(RSA))
    assert (result.result, result.cause, result.method) == ("pass", "", "DKIM")
    assert (result.domain, result.selector, result.identity) == (DOMAIN, "s1", "alice@acorn.example")
    assert (result.algorithm, result.body_hash) == ("rsa-sha256", result.claimed)
    assert result.canonical_body.startswith(b"Shall we have tea?\r\n\r\n Or coffee, or both.\r\n")
    assert result.canonical_header.startswith(b"from:Alice <alice@acorn.example>\r\n")
    assert result.canonical_header.endswith(b"b=")
    assert [(question.name, question.rdtype) for question, _ in result.queries] == [(NAME, "TXT")]
    assert result.key is not None and result.key.bits == 2048
    assert result.field + MESSAGE == message
    assert found(result, "computed") == f"sha256 of {len(result.canonical_body)} octets: {result.body_hash}"
    assert all(step.ref for step in result.steps)
    assert result.to_dict()["cause"] == "" and "✓ pass" in result.text()


@pytest.mark.parametrize(
    ("tag", "result", "cause"),
    [
        ("i=bob@mail.acorn.example", "pass", ""),
        ("i=@birch.example", "permerror", "domain-mismatch"),
        ("i=@ACORN.example", "pass", ""),
        ("i=@notacorn.example", "permerror", "domain-mismatch"),
        ("q=dns/txt", "pass", ""),
        ("q=http:dns/txt", "pass", ""),
        ("q=http", "neutral", "syntax"),
        ("x=1772442001; t=1772442000", "pass", ""),
        ("x=1772441000", "policy", "expired"),
        ("x=1772441999", "pass", ""),  # a second ago: within the skew
        ("x=1772441000; t=1772442000", "neutral", "syntax"),
        ("t=1772442200", "pass", ""),
        ("t=1772449200", "policy", "future"),
        ("t=99999999999999", "neutral", "syntax"),
        ("x-unknown=1", "neutral", "syntax"),
        ("zz=1", "pass", ""),
        ("d=acorn.example", "neutral", "syntax"),  # twice
        ("l=99999", "fail", "body-truncated"),
        ("l=a", "neutral", "syntax"),
        ("z=From:a|b", "pass", ""),
    ],
)
def test_one_more_tag(tag: str, result: str, cause: str) -> None:
    one = verdict(more(tag), published(KEY))
    assert (one.result, one.cause) == (result, cause)


@pytest.mark.parametrize(
    ("old", "new", "result", "cause"),
    [
        ("v=1;", "", "neutral", "syntax"),
        ("v=1;", "v=2;", "neutral", "syntax"),
        ("a=ed25519-sha256", "a=ed448-sha512", "neutral", "algorithm"),
        ("a=ed25519-sha256", "a=rsa-sha256", "permerror", "key-type"),
        ("a=ed25519-sha256", "a=Ed25519-SHA256", "pass", ""),
        ("c=relaxed/relaxed", "c=Relaxed / RELAXED", "pass", ""),
        ("c=relaxed/relaxed;", "", "fail", "canonicalization"),
        ("c=relaxed/relaxed", "c=relaxed/simple", "fail", "canonicalization"),
        ("c=relaxed/relaxed", "c=nofws", "neutral", "syntax"),
        ("d=acorn.example", "d=acorn", "neutral", "syntax"),
        ("d=acorn.example", "d=.acorn.example", "neutral", "syntax"),
        ("d=acorn.example", "d=birch.example", "permerror", "no-key"),
        ("s=s1", "s=s2", "permerror", "no-key"),
        ("s=s1", "s=s 1", "pass", ""),  # white space in a name is white space between nothing
        ("h=from:from:", "h=", "permerror", "from-unsigned"),
        ("h=from:", "h=from::", "neutral", "syntax"),
        ("h=from:", "h=FROM : ", "pass", ""),
        ("bh=", "bh=!", "neutral", "syntax"),
    ],
)
def test_another_tag(old: str, new: str, result: str, cause: str) -> None:
    def change(field: str) -> str:
        assert old in field
        return field.replace(old, new)

    one = verdict(tags(change), published(KEY))
    assert (one.result, one.cause) == (result, cause)


def test_length() -> None:
    size = len(MESSAGE.partition(b"\r\n\r\n")[2])
    message = signed(MESSAGE, KEY, canonicalization=("relaxed", "simple"))
    limited = more(f"l={size}", message)
    assert verdict(limited + b"A footer\r\n", published(KEY)).result == "pass"
    one = verdict(limited + b"A footer\r\n", published(KEY), policy=Policy(length=False))
    assert (one.result, one.cause) == ("policy", "body-length")
    assert "10 octets come after" in found(
        verdict(limited + b"A footer\r\n", published(KEY)), f"behind l={size}"
    )
    assert verdict(limited.replace(b"tea?", b"milk?"), published(KEY)).result == "fail"
    assert verdict(limited[:-20] + b"\r\n", published(KEY)).cause == "body-truncated"


@pytest.mark.parametrize(
    ("change", "result", "cause"),
    [
        (lambda m: m.replace(b"From: Alice <alice@acorn.example>\r\n", b""), "permerror", "from-missing"),
        (
            lambda m: m.replace(b"From: Alice", b"From: Mallory <m@m.example>\r\nFrom: Alice"),
            "fail",
            "header-added:from",
        ),
    ],
)
def test_no_from_and_two(change: Callable[[bytes], bytes], result: str, cause: str) -> None:
    one = verdict(change(SIGNED), published(KEY))
    assert (one.result, one.cause) == (result, cause)


def test_two_from_that_the_signature_lets_through() -> None:
    once = signed(MESSAGE, KEY, headers=["from", "subject"])
    two = once.replace(b"From: Alice", b"From: Mallory <m@mallory.example>\r\nFrom: Alice")
    one = verdict(two, published(KEY))
    assert (one.result, one.cause) == ("policy", "from-many")
    assert verdict(two, published(KEY), policy=Policy(many_from=True)).result == "pass"


def test_several_signatures_each_get_a_verdict() -> None:
    both = signed(SIGNED, RSA)
    resolve = zone({NAME: [RECORD, dkim.record(RSA)]})
    verdicts = dkim.verify(both, resolve=resolve, now=NOW)
    assert [(one.result, one.algorithm) for one in verdicts] == [
        ("pass", "rsa-sha256"),
        ("pass", "ed25519-sha256"),
    ]
    many = b"".join([SIGNED.partition(b"Received")[0]] * 30) + MESSAGE
    verdicts = dkim.verify(many, resolve=published(KEY), now=NOW, policy=Policy(most=3))
    assert [one.result for one in verdicts] == ["pass"] * 3 + ["policy"] * 27
    many = b"".join([SIGNED.partition(b"Received")[0]] * 5000) + MESSAGE
    named = dkim.verify(many, resolve=published(KEY), now=NOW)
    assert [one.result for one in named] == ["pass"] * 10 + ["policy"] * 91
    assert "4900 more" in named[-1].text()
    assert verdicts[-1].cause == "too-many" and dkim.verify(MESSAGE, resolve=resolve, now=NOW) == []


def test_signing_a_signature_takes_the_one_below() -> None:
    """h= may name DKIM-Signature: then another one is meant, never the field itself (RFC 6376 §3.7)."""
    below = SIGNED
    above = signed(below, RSA, headers=["from", "dkim-signature"])
    resolve = zone({NAME: [RECORD, dkim.record(RSA)]})
    assert [one.result for one in dkim.verify(above, resolve=resolve, now=NOW)] == ["pass", "pass"]
    first = signed(MESSAGE, KEY, headers=["from", "dkim-signature"])
    assert verdict(first, published(KEY)).result == "pass"  # it has signed that there was none yet
    (upper, lower) = dkim.verify(signed(first, RSA), resolve=resolve, now=NOW)
    assert (upper.result, lower.cause) == ("pass", "header-added:dkim-signature")
    changed = above.replace(b"a=ed25519-sha256", b"x=1772500000; a=ed25519-sha256")
    assert [one.result for one in dkim.verify(changed, resolve=resolve, now=NOW)] == ["fail", "fail"]


def test_only_the_tag_b_is_left_out() -> None:
    for field, without in (
        (b"A: v=1; b=x y;\r\n z=b=1; bh=2\r\n", b"A: v=1; b=;\r\n z=b=1; bh=2"),
        (b"A:b = x\r\n y\r\n", b"A:b ="),
        (b"A: h=c:b=2; b=3", b"A: h=c:b=2; b="),
        (b"A: v=1", b"A: v=1"),
    ):
        assert without_value(field) == without


def test_a_file_with_bare_line_feeds() -> None:
    one = verdict(SIGNED.replace(b"\r\n", b"\n"), published(KEY))
    assert one.result == "pass" and one.steps[0].what == "line ends"


def test_the_question_is_asked_once_and_by_a_generator() -> None:
    both = SIGNED.partition(b"Received")[0] + SIGNED
    asking = dkim.evaluate(both, now=NOW)
    question = next(asking)
    assert (question.name, question.rdtype) == (NAME, "TXT")
    with pytest.raises(StopIteration) as end:
        asking.send(Answer("found", (RECORD,)))
    assert [one.result for one in end.value.value] == ["pass", "pass"]


def test_internationalized_names() -> None:
    message = tags(
        lambda field: field.replace("d=acorn.example", "d=bücher.example; i=@mail.xn--bcher-kva.example")
    )
    one = verdict(message, zone({"s1._domainkey.xn--bcher-kva.example": RECORD}))
    assert (one.result, one.domain) == ("pass", "xn--bcher-kva.example")
    assert (
        verdict(message.replace(b"@mail.xn--bcher-kva", b"@mail.birch"), published(KEY)).cause
        == "domain-mismatch"
    )


def test_what_if() -> None:
    one = verdict(SIGNED, published(KEY))
    gone = one.what_if(records={(NAME, "TXT"): []})
    assert (gone.after.result, gone.changed) == ("permerror", True)
    later = verdict(more("x=1772445600"), published(KEY)).what_if(now=NOW + timedelta(days=1))
    assert later.after.result == "policy"
    assert one.what_if(message=SIGNED + b"Bye\r\n").after.result == "fail"
    assert one.what_if(message=MESSAGE).after.result == "none"
    assert one.what_if(policy=Policy(most=0)).after.result == "policy"
    again = one.what_if(records={(NAME, "TXT"): "v=DKIM1; p="}).after
    assert again.what_if(records={(NAME, "TXT"): RECORD}).after.result == "pass"
