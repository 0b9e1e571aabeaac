"""Exercise 08: replies, the queue and the bounce (RFC 5321 §4.2.1, §4.5.4.1, RFC 3464 §2.3).

`e08_queue` judges the queue, `e08_greylist` the greylist; what is given to read is drawn in `e08_letters`.
"""

from __future__ import annotations

from random import Random
from typing import Any

from ....lab.lab import Lab
from ....lab.policies import Quota
from ....mail.reply import Reply
from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, mark, sealed
from ..replay import replay
from ..world import World
from . import e08_greylist as greylist
from .cast import addresses, addresses6, domains, people
from .e08_letters import bounces, flood, log
from .e08_queue import SENDS, contract, schedule

__all__ = ["draw", "greylist", "set_up"]

HOST = "mx.birch.example"
# What decides: its points, chosen so that "later" for everybody earns little, what a wrong answer overlooks.
KINDS = {
    "class": ("the reply to RCPT", 2, "the first digit decides, not the words beside it", "RFC 5321 §4.2.1"),
    "dot": (
        "the reply after the dot",
        1,
        "a yes to RCPT is not the handover yet: the reply after the dot is",
        "RFC 5321 §4.2.5",
    ),
    "many": (
        "too many recipients",
        0.5,
        "552 to RCPT without a second code is an old way to say too many, and means later",
        "RFC 5321 §4.5.3.1.10",
    ),
    "closing": (
        "a session that ended early",
        0.5,
        "without a 250 after the dot the client keeps the message, and nobody has said a final no",
        "RFC 5321 §3.8",
    ),
}


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """A log, bounces, a server with limits, and a queue with a contract."""
    names, homes = people(rng, 27), domains(rng, 9)
    kept = log(rng, f"news@{homes[0]}", homes[1:5], names[:12])
    author = f"{rng.choice(('out', 'smtp', 'mail'))}.{homes[0]}"
    letters, told = bounces(rng, f"{names[12]}@{homes[0]}", author, homes[5:8], names[13:16])
    victim, careless = f"{names[16]}@{homes[0]}", f"mx.{homes[8]}"
    things = {
        "log": "\n\n".join(kept.text),
        "bounces": letters,
        **_limits(rng, homes[1], names[17:24]),
        **contract(rng, homes[1], names[17]),
        "visits": _visits(rng, homes, names),
        "victim": victim,
        "flood": flood(rng, victim, careless, f"{names[24]}@{homes[8]}", addresses(rng, 1)[0]),
    }
    return things, {"fates": kept.fates, "bounce": told}


def _limits(rng: Random, domain: str, names: list[str]) -> dict[str, Any]:
    forever = rng.random() < 0.5
    second = rng.choice(("552 5.3.4", "552 5.2.2" if forever else "452 4.2.2"))
    return {
        "host": HOST,
        "domain": domain,
        "mailboxes": [f"{name}@{domain}" for name in names],
        "nearly_full": f"{names[-1]}@{domain}",
        "full_for_good": forever,
        "limits": {
            "recipients": rng.randint(2, 5),
            "message_octets": rng.randrange(200_000, 900_000, 1000),
            "octets_left_in_the_nearly_full_one": rng.randrange(2000, 9000, 10),
        },
        "wanted": ["452 4.5.3", second, rng.choice(("550 5.1.1", "554 5.7.1"))],
    }


def _visits(rng: Random, homes: list[str], names: list[str]) -> dict[str, Any]:
    ips = [*addresses(rng, 2), addresses6(rng, 1)[0]]
    while ips[0].rpartition(".")[0] == ips[1].rpartition(".")[0]:
        ips = [*addresses(rng, 2), ips[2]]
    events = [
        {"time": 40 * n, "ip": ip, "from": f"{names[n]}@{homes[n]}", "to": f"{names[20 + n]}@{homes[8]}"}
        for n, ip in enumerate(ips)
    ]
    return {"delay": rng.randrange(60, 600, 10), "window": 3600 * rng.randint(4, 24), "events": events}


def set_up(lab: Lab, world: World) -> None:
    """The domain's mailboxes at the host, its limits, and the queue as it is now."""
    lab.dns.add_zone(world.domain).set("@", "MX", "10 mx2.birch.example")
    mta, limits = lab.mta(HOST), world.limits
    mta.store.add(*world.mailboxes)
    mta.limits.recipients, mta.limits.size = limits["recipients"], limits["message_octets"]
    boxes = {world.nearly_full: limits["octets_left_in_the_nearly_full_one"]}
    mta.policies.append(Quota(10**8, permanent=world.full_for_good, boxes=boxes))
    lab.mta(SENDS).queue.schedule = schedule(world.queue)


# reading ----------------------------------------------------------------------------------------


@task("queue-1", answers.table(str, '{"anna@pear.example": "later"}'))
def fates(answer: dict[str, str], world: World) -> Marks:
    """Points for each thing that decides, for all recipients together whom it decides for."""
    said = {key.strip().lower(): value.strip().lower() for key, value in answer.items()}
    for kind, (what, of, why, ref) in KINDS.items():
        if world.truth is None:
            yield sealed(what, of)
            continue
        if set(said) >= set(world.truth["fates"]) and len(set(said.values())) == 1:
            yield mark(what, of, 0, "One word for all twelve is worth nothing: the log has all three.", ref)
            continue
        mine = {who: fate for who, (fate, decides) in world.truth["fates"].items() if decides == kind}
        wrong = sum(said.get(who) != fate for who, fate in mine.items())
        bad = f"{wrong} of {len(mine)} are not right: {why}."
        if not set(said.values()) <= {"taken", "later", "failed"}:
            bad = f"{wrong} of {len(mine)} are not right. The words are taken, later and failed."
        yield mark(what, of, not wrong, bad if wrong else f"All {len(mine)} are right.", ref)


@task("queue-2", answers.table(str, '{"author": "mx.pear.example", "mistyped": "anna@pear.example"}'))
def bounce_read(answer: dict[str, str], world: World) -> Marks:
    """A point for each of three, and for the two addresses together."""
    said = {key: value.strip().lower().rstrip(".") for key, value in answer.items()}
    refs = {"author": "RFC 3464 §2.2.2", "refused_by": "RFC 3464 §2.3.5"}
    for key in ("author", "mistyped", "policy", "expired", "refused_by"):
        of = 0.5 if key in ("mistyped", "policy") else 1
        if world.truth is None:
            yield sealed(key, of)
            continue
        good = said.get(key) == world.truth["bounce"][key]
        why = "Right." if good else _misread(key, said.get(key, ""), world.truth["bounce"])
        yield mark(key, of, good, why, refs.get(key, "RFC 3464 §2.3.4"))


def _misread(key: str, said: str, truth: dict[str, str]) -> str:
    if not said:
        return "Nothing is said about this."
    if key == "author":
        if said.endswith(truth["author"].partition(".")[2]):
            return "Not the host that reports: the message was handed in from there. See Reporting-MTA."
        return "Not a host that refuses writes the bounce, but the one that had taken the message before."
    if key == "refused_by":
        if said == truth["author"]:
            return "This host reports the refusal. Whose words does it quote? See Remote-MTA."
        return "This is not the host that refused the mistyped address. Read that recipient's own block."
    if said not in (truth["mistyped"], truth["policy"], truth["expired"]):
        return "The bounces report on no such address."
    return "This recipient has another Status: its second number says what it was about."


# provoking --------------------------------------------------------------------------------------


@task("queue-3", answers.table(list, '{"550 5.1.1": ["EHLO me.example", "QUIT"]}'))
def refusals(answer: dict[str, list[Any]], world: World) -> Marks:
    """Each list of lines has a session of its own, and its last reply must be the one asked for."""
    with world.lab() as lab:
        for wanted in world.wanted:
            lines = [line for line in answer.get(wanted, []) if type(line) is str]
            with lab.connect(world.host) as session:
                said = [(line, reply) for line, reply in replay(session, lines) if reply]
            yield _provoked(wanted, said)


def _provoked(wanted: str, said: list[tuple[str, Reply]]) -> Mark:
    if not said:
        return mark(wanted, 2, 0, "There are no lines for it, or none was answered.")
    line, last = said[-1]
    refused = [(each, reply) for each, reply in said[:-1] if reply.code >= 400]
    got = f"{last.code} {last.enhanced}".strip()
    if got != wanted:
        fits = " The code fits, the second one does not: it is about something else." * (
            str(last.code) == wanted[:3]
        )
        if any(f"{reply.code} {reply.enhanced}" == wanted for _, reply in refused):
            fits = " The reply came before: its line should be the last one."
        why = f"The last line, {_short(line)}, got {_short(str(last))}.{fits}"
        return mark(wanted, 2, 0, why + (_also(refused) if refused and not fits else ""), "RFC 3463 §2")
    if refused:
        return mark(wanted, 2, 0.5, f"The last reply is right.{_also(refused)}", "RFC 5321 §4.1.4")
    return mark(wanted, 2, 1, f"{_short(line)} got {_short(str(last))}.", "RFC 3463 §2")


def _also(refused: list[tuple[str, Reply]]) -> str:
    line, reply = refused[0]
    return f" Before it something else was refused: {_short(line)} got {_short(str(reply))}."


def _short(text: str) -> str:
    return visible(text)[:90]
