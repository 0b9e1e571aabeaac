"""The outcome of one signature's verification (RFC 6376 §6.1, RFC 8601 §2.7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smtplab.mail.route import Answer, Question
from smtplab.mail.verdict import Verdict

from .key_record import KeyRecord
from .signature import Signature


@dataclass(frozen=True, slots=True, repr=False)
class DkimVerdict(Verdict):
    """A Verdict whose result is pass, fail, neutral, none, policy, temperror or permerror (RFC 8601 §2.7.1).

    `domain` (with A-labels), `selector` and `identity` are d=, s= and i=; they are "" and `signature` is None
    where the field could not be read. `cause` is "" on pass, otherwise one word for what is the matter: they
    are the keys of `cause.CAUSES`, some with a field's name after a colon. `body_hash` was computed and
    `claimed` is bh=, both base64. `canonical_header` is what is hashed for b=, `canonical_body` what is
    hashed for bh=, its first 64 kB. `testing`: the key says t=y, so that even a pass counts as no signature.
    `key` is the record that was used. `field` is the field itself. `queries` has what was asked and answered.
    """

    domain: str = ""
    selector: str = ""
    identity: str = ""
    algorithm: str = ""
    cause: str = ""
    signature: Signature | None = None
    body_hash: str = ""
    claimed: str = ""
    canonical_header: bytes = b""
    canonical_body: bytes = b""
    testing: bool = False
    key: KeyRecord | None = None
    field: bytes = b""
    queries: tuple[tuple[Question, Answer], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As for every verdict, with what the signature says and the hashes."""
        return Verdict.to_dict(self) | {
            "domain": self.domain,
            "selector": self.selector,
            "identity": self.identity,
            "algorithm": self.algorithm,
            "cause": self.cause,
            "body_hash": self.body_hash,
            "claimed": self.claimed,
            "testing": self.testing,
        }
