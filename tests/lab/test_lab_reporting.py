"""Days of mail, and the reports on them: made, mailed through the queue, and read back from the mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dmarc.report import DMARC2Schema

from smtplab.auth.dmarc.reports import letter, summary, write
from smtplab.lab.lab import Lab
from smtplab.mail.errors import LabError
from smtplab.mail.header import fields

MX = "mx.birch.example"
OWNER = "dmarc@acorn.example"
DAY = date(2026, 3, 2)
SMALL = {"own": 2, "forwarded": 1, "newsletter": 2, "forged": 1}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


# a day of mail ----------------------------------------------------------------------------------


def test_a_day_of_mail(lab: Lab) -> None:
    sent = lab.day_of_mail()
    assert (sent.day, sent.messages, dict(sent.refused)) == (DAY, 32, {})
    assert lab.clock.now() == datetime(2026, 3, 3, tzinfo=UTC)
    subjects = [str(mail["Subject"]).split()[0] for mail in lab.mailbox("bob@birch.example")]
    assert {word: subjects.count(word) for word in set(subjects)} == {"Letter": 18, "News": 8, "Invoice": 6}
    assert len({mail["Date"] for mail in lab.mailbox("bob@birch.example")}) >= 4
    clients = {one.client for one in lab.mta(MX).checked}
    assert clients == {"192.0.2.10", "192.0.2.40", "192.0.2.50", "203.0.113.146", "203.0.113.66"}
    assert "6 Mallory's" in str(sent)


def test_the_same_lab_sends_the_same_day() -> None:
    days = []
    for seed in (1, 1, 2):
        with Lab(seed=seed) as lab:
            lab.day_of_mail(SMALL)
            days.append([(m["Subject"], m["Date"], m.reverse_path) for m in lab.mailbox("bob@birch.example")])
    assert days[0] == days[1] != days[2]


def test_the_next_day_has_the_whole_day(lab: Lab) -> None:
    lab.day_of_mail({"own": 1})
    assert lab.day_of_mail({"own": 4}).day == date(2026, 3, 3)
    assert lab.clock.now() == datetime(2026, 3, 4, tzinfo=UTC)
    assert [str(m["Date"])[:16] for m in lab.mailbox("bob@birch.example")] == [
        "Mon, 02 Mar 2026",
        *["Tue, 03 Mar 2026"] * 4,
    ]


def test_what_is_refused_is_counted(lab: Lab) -> None:
    lab.mta(MX).checks.spf = "refuse"
    lab.dns.zone("mallory.example").set("@", "TXT", "v=spf1 -all")
    lab.dns.zone("news.example").set("@", "TXT", "v=spf1 -all")
    sent = lab.day_of_mail({"newsletter": 3, "own": 1})
    assert dict(sent.refused) == {"newsletter": 3}
    assert "3 of them refused" in str(sent)


@pytest.mark.parametrize("mix", [{"own": 1.5}, {"spam": 1}, {"own": 201}, {"own": -1}])
def test_a_day_has_its_limits(lab: Lab, mix: dict[str, int]) -> None:
    with pytest.raises(LabError):
        lab.day_of_mail(mix)


# reports ----------------------------------------------------------------------------------------


def test_asking_for_reports(lab: Lab) -> None:
    record = lab.ask_for_reports("acorn.example", p="quarantine", sp="none")
    assert record == "v=DMARC1; p=quarantine; sp=none; rua=mailto:dmarc@acorn.example"
    assert lab.resolve("_dmarc.acorn.example", "TXT")[0].to_text() == f'"{record}"'
    assert lab.mailbox(OWNER) == []
    with pytest.raises(LabError, match="No MTA"):
        lab.ask_for_reports(to="dmarc@nowhere.example")


def test_reports_are_mailed_and_read_back(lab: Lab) -> None:
    lab.ask_for_reports()
    lab.day_of_mail(SMALL)
    sent = lab.dmarc_reports()
    assert [verdict.result for verdict in sent.destinations] == ["pass"]
    (mail,) = lab.mailbox(OWNER)
    assert mail["Subject"] == (
        "Report Domain: acorn.example Submitter: birch.example"
        " Report-ID: <1772409600.acorn.example@birch.example>"
    )
    assert mail.reverse_path.address == "noreply-dmarc@birch.example"
    (report,) = lab.reports_in()
    assert (report,) == sent.reports
    assert (report.begin, report.end) == (1_772_409_600, 1_772_495_999)
    counted = summary(report)
    assert (counted.messages, counted.passing, counted.spf, counted.dkim) == (6, 3, 2, 3)
    assert {sender.source for sender in counted.senders} == {
        "192.0.2.10",
        "192.0.2.40",
        "203.0.113.146",
        "203.0.113.66",
    }


def test_the_mail_with_a_report_passes_itself(lab: Lab) -> None:
    lab.ask_for_reports()
    lab.day_of_mail({"own": 1})
    lab.dmarc_reports()
    (mail,) = lab.mailbox(OWNER)
    (result,) = [field.value for field in fields(mail.raw) if field.key == "authentication-results"]
    assert "spf=pass" in result
    assert "dmarc=pass" in result
    assert mail["From"] == "noreply-dmarc@birch.example"


def test_a_receiver_reports_what_all_its_hosts_saw_on_that_day(lab: Lab) -> None:
    lab.ask_for_reports()
    lab.day_of_mail({"own": 3})
    lab.stop_host(MX)
    lab.day_of_mail({"own": 2})
    lab.start_host(MX)
    assert lab.dmarc_reports(day=DAY)[0].messages == 3
    assert lab.dmarc_reports()[0].messages == 2  # those that mx2 took
    assert len(lab.reports_in()) == 2
    assert len(lab.dmarc_reports(day=DAY - timedelta(days=1))) == 0


def test_a_report_that_comes_twice_counts_once(lab: Lab) -> None:
    lab.ask_for_reports()
    lab.day_of_mail({"own": 1})
    lab.dmarc_reports()
    lab.dmarc_reports()
    assert len(lab.mailbox(OWNER)) == 2
    assert len(lab.reports_in()) == 1


@pytest.mark.parametrize("agrees", [False, True])
def test_an_address_outside_has_to_agree(lab: Lab, agrees: bool) -> None:
    outside = "postmaster@forward.example"
    lab.ask_for_reports(to=outside)
    if agrees:
        lab.dns.zone("forward.example").set("acorn.example._report._dmarc", "TXT", "v=DMARC1")
    lab.day_of_mail({"own": 1})
    (verdict,) = lab.dmarc_reports().destinations
    assert verdict.result == ("pass" if agrees else "fail")
    assert len(lab.reports_in(outside)) == agrees


def test_nobody_asked_and_nobody_can_read(lab: Lab) -> None:
    lab.day_of_mail({"own": 1})
    sent = lab.dmarc_reports()
    assert (len(sent), sent.destinations) == (1, ())
    lab.dns.zone("acorn.example").set(
        "_dmarc", "TXT", "v=DMARC1; p=none; rua=https://acorn.example/, mailto:x"
    )
    lab.day_of_mail({"own": 1})
    assert [verdict.result for verdict in lab.dmarc_reports().destinations] == ["permerror"]


def test_a_broken_report_is_a_verdict_and_the_others_are_read(lab: Lab) -> None:
    lab.ask_for_reports()
    lab.day_of_mail({"own": 1})
    report = lab.dmarc_reports()[0]
    message: Any = letter(report, author="x@y.example", to=OWNER, receiver="y.example", when=lab.clock.now())
    (part,) = message.iter_attachments()
    part.set_content(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", maintype="text", subtype="xml")
    with lab.smtp("mail.acorn.example", 25, "mail.mallory.example") as client:
        client.sendmail("x@y.example", [OWNER], message.as_bytes())
    found = lab.reports_in()
    assert len(found) == 1
    (verdict,) = found.destinations
    assert (verdict.result, verdict.steps[0].what) == ("permerror", "message 2")
    assert "document type" in verdict.text()


# a roll-out ------------------------------------------------------------------------------------


def test_a_roll_out_is_read_from_reports(lab: Lab) -> None:
    found = lab.roll_out(stages=("none", "quarantine", "reject"), mix=SMALL)
    assert [report.published.p for report in found] == ["none", "quarantine", "reject"]
    assert [report.messages for report in found] == [6, 6, 6]
    assert [str(report.period[0].date()) for report in found] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    by_source = {sender.source: sender for sender in summary(found).senders}
    assert by_source["192.0.2.10"].failing == 0  # her own provider
    assert by_source["203.0.113.146"].passing == 0  # the newsletters are authenticated as another's
    assert by_source["203.0.113.146"].known_as == ("news.example",)
    assert by_source["203.0.113.66"].passing == 0
    done = [{row.disposition for row in report.rows if not row.passes} for report in found]
    assert done == [{"none"}, {"quarantine"}, {"quarantine"}]  # p=reject alone means the junk folder
    assert {reason.type for row in found[2].rows if not row.passes for reason in row.reasons} == {
        "local_policy"
    }
    for report in found:
        DMARC2Schema.validate(write(report).decode())


def test_a_receiver_that_refuses_reports_what_it_refused(lab: Lab) -> None:
    lab.mta(MX).checks.dmarc = "reject"
    lab.ask_for_reports(p="reject")
    sent = lab.day_of_mail(SMALL)
    assert dict(sent.refused) == {"newsletter": 2, "forged": 1}
    (report,) = lab.dmarc_reports()
    done = {row.source: (row.disposition, row.reasons) for row in report.rows if not row.passes}
    assert done == {"203.0.113.146": ("reject", ()), "203.0.113.66": ("reject", ())}


def test_a_policy_that_is_only_a_test(lab: Lab) -> None:
    lab.ask_for_reports(p="reject", t="y")
    lab.day_of_mail({"newsletter": 1})
    (report,) = lab.dmarc_reports()
    (row,) = report.rows
    assert (report.published.testing, row.disposition) == ("y", "quarantine")
    assert [reason.type for reason in row.reasons] == ["policy_test_mode"]


@pytest.mark.parametrize("days", [0, 11])
def test_a_roll_out_has_its_limits(lab: Lab, days: int) -> None:
    with pytest.raises(LabError, match="30 days"):
        lab.roll_out(days=days)
