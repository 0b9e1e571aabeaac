"""An exercise in JupyterLab, as a student does it: a wrong answer, a hint, the right answer, by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from smtplab.course.graded.exercise import find
from tests.browser.driver import Page
from tests.browser.keys import watched
from tests.exercises.solving import answers, drawn, teacher, variables

NAME, TASK = "02-dialogue", "dialogue-3"
WHO = "self-study"  # as everybody is called who sets nothing
CHECK = f"{TASK}-check"


@pytest.fixture(scope="module")
def opened(open_notebook: Callable[[str], Page]) -> Page:
    return open_notebook(f"exercises/{NAME}/{NAME}.ipynb")


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    yield from watched(opened)


def answer(page: Page, value: object) -> Locator:
    """Type an answer into its cell, run it and its check; what the check shows."""
    page.cell(f"{TASK}-answer").locator(".cm-content").click()
    page.page.keyboard.press("Control+a")
    page.page.keyboard.insert_text(f"{variables(NAME)[TASK]} = {value!r}")
    page.page.keyboard.press("Shift+Enter")
    page.run(CHECK)
    return page.output(CHECK)


def test_a_blank_answer_is_told_so(page: Page) -> None:
    shown = page.output(CHECK)
    expect(shown).to_contain_text("No answer yet")
    expect(shown).to_contain_text(f"0 of {find(TASK)[1].points} points")


def test_wrong_then_a_hint_then_right(page: Page) -> None:
    task = find(TASK)[1]
    mistake = teacher(NAME).MISTAKES[TASK][0]
    shown = answer(page, mistake.answer(drawn(NAME, WHO)))
    expect(shown).to_contain_text(mistake.says, ignore_case=True)
    expect(shown).to_contain_text(f"{mistake.points} of {task.points} points")

    hint = shown.locator(".smtplab-hint")
    more = hint.get_by_role("button", name="Next hint")
    expect(hint.locator("li")).to_have_count(0)
    more.focus()
    page.page.keyboard.press("Enter")
    expect(hint.locator("li")).to_have_count(1)
    expect(hint).to_contain_text(task.hints[0])
    assert page.violations(".smtplab-checked", ".smtplab-world") == []

    shown = answer(page, answers(NAME, WHO)[TASK])
    expect(shown).to_contain_text(f"{task.points} of {task.points} points")
    expect(shown.locator(".smtplab-hint")).to_have_count(0)


def test_a_check_cannot_be_changed_by_accident(page: Page) -> None:
    page.cell(CHECK).locator(".cm-content").click()
    page.page.keyboard.insert_text("x")
    expect(page.cell(CHECK).locator(".cm-content")).to_have_text(f'check("{TASK}", {variables(NAME)[TASK]})')


def test_the_world_opens_by_keyboard(page: Page) -> None:
    first = page.output("dialogue-start").locator(".smtplab-world summary").first
    first.focus()
    page.page.keyboard.press("Enter")
    expect(page.output("dialogue-start").locator("details[open] pre").first).to_be_visible()
