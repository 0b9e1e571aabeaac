"""The lab's time: it stands still, goes forward when told, and everything due happens in its order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from smtplab.lab.clock import START, Clock
from smtplab.lab.lab import Lab
from smtplab.lab.loop import LoopThread
from smtplab.lab.schedule import Schedule
from smtplab.mail.errors import LabError
from smtplab.mail.reply import Reply

HELLO = "From: alice@acorn.example\nTo: bob@birch.example\n\nHello\n"
MINUTE = timedelta(minutes=1)


async def nothing() -> None:
    """Nothing is under way."""


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.stop()


@pytest.fixture
def clock(thread: LoopThread) -> Clock:
    return Clock(thread, nothing)


def test_it_starts_on_a_monday_and_stands_still(clock: Clock) -> None:
    assert clock.now() == START == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert START.weekday() == 0
    assert clock.rfc5322() == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert clock.now() == clock.now()


def test_it_goes_forward(clock: Clock) -> None:
    assert clock.advance(days=1, hours=2, minutes=3, seconds=4) == START + timedelta(1, 2 * 3600 + 3 * 60 + 4)
    assert clock.advance() == clock.now()
    assert clock.rfc5322() == "Tue, 03 Mar 2026 11:03:04 +0000"


def test_it_does_not_go_back(clock: Clock) -> None:
    with pytest.raises(LabError, match="only goes forward"):
        clock.advance(hours=-1)
    assert clock.advance(hours=1, minutes=-30) == START + 30 * MINUTE


def test_alarms_go_off_in_order_each_at_its_own_time(clock: Clock) -> None:
    rang: list[tuple[str, datetime]] = []

    def alarm(name: str):
        async def ring() -> None:
            rang.append((name, clock.now()))

        return ring

    for name, minutes in (("c", 30), ("a", 10), ("b1", 20), ("b2", 20), ("late", 61)):
        clock.at(START + minutes * MINUTE, alarm(name))
    clock.advance(minutes=9)
    assert rang == []
    clock.advance(hours=1, minutes=-9)
    expected = [("a", 10), ("b1", 20), ("b2", 20), ("c", 30)]
    assert rang == [(name, START + minutes * MINUTE) for name, minutes in expected]
    assert clock.now() == START + 60 * MINUTE
    clock.advance(minutes=1)
    assert rang[-1] == ("late", START + 61 * MINUTE)


def test_an_alarm_may_set_another(clock: Clock) -> None:
    rang: list[datetime] = []

    async def ring() -> None:
        rang.append(clock.now())
        clock.at(clock.now() + 10 * MINUTE, ring)

    clock.at(START + 10 * MINUTE, ring)
    clock.advance(hours=1)
    assert rang == [START + n * 10 * MINUTE for n in range(1, 7)]


def test_an_alarm_in_the_past_goes_off_now(clock: Clock) -> None:
    rang: list[datetime] = []

    async def ring() -> None:
        rang.append(clock.now())

    clock.advance(hours=1)
    clock.at(START, ring)
    clock.advance()
    assert rang == [START + 60 * MINUTE]  # late, and time does not go back for it


def test_time_waits_for_what_an_alarm_has_started(thread: LoopThread) -> None:
    order: list[str] = []
    under_way: set[asyncio.Task[None]] = set()

    async def idle() -> None:
        while under_way:
            await asyncio.wait(set(under_way))

    clock = Clock(thread, idle)

    async def work(name: str) -> None:
        await asyncio.sleep(0.02)
        order.append(f"{name} done at {clock.now():%H:%M}")

    def alarm(name: str):
        async def ring() -> None:
            task = asyncio.get_running_loop().create_task(work(name))
            under_way.add(task)
            task.add_done_callback(under_way.discard)

        return ring

    clock.at(START + 10 * MINUTE, alarm("one"))
    clock.at(START + 20 * MINUTE, alarm("two"))
    clock.advance(hours=1)
    assert order == ["one done at 09:10", "two done at 09:20"]


def test_an_alarm_that_fails_does_not_break_the_clock(clock: Clock) -> None:
    """The error is the caller's to see; the clock goes on from there."""
    rang: list[str] = []

    async def fail() -> None:
        raise ZeroDivisionError

    async def ring() -> None:
        rang.append("after")

    clock.at(START + 10 * MINUTE, fail)
    clock.at(START + 20 * MINUTE, ring)
    with pytest.raises(ZeroDivisionError):
        clock.advance(hours=1)
    assert clock.now() == START + 10 * MINUTE
    clock.advance(hours=1)
    assert rang == ["after"]


# in the lab -------------------------------------------------------------------------------------


def test_the_loop_may_not_wait_for_itself() -> None:
    with Lab() as lab:

        async def inside() -> None:
            lab.clock.advance(hours=1)

        with pytest.raises(LabError, match="may not wait for itself"):
            lab._world.thread.run(inside())


def test_dates_on_the_wire_are_the_labs() -> None:
    with Lab() as lab:
        lab.clock.advance(days=1)
        delivery = lab.submit(HELLO)
        [mail] = lab.mailbox("bob@birch.example")
        assert mail["Date"] == "Tue, 03 Mar 2026 09:00:00 +0000"
        assert all("Tue, 03 Mar 2026 09:00:00 +0000" in hop for hop in mail.message.get_all("Received") or [])
        assert mail.when == delivery.transcript.opened == lab.clock.now()
        assert lab.queue("mail.acorn.example")[0].accepted == lab.clock.now()
        assert lab.dns.queries[-1].when == lab.clock.now()


def test_two_queues_retry_in_their_order() -> None:
    """Two messages, ten minutes apart, wait for the same host: each has its own waits."""
    with Lab() as lab:
        lab.dns.zone("birch.example").set("@", "MX", "10 gone.birch.example")
        lab.dns.zone("birch.example").set("gone", "A", "198.51.100.99")  # nobody there
        one = lab.submit(HELLO)
        lab.clock.advance(minutes=10)
        two = lab.submit(HELLO)
        lab.clock.advance(minutes=125)
        times = [
            [int((attempt.when - START).total_seconds() / 60) for attempt in delivery.items()[0].attempts]
            for delivery in (one, two)
        ]
        assert times == [[0, 30, 60, 120], [10, 40, 70, 130]]


def test_five_days_pass_in_a_moment() -> None:
    with Lab() as lab:
        for host in ("mx.birch.example", "mx2.birch.example"):
            later = Reply(450, "4.7.1", ("Not today",))

            async def say(*arguments, reply=later):
                return reply

            lab.mta(host).may_receive = say  # type: ignore[method-assign]
            lab.mta(host).extensions.remove("STARTTLS")  # some ninety handshakes take their time
        delivery = lab.submit(HELLO)
        lab.clock.advance(days=4, hours=23, minutes=59)
        assert delivery.result == "delayed"
        lab.clock.advance(minutes=1)
        assert delivery.result == "failed"
        assert len(delivery.items()[0].attempts) == 2 * len(Schedule().ages())
        assert len(lab.transcripts) == 1 + 2 * len(Schedule().ages())
        assert lab._world.errors == []
