"""Forwarders with SRS, mailing lists, and a host that rewraps: what they do to envelope and message."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from smtplab import Lab, policies
from smtplab.lab.srs import Srs
from smtplab.mail.errors import LabError, RecordError
from smtplab.mail.path import Path

BOB = "bob@birch.example"
LETTER = "From: Alice <alice@acorn.example>\nTo: {}\nSubject: Tea?\n\nAt five, at the oak.  \n"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


def send(lab: Lab, to: str) -> None:
    lab.submit(LETTER.format(to))
    lab.settle()


# SRS --------------------------------------------------------------------------------------------------------


def test_srs_puts_a_domain_of_its_own_into_the_envelope_and_leaves_the_message(lab: Lab) -> None:
    send(lab, "bob@forward.example")
    plain = lab.mailbox(BOB)[-1]
    lab.srs()
    send(lab, "bob@forward.example")
    mended = lab.mailbox(BOB)[-1]
    assert plain.reverse_path == Path.of("alice@acorn.example")
    assert mended.reverse_path.domain == "forward.example"
    assert mended.reverse_path.local.startswith("SRS0=") and mended.message["From"] == plain.message["From"]
    assert lab.srs().original(mended.reverse_path) == Path.of("alice@acorn.example")


def test_a_bounce_finds_its_way_back_through_the_forwarder(lab: Lab) -> None:
    lab.srs()
    lab.mta("mx.forward.example").aliases["gone@forward.example"] = ("nobody@birch.example",)
    send(lab, "gone@forward.example")
    bounce = lab.mailbox("alice@acorn.example")[-1]
    assert bounce.reverse_path.is_null and b"nobody@birch.example" in bounce.raw


def test_strangers_cannot_use_a_made_up_or_an_old_address(lab: Lab) -> None:
    srs = lab.srs()
    good = srs.rewritten(Path.of("alice@acorn.example"))
    other = Path(good.local.replace("alice", "carol"), good.domain)
    assert srs.takes(good) and srs.takes(
        Path(good.local.lower(), good.domain)
    )  # RFC 5321 §2.4: case may change
    assert not srs.takes(other)
    with lab.connect("mx.forward.example", 25, source="mail.mallory.example") as session:
        session.send("EHLO mail.mallory.example")
        session.send("MAIL FROM:<>")
        assert session.send(f"RCPT TO:<{good.address}>").code == 250
        assert session.send(f"RCPT TO:<{other.address}>").code == 550
    lab.clock.advance(days=22)
    assert not srs.takes(good)


def test_a_second_forwarder_writes_srs1_and_undoes_it(lab: Lab) -> None:
    first = lab.srs().rewritten(Path.of("alice@acorn.example"))
    second = Srs(lab.mta("mx.list.example"))
    again = second.rewritten(first)
    third = Srs(lab.mta("out.relay.example")).rewritten(again)
    assert again.local.startswith("SRS1=") and again.domain == "list.example"
    assert third.local.startswith("SRS1=") and "forward.example" in third.local
    assert second.original(again) == first
    assert second.original(Path(again.local.replace("SRS1", "SRS0"), again.domain)) is None


def test_what_does_not_fit_into_a_path_stays_as_it_is(lab: Lab) -> None:
    lab.srs()
    long = f"{'a' * 60}@mallory.example"
    with lab.smtp("mx.forward.example", 25, source="mail.mallory.example") as client:
        client.sendmail(long, ["bob@forward.example"], LETTER.format(BOB))
    lab.settle()
    assert lab.mailbox(BOB)[-1].reverse_path == Path.of(long)


# Lists ------------------------------------------------------------------------------------------------------


def test_a_list_has_its_own_reverse_path_and_may_change_the_message(lab: Lab) -> None:
    trees = lab.mailing_list("trees@list.example")
    trees.footer, trees.tag = "-- \nThe list of trees", "[trees]"
    send(lab, "trees@list.example")
    mail = lab.mailbox(BOB)[-1]
    assert mail.reverse_path == Path.of("trees-bounces@list.example")
    assert mail.message["Subject"] == "[trees] Tea?" and mail.message["List-Id"] == "<trees.list.example>"
    assert mail.raw.endswith(b"\r\n-- \r\nThe list of trees\r\n") and "acorn" in mail.message["From"]
    send(lab, "trees@list.example")
    assert lab.mailbox("alice@acorn.example")[-1].message["Subject"] == "[trees] Tea?"


def test_a_list_may_write_itself_into_from(lab: Lab) -> None:
    lab.mailing_list().rewrite_from = True
    send(lab, "trees@list.example")
    message = lab.mailbox(BOB)[-1].message
    assert message["From"] == "Alice via trees <trees@list.example>"
    assert message["Reply-To"] == "Alice <alice@acorn.example>"


def test_a_list_puts_out_whose_mail_bounces(lab: Lab) -> None:
    trees = lab.mailing_list("trees@list.example", BOB, "nobody@birch.example")
    trees.limit = 2
    for _ in range(2):
        send(lab, "trees@list.example")
    assert trees.members == [BOB] and trees.gone == ["nobody@birch.example"]
    assert len(lab.mailbox("alice@acorn.example")) == 0  # who wrote hears nothing of it


def test_a_member_that_is_no_address_is_left_out(lab: Lab) -> None:
    with pytest.raises(RecordError, match="@ and a domain"):
        lab.mailing_list("oaks@list.example", BOB, "nonsense")
    trees = lab.mailing_list("trees@list.example", BOB)
    trees.members.insert(0, "nonsense")
    send(lab, "trees@list.example")
    assert lab.mailbox(BOB)[-1].message["List-Id"] == "<trees.list.example>"
    assert "member nonsense" in [step.what for item in lab.queue("mx.list.example") for step in item.steps]
    assert repr(trees) == "trees@list.example: nonsense, bob@birch.example"
    assert repr(lab.srs()) == "SRS at forward.example"


def test_a_stranger_is_not_counted_among_the_members(lab: Lab) -> None:
    trees = lab.mailing_list("trees@list.example", BOB, "nobody@birch.example")
    send(lab, "trees@list.example")
    trees.members.remove("nobody@birch.example")
    trees.bounces.clear()
    (bounce,) = [item for item in lab.queue("mx.list.example") if b"nobody@birch" in item.content][-1:]
    trees.take(lab.mta("mx.list.example"), bounce, trees.bounce_path)
    assert not trees.bounces


def test_a_list_puts_its_mark_into_the_header_section_alone(lab: Lab) -> None:
    trees = lab.mailing_list()
    trees.tag = "[trees]"
    body = b"\r\n\r\nSubject: the one of a letter that is quoted\r\n"
    assert trees.changed(b"From: a@acorn.example" + body).endswith(b"From: a@acorn.example" + body)


def test_a_hostile_author_does_not_break_out_of_from(lab: Lab) -> None:
    trees = lab.mailing_list()
    trees.rewrite_from = True
    changed = trees.changed(b'From: "x\\" <evil@mallory.example>, " <a@acorn.example>\r\n\r\nx\r\n')
    assert changed.count(b"From:") == 1 and b'From: "x via trees" <trees@list.example>\r\n' in changed


def test_a_list_ends_as_it_began(lab: Lab) -> None:
    lab.mailing_list()
    lab.end_mailing_list()
    send(lab, "trees@list.example")
    assert lab.mailbox(BOB)[-1].reverse_path == Path.of("alice@acorn.example")
    with pytest.raises(LabError, match="There is no mailing list"):
        lab.end_mailing_list()
    with pytest.raises(LabError, match="takes mail for"):
        lab.mailing_list("trees@nowhere.example")
    with pytest.raises(LabError, match="Say who is on the list"):
        lab.mailing_list("oaks@list.example")


# Rewrapping -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"header": True}, b"SUBJECT: Tea?\r\n"),
        ({"header": False, "body": True, "width": 12}, b"At five, at\r\nthe oak.\r\n"),
        ({"header": False, "trailing": True}, b"At five, at the oak.\r\n"),
    ],
)
def test_rewrapping(lab: Lab, given: dict[str, object], kept: bytes) -> None:
    lab.mta("mx.forward.example").policies.append(policies.Rewrap(**given))  # type: ignore[arg-type]
    send(lab, "bob@forward.example")
    assert kept in lab.mailbox(BOB)[-1].raw


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (b"\r\nDear: all\r\n\r\nyours\r\n", b"\r\nDear: all\r\n\r\nyours\r\n"),
        (b"no field here: x\r\nTo:  a\r\n\r\nx\r\n", b"no field here: x\r\nTO: a\r\n\r\nx\r\n"),
    ],
)
def test_rewrapping_leaves_what_is_no_field(content: bytes, kept: bytes) -> None:
    assert asyncio.run(policies.Rewrap().on_accept(None, None, content)) == kept  # type: ignore[arg-type]


def test_rewrapping_a_long_line_without_a_colon_takes_no_time() -> None:
    content = b"x" * 1_000_000 + b"\r\n\r\n"
    start = time.process_time()
    assert asyncio.run(policies.Rewrap().on_accept(None, None, content)) == content  # type: ignore[arg-type]
    assert time.process_time() - start < 2
