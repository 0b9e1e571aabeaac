"""openssl s_client looks at the lab's TLS: the chain, the names, the versions."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtplab.lab.certificates import Authority, Kind
from smtplab.lab.lab import Lab

SERVERS = [
    ("mail.acorn.example", 587, True),
    ("mail.acorn.example", 465, False),
    ("mx.birch.example", 25, True),
    ("mx2.birch.example", 25, True),
    ("out.relay.example", 465, False),
    ("mx.forward.example", 25, True),
    ("mx.list.example", 25, True),
    ("mail.mallory.example", 25, True),
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def s_client(lab: Lab, need_program: Callable[..., str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`s_client(host, port, starttls, *options)`: the end of one run, which says QUIT."""
    program = need_program("openssl")

    def look(host: str, port: int, starttls: bool, *options: str) -> subprocess.CompletedProcess[str]:
        address, real = lab.address(host, port)
        command = [
            program,
            "s_client",
            "-connect",
            f"{address}:{real}",
            "-servername",
            host,
            "-crlf",
            "-ign_eof",
        ]
        command += ["-starttls", "smtp", "-name", "peer.example"] if starttls else []
        done = subprocess.run(
            [*command, "-verify_return_error", *options],
            input=b"QUIT\n", capture_output=True, timeout=30, check=False,
        )  # fmt: skip
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return look


@pytest.mark.parametrize(("host", "port", "starttls"), SERVERS, ids=lambda value: str(value))
def test_the_chain_holds(lab: Lab, s_client, host: str, port: int, starttls: bool) -> None:
    done = s_client(host, port, starttls, "-CAfile", lab.ca_file(), "-verify_hostname", host, "-showcerts")
    assert done.returncode == 0, done.stderr
    assert "Verify return code: 0 (ok)" in done.stdout
    assert f"Verified peername: {host}" in done.stdout
    assert "the lab's CA" in done.stdout
    assert "TLSv1.3" in done.stdout
    # On 465 it says QUIT before it has heard the greeting, and is told so.
    assert (f"221 2.0.0 {host}" in done.stdout) or not starttls


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_both_versions_of_tls(lab: Lab, s_client, version: str) -> None:
    done = s_client("mail.acorn.example", 465, False, version, "-CAfile", lab.ca_file())
    assert done.returncode == 0, done.stderr
    assert version.replace("-tls1_", "TLSv1.") in done.stdout
    assert lab.transcripts[-1].events[0].note.startswith(version.replace("-tls1_", "TLSv1."))


def test_an_old_version_is_refused(lab: Lab, s_client) -> None:
    done = s_client("mail.acorn.example", 465, False, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert done.returncode != 0
    assert "TLS failed" in lab.transcripts[-1].events[-1].note


def test_another_ca(lab: Lab, s_client, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(Authority().pem)
    done = s_client("mx.birch.example", 25, True, "-CAfile", str(other), "-no-CApath")
    assert done.returncode != 0
    assert "unable to get local issuer certificate" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("wrong-name", "hostname mismatch"),
        ("expired", "certificate has expired"),
        ("self-signed", "self-signed certificate"),
    ],
)
def test_certificates_that_do_not_hold(lab: Lab, s_client, kind: Kind, said: str) -> None:
    lab.use_certificate("mx2.birch.example", kind)
    try:
        done = s_client(
            "mx2.birch.example", 25, True, "-CAfile", lab.ca_file(), "-verify_hostname", "mx2.birch.example"
        )
    finally:
        lab.use_certificate("mx2.birch.example")
    assert done.returncode != 0
    assert said in (done.stdout + done.stderr).lower()
