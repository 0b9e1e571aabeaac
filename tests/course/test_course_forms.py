"""The forms before and after: parallel, marked when they are handed in, kept, and the gain between them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smtplab.course import forms, gains
from smtplab.course.forms import LEFT, RIGHT, WRONG, Form, form, items
from smtplab.course.gains import gain
from smtplab.course.graded.exercise import SETS
from smtplab.course.markup import plain
from smtplab.mail.errors import LabError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SMTPLAB_PROGRESS", str(tmp_path))
    return tmp_path


def answered(name: str, right: int, wrong: int = 0) -> Form:
    """A form with so many right answers, then so many wrong ones, the rest left open."""
    made = form(name)
    for number, item in enumerate(items()[: right + wrong], 1):
        asked = getattr(item, name)
        others = [key for key in asked.options if key != asked.answer]
        made.answer(number, asked.answer if number <= right else others[0])
    return made


def test_there_are_twenty_items_and_each_form_asks_them_with_its_own_words() -> None:
    assert len(items()) == 20
    assert len({one.myth for one in items()}) == 20
    for one in items():
        assert one.before.text != one.after.text
        assert len(one.before.options) == len(one.after.options) == 3
        assert one.lesson in SETS.values()


@pytest.mark.parametrize("name", forms.FORMS)
def test_every_wrong_option_has_its_own_reason(name: str) -> None:
    for one in items():
        asked = getattr(one, name)
        assert set(asked.reasons) == set(asked.options) - {asked.answer}, one.id


@pytest.mark.parametrize("name", forms.FORMS)
def test_the_place_of_the_right_answer_tells_nothing(name: str) -> None:
    places = [list(getattr(one, name).options).index(getattr(one, name).answer) for one in items()]
    assert all(places.count(place) <= 10 for place in (0, 1, 2)), places


def test_nothing_is_told_before_it_is_handed_in() -> None:
    made = answered("before", 3, 2)
    assert made.right == 0
    assert [note.value for note in made._notes] == [""] * 20
    asked = items()[3].before
    wrong = next(key for key in asked.options if key != asked.answer)
    assert plain(asked.reasons[wrong]) not in made.text() + made.static()


def test_handing_in_marks_it_with_a_reason_for_each_wrong_option() -> None:
    made = answered("before", 3, 2).hand_in()
    assert (made.right, "3 of 20 right" in made.text()) == (3, True)
    assert "Right." in made._notes[0].value
    asked = items()[3].before
    wrong = next(key for key in asked.options if key != asked.answer)
    assert plain(asked.reasons[wrong]) in plain(
        made._notes[3].value.replace("&#39;", "'").replace("&#34;", '"')
    )
    assert items()[4].lesson in made._notes[4].value
    assert "Left out." in made._notes[19].value
    with pytest.raises(LabError, match="handed in"):
        made.answer(1, 1)


def test_it_asks_back_once_when_questions_are_open() -> None:
    made = answered("before", 18)
    made._go.click()
    assert not made.outcomes
    assert "Not answered yet: 19, 20." in made._score.value
    made._go.click()
    assert made.right == 18


def test_a_form_is_kept_and_shown_as_it_was_left(home: Path) -> None:
    answered("before", 4, 1).hand_in()
    again = form("before")
    assert (again.right, again._go.description) == (4, "Handed in")
    kept = json.loads((home / "form-before.json").read_text())
    assert list(kept["items"].values()) == [RIGHT] * 4 + [WRONG] + [LEFT] * 15
    forms.forget("before")
    assert form("before").outcomes == {}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"items": 3}', '{"items": {"x": "right"}}', "[" * 100_000]
)
def test_a_damaged_file_is_no_form(content: str, home: Path) -> None:
    (home / "form-before.json").write_text(content)
    assert form("before").outcomes == {}


def test_the_gain_of_one_learner_item_by_item() -> None:
    assert "Hand in both forms first" in repr(gain())
    answered("before", 5).hand_in()
    answered("after", 15).hand_in()
    said = repr(gain())
    assert said.startswith("Before 25%, after 75%. Of what was not known, 67% was learnt.")
    assert said.count("+100") == 10
    assert said.splitlines()[-1].split()[2] == "+100", "the least learnt come first"


def test_the_gain_of_a_class_leaves_out_who_lacks_a_form(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for who, before, after in (("anna", 0, 20), ("ben", 10, 20), ("cara", 20, 0)):
        monkeypatch.setenv("SMTPLAB_PROGRESS", str(home / who))
        answered("before", before).hand_in()
        if after:
            answered("after", after).hand_in()
    said = repr(gain(home / "anna", home / "ben", home / "cara"))
    assert said.startswith("Before 25%, after 100%. Of what was not known, 100% was learnt. 1 without both")
    with pytest.raises(LabError, match="None of these folders"):
        gain(home / "cara")


def test_a_class_that_forgot_something_is_shown_so() -> None:
    one = [({items()[0].id: RIGHT}, {items()[0].id: WRONG})]
    line = gains.lines(one)[0]
    assert (line.id, line.before, line.after, line.of) == (items()[0].id, 1, 0, 1)


def test_another_name_or_number_is_told_what_there_is() -> None:
    with pytest.raises(LabError, match="two forms"):
        form("during")
    with pytest.raises(LabError, match="1 to 20"):
        form("after").answer(21, 1)
