"""Many submissions on a cluster: the same jobs as on this machine, handed out by Dask's scheduler.

Dask's workers read the submissions and the course where this process does: they need the same folders, and
smtplab. Each starts a process of its own for the checks, as here. A job whose worker is lost goes to another.
"""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from importlib import import_module
from typing import Any

from ...mail.errors import LabError
from ...mail.text import visible
from .results import failed
from .running import TRIES, Desk, Job, Result, hard, one

PATIENCE = 5  # seconds for the scheduler to answer, and to have a worker
AHEAD = 2  # jobs handed out for each thread of the cluster, so that none waits for us
_mine = threading.local()  # on a worker of the cluster: the desk of each of its threads


def remote(jobs: Iterable[Job], address: str) -> Generator[Result, None, None]:
    """The results of `jobs` from the scheduler at `address`, such as tcp://10.0.0.1:8786, as they come.

    Raises LabError where Dask is not installed, nobody answers, or the last worker of the cluster is gone.
    """
    try:
        dask = import_module("distributed")  # by name: type checkers need not have it
    except ImportError:
        raise LabError("Grading on a cluster needs Dask: pip install 'smtplab[cluster]'.") from None
    try:
        client = dask.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise LabError(f"No scheduler of Dask answers at {address}: {visible(str(error))[:200]}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise LabError(f"The cluster at {address} has no workers. Start some first.") from None
        yield from _handed_out(client, iter(jobs))


def _handed_out(client: Any, todo: Iterator[Job]) -> Iterator[Result]:
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    out: dict[str, tuple[Any, Job]] = {}  # a future that nobody holds would be taken back
    longest = 0.0
    while True:
        room = AHEAD * max(1, _threads(client))
        while len(out) < room and (job := next(todo, None)) is not None:
            future = client.submit(_apart, job, pure=False)
            out[future.key], longest = (future, job), max(longest, TRIES * hard(job))
            future.add_done_callback(done.put)
        if not out:
            return
        try:
            future = done.get(timeout=longest or None)
        except queue.Empty:
            if not _threads(client):
                raise LabError("No worker of the cluster is left. Start some, and run this again.") from None
            continue
        yield _result(*out.pop(future.key))


def _result(future: Any, job: Job) -> Result:
    if future.status == "finished":
        return dict(future.result())
    if future.status in ("cancelled", "lost"):
        raise LabError("The scheduler of the cluster is gone. Start it, and run this again.")
    return failed(job, f"the cluster could not grade it: {type(future.exception()).__name__}")


def _threads(client: Any) -> int:
    return sum(client.nthreads().values())


def _apart(job: Job) -> Result:
    """One job, on a worker of the cluster."""
    desk = getattr(_mine, "desk", None)
    if desk is None:
        desk = _mine.desk = Desk()
        atexit.register(desk.end)
    return one(job, desk)
