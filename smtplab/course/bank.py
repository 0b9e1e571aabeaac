"""A lesson's texts: its head, questions with answers and reasons, explanations, hints, and glossary.

They are data beside the code, `texts/NN-name.toml`, so the notebook's cells stay one line each
(`predict("first-word")`, `quiz("end")`), nobody reads the answer before the question, and all of a lesson's
words can be read and corrected in one place.
"""

from __future__ import annotations

import tomllib
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from ..mail.errors import LabError
from .question import Question, question


def head(lesson: str) -> dict[str, Any]:
    """The lesson's `title`, `minutes` and `objectives`; empty for a lesson without texts."""
    found: dict[str, Any] = _load(lesson).get("lesson", {})
    return found


def glossary(lesson: str) -> dict[str, str]:
    """The lesson's words: term -> meaning. Raises LabError when there are none."""
    found: dict[str, str] = _load(lesson).get("glossary", {})
    if not found:
        raise LabError(f"Lesson {lesson!r} has no glossary: pass the words, glossary({{...}}).")
    return found


def hints(lesson: str, name: str) -> tuple[str, ...]:
    """The hints for the task `name`, from the first nudge to the last. Raises LabError for none."""
    return tuple(_find(lesson, "hint", name))


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
    return question(entry["text"], mixed(entry["text"], entry["options"]), **rest)


def mixed(text: str, options: list[str]) -> list[str]:
    """The options in an order that tells nothing, and is always the same: whoever writes a question tends to
    write the right answer first."""
    return sorted(options, key=lambda option: sha256(f"{text}\0{option}".encode()).digest())


def _find(lesson: str, kind: str, name: str) -> Any:
    found = _load(lesson).get(kind, {}).get(name)
    if not found:
        raise LabError(
            f"Lesson {lesson!r} has no {kind} called {name!r} among its texts: pass it as arguments."
        )
    return found


@cache
def _load(lesson: str) -> dict[str, Any]:
    file = files(__package__) / "texts" / f"{lesson}.toml"
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
