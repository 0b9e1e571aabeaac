"""Whatever the DNS says and whoever is asked for: a routing decision ends, raises nothing, and adds up."""

from __future__ import annotations

from ipaddress import ip_address
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from smtplab.mail.route import Answer, Question, Route
from smtplab.mail.routing import decide
from smtplab.mail.routing_record import MOST_ADDRESSES, MOST_EXCHANGERS
from smtplab.mail.text import visible

ME = ("me.example", "192.0.2.77", "2001:db8::77")
STATUS = st.sampled_from(["found", "found", "found", "no data", "no such name", "no answer"])
NAMES = st.sampled_from(
    ["a.example", "b.example", "me.example", ".", "192.0.2.1", "x" * 300, "", "\x1b.ex", "é"]
)
MX = st.one_of(
    st.tuples(st.integers(-1, 70000), NAMES).map(lambda pair: f"{pair[0]} {pair[1]}."),
    st.tuples(st.integers(0, 20), NAMES).map(lambda pair: f"{pair[0]} {pair[1]}."),
    st.text(max_size=20),
)
ADDRESS = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.sampled_from([*ME, "127.0.0.1", "::1", "0.0.0.0", "::ffff:192.0.2.1", "fe80::1%eth0"]),
    st.text(max_size=10),
)
DOMAIN = st.one_of(
    st.sampled_from(
        ["a.example", "[192.0.2.1]", "[IPv6:2001:db8::1]", "[x:y]", "bücher.example", "me.example"]
    ),
    st.text(max_size=40),
)


def drive(domain: str, data: st.DataObject, versions: tuple[int, ...], cname: str) -> Route:
    decision = decide(domain, random=Random(1), me=ME, versions=versions, cname=cname)  # type: ignore[arg-type]
    try:
        question = next(decision)
        while True:
            question = decision.send(answer(question, data))
    except StopIteration as end:
        route = end.value
        assert isinstance(route, Route)
        return route


def answer(question: Question, data: st.DataObject) -> Answer:
    status = data.draw(STATUS)
    values: list[str] = []
    if status == "found":
        values = data.draw(st.lists(MX if question.rdtype == "MX" else ADDRESS, max_size=14))
    return Answer(status, tuple(values), data.draw(st.sampled_from(["", "", "", "other.example"])))


@given(
    domain=DOMAIN,
    data=st.data(),
    versions=st.sampled_from([(4,), (6,), (4, 6), (6, 4), ()]),
    cname=st.sampled_from(["strict", "lenient"]),
)
def test_any_dns(domain: str, data: st.DataObject, versions: tuple[int, ...], cname: str) -> None:
    route = drive(domain, data, versions, cname)
    assert len(route.queries) <= 1 + 2 * MOST_EXCHANGERS
    assert len(route.targets) <= MOST_EXCHANGERS * MOST_ADDRESSES
    assert bool(route.targets) != bool(route.refusal)
    preferences = [target.preference or 0 for target in route.targets]
    assert preferences == sorted(preferences)
    for target in route.targets:
        address = ip_address(target.address)
        assert address.version in versions
        assert target.address not in ME
        assert not address.is_loopback
        assert target.name not in ME
    result = (
        "known" if route.targets else "delayed" if route.refusal and route.refusal.code < 500 else "failed"
    )
    assert route.verdict.result == result
    text = route.verdict.text(10_000)
    assert visible(text, keep="\n") == text
    if route.refusal:
        assert route.rule.startswith("RFC ")
        assert route.refusal.format().count(b"\r\n") >= 1
