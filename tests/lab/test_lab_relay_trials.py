"""The relay table tried: who plays which client for each server, and what a trial leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from smtplab.lab.lab import Lab
from smtplab.lab.relay import DEFERRED
from smtplab.lab.relay_trials import RelayTrials
from smtplab.mail.dialogue import lines
from smtplab.mail.errors import LabError
from smtplab.mail.relaying import CELLS, PRESETS, WHO, judge
from smtplab.mail.transcript import Transcript

ACORN = "mail.acorn.example"
SERVERS = [
    "mail.acorn.example",
    "mx.birch.example",
    "out.relay.example",
    "mx.list.example",
    "mail.mallory.example",
]


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running
        running.settle()
        assert running._world.errors == []


def codes(transcript: Transcript) -> list[int]:
    return [line.reply.code for line in lines(transcript) if line.reply]


def last(transcript: Transcript) -> int:
    """The code of the last reply before the goodbye."""
    return [line.reply.code for line in lines(transcript) if line.reply and line.verb != "QUIT"][-1]


@pytest.mark.parametrize(
    ("server", "hosts", "networks"),
    [
        (ACORN, ["printer.acorn.example", "alice.home.example", "mail.mallory.example"], ("192.0.2.0/28",)),
        (
            "mx.birch.example",
            ["bob.birch.example", "visitor.example", "mail.mallory.example"],
            ("198.51.100.0/24",),
        ),
        (
            "out.relay.example",
            ["out.relay.example", "mail.acorn.example", "mail.mallory.example"],
            ("203.0.113.9/32",),
        ),
        (
            "mail.mallory.example",
            ["mail.mallory.example", "visitor.example", "visitor.example"],
            ("203.0.113.66/32",),
        ),
    ],
)
def test_who_plays(lab: Lab, server: str, hosts: list[str], networks: tuple[str, ...]) -> None:
    scene = RelayTrials(lab, server).scene
    assert [scene.clients[who].host for who in WHO] == hosts
    assert scene.networks == networks
    assert scene.server == server
    assert scene.recipients["local"].rpartition("@")[2] in lab.mta(server).store.domains
    assert scene.recipients["elsewhere"].rpartition("@")[2] not in lab.mta(server).store.domains
    assert scene.gateway not in {a for host in lab.network.hosts.values() for a in host.addresses}


@pytest.mark.parametrize("server", SERVERS)
def test_each_client_gets_what_the_setting_says(lab: Lab, server: str) -> None:
    trials = RelayTrials(lab, server)
    for _, make in PRESETS.values():
        trials.change(make(trials.read(), trials.scene))
        setting = trials.read()
        for who, where in CELLS:
            client = trials.scene.clients[who]
            expected = 250 if setting.lets(client, where) else 554
            assert last(trials.attempt(who, where)) == (expected if client.welcome else 503)


def test_reading_and_changing_are_each_others_reverse(lab: Lab) -> None:
    trials = RelayTrials(lab, ACORN)
    usual = trials.read()
    for _, make in PRESETS.values():
        made = replace(make(usual, trials.scene), denial=DEFERRED)
        trials.change(made)
        assert trials.read() == made
    trials.change(usual)
    assert trials.read() == usual
    assert lab.network.gateways == {}
    assert lab.mta(ACORN).relay == RelayTrials(lab, ACORN)._mta.relay


def test_a_setting_with_no_network_in_it_changes_nothing(lab: Lab) -> None:
    trials = RelayTrials(lab, ACORN)
    usual = trials.read()
    wrong = replace(PRESETS["open relay"][1](usual, trials.scene), inside=("acorn",), denial=DEFERRED)
    with pytest.raises(LabError, match="Write a network"):
        trials.change(wrong)
    assert trials.read() == usual


def test_a_trial_is_a_session_without_a_message(lab: Lab) -> None:
    trials = RelayTrials(lab, ACORN)
    for number, cell in enumerate(CELLS, 1):
        transcript = trials.attempt(*cell)
        assert len(lab.transcripts) == number
        assert transcript is lab.transcripts[-1]
        client = trials.scene.clients[cell[0]]
        assert (transcript.client.host, transcript.server.port) == (client.host, client.port)
        assert transcript.tls is client.starttls
        assert codes(transcript)[-1] == 221
        assert "DATA" not in [line.verb for line in lines(transcript)]
    lab.settle()
    assert lab.queue(ACORN) == []
    assert lab.mailbox("alice@acorn.example") == []


def test_a_trial_ends_with_the_first_refusal(lab: Lab) -> None:
    trials = RelayTrials(lab, "mx.birch.example")
    assert codes(trials.attempt("authenticated", "local")) == [220, 250, 503, 221]


def test_the_gateway_that_stands_is_the_gateway_of_the_scene(lab: Lab) -> None:
    lab.network.put_behind_nat(lab.network.host(ACORN), "203.0.113.1")
    trials = RelayTrials(lab, ACORN)
    assert trials.scene.gateway == trials.read().gateway == "203.0.113.1"
    assert not judge(trials.read(), trials.scene).is_open
    assert trials.scene.clients["inside"].host == "printer.acorn.example"


def test_a_server_that_hangs_up_gives_the_transcript_all_the_same(lab: Lab) -> None:
    lab.network.tap(ACORN, 25).drop(b"RCPT")
    with pytest.raises(LabError, match="has closed this session"):
        RelayTrials(lab, ACORN).attempt("outsider", "local")


def test_a_host_without_an_mta(lab: Lab) -> None:
    with pytest.raises(LabError, match="No MTA runs on"):
        RelayTrials(lab, "alice.home.example")
