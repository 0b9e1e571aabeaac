"""Routing, case by case (tests/cases/routing): on the engine alone, and through the lab's DNS server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from smtplab.lab.hosts import Host
from smtplab.lab.lab import Lab
from smtplab.lab.router import Router
from smtplab.mail.route import Answer, Question, Route
from smtplab.mail.routing import decide, relay_through
from smtplab.mail.routing_record import MOST_ADDRESSES, MOST_EXCHANGERS

FOLDER = Path(__file__).parents[1] / "cases" / "routing"
US = ["out.else.example", "192.0.2.77", "2001:db8::77"]
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.yml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]
KEYS = {"name", "zone", "fault", "domain", "me", "cname", "first", "targets", "shuffled", "refusal", "rule"}
KEYS |= {"steps", "asked", "only"}


@dataclass
class Zones:
    """A DNS in memory: `records` and `faults` by "name TYPE"."""

    records: dict[str, list[str]]
    faults: dict[str, str] = field(default_factory=dict)

    def answer(self, question: Question, alias: str = "", hops: int = 0) -> Answer:
        name = alias or question.name
        here = f"{name} {question.rdtype}"
        if fault := self.faults.get(here):
            note = "no answer in time" if fault == "timeout" else f"the server answered {fault.upper()}"
            return Answer("no answer", note=note)
        if hops > 8:
            return Answer("no answer", note="aliases in a circle")
        if canonical := self.records.get(f"{name} CNAME"):
            return self.answer(question, canonical[0], hops + 1)
        parent = name.partition(".")[2]
        values = self.records.get(here) or self.records.get(f"*.{parent} {question.rdtype}")
        if values:
            return Answer("found", tuple(values), alias)
        names = {key.rpartition(" ")[0] for key in self.records} | {"test.example", "else.example"}
        there = any(known == name or known.endswith(f".{name}") for known in names)
        return Answer("no data" if there else "no such name", alias=alias)


def by_engine(case: dict[str, Any]) -> Route:
    name, *addresses = case.get("me", US)
    versions = (4, 6) if any(":" in a for a in addresses) else (4,)
    versions = versions[::-1] if case.get("first") == 6 else versions
    zones = Zones(case["zone"], case.get("fault", {}))
    decision = decide(
        case.get("domain", "test.example"),
        random=Random(1),
        me=(name, *addresses),
        cname=case.get("cname", "lenient"),
        versions=versions,
    )
    try:
        question = next(decision)
        while True:
            question = decision.send(zones.answer(question))
    except StopIteration as end:
        route = end.value
        assert isinstance(route, Route)
        return route


def by_lab(lab: Lab, case: dict[str, Any]) -> Route:
    for zone in ("test.example", "else.example"):
        view = lab.dns.add_zone(zone)
        for record in list(view):
            if record.rdtype not in ("SOA", "NS"):
                view.delete(record.name, record.rdtype)
    for key, values in case["zone"].items():
        name, rdtype = key.rsplit(" ", 1)
        zone = ".".join(name.split(".")[-2:])
        lab.dns.zone(zone).set(f"{name}.", rdtype, *values)
    for key, fault in case.get("fault", {}).items():
        name, rdtype = key.rsplit(" ", 1)
        lab.dns.fault(name, fault, rdtype)
    host, *addresses = case.get("me", US)
    lab.network.add(Host(host, tuple(addresses)))
    router = Router(lab._world, host, cname=case.get("cname", "lenient"), first=case.get("first", 4))
    try:
        return lab._world.thread.run(router.route(case.get("domain", "test.example")), timeout=20)
    finally:
        lab.dns.mend()
        del lab.network.hosts[host]


def hold(case: dict[str, Any], route: Route) -> None:
    assert set(case) <= KEYS
    targets = [f"{'-' if t.preference is None else t.preference} {t.name} {t.address}" for t in route.targets]
    wanted = case.get("targets", [])
    if case.get("shuffled"):
        assert sorted(targets) == sorted(wanted)
        assert [t.preference for t in route.targets] == sorted(t.preference or 0 for t in route.targets)
    else:
        assert [t.lower() for t in targets] == [w.lower() for w in wanted]
    refusal = f"{route.refusal.code} {route.refusal.enhanced}" if route.refusal else None
    assert refusal == case.get("refusal")
    assert bool(route.targets) != bool(route.refusal)
    if "rule" in case:
        assert route.rule == case["rule"]
    if "asked" in case:
        assert [f"{question.name} {question.rdtype}" for question, _ in route.queries] == case["asked"]
    text = route.verdict.text(width=10_000)
    place = 0
    for piece in case.get("steps", []):
        assert piece in text[place:], text
        place = text.index(piece, place)
    expected = {"2": "known", "4": "delayed", "5": "failed"}[(refusal or "2")[0]]
    assert route.verdict.result == expected


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@pytest.mark.parametrize("case", CASES)
def test_the_engine(case: dict[str, Any]) -> None:
    hold(case, by_engine(case))


@pytest.mark.parametrize("case", [c for c in CASES if "only" not in c.values[0]])
def test_through_the_labs_dns(lab: Lab, case: dict[str, Any]) -> None:
    hold(case, by_lab(lab, case))


@pytest.mark.parametrize("case", [c for c in CASES if "only" not in c.values[0]])
def test_both_say_the_same(lab: Lab, case: dict[str, Any]) -> None:
    """Decision by decision, but for what follows from the shuffling."""
    engine, wire = by_engine(case), by_lab(lab, case)
    if not case.get("shuffled"):
        assert decisions(engine) == decisions(wire)


def decisions(route: Route) -> list[tuple[str, str, str]]:
    return [(step.what.lower(), step.result, step.ref) for step in route.verdict.steps]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
    assert len({case.id for case in CASES}) == len(CASES)


def test_each_decision_cites_its_section() -> None:
    """Steps at the top are decisions; what the DNS was asked hangs below them."""
    for case in CASES:
        route = by_engine(case.values[0])
        assert all(step.ref for step in route.verdict.steps if "left out" not in step.why)
        nested = sum(len(step.steps) for step in route.verdict.steps)
        assert nested == len(route.queries)


# equal preferences ------------------------------------------------------------------------------


def order(seed: int) -> str:
    zone = {"test.example MX": [f"10 {c}.test.example" for c in "abc"]}
    zone |= {f"{c}.test.example A": ["192.0.2.1"] for c in "abc"}
    zones = Zones(zone)
    decision = decide("test.example", random=Random(seed), versions=(4,))
    question = next(decision)
    with pytest.raises(StopIteration) as end:
        while True:
            question = decision.send(zones.answer(question))
    return "".join(target.name[0] for target in end.value.value.targets)


def test_shuffling_follows_the_seed() -> None:
    assert [order(seed) for seed in range(50)] == [order(seed) for seed in range(50)]


def test_shuffling_is_even() -> None:
    """RFC 5321 §5.1 wants the load spread: 6 orders, 1200 seeds, 200 each but for chance (5 sigma: 65)."""
    counts = Counter(order(seed) for seed in range(1200))
    assert len(counts) == 6
    assert all(abs(count - 200) < 65 for count in counts.values())


def orders_of(seed: int) -> list[str]:
    with Lab(seed=seed) as lab:
        lab.dns.zone("birch.example").set("@", "MX", "10 mx.birch.example", "10 mx2.birch.example")
        router = Router(lab._world, "mail.acorn.example")
        routes = [lab._world.thread.run(router.route("birch.example")) for _ in range(20)]
        planned = lab._world.thread.run(router.plan("birch.example"))
        again = lab._world.thread.run(router.plan("Birch.example"))
        assert (
            planned.targets == again.targets == lab._world.thread.run(router.route("birch.example")).targets
        )
        return [route.targets[0].name for route in routes]


def test_the_labs_seed_decides() -> None:
    first = orders_of(1)
    assert first == orders_of(1)
    assert first != orders_of(2)
    assert set(first) == {"mx.birch.example", "mx2.birch.example"}


# limits -----------------------------------------------------------------------------------------


def test_a_thousand_exchangers_with_a_thousand_addresses() -> None:
    """Whatever the DNS says, the work and the targets stay few."""
    zone = {"test.example MX": [f"10 m{n}.test.example" for n in range(1000)]}
    many = [f"198.51.100.{n % 256}" for n in range(1000)]
    zone |= {f"m{n}.test.example A": many for n in range(1000)}
    route = by_engine({"zone": zone})
    assert len(route.queries) == 1 + 2 * MOST_EXCHANGERS
    assert len(route.targets) == MOST_EXCHANGERS * MOST_ADDRESSES
    assert route.verdict.meters == {"mail exchangers": (MOST_EXCHANGERS, MOST_EXCHANGERS)}
    text = route.verdict.text(10_000)
    assert "1000 mail exchangers: only the first 10 are looked up" in text
    assert "and not the 995 after them" in text
    assert len(text) < 10_000


def test_hostile_text_is_visible_and_short() -> None:
    for domain in ("a" * 5000, "\x1b[31m\u202eevil", "x" * 60 + "\n" + "y" * 60):
        route = by_engine({"zone": {}, "domain": domain})
        assert route.refusal
        text = route.verdict.text(10_000)
        assert text.replace("\n", "").isprintable()
        assert len(text) < 300
        assert len(str(route.refusal)) < 150


# smart host -------------------------------------------------------------------------------------


def relay(zone: dict[str, list[str]], host: str = "out.test.example", **faults: str) -> Route:
    zones = Zones(zone, {key.replace("_", " "): value for key, value in faults.items()})
    decision = relay_through(host, random=Random(1))
    with pytest.raises(StopIteration) as end:
        question = next(decision)
        while True:
            question = decision.send(zones.answer(question))
    route = end.value.value
    assert isinstance(route, Route)
    return route


def test_a_smart_host_is_looked_up_by_address_alone() -> None:
    route = relay({"out.test.example MX": ["10 x.test.example"], "out.test.example A": ["192.0.2.1"]})
    assert [(t.preference, t.name, t.address) for t in route.targets] == [
        (None, "out.test.example", "192.0.2.1")
    ]
    assert [question.rdtype for question, _ in route.queries] == ["A", "AAAA"]


def test_a_smart_host_that_is_not_there_makes_mail_wait() -> None:
    """The recipient's address is not to blame for the mistake."""
    assert str(relay({}).refusal).startswith("451 4.3.5 The smart host has no address")
    unknown = Zones({"out.test.example A": ["192.0.2.1"]}, {"out.test.example A": "servfail"})
    refused = relay(unknown.records, **{"out.test.example_A": "servfail"}).refusal
    assert str(refused).startswith("451 4.4.3 ")


def test_a_smart_host_by_its_address() -> None:
    assert relay({}, "[192.0.2.9]").targets[0].address == "192.0.2.9"
