"""Whose turn is it after a reply, and what is there to do (RFC 5321 §4.2.5, §4.5.4.1)?

The client side acts first, always: a server that said no keeps nothing and sends no DSN. Who can remove the
cause comes second.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..codes import CLASS, CODES
from .failures import ACTORS, Failure
from .pasted import Pasted


@dataclass(frozen=True, slots=True)
class Turn:
    """Who acts, what they do, and the source."""

    who: str
    what: str
    ref: str


_QUEUE = Turn(
    "the client side",
    "It keeps the message queued and tries again: after 30 minutes or more, for 4 to 5 days at least. A mail"
    " program without a queue tells its user.",
    "RFC 5321 §4.5.4.1",
)
_DSN = Turn(
    "the client side",
    "It gives up and makes a DSN for the reverse-path; a mail program tells its user at once. The server that"
    " refused sends none.",
    "RFC 5321 §4.2.5",
)
_EXPIRED = Turn(
    "the client side",
    "Its queue has given up, though every single failure was temporary: the sender gets a DSN.",
    "RFC 5321 §4.5.4.1",
)
_REST = Turn(
    "the client side",
    "It goes on with the recipients that were accepted, and tries the rest in another transaction.",
    "RFC 5321 §4.5.3.1.10",
)
_SHUT = Turn(
    "the client side",
    "The connection ends. It keeps the message queued and tries again later, or at the next MX.",
    "RFC 5321 §3.8",
)
_NEXT = Turn(
    "the client side",
    "It says QUIT and may try the next MX. If nobody takes its message, it gives up and makes a DSN.",
    "RFC 5321 §5.1",
)
_TAKEN = Turn(
    "the server",
    "It has the message now: it delivers, passes it on, or sends a DSN. The client may forget it.",
    "RFC 5321 §4.2.5",
)
# These answer what the client said, and not the message: no DSN comes of them by themselves.
FORM = (500, 501, 502, 503, 504, 555)
LOGIN = (432, 534, 535, 538)


def too_many(found: Pasted, failures: tuple[Failure, ...]) -> bool:
    """552 at RCPT that means too many recipients counts as 452 (RFC 5321 §4.5.3.1.10)."""
    many = found.enhanced.endswith(".5.3") or any(each.name == "too many recipients" for each in failures)
    return found.code == 552 and found.verb in ("RCPT", "") and many


def turns(result: str, found: Pasted, failures: tuple[Failure, ...]) -> tuple[Turn, ...]:
    """Who acts now, and then who can remove the cause."""
    now = _now(result, found, failures)
    if result not in ("delayed", "refused", "failed", "none") or not failures:
        return (now,)
    cause = failures[0]
    passes = cause.acts == "nobody"
    what = f"The cause passes by itself: {cause.name}." if passes else f"Looks into the cause: {cause.name}."
    return now, Turn(ACTORS[cause.acts], what, cause.ref)


def _now(result: str, found: Pasted, failures: tuple[Failure, ...]) -> Turn:
    code, entry = found.code, CODES.get(found.code)
    if result == "accepted" and found.verb == ".":
        return _TAKEN
    if result in ("accepted", "intermediate"):
        known = entry or CLASS[code // 100 or 2]
        return Turn("the client", known.acts, known.ref)
    if code == 421:
        return _SHUT
    if result == "failed":
        return _EXPIRED if found.enhanced[:1] == "4" or found.code // 100 == 4 else _DSN
    login = code in LOGIN and found.verb in ("AUTH", "") and found.enhanced[2:4] in ("7.", "")
    if entry and (code in FORM or login or code == 530):
        who = "the sender" if login else "the client"
        return Turn(who, entry.acts, entry.ref)
    if found.verb in ("connect", "EHLO") and result == "refused":
        return _NEXT
    if found.verb in ("AUTH", "STARTTLS") and code:
        what = "The session goes on without it, or ends: no message is lost by it."
        return Turn("the client", what, "RFC 5321 §4.1.4")
    if code == 452 or too_many(found, failures):
        return _REST if found.verb in ("RCPT", "") and _many(found, failures) else _QUEUE
    return _DSN if result == "refused" else _QUEUE


def _many(found: Pasted, failures: tuple[Failure, ...]) -> bool:
    return any(each.name == "too many recipients" for each in failures) or found.verb == "RCPT"


def advice(result: str, found: Pasted, failures: tuple[Failure, ...], collides: bool = False) -> str:
    """What to do next, in one or two plain sentences.

    `collides` says that the number alone means different things to different receivers.
    """
    if result in ("accepted", "intermediate"):
        return "Nothing: it went well." if result == "accepted" else "Nothing: the client sends the rest."
    cause = failures[0].advice if failures else ""
    if result == "delayed":
        wait = "The queue tries again by itself: do not send the message a second time."
        return f"{wait} {cause}" if cause and not cause.startswith("Nothing to do") else cause or wait
    if result == "none" and cause:
        return cause
    if found.code in FORM and not failures:
        return "Look at what the client sent, and at what the words say: its command is at fault."
    if cause:
        return cause
    if collides:
        return "This number stands for more than one thing: read the words that came with it."
    return (
        "Read the words and follow a link in them. If they say nothing, ask the postmaster of the receiving"
        " domain: that address takes mail from anybody."
    )
