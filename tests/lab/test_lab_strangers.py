"""Another user of this machine is out: of every tap and of the DNS; the owner's plain programs are in.

Root starts real programs of other users. Where the tests do not run as root, the lab is told that it belongs
to someone else, so that our own programs are the strangers: the kernel is asked all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import smtplib
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dns.message
import dns.query
import dns.resolver
import psutil  # type: ignore[import-untyped]
import pytest

from smtplab.lab import owners, scratch, strangers
from smtplab.lab.lab import Lab
from smtplab.lab.owners import SockDiag, Tables
from smtplab.lab.strangers import Stranger, Strangers
from smtplab.mail.errors import LabError
from smtplab.show import pcap

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")

OTHER, THIRD = 65534, 61234
AM_ROOT = os.geteuid() == 0 if hasattr(os, "geteuid") else False
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LOCAL = "127.0.0.1"

# The modules of this Python may be out of another user's reach: what is needed late is loaded first.
BECOME = """
import encodings.idna, os, socket, sys
if (uid := int(sys.argv[1])) >= 0:
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
"""

# Says for each port what it got there: closed, or what came; "open" when nothing came, but it stayed open.
CALL = f"""{BECOME}
for port in sys.argv[2:]:
    with socket.create_connection(("{LOCAL}", int(port)), timeout=10) as sock:
        sock.settimeout(1.5)
        try:
            print(sock.recv(100) or "closed")
        except ConnectionError:
            print("closed")
        except TimeoutError:
            print("open")
"""

# Asks by UDP, waits for a line, and says what has come by then.
ASK = f"""{BECOME}
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.sendto(bytes.fromhex(sys.argv[3]), ("{LOCAL}", int(sys.argv[2])))
    print("asked", flush=True)
    sys.stdin.readline()
    sock.setblocking(False)
    try:
        print("answer", len(sock.recv(4096)))
    except BlockingIOError:
        print("silence")
"""

# Says all at once and hangs up.
HURRY = f"""{BECOME}
said = ["EHLO x", "MAIL FROM:<a@acorn.example>", "RCPT TO:<bob@birch.example>", "DATA", "", ".", "QUIT", ""]
with socket.create_connection(("{LOCAL}", int(sys.argv[2]))) as sock:
    try:
        sock.sendall(chr(10).join(said).replace(chr(10), chr(13) + chr(10)).encode())
    except ConnectionError:
        pass
"""


def program(script: str, uid: int, *arguments: object) -> list[str]:
    """The command that runs `script` as the user `uid` (-1: as we are)."""
    return [sys.executable, "-I", "-c", script, str(uid if AM_ROOT else -1), *map(str, arguments)]


def run(script: str, uid: int, *arguments: object) -> list[str]:
    done = subprocess.run(program(script, uid, *arguments), capture_output=True, text=True, timeout=60)
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@pytest.fixture
def closed_lab(lab: Lab) -> Lab:
    """A lab to which the user OTHER is a stranger, also where no process can have another user."""
    if os.environ.get("CI") == "true":
        assert AM_ROOT, "CI runs the tests as root, so that the strangers are real"
    if not AM_ROOT:
        lab._world.strangers._welcome.clear()
    return lab


def whom_it_sees() -> int:
    """The user whom the lab sees when OTHER calls."""
    return OTHER if AM_ROOT else os.geteuid()


def seen(lab: Lab) -> None:
    """Let the lab's loop take what has arrived: on loopback that is all that was sent."""
    for _ in range(10):
        lab._world.thread.run(asyncio.sleep(0))


def listening() -> set[tuple[str, int]]:
    """(transport, port) of every socket in this process that others can reach."""
    mine = psutil.Process().net_connections("inet")
    return {
        ("tcp" if each.type == socket.SOCK_STREAM else "udp", each.laddr.port)
        for each in mine
        if each.status == psutil.CONN_LISTEN or (each.type == socket.SOCK_DGRAM and not each.raddr)
    }


# the kernel's word --------------------------------------------------------------------------------


@pytest.fixture(params=[SockDiag, Tables])
def ask(request: pytest.FixtureRequest) -> Iterator[owners.Ask]:
    with contextlib.closing(request.param()) as way:
        yield way


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server((LOCAL, 0)) as server:
        yield server


def test_our_own_sockets_are_ours(ask: owners.Ask) -> None:
    assert owners.works(ask)


def test_a_connection_is_told_by_all_four_numbers(ask: owners.Ask, server: socket.socket) -> None:
    with socket.create_connection(server.getsockname()) as client:
        address, port = client.getsockname()
        assert ask("tcp", (address, port), server.getsockname()) == os.geteuid()
        assert ask("tcp", (address, port), (LOCAL, server.getsockname()[1] ^ 1)) is None
        assert ask("tcp", (address, port ^ 1), server.getsockname()) is None
        assert ask("udp", (address, port), server.getsockname()) is None


def test_ipv4_out_of_an_ipv6_socket(ask: owners.Ask, server: socket.socket) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as client:
        client.connect((f"::ffff:{LOCAL}", server.getsockname()[1]))
        assert ask("tcp", (LOCAL, client.getsockname()[1]), server.getsockname()) == os.geteuid()


def test_a_closed_connection_belongs_to_nobody_rather_than_to_root(
    ask: owners.Ask, server: socket.socket
) -> None:
    client = socket.create_connection(server.getsockname())
    name = client.getsockname()
    accepted, _ = server.accept()
    client.close()
    assert ask("tcp", name, server.getsockname()) is None  # half closed
    accepted.close()
    assert ask("tcp", name, server.getsockname()) is None  # the kernel waits for late packets


def test_a_listener_on_the_port_of_a_connection_that_has_gone_is_not_its_owner(
    ask: owners.Ask, server: socket.socket
) -> None:
    with socket.create_server((LOCAL, 0)) as late:
        assert ask("tcp", late.getsockname(), server.getsockname()) is None


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
@pytest.mark.parametrize("bound", ["one address", "any", "connected"])
def test_whoever_would_get_the_answer_by_udp(ask: owners.Ask, family: int, bound: str) -> None:
    here = LOCAL if family == socket.AF_INET else f"::ffff:{LOCAL}"
    anywhere = "0.0.0.0" if family == socket.AF_INET else "::"
    with socket.socket(family, socket.SOCK_DGRAM) as client, socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind((LOCAL, 0))
        if bound == "connected":
            client.connect((here, server.getsockname()[1]))
        elif bound == "any":
            client.sendto(b"", (here, server.getsockname()[1]))
            assert client.getsockname()[0] == anywhere
        else:
            client.bind((here, 0))
        asked = (LOCAL, client.getsockname()[1]), server.getsockname()
        assert ask("udp", *asked) == os.geteuid()
        client.close()
        assert ask("udp", *asked) is None


def test_the_kernel_is_asked_first_then_its_tables_then_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    find = owners.way.__wrapped__
    assert find() is SockDiag
    monkeypatch.setattr(owners, "SOCK_DIAG", 31)  # a protocol of netlink that there is not
    assert find() is Tables
    monkeypatch.setattr(Tables, "__call__", lambda *_: None)
    assert find() is None
    monkeypatch.undo()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert find() is None


# the decision -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "admitted"),
    [("me", True), (0, True), (OTHER if os.geteuid() != OTHER else THIRD, False), (None, False)],
)
def test_who_may_come_in(owner: int | str | None, admitted: bool) -> None:
    uid = os.geteuid() if owner == "me" else owner
    door = Strangers(lambda: NOW, lambda *_: uid)  # type: ignore[arg-type]
    assert door.admits("tcp", (LOCAL, 40000), (LOCAL, 50000), "mx.birch.example port 25") is admitted
    expected = [] if admitted else [Stranger(NOW, owner, f"{LOCAL}:40000", "mx.birch.example port 25")]  # type: ignore[arg-type]
    assert door.refused == expected


def test_a_friend_comes_in_by_name_or_number(lab: Lab) -> None:
    door = Strangers(lambda: NOW, lambda *_: THIRD)
    asked = "tcp", (LOCAL, 40000), (LOCAL, 50000), ""
    assert not door.admits(*asked)  # type: ignore[arg-type]
    door.admit(THIRD)
    assert door.admits(*asked)  # type: ignore[arg-type]
    door.admit("root")
    with pytest.raises(LabError, match="no user 'nobody of this name'"):
        lab.admit("nobody of this name")


def test_what_is_kept_of_them_is_bounded_and_each_user_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    callers = iter([THIRD] * 3 + [None] + list(range(OTHER + 1, OTHER + 1200)))
    door = Strangers(lambda: NOW, lambda *_: next(callers))
    with caplog.at_level(logging.WARNING, "smtplab"):
        for port in range(1203):
            door.admits("tcp", (LOCAL, port), (LOCAL, 50000), "mx.birch.example port 25")
    assert len(door.refused) == strangers.KEPT
    assert str(door.refused[-1]).startswith("09:00:00 refused user ")
    assert "hung up" in str(Stranger(NOW, None, "", ""))
    said = [record.getMessage() for record in caplog.records]
    assert len(said) <= strangers.TOLD
    assert sum(f"user {THIRD}" in line for line in said) == 1


def test_where_nobody_can_be_asked_nobody_is_refused_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    private, found = strangers.privacy()
    assert private
    assert "closed to other users" in found
    monkeypatch.setattr(owners, "mixed", lambda: True)
    assert strangers.privacy()[0] is False
    monkeypatch.setattr(owners, "way", lambda: None)
    private, found = strangers.privacy()
    assert not private
    assert "other users of this machine can talk to your lab" in found
    door = Strangers(lambda: NOW)
    assert door.admits("tcp", (LOCAL, 40000), (LOCAL, 50000), "")
    door.close()


# a real stranger ----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [SockDiag, Tables])
def test_a_stranger_gets_no_octet_from_any_port_of_the_process(
    way: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owners, "way", lambda: way)
    before = listening()
    with Lab() as lab:
        if not AM_ROOT:
            lab._world.strangers._welcome.clear()
        opened = sorted(port for transport, port in listening() - before if transport == "tcp")
        assert len(opened) > 20
        assert lab.address("imap.birch.example", 993)[1] in opened
        assert lab.address("imap.birch.example", 110)[1] in opened
        assert lab.dns.address[1] in opened
        assert run(CALL, OTHER, *opened) == ["closed"] * len(opened)
        assert {each.uid for each in lab.strangers} == {whom_it_sees()}
        assert len(lab.strangers) == len(opened)
        assert {"mx.birch.example port 25", "the DNS over TCP"} <= {each.at for each in lab.strangers}
        assert not lab.transcripts
        assert not lab._world.errors


def test_udp_is_silent_to_a_stranger_and_answers_us(closed_lab: Lab) -> None:
    lab, query = closed_lab, dns.message.make_query("acorn.example", "MX")
    assert {port for transport, port in listening() if transport == "udp"} >= {lab.dns.address[1]}
    command = program(ASK, OTHER, lab.dns.address[1], query.to_wire().hex())
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdin
        assert asking.stdout
        assert asking.stdout.readline() == "asked\n"
        seen(lab)
        lab._world.strangers._welcome.add(os.geteuid())
        # It came after the other's, and is answered: so would the other's have been by now.
        answer = dns.query.udp(query, LOCAL, timeout=5, port=lab.dns.address[1])
        assert answer.answer
        asking.stdin.write("\n")
        asking.stdin.flush()
        assert asking.stdout.readline() == "silence\n"
    assert [(each.uid, each.at) for each in lab.strangers] == [(whom_it_sees(), "the DNS over UDP")]
    assert len(lab.dns.queries) == 1


def test_a_stranger_who_says_all_at_once_and_hangs_up_delivers_nothing(closed_lab: Lab) -> None:
    run(HURRY, OTHER, closed_lab.address("mx.birch.example", 25)[1])
    seen(closed_lab)
    closed_lab.settle()
    [stranger] = closed_lab.strangers
    assert stranger.uid in (whom_it_sees(), None)
    assert not closed_lab.mailbox("bob@birch.example")
    assert not closed_lab.transcripts


def test_the_owners_own_programs_are_served(lab: Lab) -> None:
    [port] = {lab.address("mx.birch.example", 25)[1]}
    [greeting] = run(CALL, -1, port)
    assert greeting.startswith("b'220 mx.birch.example ")
    with smtplib.SMTP(LOCAL, port) as client:
        assert client.ehlo("visitor.example")[0] == 250
    for tcp in (False, True):
        resolver = lab.dns.resolver()
        assert resolver.resolve("acorn.example", "MX", tcp=tcp)
    assert not lab.strangers


OWN_LAB = f"""
import os, sys
from smtplab.lab.lab import Lab
Lab().stop()  # what it loads late it may not be able to read as another user
os.setgroups([]); os.setgid({OTHER}); os.setuid({OTHER})
with Lab() as lab:
    print(lab.address("mx.birch.example", 25)[1], flush=True)
    sys.stdin.readline()
    lab.admit({THIRD})
    print("admitted", flush=True)
    sys.stdin.readline()
    print(*[each.uid for each in lab.strangers])
    os.chdir("/")
"""


def test_root_may_visit_a_users_lab_and_a_third_may_not() -> None:
    if not AM_ROOT:  # then the decision's own test, above, is what there is
        return
    command = [sys.executable, "-c", OWN_LAB]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin
        assert running.stdout
        port = running.stdout.readline().strip()
        assert run(CALL, 0, port)[0].startswith("b'220 ")
        assert run(CALL, OTHER, port)[0].startswith("b'220 ")
        assert run(CALL, THIRD, port) == ["closed"]
        running.stdin.write("\n")
        running.stdin.flush()
        assert running.stdout.readline() == "admitted\n"
        assert run(CALL, THIRD, port)[0].startswith("b'220 ")
        running.stdin.write("\n")
        running.stdin.flush()
        assert running.stdout.readline() == f"{THIRD}\n"


# files --------------------------------------------------------------------------------------------


def test_files_of_the_lab_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Lab() as lab:
            lab.submit("From: alice@acorn.example\nTo: bob@birch.example\n\nHello")
            folder = lab._world.scratch.folder
            written = [Path(lab.ca_file()), lab._world.keylog.path]
            written += pcap.save(lab.transcripts, tmp_path / "mail.pcap")
            assert len(written) == 4
            assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        os.umask(before)


def test_a_new_lab_clears_up_after_its_user_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "_alive", lambda process: False)
    ours, link = tmp_path / f"{scratch.PREFIX}11-a", tmp_path / f"{scratch.PREFIX}12-a"
    ours.mkdir()
    (tmp_path / "kept").mkdir()
    link.symlink_to(tmp_path / "kept")
    with monkeypatch.context() as someone_else:
        someone_else.setattr(os, "geteuid", lambda: THIRD)
        scratch._sweep()
    assert ours.exists()
    scratch._sweep()
    assert not ours.exists()
    assert (tmp_path / "kept").exists()
