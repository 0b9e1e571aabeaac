"""hatchling, which builds the wheel: installed once, by pip, into a folder of its own beside the environment.

pip would get it anew for every build, in an environment made for that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "1.32.4"
# only what it imports and the environment has not got
NEEDED = (f"hatchling=={VERSION}", "trove-classifiers==2026.9.21.13")
KEPT = Path(sys.prefix) / "share" / "smtplab-tests" / f"hatchling-{VERSION}"
LIMIT = 90  # seconds
BUILD = "import sys, hatchling.build as build; print(getattr(build, sys.argv[1])(sys.argv[2]))"


def installed() -> Path:
    """The folder with hatchling. Raises CalledProcessError where pip cannot get it."""
    if not KEPT.exists():
        part = KEPT.with_name(f"{KEPT.name}.{os.getpid()}")
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(part), *NEEDED]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=LIMIT)
            part.rename(KEPT)  # whole or not at all: two workers may come here at once
        except OSError:
            if not KEPT.exists():
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return KEPT


def build(project: Path, into: Path, kind: str = "build_wheel") -> Path:
    """The wheel of `project`, made in the folder `into`; or "build_editable", its link for development."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, kind, str(into)],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(installed())},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
    )
    return into / done.stdout.split()[-1]
