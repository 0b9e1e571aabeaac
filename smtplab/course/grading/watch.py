"""Watching a sandbox from outside: how much memory, how many processes and files, how much output.

Limits of the kernel's hold for one process, and that on processes not for root. This adds up what all
processes of a sandbox have, ten times a second, and reads their output so that it fills nothing. It needs
Linux's /proc; elsewhere only output is counted.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from .walls import WRITABLE

if TYPE_CHECKING:
    from .sandbox import Limits
    from .starting import Program

OFTEN = 0.1  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
TAIL = 2000  # octets of the last output kept


class Watch(threading.Thread):
    """Reads a program's output and looks after its processes; calls `ended` with (outcome, says)."""

    def __init__(self, program: Program, limits: Limits, ended: Callable[[str, str], object]) -> None:
        super().__init__(name="sandbox-watch", daemon=True)
        self._process, self._walled, self._output = program.first, program.walled, program.output
        self._limits, self._ended, self._written = limits, ended, 0
        self._over = threading.Event()
        self.tail = b""

    def stop(self) -> None:
        """Let nothing more be the end of it."""
        self._over.set()

    def close(self) -> None:
        """Stop watching. It is quick where the program has ended."""
        self.stop()
        self.join()
        os.close(self._output)

    def run(self) -> None:
        """Watch until closed."""
        reading, due = True, 0.0
        while not self._over.is_set():
            if reading:
                reading = self._read()
            else:
                self._over.wait(OFTEN)
            if time.monotonic() >= due and not self._over.is_set():
                self._look()
                due = time.monotonic() + OFTEN

    def _read(self) -> bool:
        """Some output, if there is any soon. False at its end."""
        if not select.select([self._output], [], [], OFTEN)[0]:
            return True
        got = os.read(self._output, 1 << 16)
        self.tail = (self.tail + got)[-TAIL:]
        self._written += len(got)
        if self._written > self._limits.output:
            self._ended("too much output", f"It wrote more than {self._limits.output / 1e6:g} MB of output.")
        return bool(got)

    def _look(self) -> None:
        limits = self._limits
        folders = list(_inside(self._process) if self._walled else _below(self._process))
        if len(folders) > limits.processes:
            self._ended("too many processes", f"It started more than {limits.processes} processes.")
        # What processes share is counted once, which is slow: only where it may matter.
        if sum(map(_resident, folders)) > limits.memory and sum(map(_share, folders)) > limits.memory:
            self._ended("too much memory", f"It took more than {limits.memory >> 20:,} MB of memory.")
        if self._walled and self._files() > limits.files:
            self._ended("too much output", f"It made more than {limits.files:,} files.")

    def _files(self) -> int:
        count = 0
        for place in WRITABLE:
            with suppress(OSError):
                found = os.statvfs(inside(self._process) + place)
                count += found.f_files - found.f_ffree
        return count


def _resident(folder: str) -> int:
    """Octets of a process that are in memory; 0 where it has ended meanwhile."""
    try:
        with open(f"{folder}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, ValueError, IndexError):
        return 0


def _share(folder: str) -> int:
    """Octets of a process in memory, with its share of what it shares with others."""
    try:
        with open(f"{folder}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return _resident(folder)


def inside(process: int) -> str:
    """The file system as this process sees it."""
    return "/".join(("/proc", str(process), "root"))


def _inside(first: int) -> Iterator[str]:
    """The processes of a namespace but the first, by its own /proc."""
    root = inside(first) + "/proc"
    with suppress(OSError):
        for name in os.listdir(root):
            if name.isdigit() and name != "1":
                yield f"{root}/{name}"


def _below(process: int) -> Iterator[str]:
    """A process and all that descend from it, as far as they can be found."""
    todo, seen = [str(process)], set()
    while todo:
        one = todo.pop()
        if one in seen or not os.path.isdir(f"/proc/{one}"):
            continue
        seen.add(one)
        yield f"/proc/{one}"
        with suppress(OSError):
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", encoding="ascii") as file:
                    todo += file.read().split()


def below(process: int) -> list[int]:
    """The ids of a process and all that descend from it."""
    return [int(folder.rpartition("/")[2]) for folder in _below(process)]


def marked(mark: str) -> Iterator[int]:
    """The processes that have the text `mark` in the environment they were started with."""
    with suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
                    if mark.encode("ascii") in file.read():
                        yield int(name)
