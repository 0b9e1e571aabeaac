"""Exercise 11: DMARC (RFC 9989, RFC 9990). Records are tried on messages, never compared as texts."""

from __future__ import annotations

from random import Random
from typing import Any

from ....auth import dmarc
from ....auth.dmarc.record import POLICIES
from ....auth.dmarc.reports import Row, read
from ....mail.text import visible
from .. import answers
from ..exercise import task
from ..mark import Marks, each, sealed
from ..probe import Probe, Tried
from ..world import World
from .cast import domains
from .e11_firm import asked, problem, reports
from .e11_more import WORDS, firm, letters, report, trees
from .zones import publish

WHO = ("unsigned", "forwarder", "list", "stranger")
NUMBERS = ("refused", "ours")


def draw(rng: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Letters that were checked, names with records around them, a report, and a firm without records."""
    names = domains(rng, 17)
    marked, first, words = letters(rng, names[:5])
    authors, second, found = trees(rng, names[5:10])
    xml, ours, told = report(rng, names[10:15])
    wanted, third = firm(rng, names[15], names[16])
    things = {
        "letters": marked,
        "names": authors,
        "records": _samples(rng),
        "report": xml,
        "ours": ours,
        "firm": wanted,
        "dns": {**first, **second, **third},
    }
    return things, {"words": words, "counting": found, "told": told}


def set_up(lab: Any, world: World) -> None:
    """Everything that is published, in the lab's DNS."""
    publish(lab, world.dns)


# which pass counts ------------------------------------------------------------------------------


@task("dmarc-1", answers.table(str, '{"A": "both", "B": "neither"}'))
def which_pass(answer: dict[str, str], world: World) -> Marks:
    """The word for each letter, against what was drawn."""
    if world.truth is None:
        yield sealed("what counts in each letter", 6)
        return
    cases = []
    words = {name.strip().upper(): word.strip().lower() for name, word in answer.items()}
    for name, word in world.truth["words"].items():
        given = words.get(name, "")
        cases.append((name, given == word, "this is it." if given == word else _not_it(given)))
    yield each("what counts in each letter", 6, cases, "RFC 9989 §4.4")


def _not_it(given: str) -> str:
    """What to look at again, by what was answered: the same whatever is right."""
    return {
        "": "there is no word for it.",
        "both": "two passes are not enough. A pass counts only for a domain that aligns with From.",
        "spf": "SPF is about the domain in MAIL FROM: did it pass, does that align, and does DKIM not count?",
        "dkim": "DKIM is about d=: did it pass, does that align, and does SPF not count?",
        "neither": "one of them passed for a domain that aligns. One is enough, and the other may fail.",
    }.get(given, f"the words are {', '.join(WORDS)}.")


# which record counts ----------------------------------------------------------------------------


@task("dmarc-2", answers.table(str, '{"shop.alder.example": "alder.example reject"}'))
def which_record(answer: dict[str, str], world: World) -> Marks:
    """The domain and the policy for each name in From."""
    if world.truth is None:
        yield sealed("the domain whose record counts", 2.5)
        yield sealed("the policy", 2.5)
        return
    given = {name.strip().lower().removesuffix("."): words.lower().split() for name, words in answer.items()}
    where, what = [], []
    for name, right in world.truth["counting"].items():
        domain, policy = right.split()
        words = [*given.get(name, []), "", ""]
        found = words[0].removesuffix(".").removeprefix("_dmarc.")
        where.append((name, found == domain, _not_there(found, name, found == domain)))
        good = found == domain and words[1] == policy
        what.append((name, good, _not_asked(words[1], found == domain, good)))
    yield each("the domain whose record counts", 2.5, where, "RFC 9989 §4.10.1")
    yield each("the policy", 2.5, what, "RFC 9989 §4.7")


def _not_there(found: str, name: str, good: bool) -> str:
    if good:
        return "its record counts."
    if not found:
        return "there is no domain for it."
    if found == name:
        return "a record of its own would have to be one, and only one."
    return "not the nearest record counts, but the name's own, else that of the organizational domain."


def _not_asked(policy: str, there: bool, good: bool) -> str:
    if good:
        return "this is what the owner asks."
    if policy not in POLICIES:
        return "the second word is none, quarantine or reject."
    if not there:
        return "another record counts, so its policy does."
    return "another tag counts. Is it the record's own domain, a name below it, or one that does not exist?"


# what the owner asks ----------------------------------------------------------------------------


def _samples(rng: Random) -> list[str]:
    """Records to begin with."""
    one, two, three = rng.sample(POLICIES, 3)
    return [
        f"v=DMARC1; p={one}; rua=mailto:d@a.example",
        f"v=DMARC1; p={two}; sp={one}; rua=mailto:d@a.example",
        f"v=DMARC1; p={three}; sp={two}; np={one}; rua=mailto:d@a.example",
    ]


def probes(world: World) -> list[Probe]:
    """Each record of the world for each kind of name."""
    return [
        Probe(f"wish({text!r}, {name!r})", (text, name))
        for text in world.records
        for name in ("domain", "below", "missing")
    ]


@task("dmarc-3", answers.function("wish(record, name)"), probes)
def owner_asks(tried: list[Tried], world: World) -> Marks:
    """What the function says of three plain records, for the domain itself and for names below it."""
    cases = []
    for one, probe in zip(tried, probes(world), strict=True):
        text, name = probe.arguments
        record = dmarc.parse(text)
        right = {"domain": record.p, "below": record.sp or record.p}.get(
            name, record.np or record.sp or record.p
        )
        cases.append((one.name, one.value == right, one.error or _differs(one.value, right, name)))
    yield each("three plain records", 2, cases, "RFC 9989 §4.7")


def _differs(value: Any, right: str, name: str) -> str:
    shown = f"it gave {visible(repr(value))[:60]}"
    if value == right:
        return "this is the policy."
    if value not in POLICIES:
        return f"{shown}, and one of the three policies is wanted."
    return f"{shown}, not {right!r}: " + {
        "domain": "p= is for the domain itself.",
        "below": "sp= is for names below, and without it p=.",
        "missing": "np= is for names that do not exist, and without it sp=, and without that p=.",
    }.get(name, "")


# a report ---------------------------------------------------------------------------------------


@task("dmarc-4", answers.table((str, int), '{"unsigned": "192.0.2.1", "refused": 12}'))
def a_report(answer: dict[str, Any], world: World) -> Marks:
    """Four addresses and two numbers, against what was drawn."""
    if world.truth is None:
        yield sealed("who is who", 4)
        yield sealed("what p=reject would hit", 2)
        return
    truth = world.truth["told"]
    who = [
        (name, (good := str(answer.get(name, "")).strip() == truth[name]), "yes." if good else _WHO[name])
        for name in WHO
    ]
    yield each("who is who", 4, who, "RFC 9990 §3.1.1.7")
    rows = read(world.report.encode()).rows
    many = []
    for name in NUMBERS:
        given = answer.get(name)
        if isinstance(given, str) and given.strip().isdecimal() and len(given) < 10:
            given = int(given)
        some = [row for row in rows if name == "refused" or row.source in world.ours]
        good = type(given) is int and given == truth[name]
        many.append((name, good, "yes." if good else _slip(given, some, name)))
    yield each("what p=reject would hit", 2, many, "RFC 9990 §3.1.1.9")


_WHO = {
    "unsigned": "it is one of world.ours, SPF counts in all its mail, and no signature is there.",
    "forwarder": "behind a forwarder SPF does not count, and your own signature is still whole.",
    "list": "a list changes letters: your own signature is there and fails, and SPF passes for the list.",
    "stranger": "it is none of world.ours, and not a trace of a signature of yours is on its mail.",
}


def _results(row: Row) -> list[str]:
    return [one.result for one in row.dkim] + [one.result for one in row.spf]


def _slip(given: Any, rows: list[Row], name: str) -> str:
    """Which misreading makes this number."""
    failing = [row for row in rows if not row.passes]
    slips = [
        (len(failing), "this is the number of rows. Each row has a count of messages."),
        (
            sum(row.count for row in rows if not (row.dkim_aligned and row.spf_aligned)),
            "here both checks had to pass. One pass that aligns is enough.",
        ),
        (
            sum(row.count for row in rows if "pass" not in _results(row)),
            "auth_results has passes for other domains, too. policy_evaluated says what aligns.",
        ),
        (sum(row.count for row in rows if row.disposition == "reject"), "disposition says what was done "
            "under p=none. What would be refused is another question."),
        (sum(row.count for row in rows), "these are all messages, those that pass among them."),
    ]  # fmt: skip
    whose = "all mail" if name == "refused" else "mail from the addresses in world.ours"
    found = next((why for number, why in slips if type(given) is int and given == number), "")
    return found or f"add up the counts of the rows in which nothing aligns, in {whose}."


# records for a firm -----------------------------------------------------------------------------


@task("dmarc-5", answers.table(str, '{"name.alder.example": "v=DMARC1; ..."}'))
def for_a_firm(answer: dict[str, str], world: World) -> Marks:
    """The records are published, and forged letters are sent."""
    given, wishes = world.firm, world.firm["wishes"]
    texts = {name.strip().lower().removesuffix("."): text for name, text in list(answer.items())[:9]}
    names = [(name, *problem(texts.get(f"_dmarc.{name}"))) for name in (given["domain"], given["unit"])]
    yield each("two records that can be read", 1, names, "RFC 9989 §4.7")
    forged = [
        (given["domain"], wishes["p"]),
        (given["exists"], wishes["sp"]),
        (f"no-such-name.{given['domain']}", wishes["np"]),
        (given["unit"], wishes["unit"]),
    ]
    yield each(
        "what you ask for forged mail", 2, [asked(world, texts, *one) for one in forged], "RFC 9989 §4.7"
    )
    where = [(name, *reports(texts.get(f"_dmarc.{name}", ""), given["reports"])) for name, _, _ in names]
    yield each("reports arrive", 1, where, "RFC 9989 §4.6")
