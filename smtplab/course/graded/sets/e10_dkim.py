"""Exercise 10: DKIM (RFC 6376). Signatures and key records are verified, never compared."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import isfinite
from random import Random
from typing import Any

from ....auth import dkim
from ....auth.dkim import DkimVerdict
from ....auth.what_if import Resolve
from ....mail.errors import RecordError
from ....mail.text import encode, visible
from .. import answers
from ..exercise import task
from ..mark import Marks, each, mark, number, sealed
from ..probe import Probe, Tried
from ..world import World
from .cast import domains
from .e10_more import WORDS, misprinted, rotation, start, travelled, unsigned
from .zones import publish, resolver

COVERED = ("from", "to", "subject", "date")


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Letters that broke, a record to repair, a field to write alike, a letter to sign, a change of keys."""
    now, names = start(rng), domains(rng, 9)
    letters, first, truth = travelled(rng, names[:6], now)
    record, second = misprinted(rng, names[6], now)
    letter, third = unsigned(rng, names[7], now)
    things = {
        "now": now.isoformat(),
        "letters": letters,
        "record": record,
        "unsigned": letter,
        "rotation": rotation(rng, names[8], now),
        "dns": {**first, **second, **third},
    }
    return things, {"letters": truth}


def set_up(lab: Any, world: World) -> None:
    """Everything that is published, in the lab's DNS."""
    publish(lab, world.dns)


def verify(text: str, world: World, resolve: Resolve | None = None, days: float = 0) -> list[DkimVerdict]:
    """The verdicts on a message, so many days after the world's moment."""
    now = datetime.fromisoformat(world.now) + timedelta(days=days)
    return dkim.verify(encode(text), resolve=resolve or resolver(world.dns), now=now)


def _last(verdict: DkimVerdict) -> str:
    """The step that decided against a signature, in words."""
    bad = [step for step in verdict.steps if step.result not in ("", "pass", "known")]
    step = bad[0] if bad else verdict.steps[-1]
    inner = next((one for one in step.steps if one.result in ("neutral", "permerror")), step)
    return f"{visible(inner.what)[:60]}: {visible(inner.why)[:200]}."


# what broke -------------------------------------------------------------------------------------


@task("dkim-1", answers.table(str, '{"A": "good", "B": "footer"}'))
def what_broke(answer: dict[str, str], world: World) -> Marks:
    """The word for each letter, against what was drawn."""
    if world.truth is None:
        yield sealed("what became of each letter", 6)
        return
    cases = []
    for name, word in world.truth["letters"].items():
        given = answer.get(name, "").strip().lower()
        cases.append((name, given == word, "this is it." if given == word else _not_it(given)))
    yield each("what became of each letter", 6, cases, "RFC 6376 §6.1.3")


def _not_it(given: str) -> str:
    """What to look at again, by what was answered: the same whatever is right."""
    return {
        "": "there is no word for it.",
        "good": "dkim.verify does not say pass for this one.",
        "footer": "a footer makes the body hash differ, and the body goes on below what was sent.",
        "space": "white space breaks a signature under c=simple alone: look at c= of this one.",
        "header": "b= fails after a changed field and with another key alike. Compare what was sent.",
        "key": "b= fails after a changed field and with another key alike. Compare what was sent.",
        "expired": "x= of this one is not over yet: compare it with world.now.",
    }.get(given, f"the words are {', '.join(WORDS)}.")


# a key record -----------------------------------------------------------------------------------


@task("dkim-2", answers.table(str, '{"name.alder.example": "v=..."}'))
def key_record(answer: dict[str, str], world: World) -> Marks:
    """The record is published in place of the one that is there, and the letter is verified."""
    record = world.record
    kept = {name: kinds for name, kinds in world.dns.items() if name not in record["published"]}
    given = {name.strip(): {"TXT": [text]} for name, text in list(answer.items())[:9]}
    [verdict, *_] = verify(record["message"], world, resolver({**kept, **given}))
    name = verdict.queries[0][0].name
    texts = {one.lower().removesuffix("."): kinds["TXT"][0] for one, kinds in given.items()}
    why = "A verifier asks for SELECTOR._domainkey.DOMAIN. "
    why += "There it is." if name in texts else f"You have {', '.join(visible(one)[:80] for one in texts)}."
    yield mark("the name", 1, name in texts, why, "RFC 6376 §3.6.2.1")
    problem = _problem(texts.get(name, next(iter(texts.values()))))
    yield mark("the record", 1, not problem, problem or "Its tags are all right.", "RFC 6376 §3.6.1")
    good = verdict.result == "pass" and not verdict.testing
    why = "The letter verifies with it." if good else f"The letter does not verify. {_last(verdict)}"
    why = "It verifies, and a key with t=y counts as none." if verdict.testing else why
    yield mark("the letter verifies", 2, good, why, "RFC 6376 §6.1.2")


def _problem(text: str) -> str:
    """What is wrong with a key record's text for mail, "" if nothing."""
    try:
        record = dkim.parse_key(text)
    except RecordError as error:
        return f"{visible(error.text[slice(*error.span)])[:60] or 'the text'}: {error.message}."
    if record.is_revoked:
        return "p= is empty: that withdraws the key."
    if not {"*", "email"} & set(record.services):
        return "s= says that the key is not for mail."
    return "t=y says that the domain only tests: a signature with it counts as none." * record.is_testing


# a field in its relaxed form --------------------------------------------------------------------


def probes(world: World) -> list[Probe]:
    """Fields of the world's letters, written otherwise."""
    text = world.letters["A"]["sent"].split("\r\n\r\n")[0]
    words = next(line for line in text.split("\r\n") if line.startswith("Subject: ")).partition(": ")[2]
    trials = [
        ("Subject", f" {words}"),
        ("SUBJECT", f"   {words.replace(' ', '   ')}  "),
        ("Subject ", f" {words.replace(' ', chr(13) + chr(10) + ' ', 1)}"),
    ]
    return [Probe(f"relaxed({name!r}, {value!r})", (name, value)) for name, value in trials]


@task("dkim-3", answers.function("relaxed(name, value)"), probes)
def relaxed_form(tried: list[Tried], world: World) -> Marks:
    """What the function makes of three fields that are all the same in the relaxed form."""
    right = f"subject:{probes(world)[0].arguments[1].strip()}\r\n"
    found = [(one.name, one.value == right, one.error or _differs(one.value, right)) for one in tried]
    yield each("one field, written in three ways", 2, found, "RFC 6376 §3.4.2")


def _differs(value: Any, right: str) -> str:
    """How a canonical form is wrong."""
    if value == right:
        return "this is the relaxed form."
    shown = f"it gave {visible(repr(value))[:100]}"
    if not isinstance(value, str):
        return f"{shown}, and a text is wanted."
    if value.rstrip("\r\n") == right.rstrip("\r\n"):
        return f"{shown}: the form ends with one CR LF."
    if value.lower() == right.lower():
        return f"{shown}: the name is in small letters, and the value stays as it is."
    if value.replace(": ", ":", 1) == right:
        return f"{shown}: no white space stays around the colon."
    return f"{shown}, not {right!r}."


# a letter to sign -------------------------------------------------------------------------------


def own(text: str, world: World, **more: Any) -> list[DkimVerdict]:
    """The verdicts on signatures of the domain and the selector that were given."""
    wanted = (world.unsigned["domain"], world.unsigned["selector"])
    return [one for one in verify(text, world, **more) if (one.domain, one.selector) == wanted]


def crlf(text: str) -> str:
    """A message with the line ends of the wire."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def relayed(text: str) -> str:
    """What a relay makes of a message: a field on top, a subject with more spaces, and spaces in the body."""
    head, _, body = crlf(text).partition("\r\n\r\n")
    head = head.replace("\r\nSubject: ", "\r\nSUBJECT:  ").replace("\r\nDate: ", "\r\nDate:\r\n ")
    body = body.replace(" ", "  ", 1).replace("\r\n", " \r\n", 2)
    return f"Received: from out.example by mx.example with ESMTP; now\r\n{head}\r\n\r\n{body}\r\n\r\n"


def passes(found: list[DkimVerdict]) -> DkimVerdict | None:
    """The first that is good."""
    return next((one for one in found if one.result == "pass"), None)


@task("dkim-4", answers.text())
def a_signature(text: str, world: World) -> Marks:
    """The signed letter is verified as it is, and once more behind a relay."""
    text = crlf(text)
    found = own(text, world)
    good = passes(found)
    why = f"dkim.verify says pass for {good.domain}." if good else _why_not(text, found, world)
    yield mark("the signature is good", 1.5, good is not None, why, "RFC 6376 §6.1.3")
    same = text.endswith(world.unsigned["message"]) and bool(found)
    why = (
        "Below the signature stands the letter, as it was."
        if same
        else "The letter is not below a signature."
    )
    yield mark("the letter is as it was", 0.5, same, why, "RFC 6376 §5")
    named = tuple(map(str.lower, good.signature.headers)) if good and good.signature else ()
    fields = [
        (name, name in named, "h= names it." if name in named else "h= leaves it out.") for name in COVERED
    ]
    yield each("it covers what people see", 1, fields, "RFC 6376 §5.4.1")
    after = passes(own(relayed(text), world)) if good else None
    why = (
        "It is still good: white space does not matter to it."
        if after
        else "White space was changed: not good."
    )
    why = why if good else "There is no good signature that a relay could break."
    yield mark("it survives a relay", 1, after is not None, why, "RFC 6376 §3.4")


def _why_not(text: str, found: list[DkimVerdict], world: World) -> str:
    if found:
        return f"It does not verify. {_last(found[0])}"
    if others := verify(text, world):
        one = others[0]
        name = f"d={visible(one.domain)[:60]} and s={visible(one.selector)[:60]}"
        return f"The one on top has {name}, and others are wanted. {_last(one)}"
    return "There is no DKIM-Signature field in the header section."


# a change of keys -------------------------------------------------------------------------------


@task("dkim-5", answers.table((int, float), '{"publish": 0, "switch": 1, "remove": 2}'))
def change_of_keys(answer: dict[str, float], world: World) -> Marks:
    """The plan is run: letters of both keys arrive, and are verified with the DNS as it is by then."""
    plan = [answer.get(step, -1) for step in ("publish", "switch", "remove")]
    if not all(isfinite(hour) and hour >= 0 for hour in plan):
        why = "An hour is missing, or none from 0 on: publish, switch and remove each need one."
        yield mark("the whole plan", 5, 0, why)
        return
    publish_at, switch, remove = plan
    rotation = world.rotation
    waits = (0, rotation["queue"] / 2, rotation["queue"])
    new = [_arrives("new", switch, wait, publish_at, remove, world) for wait in waits]
    yield each("letters signed with the new key", 2, new, "RFC 6376 §6.1.2")
    old = [_arrives("old", switch, wait, publish_at, remove, world) for wait in waits]
    yield each("the last letter signed with the old key", 2, old, "RFC 6376 §5.2")
    in_time = remove <= rotation["deadline"]
    all_good = all(good for _, good, _ in (*new, *old))
    why = f"The old key is gone at hour {number(remove)}, and hour {rotation['deadline']} is the end."
    why = why if all_good else "A plan that loses mail gets nothing for being in time."
    yield mark("in time", 1, in_time and all_good, why, "RFC 6376 §3.1")


def _arrives(
    which: str, switch: float, wait: float, publish_at: float, remove: float, world: World
) -> tuple[str, bool, str]:
    """A letter signed around the switch that arrives after `wait` hours, where the DNS is worst for it."""
    rotation, hour = world.rotation, switch + wait
    seen = publish_at + rotation["refresh"] + rotation["negative"]
    there = {"old": hour <= remove, "new": hour >= seen}
    dns = {rotation[key]["name"]: {"TXT": [rotation[key]["record"]]} for key, is_ in there.items() if is_}
    [verdict] = verify(rotation[which]["letter"], world, resolver(dns))
    name = f"it waited {number(wait)} hours"
    if verdict.result == "pass":
        return name, True, "its key is there."
    if which == "old":
        return name, False, "its key is gone already: mail may wait in a queue that long."
    why = "not every server has the new key yet, or a resolver still remembers that there was none."
    return name, False, why
