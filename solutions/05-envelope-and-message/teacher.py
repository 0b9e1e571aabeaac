"""What only teachers have of exercise 05: hidden tests, common mistakes, other right answers, rubrics."""

import re
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime, make_msgid
from random import Random

from smtplab.course.graded.probe import Probe
from smtplab.course.graded.sets.e05_envelope_and_message import reported
from smtplab.course.graded.sets.e05_letters import transaction
from smtplab.course.graded.teaching import Looked, Mistake

KINDS = (
    "in small letters",
    "brackets in a parameter",
    "never",
    "success only",
    "failure, too",
    "one of two wants no report",
    "nothing failed",
    "other names in the header",
    "it was a report itself",
)


def _more(world):
    rng = Random(f"hidden {world.transactions}")
    return [transaction(rng, kind) for kind in KINDS]


def probes(world):
    return [
        Probe("another transaction", (one["commands"], one["failed"], one["message"])) for one in _more(world)
    ]


def reports(tried, world):
    """What a function raises may hold what it was given, so its words are not told."""
    quiet = [replace(one, error="It raised an exception." if one.error else "") for one in tried]
    yield reported(quiet, [one["report"] for one in _more(world)], 3)


HIDDEN = {"envelope-5": reports}
HIDDEN_PROBES = {"envelope-5": probes}


def _who(world, **other):
    right = {key: world.truth["newsletter"][key] for key in ("recipients", "bounce", "answer", "author")}
    return right | other


def _copies(world, groups, *head, to=True):
    """The lines of one transaction for each group, all with the same message."""
    fields = [
        *head,
        f"From: {world.author}",
        *([f"To: {', '.join(world.seen)}"] if to else []),
        "Subject: Plan",
    ]
    lines = ["EHLO me.example"]
    for group in groups:
        lines += [
            f"MAIL FROM:<{world.author}>",
            *[f"RCPT TO:<{who}>" for who in group],
            "DATA",
            *fields,
            "",
            "Hi.",
            ".",
        ]
    return lines


def _one_by_one(world):
    return [[who] for who in world.blind + world.seen]


def _forged(world):
    return [number for number, kind in enumerate(world.truth["kinds"], 1) if kind.startswith("forged")]


def _honest_service(world):
    return world.truth["kinds"].index("honest service") + 1


def _letter(world, name="", date="", wide=False, ident=""):
    """A message by hand: MIME by base64."""
    from base64 import b64encode
    from textwrap import wrap

    plan = world.letter

    def word(text):
        pieces = [b64encode(text[at : at + 15].encode()).decode() for at in range(0, len(text), 15)]
        return "\r\n ".join(f"=?utf-8?b?{piece}?=" for piece in pieces)

    body = "\r\n".join(wrap(b64encode(plan["text"].encode()).decode(), 76))
    body = plan["text"] if wide else body
    domain = plan["from"].partition("@")[2]
    time = format_datetime(datetime.fromisoformat(plan["written"]))
    return "\r\n".join([
        f"Message-ID: {ident or make_msgid(domain=f'pc.{domain}')}",
        f"Date: {date or time}",
        f"From: {name or word(plan['name'])} <{plan['from']}>",
        f"To: <{plan['to']}>",
        f"Subject: {word(plan['subject'])}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Transfer-Encoding: {'8bit' if wide else 'base64'}",
        "",
        body,
        "",
    ])  # fmt: skip


def _by_from(commands, failed, message):
    got = re.search(r"(?m)^From: (\S+@\S+)", message)
    return ["MAIL FROM:<>", f"RCPT TO:<{got[1]}>"] if got else []


def _answers_reports(commands, failed, message):
    back = re.search(r"<(.*?)>", commands[0])[1]
    return [
        f"MAIL FROM:<postmaster@{failed[0].partition('@')[2] if failed else 'x.example'}>",
        f"RCPT TO:<{back}>",
    ]


def _no_notify(commands, failed, message):
    back = re.search(r"<(.*?)>", commands[0])[1]
    return ["MAIL FROM:<>", f"RCPT TO:<{back}>"] if back and failed else []


def _other_report(commands, failed, message):
    back = commands[0].split(":", 1)[1].split()[0]
    asked = {}
    for command in commands[1:]:
        path, *more = command.split(":", 1)[1].split()
        asked[path.strip("<>")] = next((word for word in more if word.startswith("NOTIFY")), "FAILURE")
    if back == "<>" or not any("FAILURE" in asked[who] for who in failed):
        return []
    return ["mail from:<> RET=HDRS", f"rcpt to:{back} NOTIFY=NEVER"]


MISTAKES = {
    "envelope-1": [
        Mistake(
            "To and Cc as the recipients",
            lambda world: _who(world, recipients=world.truth["newsletter"]["header"]),
            3,
            "RCPT decides",
            "Section 1 of the lesson: RCPT named Bob, To a king, and Bob had the letter.",
        ),
        Mistake(
            "the bounce goes to From",
            lambda world: _who(world, bounce=world.truth["newsletter"]["author"]),
            4,
            "Failure is reported to the reverse-path",
            "A report goes to the address in MAIL (RFC 5321 §6.1). From is for the reader.",
        ),
        Mistake(
            "whoever is in any RCPT",
            lambda world: _who(
                world,
                recipients=[*world.truth["newsletter"]["recipients"], world.truth["newsletter"]["refused"]],
            ),
            4.33,
            "look at the reply to each RCPT",
            "Only a 250 makes a recipient.",
        ),
    ],
    "envelope-2": [
        Mistake(
            "a field Bcc",
            lambda world: _copies(world, [world.seen, world.blind], f"Bcc: {', '.join(world.blind)}"),
            3,
            "in a Bcc field",
            "No server has to take it out. A mail program leaves it away before it sends.",
        ),
        Mistake(
            "only those in To get it",
            lambda world: _copies(world, [world.seen]),
            3,
            "No copy came",
            "A blind copy is a RCPT without a name in the header.",
        ),
        Mistake(
            "the blind ones in To",
            lambda world: _copies(world, [world.seen, world.blind], f"Cc: {', '.join(world.blind)}"),
            3,
            "tells of a blind recipient",
            "What is in the message, each reader sees.",
        ),
    ],
    "envelope-3": [
        Mistake(
            "whatever has another Return-Path",
            lambda world: [_honest_service(world)],
            0,
            "A Return-Path of another domain is usual",
            "Newsletters and lists have their own reverse-path, for the bounces.",
        ),
        Mistake(
            "all of them",
            lambda world: list(range(1, 9)),
            0,
            "An honest one is accused",
            "Some came from the firm.",
        ),
    ],
    "envelope-4": [
        Mistake(
            "letters outside ASCII as they are, in one long line",
            lambda world: _letter(world, wide=True),
            4,
            "more than 998 characters",
            "A server may refuse such a line, or cut it (RFC 5321 §4.5.3.1.6).",
        ),
        Mistake(
            "a name with a comma and no quotes",
            lambda world: _letter(world, name="Anna Smith, Sales"),
            5,
            "A comma parts two authors",
            "Commas part addresses. Put the name in quotes, or leave it to email.headerregistry.Address.",
        ),
        Mistake(
            "local time called UTC",
            lambda world: _letter(
                world,
                date=format_datetime(datetime.fromisoformat(world.letter["written"]).replace(tzinfo=None)),
            ),
            5,
            "mind the zone",
            "The zone is part of the moment.",
        ),
        Mistake(
            "the same Message-ID for all",
            lambda world: _letter(world, ident="letter"),
            5,
            "<left@right>",
            "It is a name in brackets that nobody else can have: chance, and a domain of one's own.",
        ),
    ],
    "envelope-5": [
        Mistake(
            "the report goes to From",
            lambda world: _by_from,
            2.83,
            "somebody else than the reverse-path",
            "From is whatever the author wrote. The reverse-path is there for reports.",
        ),
        Mistake(
            "a report has a sender of its own",
            lambda world: _answers_reports,
            0,
            "A report has the null reverse-path",
            "Two servers that answer each other's reports never stop (RFC 5321 §4.5.5).",
        ),
        Mistake(
            "NOTIFY is not looked at",
            lambda world: _no_notify,
            5.33,
            "nobody asked for one",
            "The sender may have said that no report is wanted (RFC 3461 §4.1).",
        ),
    ],
}
OTHERWISE = {
    "envelope-1": [
        lambda world: _who(world, recipients=[f"<{who}>" for who in world.truth["newsletter"]["recipients"]])
    ],
    "envelope-2": [lambda world: _copies(world, _one_by_one(world))],
    "envelope-3": [lambda world: _forged(world)[::-1]],
    "envelope-4": [_letter],
    "envelope-5": [lambda world: _other_report],
}
RUBRICS = {
    "envelope-6": [
        Looked(
            1,
            "Sees that both bills have one Message-ID, and that the mailbox dropped the second",
        ),
        Looked(
            1,
            "Says who makes the name, a new one each time: the author's program; else the submission server",
        ),
        Looked(
            1, "Says that a relay must not add or change it, with a reason: copies, threads, or signatures"
        ),
        Looked(1, "Says that an equal name is a hint: compare the texts, or keep and mark the second one"),
    ],
}
