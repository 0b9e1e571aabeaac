"""The capability explorer of lesson 03, by keyboard alone: each control, and what the lab then does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.keys import Open, drawn, press, read_ladder, use, watched


@pytest.fixture
def lesson_03(open_lesson: Open) -> Iterator[Page]:
    yield from watched(open_lesson("03-extensions"))


@pytest.fixture
def explorer(lesson_03: Page) -> Locator:
    root = drawn(lesson_03, "explorer", ".sc-explorer")
    expect(root.locator(".sc-switch:not(:checked)")).to_have_count(0)
    return root


def offered(root: Locator) -> Locator:
    """The lines of the reply to EHLO in clear."""
    return root.get_by_role("list", name="The reply to EHLO, in clear").locator("li:not(.sc-off)")


def test_an_extension_is_switched_off_and_on(explorer: Locator, lesson_03: Page) -> None:
    chunking = explorer.get_by_role("switch", name="Offer CHUNKING")
    count = offered(explorer).count()
    line = offered(explorer).filter(has_text="CHUNKING")
    expect(line).to_have_count(1)
    use(lesson_03, chunking, "Space")
    expect(line).to_have_count(0)
    expect(explorer.locator("li.sc-off").filter(has_text="switched off").first).to_contain_text("CHUNKING")
    expect(offered(explorer)).to_have_count(count - 1)
    expect(explorer.locator(".sc-about h3")).to_have_text("CHUNKING")
    expect(chunking).to_be_focused()
    expect(chunking).not_to_be_checked()
    lesson_03.execute("assert 'CHUNKING' not in lab.connect('mx.birch.example').send('EHLO me').extensions")
    use(lesson_03, chunking, "Space")
    expect(line).to_contain_text("switched on")
    expect(offered(explorer)).to_have_count(count)
    expect(chunking).to_be_checked()
    lesson_03.execute("assert 'CHUNKING' in lab.connect('mx.birch.example').send('EHLO me').extensions")


def test_arrows_move_between_switches_and_tab_leaves_the_column(explorer: Locator, lesson_03: Page) -> None:
    switches = explorer.get_by_role("switch")
    last = switches.count() - 1
    switches.nth(0).focus()
    for key, place in [("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("ArrowUp", 0), ("ArrowUp", last)]:
        press(lesson_03, key)
        expect(switches.nth(place)).to_be_focused()
    press(lesson_03, "Tab")
    expect(switches.nth(last)).not_to_be_focused()
    expect(explorer.locator(".sc-switch:not(:checked)")).to_have_count(0)  # nothing was turned


def test_an_extension_is_chosen_tried_and_its_dialogue_read(explorer: Locator, lesson_03: Page) -> None:
    name = explorer.locator(".sc-about h3")
    expect(name).to_have_text("ENHANCEDSTATUSCODES")
    use(lesson_03, explorer.get_by_role("radio", name="DSN"), "Space")
    expect(name).to_have_text("DSN")
    expect(explorer.locator(".sc-trial")).to_have_count(0)
    attempt = explorer.locator(".smtplab-attempt")
    expect(attempt).to_have_text("Try DSN, with and without")
    use(lesson_03, attempt, "Enter")
    halves = explorer.locator(".sc-half")
    expect(halves.locator("h4")).to_have_text(["DSN offered", "DSN not offered"])
    expect(halves.nth(0).locator(".smtplab-chip").first).to_contain_text("accepted")
    expect(halves.nth(1)).to_contain_text("555")
    expect(attempt).to_be_focused()
    opener = explorer.locator(".sc-open").first
    use(lesson_03, opener, "Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(opener).to_be_focused()
    read_ladder(explorer, lesson_03, "RCPT")
    use(lesson_03, opener, "Space")
    expect(opener).to_have_text("Open the dialogue")
    expect(explorer.locator(".sl-main")).to_be_hidden()
    use(lesson_03, explorer.get_by_role("radio", name="ENHANCEDSTATUSCODES"), "Space")
    expect(name).to_have_text("ENHANCEDSTATUSCODES")


def test_arrows_choose_the_next_extension(explorer: Locator, lesson_03: Page) -> None:
    name = explorer.locator(".sc-about h3")
    use(lesson_03, explorer.get_by_role("radio", name="ENHANCEDSTATUSCODES"), "ArrowDown")
    expect(name).to_have_text("STARTTLS")
    expect(explorer.locator(".sc-chosen code")).to_have_text("STARTTLS")
    use(lesson_03, explorer.get_by_role("radio", name="STARTTLS"), "ArrowUp")
    expect(name).to_have_text("ENHANCEDSTATUSCODES")
    expect(explorer.get_by_role("radio", name="ENHANCEDSTATUSCODES")).to_be_focused()
