"""A submission's cells beside those of the released notebook: which are checks, and which hold an answer.

Cells are known by nbgrader's grade_id, else by their id. What students split off, copied or added has
neither: it belongs to the answer that stands before it.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ...mail.errors import LabError
from ..graded.exercise import load

CHECK = re.compile(r'check\("([a-z]+-\d+)", ([A-Za-z_]\w*)\)')

PACKAGE = Path(__file__).parents[2]
ROOTS = (PACKAGE / "share", PACKAGE.parent)  # the wheel's exercises, or a checkout's


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A cell: its name ("" for none), whether it is code, its source and tags."""

    name: str
    code: bool
    source: str
    tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: Any) -> Cell | None:
        """The cell that this JSON is, or None."""
        if not isinstance(entry, dict):
            return None
        source = entry.get("source", "")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            return None
        metadata = entry.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        nbgrader = metadata.get("nbgrader")
        graded = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        name = graded or entry.get("id") or metadata.get("id")
        tags = metadata.get("tags")
        tags = tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()
        return cls(name if isinstance(name, str) else "", entry.get("cell_type") == "code", source, tags)


@dataclass(frozen=True, slots=True)
class Release:
    """The released notebook: the sources of its `cells`, its checks with their sources, each task's variable
    and the name of its answer cell."""

    cells: dict[str, str]
    check_cells: dict[str, str]
    variables: dict[str, str]
    answers: dict[str, str]
    play: frozenset[str] = field(default=frozenset())

    def checks(self, cell: Cell) -> bool:
        """Whether this is a check cell: by its name, or because a check is all there is in it."""
        return cell.code and (cell.name in self.check_cells or self._only_checks(cell.source))

    def changed(self, cell: Cell) -> bool:
        """Whether a student wrote this."""
        return self.cells.get(cell.name, "").strip() != cell.source.strip()

    def _only_checks(self, source: str) -> bool:
        found = CHECK.fullmatch(source.strip())
        return bool(found and found[1] in self.variables)


@cache
def release(exercise: str) -> Release:
    """The notebook of an exercise as it was given out. Raises LabError where this smtplab has none."""
    name = f"exercises/{exercise}/{exercise}.ipynb"
    file = next((root / name for root in ROOTS if (root / name).is_file()), None)
    if file is None:
        raise LabError(f"The released notebook of {exercise} is not there: install smtplab again.")
    entries = json.loads(file.read_text("utf-8"))["cells"]
    cells = [cell for cell in map(Cell.of, entries) if cell is not None]
    checks = {
        cell.name: cell.source.strip() for cell in cells if cell.code and CHECK.fullmatch(cell.source.strip())
    }
    variables = {found[1]: found[2] for source in checks.values() if (found := CHECK.fullmatch(source))}
    return Release(
        {cell.name: cell.source for cell in cells},
        checks,
        variables,
        dict(_answers(exercise, cells, checks)),
        frozenset(cell.name for cell in cells if "play" in cell.tags),
    )


def _answers(exercise: str, cells: list[Cell], checks: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each task with the name of its answer cell: spf-1-answer, and spf-6 for one in words."""
    names = {cell.name for cell in cells}
    for task in load(exercise).tasks:
        name = next((one for one in (f"{task}-answer", task) if one in names and one not in checks), "")
        if not name:
            raise LabError(f"The released notebook of {exercise} has no answer cell for {task}.")
        yield task, name


def rest_of(cells: list[Cell], name: str, released: Release) -> list[Cell]:
    """The cells that hold an answer: those of that name, and after each what the student put there."""
    found, inside = [], False
    for cell in cells:
        inside = cell.name == name or (
            inside and cell.name not in released.cells and not released.checks(cell)
        )
        if inside:
            found.append(cell)
    return found


def words(task: str, cells: list[Cell], released: Release) -> str:
    """The source of an answer's cells. Of a task in words: the words, without what was given out."""
    if task in released.variables:
        return "\n\n".join(cell.source for cell in cells)
    given = [text for cell in cells for text in _texts(released.cells.get(cell.name, ""))]
    said = [text for cell in cells if released.changed(cell) for text in _said(cell) if text not in given]
    return "\n\n".join(filter(None, said))


def _said(cell: Cell) -> list[str]:
    """The texts in a cell's code; its source where there are none: words without quotes are words too."""
    if not cell.code:
        return [cell.source.strip()]
    return _texts(cell.source) or [cell.source.strip()]


def _texts(source: str) -> list[str]:
    """The texts that code holds, in order, stripped; [] for what is not code."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    texts = [
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [
        str(node.value).strip() for node in sorted(texts, key=lambda node: (node.lineno, node.col_offset))
    ]


def unused_play(code: list[Cell], released: Release) -> list[Cell]:
    """Unchanged cells that only play with the lab, where no cell of the student's uses what they make.

    Each costs about a second, and no answer needs one.
    """
    play = [cell for cell in code if cell.name in released.play and not released.changed(cell)]
    written = "\n".join(cell.source for cell in code if released.changed(cell))
    return [cell for cell in play if not any(re.search(rf"\b{name}\b", written) for name in _makes(cell))]


def _makes(cell: Cell) -> set[str]:
    """The names that a cell of the course binds."""
    tree = ast.parse(cell.source)
    return {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
