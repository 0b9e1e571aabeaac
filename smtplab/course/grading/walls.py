"""Walls round a student's code, built by bubblewrap: what it sees is Python, this package and an empty home.

Not there: the course with its solutions and terms, other submissions, anybody's home, any network but a
loopback of its own, any process but its own, and any right. Everything that can be written is in memory and
small. What the walls do not limit is the kernel's own memory for sockets and pipes: a machine that must hold
against that too wants a limit on the whole grader, such as `systemd-run --scope -p MemoryMax=8G`.

Without bubblewrap there are no walls, and `isolation` says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from ...mail.text import visible

HOME = "/submission"
WRITABLE = (HOME, "/tmp", "/dev/shm")
PARTS = ("bin", "lib", "lib64", "pyvenv.cfg")  # of a Python installation
SYSTEM = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/hosts", "/etc/nsswitch.conf")
ALONE = ["--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL",
         "--die-with-parent", "--new-session", "--hostname", "sandbox"]  # fmt: skip


@cache
def isolation() -> str:
    """What is not protected here, in a sentence or two; "" with bubblewrap. The first call tries it."""
    why = _working()[1]
    if not why:
        return ""
    return (
        f"Submissions are not walled off, since {why}: their code can read and change your files, use the "
        "network and disturb other programs. Time, memory and output are limited."
    )


def wrapped(program: list[str], disk: int, *options: str) -> list[str]:
    """The command that runs `program` within walls, with `disk` octets in each place it can write to.

    `options` are more for bubblewrap. Only for where `isolation` is "".
    """
    return [*_bubblewrap(_working()[0], disk), *options, "--chdir", HOME, "--", *program]


@cache
def _working() -> tuple[tuple[str, ...], str]:
    """The options of bubblewrap's that work here, or why none do."""
    if not shutil.which("bwrap"):
        return (), "bubblewrap is not installed"
    for options in (("--disable-userns",), ()):  # versions before 0.8 do not know it
        command = [*_bubblewrap(options, 1 << 20), "--", sys.executable, "-I", "-c", ""]
        try:
            tried = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=20, env={}
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return (), f"bubblewrap does not work here ({visible(str(error))[:100]})"
        if tried.returncode == 0:
            return options, ""
    last = tried.stderr.strip().splitlines()[-1:] or [f"exit code {tried.returncode}"]
    return (), f"bubblewrap does not work here ({visible(last[0])[:100]})"


def _bubblewrap(options: tuple[str, ...], disk: int) -> list[str]:
    places = [part for place in WRITABLE for part in ("--size", str(disk), "--tmpfs", place)]
    binds = [part for path in _needed() for part in ("--ro-bind", path, path)]
    links = [part for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64") for part in _system(path)]
    tries = [part for path in SYSTEM for part in ("--ro-bind-try", path, path)]
    system = ["--proc", "/proc", "--dev", "/dev", *places, "--ro-bind", "/usr", "/usr", *links, *tries]
    return [
        shutil.which("bwrap") or "bwrap",
        *ALONE,
        *options,
        *system,
        *binds,
        "--remount-ro",
        "/dev",
        "--remount-ro",
        "/",
    ]


def _system(path: str) -> list[str]:
    if os.path.islink(path):
        return ["--symlink", os.readlink(path), path]
    return ["--ro-bind-try", path, path]


def _needed() -> list[str]:
    """What Python reads: its installation's parts, its packages, and this package wherever it is."""
    roots = {Path(root) for root in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)}
    roots |= {root.resolve() for root in roots}
    paths = {root / part for root in roots for part in PARTS}
    paths |= {Path(entry) for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")}
    paths.add(Path(__file__).absolute().parents[2])
    there = sorted(path for path in paths if path.exists())
    return [str(path) for path in there if not any(parent in paths for parent in path.parents)
            and Path("/usr") not in path.parents]  # fmt: skip
