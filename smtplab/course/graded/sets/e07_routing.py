"""Exercise 07: which way a message goes (RFC 5321 §5.1, RFC 7505 §3, RFC 6409 §4.3).

`e07_zone` has the zone to mend, `e07_order` the function to write.
"""

from __future__ import annotations

from random import Random
from typing import Any

from ....mail.reply import Reply
from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, mark, sealed
from ..replay import replay
from ..world import World
from . import e07_order as order
from .cast import addresses, domains, people
from .e07_zone import draw_zone, publish

__all__ = ["draw", "order", "set_up"]

MX = "RFC 5321 §5.1"
RELAY = "out.relay.example"
WORDS = ("amber", "basil", "copper", "domino", "ember", "fennel", "garnet", "indigo", "jasper", "kelp")
DOMAINS = {
    "lowest": ("the lowest number", "the lowest number comes first, and 9 is lower than 10", MX),
    "equal": ("equal numbers", "of equal numbers any may come first, since the client draws lots", MX),
    "dead": ("a dead host", "a host that does not answer is passed over, for the next number", MX),
    "implicit": ("no MX record", "without any MX record the domain is its own mail exchanger", MX),
    "null": ("null MX", "this domain says that it takes no mail, so no host is tried", "RFC 7505 §3"),
    "waits": ("nobody answers", "where MX records are, the domain's own address does not count", MX),
}
STORIES = {
    "relay down": "a server with a smart host looks up no MX records: there is no way around it",
    "relay keeps": "the smart host has taken it, and nobody after that",
    "backup keeps": "the next host takes it when the first does not answer, and keeps it for that one",
    "sender keeps": "no other host has taken it, so it is still where it was handed in",
    "arrived": "every host on its way answers, so it came to its end",
}


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Zones to read, stories to follow, a login, a zone to mend, and a friend in need."""
    homes, names, ips = domains(rng, 24), people(rng, 6), addresses(rng, 30)
    zones, down, ways = _zones(rng, homes[:6], ips)
    stories, holders = _stories(rng, homes[6:18])
    customer, elsewhere, mine = homes[18:21]
    things = {
        "zones": "\n\n".join(zones),
        "down": down,
        "stories": stories,
        "login": {
            "host": RELAY,
            "port": 587,
            "account": f"{names[0]}@{customer}",
            "password": f"{rng.choice(WORDS)}-{rng.randint(100, 999)}",
        },
        "letter": {"from": f"shop@{customer}", "to": f"{names[1]}@{elsewhere}"},
        **draw_zone(rng, mine, names[2], ips[28]),
        "order": {"domain": homes[21], "hosts": [f"{one}.{homes[21]}" for one in rng.sample("abcdefgh", 4)]},
        "friend": _friend(rng, homes[22], ips[29]),
    }
    return things, {"ways": ways, "holders": holders}


def _zones(
    rng: Random, homes: list[str], ips: list[str]
) -> tuple[list[str], list[str], dict[str, list[Any]]]:
    """Six domains as text, the hosts that are down, and for each domain (kind, who takes the letter)."""
    kinds, texts, down, ways = list(DOMAINS), list[str](), list[str](), dict[str, list[Any]]()
    rng.shuffle(kinds)
    for place, (kind, domain) in enumerate(zip(kinds, homes, strict=True)):
        mine = iter(ips[4 * place : 4 * place + 4])
        hosts = [f"{label}.{domain}" for label in rng.sample(("mx1", "mx2", "in", "mail", "a", "b", "c"), 3)]
        low, middle, high = 9, rng.randint(10, 19), rng.randint(100, 300)
        numbers, dead, takes = {
            "lowest": ((low, middle, high), [], hosts[:1]),
            "equal": ((middle, middle, high), [], hosts[:2]),
            "dead": ((low, middle, high), hosts[:1], hosts[1:2]),
            "implicit": ((), [], [domain]),
            "null": ((), [], ["refused"]),
            "waits": ((low, middle), hosts[:2], ["waits"]),
        }[kind]
        records = [f"{domain}. MX {n} {host}." for n, host in zip(numbers, hosts, strict=False)]
        records += [f"{domain}. MX 0 ."] * (kind == "null")
        rng.shuffle(records)
        owners = [domain, *hosts[: len(numbers)]]
        texts.append("\n".join([*records, *(f"{owner}. A {next(mine)}" for owner in owners)]))
        down += dead
        ways[domain] = [kind, takes]
    rng.shuffle(down)
    return texts, down, ways


def _stories(rng: Random, homes: list[str]) -> tuple[list[dict[str, Any]], list[list[str]]]:
    """Four letters on their way, and for each (kind, the host that has it)."""
    kinds = ["relay down", "relay keeps", "backup keeps", rng.choice(("sender keeps", "arrived"))]
    rng.shuffle(kinds)
    stories, holders = [], []
    for place, kind in enumerate(kinds):
        sender, relay, domain = homes[3 * place : 3 * place + 3]
        own, smart = f"mail.{sender}", f"{rng.choice(('out', 'smtp'))}.{relay}"
        hosts = [f"{label}.{domain}" for label in rng.sample(("mx1", "mx2", "in", "east", "west"), 2)]
        smart = "" if kind == "backup keeps" or kind == "sender keeps" else smart
        down = {"relay down": [smart], "backup keeps": hosts[:1], "arrived": []}.get(kind, hosts)
        holder = {"relay keeps": smart, "backup keeps": hosts[1], "arrived": hosts[0]}.get(kind, own)
        mx = [f"10 {hosts[0]}", f"20 {hosts[1]}"]
        rng.shuffle(mx)
        stories.append({"sender": own, "smart_host": smart, "mx": mx, "down": sorted(down)})
        holders.append([kind, holder])
    return stories, holders


def _friend(rng: Random, domain: str, ip: str) -> str:
    refused = rng.choice(
        (
            f"550 5.7.25 [{ip}] has no name in the DNS, so no mail is taken from it",
            f"554 5.7.1 Service unavailable; client host [{ip}] blocked: a home connection",
        )
    )
    return (
        f"I run a server for {domain} under my desk. Mail comes in, but nothing goes out.\n"
        f"Connecting to port 25 of the other servers always times out, so they must be down. Since May!\n"
        f"For a day my provider opened something, and then I got this from all large receivers:\n"
        f"    {refused}\n"
        f"But {ip} is my address, SPF has it, and I have never sent spam. What is wrong with them?\n"
    )


def set_up(lab: Any, world: World) -> None:
    """The zone to mend as it is, the reader's mailboxes, and the customer's account at the relay."""
    publish(lab, world.domain, world.zone)
    to = world.letter["to"]
    lab.dns.add_zone(to.partition("@")[2]).set("@", "MX", "10 mx.birch.example")
    lab.mta("mx.birch.example").store.add(to, world.reader)
    lab.mta(RELAY).accounts.add(world.login["account"], world.login["password"])


# reading ----------------------------------------------------------------------------------------


@task("routing-1", answers.table(list, '{"pear.example": ["mx1.pear.example"], "elm.example": ["waits"]}'))
def ways(answer: dict[str, list[Any]], world: World) -> Marks:
    """A point for each of the six domains."""
    said = {key.strip().lower().rstrip("."): _names(value) for key, value in answer.items()}
    drawn = world.truth["ways"] if world.truth else {}
    for kind, (what, why, ref) in DOMAINS.items():
        if world.truth is None:
            yield sealed(what, 1)
            continue
        domain = next(name for name, (its, _) in drawn.items() if its == kind)
        good = said.get(domain) == sorted(drawn[domain][1])
        yield mark(what, 1, good, "Right." if good else _astray(said.get(domain), why), ref)


def _names(given: list[Any]) -> list[str]:
    return sorted(str(name).strip().lower().rstrip(".") for name in given)


def _astray(said: list[str] | None, why: str) -> str:
    return f"Not right: {why}." if said else "There is no answer for the domain that shows this."


@task("routing-2", answers.texts())
def holders(answer: list[str], world: World) -> Marks:
    """A point for each letter."""
    for number in range(4):
        what = f"letter {number + 1}"
        if world.truth is None:
            yield sealed(what, 1)
            continue
        kind, holder = world.truth["holders"][number]
        said = answer[number].strip().lower().rstrip(".") if number < len(answer) else ""
        good = said == holder
        why = f"Not there: {STORIES[kind]}." if said else "There is no answer."
        yield mark(what, 1, good, "It is there." if good else why, "RFC 5321 §4.5.4.1")


# the smart host ---------------------------------------------------------------------------------


@task("routing-3", answers.texts())
def by_hand(lines: list[str], world: World) -> Marks:
    """The lines are said to the smart host, and then the recipient's mailbox is looked at."""
    login = world.login
    with world.lab() as lab:
        with lab.connect(login["host"], login["port"]) as session:
            said = [(line, reply) for line, reply in replay(session, lines) if reply]
        lab.settle()
        found = lab.mailbox(world.letter["to"])
    yield _tls(said)
    yield _login(said)
    taken = any(line == "." and reply.code == 250 for line, reply in said)
    bad = next((_told(line, reply) for line, reply in said if reply.code >= 400), "There is no dot alone.")
    yield mark("the message is taken", 1, taken, "250 after the dot." if taken else bad, "RFC 5321 §4.2.5")
    right = [mail for mail in found if mail.reverse_path.address == world.letter["from"]]
    why = "It is in the mailbox." if right else f"Nothing came to {world.letter['to']}."
    if found and not right:
        why = "It came, with another reverse-path than it should have."
    yield mark("the letter arrives", 1, bool(right), why)


def _told(line: str, reply: Reply) -> str:
    what = "AUTH" if _verb(line) == "AUTH" else visible(line.strip())[:60]
    return f"{what} got {visible(str(reply))[:120]}."


def _verb(line: str) -> str:
    return line.strip().partition(" ")[0].upper()


def _tls(said: list[tuple[str, Reply]]) -> Mark:
    verbs = [_verb(line) for line, _ in said]
    begun = any(_verb(line) == "STARTTLS" and reply.code == 220 for line, reply in said)
    early = "AUTH" in verbs and ("STARTTLS" not in verbs or verbs.index("AUTH") < verbs.index("STARTTLS"))
    why = "STARTTLS came first." if begun else "There is no STARTTLS that was accepted."
    if early:
        why = "The password went out before TLS: whoever listens on the way has it."
    return mark("TLS before the password", 1, begun and not early, why, "RFC 4954 §9")


def _login(said: list[tuple[str, Reply]]) -> Mark:
    if any(reply.code == 235 for _, reply in said):
        return mark("the login", 1, 1, "235: the relay knows its customer.", "RFC 4954 §4")
    tried = next((reply for line, reply in said if _verb(line) == "AUTH"), None)
    if tried is None:
        why = "There is no AUTH: a relay that takes mail from anybody would be an open relay."
    elif tried.code in (501, 535):
        why = f"{tried.code}: not this account with this password. In PLAIN a NUL stands in front of each."
    elif tried.code == 503:
        why = f"AUTH got {visible(str(tried))[:80]}. After STARTTLS the session begins anew, with EHLO."
    else:
        why = f"AUTH got {visible(str(tried))[:100]}."
    return mark("the login", 1, 0, why, "RFC 4954 §4")
