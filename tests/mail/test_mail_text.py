"""Text from the wire: nothing is lost on the way in, nothing hides on the way out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.text import decode, encode, visible

ANY_TEXT = st.text(st.characters(exclude_categories=[]))  # surrogates too


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("250 OK", "250 OK"),
        ("", ""),
        ("jörg 文字 🙂", "jörg 文字 🙂"),
        # controls: the cursor stays where it is
        ("\x1b[2J", "\\x1b[2J"),
        ("a\r\nb\tc\0", "a\\x0d\\x0ab\\x09c\\x00"),
        ("a\x7f\x9bb", "a\\x7f\\x9bb"),
        # what reverses a line, or has no width
        ("gpj\u202eexe", "gpj\\u202eexe"),
        ("a\u2066b\u200bc\ufeffd", "a\\u2066b\\u200bc\\ufeffd"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("a\u00adb", "a\\xadb"),
        # tags, private and unassigned characters beyond the first plane keep their whole code
        ("\U000e0041\U0010fffd", "\\U000e0041\\U0010fffd"),
        # letters and marks that show nothing
        ("a\u3164b\u115fc\ufe0fd\u034fe\U000e0100", "a\\u3164b\\u115fc\\ufe0fd\\u034fe\\U000e0100"),
        # octets that are not UTF-8, and half a pair
        ("caf\udce9", "caf\\xe9"),
        ("\ud83d", "\\ud83d"),
        # markup is text: escaping it is the builder's work
        ("<script>", "<script>"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_visible_takes_octets() -> None:
    assert visible(b"caf\xe9 \x1b") == "caf\\xe9 \\x1b"
    assert visible("é".encode()) == "é"


def test_keep() -> None:
    assert visible("a\n\tb\r", keep="\n\t") == "a\n\tb\\x0d"


def test_decode_and_encode() -> None:
    assert decode(b"caf\xc3\xa9") == "café" and decode(b"caf\xe9") == "caf\udce9"
    assert encode("café") == b"caf\xc3\xa9" and encode("caf\udce9") == b"caf\xe9"
    # half a surrogate pair has no octets, and must not take those of its neighbours along
    assert encode("\ud800") == b"?" and encode("caf\udce9\ud800") == b"caf\xe9?"


@settings(deadline=None)
@given(st.binary())
def test_no_octet_is_lost(data: bytes) -> None:
    assert encode(decode(data)) == data


@settings(deadline=None)
@given(ANY_TEXT)
def test_nothing_hides(text: str) -> None:
    shown = visible(text)
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not hidden & {unicodedata.category(char) for char in shown}
    assert visible(shown) == shown
    encode(text)  # never raises
