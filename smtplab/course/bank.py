"""The questions that belong to a lesson, kept beside it as data: `questions/NN-name.toml`.

Five questions with their options and reasons are a page of text. In a file they can be read, corrected and
counted, and the notebook's cell stays one line: `quiz("end")`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from ..mail.errors import LabError
from .question import Question, question


@cache
def questions(lesson: str, name: str) -> tuple[Question, ...]:
    """The questions of the quiz `name` of a lesson. Raises LabError when there are none."""
    file = files(__package__) / "questions" / f"{lesson}.toml"
    if not file.is_file():
        raise LabError(f"Lesson {lesson!r} has no questions: pass them, quiz({name!r}, question(...)).")
    entries: list[dict[str, Any]] = tomllib.loads(file.read_text("utf-8")).get(name, [])
    if not entries:
        raise LabError(f"Lesson {lesson!r} has no quiz called {name!r}.")
    return tuple(question(entry.pop("text"), entry.pop("options"), **entry) for entry in entries)
