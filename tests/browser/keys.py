"""What the keyboard tests of the widgets share: keys, and a widget drawn anew.

Each step waits for what it comes to before the next one: see `Page.press` and its like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Locator, expect

from tests.browser.driver import Page

Open = Callable[[str], Page]


def watched(page: Page) -> Iterator[Page]:
    page.theme("light")
    yield page
    assert page.faults() == []


def drawn(page: Page, cell: str, selector: str) -> Locator:
    """The widget that a cell shows when it is run once more."""
    page.run(cell)
    return page.output(cell).locator(selector)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.page.keyboard.press(key)


def use(page: Page, control: Locator, key: str) -> None:
    """Press a key on a control, and wait until what it asked for is drawn."""
    page.press(control, key)


def read_ladder(root: Locator, page: Page, says: str) -> None:
    """The ladder of a widget shows what was said, and arrows move through it from top to end."""
    rows, panel = root.locator(".sl-row"), root.locator(".sl-panel")
    expect(root.locator(".sl-main")).to_be_visible()
    expect(rows.filter(has_text=says).first).to_be_attached()
    root.locator('.sl-row[tabindex="0"]').focus()
    press(page, "Home")
    expect(rows.first).to_be_focused()
    expect(rows.first).to_have_attribute("aria-selected", "true")
    expect(panel.locator("h3")).to_have_text("The server speaks first")
    press(page, "ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    expect(panel.locator("h3")).to_contain_text("EHLO", ignore_case=True)
    press(page, "End")
    expect(rows.last).to_be_focused()


# Every control of a widget, and at which of them Tab stopped. Of radio buttons with one name, and of what
# arrows move through (all but one have tabindex -1), one stands for all.
_UNREACHED = """(root) => {
  const stops = [...window.reached];
  const group = (one) => one.name || one.classList[0];
  return [...root.querySelectorAll("button, input, select, textarea, summary, a[href], [tabindex]")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled)
    .filter((one) => one.tabIndex >= 0 || one.classList.length)
    .filter((one) => {
      const peers = one.type === "radio" || one.tabIndex < 0;
      return !stops.some((stop) => stop === one || (peers && group(stop) === group(one)));
    })
    .map((one) => one.outerHTML.slice(0, 200));
}"""

_STEP = """(root) => {
  const now = document.activeElement;
  if (!root.contains(now) || window.reached.has(now)) return false;
  window.reached.add(now);
  return true;
}"""


def unreached(page: Page, root: Locator) -> list[str]:
    """Walk through a widget with Tab, and on; the controls that neither Tab nor arrows come to."""
    root.evaluate("(root) => { root.tabIndex = -1; root.focus(); window.reached = new Set(); }")
    press(page, "Tab")
    while root.evaluate(_STEP):
        press(page, "Tab")
    assert not root.evaluate("(root) => root.contains(document.activeElement)"), "Tab does not leave it"
    root.evaluate("(root) => root.removeAttribute('tabindex')")
    missed: list[str] = root.evaluate(_UNREACHED)
    return missed


def read_code(root: Locator, page: Page) -> dict[str, str]:
    """Open *Show the code*, copy what each tab has, and close it; the snippets by their names."""
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    show, tabs = root.get_by_role("button", name="Show the code"), root.get_by_role("tab")
    use(page, show, "Enter")
    expect(show).to_have_attribute("aria-expanded", "true")
    names, found = tabs.all_text_contents(), {}
    root.locator('[role="tab"][tabindex="0"]').focus()
    for _ in names:
        panel = root.locator('[role="tabpanel"]').filter(visible=True)
        name = root.locator('[role="tab"][aria-selected="true"]').inner_text()
        expect(panel).to_have_attribute("aria-label", name)
        press(page, "Tab", "Enter")
        expect(panel.locator(".sl-copy")).to_have_text("Copied")
        found[name] = page.ask("() => navigator.clipboard.readText()")
        assert found[name] == panel.locator("pre").text_content()
        press(page, "Shift+Tab", "ArrowRight")
    assert list(found) == names
    use(page, show, "Space")
    expect(tabs.first).to_be_hidden()
    return found


def save_capture(root: Locator, page: Page) -> None:
    """Press *Save as pcap*: a capture file comes."""
    page.rest()
    with page.page.expect_download(lambda file: file.suggested_filename.endswith(".pcap")) as coming:
        use(page, root.get_by_role("button", name="Save as pcap"), "Enter")
    octets = coming.value.path().read_bytes()
    assert octets[:4] in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4") and len(octets) > 200
