"""The tables for teachers, made from the exercises themselves: `python tools/teaching.py [--write]`.

docs/teaching.md gets what each task is and which objectives it covers; docs/teaching-answers.md is made
whole: common mistakes with their points and what to say, and the rubrics. Without --write it says whether
they are up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from smtplab.course import bank
from smtplab.course.graded.checking import teacher_file
from smtplab.course.graded.exercise import SETS, Exercise, Task, load
from smtplab.course.graded.mark import number

ROOT = Path(__file__).resolve().parent.parent

PAGE, ANSWERS = ROOT / "docs" / "teaching.md", ROOT / "docs" / "teaching-answers.md"
BEGIN = "<!-- tasks:begin (written by tools/teaching.py) -->"
END = "<!-- tasks:end -->"
HEAD = """# Common mistakes, and what to say

For teachers: this page contains answers. It is made from `solutions/*/teacher.py` by
`python tools/teaching.py --write`; the tests give each of these answers to its check, and hold it to the
points that stand here and to a reason that names the mistake.
"""


def exercises() -> list[Exercise]:
    """Those that have a solution here, in order."""
    return [load(name) for name in SETS.values() if (ROOT / "solutions" / name).is_dir()]


def tables() -> Iterator[str]:
    """Lines of Markdown: the sums, and for each exercise its tasks and its lesson's objectives."""
    yield from [
        "",
        "| exercise | tasks | points | of them read by a person | minutes |",
        "|---|---|---|---|---|",
    ]
    for one in exercises():
        tasks = one.tasks.values()
        by_hand = sum(task.points for task in tasks if task.kind == "explain")
        sums = (len(tasks), sum(t.points for t in tasks), by_hand, sum(t.minutes for t in tasks))
        yield f"| {one.name} | " + " | ".join(map(str, sums)) + " |"
    for one in exercises():
        yield from [
            "",
            f"### {one.name}",
            "",
            "| task | | kind | points | minutes | objectives |",
            "|---|---|---|---|---|---|",
        ]
        yield from map(_row, one.tasks.values())
        yield from ["", "Objectives of the lesson, and the tasks that cover them:", ""]
        for count, objective in enumerate(bank.head(one.name)["objectives"], 1):
            covering = [task.id for task in one.tasks.values() if count in task.objectives]
            yield f"{count}. {objective}: {', '.join(covering)}"
    yield ""


def _row(task: Task) -> str:
    points = f"{task.points}, {task.hidden} hidden" if task.hidden else str(task.points)
    objectives = ", ".join(map(str, task.objectives))
    return f"| {task.id} | {task.title} | {task.kind} | {points} | {task.minutes} | {objectives} |"


def answers() -> Iterator[str]:
    """Lines of Markdown: mistakes and rubrics, exercise by exercise."""
    yield HEAD
    for one in exercises():
        yield f"## {one.name}\n"
        file = teacher_file(ROOT / "solutions" / one.name)
        for task in one.tasks.values():
            yield f"### {task.id}: {task.title}\n"
            yield from _rubric(task, file) if task.kind == "explain" else _mistakes(task, file)
            yield ""


def _mistakes(task: Task, file: ModuleType) -> Iterator[str]:
    yield from ["| mistake | points | what to say |", "|---|---|---|"]
    for one in file.MISTAKES.get(task.id, ()):
        yield f"| {one.name} | {number(one.points)} of {task.points} | {one.tell} |"


def _rubric(task: Task, file: ModuleType) -> Iterator[str]:
    yield from ["| points | for |", "|---|---|"]
    for line in file.RUBRICS.get(task.id, ()):
        yield f"| {number(line.points)} | {line.says} |"


def pages() -> dict[Path, str]:
    """Each page as it should be."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2] or "\n"
    return {
        PAGE: "\n".join([before.rstrip("\n"), "", BEGIN, *tables(), END]) + after,
        ANSWERS: "\n".join(answers()).rstrip("\n") + "\n",
    }


def main(arguments: list[str]) -> int:
    """Write the pages, or say which are not up to date and return 1."""
    write = "--write" in arguments
    stale = [
        (path, text)
        for path, text in pages().items()
        if not path.is_file() or path.read_text("utf-8") != text
    ]
    for path, text in stale:
        if write:
            path.write_text(text, "utf-8", newline="\n")
        print(f"{path.relative_to(ROOT)}: {'written' if write else 'run python tools/teaching.py --write'}")
    return 1 if stale and not write else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
