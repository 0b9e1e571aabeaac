"""Dialects: one decision, said as Postfix, Gmail or Microsoft say it.

Each policy has a table of replies by dialect. "standard" is the code of the RFCs with the lab's own words; it
also stands for a dialect that the table lacks, because nothing is known of what that receiver says there.
The others are paraphrased, with the codes that the receivers give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..mail.errors import LabError
from ..mail.reply import Reply

DIALECTS = ("standard", "postfix", "gmail", "microsoft")
Replies = Mapping[str, Reply]


def known(dialect: str, *more: str) -> str:
    """`dialect`, when it is one of DIALECTS or of `more`. Raises LabError for any other word."""
    words = (*DIALECTS, *more)
    if dialect not in words:
        raise LabError(f"A dialect here is one of {', '.join(words)}, not {dialect!r}.")
    return dialect


def say(replies: Replies, dialect: str, **words: str) -> Reply:
    """The reply in a dialect, each `{word}` in its text filled in."""
    reply = replies.get(dialect, replies["standard"])
    return replace(reply, lines=tuple(line.format(**words) for line in reply.lines))
