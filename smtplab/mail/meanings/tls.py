"""STARTTLS, and the moment when TLS begins (RFC 3207, RFC 8314)."""

from __future__ import annotations

from ..line import Line
from .note import Note, note, plain, say


def STARTTLS(line: Line) -> Note:
    return note(
        "STARTTLS asks to go on under TLS",
        say(
            """Up to here anyone on the path could read everything, and change it. If the server answers
            `220`, both ends start TLS on this same connection.""",
            "RFC 3207 §4",
        ),
        say(
            """Nothing may follow it before TLS stands. What is sent in clear behind it could be anybody's,
            and must not count afterwards.""",
            "RFC 3207 §4.2",
            "RFC 2920 §3.1",
        ),
        say(
            """On port 25 this is a free choice: a server that takes mail from the public must not demand it,
            so whoever can remove it from the dialogue gets mail in clear.""",
            "RFC 3207 §4",
            "RFC 3207 §6",
        ),
    )


def ready(line: Line) -> Note:
    """220 in reply to STARTTLS."""
    return note(
        "The server is ready for TLS",
        say(
            """The next octets on this connection are a TLS handshake and no SMTP. This reply is the last
            thing that is said in clear.""",
            "RFC 3207 §4",
        ),
        say(
            """With it the session is back at its start. The client has to say EHLO again, under TLS.""",
            "RFC 3207 §4.2",
        ),
    )


def begins(line: Line) -> Note:
    """The event: both ends now speak TLS."""
    which = f" ({plain(line.text)})" if line.text else ""
    seen = say(
        """Someone on the path still sees that these two hosts talk, when, and how much; in the handshake
        usually the server's name too.""",
        "RFC 6066 §3",
    )
    if not line.known.greeted:
        return note(
            "TLS comes first",
            say(
                f"""TLS stands before a word of SMTP is said{which}. Nothing was ever in clear, so there is no
                `STARTTLS` that an attacker could take out of the dialogue.""",
                "RFC 8314 §3.3",
            ),
            say("""This is implicit TLS, as on port 465: preferred today for submission.""", "RFC 8314 §3"),
            seen,
        )
    return note(
        "TLS begins here",
        say(
            f"""From here on only the two ends can read the dialogue{which}. It protects this hop: the server
            itself reads everything, and the next hop may go in clear.""",
            "RFC 3207 §6",
        ),
        say(
            """Both ends forget what they learnt in clear: the name in EHLO, the list of extensions, any open
            transaction. The session starts again with EHLO.""",
            "RFC 3207 §4.2",
        ),
        seen,
    )
