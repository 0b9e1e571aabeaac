"""Local delivery: aliases followed on the host, loops, and each recipient's own outcome."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtplab.lab.lab import Lab
from smtplab.lab.local import without_success
from smtplab.mail.dsn import parse

MX = "mx.birch.example"
ALICE = "alice@acorn.example"
BOB = "bob@birch.example"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.mta(MX).store.add("carol@birch.example", "dave@birch.example")
        yield lab
        assert lab._world.errors == []


def send(lab: Lab, *recipients: str, aliases: dict[str, tuple[str, ...]] | None = None) -> dict[str, str]:
    """Hand a message to birch.example, and return what became of each recipient there."""
    lab.mta(MX).aliases.update(
        {f"{name}@birch.example": tuple(map(full, to)) for name, to in (aliases or {}).items()}
    )
    with lab.connect(MX, source="mx.forward.example") as session:
        session.say("EHLO mx.forward.example", f"MAIL FROM:<{ALICE}>")
        paths = [name if "<" in name else f"<{full(name)}>" for name in recipients]
        assert {reply.code for reply in session.say(*(f"RCPT TO:{path}" for path in paths))} == {250}
        session.say("DATA", b"Subject: x\r\n\r\nhi\r\n")
    lab.settle()
    return {short(address): outcome for address, outcome in lab.queue(MX)[0].outcomes.items()}


def full(name: str) -> str:
    return name if "@" in name else f"{name}@birch.example"


def short(address: str) -> str:
    return address.removesuffix("@birch.example")


def copies(lab: Lab) -> dict[str, int]:
    return {name: len(lab.mailbox(full(name))) for name in ("bob", "carol", "dave")}


@pytest.mark.parametrize(
    ("aliases", "to", "outcomes", "delivered"),
    [
        ({}, "bob", {"bob": "delivered"}, "bob"),
        ({"a": ("bob",)}, "a", {"a": "expanded", "bob": "delivered"}, "bob"),
        ({"a": ("b",), "b": ("bob",)}, "a", {"a": "expanded", "b": "expanded", "bob": "delivered"}, "bob"),
        ({"a": ("bob", "carol")}, "a",
         {"a": "expanded", "bob": "delivered", "carol": "delivered"}, "bob carol"),
        ({"a": ("bob", "b"), "b": ("bob", "carol")}, "a",
         {"a": "expanded", "bob": "delivered", "b": "expanded", "carol": "delivered"}, "bob carol"),
        ({"a": ("a",)}, "a", {"a": "failed"}, ""),
        ({"a": ("b",), "b": ("a",)}, "a", {"a": "failed", "b": "expanded"}, ""),
        ({"a": ("b", "carol"), "b": ("a",)}, "a",
         {"a": "failed", "b": "expanded", "carol": "delivered"}, "carol"),
        ({"bob": ("bob", "carol")}, "bob", {"bob": "failed", "carol": "delivered"}, "carol"),
        ({"a": ("ghost",)}, "a", {"a": "expanded", "ghost": "failed"}, ""),
        ({"a": ("bob",)}, "A", {"A": "expanded", "bob": "delivered"}, "bob"),
        ({"a": ("alice@acorn.example",)}, "a", {"a": "expanded", "alice@acorn.example": "relayed"}, ""),
    ],
)  # fmt: skip
def test_aliases(lab: Lab, aliases, to, outcomes, delivered) -> None:
    assert send(lab, to, aliases=aliases) == outcomes
    assert {name for name, number in copies(lab).items() if number} == set(delivered.split())
    assert max(copies(lab).values()) <= 1


def test_a_loop_of_aliases_ends_at_once(lab: Lab) -> None:
    """It never leaves the host, so no Received field counts it, and the sender hears of it."""
    before = len(lab.transcripts)
    send(lab, "a", aliases={"a": ("b",), "b": ("a",)})
    assert [t.server.host for t in lab.transcripts[before + 1 :]] == ["mail.acorn.example"]  # the DSN
    [fate] = parse(lab.mailbox(ALICE)[-1]).fates
    assert (fate.recipient, fate.status) == ("a@birch.example", "5.4.6")
    assert fate.diagnostic == "550 5.4.6 Aliases lead in a circle"
    [attempt] = lab.queue(MX)[0].attempts
    assert attempt.rule == "RFC 5321 §6.3"


def test_an_alias_with_one_target_passes_the_requests_on(lab: Lab) -> None:
    """RFC 3461 §5.2.7.2: no DSN for the alias; what the sender asked for holds for the target."""
    send(lab, "<a@birch.example> NOTIFY=SUCCESS ORCPT=rfc822;a@birch.example", aliases={"a": ("bob",)})
    [fate] = parse(lab.mailbox(ALICE)[-1]).fates
    assert (fate.action, fate.recipient, fate.original) == ("delivered", BOB, "rfc822;a@birch.example")


def test_an_alias_with_several_answers_for_success_itself(lab: Lab) -> None:
    """RFC 3461 §5.2.7.3: "expanded", and the targets are asked for failures only."""
    asked = "<a@birch.example> NOTIFY=SUCCESS,FAILURE"
    send(lab, asked, aliases={"a": ("bob", "ghost", "typo@forward.example")})
    fates = [fate for mail in lab.mailbox(ALICE) for fate in parse(mail).fates]
    assert sorted((fate.action, short(fate.recipient)) for fate in fates) == [
        ("expanded", "a"),
        ("failed", "ghost"),
        ("failed", "typo@forward.example"),
    ]


@pytest.mark.parametrize(
    ("notify", "left"),
    [
        ((), ()),
        (("NEVER",), ("NEVER",)),
        (("SUCCESS",), ("NEVER",)),
        (("SUCCESS", "FAILURE"), ("FAILURE",)),
        (("FAILURE", "DELAY"), ("FAILURE", "DELAY")),
    ],
)
def test_what_is_left_of_notify(notify: tuple[str, ...], left: tuple[str, ...]) -> None:
    assert without_success(notify) == left


def test_a_recipient_named_twice_gets_two_copies(lab: Lab) -> None:
    assert send(lab, "bob", "bob") == {"bob": "delivered"}
    assert copies(lab)["bob"] == 2
