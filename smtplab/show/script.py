"""What a stepper says, and to what: the steps of a script, and the session that carries them.

A step is a string (a command line, sent as it stands) or `Content` (a message, sent with its dots
stuffed and the final dot added, RFC 5321 §4.5.2). Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..mail.reply import Reply
from ..mail.text import encode
from ..mail.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Content:
    """A message, header section and body, as a step. Its lines may end in LF or CRLF."""

    message: bytes

    def __str__(self) -> str:
        count = len(self.lines)
        return f"the message: {count} line{'' if count == 1 else 's'}, then a dot"

    @property
    def lines(self) -> list[bytes]:
        """Its lines without their ends, as they are before dots are stuffed."""
        return self.message.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")

    @property
    def wire(self) -> bytes:
        """The octets that carry it: CRLF line ends, dots stuffed, and the line with only a dot."""
        stuffed = ((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in self.lines)
        return b"".join(stuffed) + b".\r\n"


Step = str | Content


def content(message: str | bytes) -> Content:
    """The step that sends `message`."""
    return Content(message.encode() if isinstance(message, str) else message)


def steps(script: Sequence[Step | bytes]) -> list[Step]:
    """`script` with its bytes made `Content`."""
    return [content(step) if isinstance(step, bytes) else step for step in script]


class Session(Protocol):
    """What a stepper drives: one connection, blocking. `lab.connect` returns one."""

    @property
    def transcript(self) -> Transcript: ...
    def send(self, line: str) -> Reply | None: ...
    def data(self, message: bytes) -> Reply: ...
    def starttls(self) -> Reply: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Said:
    """A step that was said: whether the script said it, and whether it was content, after a 354."""

    step: Step
    scripted: bool
    content: bool


def retold(done: Sequence[Said]) -> list[Step]:
    """What was said as a script: lines of content that were typed one by one become one message."""
    made: list[Step] = []
    lines: list[bytes] = []
    for said in done:
        if not said.content or isinstance(said.step, Content):
            made.append(said.step)
        elif said.step == ".":
            made.append(Content(b"\n".join(lines)))
            lines = []
        else:  # without the dot that was stuffed (RFC 5321 §4.5.2)
            lines.append(encode(said.step).removeprefix(b"."))
    return made
