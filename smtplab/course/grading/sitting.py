"""A submission's cells, run in a sandbox; and an answer there, as a check asks for it.

A cell that ends its process costs its own task and no other: what is left is run again in a fresh sandbox
without that cell. The same for a function that ends the process, or never returns: that trial went wrong, and
the next is made in a fresh one. How often, and how long in all, is limited. What ended is kept, to be told.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from ...mail.errors import LabError
from ...mail.text import visible
from ..graded.answers import Wanted
from ..graded.probe import Probe, Tried
from ..graded.world import PACK, World
from .remote import Remote
from .sandbox import Ended, Limits, Sandbox
from .submissions import Work

MOST = 4  # sandboxes for one submission
WORST = (
    "tampered", "crashed", "too many processes", "too much memory", "too much output", "timed out", "ok"
)  # fmt: skip


class Broken(RuntimeError):
    """No sandbox starts: the grader's own trouble, which must not look like an answer's."""


class Sitting:
    """The cells of `work` as run for the student of `world`, in at most `seconds`. Use it in `with`."""

    def __init__(self, work: Work, world: World, folder: Path, seconds: float) -> None:
        self._work, self._folder = work, folder
        self._until = time.monotonic() + seconds
        self._sandbox: Sandbox | None = None
        self._started = 0
        self.left_out: dict[str, str] = {}  # cell -> what it did
        self.ends: list[tuple[str, Ended]] = []  # (a cell or an answer's variable, what came of it)
        self.raised: list[tuple[str, str]] = []  # (cell, what it raised), of the last run
        self.isolation = ""
        pack = {"student": world.student, "worlds": {world.exercise: dict(world.things)}}
        (folder / PACK).write_text(json.dumps(pack), "ascii")

    def __enter__(self) -> Sitting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    @property
    def outcome(self) -> str:
        """The worst that happened."""
        return min((end.outcome for _, end in self.ends), key=WORST.index, default="ok")

    def sandbox(self) -> Sandbox:
        """A sandbox in which the cells have run. Raises Ended where no more may be started."""
        while self._sandbox is None:
            self._start()
        return self._sandbox

    def undone(self, variable: str, answer: str) -> str:
        """Why there is no `variable`, if a cell for it was left out, or needed one that was; else ""."""
        lost = {*self.left_out, *(cell for cell, _ in self.raised)}
        if not self.left_out or not self._belongs(lost, variable, answer):
            return ""
        cell, says = next(iter(self.left_out.items()))
        return f"The cell {visible(cell)[:60]} was left out: {says}"

    def stopped(self, variable: str, answer: str) -> str:
        """What the cell for `variable` raised, or ""."""
        for cell, says in self.raised:
            if self._belongs({cell}, variable, answer):
                return f"Its cell stopped: {visible(says)[:300]}"
        return ""

    def _belongs(self, names: set[str], variable: str, answer: str) -> bool:
        """Whether one of these cells is part of the answer, or names its variable."""
        sources = [source for name, source in self._work.cells if name in names and source.strip()]
        return any(source in answer or variable in source for source in sources)

    def note(self, where: str, end: Ended) -> None:
        """A sandbox came to its end; the next question gets a fresh one."""
        self.ends.append((visible(where)[:60], end))
        self._close()

    def _start(self) -> None:
        rest = self._until - time.monotonic()
        if self.ends and (self._started >= MOST or rest < 1):
            raise self.ends[-1][1]
        self._started += 1
        sandbox = self._sandbox = self._entered(Limits(seconds=max(1.0, rest)))
        self.isolation, self.raised = sandbox.isolation, []
        for name, source in self._work.cells:
            if name in self.left_out:
                continue
            try:
                self.raised += sandbox.run([(name, source)])
            except Ended as end:
                self.left_out[name] = str(end)
                return self.note(name, end)
        return None

    def _entered(self, limits: Limits) -> Sandbox:
        """A sandbox that has started; a second try is made, for the machine may be busy. Raises Broken."""
        try:
            return Sandbox(self._folder, limits).__enter__()
        except LabError:
            try:
                return Sandbox(self._folder, limits).__enter__()
            except LabError as error:
                raise Broken(str(error)) from None

    def _close(self) -> None:
        if self._sandbox:
            self._sandbox.__exit__(None, None, None)
        self._sandbox = None


class Asked:
    """Implements `given.Given`: the answer `variable`, and what is to be known of how it was got."""

    def __init__(self, sitting: Sitting, variable: str) -> None:
        self._sitting, self._variable = sitting, variable
        self.ended: Ended | None = None  # no data came, because the sandbox was at its end
        self.missing = False  # there is no answer of this kind
        self.data_seen: Any = None

    def data(self, wanted: Wanted) -> Any:
        """The answer as plain data."""
        sandbox = self._running()
        try:
            self.data_seen = Remote(sandbox, self._variable).data(wanted)
        except Ended as end:
            self.ended = end
            self._sitting.note(self._variable, end)
            raise
        except LabError:
            self.missing = True
            raise
        return self.data_seen

    def tried(self, wanted: Wanted, probes: Sequence[Probe]) -> list[Tried]:
        """What came of trying the function, each trial for itself."""
        return [self._try(wanted, probe) for probe in probes]

    def _try(self, wanted: Wanted, probe: Probe) -> Tried:
        sandbox = self._running()
        try:
            return Remote(sandbox, self._variable).tried(wanted, [probe])[0]
        except Ended as end:
            self._sitting.note(self._variable, end)
            return Tried(probe.name, error=str(end))
        except LabError:
            self.missing = True
            raise

    def _running(self) -> Sandbox:
        try:
            return self._sitting.sandbox()
        except Ended as end:
            self.ended = end
            raise
