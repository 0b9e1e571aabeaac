"""What an SPF record costs, through all its includes; the advice from that; and a DNS that means harm."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

import dns.rdata
import dns.resolver
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.auth.spf import Cost, CostTree, cost_tree, lint, weigh
from smtplab.auth.spf.check import drive
from smtplab.auth.what_if import overlay
from smtplab.mail.route import Answer, Question
from smtplab.mail.verdict import walk
from tests.auth.spf_generated import ZONE, record
from tests.auth.spf_zone import Zone, answer, check

HOST = [("A", "192.0.2.9"), ("AAAA", "2001:db8::9")]
WORLD: Zone = {
    "h.example": HOST,
    "four.example": [("A", "192.0.2.4")],
    "p.example": [("TXT", "v=spf1 include:q.example a:h.example ?all include:never.example")],
    "q.example": [("TXT", "v=spf1 ip4:198.51.100.0/24 exists:h.example ~all")],
    "world.example": [("TXT", "v=spf1 a:h.example +all")],
    "half.example": [("TXT", "v=spf1 ip4:128.0.0.0/1 -all")],
    "lets.example": [("TXT", "v=spf1 include:world.example -all")],
    "re.example": [("TXT", "v=spf1 redirect=q.example")],
    "two.example": [("TXT", "v=spf1 a"), ("TXT", "v=spf1 mx")],
    "bad.example": [("TXT", "v=spf1 foo")],
    "plain.example": [("TXT", "hello")],
    "loop.example": [("TXT", "v=spf1 include:LOOP.example")],
    "slow.example": [("TIMEOUT", "")],
    "many.example": [("MX", f"{number} h.example.") for number in range(11)],
    "mail.example": [("MX", "10 h.example."), ("MX", "20 four.example.")],
    "null.example": [("MX", "0 .")],
    "dear.example": [("TXT", "v=spf1 " + "a:h.example " * 8 + "-all")],
}


def tree(text: str, zone: Zone = WORLD) -> CostTree:
    asking = weigh("acorn.example", record=text)
    try:
        question = next(asking)
        while True:
            question = asking.send(answer(zone, question))
    except StopIteration as end:
        result: CostTree = end.value
        return result


def rows(costs: tuple[Cost, ...], depth: int = 0) -> Iterator[tuple[int, str, int, int, int]]:
    for cost in costs:
        yield depth, cost.text, cost.number, cost.total, cost.running
        yield from rows(cost.terms, depth + 1)


def test_every_term_that_asks_is_counted_where_a_check_comes_to_it() -> None:
    found = tree("v=spf1 mx:mail.example ip4:192.0.2.1 include:p.example redirect=re.example")
    assert list(rows(found.root.terms)) == [
        (0, "mx:mail.example", 1, 1, 1),
        (0, "include:p.example", 2, 4, 5),
        (1, "include:q.example", 3, 2, 4),
        (2, "exists:h.example", 4, 1, 4),
        (1, "a:h.example", 5, 1, 5),
        (0, "redirect=re.example", 6, 3, 8),
        (1, "redirect=q.example", 7, 2, 8),
        (2, "exists:h.example", 8, 1, 8),
    ]
    assert (found.total, found.voids, found.over, found.is_complete) == (8, 1, None, True)
    assert (found.root.voids4, found.root.voids6) == (0, 1)  # four.example has no IPv6 address
    assert len({question for question, _ in found.queries}) == len(found.queries)
    assert found.root.record[slice(*found.root.terms[1].span)] == "include:p.example"
    assert found.verdict().meters == {"lookups": (8, 10), "void lookups": (1, 2)}
    assert found.verdict().result == "pass"
    whys = {step.what: step.why for _, step in walk(found.verdict().steps)}
    assert whys["include:p.example"] == "lookups 2 to 5"


def test_the_eleventh_is_named_wherever_it_stands() -> None:
    found = tree("v=spf1 a:h.example mx:mail.example include:dear.example a:four.example -all")
    assert found.total == 12
    assert found.over is not None and (found.over.number, found.over.text) == (11, "a:h.example")
    assert found.verdict().result == "permerror"
    steps = [step.what for _, step in walk(found.verdict().steps) if "over the limit" in step.why]
    assert steps == ["a:h.example"]


@pytest.mark.parametrize(
    "term, cause, result, domain",
    [
        ("include:gone.example", "no-name", "permerror", "gone.example"),
        ("a:gone.example", "no-name", "", "gone.example"),
        ("include:plain.example", "no-record", "permerror", "plain.example"),
        ("include:two.example", "many-records", "permerror", "two.example"),
        ("include:bad.example", "syntax", "permerror", "bad.example"),
        ("include:slow.example", "no-answer", "temperror", "slow.example"),
        ("a:slow.example", "no-answer", "temperror", "slow.example"),
        ("mx:slow.example", "no-answer", "temperror", "slow.example"),
        ("include:acorn.example", "loop", "permerror", "acorn.example"),
        ("mx:many.example", "too-many-hosts", "permerror", "many.example"),
        ("mx:null.example", "void", "", "null.example"),
        ("a:plain.example", "void", "", "plain.example"),
        ("exists:gone.example", "void", "", "gone.example"),
        ("a:x..example", "never", "", "x..example"),
        ("include:%{i}.example", "depends", "", ""),
        ("ptr", "depends", "", ""),
        ("include:%{d2}.mine.example", "no-name", "permerror", "acorn.example.mine.example"),
        ("a:h.example", "", "", "h.example"),
    ],
)
def test_what_is_odd_about_a_term_is_said(term: str, cause: str, result: str, domain: str) -> None:
    cost = tree(f"v=spf1 {term} -all").root.terms[0]
    assert (cost.cause, cost.result, cost.domain, bool(cost.problem)) == (cause, result, domain, bool(cause))
    assert (cost.own, cost.total) == (1, 1)


def test_a_domain_without_a_record_costs_nothing() -> None:
    asking = weigh("nowhere.example")
    assert next(asking) == Question("nowhere.example", "TXT")
    with pytest.raises(StopIteration) as end:
        asking.send(Answer("no such name"))
    assert end.value.value.verdict().result == "none"


def test_what_is_counted_is_what_a_check_counts() -> None:
    """A client that nothing matches asks for as much as the tree says, and fails where it says."""
    random = Random(464)
    counts = Counter[str]()
    for _ in range(1500):
        text = record(random)
        zone = {**ZONE, "acorn.example": [("TXT", text), ("A", "192.0.2.1")]}
        found = tree(text, zone)
        if "%{" in text or "ptr" in text.lower() or found.root.cause:
            continue
        verdict = check(zone, "203.0.113.250", "alice@acorn.example")
        if verdict.result in ("temperror", "permerror"):
            broken = any(cost.result or cost.is_over for cost in found.terms())
            assert broken or found.root.voids4 > 2, text
            counts["broken"] += 1
        elif verdict.term == "default" or "all" in verdict.term.lower():
            used = [verdict.meters[name][0] for name in ("lookups", "void lookups")]
            assert used == [found.total, found.root.voids4], text
            counts["whole"] += 1
        else:  # something matched before the end
            assert verdict.meters["lookups"][0] <= found.total
    assert counts["broken"] > 50 and counts["whole"] > 100, counts


ADVICE = [
    ("v=spf1 mx:mail.example include:p.example -all", []),
    ("v=spf1 include:p.example include:dear.example -all", ["13 lookups * number 11, * alone costs 9"]),
    ("v=spf1 include:gone.example -all", ["whoever registers it may send for this domain; take it out now"]),
    ("v=spf1 a:gone.example -all", ["whoever registers it may send"]),
    ("v=spf1 a:gone.acorn.example -all", ["it never matches anybody"]),
    ("v=spf1 include:plain.example -all", ["no SPF record; take it out"]),
    (
        "v=spf1 include:world.example -all",
        ["the record of world.example has +all, so it lets the whole world"],
    ),
    (
        "v=spf1 include:lets.example -all",
        ["the record of world.example has +all, so it lets the whole world"],
    ),
    (
        "v=spf1 include:half.example -all",
        ["the record of half.example has ip4:128.0.0.0/1, so it lets a large"],
    ),
    ("v=spf1 include:p.example include:q.example -all", ["include:p.example includes q.example already"]),
    ("v=spf1 ip4:192.0.2.0/24 a:four.example -all", ["192.0.2.4: ip4 and ip6 before it have all"]),
    ("v=spf1 ip4:192.0.2.0/24 a:h.example -all", []),
    ("v=spf1 a:x.example a:y.example a:z.example -all", ["3 questions lead to nothing"]),
    ("v=spf1 include:loop.example -all", ["leads back to itself"]),
    ("v=spf1 include:%{l}.example exists:%{i}.example -all", ["nobody can say what a check costs"]),
    ("v=spf1 include:slow.example -all", ["mail is put off"]),
]


@pytest.mark.parametrize("text, said", ADVICE)
def test_advice_with_the_dns_at_hand(text: str, said: list[str]) -> None:
    advice = lint(text, tree=tree(text))
    messages = "\n".join(one.message for one in advice)
    for words in said:
        assert re.search(re.escape(words).replace(r"\*", ".*"), messages), messages
    if not said:
        assert not advice
    order = [("permerror", "policy", "neutral").index(one.result) for one in advice]
    assert order == sorted(order)
    for one in advice:
        assert text[slice(*one.span)]


def test_clients_of_one_ip_version_may_have_too_many_voids() -> None:
    zone = {f"h{n}.example": [("A", f"192.0.2.{n}")] for n in range(3)}
    text = "v=spf1 a:h0.example a:h1.example a:h2.example -all"
    found = tree(text, zone)
    assert (found.root.voids4, found.root.voids6) == (0, 3)
    advice = lint(text, tree=found)
    assert [one.result for one in advice] == ["policy"]
    assert "a client with IPv6" in advice[0].message and "Write ip4 " in advice[0].message
    assert text[slice(*advice[0].span)] == "a:h2.example"
    assert (
        check({**zone, "acorn.example": [("TXT", text)]}, "2001:db8::1", "a@acorn.example").result
        == "permerror"
    )


def test_the_tree_of_another_record_is_refused() -> None:
    with pytest.raises(ValueError, match="another record"):
        lint("v=spf1 a -all", tree=tree("v=spf1 mx -all"))


def nothing(name: str, rdtype: str) -> list[dns.rdata.Rdata]:
    raise dns.resolver.NXDOMAIN


def test_with_a_blocking_resolver() -> None:
    resolve = overlay(
        nothing,
        {
            ("acorn.example", "TXT"): "v=spf1 mx include:p.example -all",
            ("acorn.example", "MX"): "10 mail.acorn.example.",
            ("mail.acorn.example", "A"): "192.0.2.1",
            ("p.example", "TXT"): "v=spf1 a:mail.acorn.example -all",
        },
    )
    found = cost_tree("acorn.example", resolve=resolve)
    assert (found.total, found.root.text, found.root.voids4) == (3, "acorn.example", 0)
    assert cost_tree("acorn.example", resolve=resolve, record="v=spf1 -all").total == 0


HOSTILE: dict[str, Zone] = {
    "itself": {"e.example": [("TXT", "v=spf1 " + "include:e.example " * 12 + "-all")]},
    "in turn": {
        "e.example": [("TXT", "v=spf1 include:f.example include:f.example include:f.example")],
        "f.example": [("TXT", "v=spf1 redirect=e.example")],
    },
    "a tree of trees": {
        f"{name}.example": [("TXT", "v=spf1 " + f"include:{after}.example " * 12 + "-all")]
        for name, after in zip("efghijklmnopqrstuv", "fghijklmnopqrstuvw", strict=True)
    },
    "100 kB": {"e.example": [("TXT", "v=spf1 " + "a:h.example " * 9000 + "-all")]},
    "64 kB each": {
        f"{name}.example": [("TXT", f"v=spf1 include:{after}.example " + "ip4:192.0.2.9 " * 4500 + "-all")]
        for name, after in zip("efghijklmnop", "fghijklmnopq", strict=True)
    },
    "64 kB of names": {"e.example": [("TXT", "v=spf1 " + "".join(f"a:{n}.h.example " for n in range(4000)))]},
    "10 times 10 hosts": {
        "e.example": [("TXT", "v=spf1 " + " ".join(f"mx:m{n}.example" for n in range(10)))],
        **{f"m{n}.example": [("MX", f"1 {n}{k}.h.example.") for k in range(10)] for n in range(10)},
    },
    "macro bomb": {"e.example": [("TXT", "v=spf1 include:" + "%{d}%{o10r-}" * 5000 + ".example -all")]},
    "macros all the way": {"e.example": [("TXT", "v=spf1 include:%{d}.%{d}.%{d}.example -all")]},
    "modifiers": {"e.example": [("TXT", "v=spf1 " + "x=%{l} " * 9000 + "-all")]},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_zones_end_soon(name: str) -> None:
    text = "v=spf1 include:e.example -all"
    start = time.process_time()
    found = tree(text, HOSTILE[name])
    advice = lint(text, tree=found)
    shown = found.verdict().text()
    own = lint(HOSTILE[name]["e.example"][0][1])
    assert time.process_time() - start < 2
    assert len(found.terms()) <= 60 and len(found.queries) <= 150
    assert len(shown) < 100_000
    assert all(len(one.message) < 2000 for one in (*advice, *own))
    assert len(own) <= 51


def test_a_walk_that_was_cut_short_says_so() -> None:
    found = tree("v=spf1 include:e.example -all", HOSTILE["a tree of trees"])
    assert not found.is_complete
    assert found.total > 10 and found.verdict().result == "permerror"
    assert "not counted" in found.verdict().text()
    large = tree("v=spf1 include:e.example -all", HOSTILE["64 kB each"])
    assert "200000 octets of records" in large.terms()[-1].problem and not large.is_complete


class Clock:
    """A clock that only a slow answer moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_slow_answers_are_not_waited_for_without_end() -> None:
    clock = Clock()
    asked = []

    def resolve(name: str, rdtype: str) -> list[dns.rdata.Rdata]:
        asked.append(name)
        clock.now += 4.9
        raise dns.resolver.NoAnswer

    text = "v=spf1 " + " ".join(f"exists:h{n}.example" for n in range(20))
    found = drive(weigh("acorn.example", record=text), resolve, 20, clock=clock)
    assert len(asked) == 5  # the last begins at 19.6 s
    assert [cost.cause for cost in found.root.terms].count("no-answer") == 15


NAMES = st.sampled_from(
    ["e.example", "f.example", "g.example", "h.example", "%{d}.example", "%{l}", "no.example"]
)
TERM = st.builds(
    str.__add__, st.sampled_from(["include:", "redirect=", "a:", "mx:", "exists:", "?include:"]), NAMES
)
RECORD = st.lists(TERM | st.sampled_from(["ptr", "mx", "+all", "ip4:0.0.0.0/0", "%"]), max_size=14).map(
    lambda terms: "v=spf1 " + " ".join(terms)
)
ANSWER = st.one_of(
    RECORD.map(lambda text: Answer("found", (text,))),
    st.text(max_size=30).map(lambda text: Answer("found", (text, "v=spf1 a"))),
    st.sampled_from([Answer("no data"), Answer("no such name"), Answer("no answer", note="slow")]),
)


@settings(max_examples=60)
@given(RECORD, st.lists(ANSWER, min_size=1, max_size=8))
def test_any_dns_gives_a_tree(text: str, answers: list[Answer]) -> None:
    asking = weigh("e.example", record=text)
    count = 0
    try:
        next(asking)
        while True:
            asking.send(answers[count % len(answers)])
            count += 1
    except StopIteration as end:
        found: CostTree = end.value
    assert count < 150
    assert found.total == len(found.terms()) <= 60
    assert [cost.number for cost in found.terms()] == list(range(1, found.total + 1))
    lint(text, tree=found)
    found.verdict().text()
