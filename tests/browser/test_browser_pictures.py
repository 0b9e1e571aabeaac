"""Pictures of the lessons, to be looked at; README's picture is one of them.

`SMTPLAB_SHOTS=folder` says where they go; with `SMTPLAB_SHOTS=docs` README's picture is made anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.driver import ROOT, Page, Theme

PICTURES = [
    ("00-start-here", "map"),
    ("00-start-here", "second-hop"),
    ("02-dialogue", "stepper"),
    ("03-extensions", "explorer"),
    ("04-ports-and-tls", "chooser"),
    ("04-ports-and-tls", "stripped-see"),
    ("06-auth-and-relay", "table"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shots = os.environ.get("SMTPLAB_SHOTS", "")
    chosen = Path(shots) if shots and shots != "docs" else tmp_path
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("lesson", "cell"), PICTURES)
def test_pictures(
    open_lesson: Callable[[str], Page], folder: Path, lesson: str, cell: str, theme: Theme
) -> None:
    page = open_lesson(lesson)
    page.theme(theme)
    output = page.output(cell).locator(".smtplab, .smtplab-ladder").first
    output.scroll_into_view_if_needed()
    picture = folder / f"{lesson}-{cell}-{theme}.png"
    output.screenshot(path=picture)
    page.theme("light")
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize("lesson", ["02-dialogue"])
def test_the_picture_of_the_readme(open_lesson: Callable[[str], Page], tmp_path: Path, lesson: str) -> None:
    """The stepper in the middle of a dialogue, where a recipient has just been refused."""
    page = open_lesson(lesson)
    page.theme("light")
    output = page.output("stepper")
    upcoming, go = output.locator(".sl-upcoming"), output.locator(".smtplab-next")
    page.click(output.locator(".smtplab-restart:visible, .smtplab-next:visible").last)
    for said in ("EHLO", "MAIL FROM"):
        expect(upcoming).to_contain_text(said)
        page.click(go)
    expect(upcoming).to_contain_text("RCPT TO")
    page.enter(output.locator("input.smtplab-type"), "RCPT TO:<bbo@birch.example>")
    expect(output.locator(".sl-chip").last).to_contain_text("550")
    docs = os.environ.get("SMTPLAB_SHOTS") == "docs"
    picture = (ROOT / "docs" if docs else tmp_path) / "lab.png"
    output.screenshot(path=picture)
    assert 20_000 < picture.stat().st_size < 300_000
