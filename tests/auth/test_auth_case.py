"""A case: what is known, what is unknown, what to ask next, and that pasting it back completes it."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.auth import dkim
from smtplab.auth.answers import read
from smtplab.auth.case import Case, CaseJudgement, judge_case
from smtplab.mail.errors import LabError, RecordError
from smtplab.mail.route import Question
from tests.auth import dkim_zone

NOW = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
KEY = dkim_zone.KEYS["ed25519"]
TRACE = (
    b"Return-Path: <alice@acorn.example>\r\n"
    b"Received: from mail.acorn.example (mail.acorn.example [198.51.100.10])\r\n"
    b"\tby mx.birch.example (Postfix) with ESMTPS id 4F1\r\n"
    b"\tfor <bob@birch.example>; Mon, 2 Mar 2026 09:00:01 +0000\r\n"
)
WRITTEN = dkim_zone.MESSAGE.partition(b"\r\n")[2]
SIGNED = dkim_zone.signed(WRITTEN, KEY)
MESSAGE = TRACE + SIGNED
# each answer at hand, by what it answers
RECORDS = {
    ("acorn.example", "TXT"): 'acorn.example. IN TXT "v=spf1 include:_spf.relay.example mx -all"',
    ("_spf.relay.example", "TXT"): '_spf.relay.example. IN TXT "v=spf1 ip4:192.0.2.0/24 ?all"',
    ("acorn.example", "MX"): "acorn.example. IN MX 10 mail.acorn.example.",
    ("mail.acorn.example", "A"): "mail.acorn.example. IN A 198.51.100.10",
    (dkim_zone.NAME, "TXT"): f'{dkim_zone.NAME}. IN TXT "{dkim.record(KEY)}"',
    ("_dmarc.acorn.example", "TXT"): '_dmarc.acorn.example. IN TXT "v=DMARC1; p=reject"',
}
ALL = "\n".join(RECORDS.values())


def judged(message: bytes = MESSAGE, answers: str = ALL, **more: Any) -> CaseJudgement:
    more.setdefault("trusted", ("mx.birch.example",))
    return judge_case(Case(message, answers=read(answers), **more), NOW)


def results(judgement: CaseJudgement) -> list[str]:
    """Of SPF, DKIM and DMARC."""
    return [one.result for method in ("SPF", "DKIM", "DMARC") for one in judgement.of(method)]


def answered(status: str, name: str, rdtype: str) -> str:
    """What dig prints where there is no record."""
    head = f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: 1\n;; flags: qr rd ra; QUERY: 1\n"
    return f"{head};; QUESTION SECTION:\n;{name}.\tIN\t{rdtype}\n;; Query time: 1 msec\n"


def test_with_everything_at_hand() -> None:
    judgement = judged()
    assert results(judgement) == ["pass", "pass", "pass"]
    assert judgement.missing == () and judgement.damage == ()
    assert [one.method for one in judgement.verdicts] == [
        *("Received", "SPF", "DKIM", "DMARC", "authentication results", "header section")
    ]
    assert {fact.name: (fact.value, fact.standing) for fact in judgement.facts} == {
        "ip": ("198.51.100.10", "known"),
        "mail_from": ("alice@acorn.example", "known"),
        "helo": ("mail.acorn.example", "known"),
    }
    assert judgement.sentences[0].startswith(
        "Known: it came from 198.51.100.10; SPF is pass for acorn.example"
    )
    assert judgement.sentences[1].startswith("Nothing is wrong")
    assert judgement.sentences[2] == "First: nothing has to be done."


def test_with_nothing_at_hand_nothing_is_none_or_temperror() -> None:
    judgement = judged(answers="")
    assert results(judgement) == ["unknown", "unknown", "unknown"]
    assert "temperror" not in judgement.text(whole=True)
    assert judgement.missing == (
        Question("acorn.example", "TXT"),
        Question(dkim_zone.NAME, "TXT"),
        Question("_dmarc.acorn.example", "TXT"),
    )
    assert judgement.commands()["dig"][0] == "dig TXT acorn.example."
    assert "`dig TXT acorn.example.` and 2 more" in judgement.sentences[2]


@pytest.mark.parametrize("removed", RECORDS, ids=" ".join)
def test_each_record_is_missed_asked_for_and_pasted_back(removed: tuple[str, str]) -> None:
    whole = judged()
    rest = "\n".join(line for key, line in RECORDS.items() if key != removed)
    before = judged(answers=rest)
    assert "unknown" in results(before)
    assert not {"none", "temperror", "permerror", "fail"} & set(results(before))
    assert before.missing[0] == Question(*removed)
    assert before.commands()["dig"][0] == f"dig {removed[1]} {removed[0]}."
    pasted = before.case.answers + read(RECORDS[removed])
    assert before.what_if(answers=pasted).to_dict() == whole.to_dict()


@pytest.mark.parametrize(
    ("status", "key", "expected"),
    [
        ("NXDOMAIN", ("acorn.example", "TXT"), ["none", "unknown", "unknown"]),
        ("SERVFAIL", ("acorn.example", "TXT"), ["temperror", "pass", "pass"]),
        ("NOERROR", ("acorn.example", "TXT"), ["none", "pass", "pass"]),
        ("NXDOMAIN", (dkim_zone.NAME, "TXT"), ["pass", "permerror", "pass"]),
        ("SERVFAIL", (dkim_zone.NAME, "TXT"), ["pass", "temperror", "pass"]),
        ("SERVFAIL", ("_dmarc.acorn.example", "TXT"), ["pass", "pass", "temperror"]),
        ("NXDOMAIN", ("_dmarc.acorn.example", "TXT"), ["pass", "pass", "unknown"]),
        ("NXDOMAIN", ("mail.acorn.example", "A"), ["fail", "pass", "pass"]),
    ],
)
def test_what_the_dns_has_not_is_an_answer(status: str, key: tuple[str, str], expected: list[str]) -> None:
    rest = "\n".join(line for one, line in RECORDS.items() if one != key)
    if expected[1] == "unknown":  # no such name, and so nothing underneath
        rest = ""
        expected = ["none", "permerror", "unknown"]
    judgement = judged(answers=rest + "\n" + answered(status, *key))
    assert results(judgement) == expected
    if status == "NXDOMAIN" and key[0].startswith("_dmarc"):
        assert judgement.missing == (Question("_dmarc.example", "TXT"),)


def test_names_of_the_client_that_are_unknown_are_no_mismatch() -> None:
    ptr = ALL.replace("include:_spf.relay.example mx", "ptr")
    judgement = judged(answers=ptr)
    assert results(judgement)[0] == "unknown"
    assert judgement.missing == (Question("10.100.51.198.in-addr.arpa", "PTR"),)
    more = "10.100.51.198.in-addr.arpa. IN PTR mail.acorn.example."
    assert results(judged(answers=f"{ptr}\n{more}"))[0] == "pass"


def test_the_words_for_a_fail_are_not_needed() -> None:
    record = 'acorn.example. IN TXT "v=spf1 -all exp=why.acorn.example"'
    judgement = judged(answers=f"$ dig acorn.example txt +noall +answer\n{record}\n")
    assert results(judgement)[0] == "fail"
    assert Question("why.acorn.example", "TXT") not in judgement.missing


def test_dmarc_is_open_while_spf_or_a_signature_is() -> None:
    footer = MESSAGE + b"-- \r\nlist footer\r\n"
    without_spf = "\n".join(line for key, line in RECORDS.items() if key != ("acorn.example", "TXT"))
    judgement = judged(footer, without_spf)
    assert results(judgement) == ["unknown", "fail", "unknown"]
    assert results(judged(footer, without_spf, mail_from="x@elm.example"))[2] == "unknown"
    known = judged(footer, ALL + "\n" + answered("NXDOMAIN", "elm.example", "TXT"), mail_from="x@elm.example")
    assert results(known) == ["none", "fail", "fail"]
    assert "asks for reject" in known.sentences[1] and "lines were put behind the body" in known.sentences[1]
    assert "find the host that changes the message" in known.sentences[2]


def test_a_body_that_was_changed_is_seen_without_a_key() -> None:
    judgement = judged(MESSAGE.replace(b"Shall we", b"Let us"), "")
    assert "The body is not what acorn.example signed" in judgement.sentences[1]


REAL = sorted((Path(__file__).resolve().parents[1] / "cases" / "dkim").glob("*.eml"))


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_messages_that_others_signed(path: Path) -> None:
    """Those of the RFCs: their keys are asked for, and with the keys the body is held against the hash."""
    octets = path.read_bytes()
    before = judged(octets, "", trusted=())
    wanted = {question.name for question in before.missing if "_domainkey" in question.name}
    lines = [line.partition(" ") for line in path.with_suffix(".dns").read_text("utf-8").splitlines()]
    assert wanted == {name for name, _, _ in lines}
    texts = {
        name: " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))
        for name, _, text in lines
    }
    zone = "\n".join(f"{name}. IN TXT {text}" for name, text in texts.items())
    after = judged(octets, zone, trusted=()).of("DKIM")
    expected = dkim.verify(octets, resolve=read(zone).resolve, now=NOW)
    assert [one.result for one in after] == [one.result for one in expected]
    assert "unknown" not in {one.result for one in after}


# Where the client's address and the reverse-path come from ---------------------------------------------


def test_what_was_given_counts_before_what_is_written() -> None:
    judgement = judged(ip="192.0.2.7", mail_from="x@acorn.example", helo="other.example")
    assert [fact.value for fact in judgement.facts] == ["192.0.2.7", "x@acorn.example", "other.example"]
    assert all(fact.standing == "known" for fact in judgement.facts)


def test_without_trust_it_is_a_claim() -> None:
    judgement = judged(trusted=())
    assert [fact.standing for fact in judgement.facts] == ["claimed"] * 3
    assert "--trust" in judgement.facts[0].source
    assert "it is said to have come from 198.51.100.10" in judgement.sentences[0]


INSIDE = (
    b"Received: from mx.birch.example (mx.birch.example [10.0.0.25])\r\n"
    b"\tby store.birch.example (Postfix) with ESMTP id 5A; Mon, 2 Mar 2026 09:00:02 +0000\r\n"
)


def test_the_border_is_the_lowest_line_of_your_own_hosts() -> None:
    forged = b"Received: from bank.example (bank.example [192.0.2.66]) by mx.birch.example id 1;\r\n"
    forged += b"\tMon, 2 Mar 2026 08:00:00 +0000\r\n"
    judgement = judged(INSIDE + TRACE + forged + SIGNED, trusted=(".birch.example", "10.0.0.0/8"))
    assert judgement.facts[0].value == "198.51.100.10"
    assert judged(INSIDE + SIGNED, trusted=("store.birch.example",)).facts[0].value is None
    assert judged(INSIDE + TRACE + SIGNED, trusted=()).facts[0].value == "198.51.100.10"


def test_without_an_address_the_rest_goes_on_and_it_is_asked_for() -> None:
    judgement = judged(SIGNED)
    assert [fact.standing for fact in judgement.facts] == ["unknown"] * 3
    assert results(judgement) == ["unknown", "pass", "pass"]
    assert "First: say from which address" in judgement.sentences[2] and "--ip" in judgement.sentences[2]
    assert results(judged(SIGNED, ip="198.51.100.10")) == ["unknown", "pass", "pass"]
    assert results(judged(SIGNED, ip="198.51.100.10", mail_from="alice@acorn.example"))[0] == "pass"
    unsigned = judged(WRITTEN, mail_from="alice@acorn.example")
    assert results(unsigned) == ["unknown", "none", "unknown"]
    assert results(judged(WRITTEN)) == ["unknown", "none", "unknown"]


def test_the_null_reverse_path_asks_about_the_name_of_the_client() -> None:
    null = MESSAGE.replace(b"<alice@acorn.example>\r\nRec", b"<>\r\nRec")
    judgement = judged(null)
    assert judgement.facts[1].value == ""
    assert judgement.missing == (Question("mail.acorn.example", "TXT"),)
    assert results(judged(SIGNED, ip="192.0.2.7", mail_from=""))[0] == "unknown"


# What if -----------------------------------------------------------------------------------------------


def test_every_check_can_be_asked_again() -> None:
    judgement = judged(answers="")
    spf, signature, policy = (judgement.of(method)[0] for method in ("SPF", "DKIM", "DMARC"))
    told = spf.what_if(records={("acorn.example", "TXT"): "v=spf1 ip4:198.51.100.10 -all"})
    assert (told.before.result, told.after.result) == ("unknown", "pass")
    assert spf.what_if(sender="x@elm.example").after.result == "unknown"
    told = signature.what_if(records={(dkim_zone.NAME, "TXT"): dkim.record(KEY)})
    assert (told.before.result, told.after.result) == ("unknown", "pass")
    assert signature.what_if(now=datetime(2030, 1, 1, tzinfo=UTC)).after.result == "unknown"
    assert policy.what_if(records={("_dmarc.acorn.example", "TXT"): []}).after.result == "unknown"
    unknown = judged(SIGNED).of("SPF")[0]
    assert unknown.what_if(ip="198.51.100.10", sender="alice@acorn.example").after.result == "pass"


def test_the_whole_case_can_be_asked_again() -> None:
    judgement = judged().what_if(records={("acorn.example", "TXT"): "v=spf1 -all"})
    assert results(judgement) == ["fail", "pass", "pass"]
    assert results(judgement.what_if(ip="192.0.2.9", records={("acorn.example", "TXT"): []}))[0] == "none"
    with pytest.raises(LabError, match="nothing called colour"):
        judgement.what_if(colour="red")


# What the paste has suffered ---------------------------------------------------------------------------

LINES = MESSAGE.decode().replace("\r\n", "\n")
PARTS = (
    b'From: a@acorn.example\r\nDate: x\r\nReceived: y\r\nContent-Type: multipart/mixed; boundary="b1"\r\n\r\n'
    b"--b1\r\n\r\nHi\r\n"
)


@pytest.mark.parametrize(
    ("message", "what", "result"),
    [
        (LINES.encode(), "line ends", ""),
        (MESSAGE.replace(b"\r\n", b"\n", 3), "line ends", "fail"),
        (b"\xef\xbb\xbf\r\n\r\n" + MESSAGE, "in front", ""),
        (b"From alice@acorn.example Mon Mar  2 09:00:01 2026\r\n" + MESSAGE, "mbox", ""),
        (LINES.replace("\n", "\n> ").encode(), "quoted", "fail"),
        ("\n".join("  " + line for line in LINES.split("\n")).encode(), "indented", "fail"),
        (LINES.replace("\n\t", "\n").encode(), "folded lines", "fail"),
        (LINES.replace("<", "&lt;").replace(">", "&gt;").encode(), "HTML entities", "fail"),
        (LINES.replace("by mx", "by\xa0mx").encode(), "hard spaces", "fail"),
        (LINES.replace("charset=utf-8", "charset=“utf-8”").encode(), "smart quotes", "fail"),
        (re.sub("\n[ \t]+", " ", LINES).encode(), "folds gone", "policy"),
        (re.sub("\n[ \t]+", "\n" + " " * 8, LINES, count=9).encode(), "tabs", "policy"),
        (
            LINES.replace("Subject:", "\nSubject:")
            .replace("From: Alice <alice@acorn.example>\n", "")
            .encode(),
            "empty line",
            "fail",
        ),
        (b"Dear Bob,\r\nshall we have tea?\r\n", "header section", "fail"),
        (WRITTEN, "header section", "policy"),
        (LINES.replace("Shall", "\ufffd").encode(), "characters", "fail"),
        (LINES.replace("\nAlice\n", "\n--\nAlice\n").encode(), "spaces at line ends", "policy"),
        (PARTS, "the end", "fail"),
    ],
)
def test_damage_is_named(message: bytes, what: str, result: str) -> None:
    damage = judged(message).damage
    assert (what, result) in [(step.what, step.result) for step in damage], damage


def test_what_stands_in_front_is_left_out_and_changes_nothing() -> None:
    mbox = b"\r\n\nFrom alice@acorn.example Mon Mar  2 09:00:01 2026\n" + LINES.encode()
    judgement = judged(mbox)
    assert results(judgement) == ["pass", "pass", "pass"]
    assert judgement.message == LINES.encode()
    assert not [step for step in judged(PARTS + b"--b1--\r\n").damage if step.what == "the end"]


def test_damage_comes_first_only_where_it_matters() -> None:
    broken = judged(LINES.replace("Shall", "Sha\ufffdll").encode())
    assert broken.sentences[1].startswith("The paste is damaged")
    assert "raw source" in broken.sentences[2] and "Show original" in broken.text()
    harmless = judged(LINES.replace("by mx", "by\xa0mx", 1).encode())
    assert not harmless.sentences[1].startswith("The paste is damaged")


# Sentences ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "wrong", "first"),
    [
        (
            {("acorn.example", "TXT"): "v=spf1 nonsense"},
            "SPF is permerror for acorn.example",
            "nothing has to be",
        ),
        (
            {("_dmarc.acorn.example", "TXT"): [], ("_dmarc.example", "TXT"): []},
            "has no DMARC record",
            "publish v=DMARC1",
        ),
        ({(dkim_zone.NAME, "TXT"): "v=DKIM1; p="}, "the key was withdrawn", "nothing has to be"),
        (
            {
                ("_dmarc.acorn.example", "TXT"): "v=DMARC1; p=reject; aspf=s; adkim=s",
                ("acorn.example", "TXT"): [],
            },
            "Nothing is wrong",
            "nothing",
        ),
    ],
)
def test_sentences(change: dict[tuple[str, str], Any], wrong: str, first: str) -> None:
    _, said, do = judged().what_if(records=change).sentences
    assert wrong in said
    assert first in do


def test_a_pass_for_another_domain_is_told() -> None:
    message = TRACE.replace(b"alice@acorn", b"bounce@relay") + WRITTEN
    relay = 'relay.example. IN TXT "v=spf1 ip4:198.51.100.10 -all"\n'
    nothing = "".join(answered("NXDOMAIN", f"_dmarc.{name}", "TXT") for name in ("relay.example", "example"))
    judgement = judged(message, ALL + "\n" + relay + nothing)
    assert results(judgement) == ["pass", "none", "fail"]
    assert (
        "SPF passes for relay.example, which is not of the organization of acorn.example"
        in judgement.sentences[1]
    )
    assert "signed with d=acorn.example" in judgement.sentences[2]


# Strangers ---------------------------------------------------------------------------------------------


def test_hostile_messages_are_bounded_and_shown_as_text() -> None:
    many = b"X-A: <script>alert(1)</script>\r\n" * 60_000 + b"Received: from x by y; z\r\n" * 2000
    before = time.process_time()
    judgement = judged(TRACE + many + SIGNED, "\x1b[31m" * 10_000)
    page = judgement.text()
    assert time.process_time() - before < 5
    assert len(page) < 50_000
    assert page.replace("\n", "").isprintable()
    escaped = judged(TRACE.replace(b"4F1", b"\x1b[2J") + SIGNED.replace(b"Tea", b"\xe2\x80\xaeTea"))
    assert escaped.text(whole=True).replace("\n", "").isprintable()


def test_only_what_the_reader_gives_can_raise() -> None:
    with pytest.raises(RecordError):
        judged(trusted=("not a host",))
    with pytest.raises(ValueError, match="nowhere"):
        judged(ip="nowhere")


@given(
    st.lists(st.sampled_from(LINES.split("\n")) | st.text(max_size=40), max_size=30), st.binary(max_size=40)
)
@settings(max_examples=40, deadline=None)
def test_any_message_is_judged(lines: list[str], end: bytes) -> None:
    judgement = judged("\n".join(lines).encode("utf-8", "surrogatepass") + end, "")
    assert len(judgement.sentences) == 3
    assert judgement.text() and judgement.to_dict()


def test_a_case_keeps_what_it_was_given() -> None:
    case = Case(MESSAGE)
    assert replace(case, ip="192.0.2.1").message is MESSAGE
