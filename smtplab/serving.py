"""Run JupyterLab on the first lesson, as a process of its own, until it stops.

smtplab's settings are laid beside the user's (no news pop-up, no look for updates); nothing of the user's is
changed. No lab is started here: the lessons start theirs.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import typer

from .course_folder import FIRST, HERE


def has_browser() -> bool:
    """Whether opening a page would show it in a window."""
    import webbrowser

    windows = {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & os.environ.keys()
    if sys.platform not in ("darwin", "win32") and not windows:
        return False  # what is left are text browsers, and JupyterLab does not run in them
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def jupyter_arguments(root: Path, *, browser: bool, port: int | None) -> list[str]:
    """JupyterLab's command line for the first lesson in `root`."""
    arguments = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--Application.log_level=WARN",
        "--ServerApp.answer_yes=True",  # Ctrl-C stops it without asking back
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{FIRST}",
        f"--ServerApp.open_browser={browser}",
    ]
    if port is not None:
        arguments += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")  # in a container there is nobody else
    return arguments


def jupyter_environment() -> dict[str, str]:
    """The environment for JupyterLab: our settings before the user's, and a token that we know."""
    environment = dict(os.environ)
    earlier = environment.get("JUPYTER_CONFIG_PATH")
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        [str(HERE / "jupyter"), *([earlier] if earlier else [])]
    )
    environment.setdefault("JUPYTER_TOKEN", secrets.token_hex(24))
    return environment


def serve(arguments: list[str], environment: dict[str, str], root: Path) -> int:
    """Run JupyterLab until it stops, print its address once it answers; returns its exit code."""
    from jupyter_core.paths import jupyter_runtime_dir

    runtime = Path(jupyter_runtime_dir())
    before = set(runtime.glob("jpserver-*.json"))
    server = subprocess.Popen(arguments, env=environment)
    # Ctrl-C reaches JupyterLab too, which ends then; ending this command ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    while server.poll() is None:
        address = find_address(set(runtime.glob("jpserver-*.json")) - before, root)
        if address and answers(address):  # the file is there before the port is
            typer.echo(f"JupyterLab is ready:\n\n    {address}\n\nCtrl-C stops it.")
            return server.wait()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.1)
    return server.returncode


def answers(address: str) -> bool:
    """Whether somebody listens at the host and port of this address."""
    url = urlsplit(address)
    try:
        with socket.create_connection((url.hostname or "", url.port or 80), timeout=1):
            return True
    except OSError:
        return False


def find_address(files: set[Path], root: Path) -> str:
    """The first lesson's address at the server that one of Jupyter's `files` describes, or ""."""
    for path in files:
        with contextlib.suppress(OSError, ValueError):  # gone again, or not written to its end yet
            server = json.loads(path.read_text(encoding="utf-8"))
            if Path(server["root_dir"]) == root:
                token = f"?token={server['token']}" if server["token"] else ""
                return f"{server['url']}lab/tree/{FIRST}{token}"
    return ""
