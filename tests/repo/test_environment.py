"""What is installed is said in one place: environment.yml repeats pyproject.toml, the pins are plain."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def test_conda_gets_the_same_requirements() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *packages, pip = conda["dependencies"]
    assert packages == [f"python{PROJECT['requires-python']}", "pip"]
    options = [line for line in pip["pip"] if line.startswith("-")]
    assert options == ["--constraint constraints.txt", "--editable ."]
    assert [line for line in pip["pip"] if line not in options] == PROJECT["dependencies"]


@pytest.mark.parametrize("line", PINS)
def test_a_pin_is_a_name_and_a_version(line: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][0-9a-z.+]*", line)


def test_pins_are_sorted_and_leave_smtplab_out() -> None:
    names = [line.partition("==")[0] for line in PINS]
    assert names == sorted(set(names))
    assert "smtplab" not in names


def test_every_requirement_has_a_pin_that_meets_it() -> None:
    pins = dict(line.split("==") for line in PINS)
    for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]:
        need = Requirement(line)
        assert need.specifier.contains(pins[canonicalize_name(need.name)]), line


def test_no_pin_wants_a_newer_python_than_we_do() -> None:
    """Debian 12 has Python 3.11.2: a release that wants 3.11.5 cannot be installed there."""
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    too_new = []
    for pin in PINS:
        name, _, version = pin.partition("==")
        wants = metadata.metadata(name)["Requires-Python"] if metadata.version(name) == version else None
        if wants and not SpecifierSet(wants).contains(oldest):
            too_new.append(f"{pin} wants Python {wants}")
    assert too_new == []
