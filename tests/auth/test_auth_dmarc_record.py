"""The DMARC record: read, written, and given advice on; and whatever strangers publish."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.auth.advice import ORDER
from smtplab.auth.dmarc import build, lint, parse, select
from smtplab.auth.dmarc.record import MAX_TEXT, MOST_TAGS, Alignment, Policy
from smtplab.mail.errors import RecordError

REPORTS = "rua=mailto:d@acorn.example"
BEGINNINGS = ["v=DMARC1", "v=DMARC1;", "V = DMARC1 ;", "v=DMARC2;", "v=dmarc1;", "", "p=none; v=DMARC1"]
PARTS = [
    "p=", "none", "reject", "sp=", "np=", "psd=y", "t=y", "adkim=s", "fo=0:1:d", "rua=mailto:", "a@b",
    ";", " ", ",", "=", "!10m", "pct=50", "\x00", "ü", "v=DMARC1", "\udc80", "x" * 300, ";" * 300,
]  # fmt: skip


def advice(text: str, *others: str, name: str = "_dmarc.acorn.example") -> list[tuple[str, str, str]]:
    """What is advised: how bad, the piece of the text, and the citation."""
    found = lint(text, *others, name=name)
    return [(one.result, text[slice(*one.span)], one.ref) for one in found]


def test_a_record_with_everything() -> None:
    text = "v=DMARC1; p=reject; sp=quarantine; np=reject; psd=n; t=y; adkim=s; aspf=s; fo=1:d:s; "
    text += "rua=mailto:a@acorn.example,mailto:b@birch.example!10m; ruf=mailto:c@acorn.example"
    record = parse(text)
    assert (record.p, record.sp, record.np, record.psd, record.testing) == (
        "reject", "quarantine", "reject", "n", True,
    )  # fmt: skip
    assert (record.adkim, record.aspf, record.fo) == ("s", "s", "1:d:s")
    assert record.rua == ("mailto:a@acorn.example", "mailto:b@birch.example")
    assert record.ruf == ("mailto:c@acorn.example",)
    assert record.faults == () and record.sound and record.usable


def test_spans_are_those_of_the_text() -> None:
    text = "V=DMARC1 ;  p = Reject ;x"
    record = parse(text)
    assert [(tag.name, text[slice(*tag.span)]) for tag in record.tags] == [
        ("v", "V=DMARC1"),
        ("p", "p = Reject"),
    ]
    assert [text[slice(*tag.span)] for tag, _ in record.faults] == ["x"]


def test_the_names_of_tags_have_case() -> None:
    """They are DKIM's (RFC 6376 §3.2); the version alone is an ABNF literal."""
    text = "v=DMARC1; p=none; P=reject; Fruit=apple"
    record = parse(text)
    assert record.p == "none"
    assert [(tag.name, "small letters" in why) for tag, why in record.faults] == [("P", True)]
    text = "v=DMARC1; P=reject"
    advice = [(text[slice(*one.span)], one.result) for one in lint(text)]
    assert advice == [("", "permerror"), ("P=reject", "policy")]


def test_the_first_of_two_tags_counts() -> None:
    record = parse("v=DMARC1; p=reject; p=none")
    assert record.p == "reject" and "twice" in record.faults[0][1]


@pytest.mark.parametrize("fo", ["2", "0:1", "d:d", "", "0:", "ds"])
def test_an_fo_that_is_none_is_the_default(fo: str) -> None:
    record = parse(f"v=DMARC1; p=none; fo={fo}")
    assert record.fo == "0" and [tag.name for tag, _ in record.faults] == ["fo"]


@pytest.mark.parametrize(
    ("text", "span"), [("v=dmarc1; p=none", (0, 8)), ("p=none", (0, 6)), ("", (0, 0)), (" v=DMARC1", (0, 9))]
)
def test_what_is_no_record_has_a_place(text: str, span: tuple[int, int]) -> None:
    with pytest.raises(RecordError) as raised:
        parse(text)
    assert raised.value.span == span
    assert select([text]) == []


def test_no_more_than_the_dns_can_carry() -> None:
    with pytest.raises(RecordError):
        parse("v=DMARC1; p=none; x=" + "y" * MAX_TEXT)
    assert len(parse("v=DMARC1" + ";x=y" * 10_000).tags) == MOST_TAGS


@given(st.sampled_from(BEGINNINGS), st.lists(st.sampled_from(PARTS) | st.text(max_size=8), max_size=25))
def test_whatever_is_published_only_recorderror_comes(start: str, parts: list[str]) -> None:
    text = start + "".join(parts)
    assert all(0 <= one.span[0] <= one.span[1] <= len(text) for one in lint(text, text, name="_dmarc.a"))
    try:
        record = parse(text)
    except RecordError as error:
        assert 0 <= error.span[0] <= error.span[1] <= len(text)
        return
    assert all(text[slice(*tag.span)].lower().startswith(tag.name) for tag in record.tags)
    assert record.sound <= record.usable


@given(
    st.sampled_from(get_args(Policy)),
    st.sampled_from((None, *get_args(Policy))),
    st.sampled_from((None, *get_args(Policy))),
    st.sampled_from(get_args(Alignment)),
    st.booleans(),
    st.sampled_from("yun"),
)
def test_what_is_built_is_read(
    p: Policy, sp: Policy | None, np: Policy | None, mode: Alignment, testing: bool, psd: str
) -> None:
    text = build(p, sp=sp, np=np, adkim=mode, aspf=mode, testing=testing, psd=psd, rua=["d@acorn.example"])
    record = parse(text)
    assert (record.p, record.sp, record.np) == (p, sp or "", np or "")
    assert (record.adkim, record.aspf, record.testing, record.psd) == (mode, mode, testing, psd)
    assert record.rua == ("mailto:d@acorn.example",) and not record.faults


def test_what_cannot_be_written() -> None:
    assert build() == "v=DMARC1; p=none"
    for wrong in ("not an address", "a@b;p=none", "mailto:", "a@b,c@d e"):
        with pytest.raises(RecordError):
            build(rua=[wrong])


# The linter: the record, and what is said about it --------------------------------------------------------

LINTED = [
    ("v=DMARC1; p=reject; " + REPORTS, []),
    ("v=DMARC1; p=none", [("policy", "p=none", "RFC 9989 §4.7")]),
    ("v=DMARC1", [("permerror", "", "RFC 9989 §4.10.1")]),
    ("v=DMARC1; " + REPORTS, [("policy", "", "RFC 9989 §4.10.1")]),
    ("v=DMARC1; p=reject; pct=20", [("neutral", "pct=20", "RFC 9989 §9.3")]),
    ("v=DMARC1; p=reject; rf=afrf; ri=3600",
     [("neutral", "rf=afrf", "RFC 9989 §9.3"), ("neutral", "ri=3600", "RFC 9989 §9.3")]),
    ("v=DMARC1; p=reject; sp=none", [("policy", "sp=none", "RFC 9989 §4.7")]),
    ("v=DMARC1; p=none; sp=reject; " + REPORTS, []),
    ("v=DMARC1; p=reject; np=quarantine", [("policy", "np=quarantine", "RFC 9989 §4.7")]),
    ("v=DMARC1; p=refuse", [("permerror", "p=refuse", "RFC 9989 §4.7")]),
    ("v=DMARC1; p=reject; adkim=strict", [("policy", "adkim=strict", "RFC 9989 §4.7")]),
    ("v=DMARC1; p=reject; t=y", [("neutral", "t=y", "RFC 9989 §4.7")]),
    ("v=DMARC1; p=reject; psd=y", [("policy", "psd=y", "RFC 9989 §4.7")]),
    ("v=DMARC1; p=reject; fo=1", [("neutral", "fo=1", "RFC 9989 §4.7")]),
    ("v=DMARC1; p=reject; fruit=apple", [("neutral", "fruit=apple", "RFC 9989 §4.7")]),
    ("v=DMARC1; p=reject; rua=mailto:d@birch.example",
     [("neutral", "rua=mailto:d@birch.example", "RFC 9990 §4")]),
    ("v=DMARC1; p=reject; rua=mailto:d@reports.acorn.example", []),
    ("v=DMARC1; p=reject; rua=https://acorn.example/r",
     [("neutral", "rua=https://acorn.example/r", "RFC 9989 §4.6")]),
    ("v=DMARC1; p=reject; rua=d@acorn.example", [("policy", "rua=d@acorn.example", "RFC 9989 §4.7")]),
    ("v=DMARC1; p=reject; hello", [("policy", "hello", "RFC 9989 §4.7")]),
    ("v=dmarc1; p=reject", [("permerror", "v=dmarc1", "RFC 9989 §4.7")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), LINTED, ids=[text for text, _ in LINTED])
def test_advice(text: str, said: list[tuple[str, str, str]]) -> None:
    assert advice(text) == said


def test_two_records_and_the_wrong_name() -> None:
    text = "v=DMARC1; p=reject"
    whole = ("permerror", text, "RFC 9989 §4.10")
    assert advice(text, "v=spf1 -all") == []
    assert advice(text, "v=DMARC1; p=none") == [whole]
    assert advice(text, name="acorn.example") == [("permerror", text, "RFC 9989 §4.5")]


def test_the_worst_comes_first() -> None:
    found = [ORDER.index(one.result) for one in lint("v=DMARC1; pct=1; adkim=x; np=no; p=none")]
    assert found == sorted(found) and len(set(found)) == 3


def test_a_misspelled_policy_is_not_said_twice() -> None:
    assert len(lint("v=DMARC1; p=refuse; sp=refuse")) == 2
