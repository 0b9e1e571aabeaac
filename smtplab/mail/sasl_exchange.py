"""The logins in a dialogue (RFC 4954 §4): which lines belong to an AUTH, and what stands behind their base64.

Takes the lines of a transcript, or lines that someone typed. This module explains nothing: `sasl` does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from .line import Line
from .text import decode, encode
from .transcript import Side, Transcript

Said = Transcript | Iterable[Line] | Iterable[str]
Kind = Literal["auth", "response", "cancel", "challenge", "end"]

_SERVER = re.compile(r"(?:S: )?([2-5][0-9][0-9])(?:[ -](.*))?", re.DOTALL)  # base64 has no three characters
_AUTH = re.compile(r"AUTH[ \t]", re.IGNORECASE)  # and no space


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of a login, without its line end.

    `coded` is the part of it that is in base64, and `data` what that stands for: None when there is none, or
    when it is no base64, and then `malformed` says so. `nth` counts the messages of this side from 1. `code`
    is a reply's.
    """

    side: Side
    kind: Kind
    text: str
    data: bytes | None = None
    nth: int = 0
    code: int = 0
    malformed: bool = False
    coded: str = ""


@dataclass(slots=True)
class Login:
    """One AUTH and what followed, up to the reply that ended it. `tls` says whether it was under TLS.

    From lines that someone typed nothing is known about TLS: then it is None.
    """

    mechanism: str
    tls: bool | None
    turns: list[Turn] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The reply code that ended it, 0 while it is open."""
        return self.turns[-1].code if self.turns and self.turns[-1].kind == "end" else 0

    def message(self, side: Side, nth: int) -> bytes | None:
        """The data of the nth message of one side."""
        return next((turn.data for turn in self.turns if turn.side is side and turn.nth == nth), None)

    def is_name(self, answer: Turn) -> bool:
        """Whether an answer of LOGIN is the account's name. When in doubt it is the password.

        A client may mix LOGIN up with PLAIN, and a server may ask in another order.
        """
        asked = b""
        for turn in self.turns:
            if turn is answer:
                break
            asked = turn.data or b"" if turn.kind == "challenge" else asked
        return answer.nth == 1 and b"pass" not in asked.lower() and decode(answer.data or b"").isprintable()

    def add(self, side: Side, kind: Kind, text: str, coded: str | None, code: int = 0) -> None:
        """Add a line, of which `coded` is in base64; None when nothing is."""
        data = None if coded is None else _unbase64(coded)
        # An empty challenge before the client has said anything is only its turn to speak.
        opening = side is Side.SERVER and data == b"" and not any(turn.nth for turn in self.turns)
        counted = coded is not None and not opening
        nth = 1 + max((turn.nth for turn in self.turns if turn.side is side), default=0) if counted else 0
        malformed = coded is not None and data is None
        self.turns.append(Turn(side, kind, text, data, nth, code, malformed, coded or ""))


def logins(said: Said) -> list[Login]:
    """The logins in a transcript, in its lines, or in lines of text, in their order.

    Typed lines may begin with "C: " or "S: "; else one that begins with a reply code is the server's. Never
    raises.
    """
    found: list[Login] = []
    current: Login | None = None
    for side, text, tls, begins in _said(said):
        reply = _SERVER.fullmatch(text) if side is Side.SERVER else None
        words = text.split(None, 2)
        if begins:
            current = Login(words[1].upper() if len(words) > 1 else "", tls)
            current.add(side, "auth", text, words[2].strip() if len(words) > 2 else None)
            found.append(current)
        elif side is Side.CLIENT and current:
            current.add(side, *(("cancel", text, None) if text == "*" else ("response", text, text)))
        elif reply and current and reply[1] == "334":
            current.add(side, "challenge", text, (reply[2] or "").strip(), 334)
        elif reply and current:
            current.add(side, "end", text, None, int(reply[1]))
            current = None
    return found


def _said(said: Said) -> Iterator[tuple[Side, str, bool | None, bool]]:
    """Who said what, whether under TLS, and whether it begins a login; no line that belongs to none."""
    if isinstance(said, Transcript):
        from .dialogue import lines  # the reader of SMTP builds on what this package knows of SASL

        said = lines(said)
    for line in said:
        if isinstance(line, str):
            side = Side.SERVER if _SERVER.fullmatch(line) or line.startswith("S: ") else Side.CLIENT
            text = line.removeprefix(f"{side}: ").rstrip("\r\n")
            yield side, text, None, side is Side.CLIENT and bool(_AUTH.match(text))
        elif line.verb == "AUTH":
            yield line.side, line.text, line.tls, line.kind == "command"


def _unbase64(text: str) -> bytes | None:
    """The octets behind base64, None when it is none. A lone = stands for no octets (RFC 4954 §4)."""
    try:
        return b"" if text == "=" else base64.b64decode(encode(text), validate=True)
    except binascii.Error:
        return None


def readable(data: bytes) -> str:
    r"""Octets as text in which every NUL shows as \0. What else does not print is left to `visible`."""
    return decode(data).replace("\0", "\\0")
