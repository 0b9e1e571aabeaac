"""The message that a bounce brings back: found, and judged for what there is of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.auth.answers import read
from smtplab.auth.case import Case, CaseJudgement, bounced, explain, judge_bounce, judge_case, returned
from tests.auth import dkim_zone
from tests.auth.test_auth_case import ALL, MESSAGE, NOW, RECORDS, SIGNED, results

BOUNCES = Path(__file__).resolve().parents[1] / "cases" / "bounces"
SIGNED_HEAD = SIGNED.partition(b"\r\n\r\n")[0] + b"\r\n"
HEAD = MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n"
EXIM = b"From: Mailer-Daemon@acorn.example\r\nX-Failed-Recipients: a@b.example\r\n\r\nIt failed.\r\n\r\n"
WHOLE_LINE = b"------ This is a copy of the message, including all the headers. ------\r\n\r\n"
HEAD_LINE = b"------ This is a copy of the message's headers. ------\r\n\r\n"
CUT_LINE = (
    b"------ The body of the message is 9000 characters long; only the first\r\n"
    b"------ 100 or so are included here.\r\n\r\n"
)


def dsn(kind: bytes, copy: bytes) -> bytes:
    return (
        b"Return-Path: <>\r\nFrom: MAILER-DAEMON@birch.example\r\nTo: alice@acorn.example\r\n"
        b"Date: Mon, 2 Mar 2026 09:01:00 +0000\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\n\r\nIt failed.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.birch.example\r\n\r\nFinal-Recipient: rfc822; bob@birch.example\r\n"
        b"Action: failed\r\nStatus: 5.7.26\r\n\r\n--b\r\nContent-Type: "
        + kind
        + b"\r\n\r\n"
        + copy
        + b"\r\n--b--\r\n"
    )


def judged(bounce: bytes, answers: str = ALL) -> CaseJudgement:
    copy = returned(bounce)
    assert copy
    case = Case(copy.message, trusted=("mx.birch.example",), answers=read(answers))
    return judge_case(replace(case, headers_only=copy.headers_only), NOW)


@pytest.mark.parametrize(
    ("bounce", "copy"),
    [
        (dsn(b"message/rfc822", MESSAGE), (MESSAGE, False)),
        (dsn(b"message/rfc822", HEAD), (HEAD, True)),  # as Exchange does
        (dsn(b"text/rfc822-headers", HEAD), (HEAD, True)),
        (dsn(b"message/global-headers", HEAD), (HEAD, True)),
        (EXIM + WHOLE_LINE + MESSAGE, (MESSAGE, False)),
        (EXIM + HEAD_LINE + HEAD, (HEAD, True)),
        (EXIM + WHOLE_LINE + CUT_LINE + MESSAGE, (HEAD, True)),
        (EXIM + b"--- Below this line is a copy of the message.\r\n\r\n" + MESSAGE, (MESSAGE, False)),
        (dsn(b"image/png", b"png"), None),
        (dsn(b"message/rfc822", b"???"), None),
        (EXIM, None),
        (EXIM + b"> " + WHOLE_LINE + MESSAGE, None),
    ],
)
def test_what_came_back(bounce: bytes, copy: tuple[bytes, bool] | None) -> None:
    found = returned(bounce)
    assert (found and (found.message.strip(), found.headers_only)) == (copy and (copy[0].strip(), copy[1]))


@pytest.mark.parametrize("name", [path.name for path in sorted(BOUNCES.glob("*.eml"))])
def test_the_bounces_of_real_programs(name: str) -> None:
    found = returned((BOUNCES / name).read_bytes())
    assert (found is not None) == (name == "postfix.eml")
    if found:
        assert found.headers_only and "section alone" in found.said
        assert found.message.startswith(b"From: alice@acorn.example")


def test_the_whole_message_is_judged_as_it_is() -> None:
    assert results(judged(dsn(b"message/rfc822", MESSAGE))) == ["pass", "pass", "pass"]


def test_without_its_body_a_signature_is_unknown() -> None:
    found = judged(dsn(b"text/rfc822-headers", HEAD))
    assert results(found) == ["pass", "unknown", "pass"]  # DMARC by SPF
    steps = {step.what: step for step in found.of("DKIM")[0].steps}
    assert steps["signature"].result == "pass" and steps["body hash"].result == "unknown"
    assert found.missing == () and not found.damage


def test_dmarc_waits_for_the_signature_when_spf_fails() -> None:
    answers = ALL.replace("198.51.100.10", "198.51.100.99")
    found = judged(dsn(b"text/rfc822-headers", HEAD), answers)
    assert results(found) == ["fail", "unknown", "unknown"]
    assert "DKIM unknown for acorn.example" in [step.what for step in found.of("DMARC")[0].steps]
    assert "body is not what" not in " ".join(found.sentences)


def test_a_header_section_that_was_changed_fails_all_the_same() -> None:
    changed = HEAD.replace(b"Subject: ", b"Subject: [trees] ")
    assert changed != HEAD
    assert results(judged(dsn(b"text/rfc822-headers", changed)))[1] == "fail"


def test_what_if_still_knows_that_the_body_is_gone() -> None:
    found = judged(
        dsn(b"text/rfc822-headers", HEAD), "\n".join([ALL.replace(RECORDS[dkim_zone.NAME, "TXT"], "")])
    )
    assert results(found)[1] == "unknown" and found.missing
    key = RECORDS[dkim_zone.NAME, "TXT"].partition('"')[2].strip('"')
    again = found.of("DKIM")[0].what_if(records={(dkim_zone.NAME, "TXT"): [key]})
    assert again.after.result == "unknown"
    assert [step.result for step in again.after.steps if step.what == "signature"] == ["pass"]


def test_a_multipart_header_section_is_not_cut_off() -> None:
    head = HEAD + b'Content-Type: multipart/mixed; boundary="x"\r\n'
    assert "the end" not in [step.what for step in judged(dsn(b"text/rfc822-headers", head)).damage]


def test_both_are_judged_each_with_what_is_its_own() -> None:
    bounce = dsn(b"text/rfc822-headers", SIGNED_HEAD)
    case = Case(bounce, "198.51.100.10", "alice@acorn.example", "mail.acorn.example", (), read(ALL))
    found = judge_bounce(case, explain(bounce, "bounce"), NOW)
    assert found.judgement and found.returned
    assert [fact.value for fact in found.judgement.facts] == [None, "", None]
    assert found.judgement.sentences[2] == bounced.FIRST
    assert results(found.returned) == ["pass", "unknown", "pass"]
    assert found.copy == bounced.HEADERS_SAID and found.copy in " ".join(found.text().split())
    alone = judge_bounce(replace(case, message=EXIM), explain(EXIM, "bounce"), NOW)
    assert alone.judgement and alone.judgement.facts[0].value == "198.51.100.10" and alone.returned is None


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_it_raises_nothing(noise: bytes) -> None:
    for bounce in (noise, EXIM + WHOLE_LINE + noise, dsn(b"message/rfc822", noise)):
        if copy := returned(bounce):
            judge_case(Case(copy.message, headers_only=copy.headers_only), NOW)
