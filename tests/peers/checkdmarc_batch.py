"""checkdmarc, a checker of DMARC records in Python that knows RFC 9989: one process for all questions.

It is installed once, by pip, into a folder of its own beside the environment: what it needs besides would
change what dnspython loads in every other test.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

VERSION = "6.0.4"
# only what it imports and the environment has not got
NEEDED = (f"checkdmarc=={VERSION}", "expiringdict==1.2.2", "pem==23.1.0", "publicsuffixlist==1.1.2.20261023",
          "pyleri==1.5.1", "xmltodict==1.0.4", "importlib_resources==7.1.0")  # fmt: skip
KEPT = Path(sys.prefix) / "share" / "smtplab-tests" / f"checkdmarc-{VERSION}"
SCRIPT = Path(__file__).parent / "checkdmarc" / "ask.py"
LIMIT = 90  # seconds


def installed() -> Path:
    """The folder with checkdmarc. Raises CalledProcessError where pip cannot get it."""
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


def ask(**asked: Any) -> dict[str, Any]:
    """What the script says to `discover` and `parse`."""
    done = subprocess.run(
        [sys.executable, SCRIPT], input=json.dumps(asked).encode(), capture_output=True, timeout=LIMIT,
        check=False, env={**os.environ, "PYTHONPATH": str(installed())},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))
    told: dict[str, Any] = json.loads(done.stdout)
    return told
