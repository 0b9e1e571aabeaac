"""Tag lists, DKIM-Signature and ARC sets, read and not verified: RFC 6376 §3, RFC 8617 §4."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from smtplab.mail.errors import RecordError
from smtplab.mail.header import arc, signature, tags
from smtplab.mail.header.field import fields
from smtplab.mail.verdict import Step, walk

TEXT = st.text(st.one_of(st.sampled_from(';=:<>@"()\\, \r\n\ti1'), st.characters()), max_size=60)


def said(steps: tuple[Step, ...]) -> str:
    return " ".join(step.why for _, step in walk(steps))


# tags and signatures ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("v=1", {"v": "1"}),
        ("v=1; a=b;", {"v": "1", "a": "b"}),
        (" v = 1 ;\r\n\ta = b c ; ", {"v": "1", "a": "b c"}),
        ("b=a=b=", {"b": "a=b="}),
        ("n=", {"n": ""}),
        ("A=1;a=2", {"A": "1", "a": "2"}),  # names have case
    ],
)
def test_tag_lists(text: str, pairs: dict[str, str]) -> None:
    found = tags.parse(text)
    assert {name: tag.value for name, tag in found.items()} == pairs
    assert all(text[slice(*tag.span)] == tag.value for tag in found.values())


@pytest.mark.parametrize(
    ("text", "pointed_at"),
    [
        ("", ""),
        (";", ""),
        ("v=1;;a=b", ""),
        ("v", "v"),
        ("=1", "=1"),
        ("1a=b", "1a=b"),
        ("v=1; v=2", " v=2"),
        ("v=\u00fc", "\u00fc"),
        ("v=a\x00b", "\x00"),
    ],
)
def test_no_tag_lists(text: str, pointed_at: str) -> None:
    with pytest.raises(RecordError) as caught:
        tags.parse(text)
    assert text[slice(*caught.value.span)] == pointed_at


SIGNED = (
    "v=1; a=rsa-sha256; c=relaxed/simple; d=Acorn.example; s=k1;\r\n"
    " h=From : to:\r\n\tsubject; bh=ab c=; b=d\r\n\te=="
)


def test_a_signature() -> None:
    found = signature.parse(
        SIGNED + "; t=1772442000; x=1772528400; l=20; i=alice@mail.acorn.example; q=dns/txt"
    )
    assert (found.domain, found.selector, found.algorithm) == ("acorn.example", "k1", "rsa-sha256")
    assert found.key_name == "k1._domainkey.acorn.example"
    assert found.headers == ("from", "to", "subject")
    assert (found.body_hash, found.signature) == ("abc=", "de==")
    assert found.canonicalization == ("relaxed", "simple")
    assert found.signed_at and found.expires and (found.expires - found.signed_at).days == 1
    assert (found.length, found.identity) == (20, "alice@mail.acorn.example")
    plain = signature.parse(SIGNED.replace(" c=relaxed/simple;", ""))
    assert (plain.canonicalization, plain.length, plain.signed_at) == (("simple", "simple"), None, None)
    assert plain.identity == "@acorn.example"
    assert signature.parse(SIGNED.replace("relaxed/simple", "relaxed")).canonicalization == (
        "relaxed",
        "simple",
    )


@pytest.mark.parametrize(
    ("old", "new", "rule", "pointed_at"),
    [
        ("v=1; ", "", "has the tag v=", ""),
        ("s=k1;", "", "has the tag s=", ""),
        ("v=1", "v=2", "version", "2"),
        ("From : ", "", "h= names From", "to:\r\n\tsubject"),
        ("; b=", "; i=a@other.example; b=", "in the domain d=", "a@other.example"),
        ("; b=", "; i=a@evilacorn.example; b=", "in the domain d=", "a@evilacorn.example"),
        ("; b=", "; l=-1; b=", "number of octets", "-1"),
        ("; b=", "; t=soon; b=", "seconds since 1970", "soon"),
        ("; b=", "; t=999999999999; b=", "seconds since 1970", "999999999999"),
        ("; b=", "; t=5; x=5; b=", "later than t=", "5"),
    ],
)
def test_malformed_signatures(old: str, new: str, rule: str, pointed_at: str) -> None:
    with pytest.raises(RecordError, match=rule) as caught:
        signature.parse(SIGNED.replace(old, new))
    assert caught.value.text[slice(*caught.value.span)] == pointed_at


def test_which_fields_are_signed() -> None:
    """RFC 6376 §5.4.2: from the bottom up, and a name too many closes the door."""
    known = fields(f"To: added later\nDKIM-Signature: {SIGNED}\nFrom: a\nTo: first\nTo: second\n")
    own = known[1]
    text = SIGNED.replace("From : to:", "to:to:from:from:dkim-signature:")
    pairs = signature.signed(signature.parse(text), known, own)
    assert [(name, field.value if field else None) for name, field in pairs] == [
        ("to", "second"),
        ("to", "first"),
        ("from", "a"),
        ("from", None),
        ("dkim-signature", None),
        ("subject", None),
    ]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("From: a@acorn.example\n", "From is in that domain too"),
        ("From: a@mail.acorn.example\n", "From is in that domain too"),
        ("From: a@evilacorn.example\n", "From is in another domain"),
        ("From: a@b\nDate: x\nReply-To: y\n", "does not cover date, reply-to"),
        ("From: a@b\n", "Names more of to, subject than there are"),
    ],
)
def test_what_a_signature_covers(header: str, words: str) -> None:
    known = fields(f"DKIM-Signature: {SIGNED}\n{header}")
    assert words.lower() in said(signature.explain(known[0], known)).lower()


# ARC --------------------------------------------------------------------------------------------

AAR = "ARC-Authentication-Results: i={0}; list{0}.example; spf=pass smtp.mailfrom=a.example\n"
AMS = "ARC-Message-Signature: i={0}; a=rsa-sha256; d=list{0}.example; s=k; h=from; bh=x; b=y\n"
SEAL = "ARC-Seal: i={0}; a=rsa-sha256; cv={1}; d=list{0}.example; s=k; b=z\n"


def arc_set(number: int, cv: str = "") -> str:
    return (
        SEAL.format(number, cv or ("none" if number == 1 else "pass"))
        + AMS.format(number)
        + AAR.format(number)
    )


@pytest.mark.parametrize(
    ("header", "result", "words"),
    [
        ("", "none", "no ARC set"),
        (arc_set(1), "claimed", "A claim by list1.example, no domain that you trust"),
        (arc_set(2) + arc_set(1), "claimed", "It counts once the seal is verified"),
        (arc_set(3) + arc_set(1), "fail", "The sets 2 are missing"),
        (arc_set(2), "fail", "The sets 1 are missing"),
        (arc_set(1) + arc_set(2), "claimed", "A newer set should stand above the older ones"),
        (arc_set(1) + arc_set(1), "fail", "2 ARC-Seal fields instead of one"),
        (
            SEAL.format(1, "none") + AMS.format(1),
            "fail",
            "no ARC-Authentication-Results field instead of one",
        ),
        (arc_set(1, "pass"), "fail", "cv=pass where it should be none"),
        (arc_set(2, "none") + arc_set(1), "fail", "cv=none where it should be pass"),
        (arc_set(2, "fail") + arc_set(1), "fail", "the sealer itself found the chain broken"),
        (arc_set(51), "fail", "from 1 to 50"),
        ("ARC-Seal: nonsense\n", "fail", "from 1 to 50"),
        (arc_set(1).replace("cv=none;", "cv=none; h=from;"), "fail", "h=, which is not allowed"),
        (arc_set(1).replace("bh=x;", ""), "fail", "ARC-Message-Signature lacks bh="),
        (arc_set(1).replace("i=1; a=rsa-sha256; cv", "i=1; a; cv"), "fail", "no ARC-Seal field"),
    ],
)
def test_arc_sets(header: str, result: str, words: str) -> None:
    verdict = arc.explain(fields(header + "From: a@b\n"))
    assert (verdict.result, words.lower() in said(verdict.steps).lower()) == (result, True)


def test_an_arc_set_of_a_trusted_domain_is_still_a_claim() -> None:
    verdict = arc.explain(fields(arc_set(1)), ["list1.example"])
    assert verdict.result == "claimed"
    assert "a domain that you trust" in said(verdict.steps)
    [found] = arc.sets(fields(arc_set(1)))
    assert (found.instance, found.domain, found.authserv_id, found.cv) == (
        1,
        "list1.example",
        "list1.example",
        "none",
    )
