"""The port chooser and the table of ports of lesson 04, by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.keys import (
    drawn,
    press,
    read_code,
    read_ladder,
    save_capture,
    unreached,
    use,
)

LESSON = "04-ports-and-tls"


# The port chooser -------------------------------------------------------------------------------------


@pytest.fixture
def chooser(page: Page) -> Locator:
    root = drawn(page, "chooser", ".pc-chooser")
    expect(root.locator(".pc-summary strong")).to_have_text("Port 465, implicit TLS, and log in")
    return root


def test_another_situation_is_chosen_with_arrows_and_run(chooser: Locator, page: Page) -> None:
    summary, fits = chooser.locator(".pc-summary strong"), chooser.locator(".pc-fits")
    run, result = chooser.locator(".smtplab-run"), chooser.locator(".pc-result")
    expect(fits).to_have_text("✓ as advised")
    expect(chooser.locator(".sl-main")).to_be_hidden()
    use(page, chooser.get_by_role("radio", name="a mail program at home"), "ArrowDown")
    press(page, "ArrowDown")
    page.rest()
    expect(chooser.get_by_role("radio", name="a mail server", exact=True)).to_be_checked()
    expect(chooser.locator(".pc-ends")).to_contain_text("mail.acorn.example →")
    use(page, chooser.get_by_role("radio", name="your provider's submission server"), "ArrowDown")
    expect(summary).to_have_text("Port 25, STARTTLS where it is offered, no login")
    expect(chooser.locator(".pc-ends")).to_have_text("mail.acorn.example → mx.birch.example")
    expect(chooser.get_by_role("radio", name="25", exact=True)).to_be_checked()
    use(page, run, "Enter")
    expect(result).to_contain_text("delivered")
    expect(result).to_contain_text("it is in bob@birch.example's mailbox")
    expect(run).to_have_text("Run it")
    expect(run).to_be_focused()
    read_ladder(chooser, page, "RCPT")
    use(page, chooser.get_by_role("radio", name="the recipient's mail exchanger"), "ArrowUp")
    use(page, chooser.get_by_role("radio", name="a mail server", exact=True), "ArrowUp")
    press(page, "ArrowUp")
    page.rest()
    expect(summary).to_have_text("Port 465, implicit TLS, and log in")


def test_a_wrong_way_is_run_and_compared_with_the_advised_one(chooser: Locator, page: Page) -> None:
    run, result, back = (chooser.locator(one) for one in (".smtplab-run", ".pc-result", ".pc-back"))
    use(page, run, "Enter")
    expect(result).to_contain_text("delivered")
    expect(back).to_be_hidden()
    use(page, chooser.get_by_role("radio", name="log in"), "ArrowDown")
    expect(chooser.locator(".pc-fits, .pc-back").filter(visible=True)).to_have_text("Back to the advice")
    use(page, run, "Space")
    expect(result).to_contain_text("refused")
    expect(result).to_contain_text("530 5.7.0")
    tried = chooser.locator(".pc-trial")
    expect(tried).to_have_count(2)
    expect(tried.nth(1)).to_have_attribute("aria-pressed", "true")
    use(page, tried.nth(0), "Enter")
    expect(result).to_contain_text("delivered")
    expect(tried.nth(0)).to_have_attribute("aria-pressed", "true")
    expect(tried.nth(0)).to_be_focused()
    use(page, back, "Enter")
    expect(back).to_be_hidden()
    expect(chooser.locator(".pc-fits")).to_have_text("✓ as advised")
    expect(chooser.get_by_role("radio", name="log in")).to_be_checked()
    expect(run).to_be_focused()


def test_a_network_without_port_25_is_chosen(chooser: Locator, page: Page) -> None:
    shut = chooser.get_by_role("radio", name="everything but port 25")
    use(page, chooser.get_by_role("radio", name="everything", exact=True), "ArrowDown")
    expect(shut).to_be_checked()
    use(page, chooser.get_by_role("radio", name="465", exact=True), "ArrowUp")
    expect(chooser.locator(".pc-way input:checked").first).not_to_have_value("465")
    port = chooser.locator(".pc-port label").filter(has=chooser.page.locator("input:checked"))
    expect(port).to_have_text("25")
    use(page, chooser.locator(".smtplab-run"), "Enter")
    expect(chooser.locator(".pc-result")).to_contain_text("connect to port 25")
    expect(chooser.locator(".pc-result")).to_contain_text("failed")
    use(page, chooser.locator(".pc-back"), "Enter")
    expect(port).to_have_text("465")
    use(page, shut, "ArrowUp")
    expect(chooser.get_by_role("radio", name="everything", exact=True)).to_be_checked()


def test_all_of_the_chooser_is_reached_with_tab(chooser: Locator, page: Page) -> None:
    run = chooser.locator(".smtplab-run")
    use(page, run, "Enter")
    expect(chooser.locator(".sl-main")).to_be_visible()
    save_capture(chooser, page)
    code = read_code(chooser, page)
    assert "SMTP_SSL" in code["smtplib"] and "s_client" in code["openssl"]
    use(page, chooser.get_by_role("radio", name="none"), "ArrowDown")
    expect(chooser.get_by_role("radio", name="STARTTLS")).to_be_checked()
    use(page, run, "Enter")
    expect(chooser.locator(".pc-trial")).to_have_count(2)
    assert "SMTP_SSL" not in read_code(chooser, page)["smtplib"]
    use(page, chooser.get_by_role("button", name="Show the code"), "Enter")
    assert unreached(page, chooser) == []
    expect(page.output("port-table").locator(".pt-card")).to_be_visible()
    assert page.violations(".pc-chooser", ".pt-card") == []


def test_the_band_of_tls_fits_a_narrow_page(chooser: Locator, page: Page) -> None:
    use(page, chooser.locator(".smtplab-run"), "Enter")
    band = chooser.locator(".sl-note")
    expect(band).to_have_text(re.compile(r"TLSv1\.3 with \w+ from here on"))
    page.page.set_viewport_size({"width": 850, "height": 1000})
    expect(band).to_have_text(re.compile("^TLSv1.3.*…$"))
    room, words = chooser.locator(".sl-band").bounding_box(), band.bounding_box()
    page.page.set_viewport_size({"width": 1400, "height": 1000})
    assert room is not None and words is not None
    assert room["x"] < words["x"] and words["x"] + words["width"] < room["x"] + room["width"]
    expect(band).to_have_text(re.compile("from here on$"))


def test_the_trials_behind_the_table_of_ports_unfold(page: Page) -> None:
    table = page.output("port-table").locator(".pt-card")
    port = table.locator(".pt-behind > details", has_text="Port 587")
    trial = port.locator("details").filter(has_text="refused").first
    expect(trial).to_be_hidden()
    port.locator("> summary").focus()
    press(page, "Enter")
    expect(trial.locator("summary")).to_be_visible()
    trial.locator("summary").focus()
    press(page, "Space")
    expect(trial.locator("pre")).to_contain_text("EHLO", ignore_case=True)
    press(page, "Tab")
    expect(trial.locator("pre")).to_be_focused()
    assert unreached(page, table) == []
    trial.locator("summary").focus()
    press(page, "Enter")
    expect(trial.locator("pre")).to_be_hidden()
    port.locator("> summary").focus()
    press(page, "Space")
    expect(trial).to_be_hidden()
