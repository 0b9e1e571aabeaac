"""Exercise 13: fetching the mail (RFC 1939 §5, RFC 1939 §6, RFC 9051 §2.3.2, RFC 8314 §3).

What is drawn as text is in `e13_boxes`; a POP3 server that plays its part and the settings of mail programs
are in `e13_readers`.
"""

from __future__ import annotations

from random import Random
from typing import Any

from ....mail.errors import LabError
from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, each, mark, sealed
from ..probe import Probe, Tried
from ..world import World
from . import e13_boxes as boxes
from . import e13_readers as readers
from .cast import addresses

BOB, STORE = "bob@birch.example", "imap.birch.example"
MOST = 40  # lines of an answer


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """POP3 sessions, a day with IMAP, a mailbox to clean, two people's mail programs, a mishap."""
    *two, home, phone = addresses(rng, 4)
    pop3, left = boxes.pop3(rng)
    imap, flags = boxes.imap(rng)
    letters, spam = boxes.letters(rng)
    things = {
        "pop3": pop3,
        "imap": imap,
        "mailbox": letters,
        "spam": spam,
        "users": readers.users(rng, two),
        "mishap": boxes.mishap(rng, home, phone),
    }
    return things, {"pop3": left, "imap": flags}


def set_up(lab: Any, world: World) -> None:
    """Bob's mailbox with its letters, and the two people's hosts behind their firewalls."""
    inbox = lab.mta("mx.birch.example").store.folders(BOB).inbox
    for letter in world.mailbox:
        raw = f"From: {letter['from']}\r\nTo: {BOB}\r\nSubject: {letter['subject']}\r\n\r\nHello.\r\n"
        inbox.append(raw.encode(), lab.clock.now())
    readers.move_in(lab, world.users)


# 1: what POP3 left ---------------------------------------------------------------------------------------


@task("retrieval-1", answers.texts())
def what_is_left(answer: list[str], world: World) -> Marks:
    """The letters that are still there after three sessions."""
    if world.truth is None:
        yield sealed("the letters that are left", 5)
        return
    truth, given = world.truth["pop3"], {one.strip() for one in answer}
    known = {*truth["gone"], *truth["reset"], *truth["cut"], *truth["untouched"]}
    if strange := sorted(given - known):
        yield mark("the letters that are left", 5, 0, f"There is no letter {visible(strange[0])[:40]}.")
        return
    gone = [(f"deleted {n}", one not in given, boxes.GONE) for n, one in enumerate(truth["gone"], 1)]
    yield each("what was deleted is gone", 2, gone, "RFC 1939 §6")
    marked = [("taken back", one in given, boxes.RESET) for one in truth["reset"]]
    marked += [(f"only marked {n}", one in given, boxes.CUT) for n, one in enumerate(truth["cut"], 1)]
    yield each("what was only marked is still there", 2, marked, "RFC 1939 §5")
    good = all(one in given for one in truth["untouched"])
    why = (
        "All are there."
        if good
        else "A letter is missing that nobody marked. Numbers change between sessions."
    )
    yield mark("what nobody marked is still there", 1, good, why, "RFC 1939 §5")


# 2: one mailbox, two devices -----------------------------------------------------------------------------


@task("retrieval-2", answers.table(list, r'{"41": ["\\Seen"], "42": []}'))
def flags(answer: dict[str, list[Any]], world: World) -> Marks:
    """The letters that a third device sees, each with its flags."""
    if world.truth is None:
        yield sealed("letters and flags", 4)
        return
    truth = world.truth["imap"]
    given = {uid.strip(): {_flag(one) for one in found} for uid, found in answer.items()}
    extra, missing = set(given) - set(truth["flags"]), set(truth["flags"]) - set(given)
    why = "These are the letters that are there."
    if extra:
        why = "A letter is named that is not there any more: somebody has expunged it."
    if missing:
        why = r"A letter is missing: \Deleted is a flag, and only EXPUNGE takes letters away."
    yield mark("the letters that are there", 1, not extra and not missing, why, "RFC 9051 §6.4.3")
    cases = []
    for n, (uid, right) in enumerate(truth["flags"].items(), 1):
        good = uid in given and given[uid] == {_flag(one) for one in right}
        cases.append((f"letter {n}", good, "As it is." if good else boxes.FLAGS[truth["kinds"][uid]]))
    yield each("the flags", 3, cases, "RFC 9051 §2.3.2")


def _flag(text: Any) -> str:
    return str(text).strip().lower().removeprefix("\\")


# 3: cleaning up by hand ----------------------------------------------------------------------------------


@task("retrieval-3", answers.texts())
def by_hand(lines: list[str], world: World) -> Marks:
    """The lines are said to the POP3 server, on port 110. Then the mailbox is looked at."""
    with world.lab() as lab:
        with lab.connect(STORE, 110) as session:
            said = _said(session, lines)
        left = [mail["Subject"] for mail in lab.mailbox(BOB)]
    yield _under_tls(said)
    spam = [letter["subject"] for letter in world.mailbox if letter["subject"] in world.spam]
    quits = any(line.upper() == "QUIT" and ok for line, ok, _ in said)
    refused = next((f" The server said: {visible(text)[:80]}." for _, ok, text in said if not ok), "")
    why = "They are gone."
    if any(one in left for one in spam):
        why = "Not all are gone." if quits else "Not all are gone: DELE only marks, and there was no QUIT."
    good = sum(one not in left for one in spam)
    yield mark("these letters are gone", 2, good / len(spam), why + refused, "RFC 1939 §6")
    others = [letter["subject"] for letter in world.mailbox if letter["subject"] not in spam]
    lost = [one for one in others if one not in left]
    why = f"{lost[0]!r} is gone as well: numbers hold for a session, and start at 1." if lost else "They are."
    yield mark("all others are there", 1, not lost and good > 0, why, "RFC 1939 §5")


def _said(session: Any, lines: list[str]) -> list[tuple[str, bool, str]]:
    """The lines said one by one: (line, whether +OK, the server's words)."""
    said = []
    for line in lines[:MOST]:
        try:
            response = session.starttls() if line.strip().upper() == "STLS" else session.send(line)
        except (LabError, OSError):
            break
        said.append((line.strip(), response.ok, response.text))
    return said


def _under_tls(said: list[tuple[str, bool, str]]) -> Mark:
    verbs = [line.upper().partition(" ")[0] for line, _, _ in said]
    begun = next((n for n, verb in enumerate(verbs) if verb == "STLS" and said[n][1]), None)
    word = next((n for n, verb in enumerate(verbs) if verb == "PASS"), None)
    opened = any(verb == "PASS" and ok for verb, (_, ok, _) in zip(verbs, said, strict=True))
    what = "logged in, and the password under TLS"
    if word is None:
        return mark(what, 1, 0, "Nobody has logged in: PASS is missing.", "RFC 8314 §3.1")
    if begun is None or begun > word:
        why = "The password went over the wire in clear. On port 110, TLS begins when the client asks for it."
        return mark(what, 1, 0, why, "RFC 2595 §4")
    why = "The password went under TLS." if opened else "The server did not take this name and password."
    return mark(what, 1, opened, why, "RFC 2595 §4")


# 4: each letter once -------------------------------------------------------------------------------------


def visits(world: World) -> list[Probe]:
    """A first visit, one with letters that are known already, and a wrong password."""
    letters = readers.some_letters(world.mailbox)
    known = [uid for uid, _ in letters[::2]]
    server = readers.pop_server(letters, "bob", "builder")
    return [
        Probe("a first visit", ("bob", "builder", []), server),
        Probe("some are known", ("bob", "builder", known), readers.pop_server(letters, "bob", "builder")),
        Probe("a wrong password", ("bob", "rebuild", []), readers.pop_server(letters, "bob", "builder")),
    ]


@task("retrieval-4", answers.function("fetch_new(sock, user, password, known)"), visits)
def fetch_new(tried: list[Tried], world: World) -> Marks:
    """What came home, and what was said for it."""
    first, some, wrong = tried
    letters = dict(readers.some_letters(world.mailbox))
    new = dict(list(letters.items())[1::2])
    yield readers.home("the letters come home", 2, first, letters)
    yield readers.home("only the new ones", 1, some, new, exactly=len(new))
    good = wrong.value is None and not wrong.error and readers.verbs(wrong)[-1:] == ["QUIT"]
    why = "None, after QUIT." if good else "After a -ERR to PASS it should say QUIT and return None."
    yield mark("a wrong password", 1, good, wrong.error or why, "RFC 1939 §4")


# 5: two mail programs ------------------------------------------------------------------------------------


@task("retrieval-5", answers.table(list, '{"ines": [993, "implicit", 465, "implicit"]}'))
def programs(answer: dict[str, list[Any]], world: World) -> Marks:
    """Two people's programs log in to read, and then to send."""
    with world.lab() as lab:
        for name, user in world.users.items():
            given = answer.get(name)
            wrong = readers.unfit(given) if given is not None else f"The answer has no {name!r}."
            if given is None or wrong:
                yield mark(f"{name} reads and sends", 2, 0, wrong)
                continue
            yield readers.reads(lab, name, user, *given[:2])
            yield readers.sends(lab, name, *given[2:])
