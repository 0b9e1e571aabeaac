"""Reading a header section: evidence and claims, the trust boundary, what stands too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smtplab.mail.header import authentication, read
from smtplab.mail.verdict import Step, Verdict, walk

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


RECEIVED = "Received: from {0} ({0} [192.0.2.10])\n by {1} with ESMTPS id 1;\n {2}\n"
TRUE_HOP = RECEIVED.format("mail.acorn.example", "mx.birch.example", "Mon, 2 Mar 2026 09:00:05 +0000")
OWN = "Date: Mon, 2 Mar 2026 09:00:00 +0000\nFrom: Alice <alice@acorn.example>\n"
RESULTS = "Authentication-Results: {}; dmarc=pass header.from=acorn.example\n"


def results(verdict: Verdict) -> dict[str, str]:
    """The result of each field, by the name that the step begins with; of several, the first."""
    found: dict[str, str] = {}
    for step in verdict.steps:
        found.setdefault(step.what.partition(":")[0], step.result)
    return found


def inner(verdict: Verdict, name: str) -> list[Step]:
    return [each for step in verdict.steps if step.what.startswith(name) for _, each in walk(step.steps)]


def test_without_trust_all_are_claims() -> None:
    verdict = read("Return-Path: <a@b.example>\n" + RESULTS.format("mx.birch.example") + TRUE_HOP + OWN)
    assert verdict.result == "claimed"
    assert set(results(verdict).values()) == {"claimed"}


def test_above_the_boundary_is_evidence() -> None:
    header = (
        "Return-Path: <a@b.example>\nX-Spam-Flag: NO\n" + RESULTS.format("MX.Birch.example") + TRUE_HOP + OWN
    )
    verdict = read(header, trusted=[".birch.example"])
    assert verdict.result == "known"
    assert results(verdict) == {
        "Return-Path": "known",
        "X-Spam-Flag": "known",
        "Authentication-Results": "known",
        "Received": "known",
        "Date": "claimed",
        "From": "claimed",
    }


FORGED_HOP = RECEIVED.format("bank.example", "mx.birch.example", "Mon, 2 Mar 2026 08:00:00 +0000")


def test_a_forged_line_in_the_name_of_a_trusted_host_is_a_claim() -> None:
    """It stands right below the true one, and says it is from the same host."""
    verdict = read(
        TRUE_HOP + FORGED_HOP + RESULTS.format("mx.birch.example") + OWN, trusted=[".birch.example"]
    )
    received = [step.result for step in verdict.steps if step.what.startswith("Received")]
    assert received == ["known", "claimed"]
    assert results(verdict)["Authentication-Results"] == "claimed"


def test_a_hop_between_trusted_hosts_goes_on() -> None:
    inside = RECEIVED.format("mx.birch.example", "imap.birch.example", "Mon, 2 Mar 2026 09:00:06 +0000")
    verdict = read(
        inside + RESULTS.format("mx.birch.example") + TRUE_HOP + OWN, trusted=[".birch.example", "192.0.2.10"]
    )
    received = [step.result for step in verdict.steps if step.what.startswith("Received")]
    assert received == ["known", "known"]
    assert results(verdict)["Authentication-Results"] == "known"


def test_a_client_that_calls_itself_trusted_is_not() -> None:
    lies = "Received: from mx.birch.example (unknown [203.0.113.66])\n by imap.birch.example with SMTP;\n x\n"
    verdict = read(lies + TRUE_HOP + OWN, trusted=[".birch.example"])
    received = [step.result for step in verdict.steps if step.what.startswith("Received")]
    assert received == ["known", "claimed"]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("mx.birch.example", "known"),
        ("birch.example", "known"),
        ("evilbirch.example", "claimed"),
        ("birch.example.mallory.example", "claimed"),
        ("mx.other.example", "claimed"),
    ],
)
def test_whose_results_count(name: str, counts: str) -> None:
    header = RESULTS.format(name) + TRUE_HOP + RESULTS.format("mx.birch.example") + OWN
    assert authentication(header, trusted=[".birch.example"]).steps[0].result == counts


def test_authentication_in_one_word() -> None:
    assert authentication(OWN).result == "none"
    assert authentication(RESULTS.format("x.example") + OWN).result == "claimed"
    assert authentication(RESULTS.format("x.example") + OWN, trusted=["x.example"]).result == "claimed"


@pytest.mark.parametrize(
    ("header", "wrong"),
    [
        (OWN, []),
        (OWN + "From: x@y.example\n", ["From", "From"]),
        (OWN + "Subject: a\nsubject: b\nSUBJECT: c\n", ["Subject", "subject", "SUBJECT"]),
        (OWN + "Message-ID: <a@b>\nMessage-ID: <c@d>\n", ["Message-ID", "Message-ID"]),
        (OWN + "Comments: a\nComments: b\nResent-To: a@b\nResent-To: c@d\n", []),
        ("From: a@b.example\n", ["Date"]),
        ("", ["Date", "From"]),
        (OWN + "nonsense\n", ["line 3"]),
    ],
)
def test_the_table_of_fields(header: str, wrong: list[str]) -> None:
    """RFC 5322 §3.6: what must be there, and what may stand once."""
    verdict = read(header)
    assert [step.what.partition(":")[0] for step in verdict.steps if step.result == "fail"] == wrong
    assert (verdict.result == "fail") is bool(wrong)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "about that time"),
        (300, "about that time"),
        (3600, "1:00:00 after"),
        (-86400, "1 day, 0:00:00 before"),
    ],
)
def test_the_date_against_the_first_hop(seconds: int, said: str) -> None:
    when = f"{NINE + timedelta(seconds=seconds):%d %b %Y %H:%M:%S} +0000"
    verdict = read(RECEIVED.format("a.example", "b.example", when) + OWN)
    assert any(said in step.why for step in inner(verdict, "Date"))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("<>", "a DSN"),
        ("<x@acorn.example>", "domain of From too"),
        ("<x@esp.example>", "another domain"),
        ("x@y", "a path begins with"),
    ],
)
def test_return_path(value: str, said: str) -> None:
    assert any(said in step.why for step in inner(read(f"Return-Path: {value}\n{OWN}"), "Return-Path"))


def test_hostile_text_stays_data() -> None:
    nasty = "\x1b[31m<script>\u202e"
    text = read(f"Subject: {nasty}\nX-{nasty}: {nasty}\n{nasty}\nMessage-ID: <{nasty}>\n{OWN}").text()
    assert "\x1b" not in text and "\u202e" not in text
    assert "<script>" in text
