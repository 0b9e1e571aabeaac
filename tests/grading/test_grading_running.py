"""Worker processes: one that hangs, dies or talks nonsense costs a task, and other submissions nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest

from smtplab.course.grading import running
from smtplab.course.grading.running import hard, local
from smtplab.course.grading.worker import Lost, Worker

# What a worker does is in the job's path; a task in `skip` is left out, as `grade_one` does.
PROGRAM = """
import json, os, sys, threading
from multiprocessing.connection import Connection
end = Connection(int(sys.argv[1]))
say = lambda what: end.send_bytes(json.dumps(what).encode())
while True:
    job = json.loads(end.recv_bytes())
    for task in ("spf-1", "spf-2", "spf-3"):
        say({"at": task})
        if task == "spf-2" and task not in job.get("skip", {}):
            exec(job["path"])
    if job["path"].startswith("always"):
        os._exit(9)
    say({"student": job["student"], "skip": job.get("skip", {}), "pid": os.getpid()})
"""


def start() -> Worker:
    return Worker("-c", PROGRAM)


def job(student: str, path: str = "", seconds: float = 60) -> dict[str, Any]:
    return {"path": path, "student": student, "exercise": "09-spf", "course": ".", "seconds": seconds}


def run(*jobs: dict[str, Any], count: int = 2) -> dict[str, dict[str, Any]]:
    found = list(local(jobs, count, start))
    assert len(found) == len(jobs), "each once"
    return {one["student"]: one for one in found}


def gone(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    return True


def test_everything_is_done_by_as_many_workers_as_asked_for() -> None:
    found = run(*(job(f"s{number}") for number in range(40)))
    assert set(found) == {f"s{number}" for number in range(40)}
    assert len({one["pid"] for one in found.values()}) == 2
    assert all(gone(one["pid"]) for one in found.values())


def test_a_check_that_hangs_is_left_out_by_the_next_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "hard", lambda _: 1.5)
    found = run(job("hangs", "threading.Event().wait()"), job("a"), job("b"))
    assert list(found["hangs"]["skip"]) == ["spf-2"]
    assert "did not come to an end within" in found["hangs"]["skip"]["spf-2"]
    assert found["a"]["skip"] == found["b"]["skip"] == {}


def test_a_worker_that_ignores_the_wish_to_end_is_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    from smtplab.course.grading import worker

    monkeypatch.setattr(worker, "SOON", 0.3)
    monkeypatch.setattr(running, "hard", lambda _: 1.5)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); threading.Event().wait()"
    assert list(run(job("deaf", deaf))["deaf"]["skip"]) == ["spf-2"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("os._exit(3)", "exit code 3"),
        ("os.kill(os.getpid(), 11)", "signal 11"),
        ("raise MemoryError('too large')", "MemoryError: too large"),
        ("end.send_bytes(b'{nonsense'); threading.Event().wait(9)", "said what makes no sense"),
    ],
)
def test_a_worker_that_dies_costs_one_task(path: str, says: str) -> None:
    found = run(job("dies", path), job("a"))
    assert says in found["dies"]["skip"]["spf-2"]
    assert found["a"]["skip"] == {}


def test_a_worker_that_always_dies_gives_a_result_that_says_so() -> None:
    found = run(job("eve", "always = 1"), job("a"))["eve"]
    assert found["status"] == "failed" and found["outcome"] == "not graded"
    assert "died (exit code 9). Tried 3 times." in found["says"]
    assert {row["points"] for row in found["tasks"]} == {None}
    assert all("died" in row["says"] for row in found["tasks"])


def test_a_worker_killed_while_idle_is_replaced() -> None:
    def jobs() -> Iterator[dict[str, Any]]:
        yield job("first")
        os.kill(pids[0], signal.SIGKILL)
        yield job("second")

    pids: list[int] = []
    found = []
    with closing(local(jobs(), 1, start)) as results:
        for one in results:
            pids.append(one["pid"])
            found.append(one["student"])
    assert found == ["first", "second"] and len(set(pids)) == 2


def test_a_worker_is_replaced_after_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "FRESH", 3)
    found = run(*(job(f"s{number}") for number in range(7)), count=1)
    assert len({one["pid"] for one in found.values()}) == 3


def test_jobs_are_taken_one_by_one() -> None:
    """Thousands wait on the disk, not in memory."""
    taken = []

    def jobs() -> Iterator[dict[str, Any]]:
        for number in range(1000):
            taken.append(number)
            yield job(f"s{number}")

    with closing(local(jobs(), 2, start)) as results:
        pids = {next(results)["pid"] for _ in range(5)}
        assert len(taken) <= 8
    assert all(gone(pid) for pid in pids), "closed: no worker is left"


def test_a_worker_ends_when_nobody_asks_any_more() -> None:
    """The program itself: at the end of the connection it closes what it has."""
    worker = Worker()
    pid = worker.pid
    worker.connection.close()
    assert os.waitpid(pid, 0) == (pid, 0)
    worker.end()


def test_lost_says_where() -> None:
    worker = start()
    worker.begin(job("dies", "os._exit(3)"))
    with pytest.raises(Lost, match="exit code 3") as lost:
        worker.result(10)
    assert lost.value.task == "spf-2"


def test_the_hard_limit_leaves_room_for_the_checks() -> None:
    assert [hard(job("a", seconds=seconds)) for seconds in (1, 60)] == [6, 90]
