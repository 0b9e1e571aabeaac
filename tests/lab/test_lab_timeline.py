"""The timeline: everything that the lab recorded is in it once, in the order in which it happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from smtplab.lab.lab import Lab
from smtplab.mail.timeline import KINDS, Event, compared, field_lines, summary

LETTER = "From: alice@acorn.example\nTo: {}\nSubject: trees\n\nHello\n"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as made:
        yield made


def kinds(events: tuple[Event, ...], *wanted: str) -> list[Event]:
    return [event for event in events if event.kind in wanted]


def lookups(events: tuple[Event, ...]) -> list[str]:
    return [f"{e.host}: {e.query[0].name} {e.query[0].rdtype}" for e in events if e.query]


def where(events: tuple[Event, ...]) -> list[tuple[str, str, str]]:
    return [(event.kind, event.host, event.result) for event in events if event.kind != "dns"]


def test_a_message_on_its_way_in_order(lab: Lab) -> None:
    events = lab.timeline(lab.submit(LETTER.format("bob@birch.example")))
    assert [event.t for event in events] == list(range(len(events)))
    assert where(events) == [
        ("smtp", "alice.home.example", ""),
        ("queue", "mail.acorn.example", "queued"),
        ("smtp", "mail.acorn.example", ""),
        ("verdict", "mx.birch.example", "accepted"),
        ("queue", "mx.birch.example", "queued"),
        ("delivered", "mx.birch.example", "delivered"),
        ("queue", "mail.acorn.example", "relayed"),
    ]
    assert "birch.example MX: 10 mx.birch.example.; 20 mx2.birch.example." in summary(events)


def test_the_lookups_stand_before_the_connection_that_they_led_to(lab: Lab) -> None:
    events = lab.timeline(lab.submit(LETTER.format("bob@birch.example")))
    hop = next(e.t for e in events if e.kind == "smtp" and e.peer == "mx.birch.example")
    taken = next(e.t for e in events if e.result == "queued" and e.host == "mail.acorn.example")
    assert lookups(events[taken:hop])[:3] == [
        "mail.acorn.example: birch.example MX",
        "mail.acorn.example: mx.birch.example A",
        "mail.acorn.example: mx.birch.example AAAA",
    ]
    assert "mx.birch.example: 10.2.0.192.in-addr.arpa PTR" in lookups(events[hop:])


def test_every_record_is_there_once(lab: Lab) -> None:
    lab.submit(
        LETTER.format("bob@birch.example, nobody@birch.example, trees@list.example, bob@forward.example")
    )
    with lab.connect("mx.birch.example") as session:
        session.send("QUIT")
    lab.resolve("birch.example", "MX")
    events = lab.timeline()
    shown = Counter(id(e.transcript) for e in kinds(events, "smtp"))
    assert shown == Counter(map(id, lab.transcripts))
    assert len(kinds(events, "dns")) == len(lab.dns.queries)
    items = [item for mta in lab.mtas.values() for item in mta.queue.items]
    assert sum(e.result == "queued" for e in events) == len(items)
    assert sum(e.tries > 0 for e in events) == sum(len(item.attempts) for item in items)
    boxes = ("alice@acorn.example", "bob@birch.example")
    assert len(kinds(events, "delivered")) == sum(len(lab.mailbox(box)) for box in boxes) == 5
    decisions = sum(len(mta.decisions) for mta in lab.mtas.values())
    assert len(kinds(events, "verdict")) == decisions > 0
    assert len(kinds(events, "dsn")) == sum(len(item.notices) for item in items) == 1


def test_a_lookup_of_the_learners_has_no_host(lab: Lab) -> None:
    lab.resolve("birch.example", "MX")
    (event,) = lab.timeline()
    assert (event.kind, event.host) == ("dns", "")
    assert event.line().startswith("02 Mar 09:00:00  dns        you  birch.example MX: 10 mx.")


def test_a_bounce_travels_back(lab: Lab) -> None:
    events = lab.timeline(lab.submit(LETTER.format("nobody@forward.example, bob@forward.example")))
    lab.mta("mx.birch.example").store.boxes.pop("bob@birch.example")
    events = lab.timeline(lab.submit(LETTER.format("bob@forward.example")))
    (told,) = kinds(events, "dsn")
    assert (told.host, told.peer, told.result) == ("mx.forward.example", "alice@acorn.example", "failed")
    back = next(e for e in events[told.t :] if e.kind == "smtp")
    assert (back.host, back.peer) == ("mx.forward.example", "mail.acorn.example")
    assert kinds(events, "delivered")[-1].peer == "alice@acorn.example"
    results = [(event.host, event.verdict.result) for event in kinds(events, "verdict") if event.verdict]
    assert results == [("mx.forward.example", "accepted"), ("mx.birch.example", "refused"),
                       ("mail.acorn.example", "accepted")]  # fmt: skip


def test_retries_over_days(lab: Lab) -> None:
    for host in ("mx.birch.example", "mx2.birch.example"):
        lab.stop_host(host)
    delivery = lab.submit(LETTER.format("bob@birch.example"))
    lab.clock.advance(hours=2)
    waiting = lab.timeline(delivery)
    assert waiting[-1].result == "delayed" and waiting[-1].until is not None
    assert [e.until for e in waiting[:-1]].count(None) == len(waiting) - 1
    lab.start_host("mx.birch.example")
    lab.clock.advance(days=1)
    events = lab.timeline(delivery)
    assert [e.when for e in events] == sorted(e.when for e in events)
    tries = [e.tries for e in events if e.tries]
    assert tries == list(range(1, len(tries) + 1)) and len(tries) > 6
    assert events[-1].result == "relayed"


def test_two_labs_tell_the_same(lab: Lab) -> None:
    letter = LETTER.format("bob@birch.example, trees@list.example, nobody@birch.example")
    first = summary(lab.timeline(lab.submit(letter)))
    with Lab() as other:
        assert summary(other.timeline(other.submit(letter))) == first


def test_another_message_leaves_no_trace_in_it(lab: Lab) -> None:
    letter = LETTER.format("bob@forward.example")
    alone = summary(lab.timeline(lab.submit(letter)))
    with Lab() as other:
        other.submit(LETTER.format("trees@list.example"))
        later = other.timeline(other.submit(letter))
    hosts = {event.host for event in later}
    assert "mx.list.example" not in hosts
    assert len(later) <= len(alone.splitlines())  # names that were asked for before are kept


def test_what_a_host_added(lab: Lab) -> None:
    events = lab.timeline(lab.submit(LETTER.format("bob@birch.example")))
    added = {
        (e.host, e.result): [line.split(b":")[0] for sign, line in compared(e.before, e.after) if sign == "+"]
        for e in events
        if e.after
    }
    assert added == {
        ("mail.acorn.example", "queued"): [b"Received", b"DKIM-Signature", b"Date", b"Message-ID"],
        ("mx.birch.example", "queued"): [b"Received-SPF", b"Authentication-Results", b"Received"],
        ("mx.birch.example", "delivered"): [b"Return-Path"],
    }
    assert field_lines(next(e for e in events if e.after).before)[0] == b"From: alice@acorn.example"


def test_a_message_beside_others_on_one_connection(lab: Lab) -> None:
    with lab.smtp("mx.birch.example", 25) as client:
        for subject in ("one", "two"):
            letter = LETTER.format("bob@birch.example").replace("trees", subject)
            client.sendmail("alice@acorn.example", ["bob@birch.example"], letter)
    from smtplab.lab.delivery import Delivery

    found = lab.timeline(Delivery(lab.transcripts[-1], lab._items_of))
    subjects = [field_lines(e.before)[-1] for e in found if e.result == "queued"]
    assert subjects == [b"Subject: one", b"Subject: two"]


def test_a_program_that_delivers_by_itself(lab: Lab) -> None:
    done = lab.deliver(LETTER.format("bob@birch.example"), source="mail.acorn.example")
    events = lab.timeline(done)
    assert where(events)[0] == ("queue", "mail.acorn.example", "queued")
    assert where(events)[-1] == ("queue", "mail.acorn.example", "relayed")


def test_every_kind_is_explained() -> None:
    assert all(KINDS.values()) and len(KINDS) == 8


def test_compared_keeps_folds_and_tells_what_went() -> None:
    before = b"A: 1\r\n 2\r\nB: 3\r\n"
    assert compared(before, b"C: 0\r\nA: 1\r\n 2\r\n") == [("+", b"C: 0"), (" ", b"A: 1\n 2"), ("-", b"B: 3")]
    assert compared(b"", b"") == []


def test_who_fetched_it_stands_at_the_end(lab: Lab) -> None:
    delivery = lab.submit(LETTER.format("bob@birch.example"))
    other = lab.submit(LETTER.format("bob@birch.example"))
    pop = lab.pop("imap.birch.example")
    pop.user("bob@birch.example")
    pop.pass_("builder")
    pop.retr(1)
    pop.quit()
    last = lab.timeline(delivery)[-1]
    assert (last.kind, last.host, last.peer) == ("pop3", "bob.birch.example", "imap.birch.example")
    assert not kinds(lab.timeline(other), "pop3")  # it was not asked for
    with lab.imap("imap.birch.example") as imap:
        imap.login("bob@birch.example", "builder")
        imap.select()
        imap.fetch("2", "(RFC822)")
    assert lab.timeline(other)[-1].kind == "imap"


def test_a_message_with_someone_in_the_middle(lab: Lab) -> None:
    lab.mallory.strip_starttls("mx.birch.example")
    delivery = lab.submit(LETTER.format("bob@birch.example"))
    events = lab.timeline(delivery)
    hop = next(e for e in events if e.kind == "smtp" and e.peer == "mx.birch.example")
    taken = next(e for e in events if e.result == "queued" and e.host == "mx.birch.example")
    assert hop.transcript and taken.transcript and hop.transcript.twin is taken.transcript
    assert [line for sign, line in compared(taken.before, taken.after) if sign == "-"] == []
    assert kinds(events, "delivered")
