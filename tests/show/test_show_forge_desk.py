"""The forge desk: forged lines come through untouched, and three readers make of them what they do."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from smtplab.desk import Lab
from smtplab.lab.forging import Forger
from smtplab.mail.errors import LabError
from smtplab.mail.received.chain import chain
from smtplab.mail.reply import Reply
from smtplab.show.forge_desk import ForgeDesk
from smtplab.show.forge_lines import BORROWED, MOST, RELAYED, SLOPPY, examples, hello, lines, message
from smtplab.show.forge_readers import CAREFUL, CLAIMED, FILTER, KNOWN, NAIVE, ODD, readings
from tests.show.markup import seen

HOSTILE = '<script>window.pwned=1</script>"><img/src=x/onerror="window.pwned=1">'
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MALLORY = "203.0.113.66"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running
        running.settle()
        assert running._world.errors == []


@pytest.fixture
def desk(lab: Lab) -> ForgeDesk:
    return lab.forge_desk()


def press(desk: ForgeDesk, do: str, **more: Any) -> None:
    """What the page does: one message to the kernel."""
    desk._asked(desk, {"do": do, **more}, [])


# The lines ----------------------------------------------------------------------------------------------


def test_lines_are_read_with_their_folds() -> None:
    written = "\nReceived: from a\r\n\tby b; x\nRECEIVED : c\n d\n\n"
    assert lines(written) == ("Received: from a\n\tby b; x", "RECEIVED : c\n d")
    assert lines("") == lines("\n") == ()


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("Received: a\n\nReceived: b", "Line 2 is empty: an empty line ends the header section"),
        ("Received: a\nSubject: x", "Line 2 neither begins"),
        (" by b; x", "Line 1 neither begins"),
        ("hello", "Line 1 neither begins"),
        ("Received: " + "x" * MOST, "characters at most"),
    ],
)
def test_what_is_no_received_field_is_said_in_one_sentence(written: str, sentence: str) -> None:
    with pytest.raises(LabError, match=sentence):
        lines(written)


@pytest.mark.parametrize("name", ["", "two words", "a\r\nMAIL FROM:<x>", "bücher.example", "x" * 256])
def test_the_name_for_ehlo_is_one_word(name: str) -> None:
    with pytest.raises(LabError, match="one word"):
        hello(name)
    assert hello(" mail.mallory.example ") == "mail.mallory.example"


@pytest.mark.parametrize("name", [RELAYED, BORROWED, SLOPPY])
def test_an_example_is_two_fields(name: str) -> None:
    written = examples(NOW)[name]
    assert len(lines(written)) == 2
    made = message(lines(written), NOW)
    assert made.startswith(b"Received: ")
    assert made.count(b"\r\n") == made.count(b"\n")
    assert all(hop.received.by and hop.received.date for hop in chain(made, trusted=()).hops)


# The readers ----------------------------------------------------------------------------------------------


def delivered(written: str) -> bytes:
    """A message as mx.birch.example takes it from Mallory."""
    top = (
        f"Received: from mail.mallory.example (mail.mallory.example [{MALLORY}])\r\n"
        "\tby mx.birch.example (smtplab) with ESMTP id 1; Mon, 2 Mar 2026 09:00:00 +0000\r\n"
    )
    return top.encode() + message(lines(written), NOW)


@pytest.mark.parametrize("name", [RELAYED, BORROWED, SLOPPY])
def test_only_the_naive_reader_is_fooled(name: str) -> None:
    _, read = readings(delivered(examples(NOW)[name]), 2, ["mx.birch.example"])
    naive, careful, checking = read
    assert (naive.reader, careful.reader, checking.reader) == (NAIVE, CAREFUL, FILTER)
    assert naive.result == "fooled"
    assert naive.origin != MALLORY
    assert careful.result == "not fooled"
    assert careful.lines == (KNOWN, CLAIMED, CLAIMED)
    assert careful.origin == checking.origin == MALLORY


def test_a_filter_finds_the_careless_forgery_and_not_the_careful_one() -> None:
    found = {
        name: readings(delivered(written), 2, ["mx.birch.example"])[1][2]
        for name, written in examples(NOW).items()
    }
    assert found[SLOPPY].how == "good"
    assert ODD in found[SLOPPY].lines
    assert found[RELAYED].result == "sees nothing wrong"
    assert ODD not in found[RELAYED].lines


def test_without_a_forgery_nobody_is_fooled() -> None:
    _, read = readings(delivered(""), 0, ["mx.birch.example"])
    assert [one.origin for one in read] == [MALLORY] * 3
    assert [one.result for one in read] == ["not fooled", "not fooled", "nothing to catch"]


def test_who_trusts_mallory_is_fooled() -> None:
    trusted = ["mx.birch.example", "mail.mallory.example", "203.0.113.66"]
    _, (_, careful, checking) = readings(delivered(examples(NOW)[RELAYED]), 2, trusted)
    assert careful.result == checking.result == "fooled"
    assert careful.origin == "192.0.2.10"


# The desk ---------------------------------------------------------------------------------------------------


def test_the_lines_come_through_untouched(lab: Lab, desk: ForgeDesk) -> None:
    before = len(lab.mailbox("bob@birch.example"))
    press(desk, "send", text=desk.written, source="mail.mallory.example", hello="mail.mallory.example")
    (mail,) = lab.mailbox("bob@birch.example")[before:]
    assert desk.written.replace("\n", "\r\n").encode() in mail.raw
    assert mail.transcript.client.host == "mail.mallory.example"
    assert [hop.known for hop in desk.chain.hops] == [False, False, True]
    shown = seen(desk.parts["result"])
    assert "Your 2 lines came through untouched." in shown
    assert shown.count("✕ forged by you") == 2
    assert shown.count("✓ real") == 1
    assert f"stops at {MALLORY}" in shown
    assert desk.message == ""


def test_it_is_sent_from_the_host_and_under_the_name_that_are_chosen(lab: Lab, desk: ForgeDesk) -> None:
    press(desk, "send", text=desk.written, source="visitor.example", hello="mail.acorn.example")
    top = desk.chain.hops[-1].received
    assert (top.helo, str(top.ip)) == ("mail.acorn.example", "203.0.113.200")
    assert (desk.source, desk.hello) == ("visitor.example", "mail.acorn.example")
    assert desk.parts["source"] == "visitor.example"


@pytest.mark.parametrize("name", [BORROWED, SLOPPY, RELAYED])
def test_an_example_is_put_on_the_desk_and_sent(desk: ForgeDesk, name: str) -> None:
    press(desk, "example", value=name)
    assert desk.parts["written"] == examples(desk._now())[name]
    naive, careful, _ = desk.deliver()
    assert (naive.result, careful.result) == ("fooled", "not fooled")


def test_nothing_forged_is_said(desk: ForgeDesk) -> None:
    press(desk, "send", text="", source="mail.mallory.example", hello="x")
    assert "You forged nothing" in seen(desk.parts["result"])


@pytest.mark.parametrize(
    ("text", "source", "name", "sentence"),
    [
        ("hello", "visitor.example", "x", "Line 1 neither begins"),
        ("", "visitor.example", "two words", "one word"),
        ("", "mail.acorn.example", "x", "Send from mail.mallory.example or visitor.example"),
    ],
)
def test_a_mistake_is_one_sentence_and_sends_nothing(
    lab: Lab, desk: ForgeDesk, text: str, source: str, name: str, sentence: str
) -> None:
    before = len(lab.transcripts)
    press(desk, "send", text=text, source=source, hello=name)
    assert sentence in seen(desk.message)
    assert len(lab.transcripts) == before
    assert desk.parts["result"] == ""


def test_a_refusal_is_one_sentence(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"mx\.birch\.example refused RCPT TO:<nobody@birch\.example>: 550"):
        Forger(lab, recipient="nobody@birch.example").send("visitor.example", "x", b"Subject: x\r\n\r\n")
    with pytest.raises(LabError, match=r"not from 'mail\.acorn\.example'"):
        Forger(lab).send("mail.acorn.example", "x", b"")


def test_what_the_recipient_may_trust_are_the_hosts_of_its_domain(lab: Lab) -> None:
    trusted = Forger(lab).trusted
    assert "mx.birch.example" in trusted
    assert all(name.endswith("birch.example") for name in trusted)


def test_hostile_lines_come_as_text(desk: ForgeDesk) -> None:
    press(desk, "send", text=f"Received: {HOSTILE}\nReceived: from {HOSTILE} by {HOSTILE}; {HOSTILE}\n",
          source="visitor.example", hello="x")  # fmt: skip
    assert desk.sent
    for markup in (desk.parts["result"], desk.code, str(desk._html())):
        assert not re.search(r"<(script|img)\b", markup)
    assert "<script>" in seen(desk.parts["result"])


def test_the_code_sends_the_same(lab: Lab, desk: ForgeDesk) -> None:
    press(desk, "example", value=SLOPPY)
    code = desk._snippets()["smtplib"]
    assert code.splitlines()[0] in unescape(desk.code)
    before = len(lab.mailbox("bob@birch.example"))
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
    lab.settle()
    (mail,) = lab.mailbox("bob@birch.example")[before:]
    assert desk.written.replace("\n", "\r\n").encode() in mail.raw


def test_what_cannot_be_sent_has_no_code(desk: ForgeDesk) -> None:
    desk.write("hello")
    assert desk.code == ""


def test_the_still_form_and_the_text(desk: ForgeDesk) -> None:
    assert "Not sent yet." in repr(desk)
    with pytest.raises(LabError, match="Nothing was sent yet"):
        _ = desk.chain
    desk.deliver()
    bundle, _ = desk._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "✕ forged by you" in seen(bundle["text/html"])
    assert "✕ the naive reader" in bundle["text/plain"]
    assert "data-do" not in bundle["text/html"]


def test_a_reply_that_closes_the_session_is_told(lab: Lab, desk: ForgeDesk) -> None:
    def refuse(source: str, name: str, made: bytes) -> bytes:
        raise LabError(f"mx.birch.example refused the message: {Reply(554, '5.7.1', ('no',))}")

    desk._handed_in = refuse
    press(desk, "send", text="", source="visitor.example", hello="x")
    assert "refused the message: 554" in seen(desk.message)
