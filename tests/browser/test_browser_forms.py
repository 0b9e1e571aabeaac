"""The two forms in JupyterLab: answered by keyboard and mouse, handed in, and the gain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from smtplab.course.forms import items
from smtplab.course.markup import plain
from tests.browser.driver import Page
from tests.browser.keys import watched


@pytest.fixture(scope="module")
def opened(open_notebook: Callable[[str], Page]) -> Page:
    page = open_notebook("notebooks/before-and-after.ipynb")
    page.execute("from smtplab.course import forms; [forms.forget(name) for name in forms.FORMS]")
    page.run_all()
    return page


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    yield from watched(opened)


def choose(shown: Locator, name: str, number: int, right: bool) -> None:
    asked = getattr(items()[number - 1], name)
    key = asked.answer if right else next(key for key in asked.options if key != asked.answer)
    group = shown.locator(".smtplab-choices").nth(number - 1)
    group.get_by_label(plain(asked.options[key]), exact=True).check()


def test_before_is_marked_after_it_was_handed_in_twice(page: Page) -> None:
    shown = page.output("forms-before").locator(".smtplab-form").first
    choose(shown, "before", 1, True)
    choose(shown, "before", 2, False)
    go = shown.get_by_role("button", name="Hand in")
    go.focus()
    page.page.keyboard.press("Enter")
    expect(shown).to_contain_text("Not answered yet: 3, 4,")
    expect(shown).not_to_contain_text("The answer is")
    page.page.keyboard.press("Enter")
    expect(shown).to_contain_text("1 of 20 right")
    asked = items()[1].before
    wrong = next(key for key in asked.options if key != asked.answer)
    expect(shown).to_contain_text(plain(asked.reasons[wrong]))
    expect(shown.get_by_role("button", name="Handed in")).to_be_visible()
    assert page.violations(".smtplab-form-before") == []


def test_after_shows_what_was_learnt(page: Page) -> None:
    page.execute("[forms.form('before').hand_in()]")
    shown = page.output("forms-after").locator(".smtplab-form").first
    for number in (1, 2, 3):
        choose(shown, "after", number, True)
    go = shown.get_by_role("button", name="Hand in")
    page.push(go)
    page.push(go)
    expect(shown).to_contain_text("3 of 20 right")
    page.run("forms-gain")
    expect(page.output("forms-gain")).to_contain_text("after 15%")
    assert page.violations(".smtplab-gain") == []
