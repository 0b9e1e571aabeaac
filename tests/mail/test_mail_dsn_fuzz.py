"""Whatever a server replies and however an address is written: the notice says the same to its reader."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.dsn import ACTIONS, Fate, Report, build, explain_bounce, parse
from smtplab.mail.errors import RecordError
from smtplab.mail.path import Path

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALICE = Path.of("alice@acorn.example")

wild = st.text(max_size=1500)
statuses = st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True)


def _is_address(text: str) -> bool:
    try:
        Path(text, "birch.example")
    except RecordError:
        return False
    return bool(text)


locals_ = st.text(min_size=1, max_size=40).filter(_is_address)
plain_locals = st.text(st.characters(codec="ascii"), min_size=1, max_size=60).filter(_is_address)
paths = st.one_of(locals_, plain_locals).map(lambda local: Path(local, "birch.example"))


@st.composite
def fates(draw: st.DrawFn) -> Fate:
    return Fate(
        draw(paths).address,
        draw(st.sampled_from(ACTIONS)),
        draw(statuses),
        draw(st.one_of(st.just(""), wild.map("rfc822;{}".format), wild.map("utf-8;{}".format), wild)),
        draw(wild),
        draw(wild),
        draw(st.sampled_from(["smtp", "x-smtplab"])),
    )


reports = st.builds(
    Report,
    st.just("mail.acorn.example"),
    st.lists(fates(), min_size=1, max_size=3).map(tuple),
    wild,
    st.one_of(st.none(), st.just(NOW)),
    wild,
)


@settings(max_examples=150, deadline=None)
@given(reports, st.binary(max_size=300), st.sampled_from(["", "FULL", "HDRS"]), st.booleans())
def test_the_recipients_and_their_status_come_back(
    report: Report, original: bytes, ret: str, utf8: bool
) -> None:
    dsn = build(report, original, to=ALICE, when=NOW, token="0A1B2C3D4E", ret=ret, utf8=utf8)
    back = parse(dsn)
    assert [(f.recipient, f.action, f.status) for f in back.fates] == [
        (f.recipient, f.action, f.status) for f in report.fates
    ]
    assert back.by == report.by
    assert explain_bounce(dsn).result == report.action
    # No text made a field, a part or a line of its own.
    header = dsn.split(b"\r\n\r\n")[0]
    plain = build(
        replace(report, fates=report.fates[:1]), b"", to=ALICE, when=NOW, token="0A1B2C3D4E", utf8=utf8
    )
    assert len(header.split(b"\r\n")) == len(plain.split(b"\r\n\r\n")[0].split(b"\r\n"))
    message = email.message_from_bytes(dsn, policy=email.policy.compat32)
    assert len(message.get_payload()) == 3
    if not utf8:
        status = message.get_payload()[1].get_payload()
        assert len(status) == 1 + len(report.fates)
        known = {"original-recipient", "final-recipient", "action", "status", "remote-mta", "diagnostic-code"}
        assert all({name.lower() for name in block.keys()} <= known for block in status[1:])  # noqa: SIM118


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=2000), wild))
def test_nothing_raises_but_a_record_error(message: bytes | str) -> None:
    assert explain_bounce(message).text()
    try:
        parse(message)
    except RecordError as error:
        assert str(error)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=600))
def test_any_machine_part_is_explained(fields: bytes) -> None:
    message = b"Content-Type: multipart/report; boundary=b\r\n\r\n"
    message += b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    assert explain_bounce(message + fields + b"\r\n--b--").text()
    text = b"Reporting-MTA: dns; a\r\n\r\nFinal-Recipient: utf-8; " + fields + b"\r\nArrival-Date: " + fields
    assert explain_bounce(message + text + b"\r\n--b--").text()
