"""What only teachers have of exercise 13: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from smtplab.course.graded.mark import Mark, mark
from smtplab.course.graded.probe import Probe, Tried
from smtplab.course.graded.sets import e13_readers as readers
from smtplab.course.graded.teaching import Looked, Mistake
from smtplab.course.graded.world import World

# hidden tests ---------------------------------------------------------------------------------------------

DOTTED = [
    ("plain", "Subject: Hidden files\n\n.profile\n..\n.\nThat is all.\n"),
    ("odd", "Subject: Answers\n\n+OK\n-ERR\n\n.\n"),
]
MANY = [(f"whqtswO00WBw418f9t5JxYwZ~{n}", f"Subject: {n}\n\nGrüße.\n") for n in range(11)]


def more_visits(world: World) -> list[Probe]:
    """Dots, many letters that come octet by octet, and an empty mailbox."""
    known = [uid for uid, _ in MANY[:9]]
    return [
        Probe("dots", ("bob", "builder", []), readers.pop_server(DOTTED, "bob", "builder")),
        Probe("many", ("bob", "builder", known), readers.pop_server(MANY, "bob", "builder", pieces=True)),
        Probe("empty", ("bob", "builder", ["gone"]), readers.pop_server([], "bob", "builder")),
    ]


def fetches(tried: list[Tried], world: World) -> Iterator[Mark]:
    """Two points: letters with dots, and mailboxes that are unusual."""
    dots, many, empty = tried
    found = readers.home("letters with dots", 1, dots, dict(DOTTED))
    why = "They came home as they were written."
    if found.points < 1:
        why = "A letter came home changed. Take away the dots that the server added, and no others."
    yield mark("letters with dots", 1, found.points, why, "RFC 1939 §3")
    good = [readers.home("many", 1, many, dict(MANY[9:]), exactly=2).points == 1, empty.value == {}]
    why = "They work."
    if not all(good):
        why = "Something went wrong with no letters, with many, or with an answer that comes in pieces."
    yield mark("unusual mailboxes", 1, sum(good) / 2, why, "RFC 1939 §7")


HIDDEN = {"retrieval-4": fetches}
HIDDEN_PROBES = {"retrieval-4": more_visits}

# wrong answers --------------------------------------------------------------------------------------------


def pop3(world: World) -> dict[str, list[str]]:
    assert world.truth is not None
    return dict(world.truth["pop3"])


def left(world: World, *without: str) -> list[str]:
    """The letters that are left, but for those of these kinds."""
    return [uid for kind, ids in pop3(world).items() if kind not in ("gone", *without) for uid in ids]


def flags(world: World, **changed: list[str] | None) -> dict[str, list[str]]:
    """The flags, changed for the letters of some kinds; None leaves a letter out."""
    assert world.truth is not None
    truth = world.truth["imap"]
    found = {uid: changed.get(truth["kinds"][uid], right) for uid, right in truth["flags"].items()}
    return {uid: names for uid, names in found.items() if names is not None}


def cleaning(world: World, *start: str, end: tuple[str, ...] = ("QUIT",), first: int = 1) -> list[str]:
    """A session that deletes the letters, counted from `first`."""
    doomed = [n for n, letter in enumerate(world.mailbox, first) if letter["subject"] in world.spam]
    login = ["USER bob@birch.example", "PASS builder"]
    return [*start, *login, *(f"DELE {number}" for number in doomed), *end]


def client(
    *,
    unstuff: Callable[[str], str] = lambda line: line.removeprefix("."),
    delete: bool = False,
    again: bool = False,
) -> Any:
    """A client with one thing in it that may be wrong."""

    def fetch_new(sock: Any, user: str, password: str, known: list[str]) -> dict[str, str] | None:
        replies = sock.makefile("r", encoding="utf-8", newline="\r\n")

        def say(line: str) -> bool:
            sock.sendall(f"{line}\r\n".encode())
            return bool(replies.readline().startswith("+OK"))

        def block() -> list[str]:
            found = []
            while (line := replies.readline()) not in (".\r\n", ""):
                found.append(unstuff(line.removesuffix("\r\n")))
            return found

        replies.readline()
        say(f"USER {user}")
        if not say(f"PASS {password}"):
            say("QUIT")
            return None
        say("UIDL")
        letters = {}
        for number, uid in (line.split() for line in block()):
            if (again or uid not in known) and say(f"RETR {number}"):
                letters[uid] = "\n".join([*block(), ""])
                if delete:
                    say(f"DELE {number}")
        say("QUIT")
        return letters if not again else {uid: text for uid, text in letters.items() if uid not in known}

    return fetch_new


def settings(world: World) -> dict[str, list[Any]]:
    """What suits the two people."""
    found = {}
    for name, user in world.users.items():
        first, second = (993, 143) if user["wants"] == readers.WANTS["IMAP"] else (995, 110)
        read = [second, "starttls"] if first in user["closed"] else [first, "implicit"]
        send = [587, "starttls"] if 465 in user["closed"] else [465, "implicit"]
        found[name] = [*read, *send]
    return found


def changed(world: World, change: Callable[[list[Any]], list[Any]]) -> dict[str, list[Any]]:
    return {name: change(given) for name, given in settings(world).items()}


OTHER = {993: 995, 995: 993, 143: 110, 110: 143}

MISTAKES = {
    "retrieval-1": [
        Mistake(
            "DELE deletes",
            lambda world: left(world, "reset", "cut"),
            3,
            "takes all marks back",
            "DELE marks. Only QUIT leads to the UPDATE state, and there the marked letters are deleted.",
        ),
        Mistake(
            "a lost connection deletes, too",
            lambda world: left(world, "cut"),
            3.67,
            "the connection was lost before QUIT",
            "Without QUIT there is no UPDATE state (RFC 1939 §6).",
        ),
        Mistake(
            "nothing is ever deleted",
            lambda world: [uid for ids in pop3(world).values() for uid in ids],
            3,
            "QUIT deletes what is marked",
            "Two of the sessions ended with QUIT.",
        ),
    ],
    "retrieval-2": [
        Mistake(
            "PEEK counts as read",
            lambda world: flags(world, peek=["\\Seen"]),
            3.5,
            "PEEK",
            "PEEK is for programs that look at letters without reading them.",
        ),
        Mistake(
            "what is marked is gone",
            lambda world: flags(world, marked=None),
            2.5,
            "only EXPUNGE takes letters away",
            "\\Deleted is a flag like others, until somebody says EXPUNGE.",
        ),
        Mistake(
            "FLAGS adds",
            lambda world: flags(world, replaced=["\\Seen", "\\Answered"]),
            3.5,
            "replaces all flags",
            "STORE has three forms: +FLAGS, -FLAGS and FLAGS.",
        ),
        Mistake(
            "a star stays on its device",
            lambda world: flags(world, starred=[]),
            3.5,
            "kept on the server",
            "The flags are the mailbox's, and each device shows them.",
        ),
    ],
    "retrieval-3": [
        Mistake(
            "the password in clear",
            lambda world: cleaning(world),
            0,
            "in clear",
            "Port 110 begins in clear. STLS comes first (RFC 2595 §4).",
        ),
        Mistake(
            "no QUIT",
            lambda world: cleaning(world, "STLS", end=()),
            1,
            "there was no QUIT",
            "DELE only marks, and the marks are forgotten with the session.",
        ),
        Mistake(
            "RSET before QUIT",
            lambda world: cleaning(world, "STLS", end=("RSET", "QUIT")),
            1,
            "Not all are gone",
            "RSET takes all marks back.",
        ),
    ],
    "retrieval-4": [
        Mistake(
            "the dots stay",
            lambda world: client(unstuff=lambda line: line),
            5,
            "dots that the server added",
            "The server doubles a dot at a line's start. The client takes one away (RFC 1939 §3).",
        ),
        Mistake(
            "all dots are taken away",
            lambda world: client(unstuff=lambda line: line.lstrip(".")),
            5,
            "and no others",
            "One dot only: the others are the writer's.",
        ),
        Mistake(
            "it deletes",
            lambda world: client(delete=True),
            1.5,
            "It said DELE",
            "What is deleted cannot be read by the phone any more.",
        ),
        Mistake(
            "it fetches everything each time",
            lambda world: client(again=True),
            4.5,
            "where 4 were new",
            "Look at the ids before RETR: a mailbox may have thousands of letters.",
        ),
    ],
    "retrieval-5": [
        Mistake(
            "the other protocol",
            lambda world: changed(world, lambda given: [OTHER[given[0]], *given[1:]]),
            2,
            "which protocol leaves the letters",
            "Two devices with the same letters need IMAP; POP3 takes letters home.",
        ),
        Mistake(
            "no TLS to read",
            lambda world: changed(world, lambda given: [given[0], "none", *given[2:]]),
            2,
            "without TLS nobody",
            "993 and 995 begin with TLS; on 143 and 110 the client has to ask for it, before the password.",
        ),
        Mistake(
            "sends on port 25",
            lambda world: changed(world, lambda given: [*given[:2], 25, "starttls"]),
            2,
            "swallows port 25",
            "Port 25 is for servers among themselves. A mail program submits on 465 or 587.",
        ),
    ],
}

OTHERWISE = {
    "retrieval-1": [lambda world: sorted(left(world), reverse=True)],
    "retrieval-2": [
        lambda world: {uid: [name.lower() for name in found] for uid, found in flags(world).items()},
    ],
    "retrieval-3": [
        lambda world: cleaning(world, "CAPA", "stls", end=("STAT", "QUIT")),
        lambda world: ["STLS", *cleaning(world)[:2], *reversed(cleaning(world)[2:-1]), "quit"],
    ],
    "retrieval-4": [lambda world: client()],
    "retrieval-5": [lambda world: {name: tuple(given) for name, given in reversed(settings(world).items())}],
}

RUBRICS = {
    "retrieval-6": [
        Looked(
            1,
            "The computer at home fetched the letters by POP3 and deleted them; that is where they are.",
        ),
        Looked(1, "The repair: leave messages on server, or IMAP on that machine, too."),
        Looked(1, "IMAP shows what is on the server: one mailbox, whatever protocol opens it."),
        Looked(1, "APPEND stores and sends nothing; sending is SMTP's work, at the submission server."),
    ],
}
