"""What `lab.reporting` does: reports made of judgements, mailed by the receiver's queue, and found again.

It is loaded when the first report is asked for. How a report is written is not its business
(`auth.dmarc.reports`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..auth.dmarc.reports import Report, Reports, aggregate, enclosed, letter, may_report
from ..mail.envelope import Envelope, MailParameters, Recipient
from ..mail.errors import LabError, RecordError
from ..mail.path import Path
from ..mail.verdict import Step, Verdict

if TYPE_CHECKING:
    from ..auth.dmarc import DmarcVerdict
    from .lab import Lab
    from .mta import Mta

DESTINATIONS = 10  # addresses of one record: "up to the receiver's limits" (RFC 9990 §3.5)
MAILED = 100  # reports of one receiver and day that are mailed: each asks the DNS


def report(lab: Lab, host: str, day: date | None) -> Reports:
    """`Lab.dmarc_reports`."""
    mta = lab.mta(host)
    judged = sorted(_judged(lab, mta), key=lambda one: one.when)
    if day is None:
        day = (judged[-1].when if judged else lab.clock.now()).date()
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = begin + timedelta(days=1)
    domain = mta.store.domains[0] if mta.store.domains else mta.name
    author = f"noreply-dmarc@{domain}"
    reports = aggregate(judged, organization=domain, email=author, begin=begin, end=end)
    verdicts: list[Verdict] = []
    for one in reports[:MAILED]:
        verdicts += _mail(lab, mta, one, author, _last(judged, one.published.domain, end))
    lab.settle()
    return Reports(reports, tuple(verdicts))


def found_in(lab: Lab, address: str) -> Reports:
    """`Lab.reports_in`."""
    found: dict[tuple[str, str], Report] = {}
    faults: list[Verdict] = []
    for number, mail in enumerate(lab.mailbox(address), 1):
        try:
            for one in enclosed(mail.raw):
                found.setdefault((one.organization, one.id), one)
        except RecordError as error:
            step = Step(f"message {number}", error.message, "permerror", "RFC 9990 §8.1")
            faults.append(Verdict("permerror", "reports", f"can {address} be read?", (step,)))
    return Reports(tuple(found.values()), tuple(faults))


def make_mailbox(lab: Lab, address: str) -> None:
    """Make a mailbox where there is none. Raises LabError where nobody takes mail for its domain."""
    domain = address.rpartition("@")[2].lower()
    stores = [mta.store for mta in lab.mtas.values() if domain in mta.store.domains]
    if not stores:
        raise LabError(f"No MTA of the lab takes mail for {domain}, so {address!r} could get no reports.")
    if address.lower() not in stores[0].boxes:
        stores[0].add(address)


def _judged(lab: Lab, mta: Mta) -> list[Any]:
    """What all MTAs of the receiver judged: those that share its mailboxes."""
    return [one for other in lab.mtas.values() if other.store is mta.store for one in list(other.checked)]


def _mail(lab: Lab, mta: Mta, one: Report, author: str, dmarc: DmarcVerdict) -> list[Verdict]:
    """Mail a report to each address that it may go to; a verdict for each URI in rua=."""
    verdicts: list[Verdict] = []
    for rua in dmarc.record.rua[:DESTINATIONS] if dmarc.record else ():
        verdict = may_report(one.published.domain, rua, resolve=lab.resolve)
        verdicts.append(verdict)
        if verdict.result == "pass":
            to = verdict.destination
            message = letter(one, author=author, to=to, receiver=one.organization, when=lab.clock.now())
            _send(lab, mta, author, to, message.as_bytes())
    return verdicts


def _send(lab: Lab, mta: Mta, author: str, to: str, content: bytes) -> None:
    make_mailbox(lab, author)
    path = Path.of(to)
    envelope = Envelope(Path.of(author), (path,), MailParameters(), (Recipient(path),))

    async def send() -> None:
        mta.originate(envelope, content)

    lab._world.thread.run(send())


def _last(judged: Iterable[Any], domain: str, end: datetime) -> DmarcVerdict:
    """The last DMARC verdict about a policy domain before `end`: what its record said then."""
    found: list[DmarcVerdict] = [
        one.dmarc for one in judged if one.dmarc and one.dmarc.policy_domain == domain and one.when < end
    ]
    return found[-1]
