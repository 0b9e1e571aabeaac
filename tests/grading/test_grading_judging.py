"""One submission to one result: what each task gets, and what is said where there are no points."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smtplab.course.graded.exercise import load
from smtplab.course.grading import sitting
from smtplab.course.grading.judging import grade_one
from smtplab.mail.errors import LabError
from tests.exercises.solving import ROOT, variables
from tests.grading.handing_in import CODE, DATA, MOST, NAME, WORDS, hand_in, solution

FUNCTION = variables(NAME)[CODE]


def grade(
    folder: Path, answers: dict[str, str], who: str = "ada", name: str = NAME, **more: Any
) -> dict[str, Any]:
    return grade_one(str(hand_in(folder, who, answers, name)), who, name, str(ROOT), **more)


def row(result: dict[str, Any], task: str) -> dict[str, Any]:
    return next(one for one in result["tasks"] if one["id"] == task)


def test_functions_that_talk_are_tried_from_outside(tmp_path: Path) -> None:
    name = "02-dialogue"
    found = grade(tmp_path, solution(name), name=name)
    most = sum(task.points for task in load(name).tasks.values() if task.kind != "explain")
    assert (found["points"], found["status"], found["outcome"]) == (most, "graded", "ok")


def test_a_cell_that_ends_the_process_costs_its_task_only(tmp_path: Path) -> None:
    found = grade(tmp_path, {**solution(), DATA[1]: "import os; os._exit(0)"})
    lost = row(found, DATA[1])
    assert (lost["points"], lost["state"]) == (None, "none")
    assert "left out: Its process ended before its time" in lost["says"]
    assert found["points"] == MOST - lost["of"]
    assert (found["status"], found["outcome"]) == ("incomplete", "crashed")
    assert DATA[1] in found["says"]


def test_what_needs_a_cell_that_was_left_out_is_not_wrong_but_without_points(tmp_path: Path) -> None:
    more = {**solution(), DATA[0]: "import os\nhelper = 1\nos._exit(0)", DATA[1]: "spf_2 = {'a': helper}"}
    found = grade(tmp_path, more)
    assert row(found, DATA[0])["state"] == row(found, DATA[1])["state"] == "none"
    assert row(found, DATA[2])["state"] == "judged"


def test_a_function_that_ends_the_process_in_one_trial_keeps_the_others(tmp_path: Path) -> None:
    ending = f"""
before = {FUNCTION}
def {FUNCTION}(*given):
    if "198.51.100.95" in given:
        import os
        os._exit(1)
    return before(*given)
"""
    found = grade(tmp_path, {**solution(), CODE: solution()[CODE] + ending})
    assert 0 < row(found, CODE)["points"] < row(found, CODE)["of"]
    assert found["outcome"] == "crashed" and FUNCTION in found["says"]


def test_a_function_that_always_ends_it_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitting, "MOST", 2)
    ending = f"\nimport os\n{FUNCTION} = lambda *given: os._exit(1)"
    found = grade(tmp_path, {**solution(), CODE: solution()[CODE] + ending})
    assert row(found, CODE)["state"] == "none"
    assert row(found, DATA[0])["points"] == row(found, DATA[0])["of"]
    assert found["status"] == "incomplete"


def test_time_is_for_all_sandboxes_together(tmp_path: Path) -> None:
    found = grade(tmp_path, {**solution(), DATA[0]: "while True: pass"}, seconds=2)
    assert (found["status"], found["outcome"], found["points"]) == ("incomplete", "timed out", 0)
    assert {one["points"] for one in found["tasks"]} == {None}
    assert found["seconds"] < 15


def test_a_cell_that_raises_says_so_in_its_task(tmp_path: Path) -> None:
    found = grade(tmp_path, {**solution(), DATA[0]: "spf_1 = undefined_name"})
    assert row(found, DATA[0])["points"] == 0
    assert "Its cell stopped: NameError" in row(found, DATA[0])["says"]
    assert "NameError" in json.dumps(row(found, DATA[0])["verdict"])
    assert found["cells"][0]["cell"] == f"{DATA[0]}-answer"


def test_a_check_of_the_students_own_changes_nothing(tmp_path: Path) -> None:
    ours = "\n".join(
        [
            "import smtplab.course.graded.checking as checking, smtplab.course.graded.mark as mark",
            "checking.marks = checking.check = lambda *a, **k: []",
            "mark.Mark.__eq__ = lambda *a: True",
            "class Same(dict):\n    def __eq__(self, other): return True\n    __hash__ = None",
            "spf_1 = Same()",
        ]
    )
    found = grade(tmp_path, {DATA[0]: ours})
    assert found["points"] == 0
    assert row(found, DATA[0])["state"] in ("judged", "blank")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a notebook"),
        ("[" * 200_000, "not a notebook"),
        ('{"cells": 1}', "not a notebook"),
        (None, "no notebook"),
    ],
)
def test_what_cannot_be_read_has_no_points_and_says_why(tmp_path: Path, text: str | None, says: str) -> None:
    file = tmp_path / "ada.ipynb"
    if text is not None:
        file.write_text(text)
    found = grade_one(str(file), "ada", NAME, str(ROOT))
    assert (found["status"], found["outcome"]) == ("failed", "unreadable")
    assert says in found["says"]
    assert {one["points"] for one in found["tasks"]} == {None}


def test_a_sandbox_that_does_not_start_is_the_graders_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise LabError("The sandbox does not start: no room")

    monkeypatch.setattr(sitting.Sandbox, "__enter__", fails)
    found = grade(tmp_path, solution())
    assert (found["status"], found["outcome"]) == ("failed", "not graded")
    assert {one["points"] for one in found["tasks"]} == {None}
    assert "does not start" in found["says"]


def test_a_sandbox_that_starts_at_the_second_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts, really = [], sitting.Sandbox.__enter__

    def fails_once(sandbox: sitting.Sandbox) -> sitting.Sandbox:
        starts.append(sandbox)
        if len(starts) == 1:
            raise LabError("The sandbox does not start: no room")
        return really(sandbox)

    monkeypatch.setattr(sitting.Sandbox, "__enter__", fails_once)
    assert grade(tmp_path, solution())["points"] == MOST
    assert len(starts) == 2


def test_other_troubles_of_the_grader_say_so(tmp_path: Path) -> None:
    assert "not there" in grade_one(str(hand_in(tmp_path, "a", {})), "a", NAME, str(tmp_path))["says"]
    assert "99-none is not there" in grade_one("x", "a", "99-none", str(ROOT))["says"]
    assert "no secret" in grade(tmp_path, {}, "b", term=str(tmp_path))["says"]
    assert (
        "cannot be written"
        in grade_one(str(tmp_path / "a" / NAME / f"{NAME}.ipynb"), "\udcff", NAME, str(ROOT))["says"]
    )


def test_a_task_that_is_left_out_says_why(tmp_path: Path) -> None:
    seen: list[str] = []
    found = grade(tmp_path, solution(), skip={DATA[0]: "The check itself failed."}, tell=seen.append)
    assert row(found, DATA[0])["says"] == "The check itself failed."
    assert (found["status"], found["points"]) == ("failed", MOST - row(found, DATA[0])["of"])
    assert seen == list(load(NAME).tasks)


def test_long_words_are_cut_and_fingerprints_ignore_layout(tmp_path: Path) -> None:
    long = grade(tmp_path, {WORDS: "word " * 50_000}, "long")
    assert len(row(long, WORDS)["text"]) == 20_000
    one = grade(tmp_path, {WORDS: "SPF  looks\nat the envelope", CODE: solution()[CODE]}, "one")
    other = grade(
        tmp_path, {WORDS: "spf looks at THE envelope", CODE: solution()[CODE] + "\n\n# mine\n"}, "other"
    )
    for task in (WORDS, CODE):
        assert row(one, task)["answer"] == row(other, task)["answer"] != ""
