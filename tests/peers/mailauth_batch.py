"""mailauth, the email authentication library for Node.js: one process for as many messages as are asked for.

It is installed once, by npm, into the environment and outside of this repository, with no lock file. It wants
a newer Node.js than a stable Debian has; where the system's is too old, npm brings one as well: of the
packages for different machines it takes the one whose `os` and `cpu` fit.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "mailauth"
PACKAGE = json.loads((HERE / "package.json").read_text())
VERSION = PACKAGE["dependencies"]["mailauth"]
NODES: dict[str, str] = PACKAGE["optionalDependencies"]  # package -> version, which is one and the same
OLDEST = (22, 19)  # the oldest Node.js that mailauth's package.json takes
KEPT = Path(sys.prefix) / "share" / "smtplab-tests"
LIMIT = 90  # seconds


def installed(node: str, npm: str) -> tuple[str, Path]:
    """A Node.js that is new enough, and the folder with mailauth.

    Raises CalledProcessError where npm cannot get mailauth, and OSError where it has no Node.js for this
    machine.
    """
    version = _version(node)
    if version >= OLDEST:
        folder = KEPT / f"mailauth-{VERSION}-system-node-{'.'.join(map(str, version))}"
        _install(npm, folder, "--omit=optional")
        return node, folder
    folder = KEPT / f"mailauth-{VERSION}-node-{min(NODES.values())}"
    _install(npm, folder, "--include=optional")
    return str(_brought(folder)), folder


@functools.cache
def _version(node: str) -> tuple[int, ...]:
    """(20, 20, 2) for a Node.js that calls itself v20.20.2."""
    done = subprocess.run([node, "--version"], check=True, capture_output=True, timeout=LIMIT)
    return tuple(int(number) for number in re.findall(rb"\d+", done.stdout)[:3])


def _install(npm: str, folder: Path, optional: str) -> None:
    if folder.exists():
        return
    part = folder.with_name(f"{folder.name}.{os.getpid()}")
    part.mkdir(parents=True)
    shutil.copy(HERE / "package.json", part)
    options = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        subprocess.run(
            [npm, "install", optional, *options], cwd=part, check=True, capture_output=True, timeout=LIMIT
        )
        if optional == "--include=optional":
            _brought(part)  # npm does not mind when it could not get what is optional
        part.rename(folder)  # whole or not at all: two workers may come here at once
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _brought(folder: Path) -> Path:
    """The Node.js that npm brought. Raises FileNotFoundError where there is none."""
    for name in NODES:
        for file in ("node", "node.exe"):
            program = folder / "node_modules" / name / "bin" / file
            if program.exists():
                return program
    raise FileNotFoundError(f"npm brought no Node.js that is {'.'.join(map(str, OLDEST))} or newer")


def run(node: str, npm: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What the script `name` says to `asked`. Raises as `installed` does, and RuntimeError."""
    node, folder = installed(node, npm)
    script = folder / name  # a copy of ours, as Node.js looks for modules beside the script
    if not script.exists() or script.read_bytes() != (HERE / name).read_bytes():
        part = script.with_suffix(f".{os.getpid()}")
        shutil.copy(HERE / name, part)
        part.replace(script)
    done = subprocess.run(
        [node, script], input=json.dumps(asked).encode(), capture_output=True, timeout=LIMIT, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def ask(node: str, npm: str, **asked: Any) -> dict[str, Any]:
    """What dkim.js says to `verify`, `sign`, `keys`, `more`, `strict` and `now`; messages are octets here."""
    asked["verify"] = [b64encode(message).decode() for message in asked.get("verify", [])]
    asked["sign"] = [{**one, "message": b64encode(one["message"]).decode()} for one in asked.get("sign", [])]
    return run(node, npm, "dkim.js", asked)
