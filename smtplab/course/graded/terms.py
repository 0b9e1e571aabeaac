"""A term: a class, its secret, and a pack of things for each student.

`new_term` runs on the teacher's machine. It writes `terms/NAME/`: a secret, the roster, and `packs/STUDENT/`
with what that student gets for every exercise. A pack holds things only: neither the seed nor the truth, for
students have this package too and could work out either from the other.
"""

from __future__ import annotations

import csv
import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from ...mail.errors import LabError
from .exercise import SETS
from .world import PACK, World, made, secret_seed

# What names a folder on every system, and a submission in nbgrader.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
ENDING = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@dataclass(frozen=True, slots=True)
class Term:
    """A term's folder: its name is the folder's."""

    folder: Path

    @property
    def name(self) -> str:
        """What the term is called."""
        return self.folder.name

    def seed(self, exercise: str, who: str) -> int:
        """The seed of a student's world. Raises LabError where the secret cannot be read."""
        try:
            secret = bytes.fromhex((self.folder / "secret").read_text("ascii").strip())
        except (OSError, ValueError):
            raise LabError(f"{self.folder} has no secret that can be read: is it a term's folder?") from None
        return secret_seed(secret, self.name, exercise, who)

    def world(self, exercise: str, who: str) -> World:
        """The world of a student in this term, with its truth."""
        return made(exercise, who, self.seed(exercise, who))

    def students(self) -> list[str]:
        """The ids on the roster, in its order."""
        return _roster(self.folder / "students.csv")


def current() -> Term | None:
    """The term that SMTPLAB_TERM names, a folder; None where it is not set. Students have none."""
    named = os.environ.get("SMTPLAB_TERM")
    return Term(Path(named).resolve()) if named else None


def new_term(name: str, roster: Path, terms: Path) -> Term:
    """Make the term `name` below `terms`, for the students of `roster`; or add students to it.

    The roster is CSV with a header line; its column `id` (as nbgrader's) names the students. A secret that is
    there already is kept, so packs that were given out stay right. Raises LabError for a roster that does not
    do.
    """
    if not NAME.fullmatch(name):
        raise LabError(f"A term's name is letters, digits, points and hyphens, not {name[:60]!r}.")
    students = _roster(roster)
    term = Term((terms / name).resolve())
    term.folder.mkdir(parents=True, exist_ok=True)
    (term.folder.parent / ".gitignore").write_text("*\n", "utf-8")  # a secret in a repository is none
    _keep_secret(term.folder / "secret")
    (term.folder / "students.csv").write_text("\n".join(["id", *students, ""]), "utf-8")
    for who in students:
        folder = term.folder / "packs" / who
        folder.mkdir(parents=True, exist_ok=True)
        (folder / PACK).write_text(pack_for(term, who), "utf-8")
    return term


def pack_for(term: Term, who: str) -> str:
    """The pack of one student, as JSON."""
    worlds = {name: dict(term.world(name, who).things) for name in SETS.values()}
    return (
        json.dumps({"term": term.name, "student": who, "worlds": worlds}, indent=1, ensure_ascii=False) + "\n"
    )


def _keep_secret(file: Path) -> None:
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_hex(32) + "\n")
    except FileExistsError:
        pass


def _roster(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, ValueError, csv.Error) as error:
        raise LabError(f"The roster {file} cannot be read: {error}.") from None
    if not rows or "id" not in rows[0]:
        raise LabError(f"The roster {file} needs a header line with a column id, and a student on each line.")
    students = [(row["id"] or "").strip() for row in rows]
    for number, who in enumerate(students, 2):
        if not NAME.fullmatch(who) or ENDING.fullmatch(who) or who.endswith("."):
            raise LabError(
                f"{file}, line {number}: {who[:60]!r} cannot name a student's folder: "
                "use letters, digits, points, hyphens, _ and @."
            )
    doubles = {who for who in students if sum(who.lower() == other.lower() for other in students) > 1}
    if doubles:
        raise LabError(f"{file} names twice: {', '.join(sorted(doubles))}.")
    return students
