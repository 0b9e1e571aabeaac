"""Packages for tests and tools, installed once by pip into a folder of their own beside the environment's.

In the environment itself they would change what JupyterLab loads, or what other tests see of dnspython.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

KEPT = Path(sys.prefix) / "share" / "smtplab-tests"
LIMIT = 180  # seconds


def installed(*needed: str) -> Path:
    """The folder with these packages ("name==version", the one that names the folder first), for PYTHONPATH.

    Only these, without what they depend on: name what the environment has not got. Raises CalledProcessError
    where pip cannot get one.
    """
    folder = KEPT / needed[0].replace("==", "-")
    if not folder.exists():
        part = folder.with_name(f"{folder.name}.{os.getpid()}")
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(part), *needed]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=LIMIT)
            part.rename(folder)  # whole or not at all: two workers may come here at once
        except OSError:
            if not folder.exists():
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder
