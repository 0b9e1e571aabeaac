"""What a judged message comes to on the verdict board, its case as data, and cases to predict without end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from smtplab import Lab
from smtplab.lab.checks.judgement import MOST_KEPT
from smtplab.mail.errors import LabError
from smtplab.show.verdict_case import Case, edited, written_by


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


# given a judgement ----------------------------------------------------------------------------


def test_a_judged_message_is_put_on_the_board_even_if_it_was_refused() -> None:
    with Lab() as lab:
        bob = lab.mta("mx.birch.example")
        lab.dns.zone("acorn.example").set("_dmarc", "TXT", "v=DMARC1; p=reject")
        for rule in ("reject", "discard"):
            bob.checks.dmarc = rule
            with lab.smtp("mx.birch.example", 25, source="mail.mallory.example") as client:
                client.helo("x.example")
                client.mail("<>")
                client.rcpt("bob@birch.example")
                client.data("From: alice@acorn.example\r\nSubject: hello\r\n\r\nhello\r\n")
            seen_by_bob = bob.checked[-1]
            board = lab.verdict_board(seen_by_bob)
            assert board.case.name == "This message" and board.case.mail_from == ""
            assert board.case.message == b"From: alice@acorn.example\r\nSubject: hello\r\n\r\nhello\r\n"
            assert (board.judged.disposition.result, board.case.receiver) == (rule, rule)
            assert seen_by_bob.disposition == rule
            assert "in EHLO, as MAIL FROM is &lt;&gt;" in board.parts["picture"]


def test_a_judgement_without_its_message_is_refused() -> None:
    with Lab() as lab:
        bob = lab.mta("mx.birch.example")
        bob.checks.spf = "refuse"
        with lab.connect("mx.birch.example", 25, source="mail.mallory.example") as session:
            for line in ("EHLO x.example", "MAIL FROM:<alice@acorn.example>"):
                session.send(line)
        with pytest.raises(LabError, match=r"no message .*cannot be put on the board"):
            lab.verdict_board(bob.checked[-1])


def test_a_long_message_is_judged_and_not_kept() -> None:
    with Lab() as lab:
        head = b"From: alice@acorn.example\r\n\r\n"
        for size, kept in ((MOST_KEPT, True), (MOST_KEPT + 1, False)):
            body = (b"x" * 70 + b"\r\n") * (size // 72 + 1)
            sent = (head + body)[: size - 2].rstrip(b"\r\n").ljust(size - 2, b"x") + b"\r\n"
            with lab.smtp("mx.birch.example", 25, source="mail.mallory.example") as client:
                client.sendmail("m@mallory.example", ["bob@birch.example"], sent)
            last = lab.mta("mx.birch.example").checked[-1]
            assert last.dmarc is not None and last.content == (sent if kept else b"")


# the case -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "author"),
    [
        (b"From: a@b.example\r\n\r\nFrom: not this\r\n", "a@b.example"),
        (b"Subject: x\r\nFROM :\r\n Alice\r\n <a@b.example>\r\nTo: c\r\n\r\n", "Alice <a@b.example>"),
        (b"Subject: x\r\n\r\nFrom: body\r\n", ""),
        (b"From: a@b.example", "a@b.example"),
        (b"", ""),
    ],
)
def test_from_is_found_in_the_header_section_and_replaced_there(message: bytes, author: str) -> None:
    case = Case("x", "", "192.0.2.1", "h.example", "", message)
    assert case.author == author
    other = written_by(case, "new@c.example")
    assert other.author == "new@c.example" and other.message.endswith(message.partition(b"\r\n\r\n")[2])
    assert written_by(other, "").author == ""


def test_an_edit_that_changes_nothing_keeps_every_octet() -> None:
    message = b"From: a@b.example\r\n\r\n\xff\x00\x80 bare\nline\r\n"
    case = Case("x", "", "192.0.2.1", "h.example", "", message)
    same = edited(case, {"source": case.source, "author": case.author, "mail_from": "<>"}, {})
    assert same == case


# cases without end ----------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["easy", "middling", "hard"])
def test_cases_without_end_each_have_an_answer_and_a_reason_for_the_rest(lab: Lab, level: str) -> None:
    practice = lab.predict_verdicts().level(level)
    for _ in range(20):
        asked = practice._guess.asked
        assert asked is not None and "What does the receiver make of the message?" in practice.text()
        assert {*asked.reasons, asked.answer} == set(asked.options) and all(asked.reasons.values())
        assert re.search(r"RFC 9989 §[\d.]+", str(asked.explain))
        practice.guess(asked.answer).next()
    assert practice.score == (20, 20)
    assert "20 of 20 right the first time." in practice.text()


def test_the_cases_are_the_same_for_everybody(lab: Lab) -> None:
    assert lab.predict_verdicts().text() == lab.predict_verdicts().text()
    with pytest.raises(LabError, match="no level 'impossible'"):
        lab.predict_verdicts().level("impossible")
