"""The queue's connections: how many, for how many messages each, in which order; what it says on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from smtplab.lab.handover import says_too_many
from smtplab.lab.item import Item
from smtplab.lab.lab import Lab
from smtplab.lab.policy import Policy
from smtplab.lab.schedule import POSTFIX
from smtplab.mail.attempt import Attempt
from smtplab.mail.dialogue import lines
from smtplab.mail.dots import stuffed
from smtplab.mail.envelope import Envelope, MailParameters, Recipient, parse_rcpt
from smtplab.mail.path import Path
from smtplab.mail.reply import Reply
from smtplab.mail.transcript import Transcript
from tests.lab.queued import ALICE, BOB, MSA, MX, MX2, copies, fill, outcomes

DOWN = Reply(421, "4.3.2", ("Shutting down",))


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.dns.zone("birch.example").set("@", "MX", f"10 {MX}")
        yield lab
        assert lab._world.errors == []


def verbs(transcript: Transcript | None) -> list[str]:
    assert transcript
    return [line.text.split()[0] for line in lines(transcript) if line.kind == "command"]


def said(item: Item, verb: str) -> list[str]:
    transcript = item.attempts[-1].transcript
    assert transcript
    commands = [line.text for line in lines(transcript) if line.kind == "command"]
    return [text for text in commands if text.startswith(verb)]


class Peak(Policy):
    """Counts how many sessions the exchanger has at the same time."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.most = lab, 0

    async def on_mail(self, session: object, envelope: Envelope) -> None:
        live = [w for w in self.lab.network.wires() if w.transcript.server.host == MX]
        self.most = max(self.most, len(live))


# How many connections -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "messages", "connections", "most"),
    [
        (1, 100, 1, 1),
        (10, 100, 1, 1),  # up to ten wait for one
        (10, 1, 10, 1),  # every message has its own, one after another
        (10, 4, 3, 1),
        (200, 50, 8, 5),  # never more than five at a time
    ],
)
def test_connections_for_messages_that_fall_due_together(
    lab: Lab, count: int, messages: int, connections: int, most: int
) -> None:
    mx, queue = lab.mta(MX), lab.mta(MSA).queue
    mx.policies.append(peak := Peak(lab))
    lab.stop_host(MX)
    items = fill(lab, count)
    lab.settle()
    lab.start_host(MX)
    queue.connections.messages = messages
    queue.flush()
    assert outcomes(items) == {"relayed": count}
    used = {id(item.attempts[-1].transcript) for item in items}
    assert len(used) <= connections if most > 1 else len(used) == connections
    assert peak.most <= most
    assert set(copies(lab).values()) == {1}


def test_one_connection_says_it_all_once(lab: Lab) -> None:
    lab.stop_host(MX)
    items = fill(lab, 3)
    lab.settle()
    lab.start_host(MX)
    lab.mta(MSA).queue.flush()
    mail = ["MAIL", "RCPT", "DATA"]
    assert verbs(items[0].attempts[-1].transcript) == [
        "EHLO",
        "STARTTLS",
        "EHLO",
        *mail,
        *mail,
        *mail,
        "QUIT",
    ]
    assert [item.attempts[-1].place for item in items] == [0, 1, 2]


def test_a_transaction_without_a_message_is_reset(lab: Lab) -> None:
    lab.stop_host(MX)
    fill(lab, 1, "nobody@birch.example")
    [item] = fill(lab, 1)
    lab.settle()
    lab.start_host(MX)
    lab.mta(MSA).queue.flush()
    after_tls = verbs(item.attempts[-1].transcript)[3:]
    assert after_tls == ["MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT"]


def test_new_messages_have_a_connection_each_until_many_wait(lab: Lab) -> None:
    few = fill(lab, 3)
    lab.settle()
    assert len({id(item.attempts[-1].transcript) for item in few}) == 3
    many = fill(lab, 300)
    lab.settle()
    assert len({id(item.attempts[-1].transcript) for item in many}) < 60
    assert outcomes([*few, *many]) == {"relayed": 303}


def test_a_connection_that_died_between_two_messages(lab: Lab) -> None:
    """Nothing was said of the second message, so it goes over another connection at once: no try is lost."""
    lab.stop_host(MX)
    items = fill(lab, 5)
    lab.settle()
    lab.start_host(MX)
    lab.mta(MX).faults.add("after", "drop")
    lab.mta(MSA).queue.flush()
    assert outcomes(items) == {"relayed": 5}
    assert [sum(a.transcript is not None for a in item.attempts) for item in items] == [1] * 5
    assert len({id(item.attempts[-1].transcript) for item in items}) == 5
    assert set(copies(lab).values()) == {1}


def test_a_silent_destination_holds_nobody_else_up(lab: Lab) -> None:
    """And not the same message's other recipients either."""
    lab.mta(MX).faults.add("MAIL", "silent")
    items = fill(lab, 30, BOB, "postmaster@relay.example")
    lab.settle()
    assert {tuple(item.outcomes.values()) for item in items[:5]} == {("queued", "relayed")}
    assert lab.clock.now() == items[0].accepted
    assert len([w for w in lab.network.wires() if w.transcript.server.host == MX]) == 5  # the limit
    assert [item.outcomes["postmaster@relay.example"] for item in items].count("relayed") == 5
    lab.mta(MX).faults.clear()
    lab.clock.advance(minutes=4, seconds=59)
    assert [item.outcomes[BOB] for item in items].count("queued") == 30
    lab.clock.advance(seconds=1)  # RFC 5321 §4.5.3.2.2: five minutes
    assert Counter(item.outcomes[BOB] for item in items) == {"delayed": 5, "relayed": 25}
    assert items[0].attempts[-1].note == "timed out: nothing heard for 5 minutes after MAIL"
    closed = [event.note for event in items[0].attempts[-1].transcript.events if event.kind == "close"]
    assert closed == ["closed the connection: it had waited long enough"]


WAITS = [("banner", 5), ("EHLO", 5), ("STARTTLS", 5), ("MAIL", 5), ("RCPT", 5), ("DATA", 2), ("end", 10)]


@pytest.mark.parametrize(("at", "minutes"), WAITS)
def test_how_long_each_reply_is_waited_for(lab: Lab, at: str, minutes: int) -> None:
    """RFC 5321 §4.5.3.2, by the lab's clock."""
    lab.mta(MX).faults.add(at, "silent")
    [item] = fill(lab, 1)
    lab.settle()
    lab.clock.advance(minutes=minutes, seconds=-1)
    assert item.attempts == []
    lab.clock.advance(seconds=2)
    [attempt] = item.attempts[:1]
    assert (attempt.reply, attempt.status) == (None, "4.4.2")
    assert f"nothing heard for {minutes} minutes" in attempt.note


def test_a_wait_that_ends_well(lab: Lab) -> None:
    """With latency the last words are still under way when the server has fallen silent for good."""
    lab.network.latency = 0.01
    lab.mta(MX).faults.add("after", "silent")
    [item] = fill(lab, 1)
    lab.settle()
    assert outcomes([item]) == {"relayed": 1}
    assert item.next_try is None


def test_in_all(lab: Lab) -> None:
    """Twenty connections for all destinations together, or as many as one says."""
    queue = lab.mta(MSA).queue
    queue.connections.in_all = 2
    for host in (MX, "out.relay.example", "mx.forward.example"):
        lab.mta(host).faults.add("MAIL", "silent")
    fill(lab, 3, BOB)
    fill(lab, 3, "postmaster@relay.example")
    fill(lab, 3, "bob@forward.example")
    lab.settle()
    assert len([w for w in lab.network.wires() if w.transcript.client.host == MSA]) == 2
    for host in (MX, "out.relay.example", "mx.forward.example"):
        lab.mta(host).faults.clear()
    lab.clock.advance(hours=1)
    assert outcomes(queue.items) == {"relayed": 9}


def test_two_labs_say_the_same(lab: Lab) -> None:
    """Ten at a time for a destination keep their order, through faults by the seed and retries."""

    def play(lab: Lab) -> list[Any]:
        lab.mta(MX).faults.add("RCPT", "drop", fraction=0.3)
        lab.mta(MX).faults.add("end", DOWN, fraction=0.3)
        items = fill(lab, 10)
        lab.clock.advance(days=1)
        said = [[(line.kind, line.text) for line in lines(t)] for t in lab.transcripts]
        return [said, [[(a.when, a.host, a.note, str(a.reply)) for a in item.attempts] for item in items]]

    with Lab() as other:
        other.dns.zone("birch.example").set("@", "MX", f"10 {MX}")
        assert play(lab) == play(other)


# What becomes of each -------------------------------------------------------------------------------


def test_a_delivery_follows_its_own_message_on_a_shared_connection(lab: Lab) -> None:
    lab.stop_host(MX)
    deliveries = [
        lab.submit(f"From: {ALICE}\nTo: {to}\nSubject: {n}\n\nHello\n")
        for n, to in enumerate((BOB, "nobody@birch.example", BOB))
    ]
    lab.start_host(MX)
    lab.mta(MSA).queue.flush()
    first, refused, last = deliveries
    assert first.transcripts[-1] is last.transcripts[-1]  # one connection for all
    assert [item.content.count(b"Subject: 0") for item in first.items()] == [1, 1]
    assert [item.content.count(b"Subject: 2") for item in last.items()] == [1, 1]
    assert [item.host for item in last.items()] == [MSA, MX]
    assert [item.host for item in refused.items()][:1] == [MSA]
    assert MX not in [item.host for item in refused.items()]
    assert [history.host for history in lab.history(last)] == [MSA, MX]


@pytest.mark.parametrize(
    ("reply", "during", "expired", "outcome", "status"),
    [
        (None, "", False, "delayed", "4.4.1"),
        (None, "", True, "failed", "4.4.7"),
        (Reply(250, "2.0.0", ("OK",)), ".", False, "relayed", "2.0.0"),
        (Reply(450, "4.2.1", ("Busy",)), "RCPT", False, "delayed", "4.2.1"),
        (Reply(450, "4.2.1", ("Busy",)), "RCPT", True, "failed", "4.4.7"),
        (Reply(450, "", ("Busy",)), "RCPT", False, "delayed", "4.0.0"),
        (Reply(550, "5.1.1", ("No",)), "RCPT", False, "failed", "5.1.1"),
        (Reply(550, "", ("No",)), "RCPT", False, "failed", "5.0.0"),
        (Reply(552, "", ("Too many",)), "RCPT", False, "delayed", "5.0.0"),
        (Reply(552, "5.5.3", ("Too many",)), "RCPT", True, "failed", "4.4.7"),
        (Reply(552, "5.2.2", ("Full",)), "RCPT", False, "failed", "5.2.2"),
        (Reply(552, "", ("Too big",)), ".", False, "failed", "5.0.0"),
    ],
)
def test_what_a_try_means(
    lab: Lab, reply: Reply | None, during: str, expired: bool, outcome: str, status: str
) -> None:
    attempt = Attempt(
        lab.clock.now(), MX, Recipient(Path.of(BOB)), reply, during=during, expired=expired
    )  # fmt: skip
    assert (attempt.outcome, attempt.status) == (outcome, status)


def test_a_connection_that_broke_has_another_status(lab: Lab) -> None:
    lab.mta(MX).faults.add("MAIL", "drop")
    [item] = fill(lab, 1)
    lab.settle()
    [attempt] = item.attempts
    assert (attempt.status, attempt.during, attempt.note) == (
        "4.4.2",
        "MAIL",
        "the connection broke after MAIL",
    )
    assert attempt.address == "198.51.100.10"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [(Reply(450, "", ("Not now",)), "delayed"), (Reply(554, "", ("No service",)), "failed")],
)
def test_a_greeting_that_refuses(lab: Lab, reply: Reply, outcome: str) -> None:
    """RFC 5321 §3.1. For now: the next exchanger. For good: 554 is believed."""
    lab.mta(MX).faults.add("banner", reply)
    [item] = fill(lab, 1)
    lab.settle()
    assert item.outcomes == {BOB: outcome}
    assert [(a.reply, a.during) for a in item.attempts] == [(reply, "")]
    lab.dns.zone("birch.example").set("@", "MX", f"10 {MX}", f"20 {MX2}")
    [item] = fill(lab, 1)
    lab.settle()
    assert item.outcomes == {BOB: "relayed" if outcome == "delayed" else "failed"}


def test_a_server_of_1982(lab: Lab) -> None:
    """RFC 5321 §3.2: to one that does not know EHLO the client says HELO."""
    lab.mta(MX).faults.add("EHLO", Reply(500, "", ("What?",)), times=1)
    [item] = fill(lab, 1)
    lab.settle()
    assert item.outcomes == {BOB: "relayed"}
    assert verbs(item.attempts[-1].transcript) == ["EHLO", "HELO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert said(item, "MAIL") == [f"MAIL FROM:<{ALICE}>"]
    assert b" with SMTP id " in lab.mailbox(BOB)[0].raw


def test_more_recipients_than_the_server_takes_at_once(lab: Lab) -> None:
    """RFC 5321 §4.5.3.1.10: those that were taken go now, the rest in the next transactions."""
    people = [f"p{n}@birch.example" for n in range(25)]
    lab.mta(MX).store.add(*people)
    lab.mta(MX).limits.recipients = 10
    [item] = fill(lab, 1, *people)
    lab.settle()
    assert outcomes([item]) == {"relayed": 25}
    [transcript] = {id(a.transcript): a.transcript for a in item.attempts}.values()
    assert verbs(transcript).count("MAIL") == verbs(transcript).count("DATA") == 3
    assert verbs(transcript).count("RCPT") == 27  # two were asked for in vain
    assert [a.place for a in item.attempts] == [n // 10 for n in range(25)]
    assert all(len(lab.mailbox(who)) == 1 for who in people)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("452 4.5.3 x", True), ("452 x", True), ("552 x", True), ("552 5.5.3 x", True),
        ("452 4.2.2 x", False), ("552 5.2.2 x", False), ("450 4.5.3 x", False), ("550 5.5.3 x", False),
        ("452 4.3.1 x", False),
    ],
)  # fmt: skip
def test_too_many(reply: str, expected: bool) -> None:
    assert says_too_many(Reply.parse(reply)) is expected


@pytest.mark.parametrize(
    ("content", "wire"),
    [
        (b"", b"\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b".\r\n..\r\n.a\r\na.\r\n", b"..\r\n...\r\n..a\r\na.\r\n.\r\n"),
        (b"a\n.\nb\r.\r\n", b"a\r\n..\r\nb\r\n..\r\n.\r\n"),  # no bare CR or LF leaves here
    ],
)
def test_dots(content: bytes, wire: bytes) -> None:
    assert stuffed(content) == wire


# DSN, passed on -------------------------------------------------------------------------------------

DSN = [
    # MAIL's parameters, RCPT's, and what the next host hears after the path
    ("", "", "", ""),
    ("RET=HDRS ENVID=QQ+2B1", "", "RET=HDRS ENVID=QQ+2B1", f"ORCPT=rfc822;{BOB}"),
    ("RET=FULL", "NOTIFY=SUCCESS,FAILURE", "RET=FULL", f"NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;{BOB}"),
    ("", "NOTIFY=NEVER", "", f"NOTIFY=NEVER ORCPT=rfc822;{BOB}"),
    ("", "ORCPT=rfc822;Bob+2BX@OLD.example", "", "ORCPT=rfc822;Bob+2BX@OLD.example"),
    ("", "NOTIFY=DELAY ORCPT=x400;/S+3Dbob/", "", "NOTIFY=DELAY ORCPT=x400;/S+3Dbob/"),
]


def ask(lab: Lab, mail: str, rcpt: str) -> Item:
    """One message with these parameters in the queue, and its first round over."""
    recipient = parse_rcpt(f"<{BOB}> {rcpt}".rstrip())
    envelope = Envelope(Path.of(ALICE), (recipient.path,), MailParameters.parse(mail), (recipient,))
    item = Item("D", envelope, b"Subject: x\r\n\r\nHello\r\n", None, lab.clock.now())

    async def add() -> None:
        lab.mta(MSA).queue.add(item, list(envelope.recipients))

    lab._world.thread.run(add())
    lab.settle()
    return item


@pytest.mark.parametrize(("mail", "rcpt", "heard", "heard_rcpt"), DSN)
def test_what_the_sender_asked_for_goes_on(
    lab: Lab, mail: str, rcpt: str, heard: str, heard_rcpt: str
) -> None:
    """RFC 3461 §5.2.1: unchanged; ORCPT may be added, and is, where the sender asked for anything."""
    item = ask(lab, mail, rcpt)
    [line] = said(item, "MAIL")
    words = [w for w in line.split()[1:] if w.startswith(("RET", "ENVID", "NOTIFY", "ORCPT"))]
    assert " ".join(words) == heard
    assert said(item, "RCPT") == [f"RCPT TO:<{BOB}> {heard_rcpt}".rstrip()]
    assert item.attempts[-1].dsn
    assert lab.queue(MX)[0].envelope.recipients[0].notify == item.envelope.recipients[0].notify


@pytest.mark.parametrize(("mail", "rcpt", "heard", "heard_rcpt"), DSN)
def test_not_where_it_is_not_offered(lab: Lab, mail: str, rcpt: str, heard: str, heard_rcpt: str) -> None:
    lab.mta(MX).extensions.remove("DSN")
    item = ask(lab, mail, rcpt)
    assert item.outcomes == {BOB: "relayed"}
    assert not any(word in said(item, "MAIL")[0] for word in ("RET=", "ENVID="))
    assert said(item, "RCPT") == [f"RCPT TO:<{BOB}>"]
    assert not item.attempts[-1].dsn


def test_a_loop_is_reported(lab: Lab) -> None:
    """RFC 5321 §6.3: the hop that finds a hundred Received fields refuses, and the one before tells Alice."""
    lab.mta("mx.forward.example").aliases["bob@forward.example"] = ("trees@list.example",)
    lab.mta("mx.list.example").aliases["trees@list.example"] = ("bob@forward.example",)
    delivery = lab.submit(f"From: {ALICE}\nTo: bob@forward.example\nSubject: round\n\nHello\n")
    assert delivery.result == "failed"
    told = [mail for mail in lab.mailbox(ALICE) if b"Status: 5.4.6" in mail.raw]
    assert len(told) == 1
    assert str(told[0].reverse_path) == "<>"


def test_a_schedule_of_ones_own_counts_from_the_next_try_on(lab: Lab) -> None:
    lab.mta(MX).faults.add("RCPT", Reply(450, "4.2.0", ("Greylisted",)))
    [item] = fill(lab, 1)
    lab.settle()
    lab.mta(MSA).queue.schedule = POSTFIX
    lab.clock.advance(minutes=41)
    ages = [a.when - item.accepted for a in item.attempts]
    assert ages == [timedelta(minutes=m) for m in (0, 30)]
    lab.clock.advance(hours=1)
    assert item.attempts[-1].when - item.accepted == timedelta(minutes=60)
