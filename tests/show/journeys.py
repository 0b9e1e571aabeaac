"""Journeys as records, for the tests of what shows them: no lab is running."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from smtplab.mail.route import Answer, Question
from smtplab.mail.timeline import Event
from smtplab.mail.topology import Link, Place, Topology
from smtplab.mail.transcript import Endpoint, Side, Transcript
from smtplab.mail.transcript import Event as Said

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def crowd(hosts: int) -> Topology:
    """Hosts that nobody knows, each in a domain of its own, in a chain."""
    places = [Place("user.start.example", ("192.0.2.1",), ("MUA",))]
    places += [
        Place(f"mx{n}.site{n}.example", (f"198.51.100.{n}",), ("MTA", "MDA"), f"site{n}.example")
        for n in range(1, hosts)
    ]
    links = [Link(a.name, b.name) for a, b in itertools.pairwise(places)]
    return Topology(tuple(places), tuple(links))


def talk(number: int, a: str, b: str, *said: str) -> Transcript:
    made = Transcript(
        number, Endpoint(a, "192.0.2.1", 40000), Endpoint(b, "192.0.2.2", 25), START, closed=True
    )
    lines = said or ("S 220 hello", "C QUIT", "S 221 2.0.0 Bye")
    made.events += [
        Said(n / 1000, Side(line[0]), line[2:].encode() + b"\r\n") for n, line in enumerate(lines)
    ]
    return made


class Writer:
    """Writes the events of one message, one after another."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.now = START
        self.hops = 0

    def add(
        self, kind: str, host: str, peer: str = "", text: str = "", result: str = "", **more: object
    ) -> None:
        event = Event(self.now, len(self.events), kind, host, peer, text, result, **more)  # type: ignore[arg-type]
        self.events.append(event)

    def asks(self, host: str, name: str, rdtype: str, *values: str) -> None:
        query = (Question(name, rdtype), Answer("found", values))
        self.add("dns", host, text=f"{name} {rdtype}: {'; '.join(values)}", query=query)

    def hop(self, a: str, b: str, to: str = "bob@birch.example") -> None:
        """A lookup, a connection, the message on the other side, and the attempt on this one."""
        self.hops += 1
        heard = talk(self.hops, a, b)
        self.asks(a, b, "A", "192.0.2.2")
        self.add("smtp", a, b, f"#{self.hops}", transcript=heard)
        added = b"Received: from somewhere\r\n" * self.hops + b"Subject: way\r\n"
        before = added.partition(b"\r\n")[2]
        who = {"recipients": (to,), "transcript": heard}
        self.add(
            "queue",
            b,
            a,
            f"takes it as Q{self.hops}",
            "queued",
            message=f"Q{self.hops}",
            before=before,
            after=added,
            **who,
        )
        if self.hops > 1:
            said = f"attempt 1 for {to}: 250 2.0.0 OK"
            self.add("queue", a, b, said, "relayed", message=f"Q{self.hops - 1}", tries=1, **who)

    def misses(self, a: str, b: str, after: timedelta, to: str = "bob@birch.example") -> None:
        """An attempt for which no connection comes about; then time goes on."""
        self.asks(a, b, "A", "192.0.2.2")
        said = f"attempt for {to}: Connection refused"
        self.add(
            "queue",
            a,
            b,
            said,
            "delayed",
            message=f"Q{self.hops}",
            recipients=(to,),
            tries=1,
            until=self.now + after,
        )
        self.now += after

    def delivered(self, host: str, box: str = "bob@birch.example") -> None:
        more = {"message": f"Q{self.hops}", "before": b"A: 1\r\n", "after": b"Return-Path: <a@b>\r\nA: 1\r\n"}
        self.add("delivered", host, box, "put into the mailbox", "delivered", **more)


def long_way(topology: Topology, hops: int) -> list[Event]:
    """A message that is handed on `hops` times, over hosts that it meets again."""
    names = [place.name for place in topology.places]
    writer, here = Writer(), names[0]
    for n in range(1, hops + 1):
        there = names[n] if n < len(names) else names[1 + (n * 7) % (len(names) - 1)]
        there = there if there != here else names[1 + (n * 7 + 1) % (len(names) - 1)]
        writer.hop(here, there)
        here = there
    writer.delivered(here)
    return writer.events
