"""What is in git is for everybody: no paths of one machine, no addresses of package indexes, no litter."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Each with one letter in brackets, so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w.~-])/(?:w[o]rk|r[o]ot|h[o]me/\w|U[s]ers/\w)|\b[A-Z]:\\+U[s]ers\\")
INDEX = re.compile(r"py[p]i\.org/simple|files\.python[h]osted\.org|registry\.npm[j]s|deb\.deb[i]an\.org")


def found(text: str) -> list[str]:
    """What in `text` belongs to one machine only."""
    return [match[0] for pattern in (MACHINE, INDEX) for match in pattern.finditer(text)]


@pytest.fixture(scope="module")
def tracked(need_program: Callable[..., str]) -> list[Path]:
    """The files that git knows, those not yet added among them."""
    command = [need_program("git"), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_this_machine(tracked: list[Path]) -> None:
    assert len(tracked) > 10
    hits = {}
    for path in tracked:
        text = path.read_bytes().decode("utf-8", "replace")
        if lines := found(text):
            hits[str(path.relative_to(ROOT))] = lines
    assert hits == {}


def test_no_litter(tracked: list[Path]) -> None:
    litter = {".pyc", ".orig", ".rej", ".log", ".tmp", ".pcap", ".pcapng", ".DS_Store"}
    assert [str(path) for path in tracked if path.suffix in litter or path.name in litter] == []


@pytest.mark.parametrize(
    "parts",
    [
        ("see /wo", "rk/main/smtplab"),
        ("python = '/ro", "ot/.pyenv/shims/python3'"),
        ("in /ho", "me/alice/mail"),
        ("in /Us", "ers/alice/mail"),
        ("in C:\\Us", "ers\\alice"),
        ("--index-url https://py", "pi.org/simple"),
        ("https://files.python", "hosted.org/packages/x.whl"),
        ('"resolved": "https://registry.np', 'mjs.org/x.tgz"'),
        ("deb http://deb.de", "bian.org/debian bookworm main"),
    ],
)
def test_a_fault_is_seen(parts: tuple[str, str]) -> None:
    assert len(found("".join(parts))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "alice.home.example and mail/work/queue",
        "a local part may hold a slash: bob/work@birch.example",
        "https://pypi.org/project/aiosmtpd",
        "the root of the tree is ./root",
    ],
)
def test_the_rest_is_let_through(text: str) -> None:
    assert found(text) == []
