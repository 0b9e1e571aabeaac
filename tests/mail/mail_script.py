"""Transcripts written by hand, for the tests of what reads and explains them.

A script has one line for each event: `C: EHLO x` and `S: 250 ok` are lines with CRLF, `C+ ...` and
`S+ ...` are octets as they stand, with Python's escapes in both; `TLS note` and `CLOSE C note` are the
events of these kinds. An empty line means nothing.
"""

from __future__ import annotations

from datetime import datetime

from smtplab.mail.dialogue import Line, lines
from smtplab.mail.transcript import Endpoint, Event, Side, Transcript


def of(events: list[Event], protocol: str = "smtp") -> Transcript:
    """A transcript of `events` between two hosts of the lab."""
    client = Endpoint("mail.acorn.example", "192.0.2.10", 40000)
    server = Endpoint("mx.birch.example", "198.51.100.10", 25)
    return Transcript(1, client, server, datetime(2026, 11, 24, 12, 0), protocol, events)


def events(text: str) -> list[Event]:
    """The events of a script, one millisecond apart."""
    found: list[Event] = []
    tls = False
    for number, line in enumerate(line.strip() for line in text.strip().splitlines() if line.strip()):
        word, _, rest = line.partition(" ")
        t = number / 1000
        if word == "TLS":
            tls = True
            found.append(Event(t, Side.SERVER, tls=True, kind="tls", note=rest))
        elif word == "CLOSE":
            side, _, note = rest.partition(" ")
            found.append(Event(t, Side(side), tls=tls, kind="close", note=note))
        else:
            data = rest.encode("utf-8").decode("unicode_escape").encode("latin-1")
            found.append(Event(t, Side(word[0]), data + (b"" if word[1] == "+" else b"\r\n"), tls))
    return found


def script(text: str, protocol: str = "smtp") -> Transcript:
    """The transcript of a script."""
    return of(events(text), protocol)


def read(text: str, protocol: str = "smtp") -> list[Line]:
    """The lines of a script."""
    return lines(script(text, protocol))


FULL = """
S: 220 mx.birch.example ESMTP smtplab
C: EHLO mail.acorn.example
S: 250-mx.birch.example greets mail.acorn.example
S: 250-SIZE 10485760
S: 250-STARTTLS
S: 250-ENHANCEDSTATUSCODES
S: 250-CHUNKING
S: 250 PIPELINING
C: STARTTLS
S: 220 2.0.0 Ready to start TLS
TLS TLSv1.3 with TLS_AES_256_GCM_SHA384
C: EHLO mail.acorn.example
S: 250-mx.birch.example
S: 250-AUTH PLAIN LOGIN
S: 250-CHUNKING
S: 250 PIPELINING
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: YWxpY2U=
S: 334 UGFzc3dvcmQ6
C: d29uZGVybGFuZA==
S: 235 2.7.0 Authentication successful
C: MAIL FROM:<alice@acorn.example>\\r\\nRCPT TO:<bob@birch.example>\\r\\nRCPT TO:<bbo@birch.example>\\r\\nDATA
S: 250 2.1.0 OK\\r\\n250 2.1.5 OK
S: 550 5.1.1 No such user here
S: 354 End data with <CR><LF>.<CR><LF>
C: From: Alice <alice@acorn.example>\\r\\nSubject: hi\\r\\n\\r\\nHello\\r\\n..dot\\r\\n\\r\\nBye
C: .
S: 250 2.0.0 queued
C: MAIL FROM:<>
S: 250 2.1.0 OK
C: RCPT TO:<bob@birch.example>
S: 250 2.1.5 OK
C+ BDAT 14\\r\\nSubject: x\\r\\n\\r\\nBDAT 4 LAST\\r\\nhi\\r\\n
S: 250 2.0.0 14 octets received\\r\\n250 2.0.0 taken
C: QUIT
S: 221 2.0.0 bye
CLOSE S closed the connection
"""
