"""The table of all combinations and the cases to predict: both say what the engine says."""

from __future__ import annotations

from collections import Counter

import pytest

from smtplab.auth.dmarc import case, combinations
from smtplab.auth.dmarc.deciding import RECEIVERS
from smtplab.auth.dmarc.quizzing import DIFFICULTIES, OPTIONS
from smtplab.auth.dmarc.record import POLICIES
from smtplab.course.question import question

ROWS = list(combinations())


def test_every_combination_is_there_once() -> None:
    keys = {(r.spf, r.spf_aligned, r.dkim, r.dkim_aligned, r.policy, r.testing, r.receiver) for r in ROWS}
    assert len(ROWS) == len(keys) == 7 * 7 * len(POLICIES) * 2 * len(RECEIVERS)


def test_it_passes_where_one_of_them_passes_and_aligns() -> None:
    """The pass rule, written the other way round (RFC 9989 §4.4, §5.3.5)."""
    for row in ROWS:
        good = (row.spf == "pass" and row.spf_aligned) or (row.dkim == "pass" and row.dkim_aligned)
        later = (row.spf, row.spf_aligned) == ("temperror", True)
        later = later or (row.dkim, row.dkim_aligned) == ("temperror", True)
        assert row.dmarc.result == ("pass" if good else "temperror" if later else "fail")


def test_what_becomes_of_it() -> None:
    """The decision, written the other way round (RFC 9989 §4.7, §5.4, §7.4)."""
    for row in ROWS:
        wish = POLICIES.index(row.policy) - row.testing
        if row.dmarc.result != "fail" or wish <= 0 or row.receiver == "mark":
            expected = "none"
        elif wish == 1 or row.receiver == "junk":
            expected = "junk"
        else:
            expected = row.receiver
        assert row.disposition == expected, row


def test_a_result_that_is_none_of_the_good_ones_does_as_fail() -> None:
    bad = ("fail", "softfail", "neutral", "permerror")
    found = {(row.dmarc.result, row.disposition) for row in combinations(
        spf=bad, dkim=["fail", "policy", "permerror", "neutral"], policies=["reject"], testing=[False],
        receivers=["junk"],
    )}  # fmt: skip
    assert found == {("fail", "junk")}
    with pytest.raises(ValueError, match="'good' is no result"):
        list(combinations(spf=["good"]))


def test_a_row_as_words() -> None:
    (row,) = combinations(
        spf=["none"], dkim=["none"], policies=["reject"], testing=[True], receivers=["reject"]
    )
    assert list(row.row().values()) == ["none", "none", "fail", "reject (t=y)", "reject", "junk"]


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_cases_are_many_and_make_questions(difficulty: int) -> None:
    answers: Counter[str] = Counter()
    seen = set()
    for seed in range(150):
        made = case(seed, difficulty)
        assert made.answer in made.options and set(made.reasons) == set(made.options) - {made.answer}
        assert all(
            len(reason) > 20 and "  " not in reason for reason in (*made.reasons.values(), made.explain)
        )
        question(made.text, made.options, answer=made.answer, reasons=made.reasons, explain=made.explain)
        answers[made.answer] += 1
        seen.add(made.text)
    assert len(seen) > (30 if difficulty == 1 else 100)
    assert len(answers) >= 3 + difficulty and max(answers.values()) < 90


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_the_answer_is_what_the_engine_says(difficulty: int) -> None:
    for seed in range(60):
        made = case(seed, difficulty)
        result, _, done = made.answer.partition("-")
        assert (made.dmarc.result, made.decided.result) == (result, done or "none")
        assert OPTIONS[made.answer] == made.options[made.answer]


def test_a_case_comes_again() -> None:
    assert case(7, 2) == case(7, 2) != case(8, 2)
    with pytest.raises(ValueError, match="difficulty"):
        case(1, 4)


def test_every_twist_comes_up() -> None:
    answers = {case(seed, 3).answer for seed in range(200)}
    assert answers == set(OPTIONS)
