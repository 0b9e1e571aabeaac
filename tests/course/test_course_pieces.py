"""Hints, quizzes, the head of a lesson and its glossary."""

from __future__ import annotations

import pytest

from smtplab.course import glossary, hint, journal, lesson, question, quiz
from smtplab.course.quizzes import Quiz
from smtplab.mail.errors import LabError

EVIL = "<img src=x onerror=alert(1)>\x1b\u202e"


def entry() -> Quiz:
    return quiz(
        "entry",
        question("What is **MX**?", ["a host", "a port"], answer="a host", read="DNS, in `00`"),
        question("What is 25?", {"p": "a port", "h": "a host"}, answer="p", explain="Because."),
        title="Before you start",
    )


def clean(html: str) -> bool:
    return "<img" not in html and not {"\x1b", "\u202e"} & set(html)


# Hints --------------------------------------------------------------------------------------------------


def test_one_hint_more_for_each_click() -> None:
    made = hint("dot", "Look.", "Look `again`.", "It is a dot.")
    assert made._button.description == "Next hint, 1 of 3" and made._list.value == ""
    assert "no lesson" not in journal.read()
    made._button.click()
    assert "<li>Look.</li></ol>" in made._list.value and made._button.description == "Next hint, 2 of 3"
    made.next().next()
    assert made._list.value.count("<li>") == 3 and made._button.description == "No more hints"
    made._button.click()
    assert made.seen == 3 and journal.read()["no lesson"].hints == {"dot": (3, 3)}
    assert {"smtplab-hint", "smtplab-hint-dot"} <= set(made._dom_classes)


def test_a_hint_cell_run_again_keeps_its_hints() -> None:
    hint("dot", "a", "b").next()
    assert hint("dot", "a", "b").seen == 1
    assert hint("dot", "a", "other").seen == 0
    lesson("03-extensions")
    assert hint("dot", "a", "b").seen == 0


def test_hints_in_a_terminal() -> None:
    made = hint("dot", "a `b`", "c")
    assert repr(made) == "Next hint, 1 of 2: .next()"
    assert repr(made.next()) == "  1) a b\nNext hint, 2 of 2: .next()"
    assert repr(made.next()) == "  1) a b\n  2) c\nNo more hints"


def test_hints_without_a_kernel_are_folded_into_each_other() -> None:
    page = hint("dot", "one", "two", "three")._repr_mimebundle_()["text/html"]
    assert page.count("<details") == 3 and page.endswith("</details></details></details></div>")
    assert page.index("one") < page.index("Hint 2 of 3") < page.index("two") < page.index("three")


def test_hints_are_text() -> None:
    made = hint("dot", EVIL).next()
    assert clean(made._list.value) and clean(made.static()) and "\x1b" not in repr(made)
    with pytest.raises(LabError, match="no hint called 'dot' among its texts"):
        hint("dot")


# Quizzes ------------------------------------------------------------------------------------------------


def test_a_quiz_counts_what_was_right_the_first_time() -> None:
    made = entry()
    assert (made.right, made.answered, made._score.value) == (0, 0, "")
    assert journal.read()["no lesson"].quizzes == {"entry": (0, 2)}
    made.guess(1, "a host")
    assert "1 of 2 right the first time, 1 to go." in made._score.value
    made.guess(2, "h").guess(2, "p")
    assert "1 of 2 right the first time." in made._score.value and made.answered == 2
    assert journal.read()["no lesson"].quizzes == {"entry": (1, 2)}


def test_all_right_is_marked() -> None:
    made = entry().guess(1, 1)
    assert "✓" not in made._score.value
    assert "✓" in made.guess(2, 1)._score.value


def test_a_wrong_answer_points_at_what_to_read() -> None:
    made = entry().guess(1, 2)
    assert "Read first: </strong>DNS, in <code>00</code>" in made._askings[0]._notice.value
    assert "Read first" not in made.guess(2, 2)._askings[1]._notice.value


def test_a_quiz_by_its_buttons() -> None:
    made = entry()
    first, second = made._askings
    first._options.index = 0
    first._go.click()
    second._skip.click()
    assert (made.right, made.answered) == (1, 2) and "Because." in second._notice.value
    assert {"smtplab-quiz", "smtplab-quiz-entry"} <= set(made._dom_classes)


def test_a_quiz_cell_run_again_keeps_its_answers() -> None:
    entry().guess(1, 1)
    again = entry()
    assert again.right == 1 and "1 of 2" in again._score.value
    assert again.guess(2, 1).right == 2 and "2 of 2" in again._score.value


def test_a_quiz_in_a_terminal() -> None:
    lines = repr(entry().guess(1, 2)).splitlines()
    assert lines[:2] == ["Before you start", "1. What is MX?"]
    assert "Not a port: Not this one." in lines and "Read first: DNS, in 00" in lines
    assert lines[-2:] == [
        "0 of 2 right the first time, 2 to go.",
        "Guess with .guess(question, option), or .skip(question)",
    ]
    assert not any(line.startswith("Guess with .guess(1)") for line in lines)


def test_a_quiz_without_a_kernel() -> None:
    page = entry()._repr_mimebundle_()["text/html"]
    assert page.count("<details") == 2 and page.count("<style>") == 1
    assert "1. What is <strong>MX</strong>?" in page and "Before you start" in page


def test_no_such_question() -> None:
    for number in (0, 3):
        with pytest.raises(LabError, match="numbered 1 to 2"):
            entry().skip(number)
    with pytest.raises(LabError):
        quiz("entry")


def test_a_quiz_is_text() -> None:
    made = quiz(
        "evil", question(EVIL, {"a": EVIL, "b": "b"}, answer="b", reasons={"a": EVIL}, read=EVIL), title=EVIL
    )
    made.guess(1, "a")
    pieces = [made.children[0].value, made.static(), made._askings[0]._notice.value]
    assert all(clean(piece.replace("</style>", "")) for piece in pieces) and "\x1b" not in repr(made)


# The frame ----------------------------------------------------------------------------------------------


def test_the_head_of_a_lesson() -> None:
    head = lesson("02-dialogue", "The *dialogue*", minutes=30, objectives=["say `EHLO`", "read a **reply**"])
    assert repr(head).splitlines() == [
        "The *dialogue*",
        "About 30 minutes",
        "You will be able to",
        "  - say EHLO",
        "  - read a reply",
    ]
    html = head._repr_html_()
    assert (
        "<li>say <code>EHLO</code></li>" in html and "About 30 minutes" in html and html.count("<style>") == 1
    )
    assert repr(lesson("99-without-texts")) == ""
    assert "The dialogue" in repr(lesson("02-dialogue"))


def test_a_glossary() -> None:
    words = glossary({"MX": "names the host that **takes** mail", "`EHLO`": "a verb"})
    html = words._repr_html_()
    assert "<dl><dt>MX</dt><dd><p>names the host that <strong>takes</strong> mail</p></dd>" in html
    assert "<dt><code>EHLO</code></dt><dd><p>a verb</p></dd></dl>" in html
    assert repr(words) == "MX: names the host that takes mail\nEHLO: a verb"


def test_the_frame_is_text() -> None:
    for piece in (lesson("x", EVIL, objectives=[EVIL]), glossary({EVIL: EVIL})):
        assert clean(piece._repr_html_()) and "\x1b" not in repr(piece)
