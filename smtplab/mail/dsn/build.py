"""Writing a DSN: multipart/report with its three parts (RFC 3464 §2, RFC 6522 §3).

The standard library's email package writes each header section, under a policy of ours (`writing`) that no
text from the wire can break. The parts are put together here, because the message that comes back must keep
its octets, and the package would rewrite line ends and letters beyond ASCII.

Who gets a DSN, and whether, is not decided here: `lab/bounces` does that.
"""

from __future__ import annotations

import quopri
from datetime import UTC, datetime
from email.utils import format_datetime

from ..header.field import split
from ..path import Path
from .record import Fate, Report
from .words import SUBJECTS, human_part
from .writing import address, block, one_line, seven_bit

# Lab: what Postfix has by default. RFC 3461 §6.2 lets each MTA say how much it returns, also with RET=FULL.
MOST_RETURNED = 50_000


def build(
    report: Report,
    original: bytes,
    *,
    to: Path,
    when: datetime,
    token: str,
    ret: str = "",
    utf8: bool = False,
) -> bytes:
    """The DSN for `report`, addressed to `to`, the reverse-path of the `original` message.

    `token` is letters and digits that nobody can guess: the boundary and the Message-ID are made of it.
    `ret` is "FULL", "HDRS" or "" (RFC 3461 §4.3): with "" a failure returns the whole message, as FULL does,
    and any other news the header section alone, whatever `ret` says (RFC 3461 §6.2). `utf8` says that the
    message came with SMTPUTF8, so that the DSN may go with it too (RFC 6533 §4). Raises ValueError when
    there is nobody to tell, or no recipient to tell of.
    """
    if to.is_null or not report.fates:
        raise ValueError("a DSN is about at least one recipient, and never goes to the null reverse-path")
    utf8 = utf8 or to.needs_utf8
    boundary = f"=-{token}"  # no line of quoted-printable text looks so
    while boundary.encode() in original:  # a stranger may have seen an earlier token
        boundary += "_"
    full = report.action == "failed" and ret != "HDRS" and len(original) <= MOST_RETURNED
    parts = [_human(report, utf8), _status(report, utf8), _returned(original, full, utf8)]
    between = f"\r\n--{boundary}".encode()
    body = b"".join(between + b"\r\n" + part for part in parts) + between + b"--\r\n"
    return _header(report, to, when, token, boundary) + body.removeprefix(b"\r\n")


def _header(report: Report, to: Path, when: datetime, token: str, boundary: str) -> bytes:
    # RFC 3464 §2 would have a person in From, such as the postmaster. Programs that answer by themselves
    # know to leave MAILER-DAEMON alone, so most MTAs write that.
    return block(
        ("From", f"Mail Delivery System <MAILER-DAEMON@{report.by}>"),
        ("To", str(to)),
        ("Subject", SUBJECTS[report.action]),
        ("Date", format_datetime(when)),
        ("Message-ID", f"<{when:%Y%m%d%H%M%S}.{token}@{report.by}>"),
        ("Auto-Submitted", "auto-replied"),  # RFC 3834 §5.2: never auto-generated for a DSN
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/report; report-type=delivery-status; boundary="{boundary}"'),
    )


def _human(report: Report, utf8: bool) -> bytes:
    text = human_part(report)
    plain = text.isascii()
    coding = "7bit" if plain else "8bit" if utf8 else "quoted-printable"
    data = text.encode("utf-8")
    if coding == "quoted-printable":
        data = quopri.encodestring(data)
    header = block(
        ("Content-Type", f"text/plain; charset={'us-ascii' if plain else 'utf-8'}"),
        ("Content-Transfer-Encoding", coding),
    )
    return header + data.replace(b"\n", b"\r\n")


def _status(report: Report, utf8: bool) -> bytes:
    """The machine's part: a block for the message and one for each recipient (RFC 3464 §2.1)."""
    text = one_line if utf8 else seven_bit
    message = block(
        ("Original-Envelope-Id", text(report.envelope_id)),
        ("Reporting-MTA", f"dns; {text(report.by)}"),
        ("Received-From-MTA", f"dns; {text(report.received_from)}" if report.received_from else ""),
        ("Arrival-Date", _date(report.arrived)),
    )
    whole = message + b"".join(_recipient(fate, utf8) for fate in report.fates)
    kind = "message/global-delivery-status" if utf8 else "message/delivery-status"
    coding = "" if whole.isascii() else "8bit"
    return block(("Content-Type", kind), ("Content-Transfer-Encoding", coding)) + whole.removesuffix(b"\r\n")


def _recipient(fate: Fate, utf8: bool) -> bytes:
    text = one_line if utf8 else seven_bit
    kind, _, original = fate.original.partition(";")
    given = address(original, utf8=utf8) if kind.lower() in ("rfc822", "utf-8") else text(fate.original)
    if kind.lower() == "utf-8" and original.isascii():  # it came in its 7-bit form and stays so
        given = f"utf-8; {original}"
    return block(
        ("Original-Recipient", given if original else ""),
        ("Final-Recipient", address(fate.recipient, utf8=utf8)),
        ("Action", fate.action),
        ("Status", fate.status),
        ("Remote-MTA", f"dns; {text(fate.remote)}" if fate.remote else ""),
        ("Diagnostic-Code", f"{fate.diagnostic_type}; {text(fate.diagnostic)}" if fate.diagnostic else ""),
        ("Last-Attempt-Date", _date(fate.last_attempt)),
        ("Will-Retry-Until", _date(fate.retry_until)),
    )


def _returned(original: bytes, full: bool, utf8: bool) -> bytes:
    """The message as it came, or its header section (RFC 6522 §3, RFC 6533 §4)."""
    header = split(original)[0]
    beyond = not header.isascii()
    if full:
        kind = "message/global" if utf8 and beyond else "message/rfc822"
        coding = "" if original.isascii() else "8bit"
        return block(("Content-Type", kind), ("Content-Transfer-Encoding", coding)) + original
    if utf8 and beyond:
        before = (("Content-Type", "message/global-headers"), ("Content-Transfer-Encoding", "8bit"))
        return block(*before) + header
    if beyond:
        coded = quopri.encodestring(header.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
        before = (
            ("Content-Type", "text/rfc822-headers; charset=utf-8"),
            ("Content-Transfer-Encoding", "quoted-printable"),
        )
        return block(*before) + coded
    return block(("Content-Type", "text/rfc822-headers")) + header


def _date(when: datetime | None) -> str:
    return format_datetime(when.astimezone(UTC)) if when else ""
