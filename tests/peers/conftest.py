"""What the peers' tests share: a mailauth that is there, or the reason why not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest

from tests.peers import mailauth_batch


@pytest.fixture(scope="session")
def mailauth(need_program: Callable[..., str]) -> tuple[str, str]:
    """The system's node and npm, once mailauth is installed.

    Where npm cannot get it the test is skipped, with the reason; under CI=true it fails.
    """
    node, npm = need_program("node", "nodejs"), need_program("npm")
    try:
        mailauth_batch.installed(node, npm)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or b""
        reason = f"npm cannot get mailauth: {said.decode('utf-8', 'replace') or error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return node, npm
