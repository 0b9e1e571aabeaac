"""Notebooks are clean in git, and tools/notebooks.py sees and mends what is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tools import notebooks

ROOT = notebooks.ROOT
FILES = notebooks.notebooks()


def test_every_notebook_is_clean() -> None:
    found = {
        str(path.relative_to(ROOT)): notebooks.problems(path.read_text(encoding="utf-8")) for path in FILES
    }
    assert {path: problems for path, problems in found.items() if problems} == {}


def notebook() -> dict[str, Any]:
    cells = [
        {"cell_type": "markdown", "id": "head", "metadata": {}, "source": "# Say hello\n"},
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "ehlo-step",
            "metadata": {"tags": ["seed-02"]},
            "outputs": [],
            "source": 'session.send("EHLO me")',
        },
    ]
    return {"cells": cells, "metadata": copy.deepcopy(notebooks.METADATA), "nbformat": 4, "nbformat_minor": 5}


def text(content: dict[str, Any]) -> str:
    return str(nbformat.writes(nbformat.from_dict(content), version=4)) + "\n"


def test_a_clean_notebook_stays_as_it_is() -> None:
    assert notebooks.problems(text(notebook())) == []
    assert notebooks.clean(text(notebook())) == text(notebook())


def with_output(content: dict[str, Any]) -> None:
    content["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "250 ok\n"}]


def with_count(content: dict[str, Any]) -> None:
    content["cells"][1]["execution_count"] = 3


def with_short_hash(content: dict[str, Any]) -> None:
    content["cells"][0]["id"] = "6f1c09ab"


def with_uuid(content: dict[str, Any]) -> None:
    content["cells"][0]["id"] = "a3f0c1d2-1b2c-4d3e-8f9a-0b1c2d3e4f5a"


def with_shouted_id(content: dict[str, Any]) -> None:
    content["cells"][0]["id"] = "EHLO_step"


def with_the_same_id_twice(content: dict[str, Any]) -> None:
    content["cells"][0]["id"] = "ehlo-step"


def with_cell_metadata(content: dict[str, Any]) -> None:
    content["cells"][1]["metadata"]["execution"] = {"iopub.status.busy": "2026-11-24T08:00:00"}


def with_widget_state(content: dict[str, Any]) -> None:
    content["metadata"]["widgets"] = {}


def with_another_kernel(content: dict[str, Any]) -> None:
    content["metadata"]["kernelspec"]["name"] = "venv"


def with_version(content: dict[str, Any]) -> None:
    content["metadata"]["language_info"]["version"] = "3.11.7"


@pytest.mark.parametrize(
    "soil",
    [
        with_output,
        with_count,
        with_short_hash,
        with_uuid,
        with_shouted_id,
        with_the_same_id_twice,
        with_cell_metadata,
        with_widget_state,
        with_another_kernel,
        with_version,
    ],
)
@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
def test_a_fault_is_seen_and_mended(soil: Callable[[dict[str, Any]], None]) -> None:
    content = notebook()
    soil(content)
    soiled = json.dumps(content, indent=1) + "\n"
    assert len(notebooks.problems(soiled)) == 1
    cleaned = notebooks.clean(soiled)
    assert notebooks.problems(cleaned) == []
    assert [cell["source"] for cell in json.loads(cleaned)["cells"]] == [
        cell["source"] for cell in json.loads(text(notebook()))["cells"]
    ]


def test_another_layout_is_seen_and_mended() -> None:
    squeezed = json.dumps(notebook())
    assert notebooks.problems(squeezed) == ["written in another layout than nbformat's"]
    assert notebooks.clean(squeezed) == text(notebook())


def test_a_new_id_is_made_of_the_cells_words() -> None:
    content = notebook()
    for cell in content["cells"]:
        cell["id"] = "6f1c09ab"
    content["cells"].append({**content["cells"][0], "id": "00000000"})
    content["cells"].append({**content["cells"][0], "id": "11111111", "source": "250"})
    with pytest.warns(nbformat.warnings.DuplicateCellId):
        cleaned = json.loads(notebooks.clean(json.dumps(content)))
    ids = [cell["id"] for cell in cleaned["cells"]]
    assert ids == ["say-hello", "session-send-ehlo-me", "say-hello-2", "markdown-250"]


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lesson.ipynb"
    content = notebook()
    with_output(content)
    path.write_text(text(content), encoding="utf-8")
    assert notebooks.main(["check", str(path)]) == 1
    assert "cell 2 (ehlo-step): outputs are kept" in capsys.readouterr().out
    assert notebooks.main(["clean", str(path)]) == 0
    assert notebooks.main(["check", str(path)]) == 0
