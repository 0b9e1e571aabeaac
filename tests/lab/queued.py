"""Messages straight into a queue, many at a time: what the tests of the queue share."""

from __future__ import annotations

from collections import Counter

from smtplab.lab.item import Item
from smtplab.lab.lab import Lab
from smtplab.mail.envelope import Envelope
from smtplab.mail.path import Path

MSA, MX, MX2 = "mail.acorn.example", "mx.birch.example", "mx2.birch.example"
ALICE, BOB = "alice@acorn.example", "bob@birch.example"


def fill(lab: Lab, count: int, *to: str, host: str = MSA) -> list[Item]:
    """Put `count` messages from Alice into the queue of `host`, all at the same moment. Does not wait."""
    return lab._world.thread.run(_fill(lab, count, to or (BOB,), host))


async def _fill(lab: Lab, count: int, to: tuple[str, ...], host: str) -> list[Item]:
    queue, items = lab.mta(host).queue, []
    for number in range(count):
        envelope = Envelope(Path.of(ALICE), tuple(map(Path.of, to)))
        content = f"Message-ID: <{number}@acorn.example>\r\nSubject: {number}\r\n\r\nHello\r\n".encode()
        items.append(Item(f"{number:05}", envelope, content, None, lab.clock.now(), host=host))
        queue.items.append(items[-1])
        queue.add(items[-1], list(envelope.recipients))
    return items


def copies(lab: Lab, mailbox: str = BOB) -> Counter[str]:
    """How often each message lies in the mailbox, by its subject."""
    return Counter(mail["Subject"] or "" for mail in lab.mailbox(mailbox))


def outcomes(items: list[Item]) -> Counter[str]:
    return Counter(outcome for item in items for outcome in item.outcomes.values())
