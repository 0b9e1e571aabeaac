"""Reports made of judgements, mailed, counted; where they may go; and what failure reports would be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import dns.rdata
import dns.resolver
import pytest
from dmarc.report import DMARC2Schema

from smtplab.auth.dmarc import DmarcVerdict, parse
from smtplab.auth.dmarc.reports import (
    DkimResult,
    Reason,
    Report,
    SpfResult,
    aggregate,
    enclosed,
    failure_reports,
    letter,
    mailto,
    may_report,
    summary,
    write,
)
from smtplab.mail.envelope import Envelope
from smtplab.mail.errors import RecordError
from smtplab.mail.path import Path
from tests.auth.test_auth_dmarc_reports import REPORT, ROW, zipped

DAY = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = {"begin": DAY, "end": DAY + timedelta(days=1)}
TEST = "v=DMARC1; p=reject; t=y"
BIRCH = {"organization": "Birch", "email": "noreply-dmarc@birch.example"}


@dataclass
class Judgement:
    """A judgement with nothing but what a report needs."""

    client: str = "192.0.2.10"
    reverse_path: str = "alice@acorn.example"
    header_from: str = "acorn.example"
    spf: Any = field(default_factory=lambda: SimpleNamespace(result="pass", domain="acorn.example"))
    dkim: tuple[Any, ...] = ()
    record: str = "v=DMARC1; p=reject; rua=mailto:dmarc@acorn.example"
    policy: str = "reject"
    aligned: tuple[bool, bool] = (True, False)  # SPF, DKIM
    disposition: str = "none"
    result: str = ""
    when: datetime = DAY + timedelta(hours=5)
    policy_domain: str = "acorn.example"

    @property
    def envelope(self) -> Envelope:
        return Envelope(Path.of(self.reverse_path) if self.reverse_path else Path())

    @property
    def dmarc(self) -> DmarcVerdict:
        return DmarcVerdict(
            self.result or ("pass" if any(self.aligned) else "fail"),
            "DMARC",
            "",
            domain=self.header_from,
            policy=self.policy,
            tag="p",
            policy_domain=self.policy_domain,
            org_domain="acorn.example",
            spf_aligned=self.aligned[0],
            dkim_aligned=self.aligned[1],
            aligned_signers=("acorn.example", "mail.acorn.example"),
            record=parse(self.record) if self.record else None,
            testing="t=y" in self.record,
        )


def made(*judged: Judgement) -> tuple[Report, ...]:
    return aggregate(judged, **BIRCH, **DAYS)


def test_a_day_becomes_a_report() -> None:
    (report,) = made(Judgement(), Judgement(), Judgement(client="203.0.113.66", aligned=(False, False)))
    assert [(row.source, row.count, row.disposition) for row in report.rows] == [
        ("192.0.2.10", 2, "pass"),
        ("203.0.113.66", 1, "none"),
    ]
    assert (report.begin, report.end) == (1_767_225_600, 1_767_311_999)
    assert report.id == "1767225600.acorn.example@birch.example"
    assert report.published.p == report.published.sp == report.published.np == "reject"
    assert (report.published.adkim, report.published.testing, report.published.fo) == ("r", "n", "0")
    DMARC2Schema.validate(write(report).decode())


def test_one_for_each_policy_domain_and_only_of_that_day() -> None:
    reports = made(
        Judgement(),
        Judgement(policy_domain="", record=""),
        Judgement(policy_domain="news.acorn.example"),
        Judgement(when=DAY + timedelta(days=1)),
        Judgement(when=DAY - timedelta(seconds=1)),
    )
    assert [(report.published.domain, report.messages) for report in reports] == [
        ("acorn.example", 1),
        ("news.acorn.example", 1),
    ]
    assert made() == ()


@pytest.mark.parametrize(
    ("judged", "disposition", "reasons"),
    [
        (Judgement(), "pass", ()),
        (Judgement(policy="none", record="v=DMARC1; p=none"), "none", ()),
        (Judgement(aligned=(False, False), disposition="reject"), "reject", ()),
        (Judgement(aligned=(False, False), disposition="discard"), "reject", ()),
        (Judgement(aligned=(False, False), disposition="junk", policy="quarantine"), "quarantine", ()),
        (Judgement(record=TEST, policy="quarantine"), "pass", ()),
        (Judgement(aligned=(False, False), result="temperror"), "none", ("other",)),
        (Judgement(aligned=(False, False), result="permerror", policy="", record="v=DMARC1"), "none", ()),
        (Judgement(aligned=(False, False), record=TEST, policy="quarantine"), "none", ("local_policy",)),
        (Judgement(aligned=(False, False), disposition="junk"), "quarantine", ("local_policy",)),
        (Judgement(aligned=(False, False)), "none", ("local_policy",)),
        (
            Judgement(aligned=(False, False), disposition="junk", policy="quarantine", record=TEST),
            "quarantine",
            ("policy_test_mode",),
        ),
        (Judgement(aligned=(False, False), policy="none", record="v=DMARC1; p=none"), "none", ()),
    ],
)
def test_what_was_done_and_why(judged: Judgement, disposition: str, reasons: tuple[str, ...]) -> None:
    (report,) = made(judged)
    (row,) = report.rows
    assert (row.disposition, tuple(reason.type for reason in row.reasons)) == (disposition, reasons)


def test_signatures_are_in_order_of_their_use() -> None:
    def signature(domain: str, result: str = "pass") -> Any:
        return SimpleNamespace(domain=domain, selector="s", result=result, cause="")

    given = ["list.example", "mail.acorn.example", "acorn.example"]
    dkim = (signature("acorn.example", "fail"), *map(signature, given))
    (report,) = made(Judgement(dkim=dkim, spf=None, reverse_path=""))
    (row,) = report.rows
    assert [(one.domain, one.result) for one in row.dkim] == [
        ("acorn.example", "pass"),
        ("mail.acorn.example", "pass"),
        ("list.example", "pass"),
        ("acorn.example", "fail"),
    ]
    assert (row.spf, row.envelope_from) == ((), "")


# mail -------------------------------------------------------------------------------------------


def mail() -> Any:
    return letter(
        REPORT, author="noreply-dmarc@birch.example", to="d@acorn.example", receiver="birch.example", when=DAY
    )


def test_a_letter_carries_the_report() -> None:
    content = mail().as_bytes()
    assert content == mail().as_bytes()
    (found,) = enclosed(content)
    assert found == REPORT
    assert b"filename=" in content
    message = mail()
    assert message["Subject"] == (
        "Report Domain: acorn.example Submitter: birch.example Report-ID: <1.acorn.example@birch.example>"
    )
    (part,) = message.iter_attachments()
    assert part.get_content_type() == "application/gzip"
    assert part.get_filename() == "birch.example!acorn.example!1767225600!1767311999.xml.gz"
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("type_", "name", "data"),
    [
        ("application/zip", "a.zip", zipped(("a.xml", write(REPORT)))),
        ("application/octet-stream", "a.xml", write(REPORT)),
        ("text/xml", "", write(REPORT)),
    ],
)
def test_reports_in_other_mail(type_: str, name: str, data: bytes) -> None:
    message = mail()
    (part,) = message.iter_attachments()
    maintype, _, subtype = type_.partition("/")
    part.set_content(data, maintype=maintype, subtype=subtype, filename=name or None)
    assert [replace(found, remarks=()) for found in enclosed(message.as_bytes())] == [REPORT]


def test_mail_without_a_report_and_with_a_broken_one() -> None:
    assert enclosed(b"Subject: hello\r\n\r\nNo report.\r\n") == ()
    message = mail()
    (part,) = message.iter_attachments()
    part.set_content(b"nothing", maintype="application", subtype="gzip")
    with pytest.raises(RecordError):
        enclosed(message.as_bytes())


# counting ---------------------------------------------------------------------------------------


def test_who_sends_and_what_would_be_refused() -> None:
    later = replace(REPORT, begin=REPORT.begin + 86_400, end=REPORT.end + 86_400, organization="Elm")
    counted = summary([REPORT, later])
    assert (counted.messages, counted.passing, counted.failing, counted.spf, counted.dkim) == (8, 2, 6, 0, 2)
    assert [(sender.source, sender.failing) for sender in counted.senders] == [
        ("192.0.2.10", 6),
        ("2001:db8::1", 0),
    ]
    assert counted.days == (("2026-01-01", 1, 3), ("2026-01-02", 1, 3))
    assert [sender.known_as for sender in counted.senders] == [("list.example",), ()]
    assert "list.example, which is not aligned" in counted.senders[0].advice
    assert "p=reject would ask to refuse 3" in str(REPORT)


@pytest.mark.parametrize(
    ("spf", "dkim", "known", "advice"),
    [
        (True, True, (), "Nothing to do"),
        (False, True, (), "DKIM alone"),
        (True, False, (), "SPF alone"),
        (False, False, (), "Nothing passes"),
        (False, False, (SpfResult("relay.example", "pass"),), "relay.example"),
        (False, False, (SpfResult("relay.example", "fail"),), "Nothing passes"),
    ],
)
def test_the_advice(spf: bool, dkim: bool, known: tuple[SpfResult, ...], advice: str) -> None:
    row = replace(ROW, spf_aligned=spf, dkim_aligned=dkim, spf=known, dkim=(DkimResult("x", "s", "fail"),))
    assert advice in summary(replace(REPORT, rows=(row,))).senders[0].advice


def test_what_passes_makes_nobody_suspect() -> None:
    passing = replace(ROW, spf_aligned=True, spf=(SpfResult("acorn.example", "pass"),), dkim=())
    failing = replace(ROW, spf=(SpfResult("acorn.example", "fail"),), dkim=())
    assert summary(replace(REPORT, rows=(passing, failing))).senders[0].known_as == ()


def test_only_reports_of_one_domain_are_counted_together() -> None:
    other = replace(REPORT, published=replace(REPORT.published, domain="elm.example"))
    for wrong in ([], [REPORT, other]):
        with pytest.raises(ValueError, match="report"):
            summary(wrong)


def test_the_text_is_safe_and_short() -> None:
    row = replace(ROW, source="\x1b[31m", header_from="\u202e", reasons=(Reason("other", "\x07"),))
    rows = (row, *(replace(ROW, source=f"192.0.2.{n}") for n in range(60)))
    report = replace(REPORT, organization="\x1b]0;x\x07", rows=rows, end=10**13, remarks=("\x1b",))
    said = report.text()
    assert not any(char in said for char in "\x1b\x07\u202e")
    assert "and 36 more addresses" in said
    assert len(said.splitlines()) < 70


# destinations -----------------------------------------------------------------------------------


def resolver(records: dict[str, list[str]]) -> Any:
    asked: list[str] = []

    def resolve(name: str, rdtype: str) -> list[dns.rdata.Rdata]:
        asked.append(name)
        if name == "slow._report._dmarc.elm.example":
            raise dns.resolver.LifetimeTimeout(timeout=1, errors=[])
        if name not in records:
            raise dns.resolver.NXDOMAIN
        return [dns.rdata.from_text("IN", rdtype, f'"{text}"') for text in records[name]]

    resolve.asked = asked  # type: ignore[attr-defined]
    return resolve


NAME = "acorn.example._report._dmarc.elm.example"


@pytest.mark.parametrize(
    ("domain", "rua", "records", "result", "to"),
    [
        ("acorn.example", "mailto:d@acorn.example", (), "pass", "d@acorn.example"),
        ("acorn.example", "mailto:d@ACORN.example!10m", (), "pass", "d@ACORN.example"),
        ("acorn.example", "mailto:d@elm.example", (), "fail", ""),
        ("acorn.example", "mailto:d@elm.example", ("v=DMARC1",), "pass", "d@elm.example"),
        ("acorn.example", "mailto:d@elm.example", ("v=DMARC1;",), "pass", "d@elm.example"),
        ("acorn.example", "mailto:d@elm.example", ("hello", "v=DMARC1"), "pass", "d@elm.example"),
        ("acorn.example", "mailto:d@elm.example", ("p=none; v=DMARC1",), "fail", ""),
        ("acorn.example", "mailto:d@elm.example", ("v=dmarc1",), "fail", ""),
        (
            "acorn.example",
            "mailto:d@elm.example",
            ("v=DMARC1; rua=mailto:x@elm.example",),
            "pass",
            "x@elm.example",
        ),
        (
            "acorn.example",
            "mailto:d@elm.example",
            ("v=DMARC1; rua=mailto:x@oak.example",),
            "pass",
            "d@elm.example",
        ),
        ("slow", "mailto:d@elm.example", (), "temperror", ""),
        (f"{'a.' * 110}example", "mailto:d@elm.example", (), "fail", ""),
        ("acorn.example", "https://elm.example/", (), "permerror", ""),
        ("acorn.example", "mailto:elm.example", (), "permerror", ""),
        ("acorn.example", "mailto:a%0d%0aBcc:x@elm.example", (), "permerror", ""),
    ],
)
def test_where_reports_may_go(domain: str, rua: str, records: tuple[str, ...], result: str, to: str) -> None:
    resolve = resolver({NAME: list(records)} if records else {})
    verdict = may_report(domain, rua, resolve=resolve)
    assert (verdict.result, verdict.destination) == (result, to)
    assert verdict.steps
    assert "\n" not in "".join(step.what for step in verdict.steps)


def test_what_is_asked_and_what_if() -> None:
    resolve = resolver({})
    verdict = may_report("acorn.example", "mailto:d@elm.example", resolve=resolve)
    walks = ["_dmarc.acorn.example", "_dmarc.example", "_dmarc.elm.example"]
    assert resolve.asked == [*walks, NAME]
    assert [question.name for question, _ in verdict.queries] == resolve.asked
    changed = verdict.what_if(records={(NAME, "TXT"): "v=DMARC1"})
    assert (changed.before.result, changed.after.result) == ("fail", "pass")


def test_one_organization_is_told_by_the_tree_walk() -> None:
    resolve = resolver({"_dmarc.acorn.example": ["v=DMARC1; p=none"]})
    for domain, rua in (("news.acorn.example", "d@acorn.example"), ("acorn.example", "d@in.acorn.example")):
        assert may_report(domain, f"mailto:{rua}", resolve=resolve).result == "pass"
    resolve = resolver({"_dmarc.in.acorn.example": ["v=DMARC1; p=none; psd=n"]})
    assert may_report("acorn.example", "mailto:d@in.acorn.example", resolve=resolve).result == "fail"


def test_a_name_that_is_too_long_is_not_asked_for() -> None:
    resolve = resolver({})
    may_report("a." * 110 + "example", "mailto:d@elm.example", resolve=resolve)
    assert not any("_report" in name for name in resolve.asked)


def test_the_name_is_in_a_labels() -> None:
    resolve = resolver({})
    may_report("bücher.example", "mailto:d@elm.example", resolve=resolve)
    assert resolve.asked[-1:] == ["xn--bcher-kva.example._report._dmarc.elm.example"]


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("mailto:a@b.example", "a@b.example"),
        (" MAILTO:a@b.example!5m ", "a@b.example"),
        ("mailto:a%2Bb@b.example", "a+b@b.example"),
        ("mailto:a@b.example?subject=x", "a@b.example"),
        ("mailto:a@b.example,mailto:c@d.example", ""),
        ("a@b.example", ""),
        ("mailto:@", ""),
        ("", ""),
    ],
)
def test_mailto(uri: str, address: str) -> None:
    assert mailto(uri) == address


# failure reports --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fo", "given", "result"),
    [
        ("0", {}, "pass"),
        ("0", {"dkim_aligned": True}, "none"),
        ("1", {"dkim_aligned": True}, "pass"),
        ("1", {"dkim_aligned": True, "spf_aligned": True}, "none"),
        ("d", {"dkim": ["pass", "fail"]}, "pass"),
        ("d", {"dkim": ["pass"]}, "none"),
        ("s", {"spf": "softfail", "dkim_aligned": True}, "pass"),
        ("s", {"spf": "pass"}, "none"),
        ("d:s", {"spf": "fail"}, "pass"),
        ("x", {}, "none"),
    ],
)
def test_when_a_failure_report_is_asked_for(fo: str, given: dict[str, Any], result: str) -> None:
    assert failure_reports(fo, ruf=["mailto:f@acorn.example"], **given).result == result
    assert failure_reports(fo, **given).result == "none"  # nowhere to send it


def test_why_few_are_sent() -> None:
    verdict = failure_reports("1")
    assert {step.ref for step in verdict.steps[-1].steps} >= {"RFC 9991 §5", "RFC 9991 §7"}
