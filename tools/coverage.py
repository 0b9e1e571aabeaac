"""Which statements do the lessons show? Holds the tags of the notebooks' cells against docs/coverage.md.

    python tools/coverage.py            prints what is wrong and what is not covered yet
    python tools/coverage.py --write    brings the figures in docs/coverage.md up to date

A tag is seed-NN, truth-NN or myth-NN, in the `metadata.tags` of a code cell that asserts what it shows.
This tool reads notebooks and runs none: whether an assertion holds is what the notebook tests find out.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "coverage.md"
NOTEBOOKS = ROOT / "notebooks"

LESSONS = {
    "00": "start-here",
    "01": "journey",
    "02": "dialogue",
    "03": "extensions",
    "04": "ports-and-tls",
    "05": "envelope-and-message",
    "06": "auth-and-relay",
    "07": "routing",
    "08": "errors-queue-bounce",
    "09": "spf",
    "10": "dkim",
    "11": "dmarc",
    "12": "received-chain",
    "13": "retrieval",
    "14": "case-room",
}

KINDS = ("seed", "truth", "myth")
BEGIN = "<!-- covered:begin (written by tools/coverage.py) -->"
END = "<!-- covered:end -->"


@dataclass(frozen=True)
class Entry:
    """A row of the page: the lessons that must carry the tag, and those that may."""

    tag: str
    text: str
    must: tuple[str, ...]
    may: tuple[str, ...]


@dataclass(frozen=True)
class Tagged:
    """A cell that carries one of our tags. `lesson` is "02", `cell` its id, `kind` "code" or another."""

    lesson: str
    cell: str
    tag: str
    kind: str
    source: str


def entries(page: str) -> dict[str, Entry]:
    """The rows of the page's tables, by tag. Raises ValueError for a row that cannot be meant."""
    found: dict[str, Entry] = {}
    for line in page.splitlines():
        if not re.match(r"\|\s*(seed|truth|myth)", line):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 3:
            raise ValueError(f"a row has tag, statement and lessons, this one {len(cells)} cells: {line}")
        entry = _entry(*cells)
        if entry.tag in found:
            raise ValueError(f"{entry.tag} stands there twice")
        found[entry.tag] = entry
    for kind in KINDS:
        numbers = [int(tag.split("-")[1]) for tag in found if tag.startswith(kind)]
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValueError(f"the {kind} tags are not numbered 1, 2, 3 … in order")
    return found


def _entry(tag: str, text: str, lessons: str) -> Entry:
    match = re.fullmatch(r"(\d\d(?:, \d\d)*)(?: \((\d\d(?:, \d\d)*)\))?", lessons)
    if not re.fullmatch(r"(seed|truth|myth)-\d\d", tag) or not text or match is None:
        raise ValueError(f"not a row that can be read: {tag} | {text} | {lessons}")
    must, may = (tuple(part.split(", ")) if part else () for part in match.groups())
    planned = must + may
    if len(set(planned)) != len(planned) or not set(planned) <= LESSONS.keys():
        raise ValueError(f"{tag}: a lesson stands twice or does not exist: {lessons}")
    return Entry(tag, text, must, may)


def lessons(folder: Path = NOTEBOOKS) -> dict[str, Path]:
    """The notebooks that exist, by lesson number."""
    return {path.name[:2]: path for path in sorted(folder.glob("[0-9][0-9]-*.ipynb"))}


def tagged(notebooks: dict[str, Path]) -> list[Tagged]:
    """Every cell of ours, once for each of its tags."""
    return [
        Tagged(lesson, cell.get("id", f"cell {number}"), tag, cell["cell_type"], "".join(cell["source"]))
        for lesson, path in notebooks.items()
        for number, cell in enumerate(json.loads(path.read_text("utf-8"))["cells"])
        for tag in cell.get("metadata", {}).get("tags", ())
        if tag.startswith(tuple(f"{kind}-" for kind in KINDS))
    ]


def asserts(source: str) -> bool:
    """True when the cell has an `assert` that depends on something (`assert True` does not)."""
    # Magics and shell lines are no Python; a cell magic makes the whole cell something else.
    lines = source.splitlines()
    if lines and lines[0].startswith("%%"):
        return False
    plain = "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in lines)
    try:
        tree = compile(plain, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return False
    return any(isinstance(n, ast.Assert) and not isinstance(n.test, ast.Constant) for n in ast.walk(tree))


def problems(plan: dict[str, Entry], cells: Iterable[Tagged], present: Iterable[str]) -> list[str]:
    """What is wrong, one sentence each: unknown or misplaced tags, no assertion, not shown."""
    cells, present = list(cells), set(present)
    wrong = [f"{lesson} is no lesson that we know" for lesson in sorted(present - LESSONS.keys())]
    for cell in cells:
        wrong += [f"lesson {cell.lesson}, {cell.cell}: {text}" for text in _cell_problems(plan, cell)]
    shown = {(cell.lesson, cell.tag) for cell in cells}
    for entry in plan.values():
        for lesson in entry.must:
            if lesson in present and (lesson, entry.tag) not in shown:
                wrong.append(f"lesson {lesson} does not show {entry.tag}: {entry.text}")
    return wrong


def _cell_problems(plan: dict[str, Entry], cell: Tagged) -> Iterator[str]:
    entry = plan.get(cell.tag)
    if entry is None:
        yield f"{cell.tag} is not in docs/coverage.md"
    elif cell.lesson not in entry.must + entry.may:
        planned = ", ".join(entry.must + entry.may)
        yield f"{cell.tag} is planned for lesson {planned}"
    if cell.kind != "code":
        yield f"{cell.tag} is on a cell that runs nothing ({cell.kind})"
    elif not asserts(cell.source):
        yield f"{cell.tag} is on a cell without an assert, so nothing proves it"


def report(plan: dict[str, Entry], cells: Iterable[Tagged], present: Iterable[str]) -> list[str]:
    """One line a lesson, "covered n of m", and one for all of them."""
    shown, present = {(cell.lesson, cell.tag) for cell in cells}, set(present)
    lines, done, planned = [], 0, 0
    for number, name in LESSONS.items():
        must = [entry.tag for entry in plan.values() if number in entry.must]
        missing = [tag for tag in must if (number, tag) not in shown]
        covered = len(must) - len(missing)
        done, planned = done + covered, planned + len(must)
        if number not in present:
            rest = " (not yet)"
        else:
            rest = f"; missing: {', '.join(missing)}" if missing else ""
        lines.append(f"- {number} {name}: covered {covered} of {len(must)}{rest}")
    return [*lines, f"- all lessons: covered {done} of {planned}"]


def rewritten(page: str, lines: list[str]) -> str:
    """The page with `lines` between its markers."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return "".join((before, BEGIN, "\n", "\n".join(lines), "\n", END, after))


def main(arguments: list[str]) -> int:
    """The command: 0 when nothing is wrong, 1 otherwise."""
    if arguments not in ([], ["--write"]):
        print(__doc__)
        return 2
    page = PAGE.read_text("utf-8")
    plan, present = entries(page), lessons()
    cells = tagged(present)
    wrong, lines = problems(plan, cells, present), report(plan, cells, present)
    if arguments:
        PAGE.write_text(rewritten(page, lines), "utf-8")
    elif rewritten(page, lines) != page:
        wrong.append("the figures in docs/coverage.md are old: run python tools/coverage.py --write")
    print("\n".join([*lines, "", *wrong] if wrong else lines))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
