"""Made-up messages for "predict the verdict": who is in From, what passed, and which records there are.

Three degrees. The first has one domain and one record; the second subdomains, sp, strict alignment, t=y and
several signatures; the third one twist of RFC 9989 each. What they come to is not known here: `quizzing` asks
the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from .deciding import RECEIVERS, Receiver
from .record import POLICIES

OWN, CHILD, STRANGER = "acorn.example", "news.acorn.example", "relay.example"
BAD = ("fail", "softfail", "neutral", "none")
REPORTS = "rua=mailto:dmarc@acorn.example"


@dataclass
class Situation:
    """The facts of one message. `records` are TXT records by name ("TIMEOUT" is no answer), `exists` names
    that are there besides; `spf` and each signature of `dkim` are a result and a domain."""

    authors: tuple[str, ...]
    records: dict[str, str | list[str]]
    spf: tuple[str, str]
    dkim: list[tuple[str, str]]
    receiver: Receiver
    exists: list[str] = field(default_factory=list)


def situation(dice: Random, difficulty: int) -> Situation:
    """A situation of this degree, 1 to 3."""
    if difficulty == 1:
        return _plain(dice)
    if difficulty == 2:
        return _organized(dice)
    return dice.choice(TWISTS)(dice, _organized(dice))


def _plain(dice: Random) -> Situation:
    record = f"v=DMARC1; p={dice.choice(POLICIES)}"
    spf = dice.choice([("pass", OWN), ("pass", STRANGER), ("fail", OWN), ("softfail", OWN)])
    dkim = dice.choice([[], [("pass", OWN)], [("pass", STRANGER)], [("fail", OWN)], [("fail", OWN)]])
    return Situation((OWN,), {f"_dmarc.{OWN}": record}, spf, dkim, dice.choice(RECEIVERS[:3]))


def _organized(dice: Random) -> Situation:
    author = dice.choice((OWN, CHILD, CHILD))
    tags = [f"p={dice.choice(POLICIES)}"]
    for tag, values, chance in (
        ("sp", POLICIES, 0.5),
        ("adkim", "s", 0.4),
        ("aspf", "s", 0.4),
        ("t", "y", 0.3),
    ):
        if dice.random() < chance:
            tags.append(f"{tag}={dice.choice(values)}")
    records: dict[str, str | list[str]] = {f"_dmarc.{OWN}": "; ".join(["v=DMARC1", *tags])}
    if author == CHILD and dice.random() < 0.3:
        records[f"_dmarc.{CHILD}"] = f"v=DMARC1; p={dice.choice(POLICIES)}"
    return Situation((author,), records, _spf(dice), _dkim(dice), dice.choice(RECEIVERS), [author])


def _spf(dice: Random) -> tuple[str, str]:
    domain = dice.choice((OWN, f"bounces.{OWN}", STRANGER, STRANGER))
    return (dice.choice(("pass", "pass", dice.choice(BAD))), domain)


def _dkim(dice: Random) -> list[tuple[str, str]]:
    domains = dice.sample((OWN, CHILD, STRANGER, "list.example"), dice.choice((0, 1, 1, 2)))
    return [(dice.choice(("pass", "fail")), domain) for domain in domains]


# Twists: each takes a situation of the second degree and turns one thing ---------------------------------


def _missing(dice: Random, made: Situation) -> Situation:
    """A name that nobody made, and np=."""
    made.authors, made.exists = (f"payroll.{OWN}",), dice.choice(([], [f"payroll.{OWN}"]))
    made.records = {f"_dmarc.{OWN}": f"v=DMARC1; p=none; sp={dice.choice(POLICIES)}; np=reject"}
    return made


def _registry(dice: Random, made: Situation) -> Situation:
    """Two customers of one registry."""
    made.authors, made.exists = ("giant.bank.example",), ["giant.bank.example", "mega.bank.example"]
    psd = dice.choice(("; psd=y", "; psd=y", ""))
    made.records = {"_dmarc.bank.example": f"v=DMARC1; p={dice.choice(POLICIES)}{psd}"}
    made.spf = ("pass", dice.choice(("mega.bank.example", "mail.giant.bank.example")))
    return made


def _apart(dice: Random, made: Situation) -> Situation:
    """A subdomain that is an organization of its own."""
    made.authors = (CHILD,)
    made.records[f"_dmarc.{CHILD}"] = f"v=DMARC1; p={dice.choice(POLICIES)}; psd={dice.choice('nnu')}"
    made.spf = ("pass", dice.choice((OWN, f"bounces.{CHILD}")))
    return made


def _twice(dice: Random, made: Situation) -> Situation:
    """Two records at one name."""
    name = f"_dmarc.{made.authors[0]}"
    made.records[name] = [f"v=DMARC1; p={policy}" for policy in dice.sample(POLICIES, 2)]
    return made


def _unreadable(dice: Random, made: Situation) -> Situation:
    """A record without a policy that can be read."""
    wrong = dice.choice(("p=refuse", "adkim=r", "p=reject; sp=refuse"))
    reports = dice.choice((f"; {REPORTS}", f"; {REPORTS}", ""))
    made.records = {f"_dmarc.{OWN}": f"v=DMARC1; {wrong}{reports}"}
    return made


def _many(dice: Random, made: Situation) -> Situation:
    """Two authors."""
    made.authors = (OWN, dice.choice((STRANGER, OWN)))
    return made


def _silent(dice: Random, made: Situation) -> Situation:
    """A check, or the DNS, without an answer."""
    if dice.random() < 0.5:
        made.spf = ("temperror", dice.choice((OWN, STRANGER)))
    else:
        made.records[f"_dmarc.{made.authors[0]}"] = "TIMEOUT"
    return made


def _deep(dice: Random, made: Situation) -> Situation:
    """A name of so many labels that some are jumped over."""
    made.authors = (f"a.b.c.d.e.f.{CHILD}",)
    made.exists = list(made.authors)
    if dice.random() < 0.5:
        made.records[f"_dmarc.b.c.d.e.f.{CHILD}"] = f"v=DMARC1; p={dice.choice(POLICIES)}; psd=n"
    return made


TWISTS: tuple[Callable[[Random, Situation], Situation], ...] = (
    _missing, _registry, _apart, _twice, _unreadable, _many, _silent, _deep,
)  # fmt: skip
