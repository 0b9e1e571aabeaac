"""Submissions a minute by `smtplab grade` and by nbgrader on the same class, and how time and memory grow."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from smtplab.course.grading.walls import isolation
from tests.grading.handing_in import NAME, a_class
from tools import nbgrader_here

ROOT = Path(__file__).resolve().parent.parent
CLASS, LARGE = 30, 120  # students; a class of 1,000 would take ten minutes more
JOBS = 2
OFTEN = 0.1  # seconds between two looks at the memory


def rows() -> list[tuple[str, str, str, str]]:
    """A class of 30 by both, and a large one."""
    with tempfile.TemporaryDirectory(prefix="smtplab-bench-") as folder:
        small, large = Path(folder) / "small", Path(folder) / "large"
        a_class(small / "submitted", CLASS)
        a_class(large / "submitted", LARGE)
        _ours(small)  # Python's files are compiled and read
        ours, (theirs, count) = _ours(small), _nbgrader(small)
        grown = _ours(large)
    a_minute = [60 * CLASS / ours[0], 60 * count / theirs]
    each = [ours[0] / CLASS, grown[0] / LARGE]
    walls = "isolated" if not isolation() else "not isolated: no bubblewrap here"
    return [
        (f"submissions graded a minute, {CLASS} of {NAME}, {JOBS} at once, {walls}", f"{a_minute[0]:.0f}",
         f"nbgrader autograde {a_minute[1]:.1f}", f"{a_minute[0] / a_minute[1]:.1f} times; aim: 10"),
        (f"the same in a class of {LARGE}, time for each", f"{1000 * each[1]:.0f} ms",
         f"in one of {CLASS} {1000 * each[0]:.0f} ms", f"{each[1] / each[0]:.2f} times; aim: 1"),
        ("memory at most, the grader and its workers", f"{grown[1] / 1e6:.0f} MB",
         f"with {CLASS} {ours[1] / 1e6:.0f} MB", f"{grown[1] / ours[1]:.2f} times; aim: 1"),
    ]  # fmt: skip


def _ours(folder: Path) -> tuple[float, int]:
    """Seconds for all submissions, and the most octets that the grader and its workers held at once."""
    command = [sys.executable, "-m", "smtplab.cli", "grade", "submitted", "--course", str(ROOT), "--again",
               "--term", "none", "--jobs", str(JOBS)]  # fmt: skip
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as grader:
        done, most = threading.Event(), [0]
        watching = threading.Thread(target=_watch, args=(psutil.Process(grader.pid), done, most))
        watching.start()
        _, said = grader.communicate()
        done.set()
        watching.join()
    if grader.returncode:
        raise RuntimeError(said)
    return time.perf_counter() - started, most[0]


def _watch(grader: psutil.Process, done: threading.Event, most: list[int]) -> None:
    while not done.wait(OFTEN):
        with contextlib.suppress(psutil.Error):
            # The sandboxes are below the workers: theirs is the students' memory.
            held = sum(one.memory_info().rss for one in [grader, *grader.children()])
            most[0] = max(most[0], held)


def _nbgrader(folder: Path) -> tuple[float, int]:
    """Seconds for `nbgrader autograde` in the same folder, made a course of nbgrader's, and how many it did.

    On a busy machine it fails for one now and then, where a port that it chose is taken.
    """
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    shutil.copytree(
        ROOT / "solutions" / NAME, folder / "solutions" / NAME, ignore=shutil.ignore_patterns("__pycache__")
    )
    kept = {
        name: value
        for name, value in nbgrader_here.environment().items()
        if not name.startswith(("SMTPLAB_", "JUPYTER"))
    }
    taken = 0.0
    for step in ("generate_assignment", "autograde"):
        started = time.perf_counter()
        command = [sys.executable, "-m", "nbgrader", step, NAME, "--create"]
        done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
        taken = time.perf_counter() - started
    count = len(list((folder / "autograded").glob("*")))
    if count < CLASS - 3:
        raise RuntimeError(done.stderr[-2000:])
    return taken, count
