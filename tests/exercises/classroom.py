"""An nbgrader course in a folder of its own, with this repository's exercises, and students who hand in."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat

from tests.exercises.solving import ROOT
from tools import nbgrader_here

LIMIT = 110  # seconds a command


class Classroom:
    """`folder` is a course as a teacher has it: nbgrader_config.py, solutions, and a term if one is made."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder, self.names = folder, names
        shutil.copy(ROOT / "nbgrader_config.py", folder)
        for name in names:
            leave_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / "solutions" / name, folder / "solutions" / name, ignore=leave_out)

    def nbgrader(self, *arguments: str) -> str:
        """Run an nbgrader command as a teacher does. Raises AssertionError with what it said if it fails."""
        ours = nbgrader_here.environment().items()
        environment = {key: value for key, value in ours if not key.startswith(("SMTPLAB_", "JUPYTER"))}
        run = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.folder, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
        assert run.returncode == 0, f"nbgrader {' '.join(arguments)}:\n{run.stdout}\n{run.stderr}"
        return run.stdout + run.stderr

    def hand_in(self, who: str, name: str, answers: Mapping[str, str]) -> None:
        """A student's submission: the released notebook with these sources in its answer cells."""
        notebook = nbformat.read(self.folder / "exercises" / name / f"{name}.ipynb", as_version=4)
        for cell in notebook.cells:
            task = cell.id.removesuffix("-answer").removesuffix("-words")
            if task in answers and cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = answers[task]
        target = self.folder / "submitted" / who / name / f"{name}.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(notebook, target)

    def sources(self, name: str) -> dict[str, str]:
        """Task -> the source of its answer cell in the solution."""
        notebook = nbformat.read(self.folder / "solutions" / name / f"{name}.ipynb", as_version=4)
        found = {}
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                found[cell.id.removesuffix("-answer").removesuffix("-words")] = cell.source
        return found

    def grades(self) -> dict[tuple[str, str], tuple[float, float]]:
        """(student, exercise) -> (score, best score), from nbgrader's export."""
        self.nbgrader("export")
        with (self.folder / "grades.csv").open(newline="") as lines:
            return {
                (row["student_id"], row["assignment"]): (float(row["score"]), float(row["max_score"]))
                for row in csv.DictReader(lines)
            }

    def feedback(self, who: str, name: str) -> str:
        """The page that the student gets."""
        return (self.folder / "feedback" / who / name / f"{name}.html").read_text("utf-8")
