"""What tests of pages share: a browser without JupyterLab, in which a widget's script runs alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser(need_program: Callable[..., str]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    program = need_program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()
