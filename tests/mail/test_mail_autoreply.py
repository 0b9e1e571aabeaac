"""May a program answer this message, and what does the answer look like (RFC 3834)?"""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.mail.autoreply import Before, may_answer, write
from smtplab.mail.path import Path
from smtplab.mail.verdict import Verdict

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALICE = "alice@acorn.example"
BOB = "bob@birch.example"
PLAIN = f"From: {ALICE}\r\nTo: Bob <{BOB}>\r\nSubject: hi\r\n\r\nHello\r\n"


def ask(extra: str = "", *, path: str = ALICE, message: str = "", days: float | None = None) -> Verdict:
    answered = None if days is None else NOW - timedelta(days=days)
    content = (extra + (message or PLAIN)).encode()
    return may_answer(content, reverse_path=Path.of(path), own={BOB}, before=Before(answered, NOW))


@pytest.mark.parametrize(
    ("verdict", "refused_by"),
    [
        (ask(), ""),
        (ask("Auto-Submitted: no\r\n"), ""),
        (ask("Auto-Submitted: No (a person)\r\n"), ""),
        (ask("Auto-Submitted: auto-replied\r\n"), "Auto-Submitted: auto-replied"),
        (ask("Auto-Submitted: auto-generated; x=y\r\n"), "Auto-Submitted: auto-generated"),
        (ask("Auto-Submitted: \r\n"), "Auto-Submitted: something that cannot be read"),
        (ask("Auto-Submitted: no\r\nAuto-Submitted: auto-replied\r\n"), "Auto-Submitted: no"),
        (ask("List-Id: <trees.list.example>\r\n"), "List-Id"),
        (ask("List-Unsubscribe: <mailto:a@list.example>\r\n"), "List-Unsubscribe"),
        (ask("Precedence: bulk\r\n"), "Precedence: bulk"),
        (ask("Precedence: List\r\n"), "Precedence: list"),
        (ask("Precedence: first-class\r\n"), ""),
        (ask(path=""), "Return-Path: <>"),
        (ask(path="MAILER-DAEMON@acorn.example"), "Return-Path: <MAILER-DAEMON@acorn.example>"),
        (ask(path="owner-trees@list.example"), "Return-Path: <owner-trees@list.example>"),
        (ask(path="trees-request@list.example"), "Return-Path: <trees-request@list.example>"),
        (ask(path="owner@acorn.example"), ""),
        (ask(message="To: others@birch.example\r\n\r\n"), "To, Cc"),
        (ask(message="Subject: x\r\n\r\n"), "To, Cc"),
        (ask(message=f"Cc: a@b.example, BOB@birch.example\r\nX: {BOB}\r\n\r\n"), ""),
        (ask(message=f"Resent-To: {BOB}\r\n\r\n"), ""),
        (ask(days=1), f"answered <{ALICE}>"),
        (ask(days=6.9), f"answered <{ALICE}>"),
        (ask(days=7), ""),
    ],
)
def test_who_is_answered(verdict: Verdict, refused_by: str) -> None:
    refused = [step for step in verdict.steps if step.result == "refused"]
    assert [step.what for step in refused] == ([refused_by] if refused_by else [])
    assert verdict.result == ("refused" if refused_by else "accepted")
    assert len(verdict.steps) == 6
    assert all(step.ref.startswith("RFC 3834 §") for step in verdict.steps)


def answer(message: str = PLAIN, *, careful: bool = True, text: str = "Away.") -> email.message.Message:
    written = write(
        message.encode(),
        author=BOB,
        to=Path.of(ALICE),
        text=text,
        when=NOW,
        token="0A1B2C3D4E",
        careful=careful,
    )
    return email.message_from_bytes(written, policy=email.policy.default)


def test_an_answer() -> None:
    found = answer("Message-ID: <1@a.example>\r\n" + PLAIN)
    assert (found["From"], found["To"], found["Subject"]) == (BOB, ALICE, "Auto: hi")
    assert found["Auto-Submitted"] == "auto-replied"
    assert found["In-Reply-To"] == found["References"] == "<1@a.example>"
    assert found.get_content().splitlines() == ["Away."]


def test_a_careless_answer_looks_like_a_letter() -> None:
    found = answer(careful=False)
    assert found["Subject"] == "Re: hi"
    assert found["Auto-Submitted"] is None


def test_an_answer_beyond_ascii() -> None:
    assert answer(text="Grüße").get_content().splitlines() == ["Grüße"]


@given(st.text(max_size=500), st.text(max_size=100))
def test_what_came_cannot_write_fields(subject: str, id_: str) -> None:
    found = answer(f"Subject: {subject}\r\nMessage-ID: {id_}\r\n\r\n")
    assert set(found.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
        "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    }  # fmt: skip
    assert found.get_content().splitlines() == ["Away."]


@given(st.binary(max_size=500))
def test_any_message_is_judged(message: bytes) -> None:
    assert may_answer(message, reverse_path=Path.of(ALICE), own={BOB}, before=Before(None, NOW)).text()
