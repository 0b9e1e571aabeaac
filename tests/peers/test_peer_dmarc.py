"""Our DMARC beside checkdmarc, which knows RFC 9989, and mailauth, which has RFC 7489's list of suffixes."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from smtplab.auth.dmarc import parse
from smtplab.auth.dmarc.record import POLICIES, Record
from smtplab.mail.errors import RecordError
from tests.auth.dmarc_table import Table
from tests.peers import checkdmarc_batch, mailauth_dmarc

FOLDER = Path(__file__).parents[1] / "cases" / "dmarc"
CASES: list[dict[str, Any]] = [
    case
    for name in ("walk", "alignment", "policy")
    for case in tomllib.loads((FOLDER / f"{name}.toml").read_text())["case"]
]
Tree = dict[str, list[str]]


def listed(records: dict[str, Any]) -> Tree:
    return {name: [found] if isinstance(found, str) else list(found) for name, found in records.items()}


# Discovery ------------------------------------------------------------------------------------------------


def trees(count: int) -> list[tuple[str, Tree]]:
    """Domains of up to eleven labels, and records at some of the names above and at it."""
    dice = Random(9989)
    made = []
    for number in range(count):
        labels = [f"l{place}" for place in range(dice.randrange(1, 10))] + [f"d{number}", "example"]
        records = {}
        for at in range(len(labels)):
            if dice.random() < 0.35:
                psd = dice.choice(("", "", "; psd=u", "; psd=n", "; psd=y"))
                records[f"_dmarc.{'.'.join(labels[at:])}"] = [f"v=DMARC1; p={dice.choice(POLICIES)}{psd}"]
        made.append((".".join(labels), records))
    return made


def place(domain: str, records: Tree) -> str:
    """Where our record is, "" for none."""
    return Table(records, exists=[domain]).check(domain).policy_domain


def test_checkdmarc_finds_the_same_record() -> None:
    asked = [(case["from"], listed(case["dns"])) for case in CASES if comparable(case)]
    asked += trees(300)
    assert len(asked) > 380
    each = [{"domain": domain, "records": records} for domain, records in asked]
    theirs = checkdmarc_batch.ask(discover=each, parse=[])["discover"]
    ours = [place(domain, records) for domain, records in asked]
    differing = [
        (domain, mine, other)
        for (domain, _), mine, other in zip(asked, ours, theirs, strict=True)
        if mine != (other[0] if len(other) == 2 else "")
    ]
    assert differing == []
    assert len({*ours}) > 200


def comparable(case: dict[str, Any]) -> bool:
    """One domain as a linter takes it, with answers for all names and no two records at one."""
    domain = case["from"]
    plain = isinstance(domain, str) and domain == domain.lower() and domain.isascii()
    plain = plain and not domain.endswith(".") and "[" not in domain and " " not in domain
    single = all(isinstance(found, str) or found[0].startswith("v=spf1") for found in case["dns"].values())
    # checkdmarc asks at the domain itself too, where it takes the record for a mistake, and at a blank
    return plain and single and not case.get("silent") and not case["name"].startswith(MISTAKES)


MISTAKES = ("a record at the domain and not at _dmarc", "a blank before the version")


def test_checkdmarc_stops_at_what_a_receiver_leaves_out() -> None:
    """It is for owners, so it says what is wrong; a receiver goes on without it (RFC 9989 §4.10)."""
    two: Tree = {"_dmarc.a.example": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}
    blank: Tree = {"_dmarc.a.example": [" v=DMARC1; p=none"]}
    theirs = checkdmarc_batch.ask(
        discover=[{"domain": "a.example", "records": two}, {"domain": "a.example", "records": blank}],
        parse=[],
    )["discover"]
    assert theirs == [["MultipleDMARCRecords"], ["DMARCRecordStartsWithWhitespace"]]
    assert [place("a.example", two), place("a.example", blank)] == ["", ""]


# Records --------------------------------------------------------------------------------------------------


def written(count: int) -> list[str]:
    """Records with tags that are right, wrong, and there twice."""
    dice = Random(4710)
    choices = {
        "p": (*POLICIES, "Reject", "refuse"),
        "sp": (*POLICIES, "no"),
        "np": (*POLICIES, ""),
        "psd": ("y", "n", "u", "x"),
        "t": ("y", "n", "maybe"),
        "adkim": ("r", "s", "S", "strict"),
        "aspf": ("r", "s", "x"),
        "fo": ("0", "1", "d", "s", "1:d:s", "0:1", "d:d"),
        "rua": ("mailto:a@acorn.example", "mailto:a@acorn.example,mailto:b@acorn.example", "a@acorn.example"),
        "pct": ("50",),
        "fruit": ("apple",),
    }
    made = []
    for _ in range(count):
        names = dice.sample(list(choices), dice.randrange(1, 6))
        weights = [[8] * 3 + [1] * len(choices[name]) for name in names]
        pairs = [
            f"{name}={dice.choices(choices[name], weights[at][: len(choices[name])])[0]}"
            for at, name in enumerate(names)
        ]
        made.append(dice.choice((";", "; ", " ; ")).join(["v=DMARC1", *pairs]) + dice.choice(("", ";")))
    return made


def shown(record: Record) -> dict[str, Any]:
    """Our record as checkdmarc shows it: with every default filled in."""
    p = record.p or "none"
    sp = record.sp or p
    return {
        "p": p,
        "sp": sp,
        "np": record.np or sp,
        "psd": record.psd,
        "t": "y" if record.testing else "n",
        "adkim": record.adkim,
        "aspf": record.aspf,
        "fo": record.fo,
        "rua": [uri.removeprefix("mailto:") for uri in record.rua],
    }


def test_checkdmarc_reads_the_same() -> None:
    texts = written(500)
    theirs = checkdmarc_batch.ask(discover=[], parse=texts)["parse"]
    kinds: Counter[str] = Counter()
    for text, other in zip(texts, theirs, strict=True):
        record = parse(text)
        faults = {tag.name for tag, _ in record.faults}
        if isinstance(other, list):  # it raises where we leave out and go on
            assert faults, (text, other)
            kinds["both find fault"] += 1
            continue
        assert faults <= {"adkim", "aspf", "fo"}, text  # of these it warns, and takes the default as we do
        expected = {**other, "rua": [uri["address"] for uri in other.get("rua", [])]}
        assert shown(record) == {name: expected[name] for name in shown(record)}, text
        kinds["both read it"] += 1
    assert min(kinds["both find fault"], kinds["both read it"]) > 100


def test_an_empty_part_is_an_error_to_checkdmarc_alone() -> None:
    """RFC 9989 §4.8 has no `;;`, and says that what is wrong after the version is left out."""
    text = "v=DMARC1;; p=none"
    assert checkdmarc_batch.ask(discover=[], parse=[text])["parse"] == [["DMARCSyntaxError"]]
    assert parse(text).p == "none"
    with pytest.raises(RecordError):
        parse("v=DMARC2; p=none")


# Results --------------------------------------------------------------------------------------------------


def test_mailauth_comes_to_the_same_result(need_program: Callable[..., str]) -> None:
    """Where the list of suffixes and the walk lead to the same organization."""
    node, npm = need_program("node", "nodejs"), need_program("npm")
    same = [case for case in CASES if for_mailauth(case)]
    assert len(same) > 60
    theirs = mailauth_dmarc.ask(node, npm, dmarc=[as_asked(case) for case in same])["dmarc"]
    differing = {}
    for case, other in zip(same, theirs, strict=True):
        verdict = Table(listed(case["dns"]), case.get("exists", ()), case.get("silent", ())).check(
            case["from"], case.get("spf", ""), case.get("dkim", ())
        )
        if verdict.result != other["result"]:
            differing[case["name"]] = (verdict.result, other["result"])
    assert differing == {name: (ours, other) for name, (ours, other, _) in DIFFERENT.items()}


def for_mailauth(case: dict[str, Any]) -> bool:
    words = [case.get("spf", ""), *case.get("dkim", ())]
    return isinstance(case["from"], str) and not any(word.startswith("temperror") for word in words)


def as_asked(case: dict[str, Any]) -> dict[str, Any]:
    """It is given the domains that passed, and looks at no others."""
    spf, dkim = case.get("spf", ""), case.get("dkim", ())
    return {
        "from": case["from"],
        "spf": [spf.partition(" ")[2]] if spf.startswith("pass ") else [],
        "dkim": [one.split(" ")[1] for one in dkim if one.startswith("pass ") and "testing" not in one],
        "records": listed(case["dns"]),
        "silent": case.get("silent", []),
    }


SUFFIXES = "it takes the organization from the list of suffixes (RFC 7489 §3.2), and asks at no other name"
VERSION = "it reads the version without regard to case, takes blanks before it, and none inside"
STRICT = "this version of it takes relaxed alignment where strict does not hold"
POLICY = "it applies a record whose policy cannot be read"
NP = "it does not know np="
# case -> our result, mailauth's, and why
DIFFERENT = {
    "a record at the top-level domain counts like any other": ("fail", "none", SUFFIXES),
    "a record at the top level that forgot psd=y makes one organization of all below": (
        "pass",
        "none",
        SUFFIXES,
    ),
    "psd=n between: a child that is its own organization does not align": ("fail", "pass", SUFFIXES),
    "a signer's silent DNS, and nothing else passed": ("temperror", "fail", SUFFIXES),
    "silence above From: relaxed alignment cannot be told": ("temperror", "pass", SUFFIXES),
    "silence above From: strict alignment needs no organization": ("fail", "pass", STRICT),
    "SPF for a child of From, strict": ("fail", "pass", STRICT),
    "DKIM for the parent of From, strict": ("fail", "pass", STRICT),
    "the version has capitals": ("none", "fail", VERSION),
    "the name v has no case": ("fail", "none", VERSION),
    "a blank before the version makes it no record": ("none", "fail", VERSION),
    "no p, and none to report to: nothing to apply": ("permerror", "pass", POLICY),
    "no p, and an address that is none": ("permerror", "fail", POLICY),
    "a p that is no policy": ("permerror", "fail", POLICY),
    "an np that is no policy spoils p as well": ("permerror", "fail", POLICY),
    "no answer about the name: np or not cannot be told": ("temperror", "fail", NP),
}
