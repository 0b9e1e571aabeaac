"""Authentication-Results and Received-SPF written, and read back by the reader of header fields."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.auth import results
from smtplab.auth.dkim.result import DkimVerdict
from smtplab.auth.dmarc import DmarcVerdict
from smtplab.auth.spf import SpfVerdict, received_spf
from smtplab.mail.errors import RecordError
from smtplab.mail.header import fields
from smtplab.mail.header import results as reader
from smtplab.mail.header.lexical import bare
from smtplab.mail.header.results import Property, Result
from smtplab.mail.text import encode
from smtplab.mail.verdict import Step

ME = "mx.birch.example"
ODD = ';=:<>@"()\\, \r\n\t.i1x\x00\x7f\x85\u202e\u2028\ud800\udc80é語😀'
HOSTILE = st.text(st.one_of(st.sampled_from(ODD), st.characters()), max_size=24)
KEYWORD = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
RESULTS = st.lists(
    st.builds(
        Result,
        method=KEYWORD,
        result=KEYWORD,
        version=st.sampled_from(["", "1", "23"]),
        reason=HOSTILE,
        properties=st.lists(st.builds(Property, KEYWORD, KEYWORD, HOSTILE), max_size=2).map(tuple),
        comments=st.lists(HOSTILE, max_size=1).map(tuple),
    ),
    max_size=2,
)


def spf(result: str = "pass", domain: str = "acorn.example", term: str = "mx", *steps: Step) -> SpfVerdict:
    return SpfVerdict(result, "SPF", "may it?", steps, domain=domain, term=term)


def read(text: str) -> reader.AuthenticationResults:
    """The one field of `text`, which has to be a whole header section."""
    (found,) = fields(encode(text) + b"\r\n")
    assert found.key == "authentication-results"
    return reader.parse(found.value)


def seen(result: Result, *, utf8: bool) -> Result:
    """`result` as the reader finds it: the same but for what a field cannot carry."""

    def clean(text: str) -> str:
        return results.clean(text, utf8=utf8)

    return Result(
        result.method,
        result.result,
        result.version,
        clean(result.reason),
        tuple(Property(one.type, one.name, clean(one.value)) for one in result.properties if one.value),
        tuple(clean(text) for text in result.comments),
    )


@given(RESULTS, st.booleans())
def test_what_is_written_is_read_back(given_: list[Result], utf8: bool) -> None:
    text = results.field(ME, given_, utf8=utf8)
    found = read(text)
    assert found.authserv_id == ME
    assert not found.unread
    assert found.results == tuple(seen(one, utf8=utf8) for one in given_)
    assert utf8 or text.isascii()
    assert text.endswith("\r\n")
    assert all(line[:1] in "A\t" and len(line) < 998 and line.strip() for line in text.split("\r\n")[:-1])
    assert not re.search(r"(?<!\r)\n|\r(?!\n)", text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_printable_ascii_comes_back_as_it_went(value: str) -> None:
    assert results.clean(value) == value
    found = read(
        results.field(ME, [Result("spf", "pass", properties=(Property("smtp", "mailfrom", value),))])
    )
    assert found.results[0].property("smtp", "mailfrom") == value


def test_the_usual_field_is_plain_and_folded() -> None:
    signature = DkimVerdict(
        "fail",
        "DKIM",
        "?",
        domain="relay.example",
        selector="r1",
        algorithm="rsa-sha256",
        cause="body-changed",
    )
    dmarc = DmarcVerdict(
        "fail", "DMARC", "?", domain="mail.acorn.example", policy="reject", policy_domain="acorn.example"
    )
    text = results.write(ME, spf=spf(), dkim=[signature], dmarc=dmarc)
    assert text == (
        "Authentication-Results: mx.birch.example;\r\n"
        "\tspf=pass smtp.mailfrom=acorn.example;\r\n"
        '\tdkim=fail reason="body-changed" header.d=relay.example header.s=r1\r\n'
        "\t\theader.a=rsa-sha256;\r\n"
        "\tdmarc=fail header.from=mail.acorn.example polrec.p=reject\r\n"
        "\t\tpolrec.domain=acorn.example\r\n"
    )


def test_what_was_not_checked_is_not_said() -> None:
    assert results.write(ME) == "Authentication-Results: mx.birch.example;\r\n\tnone\r\n"
    assert [str(one.method) for one in read(results.write(ME, spf=spf())).results] == ["spf"]
    assert read(results.write(ME, dkim=[])).results == (Result("dkim", "none"),)


def test_the_null_path_has_helo_for_its_identity() -> None:
    found = read(results.write(ME, spf=spf(), null_path=True)).results[0]
    assert found.property("smtp", "helo") == "acorn.example"
    assert not found.property("smtp", "mailfrom")


def test_a_signature_refused_by_policy_says_by_which_rule() -> None:
    verdict = DkimVerdict("policy", "DKIM", "?", domain="a.example", cause="weak-key")
    assert results.of_dkim(verdict).property("policy", "dkim-rules") == "weak-key"


@pytest.mark.parametrize(
    ("value", "ascii_"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("päivi@birch.example", "p\\xe4ivi@birch.example"),
        ("a\r\nX-Evil: yes", "a\\x0d\\x0aX-Evil: yes"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
    ],
)
def test_a_field_of_an_ascii_message_is_ascii(value: str, ascii_: str) -> None:
    assert results.clean(value) == ascii_


def test_an_internationalized_message_keeps_its_u_labels() -> None:
    result = Result("spf", "pass", properties=(Property("smtp", "mailfrom", "bücher.example"),))
    assert 'smtp.mailfrom="bücher.example"' in results.field("mx.bücher.example", [result], utf8=True)
    text = results.field("mx.bücher.example", [result])
    assert text.startswith("Authentication-Results: mx.xn--bcher-kva.example;")


def test_a_long_value_does_not_make_a_line_too_long() -> None:
    found = results.field(
        ME, [Result("spf", "pass", properties=(Property("smtp", "mailfrom", '"😀' * 900),))]
    )
    assert max(map(len, found.split("\r\n"))) < 998


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a=b", "a\r\nb", '"a"'])
def test_a_server_has_a_name(name: str) -> None:
    with pytest.raises(RecordError):
        results.field(name, [])


@pytest.mark.parametrize("result", [Result("spf x", "pass"), Result("spf", ""), Result("spf", "pass;x")])
def test_a_method_and_its_result_are_words(result: Result) -> None:
    with pytest.raises(RecordError):
        results.field(ME, [result])


def received(verdict: SpfVerdict, mail_from: str = "alice@acorn.example", ip: str = "192.0.2.10") -> str:
    return received_spf.write(verdict, ip=ip, mail_from=mail_from, helo="mail.acorn.example", receiver=ME)


def pairs(text: str) -> dict[str, str]:
    """The keys and values of a Received-SPF field, by the reader of structured fields."""
    (found,) = fields(encode(text) + b"\r\n")
    assert found.key == "received-spf"
    said = bare(found.value).partition(" ")[2]
    matches = re.findall(r'([a-z-]+)=("(?:[^"\\]|\\.)*"|[^;" ]+)(?:; ?|$)', said)
    assert "".join(f"{key}={value}" for key, value in matches) == re.sub(
        r'("(?:[^"\\]|\\.)*")|; ?', lambda m: m[1] or "", said
    )
    return {key: re.sub(r"\\(.)", r"\1", value.strip('"')) for key, value in matches}


def test_received_spf_says_how_it_was_found() -> None:
    assert received(spf()) == (
        "Received-SPF: pass\r\n"
        "\t(mx.birch.example: acorn.example lets 192.0.2.10 send for it)\r\n"
        '\tclient-ip=192.0.2.10; envelope-from="alice@acorn.example";\r\n'
        "\thelo=mail.acorn.example; receiver=mx.birch.example; identity=mailfrom;\r\n"
        "\tmechanism=mx\r\n"
    )


def test_the_null_path_and_ipv6() -> None:
    found = pairs(received(spf(), mail_from="", ip="2001:db8::1"))
    assert found["identity"] == "helo"
    assert found["envelope-from"] == ""
    assert found["client-ip"] == "2001:db8::1"


def test_an_error_has_its_problem() -> None:
    step = Step("include:", "a domain is missing", "permerror")
    found = pairs(received(spf("permerror", "acorn.example", "", step)))
    assert found["problem"] == "include:: a domain is missing"


@given(HOSTILE, st.sampled_from(["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"]))
def test_hostile_values_stay_in_their_place(text: str, result: str) -> None:
    field = received(spf(result, text, text), mail_from=f"{text}@x" if text else "")
    assert field.isascii()
    assert {"client-ip", "helo", "receiver", "identity"} <= pairs(field).keys()
