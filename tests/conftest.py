"""What every test gets: a guard that keeps this process on loopback, and a way to ask for a program.

The guard is an audit hook. It sees each connect, send, bind and name look-up that Python code in
this process makes, in any thread, refuses those that would leave loopback, and fails the test in whose
run they came, also when the code under test swallowed the refusal. It does not see inside other
processes (kernels, browsers, swaks) or C libraries (ZeroMQ), and a name handed straight to
socket.connect is looked up before the hook hears of it.
"""

from __future__ import annotations

import builtins
import functools
import ipaddress
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

ADDRESSED = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"}
LOOKED_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
WATCHED = ADDRESSED | LOOKED_UP

LESSONS = [path.stem for path in Path(__file__).parents[1].glob("notebooks/*.ipynb")]

BROWSER = "tests/browser"
LONGEST = (BROWSER, "tests/lab", "tests/exercises", "tests/notebooks", "tests/peers")  # begun first

# Looking up one's own name is what socket.getfqdn does, for instance in smtplib.SMTP().
OWN_NAMES = {"localhost", socket.gethostname()}

_attempts: list[str] = []


class LeftLoopback(PermissionError):
    """Raised in place of the call that would have left this machine."""


def is_loopback(host: object) -> bool:
    """Whether `host`, as the socket module takes it, can only be this machine.

    The wildcard address is not: a server bound to it answers the whole network.
    """
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str):
        return True  # None in a look-up, or the numbers of a kernel socket (netlink)
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def stays_here(event: str, arguments: tuple[object, ...]) -> bool:
    """Whether a watched audit event keeps to loopback."""
    if event in LOOKED_UP:
        return arguments[0] in OWN_NAMES or is_loopback(arguments[0])
    address = arguments[1]
    if isinstance(address, tuple):
        return address[0] == "localhost" or is_loopback(address[0])
    return True  # a path (a Unix socket), or None (sendmsg on a connected socket)


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event in WATCHED and not stays_here(event, arguments):
        where = arguments[0] if event in LOOKED_UP else arguments[1]
        _attempts.append(f"{event} {where!r}")
        raise LeftLoopback(f"a test tried to leave loopback: {event} {where!r}")


sys.addaudithook(_audit)


def _fail_on_attempts() -> None:
    attempts = _attempts.copy()
    _attempts.clear()
    if attempts:
        pytest.fail("left loopback: " + "; ".join(attempts), pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring together the tests that share what takes long to set up, and begin with what takes long."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(_group(item.nodeid), []).append(item)
    ordered = sorted(groups, key=_place)
    items[:] = [item for group in ordered for item in groups[group]]


def _place(group: str) -> int:
    return next((n for n, folder in enumerate(LONGEST) if group.startswith(folder)), len(LONGEST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """With `-n 2`: a group of tests goes to one worker, in the order in which they were collected.

    The first worker has the browser, which keeps a processor busy, and the other has all else, much of
    which waits. Who is done helps. So there is one browser, and one JupyterLab, for most of the time.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

        def _assign_work_unit(self, node: Any) -> None:
            browsing = node is self.nodes[0]
            fits = (group for group in self.workqueue if group.startswith(BROWSER) is browsing)
            if group := next(fits, None):
                self.workqueue.move_to_end(group, last=False)
            super()._assign_work_unit(node)

    config.option.loadscopereorder = False  # which takes what has many tests for what takes long
    return ByGroup(config, log)


def _group(nodeid: str) -> str:
    """A test's folder and the lesson that it is about, by its parameters; else its file."""
    file, _, test = nodeid.partition("::")
    lesson = next((name for name in LESSONS if name in test), None)
    return f"{file.rpartition('/')[0]}: {lesson}" if lesson else file


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    yield
    _fail_on_attempts()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    yield
    _fail_on_attempts()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, None, None]:
    yield
    _fail_on_attempts()


@pytest.fixture
def loopback_attempts() -> list[str]:
    """The guard's list for this test. Clearing it says that an attempt was meant."""
    return _attempts


@pytest.fixture(scope="session")
def need_program() -> Callable[..., str]:
    """`need_program("swaks")`: the program's path. Several names are tried in order.

    Where it is missing, the test is skipped, with the reason; under CI=true it fails, because there
    .ci/run must have installed it. A swaks that speaks no TLS is missing, too.
    """

    def need(*names: str) -> str:
        reason = f"{' or '.join(names)} is not installed"
        for name in names:
            path = shutil.which(name)
            if path and (name != "swaks" or _swaks_has_tls()):
                return path
            if path:
                reason = "swaks has no TLS: Perl's Net::SSLeay (libnet-ssleay-perl) is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and .ci/run should have installed it", pytrace=False)
        pytest.skip(reason)

    return need


@functools.cache
def _swaks_has_tls() -> bool:
    perl = shutil.which("perl")
    load = [perl or "perl", "-MNet::SSLeay", "-e", "1"]
    return bool(perl) and subprocess.run(load, capture_output=True).returncode == 0


@pytest.fixture(autouse=True)
def no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """An IPython shell made by a test marks the process, and then each lab would stop the one before."""
    monkeypatch.delattr(builtins, "__IPYTHON__", raising=False)
