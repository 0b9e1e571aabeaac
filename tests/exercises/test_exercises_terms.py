"""A class: worlds that take a secret to draw, packs without an answer in them, odd rosters."""

from __future__ import annotations

import hashlib
import hmac
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from smtplab.cli import app
from smtplab.course.graded import checking, terms, world
from smtplab.course.graded.exercise import SETS, load
from smtplab.course.graded.terms import Term, new_term
from smtplab.mail.errors import LabError
from tests.exercises.solving import NAMES, ROOT, answers

WHO = ["s-001", "Zoë".replace("ë", "e"), "anna@school.example"]


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("SMTPLAB_STUDENT", "SMTPLAB_TERM", "SMTPLAB_PACK", "SMTPLAB_COURSE", "JUPYTERHUB_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    checking._worlds.clear()
    yield
    checking._worlds.clear()


def roster(folder: Path, *lines: str) -> Path:
    file = folder / "students.csv"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


@pytest.fixture
def term(tmp_path: Path) -> Term:
    return new_term(
        "autumn-26", roster(tmp_path, "id,first_name", *(f"{who},x" for who in WHO)), tmp_path / "terms"
    )


def test_a_world_is_an_hmac_of_term_exercise_and_student(term: Term) -> None:
    secret = bytes.fromhex((term.folder / "secret").read_text().strip())
    assert len(secret) == 32
    digest = hmac.new(secret, b"autumn-26\0" + b"09-spf\0" + b"s-001", hashlib.sha256).digest()
    assert term.seed("09-spf", "s-001") == int.from_bytes(digest)
    others = {term.seed(name, who) for name in SETS.values() for who in WHO}
    assert len(others) == len(SETS) * len(WHO)
    assert term.seed("09-spf", "s-001") != world.public_seed("09-spf", "s-001")


def test_only_the_owner_reads_the_secret_and_git_does_not_see_it(term: Term) -> None:
    assert stat.S_IMODE((term.folder / "secret").stat().st_mode) == 0o600
    assert (term.folder.parent / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_has_the_things_and_neither_seed_nor_truth(name: str, term: Term) -> None:
    text = (term.folder / "packs" / "s-001" / world.PACK).read_text("utf-8")
    pack = json.loads(text)
    mine = term.world(name, "s-001")
    assert set(pack) == {"term", "student", "worlds"}
    assert pack["worlds"][name] == mine.things
    assert mine.truth is not None
    assert [key for key, value in mine.truth.items() if mine.things.get(key) == value] == []
    secret = (term.folder / "secret").read_text().strip()
    for hidden in (secret, str(term.seed(name, "s-001")), f"{term.seed(name, 's-001'):x}"):
        assert hidden not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_student_with_a_pack_works_in_it_and_the_teacher_grades_the_same_world(
    name: str, term: Term, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTPLAB_PACK", str(term.folder / "packs" / "s-001" / world.PACK))
    given = checking.exercise(name)
    assert (given.student, given.truth) == ("s-001", None)
    assert checking._worlds[name].truth is None, "the notebook of a student holds a truth"

    monkeypatch.delenv("SMTPLAB_PACK")
    monkeypatch.setenv("SMTPLAB_TERM", str(term.folder))
    monkeypatch.setenv("SMTPLAB_COURSE", str(ROOT))
    monkeypatch.setenv("SMTPLAB_STUDENT", "s-001")
    assert checking.exercise(name).things == given.things
    monkeypatch.setattr("tests.exercises.solving.drawn", term.world)
    task, answer = next(iter(answers(name, "s-001").items()))
    score = checking.grade(task, answer)
    assert score.points == score.of == load(name).tasks[task].points, score


def test_a_pack_is_found_in_a_folder_above(
    term: Term, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / "home" / "exercises" / "09-spf"
    deep.mkdir(parents=True)
    (tmp_path / "home" / world.PACK).write_text((term.folder / "packs" / "s-001" / world.PACK).read_text())
    monkeypatch.chdir(deep)
    found = world.pack()
    assert found is not None
    assert found["student"] == "s-001"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"student": 1, "worlds": {}}', "[" * 100_000])
def test_a_damaged_pack_is_said_to_be_one(damage: str, tmp_path: Path) -> None:
    (tmp_path / world.PACK).write_text(damage)
    with pytest.raises(LabError, match="get it from your teacher again"):
        world.draw("09-spf")


def test_a_named_pack_that_is_not_there_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTPLAB_PACK", "nowhere.json")
    with pytest.raises(LabError, match="no such file"):
        world.draw("09-spf")


def test_a_term_can_grow_and_what_was_handed_out_stays_right(term: Term, tmp_path: Path) -> None:
    before = (term.folder / "packs" / "s-001" / world.PACK).read_bytes()
    again = new_term("autumn-26", roster(tmp_path, "id", "late-one", *WHO), tmp_path / "terms")
    assert again.students() == ["late-one", *WHO]
    assert (again.folder / "packs" / "s-001" / world.PACK).read_bytes() == before
    assert (again.folder / "packs" / "late-one" / world.PACK).is_file()


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["name", "anna"], "column id"),
        (["id"], "column id"),
        (["id", "../../etc"], "line 2"),
        (["id", "ok", "a/b"], "line 3"),
        (["id", "ok", " "], "line 3"),
        (["id", "nul.txt"], "line 2"),
        (["id", "anna", "Anna"], "twice"),
        (["id", "x" * 65], "line 2"),
        (["id", "\x1b[2J"], "line 2"),
    ],
)
def test_an_odd_roster_is_refused_before_anything_is_written(
    lines: list[str], says: str, tmp_path: Path
) -> None:
    with pytest.raises(LabError, match=says):
        new_term("t", roster(tmp_path, *lines), tmp_path / "terms")
    assert not (tmp_path / "terms").exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 65])
def test_an_odd_term_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="term's name"):
        new_term(name, roster(tmp_path, "id", "anna"), tmp_path / "terms")


def test_the_command_says_what_to_hand_out_and_what_to_keep(tmp_path: Path) -> None:
    students = str(roster(tmp_path, "id", "anna", "ben"))
    run = CliRunner().invoke(app, ["new-term", "spring", "--roster", students])
    assert run.exit_code == 0, run.output
    assert "2 students" in run.output
    assert "Keep:     secret" in run.output
    assert (tmp_path / "terms" / "spring" / "packs" / "ben" / world.PACK).is_file()
    wrong = CliRunner().invoke(app, ["new-term", "spring", "--roster", str(tmp_path / "none.csv")])
    assert (wrong.exit_code, "cannot be read" in wrong.output) == (2, True)


@pytest.mark.parametrize(
    ("environment", "folder", "who"),
    [
        ({}, ".", "self-study"),
        ({"JUPYTERHUB_USER": "hub"}, ".", "hub"),
        ({"JUPYTERHUB_USER": "teacher"}, "autograded/anna/09-spf", "anna"),
        ({}, "submitted/ben/09-spf", "ben"),
        ({"SMTPLAB_STUDENT": "set", "JUPYTERHUB_USER": "hub"}, "autograded/anna/09-spf", "set"),
    ],
)
def test_who_the_student_is(
    environment: dict[str, str], folder: str, who: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / folder)
    assert world.student() == who


def test_two_seeds_that_share_their_low_bits_make_two_worlds() -> None:
    """Nobody finds a seed by trying: all of its 256 bits count."""
    assert Random(5).random() != Random(5 + 2**255).random()


def test_a_students_machine_cannot_grade(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LabError, match="solutions/"):
        checking.grade("dialogue-2", ["EHLO x"])
    assert terms.current() is None
