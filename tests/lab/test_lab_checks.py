"""Receivers check what comes from outside, over real sockets: SPF at MAIL, DKIM and DMARC at the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from smtplab.auth import dkim
from smtplab.lab.checks.judgement import MOST_KEPT
from smtplab.lab.checks.marking import without_own
from smtplab.lab.dkim_keys import lab_key
from smtplab.lab.lab import Lab
from smtplab.lab.mta import Mta
from smtplab.lab.queue import SmartHost
from smtplab.lab.signing import Signer
from smtplab.mail.errors import LabError
from smtplab.mail.header import fields, results
from smtplab.mail.header.reading import authentication
from smtplab.mail.reply import Reply

MX, MALLORY = "mx.birch.example", "mail.mallory.example"
BOB = "bob@birch.example"
LETTER = "From: alice@acorn.example\nTo: {}\nSubject: trees\n\nHello\n"
FORGED = b"From: alice@acorn.example\r\nTo: bob@birch.example\r\nSubject: forged\r\n\r\nHi\r\n"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running
        running.settle()
        assert running._world.errors == []


@pytest.fixture
def mx(lab: Lab) -> Mta:
    return lab.mta(MX)


def bring(
    lab: Lab, message: bytes = FORGED, sender: str = "x@mallory.example", source: str = MALLORY
) -> list[Reply]:
    """What MX says to each line of one session; it ends at the first refusal."""
    replies = []
    with lab.connect(MX, 25, source) as session:
        for line in (f"EHLO {source}", f"MAIL FROM:<{sender}>", f"RCPT TO:<{BOB}>", "DATA", message):
            replies += session.say(line)
            if replies[-1].code >= 400:
                break
    return replies


def marks(raw: bytes) -> dict[str, str]:
    """method -> result, by the uppermost Authentication-Results."""
    top = next(field for field in fields(raw) if field.key == "authentication-results")
    return {one.method: one.result for one in results.parse(top.value).results}


# what is found, and where it is said ------------------------------------------------------------------


def test_honest_mail_passes_all_three(lab: Lab) -> None:
    lab.submit(LETTER.format(BOB))
    mail = lab.mailbox(BOB)[0]
    assert marks(mail.raw) == {"spf": "pass", "dkim": "pass", "dmarc": "pass"}
    names = [field.name for field in fields(mail.raw)][:4]
    assert names == ["Return-Path", "Received-SPF", "Authentication-Results", "Received"]
    assert mail.folder == "INBOX"
    (one,) = lab.judgements()
    assert (one.disposition, one.client, one.helo) == ("none", "192.0.2.10", "mail.acorn.example")
    assert [verdict.method for verdict in one.verdicts] == ["SPF", "DKIM", "DMARC", "receiver"]


def test_the_reader_of_header_fields_believes_it(lab: Lab) -> None:
    lab.submit(LETTER.format(BOB))
    verdict = authentication(lab.mailbox(BOB)[0].raw, trusted=[MX])
    assert verdict.result == "known"


def test_the_decision_has_the_whole_verdict(lab: Lab, mx: Mta) -> None:
    bring(lab)
    (decision,) = mx.decisions
    assert (decision.by, decision.verb, decision.result) == ("Checks", ".", "accepted")
    assert [step.what for step in decision.step.steps] == ["SPF", "DMARC", "receiver"]
    assert "v=spf1 mx -all" in str(decision.verdict())


def test_own_users_are_not_checked(lab: Lab) -> None:
    lab.submit(LETTER.format("postmaster@acorn.example"))
    assert lab.judgements("mail.acorn.example") == []
    assert lab.mailbox("postmaster@acorn.example")[0]["Authentication-Results"] is None


def test_the_null_path_is_checked_by_helo(lab: Lab) -> None:
    lab.dns.zone("mallory.example").set("mail", "TXT", "v=spf1 a -all")
    bring(lab, sender="")
    mail = lab.mailbox(BOB)[0]
    assert lab.judgements()[0].spf.domain == MALLORY  # type: ignore[union-attr]
    assert "smtp.helo=mail.mallory.example" in (mail["Authentication-Results"] or "")
    assert "identity=helo" in (mail["Received-SPF"] or "")


def test_each_message_of_a_session_has_its_own_verdict(lab: Lab) -> None:
    with lab.connect(MX, 25, MALLORY) as session:
        session.say(f"EHLO {MALLORY}")
        for sender in ("x@mallory.example", "alice@acorn.example", "x@nowhere.example"):
            session.say(f"MAIL FROM:<{sender}>", f"RCPT TO:<{BOB}>", "DATA", FORGED)
        session.say("MAIL FROM:<x@mallory.example>", "RSET")
    assert [one.spf.result for one in lab.judgements() if one.spf] == ["pass", "fail", "none"]


def test_a_verdict_can_be_asked_again_with_other_records(lab: Lab) -> None:
    bring(lab)
    (one,) = lab.judgements()
    assert one.spf and one.dmarc
    records = {("mallory.example", "TXT"): "v=spf1 -all"}
    assert one.spf.what_if(records=records).after.result == "fail"
    aligned = one.dmarc.what_if(records={("_dmarc.acorn.example", "TXT"): "v=DMARC1; p=none"})
    assert aligned.after.result == "fail" and aligned.changed


def test_a_forwarder_breaks_spf_and_leaves_dkim(lab: Lab) -> None:
    lab.submit(LETTER.format("bob@forward.example"))
    assert marks(lab.mailbox(BOB)[0].raw) == {"spf": "fail", "dkim": "pass", "dmarc": "pass"}


def test_srs_mends_spf_and_aligns_nothing(lab: Lab) -> None:
    lab.srs()
    lab.mta("mail.acorn.example").policies.clear()  # nobody signs
    lab.submit(LETTER.format("bob@forward.example"))
    mail = lab.mailbox(BOB)[0]
    assert marks(mail.raw) == {"spf": "pass", "dkim": "none", "dmarc": "fail"}
    assert mail.folder == "Junk"


def test_a_footer_breaks_dkim_and_rewriting_from_mends_dmarc(lab: Lab) -> None:
    trees = lab.mailing_list()
    trees.footer = "-- \nsent by the list"
    lab.submit(LETTER.format("trees@list.example"))
    assert marks(lab.mailbox(BOB)[-1].raw) == {"spf": "pass", "dkim": "fail", "dmarc": "fail"}
    trees.rewrite_from = True
    lab.submit(LETTER.format("trees@list.example"))
    assert marks(lab.mailbox(BOB)[-1].raw)["dmarc"] != "fail"


def test_a_provider_is_not_aligned(lab: Lab) -> None:
    lab.mta("mail.acorn.example").queue.smart_host = SmartHost(
        "out.relay.example", 587, "acorn@relay.example", "oak"
    )
    lab.submit(LETTER.format(BOB))
    mail = lab.mailbox(BOB)[0]
    assert marks(mail.raw) == {"spf": "fail", "dkim": "pass", "dmarc": "fail"}
    assert mail.folder == "Junk"


# what is done about it --------------------------------------------------------------------------------


def test_a_fail_is_refused_where_the_switch_says_so(lab: Lab, mx: Mta) -> None:
    mx.checks.spf = "refuse"
    reply = bring(lab, sender="alice@acorn.example")[-1]
    assert (reply.code, reply.enhanced) == (550, "5.7.23")
    (decision,) = mx.decisions.refusals
    assert (decision.verb, decision.about) == ("MAIL", "<alice@acorn.example>")
    assert any(step.what == "-all" for step in decision.step.steps[0].steps)
    (one,) = lab.judgements()
    assert (one.disposition, one.envelope.recipients) == ("reject", ())


@pytest.mark.parametrize(("record", "result"), [("v=spf1 ~all", "softfail"), ("v=spf1 ?all", "neutral")])
def test_a_softfail_is_only_marked(lab: Lab, mx: Mta, record: str, result: str) -> None:
    mx.checks.spf = "refuse"
    lab.dns.zone("acorn.example").set("@", "TXT", record)
    assert bring(lab, sender="alice@acorn.example")[-1].code == 250
    assert marks(lab.mailbox(BOB)[0].raw)["spf"] == result


@pytest.mark.parametrize(
    ("fault", "code", "enhanced"), [("record", 550, "5.7.24"), ("servfail", 451, "4.7.24")]
)
def test_errors_of_the_dns(lab: Lab, mx: Mta, fault: str, code: int, enhanced: str) -> None:
    mx.checks.spf = "refuse"
    if fault == "record":
        lab.dns.zone("acorn.example").set("@", "TXT", "v=spf1 include -all")
    else:
        lab.dns.fault("acorn.example", "servfail", "TXT")
    reply = bring(lab, sender="alice@acorn.example")[-1]
    assert (reply.code, reply.enhanced) == (code, enhanced)


@pytest.mark.parametrize(
    ("rule", "code", "folders", "disposition"),
    [
        ("off", 250, ["INBOX"], "none"),
        ("mark", 250, ["INBOX"], "none"),
        ("junk", 250, ["Junk"], "junk"),
        ("reject", 550, [], "reject"),
        ("discard", 250, [], "discard"),
    ],
)
def test_dmarc_by_the_receivers_rule(
    lab: Lab, mx: Mta, rule: str, code: int, folders: list[str], disposition: str
) -> None:
    mx.checks.dmarc = rule
    assert bring(lab)[-1].code == code
    lab.settle()
    assert [mail.folder for mail in lab.mailbox(BOB)] == folders
    assert [one.disposition for one in lab.judgements()] == [disposition]
    assert "dropped" in [o for item in mx.queue.items for o in item.outcomes.values()] or rule != "discard"


def test_junk_is_by_default_and_readers_find_it(lab: Lab, mx: Mta) -> None:
    assert (mx.checks.spf, mx.checks.dkim, mx.checks.dmarc) == ("mark", "mark", "junk")
    bring(lab)
    with lab.imap("imap.birch.example") as client:
        client.login(BOB, "builder")
        assert client.select("INBOX")[1] == [b"0"]
        assert client.select("Junk")[1] == [b"1"]
    lab.submit(LETTER.format(BOB))
    assert [mail.folder for mail in lab.mailbox(BOB)] == ["Junk", "INBOX"]


@pytest.mark.parametrize(
    ("words", "enhanced"), [("postfix", "5.7.1"), ("gmail", "5.7.26"), ("microsoft", "5.7.509")]
)
def test_a_rejection_in_the_words_of_a_provider(lab: Lab, mx: Mta, words: str, enhanced: str) -> None:
    mx.checks.dmarc, mx.checks.words = "reject", words
    reply = bring(lab)[-1]
    assert (reply.code, reply.enhanced) == (550, enhanced)


def test_sender_is_not_the_author(lab: Lab, mx: Mta) -> None:
    """DMARC is about From alone (RFC 9989 §5.3.1)."""
    bring(lab, b"Sender: x@mallory.example\r\n" + FORGED)
    dmarc = lab.judgements()[0].dmarc
    assert dmarc and (dmarc.result, dmarc.domain) == ("fail", "acorn.example")


def test_a_switch_takes_no_other_word(mx: Mta) -> None:
    with pytest.raises(LabError, match="off, mark, refuse"):
        mx.checks.spf = "reject"


def test_switched_off_nothing_is_written(lab: Lab, mx: Mta) -> None:
    mx.checks.off()
    bring(lab, b"Authentication-Results: mx.birch.example; dkim=pass\r\n" + FORGED)
    names = [field.key for field in fields(lab.mailbox(BOB)[0].raw)]
    assert names[:3] == ["return-path", "received", "authentication-results"]
    assert lab.judgements() == []


# forged results ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (b"Authentication-Results: mx.birch.example; dkim=pass\r\n", False),
        (b"authentication-results:\r\n\tMX.Birch.Example. 1;\r\n dkim=pass\r\n", False),
        (b"Authentication-Results : (x) birch.example; dkim=pass\r\n", False),
        (b'Authentication-Results: "mx2.birch.example"; dkim=pass\r\n', False),
        (b"Authentication-Results: mx.acorn.example; dkim=pass\r\n", True),
        (b"Authentication-Results: notbirch.example; dkim=pass\r\n", True),
    ],
)
def test_results_that_claim_to_be_ours_are_removed(lab: Lab, written: bytes, kept: bool) -> None:
    bring(lab, b"X-Before: 1\r\n" + written + FORGED)
    raw = lab.mailbox(BOB)[0].raw
    assert raw.endswith(b"X-Before: 1\r\n" + (written if kept else b"") + FORGED)
    assert len(lab.judgements()[0].removed) == (not kept)


@pytest.mark.parametrize("before", [b"X: a\nb\r\n", b"X: a\n", b"X: a\n\n", b"X: a\rb\r\n", b"no field\r\n"])
def test_bare_line_ends_hide_no_forged_result(before: bytes) -> None:
    """Readers differ in what a bare line feed is, so the field goes, and no line beside it."""
    forged = b"Authentication-Results: mx.birch.example;\r\n dkim=pass\r\n"
    kept, removed = without_own(before + forged + FORGED, (MX,))
    assert kept == before + FORGED and removed == ("mx.birch.example; dkim=pass",)
    assert without_own(before + FORGED + forged, (MX,)) == (before + FORGED + forged, ())
    alone = (before + forged).removesuffix(b"\r\n")  # no empty line, and so no body
    assert without_own(alone, (MX,))[0] == before.removesuffix(b"\r\n")


def test_a_large_message_is_not_kept_for_its_judgement(lab: Lab, mx: Mta) -> None:
    for size in (10, MOST_KEPT):
        lab.submit(LETTER.format(BOB) + "Hello again.\n" * (size // 14))
    small, large = lab.judgements()
    assert small.content and small.dkim[0].what_if(now=mx.world.clock.now()).after.result == "pass"
    strict = dkim.Policy(least_bits=4096)
    assert small.dkim[0].what_if(policy=strict).after.cause == "weak-key"
    assert not large.content and large.dkim[0].result == "pass" and large.dkim[0].again is None
    with pytest.raises(LabError, match="cannot be asked again"):
        large.dkim[0].what_if(now=mx.world.clock.now())


def test_a_message_of_forged_results_alone(lab: Lab) -> None:
    bring(lab, b"Authentication-Results: mx.birch.example; none\r\n\r\nbody\r\n")
    raw = lab.mailbox(BOB)[0].raw
    assert raw.endswith(b"+0000\r\n\r\nbody\r\n")
    assert raw.count(b"Authentication-Results:") == 1


# the DNS, its cache and the end -----------------------------------------------------------------------


def test_without_a_cache_an_edited_record_counts_at_once(lab: Lab) -> None:
    bring(lab)
    lab.dns.zone("mallory.example").set("@", "TXT", "v=spf1 -all")
    bring(lab)
    assert [one.spf.result for one in lab.judgements() if one.spf] == ["pass", "fail"]


def test_a_cache_keeps_an_answer_for_its_ttl(lab: Lab, mx: Mta) -> None:
    mx.checks.caching = True
    bring(lab)
    asked = sum(query.asker == MX and query.rdtype == "TXT" for query in lab.dns.queries)
    bring(lab)
    assert sum(query.asker == MX and query.rdtype == "TXT" for query in lab.dns.queries) == asked
    lab.dns.zone("mallory.example").set("@", "TXT", "v=spf1 -all")
    assert mx.checks.cache and mx.checks.cache.left("mallory.example", "TXT").total_seconds() == 300
    lab.clock.advance(seconds=299)
    bring(lab)
    lab.clock.advance(seconds=1)
    bring(lab)
    assert [one.spf.result for one in lab.judgements() if one.spf] == ["pass", "pass", "pass", "fail"]
    mx.checks.caching = False
    assert mx.checks.cache is None


def test_that_there_is_nothing_is_kept_too_but_no_silence(lab: Lab, mx: Mta) -> None:
    mx.checks.caching = True
    zone = lab.dns.zone("mallory.example")
    zone.delete("@", "TXT")
    bring(lab)
    zone.set("@", "TXT", "v=spf1 mx -all")
    bring(lab)
    lab.clock.advance(seconds=60)  # the SOA's minimum (RFC 2308 §5)
    lab.dns.fault("mallory.example", "servfail", "TXT")
    bring(lab)
    lab.dns.mend()
    bring(lab)
    found = [one.spf.result for one in lab.judgements() if one.spf]
    assert found == ["none", "none", "temperror", "pass"]


def test_a_lab_that_ends_during_a_check_has_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    with Lab() as lab:
        log = lab.dns._log

        def logged(*arguments: Any) -> None:
            log(*arguments)
            asked.set()

        lab.dns.fault("mallory.example", 0.2, "TXT")
        session = lab.connect(MX, 25, MALLORY)
        session.say("EHLO x")
        monkeypatch.setattr(lab.dns, "_log", logged)
        session.write(b"MAIL FROM:<x@mallory.example>\r\n")
        assert asked.wait(10)
        world = lab._world
    session.close()
    assert world.errors == []


# those on the way -------------------------------------------------------------------------------------


def test_a_provider_signs_with_a_key_behind_an_alias(lab: Lab) -> None:
    """The customer publishes a CNAME, so that the provider can change the key by itself."""
    key = lab_key("acorn.example", 2)
    lab.dns.zone("relay.example").set("acorn._domainkey", "TXT", dkim.record(key))
    lab.dns.zone("acorn.example").set("relay._domainkey", "CNAME", "acorn._domainkey.relay.example")
    provider = lab.mta("out.relay.example")
    provider.policies.append(Signer("acorn.example", "relay", key, only_own=True))
    lab.mta("mail.acorn.example").queue.smart_host = SmartHost(
        "out.relay.example", 587, "acorn@relay.example", "oak"
    )
    lab.submit(LETTER.format(BOB))
    (one,) = lab.judgements()
    assert [(each.domain, each.result) for each in one.dkim] == [
        ("acorn.example", "pass"), ("relay.example", "pass"),
    ]  # fmt: skip
    assert one.dmarc and one.dmarc.result == "pass"
    assert lab.mailbox(BOB)[0].folder == "INBOX"


def test_a_bounce_passes_by_the_name_of_its_host(lab: Lab) -> None:
    acorn = lab.mta("mail.acorn.example")
    acorn.verify_recipients = False
    with lab.connect("mail.acorn.example", 25, MX) as session:
        session.say(
            f"EHLO {MX}", f"MAIL FROM:<{BOB}>", "RCPT TO:<nobody@acorn.example>", "DATA", b"x: y\n\nhi\n"
        )
    lab.settle()
    (bounce,) = lab.mailbox(BOB)
    assert marks(bounce.raw) == {"spf": "pass", "dkim": "none", "dmarc": "pass"}
    assert bounce.folder == "INBOX"
