"""The blocklist: what it answers over DNS, how one gets on it, what that costs, and how one gets off."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest

from smtplab.lab.blocklist import AskBlocklist, Blocklist, SpamTrap
from smtplab.lab.delivery import Delivery
from smtplab.lab.lab import Lab
from smtplab.mail.errors import LabError, RecordError
from smtplab.mail.reply import Reply

SERVER = "mail.acorn.example"
TRAP = "trap@birch.example"
BLOCKED = Reply(554, "5.7.1", ("Service unavailable; Client host [192.0.2.10] blocked using bl.example",))


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running
        running.settle()
        assert running._world.errors == []


@pytest.fixture
def listing(lab: Lab) -> Blocklist:
    """The list, which Bob's exchanger asks and his trap feeds."""
    lab.blocklist.protect(lab.mta("mx.birch.example"), TRAP)
    return lab.blocklist


@pytest.fixture
def dig(lab: Lab, need_program: Callable[..., str]) -> Callable[..., list[str]]:
    """Asks the lab's DNS as anyone would: the status, then the answers."""
    program = need_program("dig")
    host, port = lab.dns.address

    def ask(name: str, rdtype: str = "A") -> list[str]:
        command = [
            program,
            f"@{host}",
            "-p",
            str(port),
            "+tries=1",
            "+time=5",
            "+noall",
            "+comments",
            "+answer",
        ]
        said = subprocess.run([*command, name, rdtype], capture_output=True, text=True, timeout=30).stdout
        status = said.partition("status: ")[2].partition(",")[0]
        answers = [line.split(None, 4)[4] for line in said.splitlines() if line and line[0] != ";"]
        return [status, *answers]

    return ask


def listed(lab: Lab, address: str) -> bool:
    """Whether the list, asked over DNS, has this address."""
    names = [record.name for record in lab.dns.zone("bl.example") if record.rdtype == "A"]
    return lab.blocklist.name(address).removesuffix(".bl.example") in names


def spam(lab: Lab, *recipients: str, through: str = SERVER) -> Reply:
    """Mallory's message: the reply to its last line, or the one that stopped her."""
    with lab.connect(through, 25, "mail.mallory.example") as session:
        session.say("EHLO mail.mallory.example", "MAIL FROM:<x@mallory.example>")
        replies = session.say(*(f"RCPT TO:<{recipient}>" for recipient in recipients or (TRAP,)))
        if any(reply.code == 250 for reply in replies):
            replies = session.say("DATA", b"Subject: pills\n\nbuy\n")
    lab.settle()
    return replies[-1]


def submit(lab: Lab, to: str = "bob@birch.example") -> Delivery:
    return lab.submit(f"From: alice@acorn.example\nTo: {to}\nSubject: from Alice\n\nHello")


# Over DNS (RFC 5782) --------------------------------------------------------------------------------


def test_the_test_entries(dig: Callable[..., list[str]]) -> None:
    """RFC 5782 §5: one address that every list has, and one that none has, for each family."""
    assert dig("2.0.0.127.bl.example") == ["NOERROR", "127.0.0.2"]
    assert dig("2.0.0.127.bl.example", "TXT") == ["NOERROR", '"test entry"']
    assert dig("1.0.0.127.bl.example") == ["NXDOMAIN"]
    six = f"2.0.0.0.0.0.f.7.f.f.f.f.{'0.' * 20}bl.example"
    assert dig(six) == ["NOERROR", "127.0.0.2"]
    assert dig("1" + six[1:]) == ["NXDOMAIN"]


def test_an_entry_has_an_address_and_a_reason(lab: Lab, dig: Callable[..., list[str]]) -> None:
    lab.blocklist.add("203.0.113.66", "sold pills")
    assert dig("66.113.0.203.bl.example") == ["NOERROR", "127.0.0.2"]
    assert dig("66.113.0.203.bl.example", "TXT") == ["NOERROR", '"sold pills"']
    lab.blocklist.remove("203.0.113.66")
    assert dig("66.113.0.203.bl.example") == ["NXDOMAIN"]
    assert dig("66.113.0.203.bl.example", "TXT") == ["NXDOMAIN"]


def test_an_ipv6_address_is_asked_for_nibble_by_nibble(lab: Lab, dig: Callable[..., list[str]]) -> None:
    name = f"0.1.0.0.{'0.' * 16}a.0.0.0.8.b.d.0.1.0.0.2.bl.example"
    assert lab.blocklist.name("2001:db8:a::10") == name
    assert lab.blocklist.name("2001:0DB8:000A:0:0:0:0:0010") == name
    lab.blocklist.add("2001:db8:a::10", "six")
    assert dig(name) == ["NOERROR", "127.0.0.2"]
    assert dig(name, "TXT") == ["NOERROR", '"six"']


def test_an_ipv4_address_is_asked_for_backwards(lab: Lab) -> None:
    assert lab.blocklist.name("203.0.113.66") == "66.113.0.203.bl.example"


@pytest.mark.parametrize("wrong", ["mail.mallory.example", "203.0.113.0/24", "", "203.0.113.999"])
def test_only_addresses_are_listed(lab: Lab, wrong: str) -> None:
    for act in (lab.blocklist.name, lab.blocklist.remove, lambda one: lab.blocklist.add(one, "why")):
        with pytest.raises(LabError, match="A blocklist lists IP addresses"):
            act(wrong)


def test_a_long_reason_comes_whole(lab: Lab) -> None:
    reason = "spam, spam, " * 50
    lab.blocklist.add("203.0.113.66", reason)
    assert lab.blocklist.why("203.0.113.66") == reason
    assert len(lab.resolve("66.113.0.203.bl.example", "TXT")[0].strings) == 3  # type: ignore[attr-defined]


def test_a_reason_that_is_no_text_lists_nothing(lab: Lab) -> None:
    with pytest.raises(RecordError):
        lab.blocklist.add("203.0.113.66", '"quoted"')
    assert not listed(lab, "203.0.113.66")


def test_taking_off_what_is_not_on_the_list(lab: Lab) -> None:
    lab.blocklist.remove("203.0.113.66")
    assert not listed(lab, "203.0.113.66")


def test_two_lists_are_two_zones(lab: Lab) -> None:
    other = Blocklist(lab._world, "other.example")
    other.add("203.0.113.66", "here only")
    assert not listed(lab, "203.0.113.66")
    assert lab.resolve("66.113.0.203.other.example", "A")


# The story of an open relay --------------------------------------------------------------------------


def test_an_abused_relay_is_listed_an_hour_later_and_its_users_pay(lab: Lab, listing: Blocklist) -> None:
    lab.mta(SERVER).relay.set("outsider", "elsewhere", True)
    assert spam(lab).code == 250
    assert submit(lab).result == "delivered"
    lab.clock.advance(minutes=59)
    assert not listed(lab, "192.0.2.10")
    assert submit(lab).result == "delivered"
    lab.clock.advance(minutes=1)
    assert listed(lab, "192.0.2.10")
    assert not listed(lab, "203.0.113.66")  # Mallory herself was never seen by the trap

    refused = submit(lab)
    assert refused.result == "failed"
    assert [attempt.reply for attempt in refused.items()[0].attempts] == [BLOCKED]
    assert len(lab.mailbox("bob@birch.example")) == 2


def test_the_list_is_asked_at_rcpt_about_the_client_alone(lab: Lab, listing: Blocklist) -> None:
    listing.add("203.0.113.66", "by hand")
    with lab.connect("mx.birch.example", 25, "mail.mallory.example") as session:
        replies = session.say(
            "EHLO x", "MAIL FROM:<x@mallory.example>", "RCPT TO:<bob@birch.example>", "DATA"
        )
    assert [reply.code for reply in replies] == [250, 250, 554, 503]
    asked = [query for query in lab.dns.queries if query.name.endswith("bl.example")]
    # RFC 5782 §2.1: the A record says whether, the TXT record why, and only who is listed is asked about why
    name = "66.113.0.203.bl.example"
    assert [(query.name, query.rdtype) for query in asked] == [(name, "A"), (name, "TXT")]
    with lab.connect("mx.birch.example") as session:
        assert session.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<bob@birch.example>")[-1].code == 250


def test_who_does_not_ask_the_list_takes_the_mail(lab: Lab, listing: Blocklist) -> None:
    listing.add("192.0.2.10", "by hand")
    with lab.connect("mx.forward.example") as session:
        assert session.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<bob@forward.example>")[-1].code == 250


def test_closing_is_not_enough_one_has_to_get_off_the_list(lab: Lab, listing: Blocklist) -> None:
    relay = lab.mta(SERVER).relay
    relay.set("outsider", "elsewhere", True)
    spam(lab)
    lab.clock.advance(hours=1)
    relay.set("outsider", "elsewhere", False)
    assert spam(lab).text == "Relay access denied"
    assert submit(lab).result == "failed"
    listing.remove("192.0.2.10")
    assert submit(lab).result == "delivered"


def test_taking_off_settles_what_was_reported_before(lab: Lab, listing: Blocklist) -> None:
    lab.mta(SERVER).relay.set("outsider", "elsewhere", True)
    for _ in range(3):
        spam(lab)
        lab.clock.advance(minutes=25)
    assert listed(lab, "192.0.2.10")
    listing.remove("192.0.2.10")
    lab.clock.advance(hours=5)
    assert not listed(lab, "192.0.2.10")


def test_what_goes_on_after_taking_off_counts_anew(lab: Lab, listing: Blocklist) -> None:
    """Also within the same moment: the lab's clock stands still between two steps."""
    lab.mta(SERVER).relay.set("outsider", "elsewhere", True)
    spam(lab)
    listing.remove("192.0.2.10")
    spam(lab)
    lab.clock.advance(hours=1)
    assert listed(lab, "192.0.2.10")


def test_the_reason_is_there_to_be_read(lab: Lab, listing: Blocklist, dig: Callable[..., list[str]]) -> None:
    lab.mta(SERVER).relay.set("outsider", "elsewhere", True)
    spam(lab)
    lab.clock.advance(hours=1)
    assert dig("10.2.0.192.bl.example", "TXT") == ["NOERROR", '"sent to trap@birch.example"']
    assert listing.why("192.0.2.10") == "sent to trap@birch.example"
    assert listing.why("192.0.2.11") == ""


def test_a_relay_that_is_open_by_accident_is_listed_like_any_other(lab: Lab, listing: Blocklist) -> None:
    lab.network.put_behind_nat(lab.network.host(SERVER), "192.0.2.1")
    spam(lab)
    lab.clock.advance(hours=1)
    assert listed(lab, "192.0.2.10")
    assert not listed(lab, "192.0.2.1")


def test_a_receiver_behind_nat_gets_its_own_gateway_listed(lab: Lab, listing: Blocklist) -> None:
    """All its clients seem to be the gateway: one spammer, and it believes nobody any more."""
    lab.network.put_behind_nat(lab.network.host("mx.birch.example"), "198.51.100.1")
    spam(lab, through="mx.birch.example")
    lab.clock.advance(hours=1)
    assert listed(lab, "198.51.100.1")
    assert submit(lab).result == "failed"


# The trap -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "recipients",
    [
        (TRAP,),
        ("bob@birch.example", TRAP),
        ("Trap@birch.example",),
        ("trap@BIRCH.example",),
        ('"trap"@birch.example',),
        ("@mx.birch.example:trap@birch.example",),
    ],
)
def test_the_trap_takes_the_message_and_says_nothing(
    lab: Lab, listing: Blocklist, recipients: tuple[str, ...]
) -> None:
    reply = spam(lab, *recipients, through="mx.birch.example")
    assert reply.code == 250
    assert "trap" not in reply.text
    assert [mail["Subject"] for mail in lab.mailbox(TRAP)] == ["pills"]
    lab.clock.advance(hours=1)
    assert listed(lab, "203.0.113.66")
    blocked = spam(lab, through="mx.birch.example")
    assert blocked.text == "Service unavailable; Client host [203.0.113.66] blocked using bl.example"


def test_mail_for_others_reports_nobody(lab: Lab, listing: Blocklist) -> None:
    assert spam(lab, "bob@birch.example", "postmaster@birch.example", through="mx.birch.example").code == 250
    lab.clock.advance(days=1)
    assert not listed(lab, "203.0.113.66")


def test_a_message_that_never_came_reports_nobody(lab: Lab, listing: Blocklist) -> None:
    with lab.connect("mx.birch.example", 25, "mail.mallory.example") as session:
        session.say("EHLO x", "MAIL FROM:<>", f"RCPT TO:<{TRAP}>", "RSET", "QUIT")
    lab.clock.advance(days=1)
    assert not listed(lab, "203.0.113.66")


def test_protecting_twice_changes_nothing(lab: Lab, listing: Blocklist) -> None:
    mta = lab.mta("mx.birch.example")
    spam(lab, through="mx.birch.example")
    for trap in (TRAP, "TRAP@Birch.Example"):
        listing.protect(mta, trap)
    assert [type(policy) for policy in mta.policies] == [AskBlocklist, SpamTrap]
    assert len(lab.mailbox(TRAP)) == 1  # and it keeps its mail


def test_a_second_trap_and_a_second_list(lab: Lab, listing: Blocklist) -> None:
    mta = lab.mta("mx.birch.example")
    listing.protect(mta, "honey@birch.example")
    Blocklist(lab._world, "other.example").protect(mta, TRAP)
    kinds = [type(policy) for policy in mta.policies]
    assert kinds == [AskBlocklist, SpamTrap, SpamTrap, AskBlocklist, SpamTrap]
    spam(lab, "honey@birch.example", through="mx.birch.example")
    lab.clock.advance(hours=1)
    assert listed(lab, "203.0.113.66")


# Who asks, and what may go wrong ----------------------------------------------------------------------


def test_who_has_logged_in_is_not_asked_about(lab: Lab) -> None:
    """Home addresses are on many lists: a submission server looks at the login."""
    lab.blocklist.protect(lab.mta(SERVER), "trap@acorn.example")
    lab.blocklist.add("203.0.113.77", "a home address")
    assert submit(lab).result == "delivered"
    assert not any("bl.example" in query.name for query in lab.dns.queries)


def test_a_listed_client_with_an_ipv6_address(lab: Lab, listing: Blocklist) -> None:
    listing.add("2001:db8:a::10", "six")
    lines = ("EHLO x", "MAIL FROM:<>", "RCPT TO:<bob@birch.example>")
    with lab.connect("2001:db8:b::10", 25, "2001:db8:a::10") as session:
        assert "[2001:db8:a::10] blocked" in session.say(*lines)[-1].text
    with lab.connect("mx.birch.example", 25, "192.0.2.10") as session:
        assert session.say(*lines)[-1].code == 250


@pytest.mark.parametrize("fault", ["servfail", "refused", "timeout"])
def test_a_dead_list_does_not_stop_mail(lab: Lab, listing: Blocklist, fault: str) -> None:
    listing.add("192.0.2.10", "by hand")
    assert submit(lab).result == "failed"
    lab.dns.fault("bl.example", fault, subtree=True)  # type: ignore[arg-type]
    assert submit(lab).result == "delivered"


@pytest.mark.parametrize(("value", "result"), [("203.0.113.5", "delivered"), ("127.0.0.10", "failed")])
def test_a_list_whose_name_was_sold_does_not_stop_mail(
    lab: Lab, listing: Blocklist, value: str, result: str
) -> None:
    """Its new owner answers every name with a web server; an entry lies in 127.0.0.0/8 (RFC 5782 §2.1)."""
    lab.dns.zone("bl.example").set("*", "A", value)
    assert submit(lab).result == result


def test_without_protection_nobody_asks(lab: Lab) -> None:
    lab.blocklist.add("192.0.2.10", "by hand")
    assert submit(lab).result == "delivered"
    assert not any("bl.example" in query.name for query in lab.dns.queries)
