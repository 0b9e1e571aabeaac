"""A process for one submission's code, with walls round it and limits on it, that only data leaves.

    with Sandbox(folder, Limits(seconds=60)) as sandbox:
        raised = sandbox.run([("spf-1-answer", "spf_1 = 3")])
        answer = sandbox.data("spf_1")

Whatever the code does to its own process, the worst is that the process ends: then every question raises
`Ended`, which says what happened. The code sees an empty home of its own with the student's pack in it.
"""

from __future__ import annotations

import os
import secrets
import select
import signal
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from ...mail.errors import LabError
from ...mail.text import visible
from ..graded.world import PACK
from .channel import Nonsense, receive, send
from .starting import Program
from .walls import isolation
from .watch import Watch

START = 30.0  # seconds until the program inside must be there; it takes half a second


@dataclass(frozen=True, slots=True)
class Limits:
    """What a submission may take: seconds for all of it, for a cell, and for a call; octets of memory of all
    its processes, of output and of each place that it can write to; processes; and files that it makes."""

    seconds: float = 60
    cell: float = 30
    call: float = 10
    memory: int = 1 << 30
    processes: int = 64
    output: int = 10_000_000
    disk: int = 64_000_000
    files: int = 5_000


class Ended(LabError):
    """The process is at its end. `outcome` is why: "crashed", "timed out", "too much memory", "too many
    processes", "too much output" or "tampered"."""

    def __init__(self, outcome: str, says: str) -> None:
        super().__init__(says)
        self.outcome = outcome


class Sandbox:
    """A process for a submission. `folder` holds the student's pack, if there is one; it is not written to.

    `isolation` is "" or says what is not protected. With `walls=False` there are none though there could be.
    Enter it in a thread that stays: where that thread ends, the process does.
    """

    def __init__(self, folder: Path, limits: Limits | None = None, walls: bool = True) -> None:
        self._folder, self._limits = folder, limits or Limits()
        self._walled = walls and not isolation()
        self.isolation = (
            "" if self._walled else isolation() or "Submissions were run without walls, as asked."
        )
        self._end: Ended | None = None
        self._ending = threading.Lock()
        self._stack = ExitStack()

    @property
    def outcome(self) -> str:
        """ "ok", or why it ended."""
        return self._end.outcome if self._end else "ok"

    @property
    def says(self) -> str:
        """What happened, in a sentence; "" while nothing did."""
        return str(self._end) if self._end else ""

    def __enter__(self) -> Sandbox:
        if not hasattr(os, "killpg"):
            raise LabError("Grading needs Linux, macOS, or Linux under Windows (WSL).")
        self._until = time.monotonic() + self._limits.seconds
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, cells: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Run cells, each (name, source): those that raised, with what they raised. Raises Ended."""
        seconds = self._limits.cell * len(cells)
        raised = self._ask({"run": cells}, seconds).get("raised")
        if not isinstance(raised, list) or not all(map(_pair, raised)):
            raise self._nonsense()
        return [(name, says) for name, says in raised]

    def data(self, variable: str) -> dict[str, Any]:
        """What the program inside says of a variable. Raises Ended."""
        return self._ask({"data": variable}, self._limits.call)

    def call(
        self, variable: str, arguments: Sequence[Any], end: socket.socket | None = None
    ) -> dict[str, Any]:
        """What comes of calling a function, with `end` of a connection as its first argument if there is one.

        Raises Ended."""
        message = {"talk" if end else "call": variable, "arguments": list(arguments)}
        return self._ask(message, self._limits.call, [end.fileno()] if end else [])

    def _ask(self, message: dict[str, Any], seconds: float, files: Sequence[int] = ()) -> dict[str, Any]:
        """Send a message and wait for its reply."""
        if self._end:
            raise self._end
        number = secrets.randbits(48)
        until = min(time.monotonic() + seconds, self._until)
        if select.select([self._socket], [], [], 0)[0]:
            raise self._unasked()
        try:
            self._socket.settimeout(max(0.1, until - time.monotonic()))
            send(self._socket, {**message, "id": number}, files)
            reply = receive(self._socket, until)
        except TimeoutError:
            whole = until >= self._until
            most = self._limits.seconds if whole else seconds
            raise self._finish(
                "timed out", f"It took more than {most:g} seconds{' in all' * whole}."
            ) from None
        except Nonsense as error:
            raise self._nonsense(str(error)) from None
        except (EOFError, OSError):
            raise self._gone() from None
        if reply.pop("id", None) != number:
            raise self._nonsense("a reply to no question")
        return reply

    def _unasked(self) -> Ended:
        try:
            receive(self._socket, time.monotonic() + 0.5)
        except (EOFError, ConnectionError):
            return self._gone()
        except (Nonsense, TimeoutError):
            pass
        return self._nonsense("a message that nobody asked for")

    def nonsense(self) -> Ended:
        """A reply made no sense to who asked: that is the end."""
        return self._nonsense()

    def _nonsense(self, what: str = "a message has the wrong form") -> Ended:
        return self._finish("tampered", f"Its code meddled with the grader's messages: {what}.")

    def _gone(self) -> Ended:
        """The process ended by itself, or was killed for a limit a moment ago."""
        code = self._program.code()
        if code == -signal.SIGXCPU:
            says = f"It took more than {self._limits.seconds:g} seconds of the processor."
            return self._finish("timed out", says)
        if code is None:
            return self._finish("crashed", "Its process closed the connection to the grader.")
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return self._finish("crashed", f"Its process ended before its time ({how}).")

    def _finish(self, outcome: str, says: str) -> Ended:
        """This is the end, unless there was one before. Everything is killed."""
        with self._ending:
            if self._end is None:
                self._end = Ended(outcome, says)
                self._program.kill()
        return self._end

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._socket = self._stack.enter_context(ours)
        with theirs:
            self._program = Program(self._folder / PACK, self._limits, self._walled, theirs)
        watcher = Watch(self._program, self._limits, self._finish)
        for step in (
            watcher.close,
            self._program.kill,
            watcher.stop,
        ):  # from the last to the first, at the end
            self._stack.callback(step)
        watcher.start()
        try:  # none of the student's code has run yet
            receive(self._socket, time.monotonic() + START)
        except (TimeoutError, EOFError, OSError, Nonsense):
            last = watcher.tail.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it says nothing"]
            raise LabError(f"The sandbox does not start: {visible(last[0][:200])}") from None


def _pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value)
