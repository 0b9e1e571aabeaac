"""Every lesson runs: from a fresh kernel, twice, and with any one of its cells run again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from tests.notebooks.lessons import NOTEBOOKS, Lesson
from tests.notebooks.running import Kernel, Outputs, data, faults, kernel, said

pytestmark = pytest.mark.timeout(180)

WIDGET = "application/vnd.jupyter.widget-view+json"


class Runs:
    """The runs of one notebook in one kernel. Each is made when first asked for, after the one before."""

    def __init__(self, path: Path, home: Path, kernel: Kernel) -> None:
        self.path, self.home = path, home
        self._kernel = kernel
        self._made: list[Outputs] = []

    def _run(self, number: int, how: Callable[[], Outputs]) -> Outputs:
        if len(self._made) == number:
            self._made.append(how())
        return self._made[number]

    def first(self) -> Outputs:
        return self._run(0, self._kernel.run_all)

    def second(self) -> Outputs:
        self.first()
        return self._run(1, self._kernel.run_all)

    def alone(self) -> Outputs:
        self.second()
        return self._run(2, self._kernel.run_each_alone)


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    home = tmp_path_factory.mktemp("kernel")
    with kernel(request.param, home) as started:
        yield Runs(request.param, home, started)


def test_there_are_lessons() -> None:
    assert {path.name for path in NOTEBOOKS} >= {"00-start-here.ipynb", "02-dialogue.ipynb"}


def test_it_runs_from_a_fresh_kernel(runs: Runs) -> None:
    assert faults(runs.first()) == []


def test_what_was_not_guessed_is_kept_as_not_predicted(runs: Runs) -> None:
    runs.first()
    lines = (runs.home / "progress" / "progress.jsonl").read_text("ascii").split("\n")
    entries = [json.loads(line) for line in lines if line]
    kept = {entry["name"]: entry["outcome"] for entry in entries if entry["kind"] == "prediction"}
    asked = {call.literal(0) for call in Lesson(runs.path).calls("predict")}
    assert kept == dict.fromkeys(asked, "not predicted")


def test_every_widget_has_a_form_for_pages_without_a_kernel(runs: Runs) -> None:
    shown = [(cell, data(output)) for cell, outputs in runs.first().items() for output in outputs]
    assert [cell for cell, forms in shown if WIDGET in forms]
    without = [
        cell
        for cell, forms in shown
        if WIDGET in forms and 'class="smtplab' not in forms.get("text/html", "")
    ]
    assert without == []


def test_another_kernel_says_the_same(runs: Runs, tmp_path: Path) -> None:
    with kernel(runs.path, tmp_path) as other:
        assert said(other.run_all()) == said(runs.first())


def test_it_runs_twice(runs: Runs) -> None:
    assert faults(runs.second()) == []
    assert said(runs.second()) == said(runs.first())


def test_any_one_cell_can_be_run_again(runs: Runs) -> None:
    assert faults(runs.alone()) == []


# The runner sees what it is for


@pytest.fixture
def run_cells(tmp_path: Path) -> Callable[..., Kernel]:
    """`run_cells(source, ...)`: a kernel with a notebook of these cells, `cell-0`, `cell-1` and so on."""
    opened = []

    def start(*sources: str) -> Kernel:
        cells = [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
        path = tmp_path / "made.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        opened.append(kernel(path, tmp_path))
        return opened[-1].__enter__()

    yield start
    for each in opened:
        each.__exit__(None, None, None)


def test_an_error_and_a_line_on_stderr_are_seen(run_cells: Callable[..., Kernel]) -> None:
    started = run_cells("import sys; print('oh', file=sys.stderr)", "1 / 0", "'after'")
    outputs = started.run_all()
    assert faults(outputs) == ["cell-0: stderr: oh\n", "cell-1: ZeroDivisionError: division by zero"]
    assert said(outputs)["cell-2"] == ["text/plain: 'after'"]


def test_a_cell_that_lives_on_the_one_before_is_seen(run_cells: Callable[..., Kernel]) -> None:
    started = run_cells("letters = ['a', 'b']", "letters.pop(0)", "letters.pop(); assert letters == []", "")
    assert faults(started.run_all()) == []
    assert faults(started.run_all()) == []
    assert faults(started.run_each_alone()) == [
        "cell-1: IndexError: pop from empty list",
        "cell-2: IndexError: pop from empty list",
    ]


def test_a_cell_that_spoils_the_next_full_run_is_seen(run_cells: Callable[..., Kernel]) -> None:
    """Also where the cell after which it shows is the one that mends it."""
    started = run_cells("spoiled, n = globals().get('n', 1) > 1, 0\nassert not spoiled", "n += 1", "'after'")
    assert faults(started.run_all()) == []
    assert faults(started.run_all()) == []
    assert set(faults(started.run_each_alone())) == {"cell-1: AssertionError: "}


def test_ports_and_times_may_differ(run_cells: Callable[..., Kernel]) -> None:
    started = run_cells(
        "import random\nport = random.randint(1000, 60000)\n('127.0.0.1', port)",
        "print(f'127.0.0.1:{port} after {random.random():.1f} ms')",
        "random.random()",
    )
    first, second = said(started.run_all()), said(started.run_all())
    assert [cell for cell in first if first[cell] != second[cell]] == ["cell-2"]
