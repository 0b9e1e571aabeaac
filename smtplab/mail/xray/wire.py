"""The hops of a connection: which envelopes and messages a client handed to a server (RFC 5321 §3.3)."""

from __future__ import annotations

from ..dialogue import lines
from ..envelope import Envelope, parse_mail, parse_rcpt
from ..errors import RecordError
from ..line import Line
from ..text import encode
from ..transcript import Transcript
from .record import Hop


def handed(transcript: Transcript) -> tuple[Hop, ...]:
    """Every transaction that the server accepted, as it knows it: TLS hides nothing from the two ends.

    Refused recipients are left out, and so is a message that was refused. Never raises.
    """
    said = lines(transcript)
    found: list[Hop] = []
    envelope: Envelope | None = None
    content: list[bytes] = []
    tls = False
    for line in said:
        if line.kind == "data":
            content.append(_octets(line))
            tls = line.tls
        elif line.kind == "command" and line.verb != "BDAT" and _accepted(said, line):
            envelope, content = _next(line, envelope), []
        elif line.kind == "reply" and (line.verb == "." or line.last):  # a message ends with its reply
            accepted = line.reply is not None and line.reply.code < 300
            if accepted and envelope and envelope.forward_paths:
                found.append(Hop(transcript.server.host, envelope, b"".join(content), tls))
            envelope, content = None, []
    return tuple(found)


def _accepted(said: list[Line], line: Line) -> bool:
    reply = said[line.pair].reply if line.pair >= 0 else None
    return reply is not None and reply.code < 400


def _next(line: Line, envelope: Envelope | None) -> Envelope | None:
    """The envelope after an accepted command."""
    argument = line.argument.partition(":")[2].strip()
    try:
        if line.verb == "MAIL":
            path, parameters = parse_mail(argument)
            return Envelope(path, (), parameters)
        if line.verb == "RCPT" and envelope:
            return envelope.add(parse_rcpt(argument))
    except RecordError:
        return None
    return None if line.verb in ("RSET", "EHLO", "HELO", "STARTTLS") else envelope


def _octets(line: Line) -> bytes:
    """A line of content before dots were stuffed (RFC 5321 §4.5.2)."""
    octets = encode(line.text)
    stuffed = line.verb == "DATA" and octets.startswith(b".")
    return octets[stuffed:] + (b"" if line.cut else b"\r\n")
