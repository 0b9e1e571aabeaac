"""Exercise 02: the dialogue (RFC 5321 §3.3, §4.1.4, §4.2, §4.5.2).

A log to read, lines whose refusals are to be foretold, a refusal to provoke, a client of one's own that meets
awkward servers, and a message that ends twice.
"""

from __future__ import annotations

from random import Random
from typing import Any

from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, each, mark, sealed
from ..probe import Probe, Tried
from ..replay import replay
from ..world import World
from .cast import domains, people
from .e02_client import USUAL, codes_mark, content_mark, plays
from .e02_more import cuts, log, script, trick
from .kinds import case, few

WANTED = ((501, "MAIL"), (501, "RCPT"), (502, "EXPN"), (503, "MAIL"), (503, "RCPT"), (503, "DATA"),
          (550, "RCPT"), (554, "RCPT"), (452, "RCPT"))  # fmt: skip
HOST, BOB = "mx.birch.example", "bob@birch.example"
LIMIT = 2  # recipients that HOST takes in one transaction, so that 452 can be met


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Four hosts with eight mailboxes, a client's lines, a reply to provoke, and a message in octets."""
    mine, *others = domains(rng, 5)
    sender, second, third, boss, *names = people(rng, 12)
    senders = [f"{name}@{mine}" for name in (sender, second, third)]
    text, fates, stories = log(rng, f"out.{mine}", senders[0], names, others)
    lines, refusals = script(rng, f"out.{mine}", senders)
    octets, ends = trick(rng, f"{third}@{others[0]}", f"{boss}@{mine}", f"{second}@{mine}")
    code, verb = rng.choice(WANTED)
    things = {
        "log": text,
        "lines": lines,
        "code": code,
        "verb": verb,
        "sender": senders[0],
        "recipients": [f"{name}@{others[1]}" for name in names[:3]],
        "message": f"From: {senders[0]}\nSubject: Dots\n\n.{names[3]} begins with a dot\n..two\n.\nBye\n",
        "octets": octets.hex(),
        "cuts": cuts(rng),
    }
    return things, {"fates": fates, "stories": stories, "script": refusals, "ends": ends}


def set_up(lab: Any, world: World) -> None:
    """The server takes few recipients at once."""
    lab.mta(HOST).limits.recipients = LIMIT


# Five of the eight are "later". They weigh less, so that one word for all earns little.
STORIES = {"dot-2": ("one taken after the dot", 1.0), "rcpt-5": ("one refused with a 5", 0.5),
         "rcpt-4": ("one refused with a 4", 0.5), "dot-4": ("two whose dot got a 4", 0.5),
         "dot-5": ("one whose dot got a 5", 1.0), "421": ("two who met a 421", 0.5)}  # fmt: skip


@task("dialogue-1", answers.table(str, '{"bob@birch.example": "done"}'))
def who_acts(said: dict[str, str], world: World) -> Marks:
    """What the sending server has to do for each recipient of the log."""
    said = {box.strip(" <>").lower(): word.strip().lower() for box, word in said.items()}
    for story, (what, of) in STORIES.items():
        if world.truth is None:
            yield sealed(what, of)
            continue
        fates, boxes = world.truth["fates"], world.truth["stories"]
        mine = [box for box, name in boxes.items() if name == story]
        cases = [(said.get(box) == fates[box], _fate(said.get(box), story)) for box in mine]
        yield few(what, of, cases, "RFC 5321 §4.2.5" if story.startswith("dot") else "RFC 5321 §4.2.1")


def _fate(said: str | None, story: str) -> str:
    """A sentence on what was said of a recipient: right or wrong, it names the rule."""
    if said is None:
        return "there is no word for this recipient."
    if said not in ("done", "later", "report"):
        return f"{visible(said)[:30]!r} is none of the three words."
    if story == "dot-2":
        return "the message changed hands: the last reply after the dot decides."
    if said == "done":
        return "'done' for a message that no 2 after the dot has taken: a 250 to RCPT hands nothing over."
    if story in ("rcpt-4", "dot-4", "421"):
        return "a 4 means not now: the sending server keeps the message."
    return "a 5 is final: trying again brings the same."


@task("dialogue-2", answers.table((int, str), "{3: 503}"))
def foretold(said: dict[str, Any], world: World) -> Marks:
    """Which lines get a refusal, and with which code."""
    whats = (("the refused lines", 2.0), ("their codes", 1.0), ("no line too many", 1.0))
    if world.truth is None:
        yield from (sealed(*one) for one in whats)
        return
    refused, kinds = world.truth["script"]["refused"], world.truth["script"]["kinds"]
    cases = [case(f"refusal {n}", line in said, MISSED[kinds[line]]) for n, line in enumerate(refused, 1)]
    yield each("the refused lines", 2, cases, "RFC 5321 §4.1.4")
    codes = [
        case(f"refusal {n}", str(said.get(line)) == str(code), CODES if line in said else "not named.")
        for n, (line, code) in enumerate(refused.items(), 1)
    ]
    yield each("their codes", 1, codes, "RFC 5321 §4.2.2")
    yield _too_many(set(said) - set(refused), world.truth["script"]["content"], len(set(said) & set(refused)))


CODES = "500 is for a verb that nobody knows, 501 for wrong arguments, 503 for the wrong time."
MISSED = {
    "greeted": "after EHLO no transaction is open: only MAIL opens one.",
    "mail": "after MAIL the server waits for a recipient, and for nothing else of a message.",
    "rcpt": "inside a transaction there is no second MAIL.",
    "over": "the reply to the final dot ends the transaction, and the next begins with MAIL again.",
    "dropped": "RSET and EHLO drop the transaction with its recipients.",
    "form": "one line is wrong at any time: look at its verb and at what follows it.",
}


def _too_many(wrong: set[str], content: list[int], right: int) -> Mark:
    """The mark for lines that were named and are not refused."""
    inside = len(wrong & {str(number) for number in content})
    why = f"{len(wrong)} named that the server takes." if wrong else f"{right} named, all of them refused."
    if inside:
        why += f" {inside} of them stand inside a message: the server reads no commands there."
    return mark("no line too many", 1, bool(right) and not wrong, why, "RFC 5321 §4.1.1.4")


@task("dialogue-3", answers.texts())
def refused_on_purpose(lines: list[str], world: World) -> Marks:
    """The lines are said to a server of the lab: one refusal as asked for, and the message arrives."""
    with world.lab() as lab:
        before = len(lab.mailbox(BOB))
        with lab.connect(HOST) as session:
            said = [(line, reply) for line, reply in replay(session, lines) if reply]
        lab.settle()
        arrived = [str(mail.reverse_path) for mail in lab.mailbox(BOB)[before:]]
    refused = [(line[:4].upper(), reply) for line, reply in said if reply.code >= 400]
    exact = any(verb == world.verb and reply.code == world.code for verb, reply in refused)
    near = any(reply.code == world.code for _, reply in refused)
    told = "; ".join(f"{visible(verb)} got {visible(str(reply))[:80]}" for verb, reply in refused[:3])
    why = f"{told}." if told else "Nothing was refused."
    yield mark(f"{world.code} to {world.verb}", 2, 1 if exact else near / 2, why, "RFC 5321 §4.2.3")
    why = f"{len(refused)} of {len(said)} replies were refusals."
    yield mark("one refusal, no more", 1, len(refused) == 1, why, "RFC 5321 §4.2.1")
    mine = any(path.strip("<>") == world.sender for path in arrived)
    yield mark("the message arrives all the same", 2, mine, _arrival(arrived, mine), "RFC 5321 §3.3")


def _arrival(arrived: list[str], mine: bool) -> str:
    if mine:
        return "Bob has it: a refused command ends neither the session nor the transaction."
    if arrived:
        return f"Bob got one with the reverse-path {visible(arrived[0])}, not with your sender's."
    return "No message arrived in Bob's mailbox."


def probes(world: World) -> list[Probe]:
    """A calm server, one that refuses a recipient, and one that speaks slowly and in many lines."""
    given = (world.sender, world.recipients, world.message)
    picky = {**USUAL, f"RCPT {world.recipients[1]}": ["550-5.1.1 No such user", "550 5.1.1 here"]}
    slow = {
        **picky,
        "": ["220-mx.example ESMTP", "220-No spam", "220 please"],
        "MAIL": ["250-2.1.0 Sender", "250 OK"],
    }
    return [
        Probe("a calm server", given, plays(USUAL)),
        Probe("a server that refuses one recipient", given, plays(picky)),
        Probe("a server that speaks in pieces", given, plays(slow, pieces=True)),
    ]


@task("dialogue-4", answers.function("deliver(sock, sender, recipients, message)"), probes)
def own_client(tried: list[Tried], world: World) -> Marks:
    """What the client said to three servers, and what it made of their replies."""
    calm, picky, slow = tried
    said = calm.said()
    yield each("the commands", 1, _commands(said, world), "RFC 5321 §3.3")
    yield content_mark(1.5, said, world.message, calm.error)
    yield codes_mark("what it returns", 0.5, calm, dict.fromkeys(world.recipients, 250))
    codes = dict(zip(world.recipients, (250, 550, 250), strict=True))
    yield codes_mark("one recipient refused", 1, picky, codes)
    rule = "A reply may come in pieces, and in many lines: read on to the line without a hyphen."
    yield codes_mark("replies in pieces and many lines", 1, slow, codes, rule)


def _commands(said: list[str], world: World) -> list[tuple[str, bool, str]]:
    """A case for every command that must be there, in its place."""
    verbs = [line[:4].upper().strip() for line in said]
    dot = said.index(".") if "." in said else len(said)
    why = f"It said {', '.join(visible(verb) for verb in verbs[:6]) or 'nothing'}."
    named = [line.partition("<")[2].partition(">")[0] for line in said if line[:5].upper() == "RCPT "]
    return [
        ("EHLO", verbs[:1] in (["EHLO"], ["HELO"]), why),
        ("MAIL", verbs[1:2] == ["MAIL"] and f"<{world.sender}>" in said[1], why),
        (
            "RCPT",
            named == list(world.recipients),
            f"It named {len(named)} of {len(world.recipients)} recipients.",
        ),
        ("DATA", "DATA" in verbs[:dot], why),
        ("QUIT", "QUIT" in verbs[dot:], "A client says QUIT before it goes."),
    ]


ENDS = (("strict", "the end for a strict server", 1.0), ("careless", "the end for a careless server", 1.5),
        ("messages", "how many messages", 0.5), ("sender", "the hidden reverse-path", 1.0))  # fmt: skip


@task(
    "dialogue-5",
    answers.table((int, str), '{"strict": 10, "careless": 5, "messages": 4, "sender": "a@b.example"}'),
)
def two_ends(said: dict[str, Any], world: World) -> Marks:
    """Where two servers see the end of one message, and what the second takes for commands."""
    raw = bytes.fromhex(world.octets)
    for name, what, of in ENDS:
        if world.truth is None:
            yield sealed(what, of)
            continue
        got = said.get(name)
        right = str(got).strip("<> ") == str(world.truth["ends"][name])
        why = "Yes." if right else _end(name, got, raw, said)
        yield mark(what, of, right, why, "RFC 5321 §4.1.1.4")


def _end(name: str, got: Any, raw: bytes, said: dict[str, Any]) -> str:
    if got is None:
        return f"{name!r} is missing."
    if name == "messages":
        return "Count the messages that the careless server stores: each end after DATA makes one."
    if name == "sender":
        return "That is not what MAIL says in the hidden dialogue: a From field is not the envelope."
    if type(got) is not int or not 0 <= got < len(raw) or raw[got : got + 1] != b".":
        return "There is no dot at that octet. The first octet has the number 0."
    if raw[got + 1 : got + 2] == b"." or raw[got - 1 : got] == b".":
        return "That line has two dots: a stuffed dot ends nothing."
    if name == "careless" and got == said.get("strict"):
        return "That is the end by the standard. For the careless server a bare LF ends a line, too."
    if name == "strict" and raw[got - 1 : got] == b"\n" and raw[got - 2 : got - 1] != b"\r":
        return "Before that dot stands a bare LF, and the strict server takes it for text."
    return "The octets around that dot do not make a line with nothing but a dot."
