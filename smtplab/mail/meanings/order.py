"""Which verbs may come next, and what the others would get (RFC 5321 §4.1.4).

The session table knows the order; what the server offered, and whether TLS is on, the dialogue knows.
"""

from __future__ import annotations

from ..line import Line
from ..reply import Reply
from ..session import VERBS, State, allowed, refusal

WouldRefuse = tuple[str, Reply, str]
Next = tuple[tuple[str, ...], tuple[WouldRefuse, ...]]


def next_verbs(line: Line) -> Next:
    """The verbs that may come after `line`, and the others with the reply and the reason each would get.

    Both are empty while it is not the client's turn to say a command.
    """
    if line.kind == "tls" and line.known.greeted:
        return _split(line, State.START, None)
    if line.kind not in ("greeting", "reply") or line.reply is None:
        return (), ()
    if line.state is State.CLOSED:
        return _after_refusing_greeting(line)
    offers = line.known.offers
    if line.verb in ("EHLO", "HELO") and line.reply.is_positive:
        offers = line.reply.extensions if line.verb == "EHLO" else {}
    if line.verb == "STARTTLS" and line.reply.is_positive:
        return (), ()  # the next thing on the wire is the TLS handshake
    return _split(line, line.state, offers)


def _after_refusing_greeting(line: Line) -> Next:
    if line.reply and (line.reply.code in (421, 521) or line.verb == "QUIT"):
        return (), ()
    reply = Reply(503, "5.5.1", ("Bad sequence of commands",))
    why = "the server refused this session in its greeting"
    return ("QUIT",), tuple((verb, reply, why) for verb in VERBS if verb != "QUIT")


def _split(line: Line, state: State, offers: dict[str, str] | None) -> Next:
    may, not_now = [], []
    if not allowed(state):  # the client's next line is content, or part of a login
        return (), ()
    for verb in VERBS:
        found = refusal(state, verb)
        missing = "" if found else _not_offered(line, verb, offers)
        if found:
            not_now.append((verb, found.reply, found.why))
        elif missing:
            not_now.append((verb, Reply(503, "5.5.1", (missing,)), missing))
        else:
            may.append(verb)
    return tuple(may), tuple(not_now)


def _not_offered(line: Line, verb: str, offers: dict[str, str] | None) -> str:
    """Why a verb that the order allows would still be refused; "" when it would not."""
    done = line.known.authenticated or (
        line.verb == "AUTH" and line.reply is not None and line.reply.code == 235
    )
    if verb == "STARTTLS" and line.tls:
        return "TLS is on already"
    if verb == "AUTH" and done:
        return "the client has logged in already"
    needs = {"STARTTLS": "STARTTLS", "AUTH": "AUTH", "BDAT": "CHUNKING"}.get(verb)
    if needs is None or offers is None or needs in offers:
        return ""
    if verb == "AUTH" and "STARTTLS" in offers and not line.tls:
        return "login is not offered in clear: STARTTLS comes first"
    return f"the server did not offer {needs}"
