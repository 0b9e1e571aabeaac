"""Headers from outside: pasted from another mail program, or the beginning of a file that was opened.

`header_section` makes the best of what comes, and says in one sentence why it can't: a message is data from a
stranger, and what is pasted has often lost something on the way. It opens no file and sends nothing.
"""

from __future__ import annotations

import re
import textwrap

from ..mail.errors import LabError
from ..mail.header.field import Message, octets
from ..mail.text import encode

LIMIT = 1_000_000  # octets of a header section: real ones have a few thousand

_OUTLOOK = b"\xd0\xcf\x11\xe0"  # how a .msg file begins
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n")
_RECEIVED = re.compile(rb"(?im)^received[ \t]*:")
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")  # RFC 5322 §2.2
_MBOX = re.compile(rb"\AFrom [^\n]*\n")

NOTHING = "There is nothing here yet: paste the header section of a message, as View Source shows it."
TOO_LARGE = "This header section is larger than 1 MB: no real one is, and it is not read."
NO_TRACE = "There is no Received field in this: paste the whole header section, as View Source shows it."
NO_TEXT = "This is no message: it holds NUL octets. Save the message as .eml and open that."
MSG = "This is Outlook's own format (.msg): save the message as .eml, or paste its internet headers."


def header_section(given: Message) -> bytes:
    """The header section of `given`, without the blank line and the body.

    What was pasted (a `str`) may be indented as a whole, and its folded lines may have lost their indent:
    both are put right. Raises LabError, with one sentence, for what is empty, no message, or larger than
    1 MB.
    """
    data = _repaired(given) if isinstance(given, str) else octets(given)
    if data.startswith(_OUTLOOK):
        raise LabError(MSG)
    data = _MBOX.sub(b"", data.lstrip(b"\r\n\t "))
    head = _BLANK.split(data, maxsplit=1)[0]
    if len(head) > LIMIT:
        raise LabError(TOO_LARGE)
    if not head.strip():
        raise LabError(NOTHING)
    if b"\0" in head:
        raise LabError(NO_TEXT)
    if not _RECEIVED.search(head):
        raise LabError(NO_TRACE)
    end = b"\r\n" if b"\r\n" in head or b"\n" not in head else b"\n"
    return head.rstrip(b"\r\n") + end


def _repaired(text: str) -> bytes:
    if len(text) > LIMIT:
        raise LabError(TOO_LARGE)
    plain = textwrap.dedent(text.replace("\r\n", "\n").replace("\r", "\n")).strip("\n")
    lines = encode(plain).split(b"\n")
    end = next((number for number, line in enumerate(lines) if not line.strip()), len(lines))
    return b"\r\n".join(b"\t" + line if _lost(line) else line for line in lines[:end]) + b"\r\n"


def _lost(line: bytes) -> bool:
    """True for a line that neither begins a field nor goes on with one: its indent got lost on the way."""
    starts = line.startswith((b" ", b"\t", b"From "))
    return not starts and not _FIELD.match(line)
