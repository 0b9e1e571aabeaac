"""Histories made by hand for the queue timeline's tests: a queue that retries on a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from smtplab.mail.attempt import Attempt, Outcome
from smtplab.mail.envelope import Envelope, Recipient
from smtplab.mail.history import History, Notice
from smtplab.mail.path import Path
from smtplab.mail.reply import Reply
from smtplab.mail.transcript import Endpoint, Event, Side, Transcript
from smtplab.mail.verdict import Step

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GREY = Reply(451, "4.7.1", ("Greylisting in action, please come back later",))
TAKEN = Reply(250, "2.0.0", ("Ok: queued as 4F2A",))
NOBODY = Reply(550, "5.1.1", ("No such user here",))
TLS = Step("TLS level may", "it was offered and is used", "", "RFC 7435 §4")
ALICE = Path.of("alice@acorn.example")


def talk(said: bytes = b"451 4.7.1 Greylisting in action\r\n") -> Transcript:
    """A dialogue that ends with this reply to RCPT."""
    client, server = Side.CLIENT, Side.SERVER
    events = [
        Event(0.0, server, b"220 mx.birch.example ESMTP\r\n"),
        Event(0.001, client, b"EHLO mail.acorn.example\r\n"),
        Event(0.002, server, b"250 mx.birch.example\r\n"),
        Event(0.003, client, b"MAIL FROM:<alice@acorn.example>\r\n"),
        Event(0.004, server, b"250 2.1.0 OK\r\n"),
        Event(0.005, client, b"RCPT TO:<bob@birch.example>\r\n"),
        Event(0.006, server, said),
    ]
    ends = (
        Endpoint("mail.acorn.example", "192.0.2.10", 40000),
        Endpoint("mx.birch.example", "198.51.100.10", 25),
    )
    return Transcript(1, *ends, START, events=events)


def attempt(
    when: datetime,
    reply: Reply | None = GREY,
    *,
    to: str = "bob@birch.example",
    note: str = "",
    during: str = "RCPT",
    connected: bool = True,
    expired: bool = False,
    rule: str = "",
    host: str = "mx.birch.example",
) -> Attempt:
    return Attempt(
        when,
        host,
        Recipient(Path.of(to)),
        reply,
        note,
        talk() if connected else None,
        TLS if connected else None,
        rule,
        "198.51.100.10",
        during,
        expired,
    )


def history(
    attempts: Sequence[Attempt] = (),
    outcomes: Sequence[tuple[str, Outcome]] = (("bob@birch.example", "delayed"),),
    *,
    now: datetime = START,
    notices: Sequence[Notice] = (),
    next_try: datetime | None = None,
    warn_at: datetime | None = None,
    give_up_at: datetime | None = None,
    host: str = "mail.acorn.example",
    id: str = "Q1",
) -> History:
    envelope = Envelope(ALICE, tuple(Path.of(address) for address, _ in outcomes))
    return History(
        host,
        id,
        envelope,
        START,
        now,
        tuple(attempts),
        tuple(outcomes),
        tuple(notices),
        next_try,
        warn_at,
        give_up_at,
    )


@dataclass
class Waiting:
    """Messages that wait for a receiver, with a schedule: `gaps` doubles from 30 minutes when it is None."""

    count: int = 1
    gap: timedelta | None = None
    now: datetime = START
    answer: Reply | None = GREY
    steps: list[timedelta] = field(default_factory=list)
    tries: list[list[Attempt]] = field(default_factory=list)
    due: list[datetime | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tries = [[] for _ in range(self.count)]
        self.due = [self.now] * self.count
        self.advance(timedelta())
        self.steps.clear()

    def advance(self, step: timedelta) -> None:
        self.steps.append(step)
        end = self.now + step
        while waiting := [(when, n) for n, when in enumerate(self.due) if when and when <= end]:
            self.now, number = min(waiting)
            self._attempt(number)
        self.now = end

    def _attempt(self, number: int) -> None:
        tries = self.tries[number]
        expired = self.now >= START + 5 * DAY
        answer = self.answer
        tries.append(attempt(self.now, answer, to=self.address(number), connected=answer is not None,
                             note="" if answer else "Connection refused", expired=expired))  # fmt: skip
        wait = self.gap or timedelta(minutes=30) * 2 ** len(tries)
        later = tries[-1].outcome == "delayed"
        self.due[number] = min(self.now + wait, START + 5 * DAY) if later else None

    def address(self, number: int) -> str:
        return f"user{number}@birch.example"

    def read(self) -> list[History]:
        return [self._history(number) for number in range(self.count)]

    def _history(self, number: int) -> History:
        due = self.due[number]
        outcome: Outcome = self.tries[number][-1].outcome
        return history(
            self.tries[number],
            [(self.address(number), outcome)],
            now=self.now,
            next_try=due,
            give_up_at=START + 5 * DAY if due else None,
            id=f"Q{number}",
        )

    def answering(self, answer: Reply | None) -> Callable[[], None]:
        return lambda: setattr(self, "answer", answer)

    @property
    def actions(self) -> list[tuple[str, Callable[[], None]]]:
        return [
            ("receiver off", self.answering(None)),
            ("greylisting", self.answering(GREY)),
            ("receiver on", self.answering(TAKEN)),
        ]
