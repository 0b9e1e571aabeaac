"""A process that grades one submission at a time, so that one that hangs or dies takes nothing with it.

    worker = Worker()
    worker.begin(job)                  # at once
    result = worker.result(timeout)    # or raises Lost
    worker.end()

Both ends speak JSON over a socket that only they have. When the one who asks is gone, by kill -9 too, the
socket closes: then the worker ends, and its sandbox with it. This module is also the worker's program.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from multiprocessing.connection import Connection, Pipe
from multiprocessing.connection import wait as wait_for
from typing import Any

from ...mail.errors import LabError
from ...mail.text import visible

ROOM = 4 << 30  # octets of address space for a check; what it may need is far below
SOON = 5.0  # seconds from "end, please" to the end


class Lost(LabError):
    """The worker gave no result. `task` is what it was judging, or "" before the first."""

    def __init__(self, says: str, task: str) -> None:
        super().__init__(says)
        self.task = task


class Worker:
    """A worker process, started at once. One job at a time."""

    def __init__(self, *before: str) -> None:
        """`before` are more arguments for Python, such as `-c` and a program, instead of this module."""
        self._ours, theirs = Pipe()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        program = before or ("-m", __name__)
        self._process = subprocess.Popen(
            [sys.executable, *program, str(theirs.fileno())],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self._said,
            start_new_session=True,  # Ctrl-C is for the one who asks
        )  # fmt: skip
        theirs.close()
        self._task = ""
        self.graded = 0

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def connection(self) -> Connection:
        """What becomes readable when there is a result, or none will come."""
        return self._ours

    def begin(self, job: dict[str, Any]) -> None:
        """Hand over a job. Raises Lost where nobody is there to take it."""
        self._task = ""
        try:
            self._ours.send_bytes(json.dumps(job).encode("ascii"))
        except OSError:
            raise Lost(self._gone(), "") from None

    def news(self) -> dict[str, Any] | None:
        """What has come: the result, or None for a word about which task it is at. Raises Lost."""
        try:
            said = json.loads(self._ours.recv_bytes())
        except (OSError, EOFError):
            raise Lost(self._gone(), self._task) from None
        except ValueError:
            self.end()
            raise Lost("the grader's own process said what makes no sense", self._task) from None
        if "at" in said:
            self._task = said["at"]
            return None
        self.graded += 1
        return dict(said)

    def result(self, timeout: float) -> dict[str, Any]:
        """Wait for the result. Raises Lost after `timeout` seconds, and when the process died; it is ended
        then."""
        until = time.monotonic() + timeout
        while wait_for([self._ours], max(0.0, until - time.monotonic())):
            found = self.news()
            if found is not None:
                return found
        raise self.late(timeout)

    def late(self, timeout: float) -> Lost:
        """End a worker that took too long; what is to be said of it."""
        self.end()
        return Lost(
            f"the grader's own process did not come to an end within {timeout:.0f} seconds", self._task
        )

    def end(self) -> None:
        """End the process and what it started: asked first, forced after some seconds."""
        self._ours.close()
        self._process.terminate()
        try:
            self._process.wait(SOON)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def _gone(self) -> str:
        """What became of the process, with the last line that it wrote, which names a crash."""
        try:
            code = self._process.wait(SOON)
        except subprocess.TimeoutExpired:
            code = 0
        self._said.seek(0)
        lines = self._said.read()[-2000:].decode("utf-8", "replace").split("\n")
        last = next((visible(line)[:200] for line in reversed(lines) if line.strip()), "")
        self.end()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the grader's own process died ({how}{': ' if last else ''}{last})"


def serve(connection: Connection) -> None:
    """Take jobs and send results until the other end is gone."""
    from .judging import grade_one

    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_take, args=(connection, jobs), daemon=True).start()
    while True:
        job = json.loads(jobs.get())
        found = grade_one(**job, tell=lambda task: _send(connection, {"at": task}))
        _send(connection, found)


def _send(connection: Connection, said: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # the other end is gone: _take sees that too
        connection.send_bytes(json.dumps(said).encode("ascii"))


def _take(connection: Connection, jobs: queue.SimpleQueue[bytes]) -> None:
    """Jobs into the queue. At the end of the connection the whole process ends, whatever it is doing."""
    with contextlib.suppress(OSError, EOFError):
        while True:
            jobs.put(connection.recv_bytes())
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SOON)  # the main thread closes its sandbox, unless a check keeps it busy
    os._exit(1)


def main() -> None:
    """The worker's program: its argument is the number of its end of the socket."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    warnings.simplefilter("ignore")  # of answers that checks meet; nobody reads them
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        if most == resource.RLIM_INFINITY or most > ROOM:
            resource.setrlimit(resource.RLIMIT_AS, (ROOM, most))
    serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
