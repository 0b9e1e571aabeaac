"""Messages between the grader and a sandbox: JSON with its length before it, over a Unix socket.

The other end may be anybody: what comes is bounded in length and time, and must be a JSON object. Open files
can be handed along; who does not ask for them gets none.
"""

from __future__ import annotations

import array
import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

LARGEST = 8_000_000  # octets: the largest answer in UTF-8, with room
HEAD = struct.Struct("!I")


class Nonsense(Exception):
    """What came is no message, in a few words."""


def send(end: socket.socket, message: dict[str, Any], files: Sequence[int] = ()) -> None:
    """Send a message, with open files. Raises OSError, and ValueError for what JSON cannot hold."""
    text = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if len(text) > LARGEST:
        raise ValueError("The message is too large.")
    packed = HEAD.pack(len(text)) + text
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
    sent = end.sendmsg([packed], rights)
    end.sendall(packed[sent:])


def receive(end: socket.socket, until: float | None = None) -> dict[str, Any]:
    """The next message, by the time `until` of the monotonic clock.

    Raises TimeoutError, EOFError where the other end is gone, and Nonsense.
    """
    return _parsed(_octets(end, _length(_octets(end, HEAD.size, until)), until))


def receive_with_file(end: socket.socket) -> tuple[dict[str, Any], int | None]:
    """The next message, and the open file that came along."""
    head, files, _, _ = socket.recv_fds(end, HEAD.size, 1)
    if not head:
        raise EOFError
    head += _octets(end, HEAD.size - len(head), None)
    return _parsed(_octets(end, _length(head), None)), files[0] if files else None


def _length(head: bytes) -> int:
    length = int(HEAD.unpack(head)[0])
    if length > LARGEST:
        raise Nonsense("a message is too large")
    return length


def _octets(end: socket.socket, count: int, until: float | None) -> bytes:
    taken = bytearray()
    while len(taken) < count:
        if until is not None:
            rest = until - time.monotonic()
            if rest <= 0:
                raise TimeoutError
            end.settimeout(rest)
        got = end.recv(min(count - len(taken), 1 << 20))
        if not got:
            raise EOFError
        taken += got
    return bytes(taken)


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        message = json.loads(text.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise Nonsense("a message is not JSON") from None
    if not isinstance(message, dict):
        raise Nonsense("a message has the wrong form")
    return message
