"""The catalogue: every code that smtplab says or teaches has an entry, and every entry its source."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.codes import CLASS, CODES, code, enhanced
from smtplab.mail.session import TABLE, VERBS, Refusal, State, refusal
from smtplab.mail.status import CLASSES, DETAILS, SEEN, SUBJECTS

REF = re.compile(r"RFC \d{4}( §\d+(\.\d+)*)?")

# RFC 5321 §4.2.3, then RFC 4954 §6, RFC 3207 §4 and RFC 7504.
RFC_5321 = "211 214 220 221 250 251 252 354 421 450 451 452 455 500 501 502 503 504 550 551 552 553 554 555"
OTHERS = "235 334 432 454 530 534 535 538 521 556"

# RFC 3463 §3.1 to §3.8: the details of each subject.
RFC_3463 = {"0": 1, "1": 9, "2": 5, "3": 6, "4": 8, "5": 6, "6": 6, "7": 8}
# The details that were registered later (RFC 5248).
LATER = "1.9 1.10 3.6 5.6 6.6 6.7 6.8 6.9 6.10 " + " ".join(f"7.{number}" for number in range(8, 31))

# What Postfix, Gmail, Microsoft and Yahoo say in the ten failures that the lessons teach.
IN_THE_WILD = """
550 5.1.1  550 5.1.10 550 5.4.1  554 5.7.1  454 4.7.1  550 5.7.1  550 5.7.64 535 5.7.8  535 5.7.3  550 5.7.30
530 5.7.0  421 4.7.0  530 5.7.57 452 4.2.2  552 5.2.2  552 5.3.4  452 4.3.1  552 5.2.3  450 4.7.1  450 4.2.0
451 4.7.1  421 4.7.28 450 4.2.1  432 4.3.2  550 5.7.23 550 5.7.20 550 5.7.21 550 5.7.22 550 5.7.24 550 5.7.25
550 5.7.26 421 4.7.26 421 4.7.27 421 4.7.30 421 4.7.31 421 4.7.32 421 4.7.40 550 5.7.27 550 5.7.40 550 5.7.509
550 5.7.515 450 4.7.25 451 4.7.23 554 5.4.0 554 5.4.6 450 4.1.8 450 4.1.2 553 5.1.2 550 5.5.2 550 5.6.11
421 4.7.29 550 5.7.29 534 5.7.9  553 5.7.1 556 5.1.10 554 5.5.1 554 5.5.0 451 4.4.1 451 4.4.7 550 5.7.10
"""


def test_every_reply_code_has_an_entry() -> None:
    assert set(CODES) == {int(number) for number in f"{RFC_5321} {OTHERS}".split()}
    for number, entry in CODES.items():
        assert entry.code == number and code(number) is entry
        assert entry.name and entry.meaning.endswith(".") and entry.acts.endswith(".")
        assert REF.fullmatch(entry.ref)
    assert code(299) is None


def test_the_first_digit_alone_says_what_to_do() -> None:
    # RFC 5321 §4.2.1
    assert set(CLASS) == {2, 3, 4, 5}
    assert {number // 100 for number in CODES} == set(CLASS)
    assert "queued" in CLASS[4].acts and "DSN" in CLASS[5].acts


def test_every_detail_has_an_entry() -> None:
    expected = {f"{subject}.{detail}" for subject, count in RFC_3463.items() for detail in range(count)}
    assert set(DETAILS) == expected | set(LATER.split())
    for key, entry in DETAILS.items():
        assert entry.name and entry.meaning.endswith(".") and REF.fullmatch(entry.ref), key
    assert DETAILS["1.1"].ref == "RFC 3463 §3.2" and DETAILS["7.7"].ref == "RFC 3463 §3.8"
    assert DETAILS["7.26"].ref == "RFC 7372 §3.4" and DETAILS["7.8"].ref == "RFC 4954 §6"
    assert set(CLASSES) == {"2", "4", "5"} and set(SUBJECTS) == set("01234567")


def test_names_tell_codes_apart() -> None:
    names = [entry.name for entry in CODES.values()]
    assert len(set(names)) == len(names)
    twins = {"6.8", "6.10"}  # the registry has this one twice
    names = [entry.name for key, entry in DETAILS.items() if key not in twins]
    assert len(set(names)) == len(names)


def test_what_the_session_table_says_is_in_the_catalogue() -> None:
    refusals = [move for row in TABLE.values() for move in row.values() if isinstance(move, Refusal)]
    refusals += [no for state in State for verb in (*VERBS, "XYZZY") if (no := refusal(state, verb))]
    assert refusals
    for each in refusals:
        assert code(each.reply.code) is not None
        entry = enhanced(each.reply.enhanced)
        assert entry is not None and entry.known


def test_what_the_lessons_teach_is_in_the_catalogue() -> None:
    words = IN_THE_WILD.split()
    assert len(words) % 2 == 0
    for number, text in zip(words[::2], words[1::2], strict=True):
        assert code(int(number)), number
        entry = enhanced(text)
        assert entry and (entry.known or entry.seen), text


def test_known_codes() -> None:
    entry = enhanced("5.1.1")
    assert entry and entry.known and entry.name == "no such mailbox"
    assert entry.code == "5.1.1" and entry.klass.startswith("a permanent failure")
    later = enhanced("4.1.1")
    assert later and later.meaning == entry.meaning and later.klass.startswith("a transient failure")
    success = enhanced("2.1.5")
    assert success and success.klass == "a success"


def test_unknown_details_fall_back() -> None:
    # to the subject ...
    entry = enhanced("5.7.999")
    assert entry and not entry.known and not entry.seen
    assert entry.name == "unknown security or policy status"
    assert "not registered" in entry.meaning and entry.ref == "RFC 3463 §3.8"
    # ... and to the class
    entry = enhanced("4.9.1")
    assert entry and not entry.known and entry.klass.startswith("a transient failure")
    assert "Neither" in entry.meaning and entry.ref == "RFC 3463 §2"


def test_one_number_means_different_things_to_different_receivers() -> None:
    for text, who in (
        ("5.1.10", "Microsoft (reported)"),
        ("5.7.27", "Gmail"),
        ("5.7.30", "Gmail"),
        ("5.7.30", "Microsoft"),
        ("4.7.30", "Gmail"),
        ("5.7.515", "Microsoft"),
    ):
        entry = enhanced(text)
        assert entry and any(str(seen).startswith(f"{who}: ") for seen in entry.seen), text
    unlike = enhanced("4.7.30")
    assert unlike and not any(seen.who == "Microsoft" for seen in unlike.seen)


def test_what_is_seen_stands_under_a_code_or_a_detail() -> None:
    for key, uses in SEEN.items():
        assert enhanced(key) or enhanced(f"5.{key}"), key
        assert uses and all(use.who and use.meaning for use in uses)


@pytest.mark.parametrize(
    "text", ["", "5", "5.1", "5.1.1.1", "3.1.1", "5.01.1", "5.1.01", "5.1.1000", "5.1.1 ", "٥.1.1"]
)
def test_not_an_enhanced_code(text: str) -> None:
    assert enhanced(text) is None  # RFC 3463 §2


@settings(deadline=None)
@given(st.sampled_from("245"), st.integers(0, 999), st.integers(0, 999))
def test_every_well_formed_code_means_something(klass: str, subject: int, detail: int) -> None:
    entry = enhanced(f"{klass}.{subject}.{detail}")
    assert entry and entry.name and entry.meaning and entry.klass == CLASSES[klass]
    assert entry.known == (f"{subject}.{detail}" in DETAILS)
