"""The greeting, EHLO and HELO (RFC 5321 §3.1, §3.2, §4.1.1.1)."""

from __future__ import annotations

import re

from ..line import Line
from ..reply import Reply
from ..session import State
from .extensions import keyword
from .note import Note, Say, note, quoted, say

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_NO_TLS = (
    "There is no `STARTTLS` on the list: the server has no TLS, or someone on the path took the word out."
)


def greeting(line: Line) -> Note:
    """The first reply on a connection, which no command asked for."""
    reply = line.reply or Reply(0)
    if reply.code == 521:
        return note(
            "This host takes no mail at all",
            say(
                """`521` in place of the greeting: no mail ever arrives here, whoever sends it. The host runs
                this small server only to say so.""",
                "RFC 7504 §3",
            ),
            say(
                """The client side keeps its message. It tries another MX of the domain if there is one; if
                not, it owes the reverse-path a DSN.""",
                "RFC 5321 §5.1",
            ),
        )
    if reply.is_permanent:
        return note(
            "No SMTP service for this client",
            say(
                """The server refuses the whole session before it has begun. The connection stays open, but
                only `QUIT` makes sense: anything else should get `503`.""",
                "RFC 5321 §3.1",
            ),
            say(
                """Nothing was handed over, so the client side still has the message. The words after the code
                should say what is wrong with this client.""",
                "RFC 5321 §3.1",
            ),
        )
    if not reply.is_positive:
        return note(
            "Not now: the server takes no session",
            say(
                """The server is there, but busy, or it slows this client down. With `421` it closes the
                connection at once.""",
                "RFC 5321 §3.8",
            ),
            say(
                """The client keeps its mail, tries the next MX if there is one, and comes back later.""",
                "RFC 5321 §4.5.4.1",
            ),
        )
    return _welcome(reply)


def _welcome(reply: Reply) -> Note:
    name = re.match(r"\S+", reply.lines[0]) if reply.lines else None
    who = f"The first word, {quoted(name[0])}, is the name that the server gives itself. " if name else ""
    return note(
        "The server speaks first",
        say(
            f"""`220` says that the server is ready. {who}Nothing proves it yet: a certificate could, later,
            under TLS.""",
            "RFC 5321 §4.3.1",
            "RFC 5321 §3.1",
        ),
        say(
            """A client waits for this line before it says anything. One that cannot wait is often spam
            software, and many servers turn it away for that alone.""",
            "RFC 5321 §4.3.1",
        ),
        say(
            """`ESMTP` in the text only hints at extensions. What the server can do, it says in reply to
            EHLO.""",
            "RFC 5321 §3.2",
        )
        if "ESMTP" in reply.text.upper()
        else None,
    )


def EHLO(line: Line) -> Note:
    again = None
    if line.known.starttls and line.known.offers is None:
        again = say(
            """It is said again because everything learnt in clear was forgotten when TLS began. The list that
            comes back may be another one: AUTH often appears only now.""",
            "RFC 3207 §4.2",
        )
    elif line.before in (State.MAIL, State.RCPT, State.BDAT):
        again = say("""A transaction is open. EHLO drops it, just as RSET would.""", "RFC 5321 §4.1.4")
    return note(
        "EHLO says who the client is and asks what the server can do",
        say(
            f"""The client gives {_given(line)} and asks for the server's extensions. It
            may use those on the list that comes back, and no others.""",
            "RFC 5321 §4.1.1.1",
        ),
        _about_name(line.argument),
        again,
        _claim(),
    )


def HELO(line: Line) -> Note:
    return note(
        "HELO is the older hello, without extensions",
        say(
            f"""The client gives {_given(line)} and asks for nothing more. After HELO
            there is no STARTTLS, no AUTH and no SIZE, until EHLO is said.""",
            "RFC 5321 §3.2",
            "RFC 5321 §4.1.1.1",
        ),
        _about_name(line.argument),
        say(
            """A client falls back to HELO when a server does not know EHLO. Every server still has to answer
            it.""",
            "RFC 5321 §3.2",
            "RFC 5321 §4.1.1.1",
        ),
    )


def _given(line: Line) -> str:
    return f"its name, {quoted(line.argument)}," if line.argument else "no name"


def _claim() -> Say:
    return say(
        """The name is a claim. A server may compare it with the address that the connection comes from, but
        must not refuse a message only because the two differ.""",
        "RFC 5321 §4.1.4",
    )


def _about_name(name: str) -> Say | None:
    """What is special about the name that a client gives, if anything is."""
    if not name:
        return say("""The name is missing, so the server answers `501`.""", "RFC 5321 §4.1.1.1")
    if name.startswith("["):
        return say(
            f"""{quoted(name)} is an address literal, an IP address in square brackets: for a client that has
            no name of its own, such as a laptop at home.""",
            "RFC 5321 §4.1.3",
        )
    if not _NAME.fullmatch(name) or "_" in name:
        return say(
            """A host name has letters, digits, hyphens and dots, and nothing else. Strict servers answer
            `501`.""",
            "RFC 5321 §4.1.2",
        )
    if "." not in name:
        return say(
            f"""{quoted(name)} is not a full name. The rule is a fully-qualified name, or an address literal
            from a client that has none; many servers on port 25 insist on it.""",
            "RFC 5321 §4.1.4",
            "RFC 5321 §2.3.5",
        )
    return None


def offered(line: Line) -> Note:
    """The positive reply to EHLO."""
    extensions = line.reply.extensions if line.reply else {}
    if not extensions:
        return note(
            "The server offers no extensions",
            say(
                """EHLO is accepted, and the list is empty: the client has the plain SMTP of RFC 5321, in
                clear.""",
                "RFC 5321 §4.1.1.1",
            ),
            _may_start(),
        )
    first = list(extensions.items())[:16]
    phrases, refs = zip(*(keyword(name, value) for name, value in first), strict=True)
    count = len(extensions)
    return note(
        f"The server offers {count} extension{'s' if count > 1 else ''}",
        say(
            f"""The first line names the server, each other line says what it can do.
            {"; ".join(phrases)}.""",
            "RFC 5321 §4.1.1.1",
            *filter(None, refs),
        ),
        _on_tls(line, extensions),
    )


def _on_tls(line: Line, extensions: dict[str, str]) -> Say:
    if line.tls:
        return say(
            """The list came under TLS, so nobody on the path could change it. It counts from here on, in
            place of any list sent in clear.""",
            "RFC 3207 §4.2",
        )
    if "STARTTLS" in extensions:
        return say(
            """The list came in clear: whoever sits on the path can take `STARTTLS` out of it, and a client
            that would also go on without TLS never notices.""",
            "RFC 3207 §6",
        )
    return say(_NO_TLS + " From the list alone the client cannot tell.", "RFC 3207 §6")


def _may_start() -> Say:
    return say("""The client may start a transaction with MAIL.""", "RFC 5321 §4.1.4")


def hello_taken(line: Line) -> Note:
    """The positive reply to HELO."""
    return note(
        "The session is open, without extensions",
        say(
            """The server answers HELO with one line: its name. No list follows, and the client must not use
            any extension.""",
            "RFC 5321 §3.2",
        ),
        _may_start(),
    )
