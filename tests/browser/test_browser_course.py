"""Guess, hint and quiz in the browser, by mouse and by keyboard."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from smtplab.course import bank
from smtplab.course.question import Question
from tests.browser.driver import Page

LESSON = "00-start-here"

HEARD = """
from ipywidgets.widgets.widget import _instances
assert {!r} in [getattr(one, "value", None) for one in _instances.values()]
"""


def choose(page: Page, place: Locator, question: Question, right: bool) -> str:
    """Choose an option with the mouse, and press Guess. Returns the reason for a wrong one."""
    key = next(key for key in question.options if (key == question.answer) is right)
    place.get_by_label(question.options[key], exact=True).check()
    page.push(place.locator(".smtplab-guess"))
    return "" if right else question.reason(key)


def test_a_wrong_guess_gets_its_reason_and_a_right_one_the_explanation(page: Page) -> None:
    question = bank.prediction(LESSON, "first-stop")
    asked = page.output("where-predict").locator(".smtplab-predict")
    expect(asked.get_by_role("radio", checked=True)).to_have_count(0)
    reason = choose(page, asked, question, right=False)
    expect(asked.locator(".smtplab-notice")).to_contain_text(reason)
    assert page.violations(".smtplab-predict-first-stop") == []
    choose(page, asked, question, right=True)
    expect(asked.locator(".smtplab-notice")).to_contain_text("Right")
    assert page.violations(".smtplab-predict-first-stop") == []
    explained = page.output("where-explain").locator(".smtplab-explain")
    expect(explained.locator(".smtplab-notice")).to_contain_text("mail.acorn.example")
    expect(explained.get_by_role("button")).to_have_count(0)
    assert page.violations(".smtplab-explain-first-stop") == []


def test_guess_without_a_choice_asks_for_one(page: Page) -> None:
    asked = page.output("entry-check").locator(".smtplab-asking").last
    page.push(asked.locator(".smtplab-guess"))
    expect(asked.locator(".smtplab-notice")).to_have_text("Choose an option first, or skip.")


def test_skip_shows_the_answer_and_the_explanation(page: Page) -> None:
    question = bank.prediction(LESSON, "hops")
    asked = page.output("hops-predict").locator(".smtplab-predict")
    page.push(asked.locator(".smtplab-skip"))
    expect(asked.locator(".smtplab-notice")).to_contain_text(question.options[question.answer])
    expect(asked.get_by_role("radio", disabled=True)).to_have_count(len(question.options))
    explained = page.output("hops-explain").locator(".smtplab-explain")
    expect(explained.locator(".smtplab-notice")).to_contain_text("AUTH")


def test_a_question_is_answered_by_keyboard(page: Page) -> None:
    """In JupyterLab arrow keys leave the cell and Enter opens it, were they not kept in the widget."""
    question = bank.prediction(LESSON, "outside")
    asked = page.output("outside-predict").locator(".smtplab-predict")
    keyboard = page.page.keyboard
    group = asked.get_by_role("radiogroup", name=question.text, exact=True)
    group.get_by_role("radio").first.focus()
    keyboard.press("Space")
    for option in question.options.values():
        radio = asked.get_by_label(option, exact=True)
        expect(radio).to_be_checked()
        expect(radio).to_be_focused()
        keyboard.press("ArrowDown")
    answer = asked.get_by_label(question.options[question.answer], exact=True)
    while not answer.is_checked():
        keyboard.press("ArrowDown")
    page.until(HEARD.format(question.answer))  # ipywidgets holds a choice back while the kernel is busy
    keyboard.press("Tab")
    expect(asked.locator(".smtplab-guess")).to_be_focused()
    keyboard.press("Enter")
    expect(asked.locator(".smtplab-notice")).to_contain_text("Right")
    explained = page.output("outside-explain").locator(".smtplab-explain")
    expect(explained.locator(".smtplab-notice")).to_contain_text("failed")


def test_hints_come_one_by_one(page: Page) -> None:
    hints = bank.hints(LESSON, "more-to-try")
    place = page.output("stuck-hints").locator(".smtplab-hint")
    button = place.get_by_role("button")
    expect(place.locator("li")).to_have_count(0)
    button.focus()
    for number in range(1, len(hints) + 1):
        expect(button).to_have_text(f"Next hint, {number} of {len(hints)}")
        page.page.keyboard.press("Enter")
        page.execute("pass")  # a second Enter while it works would come to nothing
        expect(place.locator("li")).to_have_count(number)
    expect(button).to_have_text("No more hints")
    expect(button).to_be_focused()
    assert page.violations(".smtplab-hint") == []


def test_a_quiz_counts_what_was_right_the_first_time(page: Page) -> None:
    questions = bank.questions(LESSON, "end")
    place = page.output("end-quiz").locator(".smtplab-quiz")
    score = place.locator(".smtplab-notice").last
    asked = place.locator(".smtplab-asking")
    expect(asked).to_have_count(len(questions))
    choose(page, asked.nth(0), questions[0], right=False)
    expect(score).to_have_text("0 of 5 right the first time, 5 to go.")
    for number, question in enumerate(questions):
        choose(page, asked.nth(number), question, right=True)
        expect(asked.nth(number).locator(".smtplab-notice")).to_contain_text("Right")
    expect(score).to_have_text("4 of 5 right the first time.")
    assert page.violations(".smtplab-quiz-end") == []
    page.run("progress")
    expect(page.output("progress")).to_contain_text("end 4 of 5")
