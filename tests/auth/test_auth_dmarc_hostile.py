"""DMARC against strangers: From fields, signatures and a DNS that wish it ill; and what a verdict can do."""

from __future__ import annotations

from collections.abc import Sequence

import dns.rdata
import dns.resolver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.auth.dmarc import disposition, evaluate, refusal, verify
from smtplab.auth.dmarc.aligning import MOST_OTHERS, MOST_SIGNERS
from smtplab.auth.dmarc.walk import MAX_QUERIES, targets
from smtplab.mail.errors import LabError
from smtplab.mail.route import Answer
from smtplab.mail.text import visible
from smtplab.mail.verdict import walk
from tests.auth.dkim_zone import nothing, zone
from tests.auth.dmarc_table import Table, dkim_of, spf_of

RECORD = "v=DMARC1; p=reject; sp=none; np=quarantine"
DOMAIN = "_dmarc.acorn.example"
NAMES = st.lists(
    st.sampled_from(["acorn", "example", "", "a" * 64, "xn--", "ü", "\x00", "_dmarc", "-", " "])
    | st.text(max_size=5),
    max_size=130,
).map(".".join)


@given(
    st.lists(NAMES, max_size=3),
    st.sampled_from(["pass", "temperror", "fail", "none"]),
    NAMES,
    st.lists(NAMES, max_size=3),
    st.data(),
)
def test_whatever_stands_there_a_verdict_comes(
    authors: list[str], result: str, helo: str, signers: list[str], data: st.DataObject
) -> None:
    """Every name and every answer is a stranger's; no question is asked without bound."""
    asking = evaluate(authors, spf=spf_of(f"{result} {helo}"), dkim=[dkim_of("pass x")] * len(signers))
    count = 0
    try:
        next(asking)
        while True:
            count += 1
            texts = data.draw(st.lists(st.sampled_from([RECORD, "v=DMARC1; p=", "v=DMARC1;psd=y", "x"])))
            status = data.draw(st.sampled_from(["found", "no data", "no such name", "no answer"]))
            asking.send(Answer(status, tuple(texts)))  # type: ignore[arg-type]
    except StopIteration as end:
        verdict = end.value
    assert verdict.result in ("none", "pass", "fail", "temperror", "permerror")
    assert count == len(verdict.queries) <= 3 * MAX_QUERIES + 1
    assert visible(str(verdict), keep="\n") == str(verdict)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=200).map(".".join))
def test_a_walk_is_at_most_eight_questions(name: str) -> None:
    found = targets(name)
    assert found[0] == name and len(found) == min(MAX_QUERIES, name.count(".") + 1)
    assert all(name.endswith(one) for one in found)


def test_a_hundred_signers_are_not_a_hundred_walks() -> None:
    table = Table({DOMAIN: RECORD})
    deep = [f"pass a.b.c.d.e.f.g.h.s{number}.example" for number in range(100)]
    verdict = table.check("acorn.example", dkim=deep)
    assert verdict.result == "fail"
    assert len(table.asked) <= 2 + MOST_SIGNERS * MAX_QUERIES
    assert len(table.asked) == len(set(table.asked))  # what is known is not asked again


def test_the_same_signer_a_hundred_times_is_one() -> None:
    verdict = Table({DOMAIN: RECORD}).check("acorn.example", dkim=["pass acorn.example"] * 100)
    assert verdict.aligned_signers == ("acorn.example",)
    assert sum(step.what.startswith("DKIM") for step in verdict.steps) == 1


def test_failures_on_top_do_not_push_out_a_pass() -> None:
    failed = [f"fail s{number}.example" for number in range(100)]
    verdict = Table({DOMAIN: RECORD}).check("acorn.example", dkim=[*failed, "pass acorn.example"])
    assert (verdict.result, verdict.aligned_signers) == ("pass", ("acorn.example",))
    assert sum(step.what.startswith("DKIM") for step in verdict.steps) == MOST_OTHERS + 1


def test_ten_thousand_authors() -> None:
    verdict = Table({}).check([f"d{number}.example" for number in range(10_000)])
    assert verdict.result == "none" and len(str(verdict)) < 1000


def test_a_record_of_64_kilobytes() -> None:
    huge = "v=DMARC1; p=reject" + ";x=y" * 10_000
    verdict = Table({DOMAIN: huge}).check("acorn.example")
    assert verdict.policy == "reject" and len(str(verdict)) < 3000


def test_the_clock_bounds_all_answers_together() -> None:
    asked: list[str] = []

    def slow(name: str, rdtype: str) -> Sequence[dns.rdata.Rdata]:
        asked.append(name)
        raise dns.resolver.NXDOMAIN

    verdict = verify("a.b.acorn.example", spf=None, dkim=[], resolve=slow, patience=-1)
    assert verdict.result == "temperror" and asked == []


# What a verdict can do ------------------------------------------------------------------------------------


def test_what_if_the_record_were_another() -> None:
    verdict = verify(
        "acorn.example", spf=spf_of("pass relay.example"), dkim=[], resolve=zone({DOMAIN: "v=DMARC1; p=none"})
    )
    changed = verdict.what_if(records={(DOMAIN, "TXT"): "v=DMARC1; p=reject"})
    assert (verdict.policy, changed.after.policy) == ("none", "reject")  # type: ignore[attr-defined]
    author = verdict.what_if(rfc5322_from="relay.example", records={("_dmarc.relay.example", "TXT"): RECORD})
    assert author.after.result == "pass"
    with pytest.raises(LabError):
        verdict.what_if(sender="x")


def test_verify_without_any_dns() -> None:
    verdict = verify(["acorn.example"], spf=None, dkim=[], resolve=nothing)
    assert (verdict.result, verdict.meters) == ("none", {"tree walk": (2, MAX_QUERIES)})
    assert verdict.to_dict()["org_domain"] == "acorn.example"


DECIDED = [  # the owner's policy, the receiver's rule -> what becomes of it
    ("none", "reject", "none"), ("none", "discard", "none"),
    ("quarantine", "mark", "none"), ("quarantine", "junk", "junk"), ("quarantine", "reject", "junk"),
    ("reject", "mark", "none"), ("reject", "junk", "junk"), ("reject", "reject", "reject"),
    ("reject", "discard", "discard"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "rule", "done"), DECIDED)
def test_the_owner_asks_and_the_receiver_decides(policy: str, rule: str, done: str) -> None:
    failed = Table({DOMAIN: f"v=DMARC1; p={policy}"}).check("acorn.example")
    decided = disposition(failed, rule)  # type: ignore[arg-type]
    assert decided.result == done
    assert all(step.ref for _, step in walk(decided.steps))
    passed = Table({DOMAIN: f"v=DMARC1; p={policy}"}).check("acorn.example", "pass acorn.example")
    assert disposition(passed, rule).result == "none"  # type: ignore[arg-type]


def test_p_reject_alone_is_no_reason_to_refuse() -> None:
    failed = Table({DOMAIN: "v=DMARC1; p=reject"}).check("acorn.example")
    refs = {step.ref for step in disposition(failed).steps}
    assert disposition(failed).result == "junk" and "RFC 9989 §5.4, §7.4" in refs


def test_no_answer_is_no_reason_to_hold_back() -> None:
    waiting = Table({}, silent=[DOMAIN]).check("acorn.example")
    assert disposition(waiting, "reject").result == "none" and refusal(waiting) is None


def test_the_replies() -> None:
    failed = Table({DOMAIN: "v=DMARC1; p=reject"}).check("acorn.example")
    replies = [refusal(failed, dialect) for dialect in ("postfix", "gmail", "microsoft")]
    assert [(one.code, one.enhanced) for one in replies if one] == [
        (550, "5.7.1"), (550, "5.7.26"), (550, "5.7.509"),
    ]  # fmt: skip
    assert refusal(Table({DOMAIN: "v=DMARC1; p=quarantine"}).check("acorn.example")) is None
    with pytest.raises(KeyError):
        refusal(failed, "nobody")
