"""The records of an aggregate report (RFC 9990 §3.1.1): what a receiver saw of a domain's mail in a period.

Both forms, that of RFC 9990 and the older one of RFC 7489 §C, end up in the same records; what a reader had
to make up its mind about stands in `remarks`. The form has no place for psd=, and RFC 9990 has none for pct=.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from smtplab.mail.verdict import Verdict

Form = Literal["RFC 9990", "RFC 7489"]
NAMESPACE = "urn:ietf:params:xml:ns:dmarc-2.0"  # RFC 9990 §6.1

DISPOSITIONS = ("none", "pass", "quarantine", "reject")  # RFC 9990 §3.1.1.9; RFC 7489 §C has no pass
POLICIES = ("none", "quarantine", "reject")
DKIM_RESULTS = ("none", "pass", "fail", "policy", "neutral", "temperror", "permerror")  # RFC 8601 §2.7.1
SPF_RESULTS = (*DKIM_RESULTS, "softfail")  # RFC 8601 §2.7.2
# RFC 9990 §3.1.6. What RFC 7489 §C had besides: it knew the test mode as sampling.
REASONS = ("local_policy", "mailing_list", "other", "policy_test_mode", "trusted_forwarder")
OLD_REASONS = ("forwarded", "sampled_out")


@dataclass(frozen=True, slots=True)
class Published:
    """The policy that the receiver found (RFC 9990 §3.1.1.5). "" stands for what the report does not say.

    `testing` is t= ("y" or "n"), `discovery` "treewalk" or "psl", `pct` the old tag as it was written.
    """

    domain: str
    p: str = "none"
    sp: str = ""
    np: str = ""
    adkim: str = ""
    aspf: str = ""
    fo: str = ""
    testing: str = ""
    discovery: str = ""
    pct: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the receiver did otherwise than the policy asks (RFC 9990 §3.1.6)."""

    type: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class DkimResult:
    """What came of one DKIM signature, alignment left out (RFC 9990 §3.1.1.12)."""

    domain: str
    selector: str = ""
    result: str = "none"
    note: str = ""


@dataclass(frozen=True, slots=True)
class SpfResult:
    """What SPF said about a domain, alignment left out. RFC 9990 §3.1.1.13 knows the scope mfrom alone."""

    domain: str
    result: str = "none"
    scope: str = "mfrom"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Messages that were alike: one address, one pair of domains, the same results (RFC 9990 §3.1.1.7).

    `dkim_aligned` and `spf_aligned` say whether the check passed for a domain that is aligned with
    `header_from`; `disposition` is what was done. `envelope_from` "" is the null reverse-path, None unsaid.
    """

    source: str
    count: int
    disposition: str
    dkim_aligned: bool
    spf_aligned: bool
    header_from: str
    envelope_from: str | None = None
    envelope_to: str | None = None
    reasons: tuple[Reason, ...] = ()
    dkim: tuple[DkimResult, ...] = ()
    spf: tuple[SpfResult, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether DMARC passes: one aligned pass is enough (RFC 9989 §4.4)."""
        return self.dkim_aligned or self.spf_aligned


@dataclass(frozen=True, slots=True)
class Report:
    """An aggregate report of `organization`, for the period from `begin` to `end` (seconds since 1970).

    `form` is the form that it was read from, `remarks` what was odd about that, each once.
    """

    organization: str
    email: str
    id: str
    begin: int
    end: int
    published: Published
    rows: tuple[Row, ...] = ()
    contact: str = ""
    generator: str = ""
    errors: tuple[str, ...] = ()
    version: str = ""
    form: Form = "RFC 9990"
    remarks: tuple[str, ...] = ()

    @property
    def messages(self) -> int:
        """How many messages the report counts, those that pass among them."""
        return sum(row.count for row in self.rows)

    @property
    def period(self) -> tuple[datetime, datetime]:
        """The first and the last moment, in UTC."""
        return datetime.fromtimestamp(self.begin, UTC), datetime.fromtimestamp(self.end, UTC)

    def text(self) -> str:
        """The report for a terminal: who sends, what passes, and what p=reject would refuse."""
        from .summary import text

        return text(self)

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True)
class Reports:
    """Several reports; for those that were to be mailed, a verdict for each address in rua=.

    It goes over its reports as a tuple does. `about` takes those on one domain.
    """

    reports: tuple[Report, ...]
    destinations: tuple[Verdict, ...] = ()

    def __iter__(self) -> Iterator[Report]:
        return iter(self.reports)

    def __len__(self) -> int:
        return len(self.reports)

    def __getitem__(self, number: int) -> Report:
        return self.reports[number]

    @property
    def domains(self) -> tuple[str, ...]:
        """The policy domains, each once."""
        return tuple(dict.fromkeys(report.published.domain for report in self.reports))

    def about(self, domain: str) -> Reports:
        """The reports on one policy domain."""
        return Reports(tuple(one for one in self.reports if one.published.domain == domain.lower()))

    def text(self) -> str:
        """The reports for a terminal, those on one domain counted together."""
        from .summary import text

        parts = [text(self.about(domain)) for domain in self.domains] or ["There is no report."]
        return "\n\n".join([*parts, *(verdict.text() for verdict in self.destinations)])

    def __str__(self) -> str:
        return self.text()


def merged(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows that differ in their count alone become one, in the order of their first (RFC 9990 §3.1.1.7)."""
    counts: dict[Row, int] = {}
    for row in rows:
        key = replace(row, count=0)
        counts[key] = counts.get(key, 0) + row.count
    return (replace(row, count=count) for row, count in counts.items())
