"""Ports tried for real: every way in every situation, and a table whose words follow from the trials."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from smtplab.lab.lab import Lab
from smtplab.lab.port_rows import port_rows
from smtplab.lab.port_trials import try_way
from smtplab.mail.ports import PORTS, TLS, WHO, WHOM, Cell, PortRow, Situation, Tls, Way, advise

HOME = Situation("mail program", "submission server")
EXCHANGER = Situation("mail program", "mail exchanger")
SERVER = Situation("mail server", "mail exchanger")
PATIENT = "mail exchanger"  # where nobody listens on 465, so that nobody keeps silent either
WAYS = [Way(port, tls, login) for port, tls, login in product(PORTS, TLS, (True, False))]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running


def silent(way: Way) -> bool:
    """Whether both ends would wait for each other: a second each."""
    return way.port == 465 and way.tls != "implicit"


def blocked(situation: Situation) -> Situation:
    return Situation(situation.who, situation.whom, True)


TRIED: list[tuple[Situation, tuple[int, Tls, bool], str, str]] = [
    # what is right
    (HOME, (465, "implicit", True), "delivered", "250 2.0.0 OK"),
    (HOME, (587, "starttls", True), "delivered", "250 2.0.0 OK"),
    (SERVER, (25, "starttls", False), "delivered", "250 2.0.0 OK"),
    (SERVER, (25, "none", False), "delivered", "250 2.0.0 OK"),
    (Situation("application", "relay"), (465, "implicit", True), "delivered", "250 2.0.0 OK"),
    (blocked(HOME), (587, "starttls", True), "delivered", "250 2.0.0 OK"),
    # TLS too early, too late, not at all
    (HOME, (587, "implicit", True), "failed", "no TLS: "),
    (HOME, (25, "implicit", True), "failed", "no TLS: "),
    (HOME, (465, "none", True), "failed", "time-out: no greeting"),
    (HOME, (465, "starttls", True), "failed", "time-out: no greeting"),
    (HOME, (587, "none", False), "refused", "530 5.7.0 Must issue a STARTTLS command first"),
    # the login
    (HOME, (587, "starttls", False), "refused", "530 5.7.0 Authentication required"),
    (HOME, (465, "implicit", False), "refused", "530 5.7.0 Authentication required"),
    (HOME, (587, "none", True), "failed", "no AUTH offered"),
    (HOME, (25, "starttls", True), "failed", "no AUTH offered"),
    (HOME, (25, "none", False), "refused", "554 5.7.1 Relay access denied"),
    (Situation("mail server", "submission server"), (465, "implicit", False), "refused", "530 5.7.0"),
    # the network
    (blocked(EXCHANGER), (25, "starttls", False), "failed", "time-out"),
    (blocked(SERVER), (25, "none", False), "failed", "time-out"),
    (EXCHANGER, (25, "starttls", False), "delivered", "250 2.0.0 OK"),
    (EXCHANGER, (465, "implicit", True), "failed", "connection refused"),
]


@pytest.mark.parametrize(("situation", "way", "result", "short"), TRIED, ids=str)
def test_what_becomes_of_it(
    lab: Lab, situation: Situation, way: tuple[int, Tls, bool], result: str, short: str
) -> None:
    trial = try_way(lab, situation, Way(*way))
    assert (trial.result, trial.short[: len(short)]) == (result, short)
    assert trial.steps[-1].result == result
    assert trial.ok is (result == "delivered")
    assert str(Way(*way)) in str(trial)


def test_every_way_in_every_situation_comes_to_an_end_that_is_explained(lab: Lab) -> None:
    for who, whom, shut in product(WHO, WHOM, (False, True)):
        situation = Situation(who, whom, shut)
        trials = {way: try_way(lab, situation, way) for way in WAYS if not silent(way) or whom == PATIENT}
        assert all(trial.steps[-1].why and trial.short for trial in trials.values())
        assert all(trials[way].result == "delivered" for way in advise(situation).ways)
        if whom == "mail exchanger" and shut:
            assert not any(trial.ok for trial in trials.values())
        for trial in trials.values():
            assert trial.transcript is None or trial.transcript.closed
    assert lab._world.errors == []


def test_a_swallowed_connection_and_a_refused_one_are_told_apart(lab: Lab) -> None:
    swallowed = try_way(lab, blocked(EXCHANGER), Way(25, "none", False))
    refused = try_way(lab, EXCHANGER, Way(465, "none", False))
    assert swallowed.error.startswith("TimeoutError") and refused.error.startswith("ConnectionRefusedError")
    assert "swallows" in swallowed.steps[-1].why and "up" in refused.steps[-1].why
    assert swallowed.transcript is refused.transcript is None


def test_the_firewall_is_as_before(lab: Lab) -> None:
    before = list(lab.network.rules)
    for situation in (EXCHANGER, blocked(SERVER)):
        try_way(lab, situation, Way(25, "none", False))
        assert lab.network.rules == before
    with pytest.raises(TimeoutError):
        lab.smtp("mx.birch.example", 25, source="alice.home.example")


def test_what_was_sent_is_in_the_mailbox(lab: Lab) -> None:
    before = len(lab.mailbox("bob@birch.example"))
    trial = try_way(lab, HOME, Way(465, "implicit", True))
    mail = lab.mailbox("bob@birch.example")[before:]
    assert [one["Subject"] for one in mail] == ["A trial"]
    assert trial.transcript is not None and trial.transcript.server.port == 465
    assert trial.transcript.client.host == "alice.home.example"


@pytest.mark.parametrize("way", [Way(465, "implicit", True), Way(587, "starttls", True)], ids=str)
def test_a_bad_certificate_stops_the_client(lab: Lab, way: Way) -> None:
    lab.use_certificate("mail.acorn.example", "wrong-name")
    try:
        trial = try_way(lab, HOME, way)
    finally:
        lab.use_certificate("mail.acorn.example")
    assert (trial.result, trial.short) == ("failed", "certificate refused")
    assert "mail.acorn.example" in trial.steps[-1].why


def test_a_stripped_offer_stops_the_client_too(lab: Lab) -> None:
    lab.mallory.strip_starttls("mail.acorn.example", 587)
    try:
        trial = try_way(lab, HOME, Way(587, "starttls", True))
    finally:
        lab.mallory.stop()
    assert (trial.result, trial.short) == ("failed", "no STARTTLS offered")


# The table


def words(row: PortRow) -> list[tuple[str, str]]:
    return [(cell.words, cell.how) for cell in (row.use, row.encryption, row.who)]


def outcomes(cell: Cell) -> list[tuple[str, str]]:
    return [(label, trial.result) for label, trial in cell.trials]


def test_the_table_of_the_text_is_measured(lab: Lab) -> None:
    rows = port_rows(lab)
    assert [row.port for row in rows] == [25, 465, 587]
    assert [words(row) for row in rows] == [
        [
            ("mail between servers", "good"),
            ("STARTTLS, optional", "later"),
            ("mail servers, not homes", "good"),
        ],
        [("submission", "good"), ("TLS first: implicit TLS", "good"), ("whoever logs in", "good")],
        [("submission", "good"), ("STARTTLS, required", "good"), ("whoever logs in", "good")],
    ]
    assert outcomes(rows[0].who) == [("from a home", "failed"), ("from a mail server", "delivered")]
    assert outcomes(rows[2].encryption) == [
        ("in clear", "refused"),
        ("STARTTLS", "delivered"),
        ("TLS first", "failed"),
    ]


def test_on_another_server_it_has_other_words() -> None:
    with Lab() as lab:
        mta = lab.mta("mail.acorn.example")
        mta.extensions.remove("STARTTLS")
        mta.relay.set("outsider", "elsewhere", True)
        lab.network.rules.clear()
        rows = port_rows(lab)
        assert words(rows[0]) == [("open relay", "bad"), ("none", "bad"), ("anybody", "good")]
        assert words(rows[2]) == [("takes no mail", "bad"), ("none that works", "bad"), ("nobody", "bad")]
