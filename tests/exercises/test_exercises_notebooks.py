"""The exercises as notebooks: what teachers and students get, and that both say what the tasks are."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from smtplab.course import bank
from smtplab.course.graded.exercise import KINDS, SETS, find, load
from tests.exercises.solving import NAMES, ROOT, TASKS, notebook, teacher

HEADING = re.compile(r"## (\d) · (.+)\n\n\*(\w+) · (\d+) points · (\d+) minutes\*\n")
LEFT = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "grade(", "teacher")


def test_every_lesson_has_an_exercise_and_there_are_sixty_tasks() -> None:
    assert set(SETS.values()) == set(NAMES)
    assert len(TASKS) >= 60


def test_what_students_get_is_what_the_solutions_give() -> None:
    command = [sys.executable, "tools/exercises.py", "check"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_teachers_is_left_in_what_students_get(name: str) -> None:
    text = (ROOT / "exercises" / name / f"{name}.ipynb").read_text("utf-8")
    assert [word for word in LEFT if word in text] == []
    assert sorted(path.name for path in (ROOT / "exercises" / name).iterdir()) == [f"{name}.ipynb"]


def test_the_package_holds_no_solution() -> None:
    inside = [path for path in (ROOT / "smtplab").rglob("*") if path.suffix in (".py", ".toml", ".ipynb")]
    assert [path for path in inside if path.name == "teacher.py" or path.suffix == ".ipynb"] == []
    imported = [
        path for path in inside if re.search(r"^\s*(from|import) solutions\b", path.read_text("utf-8"), re.M)
    ]
    assert imported == []


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_has_four_to_six_tasks_of_several_kinds(name: str) -> None:
    tasks = load(name).tasks
    prefix = next(key for key, value in SETS.items() if value == name)
    assert list(tasks) == [f"{prefix}-{number}" for number in range(1, len(tasks) + 1)]
    assert 4 <= len(tasks) <= 6
    kinds = [task.kind for task in tasks.values()]
    assert set(kinds) <= set(KINDS)
    assert len(set(kinds)) >= 4
    assert kinds.count("explain") == 1
    assert any(task.hidden for task in tasks.values())
    assert 18 <= sum(task.points for task in tasks.values()) <= 36
    assert 40 <= sum(task.minutes for task in tasks.values()) <= 90


@pytest.mark.parametrize("name", NAMES)
def test_every_objective_of_the_lesson_has_a_task(name: str) -> None:
    covered = {number for task in load(name).tasks.values() for number in task.objectives}
    assert covered == set(range(1, len(bank.head(name)["objectives"]) + 1))


@pytest.mark.parametrize(("name", "task_id"), TASKS)
def test_the_notebook_says_what_the_task_is(name: str, task_id: str) -> None:
    task = find(task_id)[1]
    cells = {cell.id: cell for cell in notebook(name).cells}
    heading = HEADING.match(cells[f"{task_id}-question"].source)
    assert heading, cells[f"{task_id}-question"].source[:120]
    number = task_id.rpartition("-")[2]
    assert heading.groups() == (number, task.title, task.kind, str(task.points), str(task.minutes))
    assert len(task.hints) >= 3 or task.kind == "explain"
    if task.kind == "explain":
        graded = cells[f"{task_id}-words"].metadata.nbgrader
        assert (graded.grade, graded.solution, graded.points) == (True, True, task.points)
        assert sum(line.points for line in teacher(name).RUBRICS[task_id]) == task.points
    else:
        graded = cells[f"{task_id}-check"].metadata.nbgrader
        assert (graded.grade, graded.locked, graded.points) == (True, True, task.points)
        assert cells[f"{task_id}-answer"].metadata.nbgrader.solution
        assert task.judge is not None
    assert graded.grade_id == task_id


def test_the_tables_for_teachers_are_up_to_date() -> None:
    from tools import teaching

    stale = [path.name for path, text in teaching.pages().items() if path.read_text("utf-8") != text]
    assert stale == [], "run: python tools/teaching.py --write"


@pytest.mark.parametrize("name", NAMES)
def test_the_teachers_file_speaks_of_tasks_that_are_there(name: str) -> None:
    tasks = load(name).tasks
    file = teacher(name)
    for held in (file.HIDDEN, file.HIDDEN_PROBES, file.MISTAKES, file.OTHERWISE, file.RUBRICS):
        assert set(held) <= set(tasks)
    assert {task.id for task in tasks.values() if task.hidden} == set(file.HIDDEN)
