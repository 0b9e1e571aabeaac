"""The relay table of lesson 06, by keyboard alone: what each control sets on the server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.keys import (
    drawn,
    press,
    read_code,
    read_ladder,
    save_capture,
    unreached,
    use,
)

LESSON = "06-auth-and-relay"


class Relay:
    """The relay table on the page, and its controls by the keys that the drawing gives them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = drawn(page, "table", ".rt-widget")
        self.banner = self.root.locator(".rt-banner .smtplab-big")
        self.says = self.root.locator(".sl-says")
        self.hole = self.control("switch-outsider-elsewhere")
        expect(self.banner).to_have_text("✓ Not an open relay")
        expect(self.hole).to_have_text("✕ denied")

    def control(self, key: str) -> Locator:
        return self.root.locator(f'[data-key="{key}"]')

    def use(self, key: str, stroke: str) -> None:
        use(self.page, self.control(key), stroke)

    def result(self, cell: str) -> Locator:
        """What the trial of a cell came to."""
        controls = self.root.page.locator(f'[data-key="try-{cell}"]')
        return self.root.locator(".rt-cell").filter(has=controls).locator(".rt-result")

    def reset(self) -> None:
        """Set the server as it was, and see that it is."""
        self.use("reset", "Enter")
        expect(self.control("reset")).to_have_attribute("aria-pressed", "true")
        expect(self.banner).to_have_text("✓ Not an open relay")
        expect(self.hole).to_have_text("✕ denied")


@pytest.fixture
def relay(page: Page) -> Relay:
    return Relay(page)


def test_one_switch_makes_an_open_relay_and_trials_show_it(relay: Relay) -> None:
    cell = "outsider-elsewhere"
    relay.use(f"try-{cell}", "Enter")
    expect(relay.result(cell)).to_contain_text("554")
    relay.use(f"switch-{cell}", "Space")
    expect(relay.banner).to_have_text("✕ Open relay")
    expect(relay.hole).to_have_text("✓ allowed")
    expect(relay.hole).to_have_attribute("aria-pressed", "true")
    expect(relay.hole).to_be_focused()
    expect(relay.result(cell)).to_contain_text("tried before the last change")
    relay.use(f"try-{cell}", "Enter")
    expect(relay.result(cell)).to_contain_text("250")
    expect(relay.control(f"try-{cell}")).to_be_focused()
    relay.use(f"switch-{cell}", "Space")
    expect(relay.banner).to_have_text("✓ Not an open relay")
    expect(relay.hole).to_have_text("✕ denied")
    expect(relay.control("reset")).to_have_attribute("aria-pressed", "true")


def test_all_six_are_tried_and_a_dialogue_opens_and_closes(relay: Relay) -> None:
    relay.use("all", "Enter")
    expect(relay.says).to_contain_text("Tried six: 5 accepted, 1 refused.")
    expect(relay.root.locator(".rt-result")).to_have_count(6)
    opener = relay.control("open-outsider-elsewhere")
    relay.use("open-outsider-elsewhere", "Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(relay.root.locator(".rt-heading h3")).to_have_text("Dialogue: outsider, elsewhere")
    read_ladder(relay.root, relay.page, "RCPT")
    press(relay.page, "Escape")
    relay.page.rest()
    expect(opener).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "false")
    expect(relay.root.locator(".sl-main")).to_be_hidden()


def test_presets_set_the_server(relay: Relay) -> None:
    for word, banner, outside in [
        ("open relay", "✕ Open relay", "✓ allowed"),
        ("mail exchanger", "✓ Not an open relay", "✕ denied"),
        ("the NAT trap", "✕ Open relay, though the table says no", "✕ denied"),
    ]:
        relay.use(f"preset-{word}", "Enter")
        expect(relay.control(f"preset-{word}")).to_have_attribute("aria-pressed", "true")
        expect(relay.control(f"preset-{word}")).to_be_focused()
        expect(relay.banner).to_have_text(banner)
        expect(relay.hole).to_have_text(outside)
    relay.use("try-outsider-elsewhere", "Space")
    expect(relay.result("outsider-elsewhere")).to_contain_text("250")
    expect(relay.result("outsider-elsewhere")).to_contain_text("the server took it for inside")
    relay.reset()


def test_a_refusal_is_for_now_or_for_good(relay: Relay) -> None:
    result = relay.result("outsider-elsewhere")
    for key, stroke, code in [("deny-554", "ArrowDown", "454"), ("deny-454", "ArrowUp", "554")]:
        relay.use(key, stroke)
        expect(relay.control("reset")).to_have_attribute("aria-pressed", "true" if code == "554" else "false")
        expect(relay.control(f"deny-{code}")).to_be_checked()
        expect(relay.control(f"deny-{code}")).to_be_focused()
        relay.use("try-outsider-elsewhere", "Enter")
        expect(result).to_contain_text(code)
    expect(relay.control("reset")).to_have_attribute("aria-pressed", "true")


def test_networks_and_the_gateway_are_set(relay: Relay) -> None:
    networks, gateway = relay.control("networks"), relay.control("gateway")
    before = networks.input_value()
    relay.use("networks", "ControlOrMeta+a")
    relay.page.page.keyboard.type("0.0.0.0/0")
    press(relay.page, "Enter")
    relay.page.rest()
    expect(relay.banner).to_have_text("✕ Open relay, though the table says no")
    expect(networks).to_be_focused()
    relay.use("networks", "ControlOrMeta+a")
    relay.page.page.keyboard.type("no network")
    press(relay.page, "Tab")
    expect(relay.control("inside")).to_be_focused()
    press(relay.page, "Enter")
    relay.page.rest()
    expect(relay.says).to_contain_text("network")
    expect(relay.banner).to_have_text("✕ Open relay, though the table says no")  # as before: nothing was set
    relay.reset()
    expect(networks).to_have_value(before)
    for now in ("on", "off"):
        relay.use("gateway", "Space")
        expect(gateway).to_have_text(now)
        expect(gateway).to_be_focused()
    relay.reset()


def test_a_dialogue_is_closed_with_its_button(relay: Relay) -> None:
    relay.use("try-inside-local", "Enter")
    expect(relay.result("inside-local")).to_contain_text("250")
    relay.use("open-inside-local", "Space")
    expect(relay.root.locator(".rt-heading h3")).to_have_text("Dialogue: inside, its own users")
    use(relay.page, relay.root.get_by_role("button", name="Close"), "Enter")
    expect(relay.root.locator(".sl-main")).to_be_hidden()
    expect(relay.control("open-inside-local")).to_be_focused()


def test_all_of_the_table_is_reached_with_tab(relay: Relay) -> None:
    relay.use("try-outsider-elsewhere", "Enter")
    relay.use("open-outsider-elsewhere", "Enter")
    expect(relay.root.locator(".sl-main")).to_be_visible()
    save_capture(relay.root, relay.page)
    denied = read_code(relay.root, relay.page)
    relay.use("deny-554", "ArrowDown")
    expect(relay.control("reset")).to_have_attribute("aria-pressed", "false")
    deferred = read_code(relay.root, relay.page)
    assert {"Postfix", "Exim", "smtplib"} <= set(denied) == set(deferred)
    assert denied["Postfix"] != deferred["Postfix"] and "454" in deferred["Postfix"]
    relay.reset()
    use(relay.page, relay.root.get_by_role("button", name="Show the code"), "Enter")
    assert unreached(relay.page, relay.root) == []
    assert relay.page.violations(".rt-widget") == []


def test_the_login_that_is_taken_apart_folds(page: Page) -> None:
    shown = page.output("decode-plain").locator(".smtplab-verdict")
    listener = shown.locator("details", has_text="a listener without TLS")
    expect(listener).to_contain_text("wonderland")
    password = listener.locator(".smtplab-step", has_text="wonderland")
    expect(password).to_be_visible()
    listener.locator("summary").focus()
    press(page, "Enter")
    expect(password).to_be_hidden()
    press(page, "Space")
    expect(password).to_be_visible()
    assert unreached(page, shown) == []
