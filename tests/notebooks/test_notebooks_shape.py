"""Every lesson has the shape of a lesson, as far as a machine can tell (CONTRIBUTING.md, "Lessons").

Whether it reads well is for people. These tests keep a page short, its cells small, and each question before
its answer.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from pathlib import Path

import nbformat
import pytest

from smtplab.course import bank
from tests.notebooks.lessons import NOTEBOOKS, STOP, Call, Lesson, words
from tools.notebooks import readable

CELLS = range(40, 76)
MOST_LINES = 12  # of a code cell
MOST_CODE_CELLS = 2  # in a row
MOST_WORDS = 1500  # of the core
MOST_SECTIONS = 4  # of the core
QUIZZES = {"entry": 3, "end": 5}  # name -> questions


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def lesson(request: pytest.FixtureRequest) -> Lesson:
    return Lesson(request.param)


def test_it_has_as_many_cells_as_a_lesson_has_room_for(lesson: Lesson) -> None:
    assert len(lesson.cells) in CELLS


def test_code_cells_are_small(lesson: Lesson) -> None:
    assert large(lesson) == []


def large(lesson: Lesson) -> list[str]:
    counted = [(cell.id, len(cell.source.splitlines())) for _, cell in lesson.code]
    return [f"{cell}: {lines} lines" for cell, lines in counted if lines > MOST_LINES]


def test_code_cells_have_prose_between_them(lesson: Lesson) -> None:
    assert runs_of_code(lesson) == []


def runs_of_code(lesson: Lesson) -> list[str]:
    runs = [
        [cell.id for cell in run]
        for kind, run in groupby(lesson.cells, key=lambda cell: cell.cell_type)
        if kind == "code"
    ]
    return [" ".join(run) for run in runs if len(run) > MOST_CODE_CELLS]


def test_the_core_is_short_and_ends_with_a_mark(lesson: Lesson) -> None:
    assert words_of_core(lesson) <= MOST_WORDS
    assert 1 <= len(lesson.sections) <= MOST_SECTIONS


def words_of_core(lesson: Lesson) -> int:
    """What there is to read before the mark: the prose, and the questions with their options."""
    prose = [cell.source for cell in lesson.cells[: lesson.stop] if cell.cell_type == "markdown"]
    asked = [lesson.asked(call) for call in lesson.questions if call.position < lesson.stop]
    texts = [text for each in asked for text in (each.text, *each.options.values())]
    return sum(map(words, prose + texts))


def test_cells_have_readable_ids(lesson: Lesson) -> None:
    assert [cell.id for cell in lesson.cells if not readable(cell.id)] == []


def test_it_begins_by_saying_which_lesson_it_is(lesson: Lesson) -> None:
    position, _ = lesson.code[0]
    call, *more = lesson.calls("lesson")
    assert (call.position, call.literal(0), more) == (position, lesson.name, [])
    minutes, objectives = [call.literal(name) or lesson.head[name] for name in ("minutes", "objectives")]
    assert 10 <= minutes <= 30
    assert 3 <= len(objectives) <= 5


def test_each_question_stands_before_the_run_that_answers_it(lesson: Lesson) -> None:
    assert lesson.questions
    assert questions_out_of_order(lesson) == []


def questions_out_of_order(lesson: Lesson) -> list[str]:
    """Per prediction: the cell that asks, then one that runs, then the cell that explains; once each."""
    of: dict[str, list[Call]] = defaultdict(list)
    for call in sorted(lesson.questions + lesson.explanations, key=lambda call: call.position):
        of[call.literal(0)].append(call)
    aside = {call.position for calls in of.values() for call in calls}
    runs = {position for position, _ in lesson.code} - aside
    found = []
    for name, calls in of.items():
        if not (len(calls) == 2 and calls[0] in lesson.questions and calls[1] in lesson.explanations):
            found.append(f"{name}: not one question and then one explanation")
        elif not runs & set(range(calls[0].position + 1, calls[1].position)):
            found.append(f"{name}: nothing is run between the question and its explanation")
    return found


def test_each_wrong_option_has_its_reason(lesson: Lesson) -> None:
    assert options_without_reason(lesson) == []


def options_without_reason(lesson: Lesson) -> list[str]:
    return [
        f"{call.literal(0)}: {option}"
        for call in lesson.questions
        for asked in [lesson.asked(call)]
        for option in asked.options
        if option != asked.answer and option not in asked.reasons
    ]


def test_each_section_asks_runs_explains_and_lets_change_something(lesson: Lesson) -> None:
    assert sections_that_lack_something(lesson) == []


def sections_that_lack_something(lesson: Lesson) -> list[str]:
    found = []
    for title, start, end in lesson.sections:
        prose = "\n".join(cell.source for cell in lesson.cells[start:end] if cell.cell_type == "markdown")
        there = {
            "a question": any(start <= call.position < end for call in lesson.questions),
            "an explanation": any(start <= call.position < end for call in lesson.explanations),
            '"Change one thing"': "**Change one thing.**" in prose,
        }
        found += [f"{title}: {what}" for what, is_there in there.items() if not is_there]
    return found


def test_the_quizzes_are_there(lesson: Lesson) -> None:
    asked = {call.literal(0): call.position for call in lesson.calls("quiz")}
    assert list(asked) == list(QUIZZES)
    assert asked["end"] > lesson.stop
    assert {name: len(bank.questions(lesson.name, name)) for name in QUIZZES} == QUIZZES


def test_it_ends_with_its_words_and_what_to_read(lesson: Lesson) -> None:
    (glossary,) = lesson.calls("glossary")
    assert glossary.position > lesson.stop
    rest = [cell.source for cell in lesson.cells[lesson.stop :] if cell.cell_type == "markdown"]
    assert any("**To read**" in text and "RFC " in text for text in rest)


# The rules see what they are for


@pytest.fixture
def draft(tmp_path: Path) -> Lesson:
    """A lesson with one fault of each kind, and beside each the same done well."""
    ask = 'predict("{}", "Who?", ["a", "b"], answer="a", reasons={})'
    cells: list[tuple[str, str, str]] = [
        ("markdown", "one", "## 1 · Good\n\n**Change one thing.** Do."),
        ("code", "asks", ask.format("good", '{"b": "no"}')),
        ("code", "runs", "x = 1\n" * 12),
        ("markdown", "between", "Some prose."),
        ("code", "explains", 'predict("good", explain="so")'),
        ("markdown", "two", "## 2 · Bad"),
        ("code", "asks-late", 'explain("late", x=1)'),
        ("code", "asks-early", ask.format("late", "{}")),
        ("markdown", "more", "More prose."),
        ("code", "idle", ask.format("idle", '{"b": "no"}')),
        ("code", "idle-too", 'explain("idle")'),
        ("code", "long", "x = 1\n" * 13),
        ("markdown", "mark", STOP),
    ]
    made = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    path = tmp_path / "draft.ipynb"
    notebook = nbformat.v4.new_notebook(cells=[made[kind](text, id=name) for kind, name, text in cells])
    nbformat.write(notebook, path)
    return Lesson(path)


def test_faults_are_seen(draft: Lesson) -> None:
    assert words_of_core(draft) == 6 + 2 + 2 + 2 + 3 * 3  # four cells of prose and three questions
    assert large(draft) == ["long: 13 lines"]
    assert runs_of_code(draft) == ["idle idle-too long"]
    assert options_without_reason(draft) == ["late: b"]
    assert questions_out_of_order(draft) == [
        "late: not one question and then one explanation",
        "idle: nothing is run between the question and its explanation",
    ]
    assert [title for title, _, _ in draft.sections] == ["1 · Good", "2 · Bad"]
    assert sections_that_lack_something(draft) == ['2 · Bad: "Change one thing"']


@pytest.mark.parametrize(
    ("text", "count"),
    [("One two.", 2), ("## 1 · The `EHLO` line", 4), ("| a | b |\n|---|---|\n| c | d |", 4), ("---", 0)],
)
def test_words_are_counted(text: str, count: int) -> None:
    assert words(text) == count
