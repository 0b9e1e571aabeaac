"""Whether a setting makes an open relay: all 64 tables, a gateway, and networks of any size."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from smtplab.mail.relaying import (
    CELLS,
    MAIL_EXCHANGER,
    PRESETS,
    SUBMISSION,
    WHERE,
    WHO,
    Client,
    Scene,
    Setting,
    judge,
    kind,
)

PRINTER = Client("inside", "printer.acorn.example", "192.0.2.12", 25, "postmaster@acorn.example")
ALICE = Client(
    "authenticated",
    "alice.home.example",
    "203.0.113.77",
    587,
    "alice@acorn.example",
    "alice@acorn.example",
    "wonderland",
    starttls=True,
)
MALLORY = Client("outsider", "mail.mallory.example", "203.0.113.66", 25, "spam@mallory.example")
SCENE = Scene(
    "mail.acorn.example",
    {client.who: client for client in (PRINTER, ALICE, MALLORY)},
    {"local": "postmaster@acorn.example", "elsewhere": "bob@birch.example"},
    ("192.0.2.0/28",),
    "192.0.2.1",
)
USUAL = Setting(SUBMISSION | {("outsider", "local")}, SCENE.networks)
TABLES = [
    frozenset(c for c, yes in zip(CELLS, bits, strict=True) if yes) for bits in product((0, 1), repeat=6)
]


def test_a_table_alone_is_open_by_one_cell_only() -> None:
    for allowed in TABLES:
        setting = replace(USUAL, allowed=allowed)
        assert judge(setting, SCENE).is_open is (("outsider", "elsewhere") in allowed)
        for who, where in CELLS:
            assert setting.lets(SCENE.clients[who], where) is ((who, where) in allowed)


def test_behind_a_gateway_the_insiders_cell_decides_for_strangers() -> None:
    for allowed in TABLES:
        setting = replace(USUAL, allowed=allowed, gateway="192.0.2.1")
        assert judge(setting, SCENE).is_open is (("inside", "elsewhere") in allowed)
        assert setting.taken_for(MALLORY) == "inside"
        assert setting.taken_for(ALICE) == "authenticated"


@pytest.mark.parametrize(
    ("inside", "gateway", "headline", "words"),
    [
        (("192.0.2.0/28",), "", "Not an open relay", "must be inside or log in"),
        (("0.0.0.0/0",), "", "Open relay, though the table says no", "hold 203.0.113.66 too"),
        (("203.0.113.0/24",), "", "Open relay, though the table says no", "hold 203.0.113.66 too"),
        (("192.0.2.0/28",), "192.0.2.1", "Open relay, though the table says no", "seems to be 192.0.2.1"),
        (("192.0.2.0/28",), "198.51.100.1", "Not an open relay", "who wants to send elsewhere must log in"),
        ((), "192.0.2.1", "Not an open relay", "who wants to send elsewhere must log in"),
        (("::/0",), "", "Not an open relay", "who wants to send elsewhere must log in"),
    ],
)
def test_networks_and_gateways(inside: tuple[str, ...], gateway: str, headline: str, words: str) -> None:
    found = judge(replace(USUAL, inside=inside, gateway=gateway), SCENE)
    assert found.headline == headline
    assert words in found.sentence


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        (MAIL_EXCHANGER, "reach its own users and nobody else; nobody sends elsewhere through it."),
        (SUBMISSION, "no mail comes in from outside; who wants to send elsewhere must be inside or log in."),
        (MAIL_EXCHANGER | {("inside", "elsewhere")}, "only hosts inside may send elsewhere."),
        (MAIL_EXCHANGER | {("authenticated", "elsewhere")}, "must log in."),
        (frozenset(), "can send nothing here, so no mail comes in from outside; nobody sends"),
    ],
)
def test_what_it_means(allowed: frozenset[tuple[str, str]], words: str) -> None:
    assert words in str(judge(replace(USUAL, allowed=allowed), SCENE))  # type: ignore[arg-type]


def test_each_judgement_is_one_sentence() -> None:
    for allowed, gateway, inside in product(TABLES, ("", "192.0.2.1"), (("192.0.2.0/28",), ("0.0.0.0/0",))):
        sentence = judge(Setting(allowed, inside, gateway=gateway), SCENE).sentence
        assert sentence.endswith(".")
        assert ". " not in sentence


def test_a_login_that_is_not_offered_helps_nobody() -> None:
    nobody = replace(SCENE, clients={**SCENE.clients, "authenticated": replace(ALICE, welcome=False)})
    assert "only hosts inside may send elsewhere" in judge(USUAL, nobody).sentence


@pytest.mark.parametrize(
    ("word", "is_open", "accepted"),
    [
        ("mail exchanger", False, [1, 0, 1, 0, 1, 0]),
        ("submission server", False, [1, 1, 1, 1, 0, 0]),
        ("open relay", True, [1, 1, 1, 1, 1, 1]),
        ("the NAT trap", True, [1, 1, 1, 1, 1, 1]),
    ],
)
def test_presets(word: str, is_open: bool, accepted: list[int]) -> None:
    before = Setting(frozenset(), ("198.51.100.0/24",), gateway="203.0.113.1")
    made = PRESETS[word][1](before, SCENE)
    assert judge(made, SCENE).is_open is is_open
    assert [made.lets(SCENE.clients[who], where) for who in WHO for where in WHERE] == [
        bool(n) for n in accepted
    ]
    assert made.denial == before.denial
    assert PRESETS[word][1](made, SCENE) == made
    assert ("outsider", "elsewhere") not in made.allowed or word == "open relay"


def test_the_trap_takes_the_gateway_in_where_the_networks_do_not_hold_it() -> None:
    lonely = replace(SCENE, networks=("192.0.2.10/32",))
    made = PRESETS["the NAT trap"][1](USUAL, lonely)
    assert made.inside == ("192.0.2.10/32", "192.0.2.1/32")
    assert judge(made, lonely).is_open


def test_what_a_client_says() -> None:
    assert MALLORY.script("bob@birch.example") == [
        "EHLO mail.mallory.example",
        "MAIL FROM:<spam@mallory.example>",
        "RCPT TO:<bob@birch.example>",
        "QUIT",
    ]
    said = ALICE.script("bob@birch.example")
    assert said[:3] == ["EHLO alice.home.example", "STARTTLS", "EHLO alice.home.example"]
    assert said[3] == "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA=="
    assert "wonderland" not in repr(ALICE)


@pytest.mark.parametrize(
    ("address", "account", "who"),
    [
        ("192.0.2.1", "", "inside"),
        ("192.0.2.1", "alice", "authenticated"),
        ("203.0.113.1", "", "outsider"),
        ("203.0.113.1", "alice", "authenticated"),
        ("2001:db8::1", "", "outsider"),
    ],
)
def test_a_login_outweighs_the_address(address: str, account: str, who: str) -> None:
    assert kind(("192.0.2.0/28",), address, account) == who


def test_switching_one_answer_leaves_the_others() -> None:
    for cell in CELLS:
        assert USUAL.switched(cell, False).allowed == USUAL.allowed - {cell}
        assert USUAL.switched(cell, True).allowed == USUAL.allowed | {cell}
