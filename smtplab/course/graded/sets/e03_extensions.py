"""Exercise 03: extensions (RFC 5321 §2.2, RFC 1870, RFC 2920, RFC 3461, RFC 6152, RFC 6531).

Lists to read, commands to group into round trips, an order for reports to give, a talk in which a client uses
what it was not offered, and a letter for a server that offers little.
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
from .e03_more import broken, lists, talk, ticket
from .kinds import case, few

FULL, POOR = "mx.birch.example", "mx2.birch.example"  # servers that offer all, and little
BOB, PAIVI = "bob@birch.example", "päivi@birch.example"
LIMIT = 20_000  # octets that POOR takes
REPORTS = (
    ["FAILURE"],
    ["DELAY"],
    ["SUCCESS"],
    ["FAILURE", "DELAY"],
    ["SUCCESS", "FAILURE"],
    ["SUCCESS", "DELAY"],
)


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two lists and eight wishes, an order, three connections, and lines that a poor server refuses."""
    mine, *others = domains(rng, 6)
    *names, user = people(rng, 4)
    sender, second, third = (f"{name}@{mine}" for name in names)
    foreign = f"{rng.choice(['jörg', 'zoë', 'åsa', 'josé', 'łukasz', 'ülkü'])}@{others[0]}"
    replies, wishes, keys = lists(rng, [f"mx.{others[0]}", f"mx.{others[1]}"], foreign)
    told, offences = talk(rng, [f"mail.{mine}", f"mx.{others[2]}", f"pc.{mine}"], sender, f"info@{others[2]}")
    lines, text = broken(rng, f"out.{mine}", second, BOB)
    out = rng.sample(["DSN", "CHUNKING", "PIPELINING", "HELP"], 2)
    keep = ["SIZE", "PIPELINING", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "HELP"]
    reports = [*rng.sample(REPORTS, 1), ["NEVER"]]
    rng.shuffle(reports)
    things = {
        "lists": replies,
        "wishes": wishes,
        "commands": _commands(rng, f"out.{mine}", sender, [f"{name}@{others[3]}" for name in people(rng, 4)]),
        "order": {
            "sender": third,
            "size": rng.randint(1200, 9900),
            "quote": rng.choice(["HDRS", "FULL"]),
            "mark": f"{rng.choice('ABCDEFGH')}{rng.randint(10000, 99999)}",
            "reports": dict(zip((PAIVI, BOB), reports, strict=True)),
        },
        "talk": told,
        "offered": [keyword for keyword in keep if keyword not in out],
        "sender": second,
        "lines": lines,
        "text": text,
        "ticket": ticket(rng, f"mail.{mine}", mine, user.title()),
    }
    return things, {"lists": keys, "offences": offences}


def _commands(rng: Random, me: str, sender: str, boxes: list[str]) -> list[str]:
    rcpts = [f"RCPT TO:<{box}>" for box in boxes[: rng.randint(2, 4)]]
    return [f"EHLO {me}", f"MAIL FROM:<{sender}>", *rcpts, "DATA", "(message)", "QUIT"]


def set_up(lab: Any, world: World) -> None:
    """One server offers little, and takes small messages only."""
    poor = lab.mta(POOR)
    poor.extensions = list(world.offered)
    poor.limits.size = LIMIT


KEYWORDS = (
    ("plain", "what a list allows", 2.0),
    ("missing", "what another list allows", 0.5),
    ("value", "what the words after a keyword rule out", 1.0),
    ("address", "another kind of letter", 0.5),
)
BLANKET = "'none' for every wish: some of them a list does allow."
SAYS = {
    "plain": "one of these the server does offer: look for the keyword in its own list.",
    "missing": "a list speaks for its own server only, and this one does not offer it.",
    "value": "read what follows the keyword, too: the limit after SIZE, the methods after AUTH.",
    "address": "8BITMIME is for the text of a message. An address needs more.",
}  # fmt: skip


@task("extensions-1", answers.table(str, '{1: "SIZE", 2: "none"}'))
def allowed(said: dict[str, str], world: World) -> Marks:
    """The keyword that allows each wish, or "none". Half of them are: to say it of all earns nothing."""
    blanket = len(said) > 1 and {word.strip().lower() for word in said.values()} == {"none"}
    for kind, what, of in KEYWORDS:
        if world.truth is None:
            yield sealed(what, of)
            continue
        truth = world.truth["lists"]
        mine = [number for number, name in truth["kinds"].items() if name == kind]
        why = BLANKET if blanket else SAYS[kind]
        right = [said.get(n, "").strip().upper() == truth["keywords"][n].upper() for n in mine]
        yield few(what, of, [(well and not blanket, why) for well in right], "RFC 5321 §4.1.1.1")


def probes(world: World) -> list[Probe]:
    """One message with PIPELINING, the same without, and two messages in one session."""
    commands = world.commands
    twice = [*commands[:-1], *commands[1:]]
    return [
        Probe("one message", (commands, ["SIZE", "PIPELINING"])),
        Probe("no PIPELINING", (commands, ["SIZE", "8BITMIME"])),
        Probe("two messages", (twice, ["PIPELINING", "8BITMIME"])),
    ]


@task("extensions-2", answers.function("round_trips(commands, offered)"), probes)
def grouped(tried: list[Tried], world: World) -> Marks:
    """The groups that the function made."""
    for one, of, given in zip(tried, (1.0, 1.0, 1.0), probes(world), strict=True):
        yield groups_mark(one.name, of, one, *given.arguments)


ANYWHERE = ("MAIL", "RCPT", "RSET", "(MESSAGE)")  # RFC 2920 §3.1


def groups_mark(
    what: str, of: float, tried: Tried, commands: list[str], offered: list[str], *, quiet: bool = False
) -> Mark:
    """A mark for groups of commands: all of them, none that is too bold, and no more groups than needed.

    `quiet` tells nothing of what was tried.
    """
    groups = tried.value if isinstance(tried.value, list) else []
    verbs = [[_verb(line) for line in group] for group in groups if isinstance(group, list) and group]
    whole = [line for group in groups for line in (group if isinstance(group, list) else [group])]
    bold = next((verb for group in verbs for verb in group[:-1] if verb not in ANYWHERE), "")
    lonely = "PIPELINING" not in [keyword.upper() for keyword in offered]
    share = 0.0
    if whole != commands or len(verbs) != len(groups):
        told = "" if quiet else tried.error
        why = told or "These are not all the commands in their order, in lists within a list."
    elif lonely and len(verbs) < len(commands):
        why = "PIPELINING is not offered, so every command has to wait for the reply before it."
    elif bold:
        name = "A command" if quiet else visible(bold)[:20]
        why = f"{name} is not the last of its group, and the client needs its reply to go on."
    elif not lonely and any(group[-1] in ANYWHERE for group in verbs[:-1]):
        share, why = (
            0.5,
            "Right, and fewer groups would do." if quiet else f"{len(verbs)} groups: fewer would do.",
        )
    else:
        share, why = 1.0, "As few as possible." if quiet else f"{len(verbs)} round trips."
    return mark(what, of, share, why, "RFC 2920 §3.1")


def _verb(line: Any) -> str:
    return (str(line).split() or [""])[0].upper()


@task("extensions-3", answers.texts())
def ordered(lines: list[str], world: World) -> Marks:
    """The lines are said to a server of the lab: what its envelope holds is compared with the order."""
    order = world.order
    with world.lab() as lab:
        with lab.connect(FULL) as session:
            said = [(line, reply) for line, reply in replay(session, lines) if reply]
        found = [item.envelope for item in lab.queue(FULL)]
    envelope = next((one for one in found if str(one.reverse_path).strip("<>") == order["sender"]), None)
    refused = [
        f"{visible(line[:4])} got {visible(str(reply))[:90]}" for line, reply in said if reply.code >= 400
    ]
    why = (
        f"{refused[0]}." if refused else "No message from this sender came." if not envelope else "All taken."
    )
    yield mark(
        "the message is taken, and nothing refused", 1, bool(envelope) and not refused, why, "RFC 5321 §3.3"
    )
    parameters = envelope.parameters if envelope else None
    wanted = (("the size", 0.75, "size", order["size"], "RFC 1870 §4"),
              ("what a report quotes", 0.75, "ret", order["quote"], "RFC 3461 §4.3"),
              ("the mark", 0.5, "envid", order["mark"], "RFC 3461 §4.4"))  # fmt: skip
    for what, of, name, value, ref in wanted:
        got = getattr(parameters, name, None)
        why = "As ordered." if got == value else f"The envelope holds {got if got else 'nothing'} there."
        yield mark(what, of, got == value, visible(why)[:120], ref)
    given = {str(one.path).strip("<>"): one.notify for one in (envelope.recipients if envelope else ())}
    cases = [
        case(box, sorted(given.get(box, ())) == sorted(words), _notified(given.get(box), words))
        for box, words in order["reports"].items()
    ]
    yield each("when to report", 2, cases, "RFC 3461 §4.1")


def _notified(got: Any, wanted: list[str]) -> str:
    if got is None:
        return "this mailbox is no recipient of the message."
    told = visible(",".join(got)) or "nothing"
    return f"the order says {' and '.join(wanted).lower()}, and NOTIFY says {told}."


OFFENCES = {
    "early": "one thing was used before any list had offered it: that list came only under TLS.",
    "gone": "after STARTTLS a new list holds, and the one before counts no more.",
    "helo": "HELO asks for no list, so nothing of a list may be used.",
    "other": "a list speaks for one server and one connection: what another offered does not help.",
}


@task("extensions-4", answers.numbers())
def offences(said: list[float], world: World) -> Marks:
    """The lines of the client that used what was not offered at that moment."""
    if world.truth is None:
        yield sealed("the lines", 3)
        yield sealed("no line too many", 1)
        return
    found, truth = {f"{number:g}" for number in said}, world.truth["offences"]
    cases = [
        case(f"offence {n}", line in found, OFFENCES[kind]) for n, (line, kind) in enumerate(truth.items(), 1)
    ]
    yield each("the lines", 3, cases, "RFC 5321 §2.2.1")
    wrong, right = found - set(truth), found & set(truth)
    why = f"{len(wrong)} named that used nothing but what their own list offers."
    yield mark("no line too many", 1, bool(right) and not wrong, why if wrong else "None.", "RFC 5321 §2.2.1")


@task("extensions-5", answers.texts())
def repaired(lines: list[str], world: World) -> Marks:
    """The lines are said to the poor server: no refusal, the letter arrives in ASCII and reads the same."""
    with world.lab() as lab:
        before = len(lab.mailbox(BOB))
        with lab.connect(POOR) as session:
            said = [(line, reply) for line, reply in replay(session, lines) if reply]
        lab.settle()
        mails = [
            mail for mail in lab.mailbox(BOB)[before:] if str(mail.reverse_path).strip("<>") == world.sender
        ]
    refused = [
        f"{visible(line[:4])} got {visible(str(reply))[:90]}" for line, reply in said if reply.code >= 400
    ]
    taken = any(line == "." and reply.code == 250 for line, reply in said)
    why = f"{refused[0]}." if refused else "Nothing was refused." if taken else "No message was sent."
    yield mark("nothing refused", 1.5, taken and not refused, why, "RFC 5321 §4.1.1.11")
    why = "Bob has it." if mails else "Bob got nothing from your sender."
    yield mark("the letter arrives", 1, bool(mails), why, "RFC 5321 §3.3")
    plain = all(line.isascii() for line in lines)
    why = "ASCII only." if plain else "A line has letters beyond ASCII, and nobody offered to take them."
    yield mark("ASCII on the wire", 1, bool(mails) and plain, why, "RFC 6152 §3")
    yield _reads(mails[-1].message if mails else None, world.text)


def _reads(message: Any, text: str) -> Mark:
    """A mark for the text as a mail program shows it."""
    part = message.get_body(preferencelist=("plain",)) if message else None
    shown = str(part.get_content()).split() if part else []
    same = shown == text.split()
    if not shown:
        why = "There is no text to read."
    elif any("=C" in word or "=E2" in word for word in shown):
        why = "A reader sees =C3 and the like: the header section does not say that this is quoted-printable."
    else:
        why = "A reader sees the same text." if same else "A reader sees another text than world.text."
    return mark("it reads the same", 1.5, same, why, "RFC 6152 §3")
