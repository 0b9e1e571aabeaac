"""The tables in tests/cases/dmarc: the tree walk, alignment, and which policy a message gets."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from smtplab.auth.dmarc.walk import MAX_QUERIES
from smtplab.mail.verdict import walk
from tests.auth.dmarc_table import Table

FOLDER = Path(__file__).parents[1] / "cases" / "dmarc"
FILES = ("walk", "alignment", "policy")
LOADED = {name: tomllib.loads((FOLDER / f"{name}.toml").read_text())["case"] for name in FILES}
CASES = [(f"{name}: {case['name']}", case) for name, cases in LOADED.items() for case in cases]


def test_there_are_enough_and_no_name_twice() -> None:
    assert len(CASES) >= 80
    assert len({name for name, _ in CASES}) == len(CASES)


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_the_verdict(case: dict[str, Any]) -> None:
    table = Table(case["dns"], case.get("exists", ()), case.get("silent", ()))
    verdict = table.check(case["from"], case.get("spf", ""), case.get("dkim", ()))
    want = case["want"]
    found = {name: getattr(verdict, name) for name in want}
    found |= {name: list(value) for name, value in found.items() if isinstance(value, tuple)}
    assert found == want, str(verdict)
    if "asked" in case:
        assert table.asked == [f"_dmarc.{domain}" for domain in case["asked"]]
    assert [question.name for question, _ in verdict.queries] == [
        one.removesuffix(" A") for one in table.asked
    ]
    assert verdict.meters.get("tree walk", (0, MAX_QUERIES))[0] <= MAX_QUERIES
    assert all(step.ref for _, step in walk(verdict.steps))
    assert case["ref"].startswith("RFC ")
