"""The lines of the forge desk: what a learner may write, three forgeries to begin with, and the message.

A forged Received field is a field like any other: it stands in the message that the client hands over, and
whoever relays the message leaves it alone (RFC 5321 §4.4). Nothing is sent from here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime

from ..mail.errors import LabError
from ..mail.text import encode

MOST = 20_000  # characters that may be written
_RECEIVED = re.compile(r"(?i)received[ \t]*:")
_NAME = re.compile(r"[!-~]{1,255}")

RELAYED = "a relay that never was"
BORROWED = "in the name of Bob's own server"
SLOPPY = "in a hurry"


def examples(now: datetime) -> dict[str, str]:
    """Name -> lines to begin with, dated shortly before `now`, the newest line on top."""

    def ago(minutes: float) -> str:
        return format_datetime((now - timedelta(minutes=minutes)).replace(microsecond=0))

    home = "from alice.home.example (alice.home.example [203.0.113.77])"
    acorn = "from mail.acorn.example (mail.acorn.example [192.0.2.10])"
    submitted = f"Received: {home}\n\tby mail.acorn.example (smtplab) with ESMTPSA id 7Q2M4;\n\t{{date}}\n"
    return {
        RELAYED: f"Received: {acorn}\n\tby mail.mallory.example (smtplab) with ESMTPS id 5K8T1;\n\t{ago(1)}\n"
        + submitted.format(date=ago(1.2)),
        BORROWED: f"Received: {acorn}\n\tby mx.birch.example (smtplab) with ESMTPS id 3X9D6;\n\t{ago(1)}\n"
        + submitted.format(date=ago(1.2)),
        SLOPPY: "Received: from accounts (unknown [10.0.0.5])\n"
        f"\tby mail.acorn.example (Postfix) with SMTP id 1F0C2;\n\t{ago(-40)}\n"
        f"Received: from localhost ([127.0.0.1]) by relay.acorn.example with HTTP;\n\t{ago(90)}\n",
    }


def lines(written: str) -> tuple[str, ...]:
    """The Received fields in what was written, each with its folds. Raises LabError for anything else."""
    if len(written) > MOST:
        raise LabError(f"Write {MOST:,} characters at most: a header that long is refused in most places.")
    rows = written.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    found: list[str] = []
    for number, line in enumerate(rows, 1):
        if not line.strip() and rows != [""]:
            raise LabError(f"Line {number} is empty: an empty line ends the header section.")
        if _RECEIVED.match(line):
            found.append(line)
        elif line.startswith((" ", "\t")) and found:
            found[-1] += "\n" + line
        elif line:
            raise LabError(
                f"Line {number} neither begins with “Received:” nor with a blank, which goes on with a field."
            )
    return tuple(found)


def hello(name: str) -> str:
    """The name for EHLO. Raises LabError for one that would not be one word of ASCII."""
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise LabError("The name for EHLO is one word of letters, digits, dots and hyphens.")
    return name


def message(forged: Sequence[str], now: datetime) -> bytes:
    """The message that is handed over: the forged fields on top, as a relay would have left them."""
    text = "".join(f"{field}\n" for field in forged)
    text += (
        "From: Acorn accounts <accounts@mallory.example>\n"
        "To: bob@birch.example\n"
        "Subject: Your invoice\n"
        f"Date: {format_datetime(now.replace(microsecond=0))}\n"
        f"Message-ID: <forged-{now:%H%M%S%f}@mallory.example>\n"
        "\n"
        "Please confirm the attached invoice today.\n"
    )
    return encode(text.replace("\n", "\r\n"))
