"""checkdmarc, a checker of DMARC records in Python that knows RFC 9989: one process for all questions.

It is installed once, by pip, into a folder of its own beside the environment: what it needs besides would
change what dnspython loads in every other test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools import apart

VERSION = "6.0.4"
# only what it imports and the environment has not got
NEEDED = (f"checkdmarc=={VERSION}", "expiringdict==1.2.2", "pem==23.1.0", "publicsuffixlist==1.1.2.20261023",
          "pyleri==1.5.1", "xmltodict==1.0.4", "importlib_resources==7.1.0")  # fmt: skip
SCRIPT = Path(__file__).parent / "checkdmarc" / "ask.py"
LIMIT = 90  # seconds


def installed() -> Path:
    """The folder with checkdmarc. Raises CalledProcessError where pip cannot get it."""
    return apart.installed(*NEEDED)


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
