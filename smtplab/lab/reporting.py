"""DMARC aggregate reports of a receiver in the lab: made of what it judged on a day, mailed, and read back.

    lab.ask_for_reports("acorn.example", p="none")
    lab.day_of_mail()
    lab.dmarc_reports("mx.birch.example")

A report goes through the receiver's own queue like any mail, to the addresses in rua=; an address outside the
domain has to agree first (RFC 9990 §4). Lab: receivers report when they are asked to, where real ones do so
once a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..mail.envelope import Envelope, MailParameters, Recipient
from ..mail.errors import LabError, RecordError
from ..mail.path import Path
from ..mail.verdict import Step, Verdict
from .traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dns.rdata import Rdata

    from ..auth.dmarc import DmarcVerdict
    from ..auth.dmarc.reports import Report, Reports
    from .dns import Dns
    from .mailbox import Mail, Store
    from .mta import Mta
    from .world import World

OWNER = "dmarc@acorn.example"
DESTINATIONS = 10  # addresses of one record: "up to the receiver's limits" (RFC 9990 §3.5)
MAILED = 100  # reports of one receiver and day that are mailed: each asks the DNS
STAGES = ("none", "quarantine", "reject")


class Reporting(Traffic):
    """The part of a lab that reports on DMARC."""

    _world: World
    _stores: dict[str, Store]
    mtas: dict[str, Mta]

    if TYPE_CHECKING:

        @property
        def dns(self) -> Dns: ...
        def mta(self, host: str) -> Mta: ...
        def mailbox(self, address: str) -> list[Mail]: ...
        def resolve(self, name: str, rdtype: str) -> list[Rdata]: ...
        def settle(self) -> None: ...

    def ask_for_reports(self, domain: str = "acorn.example", to: str = "", **tags: str) -> str:
        """Publish a DMARC record of `domain` with rua=mailto:`to`, and make a mailbox for that.

        `to` is dmarc@ the domain by default, `tags` the others in their order: p="none", sp="reject". Returns
        the record. Raises LabError where no MTA of the lab takes mail for that address.
        """
        to = to or f"dmarc@{domain}"
        self._box(to)
        said = {"p": "none"} | tags
        record = "; ".join(
            ["v=DMARC1", *(f"{tag}={value}" for tag, value in said.items()), f"rua=mailto:{to}"]
        )
        self.dns.zone(domain).set("_dmarc", "TXT", record)
        return record

    def dmarc_reports(self, host: str = "mx.birch.example", day: date | None = None) -> Reports:
        """Have the receiver on `host` report on `day`, the last one with judgements by default, and mail it.

        There is one report for each policy domain, with what all MTAs of that receiver judged. Its
        `destinations` say for each address in rua= whether it went there, and why. Raises LabError for a host
        without an MTA.
        """
        from ..auth.dmarc.reports import Reports, aggregate

        mta = self.mta(host)
        judged = sorted(self._judged(mta), key=lambda one: one.when)
        if day is None:
            last = judged[-1].when if judged else self.clock.now()
            day = last.date()
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
        domain = mta.store.domains[0] if mta.store.domains else mta.name
        author = f"noreply-dmarc@{domain}"
        reports = aggregate(
            judged, organization=domain, email=author, begin=begin, end=begin + timedelta(days=1)
        )
        verdicts: list[Verdict] = []
        for report in reports[:MAILED]:
            asked = _last(judged, report.published.domain, begin + timedelta(days=1))
            verdicts += self._mail(mta, report, domain, author, asked)
        self.settle()
        return Reports(reports, tuple(verdicts))

    def reports_in(self, address: str = OWNER) -> Reports:
        """The reports in a mailbox, oldest first, each once by its id. What cannot be read is a verdict.

        Raises LabError for an unknown mailbox.
        """
        from ..auth.dmarc.reports import Reports, enclosed

        found: dict[tuple[str, str], Report] = {}
        faults: list[Verdict] = []
        for number, mail in enumerate(self.mailbox(address), 1):
            try:
                for report in enclosed(mail.raw):
                    found.setdefault((report.organization, report.id), report)
            except RecordError as error:
                step = Step(f"message {number}", error.message, "permerror", "RFC 9990 §8.1")
                faults.append(Verdict("permerror", "reports", f"can {address} be read?", (step,)))
        return Reports(tuple(found.values()), tuple(faults))

    def roll_out(
        self,
        domain: str = "acorn.example",
        stages: Sequence[str] = STAGES,
        *,
        days: int = 1,
        mix: Mapping[str, int] | None = None,
    ) -> Reports:
        """Take `domain` from one policy to the next, with `days` of mail in each, and read the reports.

        The record is published anew for each stage with p= and rua=. Raises LabError for more than 30 days.
        """
        if not 0 < days * len(stages) <= 30:
            raise LabError("A roll-out has from 1 to 30 days in all.")
        for stage in stages:
            self.ask_for_reports(domain, p=stage)
            for _ in range(days):
                sent = self.day_of_mail(mix)
                self.dmarc_reports(day=sent.day)
        return self.reports_in(f"dmarc@{domain}").about(domain)

    # inside -------------------------------------------------------------------------------------

    def _judged(self, mta: Mta) -> list[Any]:
        """What all MTAs of the receiver judged: those that share its mailboxes."""
        return [
            one for other in self.mtas.values() if other.store is mta.store for one in list(other.checked)
        ]

    def _mail(
        self, mta: Mta, report: Report, receiver: str, author: str, dmarc: DmarcVerdict
    ) -> list[Verdict]:
        """Mail a report to each address that it may go to; a verdict for each URI in rua=."""
        from ..auth.dmarc.reports import letter, may_report

        verdicts: list[Verdict] = []
        for rua in dmarc.record.rua[:DESTINATIONS] if dmarc.record else ():
            verdict = may_report(report.published.domain, rua, resolve=self.resolve)
            verdicts.append(verdict)
            if verdict.result != "pass":
                continue
            message = letter(
                report, author=author, to=verdict.destination, receiver=receiver, when=self.clock.now()
            )
            self._send_report(mta, author, verdict.destination, message.as_bytes())
        return verdicts

    def _send_report(self, mta: Mta, author: str, to: str, content: bytes) -> None:
        self._box(author)
        path = Path.of(to)
        envelope = Envelope(Path.of(author), (path,), MailParameters(), (Recipient(path),))

        async def send() -> None:
            mta.originate(envelope, content)

        self._world.thread.run(send())

    def _box(self, address: str) -> None:
        """Make a mailbox where there is none. Raises LabError where nobody takes mail for its domain."""
        domain = address.rpartition("@")[2].lower()
        stores = [store for store in self._stores.values() if domain in store.domains]
        if not stores:
            raise LabError(f"No MTA of the lab takes mail for {domain}, so {address!r} could get no reports.")
        if address.lower() not in stores[0].boxes:
            stores[0].add(address)


def _last(judged: Iterable[Any], domain: str, end: datetime) -> DmarcVerdict:
    """The last DMARC verdict about a policy domain before `end`: what its record said then."""
    found: list[DmarcVerdict] = [
        one.dmarc for one in judged if one.dmarc and one.dmarc.policy_domain == domain and one.when < end
    ]
    return found[-1]
