"""What the judge desk says to run and to set: what concerns the message, and no command of a stranger's."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Any

import pytest

from smtplab.auth.answers import read
from smtplab.auth.case import Case, judge_case
from smtplab.show.judgement import judge_desk
from smtplab.show.judgement_settings import SETTINGS
from smtplab.show.judgement_tools import tools

NOW = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
MESSAGE = (
    "Return-Path: <alice@acorn.example>\r\n"
    "Received: from mail.acorn.example (mail.acorn.example [192.0.2.10])\r\n"
    "\tby mx.birch.example with ESMTPS id 1 for <bob@birch.example>; Mon, 02 Mar 2026 09:00:00 +0000\r\n"
    "From: Alice <alice@acorn.example>\r\nTo: bob@birch.example\r\nSubject: Tea?\r\n"
    "Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <tea.1@acorn.example>\r\n\r\nAt five.\r\n"
)
SIGNATURE = "DKIM-Signature: v=1; a=rsa-sha256; d=acorn.example; s=s1; h=from; bh=aa==; b=aa==\r\n"
PASS = (
    'acorn.example. IN TXT "v=spf1 ip4:192.0.2.10 -all"\n_dmarc.acorn.example. IN TXT "v=DMARC1; p=reject"\n'
)
FAIL = PASS.replace("192.0.2.10", "198.51.100.1")


def made(message: str = MESSAGE, answers: str = PASS, **more: Any) -> dict[str, str]:
    case = Case(message.encode(), answers=read(answers), trusted=("mx.birch.example",), **more)
    return tools(judge_case(case, NOW))


def commands(text: str) -> list[list[str]]:
    """What a shell would run: its words, comments left out."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [shlex.split(line) for line in lines]


def test_swaks_has_the_envelope_and_stops_before_the_message() -> None:
    plain, xclient = commands(made()["swaks"])
    assert " ".join(plain) == (
        "swaks --server mx.birch.example --ehlo mail.acorn.example --from alice@acorn.example "
        "--to bob@birch.example --quit-after RCPT"
    )
    assert xclient[-6:] == [
        *("--xclient-addr", "192.0.2.10", "--xclient-helo", "mail.acorn.example", "--quit-after", "RCPT")
    ]
    null, _ = commands(made(mail_from="", helo="[192.0.2.10]")["swaks"])
    assert null[null.index("--from") + 1] == "<>" and null[null.index("--ehlo") + 1] == "[192.0.2.10]"
    _, six = commands(made(ip="2001:db8::1")["swaks"])
    assert "IPV6:2001:db8::1" in six


def test_openssl_asks_the_host_that_took_it() -> None:
    (words,) = commands(made()["openssl"])
    assert words[:6] == ["openssl", "s_client", "-starttls", "smtp", "-connect", "mx.birch.example:25"]
    assert words[-2:] == ["-brief", "</dev/null"]
    assert "openssl" not in made(MESSAGE.replace("by mx.birch.example", "by localhost"))


def test_where_all_is_well_there_is_nothing_to_set() -> None:
    """An unsigned message that passes by SPF alone is told how to sign, and no more."""
    found = made()
    assert found["Postfix"].startswith("# main.cf: have a milter sign what leaves")
    assert "smtp_bind_address" not in found["Postfix"]
    unknown = made(SIGNATURE + MESSAGE, "")
    assert "Postfix" not in unknown and "Exim" not in unknown
    assert "swaks" in unknown


@pytest.mark.parametrize(
    ("concern", "message", "more", "postfix", "exim"),
    [
        ("sign", SIGNATURE + MESSAGE, {}, "Selector  s1\n", "dkim_selector = s1\n"),
        ("client", MESSAGE, {"answers": FAIL}, "smtp_bind_address = ", "  interface = "),
        (
            "forward",
            MESSAGE,
            {"answers": FAIL},
            "tcp:localhost:10001",
            "{srs_encode {SECRET} {$return_path} {",
        ),
        ("helo", MESSAGE, {"helo": "pc-7"}, "smtp_helo_name = ", "helo_data = "),
        ("helo", MESSAGE, {"mail_from": "", "answers": FAIL}, "smtp_helo_name = ", "helo_data = "),
        (
            "tls",
            MESSAGE.replace("ESMTPS", "ESMTP"),
            {},
            "smtpd_tls_security_level = may",
            "tls_certificate = ",
        ),
        ("header", MESSAGE.replace("Date:", "X-D:"), {}, "always_add_missing_headers = yes", "control = sub"),
    ],
)
def test_each_finding_has_its_setting(
    concern: str, message: str, more: dict[str, Any], postfix: str, exim: str
) -> None:
    if concern == "sign":
        more["answers"] = f's1._domainkey.acorn.example. IN TXT "v=DKIM1; p="\n{PASS}'
    if more.get("mail_from") == "":
        more["answers"] = FAIL + 'mail.acorn.example. IN TXT "v=spf1 -all"\n'
    found = made(message, **more)
    assert postfix in found["Postfix"] and exim in found["Exim"]
    others = made()
    if concern != "sign":
        assert postfix not in others["Postfix"] and exim not in others["Exim"]
    assert "{{" not in found["Postfix"] + found["Exim"] and set(SETTINGS[concern]) == {"Postfix", "Exim"}


HOSTILE = (
    "$(touch${IFS}pwned)",
    "`id`",
    "a';id;'",
    '"; id; "',
    "-rf",
    "--help",
    "@/etc/passwd",
    "a,b",
    "${run{/bin/sh}}",
    "a\u202eb",
    "x\x1b[31m",
    "<script>alert(1)</script>",
    "a\tb",
    "%s%n{0}{domain}",
)


@pytest.mark.parametrize("evil", HOSTILE)
def test_what_a_stranger_wrote_is_never_a_command_or_a_setting(evil: str) -> None:
    message = (
        f"Return-Path: <{evil}@{evil}>\r\n"
        f"Received: from {evil} ({evil} [192.0.2.10])\r\n"
        f"\tby {evil} with ESMTP id 1 for <{evil}@{evil}>; Mon, 02 Mar 2026 09:00:00 +0000\r\n"
        f"DKIM-Signature: v=1; a=rsa-sha256; d={evil}; s={evil}; h=from; bh=aa==; b=aa==\r\n"
        f"DKIM-Signature: v=1; a=rsa-sha256; d=acorn.example; s={evil}; h=from; bh=aa==; b=aa==\r\n"
        f"From: {evil} <{evil}@acorn.example>\r\nTo: {evil}@{evil}, <{evil}>\r\n\r\nAt five.\r\n"
    )
    for given in ({}, {"helo": evil, "mail_from": f"{evil}@acorn.example"}, {"helo": "x", "ip": "192.0.2.1"}):
        answers = read(FAIL + 's1._domainkey.acorn.example. IN TXT "v=DKIM1; p="\n')
        case = Case(message.encode("utf-8", "replace"), answers=answers, **given)  # type: ignore[arg-type]
        found = tools(judge_case(case, NOW))
        for tool, text in found.items():
            assert not {"\x1b", "\u202e", "\t"} & set(text)
            if tool in ("swaks", "openssl"):
                for words in commands(text):
                    assert words[0] == tool
                    assert all(evil not in word for word in words)
            else:
                settings = [line for line in text.splitlines() if not line.startswith("#")]
                assert evil not in "\n".join(settings)


def test_what_is_left_out_is_shown() -> None:
    code = made(helo="$(id)\n--pipe sh", mail_from="-rf@acorn.example")["swaks"]
    assert "# Left out, for it is not plain: the EHLO name $(id)" in code
    assert "\n--pipe" not in code
    assert "# Left out, for it is not plain: the reverse-path -rf@acorn.example" in code
    assert [words[0] for words in commands(code)] == ["swaks", "swaks"]
    assert "--from" not in code and "--xclient-helo" not in code


def test_the_desk_shows_them_as_text() -> None:
    evil = MESSAGE.replace("mail.acorn.example (", "<script>alert(1)</script> (")
    desk = judge_desk(evil, FAIL, trusted="mx.birch.example")
    assert list(desk._snippets())[-4:] == ["swaks", "openssl", "Postfix", "Exim"]
    assert "<script" not in desk.code and ">Postfix</button>" in desk.code
