"""Many submissions: worker processes on this machine, each with one submission at a time.

Whatever becomes of a worker, its submission gets a result: a worker that dies or takes longer than the hard
limit is ended and the submission graded again without the task that it was at, and the result says so. Jobs
are taken and results given one by one, so that thousands need no more memory than a few.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable
from multiprocessing.connection import Connection, wait
from typing import Any

from .results import failed
from .worker import Lost, Worker

Job = dict[str, Any]  # the arguments of judging.grade_one
Result = dict[str, Any]

TRIES = 3  # workers that one submission may cost
FRESH = 200  # submissions after which a worker is replaced: what a check leaves behind must not add up


def cores() -> int:
    """How many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def hard(job: Job) -> float:
    """Seconds after which a submission is taken from its worker: its own limit, and some for the checks."""
    seconds = float(job["seconds"])
    return seconds + max(5.0, seconds / 2)


def local(
    jobs: Iterable[Job], count: int, start: Callable[[], Worker] = Worker
) -> Generator[Result, None, None]:
    """The results of `jobs` from `count` workers, as they come. Close it to end them early."""
    todo = iter(jobs)
    desks = [Desk(start) for _ in range(count)]
    try:
        while True:
            for desk in desks:
                if desk.job is None and (job := next(todo, None)) is not None:
                    desk.begin(job)
            busy = [desk for desk in desks if desk.job is not None]
            if not busy:
                return
            until = min(desk.until for desk in busy)
            ready = wait([desk.connection for desk in busy], max(0.0, until - time.monotonic()))
            for desk in busy:
                if (found := desk.look(desk.connection in ready)) is not None:
                    yield found
    finally:
        for desk in desks:
            desk.end()


def one(job: Job, desk: Desk) -> Result:
    """The result of one job: for who has a single place, such as a worker of a cluster."""
    desk.begin(job)
    while True:
        ready = wait([desk.connection], max(0.0, desk.until - time.monotonic()))
        if (found := desk.look(bool(ready))) is not None:
            return found


class Desk:
    """A place for a worker: it begins one job at a time, and gets another worker where one is lost."""

    def __init__(self, start: Callable[[], Worker] = Worker) -> None:
        self._start = start
        self._worker: Worker | None = None
        self.job: Job | None = None
        self.until = 0.0
        self._lost = 0

    @property
    def connection(self) -> Connection:
        """What to wait for."""
        assert self._worker
        return self._worker.connection

    def begin(self, job: Job) -> None:
        """Take a job."""
        self._lost = 0
        self._hand_over(job)

    def look(self, ready: bool) -> Result | None:
        """What there is: the result, or None while it is not there yet. After a result the place is free."""
        assert self._worker and self.job
        try:
            if ready:
                found = self._worker.news()
            elif time.monotonic() >= self.until:
                raise self._worker.late(hard(self.job))
            else:
                return None
        except Lost as error:
            return self._again(error)
        if found is not None:
            self.job = None
            if self._worker.graded >= FRESH:
                self.end()
        return found

    def end(self) -> None:
        """End the worker."""
        if self._worker:
            self._worker.end()
        self._worker, self.job = None, None

    def _again(self, error: Lost) -> Result | None:
        """Grade it again without the task that the worker was lost at; after some such losses say so."""
        job = self.job
        assert job
        self.end()
        self._lost += 1
        if self._lost >= TRIES:
            return failed(job, f"{error}. Tried {TRIES} times.")
        skip = {error.task: f"The check itself failed: {error}."} if error.task else {}
        self._hand_over({**job, "skip": {**job.get("skip", {}), **skip}})
        return None

    def _hand_over(self, job: Job) -> None:
        self.job, self.until = job, time.monotonic() + hard(job)
        for _ in range(TRIES):  # a worker that sits idle may be gone too
            self._worker = self._worker or self._start()
            try:
                return self._worker.begin(job)
            except Lost:
                self._worker = None
        return None  # nobody took it: looking for news tells so
