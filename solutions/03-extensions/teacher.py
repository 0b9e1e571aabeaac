"""What only teachers have of exercise 03: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

import base64

from smtplab.course.graded.probe import Probe
from smtplab.course.graded.sets.e03_extensions import groups_mark
from smtplab.course.graded.teaching import Looked, Mistake

MAIL = ["mail from:<a@x.example> size=5", "rcpt to:<b@y.example>", "rset", "MAIL FROM:<a@x.example>"]
MANY = [f"RCPT TO:<r{n}@y.example>" for n in range(30)]
# name -> (points, commands, offered)
MORE = {
    "small letters": (1, ["ehlo me", *MAIL, *MANY, "data", "(message)", "quit"], ["pipelining"]),
    "other commands": (1, ["EHLO me", "NOOP", *MAIL, "VRFY b", *MANY, "DATA", "(message)", *MAIL, "QUIT"],
                       ["SIZE", "PIPELINING"]),
    "another list": (0.5, ["EHLO me", *MAIL, *MANY, "DATA", "(message)", "QUIT"], ["X-PIPELINING", "DSN"]),
    "a first greeting": (0.5, ["EHLO me", "STARTTLS", "EHLO me", *MAIL, *MANY], ["PIPELINING", "STARTTLS"]),
}  # fmt: skip


def _groups(tried, world):
    for one, (name, (of, commands, offered)) in zip(tried, MORE.items(), strict=True):
        yield groups_mark(f"another session, {name}", of, one, commands, offered, quiet=True)


FREE = ("MAIL", "RCPT", "RSET", "(MESSAGE)")


def trips(commands, offered, *, free=FREE, asks=True, alone=False):
    """round_trips with one thing or another left out."""
    able = not asks or "PIPELINING" in [word.upper() for word in offered]
    groups = [[]]
    for command in commands:
        groups[-1].append(command)
        if alone or not able or command.split()[0].upper() not in free:
            groups.append([])
    return [group for group in groups if group]


def without(**options):
    return lambda world: lambda commands, offered: trips(commands, offered, **options)


def _keys(world, kind, keyword):
    kinds, keys = world.truth["lists"]["kinds"], world.truth["lists"]["keywords"]
    wished = {str(n): one["wish"] for n, one in enumerate(world.wishes, 1)}
    return {n: keyword(wished[n]) if kinds[n] == kind else keys[n] for n in keys}


def _order(world, *, utf8=" SMTPUTF8", quote=None, notify=True, on_mail=False):
    order = world.order
    quote = quote or order["quote"]
    mail = f"MAIL FROM:<{order['sender']}>{utf8} RET={quote} ENVID={order['mark']}"
    mail += f" SIZE={order['size']}"
    rcpts = [
        f"RCPT TO:<{box}>{' NOTIFY=' + ','.join(words[::-1]) if notify and not on_mail else ''}"
        for box, words in reversed(order["reports"].items())
    ]
    mail += " NOTIFY=FAILURE" if on_mail else ""
    return ["EHLO me.example", mail, *rcpts, "DATA", "Subject: x", "", "x", ".", "QUIT"]


def _letter(world, body, *fields):
    head = ["Subject: News", "MIME-Version: 1.0", *fields, ""]
    opening = ["EHLO me.example", f"MAIL FROM:<{world.sender}>", "RCPT TO:<bob@birch.example>", "DATA"]
    return [*opening, *head, *body.splitlines(), ".", "QUIT"]


UTF8 = "Content-Type: text/plain; charset=utf-8"


def _quoted(text):
    octets = text.replace("=", "=3D").encode()
    return "".join(chr(one) if one < 128 else f"={one:02X}" for one in octets)


HIDDEN = {"extensions-2": _groups}
HIDDEN_PROBES = {"extensions-2": lambda world: [Probe(name, one[1:]) for name, one in MORE.items()]}

MISTAKES = {
    "extensions-1": [
        Mistake(
            "the keyword alone counts",
            lambda w: _keys(w, "value", lambda wish: "AUTH" if "log in" in wish else "SIZE"),
            3,
            "read what follows the keyword",
            "SIZE has a limit, AUTH a list of methods. Both stand on the line.",
        ),
        Mistake(
            "8BITMIME is good for every foreign letter",
            lambda w: _keys(w, "address", lambda wish: "8BITMIME"),
            3.5,
            "An address needs more",
            "8BITMIME is for the content. Addresses and header fields came much later, with SMTPUTF8.",
        ),
        Mistake(
            "what one server offers, all do",
            lambda w: _keys(w, "missing", lambda wish: "PIPELINING"),
            3.5,
            "speaks for its own server only",
            "Cover the other list with your hand.",
        ),
        Mistake(
            "none for everything",
            lambda w: dict.fromkeys(w.truth["lists"]["keywords"], "none"),
            0,
            "some of them a list does allow",
            "Begin with a wish whose word stands in the list, and look what follows it there.",
        ),
    ],
    "extensions-2": [
        Mistake(
            "PIPELINING is always there",
            without(asks=False),
            4.5,
            "PIPELINING is not offered",
            "A client that does not wait without being allowed to is taken for a spammer's.",
        ),
        Mistake(
            "DATA needs no reply",
            without(free=(*FREE, "DATA")),
            2,
            "DATA is not the last of its group",
            "The message may go only after the 354. Before it nobody knows whether there is a recipient.",
        ),
        Mistake(
            "one command, one trip",
            without(alone=True),
            3.75,
            "fewer would do",
            "MAIL and RCPT need no waiting: the client can look at their replies later.",
        ),
    ],
    "extensions-3": [
        Mistake(
            "an address with ä without SMTPUTF8",
            lambda w: _order(w, utf8=""),
            3,
            "needs SMTPUTF8 on MAIL",
            "SMTPUTF8 stands on MAIL, although the address is in RCPT.",
        ),
        Mistake(
            "NOTIFY on MAIL",
            lambda w: _order(w, on_mail=True),
            0,
            "not recognized",
            "Each recipient can have other wishes, so NOTIFY belongs to RCPT.",
        ),
        Mistake(
            "RET the wrong way round",
            lambda w: _order(w, quote="FULL" if w.order["quote"] == "HDRS" else "HDRS"),
            4.25,
            "The envelope holds",
            "HDRS quotes the header section, FULL all of it.",
        ),
    ],
    "extensions-4": [
        Mistake(
            "what was offered once holds on",
            lambda w: [int(line) for line, kind in w.truth["offences"].items() if kind == "early"],
            1.75,
            "the one before counts no more",
            "STARTTLS wipes the slate. So does every new connection.",
        ),
        Mistake(
            "the first list of a server counts for ever",
            lambda w: [
                *(int(line) for line, kind in w.truth["offences"].items() if kind != "gone"),
                _login(w.talk),
            ],
            2.25,
            "used nothing but what their own list offers",
            "Under TLS the server offered AUTH. There it may be used.",
        ),
    ],
    "extensions-5": [
        Mistake(
            "leave out the parameters only",
            lambda w: _letter(w, w.text, UTF8, "Content-Transfer-Encoding: 8bit"),
            4,
            "beyond ASCII",
            "It went well here, because this server takes what comes. Another need not.",
        ),
        Mistake(
            "nothing repaired",
            lambda w: w.lines,
            0,
            "not recognized",
            "The reply names the parameter that it does not know, or the size that is too large.",
        ),
        Mistake(
            "quoted-printable that nobody is told of",
            lambda w: _letter(w, _quoted(w.text), UTF8),
            3.5,
            "does not say that this is quoted-printable",
            "Content-Transfer-Encoding says how to read the text.",
        ),
    ],
}


def _login(talk):
    """The line in which the client logs in rightly: the last AUTH."""
    return [int(line.split()[0]) for line in talk.splitlines() if "C: AUTH" in line][-1]


OTHERWISE = {
    "extensions-1": [lambda w: {int(n): key.lower() for n, key in w.truth["lists"]["keywords"].items()}],
    "extensions-2": [without()],
    "extensions-3": [lambda w: _order(w)],
    "extensions-4": [lambda w: [float(line) for line in reversed(w.truth["offences"])]],
    "extensions-5": [
        lambda w: _letter(
            w, base64.encodebytes(w.text.encode()).decode(), UTF8, "Content-Transfer-Encoding: base64"
        )
    ],
}

RUBRICS = {
    "extensions-6": [
        Looked(1, "somebody between the two took the line STARTTLS out of a list that came in clear"),
        Looked(1, "without STARTTLS there is no second list, and AUTH stands only in that one"),
        Looked(1, "a client can't miss what it was never offered: it has to insist on TLS, or use port 465"),
        Looked(
            1, "the colleague's advice sends the mail in clear, and the server takes no mail without a login"
        ),
    ],
}
