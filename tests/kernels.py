"""How tests start kernels: without ports, where the system can do so.

A kernel's five ports are chosen, let go of, and bound later. With two workers, and labs that open ports all
the time, somebody else has one of them now and then, and the kernel dies or stays silent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from traitlets.config import Config


@contextmanager
def kernels() -> Iterator[Config]:
    """What a NotebookClient's `config` has to be for one kernel."""
    if os.name != "posix":
        yield Config()
        return
    with TemporaryDirectory(prefix="kernel") as folder:  # a socket's path has about a hundred characters
        yield Config({"KernelManager": {"transport": "ipc", "ip": str(Path(folder) / "socket")}})
