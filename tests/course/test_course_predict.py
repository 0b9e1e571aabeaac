"""Predict, run, explain: what the buttons do, in any order of the cells, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from smtplab.course import journal, lesson, predict, question
from smtplab.course.asking import CHOOSE, UNMADE
from smtplab.course.predictions import FIRST, FOLLOWS, Explanation, Prediction
from smtplab.course.question import Guess
from smtplab.mail.errors import LabError

SERVER, CLIENT, EITHER = "the server", "the client", "either"
REASONS = {CLIENT: "It waits for the `220` (RFC 5321 §3.1).", EITHER: "The order is fixed."}
EVILS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\x1b[31m",
    "\u202eevil",
    "\udc80",
    "</style>",
    "`<b>`",
]


def ask(name: str = "first", **more: Any) -> Prediction:
    return predict(
        name, "Who speaks **first**?", [CLIENT, SERVER, EITHER], answer=SERVER, reasons=REASONS, **more
    )


def press(made: Prediction, option: int | None = None) -> None:
    """What a learner does in the browser: choose (the browser sets the index), and press Guess."""
    if option is not None:
        made._options.index = option
    made._go.click()


def kept(name: str = "first", of: str = "no lesson") -> str:
    return journal.read()[of].predictions[name]


def opened(made: Explanation) -> str:
    return str(made._place.value)


def test_nothing_is_chosen_and_nothing_is_said_before_a_guess() -> None:
    made = ask()
    assert made._options.value is None and made._notice.value == ""
    assert made.outcome == kept() == "not predicted"
    assert {"smtplab", "smtplab-predict", "smtplab-predict-first"} <= set(made._dom_classes)


def test_guess_without_a_choice_asks_for_one() -> None:
    made = ask()
    press(made)
    assert CHOOSE in made._notice.value and made.outcome == kept() == "not predicted"


def test_a_right_guess() -> None:
    made = ask()
    press(made, 1)
    assert "✓" in made._notice.value and FOLLOWS in made._notice.value
    assert made.outcome == kept() == "right first time"
    assert made._options.disabled and made._skip.disabled


@pytest.mark.parametrize(
    ("option", "reason"), [(0, "It waits for the <code>220</code>"), (2, "The order is fixed.")]
)
def test_a_wrong_guess_gets_the_reason_for_that_very_option(option: int, reason: str) -> None:
    made = ask()
    press(made, option)
    assert reason in made._notice.value and "✕" in made._notice.value
    assert SERVER not in made._notice.value  # the answer is not given away
    assert made.outcome == kept() == "wrong"
    assert (made._go.description, made._skip.description) == ("Guess again", "Show the answer")
    press(made, 1)
    assert made.outcome == kept() == "right later"


def test_a_wrong_guess_may_be_followed_by_the_answer() -> None:
    made = ask(explain="Because.")
    press(made, 0)
    assert "Because" not in made._notice.value
    made._skip.click()
    assert "The answer is" in made._notice.value and "Because." in made._notice.value
    assert kept() == "wrong"


def test_a_skip() -> None:
    made = ask(explain="Because.")
    made._skip.click()
    assert (
        "The answer is" in made._notice.value
        and SERVER in made._notice.value
        and "Because." in made._notice.value
    )
    assert made.outcome == kept() == "skipped"


def test_once_it_is_over_nothing_changes() -> None:
    made = ask()
    press(made, 1)
    said = made._notice.value
    press(made, 0)
    made.guess(CLIENT).skip()
    assert made._notice.value == said and made.outcome == "right first time"
    assert not made._go.disabled  # so that the keyboard is not lost


def test_the_same_wrong_guess_twice_counts_once() -> None:
    made = ask()
    press(made, 0)
    press(made, 0)
    assert made._guess.tries == [CLIENT]


@pytest.mark.parametrize(
    "begin", [lambda made: press(made, 1), lambda made: press(made, 0), lambda made: made.skip()]
)
def test_the_explanation_opens_by_itself(begin: Callable[[Prediction], None]) -> None:
    asked = ask()
    told = predict("first", explain="It is **so**.\n\nRFC 5321 §3.1")
    assert opened(told) == "" and told._waiting.layout.display == "flex"
    assert FIRST in told._waiting.children[0].value
    begin(asked)
    assert "<p>It is <strong>so</strong>.</p><p>RFC 5321 §3.1</p>" in opened(told)
    assert told._waiting.layout.display == "none"


def test_the_explanation_may_come_before_the_question() -> None:
    told = predict("first", explain="So.")
    asked = ask()
    assert opened(told) == ""
    press(asked, 0)
    assert "So." in opened(told)


def test_a_cell_run_again_finds_things_as_they_were() -> None:
    press(ask(), 0)
    told = predict("first", explain="So.")
    assert "So." in opened(told)
    again = ask()
    assert "It waits for" in again._notice.value and again._go.description == "Guess again"
    newer = predict("first", explain="Newer.")
    press(again, 1)
    assert "Newer." in opened(newer) and again.outcome == kept() == "right later"


def test_another_question_under_the_name_begins_anew() -> None:
    press(ask(), 0)
    told = predict("first", explain="So.")
    other = predict("first", "And last?", [CLIENT, SERVER], answer=CLIENT)
    assert other.outcome == "not predicted" and opened(told) == ""
    press(other, 0)
    assert "So." in opened(told)


def test_names_belong_to_their_lesson() -> None:
    lesson("02-dialogue")
    press(ask(), 1)
    lesson("03-extensions")
    assert ask().outcome == "not predicted"
    assert kept(of="02-dialogue") == "right first time" and kept(of="03-extensions") == "not predicted"


def test_the_explanation_can_be_skipped_to() -> None:
    asked, told = ask(), predict("first", explain="So.")
    told._skip.click()
    assert "So." in opened(told) and told._waiting.layout.display == "flex"  # where the keyboard is
    assert told._skip.description == "Skipped" and asked.outcome == kept() == "skipped"


def test_an_explanation_alone_can_be_skipped_to() -> None:
    told = predict("first", explain="So.")
    told.skip()
    assert "So." in opened(told)
    assert ask().outcome == kept() == "skipped"


def test_the_explanation_tells_the_values_of_its_own_run() -> None:
    values = {"code": 220}
    asked, told = ask(), predict("first", explain=lambda: f"It said `{values['code']}`.")
    values["code"] = 550  # a later cell uses the name again
    press(asked, 1)
    assert "<code>220</code>" in opened(told) and "220" in repr(told)


def test_an_explanation_that_could_not_be_made_is_made_when_it_is_wanted() -> None:
    values: dict[str, int] = {}
    asked, told = ask(), predict("first", explain=lambda: f"It said {values['code']}.")
    assert UNMADE in told.static() and opened(told) == ""
    values["code"] = 220
    press(asked, 1)
    assert "It said 220." in opened(told)


def test_an_explanation_that_fails_says_so_and_breaks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> str:
        raise KeyError("greeting")

    asked, told = ask(explain=broken), predict("first", explain=broken)
    press(asked, 1)
    assert "KeyError" in opened(told) and "KeyError" in asked._notice.value
    assert "KeyError" in told._place._last_error and kept() == "right first time"
    assert "KeyError" in repr(told) and UNMADE in asked.static()
    assert capsys.readouterr() == ("", "")


def test_an_explanation_must_be_text() -> None:
    told = predict("first", explain=lambda: 220)  # type: ignore[arg-type, return-value]
    told.skip()
    assert "explain= must be a text" in opened(told)


def test_an_explanation_in_the_question_is_made_after_the_guess() -> None:
    calls: list[int] = []
    made = ask(explain=lambda: str(calls.append(1) or "Because."))
    repr(made)
    assert not calls
    press(made, 0)
    assert not calls
    press(made, 1)
    assert calls and "Because." in made._notice.value


# In a terminal ------------------------------------------------------------------------------------------


def test_the_text_form_leads_through_it() -> None:
    made, told = ask(), predict("first", explain="So `it` is.")
    assert repr(made).splitlines() == [
        "Who speaks first?",
        "  1) the client",
        "  2) the server",
        "  3) either",
        "Guess with .guess(1) to .guess(3), or .skip()",
    ]
    assert repr(told) == "Guess first, or skip with .skip()"
    assert repr(made.guess(1)).endswith("Not the client: It waits for the 220 (RFC 5321 §3.1).")
    assert repr(made.guess(SERVER)).endswith(f"Right: the server\n{FOLLOWS}")
    assert repr(told) == "So it is."


@pytest.mark.parametrize("option", [2, "s", "THE `server`", "THE server"])
def test_an_option_by_number_key_or_text(option: int | str) -> None:
    made = predict("x", "Who?", {"c": "the client", "s": "THE `server`"}, answer="s")
    assert made.guess(option).outcome == "right first time"


@pytest.mark.parametrize("option", [0, 4, -1, "nobody", ""])
def test_no_such_option(option: int | str) -> None:
    with pytest.raises(LabError, match="1 the client; 2 the server; 3 either"):
        ask().guess(option)


def test_a_guess_without_a_question() -> None:
    with pytest.raises(LabError, match="Run the cell with the question first"):
        Guess().guess(1)


# Without a kernel ---------------------------------------------------------------------------------------


def test_the_static_form_folds_the_answer_away() -> None:
    page = ask(explain="It is **so**.").static()
    shown, folded = page.split("<details", 1)
    assert "Who speaks <strong>first</strong>?" in shown and shown.count("<li>") == 3
    assert "It is <strong>so</strong>." in folded and "It waits for" in folded
    assert "It is" not in shown and "It waits" not in shown and page.count("<style>") == 1


def test_the_static_explanation_is_folded_until_it_was_open() -> None:
    told = predict("first", explain="So.")
    assert '<details class="smtplab-answer">' in told.static() and "<p>So.</p>" in told.static()
    told.skip()
    assert '<details class="smtplab-answer" open>' in told.static()


def test_a_display_has_all_forms() -> None:
    for made in (ask(), predict("first", explain="So.")):
        bundle = made._repr_mimebundle_()
        assert bundle["text/html"] == made.static() and bundle["text/plain"] == repr(made)
        assert "application/vnd.jupyter.widget-view+json" in bundle


# What others wrote --------------------------------------------------------------------------------------


@pytest.mark.parametrize("evil", EVILS)
def test_hostile_text_shows_as_text(evil: str) -> None:
    made = predict("evil", evil, {"a": evil, "b": "b"}, answer="b", reasons={"a": evil}, explain=evil)
    told = predict("evil", explain=lambda: evil)
    press(made, 0)
    pages, texts = [made._notice.value, made.static(), made.children[0].value], [repr(made)]
    press(made, 1)
    pages += [made._notice.value, opened(told), told.static()]
    texts += [repr(made), repr(told), made._options.options[0][0]]
    for page in pages:
        bare = page.rpartition("</style>")[2]
        assert page.count("</style>") <= 1 and not any(tag in bare for tag in ("<script", "<img", "<b>"))
    for value in pages + texts:
        assert not {"\x1b", "\u202e", "\udc80"} & set(value)


# A lesson's author --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"options": ["a", "b"], "answer": "c"}, "has no option"),
        ({"options": ["a", "b"], "answer": "a", "reasons": {"c": "x"}}, "has no option"),
        ({"options": ["a", "b"], "answer": "a", "reasons": {"a": "x"}}, "is the answer"),
        ({"options": ["a"], "answer": "a"}, "two options or more"),
        ({"options": {"1": "`a`", "2": "a"}, "answer": "1"}, "no two of them alike"),
    ],
)
def test_a_question_that_does_not_fit_together(arguments: dict[str, Any], words: str) -> None:
    options = arguments.pop("options")
    with pytest.raises(LabError, match=words):
        question("Who?", options, **arguments)


@pytest.mark.parametrize(
    "arguments", [{}, {"question": "Who?"}, {"answer": "a"}, {"question": "Who?", "explain": "x"}]
)
def test_predict_takes_a_question_or_an_explanation(arguments: dict[str, str]) -> None:
    with pytest.raises(LabError, match="predict"):
        predict("x", **arguments)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", ["", "Big", "two words", "a_b", "../x", "x" * 61, '"><b>', "\x1b"])
def test_names_are_readable(name: str) -> None:
    for call in (lambda: predict(name, explain="x"), lambda: lesson(name)):
        with pytest.raises(LabError, match="lower-case") as caught:
            call()
        assert "\x1b" not in str(caught.value)
