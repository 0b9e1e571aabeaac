"""The catalogue of reply codes (RFC 5321 §4.2, RFC 4954 §6, RFC 3207 §4, RFC 7504).

Answers: what does 450 mean, and who does what next? A code that is not listed still says something by
its first digit, and a client must be able to live with that alone (RFC 5321 §4.2).

The enhanced codes stand in `status`; this module looks both up. It does not read replies: `reply` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .status import CLASSES, DETAILS, SEEN, SUBJECTS, Detail, Seen

# RFC 3463 §2: no leading zeros; class 3 does not exist.
_ENHANCED = re.compile(r"([245])\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})")


@dataclass(frozen=True, slots=True)
class Code:
    """A reply code: its name, what it means, who does what next, and its source."""

    code: int
    name: str
    meaning: str
    acts: str
    ref: str


@dataclass(frozen=True, slots=True)
class Enhanced:
    """An enhanced code: `known` is False when only its class and subject could be explained.

    `seen` is what large receivers use the number for, beside or against the registry.
    """

    code: str
    name: str
    meaning: str
    klass: str
    ref: str
    known: bool = True
    seen: tuple[Seen, ...] = ()


_GO_ON = "The client goes on with its next command."
_RETRY = "The client keeps the message queued and tries again later."
_MEND = "The client does not repeat this command as it is: somebody has to correct it first."
_BOUNCE = "The client gives up on this recipient and tells the sender with a DSN."

# The first digit alone (RFC 5321 §4.2.1).
CLASS: dict[int, Code] = {
    entry.code: entry
    for entry in (
        Code(2, "positive completion", "The server did what was asked.", _GO_ON, "RFC 5321 §4.2.1"),
        Code(3, "positive intermediate", "The server accepts the command and waits for the rest.",
             "The client sends what the server waits for.", "RFC 5321 §4.2.1"),
        Code(4, "transient negative", "The server did not do it, and may do it later.", _RETRY,
             "RFC 5321 §4.2.1"),
        Code(5, "permanent negative", "The server did not do it, and will not if it is asked the same again.",
             "The client does not try the same again: it tells the sender with a DSN.", "RFC 5321 §4.2.1"),
    )
}  # fmt: skip

_LIST = "RFC 5321 §4.2.3"

CODES: dict[int, Code] = {
    entry.code: entry
    for entry in (
        Code(211, "system status", "The text tells something about the server.", _GO_ON, _LIST),
        Code(214, "help", "The text is help for a person to read.", _GO_ON, _LIST),
        Code(220, "ready", "The server is ready: it greets, or after STARTTLS it waits for the handshake.",
             "The client says EHLO, or after STARTTLS begins the TLS handshake.", "RFC 5321 §4.3.1"),
        Code(221, "closing", "The server says goodbye.", "Both ends close the connection.",
             "RFC 5321 §4.1.1.10"),
        Code(235, "authenticated", "The client has proved which account it uses.",
             "The client starts a transaction.", "RFC 4954 §6"),
        Code(250, "done", "The server did what was asked. After the end of data it means more: the server "
             "has taken responsibility for the message.",
             "The client goes on. After the end of data it may forget the message: delivery, or the DSN if "
             "that fails, is now the server's work.", "RFC 5321 §4.2.5"),
        Code(251, "will forward", "The user is not local; the server accepts the message and forwards it to "
             "the path in the text.", _GO_ON, "RFC 5321 §3.4"),
        Code(252, "cannot verify", "The server does not say whether the mailbox exists, but would accept "
             "mail for it and try.", _GO_ON, "RFC 5321 §3.5.3"),
        Code(334, "go on with AUTH", "The server waits for the next line of the SASL exchange; its text is "
             "the challenge in Base64.", 'The client sends its answer in Base64, or "*" to cancel.',
             "RFC 4954 §4"),
        Code(354, "start mail input", "The server waits for the message.",
             "The client sends the message and ends it with a line that holds only a dot.",
             "RFC 5321 §4.1.1.4"),
        Code(421, "not available", "The server closes the connection; this may answer any command.",
             "The connection ends. The client keeps the message queued and tries again later.",
             "RFC 5321 §3.8"),
        Code(432, "password transition needed", "The user must log in once with PLAIN before this mechanism "
             "works.", "The client logs in with PLAIN, under TLS, and then with this mechanism.",
             "RFC 4954 §6"),
        Code(450, "mailbox unavailable for now", "The mailbox is busy, or a policy such as greylisting holds "
             "the message off for now.", _RETRY, _LIST),
        Code(451, "local error", "Something went wrong inside the server while it worked.", _RETRY, _LIST),
        Code(452, "not enough room", "The server has no storage left, or the transaction has more recipients "
             "than it takes at once.", "The client goes on with the recipients that were accepted and tries "
             "the rest later.", "RFC 5321 §4.5.3.1.10"),
        Code(454, "not available for now", "After STARTTLS: TLS is not available just now. After AUTH: the "
             "check of the password failed for a reason inside the server.",
             "The client tries again later; it may go on without TLS only if its own policy allows.",
             "RFC 4954 §6"),
        Code(455, "parameters not possible now", "The server cannot do what a parameter of MAIL or RCPT asks "
             "for, for now.", _RETRY, "RFC 5321 §4.1.1.11"),
        Code(500, "unknown command", "The server does not know this verb, or the line is too long.", _MEND,
             "RFC 5321 §4.2.4"),
        Code(501, "bad arguments", "The verb is known, but what follows is not well-formed.", _MEND, _LIST),
        Code(502, "not implemented", "The server knows the verb, but does not do it.",
             "The client does without this command.", "RFC 5321 §4.2.4"),
        Code(503, "bad sequence", "The verb may not come now.",
             "The client sends first what is missing: EHLO, MAIL or RCPT.", "RFC 5321 §4.1.4"),
        Code(504, "parameter not implemented", "The verb is known, but this parameter is not; after AUTH, "
             "this mechanism is not.", "The client tries without the parameter, or with another mechanism.",
             _LIST),
        Code(521, "host takes no mail", "This host never takes mail.",
             "The client does not come back to this host: it tries another MX, or tells the sender "
             "with a DSN.", "RFC 7504 §3"),
        Code(530, "authentication or TLS required", "The server wants AUTH first, or STARTTLS first; the "
             "text says which.", "The client does that and then repeats the command.", "RFC 4954 §6"),
        Code(534, "mechanism too weak", "The server wants a stronger AUTH mechanism for this user.",
             "The client tries another mechanism.", "RFC 4954 §6"),
        Code(535, "authentication failed", "The user name or the password is wrong.",
             "The mail program asks the user for the password.", "RFC 4954 §6"),
        Code(538, "encryption required", "This AUTH mechanism may be used only under TLS. RFC 4954 §6 keeps "
             "the code for the record only.", "The client says STARTTLS first.", "RFC 4954 §6"),
        Code(550, "mailbox unavailable", "There is no such mailbox, or policy refuses the message; the "
             "enhanced code and the text say which.", _BOUNCE, _LIST),
        Code(551, "user not local", "The user is elsewhere; the text may name the path to try.",
             "The client does not follow by itself: it tells the sender with a DSN.", "RFC 5321 §3.4"),
        Code(552, "too large", "The message or the mailbox would grow beyond its limit.",
             "The client tells the sender with a DSN. If the reply is to RCPT and means too many recipients, "
             "it should be read as 452.", "RFC 5321 §4.5.3.1.10"),
        Code(553, "mailbox name not allowed", "The address is not well-formed, or this account may not use "
             "it.", _BOUNCE, _LIST),
        Code(554, "transaction failed", "The message is refused. In place of the greeting it means that no "
             "SMTP service is here.", "The client tells the sender with a DSN; refused at the greeting, it "
             "says QUIT.", "RFC 5321 §3.1"),
        Code(555, "parameters not recognized", "The server does not know a parameter of MAIL or RCPT.",
             "The client tries without the parameter, or tells the sender with a DSN.", "RFC 5321 §4.1.1.11"),
        Code(556, "domain takes no mail", "The recipient's domain has a null MX: it takes no mail at all.",
             _BOUNCE, "RFC 7504 §4"),
    )
}  # fmt: skip


def code(number: int) -> Code | None:
    """The catalogue's entry for a reply code, or None when the catalogue lacks it.

    `CLASS[number // 100]` says what its first digit means (RFC 5321 §4.2.1).
    """
    return CODES.get(number)


def enhanced(text: str) -> Enhanced | None:
    """What the enhanced code `text` ("5.1.1") means, or None when it is not well-formed (RFC 3463 §2).

    An unknown detail falls back to its subject, and an unknown subject to its class.
    """
    found = _ENHANCED.fullmatch(text)
    if not found:
        return None
    klass, subject, detail = found.groups()
    key = f"{subject}.{detail}"
    entry = DETAILS.get(key)
    seen = SEEN.get(text, ()) + SEEN.get(key, ())
    known = entry is not None
    entry = entry or _fallback(subject)
    return Enhanced(text, entry.name, entry.meaning, CLASSES[klass], entry.ref, known, seen)


def _fallback(subject: str) -> Detail:
    """A detail that nobody registered: what the subject says, and that the rest is not known."""
    about = SUBJECTS.get(subject)
    if about is None:
        return Detail("unknown", "Neither the subject nor the detail is registered.", "RFC 3463 §2")
    meaning = f"{about.meaning} The detail is not registered: read the words after the number."
    return Detail(f"unknown {about.name} status", meaning, about.ref)
