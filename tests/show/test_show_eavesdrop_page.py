"""The eavesdropper's view in a real browser, without JupyterLab: keys, mouse, what is lit, axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from smtplab.mail.transcript import Side
from smtplab.show.eavesdrop import Eavesdropper, html
from tests.mail.tls_pair import talked

C, S = Side.CLIENT, Side.SERVER
LIMIT = 20_000  # milliseconds
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# What anywidget does: an element, and a model with the traits.
_SHOW = """async ([script, picture, css]) => {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  window.traits = { picture };
  window.heard = {};
  const model = {
    get: (name) => window.traits[name],
    on: (event, act) => { window.heard[event] = act; },
    off: (event) => { delete window.heard[event]; },
  };
  window.stop = module.default.render({ model, el: document.querySelector("main") });
}"""


@pytest.fixture(scope="module")
def browser(need_program: Callable[..., str]) -> Iterator[Browser]:
    program = need_program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=OPTIONS, timeout=LIMIT)
        yield started
        started.close()


@pytest.fixture(scope="module")
def made() -> Eavesdropper:
    """A session in which one line is torn over three records, the last thing said but one."""
    return Eavesdropper(
        talked(
            (S, b"220 mx.birch.example ESMTP\r\n"),
            (C, b"EHLO me\r\n"),
            (S, b"250 mx.birch.example\r\n"),
            (C, b"x" * 40_000 + b"\r\n"),
            (S, b"500 5.5.2 Too long\r\n"),
        )
    )


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, made: Eavesdropper, request: pytest.FixtureRequest) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme=request.param)
    opened.set_default_timeout(LIMIT)
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.set_content(
        '<html lang="en"><title>t</title><body style="background:var(--smtplab-bg)"><main></main>'
    )
    opened.evaluate(_SHOW, [str(made._esm), made.picture, str(made._css)])
    yield opened
    opened.close()
    assert wrong == []


def lit(page: Page) -> list[str]:
    return [str(row.get_attribute("data-row")) for row in page.locator(".se-lit").all()]


def test_the_keyboard_moves_from_turn_to_turn(page: Page) -> None:
    rows = page.locator(".se-row")
    last = rows.count() - 1
    page.keyboard.press("Tab")
    expect(rows.nth(0)).to_be_focused()
    steps = [("ArrowDown", 1), ("j", 2), ("k", 1), ("ArrowUp", 0), ("ArrowUp", 0), ("End", last)]
    steps += [("ArrowDown", last), ("Home", 0), ("PageDown", min(10, last)), ("PageUp", 0)]
    for key, place in steps:
        page.keyboard.press(key)
        expect(rows.nth(place)).to_be_focused()
        expect(page.locator('.se-row[tabindex="0"]')).to_have_count(1)
    expect(page.locator(".se-lit")).to_have_count(1)


def test_tab_comes_to_one_row_and_to_what_unfolds_in_it(page: Page) -> None:
    """And not to what unfolds in the others, of which there may be dozens."""
    rows = page.locator(".se-row:has(summary)")
    expect(rows).not_to_have_count(0)
    for _ in range(2):  # coming from above, it goes through the row where the keyboard was last
        rows.last.focus()
        page.evaluate("document.activeElement.blur()")
        page.locator(".se-view").evaluate("(root) => { root.tabIndex = -1; root.focus(); }")
        page.keyboard.press("Tab")
        expect(rows.last).to_be_focused()
        for place in range(rows.last.locator("summary").count()):
            page.keyboard.press("Tab")
            expect(rows.last.locator("summary").nth(place)).to_be_focused()
        page.keyboard.press("Tab")
        assert not page.evaluate("document.querySelector('.se-view').contains(document.activeElement)")
        page.evaluate("window.heard['change:picture']()")


def test_focus_lights_every_record_of_a_line(page: Page) -> None:
    rows = page.locator(".se-row")
    torn = next(row for row in rows.all() if row.get_attribute("data-also"))
    number, others = torn.get_attribute("data-row"), str(torn.get_attribute("data-also")).split()
    torn.focus()
    assert lit(page) == [number, *others]
    rows.nth(0).hover()
    assert lit(page) == ["0"]
    page.mouse.move(5, 890)
    assert lit(page) == [number, *others]
    page.evaluate("document.activeElement.blur()")
    assert lit(page) == []


def test_a_click_takes_the_focus_and_enter_opens_the_octets(page: Page) -> None:
    row = page.locator(".se-row", has_text="ClientHello").first
    row.locator(".se-in").click()
    expect(row).to_be_focused()
    table = row.locator("details").first
    assert table.get_attribute("open") is None
    page.keyboard.press("Enter")
    expect(table).to_have_attribute("open", "")
    expect(row).to_contain_text("mx.birch.example: whom the client wants, in clear")
    page.keyboard.press(" ")
    assert table.get_attribute("open") is None
    table.locator("summary").focus()
    page.keyboard.press("Enter")  # the summary's own key still works
    expect(table).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(row).to_be_focused()


def test_a_new_picture_keeps_the_place(page: Page) -> None:
    page.locator(".se-row").nth(3).focus()
    page.evaluate("window.heard['change:picture']()")
    expect(page.locator(".se-row").nth(3)).to_be_focused()
    page.evaluate("window.stop()")
    assert page.evaluate("Object.keys(window.heard)") == []


@pytest.mark.parametrize("width", [1400, 800, 420])
def test_nothing_is_wider_than_the_page(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    wide = page.evaluate(
        """() => [...document.querySelectorAll(".se-view *")].filter((each) =>
        each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== "inline"
        && !each.matches(".se-hex,.smtplab-hidden")).map((each) => each.className)"""
    )
    assert wide == []
    inside, outside = (page.locator(f".se-row {cell}").first.bounding_box() for cell in (".se-in", ".se-out"))
    assert inside is not None and outside is not None
    assert (outside["y"] >= inside["y"] + inside["height"]) == (width <= 800)


def test_axe_finds_nothing(page: Page, made: Eavesdropper) -> None:
    page.locator(".se-row").nth(2).focus()
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    still = str(html(made.transcript))
    page.evaluate("(still) => document.querySelector('main').insertAdjacentHTML('beforeend', still)", still)
    found = Axe().run(page, {"include": [[".se-view"]]}).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
