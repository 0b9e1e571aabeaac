"""Lines that are no command: mistyped, from another protocol, or in the wrong place (RFC 5321 §4.2.4)."""

from __future__ import annotations

import re

from ..line import Line
from ..session import VERBS
from .note import Note, Say, note, quoted, say

TLS_HELLO = "\x16\x03"  # a handshake record, as the first octets of TLS are (RFC 8446 §5.1)
_HTTP = re.compile(r"(GET|POST|HEAD|PUT|OPTIONS|CONNECT) \S+ HTTP/")
_FIELD = re.compile(r"[!-9;-~]+:\s")


def unknown(line: Line) -> Note:
    """A line that is no command of SMTP's, or none that is known."""
    if line.secret:
        return note(
            "This looks like part of a login",
            say(
                """It follows an AUTH that the server refused, so the server takes it for a command that it
                does not know. It may be a password, and is not shown.""",
                "RFC 4954 §4",
            ),
            say("""A client has to wait for `334` before it sends a line of the login.""", "RFC 4954 §4"),
        )
    if line.text.startswith(TLS_HELLO):
        return note(
            "A TLS handshake, where SMTP was expected",
            say(
                """These octets open a TLS handshake. The client began with TLS at once, as on port 465, and
                the server expects SMTP in clear first, then `STARTTLS`.""",
                "RFC 8314 §3.3",
            ),
            say(
                """The client's error is usually `WRONG_VERSION_NUMBER`: it took the SMTP greeting for a TLS
                record.""",
                "RFC 3207 §4",
            ),
        )
    what = f"{quoted(line.verb or line.text)} is no verb that SMTP knows" if line.text else "There is no verb"
    return note(
        "No command that SMTP knows" if line.text else "An empty line is no command",
        say(
            f"""{what}, so the server should answer `500` and wait for the next line.""",
            "RFC 5321 §4.2.4",
            "RFC 5321 §3.8",
        ),
        _guess(line),
        say(
            """Verbs that begin with X are private: a client and a server may agree on them.""",
            "RFC 5321 §4.1.5",
        )
        if line.verb.startswith("X")
        else None,
        say("""Whatever the client types, the server must not hang up because of it.""", "RFC 5321 §3.8"),
    )


def _guess(line: Line) -> Say | None:
    """What somebody may have meant by a line that is no command."""
    if _HTTP.match(line.text):
        return say(
            """This is HTTP: a browser, a scanner, or a web page that was tricked into talking to a mail port.
            Many servers hang up at such a line.""",
            "RFC 5321 §7.8",
        )
    if line.verb == "LHLO":
        return say(
            """`LHLO` is the hello of LMTP, the protocol from a mail server to its mailboxes.""",
            "RFC 2033 §4.1",
        )
    if _FIELD.match(line.text):
        return say(
            """It looks like a header field. Content may come only after DATA and the server's `354`.""",
            "RFC 5321 §3.3",
        )
    close = [verb for verb in VERBS if sorted(verb) == sorted(line.verb) or verb.startswith(line.verb[:3])]
    if line.verb and close and len(line.verb) > 2:
        return say(f"""Perhaps `{close[0]}` was meant: {VERBS[close[0]].purpose}.""", VERBS[close[0]].ref)
    return None


def forgotten(line: Line) -> Note:
    """A line sent in clear behind STARTTLS."""
    return note(
        "Sent in clear, behind STARTTLS",
        say(
            """This came in clear after STARTTLS, before TLS began. Anyone on the path could have put it
            there, so the server has to forget it: no reply comes.""",
            "RFC 3207 §4.2",
        ),
        say(
            """Some servers kept such lines and obeyed them once TLS stood. An attacker's command then counted
            as the client's (CVE-2011-0411).""",
            "RFC 3207 §4.2",
        ),
    )
