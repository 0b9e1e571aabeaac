"""nbgrader, installed once into a folder of its own: in the environment it would change JupyterLab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "0.9.6"
# only what the environment has not got
NEEDED = (f"nbgrader=={VERSION}", "alembic==1.20.1", "Mako==1.4.3", "RapidFuzz==3.14.6", "SQLAlchemy==2.1.9")
KEPT = Path(sys.prefix) / "share" / "smtplab-tests" / f"nbgrader-{VERSION}"
LIMIT = 180  # seconds


def installed() -> Path:
    """The folder with nbgrader, for PYTHONPATH. Raises CalledProcessError where pip cannot get it."""
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


def environment() -> dict[str, str]:
    """Variables for a process that is to use it."""
    folder = installed()
    path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", "")])  # it calls alembic by name
    return {**os.environ, "PYTHONPATH": str(folder), "PATH": path}
