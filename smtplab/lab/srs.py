"""SRS, the sender rewriting scheme: a forwarder puts an address of its own into the envelope.

SPF asks about the domain in MAIL FROM, and a plain forwarder leaves there the sender's, whose record does not
list it (RFC 7208 §10.3). With SRS it says `SRS0=hash=day=domain=local@forward.example`: a domain of its own,
with the old address packed in, so that a bounce finds its way back. The hash keeps strangers from having
mail passed on, the day ends it after three weeks. A second forwarder does not pack again; it writes SRS1.

No RFC has it: the scheme is Meng Weng Wong's and Shevek's, as libsrs2 and postsrsd do it. It mends SPF, and
not DMARC: the new domain is not that of From. The message itself is not touched.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from ..mail.envelope import Recipient
from ..mail.errors import RecordError
from ..mail.path import Path
from ..mail.verdict import Step
from .bounces import dsn_envelope

if TYPE_CHECKING:
    from .item import Item
    from .mta import Mta

DAYS = 21  # that an address is good for
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # of base32: mail hosts may change the case of a local part
_SRS0 = re.compile(r"SRS0[=+-]([A-Z2-7]{4})=([A-Z2-7]{2})=([^=]+)=(.+)", re.IGNORECASE)
_SRS1 = re.compile(r"SRS1[=+-]([A-Z2-7]{4})=([^=]+)==(.+)", re.IGNORECASE)


class Srs:
    """The rewriting on one forwarder: a program of its MTA. `secret` makes the hashes."""

    def __init__(self, mta: Mta, secret: bytes = b"") -> None:
        self.mta = mta
        self.domain = mta.store.domains[0]
        self._secret = secret or mta.world.random(f"{mta.name} SRS").randbytes(20)

    def __repr__(self) -> str:
        return f"SRS at {self.domain}"

    def rewritten(self, path: Path) -> Path:
        """The address of this forwarder that stands for `path`. Raises RecordError where it gets too long
        for a path (RFC 5321 §4.5.3.1.1)."""
        if path.local.upper().startswith("SRS0"):  # another forwarder's: it has the hash that counts
            rest, first = path.local[4:], path.domain
            return Path(f"SRS1={self._hash(first, rest)}={first}={rest}", self.domain)
        if found := _SRS1.fullmatch(path.local):
            first, rest = found[2], "=" + found[3]
            return Path(f"SRS1={self._hash(first, rest)}={first}={rest}", self.domain)
        day = self._day()
        return Path(
            f"SRS0={self._hash(day, path.domain, path.local)}={day}={path.domain}={path.local}", self.domain
        )

    def original(self, path: Path) -> Path | None:
        """The address that `path` stands for; None for one that was not made here, or is too old."""
        if path.domain.lower() != self.domain:
            return None
        try:
            if found := _SRS0.fullmatch(path.local):
                given, day, domain, local = found.groups()
                good = self._same(given, day.upper(), domain, local) and self._recent(day.upper())
                return Path(local, domain) if good else None
            if found := _SRS1.fullmatch(path.local):
                given, first, rest = found[1], found[2], "=" + found[3]
                return Path(f"SRS0{rest}", first) if self._same(given, first, rest) else None
        except RecordError:
            return None
        return None

    # as a program ---------------------------------------------------------------------------------

    def takes(self, path: Path) -> bool:
        """Whether `path` is an address that was given to a message here, and is still good."""
        return self.original(path) is not None

    def take(self, mta: Mta, item: Item, path: Path) -> None:
        """Pass a bounce on to whose message it was."""
        back = self.original(path)
        if back is not None:
            envelope = dsn_envelope(back, item.content, item.envelope.parameters.smtputf8)
            item.offspring.append(mta.originate(envelope, item.content))

    def copies(self, mta: Mta, item: Item, onward: list[Recipient]) -> list[tuple[Item, list[Recipient]]]:
        """The message as it is, but for its reverse-path: that of a stranger is rewritten."""
        path = item.envelope.reverse_path
        strange = not path.is_null and item.transcript is not None and not mta.local.is_local(path)
        if strange:
            try:
                item.envelope = replace(item.envelope, reverse_path=self.rewritten(path))
            except RecordError as error:
                why = f"the reverse-path stays as it is, for SRS cannot pack it: {error.message}"
                item.steps.append(Step(f"SRS {path}", why, "policy", "RFC 5321 §4.5.3.1.1"))
        return [(item, onward)]

    def _hash(self, *parts: str) -> str:
        """Four characters of base32 over the parts, in lower case."""
        digest = hmac.digest(
            self._secret, "\0".join(parts).lower().encode("utf-8", "surrogateescape"), sha256
        )
        number = int.from_bytes(digest[:4], "big")
        return "".join(DIGITS[number >> shift & 31] for shift in (15, 10, 5, 0))

    def _same(self, given: str, *parts: str) -> bool:
        return hmac.compare_digest(given.upper(), self._hash(*parts))

    def _day(self) -> str:
        """Today, as two characters: days since 1970, modulo 1024."""
        number = int(self.mta.world.clock.now().timestamp()) // 86400 % 1024
        return DIGITS[number >> 5] + DIGITS[number & 31]

    def _recent(self, day: str) -> bool:
        made, today = ((DIGITS.index(two[0]) << 5) + DIGITS.index(two[1]) for two in (day, self._day()))
        return (today - made) % 1024 <= DAYS
