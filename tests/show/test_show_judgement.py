"""The judge desk: what it draws for what was pasted, what it asks for, and that all of it is text."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smtplab.auth.case import CaseJudgement, Told
from smtplab.mail.errors import LabError
from smtplab.mail.verdict import Step, Verdict
from smtplab.show.judgement import JudgeDesk, judge_desk
from smtplab.show.judgement_input import LIMIT, Given, case_of, judged
from smtplab.show.judgement_parts import MOST_REMARKS
from smtplab.show.judgement_tries import records
from smtplab.show.judgement_verdicts import MOST_ALIKE, MOST_STEPS, folded
from tests.show.markup import seen

MESSAGE = (
    "Return-Path: <alice@acorn.example>\n"
    "Received: from mail.acorn.example (mail.acorn.example [192.0.2.10])\n"
    "\tby mx.birch.example with ESMTPS id 1; Mon, 02 Mar 2026 09:00:00 +0000\n"
    "From: Alice <alice@acorn.example>\nTo: bob@birch.example\nSubject: Tea?\n"
    "Date: Mon, 02 Mar 2026 09:00:00 +0000\nMessage-ID: <tea.1@acorn.example>\n\nAt five.\n"
)
SPF = 'acorn.example. 300 IN TXT "v=spf1 ip4:192.0.2.10 -all"\n'
DMARC = '_dmarc.acorn.example. 300 IN TXT "v=DMARC1; p=reject"\n'
HOSTILE = '<script>window.pwned=1</script>"><img/src=x/onerror="window.pwned=1">\u202egnp.exe\x1b[31m'


def press(desk: JudgeDesk, do: str, buffers: tuple[bytes, ...] = (), **more: Any) -> None:
    """What the page does: one message to the kernel."""
    desk._asked(desk, {"do": do, **more}, list(buffers))


def drawn(desk: JudgeDesk) -> str:
    """All that is said of the message."""
    return str(desk.parts["top"] + desk.parts["result"])


def fields(**given: str) -> dict[str, str]:
    empty = dict.fromkeys(("message", "answers", "ip", "mail_from", "helo", "trusted"), "")
    return empty | {"message": MESSAGE, "trusted": "mx.birch.example"} | given


def typed(desk: JudgeDesk, **given: str) -> None:
    press(desk, "judge", fields=fields(**given), drop=False)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*given: object, **more: object) -> None:
        raise AssertionError("the desk asked the network")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refused)


def test_an_empty_desk_says_that_nothing_is_judged() -> None:
    desk = judge_desk()
    assert (desk.found, drawn(desk), desk.parts["missing"], desk.code) == (None, "", "", "")
    assert repr(desk) == "Nothing is judged yet."
    typed(desk, message=" \n ")
    assert "paste the raw source of a message" in seen(desk.message)


def test_what_is_missing_is_asked_for_and_pasting_it_goes_on() -> None:
    desk = JudgeDesk()
    typed(desk)
    words = seen(desk.parts["missing"])
    for command in (
        "dig TXT acorn.example.",
        "nslookup -type=TXT acorn.example.",
        "Resolve-DnsName -Type TXT",
    ):
        assert command in words
    assert desk.parts["missing"].count('role="tab"') == 3
    assert "SPF is unknown" in seen(drawn(desk))
    typed(desk, answers=SPF + DMARC)
    assert desk.parts["missing"] == ""
    words = seen(drawn(desk))
    assert words.startswith("Known It came from 192.0.2.10; SPF is pass for acorn.example")
    assert "✓ pass DMARC" in words
    assert re.findall(r"<dt>(\w+)</dt>", drawn(desk)) == [
        "Known",
        "Wrong",
        "First",
    ]


def test_the_small_fields_count() -> None:
    desk = JudgeDesk()
    typed(desk, answers=SPF + DMARC, ip="192.0.2.66")
    assert "SPF is fail for acorn.example" in seen(drawn(desk))
    case = case_of(
        Given(MESSAGE, mail_from="<>", helo=" me.example ", trusted="a.example,b.example c.example")
    )
    assert (case.mail_from, case.helo, case.trusted) == (
        "",
        "me.example",
        ("a.example", "b.example", "c.example"),
    )
    assert case_of(Given(MESSAGE)).mail_from is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ip": "here"}, "wants an IP address, not 'here'"),
        ({"mail_from": "a b c"}, "MAIL FROM: "),
        ({"trusted": "<b>"}, "Hosts that you trust: "),
        ({"message": SPF}, "paste them into the box for DNS answers"),
        ({"message": "x" * (LIMIT + 1)}, "larger than 5 MB"),
        ({"message": "<feedback>no end"}, "taken for: aggregate report, but"),
    ],
)
def test_what_can_not_be_judged_is_one_sentence_and_nothing_typed_is_lost(
    given: dict[str, str], sentence: str
) -> None:
    desk = JudgeDesk()
    typed(desk)
    typed(desk, **given)
    assert sentence in seen(desk.message)
    assert desk.parts["fields"] == fields(**given)
    assert drawn(desk) == desk.code == ""
    typed(desk)
    assert desk.message == ""
    assert drawn(desk)


def test_without_trust_the_words_name_the_fields_of_the_desk() -> None:
    desk = JudgeDesk()
    typed(desk, trusted="", message=MESSAGE.replace("[192.0.2.10]", ""))
    assert "--" not in seen(drawn(desk))
    assert "connecting address" in seen(drawn(desk))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("550 5.1.1 user unknown", "reply"),
        ("v=spf1 +all", "SPF record"),
        ("v=DMARC1; p=reject", "DMARC record"),
        ("version: STSv1\nmode: enforce\nmx: mx.birch.example\nmax_age: 86400\n", "MTA-STS policy"),
    ],
)
def test_what_is_no_message_is_read_as_what_it_is(text: str, kind: str) -> None:
    desk = judge_desk(text)
    assert isinstance(desk.found, Told)
    assert f"Read as: {kind}" in seen(drawn(desk))
    assert desk.parts["missing"] == desk.parts["tries"] == ""
    assert kind in desk._snippets()["smtplab"]


def test_of_a_bounce_the_message_that_came_back_is_judged_too() -> None:
    bounce = (
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.birch.example\nTo: alice@acorn.example\nSubject: Failed\n"
        "Date: Mon, 02 Mar 2026 09:00:00 +0000\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n\nIt failed.\n--B\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.birch.example\n\n"
        "Final-Recipient: rfc822; bob@birch.example\nAction: failed\nStatus: 5.1.1\n\n--B\n"
        f"Content-Type: message/rfc822\n\n{MESSAGE}\n--B--\n"
    )
    desk = judge_desk(bounce, SPF + DMARC, trusted="mx.birch.example")
    assert isinstance(desk.found, Told)
    assert desk.found.returned
    words = seen(desk.parts["top"])
    assert words.startswith("Read as: bounce ✕ failed")
    assert "It came from 192.0.2.10; SPF is pass for acorn.example" in words
    assert "The bounce itself, judged as a message" in words
    again = desk.judge(ip="192.0.2.66")
    assert isinstance(again, Told)
    assert again.judgement
    assert again.judgement.facts[0].value is None  # the field is about what came back
    assert "SPF is fail for acorn.example" in seen(desk.parts["top"])


def test_a_damaged_paste_is_named_with_the_way_to_the_raw_source() -> None:
    desk = JudgeDesk()
    typed(desk, message="".join(f"> {line}\n" for line in MESSAGE.splitlines()) + "From: a\nDate: b\n")
    words = seen(drawn(desk))
    assert "What the paste has suffered" in words
    assert "Thunderbird" in words
    typed(desk)
    assert "suffered" not in seen(drawn(desk))
    press(desk, "file", (MESSAGE.encode(),), fields=fields(), value="a.eml")
    assert "LF alone, as files have it" in seen(drawn(desk))
    assert "Thunderbird" not in seen(drawn(desk))


def test_what_could_not_be_read_of_the_answers_is_marked() -> None:
    desk = JudgeDesk()
    typed(desk, answers=SPF + "good morning, Bob\n")
    assert re.search(r"<mark>good morning, Bob</mark> .*\(character \d+\)", drawn(desk))
    typed(desk, answers=f"good morning, Bob\n{SPF}" * 50)
    assert drawn(desk).count("<mark>") == MOST_REMARKS
    assert "and 30 more" in seen(drawn(desk))


def test_a_file_counts_until_the_text_is_wanted() -> None:
    desk = JudgeDesk()
    press(desk, "file", (b"550 5.1.1 " + b"\xff no\r\n",), fields=fields(), value=f"{HOSTILE}.eml")
    assert isinstance(desk.found, Told)
    assert "not the text above" in seen(desk.parts["file"])
    assert "<script" not in desk.parts["file"]
    typed(desk)
    assert isinstance(desk.found, Told)
    press(desk, "judge", fields=fields(), drop=True)
    assert isinstance(desk.found, CaseJudgement)
    assert desk.parts["file"] == ""
    press(desk, "file", (b"x" * (LIMIT + 1),), fields=fields(), value="big.zip")
    assert "larger than 5 MB" in seen(desk.message)
    assert isinstance(judge_desk(MESSAGE.encode() + b"\xff\n").found, CaseJudgement)


def test_another_record_is_tried_and_what_moves_is_shown() -> None:
    desk = JudgeDesk()
    typed(desk, answers=SPF + DMARC)
    assert isinstance(desk.found, CaseJudgement)
    asked = records(desk.found)
    assert [(one.name, text) for one, text in asked[:2]] == [
        ("acorn.example", "v=spf1 ip4:192.0.2.10 -all"),
        ("_dmarc.acorn.example", "v=DMARC1; p=reject"),
    ]
    press(desk, "try", number=0, text="v=spf1 -all")
    words = seen(desk.parts["tried"])
    assert words.startswith("With the other record at acorn.example TXT")
    assert "✓ pass → becomes ✕ fail" in words
    assert "SPF is pass" in seen(drawn(desk))  # what was judged stays
    press(desk, "try", number=0, text=asked[0][1])
    assert "Nothing changes" in seen(desk.parts["tried"])
    press(desk, "try", number=0, text="")
    assert "SPF is none" in seen(desk.parts["tried"])
    press(desk, "try", number=7, text="")
    assert "There is no such record" in seen(desk.message)
    typed(desk)
    assert desk.parts["tried"] == ""


def test_a_page_is_saved_also_with_names_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = JudgeDesk()
    with pytest.raises(LabError, match="Nothing is judged yet"):
        desk.page()
    typed(desk, answers=SPF + DMARC, message=MESSAGE.replace("Tea?", HOSTILE))
    sent: list[bytes] = []
    monkeypatch.setattr(desk, "send", lambda content, buffers: sent.extend(buffers))
    press(desk, "save", value="plain")
    press(desk, "save", value="hidden")
    plain, hidden = (octets.decode() for octets in sent)
    assert "acorn.example" in plain
    assert "192.0.2.10" in plain
    assert "alice@acorn.example" not in hidden
    assert "192.0.2.10" not in hidden
    for page in (plain, hidden):
        assert page.lower().startswith("<!doctype html>")
        assert "Gmail" in page
        _only_text(page)


def test_the_rules_of_the_providers_say_what_they_hang_on() -> None:
    desk = JudgeDesk()
    typed(desk, answers=SPF + DMARC)
    assert "dig PTR 10.2.0.192.in-addr.arpa." in seen(desk.parts["result"])


def test_messages_that_mean_nothing_do_nothing() -> None:
    desk = judge_desk(MESSAGE)
    before = desk.parts
    for content in (
        {},
        {"do": "judge"},
        {"do": "file", "fields": {}, "value": "x"},
        {"do": "try", "number": "1"},
    ):
        desk._asked(desk, content, [])
    assert desk.parts == before
    press(desk, "judge", fields={"message": 5, "ip": None}, drop=False)
    assert desk.parts == before
    with pytest.raises(LabError, match="There is no field colour"):
        desk.judge(colour="red")


@pytest.mark.parametrize("place", ["message", "answers", "helo", "trusted", "ip", "mail_from"])
def test_hostile_text_is_text(place: str) -> None:
    desk = JudgeDesk()
    evil = {
        "message": MESSAGE.replace("Alice", HOSTILE).replace("Tea?", HOSTILE) + HOSTILE,
        "answers": f'{SPF}{HOSTILE}\n_dmarc.acorn.example. 300 IN TXT "v=DMARC1; p=none; {HOSTILE}"\n',
    }
    typed(desk, **({"answers": SPF + DMARC} | {place: evil.get(place, HOSTILE)}))
    for part in ("file", "top", "result", "missing", "tries", "tried", "saves"):
        _only_text(desk.parts[part])
    for markup in (desk.code, desk.message, str(desk._html())):
        _only_text(markup)
    assert drawn(desk) or desk.message


def _only_text(markup: str) -> None:
    for sign in ("<script", "<img", "\u202e", "\x1b"):
        assert sign not in markup


def test_a_verdict_without_end_is_cut() -> None:
    inside = tuple(Step(f"inner {number}", "x") for number in range(MOST_STEPS))
    for steps in (inside + inside, (Step("one", "x", steps=inside), Step("two", "x")), inside):
        markup = str(folded("1", Verdict("pass", "SPF", "how long?", steps)))
        assert markup.count('class="smtplab-step"') == MOST_STEPS
        assert ("The rest of the steps is left out here" in seen(markup)) == (steps is not inside)


def test_signatures_without_end_are_counted() -> None:
    signature = "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=a; h=from; bh=aa; b=aa\n"
    desk = judge_desk(signature * (MOST_ALIKE + 3) + MESSAGE)
    assert "3 more of DKIM" in seen(desk.parts["result"])
    assert desk.parts["result"].count("<strong>DKIM</strong>") == 2 * MOST_ALIKE


def test_the_code_gives_the_same(tmp_path: Path) -> None:
    desk = JudgeDesk()
    typed(desk, answers=SPF + DMARC, ip="192.0.2.66")
    code = desk._snippets()
    assert list(code) == ["Command line", "smtplab", "dig", "swaks", "openssl", "Postfix", "Exim"]
    assert code["dig"].splitlines()[:2] == ["dig TXT acorn.example.", "dig TXT _dmarc.acorn.example."]
    assert code["Command line"] == (
        "smtplab judge message.eml --dns answers.txt --ip 192.0.2.66 --trust mx.birch.example"
    )
    (tmp_path / "message.eml").write_bytes(MESSAGE.encode())
    (tmp_path / "answers.txt").write_text(SPF + DMARC, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", code["smtplab"]],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert ran.stdout.rstrip("\n") == repr(desk)


def test_a_page_without_scripts_has_it_all() -> None:
    bundle, _ = judge_desk(MESSAGE, trusted=["mx.birch.example"])._repr_mimebundle_()
    words = seen(bundle["text/html"])
    for said in (
        "Known It came from 192.0.2.10",
        "Not at hand",
        "dig TXT acorn.example.",
        "Gmail",
        "The same with",
    ):
        assert said in words
    assert bundle["text/plain"] == judged(Given(MESSAGE, trusted="mx.birch.example")).text()
    assert "Nothing is judged yet" in judge_desk()._repr_mimebundle_()[0]["text/html"]
