"""The outcome of a DMARC check (RFC 9989 §5.3, RFC 8601 §2.7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smtplab.mail.route import Answer, Question
from smtplab.mail.verdict import Verdict

from .record import Record


@dataclass(frozen=True, slots=True, repr=False)
class DmarcVerdict(Verdict):
    """A Verdict whose result is none, pass, fail, temperror or permerror.

    `domain` is the one in From. `policy` is what its owner asks for mail that fails ("none", "quarantine",
    "reject", "" where no record says): the tag `tag` (p, sp or np) of the record at `policy_domain`, and with
    `testing` (t=y) one step milder. `org_domain` is the organizational domain of From.
    `spf_aligned` and `dkim_aligned` say whether a pass counted, `aligned_signers` whose signatures did.
    `queries` has what was asked and answered, in order.
    """

    domain: str = ""
    policy: str = ""
    tag: str = ""
    policy_domain: str = ""
    org_domain: str = ""
    spf_aligned: bool = False
    dkim_aligned: bool = False
    aligned_signers: tuple[str, ...] = ()
    record: Record | None = None
    testing: bool = False
    queries: tuple[tuple[Question, Answer], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As for every verdict, with the policy and what counted for it."""
        return Verdict.to_dict(self) | {
            "domain": self.domain,
            "policy": self.policy,
            "tag": self.tag,
            "policy_domain": self.policy_domain,
            "org_domain": self.org_domain,
            "spf_aligned": self.spf_aligned,
            "dkim_aligned": self.dkim_aligned,
            "testing": self.testing,
        }
