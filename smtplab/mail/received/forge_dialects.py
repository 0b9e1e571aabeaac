"""How common software writes a Received field: the dialects that `forge` writes in.

Each writer turns a `Leg` into the body of a field, as that software lays it out. Made for exercises: only the
shape is real. Reading them is for `parse`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ..hosts import Address

CIPHER = "TLS_AES_256_GCM_SHA384"
LONG_CIPHER = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
_UNSAFE = re.compile(r"[^A-Za-z0-9.@%+/=:-]")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(slots=True)
class Leg:
    """One hop, as far as its line tells of it. `time` is in the zone of the host; None for no date."""

    helo: str = ""
    rdns: str = ""
    ip: Address | None = None
    by: str = ""
    secure: bool = False
    login: str = ""
    id: str = "1"
    for_: str = ""
    sender: str = ""
    time: datetime | None = None
    own: str = ""  # the host's own address, where the software writes it

    @property
    def with_(self) -> str:
        """The word of RFC 3848."""
        return f"ESMTP{'S' if self.secure else ''}{'A' if self.login else ''}"

    @property
    def literal(self) -> str:
        """The address in brackets (RFC 5321 §4.1.3)."""
        return f"[IPv6:{self.ip}]" if self.ip and self.ip.version == 6 else f"[{self.ip}]"


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way of writing: does it write the reverse name, a recipient, and whether there was TLS?"""

    write: Callable[[Leg], str]
    rdns: bool = True
    for_: bool = True
    tls: bool = True


def date(leg: Leg, start: str = "; ", comment: str = "", zone: str = "") -> str:
    """The date with what goes before it; "" for none. Not by strftime: that follows the locale."""
    at = leg.time
    if at is None:
        return ""
    name = f"{_DAYS[at.weekday()]}, {at.day:2} {_MONTHS[at.month - 1]} {at:%Y %H:%M:%S}".replace(",  ", ", ")
    return f"{start}{name} {zone or at.strftime('%z')}{comment}"


def _client(leg: Leg) -> str:
    """HELO (REVERSE [ADDRESS]), as most software writes it."""
    return f"from {leg.helo} ({leg.rdns or 'unknown'} {leg.literal})"


def _for(leg: Leg, text: str) -> str:
    return text % leg.for_ if leg.for_ else ""


def _postfix(leg: Leg) -> str:
    tls = ""
    if leg.secure:
        tls = f"\n\t(using TLSv1.3 with cipher {CIPHER} (256/256 bits)\n\t key-exchange X25519)"
        tls += "\n\t(No client certificate requested)"
    login = f"\n\t(Authenticated sender: {leg.login})" if leg.login else ""
    text = f"{_client(leg)}{tls}{login}\n\tby {leg.by} (Postfix) with {leg.with_} id {leg.id}"
    return text + _for(leg, "\n\tfor <%s>") + date(leg, comment=" (UTC)" if _is_utc(leg) else "")


def _exim(leg: Leg) -> str:
    named = f"from {leg.rdns} ({leg.literal.replace('IPv6:', '')}"
    start = f"{named}{' helo=' + leg.helo if leg.helo != leg.rdns else ''})"
    if not leg.rdns:
        start = f"from {leg.literal.replace('IPv6:', '')} (helo={leg.helo})"
    tls = f"  (TLS1.3) tls {CIPHER}" if leg.secure else ""
    login = f" (Exim 4.98)\n\t(envelope-from <{leg.sender}>)" if leg.sender else " (Exim 4.98)"
    text = f"{start}\n\tby {leg.by} with {leg.with_.lower()}{tls}\n\t{login.strip()}\n\tid {leg.id}"
    return text + _for(leg, "\n\tfor %s") + date(leg, ";\n\t")


def _sendmail(leg: Leg) -> str:
    text = f"{_client(leg)}\n\tby {leg.by} (8.18.1/8.18.1) with {leg.with_} id {leg.id}"
    text += f"\n\t(version=TLSv1.3 cipher={CIPHER} bits=256 verify=NO)" if leg.secure else ""
    return text + _for(leg, "\n\tfor <%s>") + date(leg, ";\n\t", " (GMT)" if _is_utc(leg) else "")


def safe(helo: str) -> str:
    """What qmail writes of a client's name: a question mark for anything that it does not expect there."""
    return _UNSAFE.sub("?", helo)


def _qmail(leg: Leg) -> str:
    said = f"(HELO {safe(leg.helo)}) " if leg.helo != leg.rdns else ""
    at = leg.time.astimezone(UTC) if leg.time else None
    day = f"; {at.day} {_MONTHS[at.month - 1]} {at:%Y %H:%M:%S} -0000" if at else ""
    return f"from {leg.rdns or 'unknown'} {said}({leg.ip})\n  by {leg.by} with SMTP{day}"


def _exchange(leg: Leg) -> str:
    tls = f" (version=TLS1_2,\n cipher={LONG_CIPHER})" if leg.secure else ""
    own = f" ({leg.own})" if leg.own else ""
    text = f"from {leg.helo} ({leg.ip}) by\n {leg.by}{own} with Microsoft SMTP Server{tls} id\n 15.1.2507.39"
    return text + date(leg)


def _microsoft(leg: Leg) -> str:
    return _exchange(leg).replace("15.1.2507.39", "15.20.8398.14 via Frontend Transport")


def _gmail(leg: Leg) -> str:
    named = f"{leg.rdns}. " if leg.rdns else ""
    text = f"from {leg.helo} ({named}{leg.literal})\n        by {leg.by} with {leg.with_} id {leg.id}"
    text += _for(leg, "\n        for <%s>")
    text += f"\n        (version=TLS1_3 cipher={CIPHER} bits=256/256)" if leg.secure else ""
    return text + date(
        leg, ";\n        ", " (PST)" if leg.time and leg.time.strftime("%z") == "-0800" else ""
    )


def _smtplab(leg: Leg) -> str:
    named = f"{leg.rdns} " if leg.rdns else ""
    text = f"from {leg.helo} ({named}{leg.literal})\n\tby {leg.by} (smtplab) with {leg.with_} id {leg.id}"
    return text + _for(leg, "\n\tfor <%s>") + date(leg, ";\n\t")


def _ses(leg: Leg) -> str:
    text = f"{_client(leg)}\n by {leg.by} with SMTP id {leg.id}"
    return text + _for(leg, "\n for %s") + date(leg, ";\n ", " (UTC)" if _is_utc(leg) else "")


def _opensmtpd(leg: Leg) -> str:
    tls = f" (TLSv1.3:{CIPHER}:256:NO)" if leg.secure else ""
    login = f" auth=yes user={leg.login}" if leg.login else ""
    text = f"{_client(leg)}\n\tby {leg.by} (OpenSMTPD) with {leg.with_} id {leg.id}{tls}{login}"
    return text + _for(leg, "\n\tfor <%s>") + date(leg, ";\n\t", " (UTC)" if _is_utc(leg) else "")


def _haraka(leg: Leg) -> str:
    named = f"{leg.rdns} " if leg.rdns else "Unknown "
    text = f"from {leg.helo} ({named}[{leg.ip}])\n\tby {leg.by} (Haraka/3.0.3) with {leg.with_} id {leg.id}.1"
    text += f"\n\tenvelope-from <{leg.sender}>" if leg.sender else ""
    text += f"\n\t(cipher={CIPHER})" if leg.secure else ""
    return text + date(leg, ";\n\t")


def _domino(leg: Leg) -> str:
    text = f"from {leg.helo} ([{leg.ip}])\n          by {leg.by} (HCL Domino Release 12.0.2)"
    return f"{text}\n          with ESMTP id {leg.id}-{leg.id}" + date(leg, ";\n          ")


def _lmtp(leg: Leg) -> str:
    text = f"from {leg.helo} ({leg.literal})\n\tby {leg.by} with LMTP\n\tid {leg.id}"
    text += f" (envelope-from <{leg.sender}>)" if leg.sender else ""
    return text + _for(leg, "\n\tfor <%s>") + date(leg)


def _amavis(leg: Leg) -> str:
    """A filter that listens on the host itself: it writes `by localhost`, and the host's name behind it."""
    text = f"from {leg.helo} ({leg.literal})\n\tby {leg.by} ({leg.own} [127.0.0.1]) (amavis, port 10024)"
    return f"{text}\n\twith ESMTP id {leg.id}" + _for(leg, " for <%s>") + date(leg, ";\n\t")


def _within(leg: Leg) -> str:
    """A host that passes a message on within itself names no client, and an address for itself."""
    return f"by {leg.by} with SMTP id {leg.id}" + date(leg, ";\n        ")


def _queue(leg: Leg) -> str:
    """qmail's second line for a message: it names nobody."""
    at = leg.time.astimezone(UTC) if leg.time else None
    day = f"; {at.day} {_MONTHS[at.month - 1]} {at:%Y %H:%M:%S} -0000" if at else ""
    return f"(qmail 4711 invoked from network){day}"


def _pickup(leg: Leg) -> str:
    return f"by {leg.by} (Postfix, from userid 1000)\n\tid {leg.id}" + date(
        leg, comment=" (UTC)" * _is_utc(leg)
    )


def _web(leg: Leg) -> str:
    return f"from {leg.literal}\n\tby {leg.by} with HTTP" + date(leg, ";\n\t")


def _garbage(leg: Leg) -> str:
    return "= ".join("?#" for _ in leg.id)


def _is_utc(leg: Leg) -> bool:
    return leg.time is not None and leg.time.strftime("%z") == "+0000"


# Software that takes mail from strangers and says who they are; then what is written inside a host or a
# network; then how a message starts where there is no SMTP client.
DIALECTS: dict[str, Dialect] = {
    "postfix": Dialect(_postfix),
    "exim": Dialect(_exim),
    "sendmail": Dialect(_sendmail),
    "qmail": Dialect(_qmail, for_=False, tls=False),
    "exchange": Dialect(_exchange, rdns=False, for_=False),
    "microsoft365": Dialect(_microsoft, rdns=False, for_=False),
    "gmail": Dialect(_gmail),
    "smtplab": Dialect(_smtplab),
    "ses": Dialect(_ses, tls=False),
    "opensmtpd": Dialect(_opensmtpd),
    "haraka": Dialect(_haraka, for_=False),
    "domino": Dialect(_domino, rdns=False, for_=False, tls=False),
    "lmtp": Dialect(_lmtp, rdns=False, tls=False),
    "amavis": Dialect(_amavis, rdns=False, tls=False),
    "within": Dialect(_within, rdns=False, for_=False, tls=False),
    "queue": Dialect(_queue, rdns=False, for_=False, tls=False),
    "pickup": Dialect(_pickup, rdns=False, for_=False, tls=False),
    "web": Dialect(_web, rdns=False, for_=False, tls=False),
    "garbage": Dialect(_garbage, rdns=False, for_=False, tls=False),
}
PUBLIC: tuple[str, ...] = tuple(DIALECTS)[:12]
EDGES: tuple[str, ...] = tuple(name for name in PUBLIC if DIALECTS[name].rdns)  # they name their client
