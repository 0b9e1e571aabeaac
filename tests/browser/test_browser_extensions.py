"""The capability explorer of lesson 03, by keyboard alone: each control, and what the lab then does."""

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

LESSON = "03-extensions"


@pytest.fixture
def explorer(page: Page) -> Locator:
    root = drawn(page, "explorer", ".sc-explorer")
    expect(root.locator(".sc-switch:not(:checked)")).to_have_count(0)
    return root


def offered(root: Locator) -> Locator:
    """The lines of the reply to EHLO in clear."""
    return root.get_by_role("list", name="The reply to EHLO, in clear").locator("li:not(.sc-off)")


def test_an_extension_is_switched_off_and_on(explorer: Locator, page: Page) -> None:
    chunking = explorer.get_by_role("switch", name="Offer CHUNKING")
    count = offered(explorer).count()
    line = offered(explorer).filter(has_text="CHUNKING")
    expect(line).to_have_count(1)
    use(page, chunking, "Space")
    expect(line).to_have_count(0)
    expect(explorer.locator("li.sc-off").filter(has_text="switched off").first).to_contain_text("CHUNKING")
    expect(offered(explorer)).to_have_count(count - 1)
    expect(explorer.locator(".sc-about h3")).to_have_text("CHUNKING")
    expect(chunking).to_be_focused()
    expect(chunking).not_to_be_checked()
    page.execute("assert 'CHUNKING' not in lab.connect('mx.birch.example').send('EHLO me').extensions")
    use(page, chunking, "Space")
    expect(line).to_contain_text("switched on")
    expect(offered(explorer)).to_have_count(count)
    expect(chunking).to_be_checked()
    page.execute("assert 'CHUNKING' in lab.connect('mx.birch.example').send('EHLO me').extensions")


def test_arrows_move_between_switches_and_tab_leaves_the_column(explorer: Locator, page: Page) -> None:
    switches = explorer.get_by_role("switch")
    last = switches.count() - 1
    switches.nth(0).focus()
    for key, place in [("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("ArrowUp", 0), ("ArrowUp", last)]:
        press(page, key)
        expect(switches.nth(place)).to_be_focused()
    press(page, "Tab")
    expect(switches.nth(last)).not_to_be_focused()
    expect(explorer.locator(".sc-switch:not(:checked)")).to_have_count(0)  # nothing was turned


def test_an_extension_is_chosen_tried_and_its_dialogue_read(explorer: Locator, page: Page) -> None:
    name = explorer.locator(".sc-about h3")
    expect(name).to_have_text("ENHANCEDSTATUSCODES")
    use(page, explorer.get_by_role("radio", name="DSN"), "Space")
    expect(name).to_have_text("DSN")
    expect(explorer.locator(".sc-trial")).to_have_count(0)
    attempt = explorer.locator(".smtplab-attempt")
    expect(attempt).to_have_text("Try DSN, with and without")
    use(page, attempt, "Enter")
    halves = explorer.locator(".sc-half")
    expect(halves.locator("h4")).to_have_text(["DSN offered", "DSN not offered"])
    expect(halves.nth(0).locator(".smtplab-chip").first).to_contain_text("accepted")
    expect(halves.nth(1)).to_contain_text("555")
    expect(attempt).to_be_focused()
    opener = explorer.locator(".sc-open").first
    use(page, opener, "Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(opener).to_be_focused()
    read_ladder(explorer, page, "RCPT")
    use(page, opener, "Space")
    expect(opener).to_have_text("Open the dialogue")
    expect(explorer.locator(".sl-main")).to_be_hidden()
    use(page, explorer.get_by_role("radio", name="ENHANCEDSTATUSCODES"), "Space")
    expect(name).to_have_text("ENHANCEDSTATUSCODES")


def test_arrows_choose_the_next_extension(explorer: Locator, page: Page) -> None:
    name = explorer.locator(".sc-about h3")
    use(page, explorer.get_by_role("radio", name="ENHANCEDSTATUSCODES"), "ArrowDown")
    expect(name).to_have_text("STARTTLS")
    expect(explorer.locator(".sc-chosen code")).to_have_text("STARTTLS")
    use(page, explorer.get_by_role("radio", name="STARTTLS"), "ArrowUp")
    expect(name).to_have_text("ENHANCEDSTATUSCODES")
    expect(explorer.get_by_role("radio", name="ENHANCEDSTATUSCODES")).to_be_focused()


def test_the_list_is_asked_for_once_more(explorer: Locator, page: Page) -> None:
    """Another explorer has switched something off meanwhile."""
    count = offered(explorer).count()
    page.execute("lab.capabilities('mx.birch.example').turn('DSN', False)")
    expect(offered(explorer)).to_have_count(count)
    again = explorer.get_by_role("button", name="Ask again")
    use(page, again, "Enter")
    expect(offered(explorer)).to_have_count(count - 1)
    expect(explorer.get_by_role("switch", name="Offer DSN")).not_to_be_checked()
    page.execute("lab.capabilities('mx.birch.example').turn('DSN', True)")
    expect(offered(explorer)).to_have_count(count - 1)
    use(page, again, "Space")
    expect(offered(explorer)).to_have_count(count)


def test_all_of_the_explorer_is_reached_with_tab(explorer: Locator, page: Page) -> None:
    use(page, explorer.locator(".sc-open").last, "Enter")
    expect(explorer.locator(".sl-main")).to_be_visible()
    save_capture(explorer, page)
    code = read_code(explorer, page)
    assert "smtpd_discard_ehlo_keywords = enhancedstatuscodes" in code["Postfix"]
    assert all(name in code for name in ("smtplib", "curl"))
    use(page, explorer.get_by_role("button", name="Show the code"), "Enter")
    assert unreached(page, explorer) == []
    assert page.violations(".sc-explorer") == []


FIGURES = """
shown = {!r}
counted = [str(trial["round trips"]) for trial in (*trips.offered, *trips.without)]
assert [words.split()[0] for words in shown] == counted, (shown, counted)
"""


def test_pipelining_is_tried_and_its_round_trips_are_drawn(explorer: Locator, page: Page) -> None:
    use(page, explorer.get_by_role("radio", name="PIPELINING"), "Space")
    attempt = explorer.locator(".smtplab-attempt")
    expect(attempt).to_have_text("Try PIPELINING, with and without")
    use(page, attempt, "Enter")
    expect(explorer.locator(".sc-bar-value")).to_contain_text(
        ["7 round trips", "3 round trips", "7 round trips", "2 round trips"]
    )
    expect(attempt).to_be_focused()


def test_the_round_trips_are_those_that_were_counted(page: Page) -> None:
    chart = page.output("trips-see").locator(".smtplab")
    expect(chart.locator(".sc-bar")).to_have_count(4)
    values = chart.locator(".sc-bar-value").all_text_contents()
    page.execute(FIGURES.format(values))
    widths = [
        float(width.rstrip("%"))
        for width in chart.locator(".sc-bar").evaluate_all(
            "(bars) => bars.map((bar) => bar.getAttribute('width'))"
        )
    ]
    assert widths[0] > widths[1]
    expect(chart.locator("svg.sc-bars")).to_have_attribute(
        "aria-label", re.compile("round trips: .*; .*; .*; ")
    )
    assert unreached(page, chart) == []
    dialogue = chart.locator("details").last
    dialogue.locator("summary").focus()
    press(page, "Enter")
    expect(dialogue.locator("pre")).to_contain_text("554 5.5.0")
    press(page, "Tab")
    expect(dialogue.locator("pre")).to_be_focused()
    assert page.violations('[data-cell="trips-see"] .smtplab') == []
    press(page, "Shift+Tab", "Space")
    expect(dialogue.locator("pre")).to_be_hidden()
