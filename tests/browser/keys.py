"""What the keyboard tests of the widgets share: keys, and a widget drawn anew.

A widget takes no further key while it works, so each step waits for what it comes to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Locator, expect

from tests.browser.driver import Page

Open = Callable[[str], Page]


def watched(page: Page) -> Iterator[Page]:
    page.theme("light")
    yield page
    assert page.faults() == []


def drawn(page: Page, cell: str, selector: str) -> Locator:
    """The widget that a cell shows when it is run once more."""
    page.run(cell)
    return page.output(cell).locator(selector)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.page.keyboard.press(key)


def use(page: Page, control: Locator, key: str) -> None:
    """Press a key on a control, as soon as the widget takes one."""
    at_rest = page.page.locator('[aria-busy="true"], [aria-disabled="true"].smtplab-run').filter(visible=True)
    expect(at_rest).to_have_count(0)
    control.focus()
    press(page, key)


def read_ladder(root: Locator, page: Page, says: str) -> None:
    """The ladder of a widget shows what was said, and arrows move through it from top to end."""
    rows, panel = root.locator(".sl-row"), root.locator(".sl-panel")
    expect(root.locator(".sl-main")).to_be_visible()
    expect(rows.filter(has_text=says).first).to_be_attached()
    root.locator('.sl-row[tabindex="0"]').focus()
    press(page, "Home")
    expect(rows.first).to_be_focused()
    expect(rows.first).to_have_attribute("aria-selected", "true")
    expect(panel.locator("h3")).to_have_text("The server speaks first")
    press(page, "ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    expect(panel.locator("h3")).to_contain_text("EHLO", ignore_case=True)
    press(page, "End")
    expect(rows.last).to_be_focused()
