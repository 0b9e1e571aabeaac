"""What the lines of POP3 and IMAP mean (RFC 1939, RFC 9051), in a paragraph each.

Answers as much as a reader of a dialogue needs to follow it. Of IMAP's many responses it tells the kinds
apart, no more.
"""

from __future__ import annotations

import re

from ..line import Line
from ..pop3 import VERBS, Command
from ..text import encode
from ..transcript import Side
from .note import Note, note, say

_IMAP = {
    "CAPABILITY": ("asks what the server can do", "RFC 9051 §6.1.1"),
    "NOOP": ("does nothing; what has changed is told on this occasion", "RFC 9051 §6.1.2"),
    "LOGOUT": ("ends the session; nothing is deleted by it", "RFC 9051 §6.1.3"),
    "STARTTLS": ("asks to go on under TLS", "RFC 9051 §6.2.1"),
    "AUTHENTICATE": ("proves which account the client has", "RFC 9051 §6.2.2"),
    "LOGIN": ("opens an account with its password", "RFC 9051 §6.2.3"),
    "SELECT": ("opens a folder, to read and to change it", "RFC 9051 §6.3.2"),
    "EXAMINE": ("opens a folder, to read it only", "RFC 9051 §6.3.3"),
    "CREATE": ("makes a folder", "RFC 9051 §6.3.4"),
    "DELETE": ("removes a folder", "RFC 9051 §6.3.5"),
    "LIST": ("asks which folders there are", "RFC 9051 §6.3.9"),
    "STATUS": ("asks how many messages a folder holds", "RFC 9051 §6.3.11"),
    "APPEND": ("stores a message in a folder. Nobody is sent anything", "RFC 9051 §6.3.12"),
    "IDLE": ("waits: the server tells at once what changes, until the client says DONE", "RFC 9051 §6.3.13"),
    "CLOSE": ("closes the folder, and removes what is flagged \\Deleted", "RFC 9051 §6.4.1"),
    "EXPUNGE": ("removes what is flagged \\Deleted", "RFC 9051 §6.4.3"),
    "SEARCH": ("asks which messages match", "RFC 9051 §6.4.4"),
    "FETCH": ("fetches messages, or parts of them. They stay where they are", "RFC 9051 §6.4.5"),
    "STORE": ("changes the flags of messages: all clients see it", "RFC 9051 §6.4.6"),
    "COPY": ("copies messages into another folder", "RFC 9051 §6.4.7"),
    "MOVE": ("moves messages into another folder", "RFC 9051 §6.4.8"),
    "UID": ("does it by numbers that stay, not by the place in the folder", "RFC 9051 §6.4.9"),
}


def retrieval(line: Line) -> Note:
    """What a line of a POP3 or IMAP dialogue means."""
    if line.kind in ("data", "end"):
        end = line.kind == "end"
        what = "A line with only a dot ends it." if end else "This is content: no command and no response."
        source = "RFC 1939 §3" if line.protocol == "pop3" else "RFC 9051 §4.3"
        return note("The end of the content" if end else "Content", say(what, source))
    if line.protocol == "pop3":
        return _pop_command(line) if line.side is Side.CLIENT else _pop_response(line)
    return _imap_command(line) if line.side is Side.CLIENT else _imap_response(line)


def _pop_command(line: Line) -> Note:
    known = VERBS.get(Command.parse(encode(line.text)).verb)
    if known is None:
        return note("No command of POP3", say("The server does not know this, and says -ERR.", "RFC 1939 §3"))
    return note(known.name, say(f"The client {known.purpose}.", known.ref))


def _pop_response(line: Line) -> Note:
    if line.refused:
        return note("No", say("-ERR: the server has not done it. Nothing else has changed.", "RFC 1939 §3"))
    return note("Yes", say("+OK: the server has done as it was told.", "RFC 1939 §3"))


def _imap_command(line: Line) -> Note:
    word = re.match(r"\S+ +([A-Za-z]{1,20})", line.text)
    known = _IMAP.get(word[1].upper()) if word else None
    if word is None or known is None:
        return note("A line of the client's", say("No command that is often seen.", "RFC 9051 §2.2"))
    return note(word[1].upper(), say(f"The client {known[0]}.", known[1]))


def _imap_response(line: Line) -> Note:
    if line.text.startswith("+"):
        return note("Go on", say("The server waits for the rest of the command.", "RFC 9051 §2.2"))
    if line.refused:
        what = "NO: it could not be done. BAD: it was not understood. BYE: the server hangs up."
        return note("No", say(what, "RFC 9051 §2.2"))
    if line.text.startswith("*"):
        return note("The server tells something",
                    say("An untagged response: an answer's content, or news of what another client has done.",
                        "RFC 9051 §2.2"))  # fmt: skip
    return note(
        "Done", say("The tag of the command, and how it went: the command ends here.", "RFC 9051 §2.2")
    )
