"""check and grade: an answer in, a Score out.

`check` is the learner's: at once, in the notebook, with the next hint at hand; it knows the visible tests
only. `grade` is the teacher's, in the hidden part of a test cell: it adds the hidden tests from the course's
`solutions/`. Both ask `marks`, to which it is all the same where the answer is (see `given`).
"""

from __future__ import annotations

import builtins
import contextlib
import importlib.util
import io
import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from ...mail.errors import LabError, RecordError
from ...mail.text import visible
from ..lessons import lesson
from .exercise import Probes, Task, find
from .given import Given, Here
from .mark import Judge, Mark, Score
from .probe import Tried
from .showing import Checked
from .world import World, draw

T = TypeVar("T")
REST, UNTRIED = "the rest", "this could not be tried with your answer."

_worlds: dict[str, World] = {}  # exercise -> the world that this notebook works in


def exercise(name: str, student: str | None = None) -> World:
    """Begin the exercise "09-spf": your own world in it.

    Another `student` name gives another world, to practise once more. Raises LabError for an unknown exercise
    and a damaged pack.
    """
    _worlds[name] = draw(name, student)
    lesson(name)  # its hints are kept under the lesson's name
    return _worlds[name].outside()


def check(name: str, answer: Any) -> Score:
    """Check an answer to the task "spf-2": points and reasons, by the visible tests.

    Raises LabError for a task that is not there; an answer that makes no sense is told so, with 0 points.
    """
    found, task = find(name)
    world = _worlds.get(found.name) or draw(found.name)
    words = task.kind == "explain"
    found_marks = [_words(answer)] if words else _quietly(lambda: marks(task, Here(answer), world))
    return Checked(name, task.title, tuple(found_marks), task.hints, task.hidden)


def grade(name: str, answer: Any) -> Score:
    """The points of an answer with the hidden tests: for the teacher's test cells.

    Raises LabError where the course's `solutions/` are not at hand.
    """
    found, task = find(name)
    all_marks = _quietly(lambda: marks(task, Here(answer), draw(found.name), teacher_of(found.name)))
    return Score(name, task.title, tuple(all_marks))


def marks(task: Task, answer: Given, world: World, teacher: ModuleType | None = None) -> list[Mark]:
    """The visible marks of an answer, and with the teacher's file the hidden ones."""
    shown = _seen(task, answer, task.probes, world)
    found = judged(task, shown, world)
    if teacher is None or not task.hidden:
        return found
    probes = teacher.HIDDEN_PROBES.get(task.id)
    seen = _mute(_seen(task, answer, probes, world)) if probes else shown
    return [*found, *hidden(task, seen, world, teacher)]


def judged(task: Task, seen: Any, world: World) -> list[Mark]:
    """The visible marks: `seen` is an answer as plain data, or a list of `Tried`, or a LabError that says
    why it is neither."""
    return _marks(task.judge, seen, world, task.points - task.hidden, "the answer")


def hidden(task: Task, seen: Any, world: World, teacher: ModuleType) -> list[Mark]:
    """The hidden marks. What they looked at stays hidden: only their reason is told."""
    found = _marks(teacher.HIDDEN[task.id], seen, world, task.hidden, "hidden tests")
    return [replace(one, inside=(), why=UNTRIED if one.what == REST else one.why) for one in found]


def _marks(judge: Judge | None, seen: Any, world: World, of: float, what: str) -> list[Mark]:
    """What the judge says, filled up to `of` points where it could not go on."""
    if isinstance(seen, LabError):
        return [Mark(what, of, 0, str(seen))]
    assert judge
    found: list[Mark] = []
    try:
        found.extend(judge(seen, world))
    except Exception as error:  # an answer that the judge did not think of costs the rest, not everything
        said = error.message if isinstance(error, RecordError) else str(error) or type(error).__name__
        why = f"{UNTRIED.rstrip('.')}: {visible(said)[:200]}"
        found.append(Mark(REST, of - sum(one.of for one in found), 0, why))
    return found


def _seen(task: Task, answer: Given, probes: Probes | None, world: World) -> Any:
    """The answer as plain data, or what came of trying it; a LabError where it is neither."""
    assert task.wanted
    try:
        if probes is None:
            return answer.data(task.wanted)
        tried = answer.tried(task.wanted, list(probes(world)))
    except LabError as error:
        return error
    return LabError("No answer yet: the function returns nothing.") if _idle(tried) else tried


def _mute(seen: Any) -> Any:
    """What was tried, without the words of errors: a learner's exception, or a type that a learner has named,
    may tell what input raised it. Only names that Python itself gives are left."""
    if not isinstance(seen, list):
        return seen
    return [replace(one, error=_kind(one.error)) if one.error else one for one in seen]


def _kind(error: str) -> str:
    name = error.partition(":")[0]
    return name if hasattr(builtins, name) else "It raised or returned something that is of no use"


def _idle(tried: list[Tried]) -> bool:
    return all(one.value is None and not one.error and not one.said() for one in tried)


def _words(answer: Any) -> Mark:
    count = len(answer.split()) if isinstance(answer, str) else 0
    why = f"{count} words. A person reads this one." if count else "No answer yet."
    return Mark("in your words", 0, 0, why, sealed=True)


def _quietly(work: Callable[[], T]) -> T:
    """Do it without a word on stderr: nbgrader gives 0 points to a cell that wrote there."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        return work()


def course() -> Path:
    """The folder of the course, which holds `solutions/`: SMTPLAB_COURSE, or a folder above this one.

    Raises LabError where there is none: students have none.
    """
    named = os.environ.get("SMTPLAB_COURSE")
    places = [Path(named)] if named else [Path.cwd(), *Path.cwd().parents]
    for place in places:
        if (place / "solutions").is_dir():
            return place
    raise LabError(
        "Grading needs the course's solutions/: run it in the course's folder, or set SMTPLAB_COURSE."
    )


def teacher_of(name: str) -> ModuleType:
    """What only teachers have of an exercise: `solutions/NN-name/teacher.py`."""
    return teacher_file(course() / "solutions" / name)


@cache
def teacher_file(folder: Path) -> ModuleType:
    """The module `teacher.py` in an exercise's folder. Raises LabError where there is none."""
    file = folder / "teacher.py"
    spec = importlib.util.spec_from_file_location(f"teacher_{file.parent.name.replace('-', '_')}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise LabError(f"{file} is not there.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
