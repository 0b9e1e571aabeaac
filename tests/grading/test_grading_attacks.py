"""Every attack gets what the table says, and no points; an honest answer gets its own."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtplab.course.graded.checking import marks, teacher_file
from smtplab.course.graded.exercise import load
from smtplab.course.graded.world import PACK, World, made
from smtplab.course.grading.remote import Remote
from smtplab.course.grading.sandbox import Ended, Limits, Sandbox
from tests.exercises.solving import ROOT
from tests.grading.attacks import ATTACKS, Attack
from tests.grading.walled import need_walls

NAME = "09-spf"
LIMITS = Limits(
    seconds=20, cell=3, call=3, memory=300 << 20, processes=20, output=1_000_000, disk=8_000_000, files=400
)
VARIABLES = {"spf-1": "spf_1", "spf-2": "spf_2", "spf-5": "matches"}


@pytest.fixture(scope="module")
def world() -> World:
    """A world from a term's secret: nobody inside can draw it."""
    return made(NAME, "ada", 1124)


@pytest.fixture
def places(tmp_path: Path, world: World) -> Iterator[dict[str, str]]:
    """What there is outside, by the names in the attacks; and the folder of the submission."""
    term, other, own = tmp_path / "terms" / "x", tmp_path / "submitted" / "bob", tmp_path / "own"
    for folder, name in ((term, "secret"), (other, "09-spf.ipynb"), (tmp_path / "home", "diary")):
        folder.mkdir(parents=True)
        (folder / name).write_text("prey")
    own.mkdir()
    pack = {"student": "ada", "worlds": {NAME: dict(world.things)}}
    (own / PACK).write_text(json.dumps(pack), "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "socket"))
        local.listen()
        yield {
            "@COURSE@": str(ROOT), "@TERM@": str(term), "@OTHER@": str(other / "09-spf.ipynb"),
            "@HOME@": str(tmp_path / "home"), "@PORT@": str(server.getsockname()[1]),
            "@SOCKET@": str(tmp_path / "socket"), "@GRADER@": str(os.getpid()), "own": str(own),
        }  # fmt: skip


def tried(attack: Attack, places: dict[str, str], world: World) -> tuple[str, float, str]:
    """What came of an attack: outcome, points, and all that is said."""
    code = attack.code
    for name, place in places.items():
        code = code.replace(name, place)
    task = load(NAME).tasks[attack.task]
    said: list[tuple[str, str]] = []
    with Sandbox(Path(places["own"]), LIMITS) as sandbox:
        try:
            said = sandbox.run([("the attack", code)])
        except Ended as end:
            assert end.outcome == sandbox.outcome
        answer = Remote(sandbox, VARIABLES[attack.task])
        found = marks(task, answer, world, teacher_file(ROOT / "solutions" / NAME))
        told = [sandbox.says, *(says for _, says in said), *(one.why for one in found)]
        return sandbox.outcome, sum(one.points for one in found), "\n".join(told)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack(
    attack: Attack, places: dict[str, str], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outcome is told as what it is, and gains nothing."""
    for name in ("PREY", "SMTPLAB_TERM"):
        monkeypatch.setenv(name, "what the grader knows")
    if attack.walls:
        need_walls()
    outcome, points, told = tried(attack, places, world)
    assert outcome == attack.outcome, told
    assert attack.told in told
    assert points <= attack.points, told
    assert told.isprintable() or "\n" in told


def test_an_honest_answer_gets_its_points(places: dict[str, str], world: World) -> None:
    """The table can fail: by the same way a right answer earns all."""
    notebook = json.loads((ROOT / "solutions" / NAME / f"{NAME}.ipynb").read_text("utf-8"))
    cells = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"}
    start = "from smtplab import exercise, spf\nworld = exercise('09-spf')\nresolve = world.resolve\n"
    for task in VARIABLES:
        honest = Attack("honest", start + cells[f"{task}-answer"], "", task=task)
        outcome, points, told = tried(honest, places, world)
        assert (outcome, points) == ("ok", load(NAME).tasks[task].points), told
