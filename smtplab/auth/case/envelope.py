"""With what does a receiver ask? The client's address, its EHLO name and the reverse-path (RFC 7208 §2.4).

They are not in the message itself. The address and name stand in the lowest Received line of the reader's
own hosts, which is where the message came in; the reverse-path in Return-Path, which the host of the final
delivery writes (RFC 5321 §4.4). What nobody trusted wrote is a claim, and said to be one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from smtplab.mail.errors import RecordError
from smtplab.mail.header import Field, named
from smtplab.mail.hosts import standing
from smtplab.mail.path import Path
from smtplab.mail.received import Chain, Hop
from smtplab.mail.received.hops import cut

from .record import Case, Fact

Standing = Literal["known", "claimed", "unknown"]
GIVEN = "you gave it"


def facts_of(case: Case, fields: Sequence[Field], chain: Chain) -> tuple[Fact, Fact, Fact]:
    """The client's address, the reverse-path and the EHLO name, each with where it comes from."""
    hop = border(chain)
    found_ip, found_helo = _client(hop, chain)
    path = _path(fields, chain)
    ip = Fact("ip", case.ip, "known", GIVEN) if case.ip is not None else found_ip
    mail_from = Fact("mail_from", case.mail_from, "known", GIVEN) if case.mail_from is not None else path
    helo = Fact("helo", case.helo, "known", GIVEN) if case.helo is not None else found_helo
    return ip, mail_from, helo


def border(chain: Chain) -> Hop | None:
    """The line about how the message came in: the lowest that is known; without trust, the highest line
    whose client was on the Internet."""
    if chain.known:
        return chain.known[0]
    return next((hop for hop in chain.header if hop.received.ip and _is_public(hop)), None)


def _is_public(hop: Hop) -> bool:
    return hop.received.ip is not None and standing(hop.received.ip) == "public"


def _client(hop: Hop | None, chain: Chain) -> tuple[Fact, Fact]:
    if hop is None:
        why = (
            "no Received line says it"
            if chain.hops
            else "the message has no Received field that would say it"
        )
        return Fact("ip", None, "unknown", why), Fact("helo", None, "unknown", why)
    by = cut(hop.received.by) or "a host that it does not name"
    where = f"Received line {hop.place} from the top, by {by}"
    helo = Fact("helo", hop.received.helo or None, _standing(hop), where)
    if not hop.received.helo:
        helo = Fact("helo", None, "unknown", f"{where}, does not say it")
    if hop.received.ip is None:
        return Fact("ip", None, "unknown", f"{where}, names no address"), helo
    if not _is_public(hop):
        why = f"{where}, names {hop.received.ip}, which is no address on the Internet"
        return Fact("ip", None, "unknown", why), helo
    if not hop.known:
        where += f", which counts only if {by} is yours: say so with --trust"
    return Fact("ip", str(hop.received.ip), _standing(hop), where), helo


def _standing(hop: Hop) -> Standing:
    return "known" if hop.known else "claimed"


def _path(fields: Sequence[Field], chain: Chain) -> Fact:
    found = named(fields, "Return-Path")
    if not found:
        return Fact("mail_from", None, "unknown", "the message has no Return-Path field")
    try:
        address = Path.parse(found[0].value).address
    except RecordError as error:
        return Fact("mail_from", None, "unknown", f"Return-Path can't be read: {error.message}")
    # It stands on top of the Received lines of the host that delivered, so it is inside where they are.
    received = next((field.line for field in fields if field.key == "received"), 0)
    inside = bool(chain.known) and found[0].line < received
    return Fact("mail_from", address, "known" if inside else "claimed", "Return-Path, the topmost")
