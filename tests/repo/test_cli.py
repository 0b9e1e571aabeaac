"""The command `smtplab`: its version, how it starts JupyterLab, and the address it prints."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import urllib.request
import webbrowser
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smtplab import cli, course_folder, serving

ROOT = Path(__file__).resolve().parents[2]


def test_version() -> None:
    run = CliRunner().invoke(cli.app, ["--version"])
    assert (run.exit_code, run.output) == (0, f"smtplab {metadata.version('smtplab')}\n")


def test_the_command_loads_nothing_heavy() -> None:
    heavy = {"IPython", "jupyterlab", "matplotlib"}
    code = f"import sys, smtplab.cli; print(*{heavy} & sys.modules.keys())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


@pytest.fixture
def lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a first lesson, and nothing of the user's Jupyter."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / course_folder.FIRST).write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        monkeypatch.setenv(f"JUPYTER_{name}", str(tmp_path / name.lower()))
    monkeypatch.delenv("JUPYTER_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_lessons_are_found_here_or_beside_the_package(
    lessons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_place = course_folder.Place(lessons, False)
    assert course_folder.locate() == in_place
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(course_folder, "HERE", lessons / "smtplab")
    assert course_folder.locate() == in_place
    monkeypatch.setattr(course_folder, "HERE", elsewhere / "smtplab")
    run = CliRunner().invoke(cli.app, ["lab"])
    assert run.exit_code == 1
    assert "smtplab has no lessons" in run.output


def test_a_port_that_was_asked_for_is_not_changed_behind_ones_back(tmp_path: Path) -> None:
    arguments = serving.jupyter_arguments(tmp_path, browser=True, port=9000)
    assert {"--ServerApp.port=9000", "--ServerApp.port_retries=0"} <= set(arguments)
    assert not any(
        "ServerApp.port" in option for option in serving.jupyter_arguments(tmp_path, browser=True, port=None)
    )


def test_settings_of_the_user_stay_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/etc/campus")
    monkeypatch.setenv("JUPYTER_TOKEN", "mine")
    environment = serving.jupyter_environment()
    ours, theirs = environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert theirs == "/etc/campus"
    assert (Path(ours) / "labconfig" / "default_setting_overrides.json").is_file()
    assert environment["JUPYTER_TOKEN"] == "mine"


@pytest.mark.parametrize(
    ("platform", "variables", "registered", "expected"),
    [
        ("linux", {}, True, False),
        ("linux", {"DISPLAY": ":0"}, True, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True, True),
        ("linux", {"DISPLAY": ":0"}, False, False),
        ("darwin", {}, True, True),
        ("win32", {}, True, True),
    ],
)
def test_a_browser_needs_a_window(
    platform: str,
    variables: dict[str, str],
    registered: bool,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def get() -> None:
        if not registered:
            raise webbrowser.Error("could not locate runnable browser")

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(webbrowser, "get", get)
    assert serving.has_browser() is expected


@pytest.mark.parametrize(
    ("described", "address"),
    [
        ({"token": "abc"}, "http://localhost:8889/lab/tree/notebooks/00-start-here.ipynb?token=abc"),
        ({"token": ""}, "http://localhost:8889/lab/tree/notebooks/00-start-here.ipynb"),
        ({"token": "abc", "root_dir": "/somewhere/else"}, ""),
        ("half a fi", ""),
    ],
)
def test_the_address_comes_from_the_servers_own_file(
    described: dict[str, str] | str, address: str, tmp_path: Path
) -> None:
    path = tmp_path / "jpserver-7.json"
    if isinstance(described, dict):
        described = json.dumps({"url": "http://localhost:8889/", "root_dir": str(tmp_path), **described})
    path.write_text(described)
    assert serving.find_address({path, tmp_path / "jpserver-gone.json"}, tmp_path) == address


@pytest.fixture
def jupyter(lessons: Path) -> Iterator[tuple[subprocess.Popen[str], queue.Queue[str]]]:
    """`smtplab lab --no-browser` running in `lessons`, and the lines it prints."""
    command = [sys.executable, "-m", "smtplab.cli", "lab", "--no-browser"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    stdout = process.stdout
    reader = threading.Thread(target=lambda: [lines.put(line) for line in stdout], daemon=True)
    reader.start()
    yield process, lines
    with contextlib.suppress(ProcessLookupError):  # both have ended, as they should
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    reader.join(timeout=30)
    stdout.close()


def test_jupyterlab_answers_at_the_printed_address(
    jupyter: tuple[subprocess.Popen[str], queue.Queue[str]],
) -> None:
    process, lines = jupyter
    address = None
    while address is None:
        address = re.search(
            r"http://localhost:\d+/lab/tree/notebooks/00-start-here\.ipynb\?token=\w+", lines.get(timeout=60)
        )
    with urllib.request.urlopen(address[0], timeout=30) as page:
        assert page.status == 200
    settings = address[0].replace(
        "lab/tree/notebooks/00-start-here.ipynb",
        "lab/api/settings/@jupyterlab/apputils-extension:notification",
    )
    with urllib.request.urlopen(settings, timeout=30) as answer:
        properties = json.load(answer)["schema"]["properties"]
    assert properties["fetchNews"]["default"] == "false"
    assert properties["checkForUpdates"]["default"] is False
    process.terminate()
    assert process.wait(timeout=30) == 0
