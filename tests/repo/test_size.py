"""Small files and small functions: what grows past the limit wants to be two things."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "smtplab").rglob("*.py"))
MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 60


def long_functions(source: str) -> list[str]:
    """The functions of `source` that are too long, decorators not counted."""
    functions = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [
        f"{node.name}: {lines} lines"
        for node in functions
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sizes(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MOST_LINES
    assert long_functions(source) == []


@pytest.mark.parametrize(("lines", "found"), [(60, []), (61, ["f: 61 lines"])])
def test_a_long_function_is_seen(lines: int, found: list[str]) -> None:
    source = "class C:\n    @property\n    async def f(self):\n" + "        pass\n" * (lines - 1)
    assert long_functions(source) == found
