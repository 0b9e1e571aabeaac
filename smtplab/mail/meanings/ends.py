"""How a session ends: QUIT and 221, or a connection that just closes (RFC 5321 §3.8, §4.1.1.10)."""

from __future__ import annotations

from ..line import Line
from ..session import State
from ..transcript import Side
from .note import Note, Say, note, plain, quoted, say

_OPEN = (State.MAIL, State.RCPT, State.DATA, State.BDAT)


def QUIT(line: Line) -> Note:
    dropped = say(
        """A transaction is still open: it is dropped, and nothing of it is delivered.""",
        "RFC 5321 §4.1.1.10",
    )
    return note(
        "QUIT ends the session",
        say(
            """The client has nothing more to say. The server has to answer `221` and close the connection,
            and the client should wait for that.""",
            "RFC 5321 §4.1.1.10",
        ),
        dropped if line.before in _OPEN else None,
        say("""What was accepted before stays accepted.""", "RFC 5321 §4.1.1.10"),
    )


def closes(line: Line) -> Note:
    """The connection ends."""
    who = "The server" if line.side is Side.SERVER else "The client"
    if line.text.startswith("TLS failed"):
        return _tls_failed(line)
    if line.known.farewell:
        return note(
            "The connection closes",
            say(
                f"""{who} closes. `{line.known.farewell}` announced it, so nothing is left open.""",
                "RFC 5321 §3.8",
            ),
        )
    how = "" if line.text in ("", "closed the connection") else f" What was seen: {plain(line.text)}."
    return note(f"{who} closes without a goodbye", _unfinished(line, how), _blame(line))


def _tls_failed(line: Line) -> Note:
    return note(
        "TLS could not be started",
        say(
            f"""The handshake failed, and the connection ends with it: {quoted(line.text)}. Often the client
            does not trust the certificate, or the name in it is not the one that the client wanted.""",
            "RFC 3207 §4.1",
        ),
        say(
            """The client still has its message. One that insists on TLS keeps it and tries again later; one
            that does not may come back in clear, which is just what an attacker would want.""",
            "RFC 3207 §4.1",
            "RFC 3207 §6",
        ),
    )


def _unfinished(line: Line, how: str) -> Say:
    if line.before is State.DATA:
        return say(
            f"""The message was on its way, and no reply has come.{how} The client has to treat this like
            `451`: keep the message and try again.""",
            "RFC 5321 §3.8",
            "RFC 5321 §4.1.1.10",
        )
    if line.before in _OPEN:
        return say(
            f"""A transaction was open: the server drops it.{how} The client acts as after `451`: the message
            stays queued.""",
            "RFC 5321 §3.8",
            "RFC 5321 §4.1.1.10",
        )
    return say(
        f"""No transaction was open, so nothing is lost.{how} Messages accepted before stay accepted.""",
        "RFC 5321 §4.1.1.10",
    )


def _blame(line: Line) -> Say:
    if line.side is Side.SERVER:
        return say(
            """A server may close only after QUIT, with `421`, or when the client was silent for too long.""",
            "RFC 5321 §3.8",
        )
    return say(
        """A client should say QUIT and wait for `221`. If it goes while it waits for the reply to the dot, it
        cannot know whether the message was taken, and may send it twice.""",
        "RFC 5321 §4.1.1.10",
    )
