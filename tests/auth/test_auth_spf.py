"""SPF by small examples: reading, advice, steps, identities, replies; and a DNS that means harm."""

from __future__ import annotations

import time
from ipaddress import IPv4Address

import dns.rdata
import dns.resolver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.auth.spf import build, check_host, lint, parse, refusal
from smtplab.mail.errors import RecordError
from smtplab.mail.verdict import walk
from tests.auth.spf_zone import Zone, check

SENDER = "alice@acorn.example"


def zone(record: str, **more: list[tuple[str, str]]) -> Zone:
    return {"acorn.example": [("TXT", record)], **{f"{name}.example": value for name, value in more.items()}}


@pytest.mark.parametrize(
    "record, place",
    [
        ("v=spf1 ip4:192.0.2.256 -all", "192.0.2.256"),
        ("v=spf1 a:192.0.2.1 -all", "192.0.2.1"),
        ("v=spf1 mx/33", "33"),
        ("v=spf1 include -all", "include"),
        ("v=spf1 exists:%{z}.example", "z"),
        ("v=spf1 a:100%.example", "%."),
        ("v=spf1 exp=a.example exp=b.example", "exp=b.example"),
        ("v=spf1 -all all:x", ":x"),
        ("v=spf1\tmx", "v=spf1"),
        ("v=spf1 ip6:::1//64", "//64"),
    ],
)
def test_a_malformed_record_is_pointed_at(record: str, place: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse(record)
    assert record[slice(*caught.value.span)] == place


PIECES = [
    "a",
    "mx",
    "ptr",
    "all",
    ":",
    "/",
    "//",
    "24",
    "%{",
    "d2r",
    "}",
    ".",
    "example",
    "redirect=",
    "exp=",
]
PIECES += ["ip4:", "ip6:", "::1", "192.0.2.1", "%", " ", "-"]


@given(
    st.text(alphabet="v=spf1 +-~?almxeincudr:/%{}46.0_,\x00é\t", max_size=60)
    | st.text(max_size=40)
    | st.lists(st.sampled_from(PIECES)).map("".join)
)
def test_reading_raises_record_errors_alone(text: str) -> None:
    for record in (text, "v=spf1 " + text):
        try:
            assert parse(record).text == record
        except RecordError as error:
            start, end = error.span
            assert 0 <= start <= end <= len(record)
        lint(record)


@pytest.mark.parametrize(
    "record, others, said",
    [
        ("v=spf1 mx -all", [], []),
        ("v=spf1 mx -all", ["hello", "v=spf1 a -all"], ["2 SPF records"]),
        ("v=spf1 +all", [], ["whole world"]),
        ("v=spf1 ptr -all", [], ["not to use it"]),
        ("v=spf1 mx", [], ["without all"]),
        ("v=spf1 -all mx redirect=a.example", [], ["nothing after all", "redirect= counts"]),
        ("v=spf1 ip4:192.0.2.1/24 x=y -all", [], ["ip4:192.0.2.0/24", "x= means nothing"]),
        ("v=spf1 ip4:10.0.0.0/7 a/0 -all", [], ["so short a prefix", "so short a prefix"]),
        ("v=spf1 " + " ".join(f"a:h{n}.example" for n in range(11)) + " -all", [], ["11 terms ask"]),
        ("v=spf1 foo", [], ["no mechanism of this name"]),
        ("v=spf1 " + " ".join(f"ip4:192.0.2.{n}" for n in range(40)) + " -all", [], ["one UDP packet"]),
        ("v=spf1 ip4:192.0.2.0 ip4:192.0.2.0/24 ip6:2001:db8:: -all", [], []),
        ("v=spf1 mx MX ip4:192.0.2.0/24 -ip4:192.0.2.9 ~all", [], ["mx stands before", "covers it"]),
    ],
)
def test_advice(record: str, others: list[str], said: list[str]) -> None:
    advice = lint(record, *others)
    assert len(advice) == len(said)
    for words in said:
        assert any(words in one.message for one in advice)


def test_a_record_is_built() -> None:
    text = build(ip=["192.0.2.1/24", "2001:db8::1"], mx=True, a=["www.acorn.example"], include=["p.example"])
    assert text == "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::1 mx a:www.acorn.example include:p.example ~all"
    assert build(rest="-all") == "v=spf1 -all"
    with pytest.raises(RecordError):
        build(include=["two words"])


def test_one_step_a_term_and_those_of_an_include_inside() -> None:
    world = zone("v=spf1 ip4:198.51.100.1 include:p.example -all", p=[("TXT", "v=spf1 a:h.example -all")])
    verdict = check(world | {"h.example": [("A", "192.0.2.9")]}, "192.0.2.9", SENDER)
    assert (verdict.result, verdict.term) == ("pass", "include:p.example")
    assert verdict.meters["lookups"] == (2, 10)
    assert [(depth, step.what, step.result) for depth, step in walk(verdict.steps)] == [
        (0, "acorn.example", ""),
        (0, "acorn.example TXT", "known"),
        (0, "ip4:198.51.100.1", ""),
        (0, "include:p.example", "pass"),
        (1, "p.example TXT", "known"),
        (1, "a:h.example", "pass"),
        (2, "h.example A", "known"),
    ]


@pytest.mark.parametrize(
    "record, result, code",
    [("v=spf1 -all exp=why.example", "fail", "550 5.7.23"), ("v=spf1 ~all", "softfail", ""),
     ("v=spf1 foo", "permerror", "550 5.7.24"), ("v=spf1 a:slow.example", "temperror", "451 4.7.24")],
)  # fmt: skip
def test_what_a_server_may_answer(record: str, result: str, code: str) -> None:
    world = zone(record, why=[("TXT", "%{i} is not %{d}")], slow=[("TIMEOUT", "")])
    verdict = check(world, "192.0.2.1", SENDER)
    reply = refusal(verdict)
    assert verdict.result == result
    assert (f"{reply.code} {reply.enhanced}" if reply else "") == code
    if result == "fail":
        assert reply and reply.lines[-1] == verdict.explanation == "192.0.2.1 is not acorn.example"
        assert verdict.to_dict()["explanation"] == verdict.explanation


def test_the_null_reverse_path_stands_for_postmaster_at_helo() -> None:
    world = zone("v=spf1 exists:%{l}.%{o} -all")
    world = {**world, "postmaster.acorn.example": [("A", "127.0.0.2")]}
    for sender in ("", "<>"):
        assert check(world, "192.0.2.1", sender, helo="acorn.example").result == "pass"


def test_internationalized_senders() -> None:
    """U-labels are asked for as A-labels, and a local-part beyond ASCII matches nothing (RFC 8616 §4)."""
    world = {"xn--bcher-kva.example": [("TXT", "v=spf1 include:%{l}.x.example exists:%{d} -all")]}
    world["xn--bcher-kva.example"] += [("A", "192.0.2.7")]
    verdict = check(world, "192.0.2.1", "zoë@bücher.example")
    assert (verdict.result, verdict.term) == ("pass", "exists:%{d}")


HOSTILE = {
    "loop": "v=spf1 include:acorn.example",
    "redirects": "v=spf1 redirect=acorn.example",
    "100 kB": "v=spf1 " + "ip4:192.0.2.9 " * 7000 + "-all",
    "64 kB of terms": "v=spf1 " + "ip4:192.0.2.9 " * 4600 + "-all",
    "64 kB of voids": "v=spf1 " + "a:no.example " * 4600 + "-all",
    "macro bomb": "v=spf1 exists:" + "%{s}%{s10r-}" * 5000 + " -all",
    "modifiers": "v=spf1 " + "x=%{l} " * 9000 + "-all",
    "digits": "v=spf1 a:%{d" + "9" * 60000 + "} -all",
    "letters": "v=spf1 a:x." + "a" * 60000 + "!",
    "slashes": "v=spf1 a" + "/" * 30000 + "1" * 30000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_records_end_soon(name: str) -> None:
    start = time.process_time()
    verdict = check(zone(HOSTILE[name]), "192.0.2.1", "l" * 5000 + "@acorn.example", helo="h" * 100_000)
    assert time.process_time() - start < 1
    assert verdict.result in ("permerror", "fail")
    assert len(verdict.queries) <= 12


def test_the_most_questions_that_a_record_can_lead_to() -> None:
    many = [("MX", f"{n} h{n}.example.") for n in range(10)]
    world = {f"m{n}.example": many for n in range(10)}
    world |= {f"h{n}.example": [("A", "192.0.2.2")] for n in range(10)}
    record = "v=spf1 " + " ".join(f"mx:m{n}.example" for n in range(12))
    verdict = check(world | zone(record), "192.0.2.1", SENDER)
    assert verdict.result == "permerror"
    assert len(verdict.queries) == 1 + 10 + 10  # each question once, though 100 addresses were looked at


def test_check_host_with_a_blocking_resolver() -> None:
    asked = []

    def resolve(name: str, rdtype: str) -> list[dns.rdata.Rdata]:
        asked.append((name, rdtype))
        if name == "acorn.example":
            return [dns.rdata.from_text("IN", "TXT", '"v=spf1 a:no.example" " mx:slow.example -all"')]
        raise dns.resolver.NXDOMAIN if name == "no.example" else dns.resolver.LifetimeTimeout

    verdict = check_host("192.0.2.1", "acorn.example", SENDER, resolve=resolve)
    assert (verdict.result, verdict.term) == ("temperror", "mx:slow.example")
    assert verdict.meters["void lookups"] == (1, 2)
    assert asked == [("acorn.example", "TXT"), ("no.example", "A"), ("slow.example", "MX")]
    asked.clear()
    assert check_host("192.0.2.1", "", SENDER, resolve=resolve, patience=-1).result == "temperror"
    assert not asked


@pytest.mark.parametrize(
    "ip", ["", "192.0.2.256", "192.0.2", "192.0.2.1\n", "192.0.2.01", "1٩.0.2.1", "x::1"]
)
def test_what_is_no_ip_address(ip: str) -> None:
    with pytest.raises(ValueError):
        check(zone("v=spf1 -all"), ip, SENDER)


@pytest.mark.parametrize(
    "ip", ["192.0.2.9", "::ffff:192.0.2.9", IPv4Address("192.0.2.9"), "2001:DB8:0::9%eth0"]
)
def test_the_client_in_every_way_to_write_it(ip: str | IPv4Address) -> None:
    verdict = check(zone("v=spf1 ip4:192.0.2.9 ip6:2001:db8::9 -all"), ip, SENDER)
    assert verdict.result == "pass"
    assert verdict.question in [
        f"may {one} send mail for acorn.example?" for one in ("192.0.2.9", "2001:db8::9")
    ]
