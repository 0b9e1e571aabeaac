"""The eavesdropper's view and the certificate of lesson 04, by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.keys import drawn, press, unreached

LESSON = "04-ports-and-tls"


@pytest.fixture
def view(page: Page) -> Locator:
    return drawn(page, "wire-587-see", ".se-view")


def test_arrows_move_through_what_the_eavesdropper_reads(view: Locator, page: Page) -> None:
    rows, lit = view.locator(".se-row"), view.locator(".se-lit")
    expect(lit).to_have_count(0)
    rows.first.focus()
    for place, said in enumerate(["220 mail.acorn.example", "ehlo alice.home.example", "250", "STARTTLS"]):
        row = rows.nth(place)
        expect(row).to_be_focused()
        expect(lit).to_have_attribute("data-row", str(place))  # and no other is lit
        expect(row.locator(".se-out")).to_contain_text(said.rpartition(" ")[2])
        press(page, "ArrowDown")
    press(page, "End")
    expect(rows.last).to_be_focused()
    press(page, "Home", "ArrowUp")
    expect(rows.first).to_be_focused()
    press(page, "Shift+Tab")
    expect(lit).to_have_count(0)


def test_a_record_is_read_octet_by_octet(view: Locator, page: Page) -> None:
    rows = view.locator(".se-row")
    hello = rows.filter(has_text="ClientHello").first
    octets = hello.locator("details.se-bytes")
    rows.first.focus()
    for _ in range(int(hello.get_attribute("data-row") or 0)):
        press(page, "ArrowDown")
    expect(hello).to_be_focused()
    expect(octets.locator("table")).to_be_hidden()
    press(page, "Enter")
    expect(octets.locator("table")).to_be_visible()
    expect(hello).to_contain_text("mail.acorn.example: whom the client wants, in clear")
    press(page, "Tab")
    expect(octets.locator("summary")).to_be_focused()
    press(page, "Escape")
    expect(hello).to_be_focused()
    press(page, "Space")
    expect(octets.locator("table")).to_be_hidden()
    press(page, "Home")
    expect(rows.first).to_be_focused()


def test_focus_on_one_side_lights_the_other(view: Locator, page: Page) -> None:
    """Also across rows: a letter of many records, some of whose lines go on in the next record."""
    page.execute("wide = lab.eavesdrop(lab.submit(letter + ('y' * 70 + '\\n') * 600).transcripts[0])")
    page.execute("shown = get_ipython().user_ns['_']; shown.show(wide.transcript)")
    shared = view.locator('.se-row:not([data-also=""])')
    expect(shared).to_have_count(3)
    rest = background(view.locator(".se-row").first)
    assert len(set(rest)) == 2  # the listener's side has a ground of its own
    for row in shared.all():
        row.focus()
        others = (row.get_attribute("data-also") or "").split()
        expect(view.locator(".se-lit")).to_have_count(1 + len(others))
        for number in [row.get_attribute("data-row"), *others]:
            lit = background(view.locator(f'.se-row[data-row="{number}"]'))
            assert len(set(lit)) == 1 and lit[0] not in rest, number
    press(page, "Home", "Shift+Tab")
    assert background(view.locator(".se-row").first) == rest
    page.execute("shown.show(submitted)")
    expect(shared).to_have_count(0)


def background(row: Locator) -> list[str]:
    """The grounds of a row's two sides."""
    grounds: list[str] = row.evaluate(
        """(row) => ['.se-in', '.se-out']
          .map((side) => getComputedStyle(row.querySelector(side)).backgroundColor)"""
    )
    return grounds


def test_what_mallory_did_stands_beneath_the_line(page: Page) -> None:
    root = page.output("stripped-see").locator(".se-view")
    hello = root.locator(".se-row", has_text="250-SIZE")
    expect(hello.locator(".se-in .se-hand")).to_contain_text("Mallory")
    expect(root.locator(".se-out .se-hand")).to_have_count(0)
    hello.focus()
    expect(hello).to_have_class(re.compile("se-lit"))


def test_tab_comes_to_one_row_and_to_what_unfolds_in_it(view: Locator, page: Page) -> None:
    """All other rows are reached with arrows: there may be dozens of records."""
    rows = view.locator(".se-row:has(details)")
    expect(rows).to_have_count(2)
    for row in rows.all():
        row.focus()
        press(page, "Enter")
        expect(row.locator("details:not([open])")).to_have_count(0)
    assert unreached(page, view) == []
    rows.nth(1).focus()
    press(page, "Tab")
    expect(rows.nth(1).locator("summary").first).to_be_focused()
    within = rows.nth(1).locator("summary").count()
    press(page, *["Tab"] * (within - 1))
    expect(rows.nth(1).locator("summary").last).to_be_focused()
    press(page, *["Shift+Tab"] * within)
    expect(rows.nth(1)).to_be_focused()
    press(page, "Shift+Tab")
    assert not view.evaluate("(root) => root.contains(document.activeElement)")
    expect(page.output("certificate-see").locator(".smtplab-certificate")).to_be_visible()
    assert page.violations('[data-cell="wire-587-see"] .se-view', ".smtplab-certificate") == []


# The certificate ----------------------------------------------------------------------------------------


def test_the_certificate_is_the_one_that_the_server_shows(page: Page) -> None:
    card = drawn(page, "certificate-see", ".smtplab-certificate")
    rows = list(
        zip(card.locator("dt").all_text_contents(), card.locator("dd").all_text_contents(), strict=True)
    )
    assert dict(rows)["names"] == "mail.acorn.example"
    page.execute(f"assert lab.certificate('mail.acorn.example', 465).rows() == {rows!r}")
    assert unreached(page, card) == []  # it has no control, and Tab goes past it
