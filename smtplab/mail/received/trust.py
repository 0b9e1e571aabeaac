"""The trust boundary of a Received chain: read from the top down, how many lines are known (RFC 5321 §7.1)?

A line is known when a trusted host wrote it, and everything above it is known and leads to it. `reasons`
says for each line why it is known or only claimed, in one sentence.

What counts as a trusted client is what the writer saw: the address, or the name that it found for it. What
the client called itself proves nothing. Whoever holds an address also chooses its reverse name, so the name
counts only inside a network, and where the writer's software looks whether the name leads back to the
address. Elsewhere a reader has to give the addresses as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..hosts import Trusted, kin, standing
from .hops import client, cut
from .links import is_handover, is_local, link, rdns, writer
from .record import Received

# Software that writes a name only when it leads back to the address, or says when it does not.
CONFIRMING = frozenset(("exim", "postfix", "sendmail"))

BELOW = "It stands below the trust boundary, where the sender can write anything."
NOBODY = "You have named no host that you trust, so every line is only a claim."
UNREAD = "It can't be read, so it shows no host that you trust."


def reasons(lines: Sequence[Received], unreadable: frozenset[int], trusted: Trusted) -> tuple[int, list[str]]:
    """How many of `lines` (the oldest first) are known, from the newest on, and why each is or is not."""
    writers = _writers(lines, unreadable)
    why = [BELOW] * len(lines)
    for index in range(len(lines) - 1, -1, -1):
        above = lines[index + 1] if index + 1 < len(lines) else None
        if doubt := _doubt(lines[index], above, writers[index], index in unreadable, trusted):
            why[index] = doubt
            return len(lines) - 1 - index, why
        why[index] = _known(lines[index], writers[index], trusted)
    return len(lines), why


def _writers(lines: Sequence[Received], unreadable: frozenset[int]) -> list[str]:
    """Who wrote each line. qmail's lines about its own queue name nobody: they belong to the line below."""
    found: list[str] = []
    for index, line in enumerate(lines):
        queue = not line.by and is_handover(line) and line.date is not None and index not in unreadable
        above = lines[index + 1] if index + 1 < len(lines) else None
        found.append(found[-1] if queue and found else _writer(line, above))
    return found


def _writer(line: Received, above: Received | None) -> str:
    """Who wrote a line. The name behind `by localhost` counts only where the line above had the message from
    its own host, and is by that host or one of its organisation: elsewhere localhost is nobody."""
    inside = above is not None and above.ip is not None and standing(above.ip) == "loopback"
    return writer(line) if above and inside and kin(writer(line), writer(above)) else line.by


def _doubt(line: Received, above: Received | None, name: str, unread: bool, trusted: Trusted) -> str:
    """Why a line is only claimed, when all above it is known; "" when it is known as well."""
    if not trusted:
        return NOBODY
    if above and not _is_client(above, trusted):
        if above.ip and not is_local(above) and trusted.name(rdns(above)):
            return (
                f"It came in from {_ends(above)}, and whoever owns an address chooses its name: "
                "if it is yours, trust the address too."
            )
        return f"It came in from {_ends(above)}, which is none of your hosts and can have written all of it."
    if unread:
        return UNREAD
    if not _wrote(line, name, trusted):
        return f"{cut(name) or 'A host that it does not name'} wrote it, which is none of your hosts."
    if above and (broken := link(line, above)) and broken.sure != "possible":
        return f"The line above does not lead to it: {broken.why}"
    return ""


def _known(line: Received, name: str, trusted: Trusted) -> str:
    if _is_client(line, trusted):
        return f"{cut(name)}, which you trust, wrote it, and had the message from a host of yours."
    seen = "The address is evidence" if line.ip else "There is no address in it"
    if is_local(line):
        seen = "Any user of that host can have written what is below"
    return f"{cut(name)}, which you trust, wrote it, and had the message from {_ends(line)}. {seen}."


def _wrote(line: Received, name: str, trusted: Trusted) -> bool:
    if trusted.name(name):
        return True
    own = line.by_ip if line.by_ip and standing(line.by_ip) != "loopback" else None  # each host has that one
    return name == line.by and trusted.address(own)


def _is_client(line: Received, trusted: Trusted) -> bool:
    """True when the writer of `line` had the message from a trusted host, itself included."""
    if is_local(line):
        return False
    if is_handover(line) or trusted.address(line.ip):
        return True
    if line.ip is None:  # LMTP never leaves the own network (RFC 2033 §5), so its name is enough
        return trusted.name(rdns(line)) or (line.with_.upper()[:4] == "LMTP" and trusted.name(line.helo))
    if standing(line.ip) == "public" and line.dialect not in CONFIRMING:
        return False
    return standing(line.ip) == "loopback" or trusted.name(rdns(line))


def _ends(line: Received) -> str:
    return "a user of that host" if is_local(line) else client(line) or "a client that it does not name"
