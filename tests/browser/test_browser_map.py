"""The mail map in the browser: hosts are found, opened and read, by mouse and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page

LESSON = "00-start-here"


@pytest.fixture
def mail_map(page: Page) -> Locator:
    """The map of lesson 00, drawn anew: no host is open."""
    page.run("map")
    drawn = page.output("map").locator(".sm-map")
    expect(drawn.locator("h3")).to_have_text("Who is who")
    return drawn


def card(drawn: Locator, host: str) -> Locator:
    return drawn.get_by_role("button").filter(has_text=host)


def test_a_host_is_opened_by_keyboard_and_its_transcripts_are_read(mail_map: Locator, page: Page) -> None:
    keyboard = page.page.keyboard
    card(mail_map, "mx.birch.example").focus()
    keyboard.press("Enter")
    page.execute("pass")
    heading = mail_map.locator("h3")
    expect(heading).to_have_text("mx.birch.example")
    expect(heading).to_be_focused()
    expect(card(mail_map, "mx.birch.example")).to_have_attribute("aria-pressed", "true")
    talks = mail_map.locator(".sm-talks details")
    expect(talks.last).to_contain_text("from mail.acorn.example")
    talks.last.locator("summary").press("Enter")
    text = talks.last.locator("pre")
    expect(text).to_contain_text("220 mx.birch.example")
    expect(text).to_contain_text("RCPT TO:<bob@birch.example>", ignore_case=True)
    expect(talks.last.locator("summary")).to_be_focused()
    assert page.violations(".sm-map") == []
    keyboard.press("Escape")
    expect(card(mail_map, "mx.birch.example")).to_be_focused()


def test_arrow_keys_move_between_hosts(mail_map: Locator, page: Page) -> None:
    keyboard = page.page.keyboard
    card(mail_map, "mail.acorn.example").focus()
    keyboard.press("ArrowDown")
    expect(card(mail_map, "alice.home.example")).to_be_focused()
    keyboard.press("ArrowUp")
    expect(card(mail_map, "mail.acorn.example")).to_be_focused()
    keyboard.press("Space")
    expect(mail_map.locator("h3")).to_have_text("mail.acorn.example")
    expect(card(mail_map, "mail.acorn.example")).to_be_focused()


def test_a_click_opens_a_host_and_refresh_finds_what_is_new(mail_map: Locator, page: Page) -> None:
    page.push(card(mail_map, "mx2.birch.example"))
    expect(mail_map.locator("h3")).to_have_text("mx2.birch.example")
    expect(mail_map.locator(".sm-panel")).to_contain_text("198.51.100.11")
    heading = mail_map.locator(".sm-talks h4")
    before = int(heading.inner_text().removeprefix("Transcripts (").removesuffix(")"))
    page.execute("lab.connect('mx2.birch.example').send('QUIT')")
    page.push(mail_map.get_by_role("button", name="Refresh"))
    expect(heading).to_have_text(f"Transcripts ({before + 1})")


def test_the_way_of_the_message_is_numbered(mail_map: Locator) -> None:
    expect(mail_map.locator(".sm-badge")).to_have_text(["1", "2"])
    expect(mail_map.locator(".sm-on-path")).to_have_count(3)


def test_the_journey_is_stepped_to_the_end_and_scrubbed_back_by_keyboard(
    mail_map: Locator, page: Page
) -> None:
    keyboard = page.page.keyboard
    line, words = mail_map.get_by_role("slider"), mail_map.locator(".sm-words strong")
    line.focus()
    keyboard.press("Home")
    expect(words).to_have_text("The message is written.")
    expect(mail_map.locator(".sm-badge.sm-ahead")).to_have_count(2)
    told = []
    for number in range(1, 5):
        keyboard.press("ArrowRight")
        expect(mail_map.locator(".sm-count")).to_have_text(f"Step {number} of 4")
        told.append(words.inner_text())
    assert told == [
        "alice.home.example submits the message to mail.acorn.example.",
        "mail.acorn.example asks the DNS.",
        "mail.acorn.example hands the message to mx.birch.example.",
        "mx.birch.example puts it into the mailbox of bob@birch.example.",
    ]
    expect(mail_map.locator(".sm-token")).to_have_text(["✓ bob"])
    keyboard.press("ArrowLeft")
    expect(words).to_have_text(told[2])
    keyboard.press("ArrowLeft")
    expect(mail_map.locator(".sm-asks")).to_contain_text("birch.example MX")
    assert page.violations(".sm-map") == []
    keyboard.press("End")
    expect(words).to_have_text(told[3])


def test_a_hop_is_opened_and_shows_what_the_host_added(mail_map: Locator, page: Page) -> None:
    keyboard = page.page.keyboard
    mail_map.locator(".sm-badge").last.focus()
    keyboard.press("Enter")
    page.execute("pass")
    panel = mail_map.locator(".sm-panel")
    expect(panel.locator("h3")).to_have_text("mail.acorn.example hands the message to mx.birch.example.")
    expect(panel).to_contain_text("birch.example MX: 10 mx.birch.example.")
    expect(panel.locator(".sm-plus", has_text="+ Received: ")).to_contain_text("from mail.acorn.example")
    expect(panel.locator("pre").last).to_contain_text("220 mx.birch.example")
    expect(panel.locator("h3")).to_be_focused()
    keyboard.press("Escape")
    expect(mail_map.get_by_role("slider")).to_be_focused()
    assert page.violations(".sm-map") == []


def test_the_journey_plays_and_the_letter_moves(mail_map: Locator) -> None:
    mail_map.locator(".sm-speed").select_option("4")
    mail_map.get_by_role("button", name="Play it again").click()
    expect(mail_map.locator(".sm-mail")).to_have_count(1)
    expect(mail_map.locator(".sm-count")).to_have_text("Step 4 of 4")
    expect(mail_map.get_by_role("button", name="Play it again")).to_be_visible()
