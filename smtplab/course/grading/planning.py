"""What there is to grade, and with what: submissions, the course, the term, and the digest of all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...mail.errors import LabError
from ..graded.terms import Term
from .store import Store, digest_of
from .submissions import Submission, find

PACKAGE = Path(__file__).resolve().parents[2]
JUDGES = ("mail", "auth", "lab", "course/graded", "course/grading")  # what an answer meets


@dataclass
class Plan:
    """`course` holds solutions/; `term` is a term's folder, or None for public worlds."""

    submissions: list[Submission]
    course: Path
    term: Path | None
    seconds: float
    twice: list[Submission] = field(default_factory=list)  # another one is there for the same
    _digests: dict[str, str] = field(default_factory=dict)

    def jobs(self, store: Store, again: bool = False) -> Iterator[dict[str, Any]]:
        """What `judging.grade_one` takes, for each submission without a result in the store, or for all."""
        for one in self.submissions:
            digest = self.digest(one)
            if again or not store.status(one.student, one.exercise, digest):
                yield {
                    "path": str(one.path), "student": one.student, "exercise": one.exercise,
                    "course": str(self.course), "term": str(self.term or ""), "seconds": self.seconds,
                    "digest": digest,
                }  # fmt: skip

    def digest(self, one: Submission) -> str:
        """The digest of a submission and of everything that grades it."""
        if one.exercise not in self._digests:
            self._digests[one.exercise] = self._grades(one.exercise)
        return digest_of([self._digests[one.exercise], one.student, one.path])

    def _grades(self, exercise: str) -> str:
        term = [self.term.name, self.term / "secret"] if self.term else [""]
        given = [self.course / "solutions" / exercise / "teacher.py",
                 self.course / "exercises" / exercise / f"{exercise}.ipynb"]  # fmt: skip
        return digest_of([self._package, exercise, *term, *given])

    @cached_property
    def _package(self) -> str:
        """The code that draws, runs and judges."""
        code = [
            file for part in JUDGES for kind in ("py", "toml") for file in (PACKAGE / part).rglob(f"*.{kind}")
        ]
        code = sorted(file for file in code if not file.name.startswith("report"))
        return digest_of([version("smtplab"), *code])


def plan(folder: Path, exercise: str | None, course: Path, term: str | None, seconds: float) -> Plan:
    """What is to be done in `folder`. Raises LabError for what makes no sense, in a sentence."""
    home = _course(course)
    if not folder.is_dir():
        raise LabError(f"{folder} is not a folder.")
    found = find(folder, exercise)
    if not found:
        raise LabError(f"No submissions{f' of {exercise}' if exercise else ''} are in {folder}.")
    first = {(one.student, one.exercise): one for one in reversed(found)}
    twice = [one for one in found if first[one.student, one.exercise] is not one]
    for name in sorted({one.exercise for one in found}):
        if not (home / "solutions" / name / "teacher.py").is_file():
            raise LabError(f"{home}/solutions/{name}/teacher.py is not there: {name} cannot be graded.")
    once = [one for one in found if first[one.student, one.exercise] is one]
    return Plan(once, home, _term(home, term), seconds, twice)


def _course(named: Path) -> Path:
    for place in (named.resolve(), *named.resolve().parents):
        if (place / "solutions").is_dir():
            return place
    raise LabError("Grading needs the course's solutions/: run it in the course's folder, or give --course.")


def _term(course: Path, named: str | None) -> Path | None:
    """The term by its folder or name; not named, the only one there is. "none" for public worlds."""
    if named == "none":
        return None
    if named is None:
        there = sorted(secret.parent for secret in course.glob("terms/*/secret"))
        if len(there) > 1:
            names = ", ".join(term.name for term in there)
            raise LabError(f"There are several terms ({names}): give --term terms/NAME for the one you mean.")
        return there[0] if there else None
    places = (Path(named), course / named, course / "terms" / named)
    folder = next((place.resolve() for place in places if (place / "secret").is_file()), None)
    if folder is None:
        raise LabError(f"{named} is not a term's folder: it has no secret in it.")
    Term(folder).seed("09-spf", "anybody")  # raises where the secret cannot be read
    Term(folder).students()
    return folder
