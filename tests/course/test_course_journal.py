"""The file of progress: nothing is lost to two kernels at once, and no file breaks a lesson."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smtplab.course import journal
from smtplab.course.journal import Entry, Record, read, record
from smtplab.course.progress import NOTHING, UNSAVED, Summary, progress

GOOD = {"lesson": "a", "kind": "hint", "name": "dot", "count": 1, "of": 3, "at": "2026-03-02T09:00:00Z"}


def prediction(outcome: str, name: str = "first", lesson: str = "02-dialogue") -> bool:
    return record(Entry(lesson, "prediction", name, outcome=outcome))


def write(folder: Path, *lines: str | bytes) -> None:
    folder.mkdir(exist_ok=True)
    raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
    (folder / "progress.jsonl").write_bytes(b"".join(raw))


def test_it_begins_empty(fresh: Path) -> None:
    assert read() == {} and not fresh.exists()


def test_what_was_done_is_there_again() -> None:
    assert prediction("right first time")
    record(Entry("02-dialogue", "hint", "dot", count=2, of=3))
    record(Entry("02-dialogue", "quiz", "end", count=4, of=5))
    done = read()["02-dialogue"]
    assert done.predictions == {"first": "right first time"}
    assert done.hints == {"dot": (2, 3)} and done.quizzes == {"end": (4, 5)}
    assert done.last.endswith("Z") and len(done.last) == len("2026-03-02T09:00:00Z")


@pytest.mark.parametrize(
    ("outcomes", "counts"),
    [
        (["not predicted"], "not predicted"),
        (["not predicted", "right first time"], "right first time"),
        (["not predicted", "wrong", "right later"], "right later"),
        (["right first time", "not predicted"], "right first time"),
        (["right first time", "wrong"], "right first time"),
        (["skipped", "right first time"], "right later"),  # in a later kernel: the answer was known
        (["wrong", "right first time"], "right later"),
        (["wrong", "skipped"], "wrong"),
        (["skipped", "wrong"], "wrong"),
        (["right later", "right first time"], "right later"),
    ],
)
def test_which_outcome_counts(outcomes: list[str], counts: str) -> None:
    for outcome in outcomes:
        prediction(outcome)
    assert read()["02-dialogue"].predictions == {"first": counts}


def test_the_best_of_a_quiz_and_the_most_of_hints_count() -> None:
    for count in (1, 4, 2):
        record(Entry("a", "quiz", "end", count=count, of=5))
        record(Entry("a", "hint", "dot", count=count, of=5))
    assert read()["a"].quizzes == {"end": (4, 5)} and read()["a"].hints == {"dot": (4, 5)}
    record(Entry("a", "quiz", "end", count=1, of=3))  # the lesson has become shorter
    assert read()["a"].quizzes == {"end": (3, 3)}


def test_what_changes_nothing_is_not_written(fresh: Path) -> None:
    for _ in range(5):
        prediction("not predicted")
    assert (fresh / "progress.jsonl").read_text().count("not predicted") == 1


def test_reset_forgets_one_lesson_or_all() -> None:
    prediction("wrong", lesson="a")
    prediction("wrong", lesson="b")
    assert list(progress.reset("a").records) == ["b"]
    prediction("right first time", lesson="a")
    assert read()["a"].predictions == {"first": "right first time"}
    assert progress.reset().records == {} and repr(progress()) == NOTHING


BROKEN = [
    b"\xff\xfe\x00",
    b"not json",
    b"[]",
    b"null",
    b"1e999",
    b'{"lesson": "a"}',
    b'{"lesson": "a", "kind": "hint", "extra": 1}',
    b'{"lesson": ["a"], "kind": "hint", "name": "x"}',
    b'{"lesson": "a", "kind": "grade", "name": "x"}',
    b'{"lesson": "a", "kind": "prediction", "name": "x", "outcome": "best"}',
    b'{"lesson": "a", "kind": "hint", "name": "x", "count": -1, "of": 1}',
    b'{"lesson": "a", "kind": "hint", "name": "x", "count": true, "of": 1}',
    b'{"lesson": "a", "kind": "hint", "name": "x", "count": 1e400, "of": 1}',
    b'{"lesson": "a", "kind": "hint", "name": "x", "count": ' + b"9" * 5000 + b', "of": 1}',
    b'{"lesson": "' + b"a" * 5000 + b'", "kind": "hint", "name": "x"}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
]


@pytest.mark.parametrize("line", BROKEN, ids=lambda line: line[:40].decode("latin-1"))
def test_a_broken_line_is_put_aside_and_the_rest_is_kept(fresh: Path, line: bytes) -> None:
    write(fresh, json.dumps(GOOD) + "\n", line + b"\n", json.dumps({**GOOD, "count": 2}) + "\n")
    assert read() == {"a": Record(hints={"dot": (2, 3)}, last=GOOD["at"])}  # type: ignore[arg-type]
    assert line in (fresh / "broken-1.jsonl").read_bytes()
    assert line not in (fresh / "progress.jsonl").read_bytes()
    assert record(Entry("a", "hint", "dot", count=3, of=3)) and read()["a"].hints == {"dot": (3, 3)}
    assert len(list(fresh.glob("broken-*"))) == 1


def test_a_line_being_written_is_no_broken_file(fresh: Path) -> None:
    write(fresh, json.dumps(GOOD) + "\n" + json.dumps(GOOD)[:30])
    assert read()["a"].hints == {"dot": (1, 3)} and not list(fresh.glob("broken-*"))
    record(Entry("a", "hint", "dot", count=2, of=3))  # after a write that was cut short for good
    assert read()["a"].hints == {"dot": (2, 3)}


def test_a_file_that_is_too_big_is_put_aside(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(fresh, json.dumps(GOOD) + "\n")
    monkeypatch.setattr(journal, "BIGGEST", 10)
    assert read() == {} and (fresh / "broken-1.jsonl").exists() and not (fresh / "progress.jsonl").exists()


def test_without_a_folder_to_write_it_lasts_as_long_as_the_kernel(fresh: Path) -> None:
    fresh.write_text("a file where the folder should be")
    assert not prediction("wrong")
    assert read()["02-dialogue"].predictions == {"first": "wrong"}
    assert UNSAVED in repr(progress()) and UNSAVED in progress()._repr_html_()


def test_a_folder_where_the_file_should_be(fresh: Path) -> None:
    (fresh / "progress.jsonl").mkdir(parents=True)
    assert not prediction("wrong")
    assert read()["02-dialogue"].predictions == {"first": "wrong"}


def test_the_users_folder_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch, fresh: Path) -> None:
    assert journal.folder() == fresh
    monkeypatch.delenv("SMTPLAB_PROGRESS")
    assert journal.folder().name == "progress" and "smtplab" in journal.folder().parts


WRITER = """
import sys
from smtplab.course.journal import Entry, record
sys.stdin.readline()
for number in range(60):
    record(Entry(sys.argv[1], "prediction", f"cell-{number}", outcome="wrong"))
    record(Entry("shared", "prediction", f"{sys.argv[1]}-{number}", outcome="skipped"))
"""


def test_two_kernels_at_once_lose_nothing(fresh: Path) -> None:
    command = [sys.executable, "-c", WRITER]
    writers = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, env=os.environ, text=True)
        for name in ("a", "b")
    ]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("\n")
        writer.stdin.flush()
    while any(writer.poll() is None for writer in writers):
        read()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    done = read()
    assert len(done["a"].predictions) == len(done["b"].predictions) == 60
    assert len(done["shared"].predictions) == 120
    assert not list(fresh.glob("broken-*"))


def test_the_summary_counts_lesson_by_lesson() -> None:
    done = Record(
        predictions={
            "a": "right first time",
            "b": "right later",
            "c": "wrong",
            "d": "skipped",
            "e": "not predicted",
        },
        hints={"dot": (2, 3), "crlf": (1, 3)},
        quizzes={"entry": (3, 3)},
        last="2026-03-02T09:00:00Z",
    )
    summary = Summary({"02-dialogue": done})
    assert summary.rows() == [("02-dialogue", "1", "1", "1", "1", "1", "3", "entry 3 of 3", "2026-03-02")]
    assert " ".join(repr(summary).split()).endswith("02-dialogue 1 1 1 1 1 3 entry 3 of 3 2026-03-02")
    html = summary._repr_html_()
    assert html.count("<tr>") == 2 and 'scope="row">02-dialogue<' in html and "<caption" in html


def test_the_summary_tells_outcomes_apart() -> None:
    heads = dict.fromkeys(("right first time", "right later", "wrong", "skipped", "not predicted"))
    for column, outcome in enumerate(heads, 1):
        assert Summary({"x": Record(predictions={"a": outcome})}).rows()[0][column] == "1"


def test_hostile_names_in_the_file_show_as_text(fresh: Path) -> None:
    evil = "<script>\x1b\u202e"
    write(fresh, json.dumps({**GOOD, "lesson": evil, "kind": "quiz", "name": evil, "at": evil}) + "\n")
    for made in (progress()._repr_html_(), repr(progress())):
        assert not {"\x1b", "\u202e"} & set(made)
    assert "<script>" not in progress()._repr_html_()
    assert "reset" in repr(progress)
