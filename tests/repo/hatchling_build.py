"""hatchling, which builds the wheel: installed once, by pip, into a folder of its own beside the environment.

pip would get it anew for every build, in an environment made for that.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools import apart

VERSION = "1.32.4"
# only what it imports and the environment has not got
NEEDED = (f"hatchling=={VERSION}", "trove-classifiers==2026.9.21.13")
LIMIT = 90  # seconds
BUILD = "import sys, hatchling.build as build; print(getattr(build, sys.argv[1])(sys.argv[2]))"


def installed() -> Path:
    """The folder with hatchling. Raises CalledProcessError where pip cannot get it."""
    return apart.installed(*NEEDED)


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
