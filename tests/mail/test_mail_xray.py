"""The x-ray: who sees envelope, header section, Bcc and body, and what each hop changed."""

from __future__ import annotations

import json

import pytest

from smtplab.lab.lab import Lab
from smtplab.mail.envelope import Envelope
from smtplab.mail.path import Path
from smtplab.mail.verdict import Step
from smtplab.mail.xray import Hop, Xray, handed, xray
from smtplab.mail.xray.changes import previous

ALICE, MSA, MX = "alice.home.example", "mail.acorn.example", "mx.birch.example"
BOB, CAROL = "bob@birch.example", "carol@birch.example"
SENT = b"From: alice@acorn.example\r\nTo: bob@birch.example\r\nSubject: Tea\r\n\r\nHello\r\n"
BCC = b"Bcc: carol@birch.example\r\n"
TRACE = b"Received: from a by b; x\r\n"


def envelope(*paths: str, mail_from: str = "alice@acorn.example") -> Envelope:
    return Envelope(Path.of(mail_from), tuple(map(Path.of, paths)))


def way(sent: bytes = SENT) -> list[Hop]:
    """From Alice to Bob and Carol, who is in Bcc, with `sent` as what her program hands over."""
    both = envelope(BOB, CAROL)
    return [
        Hop(ALICE, both, BCC + SENT),
        Hop(MSA, both, sent, tls=True),
        Hop(MX, both, TRACE + sent),
        Hop(BOB, envelope(BOB), b"Return-Path: <alice@acorn.example>\r\n" + TRACE + TRACE + sent),
        Hop(CAROL, envelope(CAROL), b"Return-Path: <alice@acorn.example>\r\n" + TRACE + TRACE + sent),
    ]


def cells(found: Xray, name: str) -> dict[str, str]:
    [row] = [row for row in found.rows if row.name == name]
    return {viewer.who: cell for viewer, cell in zip(found.viewers, row.cells, strict=True)}


WIRE = {"msa": f"on the wire to {MSA}", "mx": f"on the wire to {MX}"}


def test_who_looks() -> None:
    viewers = xray(way()).viewers
    assert [(viewer.who, viewer.role, viewer.blind) for viewer in viewers] == [
        (ALICE, "program", False),
        (MSA, "server", False),
        (WIRE["msa"], "eavesdropper", False),
        (MX, "server", False),
        (WIRE["mx"], "eavesdropper", False),
        (BOB, "reader", False),
        (CAROL, "reader", True),
    ]


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("MAIL FROM", "ss-sshh"),
        (f"RCPT TO <{CAROL}>", "ss-sshx"),
        (f"RCPT TO <{BOB}>", "ss-ssxh"),
        ("From", "ss-ssss"),
        ("Bcc", "sxxxxxx"),
        ("body", "ss-ssss"),
        ("Received", "xxxssss"),
        ("Received 2", "xxxxxss"),
        ("Return-Path", "xxxxxss"),
    ],
)
def test_who_sees_what(name: str, seen: str) -> None:
    """s: sees it; h: hidden from them; -: hidden by TLS; x: not there."""
    words = {"s": "sees", "h": "hidden", "-": "hidden", "x": "absent"}
    if name.startswith("RCPT"):  # a reader's envelope names that reader alone, and is not shown
        seen = seen[:5] + ("hx" if BOB in name else "xh")
    assert list(cells(xray(way()), name).values()) == [words[sign] for sign in seen]


def test_an_eavesdropper_when_nobody_uses_tls() -> None:
    found = xray(way(), in_clear=True)
    assert cells(found, "body")[WIRE["msa"]] == "sees"
    assert cells(found, "MAIL FROM")[WIRE["msa"]] == "sees"
    assert cells(xray(way()), "body")[WIRE["msa"]] == "hidden"


def steps(found: Xray, what: str) -> list[Step]:
    return [step for step in found.steps if step.what == what]


def test_a_program_that_takes_bcc_out() -> None:
    found = xray(way())
    assert found.verdict.result == "pass"
    [bcc] = steps(found, "Bcc")
    assert bcc.result == "pass" and "in the envelope only" in bcc.why
    assert "neither To nor Cc" in steps(found, CAROL)[0].why
    assert [(c.action, c.part, c.name, c.before) for c in found.changes if c.hop == 1] == [
        ("removed", "header", "Bcc", CAROL)
    ]


def test_a_program_that_leaves_bcc_in() -> None:
    found = xray(way(BCC + SENT))
    assert found.verdict.result == "fail"
    [bcc] = steps(found, "Bcc")
    assert all(who in bcc.why for who in (MSA, MX, BOB, CAROL))
    assert cells(found, "Bcc")[BOB] == "sees"


def test_what_each_hop_changed() -> None:
    changes = xray(way()).changes
    assert [(c.hop, c.action, c.part, c.name) for c in changes if c.hop in (2, 3)] == [
        (2, "added", "header", "Received"),
        (3, "added", "header", "Return-Path"),
        (3, "added", "header", "Received"),
    ]


def test_a_list_that_changes_all() -> None:
    other = SENT.replace(b"Tea", b"[list] Tea").replace(b"Hello", b"Hello\r\n-- \r\nfooter")
    hops = [
        Hop(MX, envelope("list@list.example"), SENT),
        Hop("mx.list.example", envelope(BOB, mail_from="bounces@list.example"), other),
    ]
    assert [(c.action, c.part, c.name, c.before, c.after) for c in xray(hops).changes] == [
        ("changed", "envelope", "MAIL FROM", "<alice@acorn.example>", "<bounces@list.example>"),
        ("changed", "envelope", "RCPT TO", "<list@list.example>", f"<{BOB}>"),
        ("changed", "header", "Subject", "Tea", "[list] Tea"),
        ("changed", "body", "body", "7 octets", "20 octets"),
    ]


def test_named_but_not_written_to() -> None:
    found = xray([Hop(ALICE, envelope(CAROL, mail_from="bounces@esp.example"), SENT)])
    assert "no copy goes there" in steps(found, BOB)[0].why
    assert "bounces@esp.example" in steps(found, "MAIL FROM")[0].why


def test_the_hop_before() -> None:
    hops = way()
    assert [previous(hops, n) for n in range(1, 5)] == [0, 1, 2, 2]
    hops.insert(3, Hop("mx.other.example", envelope("x@other.example"), SENT))
    assert previous(hops, 3) == 2


def test_as_text_and_as_data() -> None:
    found = xray([tuple(hop)[:3] for hop in way(b"X-\x1b: \x1b[31m<script>\r\n" + SENT)])  # type: ignore[misc]
    assert "\x1b" not in found.text() + found.verdict.text()
    assert found.text().splitlines()[6] == "7  carol@birch.example (Bcc)"
    json.dumps(found.to_dict())
    assert xray([]).text().strip() == ""


# the wire ---------------------------------------------------------------------------------------


def test_the_lab_from_program_to_mailbox() -> None:
    """What smtplib hands over, read from the transcripts: it takes Bcc out, and the MSA adds the rest."""
    written = "From: alice@acorn.example\nTo: bob@birch.example\nBcc: postmaster@birch.example\n\n.a dot\n"
    with Lab() as lab:
        delivery = lab.submit(written)
        hops = [hop for transcript in delivery.transcripts for hop in handed(transcript)]
        mails = [lab.mailbox(box)[0] for box in (BOB, "postmaster@birch.example")]
    assert [(hop.who, hop.tls, len(hop.envelope.forward_paths)) for hop in hops] == [
        (MSA, True, 2),
        (MX, True, 2),
    ]
    start = Hop(ALICE, hops[0].envelope, written.replace("\n", "\r\n").encode())
    ends = [
        Hop(mail.recipient.address, Envelope(mail.reverse_path, (mail.recipient,)), mail.raw)
        for mail in mails
    ]
    found = xray([start, *hops, *ends])
    assert found.verdict.result == "pass"
    assert set(cells(found, "Bcc").values()) == {"sees", "absent"}
    assert [
        (c.hop, c.action, c.name) for c in found.changes if c.part != "header"
    ] == []  # the dot came through
    assert {c.name for c in found.changes if c.hop == 2 and c.action == "added"} == {
        "Dkim-Signature",
        "Received",
        "Date",
        "Message-Id",
    }
    assert [viewer.who for viewer in found.viewers if viewer.blind] == ["postmaster@birch.example"]


def test_refused_recipients_and_messages_are_left_out() -> None:
    with Lab() as lab, lab.connect(MX) as session:
        session.say("EHLO a", "MAIL FROM:<x@y.example>", "RCPT TO:<nobody@birch.example>", f"RCPT TO:<{BOB}>")
        session.say("DATA", b"Subject: one\n\n..two\n", "MAIL FROM:<>", f"RCPT TO:<{BOB}>", "RSET")
        session.say("MAIL FROM:<>", f"RCPT TO:<{BOB}>")
        session.chunk(b"Subject: two\r\n\r\n")
        session.chunk(b".\r\n", last=True)
        session.say("MAIL FROM:<>", f"RCPT TO:<{BOB}>", "DATA", b"x" * 2000)
        found = handed(session.transcript)
    assert [(hop.who, hop.tls, hop.envelope.reverse_path.address, hop.message) for hop in found] == [
        (MX, False, "x@y.example", b"Subject: one\r\n\r\n..two\r\n"),
        (MX, False, "", b"Subject: two\r\n\r\n.\r\n"),
    ]
    assert [path.address for path in found[0].envelope.forward_paths] == [BOB]
