"""A small lesson in a real kernel, run from top to bottom as an exporter does it, and as a page of HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter  # type: ignore[import-untyped]

from smtplab.course import journal
from tests.kernels import kernels

VIEW = "application/vnd.jupyter.widget-view+json"
CELLS = [
    "from smtplab.course import glossary, hint, lesson, predict, progress, question, quiz\n"
    "lesson('02-dialogue', minutes=30, objectives=['say EHLO'])",
    "predict('first', 'Who speaks first?', ['client', 'server'], answer='server', reasons={'client': 'No.'})",
    "code = 220",
    "predict('first', explain=lambda: f'It said `{code}`.')",
    "code = 550",
    "quiz('entry', question('What is MX?', ['a host', 'a port'], answer='a host', explain='It takes mail.'))",
    "hint('dot', 'one', 'two')",
    "progress()",
    "asked = predict('second', 'And last?', ['client', 'server'], answer='client')\n"
    "asked.guess('server').guess('client').outcome",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lesson")


@pytest.fixture(scope="module")
def notebook(folder: Path) -> Any:
    """The lesson after Run All, with nobody there to guess."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMTPLAB_PROGRESS", str(folder / "progress"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        with kernels() as config:
            client = NotebookClient(made, config=config, timeout=60, kernel_name="python3")
            client.store_widget_state = False
            return client.execute()


def shown(notebook: Any, cell: int) -> dict[str, Any]:
    output = notebook.cells[cell].outputs[-1]
    assert output.output_type == "execute_result", output
    return dict(output.data)


def test_every_piece_shows_a_widget_html_and_text(notebook: Any) -> None:
    for cell in (1, 3, 5, 6):
        assert shown(notebook, cell).keys() == {VIEW, "text/html", "text/plain"}
    assert all(len(cell.outputs) <= 1 for cell in notebook.cells)


def test_run_all_waits_for_nobody_and_gives_nothing_away(notebook: Any) -> None:
    assert shown(notebook, 1)["text/plain"].endswith("Guess with .guess(1) to .guess(2), or .skip()")
    assert shown(notebook, 3)["text/plain"] == "Guess first, or skip with .skip()"
    assert "220" not in shown(notebook, 3)["text/plain"]


def test_the_static_form_has_the_values_of_this_run_folded_away(notebook: Any) -> None:
    before, folded = shown(notebook, 3)["text/html"].split("<details", 1)
    assert "<code>220</code>" in folded and "220" not in before.rpartition("</style>")[2]
    assert "<li>client</li><li>server</li>" in shown(notebook, 1)["text/html"]


def test_what_was_not_guessed_is_kept_as_not_predicted(
    notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTPLAB_PROGRESS", str(folder / "progress"))
    done = journal.read()["02-dialogue"]
    assert done.predictions == {"first": "not predicted", "second": "right later"}
    assert done.quizzes == {"entry": (0, 1)} and done.hints == {}
    assert "02-dialogue" in shown(notebook, 7)["text/plain"]
    assert shown(notebook, 8)["text/plain"] == "'right later'"


def test_a_page_made_by_nbconvert_needs_no_kernel(notebook: Any) -> None:
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(notebook)
    assert VIEW not in page
    assert "Who speaks first?" in page and "<summary>The answer</summary>" in page
    assert "<summary>Hint 1 of 2</summary>" in page and "It takes mail." in page
