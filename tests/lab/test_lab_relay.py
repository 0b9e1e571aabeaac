"""Who may send where: the relay table cell by cell with real clients, and how a server gets open unawares."""

from __future__ import annotations

import smtplib
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product

import pytest

from smtplab.lab.client import Session
from smtplab.lab.hosts import Host
from smtplab.lab.lab import Lab
from smtplab.lab.mta import Mta
from smtplab.lab.queue import GIVE_UP_AFTER
from smtplab.lab.relay import DEFERRED, DENIED, WHERE, WHO, RelayTable, Where, Who
from smtplab.mail.errors import LabError
from smtplab.mail.path import Path
from smtplab.mail.reply import Reply

SERVER = "mail.acorn.example"
LOGIN = "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA=="
RECIPIENTS: dict[Where, str] = {"local": "postmaster@acorn.example", "elsewhere": "bob@birch.example"}
SIX = list(product(WHO, WHERE))


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running
        running.settle()
        assert running._world.errors == []


@pytest.fixture
def server(lab: Lab) -> Mta:
    return lab.mta(SERVER)


def session_of(lab: Lab, who: Who) -> Session:
    """A session with the server, up to where RCPT may come: the printer, Alice or Mallory has the client."""
    if who == "authenticated":
        session = lab.connect(SERVER, 587)
        session.say("EHLO alice.home.example", "STARTTLS", "EHLO alice.home.example", LOGIN)
    else:
        source = "printer.acorn.example" if who == "inside" else "mail.mallory.example"
        session = lab.connect(SERVER, 25, source)
        session.say(f"EHLO {source}")
    session.say(f"MAIL FROM:<someone@{who}.example>")
    return session


def rcpt(lab: Lab, who: Who, where: Where) -> Reply:
    """What the server says to this kind of client about a recipient there."""
    with session_of(lab, who) as session:
        return session.say(f"RCPT TO:<{RECIPIENTS[where]}>")[0]


def outsider(lab: Lab, *lines: str) -> Reply:
    """The last reply to what a stranger says to the server on port 25."""
    with lab.connect(SERVER, 25, "mail.mallory.example") as session:
        return session.say("EHLO mail.mallory.example", *lines)[-1]


# The table ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "where"), SIX)
def test_each_cell_decides_for_its_own_clients_alone(lab: Lab, server: Mta, who: Who, where: Where) -> None:
    for answer, rest in product((True, False), (True, False)):
        for cell in SIX:
            server.relay.set(*cell, answer if cell == (who, where) else rest)
        replies = {cell: rcpt(lab, *cell) for cell in SIX}
        allowed = {cell for cell, reply in replies.items() if reply.code == 250}
        assert ((who, where) in allowed) is answer
        assert allowed - {(who, where)} == ({*SIX} - {(who, where)} if rest else set())
        assert {reply for cell, reply in replies.items() if cell not in allowed} <= {DENIED}


@pytest.mark.parametrize(("who", "where"), SIX)
def test_a_denied_recipient_gets_no_message_and_an_allowed_one_does(
    lab: Lab, server: Mta, who: Who, where: Where
) -> None:
    recipient = f"RCPT TO:<{RECIPIENTS[where]}>"
    server.relay.set(who, where, False)
    with session_of(lab, who) as session:
        assert [reply.code for reply in session.say(recipient, "DATA")] == [554, 503]
    server.relay.set(who, where, True)
    with session_of(lab, who) as session:
        session.say(recipient, "DATA", b"Subject: here\n\n")
    lab.settle()
    assert [mail["Subject"] for mail in lab.mailbox(RECIPIENTS[where])] == ["here"]


def test_what_a_server_does_unless_told_otherwise(lab: Lab, server: Mta) -> None:
    assert [rcpt(lab, *cell).code for cell in SIX] == [250, 250, 250, 250, 250, 554]
    assert not server.relay.is_open
    assert lab.mta("mail.mallory.example").relay.is_open


def test_a_change_holds_for_the_next_recipient_of_a_session(lab: Lab, server: Mta) -> None:
    with session_of(lab, "outsider") as session:
        asked = f"RCPT TO:<{RECIPIENTS['elsewhere']}>"
        codes = [session.say(asked)[0].code]
        for allowed in (True, False):
            server.relay.set("outsider", "elsewhere", allowed)
            codes.append(session.say(asked)[0].code)
        assert codes == [554, 250, 554]


def test_recipients_of_one_message_are_judged_one_by_one(lab: Lab) -> None:
    with session_of(lab, "outsider") as session:
        codes = [session.say(f"RCPT TO:<{RECIPIENTS[where]}>")[0].code for where in ("elsewhere", "local")]
        session.say("DATA", b"Subject: for one of two\n\n")
    lab.settle()
    assert codes == [554, 250]
    assert len(lab.mailbox("postmaster@acorn.example")) == 1
    assert lab.mailbox("bob@birch.example") == []
    assert list(lab.queue(SERVER)[0].outcomes) == ["postmaster@acorn.example"]


def test_a_client_that_said_helo_is_judged_alike(lab: Lab) -> None:
    with lab.connect(SERVER, 25, "mail.mallory.example") as session:
        replies = session.say("HELO x.example", "MAIL FROM:<>", "RCPT TO:<bob@birch.example>")
    assert replies[-1] == DENIED


def test_the_words_of_the_table_are_checked(server: Mta) -> None:
    with pytest.raises(LabError, match="inside, authenticated, outsider, each with local and elsewhere"):
        server.relay.set("insider", "elsewhere", True)  # type: ignore[arg-type]
    assert set(server.relay.allowed) == set(SIX)


# Who is who -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "address", "account", "who"),
    [
        ((), "192.0.2.10", "", "outsider"),
        (("192.0.2.0/28",), "192.0.2.15", "", "inside"),
        (("192.0.2.0/28",), "192.0.2.16", "", "outsider"),
        (("192.0.2.0/28",), "192.0.2.15", "alice", "authenticated"),
        (("192.0.2.0/28",), "203.0.113.66", "alice", "authenticated"),
        (("198.51.100.0/24", "192.0.2.7"), "192.0.2.7", "", "inside"),
        (("2001:db8:a::/48",), "2001:db8:a::10", "", "inside"),
        (("2001:db8:a::/48",), "2001:db8:b::10", "", "outsider"),
        (("0.0.0.0/0",), "2001:db8:a::10", "", "outsider"),
        (("0.0.0.0/0", "::/0"), "2001:db8:a::10", "", "inside"),
    ],
)
def test_who(inside: tuple[str, ...], address: str, account: str, who: Who) -> None:
    assert RelayTable(inside=inside).who(address, account) == who


@pytest.mark.parametrize(
    "wrong", ["192.0.2.10/24", "acorn.example", "192.0.2.0/33", "", "192.0.2", "\x1b[31m"]
)
def test_what_is_no_network_is_said_at_once(server: Mta, wrong: str) -> None:
    """Not in the middle of somebody's session, where it would be a 451."""
    with pytest.raises(LabError, match="Write a network such as"):
        server.relay.inside = ("198.51.100.0/24", wrong)
    assert server.relay.inside == ("192.0.2.0/28",)


def test_a_single_network_may_come_without_brackets() -> None:
    assert RelayTable(inside="192.0.2.0/24").inside == ("192.0.2.0/24",)  # type: ignore[arg-type]


def test_submission_asks_for_a_login_before_it_asks_where_to(lab: Lab) -> None:
    with lab.connect(SERVER, 465) as session:
        replies = session.say("EHLO me", "AUTH PLAIN AGFsaWNlAHdyb25n", "MAIL FROM:<alice@acorn.example>")
    assert [reply.code for reply in replies] == [250, 535, 530]


def test_being_inside_opens_no_submission_port(lab: Lab) -> None:
    """Inside counts where nobody logs in; ports 465 and 587 want a login from everyone."""
    with lab.connect(SERVER, 465, "printer.acorn.example") as session:
        assert session.say("EHLO me", "MAIL FROM:<scans@acorn.example>")[-1].code == 530


# What relay testers try ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("<bob%birch.example@acorn.example>", 550),  # the percent hack: local, and nobody's name
        ('<"bob@birch.example"@acorn.example>', 550),
        ("<birch.example!bob@acorn.example>", 550),
        ("<@acorn.example:bob@birch.example>", 554),  # a source route is dropped (RFC 5321 §4.1.1.3)
        ("<@acorn.example,@birch.example:bob@birch.example>", 554),
        ("<alice@sub.acorn.example>", 554),
        ("<alice@acorn.example.birch.example>", 554),
        ("<bob@[198.51.100.10]>", 554),
        ("<alice@ACORN.Example>", 250),
        ("<postmaster>", 250),
    ],
)
def test_no_way_of_writing_the_recipient_gets_around_the_table(lab: Lab, path: str, code: int) -> None:
    reply = outsider(lab, "MAIL FROM:<x@mallory.example>", f"RCPT TO:{path}")
    assert reply.code == code
    lab.settle()
    assert [transcript.server.host for transcript in lab.transcripts] == [SERVER]


@pytest.mark.parametrize("sender", ["alice@acorn.example", "root@mail.acorn.example", ""])
def test_no_sender_opens_the_way(lab: Lab, sender: str) -> None:
    """Anyone can write any sender: that one is local proves nothing about who sends."""
    assert outsider(lab, f"MAIL FROM:<{sender}>", "RCPT TO:<bob@birch.example>") == DENIED


def test_no_name_in_ehlo_makes_a_client_an_insider(lab: Lab) -> None:
    with lab.connect(SERVER, 25, "mail.mallory.example") as session:
        replies = session.say("EHLO [192.0.2.12]", "MAIL FROM:<>", "RCPT TO:<bob@birch.example>")
    assert replies[-1] == DENIED


def test_the_standard_librarys_client_meets_the_refusal(lab: Lab) -> None:
    with (
        lab.smtp(SERVER, 25, "visitor.example") as client,
        pytest.raises(smtplib.SMTPRecipientsRefused) as raised,
    ):
        client.sendmail("x@visitor.example", ["bob@birch.example"], "Subject: no\r\n\r\n")
    assert raised.value.recipients["bob@birch.example"][0] == 554


def swaks(program: str, lab: Lab, *words: str) -> str:
    host, port = lab.address(SERVER, 25)
    command = [program, "--server", host, "--port", str(port), "--to", "bob@birch.example", *words]
    return subprocess.run(
        [*command, "--from", "x@visitor.example", "--quit-after", "RCPT"],
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout


def test_swaks_from_outside(lab: Lab, server: Mta, need_program: Callable[..., str]) -> None:
    program = need_program("swaks")
    assert "<** 554 5.7.1 Relay access denied" in swaks(program, lab)
    server.relay.set("outsider", "elsewhere", True)
    assert "<-  250 2.1.5 Recipient OK, will relay" in swaks(program, lab)


# 454 and 554 ----------------------------------------------------------------------------------------


@pytest.fixture
def oak(lab: Lab) -> Mta:
    """Bob's exchanger, to which an MX record sends mail for a domain that it does not know."""
    lab.dns.add_zone("oak.example").set("@", "MX", "10 mx.birch.example")
    return lab.mta("mx.birch.example")


def to_oak(lab: Lab) -> None:
    lab.submit("From: alice@acorn.example\nTo: carol@oak.example\nSubject: to oak\n\nHello")


def test_a_queue_that_meets_554_gives_up_at_once(lab: Lab, oak: Mta) -> None:
    to_oak(lab)
    item = lab.queue(SERVER)[0]
    assert item.outcomes == {"carol@oak.example": "failed"}
    assert item.next_try is None
    lab.clock.advance(days=6)
    assert [attempt.reply for attempt in item.attempts] == [DENIED]


def test_a_queue_that_meets_454_keeps_trying_until_it_is_mended(lab: Lab, oak: Mta) -> None:
    oak.relay.denial = DEFERRED
    to_oak(lab)
    item = lab.queue(SERVER)[0]
    assert item.outcomes == {"carol@oak.example": "delayed"}
    lab.clock.advance(hours=2)
    assert len(item.attempts) == 4  # at once, and after 30, 60 and 120 minutes
    assert {attempt.reply for attempt in item.attempts} == {DEFERRED}
    oak.store.add("carol@oak.example")  # now the exchanger knows the domain
    lab.clock.advance(hours=2)
    assert item.outcomes == {"carol@oak.example": "relayed"}
    assert [mail["Subject"] for mail in lab.mailbox("carol@oak.example")] == ["to oak"]


def test_a_queue_that_meets_454_for_five_days_fails_in_the_end(lab: Lab, oak: Mta) -> None:
    oak.relay.denial = DEFERRED
    to_oak(lab)
    item = lab.queue(SERVER)[0]
    lab.clock.advance(days=6)
    assert item.outcomes == {"carol@oak.example": "failed"}
    assert item.attempts[-1].expired
    assert item.attempts[-1].when - item.accepted <= GIVE_UP_AFTER
    assert timedelta(days=5) == GIVE_UP_AFTER


@pytest.mark.parametrize("denial", [DENIED, DEFERRED])
def test_the_client_gets_the_reply_that_the_table_has(lab: Lab, server: Mta, denial: Reply) -> None:
    server.relay.denial = denial
    assert rcpt(lab, "outsider", "elsewhere") == denial
    assert (denial.code, denial.enhanced) in ((554, "5.7.1"), (454, "4.7.1"))


# Mallory --------------------------------------------------------------------------------------------


def abuse(lab: Lab, count: int = 1) -> None:
    """Mallory sends Bob something that Alice seems to have written."""
    for number in range(count):
        with lab.connect(SERVER, 25, "mail.mallory.example") as session:
            session.say("EHLO mail.mallory.example", f"MAIL FROM:<x{number}@mallory.example>")
            session.say("RCPT TO:<bob@birch.example>", "DATA", b"From: alice@acorn.example\n\nbuy\n")
    lab.settle()


def test_the_queue_and_the_log_show_the_abuse(lab: Lab, server: Mta) -> None:
    server.relay.set("outsider", "elsewhere", True)
    abuse(lab, 3)
    items = lab.queue(SERVER)
    assert [str(item.envelope.reverse_path) for item in items] == [
        f"<x{n}@mallory.example>" for n in range(3)
    ]
    assert {item.transcript.client.host for item in items} == {"mail.mallory.example"}
    assert all(item.outcomes == {"bob@birch.example": "relayed"} for item in items)
    hops = [(t.client.host, t.server.host) for t in lab.transcripts]
    assert (
        sorted(hops)
        == [("mail.acorn.example", "mx.birch.example")] * 3 + [("mail.mallory.example", SERVER)] * 3
    )
    mail = lab.mailbox("bob@birch.example")[0]
    assert mail.transcript.client.host == SERVER  # what Bob's server sees
    received = mail.message.get_all("Received")
    assert received
    assert "[203.0.113.66]" in received[1]  # and what the relay wrote down


def test_once_closed_nothing_more_goes_through(lab: Lab, server: Mta) -> None:
    server.relay.set("outsider", "elsewhere", True)
    abuse(lab)
    server.relay.set("outsider", "elsewhere", False)
    abuse(lab)
    assert len(lab.mailbox("bob@birch.example")) == 1
    assert len(lab.queue(SERVER)) == 1


def test_mail_taken_while_open_is_still_sent_after_closing(lab: Lab, server: Mta) -> None:
    """Closing the relay does not empty its queue: who has said 250 must deliver (RFC 5321 §6.1)."""
    server.relay.set("outsider", "elsewhere", True)
    mx = lab.mta("mx.birch.example")
    lab.mta("mx2.birch.example").relay.denial = mx.relay.denial = DEFERRED
    for exchanger in (mx, lab.mta("mx2.birch.example")):
        exchanger.relay.set("outsider", "local", False)
    abuse(lab)
    server.relay.set("outsider", "elsewhere", False)
    for exchanger in (mx, lab.mta("mx2.birch.example")):
        exchanger.relay.set("outsider", "local", True)
    assert lab.mailbox("bob@birch.example") == []
    lab.clock.advance(hours=1)
    assert len(lab.mailbox("bob@birch.example")) == 1


# The NAT trap ---------------------------------------------------------------------------------------


def behind_nat(lab: Lab, address: str = "192.0.2.1") -> None:
    lab.network.put_behind_nat(lab.network.host(SERVER), address)


def test_behind_nat_every_client_looks_local(lab: Lab, server: Mta) -> None:
    assert rcpt(lab, "outsider", "elsewhere") == DENIED
    behind_nat(lab)
    assert rcpt(lab, "outsider", "elsewhere").code == 250
    client = lab.transcripts[-1].client
    assert (client.host, client.address) == ("gateway.mail.acorn.example", "192.0.2.1")
    assert not server.relay.allowed["outsider", "elsewhere"]  # the table still says no
    assert not server.relay.is_open
    assert server.relay.relays_for("192.0.2.1")
    assert not server.relay.relays_for("203.0.113.66")


def test_behind_nat_the_trace_is_lost(lab: Lab, server: Mta) -> None:
    behind_nat(lab)
    abuse(lab)
    received = lab.mailbox("bob@birch.example")[0].message.get_all("Received")
    assert received
    assert "[192.0.2.1]" in received[1]
    assert "203.0.113.66" not in "".join(received)


def test_behind_nat_logging_in_works_as_before(lab: Lab, server: Mta) -> None:
    behind_nat(lab)
    assert [rcpt(lab, "authenticated", where).code for where in WHERE] == [250, 250]
    server.relay.set("authenticated", "elsewhere", False)
    assert rcpt(lab, "authenticated", "elsewhere") == DENIED


def test_the_trap_is_shut_by_trusting_no_network(lab: Lab, server: Mta) -> None:
    behind_nat(lab)
    server.relay.inside = ()
    assert rcpt(lab, "outsider", "elsewhere") == DENIED
    assert rcpt(lab, "inside", "elsewhere") == DENIED  # the printer pays for it: it has to log in
    assert rcpt(lab, "authenticated", "elsewhere").code == 250


def test_a_gateway_outside_the_networks_hides_the_insiders(lab: Lab) -> None:
    behind_nat(lab, "203.0.113.1")
    assert rcpt(lab, "inside", "elsewhere") == DENIED


def test_the_firewall_sees_the_client_and_not_the_gateway(lab: Lab) -> None:
    behind_nat(lab)
    with pytest.raises(LabError, match="home connections may not use port 25"):
        lab.connect(SERVER, 25, "alice.home.example")


def test_one_gateway_changes_nothing_for_other_hosts(lab: Lab) -> None:
    behind_nat(lab)
    with lab.connect("mx.birch.example", 25, "mail.mallory.example") as session:
        session.say("EHLO x.example")
        assert session.transcript.client.host == "mail.mallory.example"


def test_without_the_gateway_all_is_as_before(lab: Lab) -> None:
    behind_nat(lab)
    lab.network.gateways.pop(SERVER)
    assert rcpt(lab, "outsider", "elsewhere") == DENIED


def test_swaks_through_the_gateway(lab: Lab, need_program: Callable[..., str]) -> None:
    behind_nat(lab)
    assert "<-  250 2.1.5 Recipient OK, will relay" in swaks(need_program("swaks"), lab)


def test_networks_that_hold_everyone_make_everyone_an_insider(lab: Lab, server: Mta) -> None:
    server.relay.inside = ("0.0.0.0/0",)
    assert rcpt(lab, "outsider", "elsewhere").code == 250
    assert server.relay.relays_for("203.0.113.66")
    assert not server.relay.is_open


@pytest.mark.parametrize("address", ["gateway", "192.0.2.256", ""])
def test_a_gateway_has_an_address(lab: Lab, address: str) -> None:
    with pytest.raises(LabError, match="Write an IP address such as"):
        behind_nat(lab, address)
    assert rcpt(lab, "inside", "elsewhere").code == 250


# The cast -------------------------------------------------------------------------------------------


def test_the_insiders_of_the_cast(lab: Lab) -> None:
    inside = {name: mta.relay.inside for name, mta in lab.mtas.items() if mta.relay.inside}
    assert inside == {
        "mail.acorn.example": ("192.0.2.0/28",),
        "mx.birch.example": ("198.51.100.0/24",),
        "mx2.birch.example": ("198.51.100.0/24",),
    }
    who = {(server, host.name) for server, networks in inside.items() for host in lab.network.hosts.values()
           if RelayTable(networks).who(host.addresses[0], "") == "inside"}  # fmt: skip
    assert who == {
        *product(["mail.acorn.example"], ["mail.acorn.example", "printer.acorn.example"]),
        *product(
            ["mx.birch.example", "mx2.birch.example"],
            ["mx.birch.example", "mx2.birch.example", "imap.birch.example", "bob.birch.example"],
        ),
    }


def test_the_printer_is_there_but_not_on_the_map(lab: Lab) -> None:
    assert lab.network.host("192.0.2.12") == Host("printer.acorn.example", ("192.0.2.12",))
    assert str(lab.resolve("12.2.0.192.in-addr.arpa", "PTR")[0]) == "printer.acorn.example."
    assert "printer.acorn.example" not in [place.name for place in lab.topology().places]
    assert lab.mta(SERVER).store.find(Path.of("printer@acorn.example")) is None
