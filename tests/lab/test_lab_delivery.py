"""From submission to mailbox: routes, retries, failures, and what a Delivery tells about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest

from smtplab.lab.delivery import Delivery
from smtplab.lab.lab import Lab
from smtplab.lab.queue import SmartHost
from smtplab.lab.schedule import Schedule
from smtplab.mail.errors import LabError
from smtplab.mail.reply import Reply
from smtplab.mail.transcript import Side

BOB = "bob@birch.example"
HELLO = "From: alice@acorn.example\nTo: {}\nSubject: {}\n\nHello\n"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


def submit(lab: Lab, to: str = BOB, subject: str = "hello") -> Delivery:
    return lab.submit(HELLO.format(to, subject))


def answer(lab: Lab, host: str, method: str, *replies: Reply) -> None:
    """Make the MTA on `host` give `replies` to its next questions of this kind, then its own answers."""
    mta = lab.mta(host)
    own, canned = getattr(mta, method), iter(replies)

    async def say(*arguments):
        return next(canned, None) or await own(*arguments)

    setattr(mta, method, say)


def attempts(delivery: Delivery) -> list[tuple[str, str, int | None, str]]:
    """Host, recipient, code and outcome of every try of the first MTA."""
    return [
        (a.host, a.recipient.path.address, a.reply.code if a.reply else None, a.outcome)
        for a in delivery.items()[0].attempts
    ]


# the straight way -------------------------------------------------------------------------------


def test_from_alice_to_bob(lab: Lab) -> None:
    delivery = submit(lab)
    assert delivery.result == "delivered"
    assert str(delivery.reply).startswith("250 2.0.0 OK, queued as ")
    assert delivery.path == [
        ("alice.home.example", "mail.acorn.example"),
        ("mail.acorn.example", "mx.birch.example"),
    ]
    [mail] = lab.mailbox(BOB)
    assert mail.message.get_content() == "Hello\r\n"
    assert mail["Subject"] == "hello"
    hops = mail.message.get_all("Received")
    assert hops and len(hops) == 2
    assert hops[0].startswith(
        "from mail.acorn.example (mail.acorn.example [192.0.2.10])\tby mx.birch.example"
    )
    assert hops[1].startswith(
        "from alice.home.example (alice.home.example [203.0.113.77])\tby mail.acorn.example"
    )
    assert " with ESMTPS id " in hops[0]
    assert " with ESMTPSA id " in hops[1]
    assert delivery.transcripts[-1].tls
    text = repr(delivery)
    assert text.startswith("✓ delivered  delivery: ")
    assert "→ <bob@birch.example> to mx.birch.example: the server said 250 2.0.0 OK, queued as" in " ".join(
        text.split()
    )


@pytest.mark.parametrize("kind", [str, bytes, EmailMessage])
def test_a_message_as_text_bytes_or_record(lab: Lab, kind: type) -> None:
    if kind is EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "alice@acorn.example", BOB, "hello"
        message.set_content("Grüße\n")
    else:
        text = HELLO.format(BOB, "hello").replace("Hello", "Grüße")
        message = text if kind is str else text.encode()  # type: ignore[assignment]
    assert lab.submit(message).result == "delivered"
    assert "Grüße" in lab.mailbox(BOB)[0].message.get_content() or "Gr" in str(lab.mailbox(BOB)[0])


def test_to_cc_and_bcc(lab: Lab) -> None:
    delivery = lab.submit(
        "From: alice@acorn.example\nTo: bob@birch.example\nCc: Post <postmaster@birch.example>\n"
        "Bcc: alice@acorn.example\nSubject: three\n\nHello\n"
    )
    assert delivery.result == "delivered"
    for box in (BOB, "postmaster@birch.example", "alice@acorn.example"):
        [mail] = lab.mailbox(box)
        assert mail["Bcc"] is None
        assert b" for <" not in mail.raw.replace(b"\r\n\t", b" ")
    assert len(delivery.transcripts) == 2  # one connection for both of birch.example's


def test_local_recipients_stay(lab: Lab) -> None:
    delivery = submit(lab, "alice@acorn.example")
    assert delivery.result == "delivered"
    assert delivery.path == [("alice.home.example", "mail.acorn.example")]


def test_two_domains_two_connections(lab: Lab) -> None:
    delivery = submit(lab, "bob@birch.example, postmaster@relay.example")
    assert delivery.result == "delivered"
    assert [server for _, server in delivery.path] == [
        "mail.acorn.example",
        "mx.birch.example",
        "out.relay.example",
    ]


def test_a_forwarder_and_a_list(lab: Lab) -> None:
    delivery = submit(lab, "bob@forward.example, trees@list.example")
    assert delivery.result == "delivered"
    assert [mail["Subject"] for mail in lab.mailbox(BOB)] == ["hello", "hello"]
    assert len(lab.mailbox("alice@acorn.example")) == 1
    assert {str(mail.reverse_path) for mail in lab.mailbox(BOB)} == {"<alice@acorn.example>"}
    assert len(delivery.path) == len(set(delivery.path)) == 6
    assert lab.queue("mx.list.example")[0].outcomes["trees@list.example"] == "expanded"


def test_an_alias_that_goes_round(lab: Lab) -> None:
    """RFC 5321 §6.3: a loop is found by counting Received fields, and ends."""
    lab.mta("mx.forward.example").aliases["bob@forward.example"] = ("trees@list.example",)
    lab.mta("mx.list.example").aliases["trees@list.example"] = ("bob@forward.example",)
    delivery = submit(lab, "bob@forward.example")
    assert delivery.result == "failed"
    last = [item for item in delivery.items() if item.attempts][-1].attempts[-1]
    assert last.reply
    assert (last.reply.code, last.reply.enhanced) == (554, "5.4.6")


def test_the_smart_host_takes_everything(lab: Lab) -> None:
    lab.mta("mail.acorn.example").queue.smart_host = SmartHost(
        "out.relay.example", 587, "acorn@relay.example", "oak"
    )
    delivery = submit(lab, "bob@birch.example, postmaster@list.example")
    assert delivery.result == "delivered"
    assert [server for _, server in delivery.path] == [
        "mail.acorn.example",
        "out.relay.example",
        "mx.birch.example",
        "mx.list.example",
    ]
    assert delivery.transcripts[1].server.port == 587
    assert " with ESMTPSA id " in (lab.mailbox(BOB)[0].message.get_all("Received") or [])[1]


def test_a_smart_host_that_does_not_know_us(lab: Lab) -> None:
    lab.mta("mail.acorn.example").queue.smart_host = SmartHost(
        "out.relay.example", 587, "acorn@relay.example", "elm"
    )
    delivery = submit(lab)
    assert attempts(delivery) == [("out.relay.example", BOB, 535, "failed")]


def test_the_next_hop_checks_no_certificate_the_smart_host_does(lab: Lab) -> None:
    """Between strangers TLS is opportunistic; with one's own relay it is not."""
    lab.use_certificate("mx.birch.example", "self-signed")
    assert submit(lab).result == "delivered"
    lab.use_certificate("out.relay.example", "self-signed")
    lab.mta("mail.acorn.example").queue.smart_host = SmartHost(
        "out.relay.example", 587, "acorn@relay.example", "oak"
    )
    assert submit(lab).result == "delayed"
    assert len(lab.mailbox(BOB)) == 1


# the message on the way -------------------------------------------------------------------------


def test_the_message_stays_as_it_is(lab: Lab) -> None:
    body = b".\r\n..\r\n.dot\r\n\r\n\tTab \r\n\xff\x80 8 bit\r\n" + b"x" * 998 + b"\r\n\r\n\r\n"
    with lab.connect("mail.acorn.example", 465) as session:
        session.say("EHLO a", "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA==")
        session.say("MAIL FROM:<alice@acorn.example> BODY=8BITMIME", f"RCPT TO:<{BOB}>")
        assert session.chunk(b"Subject: as it is\r\n\r\n" + body, last=True).code == 250
    lab.settle()
    assert lab.mailbox(BOB)[0].raw.partition(b"\r\n\r\n")[2] == body
    relayed = lab.transcripts[-1].text()
    assert "BODY=8BITMIME" in relayed
    assert "SIZE=" in relayed


def test_the_submission_server_adds_what_is_missing(lab: Lab) -> None:
    submit(lab)
    [mail] = lab.mailbox(BOB)
    assert mail["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert (mail["Message-ID"] or "").startswith("<20260302090000.")
    lab.submit(
        "From: alice@acorn.example\nTo: bob@birch.example\ndate: x\nMESSAGE-ID: <y@z.example>\n\nHello\n"
    )
    raw = lab.mailbox(BOB)[1].raw.lower()
    assert raw.count(b"\r\ndate: ") == raw.count(b"\r\nmessage-id: ") == 1


def test_an_address_beyond_ascii(lab: Lab) -> None:
    lab.mta("mx.birch.example").store.add("bjørn@birch.example")
    with lab.connect("mail.acorn.example", 465) as session:
        session.say("EHLO a", "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA==")
        session.say("MAIL FROM:<alice@acorn.example> SMTPUTF8", "RCPT TO:<bjørn@birch.example>")
        session.say("DATA", "Subject: hallå\n\nhej\n".encode())
    lab.settle()
    [mail] = lab.mailbox("bjørn@birch.example")
    assert " with UTF8SMTPS id " in str(mail)
    assert "SMTPUTF8" in lab.transcripts[-1].text()


def test_an_address_beyond_ascii_and_an_mx_that_cannot(lab: Lab) -> None:
    lab.mta("mx.birch.example").store.add("bjørn@birch.example")
    lab.mta("mx.birch.example").extensions.remove("SMTPUTF8")
    with lab.connect("mail.acorn.example", 465) as session:
        session.say("EHLO a", "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA==")
        session.say(
            "MAIL FROM:<alice@acorn.example> SMTPUTF8",
            "RCPT TO:<bjørn@birch.example>",
            "DATA",
            b"Subject: x\n",
        )
    lab.settle()
    assert lab.mailbox("bjørn@birch.example") == []
    assert lab.queue("mail.acorn.example")[0].outcomes == {"bjørn@birch.example": "failed"}


# refusals ---------------------------------------------------------------------------------------


def test_a_refused_recipient_and_an_accepted_one(lab: Lab) -> None:
    delivery = submit(lab, "nobody@birch.example, bob@birch.example")
    assert delivery.result == "failed"
    assert lab.queue("mail.acorn.example")[0].outcomes == {"nobody@birch.example": "failed", BOB: "relayed"}
    assert attempts(delivery) == [
        ("mx.birch.example", "nobody@birch.example", 550, "failed"),
        ("mx.birch.example", BOB, 250, "relayed"),
    ]
    assert len(lab.mailbox(BOB)) == 1


def test_all_recipients_refused_no_message_is_sent(lab: Lab) -> None:
    delivery = submit(lab, "nobody@birch.example")
    assert delivery.result == "failed"
    assert "DATA" not in delivery.transcripts[-1].text()


def test_the_submission_server_refuses(lab: Lab) -> None:
    """A refusal is a value: nothing is raised, and the reply says why."""
    delivery = lab.submit("From: alice@acorn.example\nTo: nobody@acorn.example\n\nHello\n")
    assert delivery.result == "failed"
    assert (delivery.reply.code, delivery.reply.enhanced) == (550, "5.1.1")
    assert delivery.items() == []
    lab.mta("mail.acorn.example").limits.size = 100
    delivery = submit(lab, BOB, "x" * 100)
    assert delivery.result == "failed"
    assert delivery.reply.code == 552


def test_who_may_submit(lab: Lab) -> None:
    with pytest.raises(LabError, match="no user 'bob' who can submit here"):
        lab.submit(HELLO.format(BOB, "x"), user="bob")


@pytest.mark.parametrize("method", ["may_send", "may_receive", "accept"])
def test_refused_by_the_mx_for_good(lab: Lab, method: str) -> None:
    answer(lab, "mx.birch.example", method, Reply(550, "5.7.1", ("We do not like you",)))
    delivery = submit(lab)
    assert delivery.result == "failed"
    assert attempts(delivery) == [("mx.birch.example", BOB, 550, "failed")]
    assert lab.queue("mail.acorn.example")[0].next_try is None
    lab.clock.advance(days=6)
    assert len(attempts(delivery)) == 1


# later ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["may_send", "may_receive", "accept"])
def test_refused_for_now_the_second_mx_is_tried_at_once(lab: Lab, method: str) -> None:
    """RFC 5321 §5.1: the other exchangers, in order of preference."""
    answer(lab, "mx.birch.example", method, Reply(451, "4.7.1", ("Not now",)))
    delivery = submit(lab)
    assert delivery.result == "delivered"
    assert attempts(delivery) == [
        ("mx.birch.example", BOB, 451, "delayed"),
        ("mx2.birch.example", BOB, 250, "relayed"),
    ]
    assert len(lab.mailbox(BOB)) == 1


def test_greylisting(lab: Lab) -> None:
    """Both exchangers say: come again later. Half an hour later they agree."""
    later = Reply(450, "4.7.1", ("Greylisted",))
    answer(lab, "mx.birch.example", "may_receive", later)
    answer(lab, "mx2.birch.example", "may_receive", later)
    delivery = submit(lab)
    begun = lab.clock.now()
    assert delivery.result == "delayed"
    [item] = lab.queue("mail.acorn.example")
    assert item.next_try == begun + timedelta(minutes=30)
    lab.clock.advance(minutes=29)
    assert delivery.result == "delayed"
    lab.clock.advance(minutes=2)
    assert delivery.result == "delivered"
    assert [a.when - begun for a in item.attempts] == [timedelta(0)] * 2 + [timedelta(minutes=30)]
    assert "09:30:00" in (lab.mailbox(BOB)[0].message.get_all("Received") or [])[0]
    assert item.next_try is None


def test_only_who_was_delayed_is_tried_again(lab: Lab) -> None:
    for host in ("mx.birch.example", "mx2.birch.example"):
        answer(lab, host, "may_receive", Reply(452, "4.2.2", ("Mailbox full",)))
    delivery = submit(lab, "bob@birch.example, postmaster@birch.example, nobody@birch.example")
    outcomes = lab.queue("mail.acorn.example")[0].outcomes
    assert outcomes == {
        BOB: "delayed",
        "postmaster@birch.example": "relayed",
        "nobody@birch.example": "failed",
    }
    lab.clock.advance(hours=1)
    assert outcomes[BOB] == "relayed"
    assert attempts(delivery) == [
        ("mx.birch.example", BOB, 452, "delayed"),
        ("mx.birch.example", "postmaster@birch.example", 250, "relayed"),
        ("mx.birch.example", "nobody@birch.example", 550, "failed"),
        ("mx2.birch.example", BOB, 452, "delayed"),
        ("mx.birch.example", BOB, 250, "relayed"),
    ]
    assert len(lab.mailbox(BOB)) == len(lab.mailbox("postmaster@birch.example")) == 1


def test_five_days_and_no_longer(lab: Lab) -> None:
    """RFC 5321 §4.5.4.1: retries further and further apart, given up after five days."""
    lab.dns.zone("birch.example").set("@", "MX", "10 gone.birch.example")
    lab.dns.zone("birch.example").set("gone", "A", "198.51.100.99")
    delivery = submit(lab)
    assert delivery.result == "delayed"
    lab.clock.advance(days=4, hours=23)
    assert delivery.result == "delayed"
    lab.clock.advance(hours=2)
    assert delivery.result == "failed"
    item = lab.queue("mail.acorn.example")[0]
    assert tuple(attempt.when - item.accepted for attempt in item.attempts) == Schedule().ages()
    assert all(a.reply is None and a.note for a in item.attempts)
    assert [a.expired for a in item.attempts] == [False] * (len(item.attempts) - 1) + [True]
    assert item.attempts[-1].status == "4.4.7"
    lab.clock.advance(days=1)
    assert len(item.attempts) == len(Schedule().ages())


def test_a_first_mx_that_nobody_answers_at(lab: Lab) -> None:
    lab.dns.zone("birch.example").set("@", "MX", "5 mx.birch.example.nowhere.example", "20 mx2.birch.example")
    delivery = submit(lab)
    assert delivery.result == "delivered"
    assert [(host, outcome) for host, _, _, outcome in attempts(delivery)] == [
        ("mx2.birch.example", "relayed")
    ]


def test_a_first_mx_at_an_address_that_nobody_has(lab: Lab) -> None:
    lab.dns.zone("birch.example").set("mx", "A", "198.51.100.99")
    lab.dns.zone("birch.example").delete("mx", "AAAA")
    delivery = submit(lab)
    assert delivery.result == "delivered"
    assert [(host, outcome) for host, _, _, outcome in attempts(delivery)] == [
        ("mx.birch.example", "delayed"),
        ("mx2.birch.example", "relayed"),
    ]


def test_a_dropped_connection_is_tried_again(lab: Lab) -> None:
    tap = lab.network.tap("mx.birch.example", 25)
    lab.mta("mx.birch.example").extensions.remove("STARTTLS")  # the network sees only what is in clear
    tap.drop(b"MAIL FROM")
    lab.dns.zone("birch.example").set("@", "MX", "10 mx.birch.example")
    delivery = submit(lab)
    assert delivery.result == "delayed"
    [attempt] = lab.queue("mail.acorn.example")[0].attempts
    assert attempt.reply is None
    assert attempt.note
    assert attempt.transcript
    tap.drops.clear()
    lab.clock.advance(hours=1)
    assert delivery.result == "delivered"


def test_a_server_that_says_421_and_hangs_up(lab: Lab) -> None:
    for host in ("mx.birch.example", "mx2.birch.example"):
        answer(lab, host, "may_send", Reply(421, "4.3.2", ("Shutting down",)))
    delivery = submit(lab)
    assert delivery.result == "delayed"
    assert [code for _, _, code, _ in attempts(delivery)] == [421, 421]
    lab.clock.advance(hours=1)
    assert delivery.result == "delivered"


def test_a_greeting_that_never_comes(lab: Lab) -> None:
    for host in ("mx.birch.example", "mx2.birch.example"):
        lab.network.tap(host, 25).drop(b"220 ", Side.SERVER)
    delivery = submit(lab)
    assert attempts(delivery) == [
        ("mx.birch.example", BOB, None, "delayed"),
        ("mx2.birch.example", BOB, None, "delayed"),
    ]


# routes -----------------------------------------------------------------------------------------


def test_exchangers_in_order_of_preference(lab: Lab) -> None:
    lab.dns.zone("birch.example").set("@", "MX", "20 mx.birch.example", "10 mx2.birch.example")
    assert submit(lab).path[-1] == ("mail.acorn.example", "mx2.birch.example")


def test_no_mx_the_address_will_do(lab: Lab) -> None:
    """RFC 5321 §5.1: the implicit MX."""
    lab.dns.zone("birch.example").delete("@", "MX")
    lab.dns.zone("birch.example").set("@", "A", "198.51.100.11")
    delivery = submit(lab)
    assert delivery.path[-1] == ("mail.acorn.example", "mx2.birch.example")  # whoever has the address
    assert delivery.result == "delivered"


def test_the_null_mx(lab: Lab) -> None:
    """RFC 7505 §3: this domain takes no mail, and says so at once instead of for five days."""
    lab.dns.zone("birch.example").set("@", "MX", "0 .")
    assert attempts(submit(lab)) == [("birch.example", BOB, 556, "failed")]


def test_a_domain_without_anything(lab: Lab) -> None:
    lab.dns.zone("birch.example").delete("@", "MX")
    assert attempts(submit(lab)) == [("birch.example", BOB, 550, "failed")]


def test_a_domain_that_is_not_there(lab: Lab) -> None:
    assert attempts(submit(lab, "x@nowhere.example")) == [
        ("nowhere.example", "x@nowhere.example", 550, "failed")
    ]


def test_an_alias_in_the_dns(lab: Lab) -> None:
    lab.dns.zone("forward.example").set("shop", "CNAME", "birch.example.")
    delivery = submit(lab, "bob@shop.forward.example")
    assert attempts(delivery) == [("mx.birch.example", "bob@shop.forward.example", 554, "failed")]


def test_dns_that_does_not_answer(lab: Lab) -> None:
    """No answer is not "no": the message waits (RFC 5321 §5.1)."""
    lab.dns.fault("birch.example", "servfail")
    delivery = submit(lab)
    assert delivery.result == "delayed"
    assert "451 4.4.3 The DNS did not answer" in str(lab.queue("mail.acorn.example")[0].attempts[0].reply)
    lab.dns.mend()
    lab.clock.advance(hours=1)
    assert delivery.result == "delivered"


def test_an_address_literal(lab: Lab) -> None:
    lab.mta("mx.birch.example").store.add("bob@[198.51.100.10]")
    delivery = submit(lab, "bob@[198.51.100.10]")
    assert delivery.path[-1] == ("mail.acorn.example", "mx.birch.example")
    assert delivery.result == "delivered"


def test_the_second_mx_shares_the_mailboxes(lab: Lab) -> None:
    for host in ("mx.birch.example", "mx2.birch.example"):
        with lab.connect(host) as session:
            session.say("EHLO x", "MAIL FROM:<>", f"RCPT TO:<{BOB}>", "DATA", b"Subject: x\n", "QUIT")
    assert [mail.transcript.server.host for mail in lab.mailbox(BOB)] == [
        "mx.birch.example",
        "mx2.birch.example",
    ]


# what a Delivery tells --------------------------------------------------------------------------


def test_a_delivery_looks_again_each_time(lab: Lab) -> None:
    for host in ("mx.birch.example", "mx2.birch.example"):
        answer(lab, host, "may_receive", Reply(450, "4.7.1", ("Greylisted",)))
    delivery = submit(lab)
    before = delivery.verdict()
    lab.clock.advance(hours=1)
    after = delivery.verdict()
    assert (before.result, after.result) == ("delayed", "delivered")
    assert len(after.steps) == len(before.steps) + 1
    assert before.to_dict()["method"] == "delivery"


def test_deliveries_are_told_apart(lab: Lab) -> None:
    one, other = submit(lab, BOB, "one"), submit(lab, BOB, "other")
    assert one.items()[0].id != other.items()[0].id
    assert one.transcript is not other.transcript
    assert set(map(id, one.transcripts)).isdisjoint(map(id, other.transcripts))


def test_hostile_text_in_a_verdict_is_made_visible(lab: Lab) -> None:
    answer(lab, "mx.birch.example", "accept", Reply(554, "5.7.1", ("\x1b[31m<script>\u202e",)))
    text = repr(submit(lab))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<script>" in text


def test_an_unknown_mailbox_and_an_unknown_mta_are_explained(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"no mailbox 'carol@birch.example'.*There are: .*bob@birch.example"):
        lab.mailbox("carol@birch.example")
    with pytest.raises(LabError, match=r"No MTA runs on 'alice.home.example'.*mail.acorn.example"):
        lab.queue("alice.home.example")


def test_submission_in_a_row(lab: Lab) -> None:
    """A hundred messages, none lost, none twice, in order."""
    for number in range(100):
        submit(lab, BOB, str(number))
    assert [mail["Subject"] for mail in lab.mailbox(BOB)] == [str(number) for number in range(100)]
