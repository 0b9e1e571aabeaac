"""mailauth's DMARC results and whole judgements: one process for as many as are asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

from tests.peers.mailauth_batch import HERE, LIMIT, installed


def ask(node: str, npm: str, **asked: Any) -> dict[str, Any]:
    """What mailauth/dmarc.js says to `dmarc`, or to `message`, `options`, `records` and `rounds`."""
    folder = installed(npm)
    script = folder / "dmarc.js"
    if not script.exists() or script.read_bytes() != (HERE / "dmarc.js").read_bytes():
        shutil.copy(HERE / "dmarc.js", folder)
    done = subprocess.run(
        [node, script], input=json.dumps(asked).encode(), capture_output=True, timeout=LIMIT, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))
    told: dict[str, Any] = json.loads(done.stdout)
    return told
