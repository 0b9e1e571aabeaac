"""The two mailboxes carried out for real: each act of the script leaves what its words say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtplab.lab.lab import Lab
from smtplab.lab.mailbox_trials import SUBJECTS, MailboxTrials
from smtplab.mail.errors import LabError
from smtplab.mail.holdings import Kept, Moment, Protocol
from smtplab.mail.holdings_script import ACTS, CUT, LOG_IN, LOOK, STORE


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running
        running.settle()
        assert running._world.errors == []


@pytest.fixture
def trials(lab: Lab) -> MailboxTrials:
    return MailboxTrials(lab)


def run(trials: MailboxTrials, protocol: Protocol, acts: int) -> Moment:
    moments = [trials.do(protocol, act.part(protocol).orders) for act in ACTS[:acts]]
    return moments[-1]


def told(kept: tuple[Kept, ...]) -> list[str]:
    return [one.subject + "".join(f" {word}" for word in one.words) for one in kept]


ONE, TWO, THREE = SUBJECTS

# acts done -> laptop, server, phone
POP3 = {
    3: ([ONE], [ONE, TWO, THREE], []),
    4: ([ONE], [ONE, TWO, THREE], []),
    7: ([ONE], [f"{ONE} marked for deletion", TWO, THREE], []),
    8: ([ONE], [ONE, TWO, THREE], []),
    9: ([ONE, ONE], [f"{ONE} marked for deletion", TWO, THREE], []),
    10: ([ONE, ONE], [TWO, THREE], []),
    11: ([ONE, ONE], [TWO, THREE], []),
}
READ, STAR = f"{ONE} read", f"{TWO} starred"
IMAP = {
    3: ([READ, TWO, THREE], [READ, TWO, THREE], []),
    4: ([READ, TWO, THREE], [READ, TWO, THREE], [READ, TWO, THREE]),
    5: ([READ, TWO, THREE], [READ, STAR, THREE], [READ, STAR, THREE]),
    6: ([READ, STAR, THREE], [READ, STAR, THREE], [READ, STAR, THREE]),
    8: (
        [f"{READ} to be deleted", STAR, THREE],
        [f"{READ} to be deleted", STAR, THREE],
        [READ, STAR, THREE],
    ),
    10: ([STAR, THREE], [STAR, THREE], [STAR, THREE]),
    11: ([STAR, THREE, ""], [STAR, THREE, "For Alice"], [STAR, THREE, ""]),
}


@pytest.mark.parametrize(
    ("protocol", "acts", "expected"),
    [("pop3", acts, lanes) for acts, lanes in POP3.items()]
    + [("imap", acts, lanes) for acts, lanes in IMAP.items()],
)
def test_each_act_leaves_what_it_says(
    trials: MailboxTrials, protocol: Protocol, acts: int, expected: tuple[list[str], ...]
) -> None:
    moment = run(trials, protocol, acts)
    assert tuple(told(holding.messages) for holding in moment.holdings) == expected


def test_what_the_server_refuses_stands_in_the_dialogue(trials: MailboxTrials) -> None:
    assert [said.refused for said in run(trials, "pop3", 4).said] == [False, False, True]
    assert trials.do("pop3", ACTS[10].pop3.orders[1:]).said[0].refused


def test_append_sends_nothing(lab: Lab, trials: MailboxTrials) -> None:
    before = len(lab.mailbox("alice@acorn.example"))
    said = trials.do("imap", [("laptop", LOG_IN), ("laptop", STORE)]).said
    assert said[-1].note.endswith("new in Alice's mailbox: 0")
    assert len(lab.mailbox("alice@acorn.example")) == before
    assert not [each for each in lab.transcripts if each.protocol == "smtp"]


def test_rset_takes_marks_back(trials: MailboxTrials) -> None:
    moment = trials.do("pop3", [("laptop", order) for order in (LOG_IN, "DELE 2", "DELE 3")])
    assert [one.marked for one in moment.holding("server").messages] == [False, True, True]
    moment = trials.do("pop3", [("laptop", "RSET"), ("laptop", "QUIT")])
    assert told(moment.holding("server").messages) == list(SUBJECTS)


def test_the_other_comes_in_when_the_line_was_cut(trials: MailboxTrials) -> None:
    moment = trials.do("pop3", [("laptop", LOG_IN), ("laptop", CUT), ("phone", LOG_IN)])
    assert moment.holding("phone").state == "TRANSACTION"


def test_orders_that_cannot_be_given(trials: MailboxTrials) -> None:
    with pytest.raises(LabError, match="log in first"):
        trials.do("pop3", [("laptop", "STAT")])
    trials.do("imap", [("laptop", LOG_IN)])
    with pytest.raises(LabError, match="logged in already"):
        trials.do("imap", [("laptop", LOG_IN)])


def test_restart_puts_everything_back(trials: MailboxTrials) -> None:
    run(trials, "pop3", 10)
    run(trials, "imap", 10)
    trials.restart()
    for protocol in ("pop3", "imap"):
        moment = trials.now(protocol)
        assert told(moment.holding("server").messages) == list(SUBJECTS)
        assert [moment.holding(who).messages for who in ("laptop", "phone")] == [(), ()]
    assert told(trials.do("imap", [("phone", LOG_IN), ("phone", LOOK)]).holding("phone").messages) == list(
        SUBJECTS
    )


def test_bobs_own_mailbox_is_left_alone(lab: Lab, trials: MailboxTrials) -> None:
    run(trials, "pop3", 11)
    assert lab.mailbox("bob@birch.example") == []
