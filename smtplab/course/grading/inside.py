"""The program inside a sandbox: runs a student's cells and hands out what became of them, as data.

    python -I -m smtplab.course.grading.inside FD MEMORY SECONDS FILE FILES

It serves one message after another on the socket FD: {"run": [[name, source], ...]} runs cells as a notebook
does, {"data": variable} gives an answer, {"call": variable, "arguments": [...]} calls a function, and
{"talk": ...} does so with the socket that came along as its first argument.

Nothing here is safe from the student's code, which is in the same process and may change all of it. So
nothing here decides anything: whatever it says is no more than an answer, which others judge.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config

from ...mail.errors import LabError
from ...mail.text import visible
from ..graded.answers import blank, plain
from ..graded.probe import PATIENCE, Probe, run
from .channel import receive_with_file, send

LONGEST = 300  # characters of what an exception says


class Silent(DisplayPublisher):
    """Shows nothing: nobody looks."""

    def publish(self, *_: Any, **__: Any) -> None:
        """Drop it."""


class Shell(InteractiveShell):
    """IPython without a screen: magics and top-level await work, nothing is displayed or kept."""

    def enable_gui(self, gui: Any = None) -> None:
        """There is no screen."""

    def showtraceback(self, *_: Any, **__: Any) -> None:
        """What was raised is in the cell's result."""

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        """As with `showtraceback`."""


class Cells:
    """A notebook's kernel, as far as an answer needs one."""

    def __init__(self) -> None:
        settings = Config()
        settings.HistoryManager.enabled = False
        settings.Shell.display_pub_class = Silent
        settings.Shell.colors = "NoColor"
        HistoryManager.enabled = False  # type: ignore[assignment]
        self._shell = Shell.instance(config=settings)
        self._shell.display_trap.hook = self._keep_last

    def serve(self, end: socket.socket) -> None:
        """Answer messages until the other end is gone."""
        with suppress(EOFError, OSError):
            send(end, {"id": 0})
            while True:
                message, file = receive_with_file(end)
                self._reply(end, message, file)

    def _reply(self, end: socket.socket, message: dict[str, Any], file: int | None) -> None:
        try:
            reply = self._answer(message, file)
        except BaseException as error:  # of a student's objects: exit, interrupts and all
            reply = {"error": told(error)}
        try:
            send(end, {**reply, "id": message["id"]})
        except (ValueError, RecursionError) as error:  # a number of 5,000 digits
            send(end, {"error": told(error), "id": message["id"]})

    def _answer(self, message: dict[str, Any], file: int | None) -> dict[str, Any]:
        if "run" in message:
            return {"raised": [said for name, source in message["run"] if (said := self._run(name, source))]}
        space = self._shell.user_ns
        variable = message.get("data") or message.get("call") or message["talk"]
        if variable not in space:
            return {"missing": True}
        value = space[variable]
        if blank(value):
            return {"blank": True}
        if "data" in message:
            return _data(value)
        if not callable(value):
            return {"callable": False}
        return _called(value, message["arguments"], file)

    def _run(self, name: str, source: str) -> tuple[str, str] | None:
        result: ExecutionResult = self._shell.run_cell(source)  # type: ignore[no-untyped-call]
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # the cell may have closed or replaced it
                stream.flush()
        error = result.error_before_exec or result.error_in_exec
        return (name, told(error)) if error else None

    def _keep_last(self, value: Any) -> None:
        """A cell's last value is `_`, as in a notebook, and not shown."""
        if value is not None:
            self._shell.user_ns["_"] = value


def _data(value: Any) -> dict[str, Any]:
    try:
        return {"value": plain(value)}
    except LabError as error:
        return {"error": str(error)}


def _called(function: Callable[..., Any], arguments: list[Any], file: int | None) -> dict[str, Any]:
    if file is None:
        tried = run(function, [Probe("", arguments)])[0]
    else:
        with socket.socket(fileno=file) as sock:
            sock.settimeout(PATIENCE)
            tried = run(lambda *given: function(sock, *given), [Probe("", arguments)])[0]
            with suppress(OSError):
                sock.shutdown(socket.SHUT_WR)  # the server must not wait for more
    return {"value": tried.value, "raised": tried.error}


def told(error: BaseException) -> str:
    """What was raised, in a line."""
    name = type(error).__name__
    try:
        return visible(f"{name}: {error}")[:LONGEST]
    except BaseException:  # an exception that cannot be told: its text is a student's code
        return visible(name)[:LONGEST]


def limit(memory: int, seconds: int, file: int, files: int) -> None:
    """Limits that hold for this process and those that it starts. No core dumps."""
    import resource

    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_CORE, 0),
    ):
        _, highest = resource.getrlimit(kind)
        least = most if highest == resource.RLIM_INFINITY else min(most, highest)
        with suppress(OSError, ValueError):  # not every system has every limit
            resource.setrlimit(kind, (least, least))


def main() -> None:
    """Serve the socket whose number is the first argument, within the limits of the others."""
    number, *limits = map(int, sys.argv[1:])
    limit(*limits)
    sys.argv = [""]
    os.set_inheritable(number, False)
    Cells().serve(socket.socket(fileno=number))
    os._exit(0)  # threads of the student's end here


if __name__ == "__main__":
    main()
