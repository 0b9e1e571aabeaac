"""Every exercise: blank is worth nothing, its solution everything, a common mistake what it should."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smtplab.course.graded.answers import blank
from smtplab.course.graded.exercise import find, load
from smtplab.course.graded.given import Here
from smtplab.course.graded.mark import number
from tests.exercises.solving import NAMES, STUDENTS, TASKS, answers, drawn, teacher, worth

JUDGED = [(name, task) for name, task in TASKS if find(task)[1].kind != "explain"]
MISTAKES = [
    (name, task, n) for name, task in JUDGED for n in range(len(teacher(name).MISTAKES.get(task, ())))
]
OTHERWISE = [
    (name, task, n) for name, task in JUDGED for n in range(len(teacher(name).OTHERWISE.get(task, ())))
]


@pytest.mark.parametrize("name", NAMES)
def test_a_blank_exercise_is_worth_nothing(name: str) -> None:
    for task, answer in answers(name, STUDENTS[0], "exercises").items():
        score = worth(load(name), find(task)[1], answer, drawn(name, STUDENTS[0]))
        assert (score.points, score.of) == (0, find(task)[1].points), score


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_is_worth_everything_for_fifty_students(name: str) -> None:
    exercise = load(name)
    for who in STUDENTS:
        for task, answer in answers(name, who).items():
            score = worth(exercise, exercise.tasks[task], answer, drawn(name, who))
            assert score.points == score.of == exercise.tasks[task].points, f"{who}:\n{score}"


@pytest.mark.parametrize(("name", "task"), JUDGED)
def test_what_is_sealed_and_what_is_hidden_add_up(name: str, task: str) -> None:
    """At a student's with a pack there is no truth: then the check says what it leaves to the teacher."""
    from smtplab.course.graded.checking import marks

    exercise = load(name)
    answer = answers(name, STUDENTS[1])[task]
    seen = marks(exercise.tasks[task], Here(answer), drawn(name, STUDENTS[1]).outside())
    assert sum(one.of for one in seen) == exercise.tasks[task].points - exercise.tasks[task].hidden
    assert all(one.points == one.of for one in seen if not one.sealed), [one.why for one in seen]
    assert all(one.points == 0 for one in seen if one.sealed)


@pytest.mark.parametrize(("name", "task"), JUDGED)
def test_a_neighbours_answer_does_not_do(name: str, task: str) -> None:
    exercise = load(name)
    if exercise.tasks[task].kind == "code":
        return  # one program fits all
    mine = [drawn(name, who) for who in STUDENTS[:6]]
    theirs = [answers(name, who)[task] for who in STUDENTS[1:7]]
    full = [worth(exercise, exercise.tasks[task], a, w).points == exercise.tasks[task].points
            for w, a in zip(mine, theirs, strict=True)]  # fmt: skip
    assert sum(full) <= 3, f"{sum(full)} of 6 copied answers are worth everything"


@pytest.mark.parametrize(("name", "task"), JUDGED)
def test_two_mistakes_and_another_right_answer_are_known(name: str, task: str) -> None:
    assert len(teacher(name).MISTAKES.get(task, ())) >= 2
    assert len(teacher(name).OTHERWISE.get(task, ())) >= 1


@pytest.mark.parametrize(("name", "task", "number_"), MISTAKES)
def test_a_common_mistake_gets_its_points_and_its_reason(name: str, task: str, number_: int) -> None:
    mistake = teacher(name).MISTAKES[task][number_]
    exercise = load(name)
    for who in STUDENTS[:5]:
        mine = drawn(name, who)
        score = worth(exercise, exercise.tasks[task], mistake.answer(mine), mine)
        assert number(score.points) == number(mistake.points), f"{who}, {mistake.name}:\n{score}"
        assert score.of == exercise.tasks[task].points
        assert mistake.says.lower() in _reasons(score).lower(), f"{who}, {mistake.name}:\n{score}"


@pytest.mark.parametrize(("name", "task", "number_"), OTHERWISE)
def test_a_right_answer_written_another_way_is_worth_everything(name: str, task: str, number_: int) -> None:
    exercise = load(name)
    for who in STUDENTS[:5]:
        mine = drawn(name, who)
        other = teacher(name).OTHERWISE[task][number_](mine)
        score = worth(exercise, exercise.tasks[task], other, mine)
        assert score.points == exercise.tasks[task].points, f"{who}:\n{score}"
        if not callable(other) and who == STUDENTS[0]:
            assert other != answers(name, who)[task], "this is the solution, written the same way"


@pytest.mark.parametrize("name", NAMES)
def test_a_world_is_plain_data_and_the_same_each_time(name: str) -> None:
    first, again = drawn(name, "anna"), drawn(name, "anna")
    assert json.dumps(first.things) == json.dumps(again.things)
    assert json.dumps(first.truth) == json.dumps(again.truth)
    assert json.loads(json.dumps(first.things)) == first.things, "a tuple, or a key that is no text"
    assert first.things != drawn(name, "ben").things


AWKWARD: list[Any] = [0, -1, 10**40, "x", "\0\r\n", "é" * 500, ["x"] * 50, [[]], {"x": "y"}, {"x": None},
[None],
                      True, object(), b"\xff", lambda *_: 1 / 0, lambda *_: object()]  # fmt: skip


@pytest.mark.parametrize(("name", "task"), JUDGED)
def test_an_awkward_answer_is_told_so(name: str, task: str) -> None:
    exercise, mine = load(name), drawn(name, STUDENTS[2])
    for answer in AWKWARD:
        if blank(answer):
            continue
        score = worth(exercise, exercise.tasks[task], answer, mine)
        assert score.of == exercise.tasks[task].points, f"{answer!r}:\n{score}"
        assert score.points < score.of, f"{answer!r} is worth everything"
        assert "Traceback" not in str(score)


def _reasons(score: Any) -> str:
    return " ".join(one.why for one in score.marks)


@pytest.mark.parametrize(("name", "task"), [("09-spf", "spf-5"), ("07-routing", "routing-5")])
@pytest.mark.parametrize("how", ["raised", "returned", "text"])
def test_what_a_function_names_does_not_carry_a_hidden_input_out(name: str, task: str, how: str) -> None:
    """A type may be called like the input that it was made for, and its name stands in the reason."""
    from smtplab.course.graded.checking import marks

    def spy(*given: Any) -> Any:
        seen = f"seen {given!r}"
        if how == "raised":
            raise type(seen, (Exception,), {})
        return seen if how == "text" else type(seen, (), {})()

    one = load(name).tasks[task]
    found = marks(one, Here(spy), drawn(name, STUDENTS[0]), teacher(name))
    told = [mark.why for mark in found[len(marks(one, Here(spy), drawn(name, STUDENTS[0]))) :]]
    assert told
    assert not any("seen" in why for why in told), told
