"""The rules of Gmail, Yahoo and Outlook.com for senders: pass, fail or unknown for one message."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from smtplab.auth import case
from smtplab.auth.case import questions, requirements
from smtplab.mail.route import Question
from tests.auth import dkim_zone
from tests.auth.test_auth_case import ALL, KEY, MESSAGE, RECORDS, SIGNED, TRACE, WRITTEN, judged

PTR = "10.100.51.198.in-addr.arpa. IN PTR mail.acorn.example."
LIST = b"List-Unsubscribe: <https://acorn.example/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
NAMES = ("from", "from", "subject", "date", "list-unsubscribe", "list-unsubscribe-post")


def told(message: bytes = MESSAGE, answers: str = f"{ALL}\n{PTR}", **more: Any) -> dict[str, list[str]]:
    """For each provider the result, and the results of its rules in order."""
    verdicts = requirements(judged(message, answers, **more))
    assert [one.question.split()[5] for one in verdicts] == ["Gmail", "Yahoo", "Outlook.com"]
    return {one.question.split()[5]: [one.result, *(step.result for step in one.steps)] for one in verdicts}


def test_a_message_that_has_it_all() -> None:
    assert told() == {
        "Gmail": ["pass", *["pass"] * 8, "none", "unknown"],
        "Yahoo": ["pass", *["pass"] * 5, "none", "unknown"],
        "Outlook.com": ["pass", "pass", "pass", "pass"],
    }


def test_what_is_not_at_hand_is_unknown() -> None:
    found = told(answers="")
    assert found["Outlook.com"] == ["unknown"] * 4
    assert found["Gmail"][:6] == ["unknown", "unknown", "unknown", "pass", "pass", "pass"]
    assert questions(judged(answers="")) == (Question("10.100.51.198.in-addr.arpa", "PTR"),)
    lost = "\n".join(line for key, line in RECORDS.items() if key[1] != "A")
    assert questions(judged(answers=f"{lost}\n{PTR}")) == (Question("mail.acorn.example", "A"),)
    assert questions(judged(SIGNED)) == ()


def test_outlook_wants_both_where_the_others_take_one() -> None:
    found = told(TRACE + WRITTEN)
    assert found["Gmail"][1] == "pass"
    assert found["Outlook.com"] == ["fail", "fail", "pass", "pass"]


@pytest.mark.parametrize(
    ("message", "place"),
    [
        (MESSAGE.replace(b"ESMTPS", b"ESMTP"), 3),
        (TRACE + b"From: eve@acorn.example\r\n" + SIGNED, 4),
        (MESSAGE.replace(b"<1@acorn.example>", b"1"), 5),
        (MESSAGE.replace(b"<1@acorn.example>", b"<a..b@acorn.example>"), 5),
    ],
)
def test_each_rule_of_gmail_can_fail(message: bytes, place: int) -> None:
    found = told(message)["Gmail"]
    assert (found[0], found[place]) == ("fail", "fail")


def test_a_name_that_leads_elsewhere() -> None:
    other = "10.100.51.198.in-addr.arpa. IN PTR web.elm.example.\nweb.elm.example. IN A 192.0.2.80"
    assert told(answers=f"{ALL}\n{other}")["Yahoo"][2] == "fail"


def test_one_click_counts_under_a_signature_that_covers_it() -> None:
    covered = dkim_zone.signed(LIST + WRITTEN, KEY, headers=NAMES)
    assert told(TRACE + covered)["Yahoo"][6] == "pass"
    assert told(TRACE + dkim_zone.signed(LIST + WRITTEN, KEY, headers=NAMES[:4]))["Yahoo"][6] == "fail"
    assert told(TRACE + covered, "")["Yahoo"][6] == "unknown"
    assert told(TRACE + b"List-Id: <tea.acorn.example>\r\n" + SIGNED)["Yahoo"][6] == "fail"


def test_names_and_submodules_of_the_package_do_not_get_in_each_others_way() -> None:
    importlib.import_module("smtplab.auth.case.requirements")
    assert set(case.__all__) <= set(dir(case))
    assert callable(case.requirements) and callable(case.explain)
