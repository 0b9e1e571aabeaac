"""Exercise 01: the journey (RFC 5598 §4, RFC 5321 §5.1, RFC 7505 §3).

Events to put in order, the roles behind them, the hosts that an MX answer leads to, a zone that sends letters
one way and no other, and a letter that gets stuck.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

from ....mail.errors import RecordError
from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, each, mark, sealed
from ..probe import Probe, Tried
from ..world import World
from .cast import domains, people
from .e01_more import complaint, journey, shuffled, stuck, tables
from .kinds import case, few

HOSTS = ("mx.birch.example", "mx2.birch.example", "mx.forward.example", "mx.list.example")
ADDRESSES = {"mx.birch.example": "198.51.100.10", "mx2.birch.example": "198.51.100.11",
             "mx.forward.example": "192.0.2.40", "mx.list.example": "192.0.2.50"}  # fmt: skip


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """A journey in pieces, four domains and their MX records, a new domain, and a letter that gets stuck."""
    names = domains(rng, 18)
    writer, reader, carol = people(rng, 3)
    events = journey(rng, names[:6], (writer.title(), f"{reader}@{names[6]}", f"{reader}@{names[7]}"))
    told, order, roles = shuffled(rng, events)
    moments, holders, called = stuck(rng, names[8:12])
    first, second, third, _ = rng.sample(HOSTS, 4)
    things = {
        "events": told,
        "lookups": tables(rng, names[12:16]),
        "domain": names[16],
        "mailbox": f"{carol}@{names[16]}",
        "first": first,
        "second": second,
        "never": third,
        "start": names[8],
        "moments": moments,
        "complaint": complaint(rng, writer.title(), f"{reader}@{names[7]}"),
    }
    return things, {"order": order, "roles": roles, "holders": holders, "called": called}


def set_up(lab: Any, world: World) -> None:
    """A domain without MX records, whose name has the address of one host, and a mailbox for it on four."""
    lab.dns.add_zone(world.domain).set("@", "A", ADDRESSES[world.never])
    for host in HOSTS:
        lab.mta(host).store.add(world.mailbox)


# What must come before what: pairs of neighbours in the right order, and why.
NEIGHBOURS = (
    "a server takes a letter after it was offered one, not before.",
    "a server looks for the way when it has the letter.",
    "the DNS is asked before the connection is opened: it says where to.",
    "a host passes on what it has taken, so the hop to it comes first.",
    "the DNS is asked before the connection is opened: it says where to.",
    "a letter is put into a mailbox by the host that has got it.",
    "a store keeps what was put into it.",
    "a letter is fetched from where it lies: reading is the last event.",
)


@task("journey-1", answers.texts())
def in_order(said: list[str], world: World) -> Marks:
    """The events in their order: each two that must follow each other are looked at."""
    if world.truth is None:
        yield sealed("the order of the events", 4)
        return
    order, said = world.truth["order"], [letter.strip(" .").upper() for letter in said]
    place = {letter: said.index(letter) for letter in order if letter in said}
    cases = []
    for n, (one, other) in enumerate(pairwise(order)):
        there = one in place and other in place
        well = there and place[one] < place[other]
        why = NEIGHBOURS[n] if there else "an event is missing."
        cases.append(case(f"rule {n + 1}", well, why))
    if said == order[::-1]:
        cases = [
            (name, well, "this runs backwards: the first event is the one that sends.")
            for name, well, _ in cases
        ]
    all_of_it = each("what comes before what", 4, cases, "RFC 5321 §2.1")
    # Half of the pairs come out right in any order, so only what is more than half counts.
    yield replace(all_of_it, points=max(0.0, 2 * all_of_it.points - all_of_it.of))


ROLES = (("MUA", 1.0), ("MSA", 0.5), ("MTA", 1.5), ("MDA", 0.5), ("MS", 0.5))
RULES = {
    "MUA": "a person's program, at either end: it opens the connection, to send or to read.",
    "MSA": "who takes new mail from a user that has logged in is no mere MTA: this is submission.",
    "MTA": "whoever looks for the next host, or hands the letter on to it, does it as an MTA.",
    "MDA": "putting a letter into a mailbox is delivery. Keeping it there is another role.",
    "MS": "who keeps letters for their owner is the store, whoever put them there.",
}


@task("journey-2", answers.table(str, '{"A": "MTA"}'))
def roles(said: dict[str, str], world: World) -> Marks:
    """The role behind each event."""
    for role, of in ROLES:
        if world.truth is None:
            yield sealed(f"the {role}", of)
            continue
        mine = [letter for letter, name in world.truth["roles"].items() if name == role]
        given = [said.get(letter, "").strip().upper() for letter in mine]
        cases = [(got == role, _role(got, role)) for got in given]
        yield few(f"the {role}", of, cases, "RFC 5598 §4")


def _role(got: str, role: str) -> str:
    if not got:
        return "one event has no role yet."
    return RULES[role] if got in RULES else f"{visible(got)[:20]!r} is none of the five roles."


def probes(world: World) -> list[Probe]:
    """The world's four domains."""
    return [Probe(_name(one["mx"]), (one["domain"], one["mx"])) for one in world.lookups]


def _name(records: list[str]) -> str:
    return ", ".join(records) or "no MX record"


@task("journey-3", answers.function("hosts_to_try(domain, mx)"), probes)
def way(tried: list[Tried], world: World) -> Marks:
    """The hosts in the order in which a sending server tries them."""
    for one, given in zip(tried, world.lookups, strict=True):
        yield way_mark(_name(given["mx"]), 0.75, one, given["domain"], given["mx"])


def way_mark(what: str, of: float, tried: Tried, domain: str, mx: list[str], *, quiet: bool = False) -> Mark:
    """A mark for one list of hosts. Equal numbers may stand in any order; `quiet` tells no records."""
    wanted = sorted((int(number), host.rstrip(".")) for number, host in map(str.split, mx))
    numbers = {host: number for number, host in wanted if host} if mx else {domain: 0}
    got = [str(host).rstrip(".") for host in tried.value] if isinstance(tried.value, list) else None
    ordered = got is not None and sorted(got) == sorted(numbers)
    right = ordered and [numbers[host] for host in got or []] == sorted(numbers.values())
    why = "Right." if right else _way(got, numbers, domain, mx, "" if quiet else tried.error)
    ref = "RFC 7505 §3" if mx and not numbers else "RFC 5321 §5.1"
    return mark(what, of, right, why, ref)


def _way(got: list[str] | None, numbers: dict[str, int], domain: str, mx: list[str], error: str) -> str:
    if got is None:
        return error or "It returned no list."
    if not mx:
        return "A domain without any MX record takes mail at its own address."
    if not numbers:
        return "A lone dot is no host: 0 and a dot say that the domain takes no mail at all."
    if sorted(got) != sorted(numbers):
        return "These are not the hosts of the records: their names, without number and last dot."
    values = [numbers[host] for host in got]
    if values == sorted(values, reverse=True):
        return "This begins with the highest number. The lowest is tried first."
    if values == sorted(values, key=str):
        return "These are sorted as texts: there 10 comes before 9. Compare numbers."
    return "The lowest number is tried first."


@task("journey-4", answers.texts())
def one_way(records: list[str], world: World) -> Marks:
    """The records are put into the zone, and letters are submitted: all on, the first off, both off."""
    whats = ((f"all on: to {world.first}", 2.0), (f"{world.first} off: to {world.second}", 2.0),
             (f"both off: not to {world.never}", 1.0))  # fmt: skip
    with world.lab() as lab:
        try:
            lab.dns.zone(world.domain).set("@", "MX", *records)
        except RecordError as error:
            why = f"This can't be an MX record: {visible(str(error))[:120]}"
            yield from (mark(what, of, 0, why, "RFC 5321 §5.1") for what, of in whats)
            return
        numbers = [int(str(record).split()[0]) for record in lab.resolve(world.domain, "MX")]
        letter = f"From: alice@acorn.example\nTo: {world.mailbox}\nSubject: Which way?\n\nHello.\n"
        calm = _last(lab.submit(letter))
        lab.stop_host(world.first)
        backup = _last(lab.submit(letter))
        lab.stop_host(world.second)
        nowhere = lab.submit(letter)
    lot = numbers.count(min(numbers)) > 1
    why = "hosts with the same number are tried by lot." if lot else _arrived(calm, world, world.first)
    yield mark(*whats[0], calm == world.first and not lot, why, "RFC 5321 §5.1")
    yield mark(*whats[1], backup == world.second, _arrived(backup, world, world.second), "RFC 5321 §5.1")
    waits = nowhere.result == "delayed" and backup == world.second
    told = "waits" if nowhere.result == "delayed" else f"was {nowhere.result}"
    why = f"It {told}: " + _arrived(_last(nowhere), world, "")
    yield mark(*whats[2], waits, why, "RFC 5321 §5.1")


def _last(delivery: Any) -> str:
    """The host that has the letter in the end."""
    return str(delivery.path[-1][1])


def _arrived(host: str, world: World, wanted: str) -> str:
    if host == "mail.acorn.example":
        return "the letter stayed on Alice's server."
    if host == world.second != wanted:
        return f"the letter went to {host}, whose number must be higher than that of {world.first}."
    return f"the letter went to {host}."


@task("journey-5", answers.table(str, '{1: "mail.acorn.example"}'))
def who_has_it(said: dict[str, str], world: World) -> Marks:
    """Who has the letter at each of six moments."""
    if world.truth is None:
        yield sealed("who has the letter", 3)
        return
    holders, called = world.truth["holders"], world.truth["called"]
    cases = []
    for number, host in holders.items():
        got = said.get(number, "").strip(" .").lower()
        cases.append(case(f"moment {number}", got == host, _held(got, called[number])))
    yield each("who has the letter", 3, cases, "RFC 5321 §6.1")


def _held(got: str, called: str) -> str:
    if not got:
        return "there is no host for this moment."
    if got == called:
        return "this host was called, but it took nothing: only its 250 after the last line does."
    return (
        "with the 250 after the last line a letter changes hands, and switching off a host changes nothing."
    )
