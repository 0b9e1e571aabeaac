"""An exercise's notebook run without a kernel: its answers for any student, and what they are worth."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat

from smtplab.course.graded import checking, world
from smtplab.course.graded.exercise import SETS, Exercise, Task, load
from smtplab.course.graded.given import Here
from smtplab.course.graded.mark import Score
from smtplab.course.graded.world import World
from smtplab.lab.lab import Lab

ROOT = Path(__file__).parents[2]
NAMES = [name for name in SETS.values() if (ROOT / "solutions" / name).is_dir()]
TASKS = [(name, task) for name in NAMES for task in load(name).tasks]
STUDENTS = [f"student-{number:02}" for number in range(50)]


def teacher(name: str) -> ModuleType:
    """The teacher's file of an exercise."""
    return checking.teacher_file(ROOT / "solutions" / name)


@cache
def notebook(name: str, folder: str = "solutions") -> Any:
    """The notebook of an exercise."""
    return nbformat.read(ROOT / folder / name / f"{name}.ipynb", as_version=4)


def drawn(name: str, who: str) -> World:
    """A student's world, with its truth."""
    return world.made(name, who, world.public_seed(name, who))


@cache
def code(name: str, folder: str) -> list[Any]:
    """The cells that lead to answers, compiled. Cells for playing (tagged `play`) and checks are left out."""
    cells = [cell for cell in notebook(name, folder).cells if cell.cell_type == "code"]
    return [
        compile(cell.source, cell.id, "exec")
        for cell in cells
        if not cell.id.endswith("-check") and "play" not in cell.metadata.get("tags", [])
    ]


def answers(name: str, who: str, folder: str = "solutions") -> dict[str, Any]:
    """What the notebook's cells define for this student: task -> answer."""
    names: dict[str, Any] = {}
    before = checking.draw
    checking.draw = lambda exercise, student=None: drawn(exercise, who)
    try:
        for cell in code(name, folder):
            exec(cell, names)
    finally:
        checking.draw = before
        for thing in names.values():
            if isinstance(thing, Lab):
                thing.stop()  # a learner's ends with the kernel
    return {task: names[variable] for task, variable in variables(name).items()}


@cache
def variables(name: str) -> dict[str, str]:
    """Task -> the name under which its answer stands in the notebook."""
    found = {}
    for cell in notebook(name).cells:
        if cell.id.endswith("-check"):
            task, variable = cell.source.partition("\n")[0].removeprefix("check(").rstrip(")").split(", ")
            found[task.strip('"')] = variable
    return found


def worth(exercise: Exercise, task: Task, answer: Any, mine: World) -> Score:
    """What an answer is worth with the hidden tests, in this world."""
    marks = checking.marks(task, Here(answer), mine, teacher(exercise.name))
    return Score(task.id, task.title, tuple(marks))
