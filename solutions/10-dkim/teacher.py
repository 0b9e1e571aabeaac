"""What only teachers have of exercise 10: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from smtplab import dkim
from smtplab.course.graded.mark import Marks, each, mark
from smtplab.course.graded.probe import Probe, Tried
from smtplab.course.graded.sets.e10_dkim import COVERED, crlf, own, passes
from smtplab.course.graded.teaching import Looked, Mistake
from smtplab.course.graded.world import World


def lasting(text: str, world: World) -> Marks:
    """A field more on top, text at the end, and five days in a queue."""
    text = crlf(text)
    if not passes(own(text, world)):
        yield mark("more than one field", 1, 0, "There is no good signature to begin with.")
        yield mark("a queue, and a footer", 1, 0, "There is no good signature to begin with.")
        return
    added = [own(f"{name.title()}: another\r\n{text}", world) for name in COVERED[1:]]
    good = [not passes(found) for found in added]
    why = "A second field of each kind breaks it." if all(good) else "A second field of a kind can be added."
    yield mark("more than one field", 1, sum(good) / len(good), why, "RFC 6376 §5.4.2")
    late = passes(own(text, world, days=5)) is not None
    longer = passes(own(f"{text}PS: another account\r\n", world)) is None
    whys = ["It does not last five days."] * (not late) + ["Text can be added at the end."] * (not longer)
    why = " ".join(whys) or "It lasts, and nothing can be added."
    yield mark("a queue, and a footer", 1, (late + longer) / 2, why, "RFC 6376 §8.2")


# name of the group -> (name, value, what is right)
TRIALS = {
    "tabs and several spaces": [
        ("X-Note", "\tone\t \ttwo \t ", "x-note:one two\r\n"),
        ("Subject\t", " a\tb", "subject:a b\r\n"),
        ("MIME-Version", "1.0   ", "mime-version:1.0\r\n"),
    ],
    "folded lines": [
        (
            "To",
            " a@x.example,\r\n\tb@x.example,\r\n   c@x.example",
            "to:a@x.example, b@x.example, c@x.example\r\n",
        ),
        ("References", "\r\n <1@x.example>\r\n\t<2@x.example>", "references:<1@x.example> <2@x.example>\r\n"),
        ("Subject", " in \r\n \t two\r\n ", "subject:in two\r\n"),
    ],
    "nothing, and what is no white space": [
        ("Subject", "", "subject:\r\n"),
        ("Comments", " \t ", "comments:\r\n"),
        ("Subject", " a\u00a0 b", "subject:a\u00a0 b\r\n"),
        ("Subject", " Re: A : B\u2003", "subject:Re: A : B\u2003\r\n"),
    ],
}


def fields(world: World) -> list[Probe]:
    """Every trial."""
    return [Probe(group, (name, value)) for group, trials in TRIALS.items() for name, value, _ in trials]


def canonical(tried: list[Tried], world: World) -> Marks:
    """What the function made of them, in groups."""
    rest = iter(tried)
    for group, trials in TRIALS.items():
        found = [(next(rest), right) for _, _, right in trials]
        good = [(group, one.value == right, one.error or "another form is right.") for one, right in found]
        yield each(group, 1, good, "RFC 6376 §3.4.2")


HIDDEN = {"dkim-3": canonical, "dkim-4": lasting}
HIDDEN_PROBES = {"dkim-3": fields}


# mistakes ---------------------------------------------------------------------------------------


def _told(world: World, **instead: str) -> dict[str, str]:
    """The truth with one word in place of another."""
    assert world.truth
    return {name: instead.get(word, word) for name, word in world.truth["letters"].items()}


def _published(world: World, name: str, text: str) -> dict[str, str]:
    record = world.record
    return {name.format_map(record): text.format_map(record)}


RIGHT_NAME, RIGHT_TEXT = "{selector}._domainkey.{domain}", "v=DKIM1; k=ed25519; p={public}"


def _signed(world: World, **more: Any) -> tuple[bytes, bytes]:
    """A signature field, by default the right one, and the letter."""
    given = world.unsigned
    key = Ed25519PrivateKey.from_private_bytes(b64decode(given["private"]))
    letter = given["message"].encode()
    more = {"headers": [*COVERED, *COVERED], **more}
    field = dkim.sign(letter, domain=given["domain"], selector=given["selector"], key=key, **more)
    return field, letter


def _put(world: World, **more: Any) -> str:
    return b"".join(_signed(world, **more)).decode()


def _below(world: World) -> str:
    field, letter = _signed(world)
    return letter.replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n", 1).decode()


def _with_length(world: World) -> str:
    body = world.unsigned["message"].partition("\r\n\r\n")[2]
    return _put(world, length=len(body))


def _short_lived(world: World) -> str:
    now = datetime.fromisoformat(world.now)
    return _put(world, now=now, expires=now + timedelta(days=1))


def _plan(world: World, switch: float, wait: float, begin: float = 0) -> dict[str, float]:
    return {"publish": begin, "switch": switch, "remove": switch + wait}


def _ready(world: World) -> int:
    return int(world.rotation["refresh"] + world.rotation["negative"])


def by_split(name: str, value: str) -> str:
    """Takes all that Python calls white space for white space."""
    return f"{name.strip().lower()}:{' '.join(value.split())}\r\n"


def small(name: str, value: str) -> str:
    """Writes the value in small letters, too."""
    return by_split(name, value).lower()


def outside_only(name: str, value: str) -> str:
    """Cuts the ends, and leaves what is inside."""
    return f"{name.strip().lower()}:{value.strip()}\r\n"


def by_hand(name: str, value: str) -> str:
    """Right, letter by letter."""
    out = ""
    for char in value.replace("\r\n ", " ").replace("\r\n\t", " ").replace("\t", " "):
        if char != " " or not out.endswith(" "):
            out += char
    return name.rstrip(" \t").lower() + ":" + out.strip(" ") + "\r\n"


MISTAKES = {
    "dkim-1": [
        Mistake(
            "changed white space always breaks",
            lambda world: _told(world, good="space"),
            5,
            "under c=simple alone",
            "Most signatures say relaxed, which forgives it. Two words in c=: fields first, then the body.",
        ),
        Mistake(
            "b= fails, so a field was changed",
            lambda world: _told(world, key="header"),
            5,
            "with another key alike",
            "A changed field and another key give the same step. Compare the fields first.",
        ),
        Mistake(
            "a correct signature is good for ever",
            lambda world: _told(world, expired="good"),
            5,
            "does not say pass",
            "x= is the signer's own word on how long it counts.",
        ),
        Mistake(
            "any broken letter is blamed on the body",
            lambda world: _told(world, header="footer"),
            5,
            "body hash differ",
            "The steps name two hashes: bh= is about the body, b= about the fields.",
        ),
    ],
    "dkim-2": [
        Mistake(
            "the name without _domainkey",
            lambda world: _published(world, "{selector}.{domain}", RIGHT_TEXT),
            1,
            "SELECTOR._domainkey.DOMAIN",
            "Look at the queries of a verdict: this is the name that is asked, letter by letter.",
        ),
        Mistake(
            "a name that the DNS provider would complete",
            lambda world: _published(world, "{selector}._domainkey", RIGHT_TEXT),
            1,
            "a verifier asks for",
            "In many forms the domain is added by itself. Here the full name was asked for.",
        ),
        Mistake(
            "k= is left out",
            lambda world: _published(world, RIGHT_NAME, "v=DKIM1; p={public}"),
            1,
            "k= says rsa",
            "Without k= a key is RSA, as in 2007.",
        ),
        Mistake(
            "t=y stays",
            lambda world: _published(world, RIGHT_NAME, f"{RIGHT_TEXT}; t=y"),
            1,
            "only tests",
            "It is often forgotten after a trial, and then nobody counts the signatures.",
        ),
    ],
    "dkim-3": [
        Mistake(
            "split takes more than space and tab",
            lambda world: by_split,
            4.5,
            "another form is right",
            "A no-break space is a letter to DKIM. str.split takes it for white space.",
        ),
        Mistake(
            "the value in small letters as well",
            lambda world: small,
            2.5,
            "the value stays as it is",
            "Only names of fields mean the same in both cases.",
        ),
        Mistake(
            "only the ends are cut",
            lambda world: outside_only,
            1.75,
            "as they should be",
            "Fold a line and hash it: what stands inside changes as well.",
        ),
    ],
    "dkim-4": [
        Mistake(
            "the default signs no second Subject away",
            lambda world: _put(world, headers=None),
            5,
            "a second field of a kind can be added",
            "dkim.sign names From twice by itself. For the others you say it.",
        ),
        Mistake(
            "simple, to be strict",
            lambda world: _put(world, canonicalization=("simple", "simple")),
            5,
            "white space was changed",
            "Strict means that it breaks on the way, and then it protects nothing.",
        ),
        Mistake(
            "l= to be safe from footers",
            _with_length,
            5.5,
            "text can be added at the end",
            "Show the lesson's letter with the new bank account.",
        ),
        Mistake(
            "only From is signed",
            lambda world: _put(world, headers=["from", "from"]),
            4.25,
            "h= leaves it out",
            "Then the same signature is good below any Subject.",
        ),
        Mistake(
            "it expires after a day",
            _short_lived,
            5.5,
            "does not last five days",
            "A queue keeps a letter for days. x= that is shorter makes honest mail fail.",
        ),
        Mistake(
            "the field stands below the others",
            _below,
            5.5,
            "not below a signature",
            "It verifies, and trace fields go on top all the same: readers and relays count on the order.",
        ),
    ],
    "dkim-5": [
        Mistake(
            "publish and sign at once",
            lambda world: _plan(world, 0, world.rotation["queue"]),
            3.33,
            "not every server has the new key yet",
            "The new signature travels faster than the record.",
        ),
        Mistake(
            "the old record goes when the new key signs",
            lambda world: _plan(world, _ready(world), 0),
            2.67,
            "its key is gone already",
            "Count what waits in queues. The provider in the lesson lost a quarter of its signatures.",
        ),
        Mistake(
            "to wait for the TTL",
            lambda world: _plan(world, world.rotation["ttl"], world.rotation["queue"]),
            4,
            "is the end",
            "A TTL is about records that somebody has. Nobody has the new one yet.",
        ),
    ],
}

OTHERWISE = {
    "dkim-1": [
        lambda world: {name.upper(): f" {word.title()} " for name, word in _told(world).items()} | {"G": ""}
    ],
    "dkim-2": [
        lambda world: {
            name.upper() + ".": text
            for name, text in _published(world, RIGHT_NAME, "p={public};k=ed25519").items()
        },
    ],
    "dkim-3": [lambda world: by_hand],
    "dkim-4": [
        lambda world: _put(world, headers=[*COVERED, "message-id", *reversed(COVERED), "cc"]).replace(
            "\r\n", "\n"
        ),
        lambda world: _signed(world, headers=["From", "Date", "Subject", "To"] * 3)[0] + _put(world).encode(),
    ],
    "dkim-5": [
        lambda world: _plan(world, _ready(world) + 0.5, world.rotation["queue"] + 0.25, 0.5),
    ],
}

RUBRICS = {
    "dkim-6": [
        Looked(
            1,
            "The pass is for d=: cheapmail.example answers for it, and that is not the domain of From",
        ),
        Looked(1, "What is covered, body and fields in h=, is as it was signed"),
        Looked(1, "It does not prove who wrote it, also not with the club's own d="),
        Looked(
            1,
            "It hides nothing: a signature does not encrypt. Do not pay, ask him another way",
        ),
    ]
}
