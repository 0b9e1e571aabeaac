"""`smtplab doctor`: every check passes on a machine that is right, and each fault is named and mended."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections import namedtuple
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jupyter_client.kernelspec
import jupyter_core.paths
import pytest
from typer.testing import CliRunner

from smtplab import cli, doctor
from smtplab.mail.verdict import Step

Version = namedtuple("Version", "major minor micro")


@pytest.fixture(autouse=True)
def data_folder_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTPLAB_PROGRESS", str(tmp_path / "data" / "progress"))


def only_failure(steps: list[Step]) -> tuple[str, str]:
    """What the one failed step found, and its one sentence of advice."""
    [step] = [step for step in steps if step.result == "fail"]
    [mend] = step.steps
    assert mend.what == "mend"
    assert mend.why.endswith(".")
    return step.why, mend.why


def test_this_machine_is_ready() -> None:
    verdict = doctor.examine()
    assert verdict.result == "pass", doctor.text(verdict)
    assert {step.result for step in verdict.steps} <= {"pass", "none"}
    assert len(verdict.steps) == 11


def test_an_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", Version(3, 10, 12))
    found, mend = only_failure(doctor.python())
    assert found.startswith("3.10.12 ")
    assert "3.11 or newer" in mend


@pytest.mark.parametrize(
    ("installed", "found"),
    [
        ({"aiosmtpd": "1.4.5"}, "aiosmtpd is 1.4.5, needed is ==1.4.6."),
        ({"trustme": ""}, "trustme is missing."),
        ({"typer": "", "rich": "12.0"}, "rich is 12.0, needed is >=13; typer is missing."),
    ],
)
def test_wrong_versions(installed: dict[str, str], found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    true_version = metadata.version

    def version(name: str) -> str:
        if installed.get(name) == "":
            raise metadata.PackageNotFoundError(name)
        return installed.get(name) or true_version(name)

    monkeypatch.setattr(metadata, "version", version)
    assert only_failure(doctor.packages()) == (found, doctor.REINSTALL)


def test_smtplab_only_copied_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    assert only_failure(doctor.packages())[1] == doctor.REINSTALL


def test_what_only_tests_need_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _: ["rich>=1", 'no-such-project; extra == "test"'])
    [step] = doctor.packages()
    assert step.result == "pass"


def broken_bind(family: socket.AddressFamily) -> Any:
    """A socket class whose bind fails for `family`."""

    class Socket(socket.socket):
        def bind(self, address: Any) -> None:
            if self.family == family:
                raise OSError(99, "Cannot assign requested address")
            super().bind(address)

    return Socket


def test_no_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", broken_bind(socket.AF_INET))
    found, mend = only_failure(doctor.loopback())
    assert "Cannot assign requested address" in found
    assert "firewall" in mend


def test_no_ipv6_is_only_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", broken_bind(socket.AF_INET6))
    ipv4, ipv6 = doctor.loopback()
    assert (ipv4.result, ipv6.result) == ("pass", "none")
    assert "does not work here" in ipv6.why


def test_a_listener_that_swallows_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "recv", lambda *_: b"")
    assert "closed before anything arrived" in only_failure(doctor.loopback())[0]


def test_no_socket_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    def socketpair() -> None:
        raise ConnectionError("Unexpected peer connection")

    monkeypatch.setattr(socket, "socketpair", socketpair)
    found, mend = only_failure(doctor.socket_pair())
    assert "Unexpected peer connection" in found
    assert "firewall" in mend


@pytest.mark.parametrize(
    ("kept", "missing", "project"),
    [
        ("anywidget", "@jupyter-widgets/jupyterlab-manager", "jupyterlab_widgets"),
        ("@jupyter-widgets/jupyterlab-manager", "anywidget", "anywidget"),
    ],
)
def test_a_missing_lab_extension(
    kept: str, missing: str, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / kept).mkdir(parents=True)
    (tmp_path / kept / "package.json").write_text("{}")
    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *_: [str(tmp_path)])
    found, mend = only_failure(doctor.lab_extensions())
    assert found == f"JupyterLab does not find {missing}."
    assert mend.endswith(f"--no-deps {project}`.")


def test_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_kernel_spec(_: object, name: str) -> None:
        raise jupyter_client.kernelspec.NoSuchKernel(name)

    monkeypatch.setattr(jupyter_client.kernelspec.KernelSpecManager, "get_kernel_spec", get_kernel_spec)
    found, mend = only_failure(doctor.kernel())
    assert found == "there is no kernel python3."
    assert "ipykernel install --sys-prefix" in mend


def kernel_that_starts(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SimpleNamespace(
        argv=[program, "-m", "ipykernel_launcher"], resource_dir="/somewhere/kernels/python3"
    )
    monkeypatch.setattr(jupyter_client.kernelspec.KernelSpecManager, "get_kernel_spec", lambda *_: spec)


def test_the_kernel_of_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel_that_starts("/opt/other/bin/python3", monkeypatch)
    found, mend = only_failure(doctor.kernel())
    assert "/opt/other/bin/python3, another environment (/somewhere/kernels/python3)" in found
    assert "kernelspec remove python3" in mend


@pytest.mark.parametrize("program", ["python", "python3", sys.executable])
def test_the_kernel_of_this_environment(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel_that_starts(program, monkeypatch)
    assert [step.result for step in doctor.kernel()] == ["pass"]


def test_a_data_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    monkeypatch.setenv("SMTPLAB_PROGRESS", str(in_the_way / "progress"))
    found, mend = only_failure(doctor.data_folder())
    assert found.startswith(f"nothing can be written to {in_the_way} (")
    assert str(in_the_way) in mend


def test_looking_at_the_data_folder_makes_nothing(tmp_path: Path) -> None:
    [step] = doctor.data_folder()
    assert (step.result, step.why) == ("pass", str(tmp_path / "data" / "progress"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "check"),
    [
        ("packaging.requirements", doctor.packages),
        ("jupyter_core.paths", doctor.lab_extensions),
        ("jupyter_client.kernelspec", doctor.kernel),
        ("smtplab.course.journal", doctor.data_folder),
    ],
)
def test_a_missing_library_is_a_finding_not_a_crash(
    module: str, check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert only_failure(check())[1] == doctor.REINSTALL


def test_the_command_says_all_is_well() -> None:
    run = CliRunner().invoke(cli.app, ["doctor"])
    assert run.exit_code == 0, run.output
    lines = run.output.splitlines()
    assert lines[0].startswith("✓ pass Python: 3.")
    assert lines[-1] == "✓ pass This machine is ready for the lab."


def test_the_command_says_what_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", Version(3, 10, 12))
    run = CliRunner().invoke(cli.app, ["doctor"])
    assert run.exit_code == 1
    lines = run.output.splitlines()
    assert lines[0].startswith("✕ fail Python: 3.10.12 at ")
    assert lines[0].endswith("Install Python 3.11 or newer, remove .venv and run `make lab`.")
    assert lines[-1] == "✕ fail 1 thing to mend."


def test_a_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    cli._print_table([("✓ pass", "Python:", "3.11 [at] /usr"), ("✕ fail", "kernel:", "none")])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["✓ pass  Python:  3.11 [at] /usr", "✕ fail  kernel:  none"]


def test_it_runs_as_a_module() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "smtplab.doctor"],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert run.stdout.splitlines()[-1] == "✓ pass This machine is ready for the lab.", run.stdout + run.stderr
    assert run.returncode == 0


def test_labs_that_others_can_reach_are_told_and_are_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smtplab.lab.owners.way", lambda: None)
    [step] = doctor.private_labs()
    assert (step.what, step.result) == ("privacy", "none")
    assert "other users of this machine can talk to your lab" in step.why
