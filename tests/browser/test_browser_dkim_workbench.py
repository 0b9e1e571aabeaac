"""The DKIM workbench of lesson 10: by keyboard, while typing, hostile messages, narrow, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.hostile import HANDLER, OVERRIDE, SCRIPT
from tests.browser.keys import drawn, press, unreached, use

LESSON = "10-dkim"

# What hostile text would have become, had it been taken for markup.
_MADE_OF_IT = "(place) => place.querySelectorAll('script, img, iframe, object, a').length"

# Whatever is wider than the widget and does not scroll.
_WIDER = """(root) => [...root.querySelectorAll("*")]
  .filter((one) => !one.closest(".smtplab-hidden, [hidden], .sl-scroll, .sb-scroll, pre, svg"))
  .filter((one) => one.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
  .map((one) => one.outerHTML.slice(0, 120))"""


class Bench:
    """The workbench on the page."""

    def __init__(self, page: Page) -> None:
        self.root = drawn(page, "workbench-see", ".dk-widget")
        self.text = self.root.get_by_label("Change any octet")
        self.result = self.root.locator(".dk-says .smtplab-big")
        self.chain = self.root.locator(".dk-chained")
        self.links = self.root.locator(".dk-link .dk-state")
        self.says = self.root.locator(".sl-says")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def tab(self, name: str) -> Locator:
        return self.root.get_by_role("tab", name=name, exact=True)

    def breaks(self, *states: str) -> None:
        """Wait until the four links are whole, broken or unknown, from the body to the key."""
        expect(self.links).to_have_text([re.compile(state) for state in states])


@pytest.fixture
def bench(page: Page) -> Iterator[Bench]:
    made = Bench(page)
    page.execute("first = bench.source")
    expect(made.result).to_have_text("✓ pass")
    expect(made.button("Undo")).to_have_attribute("aria-disabled", "true")
    expect(made.text).to_have_value(re.compile("^DKIM-Signature: .*at one", re.DOTALL))
    yield made
    assert page.page.evaluate("typeof window.pwned") == "undefined"


def test_a_footer_breaks_the_body_and_undo_mends_it(page: Page, bench: Bench) -> None:
    use(page, bench.button("A footer"), "Enter")
    expect(bench.result).to_have_text("✕ fail")
    bench.breaks("broken", "whole", "whole", "whole")
    expect(bench.chain).to_contain_text("Lines were put behind the body")
    expect(bench.button("A footer")).to_be_focused()
    use(page, bench.button("Undo"), "Space")
    bench.breaks("whole", "whole", "whole", "whole")
    use(page, bench.button("[list] in Subject"), "Enter")
    bench.breaks("whole", "unknown", "broken", "whole")
    use(page, bench.button("Back to the original"), "Enter")
    expect(bench.result).to_have_text("✓ pass")


def test_an_octet_is_typed_and_verified_and_typing_goes_on(page: Page, bench: Bench) -> None:
    bench.text.focus()
    press(page, "Control+End")
    page.page.keyboard.type("-- ", delay=5)
    bench.breaks("broken", "whole", "whole", "whole")
    page.page.keyboard.type("a list of many people, and more of them", delay=15)
    expect(
        bench.root.locator(".dk-row", has_text="-- a list of many people, and more of them")
    ).to_be_visible()
    expect(bench.text).to_have_value(re.compile("-- a list of many people, and more of them$"))
    expect(bench.text).to_be_focused()
    use(page, bench.button("Undo"), "Enter")
    use(page, bench.button("Back to the original"), "Enter")
    expect(bench.result).to_have_text("✓ pass")


def test_it_is_signed_again_with_another_form_and_key(page: Page, bench: Bench) -> None:
    bench.root.get_by_label("Header", exact=True).select_option("simple")
    expect(bench.text).to_have_value(re.compile("c=simple/relaxed"))
    bench.root.get_by_label("Key", exact=True).select_option("ed25519")
    expect(bench.text).to_have_value(re.compile("a=ed25519-sha256"))
    use(page, bench.button("A space in Subject"), "Enter")
    bench.breaks("whole", "unknown", "broken", "whole")
    use(page, bench.button("Sign it as it is now"), "Enter")
    expect(bench.result).to_have_text("✓ pass")
    use(page, bench.root.get_by_role("checkbox", name=re.compile("^l=")), "Space")
    expect(bench.text).to_have_value(re.compile("l=94;"))
    use(page, bench.button("A footer"), "Enter")
    expect(bench.root.locator(".dk-is-open", has_text="400 people")).to_be_visible()
    expect(bench.result).to_have_text("✓ pass")
    use(page, bench.root.get_by_role("checkbox", name=re.compile("^x=")), "Space")
    bench.root.get_by_label("Verified", exact=True).select_option("late")
    expect(bench.result).to_have_text("~ policy")


def test_the_views_are_reached_by_arrow_keys_and_a_key_is_taken_away(page: Page, bench: Bench) -> None:
    bench.tab("Message").focus()
    for name, text in (
        ("Tags", "which of its keys"),
        ("Canonical form", "As it is hashed"),
        ("Steps", "body hash"),
    ):
        press(page, "ArrowRight")
        expect(bench.tab(name)).to_be_focused()
        expect(bench.root.get_by_role("tabpanel", name=name)).to_contain_text(text)
    press(page, "ArrowRight")
    use(page, bench.button("No key"), "Enter")
    expect(bench.root.locator(".cm-head")).to_contain_text("✕ permerror")
    expect(bench.button("No key")).to_be_focused()
    press(page, "Escape")
    use(page, bench.tab("What if"), "ArrowRight")
    bench.root.get_by_label("Paste a key record").fill("v=DKIM1; k=rsa; t=y; p=MIIB")
    expect(bench.root.locator(".sb-advice")).to_contain_text("half of one")
    expect(bench.root.locator("mark.smtplab-no")).to_contain_text("MIIB")
    use(page, bench.button("This signature"), "Enter")
    expect(bench.root.get_by_label("Paste a key record")).to_have_value(re.compile("^DKIM-Signature: "))
    expect(bench.root.locator(".dk-lint")).to_contain_text("Read as a DKIM-Signature field")


def test_hostile_messages_are_text(page: Page, bench: Bench) -> None:
    evil = f"{SCRIPT}{HANDLER}{OVERRIDE}"
    page.execute(
        f"bench.edit(('Subject: ' + {evil!r} + '\\r\\n' + first.decode() + {evil!r} + '\\0').encode())"
    )
    expect(bench.text).to_have_value(re.compile(re.escape(f"Subject: {SCRIPT}{HANDLER}\\u202egnp.exe")))
    expect(bench.root.locator(".dk-row").first).to_contain_text(SCRIPT)
    expect(bench.text).to_have_value(re.compile(r"\\x00$"))
    bench.tab("Linter").click()
    bench.root.get_by_label("Paste a key record").fill(f"v=DKIM1; p={evil}")
    expect(bench.root.locator(".sb-text")).to_contain_text(SCRIPT)
    page.execute("bench.edit(first + b'x' * 1_000_000)")
    expect(bench.text).to_have_attribute("readonly", "")
    assert bench.root.evaluate(_MADE_OF_IT) == 0


def test_every_control_is_reached_the_code_is_copied_and_keys_stay_here(page: Page, bench: Bench) -> None:
    count = page.page.locator(".jp-Cell").count()
    bench.button("A footer").focus()
    press(page, "d", "d", "a")
    bench.text.focus()
    press(page, "Control+Enter", "Shift+Enter")
    assert page.page.locator(".jp-Cell").count() == count
    use(page, bench.button("Back to the original"), "Enter")
    assert unreached(page, bench.root) == []
    use(page, bench.button("Show the code"), "Enter")
    codes = bench.root.locator(".sl-codes")
    codes.get_by_role("tab", name="smtplab").focus()
    for name, text in (("cryptography", "key.verify("), ("openssl and dig", "openssl dgst -sha256 -verify")):
        press(page, "ArrowRight")
        expect(codes.get_by_role("tab", name=name)).to_be_focused()
        expect(codes.get_by_role("tabpanel", name=name)).to_contain_text(text)
    use(page, bench.button("Show the code"), "Enter")


def test_axe_finds_nothing_in_light_and_dark_and_nothing_is_cut_off(page: Page, bench: Bench) -> None:
    use(page, bench.button("A footer"), "Enter")
    bench.breaks("broken", "whole", "whole", "whole")
    use(page, bench.button("A second From"), "Enter")
    bench.breaks("broken", "unknown", "broken", "whole")
    page.execute("bench.what_if('revoked'); bench.paste('v=DKIM1; k=rsa; t=y; g=*; p=MIIB')")
    expect(bench.root.locator(".sb-advice")).to_contain_text("half of one")
    bench.root.evaluate(
        "(root) => root.querySelectorAll('.dk-view').forEach((one) => { one.hidden = false; })"
    )
    assert page.violations(".dk-widget") == []
    bench.root.evaluate("(root) => { root.style.width = '380px'; }")
    assert bench.root.evaluate(_WIDER) == []
    bench.root.evaluate("(root) => { root.style.width = ''; }")
