"""A day of mail: what a domain's owner sees only in reports, sent in a few dozen messages.

    lab.day_of_mail()

Alice's own mail, some of it through a forwarder and a list; a newsletter that a service sends for her with
its own reverse-path, which is not aligned; and Mallory, who forges her. All of it goes to birch.example, over
real connections, and the lab's clock goes to the end of the day. The same lab sends the same days.
"""

from __future__ import annotations

import smtplib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from ..mail.errors import LabError

if TYPE_CHECKING:
    from .lab import Lab

MX = "mx.birch.example"
BOB, ALICE, NEWS = "bob@birch.example", "alice@acorn.example", "news@acorn.example"
MOST = 200  # messages of a day
ROUNDS = 4  # times of the day at which they go

# kind -> how many a day
MIX = {"own": 12, "forwarded": 4, "list": 2, "newsletter": 8, "forged": 6}
WHAT = {
    "own": "Alice's own, by her provider",
    "forwarded": "Alice's own, by a forwarder",
    "list": "Alice's own, by a mailing list",
    "newsletter": "newsletters that a service sends for acorn.example",
    "forged": "Mallory's, with acorn.example in From",
}
_TO = {"own": BOB, "forwarded": "bob@forward.example", "list": "trees@list.example"}


@dataclass(frozen=True, slots=True)
class DayOfMail:
    """What was sent on `day`, by kind; `refused` are those that the receiver did not take."""

    day: date
    sent: Mapping[str, int]
    refused: Mapping[str, int]

    @property
    def messages(self) -> int:
        """How many messages were tried."""
        return sum(self.sent.values())

    def __str__(self) -> str:
        lines = [f"{self.day}: {self.messages} messages"]
        for kind, count in self.sent.items():
            refused = self.refused.get(kind, 0)
            lines.append(f"{count:>5} {WHAT[kind]}" + (f", {refused} of them refused" if refused else ""))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def day_of_mail(lab: Lab, mix: Mapping[str, int] | None = None) -> DayOfMail:
    """`Lab.day_of_mail`."""
    wanted = dict(MIX if mix is None else mix)
    if unknown := wanted.keys() - MIX.keys():
        raise LabError(f"No mail is called {', '.join(sorted(unknown))}. There is: {', '.join(MIX)}.")
    if any(count not in range(MOST + 1) for count in wanted.values()) or sum(wanted.values()) > MOST:
        raise LabError(f"A day has from 0 to {MOST} messages.")
    start = lab.clock.now()
    kinds = [kind for kind, count in wanted.items() for _ in range(count)]
    random = Random(f"{lab.seed} mail of {start.date()}")
    random.shuffle(kinds)
    step = (midnight(start) - start) / (ROUNDS + 1)
    refused: Counter[str] = Counter()
    for turn in range(ROUNDS):
        lab.clock.advance(seconds=int(step.total_seconds()))
        for number in range(turn, len(kinds), ROUNDS):
            if not _send(lab, kinds[number], f"{start.date()}-{number}", random):
                refused[kinds[number]] += 1
    lab.clock.advance(seconds=(midnight(start) - lab.clock.now()).total_seconds())
    return DayOfMail(start.date(), {kind: count for kind, count in wanted.items() if count}, dict(refused))


def _send(lab: Lab, kind: str, name: str, random: Random) -> bool:
    """Send one message; whether the first server took it."""
    if kind in _TO:
        text = f"From: {ALICE}\nTo: {_TO[kind]}\nSubject: Letter {name}\n\nHello Bob.\n"
        return lab.submit(text).reply.code < 300
    if kind == "newsletter":
        return _hand_in(lab, "o1.news.example", f"bounce-{name}@news.example", NEWS, f"News {name}")
    sender = random.choice((ALICE, "mallory@mallory.example", ""))
    return _hand_in(lab, "mail.mallory.example", sender, ALICE, f"Invoice {name}")


def _hand_in(lab: Lab, source: str, sender: str, author: str, subject: str) -> bool:
    date_field = lab.clock.rfc5322()
    message = (
        f"Date: {date_field}\r\nFrom: {author}\r\nTo: {BOB}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject.replace(' ', '.')}@{source}>\r\n\r\nHello.\r\n"
    )
    try:
        with lab.smtp(MX, 25, source) as client:
            client.sendmail(sender, [BOB], message.encode())
    except smtplib.SMTPException:
        return False
    return True


def midnight(moment: datetime) -> datetime:
    """The end of the day of `moment`."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
