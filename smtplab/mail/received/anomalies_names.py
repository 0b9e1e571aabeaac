"""What doesn't fit in the names and addresses of a Received chain (RFC 5321 §4.1.4, §4.4, §6.3, §7.1)."""

from __future__ import annotations

from ..hosts import is_internal, kin, literal, norm, standing
from . import links
from .finding import Finding
from .hops import client, cut
from .way import RECIPIENTS, Way

HALF = 0.5  # of a line that can't be understood: then the rest can't be relied on either


def unreadable(way: Way, index: int) -> Finding | None:
    """RFC 5321 §4.4: a trace field says from whom, by whom and when."""
    line = way.lines[index]
    if index in way.unreadable:
        return Finding("certain", "No trace field can be read in this line.")
    if not (line.by or line.dialect or not links.is_handover(line)):
        return Finding("certain", "The line names neither a client nor the host that wrote it.")
    lost = sum(end - start for start, end in line.unread)
    if lost > HALF * len(line.text):
        return Finding("likely", "Most of this line is in no form that is known of any software.")
    return None


def broken_link(way: Way, index: int) -> Finding | None:
    """RFC 5321 §4.4: the client of the next line is the host that wrote this one."""
    return links.link(way.lines[index], way.lines[index + 1]) if index + 1 < len(way.lines) else None


def borrowed(way: Way, index: int) -> Finding | None:
    """RFC 5321 §7.1: lines in the names of your hosts, where your hosts did not write."""
    mine = links.writer(way.lines[index])
    if index >= way.boundary or way.boundary == len(way.lines) or not way.trusted.name(mine):
        return None
    above = way.lines[min(index + 1, len(way.lines) - 1)]
    if index == way.boundary - 1 and way.trusted.name(links.rdns(above)):
        why = f"{cut(mine)} is a host of yours, and whether {client(above)} is one too, its name can't tell."
        return Finding("possible", f"{why} Trust the address if it is yours; if not, this is made up.")
    if index == way.boundary - 1:
        said = f"{cut(mine)} is a host of yours, but the line above names {client(above)}."
        return Finding("likely", f"{said} Unless that is yours too, somebody wrote this in its name.")
    why = f"{cut(mine)} is a host of yours, and this line came in from outside."
    return Finding("possible", f"{why} Either the message went out and came back, or it is made up.")


def own_name(way: Way, index: int) -> Finding | None:
    """RFC 5321 §4.1.4: the client says its own name in EHLO, and the receiver is somebody else."""
    line = way.lines[index]
    before = way.lines[index - 1].by if index else ""
    if not line.by or norm(line.helo) != norm(line.by) or line.ip is None or standing(line.ip) != "public":
        return None
    if norm(line.rdns) == norm(line.by) or line.by_ip == line.ip or norm(before) == norm(line.by):
        return None
    why = f"{client(line)} called itself {cut(line.helo)}, which is the name of the host that it talked to."
    return Finding("likely", why)


def literals(way: Way, index: int) -> Finding | None:
    """RFC 5321 §4.1.3: a client without a name gives its address; behind NAT that is a private one."""
    line = way.lines[index]
    given = literal(line.helo.strip("?"))  # qmail writes one for each bracket
    if given is None or line.ip is None or given == line.ip:
        return None
    if standing(given) != "public" or standing(line.ip) != "public":
        return None
    why = f"The client called itself [{given}], but its address is {line.ip}."
    return Finding("possible" if given.version != line.ip.version else "likely", why)


def impossible(way: Way, index: int) -> Finding | None:
    """RFC 5321 §4.4: the address is that of the TCP connection, so it is one that can have any."""
    ip = way.lines[index].ip
    if ip is None or standing(ip) != "impossible":
        return None
    return Finding("certain", f"No TCP connection can come from {ip}.")


def private(way: Way, index: int) -> Finding | None:
    """RFC 1918 §3: private addresses mean nothing between organisations.

    The first hop is left out: a client in the network of its own server is the rule.
    """
    line = way.lines[index]
    name = line.rdns or line.helo
    if not index or line.ip is None or standing(line.ip) != "private" or not line.by:
        return None
    before = way.lines[index - 1].by
    if is_internal(name) or is_internal(line.by) or is_internal(before) or kin(name, line.by):
        return None
    if kin(before, line.by) or not before:
        return None
    return Finding(
        "likely", f"{line.ip} is a private address, and {cut(line.by)} is in another organisation."
    )


def loop(way: Way, index: int) -> Finding | None:
    """RFC 5321 §6.3: the same client and the same host again."""
    if index not in way.again:
        return None
    first, before = way.again[index]
    why = f"{cut(way.lines[index].by)} had it from the same client in hop {first + 1}."
    return Finding(
        "likely" if before > 1 else "possible", f"{why} It goes in a circle, or lines were copied."
    )


def misplaced(way: Way, index: int) -> Finding | None:
    """RFC 5322 §3.6.7: trace fields stand together on top of the author's fields."""
    names = way.above.get(index)
    if not names:
        return None
    listed = ", ".join(cut(name) for name in names[:5])
    why = f"Above it stands {listed}: hosts add their lines on top."
    return Finding("possible", f"{why} Somebody put the header together anew, or wrote this line with it.")


def recipient(way: Way, index: int) -> Finding | None:
    """RFC 5321 §4.4: `for` is a recipient; the newest one should be who it was delivered to."""
    given = _mailbox(way.lines[index].for_)
    if not given or index != way.newest_for:
        return None
    delivered = {_mailbox(value) for name in RECIPIENTS for value in way.fields.get(name, ())[:20]} - {""}
    if not delivered or given in delivered:
        return None
    why = f"It is for {cut(given)}, but was delivered to {cut(min(delivered))}."
    return Finding("possible", f"{why} An alias does that, or a line is from another message.")


def _mailbox(text: str) -> str:
    """An address as it is compared: without brackets, detail (`+tag`) and case."""
    if len(text) > 400:
        return ""
    local, at, domain = text.strip().strip("<>").lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" if at else ""
