"""Received fields as mail programs write them: tests/cases/received/*.toml, every field of each.

The structures are those of the programs; hosts, addresses, ids and dates are made up.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from smtplab.mail.received import Received, Tls, parse
from smtplab.mail.text import encode

CASES = Path(__file__).resolve().parents[1] / "cases" / "received"
CLAUSES = [
    field.name for field in dataclasses.fields(Received) if field.name not in ("text", "spans", "unread")
]

Case = dict[str, Any]


def cases() -> list[Case]:
    return [
        {**case, "name": f"{path.stem}: {case['shape']}"}
        for path in sorted(CASES.glob("*.toml"))
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]


ALL = cases()


def wanted(case: Case, name: str) -> object:
    """What the case says of a field; what it does not name is absent."""
    if name not in case:
        return None if name in ("ip", "by_ip", "tls", "date") else ""
    if name == "tls":
        return Tls(**case["tls"])
    return ip_address(case[name]) if name in ("ip", "by_ip") else case[name]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["name"])
def test_shape(case: Case) -> None:
    read = parse(case["text"])
    found = {name: getattr(read, name) for name in CLAUSES}
    assert found == {name: wanted(case, name) for name in CLAUSES}
    assert [read.text[start:end] for start, end in read.unread] == case.get("unread", [])
    if read.date is not None:
        assert read.date.utcoffset() == case["date"].utcoffset()
    assert set(read.spans) == {name for name in CLAUSES if name in case} - {"dialect"}
    for name in read.spans:
        assert said(read, name), name


def bare_address(words: str) -> object:
    """The address in words that may have a tag before and a port or a zone behind it."""
    text = words.strip("[]").removeprefix("IPv6:").partition("%")[0]
    found = ip_address(text.partition(":")[0] if text.count(":") == 1 else text)
    return getattr(found, "ipv4_mapped", None) or found


def said(read: Received, name: str) -> bool:
    """Whether the span of a clause holds what was read there."""
    words, value = read.at(name), getattr(read, name)
    if name in ("ip", "by_ip"):
        return value == bare_address(words)
    if name == "tls":
        return value.cipher in words
    return bool(words) if name == "date" else " ".join(words.split()) == value


def test_there_are_enough() -> None:
    texts = {case["text"] for case in ALL}
    assert len(texts) == len(ALL) >= 150
    assert len({case["dialect"] for case in ALL if "dialect" in case}) >= 40


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["name"])
def test_folds_octets_and_the_name_do_not_matter(case: Case) -> None:
    read = parse(case["text"])
    unfolded = re.sub(r"\s*\n\s*", " ", case["text"])
    ways = [case["text"].replace("\n", "\r\n"), unfolded, encode(case["text"])]
    if not case["text"].startswith("X-"):
        ways += [f"Received: {unfolded}\r\n", f"received:\r\n\t{unfolded}"]
    for way in ways:
        again = parse(way)
        for name in CLAUSES:
            assert getattr(again, name) == getattr(read, name), (way, name)
        assert len(again.unread) == len(read.unread)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["name"])
def test_names_and_addresses_are_reserved_ones(case: Case) -> None:
    """None of these lines may point at anybody."""
    for name in re.findall(r"[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|de|ru|uk|edu|io)\b", case["text"].lower()):
        pytest.fail(name)
    for found in (parse(case["text"]).ip, parse(case["text"]).by_ip):
        assert found is None or not found.is_global
