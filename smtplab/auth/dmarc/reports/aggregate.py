"""From what a receiver judged to its reports: one for each policy domain (RFC 9990 §3.1.2).

It takes judgements as they are, whoever made them: records with the attributes that `Judged` lists. Messages
for which no DMARC record was found are in no report, for nobody asked. It sends nothing and asks no DNS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from smtplab.mail.domain import to_ascii

from .record import DkimResult, Published, Reason, Report, Row, SpfResult, merged

# What a receiver did -> the word for it in a report (RFC 9990 §3.1.1.9). What was accepted and thrown away
# did not reach anybody either.
DONE = {"junk": "quarantine", "quarantine": "quarantine", "reject": "reject", "discard": "reject"}


class Judged(Protocol):
    """A message that was judged. `spf` and `dmarc` may be None, where that check was switched off.

    `envelope` has the reverse_path, `client` is the IP address, `disposition` "none", "junk" (or
    "quarantine"), "reject" or "discard".
    """

    @property
    def envelope(self) -> Any: ...
    @property
    def client(self) -> Any: ...
    @property
    def spf(self) -> Any: ...
    @property
    def dkim(self) -> Sequence[Any]: ...
    @property
    def dmarc(self) -> Any: ...
    @property
    def disposition(self) -> str: ...
    @property
    def when(self) -> datetime: ...


def aggregate(
    judged: Iterable[Judged],
    *,
    organization: str,
    email: str,
    begin: datetime,
    end: datetime,
    generator: str = "smtplab",
) -> tuple[Report, ...]:
    """The reports of a receiver about what it judged from `begin` to just before `end`, by policy domain.

    Rows that are alike are one, with their count. Where the policy changed in that time, the last one is
    given (RFC 9990 §3.1). The Report-ID is made of the period and the domain: the same reports, the same ids.
    """
    by_domain: dict[str, list[Judged]] = {}
    for one in judged:
        if begin <= one.when < end and one.dmarc is not None and one.dmarc.policy_domain:
            by_domain.setdefault(to_ascii(one.dmarc.policy_domain), []).append(one)
    host = email.rpartition("@")[2]
    first, last = int(begin.timestamp()), int(end.timestamp()) - 1
    return tuple(
        Report(
            organization,
            email,
            f"{first}.{domain}@{host}",
            first,
            last,
            published(domain, found[-1].dmarc),
            tuple(merged(map(row, found))),
            generator=generator,
            version="1.0",
        )
        for domain, found in sorted(by_domain.items())
    )


def published(domain: str, dmarc: Any) -> Published:
    """The policy in a DMARC verdict, as a report has it: with defaults for what the record leaves out."""
    tags = tags_of(dmarc)
    p = tags.get("p", "none").lower()
    return Published(
        domain,
        p,
        tags.get("sp", p).lower(),
        tags.get("np", tags.get("sp", p)).lower(),
        tags.get("adkim", "r").lower(),
        tags.get("aspf", "r").lower(),
        tags.get("fo", "0").lower(),
        "y" if tags.get("t", "n").lower() == "y" else "n",
        "treewalk",
    )


def tags_of(dmarc: Any) -> Mapping[str, str]:
    """The tags of the record in a DMARC verdict, by name; none where there is no record."""
    text = str(getattr(dmarc.record, "text", dmarc.record) or "")
    pairs = [part.partition("=") for part in text.split(";")]
    return {name.strip().lower(): value.strip() for name, equals, value in reversed(pairs) if equals}


def row(one: Judged) -> Row:
    """The row that one message makes, with a count of 1."""
    dmarc = one.dmarc
    header_from = to_ascii(dmarc.domain)
    disposition, reasons = _done(one)
    return Row(
        str(one.client),
        1,
        disposition,
        bool(dmarc.dkim_aligned),
        bool(dmarc.spf_aligned),
        header_from,
        to_ascii(one.envelope.reverse_path.domain),
        None,
        reasons,
        tuple(sorted(map(_dkim, one.dkim), key=lambda each: _rank(each, header_from, dmarc))),
        (SpfResult(to_ascii(one.spf.domain), one.spf.result),) if one.spf is not None else (),
    )


def _done(one: Judged) -> tuple[str, tuple[Reason, ...]]:
    """The disposition, and the reason where it is not what the policy asks for (RFC 9990 §3.1.1.9)."""
    asked = one.dmarc.policy or "none"
    if one.dmarc.result == "pass" or one.dmarc.dkim_aligned or one.dmarc.spf_aligned:
        return ("pass" if asked in ("quarantine", "reject") else "none"), ()
    done = DONE.get(one.disposition, "none")
    wanted = tags_of(one.dmarc).get("p", "none").lower() if one.dmarc.testing else asked
    if done == wanted:
        return done, ()
    if one.dmarc.testing:
        return done, (Reason("policy_test_mode"),)
    return done, (Reason("local_policy", f"the policy asks for {wanted}, and {done} was done"),)


def _dkim(verdict: Any) -> DkimResult:
    return DkimResult(to_ascii(verdict.domain), verdict.selector, verdict.result, verdict.cause)


def _rank(dkim: DkimResult, header_from: str, dmarc: Any) -> int:
    """RFC 9990 §3.1.3: what passes and is aligned comes first, what does not pass last."""
    if dkim.result != "pass":
        return 3
    if dkim.domain == header_from:
        return 0
    org = to_ascii(dmarc.org_domain or header_from)
    return 1 if dkim.domain == org or dkim.domain.endswith("." + org) else 2
