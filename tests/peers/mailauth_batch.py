"""mailauth, the email authentication library for Node.js: one process for as many messages as are asked for.

It is installed once, by npm, into the environment and outside of this repository, with no lock file.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "mailauth"
VERSION = json.loads((HERE / "package.json").read_text())["dependencies"]["mailauth"]
KEPT = Path(sys.prefix) / "share" / "smtplab-tests" / f"mailauth-{VERSION}"
LIMIT = 90  # seconds


def installed(npm: str) -> Path:
    """The folder with mailauth and our script. Raises CalledProcessError where npm cannot get it."""
    if not KEPT.exists():
        part = KEPT.with_name(f"{KEPT.name}.{os.getpid()}")
        part.mkdir(parents=True)
        shutil.copy(HERE / "package.json", part)
        options = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            subprocess.run(
                [npm, "install", *options], cwd=part, check=True, capture_output=True, timeout=LIMIT
            )
            part.rename(KEPT)  # whole or not at all: two workers may come here at once
        except OSError:
            if not KEPT.exists():
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    script = KEPT / "dkim.js"
    if not script.exists() or script.read_bytes() != (HERE / "dkim.js").read_bytes():
        part = script.with_suffix(f".{os.getpid()}")
        shutil.copy(HERE / "dkim.js", part)
        part.replace(script)
    return KEPT


def ask(node: str, npm: str, **asked: Any) -> dict[str, Any]:
    """What the script says to `verify`, `sign`, `keys` and `now`; messages are octets here."""
    asked["verify"] = [b64encode(message).decode() for message in asked.get("verify", [])]
    asked["sign"] = [{**one, "message": b64encode(one["message"]).decode()} for one in asked.get("sign", [])]
    script = installed(npm) / "dkim.js"
    done = subprocess.run(
        [node, script], input=json.dumps(asked).encode(), capture_output=True, timeout=LIMIT, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))
    told: dict[str, Any] = json.loads(done.stdout)
    return told
