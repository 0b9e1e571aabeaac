"""What an answer may be: plain data, or a function. Anything else is told what to be instead.

An answer crosses from the learner's code into a judge, and on the teacher's machine from one process into
another. So it is copied here into the exact built-in types of JSON: an object that claims to be equal to
everything never meets a comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...mail.errors import LabError

DEEPEST, LARGEST = 20, 1_000_000  # levels of nesting; characters in all


@dataclass(frozen=True, slots=True)
class Wanted:
    """What kind of answer a task wants: in words for people, and the test for it."""

    says: str
    fits: Callable[[Any], bool]

    def take(self, answer: Any) -> Any:
        """The answer as plain data. Raises LabError that says what is wanted."""
        data = plain(answer)
        if not self.fits(data):
            raise LabError(f"The answer should be {self.says}. This is {_kind(data)}.")
        return data


def text() -> Wanted:
    """A text."""
    return Wanted("a text", lambda data: type(data) is str)


def a_number() -> Wanted:
    """A whole number, or one with a point."""
    return Wanted("a number", lambda data: type(data) in (int, float))


def texts() -> Wanted:
    """A list of texts."""
    return Wanted('a list of texts, such as ["one", "two"]', lambda data: _all(data, str))


def numbers() -> Wanted:
    """A list of numbers."""
    return Wanted("a list of numbers, such as [1, 2]", lambda data: _all(data, int, float))


def one_of(*options: str) -> Wanted:
    """One of these texts."""
    return Wanted("one of " + ", ".join(map(repr, options)), lambda data: data in options)


def table(of: type | tuple[type, ...] = str, example: str = '{"name": "value"}') -> Wanted:
    """A dict whose values are all `of` this type."""
    kinds = of if isinstance(of, tuple) else (of,)
    return Wanted(
        f"a dict, such as {example}",
        lambda data: type(data) is dict and all(type(value) in kinds for value in data.values()),
    )


def function(signature: str) -> Wanted:
    """A function. It is called, never looked into: see `probe`."""
    return Wanted(f"a function, {signature}", callable)


def blank(answer: Any) -> bool:
    """Whether nothing was answered yet."""
    if type(answer) is str:
        return not answer.strip()
    return answer is None or answer is ... or (type(answer) in (list, tuple, dict) and not answer)


def plain(answer: Any) -> Any:
    """A copy of `answer` in the exact types of JSON: tuples become lists, bytes become text.

    Raises LabError for any other type, for deep nesting, and for more than a million characters.
    """
    room = [LARGEST]
    return _copy(answer, DEEPEST, room)


def _copy(value: Any, levels: int, room: list[int]) -> Any:
    if levels == 0:
        raise LabError(f"The answer is nested more than {DEEPEST} levels deep.")
    kind = type(value)
    if kind is bytes:
        value, kind = value.decode("utf-8", "replace"), str
    room[0] -= len(value) if kind is str else 1
    if room[0] < 0:
        raise LabError(f"The answer is larger than {LARGEST:,} characters.")
    if kind in (str, int, float, bool) or value is None:
        return value
    if kind in (list, tuple):
        return [_copy(each, levels - 1, room) for each in value]
    if kind is dict:
        return {_key(key): _copy(each, levels - 1, room) for key, each in value.items()}
    raise LabError(
        f"The answer holds {_kind(value)}. Give plain data: texts, numbers, True, False, lists and dicts."
    )


def _key(key: Any) -> str:
    if type(key) not in (str, int):
        raise LabError(f"The keys of a dict in an answer are texts or numbers, not {_kind(key)}.")
    return str(key)


def _all(data: Any, *kinds: type) -> bool:
    return type(data) is list and all(type(each) in kinds for each in data)


def _kind(value: Any) -> str:
    named = {str: "a text", int: "a number", float: "a number", bool: "True or False", list: "a list",
             dict: "a dict", type(None): "nothing"}  # fmt: skip
    return named.get(type(value), f"an object of type {type(value).__name__[:60]}")
