"""Each message in tests/cases/dkim, with the records of its .dns file, comes to the verdicts of its .json."""

from __future__ import annotations

import json
from pathlib import Path

import dkim as dkimpy
import pytest

from smtplab.auth import dkim
from tests.auth.dkim_zone import NOW, zone

FOLDER = Path(__file__).parents[1] / "cases" / "dkim"
CASES = sorted(FOLDER.glob("*.eml"))
assert CASES


def records(case: Path) -> dict[str, str]:
    lines = case.with_suffix(".dns").read_text().splitlines()
    return {name: text for name, _, text in (line.partition(" ") for line in lines)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_verdicts(case: Path) -> None:
    expected = json.loads(case.with_suffix(".json").read_text())["verdicts"]
    verdicts = dkim.verify(case.read_bytes(), resolve=zone(records(case)), now=NOW)
    shown = [
        {name: getattr(one, name) for name in want} for one, want in zip(verdicts, expected, strict=True)
    ]
    assert shown == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_one_letter_less_and_it_fails(case: Path) -> None:
    message = case.read_bytes().replace(b"hungry", b"angry")
    for verdict in dkim.verify(message, resolve=zone(records(case)), now=NOW):
        assert (verdict.result, verdict.cause) == ("fail", "body-changed")


def test_the_erratum_of_rfc_6376_is_explained() -> None:
    """As first printed, the example has two spaces in its body, and c= says simple: the cause is found."""
    case = FOLDER / "01-rfc6376-a2.eml"
    message = case.read_bytes().replace(b"game. ", b"game.  ")
    (verdict,) = dkim.verify(message, resolve=zone(records(case)), now=NOW)
    assert (verdict.result, verdict.cause) == ("fail", "canonicalization")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_dkimpy_says_the_same(case: Path) -> None:
    table = {f"{name}.".encode(): text.encode() for name, text in records(case).items()}
    checker = dkimpy.DKIM(case.read_bytes())
    for number in range(len(json.loads(case.with_suffix(".json").read_text())["verdicts"])):
        assert checker.verify(idx=number, dnsfunc=lambda name, timeout=5: table[name])
