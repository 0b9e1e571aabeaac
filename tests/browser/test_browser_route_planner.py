"""The route planner in JupyterLab: by keyboard, with a hostile DNS, narrow, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Page
from tests.browser.hostile import SCRIPT
from tests.browser.keys import press, read_code, unreached, use, watched

# What hostile text would have become, had it been taken for markup.
_MADE_OF_IT = "(place) => place.querySelectorAll('script, img, iframe, object, a, b').length"

# Whatever is wider than the widget and does not scroll.
_WIDER = """(root) => [...root.querySelectorAll("*")]
  .filter((one) => !one.closest(".smtplab-hidden, [hidden], .sl-scroll, pre"))
  .filter((one) => one.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
  .map((one) => one.outerHTML.slice(0, 120))"""

_START = """
from smtplab import Lab
from smtplab.mail.reply import Reply
lab = Lab()
zone = lab.dns.zone("birch.example")
def records(*mx):
    zone.set("@", "MX", *mx or ("10 mx.birch.example", "20 mx2.birch.example"))
planner = lab.route_planner()
planner
"""


@pytest.fixture(scope="module")
def opened(open_made: Callable[..., Page]) -> Page:
    return open_made(_START)


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    opened.execute("records()\nplanner.plan('bob@birch.example', 'direct')")
    yield from watched(opened)
    assert opened.page.evaluate("typeof window.pwned") == "undefined"


class Planner:
    """The planner on the page."""

    def __init__(self, page: Page) -> None:
        self.root = page.output("cell-0").locator(".rp-widget").first
        self.to = self.root.get_by_label("To", exact=True)
        self.plan = self.root.get_by_role("button", name="Plan the route")
        self.go = self.root.get_by_role("button", name="Try it")
        self.chip = self.root.locator(".rp-banner .smtplab-big")
        self.banner = self.root.locator(".rp-banner p").first
        self.board = self.root.locator(".rp-board")
        self.says = self.root.locator(".sl-says")

    def place(self, name: str) -> Locator:
        return self.root.get_by_role("radio", name=name)


@pytest.fixture
def planner(page: Page) -> Planner:
    made = Planner(page)
    expect(made.chip).to_have_text("✓ known")
    expect(made.place("Alice's provider, direct")).to_be_checked()
    made.to.fill("bob@birch.example")  # what a reader has typed stays
    return made


def test_a_route_is_planned_and_tried_by_keyboard(page: Page, planner: Planner) -> None:
    expect(planner.board.locator(".rp-try")).to_have_count(3)
    use(page, planner.go, "Enter")
    expect(planner.chip).to_have_text("✓ delivered")
    expect(planner.go).to_be_focused()
    expect(planner.board.locator(".rp-was-not")).to_have_count(2)
    planner.board.get_by_text("The dialogue").press("Enter")
    expect(planner.board.get_by_role("img", name="SMTP dialogue between")).to_be_visible()
    page.enter(planner.to, "nobody@birch.example")
    expect(planner.chip).to_have_text("✓ known")
    expect(planner.to).to_be_focused()
    use(page, planner.go, "Space")
    expect(planner.chip).to_have_text("✕ failed")
    expect(planner.board).to_contain_text("this is final: no other host is asked")


def test_another_place_is_chosen_with_the_arrows(page: Page, planner: Planner) -> None:
    use(page, planner.place("Alice's provider, direct"), "ArrowRight")
    expect(planner.board).to_contain_text("smart host")
    expect(planner.place("Alice's provider, relayed")).to_be_focused()
    use(page, planner.go, "Enter")
    expect(planner.banner).to_contain_text("handed it on to mx.birch.example")
    use(page, planner.place("Alice's laptop"), "Space")
    expect(planner.board.locator(".rp-from")).to_contain_text("203.0.113.77")
    use(page, planner.go, "Enter")
    expect(planner.banner).to_contain_text("Nobody took it: 2 attempts")
    page.until("assert planner.place.key == 'home'")


def test_what_is_broken_is_seen_at_once(page: Page, planner: Planner) -> None:
    page.execute("records('5 gone.birch.example', '10 mx2.birch.example')")
    use(page, planner.plan, "Enter")
    expect(planner.board.locator(".rp-out")).to_contain_text("there is no such host")
    page.execute("records('0 .')")
    use(page, planner.plan, "Enter")
    expect(planner.board).to_contain_text("556 5.1.10")
    page.enter(planner.to, "bob")
    expect(planner.says).to_contain_text("whole address")


def test_hostile_values_of_the_dns_and_of_a_server_are_text(page: Page, planner: Planner) -> None:
    evil = "<script>window.pwned=1</script>.birch.example"
    page.execute(
        f"""
records({f"5 {evil}"!r}, "7 <b>a.birch.example", "10 mx.birch.example")
zone.set("<b>a", "CNAME", {f"{evil}."!r})
own = lab.mta("mx.birch.example").accept
async def say(*arguments):
    return Reply(554, "5.7.1", ({SCRIPT!r} + '<img src=x onerror="window.pwned=1">',))
lab.mta("mx.birch.example").accept = say
"""
    )
    use(page, planner.go, "Enter")
    expect(planner.board).to_contain_text(f"{SCRIPT}.birch.example")
    expect(planner.board).to_contain_text('<img src=x onerror="window.pwned=1">')
    for one in planner.root.locator("summary").all():
        one.press("Enter")
    assert planner.root.evaluate(_MADE_OF_IT) == 0
    page.execute('lab.mta("mx.birch.example").accept = own')


def test_every_control_is_reached_and_the_code_is_copied(page: Page, planner: Planner) -> None:
    use(page, planner.go, "Enter")
    expect(planner.chip).to_have_text("✓ delivered")
    assert unreached(page, planner.root) == []
    code = read_code(planner.root, page)
    assert "dns.resolver.Resolver(" in code["dns.resolver and smtplib"]
    assert "swaks --server" in code["dig and swaks"]
    assert "relayhost" in code["Postfix"]


def test_the_notebook_keeps_its_keys_to_itself(page: Page, planner: Planner) -> None:
    count = page.page.locator(".jp-Cell").count()
    planner.to.focus()
    press(page, "Home", "d", "d", "a")
    expect(planner.to).to_have_value("ddabob@birch.example")
    planner.place("Mallory").focus()
    press(page, "d", "d")
    assert page.page.locator(".jp-Cell").count() == count


def test_axe_finds_nothing_in_light_and_dark_and_nothing_is_cut_off(page: Page, planner: Planner) -> None:
    page.execute("records('5 gone.birch.example', '10 mx.birch.example', '20 mx2.birch.example')")
    use(page, planner.go, "Enter")
    expect(planner.chip).to_have_text("✓ delivered")
    for one in planner.root.locator("details:not([open]) > summary").all():
        one.press("Enter")
    assert page.violations(".rp-widget") == []
    planner.root.evaluate("(root) => { root.style.width = '380px'; }")
    assert planner.root.evaluate(_WIDER) == []
    planner.root.evaluate("(root) => { root.style.width = ''; }")
