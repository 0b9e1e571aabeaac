"""The driver sees what it is for: errors in cells, in callbacks, in the page, and what axe objects to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.driver import Page

IMPORTS = "import ipywidgets, anywidget\nfrom IPython.display import HTML\n"

CALLBACK = (
    IMPORTS
    + """
fails = ipywidgets.Button(description="Fail")
fails.on_click(lambda _: 1 / 0)
fails
"""
)

SCRIPT = (
    IMPORTS
    + """
class Fails(anywidget.AnyWidget):
    _esm = '''export default { render({ el }) {
      setTimeout(() => { throw new Error("late"); });
      console.error("a complaint");
      fetch("http://192.0.2.1/").catch((error) => {});
      el.textContent = "drawn";
    } };'''
Fails()
"""
)

UNREADABLE = (
    IMPORTS
    + """
HTML('''<div class="smtplab" style="background: #fff">
  <p style="color: #bbb">pale on light</p><button></button>
</div><div style="color: #bbb">outside</div>''')
"""
)


@pytest.fixture
def page(open_made: Callable[..., Page]) -> Page:
    return open_made(SCRIPT, CALLBACK, UNREADABLE, "1 / 0")


def test_what_goes_wrong_is_seen(page: Page) -> None:
    errors = [(cell, output["ename"]) for cell, output in page.outputs() if output["output_type"] == "error"]
    assert errors == [("cell-3", "ZeroDivisionError")]

    expect(page.output("cell-0").get_by_text("drawn")).to_be_visible()
    assert page.hears("page error: late")
    assert page.hears("console: a complaint")
    assert page.hears("request to another machine: http://192.0.2.1/")
    assert page.hears("ERR_NAME_NOT_RESOLVED")

    assert [fault for fault in page.faults() if "ZeroDivisionError" in fault] == []
    page.output("cell-1").get_by_role("button", name="Fail").click()
    assert page.hears("log console, ", "ZeroDivisionError")

    pale = page.output("cell-2").get_by_text("pale on light")
    pale.scroll_into_view_if_needed()  # axe judges no colour that is out of sight
    expect(pale).to_be_in_viewport()
    found = page.violations(".smtplab")
    assert sorted(one.split(" (")[0] for one in found) == [
        "dark: color-contrast",
        "light: button-name",
        "light: color-contrast",
    ]
