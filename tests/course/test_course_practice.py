"""Cases without end: each is a question like any other, and the score goes on from case to case."""

from __future__ import annotations

import pytest

from smtplab.course.practice import Practice
from smtplab.course.question import Question, question
from smtplab.mail.errors import LabError


def make(number: int, level: str) -> Question:
    return question(f"{level} case {number}", ["yes", "no"], answer="yes", reasons={"no": "not so"})


@pytest.fixture
def practice() -> Practice:
    return Practice("verdicts", make, ["easy", "hard"], "What will it be?")


def test_a_case_after_the_other_with_a_score(practice: Practice) -> None:
    practice.guess("yes").next().guess("no").guess("yes").next().skip()
    assert practice.score == (1, 3)
    assert "easy case 3" in practice.text() and "1 of 3 right the first time." in practice.text()


def test_a_case_that_was_not_answered_counts_for_nothing(practice: Practice) -> None:
    practice.next().next().guess("no")
    assert practice.score == (0, 0)


def test_a_level_brings_a_new_case_and_keeps_the_score(practice: Practice) -> None:
    practice.guess("yes").level("hard")
    assert "hard case 2" in practice.text() and practice.score == (1, 1)
    practice.level("hard")
    assert "hard case 2" in practice.text()
    with pytest.raises(LabError, match=r"no level 'harder'\. There are: easy, hard"):
        practice.level("harder")


def test_the_buttons(practice: Practice) -> None:
    practice._asking._skip.click()
    practice._next.click()
    assert "easy case 2" in practice.text() and practice.score == (0, 1)


def test_without_a_kernel_the_answer_is_folded(practice: Practice) -> None:
    still = practice.static()
    assert "<details" in still and "easy case 1" in still and "not so" in still
