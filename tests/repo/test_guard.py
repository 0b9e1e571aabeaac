"""The plumbing in tests/conftest.py: the guard trips, and a missing program fails under CI only."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
OUTSIDE = ("192.0.2.1", 9)  # a documentation address (RFC 5737 §3); nothing is sent to it


def udp_connect() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(OUTSIDE)


def udp_send() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"", OUTSIDE)


def bind_everywhere() -> None:
    with socket.socket() as sock:
        sock.bind(("", 0))


def bind_everywhere_ipv6() -> None:
    with socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::", 0))


def look_up() -> None:
    socket.getaddrinfo("mx.birch.example", 25)


def look_up_by_the_old_call() -> None:
    socket.gethostbyname("mx.birch.example")


@pytest.mark.parametrize(
    "leave",
    [
        udp_connect,
        udp_send,
        bind_everywhere,
        bind_everywhere_ipv6,
        look_up,
        look_up_by_the_old_call,
    ],
)
def test_leaving_loopback_is_refused_and_noted(
    leave: Callable[[], None], loopback_attempts: list[str]
) -> None:
    with pytest.raises(PermissionError, match="leave loopback"):
        leave()
    assert len(loopback_attempts) == 1
    loopback_attempts.clear()


def test_loopback_is_let_through(loopback_attempts: list[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
        socket.create_connection(("localhost", server.getsockname()[1])).close()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.connect(("::1", 9))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.connect(("::ffff:127.0.0.1", 9))
    socket.getaddrinfo(None, 25)
    socket.getfqdn()
    assert loopback_attempts == []


INNER = """
import contextlib, os, socket, threading

def leave():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("192.0.2.1", 9))

def test_swallowed():
    leave()

def test_in_a_thread():
    thread = threading.Thread(target=leave)
    thread.start()
    thread.join()

def test_innocent():
    pass

def test_program(need_program):
    assert need_program("no-such-program", "python3")
    need_program("no-such-program")
"""


@pytest.mark.parametrize(("ci", "passed", "failed", "skipped"), [("true", 1, 3, 0), ("", 1, 2, 1)])
def test_a_run_with_attempts_and_missing_programs(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    ci: str,
    passed: int,
    failed: int,
    skipped: int,
) -> None:
    monkeypatch.setenv("CI", ci)
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(INNER)
    result = pytester.runpytest_subprocess("-rs")
    result.assert_outcomes(passed=passed, failed=failed, skipped=skipped)
    result.stdout.fnmatch_lines(["*left loopback: socket.connect ('192.0.2.1', 9)*"])
    result.stdout.fnmatch_lines(["*no-such-program is not installed*"])
