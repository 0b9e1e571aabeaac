"""Links: does the host that wrote one line appear as the client in the line above it (RFC 5321 §4.4)?

Every host adds its line on top, so the client that a line names should be the host that wrote the line below.
Honest chains have loose links too: hosts have several names, a name inside and a name outside, pools of
addresses, filters on the host itself. What is compared is therefore the organisation, and what can't be
compared is let pass. A consistent forgery passes as well: nothing here proves a line true.
"""

from __future__ import annotations

import re

from ..hosts import is_internal, kin, literal, norm, standing
from .finding import Finding
from .hops import client, cut
from .protocols import is_fetched
from .record import Received

MOST = 2000  # characters of a line that are searched for these words
# By a program or a user of the host itself: Postfix and sendmail's pickup, qmail's, Exim's.
_LOCAL = re.compile(r"from userid \d|invoked by uid \d|\bwith local\b|/Submit\b", re.IGNORECASE)
_ITSELF = frozenset(("localhost", "localhost.localdomain"))
_NAMED = re.compile(r"\s*\(([A-Za-z0-9_.-]+)\s+\[[^\]]*\]\)")
_DOUBT = "may be forged"  # sendmail: the name found for an address does not lead back to it


def writer(received: Received) -> str:
    """The host that a line says wrote it. A filter on a host calls itself localhost, and writes that host's
    name behind it: `by localhost (mx.birch.example [127.0.0.1]) (amavisd-new, port 10024)`."""
    given = literal(received.by)
    itself = norm(received.by) in _ITSELF or (given is not None and standing(given) == "loopback")
    if not itself or received.by_ip is None or standing(received.by_ip) != "loopback":
        return received.by
    found = _NAMED.match(received.text, received.spans.get("by", (0, 0))[1])
    return found[1] if found else received.by


def is_local(received: Received) -> bool:
    """True for a message that was put in on the host itself: any user there may have written the rest."""
    return _LOCAL.search(received.text[:MOST]) is not None


def is_handover(received: Received) -> bool:
    """True for a line without a client, as hosts write when they pass a message on within themselves."""
    return not (received.helo or received.rdns or received.ip)


def rdns(received: Received) -> str:
    """The name found for the client's address, "" where the writer itself doubts it."""
    return "" if _DOUBT in received.text[:MOST] else received.rdns


def same(older: Received, newer: Received) -> bool:
    """True when the client that `newer` names is the very host that wrote `older`, by name or address."""
    names = {norm(newer.helo), norm(newer.rdns)} - {""}
    address = older.by_ip or literal(older.by)
    return norm(older.by) in names or (newer.ip is not None and address == newer.ip)


def link(older: Received, newer: Received) -> Finding | None:
    """What is wrong between two lines, `newer` standing right above `older`; None when they fit."""
    if not older.by or is_handover(newer) or is_fetched(newer) or same(older, newer):
        return None
    if newer.ip is not None and standing(newer.ip) == "loopback":
        return None if _within(older, newer) else _broken(older, newer)
    if kin(older.by, newer.helo) or kin(older.by, newer.rdns) or is_internal(older.by):
        return None
    if literal(older.by):
        return Finding("possible", f"{_ends(older, newer)} They are different addresses.")
    if newer.ip is not None and standing(newer.ip) == "private" and is_internal(newer.rdns or newer.helo):
        return None
    if _within(older, newer):
        return Finding(
            "possible",
            f"{_ends(older, newer)} It may be a service that adds no line of its own.",
        )
    return _broken(older, newer)


def _within(older: Received, newer: Received) -> bool:
    """True when both lines were written in one organisation, or where that can't be seen."""
    return not newer.by or kin(older.by, newer.by) or is_internal(older.by) or is_internal(newer.by)


def _broken(older: Received, newer: Received) -> Finding:
    return Finding(
        "likely",
        f"{_ends(older, newer)} Either a host between them added no line, though every one must, "
        "or one of the two lines is made up.",
    )


def _ends(older: Received, newer: Received) -> str:
    return f"{cut(older.by)} wrote this line, but the next one was handed over by {client(newer)}."
