"""README and its neighbours keep what they promise: links, lessons, commands, what CI installs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", read(page))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_table_lists_the_lessons_that_are_there() -> None:
    rows = re.findall(
        r"^\| (\d\d) \| (?:\[.+\]\((.+)\)|[^|]+) \|.*\| (\w+) \|$", read("README.md"), re.MULTILINE
    )
    assert [number for number, _, _ in rows] == [f"{number:02}" for number in range(15)]
    assert all((state == "ready") == bool(link) for _, link, state in rows)
    lessons = (ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb")
    there = sorted(path.relative_to(ROOT).as_posix() for path in lessons)
    assert [link for _, link, _ in rows if link] == there


def test_the_desk_for_a_message_of_today_is_named() -> None:
    (line,) = [line for line in read("README.md").splitlines() if "A message to judge today" in line]
    assert "(notebooks/judge.ipynb)" in line
    assert "smtplab judge" in line


@pytest.mark.parametrize("page", PAGES)
def test_every_make_command_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", read(page), re.MULTILINE)) <= targets


def test_ci_installs_every_program_that_tests_ask_for() -> None:
    asked = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        if path.parent.name != "repo":
            asked |= set(re.findall(r'need_program\(\s*"([\w.-]+)"', path.read_text(encoding="utf-8")))
    installed = set(re.findall(r"^command_from (\S+)", read(".ci/run"), re.MULTILINE))
    assert asked <= installed


def test_ci_is_a_script_that_runs_the_one_test_command(need_program: Callable[..., str]) -> None:
    subprocess.run([need_program("bash"), "-n", str(ROOT / ".ci" / "run")], check=True)
    lines = read(".ci/run").splitlines()
    assert "set -euo pipefail" in lines
    assert lines[-1] == "make test"
    assert "export CI=true" in "\n".join(lines)
