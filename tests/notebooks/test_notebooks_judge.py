"""The notebook with the judge desk is no lesson: it runs, says the same twice, and has its still forms."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import pytest

from tests.notebooks.lessons import NOTEBOOKS, ROOT
from tests.notebooks.running import Kernel, data, faults, kernel, said
from tools.notebooks import problems

PATH = ROOT / "notebooks" / "judge.ipynb"
WIDGET = "application/vnd.jupyter.widget-view+json"

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel(PATH, tmp_path_factory.mktemp("kernel")) as made:
        yield made


def test_it_is_no_lesson_and_clean() -> None:
    assert PATH not in NOTEBOOKS
    assert problems(PATH.read_text(encoding="utf-8")) == []


def test_it_runs_twice_and_says_what_its_words_say(started: Kernel) -> None:
    first = started.run_all()
    assert faults(first) == []
    forms = {cell: [data(one) for one in outputs][-1] for cell, outputs in first.items()}
    assert all(WIDGET in form and 'class="smtplab' in form["text/html"] for form in forms.values())
    assert "Nothing is judged yet" in forms["desk"]["text/html"]
    assert forms["forwarded"]["text/plain"].count("dig TXT ") == 4  # and once in the sentence
    told = unescape(forms["with-answers"]["text/html"])
    assert "SPF is fail for acorn.example, DKIM is pass for acorn.example, DMARC is pass" in told
    assert "Nothing has to be done" in told
    assert forms["bounce"]["text/plain"].startswith("Read as: bounce")
    second = started.run_all()
    assert faults(second) == []
    assert said(second) == said(first)
