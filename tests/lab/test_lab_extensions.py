"""What a server does with each extension on and off: its list, verbs, parameters and codes, and haste."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from smtplab.lab.client import Session
from smtplab.lab.demonstrations import Stand
from smtplab.lab.lab import Lab
from smtplab.lab.mta import EXTENSIONS
from smtplab.lab.trials import TRIALS
from smtplab.mail.capability import Trial, Trials, content_octets, round_trips
from smtplab.mail.dialogue import lines
from smtplab.mail.errors import LabError
from smtplab.mail.transcript import Side

MX = "mx.birch.example"
SUBMISSION = "mail.acorn.example"
HELLO = "EHLO mail.acorn.example"
MAIL, RCPT = "MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>"

Dial = Callable[..., Session]


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def lab(running: Lab) -> Iterator[Lab]:
    """The lab with all extensions on, as they are again afterwards."""
    yield running
    for mta in running.mtas.values():
        mta.extensions[:] = EXTENSIONS
        mta.limits.size = 10_240_000
    running.network.latency = 0.0


@pytest.fixture
def dial(lab: Lab) -> Iterator[Dial]:
    """`dial()`: a session with the MX, or with `dial(host, port)`; all are closed afterwards."""
    with contextlib.ExitStack() as stack:
        yield lambda host=MX, port=25: stack.enter_context(lab.connect(host, port))


@pytest.fixture
def stand(lab: Lab) -> Stand:
    return Stand(lab, MX)


def last(session: Session, *said: str | bytes) -> str:
    """Code and enhanced code of the last reply to what is said."""
    reply = session.say(*said)[-1]
    return f"{reply.code} {reply.enhanced}".strip()


def off(lab: Lab, keyword: str) -> None:
    lab.mta(MX).extensions.remove(keyword)


# The list, and what comes of what is not on it -------------------------------------------------------


@pytest.mark.parametrize("keyword", [each for each in EXTENSIONS if each != "AUTH"])
def test_what_is_off_is_not_on_the_list(lab: Lab, dial: Dial, keyword: str) -> None:
    assert keyword in dial().say(HELLO)[0].extensions
    off(lab, keyword)
    found = dial().say(HELLO)[0].extensions
    assert list(found) == [each for each in EXTENSIONS if each not in (keyword, "AUTH")]


# extension -> what to say for it, after EHLO, and the last reply with it and without
PAIRS = [
    ("SIZE", [f"{MAIL} SIZE=5"], "250 2.1.0", "555 5.5.4"),
    ("SIZE", [f"{MAIL} SIZE=99999999999"], "552 5.3.4", "555 5.5.4"),
    ("8BITMIME", [f"{MAIL} BODY=8BITMIME"], "250 2.1.0", "555 5.5.4"),
    ("8BITMIME", [f"{MAIL} BODY=7BIT"], "250 2.1.0", "555 5.5.4"),
    ("SMTPUTF8", [f"{MAIL} SMTPUTF8"], "250 2.1.0", "555 5.5.4"),
    ("SMTPUTF8", ["MAIL FROM:<päivi@birch.example> SMTPUTF8"], "250 2.1.0", "555 5.5.4"),
    ("SMTPUTF8", ["MAIL FROM:<päivi@birch.example>"], "553 5.6.7", "553 5.6.7"),
    ("DSN", [f"{MAIL} RET=HDRS"], "250 2.1.0", "555 5.5.4"),
    ("DSN", [f"{MAIL} ENVID=QQ314159"], "250 2.1.0", "555 5.5.4"),
    ("DSN", [MAIL, f"{RCPT} NOTIFY=SUCCESS,FAILURE"], "250 2.1.5", "555 5.5.4"),
    ("DSN", [MAIL, f"{RCPT} ORCPT=rfc822;bob@birch.example"], "250 2.1.5", "555 5.5.4"),
    ("AUTH", [f"{MAIL} AUTH=<>"], "250 2.1.0", "555 5.5.4"),
    ("HELP", ["HELP"], "214 2.0.0", "502 5.5.1"),
    ("HELP", ["HELP MAIL"], "214 2.0.0", "502 5.5.1"),
    ("ENHANCEDSTATUSCODES", [MAIL], "250 2.1.0", "250"),
    ("ENHANCEDSTATUSCODES", [MAIL, "RCPT TO:<nobody@birch.example>"], "550 5.1.1", "550"),
    ("ENHANCEDSTATUSCODES", ["RUBBISH"], "500 5.5.1", "500"),
    ("ENHANCEDSTATUSCODES", ["QUIT"], "221 2.0.0", "221"),
]


@pytest.mark.parametrize(("keyword", "said", "with_it", "without"), PAIRS)
def test_each_switch_changes_what_is_accepted(
    lab: Lab, dial: Dial, keyword: str, said: list[str], with_it: str, without: str
) -> None:
    assert last(dial(), HELLO, *said) == with_it
    off(lab, keyword)
    assert last(dial(), HELLO, *said) == without


@pytest.mark.parametrize(
    "parameter", ["SIZE=5", "BODY=8BITMIME", "SMTPUTF8", "RET=FULL", "ENVID=x", "AUTH=<>"]
)
def test_after_helo_there_are_no_parameters(dial: Dial, parameter: str) -> None:
    assert last(dial(), "HELO mail.acorn.example", f"{MAIL} {parameter}") == "555 5.5.4"
    assert last(dial(), "HELO mail.acorn.example", MAIL, f"{RCPT} NOTIFY=NEVER") == "555 5.5.4"


def test_starttls_off_is_not_implemented_and_the_session_stays_clear(lab: Lab, dial: Dial) -> None:
    off(lab, "STARTTLS")
    session = dial()
    assert last(session, HELLO, "STARTTLS") == "502 5.5.1"
    assert last(session, MAIL) == "250 2.1.0"
    assert not session.transcript.tls


def test_auth_off_lets_nobody_log_in(lab: Lab, dial: Dial) -> None:
    lab.mta(SUBMISSION).extensions.remove("AUTH")
    session = dial(SUBMISSION, 587)
    hello, _, again = session.say("EHLO me.example", "STARTTLS", "EHLO me.example")
    assert "AUTH" not in hello.extensions | again.extensions
    assert last(session, "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA==") == "502 5.5.1"
    assert last(session, MAIL) == "530 5.7.0"


def test_bdat_off_swallows_its_octets(lab: Lab, dial: Dial) -> None:
    off(lab, "CHUNKING")
    session = dial()
    session.say(HELLO, MAIL, RCPT)
    assert session.chunk(b"QUIT\r\nQUIT\r\n", last=True).code == 502
    assert last(session, "NOOP") == "250 2.0.0"


def test_codes_are_gone_from_every_reply_and_data_is_taken_all_the_same(lab: Lab, dial: Dial) -> None:
    off(lab, "ENHANCEDSTATUSCODES")
    session = dial()
    session.say(
        HELLO, MAIL, RCPT, "DATA", b"Subject: x\n\ny\n", "STARTTLS", HELLO, MAIL, "RSET", "NOOP", "QUIT"
    )
    assert [reply.enhanced for reply in session.replies] == [""] * len(session.replies)
    assert [reply.code for reply in session.replies][-4:] == [250, 250, 250, 221]


def test_a_silent_client_is_told_without_a_code_too(lab: Lab, dial: Dial) -> None:
    off(lab, "ENHANCEDSTATUSCODES")
    mta = lab.mta(MX)
    before, mta.limits.idle = mta.limits.idle, 0.05
    try:
        late = dial().read()
    finally:
        mta.limits.idle = before
    assert (late.code, late.enhanced) == (421, "")


# Haste -----------------------------------------------------------------------------------------------


def test_without_pipelining_who_does_not_wait_is_cut_off(lab: Lab, dial: Dial) -> None:
    off(lab, "PIPELINING")
    session = dial()
    session.say(HELLO)
    with pytest.raises(LabError, match="closed"):
        session.pipeline(MAIL, RCPT)
    assert str(session.replies[-1]).startswith("554 5.5.0")
    assert last(dial(), HELLO, MAIL, RCPT, "DATA", b"Subject: x\n\ny\n", "QUIT") == "221 2.0.0"


def test_without_pipelining_a_chunk_may_still_follow_its_bdat(lab: Lab, dial: Dial) -> None:
    off(lab, "PIPELINING")
    session = dial()
    session.say(HELLO, MAIL, RCPT)
    assert session.chunk(b"Subject: x\r\n\r\ny\r\n", last=True).code == 250


def test_content_behind_data_is_haste(lab: Lab, dial: Dial) -> None:
    off(lab, "PIPELINING")
    session = dial()
    session.say(HELLO, MAIL, RCPT)
    session.write(b"DATA\r\nSubject: x\r\n\r\ny\r\n.\r\n")
    assert session.read().code == 554


# Counting --------------------------------------------------------------------------------------------


def test_round_trips_are_counted_from_who_spoke_when(dial: Dial) -> None:
    session = dial()
    session.say(HELLO, MAIL, RCPT, "DATA", b"Subject: x\n\ny\n", "QUIT")
    assert round_trips(session.transcript) == 6
    session = dial()
    session.say(HELLO)
    assert round_trips(session.transcript) == 1
    session.pipeline(MAIL, RCPT, "DATA")
    session.write(b"Subject: x\r\n\r\ny\r\n.\r\nQUIT\r\n")
    assert [session.read().code, session.read().code] == [250, 221]
    assert round_trips(session.transcript) == 3


def test_a_greeting_and_a_handshake_are_no_round_trips(dial: Dial) -> None:
    session = dial()
    assert round_trips(session.transcript) == 0
    session.say(HELLO, "STARTTLS", HELLO)
    assert round_trips(session.transcript) == 3


def test_content_is_counted_as_it_goes_over_the_wire(dial: Dial) -> None:
    content = b"Subject: x\r\n\r\n.a\r\n..\r\n"
    by_data, by_chunk = dial(), dial()
    by_data.say(HELLO, MAIL, RCPT)
    assert content_octets(by_data.transcript) == 0
    by_data.say("DATA", content)
    by_chunk.say(HELLO, MAIL, RCPT)
    by_chunk.chunk(content[:10])
    by_chunk.chunk(content[10:], last=True)
    assert content_octets(by_data.transcript) == len(content) + 2 + 3
    assert content_octets(by_chunk.transcript) == len(content)


# The stand -------------------------------------------------------------------------------------------


def test_switches_go_in_the_order_of_the_list_and_back(lab: Lab, stand: Stand) -> None:
    for keyword in ("SIZE", "DSN", "HELP"):
        stand.switch(keyword, False)
        stand.switch(keyword, False)
    assert [switch.on for switch in stand.switches()] == [
        each not in ("SIZE", "DSN", "HELP") for each in EXTENSIONS
    ]
    for keyword in ("HELP", "SIZE", "DSN"):
        stand.switch(keyword, True)
        stand.switch(keyword, True)
    assert lab.mta(MX).extensions == EXTENSIONS


def test_an_extension_of_ones_own_is_a_switch_too(lab: Lab, stand: Stand) -> None:
    lab.mta(MX).extensions.append("XTEA")
    assert stand.switches()[-1].keyword == "XTEA"
    offer = stand.offer()
    assert offer.clear is not None and "XTEA" in offer.clear.extensions
    with pytest.raises(LabError, match="nothing to try for XTEA"):
        stand.attempt("XTEA")
    stand.switch("SIZE", False)
    stand.switch("SIZE", True)
    assert lab.mta(MX).extensions == [*EXTENSIONS, "XTEA"]


def test_what_nobody_knows_is_no_switch(stand: Stand) -> None:
    with pytest.raises(LabError, match="knows no extension 'XTEA'"):
        stand.switch("XTEA", True)


def test_the_offer_has_three_replies(lab: Lab, stand: Stand) -> None:
    offer = stand.offer()
    assert offer.clear and offer.tls and offer.helo
    assert (offer.gone, offer.new, offer.why) == ({"STARTTLS"}, set(), "")
    assert offer.helo.extensions == {}
    submission = Stand(lab, SUBMISSION, 587).offer()
    assert (submission.gone, submission.new) == ({"STARTTLS"}, {"AUTH"})


def test_an_offer_without_tls_says_why(lab: Lab, stand: Stand) -> None:
    stand.switch("STARTTLS", False)
    offer = stand.offer()
    assert offer.clear and offer.tls is None
    assert offer.why.startswith("STARTTLS got 502")
    implicit = Stand(lab, SUBMISSION, 465).offer()
    assert implicit.clear is None and implicit.tls
    assert "first byte" in implicit.why


# The attempts ----------------------------------------------------------------------------------------


def codes(trials: tuple[Trial, ...]) -> list[tuple[str, int]]:
    return [(trial.result, trial.reply.code if trial.reply else 0) for trial in trials]


# extension -> what becomes of its attempts with it and without, on port 25
OUTCOMES = {
    "SIZE": ([("refused", 552)], [("refused", 552)]),
    "8BITMIME": ([("accepted", 250)], [("accepted", 250)] * 2),
    "SMTPUTF8": ([("accepted", 250)], [("not sent", 0), ("refused", 555)]),
    "PIPELINING": ([("accepted", 250)] * 2, [("accepted", 250), ("refused", 554)]),
    "CHUNKING": ([("accepted", 250)] * 2, [("accepted", 250), ("refused", 502)]),
    "DSN": ([("accepted", 250)], [("refused", 555)]),
    "ENHANCEDSTATUSCODES": ([("refused", 550)], [("refused", 550)]),
    "STARTTLS": ([("accepted", 220)], [("not sent", 0), ("refused", 502)]),
    "AUTH": ([("not sent", 0)], [("not sent", 0)]),
    "HELP": ([("accepted", 214)], [("refused", 502)]),
}


def test_every_extension_can_be_tried() -> None:
    assert set(TRIALS) == set(EXTENSIONS) == set(OUTCOMES)


@pytest.mark.parametrize("keyword", EXTENSIONS)
def test_attempts_go_as_they_go_and_leave_the_server_as_it_was(lab: Lab, stand: Stand, keyword: str) -> None:
    before = (list(lab.mta(MX).extensions), lab.mta(MX).limits.size, lab.network.latency)
    found = stand.attempt(keyword)
    assert (codes(found.offered), codes(found.without)) == OUTCOMES[keyword]
    assert (lab.mta(MX).extensions, lab.mta(MX).limits.size, lab.network.latency) == before
    for trial in found:
        assert trial.note
        assert trial.transcript.closed
        hello = next(line for line in lines(trial.transcript) if line.verb == "EHLO" and line.reply)
        assert hello.reply is not None
        if keyword != "AUTH":
            assert (keyword in hello.reply.extensions) == (trial in found.offered)


@pytest.mark.parametrize("port", [587, 465])
@pytest.mark.parametrize("keyword", EXTENSIONS)
def test_attempts_log_in_where_they_have_to(lab: Lab, keyword: str, port: int) -> None:
    found = Stand(lab, SUBMISSION, port).attempt(keyword)
    with_it, without = OUTCOMES[keyword]
    if keyword == "AUTH":
        with_it = [("accepted", 235)]
    if keyword == "STARTTLS" and port == 465:
        with_it = without = [("not sent", 0)]
    assert (codes(found.offered), codes(found.without)) == (with_it, without)


def test_an_attempt_that_is_interrupted_leaves_the_server_as_it_was(
    lab: Lab, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(stand: Stand, offered: bool) -> Iterator[Trial]:
        raise RuntimeError("broken")
        yield

    monkeypatch.setitem(TRIALS, "SIZE", broken)
    with pytest.raises(RuntimeError):
        stand.attempt("SIZE")
    assert lab.mta(MX).extensions == EXTENSIONS


def test_size_saves_all_of_the_content(stand: Stand) -> None:
    found = stand.attempt("SIZE")
    (offered,), (without,) = found.offered, found.without
    assert offered["content sent"] == 0
    assert without["content sent"] > 15_000
    assert [line.verb for line in lines(offered.transcript) if line.kind == "command"] == [
        "EHLO",
        "MAIL",
        "RSET",
        "QUIT",
    ]


def test_letters_go_as_they_are_or_encoded(stand: Stand) -> None:
    found = stand.attempt("8BITMIME")
    (offered,), (told, left_alone) = found.offered, found.without
    said = [said_by_client(trial) for trial in (offered, told, left_alone)]
    assert "BODY=8BITMIME" in said[0] and "Grüße" in said[0]
    assert "BODY=" not in said[1] and "Gr=C3=BC=C3=9Fe" in said[1] and said[1].isascii()
    assert "BODY=" not in said[2] and "Grüße" in said[2]


def said_by_client(trial: Trial) -> str:
    return b"".join(event.data for event in trial.transcript.events if event.side is Side.CLIENT).decode()


def test_a_letter_for_paivi_arrives_with_smtputf8_only(lab: Lab, stand: Stand) -> None:
    before = len(lab.mailbox("päivi@birch.example"))
    found = stand.attempt("SMTPUTF8")
    assert len(lab.mailbox("päivi@birch.example")) == before + 1
    assert "SMTPUTF8 BODY=8BITMIME" in said_by_client(found.offered[0])
    assert "mail" not in said_by_client(found.without[0]).lower().split()
    assert "SMTPUTF8" in found.without[0].said


def test_groups_save_round_trips_and_time(stand: Stand) -> None:
    found = stand.attempt("PIPELINING")
    slow, quick = found.offered
    assert (slow["round trips"], quick["round trips"]) == (7, 3)
    # 40 ms each, and as much for the greeting; measured at the client, so never less
    assert slow["time"] >= 7 * 40
    assert 3 * 40 <= quick["time"] < slow["time"]
    assert found.without[0]["round trips"] == 7


def test_bdat_sends_less_than_data(stand: Stand) -> None:
    found = stand.attempt("CHUNKING")
    by_data, by_chunk = (trial["content sent"] for trial in found.offered)
    assert by_data == by_chunk + 20 + 3


def test_reports_are_kept_with_the_envelope(lab: Lab, stand: Stand) -> None:
    stand.attempt("DSN")
    item = [item for item in lab.queue(MX) if item.transcript][-1]  # the others are notices of its own
    (recipient,) = item.envelope.recipients
    assert recipient.notify == ("SUCCESS", "FAILURE")
    assert item.envelope.parameters.ret == "HDRS"
    assert item.envelope.parameters.envid == "QQ314159"
    assert [notice.action for notice in item.notices] == ["delivered"]


def test_finer_codes_are_counted(stand: Stand) -> None:
    found = stand.attempt("ENHANCEDSTATUSCODES")
    name = "replies with a finer code"
    assert found.offered[0][name] >= 3
    assert found.without[0][name] == 0


def test_a_password_is_not_said_where_auth_is_not_offered(lab: Lab) -> None:
    found = Stand(lab, SUBMISSION, 587).attempt("AUTH")
    assert "auth" in said_by_client(found.offered[0]).lower()
    assert "auth" not in said_by_client(found.without[0]).lower()
    assert "wonderland" not in str(found) + found.offered[0].transcript.text()


def test_where_something_else_is_in_the_way_no_note_says_otherwise(lab: Lab) -> None:
    stand = Stand(lab, SUBMISSION, 587)
    stand.switch("STARTTLS", False)
    found = stand.attempt("DSN")
    assert codes(found.offered) == [("not sent", 0)]
    assert found.offered[0].note == ""
    assert "STARTTLS" in found.offered[0].said
    assert codes(stand.attempt("PIPELINING").offered) == [("refused", 530)] * 2


def test_a_host_without_a_server_is_named(lab: Lab) -> None:
    with pytest.raises(LabError, match="does not listen"):
        Stand(lab, "alice.home.example")


def test_trials_tell_themselves(stand: Stand) -> None:
    found = stand.attempt("HELP")
    assert isinstance(found, Trials)
    assert str(found).splitlines()[0] == "HELP offered"
    assert "✕ refused: smtplib" in repr(found)
    with pytest.raises(KeyError):
        found.offered[0]["time"]
