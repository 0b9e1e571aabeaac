"""The first part of a DSN: for people (RFC 6522 §3), in plain words.

What happened to the message for each recipient, whose turn it is now, and the exact words of the server that
said so. Everything in it is a stranger's text and is shown visibly.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from textwrap import wrap

from .. import codes
from ..text import visible
from .record import Action, Fate, Report
from .writing import one_line

MOST_OF_LINE = 240  # characters of a server's own words, so that a line has at most 998 octets in UTF-8
MOST_OF_NAME = 200

SUBJECTS: dict[Action, str] = {
    "failed": "Not delivered: your message came back",
    "delayed": "Delayed: your message is still waiting",
    "expanded": "Passed on: your message went to several recipients",
    "relayed": "Passed on: your message left for a host that reports no delivery",
    "delivered": "Delivered: your message is in the mailbox",
}

_OPENINGS: dict[Action, str] = {
    "failed": "It could not be delivered to those named here, and this server will not try again.",
    "delayed": "It could not be delivered yet. You need not send it again: this host goes on trying.",
    "expanded": "You asked to hear of its delivery. It went to an address that stands for several others.",
    "relayed": "You asked to hear of its delivery. It has left for a host that sends no such notices.",
    "delivered": "You asked to hear of its delivery. It has been delivered.",
}

_WHAT: dict[Action, str] = {
    "failed": "It was not delivered.",
    "delayed": "It waits in the queue.",
    "expanded": "It went on to the addresses that this one stands for.",
    "relayed": "It was handed on. Whether it arrives, nobody will report.",
    "delivered": "It is in the mailbox. Whether anyone reads it, nobody knows.",
}

# Who can mend a permanent failure, by the subject of its enhanced code (RFC 3463 §3).
_TURNS: dict[str, str] = {
    "0": "yours: read the words below, and ask the recipient's postmaster if they do not help.",
    "1": "yours: check the address, and write to the right one.",
    "2": "the recipient's: tell them in another way, by telephone for instance.",
    "3": "the recipient's postmaster's: their server does not take the message.",
    "4": "that of whoever runs the recipient's domain: no way led there. Then send the message again.",
    "5": "your postmaster's: two servers did not understand each other.",
    "6": "yours: change what is in the message, or its size, and send it again.",
    "7": "yours: a rule forbids it. Read the words below, and ask your postmaster if they do not help.",
}


def human_part(report: Report) -> str:
    """The text, with LF line ends. Its lines are short but for the servers' own words."""
    arrived = f" of {_date(report.arrived)}" if report.arrived else ""
    opening = f"This is {visible(report.by)}, a mail server. It has news of your message{arrived}."
    parts = [_wrapped(opening), _wrapped(_OPENINGS[report.action]), *map(_recipient, report.fates)]
    parts.append(_wrapped("This was written by a program. The next part says the same for other programs."))
    return "\n\n".join(parts) + "\n"


def _recipient(fate: Fate) -> str:
    lines = [f"{one_line(fate.recipient)}: {fate.action}"]
    lines.append(_wrapped(f"What happened: {_WHAT[fate.action]} {_meaning(fate)}".rstrip(), "  "))
    lines.append(_wrapped(f"Whose turn it is: {_turn(fate)}", "  "))
    if fate.diagnostic:
        own = fate.diagnostic_type != "smtp"
        who = "This server" if own or not fate.remote else one_line(fate.remote)[:MOST_OF_NAME]
        said = wrap(one_line(fate.diagnostic), MOST_OF_LINE, initial_indent="    ", subsequent_indent="    ")
        lines += [f"  {who} said:", *said]
    return "\n".join(lines)


def _meaning(fate: Fate) -> str:
    known = codes.enhanced(fate.status)
    if fate.status.startswith("2") or not known:
        return ""
    return f"{known.meaning} (Status {fate.status}: {known.name}.)"


def _turn(fate: Fate) -> str:
    if fate.action == "delayed":
        until = f" until {_date(fate.retry_until)}" if fate.retry_until else ""
        return f"this server's. It tries again{until}, and tells you if it gives up."
    if fate.action != "failed":
        return "nobody's."
    if fate.status == "4.4.7":
        return "yours: send the message again later, or reach the recipient in another way."
    return _TURNS.get(fate.status[2:3], _TURNS["0"])


def _date(when: datetime | None) -> str:
    return f"{when:%d %b %Y %H:%M} UTC" if when else ""


def _wrapped(text: str, indent: str = "") -> str:
    return "\n".join(_lines(text, indent))


def _lines(text: str, indent: str) -> Iterable[str]:
    return wrap(text, 76, initial_indent=indent, subsequent_indent=indent, break_long_words=False)
