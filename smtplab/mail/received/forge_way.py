"""The way of a forged message before it is written: who really handed it to whom, and what was made up.

Each line is a `Draft`: `forge_plants` changes some, and `forge` writes them down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from random import Random

from .forge_dialects import DIALECTS, Leg
from .forge_hosts import Host, World

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
GREYLIST = 40 * 60  # seconds: the longest that a hop of a clean chain takes
ID = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(slots=True)
class Draft:
    """One line to be written: `host` writes it, about `client` (None for a message that starts there)."""

    leg: Leg
    host: Host
    client: Host | None
    dialect: str
    forged: bool = False
    known: bool = False


@dataclass(slots=True)
class Plan:
    """All lines, the oldest first, with what the header needs besides."""

    rng: Random
    world: World
    drafts: list[Draft]
    reader: str  # the domain of the reader
    date: datetime
    recipient: str = ""
    delivered: str = ""
    sender: str = ""
    between: dict[int, list[str]] = field(default_factory=dict)  # index -> fields right above that line
    used: set[int] = field(default_factory=set)

    @property
    def boundary(self) -> int:
        """The index of the oldest known line."""
        return next(index for index, draft in enumerate(self.drafts) if draft.known)

    def free(self, start: int, end: int) -> list[int]:
        """Indexes in this range of lines that name their host, and that stand beside no changed one."""
        near = {index + step for index in self.used for step in (-1, 0, 1)}
        return [index for index in range(start, end) if index not in near and self.drafts[index].leg.by]

    def one(self, places: Iterable[int]) -> int | None:
        """One of these, used from now on; None when there is none."""
        found = list(places)
        if not found:
            return None
        self.used.add(index := self.rng.choice(found))
        return index


def plan(rng: Random, outside: int, inside: int, forged: int) -> Plan:
    """The lines of a message: `forged` that its sender made up, `outside` by hosts that carried it, and
    `inside` by the reader's own hosts on top (at least 1)."""
    world = World(rng)
    reader = world.organisation()
    made = Plan(rng, world, [], reader, START + timedelta(minutes=rng.randrange(500_000)))
    made.recipient = made.delivered = f"bob@{reader}"
    made.sender = f"alice@{world.organisation()}"
    sender = world.host("mail", made.sender.partition("@")[2])
    origin = _forge(made, sender, forged) if forged else _home(world, sender)
    last = _outside(made, origin, sender, outside, real_start=not forged)
    _inside(made, last, inside)
    _times(made)
    return made


def draft(made: Plan, client: Host | None, host: Host, dialect: str = "") -> Draft:
    """The line that `host` writes when `client` hands it the message."""
    rng, dialect = made.rng, dialect or host.dialect
    can = DIALECTS[dialect]
    leg = Leg(by=host.name, id="".join(rng.choices(ID, k=9)), own=str(host.ip), sender=made.sender)
    if client:
        leg.helo, leg.ip = client.name, client.ip
        leg.rdns = client.rdns if can.rdns else ""
        leg.secure = can.tls and rng.random() < 0.7
    if can.for_ and rng.random() < 0.6:
        leg.for_ = made.recipient
    return Draft(leg, host, client, dialect)


def _home(world: World, sender: Host) -> Host:
    """A client at home or in the office of its provider: its own name for itself need not mean anything."""
    if world.rng.random() < 0.5:
        return world.host("alice", world.organisation())
    inner = IPv4Address(f"192.168.1.{world.rng.randint(2, 99)}")
    here = inner if world.rng.random() < 0.3 else world.address(sender.domain)
    named = world.rng.choice((f"[{inner}]", "alices-laptop", "DESKTOP-7Q2M4.local"))
    return replace(sender, name=named, ip=here, rdns="")


def _forge(made: Plan, sender: Host, count: int) -> Host:
    """The lines that the sender made up, of a way that never was, up to a host of its own."""
    world = made.world
    # named as the host would be that really stood there: else the name gives the forgery away
    attacker = _relay(world) if count > 1 else world.host("mail", world.organisation())
    client: Host = _home(world, sender)
    for number in range(count):
        host = attacker if number == count - 1 else sender if not number else _relay(world)
        line = draft(made, client, host)
        line.forged = True
        line.leg.login = "alice" if not number and made.rng.random() < 0.5 else ""
        made.drafts.append(line)
        client = host
    return attacker


def _relay(world: World) -> Host:
    return world.host(world.rng.choice(("mx", "out", "relay", "mta-7", "smtp-out3")), world.organisation())


def _outside(made: Plan, client: Host, sender: Host, count: int, *, real_start: bool) -> Host:
    """Lines by hosts that really carried it. Who wrote the last one hands it to the reader's own."""
    for number in range(count):
        host = sender if not number and real_start else _relay(made.world)
        line = draft(made, client, host)
        if not number and real_start:
            _start(made, line, client)
        made.drafts.append(line)
        client = _other_name(made.world, host)
    return client


def _start(made: Plan, line: Draft, client: Host) -> None:
    """Submission with a login, through a web page, or by a program on the host."""
    kind = made.rng.choice(("login", "login", "plain", "web", "pickup"))
    if kind in ("web", "pickup"):
        line.dialect = kind
        line.leg.helo = line.leg.rdns = ""
        line.leg.ip = client.ip if kind == "web" else None
        line.leg.secure, line.leg.for_ = False, ""
    elif kind == "login":
        line.leg.login = "alice"


def _other_name(world: World, host: Host) -> Host:
    """Now and then a host goes out by another name and address of the same organisation, as pools do."""
    if world.rng.random() < 0.75:
        return host
    name = f"out-{world.rng.randint(1, 9)}.{host.domain}"
    return replace(host, name=name, rdns=name, ip=world.address(host.domain))


def _inside(made: Plan, client: Host, count: int) -> None:
    """The reader's own hosts: the one that talks to strangers, then filters, hubs and the mail store."""
    world, rng = made.world, made.rng
    host = world.edge("mx", made.reader)
    made.drafts.append(draft(made, client, host))
    steps = ["filter", "hub", "store"][-(count - 1) :] if count > 1 else []
    if count > 1 and rng.random() < 0.5:
        steps = [rng.choice(("filter", "hub", "within", "queue")) for _ in range(count - 1)]
    if len(steps) > 1 and rng.random() < 0.3:
        steps[:2] = ["amavis", "filter"]  # what the filter writes, and what the host does that has it back
    for number in range(max(0, count - 1 - len(steps))):
        steps.insert(number, "hub")
    for number, step in enumerate(steps):
        line, host = _inner(made, step, number, host)
        made.drafts.append(line)
    for line in made.drafts[-count:]:
        line.known = True


def _inner(made: Plan, step: str, number: int, host: Host) -> tuple[Draft, Host]:
    """One line inside the reader's network, and the host that has the message then."""
    world = made.world
    if step == "filter":
        localhost = replace(host, name="localhost", rdns="localhost", ip=IPv4Address("127.0.0.1"))
        line = draft(made, localhost, host, "postfix")
        line.leg.secure = False  # nobody encrypts what stays on the host
        return line, host
    if step == "amavis":
        line = draft(made, replace(host, ip=IPv4Address("127.0.0.1")), host, "amavis")
        line.leg.by, line.leg.own = "localhost", host.name
        return line, host
    if step == "store":
        store = world.host("imap", made.reader)
        return draft(made, host, store, "lmtp"), store
    if step == "queue":
        line = draft(made, None, host, "queue")
        line.leg.by = ""
        return line, host
    if step == "within":
        inner = f"2002:a05:{made.rng.randrange(0x1000, 0xFFFF):x}:{number + 1:x}::1"  # 6to4 of 10.5.0.0/16
        other = replace(host, name=str(IPv6Address(inner)), ip=IPv6Address(inner))
        return draft(made, None, other, "within"), host
    hub = world.host(f"hub{number + 1}", made.reader)
    return draft(made, host, hub), hub


def _times(made: Plan) -> None:
    """When each line was written: by the clock of its host, some seconds after the one before."""
    rng, now = made.rng, made.date
    waits = rng.randrange(len(made.drafts)) if rng.random() < 0.3 else -1
    for index, line in enumerate(made.drafts):
        now += timedelta(seconds=rng.randint(60, GREYLIST) if index == waits else rng.randint(0, 6))
        line.leg.time = (now + line.host.clock).astimezone(line.host.zone)
