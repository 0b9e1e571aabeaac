"""Lesson 02 in the browser: the stepper and the console, by mouse and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page

LESSON = "02-dialogue"

SCRIPT = ["EHLO", "MAIL FROM", "RCPT TO:<bob", "RCPT TO:<postmaster", "DATA", "the message", "QUIT"]
CODES = ["220", "250", "250", "250", "250", "354", "250", "221"]
GOODBYE = "The server said goodbye (221) and closed the session."


class Widget:
    """A stepper or a console on the page, at the beginning of its session."""

    def __init__(self, page: Page, cell: str) -> None:
        self.page = page
        self.root = page.output(cell).locator(".sl-driven")
        self.next = self.root.locator(".smtplab-next")
        self.back = self.root.locator(".smtplab-back")
        self.input = self.root.locator(".smtplab-type")
        self.panel = self.root.locator(".smtplab-panel")
        self.upcoming = self.root.locator(".sl-upcoming")
        self.rows = self.root.locator(".sl-row")
        again = self.root.locator(".smtplab-restart:visible, .smtplab-next:visible").last
        page.click(again)
        expect(self.rows).to_have_count(1)

    def codes(self) -> list[str]:
        return self.root.locator(".sl-chip text").all_text_contents()

    def selected(self) -> Locator:
        return self.root.locator('.sl-row[aria-selected="true"]')

    def say(self, line: str, code: str) -> None:
        """Type a command, and wait for the reply."""
        before = len(self.codes())
        self.page.enter(self.input, line)
        expect(self.root.locator(".sl-chip text")).to_have_count(before + 1)
        assert self.codes()[-1] == code


@pytest.fixture
def stepper(page: Page) -> Widget:
    return Widget(page, "stepper")


@pytest.fixture
def console(page: Page) -> Widget:
    return Widget(page, "console")


def test_next_leads_to_the_end_by_mouse(stepper: Widget) -> None:
    for said in SCRIPT:
        expect(stepper.upcoming).to_contain_text(said)
        stepper.page.click(stepper.next)
    expect(stepper.upcoming).to_have_text(GOODBYE)
    assert stepper.codes() == CODES
    expect(stepper.next).to_have_text("Restart")
    expect(stepper.input).not_to_be_editable()


def test_arrow_keys_lead_to_the_end_and_back(stepper: Widget) -> None:
    def press(key: str) -> None:
        stepper.page.press(stepper.next, key)
        expect(stepper.next).to_be_focused()

    for said in SCRIPT[:-1]:
        expect(stepper.upcoming).to_contain_text(said)
        press("ArrowRight")
    for said in reversed(SCRIPT[1:]):
        expect(stepper.upcoming).to_contain_text(said)
        press("ArrowLeft")
    expect(stepper.upcoming).to_contain_text(SCRIPT[0])
    expect(stepper.next).to_be_focused()
    for said in SCRIPT:
        expect(stepper.upcoming).to_contain_text(said)
        press("ArrowRight")
    expect(stepper.upcoming).to_have_text(GOODBYE)
    assert stepper.codes() == CODES


def test_back_says_all_but_the_last_line_again(stepper: Widget) -> None:
    for said in SCRIPT[:3]:
        expect(stepper.upcoming).to_contain_text(said)
        stepper.page.click(stepper.next)
    expect(stepper.upcoming).to_contain_text(SCRIPT[3])
    stepper.page.click(stepper.back)
    expect(stepper.upcoming).to_contain_text(SCRIPT[2])
    assert stepper.codes() == CODES[:3]
    expect(stepper.selected()).to_contain_text("MAIL FROM:<alice@acorn.example>")


def test_a_wrong_command_is_refused_and_the_table_says_why(stepper: Widget) -> None:
    for said in SCRIPT[:2]:
        expect(stepper.upcoming).to_contain_text(said)
        stepper.page.click(stepper.next)
    expect(stepper.upcoming).to_contain_text(SCRIPT[2])
    stepper.say("DATA", "503")
    expect(stepper.input).to_be_focused()
    expect(stepper.input).to_have_value("")
    expect(stepper.panel.locator(".sl-now")).to_have_text("● mail")
    why = stepper.panel.locator(".smtplab-why > summary")
    expect(why).to_have_text("Why was this refused?")
    why.press("Enter")
    reasons = stepper.panel.locator(".smtplab-why .smtplab-verdict")
    expect(reasons).to_be_visible()
    expect(reasons).to_contain_text("RCPT")
    expect(reasons).to_contain_text("RFC 5321 §")
    assert stepper.page.violations(".sl-driven") == []


def test_the_dialogue_can_be_read_by_keyboard(stepper: Widget) -> None:
    stepper.page.click(stepper.next)
    expect(stepper.rows).to_have_count(3)
    stepper.selected().focus()
    keyboard, titles = stepper.page.page.keyboard, []
    keyboard.press("Home")
    for number in range(3):
        expect(stepper.selected()).to_have_attribute("data-line", str(number))
        expect(stepper.selected()).to_be_focused()
        titles.append(stepper.panel.locator("h3").inner_text())
        keyboard.press("ArrowDown")
    assert len(set(titles)) == 3
    expect(stepper.selected()).to_have_attribute("data-line", "2")
    keyboard.press("ArrowUp")
    expect(stepper.selected()).to_have_attribute("data-line", "1")
    expect(stepper.panel.locator("h3")).to_have_text(titles[1])


def test_keys_pressed_in_a_widget_stay_in_it(stepper: Widget) -> None:
    """Outside of text fields JupyterLab takes single letters for commands: d d deletes the cell."""
    cells = "jupyterapp.shell.currentWidget.content.widgets.length"
    page = stepper.page.page
    before = page.evaluate(cells)
    for place in (stepper.selected(), stepper.next):
        place.focus()
        for key in ("d", "d", "x", "a", "b", "m", "Enter"):
            page.keyboard.press(key)
            stepper.page.rest()  # Enter on Next says a line
    page.keyboard.press("/")
    expect(stepper.input).to_be_focused()
    page.keyboard.type("NOOP dd/jk")
    expect(stepper.input).to_have_value("NOOP dd/jk")
    assert page.evaluate(cells) == before
    stepper.input.fill("")


def test_verbs_are_suggested_and_completed(console: Widget) -> None:
    console.input.press_sequentially("e")
    options = console.root.locator('[role="option"]:visible').filter(has=console.page.page.locator("code"))
    expect(options.first).to_contain_text("EHLO")
    console.input.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    console.input.press("Enter")
    expect(console.input).to_have_value("EHLO ")
    assert console.page.violations(".sl-driven") == []
    console.input.press_sequentially("me.example")
    console.input.press("Enter")
    console.page.rest()
    expect(console.rows).to_have_count(3)
    assert console.codes() == ["220", "250"]


def test_the_console_takes_anything(console: Widget) -> None:
    said = [
        ("NONSENSE", "500"),
        ("EHLO me", "250"),
        ("RCPT TO:<bob@birch.example>", "503"),
        ("VRFY bob", "252"),
    ]
    for line, code in said:
        console.say(line, code)
    console.say("QUIT", "221")
    expect(console.upcoming).to_have_text(GOODBYE)


def test_the_code_is_shown_as_tabs(stepper: Widget) -> None:
    stepper.root.get_by_role("button", name="Show the code").press("Enter")
    tabs = stepper.root.get_by_role("tab")
    names = tabs.all_text_contents()
    assert len(names) >= 3
    tabs.first.focus()
    for name in names:
        tab = stepper.root.get_by_role("tab", name=name, exact=True)
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(stepper.root.locator('[role="tabpanel"]:visible')).to_have_attribute("aria-label", name)
        stepper.page.page.keyboard.press("ArrowRight")
    expect(tabs.first).to_be_focused()
    assert stepper.page.violations(".sl-driven") == []
    stepper.root.get_by_role("button", name="Show the code").click()
