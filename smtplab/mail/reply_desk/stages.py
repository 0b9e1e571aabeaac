"""What a reply answered: a command, the end of data, or the connection itself (RFC 5321 §4.3.2).

The same code means different things at different places of a session. A log often says which it was; else
the reader does, or nobody knows.
"""

from __future__ import annotations

import re

from ..errors import RecordError

# A stage as the session table names it ("." is the end of data), and as people say it.
STAGES: dict[str, str] = {
    "connect": "the connection",
    "EHLO": "EHLO",
    "STARTTLS": "STARTTLS",
    "AUTH": "AUTH",
    "MAIL": "MAIL",
    "RCPT": "RCPT",
    "DATA": "DATA",
    ".": "the end of data",
}
_NAMES = {
    "HELO": "EHLO", "MAIL FROM": "MAIL", "RCPT TO": "RCPT", "END OF DATA": ".", 
    "DOT": ".", "END-OF-MESSAGE": ".", "BDAT": ".", "CONNECT": "connect", "GREETING": "connect",
    "CONNECTION": "connect", "INITIAL CONNECTION": "connect", "BANNER": "connect",
    **{name.upper(): name for name in STAGES},
}  # fmt: skip

_WORDS = r"(end of data|mail from|rcpt to|initial connection|end-of-message|starttls|[a-z]{4,7})\b"
_SAID = re.compile(
    rf"\(in reply to {_WORDS}|\bafter (?:pipelined |sending )?{_WORDS}(?=[ :<])|reject: {_WORDS} from "
    rf"|\bwhile (?:sending |performing the )?{_WORDS}|\brejected {_WORDS}",
    re.IGNORECASE,
)
_SMTPLIB = {
    "SMTPRecipientsRefused": "RCPT", "SMTPSenderRefused": "MAIL", "SMTPDataError": ".",
    "SMTPAuthenticationError": "AUTH", "SMTPConnectError": "connect", "SMTPHeloError": "EHLO",
}  # fmt: skip
_MARKS = re.compile(r"[\r\n>< \t~*-]{1,60}(?:S: )?\Z")  # between a command and its reply
_COMMAND = re.compile(
    r"[>< \t~*=-]{0,8}(?:C: )?(\.|(?:MAIL FROM|RCPT TO|EHLO|HELO|STARTTLS|AUTH|DATA|BDAT)\b)", re.IGNORECASE
)


def stage(name: str) -> str:
    """A stage by any of its names: "RCPT TO", "rcpt", "end of data", "."; "" stays "" (not known).

    Raises RecordError for another word.
    """
    word = " ".join(name.upper().split()).rstrip(":")
    if not word or word in _NAMES:
        return _NAMES.get(word, "")
    rule = f"a stage of a session is one of {', '.join(STAGES)}"
    raise RecordError(rule, name[:200], (0, len(name[:200])))


def stage_before(text: str, start: int) -> str:
    """What the reply at `start` answered, by the words around it or by the command above it; else ""."""
    for found in _SAID.finditer(text):
        word = next(word for word in found.groups() if word)
        if known := _NAMES.get(word.upper()):
            return known
    if "refused to talk to me" in text:
        return "connect"
    for error, verb in _SMTPLIB.items():
        if error in text:
            return verb
    before = _MARKS.sub("", text[max(0, start - 300) : start]).rpartition("\n")[2]
    command = _COMMAND.match(before[:100])
    return _NAMES.get(command[1].upper(), "") if command else ""
