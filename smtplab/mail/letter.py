"""Letter: what a mail program is told to send, its envelope and its header section apart (RFC 5321 §2.3.1).

A mail program makes the envelope from the header fields, and nothing in SMTP makes it so: here each is
written by itself, so that they can disagree. `Journey` is what became of it: every place on the way, with
the envelope and the octets that are there.

It sends nothing, and checks no more than that addresses in the envelope are addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Literal

from .envelope import Envelope, MailParameters
from .errors import RecordError
from .header.address import mailboxes
from .path import Path
from .text import encode, visible
from .transcript import Transcript
from .verdict import Verdict
from .xray import Hop, Xray, xray

Kind = Literal["program", "mta", "wire", "mailbox"]

BODY = "The tea is ready.\n\nAlice\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. `from_`, `to`, `cc` and `bcc` are header fields as typed, "" to leave one out.

    `mail_from` is an address without brackets, "" for the null reverse-path; `rcpt_to` are addresses.
    A program removes Bcc from what it sends, unless it `leaves_bcc`; with `stamps` it writes Date and
    Message-ID itself. `tls` lets the servers on the way use TLS with each other.
    """

    from_: str = "Alice <alice@acorn.example>"
    to: str = "Bob <bob@birch.example>"
    cc: str = ""
    bcc: str = ""
    mail_from: str = "alice@acorn.example"
    rcpt_to: tuple[str, ...] = ("bob@birch.example",)
    subject: str = "Tea"
    leaves_bcc: bool = False
    stamps: bool = True
    tls: bool = True

    @property
    def envelope(self) -> Envelope:
        """What MAIL and RCPT are to say. Raises RecordError where an address is none."""
        beyond = not "".join((self.mail_from, *self.rcpt_to, *self._header())).isascii()
        parameters = MailParameters(body="8BITMIME" if beyond else "", smtputf8=beyond)
        return Envelope(_path(self.mail_from), tuple(map(_forward, self.rcpt_to)), parameters)

    def draft(self, when: datetime, id_: str) -> bytes:
        """The message as it stands in the program, with Bcc, in CRLF lines; `id_` is for Message-ID.

        Raises RecordError when a field is more than one line.
        """
        return self._written(self._header(), when, id_)

    def message(self, when: datetime, id_: str) -> bytes:
        """The message as the program hands it to SMTP (RFC 5322 §3.6.3: Bcc is removed)."""
        bcc = self.bcc if self.leaves_bcc else ""
        return self._written((self.from_, self.to, self.cc, bcc), when, id_)

    def _header(self) -> tuple[str, str, str, str]:
        return self.from_, self.to, self.cc, self.bcc

    def _written(self, header: tuple[str, ...], when: datetime, id_: str) -> bytes:
        stamps = (("Date", format_datetime(when)), ("Message-ID", id_)) if self.stamps else ()
        named = zip(("From", "To", "Cc", "Bcc"), header, strict=True)
        mime = (("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8"))
        lines = [
            _field(name, body)
            for name, body in (*stamps, *named, ("Subject", self.subject), *mime)
            if body.strip()
        ]
        return encode("".join(lines) + "\r\n" + BODY.replace("\n", "\r\n"))

    def as_usual(self) -> Letter:
        """The same letter with the envelope that a mail program makes of its header fields."""
        boxes = [box.address for text in (self.to, self.cc, self.bcc) for box in mailboxes(text)]
        sender = next((box.address for box in mailboxes(self.from_)), "")
        return replace(self, mail_from=sender, rcpt_to=tuple(dict.fromkeys(filter(None, boxes))))


def changed(letter: Letter | None, parts: Mapping[str, Any]) -> Letter:
    """`letter`, or the usual one, with these parts. The envelope follows the fields where it is not given.

    Recipients may be given as one text with commas, or as a list. Raises TypeError for a part that no letter
    has.
    """
    known = dict(parts)
    if isinstance(rcpt := known.get("rcpt_to"), str):
        known["rcpt_to"] = addresses(rcpt)
    elif rcpt is not None:
        known["rcpt_to"] = tuple(rcpt)
    made = replace(letter or Letter(), **known)
    usual = made.as_usual()
    if "from_" in known and "mail_from" not in known:
        made = replace(made, mail_from=usual.mail_from)
    if known.keys() & {"to", "cc", "bcc"} and "rcpt_to" not in known:
        made = replace(made, rcpt_to=usual.rcpt_to)
    return made


def addresses(text: str) -> tuple[str, ...]:
    """Addresses with commas, semicolons or spaces between, with angle brackets or without."""
    return tuple(word.strip("<>") for word in text.replace(",", " ").replace(";", " ").split())


@dataclass(frozen=True, slots=True)
class Stop:
    """A place on a letter's way. `before` is the number of the stop that it came from, -1 for the first.

    `content` are the octets of the message as they are there. Both it and `envelope` are None where they
    cannot be read: on the wire under TLS. `tls` says whether it came to an MTA under TLS.
    """

    name: str
    kind: Kind
    envelope: Envelope | None
    content: bytes | None
    before: int = -1
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Journey:
    """A letter's way: its stops in order, what was refused, and the connections."""

    letter: Letter
    stops: tuple[Stop, ...]
    verdict: Verdict
    transcripts: tuple[Transcript, ...] = ()

    @property
    def xray(self) -> Xray:
        """Who sees what, from what each host and mailbox holds."""
        return xray(
            [
                Hop(stop.name, stop.envelope, stop.content, stop.tls)
                for stop in self.stops
                if stop.envelope is not None and stop.content is not None and stop.kind != "wire"
            ]
        )


def _path(address: str) -> Path:
    try:
        return Path.of(address)
    except RecordError as error:
        told = f"the envelope cannot have the address {visible(address)[:100]!r}: {error.message}"
        raise RecordError(told, error.text, error.span) from None


def _forward(address: str) -> Path:
    path = _path(address)
    if path.is_null:
        raise RecordError("RCPT needs an address: only MAIL may say <>", "<>", (0, 2))
    return path


def _field(name: str, body: str) -> str:
    if found := next((n for n, char in enumerate(body) if char in "\r\n"), None):
        raise RecordError(f"the field {name} is one line here", body, (found, found + 1))
    return f"{name}: {body}\r\n"
