"""The queue timeline in JupyterLab, by keyboard: a receiver off, then greylisting; hostile text; axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import ROOT, Page
from tests.browser.hostile import EVIL
from tests.browser.keys import press, read_code, unreached, use

REAL = """
from smtplab import Lab
lab = Lab()
for host in ("mx.birch.example", "mx2.birch.example"):
    lab.stop_host(host)
timeline = lab.queue_timeline(lab.submit("From: alice@acorn.example\\nTo: bob@birch.example\\n\\nHello"))
timeline
"""
HOSTILE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from datetime import timedelta
from smtplab.mail.history import Notice
from smtplab.mail.reply import Reply
from smtplab.show.queue_timeline import QueueTimeline
from tests.show.queue_histories import START, attempt, history
EVIL = {EVIL!r}
LATER = START + timedelta(minutes=30)
evil = history([attempt(START, Reply(451, "4.7.1", (EVIL,)), host=EVIL, note=EVIL),
                attempt(LATER, None, note=EVIL)],
               notices=[Notice(START, "delayed", ("bob@birch.example",), EVIL, EVIL, EVIL)],
               next_try=START + timedelta(hours=1), host=EVIL, id=EVIL)
QueueTimeline(lambda: [evil], lambda step: None, [(EVIL, lambda: None)])
"""


@pytest.fixture(scope="module")
def opened(open_made: Callable[..., Page]) -> Page:
    page = open_made(REAL, HOSTILE)
    errors = [(cell, output["evalue"]) for cell, output in page.outputs() if output["output_type"] == "error"]
    assert errors == []
    return page


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    opened.theme("light")
    yield opened
    assert opened.page.evaluate("typeof window.pwned") == "undefined"
    assert opened.faults() == []


class Timeline:
    """The timeline on the page, and its parts by the keys that the drawing gives them."""

    def __init__(self, page: Page, number: int) -> None:
        self.page = page
        self.root = page.output(f"cell-{number}").locator(".qt-widget")
        self.panel, self.summary = self.root.locator(".qt-panel"), self.root.locator(".qt-summary")

    def part(self, key: str) -> Locator:
        return self.root.locator(f'[data-key="{key}"]')

    def use(self, key: str, stroke: str = "Enter") -> None:
        use(self.page, self.part(key), stroke)


def test_time_moves_by_keyboard_to_the_end_and_an_attempt_opens(page: Page) -> None:
    timeline = Timeline(page, 0)
    expect(timeline.summary).to_contain_text("1 waiting. Next attempt in 30 min")
    timeline.use("step-quarter")
    expect(timeline.summary).to_contain_text("Next attempt in 15 min")
    expect(timeline.part("step-quarter")).to_be_focused()
    timeline.use("step-next", "Space")
    expect(timeline.summary).to_contain_text("Next attempt in 30 min, Mon 2 Mar 10:00")
    timeline.use("act-1")
    expect(timeline.part("act-1")).to_have_attribute("aria-pressed", "true")
    timeline.use("step-next")
    expect(timeline.root.locator(".qt-mark.qt-is-attempt b").filter(has_text="450")).to_have_count(1)
    timeline.use("step-end")
    expect(timeline.summary).to_contain_text("Nothing is left to be tried.")
    expect(timeline.part("step-next")).to_have_attribute("aria-disabled", "true")

    first = timeline.part("0-attempt1")
    first.focus()
    press(page, "End")
    page.rest()
    last = timeline.root.locator('[data-key^="0-attempt"]').last
    expect(last).to_be_focused()
    expect(last).to_have_attribute("aria-pressed", "true")
    expect(timeline.panel.locator("h3")).to_contain_text("relayed")
    press(page, "ArrowLeft")
    expect(timeline.panel.locator("h3")).to_contain_text("delayed")
    expect(timeline.panel).to_contain_text("450")
    expect(timeline.panel.locator("pre")).to_contain_text("RCPT TO:<bob@birch.example>")
    page.rest()
    press(page, "ArrowDown")
    page.rest()
    expect(timeline.part("1-here")).to_be_focused()
    expect(timeline.panel.locator("h3")).to_have_text("Delivered on this host")
    press(page, "ArrowUp", "Home")
    page.rest()
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(timeline.panel).to_contain_text("No connection came about")
    press(page, "Escape")
    expect(timeline.panel).to_be_hidden()
    expect(first).to_be_focused()


def test_many_arrows_in_a_row_end_where_the_last_one_led(page: Page) -> None:
    timeline = Timeline(page, 0)
    timeline.part("0-attempt1").focus()
    press(page, *["ArrowRight"] * 6)
    page.rest()
    now = page.page.evaluate("document.activeElement.dataset.key")
    expect(timeline.part(now)).to_have_attribute("aria-pressed", "true")
    number = now.removeprefix("0-attempt")
    expect(timeline.panel.locator("h3")).to_contain_text(f"Attempt {number} ")


def test_the_clock_that_a_cell_moved_is_seen_when_the_reader_comes_back(page: Page) -> None:
    timeline = Timeline(page, 0)
    clock = timeline.root.locator(".qt-clock strong")
    before = clock.inner_text()
    page.page.evaluate("() => { document.activeElement.blur(); window.left = performance.now(); }")
    page.execute("lab.clock.advance(minutes=7)")
    page.page.wait_for_function("performance.now() - window.left > 1600")  # it does not look all the time
    expect(clock).to_have_text(before)
    timeline.part("step-minute").focus()
    expect(clock).not_to_have_text(before)


def test_all_is_reached_with_tab_and_axe_finds_nothing(page: Page) -> None:
    timeline = Timeline(page, 0)
    timeline.use("table")
    expect(timeline.root.locator(".qt-table tbody tr").first).to_be_visible()
    timeline.part("0-attempt1").focus()
    press(page, "ArrowRight")
    expect(timeline.panel).to_be_visible()
    code = read_code(timeline.root, page)
    assert set(code) == {"smtplab", "Postfix", "Exim"}
    assert unreached(page, timeline.root) == []
    assert page.violations(".qt-widget") == []
    timeline.use("table")
    expect(timeline.root.locator(".qt-table")).to_have_count(0)


def test_hostile_text_stays_text(page: Page) -> None:
    timeline = Timeline(page, 1)
    timeline.use("act-0")
    for key in ("0-attempt1", "0-attempt2", "0-notice1", "0-next"):
        page.click(timeline.part(key))
        expect(timeline.part(key)).to_have_attribute("aria-pressed", "true")
    timeline.use("table")
    expect(timeline.root.locator(".qt-table")).to_contain_text("<script>")
    assert timeline.root.locator("script, img").count() == 0
    assert page.page.evaluate("typeof window.pwned") == "undefined"


@pytest.mark.parametrize("width", [380, 760, 1400])
def test_nothing_is_wider_than_the_widget(page: Page, width: int) -> None:
    timeline = Timeline(page, 0)
    timeline.root.evaluate("(root, width) => { root.style.width = `${width}px`; }", width)
    wide = timeline.root.evaluate("(root) => root.scrollWidth - root.clientWidth")
    overlapping = timeline.root.evaluate(
        """(root) => [...root.querySelectorAll(".qt-lane .qt-track")].flatMap((track) => {
          const shown = [...track.querySelectorAll(".qt-mark > b")].filter((one) => one.checkVisibility());
          const boxes = shown.map((one) => one.getBoundingClientRect()).sort((a, b) => a.left - b.left);
          return boxes.slice(1).filter((box, n) => box.left < boxes[n].right - 1).map((box) => box.left);
        })"""
    )
    timeline.root.evaluate("(root) => { root.style.width = ''; }")
    assert (wide, overlapping) == (0, [])
