"""RSET, NOOP, VRFY, EXPN and HELP: the verbs that move no message (RFC 5321 §4.1.1.5 to §4.1.1.9)."""

from __future__ import annotations

from ..line import Line
from ..session import State
from .note import Note, note, quoted, say

_OPEN = (State.MAIL, State.RCPT, State.DATA, State.BDAT)


def RSET(line: Line) -> Note:
    drops = say(
        """Reverse-path, recipients and content so far are forgotten. The session itself goes on: TLS and
        login stay, and MAIL may come at once.""",
        "RFC 5321 §4.1.1.5",
    )
    nothing = say("""No transaction is open, so RSET changes nothing here, like NOOP.""", "RFC 5321 §4.1.1.5")
    return note(
        "RSET drops the transaction and keeps the session",
        drops if line.before in _OPEN else nothing,
        say(
            """It may come at any time, and the server must not close the connection because of it.""",
            "RFC 5321 §4.1.1.5",
        ),
    )


def NOOP(line: Line) -> Note:
    ignored = say("""The words after it mean nothing: the server should ignore them.""", "RFC 5321 §4.1.1.9")
    return note(
        "NOOP does nothing, and gets an answer",
        say(
            """It changes nothing in the session. The reply shows that the server is still there, and keeps an
            idle connection from timing out.""",
            "RFC 5321 §4.1.1.9",
        ),
        ignored if line.argument else None,
    )


def VRFY(line: Line) -> Note:
    return note(
        "VRFY asks whether a mailbox exists",
        say(
            f"""The client asks about {quoted(line.argument)} without sending anything. It is a question for
            diagnosis, and leaves an open transaction alone.""",
            "RFC 5321 §4.1.1.6",
            "RFC 5321 §3.5.1",
        ),
        say(
            """Address collectors ask too, so most servers on the Internet give nothing away: they answer
            `252`. RCPT often tells them the same anyway.""",
            "RFC 5321 §7.3",
        ),
    )


def EXPN(line: Line) -> Note:
    return note(
        "EXPN asks who is on a mailing list",
        say(
            f"""The client asks for the members of {quoted(line.argument)}; each would come on a line of its
            own in the reply.""",
            "RFC 5321 §4.1.1.7",
            "RFC 5321 §3.5.1",
        ),
        say(
            """Spammers collected addresses this way, so hardly any public server answers it. One that does
            has to list `EXPN` in its reply to EHLO.""",
            "RFC 5321 §7.3",
            "RFC 5321 §3.5.2",
        ),
    )


def HELP(line: Line) -> Note:
    return note(
        "HELP asks for help",
        say(
            """The answer is text for a person; no program should read anything into it. It may come at any
            time.""",
            "RFC 5321 §4.1.1.8",
        ),
    )


def done(line: Line) -> Note:
    """The positive reply to RSET, NOOP, VRFY, EXPN, HELP or QUIT, or to a verb that is not known here."""
    code = line.reply.code if line.reply else 0
    if line.verb == "RSET":
        return note(
            "The transaction is forgotten",
            say(
                """Nothing is left of reverse-path, recipients and content. The client may begin anew with
                MAIL.""",
                "RFC 5321 §4.1.1.5",
            ),
        )
    if line.verb == "QUIT":
        return note(
            "The server says goodbye",
            say(
                """`221`: the server closes the connection now. An open transaction is dropped; messages that
                it has accepted stay accepted.""",
                "RFC 5321 §4.1.1.10",
            ),
        )
    if line.verb == "HELP":
        return note(
            "Help for people",
            say(
                """The text is for a person. A program should see only that the code begins with 2.""",
                "RFC 5321 §4.1.1.8",
                "RFC 5321 §4.2.2",
            ),
        )
    if line.verb in ("VRFY", "EXPN"):
        return _verified(code)
    return note(
        "The server is there" if line.verb == "NOOP" else "Done",
        say(
            """The server did what was asked, and the session stands where it stood.""",
            "RFC 5321 §4.1.1.9" if line.verb == "NOOP" else "RFC 5321 §4.2.1",
        ),
    )


def _verified(code: int) -> Note:
    if code == 252:
        return note(
            "The server does not say, and would try",
            say(
                """`252` is no yes and no no. A server that keeps its mailboxes to itself has to answer this
                way: anything else could be taken for a real check.""",
                "RFC 5321 §7.3",
                "RFC 5321 §3.5.3",
            ),
        )
    if code == 251:
        return note(
            "The user is elsewhere, and the server would forward",
            say(
                """`251`: the address is known, and mail for it would be passed on.""",
                "RFC 5321 §3.5.3",
                "RFC 5321 §3.4",
            ),
        )
    return note(
        "The address is checked and exists",
        say(
            """The server may say `250` only when it has really looked: a well-formed address alone is not
            enough.""",
            "RFC 5321 §3.5.3",
        ),
    )
