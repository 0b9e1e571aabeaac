"""The logbook in the browser: filtered, opened by keyboard, refreshed; beside it the journey of a bounce."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page

MADE = """
from smtplab import Lab
lab = Lab()
letter = "From: alice@acorn.example\\nTo: {}\\nSubject: trees\\n\\nHello\\n"
lab.mta("mx.birch.example").store.boxes.pop("erin@birch.example")
lab.mta("mx.forward.example").aliases["erin@forward.example"] = ("erin@birch.example",)
bounced = lab.submit(letter.format("erin@forward.example"))
"""


@pytest.fixture(scope="module")
def page(open_made: Callable[..., Page]) -> Page:
    return open_made(MADE, "lab.logbook()", "lab.map(bounced)")


@pytest.fixture
def logbook(page: Page) -> Locator:
    page.run("cell-1")
    return page.output("cell-1").locator(".lb-book")


def test_a_refusal_is_found_and_its_verdict_read_by_keyboard(logbook: Locator, page: Page) -> None:
    logbook.get_by_role("searchbox").fill("refused")
    expect(logbook.locator(".lb-count")).to_contain_text("1 of ")
    logbook.get_by_role("listbox").focus()
    page.page.keyboard.press("End")
    page.page.keyboard.press("Enter")
    page.execute("pass")
    panel = logbook.locator(".lb-panel")
    expect(panel.locator("h3")).to_contain_text("mx.birch.example")
    expect(panel.locator("pre").first).to_contain_text("no such mailbox")
    expect(panel.locator("pre").last).to_contain_text("RCPT TO:<erin@birch.example>")
    assert page.violations(".lb-book") == []
    assert page.faults() == []


def test_refresh_finds_what_is_new_and_keeps_the_filter(logbook: Locator, page: Page) -> None:
    for kind in ("smtp", "queue", "verdict", "delivered", "dsn"):
        logbook.get_by_role("button", name=kind).click()
    count = logbook.locator(".lb-count")
    before = count.inner_text()
    page.execute("lab.resolve('birch.example', 'TXT')")
    page.push(logbook.get_by_role("button", name="Refresh"))
    expect(count).not_to_have_text(before)
    expect(logbook.locator(".lb-row").last).to_contain_text("birch.example TXT")


def test_a_bounce_travels_back_on_the_map(page: Page) -> None:
    drawn = page.output("cell-2").locator(".sm-map")
    drawn.get_by_role("slider").focus()
    page.page.keyboard.press("End")
    expect(drawn.locator(".sm-token")).to_have_text(["✓ alice DSN"])
    page.page.keyboard.press("ArrowLeft")
    expect(drawn.locator(".sm-words strong")).to_have_text(
        "mx.forward.example hands its report to mail.acorn.example."
    )
    assert page.violations(".sm-map") == []
