"""Every lesson's texts: complete, and used by its notebook."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from smtplab.course import bank, explain, lesson, predict, quiz
from smtplab.mail.errors import LabError

ROOT = Path(__file__).resolve().parents[2]
TEXTS = sorted((ROOT / "smtplab" / "course" / "texts").glob("*.toml"))
CALL = re.compile(r'\b(predict|explain|hint|quiz|lesson)\(\s*"([a-z0-9-]+)"')


def texts(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text("utf-8"))


def said(texts: Any) -> Iterator[str]:
    """Every text in it."""
    if isinstance(texts, str):
        yield texts
    elif isinstance(texts, dict):
        yield from (one for inner in texts.values() for one in said(inner))
    elif isinstance(texts, list):
        yield from (one for inner in texts for one in said(inner))


def called(file: Path) -> dict[str, set[str]]:
    """What the lesson's notebook asks for: kind -> names."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{file.stem}.ipynb", as_version=4)
    found: dict[str, set[str]] = {}
    for cell in notebook.cells:
        for kind, name in CALL.findall(cell.source) if cell.cell_type == "code" else ():
            found.setdefault(kind, set()).add(name)
    return found


each = pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)


@each
def test_notebook_and_texts_name_the_same(file: Path) -> None:
    found, asked = texts(file), called(file)
    assert asked["lesson"] == {file.stem}
    assert asked["predict"] == asked["explain"] == set(found["predict"])
    assert asked.get("hint", set()) == set(found.get("hint", {}))
    assert asked["quiz"] == set(found["quiz"])


@each
def test_every_wrong_guess_has_its_reason_and_every_explanation_its_source(file: Path) -> None:
    for name, entry in texts(file)["predict"].items():
        asked = bank.prediction(file.stem, name)
        assert set(asked.reasons) == set(asked.options) - {asked.answer}, name
        assert "{" in entry["explain"], f"{name}: nothing in it comes from this run"


@each
def test_head_glossary_and_quizzes_are_complete(file: Path) -> None:
    head = bank.head(file.stem)
    assert head["title"] and head["minutes"] <= 30 and 3 <= len(head["objectives"]) <= 5
    assert len(bank.questions(file.stem, "entry")) == 3 and len(bank.questions(file.stem, "end")) == 5
    assert len(bank.glossary(file.stem)) >= 5
    assert all(question.read for question in bank.questions(file.stem, "entry"))


@each
def test_no_text_needs_more_than_the_little_markdown(file: Path) -> None:
    """A list, a heading, a link or *italics* would be shown with its marks."""
    for text in said(texts(file)):
        plain = re.sub(r"`[^`\n]*`|\*\*[^*]+\*\*", "", text)
        assert not re.search(r"^ *([-+#]|\d+\.) |\*|\]\(", plain, re.MULTILINE), text


def test_an_explanation_is_made_from_values() -> None:
    values = {"stray": type("Stray", (), {"result": "failed"}), "questions": 7}
    text = bank.explanation("00-start-here", "outside", values)
    assert "**failed**" in text and "has 7 questions" in text


def test_a_missing_value_says_which() -> None:
    with pytest.raises(LabError, match="'outside' needs a value that the cell did not give: 'stray'"):
        bank.explanation("00-start-here", "outside", {})


@pytest.mark.parametrize("make", [lambda: predict("nothing"), lambda: quiz("nothing")])
def test_a_name_without_texts_is_said(make: Any) -> None:
    lesson("02-dialogue")
    with pytest.raises(LabError, match="'nothing'"):
        make()


def test_explain_opens_after_a_guess() -> None:
    lesson("00-start-here")
    shown = explain("outside", stray=type("Stray", (), {"result": "failed"}), questions=7)
    asked = predict("outside")
    assert "Its log has 7" not in shown.text()
    asked.guess("it fails inside the lab")
    assert "Its log has 7" in shown.text()


def test_the_place_of_an_answer_tells_nothing() -> None:
    """Over all lessons the right answer stands first about as often as chance has it."""
    asked = [
        one
        for file in TEXTS
        for one in (
            *(bank.prediction(file.stem, name) for name in texts(file)["predict"]),
            *(one for name in texts(file)["quiz"] for one in bank.questions(file.stem, name)),
        )
    ]
    first = sum(next(iter(one.options)) == one.answer for one in asked)
    assert len(asked) > 100
    assert 0.2 < first / len(asked) < 0.5
