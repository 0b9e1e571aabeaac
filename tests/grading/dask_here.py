"""Dask, installed once into a folder of its own: grading needs it on a cluster only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "2026.8.0"
# only what the environment has not got
NEEDED = (
    f"distributed=={VERSION}", f"dask=={VERSION}", "click==8.5.1", "cloudpickle==3.1.3", "fsspec==2026.9.0",
    "importlib_metadata==8.7.0", "locket==1.0.0", "msgpack==1.2.4", "partd==1.4.2", "tblib==3.2.2",
    "toolz==1.2.0", "zict==3.0.0", "zipp==4.1.2",
)  # fmt: skip
KEPT = Path(sys.prefix) / "share" / "smtplab-tests" / f"distributed-{VERSION}"
LIMIT = 110  # seconds


def installed() -> Path:
    """The folder with Dask, for PYTHONPATH. Raises CalledProcessError where pip cannot get it."""
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
