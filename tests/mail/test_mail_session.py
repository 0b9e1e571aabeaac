"""The session table: complete, sound, and every state can be reached (RFC 5321 §4.1.4)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.reply import Reply
from smtplab.mail.session import TABLE, VERBS, State, after, allowed, refusal

REF = re.compile(r"RFC \d{4} §\d+(\.\d+)*")
ANY_VERB = st.sampled_from([*VERBS, ".", "", "XYZZY"])
ANY_CODE = st.sampled_from([220, 221, 235, 250, 252, 334, 354, 421, 450, 454, 500, 503, 521, 535, 550, 554])
POSITIVE = {"DATA": 354, "STARTTLS": 220, "AUTH": 235, "QUIT": 221, "VRFY": 252, "EXPN": 252, "HELP": 214}


def walk(*steps: tuple[str, int] | str, start: State = State.START) -> list[State]:
    """The states after each step; a verb alone gets the reply of its success."""
    states = [start]
    for step in steps:
        verb, code = (step, POSITIVE.get(step, 250)) if isinstance(step, str) else step
        states.append(after(states[-1], verb.removesuffix(" LAST"), code, last=verb.endswith(" LAST")))
    return states


def test_every_state_decides_about_every_verb() -> None:
    listening = {State.START, State.GREETED, State.MAIL, State.RCPT, State.BDAT}
    assert set(TABLE) == listening
    for state in TABLE:
        assert set(TABLE[state]) == set(VERBS), state
    for state in set(State) - listening:
        assert allowed(state) == (), state


def test_every_refusal_is_a_5yz_reply_with_a_reason_and_a_source() -> None:
    seen = 0
    for state in State:
        for verb in (*VERBS, "", "XYZZY", "\x1b[2J"):
            no = refusal(state, verb)
            if no is None:
                continue
            seen += 1
            assert no.reply.is_permanent and no.reply.enhanced == "5.5.1" and no.reply.text
            assert no.why and REF.fullmatch(no.ref)
            assert Reply.parse(no.reply.format()).code == no.reply.code
            # RFC 5321 §4.1.4: after a 503 the server stays in the same state
            if state not in (State.AUTH, State.DATA) and verb != "BDAT":
                assert after(state, verb, no.reply.code) is state
    assert seen > 40


def test_verbs() -> None:
    for name, verb in VERBS.items():
        assert verb.name == name and verb.syntax.split()[0] == name
        assert verb.purpose and REF.fullmatch(verb.ref)


def test_refusals() -> None:
    def refused(state: State, verb: str) -> str:
        no = refusal(state, verb)
        return f"{no.reply.code} {no.ref}" if no else ""

    # RFC 5321 §4.1.4: EHLO first, then MAIL, RCPT and DATA in that order
    assert refused(State.START, "MAIL") == "503 RFC 5321 §4.1.4"
    assert refused(State.GREETED, "RCPT") == "503 RFC 5321 §4.1.4"
    assert refused(State.MAIL, "DATA") == "503 RFC 5321 §3.3"
    assert refused(State.RCPT, "MAIL") == "503 RFC 5321 §4.1.1.2"
    # ... and NOOP, HELP, EXPN, VRFY, RSET and QUIT at any time
    for verb in ("NOOP", "HELP", "EXPN", "VRFY", "RSET", "QUIT", "EHLO"):
        assert all(refused(state, verb) == "" for state in TABLE)
    # an extension only after EHLO has offered it
    assert refused(State.START, "STARTTLS") == refused(State.START, "AUTH") == "503 RFC 5321 §2.2.1"
    assert refused(State.MAIL, "AUTH") == "503 RFC 4954 §4"
    assert refused(State.BDAT, "DATA") == "503 RFC 3030 §2"
    # RFC 5321 §4.2.4: 500 for what nobody knows
    assert refused(State.GREETED, "XYZZY") == refused(State.GREETED, "") == "500 RFC 5321 §4.2.4"
    # where a line is not a command, no verb may come, known or not
    assert refused(State.DATA, "QUIT") == refused(State.DATA, "XYZZY") == "503 RFC 5321 §4.1.1.4"
    assert refused(State.AUTH, "RSET") == "503 RFC 4954 §4"
    assert refused(State.CLOSED, "NOOP") == "503 RFC 5321 §4.1.1.10"
    # a long verb is not echoed in full
    no = refusal(State.GREETED, "X" * 10_000)
    assert no and len(no.reply.text) < 80


def test_a_session_from_start_to_closed() -> None:
    steps = (
        "EHLO",
        "STARTTLS",
        "EHLO",
        ("AUTH", 334),
        ("AUTH", 235),
        "MAIL",
        "RCPT",
        "RCPT",
        "DATA",
        ".",
        "QUIT",
    )
    state = State
    assert walk(*steps) == [
        state.START, state.GREETED, state.START, state.GREETED, state.AUTH, state.GREETED, state.MAIL,
        state.RCPT, state.RCPT, state.DATA, state.GREETED, state.CLOSED,
    ]  # fmt: skip


def test_a_chunked_session() -> None:
    # RFC 3030 §2
    assert walk("EHLO", "MAIL", "RCPT", "BDAT", "BDAT", "BDAT LAST")[-3:] == [
        State.BDAT,
        State.BDAT,
        State.GREETED,
    ]
    assert walk("EHLO", "MAIL", "RCPT", "BDAT LAST")[-1] is State.GREETED
    # a refused chunk ends the transaction
    assert walk("EHLO", "MAIL", "RCPT", "BDAT", ("BDAT", 552))[-1] is State.GREETED
    assert walk("EHLO", "MAIL", "RCPT", "BDAT", "RSET")[-1] is State.GREETED


def test_after_a_failure_the_state_stays() -> None:
    assert walk(("EHLO", 550))[-1] is State.START
    assert walk("EHLO", ("MAIL", 553))[-1] is State.GREETED
    assert walk("EHLO", "MAIL", ("RCPT", 550))[-1] is State.MAIL
    assert walk("EHLO", "MAIL", "RCPT", ("RCPT", 450))[-1] is State.RCPT
    assert walk("EHLO", "MAIL", "RCPT", ("DATA", 451))[-1] is State.RCPT
    assert walk("EHLO", ("STARTTLS", 454))[-1] is State.GREETED
    assert walk("EHLO", ("AUTH", 535))[-1] is State.GREETED
    assert walk("EHLO", ("AUTH", 334), ("AUTH", 535))[-1] is State.GREETED
    # only the code that belongs to a verb's success moves the session
    assert walk("EHLO", "MAIL", "RCPT", ("DATA", 250))[-1] is State.RCPT
    assert walk("EHLO", ("MAIL", 354))[-1] is State.GREETED
    assert walk("EHLO", ("MAIL", 334))[-1] is State.GREETED
    # a refused message is over all the same (RFC 5321 §4.1.1.4), a dot elsewhere is only a bad command
    assert walk("EHLO", "MAIL", "RCPT", "DATA", (".", 550))[-1] is State.GREETED
    assert walk("EHLO", "MAIL", (".", 500))[-1] is State.MAIL


def test_what_drops_a_transaction() -> None:
    # RFC 5321 §4.1.4: EHLO clears all as RSET does; RSET before EHLO is a NOOP (§4.1.1.5)
    for verb in ("RSET", "EHLO", "HELO"):
        assert walk("EHLO", "MAIL", "RCPT", verb)[-1] is State.GREETED
    assert walk("RSET")[-1] is State.START
    for verb in ("NOOP", "HELP", "VRFY", "EXPN"):
        assert walk("EHLO", "MAIL", "RCPT", verb)[-1] is State.RCPT


@pytest.mark.parametrize("state", State)
def test_421_closes_any_session(state: State) -> None:
    # RFC 5321 §3.8
    assert all(after(state, verb, 421) is State.CLOSED for verb in (*VERBS, ".", ""))


def test_every_state_can_be_reached_by_positive_replies() -> None:
    reached, new = {State.START}, [State.START]
    while new:
        state = new.pop()
        for verb in (*VERBS, "."):
            for code in (220, 221, 235, 250, 334, 354):
                for last in (False, True):
                    there = after(state, verb, code, last=last)
                    if there not in reached:
                        reached.add(there)
                        new.append(there)
    assert reached == set(State)


def test_allowed() -> None:
    assert allowed(State.START) == ("EHLO", "HELO", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT")
    assert allowed(State.BDAT) == ("EHLO", "HELO", "BDAT", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT")


@settings(deadline=None)
@given(st.lists(st.tuples(ANY_VERB, ANY_CODE, st.booleans()), max_size=30))
def test_no_dialogue_leaves_the_table(steps: list[tuple[str, int, bool]]) -> None:
    state = State.START
    for verb, code, last in steps:
        there = after(state, verb, code, last=last)
        assert there in State
        if state is State.CLOSED:
            assert there is State.CLOSED  # nothing opens a closed session
        if code >= 400 and there is not state:
            assert there is State.CLOSED or state in (State.AUTH, State.DATA) or verb == "BDAT"
        if code < 300 and state in TABLE and refusal(state, verb) and verb != "BDAT":
            assert there is state  # a server's "250" to a verb out of order changes nothing
        state = there
