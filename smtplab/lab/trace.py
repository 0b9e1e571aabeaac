"""Trace fields: what each host writes on top of a message that it takes (RFC 5321 §4.4)."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from ..mail.path import Path


def protocol(*, extended: bool, tls: bool, account: bool, utf8: bool) -> str:
    """The `with` word of a Received field: SMTP, ESMTPSA, UTF8SMTPS ... (RFC 3848, RFC 6531 §4.3)."""
    if not extended:
        return "SMTP"
    return ("UTF8SMTP" if utf8 else "ESMTP") + ("S" if tls else "") + ("A" if account else "")


def received(
    *, helo: str, rdns: str, address: str, by: str, with_: str, id_: str, for_: Path | None, when: datetime
) -> bytes:
    """A Received field with its CRLF.

    `helo` is what the client called itself, a claim; `rdns` and `address` are what the server saw.
    `for_` is given only for a single recipient: with several it would tell one about the others
    (RFC 5321 §7.6).
    """
    literal = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
    name = f"{rdns} " if rdns else ""
    lines = [f"Received: from {helo} ({name}{literal})", f"by {by} (smtplab) with {with_} id {id_}"]
    if for_:
        lines.append(f"for {for_}")
    text = "\r\n\t".join(lines) + f";\r\n\t{format_datetime(when)}\r\n"
    return text.encode("utf-8", "surrogateescape")


def return_path(path: Path) -> bytes:
    """The Return-Path field that final delivery writes (RFC 5321 §4.4), with its CRLF."""
    return f"Return-Path: {path}\r\n".encode("utf-8", "surrogateescape")


def without_field(content: bytes, name: str) -> bytes:
    """`content` without the header fields called `name`, folded lines included."""
    if content.startswith(b"\r\n"):  # no header section
        return content
    header, blank, body = content.partition(b"\r\n\r\n")
    kept: list[bytes] = []
    skipping = False
    for line in header.split(b"\r\n"):
        if not line.startswith((b" ", b"\t")):
            skipping = line.lower().startswith(name.lower().encode() + b":")
        if not skipping:
            kept.append(line)
    if not kept:  # the blank line that ends the header section is all that is left of it
        return blank[2:] + body
    return b"\r\n".join(kept) + blank + body


def has_field(content: bytes, name: str) -> bool:
    """True when the header section of `content` has a field called `name`."""
    return count(content, name) > 0


def count(content: bytes, name: str) -> int:
    """How many fields called `name` the header section of `content` has."""
    if content.startswith(b"\r\n"):  # no header section
        return 0
    header = b"\r\n" + content.partition(b"\r\n\r\n")[0].lower()
    return header.count(b"\r\n" + name.lower().encode() + b":")
