"""Results on disk: whole or not at all, for any name, and told apart by what they were made from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from smtplab.course.grading.store import Store, digest_of, safe
from smtplab.mail.errors import LabError

HOSTILE = [
    "", ".", "..", "../../etc/passwd", "/etc/passwd", "a/b", "a\\b", "CON", "nul.txt", "name.", "-rf", "~",
    "a\nb", "\x00", "\x1b[2J", "\u202egnp", "<script>alert(1)</script>", "José", "ada%2Fb", "%41", "A" * 64,
    "A" * 65, "é" * 300, "é" * 301, "\udcff", " ada", "ada ", "=cmd()",
]  # fmt: skip


def result(student: str = "ada", **more: Any) -> dict[str, Any]:
    return {"student": student, "exercise": "09-spf", "digest": "0" * 64, "status": "graded", "tasks": [],
            "points": 3, **more}  # fmt: skip


def test_every_name_has_a_file_of_its_own_inside_the_folder(tmp_path: Path) -> None:
    with Store(tmp_path / "graded") as store:
        files = [store.write(result(name)) for name in HOSTILE]
        for file in files:
            assert file.resolve().parent.parent == store.folder.resolve()
            assert len(os.fsencode(file.parent.name)) <= 200
        assert len({str(file).lower() for file in files}) == len(HOSTILE)
        assert sorted(one["student"] for one in store.results()) == sorted(HOSTILE)


def test_what_names_a_student_is_the_folder() -> None:
    assert safe("ada.l@uni-x_1") == "ada.l@uni-x_1"
    assert safe("a/b") == "%a%2Fb"


def test_a_result_counts_for_what_it_was_made_from_only(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        assert store.status("ada", "09-spf", "0" * 64) == ""
        store.write(result(status="incomplete"))
        assert store.status("ada", "09-spf", "0" * 64) == "incomplete"
        assert store.status("ada", "09-spf", "1" * 64) == ""
        store.write(result(status="failed"))
        assert store.status("ada", "09-spf", "0" * 64) == ""


def test_a_write_that_fails_leaves_the_older_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with Store(tmp_path) as store:
        store.write(result())
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            store.write(result(points=9))
        assert [one["points"] for one in store.results()] == [3]
        assert [file.name for file in (tmp_path / "ada").iterdir()] == ["09-spf.json"]


def test_what_a_killed_grader_left_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    part = tmp_path / "ada" / ".09-spf.json.77.part"
    part.write_text('{"digest": "0')
    with Store(tmp_path) as store:
        assert not part.exists()
        assert list(store.results()) == []


def test_one_grader_at_a_time(tmp_path: Path) -> None:
    with Store(tmp_path), pytest.raises(LabError, match="Another smtplab grade is at work"), Store(tmp_path):
        pass
    with Store(tmp_path):
        pass


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match="cannot be written"), Store(tmp_path / "file"):
        pass


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1}', "[" * 100_000, "\xff"])
def test_what_is_no_result_is_passed_over(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    store.write(result("eve"))
    (tmp_path / "eve" / "02-dialogue.json").write_text(text, "latin-1")
    assert [one["exercise"] for one in store.results()] == ["09-spf"]
    assert store.read("eve", "02-dialogue") is None


def test_a_result_is_ascii_and_says_first_what_it_was_made_from(tmp_path: Path) -> None:
    file = Store(tmp_path).write(result("\udcff é"))
    assert file.read_bytes().isascii()
    assert list(json.loads(file.read_text()))[:2] == ["digest", "status"]


def test_a_digest_tells_its_parts_apart(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("ab")
    other.write_text("ac")
    found = [
        digest_of(parts) for parts in (["a", "b"], ["ab"], ["ab", ""], [one, "x"], [other, "x"], ["\udcff"])
    ]
    assert len(set(found)) == len(found)
    assert digest_of([one]) == digest_of(["ab"])


def test_a_digest_never_waits_for_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    assert digest_of([tmp_path / "pipe"]) != digest_of([tmp_path / "link"])
