"""Every exercise solved in a real kernel by its solution: full points, and nothing on stderr."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtplab.course.graded.exercise import load
from tests.exercises.solving import NAMES, ROOT
from tests.notebooks.running import data, faults, kernel

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("name", NAMES)
def test_its_solution_solves_it_in_a_kernel(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTPLAB_COURSE", str(ROOT))
    monkeypatch.setenv("SMTPLAB_STUDENT", "in-a-kernel")
    with kernel(ROOT / "solutions" / name / f"{name}.ipynb", tmp_path) as started:
        outputs = started.run_all()
    assert faults(outputs) == []
    points = {
        cell.removesuffix("-check"): [
            data(one)["text/plain"] for one in shown if one.output_type == "execute_result"
        ]
        for cell, shown in outputs.items()
        if cell.endswith("-check")
    }
    tasks = load(name).tasks.values()
    assert points == {task.id: [str(task.points)] for task in tasks if task.kind != "explain"}
