"""Programs that answer mail: with care they stop, without care two of them do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtplab.lab.lab import Lab
from smtplab.mail.errors import LabError

ALICE = "alice@acorn.example"
BOB = "bob@birch.example"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


def write(lab: Lab, extra: str = "", to: str = BOB) -> None:
    lab.submit(f"{extra}From: {ALICE}\nTo: {to}\nSubject: hi\n\nHello\n")


def test_an_answer_goes_to_the_return_path_from_the_null_one(lab: Lab) -> None:
    lab.autoreply(BOB, "Away until Monday.")
    write(lab, "Reply-To: postmaster@acorn.example\n")
    [answer] = lab.mailbox(ALICE)
    assert answer.reverse_path.is_null
    assert (answer["From"], answer["Subject"], answer["Auto-Submitted"]) == (BOB, "Auto: hi", "auto-replied")
    assert "Away until Monday." in answer.message.get_content()
    assert lab.mailbox("postmaster@acorn.example") == []
    [_, item] = lab.queue("mx.birch.example")
    assert item.envelope.recipients[0].notify == ("NEVER",)  # RFC 3834 §3.3


def test_once_in_seven_days(lab: Lab) -> None:
    program = lab.autoreply(BOB)
    for day in range(8):
        write(lab)
        assert program.answers == (2 if day == 7 else 1)
        lab.clock.advance(days=1)
    assert len(lab.mailbox(ALICE)) == 2


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ("Auto-Submitted: auto-generated\n", "Auto-Submitted: auto-generated"),
        ("List-Id: <trees.list.example>\n", "List-Id"),
        ("Precedence: bulk\n", "Precedence: bulk"),
    ],
)
def test_what_a_program_wrote_is_not_answered(lab: Lab, extra: str, why: str) -> None:
    program = lab.autoreply(BOB)
    write(lab, extra)
    [verdict] = program.log
    assert [step.what for step in verdict.steps if step.result == "refused"] == [why]
    assert lab.mailbox(ALICE) == []


def test_a_dsn_is_not_answered(lab: Lab) -> None:
    program = lab.autoreply(ALICE)
    write(lab, to="ghost@birch.example")
    [verdict] = program.log
    assert verdict.result == "refused"
    assert len(lab.mailbox(ALICE)) == 1
    assert lab.queue("mail.acorn.example")[-1].outcomes == {ALICE: "delivered"}


def test_an_alias_counts_when_it_is_the_owners(lab: Lab) -> None:
    """mx.forward.example sends Bob's mail on: To names another address than the mailbox."""
    program = lab.autoreply(BOB)
    write(lab, to="bob@forward.example")
    assert program.answers == 0
    program.own.add("bob@forward.example")
    write(lab, to="bob@forward.example")
    assert program.answers == 1


def test_two_careful_ones_stop_at_once(lab: Lab) -> None:
    hers, his = lab.autoreply(ALICE), lab.autoreply(BOB)
    write(lab)
    assert (hers.answers, his.answers) == (0, 1)


def test_two_careless_ones_go_on_until_the_lab_ends_it(lab: Lab) -> None:
    hers, his = lab.autoreply(ALICE, careless=True, most=7), lab.autoreply(BOB, careless=True, most=7)
    write(lab)
    assert (hers.answers, his.answers) == (7, 7)
    assert len(lab.mailbox(ALICE)) == 7
    assert len(lab.mailbox(BOB)) == 8
    assert lab.mailbox(BOB)[-1]["Subject"] == "Re: " * 14 + "hi"
    assert his.log[-1].steps[0].what == "enough"


@pytest.mark.parametrize(("hers", "his", "answers"), [(True, False, (0, 1)), (False, True, (1, 1))])
def test_one_careful_one_is_enough(lab: Lab, hers: bool, his: bool, answers: tuple[int, int]) -> None:
    alice, bob = lab.autoreply(ALICE, careless=hers), lab.autoreply(BOB, careless=his)
    write(lab)
    assert (alice.answers, bob.answers) == answers


def test_ending_it(lab: Lab) -> None:
    program = lab.autoreply(BOB)
    lab.end_autoreply(BOB)
    write(lab)
    assert program.log == []
    with pytest.raises(LabError, match="Nobody answers"):
        lab.end_autoreply(BOB)
    with pytest.raises(LabError, match="no mailbox"):
        lab.autoreply("ghost@birch.example")
