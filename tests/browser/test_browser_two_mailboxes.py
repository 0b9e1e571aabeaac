"""The two mailboxes in JupyterLab: by keyboard, narrow, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.keys import press, read_code, unreached, use, watched

_WIDER = """(root) => [...root.querySelectorAll("*")]
  .filter((one) => !one.closest(".smtplab-hidden, [hidden], pre"))
  .filter((one) => one.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
  .map((one) => one.outerHTML.slice(0, 120))"""

_START = """
from smtplab import Lab
lab = Lab()
boxes = lab.two_mailboxes()
boxes
"""


@pytest.fixture(scope="module")
def opened(open_made: Callable[..., Page]) -> Page:
    return open_made(_START)


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    opened.execute("boxes.restart()")
    yield from watched(opened)


class Boxes:
    """The widget on the page."""

    def __init__(self, page: Page) -> None:
        self.root = page.output("cell-0").locator(".tm-widget").first
        self.next = self.root.locator('[data-key="next"]')
        self.title = self.root.locator(".tm-title")
        self.pop3 = self.root.get_by_role("region", name="POP3", exact=True)
        self.imap = self.root.get_by_role("region", name="IMAP", exact=True)
        self.says = self.root.locator(".sl-says")

    def lane(self, board: Locator, who: str) -> Locator:
        return board.get_by_role("region", name=f"The {who}")


@pytest.fixture
def boxes(page: Page) -> Boxes:
    made = Boxes(page)
    expect(made.title).to_contain_text("nobody has looked yet")
    return made


def to_step(page: Page, boxes: Boxes, last: int) -> None:
    for step in range(1, last + 1):
        use(page, boxes.next, "Enter")
        expect(boxes.title).to_contain_text(f"{step} ·")


def test_the_script_is_stepped_to_its_end_by_keyboard(page: Page, boxes: Boxes) -> None:
    to_step(page, boxes, 8)
    expect(boxes.next).to_be_focused()
    expect(boxes.lane(boxes.pop3, "server").locator(".tm-flag")).to_have_count(0)
    expect(boxes.lane(boxes.imap, "server")).to_contain_text("✕ to be deleted")
    for step in range(9, 12):
        use(page, boxes.next, "Space")
        expect(boxes.title).to_contain_text(f"{step} ·")
    expect(boxes.lane(boxes.pop3, "laptop").locator(".tm-card")).to_have_count(2)
    expect(boxes.lane(boxes.pop3, "server").locator(".tm-card")).to_have_count(2)
    expect(boxes.lane(boxes.imap, "server")).to_contain_text("For Alice")
    use(page, boxes.next, "Enter")
    expect(boxes.title).to_contain_text("nobody has looked yet")
    expect(boxes.next).to_be_focused()


def test_commands_are_given_by_keyboard(page: Page, boxes: Boxes) -> None:
    use(page, boxes.pop3.get_by_text("Give commands yourself"), "Enter")
    use(page, boxes.pop3.get_by_role("button", name="STAT"), "Enter")
    expect(boxes.says).to_contain_text("log in first")
    use(page, boxes.pop3.get_by_role("button", name="log in"), "Enter")
    expect(boxes.lane(boxes.pop3, "laptop")).to_contain_text("TRANSACTION")
    expect(boxes.says).to_have_text("")
    use(page, boxes.pop3.get_by_role("button", name="Letter 3"), "Space")
    use(page, boxes.pop3.get_by_role("button", name="DELE 3"), "Enter")
    expect(boxes.lane(boxes.pop3, "server")).to_contain_text("✕ marked for deletion")
    expect(boxes.pop3.get_by_role("button", name="DELE 3")).to_be_focused()
    use(page, boxes.pop3.get_by_role("button", name="QUIT"), "Enter")
    expect(boxes.lane(boxes.pop3, "server")).to_contain_text("✕ 1 gone")


def test_every_control_is_reached_and_the_code_is_copied(page: Page, boxes: Boxes) -> None:
    to_step(page, boxes, 2)
    assert unreached(page, boxes.root) == []
    code = read_code(boxes.root, page)
    assert "poplib.POP3" in code["poplib"] and "imaplib.IMAP4" in code["imaplib"]
    assert "curl" in code["curl"]


def test_axe_finds_nothing_in_light_and_dark_and_nothing_is_cut_off(page: Page, boxes: Boxes) -> None:
    to_step(page, boxes, 7)
    for one in boxes.root.locator("details:not([open]) > summary").all():
        one.press("Enter")
    assert page.violations(".tm-widget") == []
    boxes.root.evaluate("(root) => { root.style.width = '380px'; }")
    assert boxes.root.evaluate(_WIDER) == []
    boxes.root.evaluate("(root) => { root.style.width = ''; }")
    press(page, "Tab")
