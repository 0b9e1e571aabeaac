"""4xx and 5xx replies: what was refused, why, and who has to act (RFC 5321 §4.2.1, §4.2.5).

The title says what was refused, the first paragraph why, the second who does what next. What the code
and the enhanced code mean in general stands in `mail.codes`; here stands what they mean at this stage.
"""

from __future__ import annotations

from ..codes import CLASS, code, enhanced
from ..line import Line
from ..reply import Reply
from ..session import VERBS, State, refusal
from ..status import Seen
from .causes import numbers, special
from .note import Note, Say, lowered, note, plain, raised, say

_AGAIN = "RFC 5321 §4.5.4.1"
_MINE = "RFC 5321 §4.2.5"

# what the reply answers -> (title when it is 4yz, title when it is 5yz)
TITLES: dict[str, tuple[str, str]] = {
    "EHLO": ("Not now: the server does not take the hello", "The hello is refused"),
    "HELO": ("Not now: the server does not take the hello", "The hello is refused"),
    "STARTTLS": ("TLS is not to be had just now", "STARTTLS is refused"),
    "AUTH": ("The login could not be checked just now", "The login is refused"),
    "MAIL": ("Not now: the transaction has to wait", "The transaction is refused at MAIL"),
    "RCPT": ("Not now: this recipient has to wait", "This recipient is refused for good"),
    "DATA": ("Not now: the server does not take the message", "The server won't take the message"),
    ".": ("Not now: the message stays with the client", "The message is refused for good"),
    "BDAT": ("Not now: the message stays with the client", "The message is refused for good"),
    "": ("The server says no, unasked", "The server says no, unasked"),
}
# Before the message is sent, these are about the command's form or place, and not about the message.
_FORM = (500, 501, 502, 503, 504, 530, 555)
_ABOUT_MAIL = ("MAIL", "RCPT", "DATA", "BDAT")


def refused(line: Line) -> Note:
    """The meaning of a reply that says no."""
    reply = line.reply or Reply(0)
    if reply.code == 421:
        return _shuts(line)
    if reply.code == 521:
        return note("The host takes no mail at all", _why(line, reply), _act(line, reply))
    if reply.code == 503 and line.verb != "AUTH":
        return note(f"{_name(line)} came at the wrong time", _order(line), _stays(line))
    return note(_title(line, reply), _why(line, reply), _act(line, reply), _more(line, reply))


def at_stake(line: Line) -> bool:
    """Whether the refusal is about a message or a recipient, so that somebody has to do something."""
    code = line.reply.code if line.reply else 0
    return code == 421 or line.verb == "." or (line.verb in _ABOUT_MAIL and code not in _FORM)


def _title(line: Line, reply: Reply) -> str:
    if line.verb not in VERBS and line.verb != "." and line.pair >= 0:
        return "The server does not take that for a command"
    if reply.code in (500, 502) and line.verb in VERBS:
        return f"The server does not do {_name(line)}"
    later, never = TITLES.get(line.verb, (f"{_name(line)} failed for now", f"{_name(line)} is refused"))
    return later if reply.is_transient else never


def _name(line: Line) -> str:
    return plain(line.verb, 20) if line.verb else "The line"


def _shuts(line: Line) -> Note:
    late = "waited too long" in line.text or "timeout" in line.text.lower() or "4.4.2" in line.text
    why = (
        "It heard nothing from the client for too long."
        if late
        else "It may be busy or shutting down, or it has had enough of this client."
    )
    return note(
        "The server ends the session",
        say(
            f"""`421` may answer anything, or come unasked: the server closes the connection. {why}""",
            "RFC 5321 §3.8",
        ),
        say(
            """What it has not accepted is refused for now. The **client side** keeps those messages and tries
            again later, or at the next MX.""",
            _AGAIN,
            "RFC 5321 §5.1",
        ),
    )


def _order(line: Line) -> Say:
    """Why a 503: by the session table where it says so, otherwise by what both ends know."""
    if line.before is State.CLOSED:
        return say(
            """The server refused this session in its greeting. To everything but QUIT it says `503`.""",
            "RFC 5321 §3.1",
        )
    found = refusal(line.before, line.verb)
    if found and found.reply.code == 503:
        return say(f"""`503` is about order, not about the message. {raised(found.why)}.""", found.ref)
    if line.verb == "STARTTLS" and line.tls:
        return say("""`503`: TLS is on already, and there is no TLS inside TLS.""", "RFC 3207 §4.2")
    if line.verb == "DATA":
        return say(
            """`503`: the server has no recipient that it accepts, so it does not want the message.""",
            "RFC 5321 §3.3",
        )
    return say(
        """`503` is about order: for this server the command came at the wrong time. The words after the code
        may say what it misses.""",
        "RFC 5321 §4.1.4",
    )


def _stays(line: Line) -> Say:
    if line.state is State.CLOSED:
        return say("""The client can only say QUIT, and look for another server.""", "RFC 5321 §3.1")
    return say(
        f"""Nothing has changed: the session is still in the state **{line.state}**, and the client may send
        what was missing.""",
        "RFC 5321 §4.1.4",
    )


def _why(line: Line, reply: Reply) -> Say:
    """The first paragraph: what this code means here."""
    if cause := special(line, reply):
        return cause
    entry = code(reply.code) or CLASS.get(reply.klass)
    finer = enhanced(reply.enhanced)
    vague = finer is None or not finer.known or finer.code.endswith(".0.0") or reply.code in (500, 502)
    if finer and not vague:
        return say(
            f"""{numbers(reply)}: {lowered(finer.name)}. {finer.meaning}""",
            finer.ref,
            entry.ref if entry else "RFC 5321 §4.2.1",
        )
    if entry is None:
        return say(f"""`{reply.code}` is not a code that a server may send.""", "RFC 5321 §4.2")
    return say(f"""{numbers(reply)}: {lowered(entry.name)}. {entry.meaning}""", entry.ref)


def _act(line: Line, reply: Reply) -> Say:
    """The second paragraph: who has to do what now."""
    verb = line.verb
    if at_stake(line):
        return _later(line, reply) if reply.is_transient or _many(line, reply) else _never(line, reply)
    if reply.code == 530:
        return say(
            """The client does that first, then says the command again. The session stands where it stood.""",
            "RFC 4954 §6",
        )
    if verb in ("EHLO", "HELO") and reply.code in (500, 502):
        return say(
            """The client may fall back to HELO. The session stays in the state it was in.""",
            "RFC 5321 §3.2",
            "RFC 5321 §4.1.4",
        )
    if verb == "STARTTLS":
        return say(
            """The session goes on in clear. Whether the client sends its mail that way is its own policy:
            with a password or with secrets in it, it must not.""",
            "RFC 3207 §4",
            "RFC 8314 §3",
        )
    if verb == "AUTH":
        return (
            say(
                """The session goes on, without a login. A mail program asks its user; trying the same
                password over and over only gets the account locked.""",
                "RFC 4954 §6",
            )
            if reply.is_permanent
            else say("""The password is not at fault. The client tries again later.""", "RFC 4954 §6")
        )
    if verb in ("VRFY", "EXPN", "HELP", "NOOP", "RSET", "QUIT"):
        return say(
            f"""No message depends on it. The session goes on, in the state **{line.state}**.""",
            "RFC 5321 §4.1.4",
        )
    entry = code(reply.code) or CLASS.get(reply.klass)
    acts = entry.acts if entry else "The client ends the transaction."
    return say(f"""{plain(acts)} The state is still **{line.state}**.""", "RFC 5321 §4.2.1")


def _many(line: Line, reply: Reply) -> bool:
    """552 to RCPT for too many recipients counts as 452 (RFC 5321 §4.5.3.1.10)."""
    return line.verb == "RCPT" and reply.code == 552 and reply.enhanced == "5.5.3"


def _later(line: Line, reply: Reply) -> Say:
    if line.verb == "RCPT" and (reply.enhanced[2:] == "5.3" or reply.code == 452):
        return say(
            """The **client side** goes on with the recipients that are accepted. It tries the rest in another
            transaction, as long as it is not refused for good.""",
            "RFC 5321 §4.5.3.1.10",
        )
    alone = " The others go on without it." if line.verb == "RCPT" and line.known.accepted else ""
    what = "this recipient" if line.verb == "RCPT" else "the message"
    must = " The server must not deliver it." if line.verb in (".", "BDAT") else ""
    return say(
        f"""The **client side** keeps {what} and tries again: after 30 minutes or more, for 4 to 5 days at
        least.{must}{alone} A mail program without a queue tells its user.""",
        _AGAIN,
        *((_MINE,) if must else ()),
    )


def _never(line: Line, reply: Reply) -> Say:
    alone = (
        " Recipients accepted before it stay accepted." if line.verb == "RCPT" and line.known.accepted else ""
    )
    if line.known.reverse_path == "":
        return say(
            f"""Trying again won't help. The reverse-path is null, so no DSN may answer this message: it ends
            here, or with the postmaster of the client side.{alone}""",
            "RFC 5321 §4.5.5",
            "RFC 5321 §4.2.1",
        )
    return say(
        f"""Trying the same again won't help, so the **client side** now owes the reverse-path a DSN; a mail
        program tells its user at once. The server sends none.{alone}""",
        _MINE,
        "RFC 5321 §3.6.3",
    )


def _more(line: Line, reply: Reply) -> Say | None:
    """The third paragraph: what else this number is used for, or what is special about the stage."""
    finer = enhanced(reply.enhanced)
    if finer and finer.seen:
        uses = [f"from {use.who}{_reported(use)}: {plain(use.meaning)}" for use in finer.seen[:2]]
        return say(
            f"""Receivers give numbers a meaning of their own, so read the words as well. `{finer.code}`
            {"; ".join(uses)}.""",
            "RFC 5248 §2",
        )
    if line.verb == "MAIL" and reply.is_permanent and at_stake(line):
        return say(
            """The answer holds for this transaction only. A client must not remember a 5yz to MAIL and refuse
            later mail because of it.""",
            _AGAIN,
        )
    return None


def _reported(use: Seen) -> str:
    return " (as reported)" if use.reported else ""
