"""Step and Verdict: one way to show a decision, whoever took it."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.text import decode, visible
from smtplab.mail.verdict import SIGNS, TONES, Step, Verdict, tone, walk

INNER = Step("ip4:192.0.2.0/28", "192.0.2.10 is in this network", "pass", "RFC 7208 §5.6")
OUTER = Step("v=spf1 ip4:192.0.2.0/28 -all", "the record of acorn.example", steps=(INNER,))
VERDICT = Verdict("pass", "SPF", "may 192.0.2.10 send for acorn.example?", (OUTER,), {"lookups": (1, 10)})


def test_tones_have_a_sign_each() -> None:
    assert {tone(result) for result in TONES} == set(SIGNS)
    assert len(set(SIGNS.values())) == len(SIGNS)
    # RFC 8601 §2.7
    words = ("pass", "fail", "softfail", "neutral", "none", "temperror", "permerror")
    assert [tone(word) for word in words] == ["good", "bad", "later", "plain", "plain", "later", "bad"]
    # RFC 3464 §2.3.3
    assert [tone(word) for word in ("delivered", "relayed", "expanded", "delayed", "failed")] == [
        "good", "more", "more", "later", "bad",
    ]  # fmt: skip
    assert tone("") == tone("no such word") == "plain"


def test_text() -> None:
    assert VERDICT.text() == str(VERDICT) == "\n".join([
        "✓ pass  SPF: may 192.0.2.10 send for acorn.example?  [lookups 1 of 10]",
        "  · v=spf1 ip4:192.0.2.0/28 -all: the record of acorn.example",
        "    ✓ ip4:192.0.2.0/28: 192.0.2.10 is in this network (RFC 7208 §5.6)",
    ])  # fmt: skip
    assert Verdict("failed", "delivery", "did it arrive?").text() == "✕ failed  delivery: did it arrive?"


def test_text_keeps_to_its_width() -> None:
    step = Step("x", "many words " * 30, "fail", steps=(Step("y", "more words " * 30),))
    lines = Verdict("fail", "SPF", "a long question " * 10, (step,)).text(width=60).split("\n")
    assert len(lines) > 10 and all(len(line) <= 60 for line in lines)
    # a continued line stands deeper than the one it continues
    first = next(number for number, line in enumerate(lines) if line.startswith("  ✕"))
    assert lines[first + 1].startswith("    ") and lines[1].startswith("  ")
    # a word is never broken, however narrow it gets
    assert "ip4:192.0.2.0/28:" in VERDICT.text(width=10)


def test_walk_goes_in_reading_order() -> None:
    tree = (
        Step("1", "", steps=(Step("1.1", "", steps=(Step("1.1.1", ""),)), Step("1.2", ""))),
        Step("2", ""),
    )
    assert [(depth, step.what) for depth, step in walk(tree)] == [
        (0, "1"), (1, "1.1"), (2, "1.1.1"), (1, "1.2"), (0, "2"),
    ]  # fmt: skip
    assert list(walk(())) == []


def test_to_dict_is_plain_json() -> None:
    data = json.loads(json.dumps(VERDICT.to_dict()))
    assert data["result"] == "pass" and data["meters"] == {"lookups": [1, 10]}
    assert data["steps"][0]["steps"][0] == {
        "what": "ip4:192.0.2.0/28", "why": "192.0.2.10 is in this network", "result": "pass",
        "ref": "RFC 7208 §5.6", "steps": [],
    }  # fmt: skip


@settings(deadline=None)
@given(st.text(max_size=50) | st.binary(max_size=50).map(decode))
def test_hostile_text_is_made_visible(text: str) -> None:
    shown = Verdict(
        text, text, text, (Step(text, text, text, steps=(Step(text, text),)),), {text: (1, 2)}
    ).text()
    assert visible(shown, keep="\n") == shown
