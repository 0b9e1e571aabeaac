"""The chain tracer and the forge desk in JupyterLab: by keyboard, by mouse, with hostile headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page

HOSTILE = '<script>window.pwned=1</script>"><img/src=x/onerror="window.pwned=1">'
HEADERS = f"""\
Received: from {HOSTILE} ({HOSTILE} [203.0.113.66])
\tby mx.birch.example with ESMTPS id {HOSTILE}; Mon, 2 Mar 2026 09:10:00 +0000
Received: from {HOSTILE} ([10.0.0.5]) by relay.bank.example with SMTP; Mon, 2 Mar 2026 09:14:00 +0000
Received: {HOSTILE}
Subject: {HOSTILE}
"""

# What hostile text would have become, had it been taken for markup.
_MADE_OF_IT = (
    """(place) => [...place.querySelectorAll("script, img, iframe, object, a")].map((one) => one.outerHTML)"""
)

_START = """
from smtplab import Lab
lab = Lab()
lab.submit("From: alice@acorn.example\\nTo: bob@birch.example\\nSubject: hi\\n\\nhello\\n")
lab.settle()
tracer = lab.trace()
tracer
"""


@pytest.fixture(scope="module")
def opened(open_made: Callable[..., Page]) -> Page:
    page = open_made(_START, "desk = lab.forge_desk()\ndesk")
    assert [output["evalue"] for _, output in page.outputs() if output["output_type"] == "error"] == []
    return page


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    opened.theme("light")
    yield opened
    assert opened.page.evaluate("typeof window.pwned") == "undefined"
    assert opened.faults() == []


@pytest.fixture
def tracer(page: Page) -> Locator:
    page.execute("tracer.reset()")
    shown = page.output("cell-0").locator(".tr-widget").first
    expect(shown.locator(".tr-hop")).to_have_count(2)
    return shown


@pytest.fixture
def desk(page: Page) -> Locator:
    return page.output("cell-1").locator(".fd-desk").first


def known(tracer: Locator, count: int) -> None:
    """Wait until so many lines are known."""
    expect(tracer.locator(".tr-hop.tr-known")).to_have_count(count)


def open_form(tracer: Locator) -> Locator:
    own = tracer.get_by_role("button", name="Trace your own headers")
    if own.get_attribute("aria-expanded") == "false":
        own.press("Enter")
    return tracer.get_by_label("Paste the header section")


# The boundary -------------------------------------------------------------------------------------------


def test_the_boundary_moves_by_keyboard(page: Page, tracer: Locator) -> None:
    slider = tracer.get_by_role("slider", name="Trust boundary")
    known(tracer, 1)
    slider.focus()
    for key, count in (("ArrowDown", 2), ("ArrowUp", 1), ("Home", 0), ("End", 2), ("ArrowUp", 1)):
        page.press(slider, key)
        known(tracer, count)
        expect(slider).to_be_focused()
        expect(slider).to_have_attribute("aria-valuenow", str(2 - count))
        words = "nothing is known" if count == 0 else f"{count} of 2 lines known, the last by"
        expect(slider).to_have_attribute("aria-valuetext", re.compile(words))
    page.until("assert tracer.trusted == ('mx.birch.example',)")


def test_the_boundary_moves_by_mouse(page: Page, tracer: Locator) -> None:
    slider = tracer.get_by_role("slider")
    slider.scroll_into_view_if_needed()
    for hop, count in ((1, 2), (0, 0)):
        grip, row = slider.bounding_box(), tracer.locator(".tr-hop").nth(hop).bounding_box()
        assert grip
        assert row
        page.page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
        page.page.mouse.down()
        beyond = row["y"] + (row["height"] - 4 if hop else 4)
        page.page.mouse.move(grip["x"] + 40, beyond, steps=8)
        page.rest()
        known(tracer, count)
        page.page.mouse.up()
        slot, grip = tracer.locator(".tr-slot").bounding_box(), slider.bounding_box()
        assert slot
        assert grip
        assert abs(slot["y"] - grip["y"]) < 3


def test_the_arrows_stay_in_the_widget(page: Page, tracer: Locator) -> None:
    count = page.page.locator(".jp-Cell").count()
    tracer.get_by_role("slider").focus()
    for key in ("ArrowDown", "ArrowUp", "d", "d", "b", "Enter"):
        page.page.keyboard.press(key)
        page.rest()
    expect(tracer.get_by_role("slider")).to_be_focused()
    assert page.page.locator(".jp-Cell").count() == count


# Clauses ------------------------------------------------------------------------------------------------


def test_every_clause_is_reached_and_explained(page: Page, tracer: Locator) -> None:
    panel = tracer.locator(".sl-panel")
    for line in tracer.locator(".tr-line").all():
        clauses = line.locator(".tr-clause")
        clauses.first.focus()
        page.page.keyboard.press("Home")
        for number in range(clauses.count()):
            clause = clauses.nth(number)
            expect(clause).to_be_focused()
            expect(panel.locator("h3")).to_have_text(clause.get_attribute("data-title") or "")
            expect(panel).to_contain_text(clause.get_attribute("data-worth") or "")
            expect(panel.locator(".sl-refs")).to_contain_text("RFC")
            page.page.keyboard.press("ArrowRight")
    assert tracer.locator('.tr-clause[tabindex="0"]').count() == tracer.locator(".tr-line").count()


def test_arrows_lead_from_line_to_line(page: Page, tracer: Locator) -> None:
    by = tracer.locator(".tr-clause.tr-is-by")
    by.first.focus()
    page.page.keyboard.press("ArrowDown")
    expect(by.nth(1)).to_be_focused()
    page.page.keyboard.press("ArrowUp")
    expect(by.first).to_be_focused()


def test_a_clause_is_explained_under_the_mouse(tracer: Locator) -> None:
    tracer.locator(".tr-clause.tr-is-ip").first.hover()
    expect(tracer.locator(".sl-panel h3")).to_have_text("The address that the host saw")


# Headers of one's own -----------------------------------------------------------------------------------


def test_hostile_headers_are_pasted_by_keyboard(page: Page, tracer: Locator) -> None:
    field = open_form(tracer)
    expect(field).to_be_focused()
    field.fill(HEADERS)
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    page.rest()
    expect(tracer.locator(".tr-hop")).to_have_count(3)
    expect(tracer.locator(".tr-rows")).to_contain_text("<script>window.pwned=1</script>")
    for clause in tracer.locator(".tr-clause").all():
        clause.focus()
        assert tracer.locator(".sl-panel").evaluate(_MADE_OF_IT) == []
    assert tracer.evaluate(_MADE_OF_IT) == []
    page.press(tracer.get_by_role("slider"), "Home")
    known(tracer, 0)
    page.press(tracer.get_by_role("button", name="Back to the first message"), "Enter")
    expect(tracer.locator(".tr-hop")).to_have_count(2)


def test_it_says_that_nothing_leaves_this_machine(tracer: Locator) -> None:
    open_form(tracer)
    expect(tracer.locator(".tr-safe")).to_contain_text("Nothing leaves this machine.")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", "There is nothing here yet"),
        ("hello", "There is no Received field in this"),
        ("x" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_what_is_no_header_is_said_in_one_sentence(
    page: Page, tracer: Locator, given: str, sentence: str
) -> None:
    field = open_form(tracer)
    field.evaluate("(field, text) => { field.value = text; }", given)
    page.press(field, "Control+Enter")
    expect(tracer.locator(".sl-says")).to_contain_text(sentence)
    expect(tracer.locator(".tr-hop")).to_have_count(2)


def test_a_file_is_opened_and_only_its_header_is_read(page: Page, tracer: Locator, tmp_path: Path) -> None:
    open_form(tracer)
    path = tmp_path / "large.eml"
    path.write_bytes(HEADERS.encode() + b"\n" + b"x" * 2_000_000)
    tracer.locator("input[type=file]").set_input_files(path)
    expect(tracer.locator(".tr-hop")).to_have_count(3)
    expect(tracer.locator(".tr-banner")).to_contain_text("the file large.eml")
    page.until("assert len(tracer._head) < 2000")
    path.write_bytes(b"Received: " + b"x" * 1_500_000)
    tracer.locator("input[type=file]").set_input_files(path)
    expect(tracer.locator(".sl-says")).to_contain_text("larger than 1 MB")


# What unfolds -------------------------------------------------------------------------------------------


def test_the_map_the_verdict_and_the_code_unfold_by_keyboard(page: Page, tracer: Locator) -> None:
    tracer.locator(".tr-map summary").press("Enter")
    expect(tracer.locator(".tr-map svg")).to_be_visible()
    tracer.locator(".tr-why > summary").press("Enter")
    expect(tracer.locator(".smtplab-verdict")).to_be_visible()
    page.press(tracer.get_by_role("slider"), "Home")
    known(tracer, 0)
    expect(tracer.locator(".smtplab-verdict")).to_be_visible()  # it stays unfolded when it is drawn anew
    tracer.get_by_role("button", name="Show the code").press("Enter")
    tracer.get_by_role("tab", name="smtplab").focus()
    expect(tracer.locator('[role="tabpanel"]:visible')).to_contain_text("chain(message, trusted=[])")
    tracer.get_by_role("tab", name="smtplab").press("ArrowLeft")
    expect(tracer.locator('[role="tabpanel"]:visible')).to_contain_text("grep -i")
    tracer.get_by_role("button", name="Show the code").press("Enter")


# The forge desk -----------------------------------------------------------------------------------------


def test_lines_are_forged_and_sent_by_keyboard(page: Page, desk: Locator) -> None:
    page.press(desk.get_by_role("button", name="in a hurry"), "Enter")
    field = desk.get_by_label("Your Received lines")
    expect(field).to_have_value(re.compile(r"10\.0\.0\.5"))
    desk.get_by_label("Sent from").select_option("visitor.example")
    expect(desk.get_by_label("It says EHLO")).to_have_value("visitor.example")
    desk.get_by_label("It says EHLO").fill("mail.acorn.example")
    page.press(desk.get_by_role("button", name="Send it to Bob"), "Enter")
    table = desk.locator(".fd-table")
    expect(table.get_by_role("row", name=re.compile("the naive reader"))).to_contain_text("fooled")
    careful = table.get_by_role("row", name=re.compile("^the careful reader"))
    expect(careful).to_contain_text("not fooled")
    expect(careful).to_contain_text("203.0.113.200")
    expect(desk.get_by_text("✕ forged by you")).to_have_count(2)
    page.until("assert desk.chain.hops[-1].received.helo == 'mail.acorn.example'")


def test_hostile_lines_come_back_as_text(page: Page, desk: Locator) -> None:
    field = desk.get_by_label("Your Received lines")
    field.fill(f"Received: from {HOSTILE} by {HOSTILE}; {HOSTILE}")
    page.press(field, "Control+Enter")
    expect(desk.locator(".fd-header")).to_contain_text("<script>window.pwned=1</script>")
    assert desk.evaluate(_MADE_OF_IT) == []


def test_a_mistake_is_one_sentence(page: Page, desk: Locator) -> None:
    desk.get_by_label("Your Received lines").fill("Subject: no trace")
    page.click(desk.get_by_role("button", name="Send it to Bob"))
    expect(desk.locator(".sl-says")).to_contain_text("Line 1 neither begins")


def test_axe_finds_nothing_serious(page: Page, tracer: Locator, desk: Locator) -> None:
    open_form(tracer)
    tracer.locator(".tr-clause").first.focus()
    page.click(desk.get_by_role("button", name="a relay that never was"))
    page.click(desk.get_by_role("button", name="Send it to Bob"))
    expect(desk.locator(".fd-table")).to_be_visible()
    assert page.violations(".tr-widget", ".fd-desk") == []
