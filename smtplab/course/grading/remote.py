"""An answer in a sandbox, as a check sees it: data, or a function that is tried there.

The server that a function talks to plays its part here, at the grader's end of a pair of sockets; the
function's end goes into the sandbox. What comes out of the sandbox is copied once more into plain data.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from ...mail.errors import LabError
from ...mail.text import visible
from ..graded.answers import Wanted, plain
from ..graded.probe import PATIENCE, Part, Probe, Server, Tried
from .sandbox import Sandbox

LONGEST = 300  # characters of what an exception says


class Remote:
    """The answer `variable` in a sandbox: a `graded.given.Given`. At the sandbox's end it raises Ended."""

    def __init__(self, sandbox: Sandbox, variable: str) -> None:
        self._sandbox, self._variable = sandbox, variable

    def data(self, wanted: Wanted) -> Any:
        """The answer as plain data. Raises LabError in words for whoever answered."""
        return wanted.take(self._value(self._answered(self._sandbox.data(self._variable))))

    def tried(self, wanted: Wanted, probes: Sequence[Probe]) -> list[Tried]:
        """What came of calling the function with each probe. Raises LabError where it is no function."""
        return [self._talk(wanted, one) if one.part else self._call(wanted, one) for one in probes]

    def _call(self, wanted: Wanted, probe: Probe, end: socket.socket | None = None) -> Tried:
        reply = self._answered(self._sandbox.call(self._variable, probe.arguments, end))
        if reply.get("callable") is False:
            raise LabError(f"The answer should be {wanted.says}.")
        raised = reply.get("raised") or reply.get("error")
        if raised is None or raised == "":
            return Tried(probe.name, self._value(reply))
        return Tried(probe.name, error=self._text(raised))

    def _talk(self, wanted: Wanted, probe: Probe) -> Tried:
        assert probe.part
        ours, theirs = socket.socketpair()
        with ours:
            server = Server(ours)
            played = Played(probe.part, server, ours)
            played.start()
            try:
                with theirs:
                    tried = self._call(wanted, probe, theirs)
            finally:
                with suppress(OSError):
                    ours.shutdown(socket.SHUT_RD)  # what was said can still be read, more cannot be said
                played.join(2 * PATIENCE)
        error = tried.error or played.stuck
        return Tried(tried.name, tried.value, error, list(server.lines))

    def _answered(self, reply: dict[str, Any]) -> dict[str, Any]:
        if reply.get("missing") is True:
            raise LabError(
                f"No answer yet: nothing is called {self._variable}, or its cell ended in an error."
            )
        if reply.get("blank") is True:
            raise LabError("No answer yet.")
        return reply

    def _value(self, reply: dict[str, Any]) -> Any:
        if "error" in reply:
            raise LabError(self._text(reply["error"]))
        if "value" not in reply:
            raise self._sandbox.nonsense()
        return plain(reply["value"])

    def _text(self, said: Any) -> str:
        if not isinstance(said, str):
            raise self._sandbox.nonsense()
        return visible(said[:LONGEST])


class Played(threading.Thread):
    """A server's part, played beside the function. `stuck` says that it could not go on."""

    def __init__(self, part: Part, server: Server, connection: socket.socket) -> None:
        super().__init__(name="sandbox-part", daemon=True)
        self._part, self._server, self._connection = part, server, connection
        self.stuck = ""

    def run(self) -> None:
        """Play the part."""
        try:
            with suppress(OSError):  # the client closed, or said nothing for too long
                self._part(self._server)
        except Exception as error:  # a line that the part did not think of
            self.stuck = f"the server could not go on after what it was told ({type(error).__name__})"
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
