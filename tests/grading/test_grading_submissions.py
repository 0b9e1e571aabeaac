"""Notebooks are found in each layout, read within bounds, and taken apart into code and answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from smtplab.course.graded.exercise import SETS
from smtplab.course.grading.submissions import LARGEST, MOST, find, read
from smtplab.mail.errors import LabError
from tests.exercises.solving import ROOT

NAME = "09-spf"


def released(name: str = NAME) -> dict[str, Any]:
    """The notebook as students get it."""
    found: dict[str, Any] = json.loads((ROOT / "exercises" / name / f"{name}.ipynb").read_text("utf-8"))
    return found


def cell(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    """A cell by its id."""
    return next(one for one in notebook["cells"] if one["id"] == name)


def put(notebook: Any, path: Path) -> Path:
    """Write a notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook), "utf-8")
    return path


def touch(folder: Path, *names: str) -> None:
    """Empty files."""
    for name in names:
        put("", folder / name)


@pytest.mark.parametrize(
    ("files", "exercise", "expected"),
    [
        (["submitted/ada/09-spf/09-spf.ipynb", "release/x.ipynb"], None, [("ada", "09-spf")]),
        (["bob/02-dialogue/02-dialogue.ipynb", "ada/09-spf/09-spf.ipynb"], None,
         [("ada", "09-spf"), ("bob", "02-dialogue")]),
        (["ada/09-spf/09-spf (1).ipynb"], None, [("ada", "09-spf")]),
        (["ada/09-spf.ipynb", "ada/notes.txt", "bob/10-dkim-copy.ipynb"], None,
         [("ada", "09-spf"), ("bob", "10-dkim")]),
        (["ada-09-spf.ipynb", "mary-ann-10-dkim.ipynb"], None, [("ada", "09-spf"), ("mary-ann", "10-dkim")]),
        (["ada.ipynb", "bob.ipynb"], "09-spf", [("ada", "09-spf"), ("bob", "09-spf")]),
        (["09-spf/ada.ipynb"], None, [("ada", "09-spf")]),
        (["ada/09-spf.ipynb", "ada/10-dkim.ipynb"], "10-dkim", [("ada", "10-dkim")]),
        (["ada/09-spf/.ipynb_checkpoints/x.ipynb", "ada/09-spf/09-spf.ipynb"], None, [("ada", "09-spf")]),
        (["ada/09-spf/data.csv"], None, [("ada", "09-spf")]),
        ([], None, []),
    ],
)  # fmt: skip
def test_layouts(
    tmp_path: Path, files: list[str], exercise: str | None, expected: list[tuple[str, str]]
) -> None:
    """Each layout gives student and exercise."""
    touch(tmp_path, *files)
    assert [(one.student, one.exercise) for one in find(tmp_path, exercise)] == expected


def test_an_exercise_folder_without_its_notebook_is_still_a_submission(tmp_path: Path) -> None:
    """It is not passed over in silence: reading it says what is wrong."""
    touch(tmp_path, "ada/09-spf/a.ipynb", "ada/09-spf/b.ipynb")
    (found,) = find(tmp_path)
    with pytest.raises(LabError, match="There is no notebook"):
        read(found.path, NAME)


@pytest.mark.parametrize(
    ("files", "exercise", "says"),
    [
        (["ada.ipynb"], None, "whose is it, and for which exercise"),
        (["09-spf.ipynb"], "09-spf", "whose is it"),
        ([], "99-x", "There is no exercise '99-x'"),
    ],
)
def test_what_cannot_be_told_apart_is_said(
    tmp_path: Path, files: list[str], exercise: str | None, says: str
) -> None:
    """Nobody guesses whose work something is."""
    touch(tmp_path, *files)
    with pytest.raises(LabError, match=says):
        find(tmp_path, exercise)


@pytest.mark.parametrize("name", SETS.values())
def test_each_released_notebook(name: str) -> None:
    """Nothing is odd about it: judged tasks have variables, all have answer cells, and no check is run."""
    work = read(ROOT / "exercises" / name / f"{name}.ipynb", name)
    assert work.remarks == ()
    assert len(work.variables) == 5
    assert len(work.answers) == 6
    assert work.answers[list(work.answers)[-1]] == ""
    assert not any("check(" in source for _, source in work.cells)


def test_cells_added_split_and_copied(tmp_path: Path) -> None:
    """All code is run in order; what stands below an answer cell belongs to the answer."""
    notebook = released()
    at = notebook["cells"].index(cell(notebook, "spf-2-answer"))
    cell(notebook, "spf-2-answer")["source"] = ["helper = 1\n", "more = 2"]
    split = {"cell_type": "code", "id": "fresh", "metadata": {}, "source": "spf_2 = {'A': helper}"}
    notebook["cells"].insert(at + 1, split)
    notebook["cells"].append({**cell(notebook, "spf-2-check"), "id": "copy", "metadata": {}})
    work = read(put(notebook, tmp_path / "x.ipynb"), NAME)
    assert work.answers["spf-2"] == "helper = 1\nmore = 2\n\nspf_2 = {'A': helper}"
    names = [name for name, _ in work.cells]
    assert names.index("spf-2-answer") + 1 == names.index("fresh")
    assert "copy" not in names
    assert work.remarks == ()


def test_cells_are_known_by_grade_id_and_without_any_name(tmp_path: Path) -> None:
    """By nbgrader's name where the ids are new; a check with neither by what stands in it."""
    notebook = released()
    for number, one in enumerate(notebook["cells"]):
        one["id"] = f"new-{number}"
    notebook["cells"][-1]["metadata"] = {}
    work = read(put(notebook, tmp_path / "x.ipynb"), NAME)
    assert "spf_1 = None" in work.answers["spf-1"]
    assert not any("check(" in source for _, source in work.cells)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('spf_6 = """\nBecause.\n"""', "Because."),
        ('spf_6 = "One." ; more = f"Two {spf_1}."', "One.\n\nTwo\n\n."),
        ("It is because of this", "It is because of this"),
        ('spf_6 = """\n...  # your answer goes here\n"""', ""),
        ("", ""),
    ],
)
def test_an_answer_in_words(tmp_path: Path, source: str, words: str) -> None:
    """The words alone, however they were written down."""
    notebook = released()
    cell(notebook, "spf-6-words")["source"] = source
    assert read(put(notebook, tmp_path / "x.ipynb"), NAME).answers["spf-6"] == words


def test_cells_that_only_play_are_left_out_where_nothing_uses_them(tmp_path: Path) -> None:
    """A lab costs a second. It is there for whoever uses it."""
    notebook = released()
    assert "spf-lab" not in [name for name, _ in read(put(notebook, tmp_path / "x.ipynb"), NAME).cells]
    cell(notebook, "spf-1-answer")["source"] = "spf_1 = lab.mtas"
    assert "spf-lab" in [name for name, _ in read(put(notebook, tmp_path / "x.ipynb"), NAME).cells]


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        (lambda book: book["cells"].remove(cell(book, "spf-1-check")), "The check spf-1 is missing."),
        (lambda book: cell(book, "spf-1-check").update(source="print(6)"), "The check spf-1 was changed"),
        (lambda book: book["cells"].append(cell(book, "spf-1-check")), "The check spf-1 is there 2 times."),
        (lambda book: book["cells"].remove(cell(book, "spf-3-answer")),
         "The answer cell of spf-3 is missing."),
        (lambda book: book["cells"].append(cell(book, "spf-3-answer")),
         "The answer cell of spf-3 is there 2 times."),
    ],
)  # fmt: skip
def test_what_is_odd_is_remarked(tmp_path: Path, change: Any, remark: str) -> None:
    """It is told, and graded all the same; a changed check is not run."""
    notebook = released()
    change(notebook)
    work = read(put(notebook, tmp_path / "x.ipynb"), NAME)
    assert len(work.remarks) == 1
    assert work.remarks[0].startswith(remark)
    assert not any(source == "print(6)" for _, source in work.cells)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("\0\0", "not JSON"),
        ("[" * 1_000_000, "not JSON"),
        ("[]", "has no cells"),
        ('{"cells": 3}', "has no cells"),
        ('{"worksheets": []}', "format 4"),
        ('{"cells": []}', "Nothing in this notebook is of 09-spf"),
        ('{"cells": [3]}', "its cell 1 is not one"),
        ('{"cells": [{"cell_type": "code", "source": [3]}]}', "its cell 1 is not one"),
        (json.dumps({"cells": [{"source": ""}] * (MOST + 1)}), "more than 1000 cells"),
        (json.dumps({"cells": [{"source": "x" * 1_000_001}]}), "more than 1,000,000 characters"),
        (json.dumps(released("10-dkim")), "the notebook of 10-dkim, not of 09-spf"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_of_this_exercise_is_said(tmp_path: Path, text: str, says: str) -> None:
    """Never read on as if it were one."""
    with pytest.raises(LabError, match=says):
        read(put(text, tmp_path / "x.ipynb"), NAME)


def test_cells_of_odd_forms_do_no_harm(tmp_path: Path) -> None:
    """Metadata of any shape."""
    notebook = released()
    odd: list[Any] = [None, 3, [], {"nbgrader": 3, "tags": 3}, {"nbgrader": {"grade_id": {}}, "tags": [[]]}]
    notebook["cells"] += [{"cell_type": [], "id": {}, "metadata": one, "source": "x"} for one in odd]
    assert len(read(put(notebook, tmp_path / "x.ipynb"), NAME).answers) == 6


def test_a_notebook_of_100_mb(tmp_path: Path) -> None:
    """It is not read."""
    path = tmp_path / "x.ipynb"
    with path.open("wb") as file:
        file.truncate(5 * LARGEST)
    with pytest.raises(LabError, match="larger than 20 MB"):
        read(path, NAME)


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    """A link to another's work, as a file or as a folder, and a pipe that nobody writes to."""
    other = put(released(), tmp_path / "bob" / NAME / f"{NAME}.ipynb")
    linked, folder, pipe = (tmp_path / who / NAME for who in ("ada", "cleo", "dora"))
    linked.mkdir(parents=True)
    (linked / f"{NAME}.ipynb").symlink_to(other)
    folder.parent.mkdir()
    folder.symlink_to(other.parent)
    pipe.mkdir(parents=True)
    os.mkfifo(pipe / f"{NAME}.ipynb")
    found = {one.student: one.path for one in find(tmp_path)}
    assert sorted(found) == ["ada", "bob", "cleo", "dora"]
    for who in ("ada", "cleo", "dora"):
        with pytest.raises(LabError, match="a link or a device"):
            read(found[who], NAME)
    assert read(found["bob"], NAME).remarks == ()
