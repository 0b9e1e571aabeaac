"""`smtplab grade`: what it is told, what it says, and how it ends.

It ends with 0 where every submission is graded, 1 where some are not (they are named), 2 where it was asked
for something that makes no sense. Stopped at any moment, it goes on with what is left when it is run again.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .mail.errors import LabError
from .mail.text import visible

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from .course.grading.planning import Plan
    from .course.grading.store import Store

NAMED = 30  # submissions that are named at the end


def grade(
    submissions: Annotated[
        Path, typer.Argument(help="The folder of submissions: STUDENT/EXERCISE.ipynb, or nbgrader's.")
    ],
    exercise: Annotated[str | None, typer.Option(help="Only this one, such as 09-spf.")] = None,
    term: Annotated[
        str | None,
        typer.Option(
            help="The term with the secret worlds, else the only one there is; none for public worlds."
        ),
    ] = None,
    course: Annotated[Path, typer.Option(help="The folder of the course, with solutions/ in it.")] = Path(
        "."
    ),
    out: Annotated[Path, typer.Option(help="Where results are kept.")] = Path("graded"),
    jobs: Annotated[int | None, typer.Option(min=1, help="How many at once; else one for each core.")] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="A scheduler of Dask, such as tcp://10.0.0.1:8786, to grade on a cluster."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what is graded already.")] = False,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="For the code of one submission.")] = 60.0,
) -> None:
    """Grade submissions, each in a sandbox of its own, and keep the results in a folder.

    Run again, it grades only what is new or changed. Its code is the student's: read docs/security.md first.
    """
    if sys.platform == "win32":
        _stop("smtplab grade needs Linux or macOS. On Windows it runs in WSL.")
    from .course.grading.planning import plan
    from .course.grading.store import Store

    try:
        todo = plan(submissions, exercise, course, term, seconds)
        with Store(out) as store:
            tally = _graded(todo, store, jobs, scheduler, again)
    except (LabError, OSError) as error:
        _stop(str(error))
    except KeyboardInterrupt:
        typer.echo("Stopped. What is graded is kept: the same command goes on with the rest.", err=True)
        raise typer.Exit(130) from None
    typer.echo(tally.told(out))
    raise typer.Exit(1 if tally.lacking else 0)


@dataclass
class Tally:
    """What came of it, counted. Only what a person has to look at is kept by name."""

    wanted: int
    before: int = 0  # there already
    graded: int = 0
    lacking: list[str] = field(default_factory=list)

    def add(self, found: dict[str, Any]) -> None:
        """Count a new result."""
        self.graded += 1
        if found["status"] != "graded":
            self.lacking.append(_line(found))

    def told(self, out: Path) -> str:
        """For the terminal, at the end."""
        lines = [f"{self.wanted} submissions, {self.graded} graded now and {self.before} before, in {out}/"]
        if self.lacking:
            lines += [f"To look at, for they are not graded in all tasks ({len(self.lacking)}):"]
            lines += [f"  {line}" for line in self.lacking[:NAMED]]
            more = len(self.lacking) - NAMED
            lines += [f"  and {more} more"] if more > 0 else []
        return "\n".join(lines)


def _line(found: dict[str, Any]) -> str:
    who = f"{visible(found['student'])[:60]}, {visible(found['exercise'])[:40]}"
    return f"{who}: {found['outcome']}. {visible(found['says'])[:300]}"


def _graded(todo: Plan, store: Store, jobs: int | None, scheduler: str | None, again: bool) -> Tally:
    """Grade what is to be graded; each result is on the disk before the next is looked at."""
    from .course.grading import cluster, running

    tally = Tally(len(todo.submissions))
    for one in todo.twice:
        tally.lacking.append(f"{visible(str(one.path))[:200]}: a second one of this student; not graded.")
    for one in todo.submissions:
        if not again and store.status(one.student, one.exercise, todo.digest(one)):
            tally.before += 1
            earlier = store.read(one.student, one.exercise)
            tally.lacking += [_line(earlier)] if earlier and earlier["status"] != "graded" else []
    left = tally.wanted - tally.before
    count = min(jobs or running.cores(), left)
    _begin(todo, left, count, scheduler)
    waiting = todo.jobs(store, again)
    results = cluster.remote(waiting, scheduler) if scheduler else running.local(waiting, count)
    with _progress(left) as step, contextlib.closing(results):
        for found in results:
            store.write(found)
            tally.add(found)
            step(found)
    return tally


def _begin(todo: Plan, left: int, count: int, scheduler: str | None) -> None:
    from .course.grading.walls import isolation

    where = f"on the cluster at {scheduler}" if scheduler else f"{count} at once"
    worlds = f"term {todo.term.name}" if todo.term else "public worlds"
    typer.echo(f"{left} to grade of {len(todo.submissions)}, {worlds}, {where}", err=True)
    if not scheduler and (lacking := isolation()):
        typer.echo(f"Not isolated: {lacking}", err=True)


@contextlib.contextmanager
def _progress(left: int) -> Iterator[Any]:
    """A bar with the time left; where nobody watches, lines."""
    if not sys.stderr.isatty():
        yield Lines(left).step
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Not more often than once a second: drawing is work too.
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=1) as bar:
        row = bar.add_task("grading", total=left)
        yield lambda found: _advance(bar, row, found)


class Lines:
    """Progress in lines, for a file."""

    def __init__(self, left: int) -> None:
        self._left, self._done, self._began = left, 0, time.monotonic()

    def step(self, found: dict[str, Any]) -> None:
        """One more is done."""
        self._done += 1
        if found["status"] != "graded":
            typer.echo(_line(found), err=True)
        if self._done * 10 // self._left > (self._done - 1) * 10 // self._left:
            rest = (time.monotonic() - self._began) / self._done * (self._left - self._done)
            typer.echo(f"{self._done} of {self._left}, {rest:.0f} s left", err=True)


def _advance(bar: Progress, row: TaskID, found: dict[str, Any]) -> None:
    from rich.text import Text

    bar.advance(row)
    if found["status"] != "graded":
        bar.console.print(Text(_line(found)))


def _stop(says: str) -> None:
    typer.echo(says, err=True)
    raise typer.Exit(2)
