"""Line: one line of an SMTP dialogue, with what it is and where it leaves the session.

Answers, for each line of a transcript: who said it, as what (a command, a reply, content), which line
answers it, and what the two ends knew at that moment. `dialogue` makes these records, `meaning`
explains them, the ladder draws them. This module reads no bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .reply import Reply
from .session import State
from .text import visible
from .transcript import Side

Kind = Literal["greeting", "command", "reply", "data", "end", "auth", "tls", "close"]
Part = Literal["", "header", "blank", "body"]

HIDDEN = "[hidden]"

# What stays readable of a line that holds a secret: the words up to the mechanism, or the verb of POP3
# and IMAP that a password follows.
_READABLE = re.compile(r"(?:\S{1,32} )?(?:AUTH(?:ENTICATE)? \S{1,32}|LOGIN|PASS|APOP)(?= |$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Known:
    """What the replies so far have settled between the two ends.

    `offers` are the extensions of the last EHLO ("SIZE" -> "10485760"): None before any hello, empty
    after HELO. `reverse_path` is that of the open transaction, without brackets, "" for the null one
    and None outside a transaction; `accepted` and `refused` count its recipients. `farewell` is the
    code after which nothing but the end can follow: 221, 421, 521, or that of a refusing greeting.
    """

    greeted: bool = False
    offers: dict[str, str] | None = None
    starttls: bool = False
    authenticated: bool = False
    reverse_path: str | None = None
    accepted: int = 0
    refused: int = 0
    farewell: int = 0


NOTHING = Known()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the dialogue; a reply of several lines is one `Line`, joined with LF in `text`.

    `t` is when its last octet was there, in seconds since the connection opened. `text` is what was
    said, without the line end, decoded with `mail.text.decode` and not yet made visible: show it with
    `shown`. `reply` stands on a greeting and a reply, and is None on one that is malformed.
    """

    t: float
    side: Side
    tls: bool
    kind: Kind
    text: str
    verb: str = ""  # of a command; what a reply answers ("." for the end of data)
    reply: Reply | None = None
    state: State = State.START  # after this line
    before: State = State.START
    known: Known = NOTHING  # before this line
    pair: int = -1  # the index of the reply to this line, or of the line that this replies to
    ahead: int = 0  # how many earlier lines of the client's had no reply yet when this one came
    part: Part = ""  # of the message, for content
    bare: bool = False  # a bare LF ends the line, or a bare CR or LF is in it
    cut: bool = False  # no line end: the rest of a connection, or of a BDAT chunk
    last: bool = False  # BDAT ... LAST, and the reply to it
    secret: bool = False  # holds a password or a token
    dropped: bool = False  # sent in clear behind STARTTLS: forgotten unanswered (RFC 3207 §4.2)
    note: str = ""  # how someone in the middle had a hand in this line
    protocol: str = "smtp"  # or "pop3", "imap": what the fields for SMTP are empty for
    refused: bool = False  # a server's no in a protocol without reply codes: -ERR, NO, BAD

    @property
    def argument(self) -> str:
        """What follows the verb of a command."""
        return self.text[len(self.verb) :].strip(" \t") if self.verb else self.text


def shown(line: Line, *, secrets: bool = False) -> str:
    """The line's text made visible, each line of a reply on its own; secrets hidden unless asked for.

    A tab in a message stays a tab: it is how header fields are folded.
    """
    if secrets or not line.secret:
        return visible(line.text, keep={"greeting": "\n", "reply": "\n", "data": "\t"}.get(line.kind, ""))
    if line.reply:
        return f"{line.reply.code} {HIDDEN}"
    readable = _READABLE.match(line.text) if line.kind == "command" else None
    if readable and readable.end() == len(line.text):
        return visible(line.text)
    return visible(f"{readable[0]} {HIDDEN}" if readable else HIDDEN)
