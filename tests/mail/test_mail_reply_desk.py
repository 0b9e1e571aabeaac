"""The reply desk: what people paste, as tests/cases/replies/*.toml has it, and what is said about it."""

from __future__ import annotations

import contextlib
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import smtplab
from smtplab.mail.codes import CODES
from smtplab.mail.errors import RecordError
from smtplab.mail.reply import Reply
from smtplab.mail.reply_desk import STAGES, Explained, examine, explain
from smtplab.mail.reply_desk.context import at
from smtplab.mail.reply_desk.failures import ACTORS, FAILURES, Wording, known
from smtplab.mail.reply_desk.pasted import LIMIT
from smtplab.mail.reply_desk.stages import stage
from smtplab.mail.reply_desk.uses import RELATIONS, uses
from smtplab.mail.verdict import Verdict, walk

CASES = Path(__file__).resolve().parents[1] / "cases" / "replies"
INDEX = (Path(__file__).resolve().parents[2] / "docs" / "rfcs.txt").read_text(encoding="utf-8")
RESULTS = {"accepted", "intermediate", "delayed", "refused", "failed", "none"}

Case = dict[str, Any]


def cases() -> list[Case]:
    return [
        {**case, "name": f"{path.stem}: {case['shape']}"}
        for path in sorted(CASES.glob("*.toml"))
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]


ALL = [case for case in cases() if "want" in case]
NONE = [case for case in cases() if "want" not in case]


def check(made: Explained) -> None:
    """What holds for every explanation."""
    text, last = made.found.text, 0
    for part in made.found.parts:
        assert last <= part.start < part.end <= len(text)
        last = part.end
    digits = [text[part.start : part.end] for part in made.found.parts if part.kind in _DIGITS]
    assert "".join(digits) == (str(made.found.code) if made.found.code else "")
    numbers = [text[part.start : part.end] for part in made.found.parts if part.kind in _NUMBERS]
    assert ".".join(numbers) == made.found.enhanced
    assert made.result in RESULTS
    assert made.found.verb in (*STAGES, "")
    assert made.advice.endswith(".")
    assert made.turns
    for _, step in walk(made.steps):
        assert step.what
        assert step.why
    assert made.verdict.text()


_DIGITS = ("first", "second", "third")
_NUMBERS = ("class", "subject", "detail")


# What people paste ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["name"])
def test_shape(case: Case) -> None:
    made = examine(case["text"])
    found = made.found
    got = f"{found.code or '-'} {found.enhanced or '-'} {found.verb or '-'} {made.result}"
    assert got == case["want"]
    assert (made.failures[0].name if made.failures else "") == case["cause"]
    check(made)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["name"])
def test_line_ends_and_space_around_do_not_matter(case: Case) -> None:
    made = examine(case["text"])
    for way in (case["text"].replace("\n", "\r\n"), f"\n\n{case['text']}\n \n"):
        again = examine(way)
        assert (again.found.code, again.found.enhanced, again.found.verb) == (
            made.found.code,
            made.found.enhanced,
            made.found.verb,
        )
        assert (again.result, again.failures) == (made.result, made.failures)


@pytest.mark.parametrize("case", NONE, ids=lambda case: case["name"])
def test_what_is_no_reply(case: Case) -> None:
    with pytest.raises(RecordError, match=r"paste a reply \(550 5.1.1"):
        explain(case["text"])


def test_there_are_enough() -> None:
    assert len({case["text"] for case in ALL}) == len(ALL) >= 140
    for case in ALL:
        for name in re.findall(r"[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|de|io)\b", case["text"].lower()):
            pytest.fail(name)  # none may point at anybody


def test_the_words_of_a_reply_are_those_that_reply_reads() -> None:
    for text in ("550 5.1.1 no such user", "550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 three\r\n", "250 ok"):
        reply, found = Reply.parse(text), examine(text).found
        assert (found.code, found.enhanced) == (reply.code, reply.enhanced)
        assert found.words == " ".join(reply.lines)


def test_the_first_reply_that_says_no_is_the_one() -> None:
    found = examine("220 hi\n250 ok\n450 4.2.0 later\n550 5.1.1 no\n221 bye").found
    assert (found.code, found.others) == (450, 4)
    assert examine("220 hi\n250-one\n250 two").found.words == "one two"


# Temporary or permanent -----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["", *STAGES])
def test_the_first_digit_decides_for_every_code(verb: str) -> None:
    # RFC 5321 §4.2.1
    expected = {2: "accepted", 3: "intermediate", 4: "delayed", 5: "refused"}
    for number in (*CODES, 299, 399, 499, 599):
        verdict = explain(str(number), verb=verb)
        assert verdict.result == expected[number // 100], number
        by_step = {step.what: step.result for step in verdict.steps}
        assert by_step[str(number)] == by_step[f"{number // 100}yz"] == verdict.result


def test_a_permanent_no_brings_a_dsn_and_a_temporary_one_the_queue() -> None:
    for number in CODES:
        told = examine(f"{number} x", verb="RCPT").turns[0]
        if number in (550, 551, 552, 553, 554, 556):
            assert "DSN" in told.what, number
        if number in (450, 451, 421):
            assert "queued" in told.what, number
        if number in (500, 501, 502, 503, 504, 530, 555):
            assert told.who == "the client"
            assert "DSN" not in told.what or number == 555, number
    assert "responsibility" in explain("250 ok", verb=".").text(10_000)
    assert examine("250 ok", verb="end of data").turns[0].who == "the server"


def test_552_for_too_many_recipients_is_temporary() -> None:
    # RFC 5321 §4.5.3.1.10
    assert explain("552 5.5.3 no", verb="RCPT").result == "delayed"
    assert explain("552 too many recipients", verb="RCPT").result == "delayed"
    assert explain("552 5.5.3 no", verb=".").result == "refused"
    assert explain("552 5.2.2 full", verb="RCPT").result == "refused"


def test_432_is_about_a_login_only_where_it_says_so() -> None:
    for text, verb, who in (
        ("432 4.7.12 a password transition is needed", "AUTH", "the sender"),
        ("432", "", "the sender"),
        ("432 4.3.2 recipient thread limit exceeded", "", "the client side"),
        ("432 4.3.2 recipient thread limit exceeded", ".", "the client side"),
    ):
        assert examine(text, verb=verb).turns[0].who == who
    assert "Microsoft says it" in explain("432 4.3.2 x").text(10_000)
    assert "Postfix says it here" in explain("454 4.7.1 Relay access denied", verb="RCPT").text(10_000)


def test_two_numbers_that_disagree_are_told_and_the_first_counts() -> None:
    # RFC 2034 §4
    for text, result in (("550 4.2.1 x", "refused"), ("450 5.7.1 x", "delayed")):
        verdict = explain(text)
        assert verdict.result == result
        assert [step.what for step in verdict.steps if "disagree" in step.why] == [text[:9]]
    assert not [step for step in explain("550 5.7.1 x").steps if "disagree" in step.why]


def test_what_the_log_says_became_of_it() -> None:
    said = "(host mx.birch.example[192.0.2.25] said: 550 5.1.1 no (in reply to RCPT TO command))"
    steps = {step.what: step.why for step in explain(f"status=deferred {said}").steps}
    assert "its own rule" in steps["deferred"]
    assert "DSN" in {step.what: step.why for step in explain(f"status=bounced {said}").steps}["bounced"]
    here = explain("NOQUEUE: reject: RCPT from a[192.0.2.1]: 450 4.7.1 no; from=<>")
    assert "the client's turn" in {step.what: step.why for step in here.steps}["reject"]


def test_a_number_outside_the_reply_is_the_clients_own() -> None:
    made = examine(
        "dsn=5.0.0, status=bounced (host mx.birch.example said: 550 no (in reply to RCPT TO command))"
    )
    assert (made.found.enhanced, made.found.noted) == ("", "5.0.0")
    assert "client's side noted it" in made.verdict.text(10_000)


# The place ------------------------------------------------------------------------------------------------


def test_the_same_code_at_another_place() -> None:
    told = {verb: explain("550 no", verb=verb).text(10_000) for verb in ("RCPT", ".", "connect", "MAIL", "")}
    assert "one recipient" in told["RCPT"]
    assert "every recipient" in told["."]
    assert "nothing has been said yet" in told["connect"]
    assert "reverse-path" in told["MAIL"]
    assert "it depends" in told[""]
    assert "no SMTP service here" in explain("554 go away", verb="connect").text(10_000)
    assert "closes the connection" in explain("421 bye", verb="DATA").text(10_000)


def test_the_verb_that_is_given_counts_more_than_the_text() -> None:
    assert examine("RCPT TO:<a@b.example>\n550 no", verb="data").found.verb == "DATA"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("rcpt to", "RCPT"),
        ("Mail From:", "MAIL"),
        (" end  of data ", "."),
        ("helo", "EHLO"),
        ("", ""),
        (".", "."),
    ],
)
def test_names_of_a_stage(name: str, found: str) -> None:
    assert stage(name) == found


def test_a_stage_that_is_none() -> None:
    with pytest.raises(RecordError, match="a stage of a session is one of connect, EHLO"):
        explain("550", verb="BREAKFAST")


# Who uses it how ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "who"),
    [
        ("5.1.10", {"Microsoft"}),
        ("5.7.27", {"Gmail"}),
        ("5.7.30", {"Gmail", "Microsoft"}),
        ("5.4.1", {"Microsoft"}),
        ("5.7.15", {"many blogs"}),
        ("5.1.1", set()),
        ("5.7.26", set()),
    ],
)
def test_collisions(number: str, who: set[str]) -> None:
    found = uses(number)
    assert {use.who for use in found if use.relation == "other"} == who
    assert found[0].relation == "registered"
    assert found[0].who.startswith("RFC ")
    told = [step for step in explain(number).steps if "collides" in step.why]
    assert bool(told) == bool(who)


def test_a_catch_all_and_a_number_of_ones_own() -> None:
    assert {use.relation for use in uses("5.7.1")[1:]} == {"wide"}
    assert {use.relation for use in uses("5.7.515")} == {"own"}
    assert {use.who for use in uses("5.7.1")} >= {"Postfix", "Gmail", "Microsoft"}
    assert uses("") == uses("3.1.1") == ()
    assert len({sign for sign, _ in RELATIONS.values()}) == len(RELATIONS)


def test_words_decide_where_a_number_collides() -> None:
    assert examine("5.7.30").failures == ()
    assert examine("550 5.7.30 DKIM did not pass").failures[0].name == "DKIM failed"
    assert examine("550 5.7.30 Basic authentication is not supported").failures[0].group == "login"
    assert examine("550 5.1.10 Recipient address has null MX").failures[0].group == "null MX"
    assert examine("550 5.1.10 RecipientNotFound").failures[0].name == "no such user"


def test_the_same_failure_in_other_words() -> None:
    said = examine("550 5.1.1 user unknown").elsewhere
    assert {wording.who for wording in said} == {"Postfix", "Gmail", "Microsoft"}
    assert any(wording.reported for wording in said)
    assert examine("250 ok").elsewhere == ()


# The tables -----------------------------------------------------------------------------------------------

WORDINGS = [(each.group, wording) for each in FAILURES for wording in each.wordings]


@pytest.mark.parametrize(
    ("group", "wording"), WORDINGS, ids=lambda value: getattr(value, "reply", value)[:40]
)
def test_each_wording_is_known_for_what_it_is(group: str, wording: Wording) -> None:
    if wording.reply.replace(".", "").replace(" ", "").isdigit():
        assert examine(wording.reply).collides
    else:
        assert examine(wording.reply).failures[0].group == group


def test_each_failure_says_who_acts_and_on_what_it_stands() -> None:
    assert len({each.name for each in FAILURES}) == len(FAILURES)
    for each in FAILURES:
        assert each.acts in ACTORS
        assert each.meaning.endswith(".")
        assert each.advice.endswith(".")
        rfc, _, section = each.ref.partition(" §")
        block = INDEX.partition(f"\n{rfc} | ")[2].partition("\nRFC ")[0]
        assert f"  §{section}" in block, each.ref


def test_temporary_words_count_for_temporary_replies_only() -> None:
    assert known("Service unavailable", "4")[0].name == "refused for now"
    assert known("Service unavailable", "5") == ()


def test_every_stage_has_something_to_say_about_a_no() -> None:
    for verb in STAGES:
        said = at(550, verb)
        assert said
        assert at(220, "RCPT") is None
        assert said[2].startswith("RFC ")


def test_it_is_on_the_face() -> None:
    assert smtplab.explain_reply is explain
    assert isinstance(explain("550"), Verdict)


# Hostile text ---------------------------------------------------------------------------------------------

WORDS = """
550 421 250 5.1.1 4.7.1 550- 550-5.7.26 said: status=bounced status=deferred dsn=5.1.1 (in reply to RCPT TO
command) Diagnostic-Code: smtp; Status: Action: failed Remote Server returned ' " ( ) b' #5.1.1 user unknown
SMTP error from remote mail server after RCPT TO:<a>: NOQUEUE: reject: DATA . <<< >>> S: C: -> greylisted
192.0.2.1 2026-03-02
""".split()  # noqa: SIM905
ODD = [*WORDS, "\n", "\r\n", "\0", "\u202e", "\udcff"]
TEXT = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=3)), max_size=40).map(" ".join),
    st.lists(st.sampled_from([*WORDS, "\n", " "]), max_size=40).map("".join),
)


@given(TEXT, st.sampled_from(["", *STAGES]))
@settings(max_examples=500, deadline=None)
def test_any_text(text: str, verb: str) -> None:
    try:
        made = examine(text, verb=verb)
    except RecordError as error:
        assert 0 <= error.span[0] <= error.span[1] <= len(error.text)
        str(error)
    else:
        check(made)


@pytest.mark.parametrize(
    "piece",
    ["550-", "550-x\n", "said: ", "5.7.26 ", "550 5.1.1 ", "\n", " ", "(", "'", "<", "250-\n", "status=x (",
     "SMTP error from remote mail server after ", "sender ", "over ", "RCPT TO:", "Diagnostic-Code: x\n"],
)  # fmt: skip
def test_time_is_linear(piece: str) -> None:
    """The longest text that is read takes a fraction of a second, on a busy machine somewhat more."""
    for text in (piece * (LIMIT // len(piece)), f"550 5.1.1 {piece * ((LIMIT - 10) // len(piece))}"):
        begun = time.process_time()
        with contextlib.suppress(RecordError):
            examine(text)
        assert time.process_time() - begun < 2.0


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(RecordError, match="at most 20000 characters"):
        explain("550 " + "x" * LIMIT)
