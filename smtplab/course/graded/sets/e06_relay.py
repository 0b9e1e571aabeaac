"""The broken relay of exercise 06: its configuration as data, and the clients that try it.

The configuration has three entries: "inside", the networks whose hosts need no login; "may", the cells of
the relay table that say yes; "denial", the reply that refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal, TypeGuard

from ....lab.hosts import Host
from ....lab.relay import networks
from ....mail.errors import LabError, RecordError
from ....mail.relaying import CELLS, Cell
from ....mail.reply import Reply
from ....mail.text import visible
from ..mark import Mark, mark
from ..world import World

SERVER = "mail.acorn.example"
ELSEWHERE, LOCAL = "bob@birch.example", "alice@acorn.example"
NAMES: dict[str, Cell] = {f"{who} to {where}": (who, where) for who, where in CELLS}
USUAL = [name for name in NAMES if name != "outsider to elsewhere"]
STRANGER = "mail.mallory.example"

Case = tuple[str, bool, str]
Group = Literal["stranger", "machine", "people"]

# fault -> (cell, what somebody wrote about it)
FAULTS = {
    "users cannot send": (
        "authenticated to elsewhere",
        "A colleague: I log in from home, and all the same I get `Relay access denied`.",
    ),
    "nobody can write": (
        "outsider to local",
        "A customer: your server refuses all my mail to you.",
    ),
    "everyone may": (
        "outsider to elsewhere",
        "A blocklist: your server sends spam for people all over the world.",
    ),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A configuration that a server can run."""

    inside: tuple[str, ...]
    may: frozenset[str]
    denial: Reply


@dataclass(frozen=True, slots=True)
class Client:
    """One client: which mark it belongs to, where it is, whom it writes to, and what it should get."""

    group: Group
    name: str
    address: str
    to: str
    wanted: bool
    login: bool = False


def broken(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """An office whose server trusts all of its network, with one more fault in the table."""
    gateway, *others = (f"192.0.2.{number}" for number in rng.sample(range(180, 250), 8))
    machines = {name: others.pop() for name in ("printer", "scanner", "alarm")}
    fault = rng.choice(sorted(FAULTS))
    cell, complaint = FAULTS[fault]
    may = [name for name in USUAL if name != cell] + ([cell] if cell not in USUAL else [])
    reports = [
        f"{gateway} is a gateway: all who come through it from outside seem to have this address.",
        "A neighbour: a guest in your office network sent spam through your server, with no login.",
        complaint,
        "The log: programs that search for open relays are told 4xx. They come back all day.",
    ]
    office = {"machines": machines, "gateway": gateway, "reports": reports}
    config = {"inside": ["192.0.2.0/24"], "may": may, "denial": "454 4.7.1 Relay access denied"}
    return {"office": office, "config": config}, {"fault": fault, "guests": sorted(others)}


def move_in(lab: Any, world: World) -> None:
    """Give the office's machines and its gateway their places in the lab's network."""
    for name, address in {**world.office["machines"], "gateway": world.office["gateway"]}.items():
        lab.network.add(Host(f"{name}.office.example", (address,)))


def setting(answer: dict[str, Any]) -> tuple[Setting | None, str]:
    """The configuration that `answer` is, or why no server starts with it."""
    inside, may, denial = (answer.get(name, 0) for name in ("inside", "may", "denial"))
    if not _texts(inside) or not _texts(may) or not isinstance(denial, str):
        return None, 'It needs "inside" and "may", lists of texts, and "denial", a text.'
    unknown = [name for name in may if name not in NAMES]
    if unknown:
        return None, f"{visible(unknown[0])[:60]} is no cell. There are: {', '.join(NAMES)}."
    try:
        return Setting(networks(inside), frozenset(may), Reply.parse(denial)), ""
    except (LabError, RecordError) as error:
        return None, visible(str(error))[:200]


def _texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def put(mta: Any, chosen: Setting) -> None:
    """Make `mta` relay like this."""
    mta.relay.inside, mta.relay.denial = chosen.inside, chosen.denial
    for name, cell in NAMES.items():
        mta.relay.set(*cell, name in chosen.may)


def clients(world: World) -> list[Client]:
    """Those that the student knows of."""
    office = world.office
    gateway = office["gateway"]
    machines = [Client("machine", name, at, ELSEWHERE, True) for name, at in office["machines"].items()]
    return [
        Client("stranger", "somebody through the gateway", gateway, ELSEWHERE, False),
        Client("stranger", "a stranger", STRANGER, ELSEWHERE, False),
        *machines,
        Client("people", "a user who has logged in", "alice.home.example", ELSEWHERE, True, login=True),
        Client("people", "a stranger who writes to a user", STRANGER, LOCAL, True),
    ]


def tried(lab: Any, world: World, all_: Sequence[Client]) -> list[list[Case]]:
    """What came of each client's attempt, for the three marks: strangers, machines, people."""
    cases = [(client.group, _case(client, attempt(lab, world, client))) for client in all_]
    return [
        [case for group, case in cases if group == wanted] for wanted in ("stranger", "machine", "people")
    ]


def attempt(lab: Any, world: World, client: Client) -> Reply:
    """One session of a client up to RCPT; the reply to that, or the first refusal."""
    account, secret = (world.login[name] for name in ("account", "password"))
    start = ["EHLO client.example"]
    source = place(lab, client.address)
    with lab.connect(SERVER, 587 if client.login else 25, source=source) as session:
        if client.login:
            session.say(*start, "STARTTLS", *start)
            session.auth("PLAIN", account, secret)
        else:
            session.say(*start)
        replies: list[Reply] = session.say(f"MAIL FROM:<{account}>", f"RCPT TO:<{client.to}>")
    return replies[-1]


def place(lab: Any, address: str) -> str:
    """The name of the host at `address`, which is put there when nobody is."""
    hosts = lab.network.hosts.values()
    found = next((host.name for host in hosts if address == host.name or address in host.addresses), None)
    if found is None:
        found = f"pc-{address.rpartition('.')[2]}.office.example"
        lab.network.add(Host(found, (address,)))
    return found


def _case(client: Client, reply: Reply) -> Case:
    good = reply.is_positive is client.wanted
    why = f"{SERVER} answered {visible(str(reply))}."
    if not good and client.wanted and client.group == "machine":
        why += " This machine cannot log in, so its address has to be inside."
    elif not good and client.wanted and not client.login:
        why += " To take mail for its own users from anyone is what a server is for."
    elif not good and not client.wanted and client.address == STRANGER:
        why += " That is an open relay: outsiders send elsewhere."
    elif not good and not client.wanted:
        why += " This address is inside, and so is everyone who seems to come from it."
    return client.name, good, why


def final(chosen: Setting) -> Mark:
    """The mark for a refusal after which nobody comes back."""
    permanent = chosen.denial.is_permanent
    why = f"It is {visible(str(chosen.denial))}."
    if not permanent:
        why += " A 4xx asks the client to try again later; the table will not say anything else then."
    return mark("the refusal is final", 1, permanent, why, "RFC 5321 §4.2.1")
