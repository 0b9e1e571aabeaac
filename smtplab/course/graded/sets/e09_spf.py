"""Exercise 09: SPF (RFC 7208). Records are judged by check_host, never by how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from random import Random
from typing import Any

from ....auth import spf
from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Marks, each, mark, sealed
from ..probe import Probe, Tried
from ..world import World
from .e09_more import Names, broken, deciding, host, networks, sessions, wanted
from .e09_running import cheap, hosts, readable
from .zones import publish

PAIRS = '{"A": ["one", "two"]}'


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """A record to read, sessions to judge, a record to repair, one to write, and terms to match."""
    names = Names(rng)
    decide, first, decided = deciding(rng, names)
    spoken, second, said = sessions(rng, names)
    shop, third = broken(rng, names)
    firm, fourth = wanted(rng, names)
    [net] = networks(rng, 1)
    near = ip_network(net).network_address + (40 if int(net.split(".")[3][:-3]) < 200 else -40)
    things = {
        "decide": decide,
        "sessions": spoken,
        "shop": shop,
        "firm": firm,
        "terms": {"network": net, "inside": host(net, rng.randint(1, 14)), "outside": str(near)},
        "dns": {**first, **second, **third, **fourth},
    }
    return things, {"decide": decided, "sessions": said}


def set_up(lab: Any, world: World) -> None:
    """Everything that is published, in the lab's DNS."""
    publish(lab, world.dns)


# what decides -----------------------------------------------------------------------------------


@task("spf-1", answers.table(list, '{"192.0.2.1": ["mx", "pass"]}'))
def what_decides(answer: dict[str, list[Any]], world: World) -> Marks:
    """The term and the result of each client, against what was drawn."""
    if world.truth is None:
        yield sealed("the terms", 3)
        yield sealed("the results", 3)
        return
    domain = world.decide["domain"]
    record = [_plain(term) for term in world.dns[domain]["TXT"][0].split()[1:]]
    terms, results = [], []
    for client, (term, result) in world.truth["decide"].items():
        given, said = _pair(answer, client)
        why = _wrong_term(_plain(given), _plain(term), record, domain)
        terms.append((client, _plain(given) == _plain(term), why))
        results.append((client, said == result, _wrong_result(said, given)))
    yield each("the terms", 3, terms, "RFC 7208 §4.6.2")
    yield each("the results", 3, results, "RFC 7208 §4.6.2")


def _pair(answer: Mapping[str, list[Any]], key: str) -> tuple[str, str]:
    """The two texts that stand for `key`, in small letters; "" for what is not there."""
    given = answer.get(key, [])
    both = [each.strip().lower() if isinstance(each, str) else "" for each in given[:2]]
    return (both[0], both[1]) if len(both) == 2 else ("", "")


def _plain(term: str) -> str:
    return term.strip().lower().removeprefix("+")


def _wrong_term(given: str, term: str, record: list[str], domain: str) -> str:
    if given == term:
        return "this is the term."
    if not given:
        return "there is no pair [term, result] for it."
    if given not in record:
        return f"{visible(given)[:60]} is not a term in the record of {domain}."
    if record.index(given) > record.index(term):
        return "a term before this one fits already, and the first that fits decides."
    if "include:" in given:
        return "the record in this include does not say pass, and an include fits on pass alone."
    return "this term does not fit the address."


def _wrong_result(said: str, given: str) -> str:
    if said not in ("pass", "fail", "softfail", "neutral"):
        return "the result is one of pass, fail, softfail, neutral."
    if "include:" in given:
        return "the sign before an include is the answer when it fits, not what is said inside."
    return "the sign before the term that decides is the answer."


# whose record -----------------------------------------------------------------------------------


@task("spf-2", answers.table(list, '{"A": ["alder.example", "pass"]}'))
def whose_record(answer: dict[str, list[Any]], world: World) -> Marks:
    """The domain that is asked and the result of each session, against what was drawn."""
    if world.truth is None:
        yield sealed("the domains", 2)
        yield sealed("the results", 2)
        return
    asked, results = [], []
    for name, (domain, result) in world.truth["sessions"].items():
        given, said = _pair(answer, name)
        asked.append((name, given.removesuffix(".") == domain, _wrong_domain(given, world.sessions[name])))
        results.append((name, said == result, "not what the record of the domain that is asked gives."))
    yield each("the domains", 2, asked, "RFC 7208 §2.4")
    yield each("the results", 2, results, "RFC 7208 §2.6")


def _wrong_domain(given: str, session: str) -> str:
    """What a domain is that was named in place of the one that is asked."""
    after = {line.partition(":")[0]: line for line in session.replace("C: ", "").splitlines()}
    if not given:
        return "there is no pair [domain, result] for it."
    null = "MAIL FROM:<>" in session
    if after["From"].endswith(f"@{given}"):
        where = (
            "MAIL FROM is empty, so the name in EHLO is asked" if null else "behind the last @ of MAIL FROM"
        )
        return f"this is the domain of From in the letter: SPF looks at the envelope, {where}."
    if f"EHLO {given}" in session:
        return "this is the name in EHLO: it counts where MAIL FROM is empty."
    if null:
        return "MAIL FROM is empty: then the name in EHLO is asked."
    return "MAIL FROM says whose record is asked: what stands behind its last @."


# records that are run ---------------------------------------------------------------------------


@task("spf-3", answers.texts())
def repaired(texts: list[str], world: World) -> Marks:
    """The TXT records are published in place of those that are there, and the shop's hosts are checked."""
    shop = world.shop
    domain, records = shop["domain"], spf.select(texts)
    why = "One, as it should be." if records else "There is none: a record begins with v=spf1."
    if len(records) > 1:
        why = f"{len(records)} texts begin with v=spf1, and more than one is an error for everybody."
    yield mark("exactly one SPF record", 1, len(records) == 1, why, "RFC 7208 §4.5")
    yield readable(records or texts, 0.5)
    notes = [text for text in shop["published"] if not text.startswith("v=spf1")]
    kept = bool(records) and all(note in texts for note in notes)
    yield mark("the other TXT record", 0.5, kept, "What is not SPF stays as it is.", "RFC 7208 §3.2")
    pass_, fail, nothing = hosts(texts, domain, shop["sends"], shop["others"], (1, 1), world)
    yield pass_
    yield fail
    yield cheap(texts, domain, 0.5, nothing, world)
    words = set() if nothing else {term.name for one in records for term in spf.parse(one).mechanisms}
    why = "ptr is slow and uncertain: the standard says not to use it." if "ptr" in words else "No ptr."
    yield mark("no ptr", 0.5, not nothing and "ptr" not in words, nothing or why, "RFC 7208 §5.5")


@task("spf-4", answers.text())
def written(record: str, world: World) -> Marks:
    """The record is published, and the firm's hosts are checked."""
    firm = world.firm
    domain = firm["domain"]
    yield readable([record], 0.5)
    passes, fails = ({ip: ip for ip in firm[part]} for part in ("passes", "fails"))
    pass_, fail, nothing = hosts(record, domain, passes, fails, (1.5, 1), world)
    yield pass_
    yield fail
    yield cheap(record, domain, 1, nothing, world)


# a matcher --------------------------------------------------------------------------------------


def probes(world: World) -> list[Probe]:
    """Plain cases of every kind."""
    net, inside, outside = (world.terms[key] for key in ("network", "inside", "outside"))
    trials = [
        (f"ip4:{inside}", inside),
        (f"~ip4:{net}", inside),
        (f"?ip4:{net}", outside),
        ("-ip6:2001:db8:7::/48", "2001:db8:7:1::25"),
        (f"ip4:{net}", "2001:db8:7:1::25"),
        (f"ip4:{inside}/33", outside),
    ]
    return [Probe(f"matches({term!r}, {ip!r})", (term, ip)) for term, ip in trials]


EXPECTED = ("pass", "softfail", "", "fail", "", "permerror")


@task("spf-5", answers.function("matches(term, ip)"), probes)
def matcher(tried: list[Tried], world: World) -> Marks:
    """What the function says of each term."""
    found = [
        (one.name, one.value == right, one.error or _gave(one.value, right))
        for one, right in zip(tried, EXPECTED, strict=True)
    ]
    yield each("a term that fits", 0.75, [found[0], found[1], found[3]], "RFC 7208 §4.6.2")
    yield each("one that does not fit", 0.5, [found[2], found[4]], "RFC 7208 §5.6")
    yield each("one that is malformed", 0.75, [found[5]], "RFC 7208 §4.6")


def _gave(value: Any, right: str) -> str:
    return f"it gave {visible(repr(value))[:60]}" + ("." if value == right else f", not {right!r}.")
