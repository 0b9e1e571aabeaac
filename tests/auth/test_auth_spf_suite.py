"""The test suite of RFC 7208, all 203 tests, as pyspf's source distribution has it.

The suite's text is not part of this repository: it is fetched once, by pip, from the package index that
everything else came from, and kept in the environment. Without it the tests fail under CI and are skipped
elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.auth.spf_zone import Zone, check

TESTS = 203
KEPT = Path(sys.prefix) / "share" / "smtplab-tests"
MEMBER = "test/rfc7208-tests.yml"


@pytest.fixture(scope="session")
def suite() -> list[dict[str, Any]]:
    """The sixteen scenarios: tests, and the zone that they are run against."""
    version = metadata.version("pyspf")
    kept = KEPT / f"pyspf-{version}-rfc7208-tests.yml"
    if not kept.exists():
        try:
            _fetch(version, kept)
        except (subprocess.SubprocessError, OSError, KeyError) as error:
            reason = f"pyspf's source distribution, which has the suite, cannot be had: {error}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)
    return list(yaml.safe_load_all(kept.read_text(encoding="utf-8")))


def _fetch(version: str, kept: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        what = ["--no-deps", "--no-binary", "pyspf", "--dest", folder, f"pyspf=={version}"]
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        subprocess.run([*pip, *what], check=True, capture_output=True, timeout=90)
        (archive,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as packed:
            member = packed.extractfile(f"pyspf-{version}/{MEMBER}")
            assert member is not None
            text = member.read()
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_bytes(text)
        part.replace(kept)  # whole or not at all: two workers may come here at once


def zone_of(scenario: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Its zone data. A record of type SPF stands for a TXT record too, unless the name has one of its own."""
    zone = {}
    for name, items in scenario["zonedata"].items():
        records = [_record(item) for item in items]
        if not any(rdtype == "TXT" for rdtype, _ in records):
            records += [("TXT", value) for rdtype, value in records if rdtype == "SPF"]
        zone[name.lower().removesuffix(".")] = [pair for pair in records if pair != ("TXT", "NONE")]
    return zone


def _record(item: str | dict[str, Any]) -> tuple[str, str]:
    if isinstance(item, str):
        return item, ""
    ((rdtype, value),) = item.items()
    if rdtype == "MX":
        return rdtype, f"{value[0]} {value[1]}."
    return rdtype, value if isinstance(value, str) else "".join(value)


def wrong(zone: Zone, test: dict[str, Any]) -> str:
    """What the engine says otherwise than the test wants, or ""."""
    verdict = check(zone, test["host"], test["mailfrom"] or "", test["helo"])
    wanted = test["result"] if isinstance(test["result"], list) else [test["result"]]
    if verdict.result not in wanted:
        return f"{verdict.result}, and not {wanted}:\n{verdict.text()}"
    words = test.get("explanation")
    if words is not None and words != (verdict.explanation or "DEFAULT"):
        return f"{verdict.explanation!r}, and not {words!r}"
    return ""


def test_all_of_the_suite(suite: list[dict[str, Any]]) -> None:
    tests = [(zone_of(part), name, test) for part in suite for name, test in part["tests"].items()]
    assert len(tests) == TESTS
    faults = {name: wrong(zone, test) for zone, name, test in tests}
    assert {name: fault for name, fault in faults.items() if fault} == {}


def test_the_first_result_is_the_preferred_one(suite: list[dict[str, Any]]) -> None:
    """Where the suite allows two results, those that it does not prefer are listed here, with the reason."""
    other = set()
    for part in suite:
        for name, test in part["tests"].items():
            if isinstance(test["result"], list):
                verdict = check(zone_of(part), test["host"], test["mailfrom"], test["helo"])
                if verdict.result != test["result"][0]:
                    other.add(name)
    assert other == set()
