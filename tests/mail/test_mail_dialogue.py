"""Reading a transcript: which lines, which reply to which command, and where the session stands."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail import dialogue
from smtplab.mail.dialogue import Line, lines, refusal_verdict, shown
from smtplab.mail.session import VERBS, State, after
from smtplab.mail.text import encode
from smtplab.mail.transcript import Event, Side
from tests.mail.mail_script import FULL, events, of, read, script

GREETING = "S: 220 mx.birch.example ESMTP\n"
HELLO = GREETING + "C: EHLO a.example\nS: 250-mx.birch.example\nS: 250 PIPELINING\n"
RECIPIENT = HELLO + "C: MAIL FROM:<a@a.example>\nS: 250 ok\nC: RCPT TO:<b@b.example>\nS: 250 ok\n"
DATA = RECIPIENT + "C: DATA\nS: 354 go\n"

SCRIPTS = {
    "full": FULL,
    "early content": RECIPIENT
    + r"C: DATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nNOOP"
    + "\nS: 354 go\nS: 250 ok\nS: 250 ok",
    "refused data": HELLO + r"C: DATA\r\nSubject: x\r\n." + "\nS: 503 no\nS: 500 what\nS: 500 what",
    "injection": HELLO
    + r"C+ STARTTLS\r\nMAIL FROM:<m@mallory.example>\r\nRC"
    + "\nS: 220 go\nTLS\nC: EHLO a\nS: 250 b",
    "auth ahead": HELLO
    + r"C: AUTH LOGIN\r\nYWxpY2U=\r\nc2VjcmV0"
    + "\nS: 334 VXNlcm5hbWU6\nS: 334 UGFzc3dvcmQ6\nS: 235 ok",
    "auth refused": HELLO
    + r"C: AUTH PLAIN\r\nAGEAYg=="
    + "\nS: 538 no\nS: 500 5.5.1 what: AGEAYG==\nC: QUIT\nS: 221 x",
    "torn chunk": RECIPIENT
    + r"C+ BDAT 15\r\nSubject: x\r\n\r\nh"
    + "\nS: 250 ok\n"
    + r"C+ BDAT 2 LAST\r\ni\n"
    + "\nS: 250 ok",
    "unknown chunk": RECIPIENT + "C: BDAT 100 LAST\nS: 500 what\nC: NOOP\nS: 250 ok",
    "bare": DATA + r"C+ foo\n.\nbar\r.\r\n.\n\r\n.\r\n" + "\nS: 550 5.5.2 bare\nC+ NOOP\\n\nS: 500 bare",
    "garbage": GREETING + "C: NOOP\nS: hello\nS: 250-x\nS: 251 y\nC: NOOP\nS: 250 ok\nS+ 250-unfin",
    "early talker": "C: EHLO a.example\nC+ NO\nS: 554 wait\nCLOSE S",
    "half closed": RECIPIENT + r"C: DATA\r\nhi\r\n.\r\nQUIT" + "\nCLOSE C\nS: 354 go\nS: 250 ok\nS: 221 bye",
}


def summary(found: list[Line]) -> list[tuple[str, str, str, int]]:
    return [(line.kind, line.verb, str(line.state), line.pair) for line in found]


def texts(found: list[Line], *kinds: str) -> list[str]:
    return [line.text for line in found if line.kind in kinds]


def test_a_whole_session() -> None:
    assert summary(read(FULL)) == [
        ("greeting", "", "start", -1),
        ("command", "EHLO", "start", 2),
        ("reply", "EHLO", "greeted", 1),
        ("command", "STARTTLS", "greeted", 4),
        ("reply", "STARTTLS", "start", 3),
        ("tls", "", "start", -1),
        ("command", "EHLO", "start", 7),
        ("reply", "EHLO", "greeted", 6),
        ("command", "AUTH", "greeted", 9),
        ("reply", "AUTH", "auth", 8),
        ("auth", "AUTH", "auth", 11),
        ("reply", "AUTH", "auth", 10),
        ("auth", "AUTH", "auth", 13),
        ("reply", "AUTH", "greeted", 12),
        ("command", "MAIL", "greeted", 18),
        ("command", "RCPT", "greeted", 19),
        ("command", "RCPT", "greeted", 20),
        ("command", "DATA", "greeted", 21),
        ("reply", "MAIL", "mail", 14),
        ("reply", "RCPT", "rcpt", 15),
        ("reply", "RCPT", "rcpt", 16),
        ("reply", "DATA", "data", 17),
        *[("data", "DATA", "data", -1)] * 7,
        ("end", ".", "data", 30),
        ("reply", ".", "greeted", 29),
        ("command", "MAIL", "greeted", 32),
        ("reply", "MAIL", "mail", 31),
        ("command", "RCPT", "mail", 34),
        ("reply", "RCPT", "rcpt", 33),
        ("command", "BDAT", "rcpt", 40),
        *[("data", "BDAT", "rcpt", -1)] * 2,
        ("command", "BDAT", "rcpt", 41),
        ("data", "BDAT", "rcpt", -1),
        ("reply", "BDAT", "bdat", 35),
        ("reply", "BDAT", "greeted", 38),
        ("command", "QUIT", "greeted", 43),
        ("reply", "QUIT", "closed", 42),
        ("close", "", "closed", -1),
    ]


def test_a_reply_of_several_lines_is_one_line() -> None:
    found = read(HELLO)[2]
    assert found.text == "250-mx.birch.example\n250 PIPELINING"
    assert found.reply is not None and found.reply.lines == ("mx.birch.example", "PIPELINING")
    assert found.t == 0.003  # its last line's


def test_parts_of_a_message_and_stuffed_dots() -> None:
    found = [(line.part, line.text) for line in read(FULL) if line.kind == "data" and line.verb == "DATA"]
    assert found == [
        ("header", "From: Alice <alice@acorn.example>"),
        ("header", "Subject: hi"),
        ("blank", ""),
        ("body", "Hello"),
        ("body", "..dot"),
        ("body", ""),
        ("body", "Bye"),
    ]


def test_a_group_of_commands_says_what_was_not_answered() -> None:
    assert [line.ahead for line in read(FULL)[14:22]] == [0, 1, 2, 3, 0, 0, 0, 0]


def test_content_sent_before_the_354_is_content_where_it_was_sent() -> None:
    found = read(SCRIPTS["early content"])[7:]
    assert summary(found) == [
        ("command", "DATA", "rcpt", 13),
        ("data", "DATA", "rcpt", -1),
        ("data", "DATA", "rcpt", -1),
        ("data", "DATA", "rcpt", -1),
        ("end", ".", "rcpt", 14),
        ("command", "NOOP", "rcpt", 15),
        ("reply", "DATA", "data", 7),
        ("reply", ".", "greeted", 11),
        ("reply", "NOOP", "greeted", 12),
    ]


def test_content_after_a_refused_data_is_commands() -> None:
    found = read(SCRIPTS["refused data"])
    assert summary(found)[3:] == [
        ("command", "DATA", "greeted", 6),
        ("command", "SUBJECT:", "greeted", 7),
        ("command", ".", "greeted", 8),
        ("reply", "DATA", "greeted", 3),
        ("reply", "SUBJECT:", "greeted", 4),
        ("reply", ".", "greeted", 5),
    ]


ENDS = [
    rb"\n.\n",
    rb"\n.\r\n",
    rb"\r\n.\n",
    rb"\r.\r\n",
    rb"\r\n.\r",
    rb"\r.\r",
    rb"\n.\r",
    rb"\r\n.\x00\r\n",
]


@pytest.mark.parametrize("variant", ENDS)
def test_only_a_dot_between_crlf_ends_the_data(variant: bytes) -> None:
    end = variant.decode().encode().decode("unicode_escape")
    data = f"hi{end}MAIL FROM:<m@mallory.example>\r\n.\r\n".encode()
    found = lines(of([*events(DATA), Event(1.0, Side.CLIENT, data)]))
    assert [line.kind for line in found[-2:]] == ["data", "end"]
    assert sum(line.kind == "end" for line in found) == 1
    assert sum(line.kind == "command" for line in found) == 4  # EHLO, MAIL, RCPT, DATA


def test_the_right_end_ends_the_data() -> None:
    found = read(DATA + r"C: hi\r\n.\r\nMAIL FROM:<m@mallory.example>")
    assert [line.kind for line in found[-3:]] == ["data", "end", "command"]


def test_chunks_are_counted_not_read() -> None:
    found = read(SCRIPTS["torn chunk"])[7:]
    assert [(line.kind, line.text, line.part, line.cut, line.last) for line in found] == [
        ("command", "BDAT 15", "", False, False),
        ("data", "Subject: x", "header", False, False),
        ("data", "", "blank", False, False),
        ("data", "h", "body", True, False),
        ("reply", "250 ok", "", False, False),
        ("command", "BDAT 2 LAST", "", False, True),
        ("data", "i", "body", False, False),
        ("reply", "250 ok", "", False, True),
    ]


def test_a_server_that_does_not_know_bdat_reads_commands() -> None:
    found = read(SCRIPTS["unknown chunk"])
    assert summary(found)[-2:] == [("command", "NOOP", "greeted", 10), ("reply", "NOOP", "greeted", 9)]


def test_a_chunk_that_ends_between_cr_and_lf() -> None:
    found = read(RECIPIENT + r"C+ BDAT 5\r\nX: 1\rBDAT 3\r\n\n\r\n" + "\nS: 250 ok\nS: 250 ok")
    data = [(line.text, line.part, line.bare) for line in found if line.kind == "data"]
    assert data == [("X: 1\r", "header", True), ("", "header", False), ("", "blank", False)]


def test_lines_behind_starttls_are_forgotten() -> None:
    found = read(SCRIPTS["injection"])
    dropped = [(line.text, line.cut, line.pair) for line in found if line.dropped]
    assert dropped == [("MAIL FROM:<m@mallory.example>", False, -1), ("RC", True, -1)]
    assert [line.kind for line in found[3:8]] == ["command", "command", "command", "reply", "tls"]
    assert summary(found)[-1] == ("reply", "EHLO", "greeted", 8)
    assert found[8].known.starttls and found[8].known.offers is None


def test_a_greeting_that_refuses_closes_the_session_and_not_the_connection() -> None:
    found = read("S: 554 no\nC: EHLO a\nS: 503 no\nC: QUIT\nS: 221 bye\nCLOSE S")
    assert {line.state for line in found} == {State.CLOSED}
    assert found[-1].known.farewell == 554


def test_what_comes_before_the_greeting_is_answered_after_it() -> None:
    found = read("C: EHLO a\nS: 220 b\nS: 250 b")
    assert summary(found) == [
        ("command", "EHLO", "start", 2),
        ("greeting", "", "start", -1),
        ("reply", "EHLO", "greeted", 0),
    ]
    assert not found[0].known.greeted and found[1].pair == -1


def test_what_is_no_reply_moves_nothing() -> None:
    found = read(SCRIPTS["garbage"])
    assert [
        (line.text, line.reply, line.pair) for line in found if line.kind == "reply" and not line.reply
    ] == [
        ("hello", None, 1),
        ("250-x\n251 y", None, -1),
        ("250-unfin", None, -1),
    ]
    assert {line.state for line in found} == {State.START}


def test_a_reply_that_nobody_asked_for() -> None:
    found = read(GREETING + "S: 250 surprise\nS: 421 late")
    assert summary(found)[1:] == [("reply", "", "start", -1), ("reply", "", "closed", -1)]


def test_a_client_that_closes_still_gets_its_replies() -> None:
    found = read(SCRIPTS["half closed"])[-8:]
    assert [(line.kind, str(line.state)) for line in found] == [
        ("command", "rcpt"), ("data", "rcpt"), ("end", "rcpt"), ("command", "rcpt"), ("close", "closed"),
        ("reply", "data"), ("reply", "greeted"), ("reply", "closed"),
    ]  # fmt: skip


def test_line_ends() -> None:
    found = read(GREETING + r"C+ NOOP\nNOOP\r\nNO\rOP\r\nNOO")
    assert [(line.text, line.bare, line.cut) for line in found[1:]] == [
        ("NOOP", True, False), ("NOOP", False, False), ("NO\rOP", True, False), ("NOO", False, True),
    ]  # fmt: skip
    data = [line for line in read(SCRIPTS["bare"]) if line.kind == "data"]
    assert [(line.text, line.bare) for line in data] == [("foo\n.\nbar\r.", True), (".\n", True)]


def test_what_the_ends_know() -> None:
    found = read(FULL)
    assert found[3].known.offers == {
        "SIZE": "10485760", "STARTTLS": "", "ENHANCEDSTATUSCODES": "", "CHUNKING": "", "PIPELINING": "",
    }  # fmt: skip
    assert found[6].known.offers is None and found[8].known.offers is not None
    assert found[14].known.authenticated and not found[12].known.authenticated
    assert (found[30].known.accepted, found[30].known.refused, found[30].known.reverse_path) == (
        1, 1, "alice@acorn.example",
    )  # fmt: skip
    assert found[31].known.reverse_path is None and found[33].known.reverse_path == ""


# secrets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\nS: 235 ok", ["AUTH PLAIN [hidden]"]),
        ("C: auth plain AGFsaWNlAHdvbmRlcmxhbmQ=\nS: 235 ok", ["auth plain [hidden]"]),
        ("C: AUTH PLAIN\nS: 334 \nC: AGFsaWNlAHdvbmRlcmxhbmQ=\nS: 235 ok", ["AUTH PLAIN", "[hidden]"]),
        ("C: AUTH PLAIN =\nS: 334 \nC: *\nS: 501 cancelled", ["AUTH PLAIN =", "*"]),
        ("C: AUTH LOGIN YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 235 ok",
         ["AUTH LOGIN YWxpY2U=", "[hidden]"]),
        ("C: AUTH LOGIN\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 235 ok", ["AUTH LOGIN", "[hidden]"]),
        ("C: AUTH LOGIN AGFsaWNlAHdvbmRlcmxhbmQ=\nS: 501 no", ["AUTH LOGIN [hidden]"]),
        ("C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: AGFsaWNlAHdvbmRlcmxhbmQ=\nS: 501 no",
         ["AUTH LOGIN", "[hidden]"]),
        ("C: AUTH XOAUTH2 dXNlcj1hbGljZQ==\nS: 334 eyJzdGF0dXMifQ==\nC: \nS: 535 no",
         ["AUTH XOAUTH2 [hidden]", ""]),
        ("C: AUTH SCRAM-SHA-256\nS: 334 \nC: biwsbj1hbGljZQ==\nS: 334 cj0x\nC: Yz1iaXdz\nS: 235 ok",
         ["AUTH SCRAM-SHA-256", "[hidden]", "[hidden]"]),
        ("C: AUTH LOGIN\nS: 538 no\nC: c2VjcmV0\nS: 500 what\nC: NOOP\nS: 250 ok",
         ["AUTH LOGIN", "[hidden]", "NOOP"]),
    ],
)  # fmt: skip
def test_secrets_are_hidden(text: str, expected: list[str]) -> None:
    found = read(HELLO + text)[3:]
    assert [shown(line) for line in found if line.side is Side.CLIENT] == expected
    assert [shown(line, secrets=True) for line in found if line.side is Side.CLIENT] == texts(
        found, "command", "auth"
    )


def test_a_refused_secret_is_hidden_in_the_echo_and_the_verb_too() -> None:
    found = read(SCRIPTS["auth refused"])
    assert "AGEA" not in "".join(shown(line) + line.verb for line in found).upper()
    assert "AGEAYg==" not in dialogue.text(script(SCRIPTS["auth refused"]))
    assert "AGEAYg==" in dialogue.text(script(SCRIPTS["auth refused"]), secrets=True)


def test_other_protocols_are_plain_lines_with_hidden_passwords() -> None:
    pop = "S: +OK\nC: USER bob\nS: +OK\nC: PASS builder\nS: +OK\nC: STAT\nS: +OK 0 0"
    assert [shown(line) for line in read(pop, "pop3")] == [
        "+OK", "USER bob", "+OK", "PASS [hidden]", "+OK", "STAT", "+OK 0 0",
    ]  # fmt: skip
    imap = "S: * OK\nC: a LOGIN bob builder\nS: a OK\nC: b AUTHENTICATE PLAIN\nS: + \nC: AGEAYg==\n"
    assert [shown(line) for line in read(imap + "S: b OK\nC: c NOOP", "imap")][1::2] == [
        "a LOGIN [hidden]", "b AUTHENTICATE PLAIN", "[hidden]", "c NOOP",
    ]  # fmt: skip
    found = read("S: * OK\nTLS v\nC+ x\nCLOSE C gone", "imap")
    assert [(line.kind, line.text, line.verb) for line in found] == [
        ("reply", "* OK", ""), ("tls", "v", ""), ("command", "x", ""), ("close", "gone", ""),
    ]  # fmt: skip


# whatever the network does ------------------------------------------------------------------------


def rechunked(source: list[Event], cuts: list[int]) -> list[Event]:
    """The same octets in other pieces: neighbours of one side joined, and cut again at `cuts`."""
    joined: list[Event] = []
    for event in source:
        before = joined[-1] if joined else None
        if (
            before
            and event.kind == before.kind == "data"
            and (before.side, before.tls) == (event.side, event.tls)
        ):
            joined[-1] = replace(before, data=before.data + event.data)
        else:
            joined.append(replace(event, t=0.0))
    result: list[Event] = []
    for number, event in enumerate(joined):
        rest = event.data
        while len(rest) > 1 and cuts:
            at = 1 + cuts[(number + len(rest)) % len(cuts)] % len(rest)
            result.append(replace(event, data=rest[:at]))
            rest = rest[at:]
        result.append(replace(event, data=rest))
    return result


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(SCRIPTS)), st.lists(st.integers(0, 40), max_size=8))
def test_any_chunks_give_the_same_lines(name: str, cuts: list[int]) -> None:
    whole = lines(of(rechunked(events(SCRIPTS[name]), [])))
    assert lines(of(rechunked(events(SCRIPTS[name]), cuts))) == whole


PIECES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [b"EHLO x\r\n", b"DATA\r\n", b".\r\n", b"\r\n", b"\n", b"BDAT 5 LAST\r\n", b"BDAT 5\r\n", b"QUIT\r\n",
         b"BDAT 9999999999999999999\r\n", b"AUTH LOGIN\r\n", b"AUTH PLAIN AGEAYg==\r\n", b"MAIL FROM:<>\r\n",
         b"RCPT TO:<a@b>\r\n", b"STARTTLS\r\n", b"250 ok\r\n", b"250-x\r\n", b"354 go\r\n", b"334 \r\n",
         b"235 ok\r\n", b"550 5.1.1 no\r\n", b"220 x\r\n", b"421 x\r\n", b"500 x\r\n", b"221 x\r\n"]
    ),
)  # fmt: skip
EVENTS = st.lists(
    st.builds(
        Event, st.just(0.5), st.sampled_from(Side), PIECES, st.booleans(),
        st.sampled_from(["data"] * 12 + ["tls", "close"]), st.just("note"),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(EVENTS)
def test_hostile_octets_never_raise_and_none_is_lost(source: list[Event]) -> None:
    found = lines(of(source))
    for side in Side:
        said = b"".join(event.data for event in source if event.side is side and event.kind == "data")
        kept = b"".join(
            encode(line.text) for line in found if line.side is side and line.kind not in ("tls", "close")
        )
        assert without_ends(kept) == without_ends(said)
    check_walk(found)
    dialogue.text(of(source), times=True)
    for index in range(len(found)):
        refusal_verdict(found, index).text()


def without_ends(data: bytes) -> bytes:
    return data.replace(b"\r", b"").replace(b"\n", b"")


def check_walk(found: list[Line]) -> None:
    """Every line takes the session from where it was to where the session table says."""
    state = State.START
    for index, line in enumerate(found):
        assert line.before is state
        if line.pair >= 0:
            assert found[line.pair].pair == index and found[line.pair].side is not line.side
        if line.kind == "greeting":
            assert line.reply is not None
            assert line.state is (State.START if line.reply.is_positive else State.CLOSED)
        elif line.kind == "reply" and line.reply:
            assert line.state is after(state, line.verb, line.reply.code, last=line.last)
        else:
            assert line.state is {"tls": State.START, "close": State.CLOSED}.get(line.kind, state)
        state = state if line.kind == "close" else line.state


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_walk_is_the_session_tables(name: str) -> None:
    check_walk(read(SCRIPTS[name]))


def seconds(source: list[Event]) -> float:
    start = time.process_time()
    lines(of(source))
    return time.process_time() - start


@pytest.mark.parametrize("octets", [b"x", b"x\r\n"])
def test_time_grows_with_the_octets(octets: bytes) -> None:
    """Octet by octet without a line end, or line by line: four times as much, about four times as long."""

    def upload(count: int) -> list[Event]:
        return [*events(DATA), *(Event(1.0, Side.CLIENT, octets) for _ in range(count))]

    few, many = upload(10_000), upload(40_000)
    ratio = min(seconds(many) / seconds(few) for _ in range(3))
    assert ratio < 9


def test_a_large_message() -> None:
    block = b"." * 76 + b"\r\n"
    data = [Event(1.0, Side.CLIENT, block * 800) for _ in range(400)]  # 25 MB
    found = lines(
        of([*events(DATA), *data, Event(2.0, Side.CLIENT, b".\r\n"), Event(2.0, Side.SERVER, b"250 ok\r\n")])
    )
    assert summary(found)[-1] == ("reply", ".", "greeted", len(found) - 2)
    assert len(found) == 11 + 320_000


# as text ------------------------------------------------------------------------------------------


def test_text_is_in_the_grammar_of_swaks() -> None:
    assert dialogue.text(script(FULL)).splitlines()[:22] == [
        "=== Trying mx.birch.example:25 [198.51.100.10], from mail.acorn.example [192.0.2.10]...",
        "=== Connected to mx.birch.example.",
        "<-  220 mx.birch.example ESMTP smtplab",
        " -> EHLO mail.acorn.example",
        "<-  250-mx.birch.example greets mail.acorn.example",
        "<-  250-SIZE 10485760",
        "<-  250-STARTTLS",
        "<-  250-ENHANCEDSTATUSCODES",
        "<-  250-CHUNKING",
        "<-  250 PIPELINING",
        " -> STARTTLS",
        "<-  220 2.0.0 Ready to start TLS",
        "=== TLS started: TLSv1.3 with TLS_AES_256_GCM_SHA384",
        " ~> EHLO mail.acorn.example",
        "<~  250-mx.birch.example",
        "<~  250-AUTH PLAIN LOGIN",
        "<~  250-CHUNKING",
        "<~  250 PIPELINING",
        " ~> AUTH LOGIN",
        "<~  334 VXNlcm5hbWU6",
        " ~> YWxpY2U=",
        "<~  334 UGFzc3dvcmQ6",
    ]
    rest = dialogue.text(script(FULL)).splitlines()
    assert " ~> [hidden]" in rest and "<~* 550 5.1.1 No such user here" in rest and " ~> ..dot" in rest
    assert rest[-2:] == ["<~  221 2.0.0 bye", "=== Connection closed with remote host."]
    assert str(script(FULL)) == dialogue.text(script(FULL))


def test_text_marks_errors_and_what_should_not_happen() -> None:
    assert dialogue.text(
        script(GREETING + "C: MAIL\nS: 450-a\nS: 450 b\nCLOSE S reset the connection")
    ).splitlines()[4:] == [
        "<** 450-a",
        "<** 450 b",
        "*** Remote host closed connection unexpectedly (reset the connection).",
        "=== Connection closed with remote host.",
    ]
    assert "*** 2 lines sent in clear behind STARTTLS: forgotten." in dialogue.text(
        script(SCRIPTS["injection"])
    )
    gone = dialogue.text(script(RECIPIENT + "CLOSE C"))
    assert gone.endswith(
        "*** Client closed connection unexpectedly.\n=== Connection closed with remote host."
    )
    assert dialogue.text(script(GREETING + "C: QUIT\nCLOSE C\nCLOSE S")).count("===") == 3
    assert "***" not in dialogue.text(script(GREETING + "C: QUIT\nCLOSE C"))


def test_text_with_times() -> None:
    found = dialogue.text(script(GREETING + "C: NOOP\nS: 250 ok"), times=True).splitlines()
    assert found[2:] == [
        "      0.0  <-  220 mx.birch.example ESMTP",
        "      1.0   -> NOOP",
        "      2.0  <-  250 ok",
    ]


def test_text_shows_what_would_move_the_cursor() -> None:
    hostile = dialogue.text(
        script(GREETING + r"C: NOOP \x1b[2J\u202e".replace(r"\u202e", r"\xe2\x80\xae") + "\nS: 250 \x07")
    )
    assert " -> NOOP \\x1b[2J\\u202e" in hostile and "<-  250 \\x07" in hostile


# why was this refused -----------------------------------------------------------------------------


def steps(text: str) -> dict[str, tuple[str, str]]:
    """What the verdict on the last line says: what was looked at -> (result, why)."""
    found = read(text)
    verdict = refusal_verdict(found, len(found) - 1)
    return {"": (verdict.result, verdict.question)} | {
        step.what: (step.result, step.why) for step in verdict.steps
    }


def test_refused_by_order() -> None:
    found = steps(HELLO + "C: RCPT TO:<b@b.example>\nS: 503 5.5.1 Send MAIL first")
    assert found[""] == ("refused", "why did RCPT TO:<b@b.example> get 503 5.5.1?")
    assert found["state greeted"] == ("", "hello is said, and no transaction is open")
    assert found["RCPT in greeted"] == (
        "refused",
        "a recipient belongs to a transaction, and MAIL starts one",
    )
    assert found["503"][0] == "refused"
    assert found["the server's words"] == ("", "Send MAIL first")
    assert "state greeted" in found["who acts"][1] or "greeted" in found["who acts"][1]


def test_refused_for_another_reason() -> None:
    found = steps(RECIPIENT + "C: RCPT TO:<x@b.example>\nS: 550 5.1.1 no such user")
    assert found["RCPT in rcpt"] == ("accepted", "it may come now, so the reason lies elsewhere")
    assert found["5.1.1"][1].startswith("no such mailbox.")
    assert "client side now owes the reverse-path a DSN" in found["who acts"][1]
    assert "**" not in found["who acts"][1]


def test_delayed() -> None:
    found = steps(DATA + "C: .\nS: 451 4.3.0 later")
    assert found[""][0] == "delayed" and found["451"][0] == "delayed"
    assert "keeps the message and tries again" in found["who acts"][1]


def test_the_greeting_refuses() -> None:
    found = steps("S: 554 mx.birch.example go away")
    assert found[""] == ("refused", "why did the connection get 554?")
    assert "still has the message" in found["who acts"][1]


def test_not_refused_and_not_answered() -> None:
    assert steps(HELLO + "C: NOOP\nS: 250 ok")[""][0] == "accepted"
    assert steps(HELLO + "C: NOOP")["no reply"] == ("", "the dialogue holds no reply to this line")
    found = read(SCRIPTS["injection"])
    assert refusal_verdict(found, 4).steps[0].ref == "RFC 3207 §4.2"
    with pytest.raises(IndexError):
        refusal_verdict(found, 99)


def test_a_command_has_its_replys_verdict() -> None:
    found = read(RECIPIENT + "C: RCPT TO:<x@b.example>\nS: 550 no")
    assert refusal_verdict(found, len(found) - 2) == refusal_verdict(found, len(found) - 1)


def test_a_verdict_tells_no_secret() -> None:
    found = read(HELLO + "C: AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\nS: 535 5.7.8 wrong")
    assert "AGFs" not in refusal_verdict(found, 3).text()


def test_every_verb_has_a_verdict() -> None:
    for verb in VERBS:
        for code in (450, 503, 550):
            found = read(HELLO + f"C: {verb} x\nS: {code} no")
            verdict = refusal_verdict(found, 4)
            assert verdict.result == ("delayed" if code == 450 else "refused")
            assert all(step.what and step.why and step.ref for step in verdict.steps)
