"""Reading a DSN back: the fields of its machine part, and the report that they make.

A bounce comes from anywhere, so this is tolerant: fields in any order and any case, unknown ones kept, a
part of either media type (RFC 3464 §2.1, RFC 6533 §4). What is missing is "" or None. It looks at no words
meant for people: a bounce without a machine part is no DSN, and `parse` says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..errors import RecordError
from ..header.field import Field, Message, fields, first, octets, split
from ..mime import Part, content_type, parts
from ..text import decode
from .record import ACTIONS, Action, Fate, Report

STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
RETURNED_TYPES = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
MOST_RECIPIENTS = 1000
MOST_OF_DATE = 200  # characters; no date is so long

_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")  # RFC 3464 §2.3.4
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")  # EmbeddedUnicodeChar (RFC 6533 §3)
_BETWEEN = re.compile(rb"(?:\r?\n[ \t]*+)(?:\r?\n[ \t]*+)+")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a message has of a DSN: the type in its header section, and the parts found by their types.

    `blocks` are the fields of the machine part: first those of the message, then one group a recipient.
    """

    kind: str
    report_type: str
    fields: tuple[Field, ...]
    texts: tuple[Part, ...]
    status: Part | None
    blocks: tuple[tuple[Field, ...], ...]
    returned: Part | None


def take_apart(message: Message) -> Parts:
    """The parts of any message, DSN or not. Never raises."""
    data = octets(message)
    known = fields(split(data)[0])
    kind, parameters = content_type(first(known, "Content-Type"))
    leaves = parts(data)
    status = next((part for part in leaves if part.type in STATUS_TYPES), None)
    returned = next((part for part in leaves if part.type in RETURNED_TYPES), None)
    texts = tuple(part for part in leaves if part.type.startswith("text/") and part is not returned)
    blocks = _blocks(status) if status else ()
    return Parts(kind, parameters.get("report-type", "").lower(), known, texts, status, blocks, returned)


def parse(message: Message) -> Report:
    """The report in a DSN. Raises RecordError when there is none, or it says nothing of a recipient.

    A recipient without an action counts as failed, and one without a status has "5.0.0" or the like.
    """
    found = take_apart(message)
    head = decode(octets(message)[:200])
    if not found.blocks:
        raise RecordError("this is not a DSN: it has no part message/delivery-status", head, (0, len(head)))
    fates = tuple(fate(block) for block in found.blocks[1:] if first(block, "Final-Recipient"))
    if not fates:
        raise RecordError("the DSN names no recipient: Final-Recipient is missing", head, (0, len(head)))
    message_fields = found.blocks[0]
    return Report(
        typed(first(message_fields, "Reporting-MTA"))[1],
        fates,
        first(message_fields, "Original-Envelope-Id"),
        date(first(message_fields, "Arrival-Date")),
        typed(first(message_fields, "Received-From-MTA"))[1],
    )


def fate(block: tuple[Field, ...]) -> Fate:
    """One recipient's fields as a record."""
    word = first(block, "Action").lower()
    action: Action = next((known for known in ACTIONS if known == word), "failed")
    status = _STATUS.match(first(block, "Status"))
    kind, diagnostic = typed(first(block, "Diagnostic-Code"))
    original_kind, original = typed(first(block, "Original-Recipient"))
    return Fate(
        mailbox(first(block, "Final-Recipient")),
        action,
        status[0] if status else {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "2.0.0"),
        f"{original_kind};{mailbox(first(block, 'Original-Recipient'))}" if original else "",
        typed(first(block, "Remote-MTA"))[1],
        diagnostic,
        kind or "smtp",
        date(first(block, "Last-Attempt-Date")),
        date(first(block, "Will-Retry-Until")),
    )


def typed(value: str) -> tuple[str, str]:
    """The type, in lower case, and what it is of: `dns; mx.birch.example` (RFC 3464 §2.1.2)."""
    kind, semicolon, rest = value.partition(";")
    return (kind.strip().lower(), rest.strip()) if semicolon else ("", value.strip())


def mailbox(value: str) -> str:
    """The address in Original-Recipient or Final-Recipient, without its type; utf-8 decoded (RFC 6533 §3)."""
    kind, found = typed(value)
    if kind == "utf-8":
        found = _EMBEDDED.sub(_character, found)
    return found[1:-1] if found.startswith("<") and found.endswith(">") else found


def date(value: str) -> datetime | None:
    """A date field as a time in UTC, or None when it is malformed. Without a zone it counts as UTC."""
    try:
        when = parsedate_to_datetime(value[:MOST_OF_DATE])
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _blocks(part: Part) -> tuple[tuple[Field, ...], ...]:
    """The groups of fields, which empty lines part (RFC 3464 §2.1)."""
    groups = _BETWEEN.split(part.data.strip(b"\r\n \t"), MOST_RECIPIENTS)[:MOST_RECIPIENTS]
    return tuple(fields(decode(group)) for group in groups)


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else found[0]
