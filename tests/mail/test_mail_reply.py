"""Reply: read leniently, written strictly (RFC 5321 §4.2, RFC 2034, RFC 3463 §2)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.errors import RecordError
from smtplab.mail.reply import MAX_LINES, MAX_OCTETS, Reply, ReplyReader
from smtplab.mail.text import visible


def good(data: bytes | str, *expected: object) -> None:
    assert Reply.parse(data) == Reply(*expected)  # type: ignore[arg-type]


def bad(data: str, pointed_at: str, rule: str) -> None:
    with pytest.raises(RecordError) as caught:
        Reply.parse(data)
    start, end = caught.value.span
    assert data[start:end] == pointed_at
    assert rule in caught.value.message


def test_single_and_multi_line() -> None:
    good(b"250 OK\r\n", 250, "", ("OK",))
    good(b"250-a\r\n250 b\r\n", 250, "", ("a", "b"))
    good(b"250-\r\n250-x\r\n250 \r\n", 250, "", ("", "x", ""))
    good("250-First line\r\n250-234 Text\r\n250 last\r\n", 250, "", ("First line", "234 Text", "last"))
    good("250  two spaces\r\n", 250, "", (" two spaces",))
    # RFC 5321 §4.2: the text may be missing, and the space too
    good("250\r\n", 250)
    good("250 \r\n", 250)
    good("250", 250)
    good("250-a\r\n250\r\n", 250, "", ("a", ""))
    # a bare LF is tolerated, and so is a missing line end
    good("250-a\n250 b\n", 250, "", ("a", "b"))
    good("250-a\n250 b", 250, "", ("a", "b"))
    # RFC 5321 §4.2: a client lives with codes that it does not know
    good("571 no\r\n", 571, "", ("no",))
    # octets that are not UTF-8 are kept
    good(b"250 \xff\r\n", 250, "", ("\udcff",))


def test_malformed() -> None:
    bad("", "", "three digits")
    bad("\r\n", "", "three digits")
    bad("25\r\n", "25", "three digits")
    bad("150 no\r\n", "150", "the first from 2 to 5")
    bad("650 no\r\n", "650", "the first from 2 to 5")
    bad("OK\r\n", "OK", "three digits")
    bad("HTTP/1.1 400 Bad Request\r\n", "HTT", "three digits")
    bad("२५० OK", "२५०", "three digits")
    bad("250_OK\r\n", "_", "a space or a hyphen")
    bad("2500\r\n", "0", "a space or a hyphen")
    bad("250\tOK\r\n", "\t", "a space or a hyphen")
    # RFC 5321 §4.2.1: the code is the same on every line
    bad("250-a\r\n251 b\r\n", "251", "begins with 250")
    bad("250-a\r\nb\r\n", "b", "three digits")
    # the final line is missing, or it is not the last
    bad("250-a\r\n", "", "still to come")
    bad("250-a", "", "still to come")
    bad("250 a\r\n250 b\r\n", "\r\n250 b\r\n", "ends the reply")
    bad("250 a\r\n\r\n", "\r\n\r\n", "ends the reply")


def test_enhanced_codes() -> None:
    good("250 2.1.0 Sender OK\r\n", 250, "2.1.0", ("Sender OK",))
    good("250 2.1.0\r\n", 250, "2.1.0")
    good("550-5.1.1 a\r\n550 5.1.1 b\r\n", 550, "5.1.1", ("a", "b"))
    good("550-5.1.1\r\n550 5.1.1 b\r\n", 550, "5.1.1", ("", "b"))
    good("550 5.7.515 \ttext\r\n", 550, "5.7.515", ("\ttext",))
    # on some lines only: nothing is lost
    good("550-Blocked\r\n550 5.7.1 see x\r\n", 550, "5.7.1", ("Blocked", "see x"))
    good("550-5.7.1 a\r\n550 5.1.1 b\r\n", 550, "5.7.1", ("a", "5.1.1 b"))
    # RFC 2034 §4: the class agrees with the code, and 3yz has none
    good("450 5.1.1 odd\r\n", 450, "", ("5.1.1 odd",))
    good("354 2.0.0 go\r\n", 354, "", ("2.0.0 go",))
    # RFC 3463 §2: three numbers, no leading zeros
    good("250 2.1 x\r\n", 250, "", ("2.1 x",))
    good("250 2.01.0 x\r\n", 250, "", ("2.01.0 x",))
    good("250 2.1.1000 x\r\n", 250, "", ("2.1.1000 x",))
    good("250 2.1.0x\r\n", 250, "", ("2.1.0x",))
    good("250 2.1.0.1 x\r\n", 250, "", ("2.1.0.1 x",))


def test_format() -> None:
    assert Reply(250, "2.1.0", ("Sender OK",)).format() == b"250 2.1.0 Sender OK\r\n"
    # the enhanced code on each line
    assert Reply(550, "5.1.1", ("a", "b")).format() == b"550-5.1.1 a\r\n550 5.1.1 b\r\n"
    # RFC 5321 §4.2.1: a server sends the space even without text
    assert Reply(250).format() == b"250 \r\n"
    assert Reply(250, "2.0.0").format() == b"250 2.0.0\r\n"
    # no CR, LF or other control gets through
    assert Reply(250, "", ("a\r\n250 b\rc\nd",)).format() == b"250-a\r\n250-250 b\r\n250-c\r\n250 d\r\n"
    assert Reply(500, "", ("\x1b[2J\x00",)).format() == b"500 \\x1b[2J\\x00\r\n"
    assert Reply(500, "5.5.1\r\n250", ("x",)).format() == b"500 5.5.1\\x0d\\x0a250 x\r\n"
    assert Reply(250, "", ("é \udcff\u202e",)).format() == "250 é \\xff\\u202e\r\n".encode()


def test_long_lines_are_continued() -> None:
    # RFC 5321 §4.5.3.1.5
    data = Reply(500, "5.5.1", ("x" + "é" * 1000,)).format()
    lines = data.split(b"\r\n")[:-1]
    assert all(len(line) <= 510 for line in lines) and len(lines) == 5
    assert Reply.parse(data).enhanced == "5.5.1"
    assert "".join(Reply.parse(data).lines) == "x" + "é" * 1000
    assert len(Reply(250, "", ("x" * 506,)).format()) == 512
    assert Reply(250, "", ("x" * 507,)).format().count(b"\r\n") == 2


def test_str() -> None:
    assert str(Reply(250, "2.1.0", ("Sender OK",))) == "250 2.1.0 Sender OK"
    assert str(Reply(250, "", ("a", "b"))) == "250-a\n250 b"
    assert str(Reply(250)) == "250"
    assert str(Reply(500, "", ("\x1b[31m",))) == "500 \\x1b[31m"
    assert Reply(250, "", ("a", "b")).text == "a\nb"


def test_classes() -> None:
    replies = [Reply(250), Reply(354), Reply(450), Reply(550)]
    assert [reply.klass for reply in replies] == [2, 3, 4, 5]
    assert [reply.is_positive for reply in replies] == [True, False, False, False]
    assert [reply.is_intermediate for reply in replies] == [False, True, False, False]
    assert [reply.is_transient for reply in replies] == [False, False, True, False]
    assert [reply.is_permanent for reply in replies] == [False, False, False, True]


def test_meaning_and_next_step() -> None:
    assert "names nobody" in Reply(550, "5.1.1").meaning and "policy" in Reply(550, "5.1.1").meaning
    assert "5.1.1" not in Reply(550).meaning
    # RFC 5321 §4.2: by the first digit when the code is not known
    assert Reply(571).meaning.startswith("The server did not do it, and will not")
    assert Reply(471, "4.7.1").meaning.endswith("any local policy.")
    assert "queued" in Reply(450).next_step and "DSN" in Reply(550).next_step
    assert "only a dot" in Reply(354).next_step and "Base64" in Reply(334).next_step
    assert "later" in Reply(499).next_step
    assert "out of range" in Reply(99).meaning and "ends the transaction" in Reply(99).next_step


def test_extensions() -> None:
    # RFC 5321 §4.1.1.1
    lines = ("250-mx.birch.example hi", "250-SIZE 1000", "250-auth PLAIN  LOGIN ", "250-8BITMIME", "250 HELP")
    reply = Reply.parse("\r\n".join(lines))
    assert reply.extensions == {"SIZE": "1000", "AUTH": "PLAIN  LOGIN", "8BITMIME": "", "HELP": ""}
    assert reply.lines[1] == "SIZE 1000"
    assert Reply.parse("250 mail.acorn.example\r\n").extensions == {}
    assert Reply.parse("250-x\r\n250-\r\n250-AUTH=LOGIN\r\n250 -x\r\n").extensions == {}
    assert Reply.parse("500-x\r\n500 SIZE\r\n").extensions == {}


DIALOGUE = b"220 hi\r\n250-a\r\n250-b\r\n250 c\n354\r\n"


@pytest.mark.parametrize("step", range(1, len(DIALOGUE) + 1))
def test_the_reader_does_not_care_how_octets_come(step: int) -> None:
    reader = ReplyReader()
    replies = []
    for start in range(0, len(DIALOGUE), step):
        replies += reader.feed(DIALOGUE[start : start + step])
    assert [reply.code for reply in replies] == [220, 250, 354]
    assert replies[1].lines == ("a", "b", "c")
    assert reader.pending == b"" and reader.error is None


def test_the_reader_keeps_what_is_not_complete() -> None:
    reader = ReplyReader()
    assert reader.feed(b"250-a\r\n250") == []
    assert reader.pending == b"250-a\r\n250"
    assert reader.feed(b" b\r") == []
    assert reader.feed(b"\n220 ") == [Reply(250, "", ("a", "b"))]
    assert reader.pending == b"220 "


def test_the_reader_gives_the_good_replies_first() -> None:
    reader = ReplyReader()
    assert reader.feed(b"250 a\r\n250 b\r\nnonsense\r\n250 c\r\n") == [
        Reply(250, "", ("a",)),
        Reply(250, "", ("b",)),
    ]
    assert reader.error is not None
    for _ in range(2):  # it stays broken
        with pytest.raises(RecordError):
            reader.feed(b"250 d\r\n")
    with pytest.raises(RecordError, match="begins with 250"):
        ReplyReader().feed(b"250-a\r\n550 b\r\n")


def test_the_reader_is_bounded() -> None:
    line = b"250-" + b"x" * 1000 + b"\r\n"
    reader = ReplyReader()
    with pytest.raises(RecordError, match="65536 octets"):
        for _ in range(MAX_OCTETS // len(line) + 1):
            reader.feed(line)
    assert len(reader.pending) <= MAX_OCTETS + len(line)
    with pytest.raises(RecordError, match="1000 lines"):
        ReplyReader().feed(b"250-\r\n" * (MAX_LINES + 1))
    with pytest.raises(RecordError, match="65536 octets"):
        ReplyReader().feed(b"x" * (MAX_OCTETS + 1))  # a line that does not end
    with pytest.raises(RecordError, match="65536 octets"):
        ReplyReader().feed(b"250 " + b"x" * MAX_OCTETS + b"\r\n")
    # as much as is allowed, octet by octet, and then as many replies as you like
    data = b"250-\r\n" * (MAX_LINES - 1) + b"250 \r\n"
    reader = ReplyReader()
    assert sum(len(reader.feed(data[n : n + 1])) for n in range(len(data))) == 1
    assert len(reader.feed(b"250 ok\r\n" * 20_000)) == 20_000


@pytest.mark.timeout(10)
def test_hostile_replies_are_read_in_linear_time() -> None:
    for text in (
        "250-" + " " * 10**6,
        "250-a b" + " " * 10**6 + "c\r\n250 d",
        "250-\r\n" * 10**5,
        "2.1.0 " * 10**5,
    ):
        try:
            reply = Reply.parse(text)
            assert len(reply.extensions) <= 1 and reply.format()
        except RecordError as error:
            assert len(str(error)) < 600


CODES = st.integers(200, 599)
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]), max_size=60)
LINES = st.lists(TEXT.filter(lambda text: visible(text) == text), min_size=1, max_size=5).map(tuple)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Replies as a server means them: with text, and the class of the enhanced code right."""
    code, lines = draw(CODES), draw(LINES)
    enhanced = f"{code // 100}.{draw(st.integers(0, 999))}.{draw(st.integers(0, 999))}"
    with_enhanced = code // 100 != 3 and draw(st.booleans())
    return Reply(code, enhanced if with_enhanced else "", () if lines == ("",) else lines)


@settings(deadline=None)
@given(replies())
def test_round_trip(reply: Reply) -> None:
    assert Reply.parse(reply.format()) == reply
    assert Reply.parse(str(reply)).code == reply.code
    assert ReplyReader().feed(reply.format()) == [reply]


NEAR = st.lists(
    st.sampled_from(["250", "-", " ", "\r\n", "\n", "5.1.1", "550", "\r"]) | st.text(max_size=2)
).map("".join)


@settings(deadline=None, max_examples=500)
@given(NEAR | st.text() | st.binary())
def test_any_text_parses_or_raises_record_error(data: str | bytes) -> None:
    try:
        reply = Reply.parse(data)
    except RecordError as error:
        start, end = error.span
        assert 0 <= start <= end <= len(error.text)
        return
    assert reply.meaning and reply.next_step and visible(str(reply), keep="\n\t") == str(reply)
    wire = reply.format()
    assert Reply.parse(wire).code == reply.code
    assert b"\n" not in wire.replace(b"\r\n", b"") and b"\r" not in wire.replace(b"\r\n", b"")
    assert all(len(line) <= 510 for line in wire.split(b"\r\n"))


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_stream_is_read_or_raises_record_error(data: bytes, step: int) -> None:
    whole, piecewise = ReplyReader(), ReplyReader()
    found: list[list[Reply]] = [[], []]
    for reader, size, into in ((whole, len(data) or 1, found[0]), (piecewise, step, found[1])):
        try:
            for start in range(0, len(data), size):
                into += reader.feed(data[start : start + size])
        except RecordError:
            assert reader.error is not None
    assert found[0] == found[1]
