"""How a client of the learner's own is tried in exercise 02: awkward servers, and what they look for.

Used by the visible tests and by the teacher's hidden ones.
"""

from __future__ import annotations

import time
from typing import Any

from ....mail.text import visible
from ..mark import Mark, mark
from ..probe import Part, Server, Tried

PAUSE = 0.003  # seconds between the pieces of a reply, so that a reader gets them apart
USUAL = {"": ["220 mx.example ESMTP"], "EHLO": ["250-mx.example", "250-SIZE 9000", "250 8BITMIME"],
         "DATA": ["354 Go on"], "QUIT": ["221 2.0.0 Bye"]}  # fmt: skip


def plays(replies: dict[str, list[str]], *, pieces: bool = False) -> Part:
    """A server with these `replies`, by verb, or "RCPT address"; "" is the greeting, "." follows the message.

    It closes after a 421. With `pieces` every reply comes in two parts, cut where it hurts.
    """

    def say(server: Server, *keys: str) -> str:
        lines = next((replies[key] for key in keys if key in replies), ["250 2.0.0 OK"])
        if pieces:
            whole = "".join(f"{line}\r\n" for line in lines).encode()
            server.raw(whole[:7])
            time.sleep(PAUSE)
            server.raw(whole[7:])
        else:
            server.say(*lines)
        return lines[-1][:3]

    def part(server: Server) -> None:
        code = say(server, "")
        while code != "421" and (line := server.hear()) is not None:
            verb, address = line[:4].upper().strip(), line.partition("<")[2].partition(">")[0]
            code = say(server, f"{verb} {address}", verb)
            if code == "354":
                server.data()
                code = say(server, ".")
            if verb == "QUIT":
                return

    return part


def content_mark(of: float, said: list[str], message: str, error: str = "") -> Mark:
    """A mark for the message on the wire: all its lines, ended by CRLF, with their dots doubled."""
    start = next((at for at, line in enumerate(said) if line.upper().strip() == "DATA"), len(said)) + 1
    sent = said[start:][: said[start:].index(".")] if "." in said[start:] else said[start:]
    lines = message.removesuffix("\n").split("\n")
    wanted = [f".{line}" if line.startswith(".") else line for line in lines]
    if sent == wanted:
        why = "As it should be, line for line."
    elif any(line.endswith("\n") for line in sent):
        why = "A line ended with a bare LF. On the wire every line ends with CR LF."
    elif any(line.startswith(".") and line in lines and line not in wanted for line in said[start:]):
        why = "A dot at the start of a line was not doubled."
    elif sent[: len(wanted)] == wanted:
        why = "More lines than the message has."
    else:
        why = error or f"{len(sent)} lines of the message came where {len(lines)} were given."
    return mark("the message on the wire", of, sent == wanted, why, "RFC 5321 §4.5.2")


def same(value: Any, wanted: dict[str, int]) -> bool:
    """Whether the dict that was returned has these codes, written as numbers or as texts."""
    return _codes(value) == _codes(wanted)


def _codes(value: Any) -> dict[str, str]:
    return {name: str(code) for name, code in value.items()} if isinstance(value, dict) else {}


RULE = "A recipient's code is that of its RCPT if it was refused, else that of the dot."


def codes_mark(
    what: str, of: float, tried: Tried, wanted: dict[str, int], rule: str = RULE, *, quiet: bool = False
) -> Mark:
    """A mark for the dict that the client returned; `rule` is what a wrong one gets to read.

    `quiet` tells nothing of what was tried.
    """
    codes, right = _codes(tried.value), same(tried.value, wanted)
    if right:
        why = "Every recipient has the code that decided."
    elif any(code == "354" for code in codes.values()):
        why = "354 is no result: the reply to the message comes after the dot."
    else:
        told = tried.error or f"It returned {visible(', '.join(codes.values()))[:60] or 'no dict'}."
        why = rule if quiet else f"{rule} {told}"
    return mark(what, of, right, why, "RFC 5321 §4.2.5")
