"""nbgrader, installed once into a folder of its own: in the environment it would change JupyterLab."""

from __future__ import annotations

import os
from pathlib import Path

from tools import apart

VERSION = "0.9.6"
# only what the environment has not got
NEEDED = (f"nbgrader=={VERSION}", "alembic==1.20.1", "Mako==1.4.3", "RapidFuzz==3.14.6", "SQLAlchemy==2.1.9")


def installed() -> Path:
    """The folder with nbgrader, for PYTHONPATH. Raises CalledProcessError where pip cannot get it."""
    return apart.installed(*NEEDED)


def environment() -> dict[str, str]:
    """Variables for a process that is to use it."""
    folder = installed()
    path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", "")])  # it calls alembic by name
    return {**os.environ, "PYTHONPATH": str(folder), "PATH": path}
