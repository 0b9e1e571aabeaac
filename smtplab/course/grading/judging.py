"""One submission to one result: read it, run it in a sandbox, judge its answers here.

A result is plain JSON types. There is one for whatever happens: a task gets points from its check, or none
and a sentence why. `status` says whether somebody has to look: "graded", "incomplete" (some task has no
points, or the submission did what none should), "failed" (it is the grader that could not).
"""

from __future__ import annotations

import ast
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from ...mail.errors import LabError
from ...mail.text import visible
from ..graded.checking import marks, teacher_file
from ..graded.exercise import Exercise, Task, load
from ..graded.mark import Mark, Score
from ..graded.terms import Term
from ..graded.world import World, made, public_seed
from .results import BLANK, Result, failed, hashed, head, reading, row, total, without
from .sitting import Asked, Broken, Sitting
from .submissions import Work, read

SECONDS = 60.0  # for the code of one submission
CELLS = 50  # cells that raised, told


def grade_one(
    path: str, student: str, exercise: str, course: str, *, term: str = "", seconds: float = SECONDS,
    digest: str = "", skip: Mapping[str, str] | None = None, tell: Callable[[str], object] = str,
) -> Result:  # fmt: skip
    """Grade a submission. Never raises: what goes wrong is in the result.

    `term` is a term's folder, or "" for public worlds. Tasks in `skip` are left out, each for the reason that
    stands there. `tell` gets the id of each task before it is judged.
    """
    began = time.monotonic()
    job = {"path": path, "student": student, "exercise": exercise, "term": term, "digest": digest}
    try:
        work = read(Path(path), exercise)
    except LabError as error:
        return failed(job, str(error), "unreadable")
    try:
        world = _world(student, exercise, term)
        judge = Judging(load(exercise), world, teacher_file(Path(course) / "solutions" / exercise), work)
        with tempfile.TemporaryDirectory(prefix="smtplab-grade-") as folder:
            found = judge.result(Path(folder), seconds, skip or {}, tell)
    except (LabError, Broken) as error:
        return failed(job, str(error))
    except Exception as error:  # a result that says so, whatever it is: the others go on
        return failed(job, f"the grader failed: {type(error).__name__}: {visible(str(error))[:300]}")
    found["remarks"] += _not_listed(student, term)
    return {**head(job), **found, "seconds": round(time.monotonic() - began, 3)}


@dataclass(frozen=True, slots=True)
class Judging:
    """What one submission is judged with."""

    exercise: Exercise
    world: World
    teacher: ModuleType
    work: Work

    def result(
        self, folder: Path, seconds: float, skip: Mapping[str, str], tell: Callable[[str], object]
    ) -> Result:
        """The tasks' rows and what happened, without who and when."""
        rows = []
        with Sitting(self.work, self.world, folder, seconds) as sitting:
            for task in self.exercise.tasks.values():
                tell(task.id)
                rows.append(self._row(task, sitting, skip.get(task.id, "")))
        cells = [
            {"cell": visible(name)[:80], "says": visible(says)[:300]}
            for name, says in [*sitting.left_out.items(), *sitting.raised][:CELLS]
        ]
        return {
            **total(rows),
            "status": _status(rows, sitting.outcome, skip),
            "outcome": sitting.outcome,
            "says": _says(rows, sitting),
            "isolation": sitting.isolation,
            "cells": cells,
            "remarks": list(self.work.remarks),
        }

    def _row(self, task: Task, sitting: Sitting, skipped: str) -> Result:
        if task.kind == "explain":
            return reading(task, self.work.answers.get(task.id, ""))
        if skipped:
            return without(task, skipped)
        variable, answer = self.work.variables[task.id], self.work.answers.get(task.id, "")
        asked = Asked(sitting, variable)
        found = marks(task, asked, self.world, self.teacher)
        if asked.ended:
            return without(task, str(asked.ended))
        if asked.missing and (left := sitting.undone(variable, answer)):
            return without(task, left)
        stopped = sitting.stopped(variable, answer) if asked.missing else ""
        return self._judged(task, found, asked, stopped)

    def _judged(self, task: Task, found: list[Mark], asked: Asked, stopped: str) -> Result:
        """A row with points. An answer whose cell raised something is told so: it is not just missing."""
        if stopped:
            found = [replace(one, why=stopped) for one in found]
        score = Score(task.id, task.title, tuple(found))
        blank = all(one.why.startswith(BLANK) for one in found)
        answer = "" if blank else _fingerprint(task, asked.data_seen, self.work.answers.get(task.id, ""))
        return {
            **row(task),
            "points": score.points,
            "state": "blank" if blank else "judged",
            "says": f"{BLANK}." if blank else stopped,
            "verdict": score.verdict.to_dict(),
            "answer": answer,
        }


def _world(student: str, exercise: str, term: str) -> World:
    try:
        if term:
            return Term(Path(term)).world(exercise, student)
        return made(exercise, student, public_seed(exercise, student))
    except UnicodeEncodeError:
        raise LabError("The student's name cannot be written: rename the folder.") from None


def _not_listed(student: str, term: str) -> list[str]:
    """A remark on a student whom the roster of the term does not have: there was no pack for that name."""
    if not term or student in Term(Path(term)).students():
        return []
    return [f"{visible(student)[:60]} is not on the roster of this term, and had no pack."]


def _status(rows: list[Result], outcome: str, skip: Mapping[str, str]) -> str:
    if skip:
        return "failed"
    lacking = any(row["state"] == "none" for row in rows)
    return "incomplete" if lacking or outcome == "tampered" else "graded"


def _says(rows: list[Result], sitting: Sitting) -> str:
    """What happened, in one sentence or a few."""
    lacking = [f"{row['id']}: {row['says']}" for row in rows if row["state"] == "none"]
    other = [f"{where}: {end}" for where, end in sitting.ends if not any(str(end) in one for one in lacking)]
    return " ".join(dict.fromkeys([*lacking, *other]))


def _fingerprint(task: Task, data: Any, source: str) -> str:
    """What is the same for the same answer: its data, or a function's source without layout and comments."""
    if task.probes is None:
        return hashed(json.dumps(data, sort_keys=True))
    try:
        return hashed(ast.dump(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return hashed(" ".join(source.split()))
