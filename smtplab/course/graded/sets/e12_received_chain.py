"""Exercise 12: the way a message came (RFC 5321 §4.4, §7.1).

Where was it late, which line must a server write, which address did it see, and how far can a reader trust?
The trips are drawn in e12_trips, where the truth is known because it was made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from random import Random
from typing import Any

from ....mail.errors import RecordError
from ....mail.received import Received, chain, parse
from .. import answers
from ..exercise import task
from ..mark import Mark, Marks, each, mark, sealed
from ..probe import Probe, Tried
from ..world import World
from .e12_trips import cases, late, lines, phish, session


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """A message that was late, a session, lines of several programs, a phish, and a list of trusted hosts."""
    things: dict[str, Any] = {}
    truth: dict[str, Any] = {}
    for part in (late, session, lines, phish, cases):
        shown, kept = part(rng)
        things |= shown
        truth |= kept
    return things, truth


@task(
    "received-1",
    answers.table((str, int, float), '{"host": "a.example", "minutes": 5, "clock": "b.example"}'),
)
def who_kept_it(answer: dict[str, Any], world: World) -> Marks:
    """Three findings, held against the way that was drawn."""
    if world.truth is None:
        yield sealed("the host, the minutes and the clock", 4)
        return
    truth = world.truth
    host, clock = _name(answer.get("host")), _name(answer.get("clock"))
    yield mark("host: who kept it", 2, host == truth["host"], _why_host(host, truth), "RFC 5321 §4.4")
    minutes = answer.get("minutes")
    near = type(minutes) in (int, float) and abs(minutes - truth["minutes"]) <= 1
    yield mark("minutes: how long", 1, near, _why_minutes(minutes, near, truth))
    why = (
        "Its clock is wrong." if clock == truth["clock"] else "Look for a delay that the next hop takes back."
    )
    if clock == truth["host"] != truth["clock"]:
        why = "The delay at this host is never taken back: that is a wait, and no wrong clock."
    yield mark("clock: whose is wrong", 1, clock == truth["clock"], why)


def _why_host(host: str, truth: Mapping[str, Any]) -> str:
    if host == truth["host"]:
        return "It had the message all that time."
    if host == truth["clock"]:
        return "Its delay is taken back in the next hop: that is a wrong clock, and no wait."
    if host == truth["after"]:
        return "That host wrote the line after the wait: it saw the message late. Who had it until then?"
    return "At this host the message did not wait, or it is no host of this chain."


def _why_minutes(minutes: Any, near: bool, truth: Mapping[str, Any]) -> str:
    if near:
        return "To the minute."
    if type(minutes) not in (int, float):
        return "There is no number."
    if abs(abs(minutes) - truth["skew"]) <= 1:
        return "That is by how much a clock is wrong. Nobody waited."
    if abs(minutes) >= 60 and abs(minutes - truth["minutes"]) > 25:
        return "Are all times in one zone? 10:00 +0100 is 09:00 +0000."
    return "Subtract the times of the two lines around the wait, and mind their zones."


@task("received-2", answers.text())
def line_of_a_server(text: str, world: World) -> Marks:
    """The field is read by the parser, clause by clause."""
    session = world.session
    try:
        line = parse(text)
    except RecordError:
        yield mark("the field", 5, 0, "Nothing in it can be read as a Received field.", "RFC 5321 §4.4")
        return
    word, seen = _word(session["dialogue"]), ip_address(session["address"])
    said = re.findall(r"(?m)^C: (?:EHLO|HELO) (\S+)", session["dialogue"])[-1]
    yield mark("what the client said", 1, _name(line.helo) == _name(said), _why_said(line, said, session))
    yield mark("what the server saw", 1, line.ip == seen, _why_seen(line, session), "RFC 5321 §4.4")
    why = (
        f"It says {line.with_ or 'nothing'} after with. {'' if line.with_ == word else _why_word(line, word)}"
    )
    yield mark("with", 1, line.with_.upper() == word, why.strip(), "RFC 3848")
    at = datetime.fromisoformat(session["clock"])
    right = line.date == at
    why = (
        "That is when it was taken."
        if right
        else "This is not the time on the server's clock, with its zone."
    )
    yield mark(
        "the time", 1, right, why if line.date else "There is no time that can be read.", "RFC 5322 §3.3"
    )
    yield from _form(text, line, session)


def _why_said(line: Received, said: str, session: dict[str, Any]) -> str:
    if _name(line.helo) == _name(said):
        return "The client's own word, written down as a claim."
    if line.helo and _name(line.helo) == _name(session["name in DNS"]):
        return "That name is from DNS. The word after from is what the client said."
    return "The word after from is what the client said of itself in EHLO or HELO."


def _why_seen(line: Received, session: dict[str, Any]) -> str:
    if line.ip == ip_address(session["address"]):
        return "The address of the connection."
    return (
        f"{line.ip} is not the address of the connection."
        if line.ip
        else "There is no address of the client."
    )


def _why_word(line: Received, word: str) -> str:
    given = line.with_.upper()
    if given.endswith("A") and not word.endswith("A"):
        return "A stands for a login that succeeded. Look at the reply to AUTH."
    if word.startswith("E") and not given.startswith("E"):
        return "The client said EHLO."
    if not word.startswith("E") and given.startswith("E"):
        return "E stands for EHLO. This client did not say it."
    return "S stands for TLS, A for a login: which of them was there?"


def _word(dialogue: str) -> str:
    """The word of RFC 3848 for a session, by what was said in it."""
    secure = "S" if "\nC: STARTTLS\n" in dialogue else ""
    login = "A" if "\nS: 235 " in dialogue else ""
    return f"ESMTP{secure}{login}" if "\nC: EHLO " in dialogue else "SMTP"


def _form(text: str, line: Received, session: dict[str, Any]) -> Marks:
    rows = text.rstrip("\r\n").replace("\r\n", "\n").split("\n")
    shape = rows[0].lower().startswith("received:") and all(row[:1] in (" ", "\t") for row in rows[1:])
    by = _name(line.by) == _name(session["server"])
    why = "By the server, in one field." if shape and by else f"It should be by {session['server']}."
    if not shape:
        why = "A field begins with its name, Received:, and each further line of it begins with a blank."
    yield mark("the field, and by", 0.5, shape and by, why, "RFC 5322 §2.2.3")
    hidden = [
        path
        for path in re.findall(r"TO:<(.*?)>", session["dialogue"])
        if path not in session["dialogue"].split("C: DATA")[1]
    ]
    quiet = by and not any(path.lower() in text.lower() for path in hidden)
    why = (
        "The line tells nobody of the blind copy."
        if quiet
        else "Whoever reads this line learns who had a blind copy."
    )
    yield mark("for", 0.5, quiet, why if by else "There is no line by this server yet.", "RFC 5321 §7.2")


def probes(world: World) -> list[Probe]:
    """The fields that the student has, too."""
    return [Probe(f"field {number}", (field,)) for number, field in enumerate(world.fields, 1)]


@task("received-3", answers.function("from_address(field)"), probes)
def from_address(tried: list[Tried], world: World) -> Marks:
    """What it found in each field, against what is there."""
    truth = [str(parse(field).ip or "") for field in world.fields]
    yield found(tried, truth, 3)


def found(tried: list[Tried], truth: list[str], of: float) -> Mark:
    """A mark for the addresses that a function found."""
    tests = [
        (one.name, same(one.value, right), _why_found(one, right))
        for one, right in zip(tried, truth, strict=True)
    ]
    return each("the client's address", of, tests, "RFC 5321 §4.1.3")


def same(value: Any, right: str) -> bool:
    """True for the same address, however it is spelled; "" is none."""
    if not right:
        return type(value) is str and value == ""
    try:
        return type(value) is str and ip_address(value.strip()) == ip_address(right)
    except ValueError:
        return False


def _why_found(one: Tried, right: str) -> str:
    if one.error:
        return one.error
    if same(one.value, right):
        return "Found."
    if not right:
        return "This line names no client: nobody brought it by SMTP."
    if not one.value:
        return "Nothing was found."
    if str(one.value).strip("[]").lower().startswith("ipv6:"):
        return "Leave the tag IPv6: and the brackets out."
    return "This is not the address of the connection: a claim of the client, or of another host."


@task("received-4", answers.table((str, int), '{"known": 1, "address": "192.0.2.1", "line": 2}'))
def who_brought_it(answer: dict[str, Any], world: World) -> Marks:
    """Three findings, held against what was made up."""
    if world.truth is None:
        yield sealed("the known lines, the address and the false line", 5)
        return
    truth = world.truth
    known, address, line = (answer.get(key) for key in ("known", "address", "line"))
    why = (
        "Down to there, each line is by a host of yours."
        if known == truth["known"]
        else "Read from the top down."
    )
    if known == truth["in our name"]:
        why = "You count a line that only says it is by a host of yours. Does the line above lead to it?"
    yield mark("known: how many lines", 1, known == truth["known"], why, "RFC 5321 §7.1")
    right = same(address, truth["address"])
    why = "Your own server saw it." if right else "Which address did your own host see on its connection?"
    if not right and same(address, truth["bottom"]):
        why = "That is from the bottom line, and the sender can have written that. Read from the top down."
    elif not right and any(same(address, ip) for ip in truth["claimed"]):
        why = "That address stands below the boundary, so it is only claimed."
    yield mark("address: who brought it", 2, right, why, "RFC 5321 §4.4")
    why = (
        "It says that it is by a host of yours, and it came in from outside." if line == truth["line"] else ""
    )
    why = why or "Count from the top. It is below the boundary, and says that it is by a host of yours."
    if type(line) is int and line == len(truth["claimed"]) + truth["known"] + 1 - truth["line"]:
        why = "Did you count from the bottom? The line on top is line 1."
    yield mark("line: made in your name", 2, line == truth["line"], why, "RFC 5321 §7.1")


@task("received-5", answers.texts())
def trust(trusted: list[str], world: World) -> Marks:
    """The list is used on every case."""
    yield from believed(trusted, world.cases, 1.5, 1.5)


def believed(trusted: list[str], cases: list[dict[str, Any]], own: float, strange: float) -> Marks:
    """Marks for what a list of trusted hosts makes known of each case: `own` points for chains that hosts of
    ours go on, `strange` for those that a stranger brought."""
    try:
        counts = [len(chain(case["message"], trusted=trusted).known) for case in cases]
    except RecordError as error:
        yield mark("the list", own + strange, 0, f"It can't be used: {error}")
        return
    tests = [
        (case["known"] > 1, (case["name"], *_right(count, case)))
        for count, case in zip(counts, cases, strict=True)
    ]
    yield each("hosts of ours are believed", own, [test for ours, test in tests if ours], "RFC 5321 §7.1")
    yield each("strangers are not", strange, [test for ours, test in tests if not ours], "RFC 5321 §7.1")


def _right(count: int, case: dict[str, Any]) -> tuple[bool, str]:
    if count == case["known"]:
        return True, f"Known: {count}."
    wide = count > case["known"]
    why = "a stranger is trusted, so the list is too wide" if wide else "a host of yours is missing"
    return False, f"It believes {count} where {case['known']} are known: {why}."


def _name(text: Any) -> str:
    return str(text).strip().rstrip(".").lower()
