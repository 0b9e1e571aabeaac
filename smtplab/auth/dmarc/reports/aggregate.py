"""From what a receiver judged to its reports: one for each policy domain (RFC 9990 §3.1.2).

It takes judgements as they are, whoever made them: records with the attributes that `Judged` lists. Messages
for which no DMARC record was found are in no report, for nobody asked. It sends nothing and asks no DNS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from smtplab.mail.domain import to_ascii

from ..record import Record
from .record import DkimResult, Published, Reason, Report, Row, SpfResult, merged

if TYPE_CHECKING:
    from smtplab.mail.envelope import Envelope

    from ...dkim import DkimVerdict
    from ...spf import SpfVerdict
    from ..result import DmarcVerdict

# What a receiver did -> the word for it in a report (RFC 9990 §3.1.1.9). What was accepted and thrown away
# did not reach anybody either.
DONE = {"junk": "quarantine", "quarantine": "quarantine", "reject": "reject", "discard": "reject"}


class Judged(Protocol):
    """A message that was judged. `spf` and `dmarc` may be None, where that check was switched off.

    `client` is the IP address, `disposition` "none", "junk" (or "quarantine"), "reject" or "discard".
    """

    @property
    def envelope(self) -> Envelope: ...
    @property
    def client(self) -> str: ...
    @property
    def spf(self) -> SpfVerdict | None: ...
    @property
    def dkim(self) -> Sequence[DkimVerdict]: ...
    @property
    def dmarc(self) -> DmarcVerdict | None: ...
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
    last: dict[str, DmarcVerdict] = {}
    for one in judged:
        if begin <= one.when < end and one.dmarc is not None and one.dmarc.policy_domain:
            domain = to_ascii(one.dmarc.policy_domain)
            by_domain.setdefault(domain, []).append(one)
            last[domain] = one.dmarc
    host = email.rpartition("@")[2]
    opened, closed = int(begin.timestamp()), int(end.timestamp()) - 1
    return tuple(
        Report(
            organization,
            email,
            f"{opened}.{domain}@{host}",
            opened,
            closed,
            published(domain, last[domain]),
            tuple(merged(map(row, found))),
            generator=generator,
            version="1.0",
        )
        for domain, found in sorted(by_domain.items())
    )


def published(domain: str, dmarc: DmarcVerdict) -> Published:
    """The policy in a DMARC verdict, as a report has it: with defaults for what the record leaves out."""
    record = dmarc.record or Record("", ())
    p = record.p or "none"  # RFC 9989 §4.8
    sp = record.sp or p
    testing = "y" if record.testing else "n"
    return Published(
        domain, p, sp, record.np or sp, record.adkim, record.aspf, record.fo, testing, "treewalk"
    )


def row(one: Judged) -> Row:
    """The row that one message makes, with a count of 1."""
    dmarc = one.dmarc
    assert dmarc is not None
    header_from = to_ascii(dmarc.domain)
    disposition, reasons = _done(one, dmarc)
    return Row(
        str(one.client),
        1,
        disposition,
        dmarc.dkim_aligned,
        dmarc.spf_aligned,
        header_from,
        to_ascii(one.envelope.reverse_path.domain),
        None,
        reasons,
        tuple(sorted(map(_dkim, one.dkim), key=lambda each: _rank(each, header_from, dmarc))),
        (SpfResult(to_ascii(one.spf.domain), one.spf.result),) if one.spf is not None else (),
    )


def _done(one: Judged, dmarc: DmarcVerdict) -> tuple[str, tuple[Reason, ...]]:
    """The disposition, and the reason where it is not what the record asks for (RFC 9990 §3.1.1.9)."""
    wanted = dmarc.policy
    if dmarc.testing and dmarc.record is not None:  # the verdict has the milder policy that counts
        wanted = {"sp": dmarc.record.sp, "np": dmarc.record.np}.get(dmarc.tag) or dmarc.record.p
    if dmarc.spf_aligned or dmarc.dkim_aligned:
        return ("pass" if wanted in ("quarantine", "reject") else "none"), ()
    done = DONE.get(one.disposition, "none")
    if done == (wanted or "none"):
        return done, ()
    if dmarc.result == "temperror":
        return done, (Reason("other", "the DNS did not answer, so nobody knows whether it passes"),)
    if dmarc.testing and done == dmarc.policy:
        return done, (Reason("policy_test_mode"),)
    return done, (Reason("local_policy", f"the policy asks for {wanted or 'none'}, and {done} was done"),)


def _dkim(verdict: DkimVerdict) -> DkimResult:
    return DkimResult(to_ascii(verdict.domain), verdict.selector, verdict.result, verdict.cause)


def _rank(dkim: DkimResult, header_from: str, dmarc: DmarcVerdict) -> int:
    """RFC 9990 §3.1.3: what passes and is aligned comes first, what does not pass last."""
    if dkim.result != "pass":
        return 3
    if dkim.domain == header_from:
        return 0
    return 1 if dkim.domain in dmarc.aligned_signers else 2
