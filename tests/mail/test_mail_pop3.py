"""POP3 on paper: the table, responses and commands, and how a dialogue of POP3 or IMAP is read and masked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.mail.dialogue import lines
from smtplab.mail.dots import beginning, size, stuffed, unstuffed
from smtplab.mail.errors import RecordError
from smtplab.mail.imap import Answer, AnswerReader
from smtplab.mail.line import shown
from smtplab.mail.masking import masked
from smtplab.mail.meaning import meaning
from smtplab.mail.pop3 import TABLE, VERBS, Command, Response, ResponseReader, State, after, allowed, refusal
from smtplab.mail.transcript import Endpoint, Event, Side, Transcript

ENDS = (
    Endpoint("bob.birch.example", "198.51.100.40", 40000),
    Endpoint("imap.birch.example", "198.51.100.20", 995),
)


def transcript(protocol: str, *said: str) -> Transcript:
    """A dialogue from lines such as "C: NOOP" or "S: +OK"; CRLF is added."""
    events = [Event(0.0, Side(line[0]), line[3:].encode() + b"\r\n") for line in said]
    return Transcript(1, *ENDS, datetime(2026, 3, 2, tzinfo=UTC), protocol, events=events)


# the table ----------------------------------------------------------------------------------------

IN_AUTHORIZATION = ("CAPA", "STLS", "USER", "QUIT")
IN_TRANSACTION = ("CAPA", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET", "NOOP", "STAT", "QUIT")


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (State.AUTHORIZATION, IN_AUTHORIZATION),
        (State.USER, (*IN_AUTHORIZATION, "PASS")),
        (State.TRANSACTION, IN_TRANSACTION),
        (State.UPDATE, ()),
        (State.CLOSED, ()),
    ],
)
def test_what_may_come_when(state: State, verbs: tuple[str, ...]) -> None:
    assert set(allowed(state)) == set(verbs)


def test_the_table_answers_for_every_verb_in_every_state() -> None:
    assert set(TABLE) == set(State)
    assert all(set(row) == set(VERBS) for row in TABLE.values())
    for state in State:
        for verb in (*VERBS, "HELO", ""):
            refused = refusal(state, verb)
            assert (refused is None) == (verb in allowed(state))
            if refused:
                assert not refused.response.ok
                assert refused.why
                assert refused.ref.startswith("RFC ")


@pytest.mark.parametrize(
    ("state", "verb", "ok", "then"),
    [
        (State.AUTHORIZATION, "USER", True, State.USER),
        (State.USER, "PASS", True, State.TRANSACTION),
        (State.USER, "PASS", False, State.AUTHORIZATION),
        (State.USER, "STAT", False, State.AUTHORIZATION),
        (State.USER, "CAPA", True, State.AUTHORIZATION),
        (State.TRANSACTION, "RETR", False, State.TRANSACTION),
        (State.TRANSACTION, "QUIT", True, State.UPDATE),
        (State.AUTHORIZATION, "QUIT", True, State.CLOSED),
        (State.UPDATE, "QUIT", True, State.UPDATE),
    ],
)
def test_where_a_verb_leads(state: State, verb: str, ok: bool, then: State) -> None:
    assert after(state, verb, ok) is then


# lines --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"+OK", Response(True)),
        (b"+OK 2 320\r\n", Response(True, "2 320")),
        (b"-err [in-use] Busy", Response(False, "Busy", "IN-USE")),
        (b"-ERR [no end", Response(False, "[no end")),
        (b"+OK \xff", Response(True, "\udcff")),
    ],
)
def test_responses_are_read(line: bytes, expected: Response) -> None:
    assert Response.parse(line) == expected


@pytest.mark.parametrize("line", [b"", b"OK", b"250 OK", b"+OKAY", b"* OK"])
def test_what_is_no_response(line: bytes) -> None:
    with pytest.raises(RecordError):
        Response.parse(line)


def test_a_response_is_at_most_512_octets_and_hides_control_characters() -> None:
    said = Response(False, "x\r\n+OK " + "y" * 600).format()
    assert len(said) == 512
    assert said.count(b"\n") == 1


@pytest.mark.parametrize(
    ("line", "verb", "arguments", "several"),
    [
        (b"list\r\n", "LIST", (), True),
        (b"LIST 1", "LIST", ("1",), False),
        (b"PASS a b ", "PASS", ("a b ",), False),
        (b"PASS", "PASS", (), False),
        (b"RETR  1", "RETR", ("1",), True),
        (b"", "", (), False),
        (b"\xff x", "\udcff", ("x",), False),
    ],
)
def test_commands_are_read(line: bytes, verb: str, arguments: tuple[str, ...], several: bool) -> None:
    command = Command.parse(line)
    assert (command.verb, command.arguments, command.several_lines) == (verb, arguments, several)


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line and not line.endswith(b"\r"))))
def test_lines_survive_the_wire_however_it_is_cut(body: list[bytes]) -> None:
    wire = Response(True, "here", lines=tuple(body)).format()
    reader = ResponseReader()
    for octet in range(len(wire)):
        assert reader.next(True) is None
        reader.feed(wire[octet : octet + 1])
    assert reader.next(True) == Response(True, "here", lines=tuple(body))


@given(st.binary())
def test_a_message_survives_stuffing(raw: bytes) -> None:
    wire = stuffed(raw)
    assert wire.endswith(b"\r\n.\r\n") or wire == b".\r\n" or raw == b""
    body = wire.removesuffix(b".\r\n")
    assert b"\r\n.\r\n" not in b"\r\n" + body
    assert sum(len(unstuffed(line)) for line in body.splitlines(keepends=True)) == size(raw)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(0, b"A: 1\r\n\r\n"), (1, b"A: 1\r\n\r\nx\r\n"), (9, b"A: 1\r\n\r\nx\r\ny\r\n")],
)
def test_the_beginning_of_a_message(lines: int, expected: bytes) -> None:
    assert beginning(b"A: 1\r\n\r\nx\r\ny\r\n", lines) == expected
    assert beginning(b"A: 1\r\n", lines) == b"A: 1\r\n"


# IMAP's lines -------------------------------------------------------------------------------------


def test_imap_literals_stay_inside_their_line() -> None:
    wire = b"* 1 FETCH (BODY[] {9}\r\nA: b\r\n\r\n)\r\na1 OK done\r\n+ go on\r\n* BYE\r\n"
    for step in (1, 7, len(wire)):
        reader, got = AnswerReader(), []
        for at in range(0, len(wire), step):
            reader.feed(wire[at : at + step])
            while (line := reader.next()) is not None:
                got.append(line)
        assert got == [b"* 1 FETCH (BODY[] {9}\r\nA: b\r\n\r\n)", b"a1 OK done", b"+ go on", b"* BYE"]
    answer = Answer((got[0], got[1]))
    assert (answer.status, answer.text, answer.ok) == ("OK", "done", True)
    assert answer.untagged[0].startswith("1 FETCH")
    assert Answer((b"+ x",)).status == "+"
    assert not Answer((b"a NO [IN-USE] x",)).ok
    assert Answer(()).status == ""


# dialogues ----------------------------------------------------------------------------------------

POP = (
    "S: +OK ready", "C: USER bob", "S: +OK", "C: PASS builder", "S: -ERR no", "C: RETR 1", "S: +OK 20 octets",
    "S: Subject: x", "S: ", "S: QUIT", "S: ..", "S: .", "C: LIST", "S: +OK", "S: 1 20", "S: .", "C: QUIT",
    "S: +OK bye",
)  # fmt: skip


def test_a_pop3_dialogue() -> None:
    read = lines(transcript("pop3", *POP))
    assert [line.kind for line in read] == [
        "reply", "command", "reply", "command", "reply", "command", "reply", "data", "data", "data", "data",
        "end", "command", "reply", "data", "data", "command", "reply",
    ]  # fmt: skip
    assert [line.part for line in read[7:11]] == ["header", "blank", "body", "body"]
    assert [line.text for line in read if line.refused] == ["-ERR no"]
    text = transcript("pop3", *POP).text()
    assert "<** -ERR no" in text
    assert "PASS [hidden]" in text
    assert "builder" not in text


IMAP = (
    "S: * OK ready", "C: a1 LOGIN {3}", "S: + go", "C: bob {7}", "S: + go", "C: builder", "S: a1 OK in",
    "C: a2 SELECT INBOX", "S: * 1 EXISTS", "S: a2 OK", "C: a3 FETCH 1 BODY[]", "S: * 1 FETCH (BODY[] {8}",
    "S: a9 OK ", "S: )", "S: a3 OK", "C: a4 APPEND Sent {99}", "S: a4 NO [TRYCREATE]", "C: a5 LOGOUT",
    "S: * BYE", "S: a5 OK",
)  # fmt: skip


def test_an_imap_dialogue() -> None:
    read = lines(transcript("imap", *IMAP))
    text = transcript("imap", *IMAP).text()
    assert "builder" not in text
    assert [line.text for line in read if line.secret] == ["a1 LOGIN {3}", "bob", " {7}", "builder", ""]
    assert [line.text for line in read if line.refused] == ["a4 NO [TRYCREATE]"]
    assert [line.kind for line in read if line.text.startswith("a9")] == ["data"]
    assert [line.kind for line in read if line.text.startswith("a5 LOG")] == ["command"]


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("pop3", ("S: +OK", "C: PASS secret")),
        ("pop3", ("S: +OK", "C: AUTH PLAIN", "S: + ", "C: secret", "S: -ERR")),
        ("pop3", ("S: +OK", "C: NOOP", "C: AUTH PLAIN", "S: -ERR", "C: APOP bob secret")),
        ("imap", ("S: * OK", "C: a LOGIN bob secret")),
        ("imap", ("S: * OK", 'C: a login "bob" "secret"')),
        ("imap", ("S: * OK", "C: a AUTHENTICATE PLAIN secret")),
        ("imap", ("S: * OK", "C: a AUTHENTICATE PLAIN", "S: + ", "C: secret", "S: a OK")),
        ("imap", ("S: * OK", "C: a NOOP", "C: b AUTHENTICATE PLAIN", "S: a OK", "C: secret", "S: b OK")),
        ("imap", ("S: * OK", "C: a LOGIN bob {6+}", "C: secret", "S: a OK")),
        ("imap", ("S: * OK", "C: a LOGIN {3+}", "C: bob {6+}", "S: * CAPABILITY x", "C: secret", "S: a OK")),
    ],
)
def test_passwords_are_shown_nowhere(protocol: str, said: tuple[str, ...]) -> None:
    made = transcript(protocol, *said)
    assert "secret" not in made.text()
    assert "secret" not in "".join(shown(line) for line in lines(made))
    assert b"secret" not in b"".join(event.data for event in masked(made))
    assert "secret" in made.text(secrets=True)


def test_what_comes_after_a_login_is_shown() -> None:
    made = transcript("imap", "S: * OK", "C: a LOGIN bob secret", "S: a NO", "C: b NOOP", "S: b OK")
    assert "b NOOP" in made.text()
    made = transcript("pop3", "S: +OK", "C: PASS secret", "C: STAT", "S: +OK", "S: +OK 0 0")
    assert "STAT" in made.text()


@pytest.mark.parametrize(("protocol", "said"), [("pop3", POP), ("imap", IMAP)])
def test_every_line_has_a_meaning_of_its_own_protocol(protocol: str, said: tuple[str, ...]) -> None:
    for line in lines(transcript(protocol, *said)):
        explained = meaning(line)
        assert explained.paragraphs
        assert explained.refs
        assert "5321" not in explained.text()


@given(st.sampled_from(["pop3", "imap"]), st.lists(st.tuples(st.sampled_from(list(Side)), st.binary())))
def test_reading_never_fails_and_loses_nothing(protocol: str, said: list[tuple[Side, bytes]]) -> None:
    events = [Event(0.0, side, data) for side, data in said if data]
    made = Transcript(1, *ENDS, datetime(2026, 3, 2, tzinfo=UTC), protocol, events=events)
    read = lines(made)
    for side in Side:
        octets = b"".join(event.data for event in events if event.side is side)
        text = "".join(line.text for line in read if line.side is side).encode("utf-8", "surrogateescape")
        assert text.replace(b"\r", b"") == octets.replace(b"\r", b"").replace(b"\n", b"")
    assert made.text()
    assert masked(made) is not None
