"""The lab is closed: whatever is asked of it, no packet leaves loopback and no real name is looked up.

Each test writes down what the whole process does with sockets, in every thread, by an audit hook of its
own (conftest.py has another, which refuses). The names are real ones; none is ever asked for outside.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from ipaddress import ip_address

import dns.resolver
import psutil
import pytest

from smtplab.lab.lab import Lab
from smtplab.lab.queue import Item, SmartHost
from smtplab.mail.errors import LabError

SEEN: list[tuple[str, object]] = []
WATCHING = False


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if WATCHING and event in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"):
        SEEN.append((event, arguments[1]))
    elif WATCHING and event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        SEEN.append((event, arguments[0]))


sys.addaudithook(_hook)


@pytest.fixture
def watched() -> Iterator[list[tuple[str, object]]]:
    """What was done with sockets: at the end of the test all of it must be on loopback."""
    global WATCHING
    SEEN.clear()
    WATCHING = True
    yield SEEN
    WATCHING = False
    assert SEEN, "the hook saw nothing, so it shows nothing"
    for event, where in SEEN:
        assert event in ("socket.connect", "socket.bind", "socket.sendto"), (event, where)
        assert isinstance(where, tuple)
        assert where[0] == "127.0.0.1", (event, where)


@pytest.fixture
def lab(watched: list[tuple[str, object]]) -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


def relay(lab: Lab, *recipients: str) -> dict[str, str]:
    """Hand a message for `recipients` to Mallory's open relay, and return what became of it there."""
    with lab.connect("mail.mallory.example") as session:
        session.say("EHLO mail.acorn.example", "MAIL FROM:<alice@acorn.example>")
        for recipient in recipients:
            reply = session.send(f"RCPT TO:<{recipient}>")
            assert reply
            assert reply.code == 250
        session.say("DATA", b"Subject: out\n\nLet me out.\n", "QUIT")
    lab.settle()
    return dict(taken(lab).outcomes)


def taken(lab: Lab) -> Item:
    """The last message that Mallory's relay took from a client; what it makes itself are bounces."""
    return [item for item in lab.queue("mail.mallory.example") if item.transcript][-1]


def test_the_whole_cast_stays_on_loopback(lab: Lab, watched: list[tuple[str, object]]) -> None:
    for number in range(3):
        lab.submit(
            f"From: alice@acorn.example\nTo: bob@birch.example, trees@list.example, bob@forward.example\n"
            f"Subject: {number}\n\nHello\n"
        )
    for name, mta in lab.mtas.items():
        for tap in lab.network.taps(mta.host):
            with lab.connect(name, tap.port, source="visitor.example") as session:
                session.say("EHLO visitor.example", "QUIT")
    lab.smtp("mail.acorn.example").quit()
    lab.smtp_ssl("mail.acorn.example").quit()
    lab.resolve("birch.example", "MX")
    lab.clock.advance(days=6)
    assert len(lab.mailbox("bob@birch.example")) == 9
    assert len([where for event, where in watched if event == "socket.connect"]) > 20


def test_every_listener_is_on_loopback(lab: Lab) -> None:
    mine = [
        c for c in psutil.Process().net_connections("inet") if c.status == psutil.CONN_LISTEN or not c.raddr
    ]
    ports = {tap.real[1] for mta in lab.mtas.values() for tap in lab.network.taps(mta.host)}
    assert ports <= {c.laddr.port for c in mine}
    assert {c.laddr.ip for c in mine if c.laddr.port in ports} == {"127.0.0.1"}
    assert {c.laddr.ip for c in mine if c.laddr.port == lab.dns.address[1]} == {"127.0.0.1"}


@pytest.mark.parametrize(
    "recipient",
    [
        "someone@gmail.com",
        "someone@iana.org",
        "someone@example.com",
        "someone@localhost",
        "someone@xn--bcher-kva.example",
        "someone@a.root-servers.net",
    ],
)
def test_mail_for_the_real_world_fails_inside(lab: Lab, recipient: str) -> None:
    """There is no such domain: the lab's DNS has the root, and says so."""
    assert relay(lab, recipient) == {recipient: "failed"}
    [attempt] = taken(lab).attempts
    assert attempt.reply
    assert (attempt.reply.code, attempt.reply.enhanced) == (550, "5.1.2")
    assert attempt.transcript is None
    asked = {query.name: query.rcode for query in lab.dns.queries if query.rdtype == "MX"}
    assert asked[recipient.partition("@")[2]] == "NXDOMAIN"


@pytest.mark.parametrize("literal", ["[8.8.8.8]", "[169.254.169.254]"])
def test_an_address_literal_leads_nowhere(lab: Lab, literal: str) -> None:
    """Only to the lab's hosts."""
    assert relay(lab, f"root@{literal}") == {f"root@{literal}": "delayed"}
    [attempt] = taken(lab).attempts
    assert attempt.reply is None
    assert attempt.transcript is None


@pytest.mark.parametrize(
    ("literal", "enhanced"),
    [
        ("[127.0.0.1]", "5.4.6"),
        ("[0.0.0.0]", "5.4.6"),
        ("[IPv6:::1]", "5.4.6"),
        ("[IPv6:2606:4700::1]", "5.4.4"),  # Mallory has no IPv6 address
    ],
)
def test_an_address_literal_for_this_machine(lab: Lab, literal: str, enhanced: str) -> None:
    """Its own servers are not reached: no connection is opened at all."""
    assert relay(lab, f"root@{literal}") == {f"root@{literal}": "failed"}
    [attempt] = taken(lab).attempts
    assert attempt.reply
    assert attempt.reply.enhanced == enhanced
    assert attempt.transcript is None


@pytest.mark.parametrize("exchanger", ["gmail-smtp-in.l.google.com.", "localhost.", "nowhere.example."])
def test_an_mx_that_points_outside_leads_nowhere(lab: Lab, exchanger: str) -> None:
    lab.dns.zone("mallory.example").set("out", "MX", f"10 {exchanger}")
    assert relay(lab, "x@out.mallory.example") == {"x@out.mallory.example": "failed"}
    [attempt] = taken(lab).attempts
    assert attempt.reply
    assert attempt.reply.enhanced == "5.4.4"


def test_an_address_record_that_points_outside_leads_nowhere(lab: Lab) -> None:
    lab.dns.zone("mallory.example").set("trap", "A", "8.8.8.8")
    assert relay(lab, "x@trap.mallory.example") == {"x@trap.mallory.example": "delayed"}


def test_submission_to_the_real_world(lab: Lab) -> None:
    delivery = lab.submit("From: alice@acorn.example\nTo: someone@gmail.com\nSubject: out\n\nHello\n")
    assert delivery.result == "failed"
    assert delivery.path == [("alice.home.example", "mail.acorn.example")]


@pytest.mark.parametrize("host", ["smtp.gmail.com", "8.8.8.8", "127.0.0.1", "localhost", "::1"])
def test_a_learner_cannot_connect_outside(lab: Lab, host: str) -> None:
    for connect in (lab.connect, lab.smtp, lab.smtp_ssl, lab.address):
        with pytest.raises(LabError, match="There is no host"):
            connect(host, 25)


@pytest.mark.parametrize("name", ["gmail.com", "www.iana.org", "a.root-servers.net", "localhost", "com"])
def test_real_names_do_not_exist(lab: Lab, name: str) -> None:
    with pytest.raises(dns.resolver.NXDOMAIN):
        lab.resolve(name, "A")
    with pytest.raises(dns.resolver.NXDOMAIN):
        lab.resolve(name, "MX")
    assert lab.dns.queries[-1].rcode == "NXDOMAIN"


def test_a_smart_host_outside(lab: Lab) -> None:
    lab.mta("mail.acorn.example").queue.smart_host = SmartHost("smtp.gmail.com", 587, "alice", "secret")
    delivery = lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: out\n\nHello\n")
    assert delivery.result == "delayed"


def test_all_addresses_are_for_documentation(lab: Lab) -> None:
    """RFC 5737 §3, RFC 3849 §2, so that nobody's address appears in a lesson; the names are reserved."""
    for host in lab.network.hosts.values():
        assert host.name.endswith(".example")
        assert all(ip_address(address).is_private for address in host.addresses)


def test_the_hook_sees(watched: list[tuple[str, object]]) -> None:
    """A test that cannot fail is worse than none: a bind elsewhere on this machine is seen."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.2", 0))
    assert watched.pop() == ("socket.bind", ("127.0.0.2", 0))
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
