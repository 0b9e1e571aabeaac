"""The mail that carries a report (RFC 9990 §3.5.2), and reports found in mail.

A report travels as a gzipped attachment, with a name and a Subject by which duplicates can be told. Such mail
has to pass DMARC itself: who sends it sees to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from hashlib import sha256

from smtplab.mail.errors import RecordError
from smtplab.mail.text import visible

from .read import read
from .record import Report
from .summary import sentence, summary
from .write import file_name, pack

PARTS = 50  # of one mail that are looked at
# The media types that RFC 9990 §3.5.2 asks for, and those that are sent all the same.
TYPES = {
    "application/gzip", "application/x-gzip", "application/zip", "application/x-zip-compressed", "text/xml",
    "application/xml", "application/x-zip",
}  # fmt: skip
ENDINGS = (".xml", ".gz", ".zip")


def subject(report: Report, receiver: str) -> str:
    """`Report Domain: ... Submitter: ... Report-ID: <...>` (RFC 9990 §3.5.2)."""
    return f"Report Domain: {report.published.domain} Submitter: {receiver} Report-ID: <{report.id}>"


def letter(report: Report, *, author: str, to: str, receiver: str, when: datetime) -> EmailMessage:
    """The mail from `author` to `to`, an address in rua=, with `report` gzipped in it.

    `receiver` is the domain of who reports. Equal reports make equal mail. Raises ValueError for a report
    without rows, and for addresses or ids that cannot stand in a header field.
    """
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = author
    message["To"] = to
    message["Subject"] = subject(report, receiver)
    message["Date"] = format_datetime(when)
    message["Message-ID"] = f"<{report.id}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: nobody is to answer it
    message.set_content(
        f"This is a DMARC aggregate report about {visible(report.published.domain)}.\n"
        f"{sentence(summary(report))}\nThe attachment has the figures.\n"
    )
    name = file_name(report, receiver)
    message.add_attachment(pack(report), maintype="application", subtype="gzip", filename=name)
    message.set_boundary("report-" + sha256(report.id.encode()).hexdigest()[:24])
    return message


def enclosed(content: bytes) -> tuple[Report, ...]:
    """The reports in a mail. Raises RecordError for one that cannot be read; a mail without any has none."""
    message = BytesParser(policy=policy.default).parsebytes(content)
    return tuple(map(read, _attachments(message)))


def _attachments(message: EmailMessage) -> Iterator[bytes]:
    for number, part in enumerate(message.walk()):
        if number >= PARTS:
            return
        if part.is_multipart():
            continue
        name = str(part.get_filename() or "").lower()
        if part.get_content_type() in TYPES or name.endswith(ENDINGS):
            data = part.get_payload(decode=True)
            if isinstance(data, bytes):
                yield data


__all__ = ["RecordError", "enclosed", "letter", "subject"]
