"""What only teachers have of exercise 12: hidden tests, common mistakes, other right answers, rubrics."""

import re
from dataclasses import replace
from random import Random

from smtplab import parse_received
from smtplab.course.graded.probe import Probe
from smtplab.course.graded.sets.cast import addresses, domains
from smtplab.course.graded.sets.e12_received_chain import believed, found
from smtplab.course.graded.sets.e12_trips import fields, hop, start, trips
from smtplab.course.graded.teaching import Looked, Mistake

DIALECTS = ("gmail", "exim", "haraka", "exchange", "opensmtpd", "qmail", "domino", "postfix")


def _hidden_fields(world):
    """(field, the client's address): dialects and claims that the visible ones do not have."""
    rng = Random(f"hidden {world.fields}")
    made = [(field, ip) for _, field, ip in fields(rng, DIALECTS, 1)]
    server, client = (f"mx.{domain}" for domain in domains(rng, 2))
    first, second, own = addresses(rng, 3)
    nameless = hop(rng, server, (client, first), start(rng), "exim", rdns="", helo="[10.9.8.7]")
    unknown = hop(rng, server, (client, second), start(rng), "sendmail", rdns="", helo=f"[{own}]", own=own)
    local = hop(rng, server, (client, own), start(rng), "pickup")
    return [*made, (nameless, first), (unknown, second), (local, "")]


def probes(world):
    return [Probe("a field of another program", (field,)) for field, _ in _hidden_fields(world)]


def any_dialect(tried, world):
    """What a function raises may hold the hidden field, so its words are not told."""
    quiet = [replace(one, error="It raised an exception." if one.error else "") for one in tried]
    yield found(quiet, [ip for _, ip in _hidden_fields(world)], 3)


def more_cases(trusted, world):
    """Neighbours of the filter by name and by address, closer than the visible ones."""
    rng = Random(f"hidden {world.hosts}")
    label, _, provider = world.hosts[-1]["name"].partition(".")
    net, _, last = world.hosts[-1]["address"].rpartition(".")
    near = [f"{net}.{int(last) ^ bit}" for bit in (1, 2, 4)]
    others = [
        (f"in{int(label[2:]) + 40}.{provider}", near[1]),
        ("", near[0]),
        (f"{label}.mx.{provider}", near[2]),
    ]
    cases = trips(rng, world.hosts, others)
    yield from believed(trusted, [{**case, "name": "another message"} for case in cases], 0.5, 1.5)


HIDDEN = {"received-3": any_dialect, "received-5": more_cases}
HIDDEN_PROBES = {"received-3": probes}


def _late(world, **other):
    return {key: world.truth[key] for key in ("host", "minutes", "clock")} | other


def _line(world, claim="", form="{}", word="", shift="", end=""):
    """The right line of task 2, with one part in another way."""
    from datetime import datetime
    from email.utils import format_datetime

    session, said = world.session, world.session["dialogue"]
    claim = claim or re.findall(r"C: (?:EHLO|HELO) (\S+)", said)[-1]
    right = "".join((
        "SMTP" if "C: HELO" in said else "ESMTP", "S" * ("STARTTLS\nS: 220" in said), "A" * ("S: 235" in said)
    ))  # fmt: skip
    tag = "IPv6:" if ":" in session["address"] else ""
    time = format_datetime(datetime.fromisoformat(session["clock"]))
    time = time[:-5] + shift if shift else time
    client = form.format(f"{claim} ({session['name in DNS']} [{tag}{session['address']}])")
    return f"Received: from {client} by {session['server']} with {word or right} id 7{end}; {time}"


def _blind(world):
    return re.findall(r"RCPT TO:<(.*?)>", world.session["dialogue"])[1]


def _short(world):
    """Exim's way, in one line: claim behind helo=."""
    session = world.session
    claim = re.findall(r"C: (?:EHLO|HELO) (\S+)", session["dialogue"])[-1]
    there = f"{session['name in DNS']} ([{session['address']}] helo={claim})"
    return re.sub(r"from .*? by", f"from {there}\n by", _line(world)).replace(
        " id 7", " (Exim 4.98) id 1tYw2K-00000001Ab-2x"
    )


def _first_number(field):
    got = re.search(r"\d+\.\d+\.\d+\.\d+|\w+:\w+:\w*::\w+", field)
    return got[0] if got else ""


def _after_from(field):
    return field.partition("from ")[2].split()[0]


def _desk(world, **other):
    return {key: world.truth[key] for key in ("known", "address", "line")} | other


def _mine(world):
    return world.hosts[0]["name"].partition(".")[2]


def _scan(world):
    return world.hosts[-1]


MISTAKES = {
    "received-1": [
        Mistake(
            "the host whose line has the late time",
            lambda world: _late(world, host=world.truth["after"]),
            2,
            "saw the message late",
            "A host writes its time when the message comes in. If that is late, the one before had it.",
        ),
        Mistake(
            "a wrong clock taken for a wait",
            lambda world: _late(world, host=world.truth["clock"], minutes=world.truth["skew"]),
            1,
            "taken back in the next hop",
            "Add up two delays: if the sum is near nothing, the clock between them is wrong.",
        ),
        Mistake(
            "a wait taken for a wrong clock",
            lambda world: _late(world, clock=world.truth["host"]),
            3,
            "that is a wait",
            "Only what is taken back in the next hop is a clock.",
        ),
    ],
    "received-2": [
        Mistake(
            "the name from DNS as what the client said",
            lambda world: _line(world, claim=world.session["name in DNS"]),
            4,
            "That name is from DNS",
            "The word after from is the claim. What was seen stands in the parentheses.",
        ),
        Mistake(
            "for names the blind copy",
            lambda world: _line(world, end=f" for <{_blind(world)}>"),
            4.5,
            "who had a blind copy",
            "Everybody who gets the message reads this line.",
        ),
        Mistake(
            "local time called UTC",
            lambda world: _line(world, shift="+0000"),
            4,
            "not the time on the server's clock",
            "The zone is part of the time: with another zone it is another moment.",
        ),
        Mistake(
            "the address that was seen left out",
            lambda world: re.sub(r" \(.*?\)", "", _line(world)),
            4,
            "no address of the client",
            "The address is the only part that the client can't make up (RFC 5321 §4.4).",
        ),
    ],
    "received-3": [
        Mistake(
            "the first thing that looks like an address",
            lambda world: _first_number,
            3.41,
            "a claim of the client",
            "What the client says in EHLO can look like an address, and often stands in front.",
        ),
        Mistake(
            "the word after from",
            lambda world: _after_from,
            0,
            "a claim of the client",
            "In most dialects this is the client's own word, and it is a name.",
        ),
    ],
    "received-4": [
        Mistake(
            "the origin by the bottom line",
            lambda world: _desk(world, address=world.truth["bottom"]),
            3,
            "from the bottom line",
            "For trust, read from the top down, and stop at the first stranger.",
        ),
        Mistake(
            "every line is believed",
            lambda world: _desk(world, known=world.truth["known"] + len(world.truth["claimed"])),
            4,
            "Read from the top down",
            "What stands below the line that names a stranger came in with the message.",
        ),
        Mistake(
            "the line by the own server is taken for the false one",
            lambda world: _desk(world, line=world.truth["known"]),
            3,
            "It is below the boundary",
            "The line that names the stranger is the last true one.",
        ),
    ],
    "received-5": [
        Mistake(
            "the provider's whole network",
            lambda world: [
                f".{_mine(world)}",
                _scan(world)["name"],
                _scan(world)["address"].rpartition(".")[0] + ".0/24",
            ],
            3.75,
            "the list is too wide",
            "An address next door belongs to somebody else.",
        ),
        Mistake(
            "the provider's whole domain",
            lambda world: [f".{_mine(world)}", "." + _scan(world)["name"].partition(".")[2]],
            3.25,
            "the list is too wide",
            "All customers of the provider have hosts below that name.",
        ),
        Mistake(
            "a domain without its dot",
            lambda world: [_mine(world), _scan(world)["name"], _scan(world)["address"]],
            0,
            "a host of yours is missing",
            "Without the dot it is one host of that very name.",
        ),
        Mistake(
            "the filter is forgotten",
            lambda world: [f".{_mine(world)}"],
            3.67,
            "a host of yours is missing",
            "A host that works for you alone is inside your boundary, whoever owns it.",
        ),
    ],
}
OTHERWISE = {
    "received-1": [
        lambda world: _late(
            world, host=world.truth["host"].upper() + ".", minutes=world.truth["minutes"] + 0.2
        )
    ],
    "received-2": [lambda world: _line(world), _short],
    "received-3": [lambda world: lambda field: str(parse_received(field).ip or "")],
    "received-4": [lambda world: _desk(world, address=f" {world.truth['address']}")],
    "received-5": [
        lambda world: [host["name"] for host in world.hosts],
        lambda world: [
            *(host["address"] for host in world.hosts),
            *(host["name"] for host in world.hosts[::-1]),
        ],
    ],
}
RUBRICS = {
    "received-6": [
        Looked(1, "Reads from the top, and names the address that the own server saw, as known"),
        Looked(
            1, "Says that all lines below came in with the message, so that its sender can have written them"
        ),
        Looked(1, "Says that the lines below may be true and prove nothing: nobody is shown to lie"),
        Looked(1, "Says that an address is a machine and no person, and that its owner may not have known"),
    ],
}
