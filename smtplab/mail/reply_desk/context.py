"""What a code means at the place where it came: 550 at RCPT is not 550 after the dot (RFC 5321 §4.3.2)."""

from __future__ import annotations

from .stages import STAGES

# The second digit (RFC 5321 §4.2.1).
SECOND: dict[str, tuple[str, str]] = {
    "0": ("syntax", "about the form of a command, or one that the server does not do"),
    "1": ("information", "an answer to a question such as HELP"),
    "2": ("connection", "about the connection itself"),
    "3": ("unspecified", "RFC 5321 gives it no sense; SMTP's AUTH uses it"),
    "4": ("unspecified", "RFC 5321 gives it no sense"),
    "5": ("mail system", "about the receiving mail system, and what it does with the message"),
}

Said = tuple[str, str]  # what it says, and the source

_ONE = "it is about this one recipient: others of the same message may be accepted"
_ALL = "it is about the message, and so for every recipient that was accepted"
_SENDER = "it is about the reverse-path or the client, for this transaction only"
_NOBODY = "it is about the client's address or the host itself: nothing has been said yet"

# (code, stage) -> what that says.
_AT: dict[tuple[int, str], Said] = {
    (220, "connect"): ("the server greets: it is ready", "RFC 5321 §4.3.1"),
    (220, "STARTTLS"): ("the TLS handshake may begin", "RFC 3207 §4"),
    (250, "RCPT"): ("the recipient is accepted, and nothing is delivered yet", "RFC 5321 §3.3"),
    (250, "."): ("the server has taken responsibility: it delivers, or sends a DSN", "RFC 5321 §4.2.5"),
    (451, "."): ("nothing was taken: the client still has the message", "RFC 5321 §4.2.5"),
    (452, "RCPT"): ("too many recipients for one transaction, or no room: those accepted before stay so",
                    "RFC 5321 §4.5.3.1.10"),
    (454, "AUTH"): ("the password could not be checked just now; it may be right", "RFC 4954 §6"),
    (454, "STARTTLS"): ("TLS is there, but not to be had just now", "RFC 3207 §4"),
    (454, "RCPT"): ("registered for STARTTLS and AUTH; Postfix says it here when it does not relay, for now",
                    "RFC 4954 §6"),
    (552, "MAIL"): ("the size that the client announced is above the limit", "RFC 1870 §6"),
    (552, "RCPT"): ("if it means too many recipients, it counts as 452: temporary", "RFC 5321 §4.5.3.1.10"),
    (552, "."): ("the message turned out too big, or the mailbox is full", "RFC 5321 §4.2.3"),
    (554, "connect"): ("no SMTP service here, or not for this client; only QUIT may follow", "RFC 5321 §3.1"),
    (554, "DATA"): ("no recipient was accepted, so there is nobody to deliver to", "RFC 5321 §3.3"),
    (503, "DATA"): ("no recipient was accepted, or MAIL and RCPT are missing", "RFC 5321 §3.3"),
}  # fmt: skip
# Any other reply that says no.
_NO: dict[str, Said] = {
    "connect": (_NOBODY, "RFC 5321 §3.1"),
    "EHLO": ("it is about the name that the client gave, or its address", "RFC 5321 §4.1.4"),
    "STARTTLS": ("the session goes on in clear, if the client allows that", "RFC 3207 §4"),
    "AUTH": ("it is about the login, and not about a message", "RFC 4954 §6"),
    "MAIL": (_SENDER, "RFC 5321 §3.3"),
    "RCPT": (_ONE, "RFC 5321 §3.3"),
    "DATA": ("the server does not want the message: nothing of it was sent", "RFC 5321 §3.3"),
    ".": (_ALL, "RFC 5321 §3.3"),
}
# What a bare code may mean, where nobody said what it answered.
_DEPENDS: dict[int, Said] = {
    432: ("after AUTH it asks for a password transition; Microsoft says it when too many messages come for"
          " one recipient at once", "RFC 4954 §6"),
    250: ("after the dot it means that the server took the message, before it only that a command was done",
          "RFC 5321 §4.2.5"),
    550: (f"at RCPT {_ONE}; after the dot {_ALL}; instead of a greeting, about the client", "RFC 5321 §3.3"),
    552: ("after the dot or at MAIL: too big; at RCPT it may mean too many recipients, which is temporary",
          "RFC 5321 §4.5.3.1.10"),
    554: ("instead of a greeting: no SMTP service here; at DATA: no valid recipient; after the dot: the"
     " message"
          " is refused", "RFC 5321 §3.1"),
}  # fmt: skip


def at(code: int, stage: str) -> tuple[str, str, str] | None:
    """The place, what `code` says there, and the source; None when that is nothing more.

    `stage` is one of STAGES, or "" when it is not known which.
    """
    if code == 421:
        what = "it may answer any command, or come unasked: the server closes the connection"
        return "at any place", what, "RFC 5321 §3.8"
    if not stage:
        return ("it depends", *_DEPENDS[code]) if code in _DEPENDS else None
    found = _AT.get((code, stage)) or (_NO.get(stage) if code >= 400 else None)
    if found is None:
        return None
    places = {"connect": "in place of the greeting", ".": "after the end of data"}
    place = places.get(stage, f"at {STAGES[stage]}")
    return place, *found
