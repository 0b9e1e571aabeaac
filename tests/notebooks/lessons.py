"""A lesson as its file has it: the cells, and the calls in them, without running anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from smtplab.course import bank
from smtplab.course.question import Question, question

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))  # judge.ipynb is a desk and no lesson
STOP = "**You can stop here.**"

_python = TransformerManager().transform_cell  # a line such as `!swaks ...` becomes a call


@dataclass(frozen=True)
class Call:
    """A call of one of smtplab's functions: in which cell, and with what."""

    position: int
    cell: str
    node: ast.Call

    def literal(self, place: int | str) -> Any:
        """The argument at this place or of this name, if it is written out; None where it is not given."""
        given: list[ast.expr] = []
        if isinstance(place, int):
            given = self.node.args[place : place + 1]
        else:
            given = [word.value for word in self.node.keywords if word.arg == place]
        return ast.literal_eval(given[0]) if given else None

    def has(self, name: str) -> bool:
        return any(word.arg == name for word in self.node.keywords)


class Lesson:
    """One notebook of the lessons."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.stem
        self.cells = nbformat.read(path, as_version=4).cells

    @cached_property
    def code(self) -> list[tuple[int, Any]]:
        return [(position, cell) for position, cell in enumerate(self.cells) if cell.cell_type == "code"]

    @cached_property
    def stop(self) -> int:
        """Where the core ends: the position of the cell with the mark."""
        marks = [
            n for n, cell in enumerate(self.cells) if cell.cell_type == "markdown" and STOP in cell.source
        ]
        assert len(marks) == 1, f"the mark {STOP!r} stands in {len(marks)} cells"
        return marks[0]

    @cached_property
    def sections(self) -> list[tuple[str, int, int]]:
        """The core's numbered sections: title, first cell, and the cell after the last."""
        starts = [
            (found[1], position)
            for position, cell in enumerate(self.cells[: self.stop])
            if cell.cell_type == "markdown" and (found := re.match(r"## (\d+ · .+)", cell.source))
        ]
        ends = [position for _, position in starts[1:]] + [self.stop]
        return [(title, start, end) for (title, start), end in zip(starts, ends, strict=True)]

    def calls(self, function: str) -> list[Call]:
        """Every call of `function`, in order."""
        return [
            Call(position, cell.id, node)
            for position, cell in self.code
            for node in _calls(cell.source)
            if isinstance(node.func, ast.Name) and node.func.id == function
        ]

    @cached_property
    def head(self) -> dict[str, Any]:
        """What is kept with the lesson for its head: title, minutes and objectives."""
        return bank.head(self.name)

    @cached_property
    def questions(self) -> list[Call]:
        """The calls that ask for a prediction."""
        return [call for call in self.calls("predict") if not call.has("explain")]

    @cached_property
    def explanations(self) -> list[Call]:
        """The calls that explain after the run."""
        return [call for call in self.calls("predict") if call.has("explain")] + self.calls("explain")

    def asked(self, call: Call) -> Question:
        """The question that `call` asks: written out there, or kept with the lesson under its name."""
        if len(call.node.args) == 1:
            return bank.prediction(self.name, call.literal(0))
        reasons = call.literal("reasons")
        return question(call.literal(1), call.literal(2), answer=call.literal("answer"), reasons=reasons)


def _calls(source: str) -> Iterator[ast.Call]:
    only_tree = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(_python(source), "<cell>", "exec", only_tree, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def only_calls(source: str, functions: set[str]) -> bool:
    """True where a cell is a single call of one of `functions`."""
    body = ast.parse(_python(source)).body
    return (
        len(body) == 1
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Call)
        and isinstance(body[0].value.func, ast.Name)
        and body[0].value.func.id in functions
    )


def words(text: str) -> int:
    """How many words a reader reads in a cell's Markdown: what has a letter or a digit in it."""
    return sum(1 for word in text.split() if re.search(r"\w", word))
