"""The mail programs of the field deliver through the lab's real ports: swaks, curl, msmtp and smtplib.

Each submits for Alice on 587 (STARTTLS, AUTH) and on 465 (implicit TLS, AUTH), and each delivers to Bob's
MX on 25 (STARTTLS) as a visitor. They trust the lab's CA, and with another one they send nothing.
"""

from __future__ import annotations

import smtplib
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from smtplab.lab.certificates import Authority
from smtplab.lab.lab import Lab

ALICE, BOB, PASSWORD = "alice@acorn.example", "bob@birch.example", "wonderland"
HEAD = f"From: {ALICE}\r\nTo: {BOB}\r\nSubject: from a peer\r\n"
BODY = "Hello\r\n.\r\n..two dots\r\n\ttab\r\nend\r\n"
LIMIT = 30  # seconds that a program may take


@dataclass(frozen=True)
class Way:
    """How to reach a server: its name, its port, and whether TLS is there from the start."""

    host: str
    port: int
    implicit: bool = False

    @property
    def auth(self) -> bool:
        return self.port != 25


WAYS = [Way("mail.acorn.example", 587), Way("mail.acorn.example", 465, True), Way("mx.birch.example", 25)]


@dataclass
class Run:
    """What a program is given: where the server really is, whom to trust, and a folder of its own."""

    way: Way
    real: tuple[str, int]
    ca: str
    folder: Path

    def program(self, *arguments: str, data: str = "") -> subprocess.CompletedProcess[bytes]:
        """Run a program to its end. Its home is empty, so that nobody's configuration matters."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            arguments, input=data.encode(), capture_output=True, timeout=LIMIT, env=environment, check=False
        )

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.touch(0o600)
        path.write_bytes(text.encode())
        return str(path)


# Each returns True when the program says that it has delivered.


def swaks(run: Run, program: str) -> bool:
    host, port = run.real
    arguments = [program, "--server", host, "--port", str(port), "--ehlo", "peer.example"]
    arguments += [
        "--tls-on-connect" if run.way.implicit else "--tls",
        "--tls-verify",
        "--tls-ca-path",
        run.ca,
    ]
    arguments += ["--from", ALICE, "--to", BOB, "--data", "@" + run.file("message", f"{HEAD}\r\n{BODY}")]
    if run.way.auth:
        arguments += ["--auth", "LOGIN", "--auth-user", ALICE, "--auth-password", PASSWORD]
    return run.program(*arguments).returncode == 0


def curl(run: Run, program: str) -> bool:
    name, (host, port) = run.way.host, run.real
    url = f"{'smtps' if run.way.implicit else 'smtp'}://{name}:{port}/peer.example"
    arguments = [
        program,
        "-q",
        "--silent",
        "--show-error",
        "--url",
        url,
        "--resolve",
        f"{name}:{port}:{host}",
    ]
    arguments += ["--ssl-reqd", "--cacert", run.ca, "--mail-from", ALICE, "--mail-rcpt", BOB]
    arguments += ["--upload-file", run.file("message", f"{HEAD}\r\n{BODY}")]
    if run.way.auth:
        arguments += ["--user", f"{ALICE}:{PASSWORD}"]
    return run.program(*arguments).returncode == 0


def msmtp(run: Run, program: str) -> bool:
    host, port = run.real
    lines = [
        "account default",
        f"host {host}",
        f"port {port}",
        f"from {ALICE}",
        "domain peer.example",
        "tls on",
    ]
    lines += [f"tls_starttls {'off' if run.way.implicit else 'on'}", f"tls_trust_file {run.ca}"]
    lines += [f"tls_host_override {run.way.host}"]
    if run.way.auth:
        lines += ["auth on", f"user {ALICE}", f"password {PASSWORD}"]
    settings = run.file("msmtprc", "\n".join(lines) + "\n")
    message = f"{HEAD}\r\n{BODY}".replace("\r\n", "\n")
    return run.program(program, f"--file={settings}", BOB, data=message).returncode == 0


def library(run: Run, program: str) -> bool:
    """smtplib itself, not the lab's: it finds the port and checks the chain by the CA's file."""
    context = ssl.create_default_context(cafile=run.ca)
    context.check_hostname = False  # it would compare the certificate with 127.0.0.1
    try:
        if run.way.implicit:
            client = smtplib.SMTP_SSL(*run.real, "peer.example", timeout=LIMIT, context=context)
        else:
            client = smtplib.SMTP(*run.real, "peer.example", timeout=LIMIT)
        with client:
            if not run.way.implicit:
                client.starttls(context=context)
            if run.way.auth:
                client.login(ALICE, PASSWORD)
            return client.sendmail(ALICE, [BOB], f"{HEAD}\r\n{BODY}") == {}
    except ssl.SSLCertVerificationError:
        return False


PEERS = {"swaks": swaks, "curl": curl, "msmtp": msmtp, "smtplib": library}


@pytest.fixture(scope="module")
def one_lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.mta("mx.birch.example").checks.off()  # the peers send as Alice, from a host that is none of hers
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def lab(one_lab: Lab) -> Lab:
    for box in one_lab.mta("mx.birch.example").store.boxes.values():
        box.clear()
    one_lab.network.transcripts.clear()
    return one_lab


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest, need_program: Callable[..., str]) -> Callable[[Run], bool]:
    name: str = request.param
    if name == "smtplib":
        return lambda run: library(run, "")
    program = need_program(name)
    return lambda run: PEERS[name](run, program)


@pytest.fixture(params=WAYS, ids=lambda way: way.port)
def run(request: pytest.FixtureRequest, lab: Lab, tmp_path: Path) -> Run:
    way: Way = request.param
    return Run(way, lab.address(way.host, way.port), lab.ca_file(), tmp_path)


def test_a_peer_delivers(lab: Lab, peer: Callable[[Run], bool], run: Run) -> None:
    assert peer(run)
    lab.settle()
    [mail] = lab.mailbox(BOB)
    header, _, body = mail.raw.partition(b"\r\n\r\n")
    assert body.removesuffix(b"\r\n" * body.endswith(b"\r\n\r\n")) == BODY.encode()  # swaks adds a blank line
    assert HEAD.encode() in header + b"\r\n"
    received = mail.message.get_all("Received") or []
    assert len(received) == (2 if run.way.auth else 1)
    assert received[-1].startswith("from peer.example (visitor.example [203.0.113.200])\tby " + run.way.host)
    assert f" with {'ESMTPSA' if run.way.auth else 'ESMTPS'} id " in received[-1]
    transcript = lab.transcripts[0]
    assert transcript.tls
    assert transcript.server.port == run.way.port
    codes = [reply.split()[0] for reply in transcript.text().splitlines() if reply.startswith("<~*")]
    assert codes == []  # nothing was refused


def test_a_peer_with_another_ca_sends_nothing(
    lab: Lab, peer: Callable[[Run], bool], run: Run, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(Authority().pem)
    run.ca = str(other)
    assert not peer(run)
    lab.settle()
    assert lab.mailbox(BOB) == []
    assert "MAIL FROM" not in lab.transcripts[0].text().upper()
    with lab.connect("mx.birch.example") as session:  # and the next client is served
        assert session.send("QUIT")


def test_swaks_pipelines(lab: Lab, need_program: Callable[..., str], tmp_path: Path) -> None:
    run = Run(WAYS[2], lab.address("mx.birch.example", 25), lab.ca_file(), tmp_path)
    host, port = run.real
    done = run.program(
        need_program("swaks"), "--server", host, "--port", str(port), "--pipeline", "--from", ALICE,
        "--to", f"{BOB},postmaster@birch.example", "--header", "Subject: piped", "--body", "x",
    )  # fmt: skip
    assert done.returncode == 0
    assert [mail["Subject"] for mail in lab.mailbox(BOB)] == ["piped"]
    [client] = [event.data for event in lab.transcripts[0].events if event.data.startswith(b"MAIL")]
    assert client.count(b"RCPT") == 2  # one write: PIPELINING was believed
