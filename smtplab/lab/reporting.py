"""DMARC aggregate reports of a receiver in the lab: made of what it judged on a day, mailed, and read back.

    lab.ask_for_reports("acorn.example", p="none")
    lab.day_of_mail()
    lab.dmarc_reports("mx.birch.example")
    lab.reports_in("dmarc@acorn.example")

A report goes through the receiver's own queue like any mail, to the addresses in rua=; an address outside the
domain has to agree first (RFC 9990 §4). Lab: receivers report when they are asked to, where real ones do so
once a day. What does the work loads when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, cast

from ..mail.errors import LabError

if TYPE_CHECKING:
    from ..auth.dmarc.reports import Reports
    from .lab import Lab
    from .traffic import DayOfMail


class Reporting:
    """The part of a lab that reports on DMARC."""

    def day_of_mail(self, mix: Mapping[str, int] | None = None) -> DayOfMail:
        """Send the mail of what is left of today, and advance the clock to midnight.

        `mix` says how many of each kind: {"own": 12, "forwarded": 4, "list": 2, "newsletter": 8, "forged": 6}
        is the default, and a kind that is left out is not sent. Raises LabError for another kind, and for
        more than 200 messages.
        """
        from .traffic import day_of_mail

        return day_of_mail(cast("Lab", self), mix)

    def ask_for_reports(self, domain: str = "acorn.example", to: str = "", **tags: str) -> str:
        """Publish a DMARC record of `domain` with rua=mailto:`to`, and make a mailbox for that.

        `to` is dmarc@ the domain by default, `tags` the others in their order: p="none", sp="reject". Returns
        the record. Raises LabError where no MTA of the lab takes mail for that address.
        """
        from .report_mail import make_mailbox

        lab = cast("Lab", self)
        to = to or f"dmarc@{domain}"
        make_mailbox(lab, to)
        said = {"p": "none"} | tags
        record = "; ".join(
            ["v=DMARC1", *(f"{tag}={value}" for tag, value in said.items()), f"rua=mailto:{to}"]
        )
        lab.dns.zone(domain).set("_dmarc", "TXT", record)
        return record

    def dmarc_reports(self, host: str = "mx.birch.example", day: date | None = None) -> Reports:
        """Have the receiver on `host` report on `day`, the last one with judgements by default, and mail it.

        There is one report for each policy domain, with what all MTAs of that receiver judged. Its
        `destinations` say for each address in rua= whether it went there, and why. Raises LabError for a host
        without an MTA.
        """
        from .report_mail import report

        return report(cast("Lab", self), host, day)

    def reports_in(self, address: str = "dmarc@acorn.example") -> Reports:
        """The reports in a mailbox, oldest first, each once by its id. What cannot be read is a verdict.

        Raises LabError for an unknown mailbox.
        """
        from .report_mail import found_in

        return found_in(cast("Lab", self), address)

    def roll_out(
        self,
        domain: str = "acorn.example",
        stages: Sequence[str] = ("none", "quarantine", "reject"),
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
