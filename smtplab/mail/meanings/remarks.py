"""What may be special about a command whatever its verb: sent too early, out of order, badly ended.

RFC 5321 §4.3.1 and RFC 2920 §3.1 for waiting, RFC 5321 §4.1.4 for the order, RFC 5321 §2.3.8 for line
ends. What a verb means is not here.
"""

from __future__ import annotations

from ..line import Line
from ..session import VERBS, State, refusal
from .note import Say, raised, say
from .strange import TLS_HELLO


def remarks(line: Line, answer: Line | None = None) -> list[Say]:
    """What is special about this very line, whatever its verb; what a 503 in `answer` says is left out."""
    if line.kind != "command" or line.dropped or line.text.startswith(TLS_HELLO):
        return []
    told = answer is not None and answer.reply is not None and answer.reply.code == 503
    found = (_early(line), _ahead(line), None if told else _out_of_order(line), _line_end(line))
    return [remark for remark in found if remark]


def _early(line: Line) -> Say | None:
    if line.known.greeted:
        return None
    return say(
        """The client spoke before the server's greeting. It has to wait for that; impatience is typical of
        spam software, and many servers turn it away.""",
        "RFC 5321 §4.3.1",
    )


def _ahead(line: Line) -> Say | None:
    if not line.ahead or not line.known.greeted:
        return None
    count = "One earlier command" if line.ahead == 1 else f"{line.ahead} earlier commands"
    if "PIPELINING" in (line.known.offers or ()):
        return say(
            f"""{count} had no reply yet when this was sent. `PIPELINING` allows that: the server answers one
            after the other, in order.""",
            "RFC 2920 §3.1",
        )
    return say(
        f"""{count} had no reply yet when this was sent. The server did not offer `PIPELINING`, so the client
        has to wait for each reply.""",
        "RFC 5321 §4.3.1",
        "RFC 2920 §3.1",
    )


def _out_of_order(line: Line) -> Say | None:
    if line.ahead or line.verb not in VERBS:
        return None
    if line.before is State.CLOSED:
        if line.verb == "QUIT" or not line.known.farewell:
            return None
        return say(
            """The server refused this session in its greeting, so it should answer `503` to everything but
            QUIT.""",
            "RFC 5321 §3.1",
        )
    found = refusal(line.before, line.verb)
    if not found:
        return None
    return say(f"""It may not come now, in the state **{line.before}**. {raised(found.why)}.""", found.ref)


def _line_end(line: Line) -> Say | None:
    if line.bare:
        return say(
            """There is a bare CR or LF here. A line ends with CR LF, and a server must not take anything else
            for its end.""",
            "RFC 5321 §2.3.8",
        )
    if line.cut:
        return say("""The line has no end yet. The server does nothing until CR LF comes.""", "RFC 5321 §2.4")
    return None
