"""Handing over the message: DATA, 354, the dot, BDAT, and the reply that moves the responsibility.

RFC 5321 §3.3, §4.1.1.4, §4.2.5, §6.1; RFC 3030 for BDAT.
"""

from __future__ import annotations

import re

from ..line import Line
from .extensions import octets
from .note import Note, Say, note, say

_HANDOVER = ("RFC 5321 §4.2.5", "RFC 5321 §6.1")


def DATA(line: Line) -> Note:
    return note(
        "DATA asks to send the message",
        _envelope(line),
        say(
            """The client has to wait for `354`. Of what it sends before, nobody knows yet whether it is
            content or commands.""",
            "RFC 5321 §3.3",
            "RFC 2920 §3.1",
        ),
        say(
            """What follows is header section and body in one text. SMTP carries it without reading it: all
            that the server needs for delivery stands in the envelope.""",
            "RFC 5321 §2.3.1",
        ),
    )


def _envelope(line: Line) -> Say:
    count, refused = line.known.accepted, line.known.refused
    if line.ahead:
        return say(
            """The client asks to send the message without knowing yet which recipients are accepted. If none
            is, the server should answer `503` or `554`.""",
            "RFC 5321 §3.3",
        )
    if not count:
        why = (
            f"all {refused} were refused"
            if refused > 1
            else "the only one was refused"
            if refused
            else "none"
        )
        told = f"No recipient is accepted ({why}), so the server should answer `503` or `554`."
        return say(told.replace(" (none)", ""), "RFC 5321 §3.3")
    some = f"{count} recipient{'s' if count > 1 else ''} accepted"
    some += f", {refused} refused" if refused else ""
    return say(
        f"""The envelope is complete: {some}. Now the client asks to send the message itself.""",
        "RFC 5321 §3.3",
        "RFC 5321 §4.1.1.4",
    )


def start(line: Line) -> Note:
    """A 354."""
    return note(
        "The server waits for the message",
        say(
            """`354` is a 3yz reply: so far so good, now send the rest. From here on the client's lines are
            content and no commands, whatever they look like.""",
            "RFC 5321 §4.1.1.4",
            "RFC 5321 §4.2.1",
        ),
        say(
            """The content ends with a line that holds only a dot. The server's next reply comes after it.""",
            "RFC 5321 §4.1.1.4",
        ),
    )


def end(line: Line) -> Note:
    """The line with only a dot."""
    return note(
        "A line with only a dot ends the message",
        say(
            """The mark is exactly CR LF, a dot, CR LF. Bare LFs around the dot must not count, or two servers
            could disagree about where a message ends, and an attacker hides one message inside another.""",
            "RFC 5321 §4.1.1.4",
            "RFC 5321 §2.3.8",
        ),
        say(
            """Until the reply comes, the message is still the client's. The client should wait
            10 minutes for it: giving up early often means that the message arrives twice.""",
            "RFC 5321 §4.5.3.2.6",
        ),
    )


def taken(line: Line) -> Note:
    """250 after the dot, or after BDAT LAST: the handover."""
    null = line.known.reverse_path == ""
    count = line.known.accepted
    whom = "all of the recipients" if count > 1 else "the recipient"
    failing = (
        "The reverse-path is null, so if delivery fails nobody hears of it."
        if null
        else "If delivery fails, it owes the reverse-path a DSN."
    )
    return note(
        "The server takes responsibility",
        say(
            f"""With this reply **the message is the server's**: it has to deliver it to {whom} or pass it on.
            {failing} The client may delete its copy.""",
            *_HANDOVER,
        ),
        say(
            """It does not mean delivered, and even less read. It also speaks for all accepted recipients at
            once: what goes wrong for one of them later, a DSN tells.""",
            "RFC 5321 §4.1.1.4",
        ),
        say(
            """If this reply gets lost on the way, the client has to send the message again, and it arrives
            twice.""",
            "RFC 5321 §4.5.3.2.6",
            "RFC 5321 §6.1",
        ),
    )


def BDAT(line: Line) -> Note:
    size = re.match(r"([0-9]{1,18})(?:\s|$)", line.argument)
    count = octets(int(size[1])) if size else "a number of octets"
    wrong = (
        None
        if size
        else say(
            """The syntax is `BDAT <octets> [LAST]`. This is something else, so the server answers `501`.""",
            "RFC 3030 §2",
        )
    )
    return note(
        f"BDAT sends {count} of the message",
        wrong,
        say(
            """BDAT is the other way to send content. The client counts the octets and sends them at once: no
            `354` to wait for, no dot to double, no end mark to look for.""",
            "RFC 3030 §2",
        ),
        say(
            "`LAST` says that the message is complete with this chunk. The reply to it is the handover, as "
            "after the dot of DATA."
            if line.last
            else "More chunks follow, until one says `LAST`. Each gets a reply of its own.",
            "RFC 3030 §2",
        ),
        say("""In one transaction the client uses either DATA or BDAT.""", "RFC 3030 §2"),
    )


def chunk_taken(line: Line) -> Note:
    """A positive reply to BDAT."""
    if line.last:
        return taken(line)
    return note(
        "The chunk has arrived",
        say(
            """The server has these octets and waits for the next chunk. It has promised nothing yet: that
            comes with the reply to `LAST`.""",
            "RFC 3030 §2",
        ),
        say("""RSET would drop all chunks so far.""", "RFC 3030 §2"),
    )
