"""Guesses, hints, quizzes and words of lessons 03, 04 and 06, by keyboard alone.

A guess is settled for as long as the kernel runs, so one test goes through all of a lesson's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect

from smtplab.course import bank
from smtplab.course.asking import UNMADE
from smtplab.course.markup import plain
from smtplab.course.question import Question
from tests.browser.driver import Page
from tests.browser.keys import Open, press, unreached, watched

# A choice travels to the kernel a little after the key, when the kernel is busy.
HEARD = """
from ipywidgets import RadioButtons
from ipywidgets.widgets.widget import _instances
asked = [one for one in list(_instances.values()) if isinstance(one, RadioButtons)]
assert {key!r} in [one.value for one in asked if [key for _, key in one.options] == {keys!r}]
"""

# What a lesson's explanation must have of what the lab said in this run.
FROM_THE_LAB = {
    "03-extensions": {"list-explain": "555", "trips-explain": "7", "size-explain": "552"},
    "04-ports-and-tls": {"wire-587-explain": "ehlo alice.home.example", "impostor-explain": "Mallory"},
    "06-auth-and-relay": {"login-explain": "530", "guessing-explain": "421", "nat-explain": "192.0.2.1"},
}


@dataclass
class Lesson:
    name: str
    page: Page

    def predictions(self) -> list[tuple[str, Question, Locator]]:
        """Each predict step: the name of its cells, what is asked, and where."""
        found = []
        for cell in self.page.with_widgets():
            if cell.endswith("-predict"):
                place = self.page.output(cell).locator(".smtplab-predict")
                named = re.search(r"smtplab-predict-(\S+)", place.get_attribute("class") or "")
                assert named
                found.append((cell.removesuffix("-predict"), bank.prediction(self.name, named[1]), place))
        return found

    def answer(self, place: Locator, question: Question, right: bool = True) -> None:
        """Go to an option with arrows, and on to Guess with Tab."""
        key = next(key for key in question.options if (key == question.answer) is right)
        option = place.get_by_label(plain(question.options[key]), exact=True)
        place.get_by_role("radio").first.focus()
        press(self.page, "Space")
        while not option.is_checked():
            press(self.page, "ArrowDown")
        expect(option).to_be_focused()
        self.page.until(HEARD.format(key=key, keys=list(question.options)))
        press(self.page, "Tab")
        expect(place.locator(".smtplab-guess")).to_be_focused()
        press(self.page, "Enter")
        says = place.locator(".smtplab-notice").first
        expect(says).to_contain_text("Right: " if right else plain(question.reason(key)))
        self.page.execute("pass")  # the kernel gives the keyboard back to the button, as its last word
        expect(place.locator(".smtplab-guess")).to_be_focused()


@pytest.fixture(params=list(FROM_THE_LAB))
def lesson(request: pytest.FixtureRequest, open_lesson: Open) -> Iterator[Lesson]:
    for page in watched(open_lesson(request.param)):
        yield Lesson(request.param, page)


def test_every_prediction_is_made_and_explained(lesson: Lesson) -> None:
    first, *others, last = lesson.predictions()
    assert unreached(lesson.page, first[2]) == []
    lesson.answer(first[2], first[1], right=False)
    for _, question, place in [first, *others]:
        lesson.answer(place, question)
    _, question, place = last
    place.get_by_role("radio").first.focus()
    press(lesson.page, "Tab", "Tab")
    expect(place.locator(".smtplab-skip")).to_be_focused()
    press(lesson.page, "Space")
    expect(place.locator(".smtplab-notice")).to_contain_text(plain(question.options[question.answer]))
    for name, _, _ in [first, *others, last]:
        explained = lesson.page.output(f"{name}-explain").locator(".smtplab-explain .smtplab-notice")
        expect(explained).to_contain_text(re.compile(r"\w+ \w+"))
        expect(explained).not_to_contain_text(UNMADE)
    for cell, said in FROM_THE_LAB[lesson.name].items():
        expect(lesson.page.output(cell).locator(".smtplab-notice")).to_contain_text(said)


@pytest.mark.parametrize("name", ["entry", "end"])
def test_a_quiz_is_answered_and_counted(lesson: Lesson, name: str) -> None:
    questions = bank.questions(lesson.name, name)
    place = lesson.page.output("entry-check" if name == "entry" else "end-quiz").locator(".smtplab-quiz")
    asked, score = place.locator(".smtplab-asking"), place.locator(".smtplab-notice").last
    expect(asked).to_have_count(len(questions))
    assert unreached(lesson.page, place) == []
    lesson.answer(asked.first, questions[0], right=False)
    for number, question in enumerate(questions):
        lesson.answer(asked.nth(number), question)
    expect(score).to_have_text(f"{len(questions) - 1} of {len(questions)} right the first time.")


def test_hints_and_words(lesson: Lesson) -> None:
    place = lesson.page.output("task-hints").locator(".smtplab-hint")
    button, said = place.get_by_role("button"), place.locator("li")
    assert unreached(lesson.page, place) == []
    found = re.search(r"smtplab-hint-(\S+)", place.get_attribute("class") or "")
    assert found
    hints = bank.hints(lesson.name, found[1])
    button.focus()
    for number in range(len(hints)):
        expect(said).to_have_count(number)
        expect(button).to_be_enabled()  # while it works it takes no key
        expect(button).to_be_focused()
        press(lesson.page, "Enter" if number % 2 else "Space")
    expect(said).to_have_text([plain(hint) for hint in hints])
    expect(button).to_have_text("No more hints")
    expect(button).to_be_focused()
    words = lesson.page.output("words").locator(".smtplab-glossary")
    expect(words.locator("dt")).to_have_text([plain(word) for word in bank.glossary(lesson.name)])
    assert unreached(lesson.page, words) == []
    assert lesson.page.violations(".smtplab-hint", ".smtplab-glossary") == []
