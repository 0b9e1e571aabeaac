"""The learner's folder of lessons: filled, brought up to date, mended, and nothing of theirs ever lost."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smtplab import cli, course_folder, course_record, doctor
from smtplab.mail.errors import LabError

SPF = "notebooks/09-spf.ipynb"
EXERCISE = "exercises/09-spf/09-spf.ipynb"


def notebook(source: str, outputs: str = "") -> str:
    cell = {"cell_type": "code", "source": [source], "outputs": [outputs] if outputs else []}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


class Course:
    """A package with three files, and the folder of somebody who learns with it."""

    def __init__(self, folder: Path) -> None:
        self.share = folder / "package" / "share"
        self.root = folder / "mine"
        self.said: list[str] = []
        for name in (course_folder.FIRST, SPF, EXERCISE):
            self.release(name, f"{name} 1")

    def release(self, name: str, source: str) -> None:
        (self.share / name).parent.mkdir(parents=True, exist_ok=True)
        (self.share / name).write_text(notebook(source))

    def update(self) -> str:
        """What `smtplab lab mine` says before JupyterLab starts."""
        self.said.clear()
        course_folder.prepare(self.root, self.said.append)
        return "\n".join(self.said)

    def reset(self, lesson: str) -> str:
        self.said.clear()
        course_folder.reset(self.root, lesson, self.said.append)
        return "\n".join(self.said)

    def text(self, name: str) -> str:
        return (self.root / name).read_text()

    def names(self) -> set[str]:
        return {path.name for path in self.root.rglob("*") if path.is_file()}

    def faults(self) -> list[str]:
        found = course_folder.faults(course_folder.Place(self.root, True))
        assert all(mend.endswith((".", "`")) for _, mend in found)
        return [what for what, _ in found]


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    course = Course(tmp_path.resolve())
    monkeypatch.setattr(course_folder, "HERE", course.share.parent)
    monkeypatch.setenv("HOME", str(course.root.parent))
    monkeypatch.setenv("USERPROFILE", str(course.root.parent))
    monkeypatch.chdir(course.root.parent)
    return course


def test_the_first_time_everything_is_copied_and_then_nothing(course: Course) -> None:
    assert course.update() == f"{EXERCISE}, {course_folder.FIRST}, {SPF} copied to {course.root}"
    assert course.text(SPF) == notebook(f"{SPF} 1")
    assert course.faults() == []
    assert course.update() == ""
    assert course.names() == {"00-start-here.ipynb", "09-spf.ipynb", course_record.MARK}


def test_an_update_renews_what_is_as_it_came(course: Course) -> None:
    course.update()
    course.release(SPF, "two")
    assert course_folder.newer(course_folder.Place(course.root, True)) == 1
    assert course.update() == f"{SPF} brought up to date in {course.root}"
    assert course.text(SPF) == notebook("two")
    assert course_folder.newer(course_folder.Place(course.root, True)) == 0


def test_an_update_lays_the_new_version_beside_a_changed_one_once(course: Course) -> None:
    course.update()
    (course.root / SPF).write_text(notebook("my own"))
    assert course.update() == ""  # no new version, nothing to say
    course.release(SPF, "two")
    assert "you have changed it, and it stays" in course.update()
    assert course.text(SPF) == notebook("my own")
    assert course.text("notebooks/09-spf-new.ipynb") == notebook("two")
    assert course.update() == ""
    course.release(SPF, "three")
    assert "09-spf-new-2.ipynb" in course.update()
    assert course.text("notebooks/09-spf-new.ipynb") == notebook("two")


def test_a_lesson_that_was_only_run_is_kept_aside(course: Course) -> None:
    course.update()
    ran = notebook(f"{SPF} 1", "250 OK")
    (course.root / SPF).write_text(ran)
    assert course.update() == ""
    assert course.text(SPF) == ran
    course.release(SPF, "two")
    assert "Yours, with its outputs, is 09-spf-mine.ipynb" in course.update()
    assert (course.text(SPF), course.text("notebooks/09-spf-mine.ipynb")) == (notebook("two"), ran)


@pytest.mark.parametrize("damage", ["", "{", '{"files": 3}', '{"files": {"x": {"file": 1}}}', "[" * 99_999])
def test_without_its_record_what_differs_counts_as_the_learners(course: Course, damage: str) -> None:
    course.update()
    (course.root / SPF).write_text(notebook("my own"))
    (course.root / EXERCISE).write_text(notebook(f"{EXERCISE} 1", "ran"))
    (course.root / course_record.MARK).write_text(damage)
    assert course.faults() == [f"{course.root / course_record.MARK} is damaged."]
    said = course.update()
    assert "is damaged: it is written anew, and your files stay" in said
    assert "09-spf-new.ipynb" in said
    assert course.text(SPF) == notebook("my own")
    assert course.faults() == []
    course.release(EXERCISE, "two")
    assert "09-spf-mine.ipynb" in course.update()


def test_what_was_deleted_comes_back(course: Course) -> None:
    course.update()
    (course.root / SPF).unlink()
    assert course.faults() == [f"1 of its files are missing, {SPF} first."]
    assert course.update() == f"{SPF} copied to {course.root}"


@pytest.mark.parametrize("lesson", ["09", "9", "spf", "09-spf", "09-SPF.ipynb"])
def test_reset_brings_a_lesson_and_its_exercise_back(course: Course, lesson: str) -> None:
    course.update()
    for word in ("first", "second"):
        (course.root / EXERCISE).write_text(notebook(word))
        said = course.reset(lesson)
        assert f"{SPF} is as it came." in said
        assert course.text(EXERCISE) == notebook(f"{EXERCISE} 1")
    assert course.text("exercises/09-spf/09-spf-mine.ipynb") == notebook("first")
    assert course.text("exercises/09-spf/09-spf-mine-2.ipynb") == notebook("second")


def test_reset_of_what_can_no_longer_be_read(course: Course) -> None:
    course.update()
    (course.root / SPF).unlink()
    (course.root / SPF).mkdir()
    assert course.faults()[0].startswith(f"{SPF} cannot be read (")
    course.release(course_folder.FIRST, "two")  # comes all the same
    said = course.update().splitlines()
    assert re.fullmatch(rf"{SPF} cannot be read \(.+\)\. `smtplab reset 09-spf` brings it back\.", said[0])
    assert said[1] == f"{course_folder.FIRST} brought up to date in {course.root}"
    (course.root / EXERCISE).write_text(notebook("mine")[:-9])
    assert f"{EXERCISE} is not a notebook, or only a part of one." in course.faults()
    course.reset("09")
    assert course.faults() == []
    assert (course.root / "notebooks/09-spf-mine.ipynb").is_dir()
    assert course.text("exercises/09-spf/09-spf-mine.ipynb") == notebook("mine")[:-9]


def test_an_unknown_lesson(course: Course) -> None:
    run = CliRunner().invoke(cli.app, ["reset", "../09", "--folder", str(course.root)])
    assert run.exit_code == 2
    assert run.output == 'There is no lesson "../09". There are: 00-start-here, 09-spf.\n'


def test_a_write_that_fails_leaves_what_was_there(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    course.update()
    course.release(SPF, "two")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(LabError, match="No space left on device"):
        course.update()
    assert course.text(SPF) == notebook(f"{SPF} 1")
    assert not [name for name in course.names() if name.startswith(".smtplab-") and "course" not in name]
    monkeypatch.undo()
    monkeypatch.setattr(course_folder, "HERE", course.share.parent)
    assert course.update() == f"{SPF} brought up to date in {course.root}"


def test_a_file_where_the_folder_should_be(course: Course) -> None:
    course.root.write_text("")
    run = CliRunner().invoke(cli.app, ["lab", "--no-browser", str(course.root)])
    assert run.exit_code == 1
    assert "cannot be read or written" in run.output
    assert "Traceback" not in run.output


def test_which_folder(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    home = course_folder.Place(course.root.parent / "smtplab-course", True)
    assert course_folder.locate() == home
    course.update()
    mine = course_folder.Place(course.root, True)
    assert course_folder.locate(Path("~/mine")) == mine
    assert course_folder.locate(Path("mine")) == mine
    monkeypatch.chdir(course.root / "exercises/09-spf")
    assert course_folder.locate() == mine


def test_a_checkout_is_worked_on_in_place(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    course.update()
    (course.root / course_record.MARK).unlink()
    (course.root / "smtplab").mkdir()
    (course.root / "smtplab/cli.py").write_text("")
    monkeypatch.chdir(course.root)
    (course.root / SPF).write_text(notebook("my own"))
    for named in (None, course.root):
        assert course_folder.prepare(named, course.said.append) == course.root
    assert course_record.MARK not in course.names()
    with pytest.raises(LabError, match=f"`git restore {EXERCISE} {SPF}`"):
        course.reset("09")


def lessons() -> tuple[str, str, str]:
    """The one step of the doctor's: result, finding, mending."""
    [step] = doctor.lessons()
    return step.result, step.why, step.steps[0].why if step.steps else ""


def test_the_doctor_on_lessons(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    home = course.root.parent / "smtplab-course"
    assert lessons() == ("none", f"not copied yet: `smtplab lab` makes {home}", "")
    course.root = home
    course.update()
    assert lessons() == ("pass", f"in {home}", "")
    course.release(SPF, "two")
    assert lessons()[1] == f"in {home}; 1 have a newer version, which `smtplab lab` brings"
    (home / SPF).write_text("<<<<<<< mine")
    result, found, mend = lessons()
    assert (result, found) == ("fail", f"{SPF} is not a notebook, or only a part of one.")
    assert "`smtplab reset 09-spf`" in mend


def test_the_doctor_on_a_folder_that_takes_no_files(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    course.update()
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    result, found, mend = lessons()
    assert (result, found) == ("fail", f"nothing can be saved in {course.root} (Permission denied).")
    assert str(course.root) in mend


def test_the_doctor_on_a_package_without_lessons(course: Course) -> None:
    (course.share / course_folder.FIRST).unlink()
    assert lessons() == (
        "fail",
        "smtplab has none: notebooks/00-start-here.ipynb is not in its package.",
        doctor.REINSTALL,
    )


def test_the_doctor_in_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        "import os; from smtplab import doctor; os.rmdir(os.getcwd());"
        "[step] = doctor.lessons(); print(step.result, step.why)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True, check=False)
    assert run.stdout.startswith("fail That folder cannot be found ("), run.stderr
