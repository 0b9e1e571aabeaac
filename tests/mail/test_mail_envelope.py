"""Envelope and parameters: RFC 5321 §4.1.2, and the values that RFC 3461 and its kin define."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.envelope import (
    Envelope,
    MailParameters,
    Recipient,
    parse_mail,
    parse_parameters,
    parse_rcpt,
    xtext_decode,
    xtext_encode,
)
from smtplab.mail.errors import RecordError
from smtplab.mail.path import Path
from smtplab.mail.text import decode

ALICE, BOB = Path.of("alice@acorn.example"), Path.of("bob@birch.example")
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30)


def bad(parse: Callable[[str], object], text: str, pointed_at: str, rule: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse(text)
    start, end = caught.value.span
    assert caught.value.text[start:end] == pointed_at
    assert rule in caught.value.message


def mail(rest: str) -> MailParameters:
    return parse_mail(f"<alice@acorn.example> {rest}")[1]


def rcpt(rest: str) -> Recipient:
    return parse_rcpt(f"<bob@birch.example> {rest}")


def test_the_grammar_of_parameters() -> None:
    assert parse_parameters("") == {}
    assert parse_parameters("SIZE=10 BODY=8BITMIME") == {"SIZE": "10", "BODY": "8BITMIME"}
    # keywords have no case, values keep theirs
    assert parse_parameters("size=10 x-Foo=BaR") == {"SIZE": "10", "X-FOO": "BaR"}
    assert parse_parameters("SMTPUTF8") == {"SMTPUTF8": ""}
    # spaces around and between are tolerated (RFC 5321 §4.1.1)
    assert parse_parameters("  A=1   B=2  ") == {"A": "1", "B": "2"}
    # beyond ASCII with SMTPUTF8 (RFC 6531 §3.3)
    assert parse_parameters("ORCPT=utf-8;jörg@b") == {"ORCPT": "utf-8;jörg@b"}
    bad(parse_parameters, "SIZE=1 size=2", "size", "SIZE stands once")
    bad(parse_parameters, "SIZE=", "", 'a value follows "="')
    bad(parse_parameters, "=10", "=", "a parameter is a keyword")
    bad(parse_parameters, "A=1 -B=2", "-", "a parameter is a keyword")
    bad(parse_parameters, "A_B=1", "_", "a parameter is a keyword")
    bad(parse_parameters, "A=b=c", "=", 'holds no "="')
    bad(parse_parameters, "A=b\tc", "\t", "no control character")
    bad(parse_parameters, decode(b"A=\xff"), "\udcff", "no control character")


def test_mail_parameters() -> None:
    assert parse_mail("<>") == (Path(), MailParameters())
    # RFC 1870 §3
    assert mail("SIZE=0").size == 0
    assert mail("SIZE=" + "9" * 20).size == 10**20 - 1
    bad(mail, "SIZE=" + "9" * 21, "9" * 21, "1 to 20 digits")
    bad(mail, "SIZE=1k", "1k", "1 to 20 digits")
    bad(mail, "SIZE=٣", "٣", "1 to 20 digits")
    bad(mail, "SIZE", "SIZE", "needs a value")
    # RFC 6152 §2, RFC 3030 §3
    assert mail("BODY=8bitmime").body == "8BITMIME"
    assert mail("BODY=BINARYMIME").body == "BINARYMIME"
    bad(mail, "BODY=9BIT", "9BIT", "one of 7BIT, 8BITMIME, BINARYMIME")
    # RFC 3461 §4.3 and §4.4
    assert mail("RET=full").ret == "FULL"
    bad(mail, "RET=NONE", "NONE", "one of FULL, HDRS")
    assert mail("ENVID=QQ+2B314+20x").envid == "QQ+314 x"
    assert mail("ENVID=" + "a" * 100).envid == "a" * 100
    bad(mail, "ENVID=" + "a" * 101, "a" * 101, "at most 100 characters")
    bad(mail, "ENVID=a+2b", "+2b", "upper-case hex")
    bad(mail, "ENVID=a+0D+0AX", "a+0D+0AX", "printable ASCII")
    bad(mail, "ENVID=+C3+A9", "+C3+A9", "printable ASCII")
    # RFC 4954 §5
    assert mail("AUTH=<>").auth == "<>"
    assert mail("AUTH=e+2Bf@acorn.example").auth == "e+f@acorn.example"
    bad(mail, "AUTH=nobody", "nobody", "AUTH is an address")
    bad(mail, "AUTH=a@b+0D+0A", "a@b+0D+0A", "AUTH is an address")
    # RFC 6531 §3.4, RFC 8689
    assert mail("SMTPUTF8 REQUIRETLS") == MailParameters(smtputf8=True, requiretls=True)
    bad(mail, "SMTPUTF8=1", "1", "takes no value")
    # what nobody here knows is kept, for a 555
    assert mail("X-FOO=1 MT-PRIORITY=3 BARE").other == (("X-FOO", "1"), ("MT-PRIORITY", "3"), ("BARE", ""))


def test_paths_of_mail_and_rcpt() -> None:
    assert parse_mail('<"a> SIZE=1"@b> SIZE=2') == (Path("a> SIZE=1", "b"), MailParameters(size=2))
    bad(parse_mail, "<postmaster>", "", "a reverse-path has @")
    assert parse_rcpt("<Postmaster>").path == Path("postmaster")
    bad(parse_rcpt, "<>", "<>", "a forward-path names a mailbox")
    # RFC 6531 §3.4: the client says SMTPUTF8 before it may use it
    assert parse_mail("<jörg@b> SMTPUTF8")[0] == Path("jörg", "b")
    bad(parse_mail, "<jörg@b>", "ö", "SMTPUTF8")
    bad(lambda text: parse_rcpt(text, utf8=False), "<jörg@b>", "ö", "SMTPUTF8")


def test_rcpt_parameters() -> None:
    # RFC 3461 §4.1
    assert rcpt("NOTIFY=never").notify == ("NEVER",)
    assert rcpt("NOTIFY=SUCCESS,delay").notify == ("SUCCESS", "DELAY")
    assert rcpt("NOTIFY=SUCCESS,SUCCESS").notify == ("SUCCESS",)
    bad(rcpt, "NOTIFY=NEVER,DELAY", "NEVER,DELAY", "NEVER alone")
    bad(rcpt, "NOTIFY=ALWAYS", "ALWAYS", "NEVER alone")
    bad(rcpt, "NOTIFY=SUCCESS,", "SUCCESS,", "NEVER alone")
    # RFC 3461 §4.2
    assert rcpt("ORCPT=rfc822;bob+2Blist@birch.example").orcpt == "rfc822;bob+list@birch.example"
    bad(rcpt, "ORCPT=bob@birch.example", "bob@birch.example", "a semicolon")
    bad(rcpt, "ORCPT=;bob", ";bob", "a semicolon")
    bad(rcpt, "ORCPT=rfc822;", "rfc822;", "a semicolon")
    bad(rcpt, "ORCPT=rfc822;" + "b" * 494, "rfc822;" + "b" * 494, "at most 500")
    bad(rcpt, "ORCPT=rfc822;b+x", "+x", "upper-case hex")
    # a decoded line end would be a header field of somebody else's choice in the DSN
    bad(rcpt, "ORCPT=rfc822;b+0D+0ABcc:x", "rfc822;b+0D+0ABcc:x", "printable ASCII")
    # RFC 6533 §3
    assert rcpt("ORCPT=utf-8;jörg@b").orcpt == "utf-8;jörg@b"
    bad(rcpt, "ORCPT=rfc822;jörg@b", "ö", "xtext")
    bad(rcpt, "ORCPT=utf-8;j\u202e@b", "utf-8;j\u202e@b", "printable")
    assert rcpt("X=1").other == (("X", "1"),)


def test_xtext() -> None:
    # RFC 3461 §4
    assert xtext_encode("bob+list=x y") == "bob+2Blist+3Dx+20y"
    assert xtext_encode("é\r\n") == "+C3+A9+0D+0A"
    assert xtext_decode("bob+2Blist+3Dx+20y") == "bob+list=x y"
    assert xtext_decode("") == ""
    bad(xtext_decode, "a+2", "+2", "upper-case hex")
    bad(xtext_decode, "a+2bc", "+2b", "upper-case hex")
    bad(xtext_decode, "a b", " ", "printable ASCII")
    bad(xtext_decode, "a=b", "=", 'without "="')
    bad(xtext_decode, "é", "é", "printable ASCII")


def test_envelope() -> None:
    envelope = Envelope(ALICE, (BOB,))
    assert envelope.recipients == (Recipient(BOB),)
    assert not envelope.needs_utf8
    more = envelope.add(Recipient(Path.of("jörg@birch.example"), ("NEVER",)))
    assert more.forward_paths == (BOB, Path.of("jörg@birch.example"))
    assert more.recipients[1].notify == ("NEVER",) and more.needs_utf8
    assert envelope.forward_paths == (BOB,)
    assert Envelope(Path(), (BOB,)).reverse_path.is_null
    with pytest.raises(ValueError, match="same paths"):
        Envelope(ALICE, (BOB,), recipients=(Recipient(ALICE),))


def test_the_commands_that_say_an_envelope() -> None:
    parameters = MailParameters(body="8BITMIME", size=10, smtputf8=True, ret="HDRS", envid="a b", auth="<>")
    envelope = Envelope(ALICE, (), parameters).add(Recipient(BOB, ("SUCCESS", "DELAY"), "rfc822;b+c@d"))
    assert envelope.commands() == (
        "MAIL FROM:<alice@acorn.example> BODY=8BITMIME SIZE=10 RET=HDRS ENVID=a+20b AUTH=<> SMTPUTF8",
        "RCPT TO:<bob@birch.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bc@d",
    )
    assert Envelope(Path(), (BOB,)).commands() == ("MAIL FROM:<>", "RCPT TO:<bob@birch.example>")
    assert json.loads(json.dumps(envelope.to_dict()))["forward_paths"] == ["bob@birch.example"]


@settings(deadline=None)
@given(st.text() | st.binary().map(decode))
def test_xtext_round_trip(text: str) -> None:
    assert xtext_decode(xtext_encode(text)) == text


MAIL = st.builds(
    MailParameters,
    body=st.sampled_from(["", "7BIT", "8BITMIME", "BINARYMIME"]),
    size=st.none() | st.integers(0, 10**20 - 1),
    smtputf8=st.booleans(),
    ret=st.sampled_from(["", "FULL", "HDRS"]),
    envid=st.just("") | PRINTABLE,
    auth=st.sampled_from(["", "<>", "a+b@c.example"]),
    requiretls=st.booleans(),
    other=st.sampled_from([(), (("X-Y", ""),), (("X", "a;b"), ("Y", ""))]),
)


@settings(deadline=None)
@given(MAIL)
def test_mail_round_trip(parameters: MailParameters) -> None:
    assert parse_mail(f"{ALICE} {parameters}") == (ALICE, parameters)


@settings(deadline=None)
@given(
    st.sampled_from([(), ("NEVER",), ("SUCCESS",), ("DELAY", "FAILURE", "SUCCESS")]),
    st.just("") | PRINTABLE.map(lambda address: f"rfc822;{address}") | st.just("utf-8;jörg@b"),
)
def test_rcpt_round_trip(notify: tuple[str, ...], orcpt: str) -> None:
    recipient = Recipient(BOB, notify, orcpt)
    assert parse_rcpt(str(recipient)) == recipient


WORDS = [
    "SIZE=",
    "BODY=",
    "RET=",
    "ENVID=",
    "ORCPT=",
    "NOTIFY=",
    "AUTH=",
    "SMTPUTF8",
    " ",
    "=",
    "+2B",
    "+x",
    ";",
]
NEAR = st.lists(st.sampled_from(WORDS) | st.text(max_size=3) | st.binary(max_size=3).map(decode)).map("".join)


@settings(deadline=None, max_examples=300)
@given(NEAR)
def test_any_text_parses_or_raises_record_error(text: str) -> None:
    for parse, argument in (
        (parse_parameters, text),
        (xtext_decode, text),
        (parse_mail, text),
        (parse_mail, f"<a@b> {text}"),
        (parse_rcpt, f"<a@b> {text}"),
    ):
        try:
            parse(argument)
        except RecordError as error:
            start, end = error.span
            assert error.text == argument and 0 <= start <= end <= len(argument)
