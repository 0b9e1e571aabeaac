"""A mail store that drops a duplicate by Message-ID, and who adds a Message-ID in the first place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtplab.lab.lab import Lab
from smtplab.mail.header import first
from smtplab.mail.header.field import fields
from smtplab.mail.verdict import Step, walk

BOB, MX, MX2 = "bob@birch.example", "mx.birch.example", "mx2.birch.example"
LETTER = "From: alice@acorn.example\nTo: bob@birch.example\nDate: Mon, 2 Mar 2026 09:00:00 +0000\n{}\n{}\n"
ID = "Message-ID: <1@acorn.example>\n"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


def hand_over(lab: Lab, message: str, host: str = MX, recipient: str = BOB) -> None:
    """From a stranger's host straight to the exchanger: nothing submits, nothing completes it."""
    with lab.connect(host, source="visitor.example") as session:
        replies = session.say("EHLO v", "MAIL FROM:<>", f"RCPT TO:<{recipient}>", "DATA", message.encode())
        assert replies[-1].code == 250
    lab.settle()


def bodies(lab: Lab) -> list[str]:
    return [mail.message.get_content().strip() for mail in lab.mailbox(BOB)]


def dropped(lab: Lab, host: str = MX) -> list[Step]:
    return [step for item in lab.queue(host) for step in item.steps]


def test_off_by_default(lab: Lab) -> None:
    for _ in range(2):
        hand_over(lab, LETTER.format(ID, "tea"))
    assert bodies(lab) == ["tea", "tea"]
    assert lab.mta(MX).store.dropped == [] and dropped(lab) == []


def test_a_duplicate_is_dropped_and_the_log_says_so(lab: Lab) -> None:
    store = lab.mta(MX).store
    store.drop_duplicates = True
    one = lab.submit(LETTER.format(ID, "tea"))
    two = lab.submit(LETTER.format(ID, "tea"))
    assert bodies(lab) == ["tea"]
    assert (one.result, two.result) == ("delivered", "dropped")
    assert two.reply.code == 250  # the sender hears nothing of it
    [step] = [step for _, step in walk(two.verdict().steps) if step.what.startswith("duplicate")]
    assert step.result == "dropped" and "It says the same." in step.why
    assert [mail.id for mail in store.dropped] == ["<1@acorn.example>"]


def test_an_id_is_only_a_hint(lab: Lab) -> None:
    """Mallory knows the id and gets in first: Bob never sees the true message."""
    lab.mta(MX).store.drop_duplicates = True
    hand_over(lab, LETTER.format(ID, "a lie"))
    delivery = lab.submit(LETTER.format(ID, "the truth"))
    assert bodies(lab) == ["a lie"]
    assert delivery.result == "dropped"
    assert "something else" in dropped(lab)[0].why
    assert b"the truth" in lab.mta(MX).store.dropped[0].raw


def test_by_mailbox_and_for_the_whole_domain(lab: Lab) -> None:
    """Two recipients get one each, whichever exchanger takes it; the other domain's store is as it was."""
    lab.mta(MX2).store.drop_duplicates = True
    hand_over(lab, LETTER.format(ID, "tea"))
    hand_over(lab, LETTER.format(ID, "tea"), recipient="postmaster@birch.example")
    assert dropped(lab) == []
    hand_over(lab, LETTER.format(ID, "tea"), MX2)
    assert [len(lab.mailbox(box)) for box in (BOB, "postmaster@birch.example")] == [1, 1]
    assert len(dropped(lab, MX2)) == 1
    assert lab.mta("mail.acorn.example").store.drop_duplicates is False


@pytest.mark.parametrize("field", ["", "Message-ID: \n", "Message-ID: 1@acorn.example\n"])
def test_without_an_id_nothing_is_a_duplicate(lab: Lab, field: str) -> None:
    lab.mta(MX).store.drop_duplicates = True
    for _ in range(2):
        hand_over(lab, LETTER.format(field, "tea"))
    assert bodies(lab) == ["tea", "tea"]


def test_who_adds_message_id_and_date(lab: Lab) -> None:
    """The submission server adds what is missing (RFC 6409 §8); a relay and an MX do not (RFC 5321 §6.4)."""
    bare = "From: alice@acorn.example\nTo: bob@birch.example\n\ntea\n"
    lab.submit(bare)
    hand_over(lab, bare)
    lab.mta("mail.acorn.example").relay.set("outsider", "elsewhere", True)
    hand_over(lab, bare, "mail.acorn.example")
    submitted, received, relayed = (fields(mail.raw) for mail in lab.mailbox(BOB))
    assert first(submitted, "Message-ID") and first(submitted, "Date")
    assert not any(first(known, name) for known in (received, relayed) for name in ("Message-ID", "Date"))
