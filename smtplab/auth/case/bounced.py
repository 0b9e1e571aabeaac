"""The message in a bounce: what came back of it, to be judged as well (RFC 6522 §3).

A DSN has it as its third part, whole or as its header section alone. Exim and qmail, which wrote bounces
before there were DSNs, put it below a line of their own. Nothing is decided here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from smtplab.mail.dsn.reading import take_apart
from smtplab.mail.header import fields, split
from smtplab.mail.verdict import Verdict

from .judging import delivered, judge_case
from .others import Told
from .record import Case

WHOLE = ("message/rfc822", "message/global")
WHOLE_SAID = (
    "The message that came back in it is judged too: a copy, as the host that wrote the bounce had it. Where "
    "another host refused it, the client which that host saw is not in its Received lines."
)
HEADERS_SAID = (
    "The message came back as a copy of its header section alone, which is judged too. Whether its body "
    "was as it was signed, nobody can tell from that."
)

FIRST = "First: read what this bounce says, and see the message that came back."

# Exim's two lines, and qmail's; what follows is the message as it was.
_BELOW = re.compile(
    rb"^(?:------ This is a copy of (?:the message, including all the headers\.|"
    rb"the message's headers\.) ------|--- Below this line is a copy of the message\.)"
    rb"[ \t]*\r?\n(?:[ \t]*\r?\n)*",
    re.MULTILINE,
)
_CUT = re.compile(
    rb"\A------ The body of the message is \d.*\n(?:------ .*\n)*(?:[ \t]*\r?\n)*", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: the message, or with `headers_only` what there is of it."""

    message: bytes
    headers_only: bool

    @property
    def said(self) -> str:
        """One sentence or two for the reader: this is a copy, and of what."""
        return HEADERS_SAID if self.headers_only else WHOLE_SAID


def returned(bounce: bytes) -> Returned | None:
    """The message in a bounce, None where nothing of it came back. Raises nothing."""
    found = take_apart(bounce)
    if found.returned is not None:
        return _returned(found.returned.data, found.returned.type in WHOLE)
    for part in found.texts:
        if below := _BELOW.search(part.data):
            rest = part.data[below.end() :]
            cut = _CUT.match(rest)
            is_whole = cut is None and b"'s headers" not in below[0]
            return _returned(rest[cut.end() :] if cut else rest, is_whole)
    return None


def judge_bounce(case: Case, told: Verdict, now: datetime) -> Told:
    """A bounce, of which `told` is what it says, and what came back in it, each judged as at its delivery.

    Where something came back, the case's `ip`, `mail_from` and `helo` are of that, and the bounce is judged
    by its own header section. `now` counts where no trusted host says when. Raises as `judge_case` does.
    """
    copy = returned(case.message)
    if copy is None:
        return Told("bounce", told, judge_case(case, delivered(case, now)))
    back = replace(case, message=copy.message, headers_only=copy.headers_only)
    own = replace(case, ip=None, mail_from=None, helo=None)
    found = judge_case(own, delivered(own, now))
    if "--ip" in found.sentences[2] or "--mail-from" in found.sentences[2]:
        found = replace(found, sentences=(*found.sentences[:2], FIRST))
    return Told("bounce", told, found, judge_case(back, delivered(back, now)), copy.said)


def _returned(message: bytes, is_whole: bool) -> Returned | None:
    """Some programs call a header section a whole message: without a body it is taken for that."""
    message = message.lstrip(b"\r\n")
    head, body = split(message)
    if not any(field.is_read for field in fields(head[:10_000])):
        return None
    is_whole = is_whole and bool(body.strip())
    return Returned(message if is_whole else head, not is_whole)
