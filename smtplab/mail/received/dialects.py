"""Whose way of writing is this? The families of software behind Received fields, as tables.

A family is known by the name of its program in a comment or with its protocol, or else by the shape of the
line: a dialect is a way of writing and proves nothing about who wrote it. Where the name of the client's
address is written first depends on it.
"""

from __future__ import annotations

import re

from .clauses import Clause

# Words of the comments in "by", "with" and "id", and of the protocol, all in lower case.
PROGRAMS = {
    "smtplab": "smtplab",
    "postfix": "postfix",
    "exim": "exim",
}
NAMED_FIRST = frozenset(("exim", "qmail", "ironport", "fetchmail", "momentum", "yahoo", "zimbra"))

_PROGRAM = re.compile("|".join(sorted(map(re.escape, PROGRAMS), key=len, reverse=True)))
_SENDMAIL = re.compile(r"\(8\.\d+\.")
_EXIM_ID = re.compile(r"[0-9A-Za-z]{6}-[0-9A-Za-z]{6}(?:[0-9A-Za-z]{5})?-[0-9A-Za-z]{2}(?:[0-9A-Za-z]{2})?")


def dialect(clauses: list[Clause]) -> str:
    """The dialect of a field, "" when it is like none."""
    said = "".join(
        token.text.lower()
        for clause in clauses
        if clause.name in ("by", "with", "id")
        for token in clause.tokens
        if token.kind == "comment" or clause.name == "with"
    )
    if match := _PROGRAM.search(said):
        return PROGRAMS[match[0]]
    if _SENDMAIL.search(said):
        return "sendmail"
    return _shaped(clauses)


def _shaped(clauses: list[Clause]) -> str:
    """The dialect by the shape of the line."""
    first = clauses[0].tokens
    if first and first[0].text[:7] == "(qmail ":
        return "qmail"
    peer = next((clause.tokens for clause in clauses if clause.name == "from"), [])
    said = [token.text for token in peer if token.kind == "comment"]
    if any(text[:6].upper() in ("(HELO ", "(EHLO ") for text in said):
        return "qmail"
    if any("helo=" in text for text in said):
        return "exim"
    return ""
