"""The verdict board of lesson 11: by keyboard, with hostile records, narrow, light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.keys import drawn, press, read_code, unreached, use

LESSON = "11-dmarc"

EVIL = '<script>window.pwned=1</script><img src=x onerror="window.pwned=1">'

# What hostile text would have become, had it been taken for markup.
_MADE_OF_IT = "(place) => place.querySelectorAll('script, img, iframe, object, a, b').length"

# Whatever is wider than the widget and does not scroll.
_WIDER = """(root) => [...root.querySelectorAll("*")]
  .filter((one) => !one.closest(".smtplab-hidden, [hidden], .sl-scroll, pre"))
  .filter((one) => one.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
  .map((one) => one.outerHTML.slice(0, 120))"""

# What the lesson left in the DNS and in the widget goes.
_AGAIN = """
lab.dns.zone("acorn.example").set("_dmarc", "TXT", "v=DMARC1; p=reject")
lab.dns.zone("mallory.example").delete("_dmarc")
board._notice.clear()
board.begin("Mallory")
"""


class Board:
    """The board on the page."""

    def __init__(self, page: Page) -> None:
        self.root = drawn(page, "board-see", ".vb-widget")
        self.author = self.field("From")
        self.judge = self.root.get_by_role("button", name="Judge", exact=True)
        self.again = self.root.get_by_role("button", name="Back to the start")
        self.stages = self.root.locator(".vb-stage .smtplab-big")
        self.picture = self.root.locator(".vb-picture")
        self.moved = self.root.locator(".vb-said")
        self.says = self.root.locator(".sl-says")
        self.table = self.root.locator(".vb-table")

    def field(self, name: str) -> Locator:
        return self.root.get_by_label(name, exact=True)

    def record(self, name: str) -> Locator:
        return self.root.locator(f'textarea[data-name="{name}"]')

    def rule(self, name: str) -> Locator:
        return self.root.get_by_role("radio", name=name)

    def unfold_all(self) -> None:
        for _ in range(self.root.locator("details:not([open]) > summary:visible").count()):
            self.root.locator("details:not([open]) > summary:visible").first.press("Enter")


@pytest.fixture
def board(page: Page) -> Iterator[Board]:
    made = Board(page)
    page.execute(_AGAIN)
    expect(made.author).to_have_value("Alice <alice@acorn.example>")
    yield made
    assert page.page.evaluate("typeof window.pwned") == "undefined"


def test_a_message_is_judged_again_and_again_by_keyboard(page: Page, board: Board) -> None:
    expect(board.stages).to_have_text(["✕ fail", "p=reject", "~ junk folder"])
    page.enter(board.author, "Mallory <mallory@mallory.example>")
    expect(board.stages).to_have_text(["· none", "no policy", "✓ inbox"])
    expect(board.author).to_be_focused()
    page.enter(board.record("_dmarc.mallory.example"), "v=DMARC1; p=reject")
    expect(board.stages).to_have_text(["✓ pass", "p=reject", "✓ inbox"])
    expect(board.moved).to_contain_text("Moved: ")
    board.root.get_by_text("What moved, step by step").press("Enter")
    expect(board.root.locator(".vb-diff")).to_contain_text("one pass that aligns is enough")
    use(page, board.again, "Enter")
    expect(board.author).to_have_value("Alice <alice@acorn.example>")
    expect(board.stages).to_have_text(["✕ fail", "p=reject", "~ junk folder"])


def test_the_receivers_rule_is_chosen_with_the_arrows(page: Page, board: Board) -> None:
    use(page, board.rule("junk folder"), "ArrowRight")
    expect(board.rule("refuses under p=reject")).to_be_focused()
    expect(board.stages.last).to_have_text("✕ refused, 550")
    use(page, board.rule("refuses under p=reject"), "ArrowRight")
    expect(board.stages.last).to_have_text("✕ taken and dropped")


def test_records_are_tried_two_at_a_name_and_kept(page: Page, board: Board) -> None:
    policy = board.record("_dmarc.acorn.example")
    page.enter(policy, "v=DMARC1; p=none")
    expect(board.stages).to_have_text(["✕ fail", "p=none", "✓ inbox"])
    expect(board.root.locator(".vb-tried").last).to_have_text("~ tried, not published")
    policy.focus()
    press(page, "End", "Shift+Enter")
    page.page.keyboard.insert_text("v=DMARC1; p=reject")
    page.press(policy, "Enter")
    expect(board.stages.first).to_have_text("· none")
    page.enter(board.field("EHLO"), "other.example")
    expect(policy).to_have_value("v=DMARC1; p=none\nv=DMARC1; p=reject")


def test_what_is_wrong_is_one_sentence_and_what_was_typed_stays(page: Page, board: Board) -> None:
    address, policy = board.field("client's address"), board.record("_dmarc.acorn.example")
    policy.fill("v=DMARC1; p=none")
    page.enter(address, "nowhere")
    expect(board.says).to_contain_text("nowhere is no IP address.")
    expect(board.stages).to_have_text(["✕ fail", "p=reject", "~ junk folder"])
    expect(policy).to_have_value("v=DMARC1; p=none")
    use(page, board.again, "Space")
    expect(board.says).to_have_text("")
    expect(address).not_to_have_value("nowhere")
    expect(policy).to_have_value("v=DMARC1; p=reject")


def test_the_whole_message_is_edited(page: Page, board: Board) -> None:
    board.root.get_by_text("Edit the whole message").press("Enter")
    source = board.field("source")
    source.fill("From: a@birch.example\n\nhello\n")
    page.press(source, "Control+Enter")
    expect(board.author).to_have_value("a@birch.example")
    expect(board.picture).to_contain_text("no signature")
    board.root.get_by_text("Edit the whole message").press("Enter")


def test_hostile_text_is_text(page: Page, board: Board) -> None:
    page.execute(f'lab.dns.zone("acorn.example").set("_dmarc", "TXT", {EVIL!r})')
    board.field("EHLO").fill(EVIL)
    board.field("MAIL FROM").fill(f"<{EVIL}@mallory.example>")
    page.enter(board.author, EVIL)
    expect(board.picture).to_contain_text(EVIL)
    use(page, board.root.get_by_role("button", name="Alice's own mail"), "Enter")
    expect(board.record("_dmarc.acorn.example")).to_have_value(EVIL)
    board.unfold_all()
    assert board.root.evaluate(_MADE_OF_IT) == 0


def test_every_control_is_reached_and_the_code_is_copied(page: Page, board: Board) -> None:
    page.enter(board.record("_dmarc.acorn.example"), "v=DMARC1; p=quarantine")
    expect(board.stages.nth(1)).to_have_text("p=quarantine")
    board.unfold_all()
    expect(board.table.locator(".vb-now")).to_contain_text("junk folder (this message)")
    assert unreached(page, board.root) == []
    code = read_code(board.root, page)
    assert "dmarc.verify('acorn.example'" in code["smtplab and dns.resolver"]
    assert "_dmarc.acorn.example -t TXT" in code["dig"]


def test_axe_finds_nothing_in_light_and_dark_and_nothing_is_cut_off(page: Page, board: Board) -> None:
    page.enter(board.field("MAIL FROM"), "<mallory@acorn.example>")
    expect(board.root.locator(".vb-check .smtplab-chip").first).to_have_text("✕ fail")
    board.unfold_all()
    assert page.violations(".vb-widget") == []
    board.root.evaluate("(root) => { root.style.width = '380px'; }")
    assert board.root.evaluate(_WIDER) == []
    board.root.evaluate("(root) => { root.style.width = ''; }")
