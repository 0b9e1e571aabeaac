"""`smtplab grade` from outside: points, worlds, resuming, being killed, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from smtplab.course.graded.exercise import load
from smtplab.course.graded.terms import new_term
from smtplab.course.grading.planning import plan
from smtplab.mail.errors import LabError
from tests.exercises.solving import ROOT, teacher, worth
from tests.grading.commanding import LIMIT, arguments, environment, grade, points, results
from tests.grading.handing_in import (
    CODE,
    DATA,
    JUDGED,
    MOST,
    NAME,
    WORDS,
    a_class,
    hand_in,
    mistaken,
    solution,
    world_of,
)

pytestmark = pytest.mark.timeout(180)


class Class(NamedTuple):
    submissions: Path
    out: Path
    said: tuple[int, str, str]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    folder = tmp_path_factory.mktemp("class")
    a_class(folder / "handed-in", 4)
    wordy = {**solution(), WORDS: "SPF looks at the envelope.", CODE: "raise KeyError('mine')"}
    hand_in(folder / "handed-in", "wordy", wordy)
    (hand_in(folder / "handed-in", "torn", {})).write_text('{"cells": [')
    hand_in(folder / "handed-in", "x <b>\u202e", solution())
    said = grade(folder / "handed-in", folder / "graded")
    return Class(folder / "handed-in", folder / "graded", said)


def test_points_are_those_of_the_checks(graded: Class) -> None:
    found = results(graded.out)
    assert found["s000"]["points"] == MOST == sum(found["s000"][name] for name in ("of",))
    mine = world_of("s001")
    for task in DATA:
        answer = teacher(NAME).MISTAKES[task][0].answer(mine)
        score = worth(load(NAME), load(NAME).tasks[task], answer, mine)
        row = next(row for row in found["s001"]["tasks"] if row["id"] == task)
        assert (row["points"], row["state"]) == (score.points, "judged")
        assert row["verdict"] == score.verdict.to_dict()
    assert 0 < found["s001"]["points"] < found["s002"]["points"] < MOST
    assert found["s003"]["points"] == 0
    assert {row["state"] for row in found["s003"]["tasks"]} == {"blank"}


def test_words_wait_for_a_person(graded: Class) -> None:
    words = results(graded.out)["wordy"]["tasks"][-1]
    assert (words["state"], words["points"], words["text"]) == ("reading", None, "SPF looks at the envelope.")
    assert results(graded.out)["wordy"]["reading"] == load(NAME).tasks[WORDS].points


def test_a_cell_that_raises_costs_its_task_and_says_so(graded: Class) -> None:
    found = results(graded.out)["wordy"]
    assert found["points"] == MOST - load(NAME).tasks[CODE].points
    row = next(row for row in found["tasks"] if row["id"] == CODE)
    assert (row["points"], row["state"]) == (0, "judged")
    assert "KeyError: 'mine'" in row["says"]
    assert found["status"] == "graded"


def test_what_cannot_be_graded_is_named_and_is_no_nought(graded: Class) -> None:
    code, out, _ = graded.said
    assert code == 1
    assert "torn, 09-spf: unreadable. This is not a notebook" in out
    torn = results(graded.out)["torn"]
    assert torn["status"] == "failed"
    assert set(points(torn).values()) == {None}


def test_the_same_answer_has_the_same_fingerprint(graded: Class) -> None:
    found = results(graded.out)
    one, other = (
        {row["id"]: row["answer"] for row in found[who]["tasks"]} for who in ("s000", "x <b>\u202e")
    )
    assert one[CODE] == other[CODE] != ""
    assert one[DATA[0]] != other[DATA[0]]
    assert results(graded.out)["s003"]["tasks"][0]["answer"] == ""


def test_a_hostile_name_stays_in_the_folder_and_prints_nothing_odd(graded: Class) -> None:
    assert results(graded.out)["x <b>\u202e"]["points"] == MOST
    assert all(file.parent.parent == graded.out for file in graded.out.glob("**/*.json"))


def test_there_are_no_codes_where_nobody_watches(graded: Class) -> None:
    _, out, err = graded.said
    assert "7 of 7, 0 s left" in err
    assert "\x1b" not in out + err and "\r" not in out + err


def test_run_again_it_grades_only_what_changed_or_failed(graded: Class) -> None:
    first = {file: file.stat().st_mtime_ns for file in graded.out.glob("*/*.json")}
    hand_in(graded.submissions, "late", {})
    notebook = graded.submissions / "s003" / NAME / f"{NAME}.ipynb"
    notebook.write_text(notebook.read_text("utf-8").replace("spf_1 = None", "spf_1 = 4"), "utf-8")
    code, out, _ = grade(graded.submissions, graded.out)
    assert code == 1
    assert "8 submissions, 3 graded now and 5 before" in out
    new = {
        file.parent.name for file in graded.out.glob("*/*.json") if first.get(file) != file.stat().st_mtime_ns
    }
    assert new == {"late", "s003", "torn"}


def test_again_grades_all(graded: Class, tmp_path: Path) -> None:
    only = tmp_path / "handed-in"
    shutil.copytree(graded.submissions / "s003", only / "s003")
    assert "1 graded now and 0 before" in grade(only, tmp_path / "graded").out
    assert "0 graded now and 1 before" in grade(only, tmp_path / "graded").out
    assert "1 graded now and 0 before" in grade(only, tmp_path / "graded", "--again").out


def test_a_term_picks_the_secret_worlds(tmp_path: Path) -> None:
    (tmp_path / "students.csv").write_text("id\nada\nbob\n")
    term = new_term("autumn", tmp_path / "students.csv", tmp_path / "terms")
    for who in ("ada", "bob", "stranger"):
        answers = solution() if who == "ada" else mistaken(term.world(NAME, "bob"))
        hand_in(tmp_path / "handed-in", who, answers)
    code, _, err = grade(tmp_path / "handed-in", tmp_path / "graded", "--term", term.folder)
    assert code == 0 and "term autumn" in err
    found = results(tmp_path / "graded")
    assert found["ada"]["points"] == MOST and found["ada"]["term"] == "autumn"
    wanted = {task: teacher(NAME).MISTAKES[task][0].points for task in DATA}
    assert {task: points(found["bob"])[task] for task in DATA} == pytest.approx(wanted)
    assert found["bob"]["remarks"] == []
    assert any("not on the roster" in remark for remark in found["stranger"]["remarks"])
    secret = (term.folder / "secret").read_text().strip()
    assert all(secret not in file.read_text() for file in (tmp_path / "graded").glob("*/*.json"))


def test_killed_half_way_it_goes_on_with_the_rest(tmp_path: Path) -> None:
    names = a_class(tmp_path / "handed-in", 10)
    # It never ends, so that the grader is at it, with a sandbox, when it is killed.
    hand_in(tmp_path / "handed-in", "s003x", {DATA[0]: "while True: pass"})
    out = tmp_path / "graded"
    command = arguments(tmp_path / "handed-in", "--out", out, "--course", ROOT, "--jobs", "1")
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, env=environment(), text=True
    ) as grader:
        assert grader.stderr
        next(line for line in grader.stderr if line.startswith("4 of 11"))
        started = psutil.Process(grader.pid).children(recursive=True)
        grader.send_signal(signal.SIGKILL)
    assert started
    assert psutil.wait_procs(started, timeout=20)[1] == [], "a process survives the grader"
    before = results(out)
    assert set(before) == set(names[:4])
    assert list(out.glob("*/.*")) == []
    shutil.rmtree(tmp_path / "handed-in" / "s003x")
    times = {file: file.stat().st_mtime_ns for file in out.glob("*/*.json")}
    code, said, _ = grade(tmp_path / "handed-in", out)
    assert code == 0 and "10 submissions, 6 graded now and 4 before" in said
    assert all(file.stat().st_mtime_ns == time for file, time in times.items())
    assert set(results(out)) == set(names)


def test_ctrl_c_keeps_what_is_there(tmp_path: Path) -> None:
    a_class(tmp_path / "handed-in", 2)
    hand_in(tmp_path / "handed-in", "s001x", {DATA[0]: "while True: pass"})
    command = arguments(tmp_path / "handed-in", "--out", tmp_path / "graded", "--course", ROOT, "--jobs", "1")
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, env=environment(), text=True
    ) as grader:
        assert grader.stderr
        next(line for line in grader.stderr if line.startswith("2 of 3"))
        started = psutil.Process(grader.pid).children(recursive=True)
        grader.send_signal(signal.SIGINT)
        assert "Stopped. What is graded is kept" in grader.stderr.read()
        assert grader.wait(LIMIT) == 130
    assert psutil.wait_procs(started, timeout=20)[1] == []
    assert set(results(tmp_path / "graded")) == {"s000", "s001"}


def course_with(folder: Path, more: str) -> Path:
    """A course whose teacher's file has `more` at its end."""
    leave_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "solutions" / NAME, folder / "solutions" / NAME, ignore=leave_out)
    file = folder / "solutions" / NAME / "teacher.py"
    file.write_text(file.read_text("utf-8") + more, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("what", "says"),
    [("while True: pass", "did not come to an end"), ("import os; os._exit(7)", "died (exit code 7)")],
)
def test_a_check_that_hangs_or_dies_costs_its_task_only(tmp_path: Path, what: str, says: str) -> None:
    task = next(task for task in JUDGED if load(NAME).tasks[task].hidden)
    more = f"""

def _bad(seen, world):
    if world.student == "unlucky":
        {what}
    yield mark("hidden", {load(NAME).tasks[task].hidden}, 1, "fine")


HIDDEN[{task!r}] = _bad
"""
    for who in ("unlucky", "lucky"):
        hand_in(tmp_path / "handed-in", who, solution())
    course = course_with(tmp_path / "course", more)
    code, out, _ = grade(tmp_path / "handed-in", tmp_path / "graded", "--seconds", 5, course=course)
    found = results(tmp_path / "graded")
    assert (found["lucky"]["status"], found["lucky"]["points"]) == ("graded", MOST)
    unlucky = found["unlucky"]
    assert code == 1 and f"unlucky, {NAME}" in out
    assert unlucky["status"] == "failed" and says in unlucky["says"]
    assert points(unlucky)[task] is None
    assert unlucky["points"] == MOST - load(NAME).tasks[task].points


def nonsense(tmp_path: Path) -> dict[str, tuple[list[Any], str]]:
    there = tmp_path / "handed-in"
    return {
        "no folder": ([tmp_path / "nowhere"], "is not a folder"),
        "nothing in it": ([tmp_path / "empty"], "No submissions are in"),
        "no such exercise": ([there, "--exercise", "99-none"], "There is no exercise '99-none'"),
        "none of it": ([there, "--exercise", "02-dialogue"], "No submissions of 02-dialogue"),
        "no term": ([there, "--term", "winter"], "winter is not a term's folder"),
        "no course": ([there, "--course", tmp_path], "Grading needs the course's solutions/"),
        "no jobs": ([there, "--jobs", "0"], "--jobs"),
        "no Dask": ([there, "--course", ROOT, "--scheduler", "tcp://127.0.0.1:1"], "smtplab[cluster]"),
        "no argument": ([], "Missing argument"),
    }


@pytest.mark.parametrize("case", nonsense(Path()))
def test_wrong_usage_ends_with_2_and_a_sentence(tmp_path: Path, case: str) -> None:
    (tmp_path / "empty").mkdir()
    hand_in(tmp_path / "handed-in", "ada", {})
    asked, says = nonsense(tmp_path)[case]
    more = [] if "--course" in asked else ["--course", ROOT]
    done = subprocess.run(
        arguments(*asked, *more, "--out", tmp_path / "graded"),
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert says in done.stderr and "Traceback" not in done.stderr


def test_several_terms_and_none_named(tmp_path: Path) -> None:
    course = course_with(tmp_path / "course", "")
    (tmp_path / "students.csv").write_text("id\nada\n")
    for name in ("spring", "autumn"):
        new_term(name, tmp_path / "students.csv", course / "terms")
    hand_in(tmp_path / "handed-in", "ada", {})
    with pytest.raises(LabError, match=r"several terms \(autumn, spring\)"):
        plan(tmp_path / "handed-in", None, course, None, 60)
    for named, term in (
        ("spring", "spring"),
        ("terms/autumn", "autumn"),
        (str(course / "terms/spring"), "spring"),
    ):
        found = plan(tmp_path / "handed-in", None, course, named, 60).term
        assert found and found.name == term
    assert plan(tmp_path / "handed-in", None, course, "none", 60).term is None


def test_a_terminal_gets_a_bar_with_the_time_left(tmp_path: Path) -> None:
    import pty

    a_class(tmp_path / "handed-in", 2)
    ours, theirs = pty.openpty()
    command = arguments(tmp_path / "handed-in", "--out", tmp_path / "graded", "--course", ROOT)
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=theirs, stdout=theirs, env=environment(TERM="xterm")
    ) as grader:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # Linux says so at the end of a terminal
            pass
        finally:
            os.close(ours)
        assert grader.wait(LIMIT) == 0
    assert b"2/2" in shown and b"0:00:00" in shown and b"grading" in shown


def test_results_are_json_for_others(graded: Class) -> None:
    row_keys = {"id", "title", "kind", "of", "hidden", "points", "state", "says", "verdict", "text", "answer"}
    for file in graded.out.glob("*/*.json"):
        found = json.loads(file.read_text("ascii"))
        assert {frozenset(row) for row in found["tasks"]} == {frozenset(row_keys)}
        assert found["form"] == 1
