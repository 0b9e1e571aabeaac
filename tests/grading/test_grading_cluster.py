"""Grading on a cluster: Dask's scheduler and two workers on loopback, one of which is killed half-way."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.exercises.solving import ROOT
from tests.grading import dask_here
from tests.grading.commanding import LIMIT, arguments, environment, grade, results
from tests.grading.handing_in import DATA, MOST, a_class, hand_in, solution

pytestmark = pytest.mark.timeout(240)


class Cluster:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path) -> None:
        path = [str(dask_here.installed()), os.environ.get("PYTHONPATH", "")]
        # Not into the user's folders, and no page for people.
        self.environment = environment(
            PYTHONPATH=os.pathsep.join(filter(None, path)), DASK_CONFIG=str(folder / "none"),
            DASK_TEMPORARY_DIRECTORY=str(folder),
        )  # fmt: skip
        self._folder, self._processes = folder, list[subprocess.Popen[str]]()
        scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self._line(scheduler, r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)")

    def worker(self, name: str) -> subprocess.Popen[str]:
        """One more worker, ready."""
        started = self._start("worker", self.address, "--name", name, "--nthreads", "1", "--no-nanny",
                              "--no-dashboard", "--host", "127.0.0.1")  # fmt: skip
        self._line(started, r"(Registered to)")
        return started

    def _start(self, *what: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + what[0], *what[1:]], cwd=self._folder,
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._processes.append(process)
        return process

    @staticmethod
    def _line(process: subprocess.Popen[str], pattern: str) -> str:
        """What the process says, up to a line like this."""
        assert process.stderr
        said = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError("".join(said))

    def close(self) -> None:
        """End what is left, workers first."""
        for process in reversed(self._processes):
            process.kill()
            process.wait(LIMIT)
            if process.stderr:
                process.stderr.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    running = Cluster(tmp_path)
    try:
        yield running
    finally:
        running.close()


def test_a_worker_that_is_killed_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    names = a_class(tmp_path / "handed-in", 8)
    first, _ = cluster.worker("first"), cluster.worker("second")
    out = tmp_path / "graded"
    command = arguments(
        tmp_path / "handed-in", "--out", out, "--course", ROOT, "--scheduler", cluster.address
    )
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=cluster.environment,
    ) as grader:
        assert grader.stderr and grader.stdout
        next(line for line in grader.stderr if line.startswith("2 of 8"))
        started = psutil.Process(first.pid).children(recursive=True)
        first.kill()
        said = grader.stderr.read() + grader.stdout.read()
        assert grader.wait(LIMIT) == 0, said
    assert "8 submissions, 8 graded now and 0 before" in said, "each counted once"
    found = results(out)
    assert sorted(found) == names
    assert [found[who]["points"] for who in names[::4]] == [MOST] * 2
    assert {one["status"] for one in found.values()} == {"graded"}
    assert started and psutil.wait_procs(started, timeout=20)[1] == [], "its grader's process survives it"


def test_a_check_that_hangs_there_is_cut_off_there(cluster: Cluster, tmp_path: Path) -> None:
    course = tmp_path / "course"
    shutil.copytree(ROOT / "solutions/09-spf", course / "solutions/09-spf")
    teacher = course / "solutions/09-spf/teacher.py"
    teacher.write_text(
        teacher.read_text("utf-8") + "\n\ndef _bad(seen, world):\n    import os; os._exit(7)\n    yield\n\n\n"
        "HIDDEN['spf-5'] = _bad\n", "utf-8"
    )  # fmt: skip
    hand_in(tmp_path / "handed-in", "ada", solution())
    cluster.worker("only")
    command = arguments(tmp_path / "handed-in", "--out", tmp_path / "graded", "--course", course)
    done = subprocess.run(
        [*command, "--scheduler", cluster.address], cwd=tmp_path, env=cluster.environment,
        capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    found = results(tmp_path / "graded")["ada"]
    assert found["status"] == "failed" and "died (exit code 7)" in found["says"]
    assert found["tasks"][0]["points"] is not None


def test_nobody_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(dask_here.installed()), os.environ.get("PYTHONPATH", "")])
    )
    hand_in(tmp_path / "handed-in", "ada", {DATA[0]: "spf_1 = 1"})
    code, _, err = grade(tmp_path / "handed-in", tmp_path / "graded", "--scheduler", "tcp://127.0.0.1:1")
    assert code == 2 and "No scheduler of Dask answers at tcp://127.0.0.1:1" in err
    assert "Traceback" not in err


def test_a_cluster_without_workers(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", cluster.environment["PYTHONPATH"])
    hand_in(tmp_path / "handed-in", "ada", {DATA[0]: "spf_1 = 1"})
    code, _, err = grade(tmp_path / "handed-in", tmp_path / "graded", "--scheduler", cluster.address)
    assert code == 2 and "has no workers" in err
