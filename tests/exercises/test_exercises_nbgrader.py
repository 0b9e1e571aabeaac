"""nbgrader as teachers run it: generate, autograde, feedback, export, for a class with a secret term."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from smtplab.course.graded.exercise import find, load
from smtplab.course.graded.terms import Term, new_term
from tests.exercises.classroom import Classroom
from tests.exercises.solving import teacher, variables, worth

NAME = "09-spf"
CLASS = ("right", "blank", "partly", "wrong", "crashing")
TASKS = load(NAME).tasks
JUDGED = [task for task in TASKS.values() if task.kind != "explain"]
WORDS = next(task for task in TASKS.values() if task.kind == "explain")
CODE = next((task.id for task in JUDGED if task.kind == "code"), "")
DATA = [task.id for task in JUDGED if task.kind != "code"]

pytestmark = pytest.mark.timeout(240)


class Graded(NamedTuple):
    room: Classroom
    term: Term


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    room = Classroom(tmp_path_factory.mktemp("course"), NAME)
    roster = room.folder / "students.csv"
    roster.write_text("\n".join(["id", *CLASS, ""]))
    term = new_term("autumn", roster, room.folder / "terms")
    room.nbgrader("generate_assignment", NAME, "--create")
    solution = room.sources(NAME)
    room.hand_in("right", NAME, solution)
    room.hand_in("blank", NAME, {})
    room.hand_in("partly", NAME, {DATA[0]: solution[DATA[0]], **mistaken(term, "partly", DATA[1:])})
    room.hand_in("wrong", NAME, mistaken(term, "wrong", DATA))
    room.hand_in(
        "crashing", NAME, {**solution, DATA[0]: "raise RuntimeError('my own')", CODE: "import nothing_here"}
    )
    room.nbgrader("autograde", NAME, "--create")
    room.nbgrader("generate_feedback", NAME)
    return Graded(room, term)


def mistaken(term: Term, who: str, tasks: list[str]) -> dict[str, str]:
    """Answer cells with each task's first common mistake, in this student's world."""
    mine = term.world(NAME, who)
    return {
        task: f"{variables(NAME)[task]} = {teacher(NAME).MISTAKES[task][0].answer(mine)!r}" for task in tasks
    }


def test_the_release_is_the_one_in_the_repository(graded: Graded) -> None:
    from tests.exercises.solving import ROOT
    from tools.notebooks import clean

    made = (graded.room.folder / "exercises" / NAME / f"{NAME}.ipynb").read_text("utf-8")
    assert clean(made) == (ROOT / "exercises" / NAME / f"{NAME}.ipynb").read_text("utf-8")
    assert [path.name for path in (graded.room.folder / "exercises" / NAME).iterdir()] == [f"{NAME}.ipynb"]


def test_grades_are_those_of_the_checks_and_partial_credit_arrives(graded: Graded) -> None:
    everything = sum(task.points for task in TASKS.values())
    by_machine = everything - WORDS.points
    wrong = sum(teacher(NAME).MISTAKES[task][0].points for task in DATA)
    partly = find(DATA[0])[1].points + wrong - teacher(NAME).MISTAKES[DATA[0]][0].points
    crashed = by_machine - find(DATA[0])[1].points - (find(CODE)[1].points if CODE else 0)
    assert 0 < wrong < partly < by_machine
    wanted = {"right": by_machine, "blank": 0, "partly": partly, "wrong": wrong, "crashing": crashed}
    # What a person reads is not in it yet.
    assert graded.room.grades() == {
        (who, NAME): (pytest.approx(points), everything) for who, points in wanted.items()
    }


def test_feedback_has_the_reasons(graded: Graded) -> None:
    page = graded.room.feedback("wrong", NAME)
    mine = graded.term.world(NAME, "wrong")
    for task in DATA:
        mistake = teacher(NAME).MISTAKES[task][0]
        score = worth(load(NAME), find(task)[1], mistake.answer(mine), mine)
        assert f"{score!r} of {find(task)[1].points} points" in page


def test_feedback_does_not_show_the_hidden_tests(graded: Graded) -> None:
    secret = (graded.term.folder / "secret").read_text().strip()
    hidden = (graded.room.folder / "solutions" / NAME / "teacher.py").read_text("utf-8")
    lines = {line.strip() for line in hidden.splitlines() if len(line.strip()) > 30}
    for who in CLASS:
        page = graded.room.feedback(who, NAME)
        assert secret not in page
        assert [line for line in lines if line in page] == []


def test_every_student_was_graded_in_their_own_world(graded: Graded) -> None:
    """The same sources handed in by another student earn what they earn in that one's world."""
    term = graded.term
    assert term.world(NAME, "right").things != term.world(NAME, "wrong").things
    mine, theirs = term.world(NAME, "right"), term.world(NAME, "wrong")
    mistake = teacher(NAME).MISTAKES[DATA[0]][0]
    assert mistake.answer(mine) != mistake.answer(theirs)


def test_what_a_person_reads_waits_for_one(graded: Graded, tmp_path: Path) -> None:
    page = graded.room.feedback("right", NAME)
    assert WORDS.id in page
    assert graded.room.grades()["right", NAME][0] < sum(task.points for task in TASKS.values())
