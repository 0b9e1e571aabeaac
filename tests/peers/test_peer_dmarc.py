"""Our DMARC beside checkdmarc and mailauth, which both walk the tree as RFC 9989 has it."""

from __future__ import annotations

import tomllib
from collections import Counter
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


def test_mailauth_comes_to_the_same_verdict(mailauth: tuple[str, str]) -> None:
    """The tables' cases: result, policy, where that stands, organization, and what aligns."""
    differing = compared(mailauth, CASES)
    assert differing == {name: values for name, (values, _) in DIFFERENT.items()}


def test_mailauth_walks_made_trees_to_the_same_verdict(mailauth: tuple[str, str]) -> None:
    made = situations(1000)
    assert compared(mailauth, made) == {}
    results = Counter(ours(case)["result"] for case in made)
    assert min(results[result] for result in ("pass", "fail", "none", "temperror")) > 20, results


def test_mailauth_reads_made_records_to_the_same_verdict(mailauth: tuple[str, str]) -> None:
    dice = Random(6376)
    made = [
        {
            "name": text,
            "from": "news.acorn.example",
            "dns": {f"_dmarc.{dice.choice(('acorn.example', 'news.acorn.example'))}": text},
            "exists": dice.choice(((), ("news.acorn.example",))),
            "spf": dice.choice(("", "pass acorn.example")),
            "dkim": dice.choice(((), ("pass shop.acorn.example", "pass mallory.example"))),
        }
        for text in written(1000)
    ]
    assert compared(mailauth, made) == {}
    assert len({ours(case)["policy"] for case in made}) == 4


def test_mailauth_takes_no_record_with_a_tag_twice(mailauth: tuple[str, str]) -> None:
    """To RFC 6376 §3.2 such a list is void; RFC 9989 §4.7 has errors after the version left out, as we do."""
    twice = "v=DMARC1; p=reject; adkim=r; adkim=s"
    case = {"name": "twice", "from": "acorn.example", "dns": {"_dmarc.acorn.example": twice}}
    different = {"result": ("fail", "none"), "policy": ("reject", ""), "policy_domain": ("acorn.example", "")}
    assert compared(mailauth, [case]) == {"twice": different}


Case = dict[str, Any]


def compared(mailauth: tuple[str, str], cases: list[Case]) -> dict[str, dict[str, tuple[Any, Any]]]:
    """What differs, by the case's name: {what: (ours, mailauth's)}."""
    told = mailauth_dmarc.ask(*mailauth, dmarc=[as_asked(case) for case in cases])["dmarc"]
    found = {}
    for case, theirs in zip(cases, told, strict=True):
        mine = ours(case)
        assert mine.keys() <= theirs.keys()
        different = {what: (mine[what], theirs[what]) for what in mine if mine[what] != theirs[what]}
        if different:
            found[case["name"]] = different
    return found


def as_asked(case: Case) -> dict[str, Any]:
    """It is given the domains that passed, and looks at no others."""
    spf, dkim = case.get("spf", ""), case.get("dkim", ())
    return {
        "from": [case["from"]] if isinstance(case["from"], str) else case["from"],
        "spf": [spf.partition(" ")[2]] if spf.startswith("pass ") else [],
        "dkim": [one.split(" ")[1] for one in dkim if one.startswith("pass ") and "testing" not in one],
        "records": listed(case["dns"]),
        "exists": case.get("exists", []),
        "silent": case.get("silent", []),
    }


def ours(case: Case) -> dict[str, Any]:
    """Our verdict in mailauth's terms, without what it leaves open."""
    table = Table(listed(case["dns"]), case.get("exists", ()), case.get("silent", ()))
    verdict = table.check(case["from"], case.get("spf", ""), case.get("dkim", ()))
    found: dict[str, Any] = {
        "result": verdict.result,
        "policy": verdict.policy,
        "policy_domain": verdict.policy_domain,
        "org_domain": verdict.org_domain,
        "spf_aligned": verdict.spf_aligned,
        "aligned_signers": sorted(verdict.aligned_signers),
    }
    if verdict.result == "permerror":
        # "No DMARC processing" (RFC 9989 §4.10.1) is "none" to it. To us it is what the registry of results
        # has for a record with wrong syntax, so that the owner hears of it (RFC 7489 §11.2).
        found |= {"result": "none", "policy_domain": ""}
    if not verdict.org_domain:
        del found["org_domain"]  # where nobody can know it, it has From's own
    if verdict.domain in case.get("silent", ()):
        del found["policy"]  # np or not: it assumes the milder, we that the name exists; it decides nothing
    return found


def situations(count: int) -> list[Case]:
    """Trees with more tags, names of which some exist and some are silent, and what passed near them."""
    dice = Random(4101)
    tags = {"sp": POLICIES, "np": POLICIES, "adkim": "rs", "aspf": "rs", "t": "yn"}
    made = []
    for domain, records in trees(count):
        labels = domain.split(".")
        above = [".".join(labels[at:]) for at in range(len(labels))]
        near = [domain, *above[:-1], *(f"x.{one}" for one in above), "y." + domain, "stranger.example"]
        silent = dice.choice((*(f"_dmarc.{one}" for one in near), domain))
        made.append(
            {
                "name": domain,
                "from": domain,
                "dns": {
                    name: "; ".join(
                        [
                            text,
                            *(
                                f"{tag}={dice.choice(said)}"
                                for tag, said in tags.items()
                                if dice.random() < 0.3
                            ),
                        ]
                    )
                    for name, (text,) in records.items()
                },
                "spf": f"pass {dice.choice(near)}" if dice.random() < 0.5 else "",
                "dkim": [f"pass {dice.choice(near)}" for _ in range(dice.randrange(3))],
                "exists": [domain] if dice.random() < 0.5 else [],
                "silent": [silent] if dice.random() < 0.25 else [],
            }
        )
    return made


LATER = "it hears of a pass alone, and not that another answer may make one (RFC 9989 §5.3.5)"
# case -> what differs (ours, mailauth's), and why
DIFFERENT: dict[str, tuple[dict[str, tuple[Any, Any]], str]] = {
    "SPF temperror for From's domain: it could have passed": ({"result": ("temperror", "fail")}, LATER),
    "DKIM temperror, and SPF fails: ask again later": ({"result": ("temperror", "fail")}, LATER),
    "a blank before the version makes it no record": (
        {
            "result": ("none", "fail"),
            "policy": ("", "reject"),
            "policy_domain": ("", "acorn.example"),
        },
        "it takes blanks off both ends of a record, and RFC 9989 §4.8 has them at the end alone",
    ),
}
