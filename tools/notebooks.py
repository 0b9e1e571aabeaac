"""Notebooks as they belong in git: `python tools/notebooks.py clean|check [files]`.

A clean notebook has no outputs and no execution counts, every cell has an id that a person can read
and quote (`ehlo-step`, not `6f1c09ab`), and the metadata is only what is used. `clean` rewrites the
files that are not; `check` names what is wrong and exits 1. Without files, all lessons, exercises and
solutions are meant. Whether a notebook runs is not this tool's question: tests/notebooks asks it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("notebooks", "exercises", "solutions")

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# tags: the statements that a cell makes live (docs/coverage.md); nbgrader: which cells are graded.
# The other two are nbgrader's, in exercises: a student shall not change a check by accident.
CELL_METADATA = ("tags", "nbgrader", "deletable", "editable")

READABLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# What nbformat (8 hexadecimal digits) and JupyterLab (a UUID) give a new cell.
HASH = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?")
ID_LENGTH = 64  # nbformat's limit


def readable(name: str) -> bool:
    """Whether a cell id is made of words rather than of a hash."""
    return len(name) <= ID_LENGTH and bool(READABLE.fullmatch(name)) and not HASH.fullmatch(name)


def problems(text: str) -> list[str]:
    """What is wrong with the notebook `text` (JSON), one line each; empty for a clean one."""
    notebook = json.loads(text)
    found = []
    if notebook.get("metadata") != METADATA:
        found.append("metadata is not just the kernel and the language")
    seen: set[str] = set()
    for number, cell in enumerate(notebook["cells"], 1):
        name = cell.get("id", "")
        found += [f"cell {number} ({name or 'no id'}): {what}" for what in _cell_problems(cell)]
        if name in seen:
            found.append(f"cell {number} ({name}): the id is taken by an earlier cell")
        seen.add(name)
    if not found and text != clean(text):
        found.append("written in another layout than nbformat's")
    return found


def _cell_problems(cell: dict[str, Any]) -> Iterable[str]:
    if not readable(cell.get("id", "")):
        yield "the id is not readable"
    if cell.get("outputs"):
        yield "outputs are kept"
    if cell.get("execution_count") is not None:
        yield "the execution count is kept"
    unused = sorted(set(cell.get("metadata", {})) - set(CELL_METADATA))
    if unused:
        yield f"metadata that nothing uses: {', '.join(unused)}"


def clean(text: str) -> str:
    """The notebook `text` as it belongs in git. Cleaning twice changes nothing more."""
    notebook = nbformat.reads(text, as_version=4)
    notebook["nbformat_minor"] = 5  # the first version with cell ids
    notebook["metadata"] = METADATA
    taken: set[str] = set()
    for cell in notebook["cells"]:
        cell["metadata"] = {key: cell["metadata"][key] for key in CELL_METADATA if key in cell["metadata"]}
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        name = cell.get("id", "")
        cell["id"] = name if readable(name) and name not in taken else _new_id(cell, taken)
        taken.add(cell["id"])
    return str(nbformat.writes(nbformat.from_dict(notebook), version=4)) + "\n"


def _new_id(cell: dict[str, Any], taken: set[str]) -> str:
    """An id from the first words of the cell, with a number where those are taken."""
    words = re.findall(r"[a-z0-9]+", cell["source"].lower())[:4]
    name = "-".join(words)[:40].strip("-")
    if not readable(name):
        name = f"{cell['cell_type']}-{name}".strip("-")
    number = 2
    unique = name
    while unique in taken:
        unique, number = f"{name}-{number}", number + 1
    return unique


def notebooks() -> list[Path]:
    """Every lesson, exercise and solution of the repository."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.ipynb"))
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def main(arguments: list[str]) -> int:
    """Run the command line; the exit code is 1 when `check` finds something."""
    parser = argparse.ArgumentParser(prog="notebooks", description="Notebooks as they belong in git.")
    parser.add_argument("command", choices=("clean", "check"))
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    wrong = 0
    for path in options.files or notebooks():
        text = path.read_text(encoding="utf-8")
        if options.command == "check":
            found = problems(text)
            wrong += len(found)
            for problem in found:
                print(f"{path}: {problem}")
        elif (cleaned := clean(text)) != text:
            path.write_text(cleaned, encoding="utf-8", newline="\n")
            print(f"cleaned {path}")
    if wrong:
        print("`make format` cleans them.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
