"""Five hundred messages to a receiver that fails: none is lost, and none arrives twice but in one case.

The one case is RFC 5321 §6.1's: the receiver has taken the message, and the client never hears so. No SMTP
client can tell that from a message that was not taken, and must send it again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from smtplab.lab.faults import POINTS
from smtplab.lab.item import Item
from smtplab.lab.lab import Lab
from smtplab.mail.errors import LabError
from smtplab.mail.reply import Reply
from tests.lab.queued import ALICE, BOB, MSA, MX, MX2, copies, fill, outcomes

MANY = 500
GOING_DOWN = Reply(421, "4.3.2", ("Shutting down",))
BEFORE = ["banner", "EHLO", "MAIL", "RCPT", "DATA", "content", "end"]
EVERY = [(at, does) for at in BEFORE for does in ("drop", "silent", GOING_DOWN)]
ALL = [*EVERY, ("after", "drop"), ("after", "silent")]


def name(case: Any) -> str:
    return str(case.code if isinstance(case, Reply) else case)


def one_exchanger(lab: Lab, host: str = MX) -> None:
    lab.dns.zone("birch.example").set("@", "MX", f"10 {host}")


def ends_well(lab: Lab, items: list[Item]) -> Counter[str]:
    """Move the clock until nobody waits. Everyone is relayed, nobody lost. Returns what arrived."""
    lab.clock.advance(days=2)
    assert outcomes(items) == {"relayed": len(items)}
    assert lab._world.errors == []
    arrived = copies(lab)
    assert set(arrived) == {str(n) for n in range(len(items))}
    return arrived


def in_doubt(items: list[Item]) -> set[str]:
    """Subjects of messages that a try has said to the end without hearing of it."""
    return {
        str(n)
        for n, item in enumerate(items)
        if any(a.during == "." and a.reply is None for a in item.attempts)
    }


@pytest.mark.parametrize(("at", "does"), ALL, ids=name)
def test_every_message_arrives_exactly_once(at: str, does: Any) -> None:
    with Lab() as lab:
        one_exchanger(lab)
        lab.mta(MSA).queue.connections.messages = 10  # so that there are enough greetings to break
        fault = lab.mta(MX).faults.add(at, does, fraction=0.1)
        items = fill(lab, MANY)
        arrived = ends_well(lab, items)
        assert fault.struck >= 3
        assert set(arrived.values()) == {1}
        assert (at in ("content", "end") and does in ("drop", "silent")) is bool(in_doubt(items))
        if at != "after":
            assert sum(len(item.attempts) for item in items) > MANY


@pytest.mark.parametrize("does", ["drop", "silent"])
def test_the_reply_lost_after_the_message_makes_the_only_duplicates(does: Any) -> None:
    """Exactly those whose reply was lost arrive twice; to the queue they look like the others in doubt."""
    with Lab() as lab:
        one_exchanger(lab)
        fault = lab.mta(MX).faults.add("reply", does, fraction=0.1)
        unlucky = lab.mta(MX).faults.add("end", does, fraction=0.1)
        items = fill(lab, MANY)
        arrived = ends_well(lab, items)
        twice = {subject for subject, count in arrived.items() if count > 1}
        assert sum(arrived.values()) == MANY + fault.struck
        assert twice <= in_doubt(items)
        assert unlucky.struck and len(in_doubt(items)) > len(twice) > 0


def test_a_receiver_that_drops_duplicates() -> None:
    """By the Message-ID, as some do: then the reader sees each message once (RFC 5322 §3.6.4)."""
    with Lab() as lab:
        one_exchanger(lab)
        lab.mta(MX).store.drop_duplicates = True
        fault = lab.mta(MX).faults.add("reply", "drop", times=20)
        items = fill(lab, 50)
        assert set(ends_well(lab, items).values()) == {1}
        assert len(lab.mta(MX).store.dropped) == fault.struck == 20


@pytest.mark.parametrize("at", BEFORE)
def test_an_exchanger_that_never_works_and_one_that_does(at: str) -> None:
    """RFC 5321 §5.1: the next exchanger, at once."""
    with Lab() as lab:
        lab.mta(MX).faults.add(at, "drop")
        items = fill(lab, 30)
        lab.settle()
        assert outcomes(items) == {"relayed": 30}
        assert set(copies(lab).values()) == {1}
        assert {a.host for item in items for a in item.attempts if a.outcome == "relayed"} == {MX2}


@pytest.mark.parametrize("does", ["drop", "silent", GOING_DOWN], ids=name)
def test_an_exchanger_that_never_works_and_no_other(does: Any) -> None:
    """All fail in the end, none before its time, and the sender is told of each, once (RFC 5321 §6.1)."""
    with Lab() as lab:
        one_exchanger(lab)
        lab.mta(MX).faults.add("MAIL", does)
        items = fill(lab, 4)
        lab.clock.advance(days=4, hours=20)
        assert outcomes(items) == {"delayed": 4}
        lab.clock.advance(hours=8)
        assert outcomes(items) == {"failed": 4}
        assert copies(lab) == {}
        assert all(item.attempts[-1].status == "4.4.7" for item in items)
        told = [mail for mail in lab.mailbox(ALICE) if b"\r\nAction: failed\r\n" in mail.raw]
        assert len(told) == 4
        assert lab._world.errors == []


# A restart in the middle ----------------------------------------------------------------------------


def stop_after(lab: Lab, host: str, messages: int) -> None:
    """Switch `host` off while the MX answers for that many messages, which it has taken."""
    mta, seen = lab.mta(MX), 0
    own = mta.accept

    async def accept(*about: Any) -> Reply:
        nonlocal seen
        reply = await own(*about)
        seen += 1
        if seen == messages:
            lab._world.work(lab._stop_host(host))
            await asyncio.sleep(0)
        return reply

    mta.accept = accept  # type: ignore[method-assign]


@pytest.mark.parametrize("host", [MX, MSA])
@pytest.mark.parametrize("after", [1, 250])
def test_a_host_that_restarts_in_the_middle(host: str, after: int) -> None:
    """Nothing is lost; what was under way is tried again, and who had taken it has it twice."""
    with Lab() as lab:
        one_exchanger(lab)
        stop_after(lab, host, after)
        items = fill(lab, MANY)
        lab.settle()
        there = len(lab.mailbox(BOB))
        assert after <= there < MANY
        lab.clock.advance(hours=1)
        assert len(lab.mailbox(BOB)) == there  # it is off
        lab.start_host(host)
        arrived = ends_well(lab, items)
        twice = {subject for subject, count in arrived.items() if count > 1}
        assert max(arrived.values()) <= 2
        assert twice <= in_doubt(items)
        assert len(twice) <= lab.mta(MSA).queue.connections.per_destination


def test_a_restart_in_the_middle_of_waiting() -> None:
    """Alarms that fall due while the host is off are made up for when it is on again."""
    with Lab() as lab:
        one_exchanger(lab)
        lab.mta(MX).faults.add("RCPT", Reply(450, "4.2.0", ("Greylisted",)), times=1)
        [item] = fill(lab, 1)
        lab.settle()
        due = item.next_try
        lab.stop_host(MSA)
        lab.clock.advance(days=6)
        assert (len(item.attempts), item.next_try) == (1, due)
        lab.start_host(MSA)
        assert outcomes([item]) == {"relayed": 1}  # late, but it had not been given up yet
        assert set(copies(lab).values()) == {1}


def test_a_silent_server_and_a_host_that_stops() -> None:
    """Whoever is waited for: stopping ends the wait, and the alarm for it means nothing any more."""
    with Lab() as lab:
        one_exchanger(lab)
        lab.mta(MX).faults.add("MAIL", "silent", times=1)
        [item] = fill(lab, 1)
        lab.settle()
        assert outcomes([item]) == {"queued": 1}
        lab.stop_host(MSA)
        assert item.attempts[-1].note == f"{MSA} was stopped in the middle"
        assert item.attempts[-1].during == "MAIL"
        lab.start_host(MSA)
        assert outcomes([item]) == {"relayed": 1}
        lab.clock.advance(hours=1)
        assert set(copies(lab).values()) == {1}
        assert lab._world.errors == []


def test_stopping_twice_and_hosts_that_are_not_there() -> None:
    with Lab() as lab:
        real = lab.address(MX, 25)
        for _ in range(2):
            lab.stop_host(MX)
        with pytest.raises(LabError, match="does not listen"):
            lab.address(MX, 25)
        with pytest.raises(LabError, match="No connection to"):
            lab.connect(MX)
        for _ in range(2):
            lab.start_host(MX)
        assert lab.address(MX, 25) == real
        with lab.connect(MX) as session:
            assert session.greeting.code == 220
        with pytest.raises(LabError, match="There is no host"):
            lab.stop_host("mx.nowhere.example")


def test_silence_passes_through_whoever_is_in_the_middle() -> None:
    """The client waits for the clock as well when Mallory stands between, and so does she."""
    with Lab() as lab:
        one_exchanger(lab)
        lab.mallory.strip_starttls(MX, 25)
        lab.mta(MX).faults.add("MAIL", "silent", times=1)
        [item] = fill(lab, 1)
        lab.settle()
        lab.clock.advance(minutes=5)
        assert [a.note for a in item.attempts] == ["timed out: nothing heard for 5 minutes after MAIL"]
        assert item.attempts[0].transcript.leg == "client"
        assert lab.network.wires() == []
        assert set(ends_well(lab, [item]).values()) == {1}


# The faults themselves ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "does", "message"),
    [
        ("lunch", "drop", "A fault is at a verb or at one of banner, content, end, reply, after"),
        ("MAIL", "sulk", 'A fault is "drop", "silent" or a Reply'),
        ("reply", GOING_DOWN, "The message has been taken"),
        ("after", GOING_DOWN, "The message has been taken"),
    ],
)
def test_faults_that_make_no_sense(at: str, does: Any, message: str) -> None:
    with Lab() as lab, pytest.raises(LabError, match=message):
        lab.mta(MX).faults.add(at, does)


def test_so_many_times_a_fraction_and_off_again() -> None:
    with Lab() as lab:
        faults = lab.mta(MX).faults
        fault = faults.add("MAIL", Reply(451, "4.3.0", ("Not now",)), times=2)
        with lab.connect(MX) as session:
            session.send("EHLO mail.acorn.example")
            codes = [session.send(f"MAIL FROM:<{ALICE}>").code for _ in range(3)]
        assert (codes, fault.struck) == ([451, 451, 250], 2)
        some = faults.add("NOOP", Reply(450, "4.0.0", ("No",)), fraction=0.5)
        with lab.connect(MX) as session:
            session.send("EHLO mail.acorn.example")
            refused = [session.send("NOOP").code == 450 for _ in range(16)]
        assert 0 < sum(refused) == some.struck < 16
        faults.clear()
        with lab.connect(MX) as session:
            session.send("EHLO mail.acorn.example")
            assert {session.send("NOOP").code for _ in range(10)} == {250}


def test_each_point_is_described() -> None:
    assert set(POINTS) == {"banner", "content", "end", "reply", "after"}
    assert all(POINTS.values())
