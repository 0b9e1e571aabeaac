"""Starting the process of a sandbox, within walls or without, and ending it with all that it started."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..graded.world import PACK
from . import watch
from .walls import HOME, wrapped

if TYPE_CHECKING:
    from .sandbox import Limits

GONE = 5.0  # seconds for a killed process to be gone
SLACK = 1 << 30  # octets of address space that a process may reserve beyond what it may use
OPEN = 256  # files that a process may have open
ENVIRONMENT = {
    "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin", "USER": "student",
    "MPLBACKEND": "agg", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "TERM": "dumb",
}  # fmt: skip


class Program:
    """The program `inside`, running. `first` is the first process of it: of its namespace, within walls.

    `output` is the end of a pipe from which its output is to be read; whoever reads it closes it.
    """

    def __init__(self, pack: Path, limits: Limits, walled: bool, end: socket.socket) -> None:
        self.walled = walled
        self._pack, self._limits, self._stack = pack, limits, ExitStack()
        self._mark = secrets.token_hex(16)
        self._home = HOME if walled else self._folder()
        self.output, written = os.pipe()
        known, told = os.pipe()
        with open(written, "wb"), open(known, "rb") as news:
            with open(told, "wb"):
                self._process = subprocess.Popen(
                    self._command(end.fileno(), told), env=self._environment(),
                    cwd="/" if walled else self._home, start_new_session=True,
                    stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT,
                    pass_fds=[end.fileno(), told],
                )  # fmt: skip
            self.first = self._process.pid
            try:
                self.first = self._first_of(news.read(4000)) if walled else self.first
            except BaseException:  # an interrupt: what has begun must not stay
                self._hunt()
                raise

    def code(self) -> int | None:
        """The exit code, -n for signal n; None where it does not end."""
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(GONE)
            return 128 - code if self.walled and code > 128 else code
        return None

    def kill(self) -> None:
        """End the process and all that it started, and wait for that."""
        if not self.walled:
            self._hunt()
        elif self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.first, signal.SIGKILL)  # the namespace's first: the kernel ends the others
        try:
            self._process.wait(GONE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stack.close()

    def _folder(self) -> str:
        """A home for a program without walls."""
        home = tempfile.TemporaryDirectory(prefix="smtplab-home-", ignore_cleanup_errors=True)
        self._stack.enter_context(home)
        if self._pack.is_file():
            (Path(home.name) / PACK).write_bytes(self._pack.read_bytes())
        return home.name

    def _first_of(self, said: bytes) -> int:
        """The id of the namespace's first process, which bubblewrap tells."""
        try:
            return int(json.loads(said)["child-pid"])
        except (ValueError, KeyError):
            return self._process.pid

    def _command(self, end: int, told: int) -> list[str]:
        limits = self._limits
        numbers = (end, limits.memory + SLACK, int(limits.seconds) + 1, limits.disk, OPEN)
        program = [sys.executable, "-I", "-B", "-m", "smtplab.course.grading.inside", *map(str, numbers)]
        if not self.walled:
            return program
        given = ["--ro-bind", str(self._pack), f"{HOME}/{PACK}"] if self._pack.is_file() else []
        return wrapped(program, limits.disk, "--info-fd", str(told), *given)

    def _environment(self) -> dict[str, str]:
        home = self._home
        return {**ENVIRONMENT, "HOME": home, "IPYTHONDIR": f"{home}/.ipython", "SMTPLAB_SANDBOX": self._mark}

    def _hunt(self) -> None:
        """Where no namespace can be ended: kill the group, what descends from it, and what has its mark."""
        found = watch.below(self._process.pid) if self._process.poll() is None else []
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for process in [*found, *watch.marked(self._mark)]:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
