"""The tags of the notebooks' cells against docs/coverage.md: known, in their lesson, proved, complete."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_tool", ROOT / "tools" / "coverage.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


tool = _load()
PLAN = tool.entries(tool.PAGE.read_text("utf-8"))


# The repository itself


def test_the_page_lists_everything() -> None:
    count = {kind: sum(tag.startswith(kind) for tag in PLAN) for kind in tool.KINDS}
    assert 60 <= count["seed"] <= 90
    assert (count["truth"], count["myth"]) == (35, 29)


def test_the_lessons_show_what_is_planned() -> None:
    present = tool.lessons()
    cells = tool.tagged(present)
    print("\n".join(tool.report(PLAN, cells, present)))  # pytest -rP shows what is not covered yet
    wrong = tool.problems(PLAN, cells, present)
    assert not wrong, "\n".join(wrong)


def test_the_figures_on_the_page_are_right() -> None:
    page, present = tool.PAGE.read_text("utf-8"), tool.lessons()
    right = tool.rewritten(page, tool.report(PLAN, tool.tagged(present), present))
    assert page == right, "run: python tools/coverage.py --write"


# The tool: a small page and small notebooks

PAGE = """
| tag | statement | lessons |
|---|---|---|
| seed-01 | The sky is up. | 02 (00) |
| seed-02 | Water is wet. | 02, 05 |
| truth-01 | It may rain. | 05 |
"""
SMALL = tool.entries(PAGE)


def notebook(folder: Path, name: str, *cells: tuple[str, str, list[str]]) -> None:
    made = [
        {"id": f"cell-{n}", "cell_type": kind, "source": source.splitlines(True), "metadata": {"tags": tags}}
        for n, (kind, source, tags) in enumerate(cells)
    ]
    (folder / name).write_text(json.dumps({"cells": made}), "utf-8")


def found(folder: Path) -> list[str]:
    present = tool.lessons(folder)
    return tool.problems(SMALL, tool.tagged(present), present)


GOOD = ("code", "assert sky() == 'up'", ["seed-01", "seed-02"])


def test_no_notebook_is_no_problem(tmp_path: Path) -> None:
    assert found(tmp_path) == []


def test_a_lesson_alone_may_be_complete(tmp_path: Path) -> None:
    notebook(tmp_path, "02-dialogue.ipynb", GOOD, ("markdown", "Look up.", ["hide-input"]))
    assert found(tmp_path) == []


def test_a_lesson_that_exists_must_show_all_of_its_part(tmp_path: Path) -> None:
    notebook(tmp_path, "02-dialogue.ipynb", ("code", "assert sky()", ["seed-01"]))
    notebook(tmp_path, "05-envelope-and-message.ipynb", ("code", "assert wet()", ["seed-02", "truth-01"]))
    assert found(tmp_path) == ["lesson 02 does not show seed-02: Water is wet."]


def test_another_lesson_does_not_make_up_for_it(tmp_path: Path) -> None:
    notebook(tmp_path, "00-start-here.ipynb", ("code", "assert sky()", ["seed-01"]))
    notebook(tmp_path, "02-dialogue.ipynb", ("code", "assert wet()", ["seed-02"]))
    assert found(tmp_path) == ["lesson 02 does not show seed-01: The sky is up."]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (("code", "assert x", ["seed-99"]), "seed-99 is not in docs/coverage.md"),
        (("code", "assert x", ["seed-1"]), "seed-1 is not in docs/coverage.md"),
        (("code", "assert x", ["truth-01"]), "truth-01 is planned for lesson 05"),
        (("code", "x = 1", ["seed-01"]), "seed-01 is on a cell without an assert, so nothing proves it"),
        (
            ("code", "assert True", ["seed-01"]),
            "seed-01 is on a cell without an assert, so nothing proves it",
        ),
        (("markdown", "assert x", ["seed-01"]), "seed-01 is on a cell that runs nothing (markdown)"),
    ],
)
def test_a_wrong_tag_is_named(tmp_path: Path, cell: tuple[str, str, list[str]], sentence: str) -> None:
    notebook(tmp_path, "02-dialogue.ipynb", GOOD, cell)
    assert found(tmp_path) == [f"lesson 02, cell-1: {sentence}"]


def test_an_unknown_lesson_is_named(tmp_path: Path) -> None:
    notebook(tmp_path, "77-extra.ipynb")
    assert found(tmp_path) == ["77 is no lesson that we know"]


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("assert reply.code == 250", True),
        ("!swaks --to bob\nassert done", True),
        ("%time x = 1\nassert x == 1", True),
        ("await thing()\nassert thing.done", True),
        ("with lab:\n    %time f()\n    assert f.done", True),
        ("# assert nothing", False),
        ("'assert x'", False),
        ("assert 1", False),
        ("%%bash\nassert x", False),
        ("assert (", False),
        ("", False),
    ],
)
def test_what_counts_as_an_assertion(source: str, holds: bool) -> None:
    assert tool.asserts(source) is holds


@pytest.mark.parametrize(
    "row",
    [
        "| seed-01 | No lesson. | |",
        "| seed-01 | Lesson unknown. | 99 |",
        "| seed-01 | Twice. | 02 (02) |",
        "| seed-01 | Four | cells | 02 |",
        "| seed-1 | Short number. | 02 |",
        "| seed-02 | Starts at two. | 02 |",
        "| seed-01 | One. | 02 |\n| seed-01 | One again. | 02 |",
        "| seed-01 | | 02 |",
    ],
)
def test_a_page_that_cannot_be_read_is_refused(row: str) -> None:
    with pytest.raises(ValueError):
        tool.entries(row)


def test_the_report_counts_by_lesson(tmp_path: Path) -> None:
    notebook(tmp_path, "05-envelope-and-message.ipynb", ("code", "assert wet()", ["seed-02"]))
    present = tool.lessons(tmp_path)
    lines = tool.report(SMALL, tool.tagged(present), present)
    assert "- 02 dialogue: covered 0 of 2 (not yet)" in lines
    assert "- 05 envelope-and-message: covered 1 of 2; missing: truth-01" in lines
    assert lines[-1] == "- all lessons: covered 1 of 4"


def test_writing_changes_only_what_stands_between_the_markers() -> None:
    page = f"before\n{tool.BEGIN}\nold\n{tool.END}\nafter\n"
    assert tool.rewritten(page, ["new"]) == f"before\n{tool.BEGIN}\nnew\n{tool.END}\nafter\n"
    once = tool.rewritten(page, ["new"])
    assert tool.rewritten(once, ["new"]) == once
