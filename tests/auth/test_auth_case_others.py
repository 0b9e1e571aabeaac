"""What is no message: replies, logs, transcripts, bounces, reports and records go to their own readers."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.auth.case import explain, recognise
from smtplab.auth.case.others import READERS
from smtplab.mail.errors import RecordError
from smtplab.mail.verdict import Verdict, walk

CASES = Path(__file__).resolve().parents[1] / "cases"
SAID = "host mx.birch.example[192.0.2.25] said: 550 5.7.26 Unauthenticated (in reply to end of DATA command)"
POSTFIX = f"""Mar  2 09:00:01 mail postfix/qmgr[70]: 4F1: from=<alice@acorn.example>, size=900
Mar  2 09:00:02 mail postfix/smtp[77]: 4F1: to=<bob@birch.example>, dsn=5.7.26, status=bounced ({SAID})
Mar  2 09:00:02 mail postfix/qmgr[70]: 4F1: removed
"""
EXIM = (
    "2026-03-02 09:00:01 1rgXyZ-00000000Abc-1x2Y ** bob@birch.example R=dns T=remote_smtp: SMTP error from "
    "remote mail server after RCPT TO:<bob@birch.example>: 550 5.1.1 User unknown\n"
)
SWAKS = """=== Trying mx.birch.example:25...
=== Connected to mx.birch.example.
<-  220 mx.birch.example ESMTP
 -> EHLO alice.home.example
<-  250 mx.birch.example
 -> MAIL FROM:<alice@acorn.example>
<-  250 2.1.0 Ok
 -> RCPT TO:<bob@birch.example>
<** 450 4.2.0 Greylisted, try again later
 -> QUIT
<-  221 2.0.0 Bye
=== Connection closed with remote host.
"""
REPORT = b"""<?xml version="1.0"?><feedback><report_metadata><org_name>birch.example</org_name>
<email>r@birch.example</email><report_id>1</report_id><date_range><begin>1772409600</begin>
<end>1772496000</end></date_range></report_metadata>
<policy_published><domain>acorn.example</domain><p>none</p></policy_published>
<record><row><source_ip>198.51.100.10</source_ip><count>7</count><policy_evaluated>
<disposition>none</disposition><dkim>pass</dkim><spf>pass</spf></policy_evaluated></row>
<identifiers><header_from>acorn.example</header_from></identifiers><auth_results></auth_results></record>
<record><row><source_ip>203.0.113.66</source_ip><count>3</count><policy_evaluated>
<disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>acorn.example</header_from></identifiers><auth_results></auth_results></record>
</feedback>"""
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.elm.example\r\nmx: *.birch.example\r\nmax_age: 86400\r\n"


def told(data: bytes) -> Verdict:
    return explain(data, recognise(data))


def words(verdict: Verdict) -> str:
    return " ".join(f"{step.what}: {step.why}" for _, step in walk(verdict.steps))


@pytest.mark.parametrize(
    ("data", "result", "inside"),
    [
        (b"550 5.7.26 Unauthenticated", "refused", "5.7.26"),
        (POSTFIX.encode(), "refused", "5.7.26"),
        (EXIM.encode(), "refused", "5.1.1"),
        (SWAKS.encode(), "delayed", "450"),
        (
            SWAKS.replace("<** 450 4.2.0 Greylisted, try again later", "<-  250 2.1.5 Ok").encode(),
            "accepted",
            "250",
        ),
        ((CASES / "bounces" / "postfix.eml").read_bytes(), "failed", "5.1.1"),
        (REPORT, "partial", "3 messages, 0 of them pass"),
        (gzip.compress(REPORT, mtime=0), "partial", "p=none"),
        (b"v=spf1 ip4:192.0.2.1 -all", "pass", ""),
        (b'"v=spf1 ip4:192.0.2.1 " "ptr -all"', "policy", "ptr"),
        (b"v=DMARC1; p=nope", "permerror", "p=nope"),
        (b"v=DKIM1; p=", "policy", ""),
        (POLICY, "pass", "enforce"),
        (POLICY.replace(b"enforce", b"strict"), "permerror", "enforce, testing or none is meant"),
        (POLICY.replace(b"max_age: 86400", b"max_age: 99999999"), "permerror", "at most 31557600"),
        (POLICY.replace(b"mx: ", b"mz: "), "permerror", "mx: it is missing"),
        (POLICY.replace(b"*.birch.example", b"*birch"), "permerror", "a host name is meant"),
        (POLICY + b"mode: none\r\nnonsense\r\n", "permerror", "the first one counts"),
        (b"version: STSv1\nmode: none\nmax_age: 0\n", "pass", "no policy any more"),
    ],
)
def test_each_goes_to_its_reader(data: bytes, result: str, inside: str) -> None:
    verdict = told(data)
    assert verdict.result == result, verdict.text()
    assert inside in words(verdict)


def test_what_has_no_reader_and_what_can_not_be_read() -> None:
    with pytest.raises(RecordError, match="nothing here reads a text"):
        explain(b"hello", "text")
    with pytest.raises(RecordError):
        explain(b"\x1f\x8b nonsense", "aggregate report")
    with pytest.raises(RecordError):
        explain(b"=== Trying x\n", "swaks transcript")


@pytest.mark.parametrize("kind", READERS)
@given(data=st.one_of(st.binary(max_size=200), st.sampled_from([POSTFIX, SWAKS, EXIM]).map(str.encode)))
@settings(max_examples=15, deadline=None)
def test_strangers_can_only_make_it_say_so(kind: str, data: bytes) -> None:
    try:
        verdict = explain(data, kind)  # type: ignore[arg-type]
    except RecordError:
        return
    assert verdict.text().replace("\n", "").isprintable()
