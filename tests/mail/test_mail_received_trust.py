"""Where trust ends: filters that call themselves localhost, and the one boundary for lines and fields."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smtplab.mail.errors import RecordError
from smtplab.mail.header import authentication, duplicates, message_id, read, thread
from smtplab.mail.hosts import Trusted
from smtplab.mail.received import chain, parse
from smtplab.mail.received.finding import sure
from smtplab.mail.received.forge import forge
from smtplab.mail.received.links import writer

BIRCH = (".birch.example",)
DATE = "; Mon, 2 Mar 2026 09:00:0{} +0000"
OWN = "Date: Mon, 2 Mar 2026 09:00:00 +0000\nFrom: Alice <alice@acorn.example>\n"

AGAIN = (
    "from localhost (localhost [127.0.0.1])\n\tby mx.birch.example (Postfix) with ESMTP id 5C2"
    + DATE.format(4)
)
AMAVIS = (
    "from mx.birch.example ([127.0.0.1])\n\tby localhost (mx.birch.example [127.0.0.1])"
    " (amavisd-new, port 10024)\n\twith ESMTP id kq3" + DATE.format(3)
)
EDGE = (
    "from mail.acorn.example (mail.acorn.example [192.0.2.10])\n\tby mx.birch.example (Postfix) with ESMTPS"
    " id 5B1" + DATE.format(2)
)
FORGED = EDGE.replace("mail.acorn.example", "mail.bank.example")
MALLORY = EDGE.replace("(mail.acorn.example [192.0.2.10])", "(mail.mallory.example [203.0.113.66])")
NEWER = AMAVIS.replace("amavisd-new, port 10024", "amavis, port 10026").replace("kq3", "kq4")
SIX = AMAVIS.replace("[127.0.0.1]", "[IPv6:::1]")


def known(*lines: str, trusted: tuple[str, ...] = BIRCH) -> int:
    return len(chain("".join(f"Received: {line}\n" for line in lines), trusted=trusted).known)


@pytest.mark.parametrize(
    "lines",
    [
        (AGAIN, AMAVIS, EDGE),
        (AGAIN.replace("from localhost", "from mx.birch.example"), AMAVIS, EDGE),
        (AGAIN.replace("localhost [127.0.0.1]", "unknown [127.0.0.1]"), AMAVIS, EDGE),
        (AGAIN.replace("[127.0.0.1]", "[IPv6:::1]"), SIX, EDGE),
        (AGAIN, AMAVIS.replace("by localhost", "by localhost.localdomain"), EDGE),
        (AGAIN, AMAVIS.replace("by localhost", "by [127.0.0.1]"), EDGE),
        (AGAIN, NEWER, AGAIN, AMAVIS, EDGE),  # two filters
        (AGAIN, NEWER, AMAVIS, EDGE),  # one behind the other
        (AGAIN.replace("mx.birch", "mail.birch"), AMAVIS, EDGE.replace("by mx.birch", "by mail.birch")),
    ],
)
def test_a_filter_on_the_host_itself_is_that_host(lines: tuple[str, ...]) -> None:
    """amavis writes `by localhost`, and the name of its host behind it."""
    found = chain("".join(f"Received: {line}\n" for line in lines), trusted=BIRCH)
    assert found.boundary == 0 and not found.anomalies


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ((MALLORY, AMAVIS, FORGED), 1),  # the line above had it from a stranger
        ((AGAIN, AMAVIS, MALLORY, AMAVIS, FORGED), 3),  # what is copied below the true ones
        ((AGAIN, AMAVIS, MALLORY, AGAIN, AMAVIS, FORGED), 3),
        ((MALLORY.replace("from mail.acorn.example", "from [127.0.0.1]"), AMAVIS, FORGED), 1),
        ((MALLORY.replace("from mail.acorn.example", "from localhost"), AMAVIS, FORGED), 1),
        ((MALLORY.replace("from mail.acorn.example", "from x ([127.0.0.1])"), AMAVIS, FORGED), 1),
        ((MALLORY.replace("from mail.acorn.example", "from localhost (localhost [127.0.0.1])"), AMAVIS), 1),
        ((MALLORY.replace("mail.mallory.example [", "localhost ["), AMAVIS, FORGED), 1),  # her reverse name
        ((AMAVIS, EDGE), 0),  # nobody of birch has written on top
        ((AGAIN, AMAVIS.replace("(mx.birch.example [127", "(mx.mallory.example [127"), EDGE), 1),
        ((AGAIN, AMAVIS.replace("(mx.birch.example [127.0.0.1])", "(mx.birch.example)"), EDGE), 1),
        (
            (
                AGAIN,
                AMAVIS.replace("(mx.birch.example [127.0.0.1])", "(mx.birch.example [203.0.113.66])"),
                EDGE,
            ),
            1,
        ),
        ((AGAIN, AMAVIS.replace("by localhost", "by mx.mallory.example"), EDGE), 1),
        ((AGAIN.replace("127.0.0.1", "198.51.100.9"), AMAVIS, EDGE), 1),  # from another host of the network
    ],
)
def test_localhost_below_a_stranger_is_nobody(lines: tuple[str, ...], count: int) -> None:
    assert known(*lines) == count
    assert known(*lines, trusted=(*BIRCH, "127.0.0.0/8", "::1")) == count


def test_another_organisation_cannot_be_on_the_same_host() -> None:
    """Both are trusted, and still the line cannot be by the host that handed it over from its own address."""
    other = AMAVIS.replace("mx.birch.example", "mail.acorn.example")
    assert known(AGAIN, other, EDGE, trusted=(*BIRCH, ".acorn.example")) == 1


def test_who_wrote_it() -> None:
    assert writer(parse(AMAVIS)) == writer(parse(SIX)) == "mx.birch.example"
    assert writer(parse(EDGE)) == "mx.birch.example" and writer(parse("by x; now")) == "x"
    assert writer(parse(AMAVIS.replace("mx.birch.example [", "["))) == "localhost"


def test_a_forged_filter_borrows_the_name() -> None:
    found = chain(f"Received: {MALLORY}\nReceived: {AMAVIS}\nReceived: {FORGED}\n", trusted=BIRCH)
    odd = [(number, step.what) for number, step in found.anomalies]
    assert (1, "borrowed name") in odd and (2, "borrowed name") in odd
    assert "mx.birch.example is a host of yours" in found.hops[1].steps[-1].why


# one boundary ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("trusted", [(), ("birch.example",), BIRCH, ("mx.birch.example",), (".example",)])
@pytest.mark.parametrize("lines", [(AGAIN, AMAVIS, EDGE, FORGED), (MALLORY, AMAVIS, FORGED), (FORGED,)])
def test_fields_and_lines_have_one_boundary(lines: tuple[str, ...], trusted: tuple[str, ...]) -> None:
    header = "".join(f"Received: {line}\nX-Spam-Flag: NO\n" for line in lines) + OWN
    by_line = [hop.known for hop in chain(header, trusted=trusted).header]
    steps = read(header, trusted=trusted).steps
    assert [step.result == "known" for step in steps if step.what.startswith("Received")] == by_line
    marks = [step.result == "known" for step in steps if step.what.startswith("X-Spam")]
    assert marks == [*by_line[1:], False]  # what stands between two lines is as good as the lower one


def test_one_boundary_for_a_hundred_chains() -> None:
    for seed in range(100):
        made = forge(seed)
        steps = read(made.message, trusted=made.trusted).steps
        found = [step.result == "known" for step in steps if step.what.startswith("Received")]
        assert found == [hop.known for hop in chain(made.message, trusted=made.trusted).header], seed


RESULTS = "Authentication-Results: birch.example; spf=pass\n"


def test_a_domain_is_written_with_its_dot_and_that_is_said() -> None:
    header = f"Authentication-Results: mx.birch.example; spf=pass\nReceived: {EDGE}\n{OWN}"
    advice = "for all hosts of that domain write .birch.example with its dot"
    assert advice in chain(header, trusted=["birch.example"]).summary
    whys = [step.why for step in read(header, trusted=["birch.example"]).steps[:2]]
    assert all(advice in why for why in whys)
    assert advice not in read(header, trusted=BIRCH).text()
    assert authentication(RESULTS + f"Received: {EDGE}\n{OWN}", trusted=BIRCH).result == "known"


@pytest.mark.parametrize("entry", ["*.birch.example", "bob@birch.example", "192.0.2.0/40"])
def test_what_names_no_host(entry: str) -> None:
    for ask in (read, authentication):
        with pytest.raises(RecordError):
            ask(OWN, trusted=[entry])


def test_trust_that_has_been_read_may_be_given_again() -> None:
    mine = Trusted.of(BIRCH)
    assert Trusted.of(mine) is mine and not Trusted.of(())


# a message from a mailbox ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    raw: bytes


def test_a_message_from_a_mailbox_is_taken_as_it_is() -> None:
    raw = f"Received: {EDGE}\nMessage-ID: <1@acorn.example>\n{OWN}\nReceived: body\n".encode()
    kept = Kept(raw)
    assert chain(kept, trusted=BIRCH) == chain(raw, trusted=BIRCH)
    assert read(kept, trusted=BIRCH) == read(raw, trusted=BIRCH)
    assert message_id(kept) == "<1@acorn.example>" == thread([kept])[0].id
    assert duplicates([kept, kept])[0].same


def inner(ip: str, program: str) -> str:
    """What mx.birch.example writes of a client whose address has the name mx2.birch.example."""
    return f"from x (mx2.birch.example [{ip}])\n\tby mx.birch.example {program}with ESMTP id 1" + DATE.format(
        4
    )


@pytest.mark.parametrize(
    ("ip", "program", "trusted", "count"),
    [
        ("203.0.113.66", "", BIRCH, 1),  # Mallory calls her own address mx2.birch.example
        ("203.0.113.66", "(smtplab) ", BIRCH, 1),
        ("203.0.113.66", "(OpenSMTPD) ", BIRCH, 1),
        ("203.0.113.66", "", (*BIRCH, "198.51.100.0/24"), 1),
        ("198.51.100.11", "", BIRCH, 1),  # it may well be ours, but nobody has looked
        ("198.51.100.11", "", (*BIRCH, "198.51.100.11"), 2),
        ("198.51.100.11", "(Postfix) ", BIRCH, 2),  # it writes "unknown" when the name does not lead back
        ("198.51.100.11", "(8.18.1/8.18.1) ", BIRCH, 2),  # "may be forged"
        ("10.0.0.7", "", BIRCH, 2),  # names inside the network are our own
        ("fd00::7", "", BIRCH, 2),
    ],
)
def test_whoever_owns_an_address_chooses_its_name(
    ip: str, program: str, trusted: tuple[str, ...], count: int
) -> None:
    header = f"Received: {inner(ip, program)}\nReceived: {FORGED.replace('mx.', 'mx2.')}\n"
    found = chain(header, trusted=trusted)
    assert len(found.known) == count
    assert ("trust the address too" in found.hops[0].why) == (count == 1)
    borrowed = [sure(step) for step in found.hops[0].steps if step.what == "borrowed name"]
    assert borrowed == ["possible"] * (count == 1)  # an honest chain shows it too, by names alone
