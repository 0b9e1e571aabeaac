"""Two verdicts side by side: what went, what came, what stayed, and that all of it is text."""

from __future__ import annotations

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from smtplab.mail.verdict import Step, Verdict, compare
from smtplab.show import comparison, verdict
from smtplab.show.register import register
from tests.show.markup import seen

EVIL = '<script>pwned()</script>"><img src=x>\u202e\x1b[31m'


def made(result: str, *steps: Step, lookups: int = 1) -> Verdict:
    return Verdict(result, "SPF", "may it send?", steps, {"lookups": (lookups, 10)})


SAME = tuple(Step(f"ip4:192.0.2.{n}", "not in it", "", "RFC 7208 §5.6") for n in range(6))
FAIL = made("fail", *SAME, Step("-all", "whoever is left", "fail", "RFC 7208 §5.1"))
PASS = made("pass", *SAME, Step("include:x.example", "says pass", "pass", "RFC 7208 §5.2"), lookups=2)


def test_results_meters_and_marks() -> None:
    drawn = str(comparison.html(compare(FAIL, PASS)))
    text = seen(drawn)
    assert text.startswith(
        "✕ fail → becomes ✓ pass 1 step went, 1 came. lookups 1 → 2 of 10 SPF: may it send?"
    )
    assert "− ✕ no longer: fail: -all whoever is left RFC 7208 §5.1" in text
    assert "+ ✓ new: pass: include:x.example says pass RFC 7208 §5.2" in text
    assert re.findall(r"cm-step cm-(\w+)", drawn) == ["same"] * 6 + ["gone", "new"]


def test_what_stayed_is_folded_where_there_is_much_of_it() -> None:
    assert "<summary" in comparison.html(compare(FAIL, PASS))
    assert "6 steps as before" in seen(comparison.html(compare(FAIL, PASS)))
    few = compare(made("fail", *SAME[:3]), made("pass", *SAME[:3], SAME[4]))
    assert "<summary" not in comparison.html(few)


def test_a_question_that_changed_is_there_twice() -> None:
    other = Verdict("pass", "SPF", "may the other send?")
    assert "SPF: may it send? → may the other send?" in seen(comparison.html(compare(FAIL, other)))


def test_nothing_changed_and_another_way_to_the_same() -> None:
    drawn = comparison.html(compare(FAIL, FAIL))
    assert "Nothing changed" in seen(drawn)
    assert "<ul" not in drawn
    other = made("fail", *SAME[:2], Step("-all", "whoever is left", "fail"))
    assert "The same result, another way to it: 4 steps went, 0 came." in seen(
        comparison.html(compare(FAIL, other))
    )


def test_steps_inside_steps_stand_further_right() -> None:
    deep = made(
        "pass", Step("include:a", "asks", steps=(Step("include:b", "asks", steps=(Step("c", "d"),)),))
    )
    drawn = comparison.html(compare(made("pass"), deep))
    assert [int(n) for n in re.findall(r"padding-left:(\d+)px", drawn)] == [4, 18, 32]


@pytest.mark.parametrize("method", ["DKIM", "DMARC", EVIL])
def test_it_is_for_any_check_and_hostile_text_stays_text(method: str) -> None:
    before = Verdict("none", method, EVIL, (Step(EVIL, EVIL),), {EVIL: (1, 8)})
    after = Verdict(EVIL, method, EVIL, (Step("x" * 100_000, EVIL, EVIL, EVIL),), {EVIL: (2, 8)})
    drawn = comparison.html(compare(before, after))
    for bad in ("<script", "<img", "\u202e", "\x1b"):
        assert bad not in drawn
    assert len(drawn) < 20_000


def test_a_comparison_shows_itself_in_a_notebook() -> None:
    shell = InteractiveShell()
    register(shell)
    data, _ = shell.display_formatter.format(compare(FAIL, PASS))
    assert "cm-compared" in data["text/html"]
    assert data["text/plain"].startswith("fail -> pass")


def test_in_a_widget_it_brings_no_style_of_its_own() -> None:
    assert "<style" not in comparison.html(compare(FAIL, PASS), styled=False)
    assert "<style" in comparison.html(compare(FAIL, PASS))
    assert "<style" in verdict.html(FAIL)
