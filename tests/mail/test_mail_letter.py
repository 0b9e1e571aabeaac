"""A letter: what the program is told, what it sends, and an envelope that follows the fields or does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from smtplab.mail.errors import RecordError
from smtplab.mail.header import fields
from smtplab.mail.letter import Letter, changed

WHEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
ID = "<1@alice.home.example>"
BLIND = Letter(bcc="erin@birch.example", rcpt_to=("bob@birch.example", "erin@birch.example"))


def names(message: bytes) -> list[str]:
    return [field.name for field in fields(message)]


def test_the_program_takes_bcc_out_unless_it_forgets() -> None:
    assert "Bcc" in names(BLIND.draft(WHEN, ID))
    assert "Bcc" not in names(BLIND.message(WHEN, ID))
    assert replace(BLIND, leaves_bcc=True).message(WHEN, ID) == BLIND.draft(WHEN, ID)


def test_an_empty_field_is_left_out_and_stamps_are_a_choice() -> None:
    known = ["Date", "Message-ID", "From", "To", "Subject", "MIME-Version", "Content-Type"]
    assert names(Letter().message(WHEN, ID)) == known
    assert names(Letter(stamps=False, to=" ").message(WHEN, ID)) == [known[2], *known[4:]]


def test_lines_end_in_crlf() -> None:
    assert b"\n" not in BLIND.draft(WHEN, ID).replace(b"\r\n", b"")


def test_the_envelope_is_what_it_is_told() -> None:
    letter = Letter(from_="The bank <x@bank.example>", mail_from="", rcpt_to=("a@b.example",))
    assert letter.envelope.commands() == ("MAIL FROM:<>", "RCPT TO:<a@b.example>")
    assert letter.as_usual().envelope.commands() == (
        "MAIL FROM:<x@bank.example>",
        "RCPT TO:<bob@birch.example>",
    )


def test_letters_beyond_ascii_are_declared() -> None:
    mail = Letter(from_="Päivi <alice@acorn.example>").envelope.commands()[0]
    assert mail == "MAIL FROM:<alice@acorn.example> BODY=8BITMIME SMTPUTF8"


@pytest.mark.parametrize("wrong", [{"mail_from": "nobody"}, {"rcpt_to": ("",)}, {"rcpt_to": ("a b",)}])
def test_an_address_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        _ = replace(Letter(), **wrong).envelope


@pytest.mark.parametrize("value", ["a\r\nBcc: x@y.example", "a\nb", "a\r"])
def test_a_field_cannot_bring_another(value: str) -> None:
    with pytest.raises(RecordError, match="one line"):
        Letter(to=value).message(WHEN, ID)


@pytest.mark.parametrize(
    ("parts", "mail_from", "rcpt_to"),
    [
        ({}, "alice@acorn.example", ("bob@birch.example",)),
        ({"bcc": "e@b.example"}, "alice@acorn.example", ("bob@birch.example", "e@b.example")),
        ({"from_": "X <x@y.example>"}, "x@y.example", ("bob@birch.example",)),
        ({"from_": "x@y.example", "mail_from": ""}, "", ("bob@birch.example",)),
        (
            {"to": "t@l.example", "rcpt_to": "<a@b.example>, c@d.example"},
            "alice@acorn.example",
            ("a@b.example", "c@d.example"),
        ),
        ({"rcpt_to": ["a@b.example"]}, "alice@acorn.example", ("a@b.example",)),
        (
            {"to": 'Bob <bob@birch.example>, "Bob" <bob@birch.example>'},
            "alice@acorn.example",
            ("bob@birch.example",),
        ),
    ],
)
def test_the_envelope_follows_the_fields_where_it_is_not_given(
    parts: dict[str, Any], mail_from: str, rcpt_to: tuple[str, ...]
) -> None:
    made = changed(None, parts)
    assert (made.mail_from, made.rcpt_to) == (mail_from, rcpt_to)


def test_a_part_that_no_letter_has() -> None:
    with pytest.raises(TypeError):
        changed(None, {"sender": "x"})
