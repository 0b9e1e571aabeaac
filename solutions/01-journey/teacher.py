"""What only teachers have of exercise 01: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

from smtplab.course.graded.probe import Probe
from smtplab.course.graded.sets.e01_journey import way_mark
from smtplab.course.graded.teaching import Looked, Mistake

# name -> (points, domain, records)
MORE = {
    "many numbers": (
        0.75,
        "x.example",
        ["100 d.x.example", "9 b.x.example", "20 c.x.example", "0 a.x.example"],
    ),
    "a name with its last dot": (0.25, "x.example", ["20 b.x.example.", "3 a.x.example."]),
    "no record": (0.5, "y.example", []),
    "one record": (0.5, "z.example", ["0 ."]),
}


def _way(tried, world):
    for one, (name, (of, domain, mx)) in zip(tried, MORE.items(), strict=True):
        yield way_mark(f"other records, {name}", of, one, domain, mx, quiet=True)


def hosts(domain, mx, *, implicit=True, null=True, number=int, up=1):
    """hosts_to_try with one thing or another left out."""
    if not mx:
        return [domain] if implicit else []
    pairs = [record.split() for record in mx]
    pairs.sort(key=lambda pair: up * number(pair[0]) if number is int else pair[0])
    return [name.rstrip(".") for _, name in pairs if name != "." or not null]


def without(**options):
    return lambda world: lambda domain, mx: hosts(domain, mx, **options)


def _letters(world, *roles):
    return [letter for letter in world.truth["order"] if world.truth["roles"][letter] in roles]


def _swapped(world, one, other):
    order = list(world.truth["order"])
    order[one], order[other] = order[other], order[one]
    return order


def _roles(world, **changes):
    return {letter: changes.get(role, role) for letter, role in world.truth["roles"].items()}


HIDDEN = {"journey-3": _way}
HIDDEN_PROBES = {"journey-3": lambda world: [Probe(name, one[1:]) for name, one in MORE.items()]}

MISTAKES = {
    "journey-1": [
        Mistake(
            "backwards",
            lambda w: w.truth["order"][::-1],
            0,
            "runs backwards",
            "Received lines are read from the bottom up. Events are not: begin with Send.",
        ),
        Mistake(
            "the connection before the lookup",
            lambda w: _swapped(w, 2, 3),
            3,
            "asked before the connection is opened",
            "An address names a domain, not a machine. Without the DNS there is nobody to call.",
        ),
        Mistake(
            "the reader's program in the middle",
            lambda w: [w.truth["order"][8], *w.truth["order"][:8]],
            3,
            "reading is the last event",
            "SMTP pushes a letter into the store. Only then can anybody fetch it.",
        ),
    ],
    "journey-2": [
        Mistake(
            "every server is an MTA",
            lambda w: _roles(w, MSA="MTA", MDA="MTA", MS="MTA"),
            2.5,
            "this is submission",
            "A role is what is done. Taking mail from one's own users is submission, and has its own rules.",
        ),
        Mistake(
            "delivery and storage are one",
            lambda w: _roles(w, MDA="MS", MS="MDA"),
            3,
            "Keeping it there is another role",
            "The MDA puts it in and is done. The MS has it for years.",
        ),
        Mistake(
            "the provider is an MSA all along",
            lambda w: _roles(w, MTA="MSA"),
            2.5,
            "does it as an MTA",
            "Once the letter is taken, passing it on is the work of an MTA.",
        ),
    ],
    "journey-3": [
        Mistake(
            "the highest number first",
            without(up=-1),
            2.5,
            "highest number",
            "Preference counts like a rank.",
        ),
        Mistake(
            "sorted as texts",
            without(number=str),
            2.5,
            "sorted as texts",
            "int() makes a number of the first word.",
        ),
        Mistake(
            "no MX, no mail",
            without(implicit=False),
            3.75,
            "takes mail at its own address",
            "The oldest rule of mail routing: without MX the name itself is the host.",
        ),
        Mistake(
            "a lone dot is a host",
            without(null=False),
            3.75,
            "lone dot is no host",
            "A null MX is how a domain says that it takes no mail.",
        ),
    ],
    "journey-4": [
        Mistake(
            "the highest number first",
            lambda w: [f"20 {w.first}", f"10 {w.second}"],
            3,
            "whose number must be higher",
            "10 is tried before 20.",
        ),
        Mistake(
            "equal numbers",
            lambda w: [f"10 {w.first}", f"10 {w.second}"],
            3,
            "by lot",
            "Equal numbers share the load. Here one host is meant to come first.",
        ),
        Mistake(
            "no record for the backup",
            lambda w: [f"10 {w.first}"],
            2,
            "stayed on Alice's server",
            "Without a second record the letter waits for the first host.",
        ),
        Mistake(
            "the third host as a last resort",
            lambda w: [f"10 {w.first}", f"20 {w.second}", f"30 {w.never}"],
            4,
            "the letter went to",
            "Whatever stands in a record gets mail one day. A high number is no lock.",
        ),
    ],
    "journey-5": [
        Mistake(
            "whoever was called has it",
            lambda w: dict(w.truth["called"]),
            1.5,
            "this host was called",
            "Ask for the 250. Without it nothing has moved.",
        ),
        Mistake(
            "what does not arrive is lost",
            lambda w: dict.fromkeys(w.truth["holders"], "nobody"),
            0,
            "switching off a host changes nothing",
            "At every moment somebody has it: that is the point of SMTP.",
        ),
    ],
}

OTHERWISE = {
    "journey-1": [
        lambda w: [*w.truth["order"], "J"],
        lambda w: [letter.lower() for letter in w.truth["order"]],
    ],
    "journey-2": [lambda w: {letter: role.lower() for letter, role in w.truth["roles"].items()}],
    "journey-3": [without()],
    "journey-4": [lambda w: [f"65535 {w.second}.", f"0 {w.first}."]],
    "journey-5": [lambda w: {int(number): f"{host}." for number, host in w.truth["holders"].items()}],
}

RUBRICS = {
    "journey-6": [
        Looked(
            1, "'sent' is the 250 of the submission server: it has taken the letter, and has not delivered it"
        ),
        Looked(1, "the letter waited in the queue of the writer's own server, which tried again and again"),
        Looked(1, "no second sending: it would have come twice"),
        Looked(1, "TLS covers a hop: every server on the way has the plain letter and could read it"),
    ],
}
