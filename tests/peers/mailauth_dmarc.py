"""mailauth's DMARC results and whole judgements: one process for as many as are asked for."""

from __future__ import annotations

from typing import Any

from tests.peers import mailauth_batch


def ask(node: str, npm: str, **asked: Any) -> dict[str, Any]:
    """What mailauth/dmarc.js says to `dmarc`, or to `message`, `options`, `records` and `rounds`."""
    return mailauth_batch.run(node, npm, "dmarc.js", asked)
