"""Certificate: what a certificate says about whose it is, who vouches for it, and for how long (RFC 5280).

Answers what a person asks who looks at one. It checks nothing, and does not parse: whoever has met the
certificate fills this in. Every text in it is the other end's and may be hostile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .text import visible


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate, as it was shown.

    `subject` and `issuer` are distinguished names (RFC 4514), `names` the host names and IP addresses that
    it is for (subjectAltName, RFC 5280 §4.2.1.6). The two dates are in UTC. `fingerprint` is the SHA-256 of
    all its octets, in hex with colons. `self_signed`: its own key has signed it.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint: str
    self_signed: bool = False

    def rows(self) -> list[tuple[str, str]]:
        """What it says, as (label, text); the texts are made visible."""
        signer = "itself (self-signed)" if self.self_signed else visible(self.issuer)
        return [
            ("subject", visible(self.subject) or "(empty)"),
            ("names", ", ".join(map(visible, self.names)) or "(none)"),
            ("issuer", signer or "(empty)"),
            ("valid from", f"{self.not_before:%Y-%m-%d %H:%M} UTC"),
            ("valid until", f"{self.not_after:%Y-%m-%d %H:%M} UTC"),
            ("SHA-256", visible(self.fingerprint)),
        ]

    def text(self) -> str:
        """The certificate for a terminal."""
        return "\n".join(f"{label:>11}  {text}" for label, text in self.rows())

    def __str__(self) -> str:
        return self.text()

    def to_dict(self) -> dict[str, Any]:
        """The certificate as plain JSON types."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "names": list(self.names),
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
            "fingerprint": self.fingerprint,
            "self_signed": self.self_signed,
        }
