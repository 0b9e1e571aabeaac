"""Every lesson opens and runs in a real browser, and axe finds nothing serious in light and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.driver import WIDGET, Page
from tests.notebooks.lessons import NOTEBOOKS


@pytest.fixture(params=[path.stem for path in NOTEBOOKS])
def lesson(request: pytest.FixtureRequest, open_lesson: Callable[[str], Page]) -> Page:
    return open_lesson(request.param)


def test_all_cells_run(lesson: Page) -> None:
    outputs = lesson.outputs()
    assert [(cell, output["evalue"]) for cell, output in outputs if output["output_type"] == "error"] == []
    assert len([cell for cell, output in outputs if WIDGET in output.get("data", {})]) >= 5
    assert lesson.faults() == []


def test_every_widget_is_drawn(lesson: Page) -> None:
    """A view that fails says so in its place, and the page's console may stay quiet about it."""
    for cell in lesson.with_widgets():
        output = lesson.output(cell)
        output.locator(".smtplab").first.wait_for()
        assert output.locator(".jupyter-widgets-error-widget").count() == 0
        assert "Error displaying widget" not in output.first.inner_text()


def test_axe_finds_nothing_serious(lesson: Page) -> None:
    for cell in lesson.with_pictures():  # what was never in sight may not be drawn yet
        lesson.output(cell).first.wait_for()
    assert lesson.violations(".jp-Notebook .smtplab") == []
