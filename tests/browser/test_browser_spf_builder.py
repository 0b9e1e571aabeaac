"""The SPF builder of lesson 09: by keyboard, with hostile records, narrow, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.hostile import HANDLER, SCRIPT
from tests.browser.keys import drawn, press, read_code, unreached, use

LESSON = "09-spf"

# What hostile text would have become, had it been taken for markup.
_MADE_OF_IT = "(place) => place.querySelectorAll('script, img, iframe, object, a, b').length"

# Whatever is wider than the widget and does not scroll.
_WIDER = """(root) => [...root.querySelectorAll("*")]
  .filter((one) => !one.closest(".smtplab-hidden, [hidden], .sl-scroll, .sb-scroll, pre, svg"))
  .filter((one) => one.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
  .map((one) => one.outerHTML.slice(0, 120))"""

_ALONE = """
from smtplab import Lab
lab = Lab()
lab.dns.zone("acorn.example").set(
    "@",
    "TXT",
    "v=spf1 ptr ip4:192.0.2.1/8 include:_spf.suite.example include:spf.protection.works.example "
    "include:spf.news.example +all",
)
lab.spf_builder()
"""
_AGAIN = """
zone = lab.dns.zone("acorn.example")
zone.set("@", "TXT", "v=spf1 mx -all")
builder.reset()
builder.ask("192.0.2.10", "alice@acorn.example", "mail.acorn.example")
"""


class Builder:
    """The builder on the page."""

    def __init__(self, page: Page) -> None:
        self.root = drawn(page, "builder-see", ".sb-widget")
        self.text = self.root.get_by_label("The record: tick boxes, or type or paste one")
        self.networks = self.root.get_by_label("Own addresses and networks")
        self.ip = self.root.get_by_label("Client's address")
        self.chip = self.root.locator(".sb-verdict .smtplab-big")
        self.change = self.root.locator(".sb-change")
        self.meter = self.root.locator(".sb-meter")
        self.standing = self.root.locator(".sb-standing")
        self.sent = self.root.locator(".sb-was-sent")
        self.says = self.root.locator(".sl-says")

    def box(self, name: str) -> Locator:
        return self.root.get_by_role("checkbox", name=re.compile(f"^{name}"))

    def press(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=re.compile(f"^{name}"))


@pytest.fixture
def builder(page: Page) -> Iterator[Builder]:
    made = Builder(page)
    page.execute(_AGAIN)
    expect(made.chip).to_have_text("✓ pass")
    expect(made.standing).to_contain_text("Published")
    made.text.fill("v=spf1 mx -all")  # what a reader has typed stays
    made.networks.fill("")
    yield made
    assert page.page.evaluate("typeof window.pwned") == "undefined"


def test_a_record_is_built_over_the_limit_and_mended_by_keyboard(page: Page, builder: Builder) -> None:
    for name in ("Suite", "Works", "News"):
        use(page, builder.box(name), "Space")
        expect(builder.box(name)).to_be_checked()
        expect(builder.text).to_have_value(re.compile(name.lower()))
        expect(builder.box(name)).to_be_focused()
    expect(builder.meter.locator(".sb-over")).to_have_count(2)
    expect(builder.meter).to_contain_text("12 lookups, and 10 are allowed")
    use(page, builder.box("The hosts that receive its mail"), "Space")
    expect(builder.meter.locator(".sb-over")).to_have_count(1)
    use(page, builder.box("Works"), "Space")
    expect(builder.meter).to_contain_text("8 of 10 lookups, 2 left")
    builder.networks.fill("192.0.2.10")
    builder.networks.press("Enter")
    expect(builder.text).to_have_value(
        "v=spf1 ip4:192.0.2.10 include:_spf.suite.example include:spf.news.example -all"
    )
    expect(builder.networks).to_be_focused()
    use(page, builder.root.get_by_role("radio", name="-all"), "ArrowDown")
    expect(builder.text).to_have_value(
        "v=spf1 ip4:192.0.2.10 include:_spf.suite.example include:spf.news.example ~all"
    )


def test_what_is_done_while_the_kernel_works_is_done_after_it(page: Page, builder: Builder) -> None:
    builder.root.evaluate(
        """(root) => {
          for (const key of ["use-suite", "use-crm", "mx"]) root.querySelector(`[data-key="${key}"]`).click();
        }"""
    )
    expect(builder.text).to_have_value("v=spf1 include:_spf.suite.example include:_spf.crmly.example -all")
    for name in ("Suite", "Crmly"):
        expect(builder.box(name)).to_be_checked()
    expect(builder.box("The hosts that receive its mail")).not_to_be_checked()


def test_a_draft_is_compared_published_and_sent_by(page: Page, builder: Builder) -> None:
    use(page, builder.press("News"), "Enter")
    expect(builder.chip).to_have_text("✕ fail")
    expect(builder.change).to_be_hidden()
    use(page, builder.box("News"), "Space")
    expect(builder.chip).to_have_text("✓ pass")
    expect(builder.change.locator(".cm-head")).to_contain_text("✕ fail")
    expect(builder.change.locator(".cm-gone").first).to_be_visible()
    use(page, builder.press("Send through it"), "Enter")
    expect(builder.sent).to_contain_text("spf=fail")
    expect(builder.sent).to_contain_text("not the draft")
    use(page, builder.press("Publish"), "Enter")
    expect(builder.standing).to_contain_text("Published: this is what receivers see")
    expect(builder.change).to_be_hidden()
    use(page, builder.press("Send through it"), "Space")
    expect(builder.sent).to_contain_text("spf=pass")
    builder.sent.get_by_text("The dialogue").press("Enter")
    expect(builder.sent.get_by_role("img", name="SMTP dialogue between")).to_be_visible()


def test_what_is_typed_is_checked_on_enter_and_never_lost(page: Page, builder: Builder) -> None:
    builder.text.fill("v=spf1 ptr ip5:1.2.3.4 -all")
    builder.text.press("Enter")
    expect(builder.root.locator(".sb-advice")).to_contain_text("an error")
    expect(builder.root.locator("mark.smtplab-no")).to_contain_text("ip5:1.2.3.4")
    expect(builder.chip).to_have_text("✕ permerror")
    builder.text.fill("v=spf1 mx typed-and-not-checked")
    builder.ip.fill("1.2.3")
    builder.networks.fill("nonsense")
    builder.networks.press("Enter")
    expect(builder.says).to_contain_text("'nonsense' is no address or network")
    expect(builder.text).to_have_value("v=spf1 mx typed-and-not-checked")
    expect(builder.ip).to_have_value("1.2.3")
    expect(builder.networks).to_have_value("nonsense")
    expect(builder.root.locator(".sb-verdict")).to_contain_text("Write the client's IP address")
    use(page, builder.press("Back to what is published"), "Enter")
    expect(builder.text).to_have_value("v=spf1 mx -all")


def test_a_line_of_a_zone_file_is_pasted(page: Page, builder: Builder) -> None:
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.ask("(text) => navigator.clipboard.writeText(text)", 'acorn.example. 300 IN TXT "v=spf1 m" "x -all"')
    builder.text.fill("")
    press(page, "Control+v")
    expect(builder.text).to_have_value("v=spf1 mx -all")  # what was there before: nothing else is drawn anew
    page.until("assert builder.record == 'v=spf1 mx -all'")


def test_hostile_records_are_text(page: Page, builder: Builder) -> None:
    evil = f"v=spf1 include:{SCRIPT} {HANDLER}\u202e -all"
    page.execute(f"zone.set('@', 'TXT', {evil!r}); zone.set('evil', 'TXT', {evil!r}); builder.reset()")
    expect(builder.chip).to_have_text("✕ permerror")
    expect(builder.root.locator(".sb-text")).to_contain_text(SCRIPT)
    builder.text.fill(f"v=spf1 include:evil.acorn.example {'x' * 100_000}")
    builder.text.press("Enter")
    expect(builder.root.locator(".sb-left").last).to_contain_text("characters more")
    builder.text.fill("v=spf1 include:evil.acorn.example -all")
    builder.text.press("Enter")
    expect(builder.root.locator(".sb-costs")).to_contain_text("is in error")
    assert builder.root.evaluate(_MADE_OF_IT) == 0


def test_every_control_is_reached_the_code_is_copied_and_keys_stay_here(page: Page, builder: Builder) -> None:
    use(page, builder.box("News"), "Space")
    expect(builder.meter).to_contain_text("5 of 10")
    count = page.page.locator(".jp-Cell").count()
    builder.box("News").focus()
    press(page, "d", "d", "a")
    assert page.page.locator(".jp-Cell").count() == count
    assert unreached(page, builder.root) == []
    code = read_code(builder.root, page)
    assert "spf.build(mx=True, include=['spf.news.example'], rest='-all')" in code["smtplab"]
    assert "dns.resolver.Resolver(" in code["dns.resolver"]
    assert "policyd-spf" in code["Postfix and Exim"]


def test_axe_finds_nothing_in_light_and_dark(page: Page, builder: Builder) -> None:
    for name in ("Suite", "Works", "News"):
        use(page, builder.box(name), "Space")
        expect(builder.box(name)).to_be_checked()
    builder.text.fill(
        "v=spf1 ptr ip4:192.0.2.1/8 include:_spf.suite.example include:spf.protection.works.example "
        "include:spf.news.example +all"
    )
    builder.text.press("Enter")
    expect(builder.meter.locator(".sb-over")).to_have_count(2)
    use(page, builder.press("Send through it"), "Enter")
    expect(builder.sent).to_contain_text("spf=pass")
    builder.root.evaluate("(root) => root.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.violations(".sb-widget") == []


def test_nothing_is_cut_off_in_a_narrow_place(open_made: Callable[..., Page]) -> None:
    opened = open_made(_ALONE)
    root = opened.output("cell-0").locator(".sb-widget")
    expect(root.locator(".sb-meter .sb-over")).to_have_count(2)
    root.evaluate("(root) => root.querySelectorAll('details').forEach((one) => { one.open = true; })")
    root.evaluate("(root) => { root.style.width = '380px'; }")
    assert root.evaluate(_WIDER) == []
    assert opened.faults() == []
