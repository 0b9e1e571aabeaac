"""A lab begins and ends, again and again, and leaves nothing behind: no thread, task, socket or folder."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient import NotebookClient

from smtplab.lab.client import Session
from smtplab.lab.hosts import Rule
from smtplab.lab.lab import Lab
from smtplab.lab.scratch import PREFIX
from smtplab.mail.errors import LabError
from tests.kernels import kernels

HELLO = "From: alice@acorn.example\nTo: bob@birch.example\nSubject: hello\n\nHello\n"


def held() -> dict[str, int]:
    """What this process holds on to."""
    gc.collect()
    process = psutil.Process()
    return {
        "threads": threading.active_count(),
        "files": process.num_fds(),
        "sockets": len(process.net_connections("all")),
        "children": len(process.children()),
        "folders": len(list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{os.getpid()}-*"))),
    }


def seen(lab: Lab, sock: socket.socket) -> socket.socket:
    """`sock`, once the tap has accepted it."""
    while not lab._world.transcript_of(sock.getsockname()[1]):
        lab._world.thread.run(asyncio.sleep(0.001))
    return sock


def open_in_mid_dialogue(lab: Lab) -> socket.socket:
    session = lab.connect("mx.birch.example")
    session.send("EHLO client.example")
    return session._sock


def open_in_data(lab: Lab) -> socket.socket:
    session = lab.connect("mail.mallory.example")
    session.say("EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA")
    session.write(b"Subject: unfinished\r\n")
    return session._sock


def open_in_a_chunk(lab: Lab) -> socket.socket:
    session = lab.connect("mx.birch.example")
    session.say("EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<bob@birch.example>")
    session.write(b"BDAT 1000000\r\n" + b"x" * 1000)
    return session._sock


def open_in_auth(lab: Lab) -> socket.socket:
    session = lab.connect("mail.acorn.example", 465)
    session.say("EHLO x", "AUTH LOGIN")
    return session._sock


def open_in_a_handshake(lab: Lab) -> socket.socket:
    """STARTTLS was answered, and then comes half a ClientHello."""
    session = lab.connect("mx.birch.example")
    session.say("EHLO x")
    session.send("STARTTLS")
    session.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    return session._sock


def open_before_a_handshake(lab: Lab) -> socket.socket:
    """Implicit TLS, and the client says nothing."""
    return seen(lab, lab.network.dial("alice.home.example", "mail.acorn.example", 465))


def open_in_an_implicit_handshake(lab: Lab) -> socket.socket:
    sock = open_before_a_handshake(lab)
    sock.sendall(b"\x16\x03\x01\x02\x00\x01")
    return sock


def open_before_the_greeting(lab: Lab) -> socket.socket:
    lab.mta("mx2.birch.example").limits.greet_pause = 60
    return seen(lab, lab.connect("mx2.birch.example", greeting=False)._sock)


def open_and_deaf(lab: Lab) -> socket.socket:
    """A client that does not read what it asks for: the server has to wait for it."""
    sock = open_in_mid_dialogue(lab)
    sock.settimeout(0.2)
    with pytest.raises(TimeoutError):
        sock.sendall(b"HELP\r\n" * 3_000_000)
    return sock


def open_and_deaf_to_goodbye(lab: Lab) -> socket.socket:
    """The same, and the server has given up: what it said still waits to be read."""
    lab.mta("mx.birch.example").limits.idle = 0.3
    sock = open_and_deaf(lab)
    transcript = lab._world.transcript_of(sock.getsockname()[1])
    assert transcript
    while not any(event.kind == "close" for event in transcript.events):
        lab._world.thread.run(asyncio.sleep(0.01))
    return sock


def open_and_half_closed(lab: Lab) -> socket.socket:
    sock = open_in_data(lab)
    lab.network.latency = 0.3  # so that the reply to what it has said is still under way
    sock.sendall(b".\r\n")
    sock.shutdown(socket.SHUT_WR)
    return sock


def open_and_swallowed(lab: Lab) -> socket.socket:
    """The firewall takes the packets of whoever connects to the tap itself."""
    lab.network.rules.append(Rule("203.0.113.200/32", 25, "swallow", "for this test"))
    sock = socket.create_connection(lab.address("mx.list.example", 25))
    sock.sendall(b"EHLO x\r\n")
    return seen(lab, sock)


def open_and_late(lab: Lab) -> socket.socket:
    """Bytes under way in both directions."""
    sock = open_in_mid_dialogue(lab)
    lab.network.latency = 0.5
    sock.sendall(b"NOOP\r\n")
    return sock


OPEN: list[Callable[[Lab], socket.socket]] = [
    open_in_mid_dialogue,
    open_in_data,
    open_in_a_chunk,
    open_in_auth,
    open_in_a_handshake,
    open_before_a_handshake,
    open_in_an_implicit_handshake,
    open_before_the_greeting,
    open_and_deaf,
    open_and_deaf_to_goodbye,
    open_and_half_closed,
    open_and_swallowed,
    open_and_late,
]


def test_fifty_labs_leave_nothing() -> None:
    with Lab() as lab:  # what is loaded once, such as codecs and modules, is loaded now
        lab.submit(HELLO)
    before = held()
    for number in range(50):
        lab = Lab(seed=number)
        lab.ca_file()
        if number % 10 == 0:
            assert lab.submit(HELLO).result == "delivered"
        loop = lab._world.thread.loop
        lab.stop()
        assert asyncio.all_tasks(loop) == set()
        assert loop.is_closed()
    del lab, loop
    assert held() == before


def test_a_stopped_lab_is_forgotten() -> None:
    """Nothing keeps a lab alive: no registry, no callback at exit, no thread."""
    lab = Lab()
    lab.submit(HELLO)
    gone = weakref.ref(lab._world), weakref.ref(lab)
    lab.stop()
    del lab
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


@pytest.mark.parametrize("start", OPEN, ids=lambda start: start.__name__)
def test_stop_does_not_wait_for_clients(start: Callable[[Lab], socket.socket]) -> None:
    before = held()
    lab = Lab()
    troubles: list[object] = []
    loop = lab._world.thread.loop
    loop.set_exception_handler(lambda loop, what: troubles.append(what))
    client = start(lab)
    begun = time.perf_counter()
    lab.stop()
    assert time.perf_counter() - begun < 20  # the shortest of the waits that it must not sit through is 60
    assert asyncio.all_tasks(loop) == set()
    assert troubles == []
    assert lab._world.errors == []
    client.settimeout(5)
    with contextlib.suppress(ConnectionError):  # it sees the end of the stream or a reset, not silence
        while client.recv(65536):
            pass
    client.close()
    del lab, loop, client
    assert held() == before


@pytest.mark.parametrize("start", OPEN, ids=lambda start: start.__name__)
def test_a_client_that_leaves_is_let_go(start: Callable[[Lab], socket.socket]) -> None:
    """While the lab runs, a client that goes away takes its connection along."""
    with Lab() as lab:
        troubles: list[object] = []
        lab._world.thread.loop.set_exception_handler(lambda loop, what: troubles.append(what))
        client = start(lab)
        client.close()
        deadline = time.perf_counter() + 10
        while lab.network._wires and time.perf_counter() < deadline:
            lab._world.thread.run(asyncio.sleep(0.005))
        assert not lab.network._wires
        assert lab.transcripts[-1].closed
        assert troubles == []
        assert lab._world.errors == []


def test_stop_right_after_connecting() -> None:
    """Nobody knows how far the tap has got by then: ten connections for each of ten labs."""
    before = held()
    for _ in range(10):
        lab = Lab()
        clients = [lab.network.dial("visitor.example", "mx.birch.example", 25) for _ in range(10)]
        lab.stop()
        for client in clients:
            client.settimeout(5)
            with contextlib.suppress(ConnectionError):
                while client.recv(65536):
                    pass
            client.close()
    del lab, clients, client
    assert held() == before


def test_stop_in_the_middle_of_work() -> None:
    """Something is under way, and a thread waits for it."""
    lab = Lab()
    errors: list[LabError] = []

    def wait() -> None:
        try:
            lab.settle()
        except LabError as error:
            errors.append(error)

    async def begin() -> None:
        lab._world.work(asyncio.sleep(60))

    lab._world.thread.run(begin())
    waiting = threading.Thread(target=wait)
    waiting.start()
    begun = time.perf_counter()
    lab.stop()
    waiting.join(10)
    assert not waiting.is_alive()
    assert time.perf_counter() - begun < 20  # the shortest of the waits that it must not sit through is 60
    assert all("has stopped" in str(error) for error in errors)


def test_stopping_twice() -> None:
    lab = Lab()
    lab.stop()
    lab.stop()
    assert "stopped" in repr(lab)


AFTER: dict[str, Callable[[Lab], object]] = {
    "connect": lambda lab: lab.connect("mx.birch.example"),
    "connect 465": lambda lab: lab.connect("mail.acorn.example", 465),
    "smtp": lambda lab: lab.smtp("mail.acorn.example"),
    "smtp_ssl": lambda lab: lab.smtp_ssl("mail.acorn.example"),
    "submit": lambda lab: lab.submit(HELLO),
    "resolve": lambda lab: lab.resolve("birch.example", "MX"),
    "address": lambda lab: lab.address("mx.birch.example", 25),
    "ca_file": lambda lab: lab.ca_file(),
    "settle": lambda lab: lab.settle(),
    "advance": lambda lab: lab.clock.advance(hours=1),
    "use_certificate": lambda lab: lab.use_certificate("mx.birch.example", "expired"),
}


@pytest.mark.parametrize("name", AFTER)
def test_a_stopped_lab_says_so(name: str) -> None:
    lab = Lab()
    lab.stop()
    before = held()
    with pytest.raises(LabError, match=r"`lab = Lab\(\)`"):
        AFTER[name](lab)
    assert held() == before


def test_a_stopped_lab_can_still_be_looked_at() -> None:
    with Lab() as lab:
        delivery = lab.submit(HELLO)
    assert delivery.result == "delivered"
    assert lab.mailbox("bob@birch.example")[0]["Subject"] == "hello"
    assert "250 2.0.0 OK" in lab.transcripts[0].text()
    assert lab.dns.queries
    assert lab.queue("mail.acorn.example")[0].outcomes == {"bob@birch.example": "relayed"}


def test_a_session_whose_lab_has_stopped() -> None:
    lab = Lab()
    session = lab.connect("mx.birch.example")
    lab.stop()
    with pytest.raises(LabError, match="closed this session"):
        session.send("NOOP")
        session.send("NOOP")
    session.close()


def test_a_lab_that_cannot_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from smtplab.lab import dns_server

    async def no(self: object) -> None:
        raise LabError("No port is free.")

    before = held()
    monkeypatch.setattr(dns_server.Server, "start", no)
    with pytest.raises(LabError, match="No port is free"):
        Lab()
    gc.collect()
    assert held() == before


# notebooks --------------------------------------------------------------------------------------


@pytest.fixture
def in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(builtins, "__IPYTHON__", True, raising=False)
    yield
    from smtplab.lab import lab as module

    while module._here:
        module._here.pop().stop()


@pytest.mark.usefixtures("in_a_notebook")
def test_running_the_cell_again_stops_the_lab_before() -> None:
    before = held()
    first = Lab()
    open_in_mid_dialogue(first).close()
    second = Lab()
    assert "stopped" in repr(first)
    assert "running" in repr(second)
    with pytest.raises(LabError, match="has stopped"):
        first.settle()
    assert second.submit(HELLO).result == "delivered"
    second.stop()
    del first, second
    after = held()
    assert after == before


def test_two_labs_side_by_side_in_a_script() -> None:
    with Lab() as one, Lab(seed=2) as other:
        one.submit(HELLO)
        assert len(one.mailbox("bob@birch.example")) == 1
        assert other.mailbox("bob@birch.example") == []
        assert other.transcripts == []


CELL = """
import threading, psutil
from smtplab import Lab
lab = Lab()
lab.submit("From: alice@acorn.example\\nTo: bob@birch.example\\n\\nHello")
session = lab.connect("mx.birch.example")
session.send("EHLO client.example")
print(len(lab.mailbox("bob@birch.example")), threading.active_count(), psutil.Process().num_fds())
"""


def test_a_real_kernel_runs_the_cell_again() -> None:
    cells = [nbformat.v4.new_code_cell(CELL) for _ in range(4)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with kernels() as config:
        NotebookClient(notebook, config=config, timeout=60).execute()
    said = [cell.outputs[0].text.split() for cell in notebook.cells]
    assert [mails for mails, _, _ in said] == ["1"] * 4
    assert said[1] == said[2] == said[3]  # as many threads and open files, however often it ran


# dead processes ---------------------------------------------------------------------------------

Started = tuple[subprocess.Popen[str], Path, tuple[str, int]]  # the process, its CA file and its MX

STARTED = """
import os, sys
from smtplab.lab.lab import Lab
lab = Lab()
print(lab.ca_file(), *lab.address("mx.birch.example", 25), flush=True)
{then}
"""


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Started]:
    """Starts a process with a lab. Both it and this one have a temporary folder of their own, where
    no other process's labs look."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def started(then: str) -> Started:
        process = subprocess.Popen(
            [sys.executable, "-c", STARTED.format(then=then)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(tmp_path)},
            text=True,
        )
        assert process.stdout
        path, host, port = process.stdout.readline().split()
        return process, Path(path), (host, int(port))

    return started


@pytest.mark.parametrize("how", ["os._exit", "SIGKILL"])
def test_a_killed_kernel_leaves_no_process_and_no_port(start: Callable[[str], Started], how: str) -> None:
    process, ca_file, address = start("os._exit(9)" if how == "os._exit" else "sys.stdin.read()")
    with process:
        if how == "SIGKILL":
            assert psutil.Process(process.pid).children(recursive=True) == []
            process.send_signal(signal.SIGKILL)
        process.wait(20)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    # Its folder is still there, for nobody could clean up. The next lab does, in whatever process.
    assert {path.name for path in ca_file.parent.iterdir()} == {"ca.pem", "keys"}
    with Lab():
        assert not ca_file.parent.exists()


def test_a_process_that_ends_without_stop_cleans_up(start: Callable[[str], Started]) -> None:
    process, ca_file, _ = start("")
    with process:
        assert process.wait(20) == 0
    assert not ca_file.parent.exists()


def test_the_folder_of_a_living_process_stays(start: Callable[[str], Started]) -> None:
    process, ca_file, _ = start("sys.stdin.read()")
    with process, Lab():
        assert ca_file.exists()
        process.kill()


def test_the_folder_is_for_its_owner_only() -> None:
    with Lab() as lab:
        folder = Path(lab.ca_file()).parent
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_a_session_is_closed_by_its_context() -> None:
    with Lab() as lab:
        with lab.connect("mx.birch.example") as session:
            assert isinstance(session, Session)
        assert session._sock.fileno() == -1
