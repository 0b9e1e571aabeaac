"""One JupyterLab and one browser for all tests here, and each lesson opened and run once.

A file whose tests are all about one lesson names it in `LESSON`; its tests ask for `page`. The tests of a
lesson run one after the other, those of several files too (`tests/conftest.py` sees to that), and its page
is closed when another lesson is asked for: an open page and its kernel are never quite idle.

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


@pytest.fixture(scope="package")
def open_lesson(browser: Browser, server: Server) -> Iterator[Callable[[str], Page]]:
    """`open_lesson("02-dialogue")`: that lesson in a page of its own, all of its cells run.

    The page of the lesson before is closed.
    """
    opened: dict[str, Page] = {}

    def get(name: str) -> Page:
        if name not in opened:
            close_all(opened)
            opened[name] = open_page(browser, server, f"notebooks/{name}.ipynb")
            opened[name].run_all()
        return opened[name]

    yield get
    close_all(opened)


def close_all(opened: dict[str, Page]) -> None:
    """Close these pages, and end their kernels."""
    while opened:
        opened.popitem()[1].close()


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
def open_made(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """`open_made(source, ...)`: a notebook of these cells (`cell-0`, `cell-1` and so on), opened and run.

    The page of the notebook before is closed.
    """
    opened: dict[str, Page] = {}
    numbers = count()

    def get(*sources: str) -> Page:
        close_all(opened)
        name = f"made-{next(numbers)}.ipynb"
        write(server.folder / name, sources)
        opened[name] = open_page(browser, server, name)
        opened[name].run_all()
        return opened[name]

    yield get
    close_all(opened)


def write(path: Path, sources: tuple[str, ...]) -> None:
    """A notebook with these code cells. Without the name of a kernel, JupyterLab would ask for one."""
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), path)
