"""SASL on paper: what the messages hold, how a login is explained, and that no secret is stored."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smtplab.mail.dialogue import lines
from smtplab.mail.errors import RecordError
from smtplab.mail.masking import masked
from smtplab.mail.mechanisms import Bearer, Gs2, Plain, Scram, escaped
from smtplab.mail.sasl import explain, guess
from smtplab.mail.sasl_exchange import logins
from smtplab.mail.text import decode
from smtplab.mail.transcript import Event, Side, Transcript
from smtplab.mail.verdict import Step, Verdict, walk
from tests.mail.mail_script import of, script


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


# the messages -------------------------------------------------------------------------------------


def test_plain() -> None:
    """RFC 4616 §4, the second example, and the account itself."""
    assert Plain.parse(b"Ursel\0Kurt\0xipj3plmq") == Plain("Ursel", "Kurt", "xipj3plmq")
    assert Plain.parse(b"\0tim\0tanstaaftanstaaf") == Plain("", "tim", "tanstaaftanstaaf")
    assert Plain.parse("\0jürgen\0pa,ss=".encode()) == Plain("", "jürgen", "pa,ss=")


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\0\0", b"\0a\0", b"\0\0b", b"a\0b", b"\0a\0b\0", b"\0a\0b\0c"]
)
def test_not_plain(data: bytes) -> None:
    with pytest.raises(RecordError, match="AUTH PLAIN needs"):
        Plain.parse(data)


def test_not_utf8_is_pointed_at() -> None:
    with pytest.raises(RecordError) as caught:
        Plain.parse("\0jürgen\0".encode() + b"a\xffb")
    assert (caught.value.message, caught.value.span) == ("A SASL message is UTF-8", (9, 10))


# RFC 7677 §3: the user "user" with the password "pencil".
CLIENT_FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
CLIENT_LAST = f"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p={PROOF}"
SERVER_LAST = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
# RFC 5802 §5: the same with SHA-1.
SHA1 = (
    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
)


def test_scram() -> None:
    first = Scram.parse(CLIENT_FIRST.encode(), "nr", header=True)
    assert (first.account, first.header, first.get("r")) == ("user", Gs2("n", ""), "rOprNGfwEbeRWgbNEkqO")
    assert Scram.parse(SERVER_FIRST.encode(), "rsi").get("i") == "4096"
    assert Scram.parse(CLIENT_LAST.encode(), "crp").get("p") == PROOF
    assert Scram.parse(SERVER_LAST.encode(), "v", "e").get("e") == ""
    bound = Scram.parse(b"p=tls-unique,a=b=2Cc,n=x=3Dy=2Cz,r=1,e=more", "nr", header=True)
    assert bound.header == Gs2("p=tls-unique", "b,c")
    assert bound.account == "x=y,z"
    assert bound.attributes[2:] == (("e", "more"),)
    assert Scram.parse(b"c=biws,r=1,x=extension,p=AA==", "crp").get("x") == "extension"


@pytest.mark.parametrize(
    ("text", "letters", "header"),
    [
        ("", "nr", True), ("n", "nr", True), ("n,", "nr", True), ("n,,", "nr", True), ("n,,n=a", "nr", True),
        ("x,,n=a,r=b", "nr", True), ("p=,,n=a,r=b", "nr", True), ("p=a b,,n=a,r=b", "nr", True),
        ("n,b=c,n=a,r=b", "nr", True), ("n,a=b=c,n=a,r=b", "nr", True), ("n,,n=a=b,r=b", "nr", True),
        ("n,,r=b,n=a", "nr", True), ("n,,m=x,n=a,r=b", "nr", True), ("n,,n=a,r=b,n=c", "nr", True),
        ("n,,n=a,r=b,", "nr", True), ("n,,n=a,r=b\0", "nr", True), ("n,,n=,r=b", "nr", True),
        ("n=a,r=b", "nr", True), ("r=a,s=b", "rsi", False), ("r=a,i=1,s=b", "rsi", False),
        ("c=a,r=b,p=c,x=d", "crp", False), ("c=a,p=b", "crp", False), ("x=1", "v", False), (",", "v", False),
    ],
)  # fmt: skip
def test_not_scram(text: str, letters: str, header: bool) -> None:
    with pytest.raises(RecordError):
        Scram.parse(text.encode(), letters, header=header)


BEARER = (
    "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
    "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
)


def test_bearer() -> None:
    """RFC 7628 §4.1."""
    found = Bearer.parse(BEARER.encode())
    assert found.header == Gs2("n", "user@example.com")
    assert found.pairs[:2] == (("host", "server.example.com"), ("port", "143"))
    assert found.token == "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
    assert found.format().decode() == BEARER
    assert Bearer.parse(b"\x01").is_error_seen
    assert Bearer.parse(b"\x01").format() == b"\x01"
    assert Bearer.parse(b"y,,\x01\x01") == Bearer(Gs2("y", ""), ())
    assert Bearer.parse(b"n,,\x01auth=bearer  abc\x01\x01").token == "abc"
    for other in ("auth=Basic abc", "auth=Bearer", "auth=Bearer a b", "auth=Bearer a,b", "x=Bearer abc"):
        assert Bearer.parse(f"n,,\x01{other}\x01\x01".encode()).token == ""


@pytest.mark.parametrize(
    "text",
    [
        "", "n,,", "n,,\x01", "n,,\x01\x01\x01", "n,,\x01a=b", "n,,\x01a=b\x01", "n,,a=b\x01\x01", "\x01\x01",
        "n,,\x01ab\x01\x01", "n,,\x01=b\x01\x01", "n,,\x01a=ü\x01\x01", "n,,\x01a=b\x01\x01c=d\x01\x01",
    ],
)  # fmt: skip
def test_not_bearer(text: str) -> None:
    with pytest.raises(RecordError):
        Bearer.parse(text.encode())


@given(name=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_names_come_back(name: str) -> None:
    header, rest = Gs2.parse(f"n,a={escaped(name)},rest")
    assert (header.authorization, rest) == (name, "rest")


@given(data=st.one_of(st.binary(max_size=60), st.text("n,yp=arsicve\x01\0AuthBearer 1é", max_size=60)))
@pytest.mark.parametrize(
    "parse",
    [
        Plain.parse,
        Bearer.parse,
        lambda data: Scram.parse(data, "nr", header=True),
        lambda data: Scram.parse(data, "rsi"),
        lambda data: Scram.parse(data, "crp"),
        lambda data: Scram.parse(data, "v", "e"),
    ],
)
def test_a_parser_raises_nothing_but_record_error(parse: Callable[[bytes], Any], data: bytes | str) -> None:
    octets = data.encode() if isinstance(data, str) else data
    try:
        found = parse(octets)
    except RecordError as error:
        start, end = error.span
        assert 0 <= start <= end <= len(error.text)
        assert str(error)
    else:
        if isinstance(found, Bearer):
            assert Bearer.parse(found.format()) == found


# explained ----------------------------------------------------------------------------------------

NAME, PASSWORD = "alice@acorn.example", "wonderland"
TOKEN = "tWW6pX0cmnXY4"
PLAIN = ["AUTH PLAIN " + b64("\0".join(("", NAME, PASSWORD)))]
LOGIN = ["AUTH LOGIN", "334 " + b64("Username:"), b64(NAME), "334 " + b64("Password:"), b64(PASSWORD)]
SCRAM = [
    f"AUTH SCRAM-SHA-256 {b64(CLIENT_FIRST)}",
    f"334 {b64(SERVER_FIRST)}",
    b64(CLIENT_LAST),
    f"334 {b64(SERVER_LAST)}",
    "",
]
OAUTH = ["AUTH OAUTHBEARER " + b64(f"n,a={NAME},\x01auth=Bearer {TOKEN}\x01\x01")]
DONE = "235 2.7.0 Authentication successful"


def said(verdict: Verdict) -> str:
    """Everything that a verdict says, with its lines and the spaces at their fronts taken out."""
    return " ".join(f"{step.what} | {step.why}" for _, step in walk(verdict.steps))


def find(verdict: Verdict, what: str) -> Step:
    found = [step for _, step in walk(verdict.steps) if step.what == what]
    assert found, f"no step {what!r} in\n{verdict}"
    return found[0]


def test_plain_is_explained() -> None:
    verdict = explain([*PLAIN, DONE], secrets=True)
    assert (verdict.result, verdict.method) == ("pass", "AUTH")
    assert find(verdict, f"\\0{NAME}\\0{PASSWORD}").ref == "RFC 4616 §2"
    assert find(verdict, "(empty)").why.startswith("whom to act as")
    assert [find(verdict, what).why for what in (NAME, PASSWORD)] == ["the account", "its password, as it is"]
    assert find(verdict, f"S: {DONE}").result == "pass"
    listener = verdict.steps[-1]
    assert listener.why == "knows everything, and can log in from now on"
    assert [step.what for step in listener.steps] == [NAME, PASSWORD, "TLS"]


def test_login_is_explained() -> None:
    verdict = explain([*LOGIN, DONE], secrets=True)
    assert [step.what for step in verdict.steps[:2]] == ["C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6"]
    assert [find(verdict, what).why for what in (NAME, PASSWORD)] == [
        "base64 undone: the account",
        "base64 undone: its password, as it is",
    ]
    assert "and no RFC says" in find(verdict, "Password:").why
    assert verdict.steps[-1].why == "knows everything, and can log in from now on"


def test_scram_is_explained() -> None:
    verdict = explain([*SCRAM, DONE], secrets=True)
    assert verdict.result == "pass"
    for what, why in {
        "n=user": "the account",
        "i=4096": "iterations: how often the hash is applied, so that each guess is dear",
        f"p={PROOF}": "the proof, which only someone",
        SERVER_LAST: "base64 undone: the server's last message",
        "(empty)": "the client has checked the server's proof",
    }.items():
        assert find(verdict, what).why.startswith(why)
    assert verdict.steps[4].what == "C: (nothing)"
    listener = verdict.steps[-1]
    assert listener.why == "does not know the password"
    assert [step.what for step in listener.steps] == [
        "user",
        "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        "s=W22ZaJ0SNY7soEsUEjb6gQ== i=4096",
        "guessing",
        "TLS",
    ]
    early = explain([*SCRAM[:2], "*", "501 5.7.0 cancelled"])
    assert early.result == "permerror"
    assert "guessing" not in [step.what for step in early.steps[-1].steps]
    assert explain(SCRAM[:1]).steps[-1].why == "knows what was said so far, and no password"


def test_a_challenge_of_nothing_is_only_a_turn() -> None:
    """Without an initial response the first 334 is empty, and counts as no message."""
    verdict = explain(["AUTH SCRAM-SHA-256", "334 ", b64(CLIENT_FIRST), *SCRAM[1:], DONE], secrets=True)
    assert find(verdict, "S: 334").why == "the server has nothing to ask: it is the client's turn"
    assert find(verdict, "i=4096")
    assert find(verdict, "n=user")


def test_oauthbearer_is_explained() -> None:
    verdict = explain([*OAUTH, DONE], secrets=True)
    assert find(verdict, f"auth=Bearer {TOKEN}").why == "the token"
    assert find(verdict, "n").why.endswith(f"it wants to act as {NAME}")
    assert verdict.steps[-1].why == "knows the token, and can log in until it expires"
    assert [step.what for step in verdict.steps[-1].steps] == [NAME, TOKEN, "the password", "TLS"]


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        ('{"status":"invalid_token","scope":"smtp"}', "the token is unknown, expired or for somebody else"),
        ('{"status":"insufficient_scope"}', "the token does not go that far"),
        ('{"status":["x"]}', "the server says what is wrong"),
        ("[]", "the server says what is wrong"),
    ],
)
def test_what_is_wrong_with_a_token(problem: str, why: str) -> None:
    refused = [*OAUTH, f"334 {b64(problem)}", "AQ==", "535 5.7.8 no"]
    verdict = explain(refused)
    assert verdict.result == "fail"
    assert find(verdict, problem).why == f"base64 undone: {why}"
    assert find(verdict, "\x01").ref == "RFC 7628 §3.2.3"
    assert verdict.steps[-1].why == "knows the token that was tried"


@pytest.mark.parametrize("problem", ["{", "[" * 100_000, '{"status":' + "9" * 5000 + "}"])
def test_what_is_no_json(problem: str) -> None:
    verdict = explain([*OAUTH, f"334 {b64(problem)}"])
    assert find(verdict, problem).result == "permerror"


@pytest.mark.parametrize(
    ("code", "result"),
    [("235", "pass"), ("454", "temperror"), ("421", "temperror"), ("535", "fail"), ("534", "fail"),
     ("501", "permerror"), ("504", "permerror"), ("599", "permerror")],
)  # fmt: skip
def test_how_it_ended(code: str, result: str) -> None:
    verdict = explain([*PLAIN, f"{code} x"])
    assert verdict.result == result
    assert verdict.steps[1].result == result


def test_several_logins_are_told_one_by_one() -> None:
    verdict = explain([*PLAIN, "535 5.7.8 no", *LOGIN, DONE])
    assert verdict.result == "pass"
    assert [(step.what, step.result) for step in verdict.steps] == [
        ("login 1: PLAIN", "fail"),
        ("login 2: LOGIN", "pass"),
    ]
    assert explain(["EHLO x", "250 x"]).result == "none"
    assert explain([]).steps[0].what == "no AUTH"


def test_what_is_malformed_is_said() -> None:
    assert find(explain(["AUTH PLAIN !!!"], secrets=True), "!!!").why == "this is not base64"
    assert find(explain(["AUTH PLAIN " + b64("alice")], secrets=True), "alice").result == "permerror"
    assert find(explain([*OAUTH, "334 !!!"]), "!!!").result == "permerror"
    absurd = [SCRAM[0], "334 " + b64(f"r=x,s=QQ==,i={'9' * 1000}"), SCRAM[2], "235 ok"]
    assert explain(absurd).result == "pass"


def test_lines_may_say_who_speaks_and_end_with_crlf() -> None:
    marked = [f"{'S' if line[:3].isdigit() else 'C'}: {line}\r\n" for line in (*LOGIN, DONE)]
    assert explain(marked) == explain([*LOGIN, DONE])


def transcript(exchange: list[str], tls: bool = True) -> Transcript:
    """A transcript of one login on paper."""
    said = ["S: 220 mail.acorn.example ESMTP", "TLS TLSv1.3"] if tls else ["S: 220 mail.acorn.example ESMTP"]
    said += ["C: EHLO me", "S: 250-mail.acorn.example", "S: 250 AUTH PLAIN"]
    said += [f"{'S' if line[:3].isdigit() else 'C'}: {line}" for line in exchange]
    return script("\n".join(said))


@pytest.mark.parametrize("exchange", [PLAIN, LOGIN, SCRAM, OAUTH], ids=["plain", "login", "scram", "oauth"])
@pytest.mark.parametrize("tls", [True, False])
def test_a_transcript_its_lines_and_their_text_say_the_same(exchange: list[str], tls: bool) -> None:
    record = transcript([*exchange, DONE], tls)
    verdict = explain(record)
    assert explain(lines(record)) == verdict
    assert verdict.steps[:-1] == explain([*exchange, DONE]).steps[:-1]
    end = verdict.steps[-1].steps[-1]
    assert end.what == ("TLS" if tls else "no TLS")
    assert ("ciphertext" in end.why) == tls


# secrets ------------------------------------------------------------------------------------------

SECRETS = (PASSWORD, TOKEN, b64(PASSWORD), PROOF, b64(CLIENT_LAST))


@pytest.mark.parametrize(
    "exchange",
    [
        [*PLAIN, DONE], [*PLAIN, "535 5.7.8 no"], [*LOGIN, DONE], [*SCRAM, DONE], [*OAUTH, DONE],
        ["AUTH PLAIN", "334 ", PLAIN[0].split()[2], DONE], [f"AUTH LOGIN {PLAIN[0].split()[2]}", "501 no"],
        ["AUTH LOGIN", "334 " + b64("Password:"), b64(PASSWORD), "535 no"],
        ["AUTH LOGIN " + b64(NAME), "334 " + b64("Password:"), b64(PASSWORD), "535 no"],
        ["AUTH XOAUTH2 " + b64(f"user={NAME}\x01auth=Bearer {TOKEN}\x01\x01"), DONE],
        ["AUTH CRAM-MD5", "334 " + b64("<1@x>"), b64(PASSWORD), "535 no"], ["AUTH", PASSWORD],
        [f"AUTH PLAIN {PASSWORD}!", "501 5.5.2 no"], ["AUTH PLAIN " + b64(PASSWORD), "501 5.5.2 no"],
        [f"AUTH OAUTHBEARER {b64(f'n,,auth={TOKEN}')}", "334 e30=", "AQ==", "535 no"],
        [f"AUTH OAUTHBEARER {b64(f'n,,{chr(1)}auth={TOKEN}{chr(1)}{chr(1)}')}", "334 e30=", "AQ==", "535 no"],
    ],
)  # fmt: skip
def test_no_secret_is_shown_unless_asked_for(exchange: list[str]) -> None:
    told = explain(exchange)
    record = transcript(exchange)
    stored = json.dumps(record.to_dict())
    for secret in SECRETS:
        for text in (
            said(told),
            json.dumps(told.to_dict()),
            told.text(),
            record.text(),
            repr(record),
            stored,
        ):
            assert secret not in text
    assert said(explain(exchange, secrets=True)) != said(told) or exchange[0] == "AUTH"


def test_a_proof_that_looks_like_two_is_hidden_whole() -> None:
    said_last = explain([*SCRAM[:2], b64("c=biws,r=x,p=c2VjcmVp=")])
    assert find(said_last, "c=biws,r=x,p=[hidden]")
    assert "c2VjcmV" not in said_last.text()


def test_secrets_that_were_asked_for_are_there() -> None:
    record = transcript([*PLAIN, DONE])
    assert PLAIN[0] in record.text(secrets=True)
    whole = "".join(event["data"] for event in record.to_dict(secrets=True)["events"])
    assert PLAIN[0] in whole
    assert PASSWORD in said(explain(record, secrets=True))


def cut(events: list[Event], places: list[int]) -> list[Event]:
    """The same octets in other events: each data event is cut at these places."""
    found = []
    for event in events:
        edges = sorted({0, len(event.data), *(place % (len(event.data) + 1) for place in places)})
        pieces = [event.data[a:b] for a, b in itertools.pairwise(edges)] or [event.data]
        found += [replace(event, data=piece) for piece in pieces]
    return found


@given(places=st.lists(st.integers(0, 200), max_size=8))
@example(places=list(range(200)))
@pytest.mark.parametrize("exchange", [PLAIN, LOGIN, SCRAM, OAUTH], ids=["plain", "login", "scram", "oauth"])
def test_a_secret_is_masked_however_the_network_cut_it(exchange: list[str], places: list[int]) -> None:
    record = transcript([*exchange, "500 what is " + exchange[-1], "NOOP", "250 OK"])
    whole = masked(record)
    record.events[:] = cut(record.events, places)
    events = masked(record)
    assert [replace(event, data=b"") for event in events] == [
        replace(event, data=b"") for event in record.events
    ]
    for side in Side:
        before = b"".join(event.data for event in record.events if event.side is side)
        after = b"".join(event.data for event in events if event.side is side)
        assert not any(secret.encode() in after for secret in SECRETS)
        assert after == b"".join(event.data for event in whole if event.side is side)
        assert [line[:4] for line in after.splitlines()[:2]] == [line[:4] for line in before.splitlines()[:2]]
        assert after.endswith({Side.CLIENT: b"NOOP\r\n", Side.SERVER: b"250 OK\r\n"}[side])
    client = b"".join(event.data for event in events if event.side is Side.CLIENT)
    assert b"[hidden]" in client


@given(
    pieces=st.lists(
        st.sampled_from(
            [b"S220 x\r\n", b"CEHLO x\r\n", b"S250 x\r\n", b"CAUTH PLAIN\r\n", b"S334 \r\n", b"CAGEAYg==\r\n",
             b"CAUTH LOGIN YWxpY2U=\r\n", b"S535 AGEAYg==\r\n", b"C*\r\n", b"CDATA\r\n", b"S354 go\r\n",
             b"C.\r\n", b"CBDAT 3\r\n", b"C\n", b"C\r", b"S250-x\r\n", b"S", b"C\xff\r\n",
             b"CSTARTTLS\r\n", b"Cx"],
        ),
        max_size=20,
    )
)  # fmt: skip
def test_masking_changes_nothing_but_secrets(pieces: list[bytes]) -> None:
    events = [Event(n / 1000, Side(chr(piece[0])), piece[1:]) for n, piece in enumerate(pieces)]
    record = of(events)
    hidden = [line for line in lines(record) if line.secret]
    if not hidden:
        assert masked(record) == events
    else:
        after = masked(record)
        assert len(after) == len(events)
        assert b"[hidden]" in b"".join(event.data for event in after)
    assert record.events == events


def test_a_transcript_does_not_print_its_octets() -> None:
    record = transcript([*PLAIN, DONE])
    assert "AUTH" not in repr(record)
    assert "mail.acorn.example" in repr(record)


# guessing -----------------------------------------------------------------------------------------


def test_a_weak_password_is_guessed() -> None:
    """The examples of RFC 7677 §3 and RFC 5802 §5, whose password is "pencil"."""
    words = ["password", "secret", "pencil", "eraser"]
    assert guess([*SCRAM, DONE], words) == "pencil"
    assert guess(transcript([*SCRAM, DONE]), iter(words)) == "pencil"
    first, server, last, proof = (b64(message) for message in SHA1)
    assert guess([f"AUTH SCRAM-SHA-1 {first}", f"334 {server}", last, f"334 {proof}"], words) == "pencil"
    assert guess([*SCRAM, DONE], words[:2]) is None
    assert guess([*PLAIN, "535 no", *SCRAM], words) == "pencil"


@pytest.mark.parametrize(
    "exchange",
    [
        SCRAM[:1], SCRAM[:2], PLAIN, [], [SCRAM[0], SCRAM[1], "*", "501 x"],
        [SCRAM[0], "334 " + b64("r=x,s=QQ==,i=" + "9" * 400), SCRAM[2]],
        [SCRAM[0], "334 " + b64("r=x,s=QQ==,i=1000001"), SCRAM[2]],
        [SCRAM[0], "334 " + b64("r=x,s=QQ==,i=0"), SCRAM[2]],
        [SCRAM[0], "334 " + b64("r=x,s=QQ==,i=-1"), SCRAM[2]],
        [SCRAM[0], "334 " + b64("r=x,s=Q,i=1"), SCRAM[2]],
        [SCRAM[0], "334 " + b64("r=x,s=QQ==,i=²"), SCRAM[2]],
        [*SCRAM[:2], b64("c=biws,r=x,p=!!")], [*SCRAM[:2], b64("c=biws,r=x,p=AAAA")],
    ],
)  # fmt: skip
def test_where_there_is_nothing_to_guess_with(exchange: list[str]) -> None:
    assert guess(exchange, ["pencil"]) is None


# anything -----------------------------------------------------------------------------------------

_b64 = st.binary(max_size=40).map(b64)
_names = st.sampled_from(
    ["PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "OAUTHBEARER", "XOAUTH2", "X", ""]
)
_messages = st.sampled_from(
    [CLIENT_FIRST, SERVER_FIRST, CLIENT_LAST, SERVER_LAST, BEARER, "\x01", "{}", "\0a\0b"]
).map(b64)
_line = st.one_of(
    st.builds("AUTH {}".format, _names),
    st.builds("AUTH {} {}".format, _names, st.one_of(_b64, _messages)),
    st.builds(
        "{} {}".format, st.sampled_from(["334", "235", "535", "250-", "999"]), st.one_of(_b64, _messages)
    ),
    _b64,
    _messages,
    st.text(max_size=20),
    st.binary(max_size=20).map(decode),
    st.sampled_from(["*", "=", "", "AUTH", "auth plain =", "C: AUTH PLAIN", "S: x", "334", "MAIL FROM:<>"]),
)


@given(exchange=st.lists(_line, max_size=10), secrets=st.booleans())
def test_anything_can_be_explained(exchange: list[str], secrets: bool) -> None:
    verdict = explain(exchange, secrets=secrets)
    assert verdict.result in ("pass", "fail", "temperror", "permerror", "none")
    assert verdict.text().isprintable() or "\n" in verdict.text()
    json.dumps(verdict.to_dict())
    assert guess(exchange, ["a", "ü"]) in (None, "a", "ü")
    for login in logins(exchange):
        assert login.turns[0].kind == "auth"


@given(events=st.lists(st.tuples(st.sampled_from(Side), st.binary(max_size=40)), max_size=12))
def test_any_transcript_can_be_explained(events: list[tuple[Side, bytes]]) -> None:
    record = of([Event(n / 1000, side, data) for n, (side, data) in enumerate(events)])
    assert explain(record).method == "AUTH"
    json.dumps(record.to_dict())
