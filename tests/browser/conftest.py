"""One JupyterLab and one browser for all tests here, and each lesson opened and run once.

A file whose tests are all about one lesson names it in `LESSON`; its tests ask for `page`. The tests of a
lesson run one after the other, those of several files too (`tests/conftest.py` sees to that). When another
notebook is asked for, it takes the place of the one before, whose kernel is ended.

Tests leave a widget as it suits them and begin by bringing it to where they need it; none relies on what
another test did. After each, nothing may have gone wrong in the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.driver import LIMIT, Page, Server, jupyterlab, launch, open_page
from tests.browser.keys import watched
from tools.notebooks import METADATA

expect.set_options(timeout=LIMIT)  # mere patience: what is awaited comes long before


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with jupyterlab(tmp_path_factory.mktemp("lab")) as started:
        yield started


@pytest.fixture(scope="package")
def browser(need_program: Callable[..., str]) -> Iterator[Browser]:
    program = need_program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        started = launch(playwright, program)
        yield started
        started.close()


MOST = 8  # notebooks in one page, of each of which JupyterLab keeps some hundred megabytes


class Place:
    """One notebook at a time, in the page of the one before if nothing went wrong in it."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self._browser, self._server = browser, server
        self._name = ""
        self._page: Page | None = None
        self._count = 0

    def open(self, name: str) -> Page:
        """The notebook at this path, with all of its cells run. That of another is closed."""
        if self._page is None or self._name != name:
            self._page, self._name = self._turned(name), name
            self._page.run_all()
        return self._page

    def _turned(self, name: str) -> Page:
        if self._page and self._count < MOST and self._page.nothing_wrong():
            self._count += 1
            return self._page.turn_to(name)
        self.close()
        self._count = 1
        return open_page(self._browser, self._server, name)

    def close(self) -> None:
        page, self._page = self._page, None
        if page:
            page.close()


@pytest.fixture(scope="package")
def place_of_notebooks(browser: Browser, server: Server) -> Iterator[Place]:
    made = Place(browser, server)
    yield made
    made.close()


@pytest.fixture(scope="package")
def open_notebook(place_of_notebooks: Place) -> Callable[[str], Page]:
    """`open_notebook("exercises/09-spf/09-spf.ipynb")`: that file, all of its cells run. What was open before
    is closed: in a page behind another one nothing gets the focus."""
    return place_of_notebooks.open


@pytest.fixture(scope="package")
def open_lesson(place_of_notebooks: Place) -> Callable[[str], Page]:
    """`open_lesson("02-dialogue")`: that lesson, all of its cells run. What was open before is closed."""
    return lambda name: place_of_notebooks.open(f"notebooks/{name}.ipynb")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Name the lesson in each test: by that name the tests of several files are brought together."""
    lesson = getattr(metafunc.module, "LESSON", None)
    if lesson and "page" in metafunc.fixturenames:
        metafunc.parametrize("page", [lesson], indirect=True)


@pytest.fixture
def page(request: pytest.FixtureRequest, open_lesson: Callable[[str], Page]) -> Iterator[Page]:
    """The lesson that the test's file is about, in the light theme."""
    yield from watched(open_lesson(request.param))


@pytest.fixture(scope="package")
def open_made(place_of_notebooks: Place, server: Server) -> Callable[..., Page]:
    """`open_made(source, ...)`: a notebook of these cells (`cell-0`, `cell-1` and so on), opened and run.

    What was open before is closed.
    """
    numbers = count()

    def get(*sources: str) -> Page:
        name = f"made-{next(numbers)}.ipynb"
        write(server.folder / name, sources)
        return place_of_notebooks.open(name)

    return get


def write(path: Path, sources: tuple[str, ...]) -> None:
    """A notebook with these code cells. Without the name of a kernel, JupyterLab would ask for one."""
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), path)
