"""The reply desk in JupyterLab: by keyboard, with a paste, with hostile text, narrow, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from smtplab.show.reply_examples import EXAMPLES
from tests.browser.driver import Page
from tests.browser.hostile import EVIL, SCRIPT
from tests.browser.keys import press, read_code, unreached, use, watched

# What hostile text would have become, had it been taken for markup.
_MADE_OF_IT = "(place) => place.querySelectorAll('script, img, iframe, object, a').length"

_PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const field = document.activeElement;
  const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  if (field.dispatchEvent(paste))
    field.setRangeText(text, 0, field.value.length, "end");
}"""

# Whatever is wider than the widget.
_WIDER = """(root) => [...root.querySelectorAll("*")]
  .filter((one) => !one.closest(".smtplab-hidden, [hidden]"))
  .filter((one) => one.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
  .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def opened(open_made: Callable[..., Page]) -> Page:
    return open_made("from smtplab import Lab\nlab = Lab()\ndesk = lab.reply_desk()\ndesk")


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    yield from watched(opened)
    assert opened.page.evaluate("typeof window.pwned") == "undefined"


class Desk:
    """The desk on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.output("cell-0").locator(".rd-desk").first
        self.text = self.root.get_by_label("A reply, or the line of a log")
        self.result = self.root.get_by_role("region", name="What the reply means")
        self.chip = self.result.locator(".smtplab-big").first
        self.says = self.root.locator(".sl-says")

    def type(self, text: str) -> None:
        self.page.enter(self.text, text)

    def part(self, kind: str) -> Locator:
        return self.result.locator(f'mark[data-part="{kind}"]')


@pytest.fixture
def desk(page: Page) -> Desk:
    return Desk(page)


def test_a_reply_is_typed_and_explained_by_keyboard(page: Page, desk: Desk) -> None:
    desk.type("552 too many recipients")
    expect(desk.chip).to_have_text("~ temporary")
    expect(desk.text).to_be_focused()
    place = desk.root.get_by_label("It answered")
    place.select_option(".")
    page.rest()
    expect(desk.chip).to_have_text("✕ permanent")
    expect(desk.result).to_contain_text("After the end of data.")
    place.select_option("")
    page.rest()
    expect(desk.chip).to_have_text("~ temporary")
    use(page, desk.root.get_by_role("button", name="Explain"), "Enter")
    expect(desk.root.get_by_role("button", name="Explain")).to_be_focused()
    expect(desk.chip).to_have_text("~ temporary")


def test_an_example_is_taken_and_its_parts_light_up(page: Page, desk: Desk) -> None:
    use(page, desk.root.get_by_role("button", name="Postfix log"), "Enter")
    expect(desk.chip).to_have_text("✕ permanent")
    expect(desk.text).to_have_value(EXAMPLES["Postfix log"])
    expect(desk.root.get_by_role("button", name="Postfix log")).to_be_focused()
    for kind, said in (("first", "5"), ("third", "0"), ("subject", "1")):
        desk.result.locator(f'li[data-part="{kind}"]').focus()
        expect(desk.result.locator("mark.rd-lit")).to_have_text([said])
    use(page, desk.root.get_by_role("button", name="5.7.30"), "Space")
    expect(desk.result.locator(".rd-uses")).to_contain_text("≠ something else: a collision")


def test_a_paste_is_explained_at_once_and_enter_makes_no_line(page: Page, desk: Desk) -> None:
    desk.text.fill("")
    desk.text.focus()
    page.ask(_PASTE, EXAMPLES["No connection"])
    expect(desk.chip).to_have_text("~ temporary")
    expect(desk.result.locator(".rd-name")).to_have_text("4.4.1")
    count = page.page.locator(".jp-Cell").count()
    desk.text.fill("450 one")
    press(page, "Shift+Enter")
    page.page.keyboard.type("two dd")
    press(page, "Enter")
    page.rest()
    expect(desk.text).to_have_value("450 one\ntwo dd")
    expect(desk.part("words")).to_contain_text("two dd")
    assert page.page.locator(".jp-Cell").count() == count


def test_what_is_no_reply_is_one_sentence(desk: Desk) -> None:
    desk.type("hello")
    expect(desk.says).to_contain_text("no reply stands in this")
    expect(desk.result).to_be_hidden()
    desk.type("421")
    expect(desk.says).to_be_empty()
    expect(desk.chip).to_have_text("~ temporary")


def test_hostile_text_is_text(page: Page, desk: Desk) -> None:
    desk.type(f"host {EVIL} said: 550 5.7.1 {EVIL} (in reply to RCPT TO command)")
    expect(desk.part("words")).to_contain_text(SCRIPT)
    desk.result.get_by_text("The verdict, step by step").click()
    assert desk.root.evaluate(_MADE_OF_IT) == 0
    assert "\u202e" not in desk.result.inner_text()


def test_every_control_is_reached_and_the_code_is_copied(page: Page, desk: Desk) -> None:
    desk.type("550 5.1.1 user unknown")
    expect(desk.chip).to_have_text("✕ permanent")
    assert unreached(page, desk.root) == []
    code = read_code(desk.root, page)
    assert "explain_reply('550 5.1.1 user unknown')" in code["smtplab"]
    assert 'reply = "550 5.1.1"' in code["Python alone"]


def test_axe_finds_nothing_in_light_and_dark(page: Page, desk: Desk) -> None:
    desk.type("dsn=4.7.30, status=deferred (host x said: 451 5.7.30 DKIM did not pass)")
    expect(desk.result).to_contain_text("The two numbers disagree")
    assert page.violations(".rd-desk") == []


def test_nothing_is_cut_off_where_it_is_narrow(page: Page, desk: Desk) -> None:
    desk.type(EXAMPLES["Postfix log"])
    expect(desk.chip).to_have_text("✕ permanent")
    desk.root.evaluate("(root) => { root.style.width = '380px'; }")
    assert desk.root.evaluate(_WIDER) == []
    desk.root.evaluate("(root) => { root.style.width = ''; }")
