"""The envelope x-ray and the mail reader's view in JupyterLab: all by keyboard, hostile text, axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.hostile import EVIL, SCRIPT
from tests.browser.keys import press
from tests.browser.test_browser_hostile import assert_text

HEAD = f"""
from smtplab import Lab
EVIL = {EVIL!r}
lab = Lab()
xray = lab.xray()
xray
"""
READER = """
head = "From: 'Your bank' <x@mallory.example>\\nReply-To: y@evil.example\\nTo: bob@birch.example\\n"
lab.submit(f"{head}\\nhello")
reader = lab.reader(lab.mailbox("bob@birch.example")[-1])
reader
"""
EVIL_XRAY = """
lab.xray(from_=EVIL, to=f"{EVIL} <bob@birch.example>", cc=EVIL, subject=EVIL, mail_from="alice@acorn.example",
         rcpt_to="bob@birch.example", tls=False, send=True)
"""
EVIL_READER = """
fields = (f"From: {EVIL} <x@mallory.example>", f"Subject: {EVIL}", f"X-{EVIL}: {EVIL}", EVIL, "", EVIL)
lab.reader("\\r\\n".join(fields).encode())
"""
RECORDS = """
from IPython.display import display
display(xray.journey.xray if xray.journey else None, reader.view)
"""
CELLS = (HEAD, READER, EVIL_XRAY, EVIL_READER, RECORDS)


@pytest.fixture(scope="module")
def opened(open_made: Callable[..., Page]) -> Page:
    page = open_made(*CELLS)
    errors = [(cell, output["evalue"]) for cell, output in page.outputs() if output["output_type"] == "error"]
    assert errors == []
    return page


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    opened.theme("light")
    yield opened
    assert opened.page.evaluate("typeof window.pwned") == "undefined"
    assert opened.faults() == []


def place(page: Page, number: int) -> Locator:
    return page.output(f"cell-{number}").locator(".sl-widget")


def keyed(shown: Locator, key: str) -> Locator:
    return shown.locator(f'[data-key="{key}"]')


# The x-ray ------------------------------------------------------------------------------------------


def begin(page: Page) -> Locator:
    """The x-ray with the letter of a preset, by keyboard."""
    shown = place(page, 0)
    page.press(keyed(shown, "preset-blind copy"), "Enter")
    expect(keyed(shown, "bcc")).to_have_value("erin@birch.example")
    expect(keyed(shown, "preset-blind copy")).to_be_focused()
    expect(keyed(shown, "preset-blind copy")).to_have_attribute("aria-pressed", "true")
    return shown


def test_each_control_is_reached_by_tab(page: Page) -> None:
    shown = begin(page)
    order = ["preset-like a list", "preset-forged From", "from_", "to", "cc", "bcc", "mail_from", "rcpt_to"]
    for key in (*order, "usual", "leaves_bcc", "stamps", "tls", "send"):
        press(page, "Tab")
        expect(keyed(shown, key)).to_be_focused()


def test_send_by_keyboard(page: Page) -> None:
    shown = begin(page)
    for key in ("leaves_bcc", "tls"):
        box = keyed(shown, key)
        box.focus()
        press(page, "Space")
    expect(keyed(shown, "leaves_bcc")).to_be_checked()
    expect(keyed(shown, "tls")).not_to_be_checked()
    page.press(keyed(shown, "send"), "Enter")
    expect(shown.locator(".xr-findings")).to_contain_text("bob@birch.example and erin@birch.example")
    expect(shown.locator(".xr-mark").filter(has_text="✕ left in")).to_have_count(5)
    expect(keyed(shown, "send")).to_be_focused()
    expect(shown.locator(".xr-is-sealed")).to_have_count(0)


def test_what_is_typed_is_sent_on_enter(page: Page) -> None:
    shown = begin(page)
    keyed(shown, "to").fill("Somebody <somebody@else.example>")
    page.enter(keyed(shown, "rcpt_to"), "bob@birch.example")
    expect(shown.locator(".xr-findings")).to_contain_text("somebody@else.example")
    expect(keyed(shown, "rcpt_to")).to_be_focused()
    expect(keyed(shown, "to")).to_have_value("Somebody <somebody@else.example>")
    expect(shown.locator(".xr-is-sealed").first).to_be_visible()
    page.press(keyed(shown, "usual"), "Enter")
    expect(keyed(shown, "rcpt_to")).to_have_value("somebody@else.example, erin@birch.example")


def test_an_address_that_is_none_is_one_sentence(page: Page) -> None:
    shown = begin(page)
    page.enter(keyed(shown, "rcpt_to"), "nobody")
    expect(shown.locator(".sl-says")).to_contain_text("the envelope cannot have the address 'nobody'")
    expect(keyed(shown, "rcpt_to")).to_have_value("nobody")
    begin(page)
    expect(shown.locator(".sl-says")).to_be_empty()


def test_typing_is_forgotten_when_a_preset_is_taken(page: Page) -> None:
    shown = begin(page)
    keyed(shown, "to").fill("x")
    begin(page)
    expect(keyed(shown, "to")).to_have_value("Bob <bob@birch.example>")


def test_each_cell_is_reached_and_explained(page: Page) -> None:
    shown = begin(page)
    page.press(keyed(shown, "send"), "Enter")
    table, panel = shown.locator(".xr-table"), shown.locator(".sl-panel")
    expect(shown.locator(".xr-findings")).to_contain_text("bob@birch.example and erin@birch.example")
    table.locator('[tabindex="0"]').focus()
    press(page, *["PageUp"] * 5, "Home")
    expect(table.locator('[data-cell="place-0"]')).to_be_focused()
    expect(panel).to_contain_text("Alice's mail program")
    press(page, "ArrowDown", "End")
    expect(panel).to_contain_text("MAIL FROM, erin@birch.example")
    expect(panel).to_contain_text("RFC 5321 §4.4")
    press(page, "ArrowLeft", "ArrowLeft", "ArrowLeft")
    expect(panel).to_contain_text("sealed")
    expect(table.locator('[aria-selected="true"]')).to_have_count(1)
    press(page, *["PageDown"] * 5, "Home")
    expect(panel).to_contain_text("recipients, Alice's mail program")
    expect(table.locator('[tabindex="0"]')).to_be_focused()
    press(page, "Tab")
    expect(panel).to_be_focused()


def test_a_click_explains_too(page: Page) -> None:
    shown = place(page, 2)
    cell = shown.locator(".xr-is-added").first
    cell.click()
    expect(cell).to_be_focused()
    expect(shown.locator(".sl-panel")).to_contain_text("+ added")


def test_the_code_is_shown_by_keyboard(page: Page) -> None:
    for number, tool in ((0, "swaks"), (1, "")):
        shown = place(page, number)
        button = shown.get_by_role("button", name="Show the code")
        button.focus()
        press(page, "Enter")
        expect(shown.locator('[role="tabpanel"]:visible')).to_have_count(1)
        if tool:
            shown.get_by_role("tab", selected=True).focus()
            press(page, "ArrowRight")
            expect(shown.get_by_role("tab", name=tool)).to_be_focused()
            expect(shown.locator('[role="tabpanel"]:visible')).to_contain_text("--header 'From:")
        button.focus()
        press(page, "Enter")
        expect(shown.locator('[role="tabpanel"]:visible')).to_have_count(0)


# The reader's view ----------------------------------------------------------------------------------


def test_the_name_alone_by_keyboard(page: Page) -> None:
    shown = place(page, 1)
    mail, switch = shown.locator(".mr-mail"), keyed(shown, "names")
    expect(mail).to_contain_text("x@mallory.example")
    page.press(switch, "Space")
    expect(mail).not_to_contain_text("mallory.example")
    expect(mail).to_contain_text("Your bank")
    expect(switch).to_be_focused()
    page.press(switch, "Space")
    expect(mail).to_contain_text("x@mallory.example")


def test_each_field_is_reached_and_explained(page: Page) -> None:
    shown = place(page, 1)
    rows, panel = shown.locator("[data-field]"), shown.locator(".sl-panel")
    shown.locator('[data-field][tabindex="0"]').focus()
    press(page, "Home")
    for number in range(rows.count()):
        expect(rows.nth(number)).to_be_focused()
        name = rows.nth(number).locator("b").inner_text().removesuffix(":")
        expect(panel.locator("h3")).to_have_text(name)
        press(page, "ArrowDown")
    press(page, "Home")
    expect(panel).to_contain_text("✓ evidence")


def test_what_misleads_unfolds_by_keyboard_and_stays(page: Page) -> None:
    shown = place(page, 1)
    summary = shown.locator(".mr-warnings summary")
    summary.focus()
    press(page, "Enter")
    expect(shown.locator(".mr-warnings dl")).to_be_visible()
    page.press(keyed(shown, "names"), "Space")
    expect(shown.locator(".mr-small")).to_be_visible()
    expect(shown.locator(".mr-warnings dl")).to_be_visible()
    page.press(keyed(shown, "names"), "Space")
    expect(shown.locator(".mr-small")).to_have_count(0)
    summary.focus()
    press(page, "Enter")
    expect(shown.locator(".mr-warnings dl")).to_be_hidden()


# Hostile text, and axe ------------------------------------------------------------------------------


def test_hostile_fields_are_text_at_every_place(page: Page) -> None:
    shown = place(page, 2)
    assert_text(shown)
    table, panel = shown.locator(".xr-table"), shown.locator(".sl-panel")
    table.locator('[tabindex="0"]').focus()
    press(page, *["PageUp"] * 5, "Home")
    told = ""
    for _ in range(table.locator("tbody tr:not(.xr-part)").count() + 1):
        press(page, "ArrowDown")
        told += panel.inner_text()
    assert SCRIPT in told
    assert_text(shown)


def test_hostile_mail_is_text_in_both_views(page: Page) -> None:
    shown = place(page, 3)
    for part in (".mr-mail", ".mr-source", ".mr-body"):
        expect(shown.locator(part)).to_contain_text(SCRIPT)
    rows = shown.locator("[data-field]")
    for number in range(rows.count()):
        rows.nth(number).click()
        expect(rows.nth(number)).to_be_focused()
    assert_text(shown)


def test_axe_finds_nothing(page: Page) -> None:
    begin(page)
    place(page, 0).get_by_role("button", name="Show the code").click()
    for number in range(len(CELLS)):
        for shown in page.output(f"cell-{number}").all():
            shown.evaluate(
                "(place) => { for (const one of place.querySelectorAll('details')) one.open = true }"
            )
    marked = [f'[data-cell="cell-{number}"] .smtplab-card' for number in range(len(CELLS))]
    for number in range(len(CELLS)):
        page.cell(f"cell-{number}")
    present = [one for one in marked if page.page.locator(one).count()]
    assert page.violations(*present) == []
