"""One JupyterLab and one browser for all tests here, and each lesson opened and run once.

Tests leave a widget as it suits them and begin by bringing it to where they need it; none relies on what
another test did. After each, nothing may have gone wrong in the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.driver import Page, Server, jupyterlab, launch, open_page
from tools.notebooks import METADATA

expect.set_options(timeout=10_000)


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
    """`open_lesson("02-dialogue")`: that lesson in a page of its own, all of its cells run."""
    opened: dict[str, Page] = {}

    def get(name: str) -> Page:
        if name not in opened:
            opened[name] = open_page(browser, server, f"notebooks/{name}.ipynb")
            opened[name].run_all()
        return opened[name]

    yield get
    for page in opened.values():
        page.page.close()


def _watched(page: Page) -> Iterator[Page]:
    page.theme("light")
    yield page
    assert page.faults() == []


@pytest.fixture
def start_here(open_lesson: Callable[[str], Page]) -> Iterator[Page]:
    """Lesson 00."""
    yield from _watched(open_lesson("00-start-here"))


@pytest.fixture
def dialogue(open_lesson: Callable[[str], Page]) -> Iterator[Page]:
    """Lesson 02."""
    yield from _watched(open_lesson("02-dialogue"))


@pytest.fixture(scope="package")
def open_made(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """`open_made(source, ...)`: a notebook of these cells (`cell-0`, `cell-1` and so on), opened and run."""
    opened: list[Page] = []

    def get(*sources: str) -> Page:
        name = f"made-{len(opened)}.ipynb"
        write(server.folder / name, sources)
        opened.append(open_page(browser, server, name))
        opened[-1].run_all()
        return opened[-1]

    yield get
    for page in opened:
        page.page.close()


def write(path: Path, sources: tuple[str, ...]) -> None:
    """A notebook with these code cells. Without the name of a kernel, JupyterLab would ask for one."""
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), path)
