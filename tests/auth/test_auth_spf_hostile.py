"""SPF under a DNS that answers anything, or slowly: a verdict all the same, in bounded questions and time."""

from __future__ import annotations

import time

import dns.rdata
import dns.resolver
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.auth.spf import SpfVerdict, evaluate
from smtplab.auth.spf.check import drive
from smtplab.mail.route import Answer
from smtplab.mail.verdict import walk
from tests.auth.spf_zone import Zone, check

RESULTS = {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}
MOST = (
    1 + 10 + 10 * 10 + 11 + 2
)  # the record, ten terms, ten MX hosts each, a PTR and its names, exp and its own

DOMAIN = st.sampled_from(
    ["e.example", "%{d}", "%{p}.example", "%{s}%{l}%{ir}.example", "x.%{h}", "%{D}.", "a..b"]
)
TERM = st.one_of(
    st.builds(
        str.__add__,
        st.sampled_from(["include:", "a:", "mx:", "ptr:", "exists:", "redirect=", "exp="]),
        DOMAIN,
    ),
    st.sampled_from(
        ["mx", "ptr", "a/0", "ip4:0.0.0.0/1", "?all", "x=%{p}", "%", "ip6:::/0", "include:e.example"]
    ),
)
RECORD = st.lists(TERM, max_size=12).map(lambda terms: " ".join(["v=spf1", *terms]))
VALUE = st.one_of(
    RECORD,
    st.text(max_size=20),
    st.sampled_from(
        ["10 e.example.", "0 .", "65536", "192.0.2.1", "::1", "e.example.", "\\000.", "x" * 300, "\udc80"]
    ),
)
ANSWER = st.one_of(
    st.lists(VALUE, min_size=1, max_size=12).map(lambda values: Answer("found", tuple(values))),
    st.lists(RECORD, min_size=1, max_size=1).map(lambda values: Answer("found", tuple(values))),
    st.sampled_from([Answer("no data"), Answer("no such name"), Answer("no answer", note="\x1b[2J")]),
)


@settings(max_examples=80)
@given(
    st.lists(ANSWER, min_size=1, max_size=12),
    st.sampled_from(["192.0.2.1", "2001:db8::1"]),
    st.text(max_size=12).map(lambda local: f"{local}@e.example") | st.sampled_from(["", "<>", "@", "a@b@"]),
)
def test_any_answers_give_a_verdict(answers: list[Answer], ip: str, sender: str) -> None:
    asking = evaluate(ip, "e.example", sender, helo="h.example")
    count = 0
    try:
        next(asking)
        while True:
            asking.send(answers[count % len(answers)])
            count += 1
    except StopIteration as end:
        verdict: SpfVerdict = end.value
    assert verdict.result in RESULTS
    assert count < MOST
    assert verdict.meters["lookups"][0] <= 11 and verdict.meters["void lookups"][0] <= 3
    assert "\x1b" not in verdict.text() and verdict.explanation.isascii()
    assert all(len(step.what) < 1500 and len(step.why) < 6000 for _, step in walk(verdict.steps))


def test_slow_answers_are_not_waited_for_without_end() -> None:
    """Each answer takes 4.9 s, and no time is left for a sixth question: a temperror (RFC 7208 §4.6.4)."""
    now = 0.0
    asked = []

    def resolve(name: str, rdtype: str) -> list[dns.rdata.Rdata]:
        nonlocal now
        now += 4.9
        asked.append(name)
        if rdtype == "TXT":
            number = int(name[1:].partition(".")[0])
            return [dns.rdata.from_text("IN", "TXT", f'"v=spf1 include:p{number + 1}.example -all"')]
        raise dns.resolver.NoAnswer

    verdict = drive(evaluate("192.0.2.1", "p0.example", "a@p0.example"), resolve, 20, clock=lambda: now)
    assert asked == ["p0.example", "p1.example", "p2.example", "p3.example", "p4.example"]
    assert verdict.result == "temperror"
    assert "no time left" in verdict.text()


LARGE = "v=spf1 " + "ip4:198.51.100.9 " * 3800  # nearly all that a record may have
CHAINS: dict[str, Zone] = {
    "large records inside each other": {
        f"p{n}.example": [("TXT", f"{LARGE}include:p{n + 1}.example -all")] for n in range(12)
    },
    "in turn": {
        "p0.example": [("TXT", "v=spf1 redirect=p1.example")],
        "p1.example": [("TXT", "v=spf1 redirect=p0.example")],
    },
    "macros that grow": {"p0.example": [("TXT", "v=spf1 redirect=%{d}.%{d}.%{d}.%{d}")]},
    "an explanation without end": {
        "p0.example": [("TXT", "v=spf1 -all exp=why.example")],
        "why.example": [("TXT", "%{s}%{p}%{c}%{r}" * 10_000)],
    },
    "many names": {
        "p0.example": [("TXT", "v=spf1 ptr -all")],
        "1.2.0.192.in-addr.arpa": [("PTR", f"h{n}.example.") for n in range(2000)],
        **{f"h{n}.example": [("A", "198.51.100.1")] for n in range(2000)},
    },
    "many names that are none": {
        "p0.example": [("TXT", "v=spf1 " + " ".join(f"a:no{n}.example" for n in range(9)) + " -all")]
    },
    "many records": {"p0.example": [("TXT", "v=spf1 -all") for _ in range(3000)]},
    "many addresses": {
        "p0.example": [("TXT", "v=spf1 a mx -all"), *(("A", f"198.51.100.{n % 250}") for n in range(4000))],
    },
}


@pytest.mark.parametrize("name", CHAINS)
def test_hostile_zones_end_soon(name: str) -> None:
    start = time.process_time()
    verdict = check(CHAINS[name], "192.0.2.1", "l" * 3000 + "@p0.example")
    text = verdict.text()
    assert time.process_time() - start < 3
    assert len(verdict.queries) <= 24 and verdict.meters["void lookups"][0] <= 3
    assert verdict.result in ("permerror", "fail")
    assert len(max(text.splitlines(), key=len)) < 2000


def test_an_explanation_that_is_not_ascii_with_its_macros_is_none() -> None:
    zone: Zone = {"p0.example": [("TXT", "v=spf1 -all exp=p1.example")], "p1.example": [("TXT", "not %{l}")]}
    assert check(zone, "192.0.2.1", "alice@p0.example").explanation == "not alice"
    assert check(zone, "192.0.2.1", "zoë@p0.example").explanation == ""
