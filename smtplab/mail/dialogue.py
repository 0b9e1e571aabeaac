"""Reading a Transcript, mostly as SMTP (RFC 5321 §4.2): which lines were said, and where each one leads.

`lines` gives every line with its kind, the reply that belongs to it and the session's state after it;
`text` prints them for a terminal; `refusal_verdict` says why a command was refused. The reading itself
is in `session_reader`, the explanations for people are in `meaning`.
"""

from __future__ import annotations

from .line import HIDDEN, Kind, Known, Line, shown
from .meanings.refusal import refusal_verdict
from .reader import Reader
from .reading_lines import ImapReader, PopReader
from .session_reader import SmtpReader
from .swaks import render
from .transcript import Transcript

__all__ = ["HIDDEN", "Kind", "Known", "Line", "lines", "refusal_verdict", "shown", "text"]


_READERS: dict[str, type[Reader]] = {"smtp": SmtpReader, "pop3": PopReader, "imap": ImapReader}


def lines(transcript: Transcript) -> list[Line]:
    """Every line of `transcript`, in the order of the wire, an unfinished one at the end included.

    Other protocols give lines without verbs, states and replies; of POP3 and IMAP content is told apart, and
    what is refused. Never raises. A client that sends ahead of a reply gets its lines where it sent them,
    before that reply.
    """
    return _READERS.get(transcript.protocol, Reader)().read(list(transcript.events))


def text(transcript: Transcript, *, times: bool = False, secrets: bool = False) -> str:
    """The dialogue for a terminal, in the line grammar that swaks uses.

    With `times`, a column says how many milliseconds after opening a line was there. Passwords and
    tokens are hidden unless `secrets` asks for them.
    """
    return render(transcript, lines(transcript), times=times, secrets=secrets)
