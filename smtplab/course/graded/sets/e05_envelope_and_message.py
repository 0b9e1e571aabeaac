"""Exercise 05: envelope and message (RFC 5321 §2.3.1, §7.2, RFC 5322 §3.6).

A newsletter, a blind copy, a forged sender, a message that fits, and where a report of failure goes. What is
given to read is drawn in e05_letters.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from random import Random
from typing import Any

from ....lab.lab import Lab
from ....lab.mailbox import Mail
from ....mail.errors import RecordError
from ....mail.header import ident
from ....mail.header.address import mailboxes
from ....mail.header.field import fields, first
from ....mail.header.words import decoded
from ....mail.path import split_path
from ....mail.text import encode
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, each, mark, sealed
from ..probe import Probe, Tried
from ..replay import replay
from ..world import World
from .e05_letters import bills, blind, letter, newsletter, suspects, transactions

HOST = "mx.birch.example"
LONGEST = 998  # RFC 5322 §2.1.1: characters of a line, without its end


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """A newsletter, a blind copy to send, a mailbox, a letter to write, failures, and two bills."""
    things: dict[str, Any] = {}
    truth: dict[str, Any] = {}
    for part in (newsletter, blind, suspects, letter, transactions, bills):
        shown, kept = part(rng)
        things |= shown
        truth |= kept
    return things, truth


def set_up(lab: Lab, world: World) -> None:
    """The mailboxes of those who get the blind copy and the letter; a server that takes few recipients."""
    mta = lab.mta(HOST)
    mta.checks.off()
    mta.store.add(*world.seen, *world.blind, world.letter["to"])
    mta.limits.recipients = world.at_once


@task("envelope-1", answers.table((str, list), '{"recipients": ["a@b.example"], "bounce": "c@d.example"}'))
def who_is_who(answer: dict[str, Any], world: World) -> Marks:
    """Four questions about a dialogue, held against what was drawn."""
    if world.truth is None:
        yield sealed("the recipients and the three addresses", 5)
        return
    truth: Mapping[str, Any] = world.truth["newsletter"]
    said = answer.get("recipients")
    given = {_address(each) for each in said} if isinstance(said, list) else set()
    hits, wanted = len(given & set(truth["recipients"])), len(truth["recipients"])
    share = (2 * hits - len(given)) / wanted  # each wrong one takes one off
    why = "All of them." if share == 1 else _why_recipients(given, truth)
    yield mark("recipients", 2, share, why, "RFC 5321 §3.3")
    for key, wrong in (("bounce", "MAIL"), ("answer", "Reply-To, or else From"), ("author", "From")):
        found = _address(answer.get(key))
        why = "That is it." if found == truth[key] else f"Look for {wrong}."
        if key == "bounce" and found in (truth["author"], truth["answer"]) and found != truth[key]:
            why = "That is from the header section. Failure is reported to the reverse-path."
        elif key == "bounce" and found == truth["reset"]:
            why = "That was thrown away with RSET."
        ref = "RFC 5321 §3.3" if key == "bounce" else "RFC 5322 §3.6.2"
        yield mark(key, 1, found == truth[key], why, ref)


def _why_recipients(given: set[str], truth: Mapping[str, Any]) -> str:
    if given & set(truth["header"]):
        return "To and Cc are for the reader: a name there gets nothing. RCPT decides."
    if truth["refused"] in given:
        return "The server refused one of these: look at the reply to each RCPT."
    if truth["dropped"] in given:
        return "RSET throws away the recipients that were named before it."
    return "Somebody is missing, or does not belong there."


def _address(text: Any) -> str:
    return str(text).strip().strip("<>").lower()


@task("envelope-2", answers.texts())
def blind_copy(lines: list[str], world: World) -> Marks:
    """The lines are said to the server, and then everybody's mailbox is opened."""
    everybody = [*world.seen, *world.blind]
    with world.lab() as lab:
        with lab.connect(HOST) as session:
            said = replay(session, lines)
        lab.settle()
        boxes = {who: lab.mailbox(who) for who in everybody}
    last = next((f" The last reply was: {reply}." for _, reply in reversed(said) if reply), "")
    tests = [(who, len(boxes[who]) == 1, _why_copies(len(boxes[who])) + last) for who in everybody]
    yield each("everybody gets it, once", 2, tests, "RFC 5321 §3.3")
    copies = [(who, copy) for who in everybody for copy in boxes[who]]
    quiet = [_quiet(who, copy, world) for who, copy in copies]
    quiet += [(who, False, "No copy came.") for who in everybody if not boxes[who]]
    yield each("no copy tells", 2, quiet, "RFC 5321 §7.2")
    named = [(who, all(seen in str(copy["To"]) for seen in world.seen)) for who, copy in copies]
    yield each("To", 1, [(who, well, "To should name the two who may be seen.") for who, well in named])


def _why_copies(count: int) -> str:
    return {0: "No copy came.", 1: "One copy."}.get(count, "More than one copy came.")


def _quiet(who: str, copy: Mail, world: World) -> tuple[str, bool, str]:
    text = copy.raw.decode("utf-8", "replace").lower()
    leaks = [other for other in world.blind if other != who and other in text]
    if not leaks:
        return who, True, "Nothing in it."
    field = "in a Bcc field, which nobody takes out on the way" if copy["Bcc"] else "in its text"
    return who, False, f"It tells of a blind recipient, {field}."


@task("envelope-3", answers.numbers())
def forged_ones(found: list[float], world: World) -> Marks:
    """Which messages are forged, held against who really sent them."""
    if world.truth is None:
        yield sealed("the forged messages", 5)
        return
    kinds: list[str] = world.truth["kinds"]
    forged = {n for n, kind in enumerate(kinds, 1) if kind.startswith("forged")}
    hit, wrong = forged & set(found), set(found) - forged
    missed = sorted(kinds[n - 1] for n in forged - hit)
    why = "All of them." if not missed else f"One is missing: {MISSED[missed[0]]}"
    if wrong:
        why += " Each wrong one takes one off."
    yield mark("the forged ones", 3, (len(hit) - len(wrong)) / len(forged), why, "RFC 5321 §7.1")
    accused = sorted(kinds[int(n) - 1] for n in wrong if n in range(1, len(kinds) + 1))
    why = "No honest one is accused." if not wrong else "There is no message of that number."
    if accused:
        why = f"An honest one is accused. {ACCUSED[accused[0]]}"
    share = 1 - len(wrong) / (len(kinds) - len(forged)) if hit else 0
    yield mark("the honest ones", 2, share, why if hit else f"{why} But none of the forged ones was found.")


MISSED = {
    "forged greeting": "the name in EHLO is the client's own word.",
    "forged path": "Return-Path is what the client said in MAIL, and anyone can say that.",
    "forged trace": "a Received field further down came with the message.",
    "forged badly": "even its Return-Path is of somebody else.",
}
ACCUSED = {
    "honest": "It came from an address of the firm.",
    "honest name": "A strange name in EHLO is no crime: the address is what counts.",
    "honest service": "A Return-Path of another domain is usual where a service sends for a firm.",
}


@task("envelope-4", answers.text())
def letter_that_fits(text: str, world: World) -> Marks:
    """The message is handed to a server; then it is read as a mail program would."""
    wanted = world.letter
    raw = encode(text).replace(b"\r\n", b"\n")
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    with world.lab() as lab, lab.connect(HOST) as session:
        steps = ("EHLO me.example", f"MAIL FROM:<{wanted['from']}>", f"RCPT TO:<{wanted['to']}>", "DATA", raw)
        reply = session.say(*steps)[-1]
    head = bool(found["From"])
    why = f"It answered {reply}." if head else "What it was given has no From: that is no message yet."
    yield mark("the server takes it", 1, reply.code == 250 and head, why)
    yield _lines(raw, head)
    yield _from(first(fields(raw), "From"), wanted)
    subject = _letters(decoded(first(fields(raw), "Subject"))) == _letters(wanted["subject"])
    body = found.get_body(("plain",))
    same = bool(body) and _letters(str(body.get_content() if body else "")) == _letters(wanted["text"])
    why = "The reader sees both as they were." if subject and same else "The reader sees another subject."
    yield mark("subject and text", 1, (subject + same) / 2, why if same else "The reader sees another text.")
    at = found["Date"].datetime if found["Date"] else None
    right = bool(at and at.tzinfo) and at == datetime.fromisoformat(wanted["written"])
    why = "When the author was done." if right else "This is another moment: mind the zone."
    yield mark("Date", 1, right, why if at else "There is no Date that can be read.", "RFC 5322 §3.6.1")
    yield _message_id(found, wanted)


def _lines(raw: bytes, head: bool) -> Mark:
    short, plain = max(map(len, raw.split(b"\n"))) <= LONGEST, raw.isascii()
    why = (
        "Short lines, ASCII alone."
        if short and plain
        else "There are letters outside ASCII: MIME writes them."
    )
    why = why if short else f"A line has more than {LONGEST} characters."
    return mark("its lines", 1, (short + plain) / 2 if head else 0, why, "RFC 5322 §2.1.1")


def _from(text: str, wanted: Mapping[str, str]) -> Mark:
    people = mailboxes(text)
    address = [one.address for one in people] == [wanted["from"]]
    name = [_letters(one.name) for one in people] == [_letters(wanted["name"])]
    why = "Name and address." if address and name else "The reader sees another name."
    if len(people) > 1:
        why = "A comma parts two authors: a name with a comma needs quotes."
    elif not address:
        why = "There is another address, or none."
    return mark("From", 1, (address + name) / 2, why, "RFC 5322 §3.4")


def _message_id(found: EmailMessage, wanted: Mapping[str, str]) -> Mark:
    try:
        name = ident.parse(str(found["Message-ID"] or ""))
    except RecordError:
        why = "There is none of the form <left@right>, or more than one."
        return mark("Message-ID", 1, 0, why, "RFC 5322 §3.6.4")
    domain = wanted["from"].partition("@")[2]
    mine = name.right.lower() == domain or name.right.lower().endswith(f".{domain}")
    why = (
        f"A name under {domain}."
        if mine
        else "Its right side should be the author's domain: others have theirs."
    )
    return mark("Message-ID", 1, 1 if mine and not name.fault else 0.5, why, "RFC 5322 §3.6.4")


def _letters(text: str) -> str:
    """The text without its blanks: the standard library's folding loses some between encoded words."""
    return "".join(text.split())


def probes(world: World) -> list[Probe]:
    """The transactions that the student has, too."""
    return [
        Probe(one["name"], (one["commands"], one["failed"], one["message"])) for one in world.transactions
    ]


@task("envelope-5", answers.function("report(commands, failed, message)"), probes)
def where_the_report_goes(tried: list[Tried], world: World) -> Marks:
    """The envelope of the report, against what it should be."""
    yield reported(tried, [one["report"] for one in world.transactions], 3)


def reported(tried: list[Tried], wanted: list[list[str]], of: float) -> Mark:
    """A mark for the envelopes that a function returned."""
    pairs = zip(tried, wanted, strict=True)
    tests = [
        (one.name, _envelope(one.value) == _envelope(right), _why_report(one, right)) for one, right in pairs
    ]
    return each("the report's envelope", of, tests, "RFC 5321 §6.1")


def _envelope(commands: Any) -> list[tuple[str, Any]] | None:
    """(verb, path) of each command; None for what is no list of MAIL and RCPT."""
    found = []
    for command in commands if isinstance(commands, list) else ["?"]:
        verb, colon, rest = str(command).partition(":")
        try:
            found.append((" ".join(verb.upper().split()), split_path(rest.strip())[0] if colon else None))
        except RecordError:
            return None
    return None if any(path is None for _, path in found) else found


def _why_report(one: Tried, right: list[str]) -> str:
    got = _envelope(one.value)
    if one.error or got == _envelope(right):
        return one.error or "Right."
    if got is None:
        return "That is no list of commands: MAIL and RCPT, or none."
    if not right:
        return "There must be no report here: nobody asked for one, or it would answer a report."
    if not got:
        return "There should be a report here."
    if got[:1] != [("MAIL FROM", split_path("<>")[0])]:
        return "A report has the null reverse-path, so that nothing answers it."
    return "It goes to somebody else than the reverse-path."
