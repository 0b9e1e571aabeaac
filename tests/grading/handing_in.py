"""Submissions to grade: the released notebook with answers in it, right, wrong or hostile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from smtplab.course.graded.exercise import load
from smtplab.course.graded.world import World, made, public_seed
from tests.exercises.solving import ROOT, teacher, variables

NAME = "09-spf"
TASKS = load(NAME).tasks
JUDGED = [task.id for task in TASKS.values() if task.kind != "explain"]
WORDS = next(task.id for task in TASKS.values() if task.kind == "explain")
CODE = next(task.id for task in TASKS.values() if task.kind == "code")
DATA = [task for task in JUDGED if task != CODE]
MOST = sum(TASKS[task].points for task in JUDGED)


def hand_in(folder: Path, who: str, answers: Mapping[str, str], name: str = NAME) -> Path:
    """A student's notebook in `folder`: the released one with these sources in its answer cells."""
    notebook = json.loads((ROOT / "exercises" / name / f"{name}.ipynb").read_text("utf-8"))
    for cell in notebook["cells"]:
        task = cell["id"].removesuffix("-answer").removesuffix("-words")
        if task in answers and cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = answers[task]
    target = folder / who / name / f"{name}.ipynb"
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(notebook), "utf-8")
    return target


@cache
def solution(name: str = NAME) -> dict[str, str]:
    """Task -> the source of its answer cell in the solution."""
    notebook = json.loads((ROOT / "solutions" / name / f"{name}.ipynb").read_text("utf-8"))
    return {
        cell["id"].removesuffix("-answer").removesuffix("-words"): "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }


def world_of(who: str, name: str = NAME) -> World:
    """A student's public world."""
    return made(name, who, public_seed(name, who))


def mistaken(world: World, name: str = NAME) -> dict[str, str]:
    """Answer cells with each data task's first common mistake, in this world."""
    mistakes = teacher(name).MISTAKES
    return {
        task: f"{variables(name)[task]} = {mistakes[task][0].answer(world)!r}"
        for task in load(name).tasks
        if task in mistakes and load(name).tasks[task].kind not in ("code", "explain")
    }


def a_class(folder: Path, count: int) -> list[str]:
    """`count` students: right, wrong, half right and blank in turn."""
    names = [f"s{number:03}" for number in range(count)]
    for number, who in enumerate(names):
        wrong = mistaken(world_of(who))
        kinds: list[dict[str, Any]] = [solution(), wrong, {**solution(), DATA[0]: wrong[DATA[0]]}, {}]
        hand_in(folder, who, kinds[number % 4])
    return names
