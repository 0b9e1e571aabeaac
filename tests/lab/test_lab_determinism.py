"""Two labs with the same seed say the same things, octet for octet; another seed says others."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from smtplab.lab.lab import Lab
from smtplab.mail.transcript import Transcript

MULTIPART = (
    "From: alice@acorn.example\nTo: bob@birch.example, trees@list.example\nSubject: {}\n"
    "MIME-Version: 1.0\nContent-Type: multipart/alternative\n\n"
)


def dialogue(transcript: Transcript) -> list[tuple[Any, ...]]:
    """What was said: everything but times, port numbers and where the network cut the stream."""
    said: list[tuple[Any, ...]] = [(transcript.client.host, transcript.server.host, transcript.opened)]
    for event in transcript.events:
        if event.kind == "data" and said[-1][:3] == (event.side, event.kind, event.tls):
            said[-1] = (*said[-1][:3], said[-1][3] + event.data)
        else:
            said.append((event.side, event.kind, event.tls, event.data))
    return said


def play(seed: int) -> dict[str, Any]:
    """The same day in a lab: everything that it said and holds at the end."""
    with Lab(seed=seed) as lab:
        random.seed()  # whatever else draws from the global source, here or in the library
        lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: one\n\nHello\n")
        two = lab.submit(MULTIPART.format("two").encode())
        tap = lab.network.tap("mx.birch.example", 25)
        tap.drops.append(("S", b"220 "))  # type: ignore[arg-type]
        lab.submit(
            "From: alice@acorn.example\nTo: bob@forward.example, x@gmail.com\nSubject: three\n\nHello\n"
        )
        lab.clock.advance(hours=3)
        tap.drops.clear()
        with lab.connect("mx.birch.example") as session:
            session.say("EHLO x", "STARTTLS", "EHLO x", "HELP", "MAIL FROM:<>", "RCPT TO:<bob@birch.example>")
            session.say("DATA", b"Subject: four\n\nHello\n", "QUIT")
        lab.clock.advance(days=6)
        return {
            "dialogues": sorted(map(dialogue, lab.transcripts), key=repr),
            "mailboxes": {
                box: [m.raw for m in lab.mailbox(box)] for m in lab.mtas.values() for box in m.store.boxes
            },
            "queues": {host: [(i.id, i.outcomes, i.content) for i in lab.queue(host)] for host in lab.mtas},
            "queries": [(q.when, q.name, q.rdtype, q.rcode, q.answers) for q in lab.dns.queries],
            "verdict": two.verdict().to_dict(),
        }


@pytest.fixture(scope="module")
def first() -> dict[str, Any]:
    return play(1)


@pytest.mark.parametrize("part", ["dialogues", "mailboxes", "queues", "queries", "verdict"])
def test_the_same_seed_the_same_day(first: dict[str, Any], part: str) -> None:
    again = play(1)
    assert first[part] == again[part]
    assert len(first[part]) > 1


def test_something_happened(first: dict[str, Any]) -> None:
    assert len(first["mailboxes"]["bob@birch.example"]) == 5
    assert len(first["dialogues"]) > 10


def test_another_seed_another_day(first: dict[str, Any]) -> None:
    other = play(2)
    assert first["mailboxes"] != other["mailboxes"]
    ids = [{id_ for id_, _, _ in queue} for day in (first, other) for queue in day["queues"].values()]
    assert len(set().union(*ids)) == sum(map(len, ids))  # no id twice, on any host, on either day
    # Only the ids differ, and the signatures over them.
    assert masked(first["mailboxes"]) == masked(other["mailboxes"])
    assert masked(first["dialogues"]) == masked(other["dialogues"])


def masked(value: Any) -> str:
    """Without ids, and without signatures, which are over a Message-ID that has one in it."""
    signed = re.sub(r"\bb=(?:[A-Za-z0-9+/=]|\\r\\n )+", "b=", repr(value))
    return re.sub(r"\b[0-9A-F]{10}\b", "ID", signed)


def test_the_default_seed() -> None:
    with Lab() as lab:
        assert lab.seed == 1
        lab.submit("From: alice@acorn.example\nTo: bob@birch.example\n\nHello\n")
        number = lab.queue("mail.acorn.example")[0].id
    assert re.fullmatch("[0-9A-F]{10}", number)
    with Lab(seed=1) as lab:
        lab.submit("From: alice@acorn.example\nTo: bob@birch.example\n\nHello\n")
        assert lab.queue("mail.acorn.example")[0].id == number


def test_labs_side_by_side_do_not_disturb_each_other(first: dict[str, Any]) -> None:
    with Lab(seed=3) as other:
        other.submit("From: alice@acorn.example\nTo: bob@birch.example\n\nHello\n")
        again = play(1)
        other.submit("From: alice@acorn.example\nTo: bob@birch.example\n\nHello\n")
    assert again["mailboxes"] == first["mailboxes"]
