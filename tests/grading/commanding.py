"""`smtplab grade` as a process, and what it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.exercises.solving import ROOT

LIMIT = 100  # seconds


class Done(NamedTuple):
    code: int
    out: str
    err: str


def arguments(*more: object) -> list[str]:
    return [sys.executable, "-m", "smtplab.cli", "grade", *map(str, more)]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SMTPLAB_")}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "", **more}


def grade(submissions: Path, out: Path, *more: object, course: Path = ROOT) -> Done:
    """Run it to its end."""
    done = subprocess.run(
        arguments(submissions, "--out", out, "--course", course, *more),
        cwd=out.parent, env=environment(), capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def results(out: Path) -> dict[str, dict[str, Any]]:
    """Student -> result."""
    found = [json.loads(file.read_text("ascii")) for file in out.glob("*/*.json")]
    return {one["student"]: one for one in found}


def points(result: dict[str, Any]) -> dict[str, float | None]:
    """Task -> points."""
    return {row["id"]: row["points"] for row in result["tasks"]}
