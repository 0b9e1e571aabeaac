"""An exercise: five or so tasks on one lesson, each with a judge.

The words and numbers of an exercise (titles, points, minutes, hints) are data, `sets/NN-name.toml`; how its
worlds are drawn and its answers judged is code, `sets/eNN_name.py`. What students must not read, hidden
tests, solutions and rubrics, is in neither: it stands in the repository's `solutions/`, and no package holds
it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from random import Random
from typing import Any

from ...mail.errors import LabError
from .answers import Wanted
from .mark import Judge
from .probe import Probe
from .world import World

KINDS = ("read", "provoke", "build", "fix", "code", "explain")  # explain is read by a person
SETS = {
    "journey": "01-journey",
    "dialogue": "02-dialogue",
    "extensions": "03-extensions",
    "ports": "04-ports-and-tls",
    "envelope": "05-envelope-and-message",
    "auth": "06-auth-and-relay",
    "routing": "07-routing",
    "queue": "08-errors-queue-bounce",
    "spf": "09-spf",
    "dkim": "10-dkim",
    "dmarc": "11-dmarc",
    "received": "12-received-chain",
    "retrieval": "13-retrieval",
}

Probes = Callable[[World], Sequence[Probe]]
_judges: dict[str, tuple[Wanted, Judge, Probes | None]] = {}  # by task; a set's module fills in its own


@dataclass(frozen=True, slots=True)
class Task:
    """One question. `points` are all of it, `hidden` those that only the teacher's hidden tests give.

    `objectives` are the lesson's that it covers, counted from 1. A task of the kind "explain" has no judge.
    """

    id: str
    title: str
    kind: str
    points: int
    minutes: int
    objectives: tuple[int, ...]
    hints: tuple[str, ...] = ()
    hidden: int = 0
    wanted: Wanted | None = None
    judge: Judge | None = None
    probes: Probes | None = None


@dataclass(frozen=True, slots=True)
class Exercise:
    """`draw(rng)` makes a world: (things, truth). `set_up(lab, world)` puts it into a lab."""

    name: str
    draw: Callable[[Random], tuple[dict[str, Any], dict[str, Any]]]
    tasks: Mapping[str, Task]
    set_up: Callable[[Any, World], None]


def task(name: str, wanted: Wanted, probes: Probes | None = None) -> Callable[[Judge], Judge]:
    """A decorator: this judges the task `name`. With `probes` the answer is a function, and the judge gets
    what it returned: judge(results, world)."""

    def register(judge: Judge) -> Judge:
        _judges[name] = (wanted, judge, probes)
        return judge

    return register


@cache
def load(name: str) -> Exercise:
    """The exercise "09-spf". Raises LabError for one that is not there."""
    if name not in SETS.values():
        raise LabError(f"There is no exercise {str(name)[:60]!r}. There are: {', '.join(SETS.values())}.")
    module = import_module(f".sets.e{name.replace('-', '_')}", __package__)
    words = tomllib.loads((files(__package__) / "sets" / f"{name}.toml").read_text("utf-8"))
    tasks = {key: _task(key, entry) for key, entry in words.items()}
    return Exercise(name, module.draw, tasks, getattr(module, "set_up", _nothing))


def find(task_id: str) -> tuple[Exercise, Task]:
    """The task "spf-2", and the exercise it belongs to. Raises LabError for one that is not there."""
    prefix = str(task_id).rpartition("-")[0]
    if prefix not in SETS:
        raise LabError(f"There is no task {str(task_id)[:60]!r}. A task is called, for instance, spf-2.")
    exercise = load(SETS[prefix])
    if task_id not in exercise.tasks:
        raise LabError(f"There is no task {task_id!r}. There are: {', '.join(exercise.tasks)}.")
    return exercise, exercise.tasks[task_id]


def _task(key: str, entry: dict[str, Any]) -> Task:
    wanted, judge, probes = _judges.get(key, (None, None, None))
    lists = {name: tuple(entry.get(name, ())) for name in ("objectives", "hints")}
    return Task(id=key, **{**entry, **lists}, wanted=wanted, judge=judge, probes=probes)


def _nothing(lab: Any, world: World) -> None:
    """An exercise whose worlds need nothing of a lab."""
