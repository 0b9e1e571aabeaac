"""What students handed in: where the notebooks are, and what is in one.

`find` knows three layouts: STUDENT/EXERCISE/EXERCISE.ipynb, which is nbgrader's below `submitted/`;
STUDENT/EXERCISE.ipynb; and one folder of notebooks, STUDENT-EXERCISE.ipynb, or STUDENT.ipynb where the
exercise is known. `read` takes a notebook apart: the code to run, in order, and the answer cells' text.

A notebook is a stranger's file: it is read up to a limit, never through a link, and nothing of it is run
here.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...mail.errors import LabError
from ...mail.text import visible
from ..graded.exercise import SETS
from .cells import Cell, Release, release, rest_of, unused_play, words

LARGEST = 20_000_000  # octets of a notebook, with its outputs
MOST = 1000  # cells
LONGEST = 1_000_000  # characters of all its sources


@dataclass(frozen=True, slots=True)
class Submission:
    """A student's notebook for an exercise. The file need not be there: `read` says so."""

    student: str
    exercise: str
    path: Path


@dataclass(frozen=True, slots=True)
class Work:
    """What is in a notebook. `cells` are the code cells to run as (id, source), without the checks.

    `variables` names the answer of each judged task. `answers` holds for each task its answer cell's source,
    and for a task in words the words, "" where there are none. `remarks` are sentences for the teacher.
    """

    cells: tuple[tuple[str, str], ...]
    variables: dict[str, str]
    answers: dict[str, str]
    remarks: tuple[str, ...]


def find(folder: Path, exercise: str | None = None) -> list[Submission]:
    """All submissions in a folder, or those of one exercise, in order of student and exercise.

    Raises LabError for a folder that cannot be read, and a notebook of which nobody can tell whose it is or
    for what.
    """
    base = folder / "submitted" if (folder / "submitted").is_dir() else folder
    if exercise is not None and exercise not in SETS.values():
        raise LabError(f"There is no exercise {exercise[:60]!r}. There are: {', '.join(SETS.values())}.")
    found: list[Submission] = []
    for entry in _entries(base):
        if entry.is_dir():
            found += _of_student(entry)
        elif entry.suffix == ".ipynb":
            found.append(_loose(entry, exercise))
    wanted = [one for one in found if exercise in (None, one.exercise)]
    return sorted(wanted, key=lambda one: (one.student, one.exercise, one.path.name))


def read(path: Path, exercise: str) -> Work:
    """Take a notebook apart. Raises LabError for what is not a notebook of this exercise."""
    released = release(exercise)
    cells = list(_cells(_json(path, exercise)))
    if not any(cell.name in released.cells or released.checks(cell) for cell in cells):
        _another(cells, exercise)
    code = [cell for cell in cells if cell.code]
    left = unused_play(code, released)
    run = [cell for cell in code if not released.checks(cell) and cell not in left]
    named = [(cell.name or f"cell {number}", cell.source) for number, cell in enumerate(run, 1)]
    answers = {task: words(task, rest_of(cells, name, released), released)
               for task, name in released.answers.items()}  # fmt: skip
    return Work(tuple(named), dict(released.variables), answers, tuple(_remarks(cells, released)))


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "__")))
    except OSError as error:
        raise LabError(f"{folder} cannot be read: {error.strerror}.") from None


def _of_student(folder: Path) -> Iterator[Submission]:
    """A student's folder: of exercises' folders, or of notebooks. A folder named for an exercise holds
    notebooks named for students."""
    if folder.name in SETS.values():
        yield from (_loose(entry, folder.name) for entry in _entries(folder) if entry.suffix == ".ipynb")
        return
    for entry in _entries(folder):
        if entry.name in SETS.values() and entry.is_dir():
            yield Submission(folder.name, entry.name, _only(entry))
        elif entry.suffix == ".ipynb" and (name := _exercise_in(entry.stem)):
            yield Submission(folder.name, name, entry)


def _only(folder: Path) -> Path:
    """The notebook in an exercise's folder: of that name, or the only one there is."""
    right = folder / f"{folder.name}.ipynb"
    there = [] if folder.is_symlink() else [one for one in _entries(folder) if one.suffix == ".ipynb"]
    return there[0] if len(there) == 1 else right


def _loose(file: Path, exercise: str | None) -> Submission:
    """A notebook in a folder of many."""
    named = _exercise_in(file.stem)
    student = file.stem.removesuffix(f"-{named}") if named else file.stem
    if not (named or exercise) or student == named:
        raise LabError(
            f"{visible(file.name)[:80]}: whose is it, and for which exercise? Name it "
            "STUDENT-EXERCISE.ipynb, or put it into a folder STUDENT."
        )
    return Submission(student, named or str(exercise), file)


def _exercise_in(stem: str) -> str:
    """The exercise that a file's name ends in, as in "ada-09-spf", or begins with, as in "09-spf (1)"."""
    for name in SETS.values():
        if (
            stem == name
            or stem.endswith(f"-{name}")
            or re.fullmatch(rf"{name}[ _(.-]+(copy|\d+)\W*", stem, re.I)
        ):
            return name
    return ""


def _json(path: Path, exercise: str) -> Any:
    linked = path.parent.name == exercise and path.parent.is_symlink()
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            text = file.read(LARGEST + 1) if regular and not linked else b""
    except FileNotFoundError:
        raise LabError("There is no notebook.") from None
    except OSError as error:
        raise LabError(_unread(path, error)) from None
    if linked or not regular:
        raise LabError("The notebook is a link or a device, no file of its own.")
    if len(text) > LARGEST:
        raise LabError(f"The notebook is larger than {LARGEST // 1_000_000} MB.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise LabError("This is not a notebook: it is not JSON.") from None


def _unread(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return "The notebook is a link or a device, no file of its own."
    return f"The notebook cannot be read: {error.strerror}."


def _cells(notebook: Any) -> Iterator[Cell]:
    """The cells of a notebook of the form 4, as far as they make sense."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise LabError("This is not a notebook: it has no cells (format 4).")
    if len(cells) > MOST:
        raise LabError(f"The notebook has more than {MOST} cells.")
    room = LONGEST
    for number, entry in enumerate(cells, 1):
        cell = Cell.of(entry)
        if cell is None:
            raise LabError(f"This is not a notebook: its cell {number} is not one.")
        room -= len(cell.source)
        if room < 0:
            raise LabError(f"The notebook's cells have more than {LONGEST:,} characters.")
        yield cell


def _another(cells: list[Cell], exercise: str) -> None:
    """Raise LabError for a notebook with nothing of this exercise in it."""
    for name in SETS.values():
        released = release(name)
        if any(released.checks(cell) or cell.name in released.answers.values() for cell in cells):
            raise LabError(f"This is the notebook of {name}, not of {exercise}.")
    raise LabError(f"Nothing in this notebook is of {exercise}.")


def _remarks(cells: list[Cell], released: Release) -> Iterator[str]:
    """What is odd about the notebook: it is graded all the same."""
    for name, source in released.check_cells.items():
        there = [cell for cell in cells if cell.code and cell.name == name]
        if not there and not any(cell.code and cell.source.strip() == source for cell in cells):
            yield f"The check {name} is missing."
        if len(there) > 1:
            yield f"The check {name} is there {len(there)} times."
        if any(cell.source.strip() != source for cell in there):
            yield f"The check {name} was changed: it was not run, the answer was judged by the grader's own."
    for task, name in released.answers.items():
        count = sum(cell.name == name for cell in cells)
        if count != 1:
            yield f"The answer cell of {task} is {f'there {count} times' if count else 'missing'}."
