"""A dialogue as text, in the line grammar of swaks: who speaks, under TLS or not, and what went wrong.

    === Connected to mx.birch.example.        about the connection
     -> EHLO acorn.example                    the client, in clear
    <-  250 mx.birch.example                  the server, in clear
    <** 550 5.1.1 No such user                the server refuses
     ~> MAIL FROM:<alice@acorn.example>       the client, under TLS
    <~  250 2.1.0 OK                          the server, under TLS; <~* when it refuses
    *** Remote host closed connection ...     something that should not have happened

Where swaks prints the details of a certificate, this prints what the transcript noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .line import Line, shown
from .text import visible
from .transcript import Side

if TYPE_CHECKING:
    from .transcript import Transcript


def render(
    transcript: Transcript, lines: Sequence[Line], *, times: bool = False, secrets: bool = False
) -> str:
    """The dialogue, one line of text for each line said, with a column of milliseconds when `times`."""
    server, client = transcript.server, transcript.client
    rows = [
        (0.0, "===", f"Trying {server} [{server.address}], from {client.host} [{client.address}]..."),
        (0.0, "===", f"Connected to {server.host}."),
    ]
    if transcript.leg:
        rows.append((0.0, "***", f"Someone is in the middle: this is the {transcript.leg}'s leg."))
    for index, line in enumerate(lines):
        rows += _rows(lines, index, line, secrets)
    return "\n".join(
        f"{t * 1000:9.1f}  {sign} {said}".rstrip() if times else f"{sign} {said}".rstrip()
        for t, sign, said in ((t, sign, visible(said, keep="\t")) for t, sign, said in rows)
    )


def _rows(lines: Sequence[Line], index: int, line: Line, secrets: bool) -> Iterator[tuple[float, str, str]]:
    if line.kind == "tls":
        yield line.t, "===", f"TLS started: {line.text}" if line.text else "TLS started."
        if forgotten := sum(earlier.dropped for earlier in lines[:index]):
            plural = "line" if forgotten == 1 else "lines"
            yield line.t, "***", f"{forgotten} {plural} sent in clear behind STARTTLS: forgotten."
        if line.note:
            yield line.t, "***", f"{line.note}."
    elif line.kind == "close":
        yield from _closing(lines, index, line)
    else:
        for said in shown(line, secrets=secrets).split("\n"):
            yield line.t, _sign(line), said
        if line.note:
            yield line.t, "***", f"{line.note}."


def _sign(line: Line) -> str:
    if line.side is Side.CLIENT:
        return " ~>" if line.tls else " ->"
    if line.refused or (line.reply and line.reply.code >= 400):
        return "<~*" if line.tls else "<**"
    return "<~ " if line.tls else "<- "


def _closing(lines: Sequence[Line], index: int, line: Line) -> Iterator[tuple[float, str, str]]:
    """The end of the connection: said once, and marked when no 221, 421 or 521 announced it."""
    if any(earlier.kind == "close" for earlier in lines[:index]):
        return
    quits = any(earlier.verb == "QUIT" for earlier in lines[max(0, index - 2) : index])
    if line.known.greeted and not line.known.farewell and not quits:
        who = "Remote host" if line.side is Side.SERVER else "Client"
        why = "" if line.text in ("", "closed the connection") else f" ({line.text})"
        yield line.t, "***", f"{who} closed connection unexpectedly{why}."
    yield line.t, "===", "Connection closed with remote host."
