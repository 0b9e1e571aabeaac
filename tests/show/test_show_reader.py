"""The mail reader's view beside View Source: what is shown, hidden and explained, and hostile mail."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from email.message import EmailMessage
from typing import Any

import pytest

from smtplab.desk import Lab
from smtplab.mail.header import fields
from smtplab.mail.view import reader_view
from smtplab.show import register
from smtplab.show.reader import MailReader, mock, view_html
from smtplab.show.reader_source import FIELDS
from tests.show.markup import seen

HOSTILE = '<script>window.pwned=1</script>"><img/src=x/onerror="window.pwned=1">\u202e\x1b[31m'
PHISH = b"""\
Return-Path: <x@mallory.example>\r
From: "service@bank.example" <x@mallory.example>\r
Reply-To: <y@evil.example>\r
To: Bob <bob@birch.example>, Erin <erin@birch.example>\r
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r
Date: Mon, 02 Mar 2026 09:00:00 +0000\r
X-Folded: one\r
\ttwo\r
Content-Type: text/html\r
\r
<p>Dear Bob</p><a href="http://evil.example/">bank.example</a>\r
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as running:
        running.submit("From: Alice <alice@acorn.example>\nTo: bob@birch.example\nSubject: hi\n\nhello\n")
        running.settle()
        yield running


@pytest.fixture
def phish() -> MailReader:
    return MailReader(PHISH)


def press(reader: MailReader, do: str, **more: Any) -> None:
    reader._asked(reader, {"do": do, **more}, [])


def test_what_the_reader_sees(phish: MailReader) -> None:
    view = seen(phish.parts["view"])
    for words in ("service@bank.example <x@mallory.example>", "Grüße", "Dear Bob", "Mon 2 Mar 2026, 09:00"):
        assert words in view
    assert "To: Bob <bob@birch.example>, Erin <erin@birch.example>" in view
    assert "Answers go to: y@evil.example" in view
    assert "http://evil.example" not in view.partition("What misleads")[0]


def test_the_name_alone(phish: MailReader) -> None:
    press(phish, "names", value=True)
    shown = seen(phish.parts["view"]).partition("What misleads")[0]
    assert "service@bank.example" in shown
    for hidden in ("mallory.example", "evil.example", "erin@birch.example"):
        assert hidden not in shown
    press(phish, "names", value=False)
    assert "mallory.example" in seen(phish.parts["view"]).partition("What misleads")[0]
    assert not phish.disabled


def test_without_a_name_the_address_is_shown_in_both() -> None:
    reader = MailReader(b"From: x@mallory.example\r\n\r\nhello\r\n")
    for on in (False, True):
        reader.names_only(on)
        assert seen(reader.parts["view"]).count("x@mallory.example") == 1


def test_what_misleads_waits_to_be_unfolded(phish: MailReader) -> None:
    view = phish.parts["view"]
    assert "<details" in view and "<details open" not in view
    assert f"What misleads here: {len(phish.view.warnings)}" in view
    assert phish.view.warnings
    assert "What misleads" not in MailReader(b"From: a@b.example\r\n\r\nhello").parts["view"]


def test_the_source_is_as_written(phish: MailReader) -> None:
    source = phish.parts["source"]
    assert "<b>Subject:</b> =?utf-8?q?Gr=C3=BC=C3=9Fe?=" in source
    assert "<b>X-Folded:</b> one\n\ttwo" in source
    assert "the empty line" in source
    assert "&lt;p&gt;Dear Bob&lt;/p&gt;" in source


def test_each_field_explains_itself(phish: MailReader) -> None:
    numbers = re.findall(r'data-field="(\d+)"', phish.parts["source"])
    assert [int(number) for number in numbers] == list(range(len(fields(PHISH))))
    assert len(phish.parts["fields"]) == len(numbers)
    sender = seen(phish.parts["fields"][1])
    assert sender.startswith("From")
    assert "a claim" in sender
    assert "RFC 5322 §3.6.2" in sender


def test_a_trusted_hosts_field_is_evidence(lab: Lab) -> None:
    mail = lab.mailbox("bob@birch.example")[-1]
    reader = lab.reader(mail)
    texts = [seen(text) for text in reader.parts["fields"]]
    assert texts[0].startswith("Return-Path") and "✓ evidence" in texts[0]
    assert any(text.startswith("From") and "a claim" in text for text in texts)
    assert reader.parts["title"] == "from the mailbox of bob@birch.example"
    assert all("✓ evidence" not in seen(text) for text in lab.reader(mail.raw).parts["fields"])


def test_any_message_will_do(lab: Lab) -> None:
    made = EmailMessage()
    made["From"], made["Subject"] = "Alice <alice@acorn.example>", "hi"
    made.set_content("hello")
    for message in (made, made.as_bytes(), made.as_string(), lab.mailbox("bob@birch.example")[-1]):
        assert "hi" in seen(lab.reader(message).parts["view"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "message", [b"", b"\r\n", b"no field\r\n", b"\x00\xff\xfe", b": x\r\n\r\n", "Subject: ü\n\nü"]
)
def test_broken_messages_are_shown_too(message: bytes | str) -> None:
    reader = MailReader(message)
    assert reader.parts["view"]
    assert len(reader.parts["fields"]) == reader.parts["source"].count("data-field=")
    assert reader._repr_mimebundle_()


def test_a_huge_message_stays_small() -> None:
    reader = MailReader(
        b"X-Field: " + b"y" * 100_000 + b"\r\n" + b"A: b\r\n" * 2000 + b"\r\n" + b"z" * 1_000_000
    )
    assert reader.parts["source"].count("data-field=") == len(reader.parts["fields"]) == FIELDS
    assert sum(map(len, (reader.parts["source"], reader.parts["view"]))) < 100_000
    assert "fields more" in reader.parts["source"]


def test_hostile_mail_stays_text() -> None:
    evil = (
        f"From: {HOSTILE} <a@b.example>\r\nSubject: {HOSTILE}\r\nX-{HOSTILE}: x\r\n{HOSTILE}: {HOSTILE}\r\n"
    )
    reader = MailReader(f"{evil}\r\n{HOSTILE}", title=HOSTILE)
    bundle, _ = reader._repr_mimebundle_()
    markup = [reader.parts["view"], reader.parts["source"], *reader.parts["fields"], reader.message]
    for text in (*markup, bundle["text/html"], str(view_html(reader.view))):
        assert "<script" not in text
        assert "<img" not in text
    for text in (*markup, bundle["text/html"], bundle["text/plain"], reader.parts["title"]):
        assert "\u202e" not in text
        assert "\x1b" not in text
    assert reader.message == ""  # that place is for sentences of ours


def test_without_a_kernel(phish: MailReader) -> None:
    bundle, _ = phish._repr_mimebundle_()
    page = seen(bundle["text/html"])
    for words in ("What the reader sees", "View Source", "Grüße", "What each field is"):
        assert words in page
    assert bundle["text/plain"] == phish.view.text()


def test_the_record_shows_itself() -> None:
    view = reader_view(PHISH)
    name = (type(view).__module__, type(view).__name__)
    assert register._HTML[name] == "reader.view_html"
    assert "Grüße" in seen(str(view_html(view)))
    assert register.text(view) == view.text()


def test_the_code_does_the_same(lab: Lab) -> None:
    mail = lab.mailbox("bob@birch.example")[-1]
    code = lab.reader(mail)._snippets()["Python"]
    said = io.StringIO()
    with redirect_stdout(said):
        exec(code, {"lab": lab})
    assert said.getvalue().startswith("Alice\nhi Mon, 02 Mar 2026")
    assert "Return-Path: <alice@acorn.example>" in said.getvalue()


def test_the_first_letter_stands_for_a_face() -> None:
    assert ">?</span>" in mock(reader_view(b"From: <@>\r\n\r\n")) or ">N</span>" in mock(reader_view(b""))
