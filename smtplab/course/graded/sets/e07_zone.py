"""The broken zone of exercise 07 (RFC 5321 §5.1, RFC 2181 §10.3): drawn, and run as a student mended it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import dns.exception

from ....lab.direct import Direct
from ....lab.lab import Lab
from ....mail.errors import LabError, RecordError
from ....mail.route import Route
from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, mark
from ..world import World

MX = "RFC 5321 §5.1"
# Two hosts of the lab that share their mailboxes. In a student's zone they have names of the student's own.
HOSTS = {"198.51.100.10": "mx.birch.example", "198.51.100.11": "mx2.birch.example"}
LABELS = ("in", "post", "mail", "letters", "gate", "east", "west", "north", "south", "one", "two")


def draw_zone(rng: Random, domain: str, name: str, web: str) -> dict[str, Any]:
    """A zone with three mistakes: an address for a name, an alias, and one more."""
    main, backup, alias, typo = rng.sample(LABELS, 4)
    better, worse = rng.sample(list(HOSTS), 2)
    swapped = rng.random() < 0.5
    numbers = (20, 10) if swapped else (10, 20)
    lines = [
        f"@ A {web}",
        f"www A {web}",
        f"@ MX {numbers[0]} {better}",
        f"@ MX {numbers[1]} {alias}.{domain}",
        *([] if swapped else [rng.choice(("@ MX 0 .", f"@ MX 5 {typo}.{domain}"))]),
        f"{main} A {better}",
        f"{backup} A {worse}",
        f"{alias} CNAME {backup}.{domain}",
    ]
    servers = {"main": better, "backup": worse, "web": web}
    return {"domain": domain, "zone": lines, "servers": servers, "reader": f"{name}@{domain}"}


def publish(lab: Any, domain: str, lines: list[str]) -> None:
    """Make the zone of these records, each "name type value". Raises LabError."""
    records: dict[tuple[str, str], list[str]] = {}
    for line in lines[:100]:
        parts = line.split(None, 2)
        if len(parts) != 3:
            raise LabError(f"A record is a name, a type and a value. This is {visible(line)[:60]!r}.")
        name = parts[0].rstrip(".").lower()
        name = "@" if name == domain else name.removesuffix(f".{domain}")
        records.setdefault((name, parts[1].upper()), []).append(parts[2])
    view = lab.dns.add_zone(domain)
    view.delete("@", "MX")
    for (name, rdtype), values in records.items():
        try:
            view.set(name, rdtype, *values)
        except RecordError as error:
            raise LabError(f"{visible(f'{name} {rdtype} {values[0]}')[:60]}: {error.message}") from None


@contextmanager
def published(world: World, lines: list[str]) -> Iterator[Lab]:
    """A lab with these records for the domain, and a sender that is strict about aliases."""
    with Lab(beside=True) as lab:
        publish(lab, world.domain, lines)
        lab.mta("mx.birch.example").store.add(world.reader)
        lab.mta("mail.acorn.example").queue.router.cname = "strict"
        yield lab


def letter(lab: Lab, world: World) -> Direct:
    """A letter to the reader, tried once at each host."""
    text = f"From: alice@acorn.example\nTo: {world.reader}\nSubject: Tea?\n\nAt five.\n"
    return lab.deliver(text, source="mail.acorn.example")


@task("routing-4", answers.texts())
def zone(lines: list[str], world: World) -> Marks:
    """The zone is published, and mail is sent to it."""
    with published(world, lines) as lab:
        route = lab.route(world.reader)
        sent = letter(lab, world)
        came = bool(lab.mailbox(world.reader))
        why = "It is in the mailbox." if came else f"It did not arrive. {_why(route)}"
        yield mark("a letter arrives", 1, came, why, MX)
        yield _first(sent, came, world)
        yield _all_hosts(route)
        yield _web(lab, world)


def _first(sent: Direct, came: bool, world: World) -> Mark:
    first = sent.attempts[0].address if sent.attempts else ""
    good = came and first == world.servers["main"]
    why = "It was tried first." if good else "Another one was tried first: the lowest number comes first."
    return mark("the main host first", 1, good, why if came else "Nobody got the letter.", MX)


def _why(route: Route) -> str:
    return f"The sender says: {visible(str(route.refusal))[:120]}" if route.refusal else "Nobody took it."


def _all_hosts(route: Route) -> Mark:
    """Whether every MX record leads to a host with addresses of its own."""
    left_out = [host for host in route.hosts if not host.addresses]
    odd = [step.what for step in route.verdict.steps if " MX " in step.what and step.result == "policy"]
    if left_out:
        host = left_out[0]
        why = f"{host.preference} {visible(host.name)[:60]}: {host.step.why}."
        return mark("every MX record names a host", 1, 0, why, host.step.ref or MX)
    if odd or not route.hosts:
        why = "There is a null MX, which must stand alone." if odd else "No MX record can be used."
        return mark("every MX record names a host", 1, 0, why, "RFC 7505 §3")
    count = len(route.hosts)
    why = f"{count} of {count} do." if count > 1 else "There is only one host, and nothing to fall back on."
    return mark("every MX record names a host", 1, count > 1, why, MX)


def _web(lab: Lab, world: World) -> Mark:
    """Whether the web site is where it was."""
    try:
        found = [
            [str(one) for one in lab.resolve(name, "A")] for name in (world.domain, f"www.{world.domain}")
        ]
    except dns.exception.DNSException:
        found = []
    good = found == [[world.servers["web"]]] * 2
    why = "It is where it was." if good else "Without these A records nobody finds the web site any more."
    return mark("the web site stays", 1, good, why)
