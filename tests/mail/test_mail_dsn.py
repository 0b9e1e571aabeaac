"""Delivery status notifications: written, read back by three readers, and explained part by part."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path as Path_

import pytest
from flufl.bounce import all_failures

from smtplab.mail.dsn import MOST_RETURNED, Fate, Report, build, explain_bounce, parse
from smtplab.mail.errors import RecordError
from smtplab.mail.path import Path
from smtplab.mail.verdict import Step, Verdict, walk

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALICE = Path.of("alice@acorn.example")
ORIGINAL = b"From: alice@acorn.example\r\nSubject: hi\r\nMessage-ID: <1@acorn.example>\r\n\r\nHello\r\n"
FATE = Fate(
    "bob@birch.example",
    "failed",
    "5.1.1",
    "rfc822;bob@forward.example",
    "mx.birch.example",
    "550 5.1.1 No such user here",
    last_attempt=NOW,
)
REPORT = Report("mail.acorn.example", (FATE,), "QQ314159", NOW, "alice.home.example")


def made(
    *fates: Fate, original: bytes = ORIGINAL, to: Path = ALICE, ret: str = "", utf8: bool = False
) -> bytes:
    report = replace(REPORT, fates=fates or (FATE,))
    return build(report, original, to=to, when=NOW, token="0A1B2C3D4E", ret=ret, utf8=utf8)


def stdlib(dsn: bytes) -> EmailMessage:
    message = email.message_from_bytes(dsn, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts(dsn: bytes) -> list[str]:
    return [part.get_content_type() for part in stdlib(dsn).iter_parts()]


def steps(verdict: Verdict) -> dict[str, Step]:
    return {step.what.partition(": ")[0]: step for _, step in walk(verdict.steps)}


# three readers ----------------------------------------------------------------------------------


def test_our_own_reader_gets_back_what_was_written() -> None:
    assert parse(made()) == REPORT


def test_the_standard_library_reads_it() -> None:
    message = stdlib(made())
    assert message.defects == []
    assert message["From"] == "Mail Delivery System <MAILER-DAEMON@mail.acorn.example>"
    assert message["To"] == "alice@acorn.example"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message.get_content_type() == "multipart/report"
    assert message["Content-Type"].params["report-type"] == "delivery-status"
    human, status, returned = message.iter_parts()
    assert "bob@birch.example: failed" in human.get_content()
    assert "    550 5.1.1 No such user here" in human.get_content().splitlines()
    whole, recipient = status.get_payload()
    assert whole.items() == [
        ("Original-Envelope-Id", "QQ314159"),
        ("Reporting-MTA", "dns; mail.acorn.example"),
        ("Received-From-MTA", "dns; alice.home.example"),
        ("Arrival-Date", "Mon, 02 Mar 2026 09:00:00 +0000"),
    ]
    assert recipient.items() == [
        ("Original-Recipient", "rfc822; bob@forward.example"),
        ("Final-Recipient", "rfc822; bob@birch.example"),
        ("Action", "failed"),
        ("Status", "5.1.1"),
        ("Remote-MTA", "dns; mx.birch.example"),
        ("Diagnostic-Code", "smtp; 550 5.1.1 No such user here"),
        ("Last-Attempt-Date", "Mon, 02 Mar 2026 09:00:00 +0000"),
    ]
    assert returned.get_content_type() == "message/rfc822"
    assert returned.get_payload(0)["Subject"] == "hi"


@pytest.mark.parametrize(
    ("fate", "expected"),
    [
        (FATE, (set(), {b"bob@forward.example"})),  # it prefers what the sender wrote
        (replace(FATE, original=""), (set(), {b"bob@birch.example"})),
        (replace(FATE, original="", action="delayed", status="4.4.1"), ({b"bob@birch.example"}, set())),
        (replace(FATE, action="delivered", status="2.0.0"), (set(), set())),
        (replace(FATE, action="relayed", status="2.0.0"), (set(), set())),
        (replace(FATE, action="expanded", status="2.0.0"), (set(), set())),
    ],
)
def test_flufl_bounce_reads_it(fate: Fate, expected: tuple[set[bytes], set[bytes]]) -> None:
    """Mailman's reader of bounces: who failed for now, and who for good."""
    temporary, permanent = all_failures(email.message_from_bytes(made(fate)))
    assert (set(temporary), set(permanent)) == expected


# what comes back (RFC 3461 §4.3, §6.2) ----------------------------------------------------------

BIG = ORIGINAL + b"x" * MOST_RETURNED
UMLAUT = "Subject: Grüße\r\n\r\nHällo\r\n".encode()


@pytest.mark.parametrize(
    ("action", "ret", "original", "utf8", "expected"),
    [
        ("failed", "", ORIGINAL, False, "message/rfc822"),
        ("failed", "FULL", ORIGINAL, False, "message/rfc822"),
        ("failed", "HDRS", ORIGINAL, False, "text/rfc822-headers"),
        ("failed", "", BIG, False, "text/rfc822-headers"),
        ("failed", "FULL", BIG, False, "text/rfc822-headers"),
        ("delayed", "", ORIGINAL, False, "text/rfc822-headers"),
        ("delayed", "FULL", ORIGINAL, False, "text/rfc822-headers"),
        ("relayed", "FULL", ORIGINAL, False, "text/rfc822-headers"),
        ("delivered", "FULL", ORIGINAL, False, "text/rfc822-headers"),
        ("expanded", "", ORIGINAL, False, "text/rfc822-headers"),
        ("failed", "FULL", UMLAUT, False, "message/rfc822"),
        ("failed", "HDRS", UMLAUT, False, "text/rfc822-headers"),
        ("failed", "FULL", UMLAUT, True, "message/global"),
        ("failed", "HDRS", UMLAUT, True, "message/global-headers"),
        ("failed", "FULL", ORIGINAL, True, "message/rfc822"),
        ("failed", "HDRS", ORIGINAL, True, "text/rfc822-headers"),
    ],
)
def test_what_comes_back(action, ret, original, utf8, expected) -> None:
    dsn = made(replace(FATE, action=action), original=original, ret=ret, utf8=utf8)
    assert parts(dsn)[2] == expected
    assert (b"Hello" in dsn) == (expected == "message/rfc822" and original == ORIGINAL)


def test_the_message_comes_back_octet_by_octet() -> None:
    odd = b"Subject: a\r\n b\r\nX: \xff\xfe\r\nbroken line\r\n\r\nbare\nLF, bare\rCR, \x00 and \xff\r\n.\r\n"
    assert odd in made(original=odd)


def test_a_header_section_in_8_bits_is_coded_where_it_may_not_stand() -> None:
    dsn = made(original=UMLAUT, ret="HDRS")
    assert dsn.isascii()
    assert list(stdlib(dsn).iter_parts())[2].get_payload(decode=True).decode().strip() == "Subject: Grüße"


@pytest.mark.parametrize(
    "original", [b"", b"\r\n", b"no header\r\n", b"Subject: x", b"X: y\r\n\r\n--=-0A1B2C3D4E\r\n\r\nz"]
)
def test_any_octets_come_back(original: bytes) -> None:
    """Also a message that holds the boundary, because its writer has seen an earlier notice."""
    dsn = made(original=original)
    assert len(parts(dsn)) == 3
    assert parse(dsn) == REPORT


# letters beyond ASCII (RFC 6533 §3) -------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "utf8", "kind", "line"),
    [
        ("bjørn@birch.example", False, "message/delivery-status", rb"utf-8; bj\x{F8}rn@birch.example"),
        (
            "bjørn@birch.example",
            True,
            "message/global-delivery-status",
            "utf-8; bjørn@birch.example".encode(),
        ),
        ("😀@birch.example", False, "message/delivery-status", rb"utf-8; \x{1F600}@birch.example"),
        ("bob@birch.example", True, "message/global-delivery-status", b"rfc822; bob@birch.example"),
        ('"b o"@birch.example', False, "message/delivery-status", b'rfc822; "b o"@birch.example'),
        (r'"\\x{41}ø"@birch.example', True, "message/global-delivery-status", rb"\x{5C}\x{5C}x{41}\x{F8}"),
    ],
)
def test_addresses_beyond_ascii(address: str, utf8: bool, kind: str, line: bytes) -> None:
    dsn = made(replace(FATE, recipient=address), utf8=utf8)
    assert parts(dsn)[1] == kind
    assert b"Final-Recipient: " in dsn and line in dsn
    assert parse(dsn).fates[0].recipient == address


def test_a_sender_beyond_ascii_makes_it_a_message_for_smtputf8() -> None:
    dsn = made(to=Path.of("ålice@acorn.example"))
    assert "To: <ålice@acorn.example>\r\n".encode() in dsn
    assert parts(dsn)[1] == "message/global-delivery-status"


def test_a_diagnostic_beyond_ascii() -> None:
    fate = replace(FATE, diagnostic="550 5.1.1 Gibt es nicht: Jürgen")
    assert rb"smtp; 550 5.1.1 Gibt es nicht: J\u00fcrgen" in made(fate)
    assert parse(made(fate, utf8=True)).fates == (fate,)


# text from the wire -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "evil",
    [
        "550 no\r\nBcc: victim@birch.example",
        "550 no\r\n\r\nFinal-Recipient: rfc822; victim@birch.example\r\nAction: failed",
        "550 no\nAction: delivered",
        "550 no\rStatus: 2.0.0",
        "550 no\x85\u2028Action: delivered",
        "550 no\r\n--=-0A1B2C3D4E--\r\n",
        "550 no\x00\x1b[31mred\u202e",
        "550 " + "x" * 5000,
        "550 " + "x y " * 5000,
        "\r\n",
        " ",
    ],
)
def test_a_reply_cannot_write_fields(evil: str) -> None:
    evil_report = replace(REPORT, envelope_id=evil, received_from=evil or "x")
    fate = replace(FATE, diagnostic=evil, remote=evil, original=f"rfc822;{evil}")
    dsn = build(replace(evil_report, fates=(fate,)), ORIGINAL, to=ALICE, when=NOW, token="0A1B2C3D4E")
    assert stdlib(dsn).keys() == stdlib(made()).keys()
    back = parse(dsn)
    assert [(f.recipient, f.action, f.status) for f in back.fates] == [
        ("bob@birch.example", "failed", "5.1.1")
    ]
    assert parts(dsn) == ["text/plain", "message/delivery-status", "message/rfc822"]
    assert max(map(len, dsn.split(b"\r\n"))) <= 998
    status = dsn.split(b"message/delivery-status\r\n\r\n")[1].split(b"\r\n--=-")[0]
    assert b"\n" not in status.replace(b"\r\n", b"") and b"\r" not in status.replace(b"\r\n", b"")


def test_a_long_reply_is_folded_and_reads_the_same() -> None:
    fate = replace(FATE, diagnostic="550 5.7.1 " + " ".join(f"word{n}" for n in range(200)))
    dsn = made(fate)
    field = dsn.split(b"Diagnostic-Code: ")[1].split(b"Last-Attempt")[0]
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert parse(dsn).fates == (fate,)


def test_nobody_is_told_nothing() -> None:
    with pytest.raises(ValueError, match="null reverse-path"):
        made(to=Path())
    with pytest.raises(ValueError, match="at least one recipient"):
        build(replace(REPORT, fates=()), ORIGINAL, to=ALICE, when=NOW, token="A")


# for people -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fate", "expected"),
    [
        (FATE, "yours: check the address"),
        (replace(FATE, status="5.2.2"), "the recipient's: tell them in another way"),
        (replace(FATE, status="5.3.0"), "the recipient's postmaster's"),
        (replace(FATE, status="5.4.6"), "whoever runs the recipient's domain"),
        (replace(FATE, status="5.5.2"), "your postmaster's"),
        (replace(FATE, status="5.6.3"), "yours: change what is in the message"),
        (replace(FATE, status="5.7.1"), "yours: a rule forbids it"),
        (replace(FATE, status="4.4.7"), "yours: send the message again later"),
        (replace(FATE, status="5.0.0"), "yours: read the words below"),
        (replace(FATE, status="nonsense"), "yours: read the words below"),
        (replace(FATE, action="delayed", retry_until=NOW + timedelta(days=5)), "until 07 Mar 2026 09:00 UTC"),
        (replace(FATE, action="delivered", status="2.0.0"), "nobody's."),
        (replace(FATE, diagnostic_type="x-smtplab"), "This server said:"),
        (FATE, "mx.birch.example said:"),
    ],
)
def test_whose_turn_it_is(fate: Fate, expected: str) -> None:
    human = next(iter(stdlib(made(fate)).iter_parts())).get_content()
    assert expected in " ".join(human.split())


# read by others' rules --------------------------------------------------------------------------

BARE = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n%s\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"Reporting-MTA: a\r\n\r\nfinal-recipient: RFC822;<b@c.example>\r\nACTION: Failed\r\nStatus: 5.1.1",
         ("b@c.example", "failed", "5.1.1")),
        (b"Reporting-MTA: dns;a\r\n\r\nFinal-Recipient: b@c.example\r\nAction: failed\r\nStatus: 5.1.1 (no)",
         ("b@c.example", "failed", "5.1.1")),
        (b"Reporting-MTA: dns;a\r\n\r\n\r\n\r\nFinal-Recipient: rfc822; b@c.example\r\nAction: delayed",
         ("b@c.example", "delayed", "4.0.0")),
        (b"Reporting-MTA: dns;a\n\nFinal-Recipient: rfc822;\n b@c.example\nAction: exploded\nStatus: x",
         ("b@c.example", "failed", "5.0.0")),
        (b"Reporting-MTA: dns;a\r\n\r\nFinal-Recipient: utf-8; b\\x{D800}@c.example\r\nAction: relayed",
         ("b\\x{D800}@c.example", "relayed", "2.0.0")),
    ],
)  # fmt: skip
def test_what_others_write(fields: bytes, expected: tuple[str, str, str]) -> None:
    [fate] = parse(BARE % fields).fates
    assert (fate.recipient, fate.action, fate.status) == expected
    assert explain_bounce(BARE % fields).result == expected[1]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"Subject: x\r\n\r\nhello\r\n",
        BARE % b"",
        BARE % b"Reporting-MTA: dns; a\r\n",
        BARE % b"Reporting-MTA: dns; a\r\n\r\nAction: failed",
    ],
)
def test_what_is_no_dsn(message: bytes) -> None:
    with pytest.raises(RecordError):
        parse(message)


# in the manner of other MTAs, with flufl.bounce for a second opinion ----------------------------


def bounce(name: str) -> bytes:
    return (Path_(__file__).parents[1] / "cases" / "bounces" / name).read_bytes()


def test_in_the_manner_of_postfix() -> None:
    message = bounce("postfix.eml")
    [fate] = parse(message).fates
    assert fate.original == "rfc822;ghost@birch.example"
    assert fate.diagnostic == ("550 5.1.1 <ghost@birch.example>: Recipient address    rejected: User unknown")
    assert parse(message).arrived == NOW
    assert explain_bounce(message).result == "failed"
    assert set(all_failures(email.message_from_bytes(message))[1]) == {fate.recipient.encode()}


def test_in_other_letters_and_about_two() -> None:
    message = bounce("delayed-two.eml")
    found = parse(message)
    assert (found.by, found.envelope_id) == ("mail.acorn.example", "QQ314159")
    assert [(fate.status, fate.remote, fate.diagnostic_type) for fate in found.fates] == [
        ("4.4.1", "", "smtp"),
        ("4.2.2", "mx.birch.example", "smtp"),
    ]
    assert found.fates[0].retry_until == NOW + timedelta(days=5)
    assert explain_bounce(message).result == "delayed"
    late = set(all_failures(email.message_from_bytes(message))[0])
    assert late == {fate.recipient.encode() for fate in found.fates}


def test_an_older_manner_is_no_dsn() -> None:
    verdict = explain_bounce(bounce("exim-without-dsn.eml"))
    assert verdict.result == "none"
    assert steps(verdict)["ghost@birch.example"].result == "claimed"


# explained --------------------------------------------------------------------------------------


def test_each_field_has_its_section() -> None:
    verdict = explain_bounce(b"Return-Path: <>\r\n" + made())
    assert verdict.result == "failed"
    found = steps(verdict)
    for name, ref in {
        "Return-Path": "RFC 3461 §6.1",
        "Auto-Submitted": "RFC 3834 §5.2",
        "Content-Type": "RFC 6522 §3",
        "Original-Envelope-Id": "RFC 3464 §2.2.1",
        "Reporting-MTA": "RFC 3464 §2.2.2",
        "Received-From-MTA": "RFC 3464 §2.2.4",
        "Arrival-Date": "RFC 3464 §2.2.5",
        "Original-Recipient": "RFC 3464 §2.3.1",
        "Final-Recipient": "RFC 3464 §2.3.2",
        "Action": "RFC 3464 §2.3.3",
        "Status": "RFC 3463 §3.2",
        "Remote-MTA": "RFC 3464 §2.3.5",
        "Diagnostic-Code": "RFC 3464 §2.3.6",
        "Last-Attempt-Date": "RFC 3464 §2.3.7",
        "message/rfc822": "RFC 3461 §6.2",
    }.items():
        assert found[name].ref == ref, name
    assert not [step.what for step in found.values() if step.result == "fail"]
    assert found["Message-ID"].what == "Message-ID: <1@acorn.example>"


@pytest.mark.parametrize(
    ("fields", "what", "why"),
    [
        (b"Foo: bar\r\n\r\nFinal-Recipient: rfc822;a@b.example\r\nAction: failed\r\nStatus: 5.0.0",
         "Reporting-MTA", "missing"),
        (b"Reporting-MTA: dns;a\r\n\r\nFinal-Recipient: rfc822;a@b.example\r\nStatus: 5.0.0", "Action",
         "missing"),
        (b"Reporting-MTA: dns;a\r\n\r\nFinal-Recipient: rfc822;a@b.example\r\nAction: failed", "Status",
         "missing"),
        (b"Reporting-MTA: dns;a\r\n\r\nAction: failed\r\nStatus: 5.0.0", "Final-Recipient", "missing"),
        (b"Reporting-MTA: dns;a\r\n\r\nFinal-Recipient: rfc822;a@b\r\nAction: lost\r\nStatus: 5.0.0",
         "Action", "No action that is known"),
        (b"Reporting-MTA: dns;a\r\n\r\nFinal-Recipient: rfc822;a@b\r\nAction: failed\r\nStatus: 550",
         "Status", "three numbers"),
        (b"Reporting-MTA: dns;a\r\nArrival-Date: once\r\n\r\nFinal-Recipient: rfc822;a@b\r\nAction: failed",
         "Arrival-Date", "No date"),
        (b"Reporting-MTA: dns;a", "recipients", "one at least"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_pointed_at(fields: bytes, what: str, why: str) -> None:
    step = steps(explain_bounce(BARE % fields))[what]
    assert step.result == "fail" and why in step.why


def test_an_extension_is_passed_over() -> None:
    verdict = explain_bounce(
        BARE % b"Reporting-MTA: dns;a\r\nX-Postfix-Queue-ID: 1\r\n\r\nFinal-Recipient: a;b"
    )
    assert steps(verdict)["X-Postfix-Queue-ID"].ref == "RFC 3464 §2.4"


def test_a_failure_for_want_of_time_is_explained() -> None:
    verdict = explain_bounce(made(replace(FATE, status="4.4.7")))
    assert "the time was up" in steps(verdict)["Status"].why


def test_the_worst_recipient_names_the_result() -> None:
    good, late = replace(FATE, action="delivered"), replace(FATE, action="delayed")
    assert explain_bounce(made(good, late)).result == "delayed"
    assert explain_bounce(made(good, late, FATE)).result == "failed"
    assert explain_bounce(made(good)).result == "delivered"


QMAIL = (
    b"Return-Path: <>\r\nFrom: MAILER-DAEMON@c.example\r\n\r\n"
    b"Hi. This is the qmail-send program at c.example.\r\n"
    b"I'm afraid I wasn't able to deliver your message.\r\n\r\n<bob@birch.example>:\r\nSorry, no mailbox.\r\n"
)


@pytest.mark.parametrize(
    ("message", "what", "why"),
    [
        (QMAIL, "message/delivery-status", "Not a DSN"),
        (QMAIL, "qmail", "older than DSNs"),
        (QMAIL, "bob@birch.example", "a guess"),
        (b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b--",
         "report-type=disposition-notification", "displayed or deleted"),
        (b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b--",
         "report-type=feedback-report", "spam button"),
        (b"Return-Path: <a@b.example>\r\n\r\nhi", "Return-Path", "null reverse-path"),
        (b"", "message/delivery-status", "Not a DSN"),
    ],
)  # fmt: skip
def test_a_bounce_that_is_no_dsn(message: bytes, what: str, why: str) -> None:
    verdict = explain_bounce(message)
    assert verdict.result == "none"
    assert why in steps(verdict)[what].why


def test_a_dsn_in_the_wrong_wrapping_is_read_all_the_same() -> None:
    message = (BARE % b"Reporting-MTA: dns;a\r\n\r\nFinal-Recipient: rfc822;a@b\r\nAction: failed").replace(
        b"multipart/report; report-type=delivery-status", b"multipart/mixed"
    )
    verdict = explain_bounce(message)
    assert verdict.result == "failed"
    assert steps(verdict)["Content-Type"].result == "fail"


def test_many_recipients_are_counted_not_shown() -> None:
    block = b"\r\n\r\nFinal-Recipient: rfc822;a@b\r\nAction: failed\r\nStatus: 5.1.1"
    verdict = explain_bounce(BARE % (b"Reporting-MTA: dns;a" + block * 200))
    assert "200 recipients" in verdict.question
    assert steps(verdict)["more"].why == "There are 150 more recipients."


def test_a_flood_is_cut() -> None:
    """Long fields, many of them, in many groups: what is shown has an end."""
    fields = b"X: " + b"y" * 10_000 + b"\r\n" + b"Z: 1\r\n" * 5000
    block = b"\r\n\r\nFinal-Recipient: rfc822;" + b"a" * 10_000 + b"@b\r\nAction: failed\r\n" + fields.strip()
    verdict = explain_bounce(b"From: " + b"x" * 10_000 + b"\r\n" + BARE % (fields.strip() + block * 60))
    seen = list(walk(verdict.steps))
    assert len(seen) < 6000
    assert max(len(step.what) + len(step.why) for _, step in seen) < 1000
