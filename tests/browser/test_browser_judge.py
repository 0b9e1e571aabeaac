"""The judge desk in JupyterLab: a paste, the keyboard, hostile text, a file, narrow, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.driver import Page
from tests.browser.hostile import EVIL, SCRIPT
from tests.browser.keys import press, read_code, unreached, use, watched
from tests.browser.test_browser_reply_desk import _MADE_OF_IT, _PASTE, _WIDER

MESSAGE = (
    "Return-Path: <alice@acorn.example>\n"
    "Received: from mail.acorn.example (mail.acorn.example [192.0.2.10])\n"
    "\tby mx.birch.example with ESMTPS id 1; Mon, 02 Mar 2026 09:00:00 +0000\n"
    "From: Alice <alice@acorn.example>\nTo: bob@birch.example\nSubject: Tea?\n"
    "Date: Mon, 02 Mar 2026 09:00:00 +0000\nMessage-ID: <tea.1@acorn.example>\n\nAt five.\n"
)
SPF = 'acorn.example. 300 IN TXT "v=spf1 ip4:192.0.2.10 -all"\n'
DMARC = '_dmarc.acorn.example. 300 IN TXT "v=DMARC1; p=reject"\n'


@pytest.fixture(scope="module")
def opened(open_made: Callable[..., Page]) -> Page:
    return open_made("from smtplab import judge_desk\ndesk = judge_desk()\ndesk")


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    yield from watched(opened)
    assert opened.page.evaluate("typeof window.pwned") == "undefined"


class Desk:
    """The desk on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.output("cell-0").locator(".jd-desk").first
        self.message = self.root.get_by_label("The message as it arrived")
        self.answers = self.root.get_by_label("DNS answers")
        self.trusted = self.root.get_by_label("Hosts that you trust")
        self.result = self.root.get_by_role("region", name="The judgement")
        self.says = self.root.locator(".sl-says")
        self.judge = self.root.get_by_role("button", name="Judge", exact=True)

    def fill(self, message: str, answers: str = "") -> None:
        self.message.fill(message)
        self.answers.fill(answers)
        self.trusted.fill("mx.birch.example")
        self.page.press(self.judge, "Enter")


@pytest.fixture
def desk(page: Page) -> Desk:
    return Desk(page)


def test_a_paste_is_judged_and_the_answers_go_on_by_keyboard(page: Page, desk: Desk) -> None:
    desk.trusted.fill("mx.birch.example")
    desk.message.focus()
    page.ask(_PASTE, MESSAGE)
    page.rest()
    expect(desk.result).to_contain_text("SPF is unknown for acorn.example")
    tab = desk.root.get_by_role("tab", name="nslookup")
    desk.root.get_by_role("tab", name="dig", exact=True).first.focus()
    press(page, "ArrowRight")
    expect(tab).to_be_focused()
    expect(desk.root.locator(".jd-missing")).to_contain_text("nslookup -type=TXT acorn.example.")
    cells = page.page.locator(".jp-Cell").count()
    desk.answers.fill(SPF + DMARC)
    page.press(desk.answers, "Control+Enter")
    expect(desk.result).to_contain_text("SPF is pass for acorn.example")
    expect(desk.root.locator(".jd-missing")).to_have_count(0)
    expect(desk.answers).to_be_focused()
    assert page.page.locator(".jp-Cell").count() == cells
    use(page, desk.root.locator(".jd-tries > summary"), "Enter")
    record = desk.root.get_by_label("acorn.example TXT").locator("visible=true").first
    record.fill("v=spf1 -all")
    page.press(record, "Control+Enter")
    expect(desk.root.locator(".jd-tried")).to_contain_text("SPF is fail")
    expect(record).to_have_value("v=spf1 -all")


def test_what_can_not_be_judged_is_one_sentence_and_the_boxes_keep_what_is_in_them(desk: Desk) -> None:
    desk.fill("", "some answers")
    expect(desk.says).to_contain_text("There is nothing here yet")
    expect(desk.result).to_have_text("")
    expect(desk.answers).to_have_value("some answers")


def test_a_file_is_judged_instead_until_the_text_is_wanted(page: Page, desk: Desk) -> None:
    desk.fill(MESSAGE)
    desk.root.locator("input[type=file]").set_input_files(
        {"name": "reply.txt", "mimeType": "text/plain", "buffer": b"550 5.1.1 user unknown\r\n"}
    )
    page.rest()
    expect(desk.result).to_contain_text("Read as: reply")
    expect(desk.message).to_have_value(MESSAGE)
    page.press(desk.root.get_by_role("button", name="Judge the text instead"), "Enter")
    expect(desk.result).to_contain_text("It came from 192.0.2.10")


def test_hostile_text_is_text(page: Page, desk: Desk) -> None:
    desk.fill(MESSAGE.replace("Alice", EVIL) + EVIL, f"{SPF}{EVIL}\n")
    desk.root.evaluate("(root) => root.querySelectorAll('details').forEach((one) => { one.open = true; })")
    expect(desk.result).to_contain_text(SCRIPT)
    assert desk.root.evaluate(_MADE_OF_IT) == 0
    assert "\u202e" not in desk.result.inner_text()


def test_every_control_is_reached_and_nothing_is_cut_off_or_pale(page: Page, desk: Desk) -> None:
    desk.fill(MESSAGE, f"{SPF}good morning\n")
    expect(desk.root.locator(".jd-missing")).to_contain_text("_dmarc")
    desk.root.evaluate("(root) => root.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert unreached(page, desk.root) == []
    assert page.violations(".jd-desk") == []
    desk.root.evaluate("(root) => { root.style.width = '470px'; }")
    assert desk.root.evaluate(_WIDER) == []
    desk.root.evaluate("(root) => { root.style.width = ''; }")


def test_a_page_is_saved(page: Page, desk: Desk) -> None:
    desk.fill(MESSAGE, SPF + DMARC)
    with page.page.expect_download() as coming:
        use(
            page,
            desk.root.get_by_role("button", name="Save with user names and IP addresses hidden"),
            "Enter",
        )
    assert coming.value.suggested_filename == "judgement.html"
    said = coming.value.path().read_text(encoding="utf-8")
    assert "alice@acorn.example" not in said and "SPF" in said


def test_the_code_is_copied(page: Page, desk: Desk) -> None:
    desk.fill(MESSAGE, SPF + DMARC)
    expect(desk.root.locator(".jd-missing")).to_have_count(0)
    code = read_code(desk.root, page)
    assert code["Command line"].startswith("smtplab judge message.eml --dns answers.txt")
    assert "judge_case(case" in code["smtplab"]
