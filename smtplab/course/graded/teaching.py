"""What a teacher knows of a task besides its judge: common mistakes, and what a person looks for.

The records stand in `solutions/NN-name/teacher.py`, which no package holds. They are run by the tests (each
mistake gets the points and the reason that it says) and printed in docs/teaching.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .world import World


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer that people give: `answer(world)` makes it, with the truth at hand.

    It gets `points` of all the task's, and one of the reasons contains `says` (without case). `tell` is what
    a teacher may say to whoever made it.
    """

    name: str
    answer: Callable[[World], Any]
    points: float
    says: str
    tell: str


@dataclass(frozen=True, slots=True)
class Looked:
    """One line of a rubric: so many points for something that is said."""

    points: float
    says: str
