"""Mail out of the lab to Debian's Postfix, and into it again: an MTA that is not ours, at both ends.

Postfix stands in the lab as the exchanger of birch.example and hands what it takes to the lab's real ports.
The lab stays closed: it knows a host of its own, whose server is this test's pipe to Postfix. Postfix knows
no DNS and no host but 127.0.0.1. Its master has to be root, so this cannot run for an ordinary user.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from smtplab.lab.hosts import Host
from smtplab.lab.lab import Lab
from smtplab.mail.dialogue import lines

ALICE, BOB = "alice@acorn.example", "bob@birch.example"
PEER = "mx.peer.example"
LIMIT = 30

SERVICES = """\
{address} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""
SETTINGS = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.peer.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relay_domains = birch.example
transport_maps = inline:{{ {{ birch.example = smtp:[127.0.0.1]:{mx} }}, {{ acorn.example = smtp:[127.0.0.1]:{msa} }} }}
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = encrypt
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/peer.pem
alias_maps =
alias_database =
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
"""  # noqa: E501


class Pipe(asyncio.Protocol):
    """The server of a host in the lab: whatever comes goes to a real port, and back."""

    def __init__(self, real: tuple[str, int]) -> None:
        self.real, self.there, self.waiting = real, cast(Any, None), b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.here = cast(asyncio.Transport, transport)
        self.task = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        pipe = self

        class Back(asyncio.Protocol):
            def data_received(self, data: bytes) -> None:
                pipe.here.write(data)

            def connection_lost(self, error: Exception | None) -> None:
                pipe.here.close()

        self.there, _ = await asyncio.get_running_loop().create_connection(Back, *self.real)
        self.there.write(self.waiting)

    def data_received(self, data: bytes) -> None:
        if self.there:
            self.there.write(data)
        else:
            self.waiting += data

    def connection_lost(self, error: Exception | None) -> None:
        if self.there:
            self.there.close()


@pytest.fixture
def postfix(need_program: Callable[..., str]) -> Iterator[Callable[[Lab], Path]]:
    """Start Postfix for a lab, as its exchanger for birch.example. Returns the file of its log."""
    program = need_program("postfix", "/usr/sbin/postfix")
    if os.geteuid() != 0:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Postfix's master has to be root")
    folder = Path(tempfile.mkdtemp(prefix="smtplab-postfix-"))  # short: it makes Unix sockets in there
    started: list[bool] = []

    def start(lab: Lab) -> Path:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            real = probe.getsockname()
        mx, msa = (lab.address(host, 25)[1] for host in ("mx.birch.example", "mail.acorn.example"))
        for name in ("etc", "spool", "data"):
            (folder / name).mkdir()
        folder.chmod(0o755)
        shutil.chown(folder / "data", "postfix")
        (folder / "peer.pem").write_bytes(certificate(lab))
        (folder / "etc" / "main.cf").write_text(SETTINGS.format(folder=folder, mx=mx, msa=msa))
        (folder / "etc" / "master.cf").write_text(SERVICES.format(address="{}:{}".format(*real)))
        run(program, folder, "start")
        started.append(True)
        join(lab, real)
        return folder / "log"

    yield start
    if started:
        run(program, folder, "stop")
    shutil.rmtree(folder)


def run(program: str, folder: Path, what: str) -> None:
    done = subprocess.run(
        [program, "-c", str(folder / "etc"), what], capture_output=True, timeout=LIMIT, text=True
    )
    assert done.returncode == 0, done.stderr


def certificate(lab: Lab) -> bytes:
    """A key and a certificate for the peer, from the lab's CA."""
    issued = lab._world.authority._issue(PEER)
    return issued.key_pem + issued.pem


def join(lab: Lab, real: tuple[str, int]) -> None:
    """Put the peer into the lab, with a name and an address there."""
    host = lab.network.add(Host(PEER, ("192.0.2.200",)))
    lab.dns.add_zone("peer.example").set("mx", "A", "192.0.2.200")
    lab.dns.zone("birch.example").set("@", "MX", f"10 {PEER}")
    lab._world.thread.run(lab.network.listen(host, 25, lambda wire: Pipe(real)))


def delivered(lab: Lab, mailbox: str) -> threading.Event:
    """Set once something lies in the mailbox."""
    event, stores = threading.Event(), lab._stores.values()
    store = next(s for s in stores if mailbox in s.boxes)
    own = store.deliver

    def deliver(box: str, mail: Any) -> Any:
        twin = own(box, mail)
        if box == mailbox:
            event.set()
        return twin

    store.deliver = deliver  # type: ignore[method-assign]
    return event


def msmtp(lab: Lab, program: str, folder: Path, to: str) -> None:
    """Alice's program submits to the lab's real port, and is satisfied."""
    host, port = lab.address("mail.acorn.example", 587)
    settings = folder / "msmtprc"
    settings.touch(0o600)
    settings.write_text(
        f"account default\nhost {host}\nport {port}\nfrom {ALICE}\ndomain home.example\ntls on\n"
        f"tls_starttls on\ntls_trust_file {lab.ca_file()}\ntls_host_override mail.acorn.example\n"
        f"auth on\nuser {ALICE}\npassword wonderland\n"
    )
    message = f"From: {ALICE}\nTo: {to}\nSubject: round\n\n.dot\nHello\n"
    done = subprocess.run(
        [program, f"--file={settings}", to], input=message.encode(), capture_output=True, timeout=LIMIT
    )
    assert done.returncode == 0, done.stderr


def test_out_to_postfix_and_in_again(
    postfix: Callable[[Lab], Path], need_program: Callable[..., str], tmp_path: Path
) -> None:
    """msmtp → the lab's MSA and queue → Postfix → the lab's MX → Bob."""
    with Lab() as lab:
        lab.admit("postfix")  # its programs run as a user of their own
        log = postfix(lab)
        arrived = delivered(lab, BOB)
        msmtp(lab, need_program("msmtp"), tmp_path, BOB)
        assert arrived.wait(LIMIT), log.read_text()
        lab.settle()
        [item] = lab.queue("mail.acorn.example")
        [attempt] = item.attempts
        assert (attempt.host, attempt.outcome, attempt.dsn) == (PEER, "relayed", True)
        assert attempt.transcript and attempt.tls
        assert attempt.tls.result == "neutral"  # STARTTLS, whoever's certificate: nobody else can read it
        assert b"Hello" not in b"".join(event.data for event in attempt.transcript.wire)
        assert str(attempt.reply).startswith("250 2.0.0 Ok: queued as ")
        [mail] = lab.mailbox(BOB)
        assert mail.raw.endswith(b"\r\n\r\n.dot\r\nHello\r\n")
        hops = mail.message.get_all("Received") or []
        assert ["by mx.birch.example" in hops[0], "(Postfix)" in hops[1], "by mail.acorn" in hops[2]] == [
            True
        ] * 3
        assert lab._world.errors == []


def test_three_messages_over_one_connection(postfix: Callable[[Lab], Path]) -> None:
    """What fell due together goes to Postfix together. In clear, so that the lab can read it."""
    with Lab() as lab:
        lab.admit("postfix")  # its programs run as a user of their own
        log = postfix(lab)
        queue = lab.mta("mail.acorn.example").queue
        queue.tls = "none"
        lab.stop_host(PEER)
        texts = [f"From: {ALICE}\nTo: {BOB}\nSubject: {n}\n\nHello\n" for n in range(3)]
        deliveries = [lab.submit(text) for text in texts]
        lab.start_host(PEER)
        arrived = delivered(lab, BOB)
        queue.flush()
        assert [d.items()[0].outcomes for d in deliveries] == [{BOB: "relayed"}] * 3
        [transcript] = {id(d.transcripts[-1]): d.transcripts[-1] for d in deliveries}.values()
        said = [line.text.split()[0] for line in lines(transcript) if line.kind == "command"]
        assert said.count("MAIL") == 3
        assert arrived.wait(LIMIT), log.read_text()


def test_postfix_tells_alice_that_there_is_no_such_user(postfix: Callable[[Lab], Path]) -> None:
    """The last host that took the message writes the DSN: Postfix (RFC 5321 §6.1)."""
    with Lab() as lab:
        lab.admit("postfix")  # its programs run as a user of their own
        log = postfix(lab)
        arrived = delivered(lab, ALICE)
        lab.submit(f"From: {ALICE}\nTo: nobody@birch.example\nSubject: x\n\nHello\n")
        assert arrived.wait(LIMIT), log.read_text()
        lab.settle()
        [told] = lab.mailbox(ALICE)
        assert str(told.reverse_path) == "<>"
        assert b"Reporting-MTA: dns; mx.peer.example" in told.raw
        assert b"Status: 5.1.1" in told.raw
        assert b"Diagnostic-Code: smtp; 550 5.1.1 No such user here" in told.raw
