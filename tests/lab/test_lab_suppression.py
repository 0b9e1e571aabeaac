"""The smart host's list of addresses that bounced: VERP out, the DSN back, the next message refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtplab.lab.item import SmartHost
from smtplab.lab.lab import Lab
from smtplab.lab.suppression import Suppression
from smtplab.mail.dsn import parse
from smtplab.mail.errors import LabError
from smtplab.mail.reply import Reply

MX = "mx.birch.example"
PROVIDER = "out.relay.example"
ALICE = "alice@acorn.example"
BOB = "bob@birch.example"
GHOST = "ghost@birch.example"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.dns.zone("birch.example").set("@", "MX", f"10 {MX}")
        lab.mta("mail.acorn.example").queue.smart_host = SmartHost(
            PROVIDER, 587, "acorn@relay.example", "oak"
        )
        yield lab
        assert lab._world.errors == []


def write(lab: Lab, *to: str) -> str:
    return lab.submit(f"From: {ALICE}\nTo: {', '.join(to)}\nSubject: hi\n\nHello\n").result


def answer(lab: Lab, reply: Reply) -> None:
    """Make birch.example answer every RCPT so."""

    async def say(session, recipient):
        return reply

    lab.mta(MX).may_receive = say  # type: ignore[method-assign]


def test_off_by_default(lab: Lab) -> None:
    write(lab, BOB)
    assert str(lab.mailbox(BOB)[0].reverse_path) == f"<{ALICE}>"


def test_each_recipient_has_a_reverse_path_of_its_own(lab: Lab) -> None:
    lab.mta(MX).store.add("carol@birch.example")
    list_ = lab.suppression()
    write(lab, BOB, "carol@birch.example")
    paths = [lab.mailbox(box)[0].reverse_path for box in (BOB, "carol@birch.example")]
    tokens = [path.local.removeprefix("bounce+") for path in paths]
    assert [path.domain for path in paths] == ["relay.example"] * 2
    assert [str(list_.sent[token].recipient) for token in tokens] == [f"<{BOB}>", "<carol@birch.example>"]
    assert {str(list_.sent[token].reverse_path) for token in tokens} == {f"<{ALICE}>"}
    assert lab.mailbox(BOB)[0]["From"] == ALICE


def test_round_trip(lab: Lab) -> None:
    list_ = lab.suppression()
    write(lab, GHOST, BOB)
    assert len(lab.mailbox(BOB)) == 1
    assert list(list_.entries) == [GHOST]
    entry = list_.blocked(GHOST)
    assert entry and (entry.status, entry.why) == ("5.1.1", "550 5.1.1 No such user here")
    # The customer hears of it, from the provider.
    [dsn] = lab.mailbox(ALICE)
    assert (parse(dsn).by, parse(dsn).fates[0].recipient) == (PROVIDER, GHOST)
    # The next message does not leave the provider.
    before = len(lab.mta(MX).queue.items)
    assert write(lab, GHOST) == "failed"
    assert len(lab.mta(MX).queue.items) == before
    [fate] = parse(lab.mailbox(ALICE)[-1]).fates
    assert fate.remote == PROVIDER
    assert fate.diagnostic == (
        "550 5.1.1 On our suppression list since 02 Mar 2026: 550 5.1.1 No such user here"
    )
    # Once it is taken off, it is tried again.
    lab.mta(MX).store.add(GHOST)
    list_.remove(GHOST)
    assert write(lab, GHOST) == "delivered"
    assert list_.entries == {}


@pytest.mark.parametrize(
    ("reply", "suppressed"),
    [
        (Reply(550, "5.1.1", ("no",)), True),
        (Reply(550, "5.1.6", ("moved",)), True),
        (Reply(556, "5.1.10", ("null MX",)), True),
        (Reply(552, "5.2.2", ("full",)), False),
        (Reply(550, "5.7.1", ("policy",)), False),
        (Reply(550, "", ("no number",)), False),
        (Reply(450, "4.2.1", ("busy",)), False),
        (Reply(450, "4.1.1", ("maybe later",)), False),
    ],
)
def test_only_what_is_gone_is_suppressed(lab: Lab, reply: Reply, suppressed: bool) -> None:
    list_ = lab.suppression()
    answer(lab, reply)
    write(lab, BOB)
    lab.clock.advance(days=6)
    assert list(list_.entries) == ([BOB] if suppressed else [])
    assert parse(lab.mailbox(ALICE)[-1]).fates[0].action == "failed"


def test_a_notice_from_elsewhere_comes_home(lab: Lab) -> None:
    """birch.example takes the message and bounces it later: the token says whose it was."""
    list_ = lab.suppression()
    lab.mta(MX).verify_recipients = False
    assert write(lab, GHOST) == "failed"
    assert list(list_.entries) == [GHOST]
    assert parse(lab.mailbox(ALICE)[-1]).by == MX


@pytest.mark.parametrize("token", ["0123456789abcdef", "", "x"])
def test_a_forged_notice_suppresses_nobody(lab: Lab, token: str) -> None:
    list_ = lab.suppression()
    write(lab, BOB)
    with lab.connect(PROVIDER, 25, "mail.mallory.example") as session:
        session.say("EHLO mail.mallory.example", "MAIL FROM:<>")
        assert session.say(f"RCPT TO:<bounce+{token}@relay.example>")[0].code == 550
    assert list_.entries == {}


def test_what_comes_back_and_is_no_dsn_goes_on_to_the_customer(lab: Lab) -> None:
    list_ = lab.suppression()
    lab.autoreply(BOB, "Away.")
    write(lab, BOB)
    [answer_] = lab.mailbox(ALICE)
    assert answer_["Auto-Submitted"] == "auto-replied"
    assert list_.entries == {}


def test_by_hand(lab: Lab) -> None:
    list_ = lab.suppression()
    assert lab.suppression() is list_
    list_.add(BOB, "asked us to")
    assert write(lab, "BOB@birch.example") == "failed"
    assert lab.mailbox(BOB) == []
    list_.remove(BOB)
    with pytest.raises(LabError, match="not on the suppression list"):
        list_.remove(BOB)


def test_it_is_for_customers_only(lab: Lab) -> None:
    """Mail that comes to the provider's own domain on port 25 is not its business."""
    lab.suppression().add("postmaster@relay.example")
    with lab.connect(PROVIDER, 25) as session:
        session.say("EHLO mail.acorn.example", f"MAIL FROM:<{ALICE}>")
        assert session.say("RCPT TO:<postmaster@relay.example>")[0].code == 250


def test_ending_it(lab: Lab) -> None:
    lab.suppression()
    lab.end_suppression()
    write(lab, BOB)
    assert str(lab.mailbox(BOB)[0].reverse_path) == f"<{ALICE}>"
    assert not any(isinstance(policy, Suppression) for policy in lab.mta(PROVIDER).policies)
    with pytest.raises(LabError, match="keeps no suppression list"):
        lab.end_suppression()
