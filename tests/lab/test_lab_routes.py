"""Where mail goes from a host, asked and tried: by the addresses that the DNS gives, right or wrong."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from smtplab.lab.lab import Lab
from smtplab.lab.queue import SmartHost
from smtplab.mail.errors import LabError

ACORN, HOME, MALLORY = "mail.acorn.example", "alice.home.example", "mail.mallory.example"
MX, MX2, RELAY = "mx.birch.example", "mx2.birch.example", "out.relay.example"
BOB = "bob@birch.example"
OAK = SmartHost(RELAY, 587, "acorn@relay.example", "oak")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


def message(to: str = BOB, subject: str = "hi") -> str:
    return f"From: alice@acorn.example\nTo: {to}\nSubject: {subject}\n\nhello\n"


def targets(lab: Lab, recipient: str = BOB, source: str = ACORN) -> list[tuple[str, str]]:
    return [(target.name, target.address) for target in lab.route(recipient, source).targets]


# the plan ---------------------------------------------------------------------------------------


def test_a_plan_is_what_the_next_delivery_does(lab: Lab) -> None:
    """Also where the order is drawn."""
    lab.dns.zone("birch.example").set("@", "MX", f"10 {MX}", f"10 {MX2}")
    firsts = set()
    for _ in range(8):
        plan = lab.route(BOB)
        assert lab.route(BOB).targets == plan.targets
        assert lab.deliver(message(), ACORN).routes[0].targets == plan.targets
        firsts.add(plan.targets[0].name)
    assert firsts == {MX, MX2}


def test_a_plan_for_a_domain_and_a_program(lab: Lab) -> None:
    """Alice's laptop has no IPv6 address."""
    assert targets(lab, "birch.example", HOME) == [(MX, "198.51.100.10"), (MX2, "198.51.100.11")]
    assert targets(lab)[1] == (MX, "2001:db8:b::10")


def test_mail_for_oneself_stays(lab: Lab) -> None:
    route = lab.route("alice@Acorn.example")
    assert (route.verdict.result, route.targets, route.refusal, route.queries) == ("delivered", (), None, ())


def test_a_host_that_is_not_there(lab: Lab) -> None:
    for ask in (lambda: lab.route(BOB, "no.example"), lambda: lab.deliver(message(), "no.example")):
        with pytest.raises(LabError, match=r"There is no host 'no\.example'"):
            ask()


@pytest.mark.parametrize("text", ["To: bob@birch.example\n\nx", "From: a@acorn.example\n\nx"])
def test_a_message_without_both_ends(lab: Lab, text: str) -> None:
    with pytest.raises(LabError, match="From field"):
        lab.deliver(text)


# what a wrong record does -----------------------------------------------------------------------


def test_an_address_that_nobody_has(lab: Lab) -> None:
    """The next address of the same host is tried, over IPv6."""
    lab.dns.zone("birch.example").set("mx", "A", "192.0.2.199")
    delivery = lab.deliver(message(), ACORN)
    first, second = delivery.attempts
    assert (first.address, first.reply, first.transcript) == ("192.0.2.199", None, None)
    assert first.note == "timed out: no answer from 192.0.2.199 port 25"
    assert (second.host, second.address) == (MX, "2001:db8:b::10")
    assert delivery.result == "delivered"
    assert b"[IPv6:2001:db8:a::10]" in lab.mailbox(BOB)[0].raw


def test_the_address_of_another_host(lab: Lab) -> None:
    """Whoever has the address answers, whatever name the MX record has."""
    lab.dns.zone("birch.example").set("mx", "A", "192.0.2.40")
    delivery = lab.deliver(message(), ACORN)
    (attempt,) = delivery.attempts  # 5yz: it is over, and the next host is not asked
    assert attempt.transcript
    assert attempt.transcript.server.host == "mx.forward.example"
    assert attempt.reply
    assert attempt.reply.code == 554  # it is no relay
    assert delivery.result == "failed"


def test_an_outbound_queue_dials_what_the_dns_says_too(lab: Lab) -> None:
    lab.dns.zone("birch.example").set("mx", "A", "198.51.100.11")
    delivery = lab.submit(message())
    assert delivery.path[-1] == (ACORN, MX2)
    assert delivery.transcripts[-1].server.address == "198.51.100.11"


@pytest.mark.parametrize("address", ["192.0.2.199", "2001:db8:ffff::1"])
def test_an_address_that_is_free_times_out(lab: Lab, address: str) -> None:
    with pytest.raises(TimeoutError, match="no answer from"):
        lab.network.dial(ACORN, address, 25)


# from home, and through a smart host --------------------------------------------------------------


def test_from_home_nobody_answers(lab: Lab) -> None:
    """Its provider swallows what goes to port 25, and there is no queue."""
    delivery = lab.deliver(message(), HOME)
    assert [attempt.address for attempt in delivery.attempts] == ["198.51.100.10", "198.51.100.11"]
    assert all("timed out" in attempt.note for attempt in delivery.attempts)
    assert (delivery.result, delivery.path, lab.mailbox(BOB)) == ("failed", [], [])
    lab.clock.advance(days=1)
    assert len(delivery.attempts) == 2


def test_from_home_through_the_provider(lab: Lab) -> None:
    account = SmartHost(ACORN, 587, "alice@acorn.example", "wonderland")
    delivery = lab.deliver(message(), HOME, smart_host=account)
    assert delivery.path == [(HOME, ACORN), (ACORN, MX)]
    assert delivery.result == "delivered"
    assert lab.route(BOB, HOME, smart_host=account).targets[0].name == ACORN


def test_everything_goes_to_the_smart_host(lab: Lab) -> None:
    lab.mta(ACORN).queue.smart_host = OAK
    assert targets(lab) == targets(lab, "x@nowhere.example") == [(RELAY, "203.0.113.9")]
    assert [hop for _, hop in lab.submit(message()).path] == [ACORN, RELAY, MX]
    assert [hop for _, hop in lab.submit(message("bob@forward.example")).path][:3] == [
        ACORN,
        RELAY,
        "mx.forward.example",
    ]
    lab.mta(ACORN).queue.smart_host = None
    assert lab.submit(message()).path[-1] == (ACORN, MX)


def test_a_smart_host_that_is_not_found(lab: Lab) -> None:
    """The message waits: the mistake is this host's."""
    lab.mta(ACORN).queue.smart_host = SmartHost("out.relay.invalid", 587, "a", "b")
    delivery = lab.submit(message())
    assert delivery.result == "delayed"
    lab.mta(ACORN).queue.smart_host = OAK
    lab.clock.advance(hours=1)
    assert delivery.result == "delivered"


# programs -----------------------------------------------------------------------------------------


def test_one_domain_after_the_other(lab: Lab) -> None:
    delivery = lab.deliver(message(f"{BOB}, bob@forward.example, x@nowhere.example"), MALLORY)
    assert [route.domain for route in delivery.routes] == [
        "birch.example",
        "forward.example",
        "nowhere.example",
    ]
    outcomes = [attempt.outcome for attempt in delivery.attempts]
    assert outcomes == ["relayed", "relayed", "failed"]
    assert delivery.result == "failed"
    assert len(lab.mailbox(BOB)) == 2


def test_the_message_goes_as_it_is_but_for_bcc(lab: Lab) -> None:
    made = EmailMessage()
    made["From"], made["To"], made["Bcc"] = "Alice <alice@acorn.example>", BOB, "erin@birch.example"
    made.set_content("größer\n", cte="8bit")
    lab.deliver(made, MALLORY)
    for box in (BOB, "erin@birch.example"):
        (mail,) = lab.mailbox(box)
        assert "größer".encode() in mail.raw
        assert b"Bcc" not in mail.raw
    assert made["Bcc"] == "erin@birch.example"


def test_a_second_exchanger_when_the_first_says_later(lab: Lab) -> None:
    lab.stop_host(MX)
    delivery = lab.deliver(message(), MALLORY)
    first, second = delivery.attempts
    assert "refused" in first.note
    assert (second.host, second.outcome, delivery.result) == (MX2, "relayed", "delivered")
    text = repr(delivery)
    assert "route for birch.example: try mx.birch.example 198.51.100.10" in text
    assert text.index("refused") < text.index("the server said 250")


def test_two_labs_say_the_same() -> None:
    said = []
    for _ in range(2):
        with Lab() as lab:
            lab.dns.zone("birch.example").set("@", "MX", f"10 {MX}", f"10 {MX2}")
            deliveries = [lab.deliver(message(), MALLORY) for _ in range(5)]
            said.append([repr(delivery) for delivery in deliveries])
    assert said[0] == said[1]
