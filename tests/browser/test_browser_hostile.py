"""Hostile text shows as text: no script of it runs, no element comes of it, and the page stays quick.

The texts are in `hostile`; here the page is looked at, and everything that unfolds is unfolded.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.hostile import CELLS, EVIL, LONG, SCRIPT

NAMES = list(CELLS)
UNFOLDED_LATER = {"console", "map", "explanation", "hint", "fails"}  # they show it once they are asked to
QUICK = 3.0  # seconds that a click may take on a page with all of it; a slow and busy machine counted in

# What turns text around, moves the cursor or hides: it must not come through as itself.
HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\x1b\x07]")

# What hostile text would have become, had it been taken for markup.
_MADE_OF_IT = """(place) => [...place.querySelectorAll("*")].filter((element) =>
  ["script", "img", "iframe", "object", "embed", "link", "base", "meta", "a"].includes(element.localName)
  || [...element.attributes].some(({ name, value }) => /^on/i.test(name) || /^\\s*javascript:/i.test(value))
).map((element) => element.outerHTML.slice(0, 200))"""

_WORDS = """(place) => [place, ...place.querySelectorAll("[aria-label], [title], [placeholder]")].map(
  (one) => ["aria-label", "title", "placeholder"].map((name) => one.getAttribute(name) ?? "").join(" ")
).join(" ") + place.textContent"""

_OPEN_ALL = """(place) => { for (const one of place.querySelectorAll("details")) one.open = true; }"""


@pytest.fixture(scope="module")
def opened(open_made: Callable[..., Page]) -> Page:
    page = open_made(*CELLS.values())
    errors = [(cell, output["evalue"]) for cell, output in page.outputs() if output["output_type"] == "error"]
    assert errors == []
    return page


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    yield opened
    assert opened.page.evaluate("typeof window.pwned") == "undefined"
    assert opened.faults() == []


def place(page: Page, name: str) -> Locator:
    return page.output(f"cell-{NAMES.index(name)}")


def assert_text(shown: Locator) -> None:
    """What this element holds came as text, all of it, with what hides made visible."""
    expect(shown).to_contain_text(SCRIPT)
    shown.evaluate(_OPEN_ALL)
    assert shown.evaluate(_MADE_OF_IT) == []
    assert HIDDEN.findall(shown.evaluate(_WORDS)) == []


@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNFOLDED_LATER])
def test_it_shows_as_text(page: Page, name: str) -> None:
    for shown in place(page, name).all():
        assert_text(shown)


def test_each_line_of_a_ladder_is_explained_in_text(page: Page) -> None:
    for name in ("ladder", "stepper"):
        shown = place(page, name)
        shown.locator(".sl-row").first.focus()
        page.page.keyboard.press("Home")
        explained = ""
        for number in range(shown.locator(".sl-row").count()):
            expect(shown.locator(".sl-row").nth(number)).to_be_focused()
            panel = shown.locator(".sl-panel")
            assert panel.evaluate(_MADE_OF_IT) == []
            assert HIDDEN.findall(panel.evaluate(_WORDS)) == []
            explained += panel.inner_text()
            page.page.keyboard.press("ArrowDown")
        assert SCRIPT in explained


def test_the_shown_code_is_text(page: Page) -> None:
    shown = place(page, "stepper")
    shown.get_by_role("button", name="Show the code").click()
    for tab in shown.get_by_role("tab").all():
        tab.click()
        assert_text(shown.locator('[role="tabpanel"]:visible'))
    shown.get_by_role("button", name="Show the code").click()


def test_what_is_typed_into_the_console_is_text(page: Page) -> None:
    shown = place(page, "console").locator(".sl-driven")
    typed = EVIL.replace("\x07", "")
    for number, line in enumerate((typed, f"EHLO {typed}", "x" * LONG, "NOOP"), 1):
        begun = time.monotonic()
        page.enter(shown.locator(".smtplab-type"), line)
        expect(shown.locator(".sl-chip")).to_have_count(number + 1)
        assert time.monotonic() - begun < QUICK
    assert_text(shown)
    expect(shown.locator(".sl-chip").last).to_contain_text("250")


def test_a_host_of_the_map_is_text(page: Page) -> None:
    shown = place(page, "map")
    assert HIDDEN.findall(shown.evaluate(_WORDS)) == []
    page.push(shown.locator("[data-place]").first)
    talk = shown.locator(".sm-talks details")
    talk.locator("summary").click()
    expect(talk.locator("pre")).to_contain_text(SCRIPT)
    assert_text(shown)


def test_a_step_of_a_journey_is_text(page: Page) -> None:
    shown = place(page, "map")
    shown.get_by_role("slider").focus()
    page.page.keyboard.press("Home")
    for number in range(1, 4):
        page.page.keyboard.press("ArrowRight")
        expect(shown.locator(".sm-count")).to_have_text(f"Step {number} of 3")
        page.push(shown.locator(".sm-open"))
        expect(shown.locator(".sm-panel h3")).to_be_focused()
        assert_text(shown)
        shown.get_by_role("slider").focus()


def test_what_stands_behind_an_event_is_text(page: Page) -> None:
    shown = place(page, "logbook")
    for row in range(5):
        page.push(shown.locator(".lb-row").nth(row))
        expect(shown.locator(".lb-panel h4").first).to_be_visible()
        assert_text(shown)


def test_reasons_explanations_and_hints_are_text(page: Page) -> None:
    for name in ("question", "quiz"):
        asked = place(page, name).locator(".smtplab-asking").first
        for number in (1, 2, 0):  # the right one comes last
            asked.get_by_role("radio").nth(number).check()
            page.push(asked.locator(".smtplab-guess"))
            expect(asked.locator(".smtplab-notice")).to_contain_text("Right" if number == 0 else SCRIPT)
            assert_text(asked)
    assert_text(place(page, "explanation").locator(".smtplab-notice"))
    hints = place(page, "hint").locator(".smtplab-hint")
    for number in range(1, 4):
        page.push(hints.get_by_role("button"))
        expect(hints.locator("li")).to_have_count(number)
        assert_text(hints)


def test_a_failure_is_one_sentence_of_text(page: Page) -> None:
    shown = place(page, "fails").locator(".sl-driven")
    page.click(shown.locator(".smtplab-restart"))
    assert_text(shown.locator(".sl-says"))


def test_the_page_stays_quick(page: Page) -> None:
    shown = place(page, "stepper")
    begun = time.monotonic()
    page.click(shown.locator(".smtplab-back"))
    expect(shown.locator(".sl-upcoming")).to_contain_text("VRFY")
    assert time.monotonic() - begun < QUICK
