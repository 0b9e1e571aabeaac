"""What would spoil a lesson in a cell: its questions, with their answers, reasons and explanations.

They are data beside the code, `questions/NN-name.toml`, so the notebook's cells stay one line each
(`predict("first-word")`, `quiz("end")`), and nobody reads the answer before the question.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from ..mail.errors import LabError
from .question import Question, question


def questions(lesson: str, name: str) -> tuple[Question, ...]:
    """The questions of the quiz `name` of a lesson. Raises LabError when there are none."""
    return tuple(_question(entry) for entry in _find(lesson, "quiz", name))


def prediction(lesson: str, name: str) -> Question:
    """The question of the predict step `name` of a lesson. Raises LabError when there is none."""
    entry = dict(_find(lesson, "predict", name))
    entry.pop("explain", None)
    return _question(entry)


def explanation(lesson: str, name: str, values: dict[str, Any]) -> str:
    """What is said after the run of the predict step `name`, with this run's `values` filled in.

    The text names them as `str.format` does: `{session.greeting}`, `{replies[4]}`. Raises LabError where one
    of them is missing.
    """
    text: str = _find(lesson, "predict", name)["explain"]
    try:
        return text.format(**values)
    except (KeyError, IndexError, AttributeError) as error:
        raise LabError(
            f"The explanation of {name!r} needs a value that the cell did not give: {error}."
        ) from None


def _question(entry: dict[str, Any]) -> Question:
    rest = {key: value for key, value in entry.items() if key not in ("text", "options")}
    return question(entry["text"], entry["options"], **rest)


def _find(lesson: str, kind: str, name: str) -> Any:
    found = _load(lesson).get(kind, {}).get(name)
    if not found:
        raise LabError(f"Lesson {lesson!r} has no {kind} step called {name!r}: pass the question itself.")
    return found


@cache
def _load(lesson: str) -> dict[str, Any]:
    file = files(__package__) / "questions" / f"{lesson}.toml"
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
