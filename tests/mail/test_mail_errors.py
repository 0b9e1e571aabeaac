"""The errors: they point at the place, and nothing hostile gets through them."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.errors import LabError, ProtocolError, RecordError
from smtplab.mail.reply import Reply
from smtplab.mail.text import decode, visible


def shown(text: str, start: int, end: int) -> list[str]:
    return str(RecordError("a rule", text, (start, end))).split("\n")


def test_the_caret_stands_under_the_span() -> None:
    assert shown("<al ice@b>", 3, 4) == ["a rule", "  <al ice@b>", "     ^"]
    assert shown("abc", 0, 3) == ["a rule", "  abc", "  ^^^"]
    # an empty span points at a gap
    assert shown("abc", 3, 3) == ["a rule", "  abc", "     ^"]
    assert shown("", 0, 0) == ["a rule", "  ", "  ^"]


def test_columns_not_characters() -> None:
    # what is made visible is wider, East Asian characters take two columns, combining marks none
    assert shown("\x1b[2J!", 4, 5) == ["a rule", "  \\x1b[2J!", "         ^"]
    assert shown("a\u202eb", 1, 2) == ["a rule", "  a\\u202eb", "   ^^^^^^"]
    assert shown("文字x", 2, 3) == ["a rule", "  文字x", "      ^"]
    assert shown("e\u0301x", 2, 3) == ["a rule", "  e\u0301x", "   ^"]


def test_long_text_is_cut_around_the_span() -> None:
    _, text, carets = shown("a" * 500 + "!" + "b" * 500, 500, 501)
    assert text.strip().startswith("…aaa") and text.endswith("bbb…")
    assert text[carets.index("^")] == "!" and len(text) < 90
    _, text, carets = shown("x" * 10**6, 0, 10**6)
    assert text.endswith("…") and len(text) < 90 and len(carets) < 90


def test_it_is_a_value_error_and_can_be_pickled() -> None:
    error = RecordError("a rule", "abc", (1, 2))
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ValueError)
    assert (again.message, again.text, again.span) == ("a rule", "abc", (1, 2))


def test_protocol_error_shows_the_reply() -> None:
    reply = Reply(503, "5.5.1", ("Send EHLO \x1b[31mfirst",))
    assert str(ProtocolError(reply)) == "503 5.5.1 Send EHLO \\x1b[31mfirst"
    assert str(ProtocolError(reply, "expected 250")).endswith("first: expected 250")
    assert ProtocolError(reply).reply is reply
    with pytest.raises(ProtocolError):
        raise pickle.loads(pickle.dumps(ProtocolError(reply)))


def test_lab_error_is_its_sentence() -> None:
    assert str(LabError("Start the lab first: lab = Lab()")) == "Start the lab first: lab = Lab()"


@settings(deadline=None)
@given(st.text() | st.binary().map(decode), st.integers(0, 200), st.integers(0, 200))
def test_any_text_shows_on_three_lines(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    error = str(RecordError("a rule", text, (start, min(start + length, len(text)))))
    assert error.count("\n") == 2 and visible(error, keep="\n") == error
