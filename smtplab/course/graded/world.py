"""A world for every student: what they are given, drawn from a seed that nobody else has.

A world has `things`, which the student sees (headers, transcripts, zones, messages), and a `truth`, which
only a judge sees. Where the seed comes from:

- alone: from the exercise's and the student's name, in public. Whoever wants can draw it again.
- in a class, on the teacher's machine: from the term's secret, which makes the seed an HMAC.
- in a class, at a student's: from nowhere. The things come in a pack that the teacher made; there is no
truth.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, cast

import htpy as h

from ...mail.errors import LabError
from ...mail.text import visible
from ...show.theme import style

if TYPE_CHECKING:
    from ...auth.what_if import Resolve
    from ...lab.lab import Lab

ALONE = "self-study"
PACK = "smtplab-pack.json"
STEPS = ("submitted", "autograded")  # nbgrader's folders: STEP/STUDENT/EXERCISE


@dataclass(frozen=True, slots=True)
class World:
    """`world.name` is the thing of that name. `truth` is None where it is not known, and in what a student
    holds."""

    exercise: str
    student: str
    things: Mapping[str, Any]
    truth: Mapping[str, Any] | None = field(default=None, repr=False)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.things[name]
        except KeyError:
            raise AttributeError(f"This world has no {name!r}. It has: {', '.join(self.things)}.") from None

    def __dir__(self) -> list[str]:
        return sorted(self.things)

    def outside(self) -> World:
        """The same world without its truth: what a student may hold."""
        return World(self.exercise, self.student, self.things)

    def set_up(self, lab: Any) -> Any:
        """Put this world into a running lab: its zones, hosts and faults. Returns the lab."""
        from .exercise import load

        load(self.exercise).set_up(lab, self)
        return lab

    def lab(self) -> Lab:
        """A lab with this world in it, for a judge, beside the one of the notebook. Use it in `with`."""
        from ...lab.lab import Lab

        return cast("Lab", self.set_up(Lab(beside=True)))

    @property
    def resolve(self) -> Resolve:
        """`resolve(name, rdtype)`, which knows what this world's `dns` publishes, and nothing else."""
        from .sets.zones import resolver

        return resolver(self.dns)

    def __repr__(self) -> str:
        names = "\n".join(f"  world.{name}" for name in self.things)
        return f"The world of {visible(self.student)} in {self.exercise}:\n{names}"

    def _repr_html_(self) -> str:
        rows = [
            h.details[h.summary[h.code[f"world.{name}"], f": {_gist(thing)}"], h.pre[_told(thing)]]
            for name, thing in self.things.items()
        ]
        head = h.p[
            "The world of ", h.strong[visible(self.student)], f" in {self.exercise}. Open what you need:"
        ]
        return str(h.div(".smtplab.smtplab-card.smtplab-world")[style(), head, rows])


def student() -> str:
    """Who the student is: SMTPLAB_STUDENT, the submission's folder under nbgrader, JUPYTERHUB_USER, or
    nobody.

    The folder goes before JUPYTERHUB_USER, which is the teacher's where the teacher grades on a hub.
    """
    parts = Path.cwd().parts
    folder = parts[-2] if len(parts) > 2 and parts[-3] in STEPS else ""
    return os.environ.get("SMTPLAB_STUDENT") or folder or os.environ.get("JUPYTERHUB_USER") or ALONE


def draw(exercise: str, who: str | None = None) -> World:
    """The world of `who` (by default: this student) in `exercise`, with its truth where that can be known.

    Raises LabError for an unknown exercise, a broken pack, and a pack without this exercise.
    """
    from .exercise import load
    from .terms import current

    if who is None and (term := current()):
        return made(exercise, student(), term.seed(exercise, student()))
    if who is None and (found := pack()):
        if exercise not in found["worlds"]:
            raise LabError(f"Your pack has no {exercise}: ask your teacher for a newer one.")
        load(exercise)
        return World(exercise, found["student"], found["worlds"][exercise])
    name = who or student()
    return made(exercise, name, public_seed(exercise, name))


def made(exercise: str, who: str, seed: int) -> World:
    """The world that `seed` makes."""
    from .exercise import load

    things, truth = load(exercise).draw(Random(seed))
    return World(exercise, who, things, truth)


def public_seed(exercise: str, who: str) -> int:
    """The seed that anyone can work out."""
    return int.from_bytes(hashlib.sha256(f"{exercise}\0{who}".encode()).digest())


def secret_seed(secret: bytes, term: str, exercise: str, who: str) -> int:
    """The seed that takes the term's secret: HMAC-SHA-256 of term, exercise and student (RFC 2104 §2)."""
    said = f"{term}\0{exercise}\0{who}".encode()
    return int.from_bytes(hmac.new(secret, said, hashlib.sha256).digest())


def pack() -> dict[str, Any] | None:
    """The student's pack: SMTPLAB_PACK, or smtplab-pack.json here or in a folder above. Raises LabError."""
    named = os.environ.get("SMTPLAB_PACK")
    places = [Path(named)] if named else [folder / PACK for folder in (Path.cwd(), *Path.cwd().parents)]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        if named:
            raise LabError(f"SMTPLAB_PACK names {named}, and there is no such file.")
        return None
    try:
        found = json.loads(file.read_text("utf-8"))
        if not isinstance(found["student"], str) or not isinstance(found["worlds"], dict):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise LabError(f"{file} is not a pack, or is damaged: get it from your teacher again.") from None
    return dict(found)


def _gist(thing: Any) -> str:
    if isinstance(thing, str):
        lines = thing.count("\n") + (not thing.endswith("\n"))
        return f"a text of {lines} lines" if lines > 1 else visible(thing[:70])
    if isinstance(thing, (list, dict)):
        kind = "list" if isinstance(thing, list) else "table"
        return f"a {kind} of {len(thing)}"
    return visible(str(thing))


def _told(thing: Any) -> str:
    if isinstance(thing, str):
        return visible(thing.replace("\r\n", "\n"), "\n")
    return visible(json.dumps(thing, indent=2, ensure_ascii=False), "\n")
