"""When it is tried again: the ages of a message at each try, as tables, and a lab that keeps to them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest

from smtplab.lab.lab import Lab
from smtplab.lab.queue import GIVE_UP_AFTER
from smtplab.lab.schedule import POSTFIX, RFC5321, Schedule
from smtplab.mail.attempt import Attempt
from smtplab.mail.errors import LabError
from smtplab.mail.history import History

MSA, BOB = "mail.acorn.example", "bob@birch.example"
HELLO = f"From: alice@acorn.example\nTo: {BOB}\nSubject: hello\n\nHello\n"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.dns.zone("birch.example").set("@", "MX", "10 gone.birch.example")
        lab.dns.zone("birch.example").set("gone", "A", "198.51.100.99")
        yield lab
        assert lab._world.errors == []


def minutes(schedule: Schedule, count: int) -> list[float]:
    return [age / timedelta(minutes=1) for age in schedule.ages()[:count]]


def of(first: float, most: float, give_up: float, warn: float | None = None) -> Schedule:
    """A schedule, in minutes."""
    times = [timedelta(minutes=m) for m in (first, most, give_up)]
    return Schedule(*times, None if warn is None else timedelta(minutes=warn))


# The table ------------------------------------------------------------------------------------------

TABLE = [
    # schedule, the first ages in minutes, how many tries in all
    (RFC5321, [0, 30, 60, 120, 240, 420, 600], 44),
    (POSTFIX, [0, 5, 10, 20, 40, 80, 80 + 4000 / 60], 113),
    (of(30, 30, 120), [0, 30, 60, 90, 120], 5),
    (of(30, 240, 100), [0, 30, 60, 100], 4),  # the last try comes when the time is up
    (of(10, 1000, 100), [0, 10, 20, 40, 80, 100], 6),
    (of(60, 60, 30), [0, 30], 2),
    (of(60, 60, 0), [0], 1),  # Postfix's maximal_queue_lifetime = 0: one try
]


@pytest.mark.parametrize(("schedule", "first", "tries"), TABLE)
def test_the_ages_at_each_try(schedule: Schedule, first: list[float], tries: int) -> None:
    assert minutes(schedule, len(first)) == pytest.approx(first)
    assert len(schedule.ages()) == tries
    assert schedule.ages()[-1] == schedule.give_up


def test_the_default_obeys_the_rfc() -> None:
    """RFC 5321 §4.5.4.1: 30 minutes at least, two tries in the first hour, one every two or three later."""
    ages = RFC5321.ages()
    waits = [b - a for a, b in pairwise(ages)]
    assert min(waits[:-1]) >= timedelta(minutes=30)
    assert max(waits) <= timedelta(hours=3)
    assert waits[:-1] == sorted(waits[:-1])
    assert len([age for age in ages if age < timedelta(hours=1)]) == 2
    assert timedelta(days=4) <= RFC5321.give_up == GIVE_UP_AFTER == timedelta(days=5)


def test_postfix_does_not() -> None:
    assert POSTFIX.first < timedelta(minutes=30)
    assert POSTFIX.warn is None


@pytest.mark.parametrize(
    "bad", [(0, 1, 1, None), (-1, 1, 1, None), (2, 1, 1, None), (1, 1, -1, None), (1, 1, 1, 0)]
)
def test_times_that_make_no_sense(bad: tuple[float, float, float, float | None]) -> None:
    with pytest.raises(LabError, match=r"[Aa] schedule"):
        of(*bad)


# The lab --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [RFC5321, POSTFIX, of(10, 1000, 100)])
def test_the_queue_keeps_to_it(lab: Lab, schedule: Schedule) -> None:
    lab.mta(MSA).queue.schedule = schedule
    lab.submit(HELLO)
    lab.clock.advance(days=6)
    item = lab.queue(MSA)[0]
    assert tuple(a.when - item.accepted for a in item.attempts) == schedule.ages()


def test_the_end_of_it(lab: Lab) -> None:
    """RFC 3463 §3.5: 4.4.7. What was the matter at the last try is kept."""
    delivery = lab.submit(HELLO)
    [before] = lab.history(delivery)
    assert (before.outcomes, before.host) == (((BOB, "delayed"),), MSA)
    assert before.next_try == before.accepted + timedelta(minutes=30)
    assert before.warn_at == before.accepted + timedelta(hours=4)
    assert before.give_up_at == before.accepted + timedelta(days=5)
    lab.clock.advance(days=5)
    after = lab.history(delivery)[0]
    assert after.outcomes == ((BOB, "failed"),)
    assert (after.next_try, after.warn_at, after.give_up_at) == (None, None, None)
    last = after.attempts[-1]
    assert (last.expired, last.outcome, last.status, last.reply) == (True, "failed", "4.4.7", None)
    assert last.note == before.attempts[0].note
    assert before.attempts[0].status == "4.4.1"  # no answer from the host
    assert "That was the last try: 4.4.7" in " ".join(delivery.verdict().text().split())


class Ear:
    """A reporter that writes down what it hears."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.heard: list[tuple[str, timedelta, list[str]]] = []

    def settled(self, item, recipients) -> None:
        self._hear("settled", item, recipients)

    def late(self, item, recipients) -> None:
        self._hear("late", item, recipients)

    def _hear(self, what, item, recipients) -> None:
        age = self.lab.clock.now() - item.accepted
        self.heard.append((what, age, [r.path.address for r in recipients]))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (RFC5321, [("late", timedelta(hours=4)), ("settled", timedelta(days=5))]),
        (POSTFIX, [("settled", timedelta(days=5))]),
        (of(30, 30, 60, 45), [("late", timedelta(minutes=45)), ("settled", timedelta(minutes=60))]),
        (of(30, 30, 60, 90), [("settled", timedelta(minutes=60))]),  # it would come too late
    ],
)
def test_the_reporter_hears_of_the_delay_once_and_of_the_end(
    lab: Lab, schedule: Schedule, expected: list[tuple[str, timedelta]]
) -> None:
    lab.mta(MSA).queue.schedule = schedule
    ear = lab.mta(MSA).queue.reporter = Ear(lab)
    lab.submit(HELLO)
    lab.clock.advance(days=7)
    assert ear.heard == [(what, age, [BOB]) for what, age in expected]


def test_no_warning_once_it_has_arrived(lab: Lab) -> None:
    """The try at four hours comes before the warning that is due at the same moment."""
    ear = lab.mta(MSA).queue.reporter = Ear(lab)
    lab.submit(HELLO)
    lab.clock.advance(hours=3)
    lab.dns.zone("birch.example").set("@", "MX", "10 mx.birch.example")
    lab.clock.advance(hours=5)
    assert ear.heard == [("settled", timedelta(hours=4), [BOB])]


def test_flush_tries_at_once(lab: Lab) -> None:
    lab.submit(HELLO)
    lab.clock.advance(minutes=1)
    queue = lab.mta(MSA).queue
    queue.flush()
    item = lab.queue(MSA)[0]
    assert [a.when - item.accepted for a in item.attempts] == [timedelta(0), timedelta(minutes=1)]
    assert item.next_try == item.accepted + timedelta(minutes=31)
    lab.dns.zone("birch.example").set("@", "MX", "10 mx.birch.example")
    queue.flush()
    assert len(lab.mailbox(BOB)) == 1
    queue.flush()
    lab.clock.advance(days=6)
    assert len(lab.mailbox(BOB)) == 1
    assert len(item.attempts) == 3


def test_five_days_of_retries_take_no_two_seconds() -> None:
    """CPU seconds, the best of three, with a connection for every try, and a DSN in the end."""
    taken = []
    for _ in range(3):
        with Lab() as lab:
            lab.mta("mx.birch.example").faults.add("banner", "drop")
            lab.dns.zone("birch.example").set("@", "MX", "10 mx.birch.example")
            lab.submit(HELLO)
            start = time.process_time()
            lab.clock.advance(days=5)
            taken.append(time.process_time() - start)
            history: History = lab.queue(MSA)[0].history(lab.clock.now())
            tries: tuple[Attempt, ...] = history.attempts
            assert len(tries) == 44
            assert history.outcomes == ((BOB, "failed"),)
    assert min(taken) < 2


def test_a_dns_that_never_answers_costs_no_real_time() -> None:
    with Lab() as lab:
        lab.dns.fault("birch.example", "timeout", subtree=True)
        begun = time.monotonic()
        delivery = lab.submit("From: alice@acorn.example\nTo: bob@birch.example\n\nx\n")
        lab.clock.advance(days=6)
        (history,) = lab.history(delivery)
        assert delivery.result == "failed" and len({attempt.when for attempt in history.attempts}) == 44
        assert time.monotonic() - begun < 30  # it was two seconds for each of 44 tries
