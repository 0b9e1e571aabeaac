"""Receiver policies in real sessions: each reply in each dialect, by its real cause, with its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path as File
from typing import Any

import pytest

from smtplab.lab import policies
from smtplab.lab.client import Session
from smtplab.lab.decisions import Decision
from smtplab.lab.lab import Lab
from smtplab.lab.mta import Mta
from smtplab.lab.policy import Policy
from smtplab.lab.server import SmtpServer
from smtplab.mail.envelope import Envelope, Recipient
from smtplab.mail.errors import LabError
from smtplab.mail.reply import Reply
from smtplab.mail.verdict import Step, walk

CASES = tomllib.loads((File(__file__).parents[1] / "cases" / "policies.toml").read_text())["case"]
MX = "mx.birch.example"
MALLORY = "mail.mallory.example"
TO_BOB = "RCPT TO:<bob@birch.example>"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running
        running.settle()
        assert running._world.errors == []


@pytest.fixture
def mx(lab: Lab) -> Mta:
    found = lab.mta(MX)
    found.checks.off()  # they decide about each message, and these tests are about what else does
    return found


def made(lab: Lab, case: dict[str, Any]) -> Policy:
    """The policy of a case; its times are seconds."""
    given = {
        key: timedelta(seconds=value) if key in ("delay", "window", "expiry", "per") else value
        for key, value in case.get("arguments", {}).items()
    }
    if case["policy"] == "AskBlocklist":
        lab.blocklist.add("203.0.113.66", "sold pills")
        return policies.AskBlocklist(lab.blocklist, **given)
    policy: Policy = getattr(policies, case["policy"])(**given)
    return policy


def prepare(lab: Lab, case: dict[str, Any]) -> None:
    for zone, name, rdtype, *value in case.get("dns", ()):
        if value:
            lab.dns.zone(zone).set(name, rdtype, *value)
        else:
            lab.dns.zone(zone).delete(name, rdtype)
    if name := case.get("fault"):
        lab.dns.fault(name, "servfail")
    for limit, number in case.get("limits", {}).items():
        setattr(lab.mta(MX).limits, limit, number)
    lab.mta(MX).policies[:] = [made(lab, case)] if "policy" in case else []


def play(lab: Lab, session: Session, case: dict[str, Any]) -> Reply:
    """Say what the case says, and return the last reply."""
    replies = session.say(f"EHLO {MALLORY}", case.get("mail", "MAIL FROM:<x@mallory.example>"))
    for step in case["say"]:
        if step.startswith("wait:"):
            lab.clock.advance(seconds=float(step[5:]))
        elif step == "data:HOPS":
            replies.append(session.data("Received: x\n" * 100 + "\nbody"))
        elif step.startswith("data:"):
            replies.append(session.data(step[5:]))
        else:
            replies += session.say(step)
    return replies[-1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.get('policy', 'Mta')}-{case['reply'][:12]}")
def test_the_reply_and_its_reason(case: dict[str, Any]) -> None:
    with Lab() as lab:
        prepare(lab, case)
        mta = lab.mta(MX)
        with lab.connect(MX, 25, case.get("client", MALLORY)) as session:
            reply = session.greeting if case.get("greeting") else play(lab, session, case)
            transcript = session.transcript
        assert str(reply) == case["reply"]
        decision = mta.decisions[-1]
        assert decision.reply == reply
        assert decision.by == case.get("by", case.get("policy"))
        assert decision.verb == case.get("verb", "RCPT")
        assert decision.step.ref == case["ref"]
        assert case["why"] in decision.verdict().text(1000)
        assert decision in mta.decisions.of(transcript)
        assert decision.result == decision.step.result == {4: "delayed", 5: "refused"}[decision.reply.klass]
        assert lab._world.errors == []


def test_each_code_that_a_lesson_needs_can_be_provoked() -> None:
    provoked = {int(case["reply"][:3]) for case in CASES}
    assert provoked >= {421, 450, 451, 452, 550, 552, 554}


def test_every_reply_in_the_tables_is_provoked() -> None:
    """A reply that no case brings about may say anything."""
    from smtplab.lab import blocklist
    from smtplab.lab.policies import content, greylist, ptr, quota, rate, service

    tables = [
        greylist.REPLIES, quota.FOR_NOW, quota.FOR_GOOD, rate.FROM_CLIENT, rate.TO_MAILBOX, ptr.NO_NAME,
        ptr.NOT_BACK, ptr.FOR_GOOD, ptr.NO_ANSWER, content.REFUSED, blocklist.REPLIES, service.FULL,
    ]  # fmt: skip
    said = {case["reply"].split(": ")[0].split(" [")[0][:9] for case in CASES}
    for table in tables:
        for reply in table.values():
            assert f"{reply.code} {reply.enhanced}"[:9] in said


# Without an objection ---------------------------------------------------------------------------------


ALL: tuple[Policy, ...] = (
    policies.Greylist(),
    policies.Quota(10_000),
    policies.RateLimit(),
    policies.ContentFilter(),
    policies.RequirePtr(),
)


def test_one_of_our_own_is_not_judged_as_a_stranger(lab: Lab, mx: Mta) -> None:
    lab.dns.zone("100.51.198.in-addr.arpa").delete("40", "PTR")
    mx.policies += [policies.Greylist(), policies.RateLimit(1), policies.RequirePtr(permanent=True)]
    with lab.connect(MX, 25, "bob.birch.example") as session:  # within birch.example's own networks
        session.say("EHLO bob.birch.example")
        for _ in range(3):
            assert session.say("RSET", "MAIL FROM:<bob@birch.example>", TO_BOB)[-1].code == 250
    assert list(mx.decisions) == []


def test_who_logs_in_is_not_judged_as_a_stranger(lab: Lab) -> None:
    server = lab.mta("mail.acorn.example")
    server.policies += [policies.Greylist(), policies.RateLimit(1), policies.RequirePtr(permanent=True)]
    for _ in range(3):
        sent = lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: x\n\nHello")
        assert sent.result == "delivered"


def test_an_honest_message_passes_all_of_them_the_second_time(lab: Lab, mx: Mta) -> None:
    mx.policies += ALL
    lab.mta("mx2.birch.example").policies += ALL  # the same objects: they remember together
    sent = lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: lunch\n\nat one?")
    assert sent.result == "delayed"
    lab.clock.advance(hours=2)
    assert sent.result == "delivered"
    mail = lab.mailbox("bob@birch.example")[0]
    assert (mail["X-Spam-Score"], mail["X-Spam-Flag"]) == ("0.0", "NO")


def test_a_policy_at_one_exchanger_only_is_walked_around(lab: Lab, mx: Mta) -> None:
    mx.policies.append(policies.Greylist())
    sent = lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: x\n\nHello")
    assert sent.result == "delivered"
    assert [item.transcript.server.host for item in sent.items()][-1] == "mx2.birch.example"


def test_policies_of_two_labs_share_nothing() -> None:
    with Lab() as one, Lab() as two:
        for lab in (one, two):
            lab.mta(MX).policies.append(policies.Greylist())
            with lab.connect(MX, 25, MALLORY) as session:
                assert session.say("EHLO x", "MAIL FROM:<>", TO_BOB)[-1].code == 450
            assert len(lab.mta(MX).decisions) == 1


def test_the_first_that_refuses_ends_it_and_the_order_is_that_of_the_list(lab: Lab, mx: Mta) -> None:
    mx.policies += [policies.Quota(0), policies.Greylist()]
    with lab.connect(MX, 25, MALLORY) as session:
        assert session.say("EHLO x", "MAIL FROM:<>", TO_BOB)[-1].code == 452
        mx.policies.reverse()
        assert session.say(TO_BOB)[-1].code == 450
        lab.clock.advance(minutes=2)
        assert session.say(TO_BOB)[-1].code == 452  # past the greylist, and still no room
    assert [(decision.by, decision.result) for decision in mx.decisions] == [
        ("Quota", "delayed"), ("Greylist", "delayed"), ("Greylist", "accepted"), ("Quota", "delayed"),
    ]  # fmt: skip
    assert [decision.by for decision in mx.decisions.refusals] == ["Quota", "Greylist", "Quota"]


def test_each_recipient_is_decided_by_itself(lab: Lab, mx: Mta) -> None:
    mx.policies.append(policies.Quota(1000, boxes={"erin@birch.example": 0}))
    with lab.connect(MX, 25, MALLORY) as session:
        replies = session.say(
            "EHLO x", "MAIL FROM:<>", "RCPT TO:<erin@birch.example>", TO_BOB, "DATA", b"hi\n"
        )
    assert [reply.code for reply in replies] == [250, 250, 452, 250, 354, 250]
    assert [decision.about for decision in mx.decisions] == ["<erin@birch.example>"]


def test_a_quota_counts_what_lies_in_the_mailbox(lab: Lab, mx: Mta) -> None:
    quota = policies.Quota(2000)
    mx.policies.append(quota)
    codes = []
    with lab.connect(MX, 25, MALLORY) as session:
        session.say(f"EHLO {MALLORY}")
        for _ in range(3):
            replies = session.say("MAIL FROM:<>", TO_BOB, "DATA", b"Subject: x\n\n" + b"x" * 700 + b"\n")
            codes.append(replies[-1].code)
    assert codes == [250, 250, 452]
    box = lab.mailbox("bob@birch.example")
    assert quota.left(mx.store, "bob@birch.example") == 2000 - sum(len(mail.raw) for mail in box)
    box.clear()  # Bob makes room
    mx.store.boxes["bob@birch.example"].clear()
    with lab.connect(MX, 25, MALLORY) as session:
        assert session.say("EHLO x", "MAIL FROM:<>", TO_BOB)[-1].code == 250


@pytest.mark.parametrize(("declared", "code"), [(999, 250), (1000, 250), (1001, 452)])
def test_a_message_that_just_fits_is_taken(lab: Lab, mx: Mta, declared: int, code: int) -> None:
    mx.policies.append(policies.Quota(1000))
    with lab.connect(MX, 25, MALLORY) as session:
        assert session.say("EHLO x", f"MAIL FROM:<> SIZE={declared}", TO_BOB)[-1].code == code


# Rates ------------------------------------------------------------------------------------------------


def test_a_rate_is_that_of_any_span_of_time(lab: Lab, mx: Mta) -> None:
    mx.policies.append(policies.RateLimit(2, timedelta(seconds=60)))
    codes = []
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x")
        for wait in (0, 30, 29, 1, 1, 29, 0):  # at 0, 30, 59, 60, 61, 90 and 90 s
            lab.clock.advance(seconds=wait)
            codes.append(session.say("RSET", "MAIL FROM:<>")[-1].code)
    assert codes == [250, 250, 451, 250, 451, 250, 451]


def test_a_rate_is_one_clients_own(lab: Lab, mx: Mta) -> None:
    mx.policies.append(policies.RateLimit(1))
    for host in (MALLORY, "mail.acorn.example", "mx.forward.example"):
        with lab.connect(MX, 25, host) as session:
            assert [reply.code for reply in session.say("EHLO x", "MAIL FROM:<>")] == [250, 250]
            assert session.say("RSET", "MAIL FROM:<>")[-1].code == 451


def test_a_client_that_is_slowed_down_delivers_all_its_mail(lab: Lab, mx: Mta) -> None:
    lab.dns.zone("birch.example").delete("mx", "AAAA")  # or it comes from its second address, too
    limit = policies.RateLimit(2, timedelta(minutes=1), dialect="gmail")
    mx.policies.append(limit)
    lab.mta("mx2.birch.example").policies.append(limit)
    sent = [
        lab.submit(f"From: alice@acorn.example\nTo: bob@birch.example\nSubject: {n}\n\nHello")
        for n in range(4)
    ]
    assert [one.result for one in sent] == ["delivered", "delivered", "delayed", "delayed"]
    lab.clock.advance(hours=3)
    assert [one.result for one in sent] == ["delivered"] * 4
    assert len(lab.mailbox("bob@birch.example")) == 4


# The greeting -----------------------------------------------------------------------------------------


def test_after_554_in_place_of_the_greeting_only_quit_is_left(lab: Lab, mx: Mta) -> None:
    """RFC 5321 §3.1: the server waits for QUIT, and answers all else with 503."""
    mx.policies.append(policies.NoService())
    with lab.connect(MX, 25, MALLORY) as session:
        assert session.greeting and session.greeting.code == 554
        said = (
            "EHLO x",
            "HELO x",
            "NOOP",
            "RSET",
            "HELP",
            "STARTTLS",
            "MAIL FROM:<>",
            "DATA",
            "FOO",
            "VRFY bob",
        )
        assert {reply.code for reply in session.say(*said)} == {503}
        session.write(b"BDAT 5\r\nQUIT\n")
        assert session.read().code == 503
        assert session.say("QUIT")[-1].code == 221


@pytest.mark.parametrize("policy", [policies.Maintenance(), policies.NoService(code=521)])
def test_421_and_521_end_the_connection(lab: Lab, mx: Mta, policy: Policy) -> None:
    mx.policies.append(policy)
    with lab.connect(MX, 25, MALLORY) as session, pytest.raises(LabError):
        session.say("EHLO x", "EHLO x")
    assert session.transcript.events[-1].kind == "close"


def test_maintenance_finds_those_that_are_there_already(lab: Lab, mx: Mta) -> None:
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x")
        mx.policies.append(policies.Maintenance())
        assert session.say("MAIL FROM:<>")[-1].code == 421
        assert session.state == "closed"


def test_no_service_is_for_those_networks_alone(lab: Lab, mx: Mta) -> None:
    mx.policies.append(policies.NoService(["203.0.113.66/32", "2001:db8:a::/48"]))
    for source, code in ((MALLORY, 554), ("mail.acorn.example", 220), ("203.0.113.200", 220)):
        with lab.connect(MX, 25, source) as session:
            assert session.greeting and session.greeting.code == code


def test_mail_waits_while_the_server_is_worked_on(lab: Lab, mx: Mta) -> None:
    for host in (MX, "mx2.birch.example"):
        lab.mta(host).policies.append(policies.Maintenance())
    sent = lab.submit("From: alice@acorn.example\nTo: bob@birch.example\nSubject: x\n\nHello")
    assert sent.result == "delayed"
    for host in (MX, "mx2.birch.example"):
        lab.mta(host).policies.clear()
    lab.clock.advance(hours=2)
    assert sent.result == "delivered"


# Policies of a learner's own ----------------------------------------------------------------------------


class Counting(Policy):
    """Says which hooks were asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def on_connect(self, session: SmtpServer) -> Reply | None:
        self.asked.append("connect")
        return None

    async def on_mail(self, session: SmtpServer, envelope: Envelope) -> Reply | None:
        self.asked.append(f"mail {envelope.reverse_path}")
        return None

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        self.asked.append(f"rcpt {recipient.path}")
        return None

    async def on_message(self, session: SmtpServer, envelope: Envelope, content: bytes) -> Reply | None:
        self.asked.append(f"message {len(content)}")
        return None

    async def on_accept(self, session: SmtpServer, envelope: Envelope, content: bytes) -> bytes:
        self.asked.append("accept")
        return b"X-Counted: yes\r\n" + content


class Curt(Policy):
    """Refuses, always with the same reply, and gives no reason."""

    NO = Reply(550, "5.7.1", ("Not you",))

    async def on_rcpt(self, session: SmtpServer, recipient: Recipient) -> Reply | None:
        return self.NO


class Broken(Policy):
    async def on_accept(self, session: SmtpServer, envelope: Envelope, content: bytes) -> bytes:
        raise ZeroDivisionError


def test_the_hooks_are_asked_in_the_order_of_the_session(lab: Lab, mx: Mta) -> None:
    policy = Counting()
    mx.policies.append(policy)
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x", "MAIL FROM:<>", TO_BOB, "DATA", b"Subject: x\n\nhi\n")
    assert policy.asked == ["connect", "mail <>", "rcpt <bob@birch.example>", "message 18", "accept"]
    assert list(mx.decisions) == []


def test_a_refusal_without_a_reason_has_its_text_for_one_each_time(lab: Lab, mx: Mta) -> None:
    mx.policies.append(Curt())
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x", "MAIL FROM:<>", TO_BOB, TO_BOB)
    assert [decision.step for decision in mx.decisions] == [Step("Curt", "Not you", "refused")] * 2


def test_a_reason_is_not_taken_for_that_of_the_next_policy(lab: Lab, mx: Mta) -> None:
    mx.policies += [policies.ContentFilter(), policies.LocalError(), Counting()]
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x", "MAIL FROM:<>", TO_BOB, "DATA", b"Subject: x\n\nhi\n")
    assert [(decision.by, decision.result) for decision in mx.decisions] == [
        ("ContentFilter", "accepted"), ("LocalError", "delayed"),
    ]  # fmt: skip


def test_a_policy_that_breaks_is_a_local_error(lab: Lab, mx: Mta) -> None:
    mx.policies.append(Broken())
    with lab.connect(MX, 25, MALLORY) as session:
        assert session.say("EHLO x", "MAIL FROM:<>", TO_BOB, "DATA", b"hi\n")[-1].code == 451
    assert [type(error) for error in lab._world.errors] == [ZeroDivisionError]
    lab._world.errors.clear()
    assert lab.mailbox("bob@birch.example") == []


@pytest.mark.parametrize(
    "content",
    [b"Subject: x\n\nhi\n", b"\nno header\n", b" folded first\n\nhi\n", b"no colon\n\nhi\n", b"", b"\n"],
)
def test_what_on_accept_adds_stands_below_received_and_above_the_message(
    lab: Lab, mx: Mta, content: bytes
) -> None:
    """RFC 5321 §4.4: Received goes on top of what was there when the MTA took the message."""
    mx.policies += [Counting(), policies.ContentFilter()]
    with lab.connect(MX, 25, MALLORY) as session:
        assert session.say("EHLO x", "MAIL FROM:<>", TO_BOB, "DATA", content)[-1].code == 250
    raw = lab.mailbox("bob@birch.example")[0].raw
    names = [line.split(b":")[0] for line in raw.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert names[:5] == [b"Return-Path", b"Received", b"X-Spam-Flag", b"X-Spam-Score", b"X-Counted"]
    sent = content.replace(b"\n", b"\r\n") or b"\r\n"
    assert raw.endswith(sent)


# Decisions --------------------------------------------------------------------------------------------


def test_a_decision_tells_who_asked_what_and_why(lab: Lab, mx: Mta) -> None:
    mx.policies.append(policies.Greylist())
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x", "MAIL FROM:<x@mallory.example>", TO_BOB)
    decision = mx.decisions[0]
    assert decision.when == lab.clock.now()
    text = str(decision)
    assert text.startswith(f"~ delayed  Greylist: what did {MX} decide about RCPT <bob@birch.example> from")
    assert "(RFC 6647 §5)" in text and "450 4.7.1" in text


def test_the_decisions_are_listed_a_line_each(lab: Lab, mx: Mta) -> None:
    assert repr(mx.decisions) == "no decision yet"
    mx.policies += [policies.Greylist(), policies.ContentFilter(), policies.NoService("203.0.113.200")]
    with lab.connect(MX, 25, "203.0.113.200"):
        pass
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x", "MAIL FROM:<x@mallory.example>", TO_BOB)
        lab.clock.advance(minutes=1)
        session.say(TO_BOB, "DATA", b"Subject: x\n\nhi\n")
    assert repr(mx.decisions).splitlines() == [
        f"✕ 02 Mar 09:00:00 NoService, greeting: 554 {MX} No SMTP service here for [203.0.113.200]",
        "~ 02 Mar 09:00:00 Greylist, RCPT <bob@birch.example>: 450 4.7.1 Not known here yet: try again in a"
        " few minutes",
        "✓ 02 Mar 09:01:00 Greylist, RCPT <bob@birch.example>",
        "✓ 02 Mar 09:01:00 ContentFilter, message",
    ]


def test_a_decision_with_someone_in_the_middle_is_found_from_either_leg(lab: Lab, mx: Mta) -> None:
    mx.policies.append(policies.Greylist())
    lab.mallory.strip_starttls(MX)
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x", "MAIL FROM:<>", TO_BOB)
        transcript = session.transcript
    assert transcript.twin
    assert len(mx.decisions.of(transcript)) == len(mx.decisions.of(transcript.twin)) == 1


def test_decisions_do_not_fill_the_memory(lab: Lab, mx: Mta) -> None:
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<nobody@birch.example>")
    one: Decision = mx.decisions[0]
    for _ in range(6000):
        mx.decisions.add(one)
    assert len(mx.decisions) == 5000


def test_hostile_names_stay_harmless_in_a_reason(lab: Lab, mx: Mta) -> None:
    mx.policies += [policies.ContentFilter(0, 1)]
    subject = b"Subject: =?utf-8?B?G1sySsKFQVVTVEVSSVRZ?= <script>\n\nx\n"
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x", "MAIL FROM:<>", TO_BOB, "DATA", subject)
    text = str(mx.decisions[-1])
    assert all(character.isprintable() or character == "\n" for character in text)


# Accept, then bounce ----------------------------------------------------------------------------------


def test_without_verifying_recipients_any_local_part_is_taken_at_rcpt(lab: Lab, mx: Mta) -> None:
    mx.verify_recipients = False
    with lab.connect(MX, 25, MALLORY) as session:
        replies = session.say(
            "EHLO x", "MAIL FROM:<>", "RCPT TO:<nobody@birch.example>", "RCPT TO:<nobody@acorn.example>"
        )
    assert [reply.code for reply in replies] == [250, 250, 250, 554]  # it does not open the relay


@pytest.mark.parametrize(("verify", "code", "notices"), [(False, 250, 1), (True, 550, 0)])
def test_who_accepts_first_bounces_to_whoever_was_forged(
    lab: Lab, mx: Mta, verify: bool, code: int, notices: int
) -> None:
    """Backscatter: Alice wrote nothing. A refusal at RCPT goes to the client, which is not hers."""
    mx.verify_recipients = verify
    with lab.connect(MX, 25, MALLORY) as session:
        said = session.say("EHLO x", "MAIL FROM:<alice@acorn.example>", "RCPT TO:<nobody@birch.example>")
        assert said[-1].code == code
        if code == 250:
            session.say("DATA", b"Subject: pills\n\nbuy\n")
    lab.settle()
    assert [mail.reverse_path.is_null for mail in lab.mailbox("alice@acorn.example")] == [True] * notices


# What cannot be set -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: policies.Greylist(dialect="qmail"), "standard, postfix, gmail, microsoft, common, closing"),
        (lambda: policies.Greylist(timedelta(0)), "a delay above zero"),
        (lambda: policies.Greylist(timedelta(hours=2), timedelta(hours=2)), "a window that is longer"),
        (lambda: policies.Quota(-1), "a number of octets"),
        (lambda: policies.Quota(1, boxes={"bob@birch.example": -1}), "a number of octets"),
        (lambda: policies.Quota(1, dialect="common"), "one of standard"),
        (lambda: policies.RateLimit(0), "at least one message"),
        (lambda: policies.RateLimit(1, timedelta(0)), "a time above zero"),
        (lambda: policies.RateLimit(1, by="sender"), "by 'sender'"),  # type: ignore[arg-type]
        (lambda: policies.RequirePtr(dialect=""), "one of standard"),
        (lambda: policies.ContentFilter(5, 4), "mark <= refuse"),
        (lambda: policies.FullDisk("x"), "one of standard"),
        (lambda: policies.NoService(code=550), "554, or with 521"),
        (lambda: policies.NoService("mallory"), "Write a network"),
    ],
)
def test_a_wrong_setting_is_told_at_once(make: Any, words: str) -> None:
    with pytest.raises(LabError, match=words):
        make()


def test_steps_of_a_reason_cite_their_source(lab: Lab, mx: Mta) -> None:
    mx.policies.append(policies.RequirePtr())
    lab.dns.zone("113.0.203.in-addr.arpa").set("66", "PTR", "mx.birch.example.")
    with lab.connect(MX, 25, MALLORY) as session:
        session.say("EHLO x", "MAIL FROM:<>", TO_BOB)
    steps = [step for _, step in walk((mx.decisions[0].step,))]
    assert [step.result for step in steps] == ["delayed", "pass", "fail"]
    assert all(step.ref for step in steps)
