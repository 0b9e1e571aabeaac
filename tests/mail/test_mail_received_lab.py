"""What the lab writes itself is read back whole: every clause of its own Received field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.lab.lab import Lab
from smtplab.lab.trace import protocol, received
from smtplab.mail.header import fields, named
from smtplab.mail.path import Path
from smtplab.mail.received import parse

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=2, max_size=4).map(".".join).filter(lambda name: not name[-1].isdigit())
ADDRESS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(
    lambda ip: getattr(ip, "ipv4_mapped", None) is None
)
WHEN = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda when: when.replace(microsecond=0))
ZONE = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(
    helo=st.one_of(NAME, LABEL.filter(lambda name: not name.isdigit()), ADDRESS.map(lambda ip: f"[{ip}]")),
    rdns=st.one_of(st.just(""), NAME),
    address=ADDRESS,
    by=NAME,
    with_=st.builds(
        protocol, extended=st.booleans(), tls=st.booleans(), account=st.booleans(), utf8=st.booleans()
    ),
    id_=st.from_regex(r"[A-Z0-9]{4,12}", fullmatch=True),
    for_=st.sampled_from(["", "bob@birch.example", "bøb@birch.example"]),
    when=st.builds(lambda when, zone: when.replace(tzinfo=zone), WHEN, ZONE),
)
@settings(deadline=None)
def test_round_trip(
    helo: str, rdns: str, address: object, by: str, with_: str, id_: str, for_: str, when: datetime
) -> None:
    path = Path.parse(f"<{for_}>") if for_ else None
    field = received(
        helo=helo, rdns=rdns, address=str(address), by=by, with_=with_, id_=id_, for_=path, when=when
    )
    read = parse(field)
    assert (read.helo, read.rdns, read.ip) == (helo, rdns, address)
    assert (read.by, read.with_, read.id, read.for_) == (by, with_, id_, for_)
    assert (read.date, read.dialect, read.unread) == (when, "smtplab", ())
    assert (read.ident, read.user, read.via, read.tls, read.by_ip) == ("", "", "", None, None)


@pytest.fixture(scope="module")
def delivered() -> list[str]:
    """The Received fields of a message that went from Alice to Bob, from the top."""
    with Lab() as lab:
        lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: hi\n\nHello\n")
        lab.settle()
        [message] = lab.mailbox("bob@birch.example")
        return [field.body for field in named(fields(message.raw), "Received")]


def test_the_way_of_a_message(delivered: list[str]) -> None:
    top, bottom = (parse(line) for line in delivered)
    assert (top.by, top.rdns, top.with_) == ("mx.birch.example", "mail.acorn.example", "ESMTPS")
    assert (bottom.by, bottom.rdns, bottom.with_) == ("mail.acorn.example", "alice.home.example", "ESMTPSA")
    assert top.ip in (ip_address("192.0.2.10"), ip_address("2001:db8:a::10"))
    assert bottom.ip == ip_address("203.0.113.77")
    assert top.date is not None and top.date.astimezone(UTC) >= bottom.date
    assert top.unread == bottom.unread == ()
