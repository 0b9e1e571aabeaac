"""Aggregate reports: written and read again, against the schema, in both forms, and as vendors write them."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from dmarc.report import DMARC2Schema, DMARCRelaxedSchema
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.auth.dmarc.reports import (
    DkimResult,
    Published,
    Reading,
    Reason,
    Report,
    Row,
    SpfResult,
    file_name,
    pack,
    read,
    write,
)
from smtplab.auth.dmarc.reports.record import DISPOSITIONS, DKIM_RESULTS, REASONS, SPF_RESULTS, merged
from smtplab.mail.errors import RecordError

ROW = Row(
    "192.0.2.10",
    3,
    "quarantine",
    False,
    False,
    "acorn.example",
    "bounce.acorn.example",
    None,
    (Reason("local_policy", "p=reject alone is no reason to refuse"),),
    (DkimResult("acorn.example", "s1", "fail", "body-changed"), DkimResult("list.example", "l", "pass")),
    (SpfResult("bounce.acorn.example", "softfail"),),
)
REPORT = Report(
    "Birch",
    "noreply-dmarc@birch.example",
    "1.acorn.example@birch.example",
    1_767_225_600,
    1_767_311_999,
    Published("acorn.example", "reject", "quarantine", "reject", "r", "s", "1", "n", "treewalk"),
    (ROW, Row("2001:db8::1", 1, "pass", True, False, "news.acorn.example", "")),
    contact="postmaster@birch.example",
    generator="smtplab",
    errors=("rua= names no address",),
    version="1.0",
)

patient = settings(deadline=None, max_examples=40)  # a busy machine is no fault

# What XML can carry, and what stands in a text without being taken off: no white space at its ends.
texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zs", "Zl", "Zp"]), max_size=30)
words = texts.filter(bool)
domains = st.from_regex(r"[a-z0-9-]{1,12}(\.[a-z0-9-]{1,12}){1,3}", fullmatch=True)
policies = st.sampled_from(["none", "quarantine", "reject"])
maybe = st.sampled_from(["", "none", "quarantine", "reject"])
modes = st.sampled_from(["", "r", "s"])
rows = st.builds(
    Row,
    st.ip_addresses().map(str),
    st.integers(1, 10**9),
    st.sampled_from(DISPOSITIONS),
    st.booleans(),
    st.booleans(),
    domains,
    st.none() | st.just("") | domains,
    st.none() | domains,
    st.lists(st.builds(Reason, st.sampled_from(REASONS), texts), max_size=2).map(tuple),
    st.lists(st.builds(DkimResult, domains, texts, st.sampled_from(DKIM_RESULTS), texts), max_size=3).map(
        tuple
    ),
    st.lists(
        st.builds(SpfResult, domains, st.sampled_from(SPF_RESULTS), st.just("mfrom"), texts), max_size=1
    ).map(tuple),
)
reports = st.builds(
    Report,
    words,
    words,
    words,
    st.integers(0, 10**9),
    st.integers(10**9, 2 * 10**9),
    st.builds(
        Published,
        domains,
        policies,
        maybe,
        maybe,
        modes,
        modes,
        texts,
        st.sampled_from(["", "y", "n"]),
        st.sampled_from(["", "treewalk", "psl"]),
    ),
    st.lists(rows, min_size=1, max_size=4).map(tuple),
    contact=texts,
    generator=texts,
    errors=st.lists(words.filter(lambda text: ";" not in text), max_size=1).map(tuple),
    version=st.just("1.0"),
)


@settings(deadline=None, max_examples=40)
@given(reports)
def test_what_is_written_is_read_and_follows_the_schema(report: Report) -> None:
    text = write(report)
    assert read(text) == report
    assert read(pack(report)) == report
    DMARC2Schema.validate(text.decode())


def test_the_schema_sees_a_fault() -> None:
    text = write(REPORT).decode()
    DMARC2Schema.validate(text)
    assert not DMARC2Schema.is_valid(text.replace("<disposition>quarantine", "<disposition>junk"))
    assert not DMARC2Schema.is_valid(text.replace("<version>1.0</version>", "").replace("<p>reject</p>", ""))


@patient
@given(st.text(), st.text())
def test_any_text_makes_xml(organization: str, note: str) -> None:
    row = replace(ROW, dkim=(DkimResult("acorn.example", note, "fail", note),))
    again = read(write(replace(REPORT, organization=organization, rows=(row,))))
    assert len(again.rows) == 1
    assert again.rows[0].dkim[0].result == "fail"
    DMARC2Schema.validate(write(replace(REPORT, organization=organization, rows=(row,))).decode())


def test_line_ends_in_a_text_survive() -> None:
    report = replace(REPORT, errors=("one\r\ntwo\tthree\rfour",))
    assert read(write(report)) == report


def test_what_the_form_lacks_is_said_otherwise() -> None:
    row = replace(
        ROW,
        disposition="junk",
        reasons=(Reason("sampled_out"), Reason("forwarded", "by a list")),
        spf=(SpfResult("mail.acorn.example", "pass", "helo"), SpfResult("acorn.example", "fail")),
    )
    text = write(replace(REPORT, rows=(row,)))
    DMARC2Schema.validate(text.decode())
    again = read(text).rows[0]
    assert again.reasons == (Reason("other", "sampled_out"), Reason("other", "forwarded: by a list"))
    assert again.spf == (SpfResult("acorn.example", "fail"),)
    assert again.disposition == "none"


def test_an_empty_report_is_not_written() -> None:
    for make in (write, pack):
        with pytest.raises(ValueError, match="one row"):
            make(replace(REPORT, rows=()))


def test_the_file_is_named_as_the_rfc_says() -> None:
    name = "birch.example!acorn.example!1767225600!1767311999"
    assert file_name(REPORT, "birch.example") == f"{name}.xml.gz"
    assert file_name(REPORT, "birch.example", "a7", gzip=False) == f"{name}!a7.xml"
    with pytest.raises(ValueError, match="letters and digits"):
        file_name(REPORT, "birch.example", "../x")


def test_packing_gives_the_same_octets() -> None:
    assert pack(REPORT) == pack(REPORT)
    assert gzip.decompress(pack(REPORT)) == write(REPORT)


def zipped(*files: tuple[str, bytes]) -> bytes:
    store = io.BytesIO()
    with zipfile.ZipFile(store, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return store.getvalue()


@pytest.mark.parametrize(
    ("data", "remark"),
    [
        (write(REPORT), ""),
        (pack(REPORT), ""),
        (gzip.compress(write(REPORT)[:500], mtime=0) + gzip.compress(write(REPORT)[500:], mtime=0), ""),
        (zipped(("a.xml", write(REPORT))), "zip"),
        (zipped(("readme.txt", b"hi"), ("a.xml", write(REPORT))), "2 files"),
        (zipped(("a.xml.gz", pack(REPORT))), "packed twice"),
        (pack(REPORT) + b"\0" * 20, "behind the gzip"),
        (b"\r\n\n" + write(REPORT), "white space"),
        (b"\xef\xbb\xbf" + write(REPORT), ""),
        (write(REPORT).decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"), ""),
    ],
)
def test_however_it_is_packed(data: bytes, remark: str) -> None:
    found = read(data)
    assert replace(found, remarks=()) == REPORT
    assert bool(found.remarks) is bool(remark)
    assert remark in " ".join(found.remarks)


def test_row_by_row() -> None:
    reading = Reading(pack(REPORT))
    assert tuple(reading) == REPORT.rows
    assert reading.report() == replace(REPORT, rows=())


OLD = """<?xml version="1.0"?>
<feedback>
 <version>1.0</version>
 <report_metadata>
  <org_name>Elm</org_name><email>dmarc@elm.example</email><report_id>77</report_id>
  <date_range><begin>1767225600</begin><end>1767311999</end></date_range>
 </report_metadata>
 <policy_published>
  <domain>acorn.example</domain><adkim>r</adkim><aspf>r</aspf><p>quarantine</p><sp>none</sp><pct>50</pct>
 </policy_published>
 <record>
  <row>
   <source_ip>203.0.113.9</source_ip><count>12</count>
   <policy_evaluated>
    <disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>
    <reason><type>sampled_out</type></reason>
   </policy_evaluated>
  </row>
  <identifiers>
   <envelope_from>relay.example</envelope_from><header_from>acorn.example</header_from>
  </identifiers>
  <auth_results>
   <dkim><domain>relay.example</domain><selector>r1</selector><result>pass</result></dkim>
   <spf><domain>relay.example</domain><scope>mfrom</scope><result>pass</result></spf>
   <spf><domain>out.relay.example</domain><scope>helo</scope><result>none</result></spf>
  </auth_results>
 </record>
</feedback>
"""


def test_the_older_form() -> None:
    DMARCRelaxedSchema.validate(OLD)
    found = read(OLD.encode())
    assert (found.form, found.remarks, found.organization) == ("RFC 7489", (), "Elm")
    assert found.published == Published("acorn.example", "quarantine", "none", adkim="r", aspf="r", pct="50")
    row = found.rows[0]
    assert (row.source, row.count, row.passes) == ("203.0.113.9", 12, False)
    assert row.reasons == (Reason("sampled_out"),)
    assert row.spf[1] == SpfResult("out.relay.example", "none", "helo")
    DMARC2Schema.validate(write(found).decode())


@pytest.mark.parametrize(
    ("before", "after", "remark"),
    [
        (" <version>1.0</version>\n", "", "gives no version"),
        ("<feedback>", '<feedback xmlns="http://dmarc.org/dmarc-xml/0.1">', ""),
        ("<feedback>", '<feedback xmlns="urn:other">', "namespace"),
        ("<dkim>fail</dkim>", "<dkim>Fail</dkim>", "capitals"),
        ("<dkim>fail</dkim>", "<dkim>none</dkim>", "a dkim is none of"),
        ("<dkim>fail</dkim>", "", "a dkim is none of"),
        ("<result>none</result>", "<result>hardfail</result>", "older drafts: hardfail"),
        ("<scope>helo</scope>", "<scope>other</scope>", "scope"),
        ("<type>sampled_out</type>", "<type>arc</type>", "type that is not known"),
        ("<source_ip>203.0.113.9", "<source_ip>unknown", "no IP address"),
        ("<count>12</count>", "<count>many</count>", "count"),
        ("<count>12</count>", "<count>-1</count>", "count"),
        ("<begin>1767225600", "<begin>1767225600.25", "fraction"),
        ("<begin>1767225600", "<begin>1767225600000", "milliseconds"),
        ("<begin>1767225600", "<begin>yesterday", "begin is not a number"),
        ("<end>1767311999", "<end>1", "ends before"),
        ("<p>quarantine</p>", "<p/>", "gives no p"),
        ("<p>quarantine</p>", "<p>block</p>", "p in policy_published"),
        ("<domain>acorn.example</domain><adkim>", "<adkim>", "no policy domain"),
        ("<email>dmarc@elm.example</email>", "", "gives no email"),
        ("<header_from>acorn.example</header_from>", "", "header_from"),
        ("</record>", "<x:note xmlns:x='urn:x'><x:a><x:b/></x:a></x:note></record>", "extensions"),
        ("<record>", "<extension><anything/></extension><record>", "extensions"),
        ("<record>", "<comment>hi</comment><record>", "no report should have"),
        ("<record>", "<version>2</version><record>", "twice"),
        ("<org_name>Elm", f"<org_name>{'m' * 9_000}", "longer than 4000"),
    ],
)
def test_what_vendors_write(before: str, after: str, remark: str) -> None:
    assert before in OLD
    found = read(OLD.replace(before, after).encode())
    assert [bool(found.remarks), len(found.rows)] == [bool(remark), 1]
    assert remark in " ".join(found.remarks)


@pytest.mark.parametrize(
    ("before", "after", "see"),
    [
        ("<begin>1767225600", "<begin>1767225600000", lambda r: r.begin == 1_767_225_600),
        ("<count>12</count>", "<count>many</count>", lambda r: r.rows[0].count == 1),
        ("<dkim>fail</dkim>", "<dkim>PASS</dkim>", lambda r: r.rows[0].dkim_aligned),
        ("<dkim>fail</dkim>", "<dkim>policy</dkim>", lambda r: not r.rows[0].dkim_aligned),
        (
            "<result>none</result>",
            "<result>unknown</result>",
            lambda r: r.rows[0].spf[1].result == "permerror",
        ),
        ("<envelope_from>relay.example", "<envelope_from>", lambda r: r.rows[0].envelope_from == ""),
        ("<envelope_from>relay.example</envelope_from>", "", lambda r: r.rows[0].envelope_from is None),
        ("<type>sampled_out", "<type>arc", lambda r: r.rows[0].reasons == (Reason("other", "arc"),)),
        ("203.0.113.9", "2001:DB8:0::1", lambda r: r.rows[0].source == "2001:db8::1"),
        ("<header_from>acorn", "<header_from>ACORN", lambda r: r.rows[0].header_from == "acorn.example"),
    ],
)
def test_what_is_made_of_it(before: str, after: str, see: Callable[[Report], bool]) -> None:
    assert before in OLD
    assert see(read(OLD.replace(before, after).encode()))


def test_octets_that_are_not_utf_8_are_replaced() -> None:
    found = read(OLD.encode().replace(b"Elm", b"M\xfcller " + b"\xc3\xbc" * 40_000 + b"\xe2\x82"))
    assert found.organization.startswith("M\ufffdller \u00fc\u00fc")
    assert "not UTF-8" in " ".join(found.remarks)
    text = OLD.replace('version="1.0"', 'version="1.0" encoding="ISO-8859-1"').replace("Elm", "M\u00fcller")
    found = read(text.encode("latin-1"))
    assert (found.organization, found.remarks) == ("M\u00fcller", ())


def test_a_reason_without_a_type() -> None:
    said, nothing = "<reason>arc=pass</reason>", "<reason/>"
    found = read(OLD.replace("<reason><type>sampled_out</type></reason>", said + nothing).encode())
    assert found.rows[0].reasons == (Reason("other", "arc=pass"),)
    assert "no type" in " ".join(found.remarks)


def test_a_report_without_records_is_read_and_remarked() -> None:
    start, end = OLD.index(" <record>"), OLD.index("</feedback>")
    found = read((OLD[:start] + OLD[end:]).encode())
    assert found.rows == ()
    assert "no record" in found.remarks[0]


@pytest.mark.parametrize("part", ["report_metadata", "policy_published"])
def test_without_its_frame_it_is_no_report(part: str) -> None:
    with pytest.raises(RecordError, match=f"no {part}"):
        read(OLD.replace(part, "something").encode())


def test_equal_rows_are_counted_together() -> None:
    rows = [replace(ROW, count=1), replace(ROW, count=4), replace(ROW, source="192.0.2.11")]
    assert list(merged(rows)) == [replace(ROW, count=5), replace(ROW, source="192.0.2.11")]
