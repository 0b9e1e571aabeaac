"""Posting a letter: what each place on its way really holds, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from smtplab.lab.lab import Lab
from smtplab.lab.posting import post
from smtplab.mail.errors import RecordError
from smtplab.mail.header import fields, named, split
from smtplab.mail.letter import Journey, Letter
from smtplab.mail.transcript import Transcript

BLIND = Letter(bcc="erin@birch.example", rcpt_to=("bob@birch.example", "erin@birch.example"))


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running
        running.settle()
        assert running._world.errors == []


def places(journey: Journey) -> list[tuple[str, str, int]]:
    return [(stop.kind, stop.name, stop.before) for stop in journey.stops]


def of(journey: Journey, place: int, name: str) -> list[str]:
    content = journey.stops[place].content
    assert content is not None
    return [field.value for field in named(fields(content), name)]


def test_a_blind_copy_at_every_place(lab: Lab) -> None:
    journey = post(lab, replace(BLIND, tls=False))
    assert places(journey) == [
        ("program", "Alice's mail program", -1),
        ("mta", "mail.acorn.example", 0),
        ("wire", "mail.acorn.example → mx.birch.example", 1),
        ("mta", "mx.birch.example", 2),
        ("mailbox", "bob@birch.example", 3),
        ("mailbox", "erin@birch.example", 3),
    ]
    assert [of(journey, place, "Bcc") for place in range(6)] == [["erin@birch.example"], *[[]] * 5]
    assert [len(of(journey, place, "Received")) for place in range(6)] == [0, 1, 1, 2, 2, 2]
    assert [of(journey, place, "Return-Path") for place in range(6)] == [[]] * 4 + [
        ["<alice@acorn.example>"]
    ] * 2
    bodies = {split(stop.content)[1] for stop in journey.stops if stop.content is not None}
    assert len(bodies) == 1


def test_in_clear_a_listener_reads_what_the_server_gets(lab: Lab) -> None:
    journey = post(lab, replace(BLIND, tls=False))
    sent, wire, got = journey.stops[1:4]
    assert wire.content == sent.content
    assert wire.envelope == got.envelope
    assert got.content is not None and wire.content is not None and got.content.endswith(wire.content)


def test_under_tls_a_listener_reads_nothing(lab: Lab) -> None:
    wire = post(lab, BLIND).stops[2]
    assert (wire.kind, wire.envelope, wire.content) == ("wire", None, None)


def test_the_servers_tls_is_as_it_was(lab: Lab) -> None:
    queues = [mta.queue for mta in lab.mtas.values()]
    queues[0].tls = "verify"
    before = [queue.tls for queue in queues]
    post(lab, replace(BLIND, tls=False))
    assert [queue.tls for queue in queues] == before


def test_the_submission_server_adds_what_is_missing(lab: Lab) -> None:
    journey = post(lab, replace(BLIND, stamps=False))
    for name in ("Date", "Message-ID"):
        assert [len(of(journey, place, name)) for place in (0, 1, 3)] == [0, 1, 1]
        assert of(journey, 1, name) == of(journey, 3, name)


def test_a_refused_recipient_is_a_step(lab: Lab) -> None:
    journey = post(lab, replace(BLIND, rcpt_to=("nobody@acorn.example", "bob@birch.example")))
    step = journey.verdict.steps[0]
    assert (step.what, step.result) == ("RCPT TO:<nobody@acorn.example>", "refused")
    assert "550 5.1.1" in step.why
    assert [stop.name for stop in journey.stops if stop.kind == "mailbox"] == ["bob@birch.example"]


def test_when_all_are_refused_it_goes_nowhere(lab: Lab) -> None:
    journey = post(lab, replace(BLIND, rcpt_to=("nobody@acorn.example",)))
    assert len(journey.stops) == 1
    assert journey.verdict.result == "failed"


def test_a_sender_that_is_not_ones_own_can_be_refused(lab: Lab) -> None:
    lab.mta("mail.acorn.example").check_senders = True
    journey = post(lab, replace(BLIND, mail_from="service@bank.example"))
    assert journey.verdict.steps[0].result == "refused"
    assert len(journey.stops) == 1
    lying = post(lab, replace(BLIND, from_="Your bank <service@bank.example>"))
    assert of(lying, 5, "From") == ["Your bank <service@bank.example>"]  # nobody looks at From


def test_a_list_hands_it_on(lab: Lab) -> None:
    journey = post(lab, replace(BLIND, rcpt_to=("trees@list.example",)))
    boxes = [stop for stop in journey.stops if stop.kind == "mailbox"]
    assert [stop.name for stop in boxes] == ["alice@acorn.example", "bob@birch.example"]
    assert [
        len(fields_of) for fields_of in (of(journey, journey.stops.index(b), "Received") for b in boxes)
    ] == [3, 3]
    assert all(0 <= stop.before < number for number, stop in enumerate(journey.stops) if number)


def test_nothing_is_said_for_an_address_that_is_none(lab: Lab) -> None:
    with pytest.raises(RecordError):
        post(lab, replace(BLIND, rcpt_to=("nobody",)))
    assert lab.transcripts == []


def test_two_letters_are_kept_apart(lab: Lab) -> None:
    first, second = post(lab, BLIND), post(lab, BLIND)
    assert len(first.stops) == len(second.stops) == 6
    assert first.stops[4].content != second.stops[4].content
    assert isinstance(first.transcripts[0], Transcript)
