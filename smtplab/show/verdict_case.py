"""A case on the verdict board: a message, its envelope, and the records tried in place of the published.

A case is plain data and can be edited field by field. It asks nobody and judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..auth.dmarc.deciding import RECEIVERS, Receiver
from ..mail.errors import LabError
from ..mail.text import decode, encode

MOST = 1_000_000  # characters of a message that is edited by hand
_FROM = re.compile(rb"^from[ \t]*:(.*\r\n(?:[ \t].*\r\n)*)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged. `mail_from` "" is the null reverse-path; `message` has CR LF line ends.

    `records` maps a name to the TXT records tried there, one a line, "" for none. `receiver` is what the
    receiver does about mail that fails.
    """

    name: str
    note: str
    ip: str
    helo: str
    mail_from: str
    message: bytes
    receiver: Receiver = "junk"
    records: Mapping[str, str] = field(default_factory=dict)

    @property
    def author(self) -> str:
        """The value of the first From field, unfolded; "" when there is none."""
        found = _FROM.search(self.head)
        return " ".join(decode(found[1]).split()) if found else ""

    @property
    def head(self) -> bytes:
        """The header section, with the CR LF of its last field; b"" where there is none before the body."""
        if self.message.startswith(b"\r\n"):
            return b""
        return self.message.partition(b"\r\n\r\n")[0] + b"\r\n"

    @property
    def source(self) -> str:
        """The message as text with plain line ends, for a box to edit it in."""
        return decode(self.message).replace("\r\n", "\n")

    def tried(self) -> dict[tuple[str, str], list[str]]:
        """The records in the form that checks take."""
        return {(name, "TXT"): lines(text) for name, text in self.records.items()}


def lines(text: str) -> list[str]:
    """The records in a box of text: one a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def edited(case: Case, fields: Mapping[str, Any], published: Mapping[str, str]) -> Case:
    """`case` with what the page's fields say now; `published` are the records as the DNS has them.

    Raises LabError for a message that is too long to be edited here.
    """
    texts = {name: str(fields.get(name, getattr(case, name))).strip() for name in ("ip", "helo", "mail_from")}
    texts["mail_from"] = texts["mail_from"].strip("<>")
    receiver = next((one for one in RECEIVERS if one == fields.get("receiver")), case.receiver)
    message, source = case.message, str(fields.get("source", case.source))
    if len(source) > MOST:
        raise LabError(f"The message has {len(source)} characters, and this board takes {MOST}.")
    if source != case.source:
        message = re.sub(rb"\r?\n", b"\r\n", encode(source))
    records = _records(case, fields, published)
    made = replace(case, message=message, records=records, receiver=receiver, **texts)
    author = " ".join(str(fields.get("author", made.author)).split())
    return made if author == case.author else written_by(made, author)


def written_by(case: Case, author: str) -> Case:
    """`case` with another value of its first From field, which stays where it is; "" takes it away."""
    found = _FROM.search(case.head)
    new = b"From: " + encode(author) + b"\r\n" if author else b""
    start, end = found.span() if found else (0, 0)
    return replace(case, message=case.message[:start] + new + case.message[end:])


def _records(case: Case, fields: Mapping[str, Any], published: Mapping[str, str]) -> dict[str, str]:
    """Those that differ from what is published. Names that the page does not show now keep their records."""
    records = dict(case.records)
    for name, text in dict(fields.get("records", {})).items():
        if lines(str(text)) == lines(published.get(name, "")):
            records.pop(name, None)
        else:
            records[name] = str(text)
    return records
