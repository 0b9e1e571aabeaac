"""forge: messages whose Received chain has a known truth, for exercises and tests (RFC 5321 §4.4).

Which hosts really carried it, which lines did its sender make up, what does not fit, and where? The lines are
in the dialects of a dozen programs. All names are under .example, all addresses are for documentation.

A forgery that is consistent can't be told from the truth: such messages are made as well, and then `tellable`
is False. It needs no network and no clock, and never the global random numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from ..hosts import Address
from ..text import encode, visible
from ..verdict import Verdict
from .forge_dialects import DIALECTS, date, safe
from .forge_order import Planted
from .forge_plants import PLANTS
from .forge_way import Draft, Plan, plan

TRIES = 50  # chains that are made until one takes the anomalies that were asked for
INNER = "2002:a05::/32"  # how some hosts name themselves to themselves: 6to4 of 10.5.0.0/16
_SILENT = ("pickup", "web", "queue", "garbage")  # dialects without a word on SMTP


@dataclass(frozen=True, slots=True)
class TrueHop:
    """One line, and the truth about it. Number 1 is the oldest.

    `forged` is True when the message's sender made the line up, `known` when a reader can know it: the
    reader's own hosts wrote it. Lines that are neither are true, but nobody can tell. `name` is the client's,
    "" where the line has none; the rest is what the line says.
    """

    number: int
    name: str
    ip: Address | None
    by: str
    time: datetime | None
    delay: timedelta | None
    secure: bool | None
    dialect: str
    forged: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Forged:
    """A message, whom its reader trusts, and the truth: each hop, the oldest first, and what was planted.

    As text it is the message: what it shows gives nothing away. `check` holds guesses against the truth.
    """

    seed: int
    message: bytes = field(repr=False)
    trusted: tuple[str, ...]
    truth: tuple[TrueHop, ...] = field(repr=False)
    planted: tuple[Planted, ...] = field(repr=False)

    @property
    def known(self) -> int:
        """How many lines a reader can know."""
        return sum(hop.known for hop in self.truth)

    @property
    def forged(self) -> int:
        """How many lines are made up: the oldest ones."""
        return sum(hop.forged for hop in self.truth)

    @property
    def tellable(self) -> bool:
        """True when something that does not fit gives forged lines away; False for a consistent forgery, and
        when nothing is forged."""
        return any(hop.forged and hop.number == planted.hop for planted in self.planted for hop in self.truth)

    def check(self, known: int | None = None, forged: int | None = None) -> Verdict:
        """Two guesses, judged: how many lines, from the top, are known, and how many are made up."""
        from .forge_check import check

        return check(self, known, forged)

    def __str__(self) -> str:
        return visible(self.message.replace(b"\r\n", b"\n"), keep="\n\t")


def forge(
    seed: int,
    *,
    hops: int | None = None,
    forged: int | None = None,
    anomalies: Iterable[str] | None = None,
) -> Forged:
    """A message from `seed`: the same arguments always give the same.

    `hops` is how many hosts really carried it (at least 1), `forged` how many lines are made up, `anomalies`
    the kinds to plant (names of `PLANTS`, at most one of each group; () for none). What is not given is drawn
    from the seed. A loop adds two lines, "too many hops" adds more, a broken link may take one away. Raises
    ValueError for what can't be made: an unknown kind, two of a group, too few hops for what is planted.
    """
    rng = Random(seed)
    kinds = _kinds(rng, anomalies)
    for _ in range(TRIES):
        made = plan(rng, *_sizes(rng, kinds, hops, forged))
        planted = [PLANTS[kind].put(made) for kind in kinds]
        if anomalies is None or all(planted):
            return _written(seed, made, tuple(one for found in planted for one in found))
    raise ValueError(f"no chain with {hops} hops and {forged} forged lines takes {', '.join(kinds)}")


def _kinds(rng: Random, wanted: Iterable[str] | None) -> list[str]:
    """What to plant, in the order of `PLANTS`: what changes the order of lines comes first."""
    if wanted is None:
        wanted = rng.sample(
            [kind for kind in PLANTS if kind != "too many hops"], rng.choice((0, 0, 1, 1, 2, 3))
        )
        if rng.random() < 0.02:
            wanted = ["too many hops", *wanted]
        wanted = {PLANTS[kind].group: kind for kind in reversed(wanted)}.values()
    wanted = list(wanted)
    if unknown := [kind for kind in wanted if kind not in PLANTS]:
        raise ValueError(f"nothing called {unknown[0]!r} can be planted: choose from {', '.join(PLANTS)}")
    if len({PLANTS[kind].group for kind in wanted}) < len(wanted):
        raise ValueError(f"two of these would spoil each other: {', '.join(wanted)}")
    return [kind for kind in PLANTS if kind in wanted]


def _sizes(rng: Random, kinds: Sequence[str], hops: int | None, forged: int | None) -> tuple[int, int, int]:
    """How many hosts outside and inside carry it, and how many lines are forged."""
    if (hops is not None and hops < 1) or (forged is not None and forged < 0):
        raise ValueError("a message makes at least one hop, and no fewer than no lines are forged")
    if forged is None:
        forged = rng.choice((0, 0, 1, 2, 3, 4))
        forged = max([forged, *(PLANTS[kind].forged for kind in kinds)])
    if hops is not None:
        inside = rng.randint(1, min(4, hops))
        return hops - inside, inside, forged
    outside = max([rng.randint(0, 3), *(PLANTS[kind].outside - forged for kind in kinds)])
    return outside, rng.randint(1, 4), forged


def _written(seed: int, made: Plan, planted: tuple[Planted, ...]) -> Forged:
    trusted = (f".{made.reader}", *made.world.networks(made.reader))
    if any(line.dialect == "within" for line in made.drafts):
        trusted = (*trusted, INNER)
    return Forged(seed, _message(made), trusted, tuple(_truth(made.drafts)), planted)


def _truth(drafts: Sequence[Draft]) -> Iterable[TrueHop]:
    before: datetime | None = None
    for number, line in enumerate(drafts, 1):
        leg, time = line.leg, line.leg.time
        delay = time - before if time and before else None
        secure = None if line.dialect in _SILENT else leg.secure
        name = leg.rdns or (safe(leg.helo) if line.dialect == "qmail" else leg.helo)
        yield TrueHop(
            number, name, leg.ip, leg.by, time, delay, secure, line.dialect, line.forged, line.known
        )
        before = time


def _message(made: Plan) -> bytes:
    """The message as it lies in the mailbox."""
    rng, number = made.rng, len(made.drafts)
    lines = [f"Return-Path: <{made.sender}>", f"Delivered-To: {made.delivered}"]
    for index in range(number - 1, -1, -1):
        line = made.drafts[index]
        lines += [*_passing(rng, line), *made.between.get(index, ())]
        lines.append(f"Received: {DIALECTS[line.dialect].write(line.leg)}")
    lines += [
        f"Message-ID: <{rng.getrandbits(48):x}@{made.sender.partition('@')[2]}>",
        f"Date: {_date(made)}",
        f"From: Alice <{made.sender}>",
        f"To: {made.recipient}",
        "Subject: The invoice that you asked for",
        "",
        "Please find it attached.",
        "",
    ]
    return encode("\n".join(lines).replace("\n", "\r\n"))


def _passing(rng: Random, line: Draft) -> list[str]:
    """What hosts put between trace fields every day, and nobody minds."""
    host = line.leg.by or "mx.example"
    return [
        field
        for field in (
            f"Authentication-Results: {host};\n\tspf=pass smtp.mailfrom=alice@oak.example",
            f"DKIM-Signature: v=1; a=rsa-sha256; d={line.host.domain}; s=2026;\n\tbh=aGVsbG8=; b=c2lnbmVk",
            "X-Spam-Score: -0.1",
        )
        if rng.random() < 0.15
    ]


def _date(made: Plan) -> str:
    """When the author's program says that it was finished."""
    leg = made.drafts[0].leg
    at = (made.date - timedelta(seconds=made.rng.randint(0, 90))).astimezone(made.drafts[0].host.zone)
    return date(type(leg)(time=at), "")
