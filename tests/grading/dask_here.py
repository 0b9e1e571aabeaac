"""Dask, installed once into a folder of its own: grading needs it on a cluster only."""

from __future__ import annotations

from pathlib import Path

from tools import apart

VERSION = "2026.8.0"
# only what the environment has not got
NEEDED = (
    f"distributed=={VERSION}", f"dask=={VERSION}", "click==8.5.1", "cloudpickle==3.1.3", "fsspec==2026.9.0",
    "importlib_metadata==8.7.0", "locket==1.0.0", "msgpack==1.2.4", "partd==1.4.2", "tblib==3.2.2",
    "toolz==1.2.0", "zict==3.0.0", "zipp==4.1.2",
)  # fmt: skip


def installed() -> Path:
    """The folder with Dask, for PYTHONPATH. Raises CalledProcessError where pip cannot get it."""
    return apart.installed(*NEEDED)
