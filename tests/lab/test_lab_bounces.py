"""When an MTA tells the sender, and when it keeps quiet: NOTIFY, RET, ENVID and ORCPT in a real lab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from smtplab.lab.bounces import why_not
from smtplab.lab.lab import Lab
from smtplab.lab.mailbox import Mail
from smtplab.lab.schedule import Schedule
from smtplab.mail.dsn import Fate, Report, explain_bounce, parse
from smtplab.mail.history import Notice
from smtplab.mail.path import Path

MSA = "mail.acorn.example"
MX = "mx.birch.example"
ALICE = "alice@acorn.example"
BOB = "bob@birch.example"
GHOST = "ghost@birch.example"
LOGIN = "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA=="
MESSAGE = b"From: alice@acorn.example\r\nSubject: hi\r\n\r\nHello\r\n"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.dns.zone("birch.example").set("@", "MX", f"10 {MX}")
        yield lab
        assert lab._world.errors == []


def submit(lab: Lab, *recipients: str, mail: str = "", sender: str = ALICE, message: bytes = MESSAGE) -> None:
    """Submit with parameters, as swaks or smtplib can: what stands behind the paths is said as it is."""
    with lab.connect(MSA, 465) as session:
        session.say("EHLO laptop", LOGIN, f"MAIL FROM:<{sender}> {mail}".strip())
        replies = session.say(*(f"RCPT TO:{recipient}" for recipient in recipients))
        assert [reply.code for reply in replies] == [250] * len(recipients)
        assert session.say("DATA", message)[-1].code == 250
    lab.settle()


def notices(lab: Lab, host: str = MSA) -> list[Notice]:
    return [notice for item in lab.queue(host) for notice in item.notices]


def news(lab: Lab, box: str = ALICE) -> list[Mail]:
    return lab.mailbox(box)


def report(lab: Lab, box: str = ALICE) -> Report:
    [mail] = news(lab, box)
    assert mail.reverse_path.is_null
    return parse(mail)


def unanswered(lab: Lab) -> None:
    """Nobody is there for birch.example: the host is off."""
    lab.dns.zone("birch.example").set("@", "MX", "10 gone.birch.example")
    lab.dns.zone("birch.example").set("gone", "A", "198.51.100.99")


# NOTIFY (RFC 3461 §5.2) -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """What happens to a message, what NOTIFY asked, and the DSN that comes: its action, "" for none.

    `reason` is part of why none comes; "" where nobody would have expected one.
    """

    fate: str
    notify: str
    action: str
    reason: str = ""


ROWS = [
    Row("failed", "", "failed"),
    Row("failed", "FAILURE", "failed"),
    Row("failed", "SUCCESS,FAILURE", "failed"),
    Row("failed", "FAILURE,DELAY", "failed"),
    Row("failed", "SUCCESS", "", "NOTIFY=SUCCESS does not ask for it"),
    Row("failed", "DELAY", "", "NOTIFY=DELAY does not ask for it"),
    Row("failed", "SUCCESS,DELAY", "", "NOTIFY=SUCCESS,DELAY does not ask for it"),
    Row("failed", "NEVER", "", "NOTIFY=NEVER does not ask for it"),
    Row("delayed", "", "delayed"),
    Row("delayed", "DELAY", "delayed"),
    Row("delayed", "SUCCESS,FAILURE,DELAY", "delayed"),
    Row("delayed", "FAILURE", "", "NOTIFY=FAILURE does not ask for it"),
    Row("delayed", "SUCCESS", "", "NOTIFY=SUCCESS does not ask for it"),
    Row("delayed", "NEVER", "", "NOTIFY=NEVER does not ask for it"),
    Row("expired", "", "failed"),
    Row("expired", "FAILURE", "failed"),
    Row("expired", "DELAY", "", "NOTIFY=DELAY does not ask for it"),
    Row("expired", "NEVER", "", "NOTIFY=NEVER does not ask for it"),
    Row("delivered", "", ""),
    Row("delivered", "SUCCESS", "delivered"),
    Row("delivered", "SUCCESS,FAILURE", "delivered"),
    Row("delivered", "FAILURE", ""),
    Row("delivered", "NEVER", ""),
    Row("relayed", "", ""),
    Row("relayed", "SUCCESS", "relayed"),
    Row("relayed", "FAILURE,DELAY", ""),
    Row("relayed", "NEVER", ""),
    Row("expanded", "", ""),
    Row("expanded", "SUCCESS", "expanded"),
    Row("expanded", "FAILURE", ""),
    Row("expanded", "NEVER", ""),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.fate}-{row.notify or 'nothing'}")
def test_notify(lab: Lab, row: Row) -> None:
    """The DSN, and only that one, comes to Alice; where none comes, the reason is kept."""
    address = {"failed": GHOST, "expanded": "both@acorn.example", "delivered": "postmaster@acorn.example"}
    lab.mta(MSA).aliases["both@acorn.example"] = ("postmaster@acorn.example", BOB)
    if row.fate in ("delayed", "expired"):
        unanswered(lab)
    if row.fate == "relayed":
        lab.mta(MX).extensions.remove("DSN")
    if row.fate == "expired":
        lab.mta(MSA).queue.schedule = Schedule(warn=None)
    notify = f" NOTIFY={row.notify}" if row.notify else ""
    submit(lab, f"<{address.get(row.fate, BOB)}>{notify}")
    if row.fate in ("delayed", "expired"):
        assert notices(lab) == []
        lab.clock.advance(hours=5 if row.fate == "delayed" else 24 * 6)
    assert [explain_bounce(mail).result for mail in news(lab)] == ([row.action] if row.action else [])
    kept = [notice for notice in notices(lab) if notice.why_not]
    if row.reason:
        [notice] = kept
        assert (notice.why_not, notice.to) == (row.reason, ALICE)
        assert notice.rule.startswith("RFC 3461 §5.2.")
    else:
        assert kept == []
    sent = [notice for notice in notices(lab) if not notice.why_not]
    assert [notice.action for notice in sent] == ([row.action] if row.action else [])


def test_success_is_left_to_a_host_that_reports_itself(lab: Lab) -> None:
    """RFC 3461 §5.2.1: birch.example offers DSN, so it says "delivered", and acorn.example says nothing."""
    submit(lab, f"<{BOB}> NOTIFY=SUCCESS ORCPT=rfc822;Bob@birch.example", mail="ENVID=QQ1")
    found = report(lab)
    assert found.by == MX
    assert found.envelope_id == "QQ1"
    assert [(fate.action, fate.recipient, fate.original) for fate in found.fates] == [
        ("delivered", BOB, "rfc822;Bob@birch.example")
    ]
    [notice] = notices(lab)
    assert (notice.why_not, notice.rule) == ("the next host offers DSN, so it reports", "RFC 3461 §5.2.1")


@pytest.mark.parametrize(
    ("path", "notify", "action", "told", "expected"),
    [
        ("", (), "failed", False, "RFC 5321 §6.1"),
        ("", ("FAILURE",), "failed", False, "RFC 5321 §6.1"),
        ("", ("NEVER",), "failed", False, "RFC 5321 §6.1"),
        ("", ("SUCCESS",), "delivered", False, "RFC 5321 §6.1"),
        ("", (), "delayed", False, "RFC 5321 §6.1"),
        (ALICE, ("SUCCESS",), "relayed", True, "RFC 3461 §5.2.1"),
        (ALICE, ("SUCCESS",), "relayed", False, ""),
        (ALICE, (), "relayed", False, "RFC 3461 §5.2.2"),
    ],
)
def test_why_not(path: str, notify: tuple[str, ...], action, told: bool, expected: str) -> None:
    assert why_not(Path.of(path), notify, action, told)[1] == expected


# RET, ENVID, ORCPT ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mail", "kind", "envelope_id"),
    [
        ("", "message/rfc822", ""),
        ("RET=FULL", "message/rfc822", ""),
        ("RET=HDRS", "text/rfc822-headers", ""),
        ("RET=HDRS ENVID=QQ+2B1", "text/rfc822-headers", "QQ+1"),
        ("ENVID=a+3Db", "message/rfc822", "a=b"),
    ],
)
def test_ret_and_envid(lab: Lab, mail: str, kind: str, envelope_id: str) -> None:
    submit(lab, f"<{GHOST}>", mail=mail)
    [dsn] = news(lab)
    assert [part.get_content_type() for part in dsn.message.iter_parts()] == [
        "text/plain",
        "message/delivery-status",
        kind,
    ]
    assert (b"Hello" in dsn.raw) == (kind == "message/rfc822")
    assert parse(dsn).envelope_id == envelope_id


@pytest.mark.parametrize(
    ("orcpt", "original"),
    [
        ("", ""),
        (" ORCPT=rfc822;g+2Bx@forward.example", "rfc822;g+x@forward.example"),
        (" ORCPT=x400;c+3Dde", "x400;c=de"),
    ],
)
def test_orcpt(lab: Lab, orcpt: str, original: str) -> None:
    submit(lab, f"<{GHOST}>{orcpt}")
    [fate] = report(lab).fates
    assert fate.original == original
    assert fate.recipient == GHOST


# what a notice says -----------------------------------------------------------------------------


def test_a_refusal_word_for_word(lab: Lab) -> None:
    submit(lab, f"<{GHOST}>")
    found = report(lab)
    assert (found.by, found.received_from) == (MSA, "alice.home.example")
    assert found.arrived == lab.clock.now()
    assert found.fates == (
        Fate(GHOST, "failed", "5.1.1", "", MX, "550 5.1.1 No such user here", "smtp", lab.clock.now()),
    )


def test_one_notice_for_all_of_one_round(lab: Lab) -> None:
    """RFC 3461 §5.2.8; and nothing in it of those whom nobody asked about."""
    submit(lab, f"<{GHOST}>", f"<{BOB}>", "<other@birch.example>", "<quiet@birch.example> NOTIFY=NEVER")
    assert [fate.recipient for fate in report(lab).fates] == [GHOST, "other@birch.example"]
    assert len(lab.mailbox(BOB)) == 1


def test_time_that_is_up_has_a_status_of_its_own(lab: Lab) -> None:
    unanswered(lab)
    submit(lab, f"<{BOB}>")
    lab.clock.advance(days=6)
    first, last = (parse(mail).fates[0] for mail in news(lab))
    assert (first.action, first.status) == ("delayed", "4.4.1")
    assert first.retry_until and first.retry_until > lab.clock.now().replace(day=6)
    assert (last.action, last.status, last.retry_until) == ("failed", "4.4.7", None)
    assert last.diagnostic_type == "x-smtplab"  # no server said anything


def test_the_mtas_own_refusal_is_told_from_a_reply(lab: Lab) -> None:
    submit(lab, "<x@nowhere.example>")
    [fate] = report(lab).fates
    assert (fate.status, fate.remote, fate.diagnostic_type) == ("5.1.2", "", "x-smtplab")


def test_letters_beyond_ascii(lab: Lab) -> None:
    submit(lab, "<jürgen@birch.example>", mail="SMTPUTF8")
    [dsn] = news(lab)
    assert parse(dsn).fates[0].recipient == "jürgen@birch.example"
    assert "message/global-delivery-status" in dsn.raw.decode()


def test_smtputf8_without_need_makes_a_notice_that_every_program_reads(lab: Lab) -> None:
    submit(lab, f"<{GHOST}>", mail="SMTPUTF8")
    [dsn] = news(lab)
    assert b"Content-Type: message/delivery-status" in dsn.raw


def test_a_notice_in_8_bits(lab: Lab) -> None:
    body = "Subject: x\r\n\r\nGrüße\r\n".encode()
    submit(lab, f"<{GHOST}>", mail="BODY=8BITMIME", message=body)
    [dsn] = news(lab)
    assert "Grüße".encode() in dsn.raw
    [item] = [item for item in lab.queue(MSA) if item.transcript is None]
    assert item.envelope.parameters.body == "8BITMIME"


# no loops ---------------------------------------------------------------------------------------


def test_never_a_notice_about_a_notice(lab: Lab) -> None:
    """The reverse-path leads nowhere: the DSN fails in turn, and there it ends (RFC 5321 §6.1)."""
    submit(lab, f"<{GHOST}>", sender="typo@forward.example")
    assert lab.transcripts[-1].server.host == "mx.forward.example"
    assert [(notice.to, notice.why_not, notice.rule) for notice in notices(lab)] == [
        ("typo@forward.example", "", ""),
        ("", "the reverse-path is null: this is a DSN itself, or wants none", "RFC 5321 §6.1"),
    ]
    [first, second] = lab.queue(MSA)
    assert first.offspring == [second]
    assert second.outcomes == {"typo@forward.example": "failed"}
    assert second.offspring == []
    assert [
        (r.notify, item.envelope.reverse_path) for item in [second] for r in item.envelope.recipients
    ] == [(("NEVER",), Path())]


def test_a_notice_goes_through_the_queue_as_any_message(lab: Lab) -> None:
    """From the host that gave up to the sender's MX, who is off for a while."""
    lab.mta(MX).verify_recipients = False
    lab.stop_host(MSA)
    with lab.connect(MX, source="mx.forward.example") as session:
        session.say("EHLO mx.forward.example", f"MAIL FROM:<{ALICE}>", f"RCPT TO:<{GHOST}>")
        assert session.say("DATA", MESSAGE)[-1].code == 250
    lab.settle()
    [_, dsn] = lab.queue(MX)
    assert dsn.outcomes == {ALICE: "delayed"}
    lab.start_host(MSA)
    lab.clock.advance(hours=1)
    assert dsn.outcomes == {ALICE: "relayed"}
    assert report(lab).by == MX


# backscatter ------------------------------------------------------------------------------------


@pytest.mark.parametrize("verify", [True, False])
def test_backscatter(lab: Lab, verify: bool) -> None:
    """Mallory writes to nobody, in Alice's name. Who looks in the session leaves it with Mallory; who takes
    everything and looks later sends Alice a notice about a message that she never sent."""
    lab.mta(MX).verify_recipients = verify
    with lab.connect(MX, source="mail.mallory.example") as session:
        session.say("EHLO mail.mallory.example", f"MAIL FROM:<{ALICE}>")
        reply = session.say(f"RCPT TO:<{GHOST}>")[0]
        assert reply.code == (550 if verify else 250)
        if not verify:
            session.say("DATA", b"Subject: buy\r\n\r\nspam\r\n")
    lab.settle()
    assert len(news(lab)) == (0 if verify else 1)
    if not verify:
        found = report(lab)
        assert (found.by, found.received_from) == (MX, "mail.mallory.example")
        assert (found.fates[0].status, found.fates[0].remote) == ("5.1.1", "")
        assert b"spam" in news(lab)[0].raw  # and with it what the spammer wanted said
    else:
        assert lab.queue(MX) == []
