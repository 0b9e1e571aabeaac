"""A sandbox runs cells as a notebook does, lets data out and leaves nothing behind, walled or not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtplab.course.graded.answers import function, texts
from smtplab.course.graded.probe import Probe, Server
from smtplab.course.grading import walls
from smtplab.course.grading.channel import LARGEST, Nonsense, receive, send
from smtplab.course.grading.remote import Remote
from smtplab.course.grading.sandbox import Ended, Limits, Sandbox
from smtplab.course.grading.watch import marked
from smtplab.mail.errors import LabError
from tests.grading.attacks import ATTACKS, Attack
from tests.grading.test_grading_attacks import LIMITS
from tests.grading.walled import need_walls


@pytest.fixture(params=[True, False], ids=["walls", "no walls"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox in an empty folder."""
    if request.param:
        need_walls()
    (tmp_path / "smtplab-pack.json").write_text('{"student": "ada", "worlds": {}}')
    with Sandbox(tmp_path, LIMITS, walls=request.param) as started:
        yield started


def run(sandbox: Sandbox, *sources: str) -> list[str]:
    """Run cells: what they raised."""
    return [says for _, says in sandbox.run([(str(number), source) for number, source in enumerate(sources)])]


def value(sandbox: Sandbox, name: str) -> object:
    """A variable as it comes out."""
    return sandbox.data(name)["value"]


def test_cells_run_as_in_a_notebook(sandbox: Sandbox) -> None:
    """Magics, programs, top-level await, the last value; a cell that raises does not stop the next."""
    raised = run(
        sandbox,
        "import asyncio, os\nx = [1]",
        "1 / 0",
        "%time z = 1\ny = await asyncio.sleep(0, 3)",
        "!echo told\nlisted = !ls\nlisted = list(listed)",
        "x + [2]",
        "last = _",
        "%matplotlib inline\ndisplay(3)",
        "def broken(:",
    )
    assert raised[0] == "ZeroDivisionError: division by zero"
    assert raised[1].startswith("SyntaxError")
    assert len(raised) == 2
    assert [value(sandbox, name) for name in ("x", "y", "last")] == [[1], 3, [1, 2]]
    assert value(sandbox, "listed") == ["smtplab-pack.json"]
    assert sandbox.outcome == "ok"


def test_a_world_comes_from_the_pack(tmp_path: Path) -> None:
    """What the student was given is there, and no more."""
    (tmp_path / "smtplab-pack.json").write_text(
        '{"student": "ada", "worlds": {"09-spf": {"firm": {"domain": "oak.example"}}}}'
    )
    with Sandbox(tmp_path, LIMITS) as started:
        run(started, "from smtplab import exercise\nworld = exercise('09-spf')\nseen = world.firm")
        assert value(started, "seen") == {"domain": "oak.example"}
        assert os.listdir(tmp_path) == ["smtplab-pack.json"]


def test_answers_blank_missing_and_wrong(sandbox: Sandbox) -> None:
    """Each is told for what it is."""
    run(sandbox, "empty = []\nobject_ = object()\nlambda_ = lambda a: a\nnames = ('a', 'b')")
    for name, says in (
        ("empty", "No answer yet."),
        ("nowhere", "No answer yet: nothing is called nowhere"),
        ("object_", "an object of type object"),
        ("lambda_", "an object of type function"),
    ):
        with pytest.raises(LabError, match=says):
            Remote(sandbox, name).data(texts())
    assert Remote(sandbox, "names").data(texts()) == ["a", "b"]
    with pytest.raises(LabError, match="should be a function, f"):
        Remote(sandbox, "names").tried(function("f(a)"), [Probe("one", [1])])


def test_functions_are_called_inside(sandbox: Sandbox) -> None:
    """With copies of the arguments; what they raise is told."""
    run(sandbox, "def twice(given):\n    given.append(given[0])\n    return given")
    arguments = ["a"]
    tried = Remote(sandbox, "twice").tried(
        function("twice(given)"), [Probe("one", [arguments]), Probe("two", [[]])]
    )
    assert (tried[0].value, tried[1].error) == (["a", "a"], "IndexError: list index out of range")
    assert arguments == ["a"]


TALKER = """
def talk(sock, name):
    sock.sendall(f"HELO {name}\\r\\n".encode())
    return sock.recv(100).decode()
"""


def test_a_function_that_talks_gets_a_socket(sandbox: Sandbox) -> None:
    """The server plays outside, and keeps the lines."""

    def part(server: Server) -> None:
        server.hear()
        server.say("250 ok")
        server.hear()

    run(sandbox, TALKER)
    (tried,) = Remote(sandbox, "talk").tried(function("talk(sock, name)"), [Probe("one", ["oak"], part)])
    assert (tried.value, tried.error) == ("250 ok\r\n", "")
    assert tried.lines == [("C", "HELO oak"), ("S", "250 ok")]


def test_a_part_that_cannot_go_on_is_told(sandbox: Sandbox) -> None:
    """A check's own server that trips over a line does not end the check."""

    def part(server: Server) -> None:
        heard = server.hear()
        server.say("250 ok")
        int(str(heard))

    run(sandbox, TALKER)
    (tried,) = Remote(sandbox, "talk").tried(function("talk(sock, name)"), [Probe("one", ["oak"], part)])
    assert "the server could not go on" in tried.error


def test_after_the_end_every_question_says_why(sandbox: Sandbox) -> None:
    """The first reason stays."""
    with pytest.raises(Ended) as first:
        run(sandbox, "import os\nos._exit(7)")
    with pytest.raises(Ended) as second:
        sandbox.data("x")
    assert first.value is second.value
    assert (sandbox.outcome, first.value.outcome) == ("crashed", "crashed")
    assert sandbox.says == "Its process ended before its time (exit code 7)."


def alive(word: str) -> list[str]:
    """The processes with a word in their command line."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                line = Path(f"/proc/{name}/cmdline").read_text(errors="replace")
            except OSError:
                continue
            if word in line and int(name) != os.getpid():
                found.append(name)
    return found


@pytest.mark.parametrize("there", [True, False], ids=["walls", "no walls"])
@pytest.mark.parametrize("last", ["x = 1", "import os; os._exit(0)"])
def test_nothing_is_left_behind(tmp_path: Path, there: bool, last: str) -> None:
    """A process in a session of its own, whose parent is gone, ends with the sandbox."""
    if there:
        need_walls()
    code = (
        "import os, subprocess, sys\nif not os.fork():\n    os.setsid()\n"
        "    subprocess.Popen(['sleep', '98765.5'])\n    os._exit(0)\nos.wait()"
    )
    with Sandbox(tmp_path, LIMITS, walls=there) as started:
        run(started, code)
        assert alive("98765.5")
        if "exit" in last:
            with pytest.raises(Ended):
                run(started, last)
    assert not alive("98765.5")


def test_one_submission_does_not_hear_another(tmp_path: Path) -> None:
    """Each has a loopback of its own."""
    need_walls()
    server = "import socket\nserver = socket.create_server(('127.0.0.1', 42525))\n"
    client = "import socket\nsocket.create_connection(('127.0.0.1', 42525), 2)"
    with Sandbox(tmp_path, LIMITS) as one, Sandbox(tmp_path, LIMITS) as other:
        assert (
            run(one, server + "local = socket.socket(socket.AF_UNIX)\nlocal.bind('\\0here')\nlocal.listen()")
            == []
        )
        assert "refused" in run(other, client)[0]
        assert "refused" in run(other, "socket.socket(socket.AF_UNIX).connect('\\0here')")[0]
        assert run(one, client) == []


HELD = [one for one in ATTACKS if not one.walls and one.name in (
    "an endless loop that hears no signal", "a memory bomb in many processes", "a fork bomb",
    "an output flood from a program", "os._exit", "garbage on the channel")]  # fmt: skip


@pytest.mark.parametrize("attack", HELD, ids=lambda attack: attack.name)
def test_limits_hold_without_walls(attack: Attack, tmp_path: Path) -> None:
    """Time, memory, processes and output are limited all the same, and what is not protected is said."""
    started = Sandbox(tmp_path, LIMITS, walls=False)
    assert started.isolation
    with started, pytest.raises(Ended) as end:
        run(started, attack.code)
    assert end.value.outcome == attack.outcome
    assert not list(marked(started._program._mark))


def test_what_processes_share_is_counted_once(sandbox: Sandbox) -> None:
    """Fifteen forks of a process of some 60 MB take hardly more than one; the limit here is 300 MB."""
    code = (
        "import os, time\nids = []\nfor _ in range(15):\n    ids.append(os.fork())\n    if not ids[-1]:\n"
        "        time.sleep(0.5)\n        os._exit(0)\nfor one in ids: os.waitpid(one, 0)"
    )
    assert run(sandbox, code) == []
    assert sandbox.outcome == "ok"


def test_all_of_it_has_a_limit_too(tmp_path: Path) -> None:
    """Cells that each take less than a cell may."""
    with Sandbox(tmp_path, Limits(seconds=2, cell=9)) as started, pytest.raises(Ended) as end:
        run(started, "import time", "time.sleep(9)")
    assert str(end.value) == "It took more than 2 seconds in all."


@pytest.mark.parametrize(
    ("program", "says"),
    [(None, "bubblewrap is not installed"), ("#!/bin/sh\necho 'no rights' >&2\nexit 1\n", "no rights")],
)
def test_without_bubblewrap_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, says: str
) -> None:
    """Not installed, or it does not work here."""
    if program:
        (tmp_path / "bwrap").write_text(program)
        (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    walls._working.cache_clear()
    walls.isolation.cache_clear()
    try:
        assert says in walls.isolation()
        assert "can read and change your files" in Sandbox(tmp_path).isolation
    finally:
        monkeypatch.undo()
        walls._working.cache_clear()
        walls.isolation.cache_clear()


def test_messages_have_a_limit() -> None:
    """Neither end sends more than the other takes, and only objects are taken."""
    import socket

    ours, theirs = socket.socketpair()
    with ours, theirs:
        with pytest.raises(ValueError, match="too large"):
            send(ours, {"x": "x" * LARGEST})
        for raw, says in ((b"\0\0\0\2[]", "form"), (b"\0\0\0\1{", "JSON"), (b"\xff\xff\xff\xff", "large")):
            theirs.sendall(raw)
            with pytest.raises(Nonsense, match=says):
                receive(ours)
        send(ours, {"x": "\ud800é"})
        assert receive(theirs) == {"x": "\ud800é"}
        ours.close()
        with pytest.raises(EOFError):
            receive(theirs)
