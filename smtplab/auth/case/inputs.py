"""What is this that somebody pasted? A message, a bounce, a reply line, a log, a report or a record.

Told by its first characters and its looks alone, so that each can go to the reader that exists for it. Where
nothing fits it is "text". Nothing is read to its end, and nothing unpacked.
"""

from __future__ import annotations

import re
from typing import Literal

from smtplab.mail.header import fields, split

Kind = Literal[
    "message",
    "bounce",
    "aggregate report",
    "SPF record",
    "DKIM record",
    "DMARC record",
    "MTA-STS policy",
    "swaks transcript",
    "Postfix log",
    "Exim log",
    "reply",
    "DNS answers",
    "text",
]

HEAD = 1 << 16  # octets that are looked at

_RECORDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"\"?v=spf1(?:[ \"]|\Z)", re.IGNORECASE), "SPF record"),
    (re.compile(r"\"?v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\"?\Z)"), "DMARC record"),
    (re.compile(r"\"?v[ \t]*=[ \t]*DKIM1[ \t]*(?:;|\"?\Z)"), "DKIM record"),
    (re.compile(r"\"?(?:k[ \t]*=[ \t]*\w{1,20}[ \t]*;[ \t]*)?p[ \t]*=[ \t]*[A-Za-z0-9+/]"), "DKIM record"),
    (re.compile(r"version:[ \t]*STSv1\b"), "MTA-STS policy"),
)
_LINES: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"^=== (?:Trying|Connected) ", re.MULTILINE), "swaks transcript"),
    (re.compile(r"^.{0,120}\bpostfix[\w/-]{0,60}\[\d{1,9}\]: ", re.MULTILINE), "Postfix log"),
    (
        re.compile(
            r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S{0,20} (?:\[\d+\] )?"
            r"\w{6}-\w{6,11}-\w{2,4} (?:<=|=>|->|\*\*|==|Completed)",
            re.MULTILINE,
        ),
        "Exim log",
    ),
    (re.compile(r"^.{0,3}(?:[245]\d\d)(?:[ -]|\Z)", re.MULTILINE), "reply"),
    (re.compile(r"^;; ->>HEADER<<-|^.{0,120}\b(?:IN[ \t]+)?TXT[ \t]+[\"(]", re.MULTILINE), "DNS answers"),
)
_XML = re.compile(r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)?<feedback\b", re.DOTALL)
_NULL = re.compile(r"\s*<>\s*")


def recognise(data: bytes) -> Kind:
    """The kind of what was pasted or uploaded. Raises nothing."""
    if data[:2] == b"\x1f\x8b" or data[:4] == b"PK\x03\x04":
        return "aggregate report"  # packed, as they are mailed
    text = data[:HEAD].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if _XML.match(text):
        return "aggregate report"
    for pattern, kind in _RECORDS:
        if pattern.match(text):
            return kind
    first = text.split("\n", 1)[0]
    if re.match(r"[245]\d\d[ -]", first):
        return "reply"
    found = next((kind for pattern, kind in _LINES if pattern.search(text)), None)
    return _message(data) or found or "text"


def _message(data: bytes) -> Kind | None:
    """ "message" or "bounce" for what has a header section, else None."""
    known = fields(split(data[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n"))[0])
    names = {field.key: field.value for field in reversed(known)}
    if len({"from", "date", "received", "subject", "message-id", "to"} & names.keys()) < 2:
        return None
    kind = names.get("content-type", "").lower()
    is_report = kind.startswith("multipart/report") and "delivery-status" in kind
    is_null = bool(_NULL.fullmatch(names.get("return-path", "")))
    is_daemon = re.search(r"mailer-daemon|postmaster@", names.get("from", ""), re.IGNORECASE) is not None
    return "bounce" if is_report or "x-failed-recipients" in names or (is_null and is_daemon) else "message"
