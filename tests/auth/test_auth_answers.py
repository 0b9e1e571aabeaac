"""DNS answers as people paste them: every form, what each means, and what strangers put into them."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.resolver
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.auth.answers import Answers, NotAtHand, commands, read
from smtplab.mail.route import Answer, Question

CASES = Path(__file__).resolve().parents[1] / "cases" / "answers"


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            yield pytest.param(case, id=f"{path.stem}: {case['name']}")


@pytest.mark.parametrize("case", list(cases()))
def test_what_was_pasted(case: dict[str, Any]) -> None:
    for text in (case["text"], case["text"].replace("\n", "\r\n")):
        answers = read(text)
        for name, rdtype, status, *values in case["expect"]:
            found = answers.find(Question(name, rdtype))
            assert (found.status if found else "unknown") == status, (name, rdtype)
            if found and values:
                assert list(found.values) == values[0]
        if "remarks" in case:
            remarks = answers.remarks
            assert len(remarks) == len(case["remarks"]), [(text[slice(*r.span)], r.message) for r in remarks]
            for remark, words in zip(remarks, case["remarks"], strict=True):
                assert words in remark.message


def test_all_forms_in_one_text_do_not_disturb_each_other() -> None:
    for case in cases():
        one = case.values[0]
        before = 'dig +short TXT before.example\n"x"\n\n'
        after = "\n$ host -t A b.example\nb.example has address 192.0.2.1\n"
        around = before + one["text"] + after
        answers = read(around)
        assert answers.find(Question("b.example", "A")) == Answer("found", ("192.0.2.1",))
        for name, rdtype, status, *_ in one["expect"]:
            found = answers.find(Question(name, rdtype))
            assert (found.status if found else "unknown") == status, (one["name"], name, rdtype)


def test_remarks_point_at_what_was_not_taken() -> None:
    text = "hello there\nacorn.example. IN A 192.0.2.1\nacorn.example. IN A 1.2.3\n"
    first, second = read(text).remarks
    assert text[slice(*first.span)] == "hello there"
    assert text[slice(*second.span)] == "acorn.example. IN A 1.2.3"


def test_newer_answers_count_and_failures_change_nothing() -> None:
    old = read('a.example. IN TXT "old"\nb.example. IN TXT "b"\nc.example. IN CNAME a.example.')
    gone = (
        ";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 1\n;; QUESTION SECTION:\n;b.example. IN TXT\n"
    )
    both = old + read('a.example. IN TXT "new"\n' + gone)
    assert both.find(Question("c.example", "TXT")) == Answer("found", ("new",), "a.example")
    assert both.find(Question("b.example", "TXT")) == Answer("no such name")
    again = both + read('b.example. IN TXT "back"')
    assert again.find(Question("b.example", "TXT")) == Answer("found", ("back",))
    assert set(again.names) == {"a.example", "b.example", "c.example"}
    failed = read('d.example. IN TXT "d"\n' + gone.replace("NXDOMAIN", "SERVFAIL").replace("b.ex", "d.ex"))
    assert failed.find(Question("d.example", "TXT")) == Answer("found", ("d",))


def test_unknown_is_no_answer_of_the_dns() -> None:
    answers = read("a.example. IN CNAME b.example.\nloop.example. IN CNAME loop.example.")
    assert not Answers() and answers
    assert answers.find(Question("a.example", "TXT")) is None
    looped = answers.find(Question("loop.example", "TXT"))
    assert looped and looped.status == "no answer"
    with pytest.raises(NotAtHand):
        answers.resolve("a.example", "TXT")
    more = answers + read("$ host -t TXT b.example\nb.example has no TXT record")
    with pytest.raises(dns.resolver.NoAnswer):
        more.resolve("a.example", "TXT")


def test_commands_are_safe_to_paste() -> None:
    asked = [
        Question("acorn.example", "TXT"),
        Question("acorn.example", "TXT"),
        Question("x';calc $(id)", "A"),
    ]
    found = commands([*asked, Question("new\nline.example", "A"), Question("-f", "TXT")])
    assert found["dig"] == [
        "dig TXT acorn.example.",
        "dig -t A -q 'x'\"'\"'\\;calc\\032\\$\\(id\\).'",
        "dig -t TXT -q -f.",
    ]
    assert found["nslookup"] == ["nslookup -type=TXT acorn.example."]
    assert found["PowerShell"][1] == "Resolve-DnsName -Type A -Name 'x'';calc $(id).' | Format-List"
    assert len(found["PowerShell"]) == 3


HOSTILE = [
    "x IN TXT (\n" * 10_000,
    'x IN TXT "' * 10_000,
    "(" * 500_000,
    "a " * 400_000,
    ";" * 500_000,
    "Name : a\nType : TXT\n" * 12_000,
    "> " * 300_000,
    "$" * 500_000,
    "a.example. IN TXT " + '"x" ' * 10_000,
    "\n".join(f"n{n}.example. IN A 192.0.2.1" for n in range(8_000)),
    "a.example. 1 IN CNAME b.example.\n" * 8_000,
    "dig " * 200_000,
    "\n".join(["dig +short TXT a.example"] * 8_000),
    "x text =\n" * 10_000,
    "*** can't find " * 10_000,
    "v" * 10_000 + "\n" + "\\" * 10_000 + '\n"' + "\\" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:12].strip() for text in HOSTILE])
def test_it_takes_linear_time_and_bounded_room(text: str) -> None:
    before = time.process_time()
    answers = read(text)
    assert time.process_time() - before < 3
    assert len(answers.remarks) <= 52
    assert sum(map(len, answers.records.values())) <= 5000


def test_what_is_too_long_is_said() -> None:
    answers = read("\n" * 1_000_000 + "a.example. IN A 192.0.2.1")
    assert not answers
    assert answers.remarks[-1].span == (1_000_000, 1_000_025)


PIECES = st.sampled_from(
    [line for case in cases() for line in case.values[0]["text"].splitlines()]
    + ["(", '"', ";; ANSWER SECTION:", "\x00", "\ud800", "Name : x", "> set type=txt", "$ORIGIN ..", "@ IN A"]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=30).map("\n".join))
@settings(max_examples=80, deadline=None)
def test_whatever_is_pasted_is_read(text: str) -> None:
    answers = read(text)
    for name in answers.names:
        for rdtype in ("TXT", "A", "MX", "CNAME"):
            answers.find(Question(name, rdtype))
    assert all(0 <= start <= end <= len(text) for start, end in (remark.span for remark in answers.remarks))
