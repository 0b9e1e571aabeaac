"""Judge one message as a receiver does: SPF and DKIM, what of them counts for From, and what to do about it.

Nothing is decided here: the checks of this layer decide (RFC 7208, RFC 6376, RFC 9989). They are asked in
order and their verdicts kept together. Everything the DNS says comes through `resolve`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..mail.header import fields
from ..mail.header.ident import author_domains
from ..mail.route import Answer, Question
from ..mail.verdict import Verdict
from . import dkim, dmarc, spf
from .dkim import DkimVerdict
from .dmarc import DmarcVerdict, Receiver
from .spf import SpfVerdict
from .what_if import Records, Resolve, overlay


@dataclass(frozen=True, slots=True)
class Judged:
    """What a receiver found out about a message, and what it does with it.

    `dkim` has a verdict for each signature, the top one first. `disposition` is the receiver's own decision.
    """

    spf: SpfVerdict
    dkim: tuple[DkimVerdict, ...]
    dmarc: DmarcVerdict
    disposition: Verdict

    @property
    def queries(self) -> tuple[tuple[tuple[Question, Answer], ...], ...]:
        """What each check asked the DNS and heard, in the order of `verdicts`."""
        return (self.spf.queries, *(one.queries for one in self.dkim), self.dmarc.queries)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All of them, in the order in which they were reached."""
        return (self.spf, *self.dkim, self.dmarc, self.disposition)


def judge(
    message: bytes,
    *,
    ip: str,
    mail_from: str,
    helo: str = "",
    receiver: Receiver = "junk",
    now: datetime,
    resolve: Resolve,
    records: Records | None = None,
) -> Judged:
    """Judge `message` (CR LF line ends) from the host `ip` with the reverse-path `mail_from` ("" for null).

    `receiver` is what the receiver does about mail that fails DMARC. `records` stand in front of what the DNS
    says. Raises ValueError where `ip` is no IP address.
    """
    if records:
        resolve = overlay(resolve, records)
    seconds = int(now.timestamp())
    path = spf.check_host(ip, "", mail_from, helo=helo, now=seconds, resolve=resolve)
    signatures = dkim.verify(message, resolve=resolve, now=now)
    author = author_domains(fields(message))
    verdict = dmarc.verify(author, spf=path, dkim=signatures, resolve=resolve)
    return Judged(path, tuple(signatures), verdict, dmarc.disposition(verdict, receiver))
