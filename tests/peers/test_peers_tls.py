"""What the programs of the field say about certificates, and about Mallory: swaks, curl, openssl and smtplib.

Each is asked twice where it can be: strict (TLS, and a certificate that holds) and opportunistic (TLS if it
is there, whoever's certificate it is). Their exact words differ from version to version.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from smtplab.lab.certificates import Kind
from smtplab.lab.lab import Lab
from smtplab.mail.transcript import Side

MX, BOB = "mx.birch.example", "bob@birch.example"
EVE = "eve@visitor.example"
MESSAGE = f"From: {EVE}\r\nTo: {BOB}\r\nSubject: from a peer\r\n\r\nthe body\r\n"
KINDS = get_args(Kind)
BAD = KINDS[1:]
LIMIT = 30  # seconds that a program may take

# OpenSSL's words for each fault, in its versions 1.1 to 3: they reach the user through all these programs.
FAULTS = {
    "wrong-name": r"(?i)host ?name mismatch|no alternative certificate subject name|does not match",
    "expired": r"(?i)certificate has expired",
    "self-signed": r"(?i)self[- ]signed certificate",
    "unknown-ca": r"(?i)unable to get local issuer certificate|unable to verify the first certificate",
}
Need = Callable[..., str]


@dataclass
class Peer:
    """A program and what it is given: the lab, and a folder of its own."""

    lab: Lab
    folder: Path
    program: str = ""

    def run(self, *arguments: str, data: str = "") -> subprocess.CompletedProcess[str]:
        """Run the program to its end. Its home is empty, so that nobody's configuration matters."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            [self.program, *arguments],
            input=data,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            env=environment,
            check=False,
        )

    def real(self, port: int = 25) -> tuple[str, str]:
        host, number = self.lab.address(MX, port)
        return host, str(number)

    def message(self) -> str:
        path = self.folder / "message"
        path.write_bytes(MESSAGE.encode())
        return str(path)

    @property
    def arrived(self) -> int:
        """The messages that Bob has."""
        return len(self.lab.mailbox(BOB))


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    with Lab() as lab:
        yield Peer(lab, tmp_path)
        assert lab._world.errors == []


@pytest.fixture
def swaks(peer: Peer, need_program: Need) -> Peer:
    peer.program = need_program("swaks")
    return peer


@pytest.fixture
def curl(peer: Peer, need_program: Need) -> Peer:
    peer.program = need_program("curl")
    return peer


@pytest.fixture
def openssl(peer: Peer, need_program: Need) -> Peer:
    peer.program = need_program("openssl")
    return peer


def ask_swaks(peer: Peer, *more: str) -> subprocess.CompletedProcess[str]:
    host, port = peer.real()
    who = ("--ehlo", "visitor.example", "--from", EVE, "--to", BOB, "--data", f"@{peer.message()}")
    return peer.run("--server", host, "--port", port, *who, *more)


def strict_swaks(peer: Peer) -> subprocess.CompletedProcess[str]:
    return ask_swaks(peer, "--tls", "--tls-verify", "--tls-ca-path", peer.lab.ca_file())


def ask_curl(peer: Peer, *more: str) -> subprocess.CompletedProcess[str]:
    host, port = peer.real()
    where = ("--url", f"smtp://{MX}:{port}/visitor.example", "--resolve", f"{MX}:{port}:{host}")
    what = ("--mail-from", EVE, "--mail-rcpt", BOB, "--upload-file", peer.message())
    return peer.run("-q", "--silent", "--show-error", *where, "--cacert", peer.lab.ca_file(), *what, *more)


def ask_openssl(peer: Peer, *more: str) -> subprocess.CompletedProcess[str]:
    where = ("-connect", ":".join(peer.real()), "-servername", MX, "-starttls", "smtp")
    trust = ("-CAfile", peer.lab.ca_file(), "-verify_hostname", MX)
    return peer.run("s_client", *where, *trust, *more, data="QUIT\r\n")


# certificates -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_curl_and_the_certificates(curl: Peer, kind: Kind) -> None:
    curl.lab.use_certificate(MX, kind)
    strict = ask_curl(curl, "--ssl-reqd")
    assert strict.returncode == (0 if kind == "good" else 60), strict.stderr
    if kind != "good":
        assert re.search(FAULTS[kind], strict.stderr), strict.stderr
    assert curl.arrived == (kind == "good")
    # "--ssl" is TLS if it is there. The certificate is checked all the same, unless -k says otherwise.
    assert ask_curl(curl, "--ssl").returncode == strict.returncode
    assert ask_curl(curl, "--ssl", "--insecure").returncode == 0
    assert curl.lab.transcripts[-1].tls


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_and_the_certificates(openssl: Peer, kind: Kind) -> None:
    openssl.lab.use_certificate(MX, kind)
    tells = ask_openssl(openssl)  # it says what it thinks, and goes on
    assert tells.returncode == 0
    strict = ask_openssl(openssl, "-verify_return_error")
    assert (strict.returncode == 0) is (kind == "good")
    for said in (tells.stdout + tells.stderr, strict.stdout + strict.stderr):
        if kind == "good":
            assert "Verify return code: 0 (ok)" in said
        else:
            assert re.search(FAULTS[kind], said), said
            assert re.search(r"Verify return code: (10|18|20|21|62) ", said)


@pytest.mark.parametrize("kind", KINDS)
def test_swaks_and_the_certificates(swaks: Peer, kind: Kind) -> None:
    """Without --tls-verify it takes any. With it, versions before 2024 look at the CA, not at the name."""
    swaks.lab.use_certificate(MX, kind)
    assert ask_swaks(swaks, "--tls").returncode == 0
    assert swaks.lab.transcripts[-1].tls
    version = re.search(r"swaks version (\d{4})", swaks.run("--version").stdout)
    assert version
    strict = strict_swaks(swaks)
    if kind == "good" or (kind == "wrong-name" and version[1] < "2024"):
        assert strict.returncode == 0, strict.stderr
    else:
        assert strict.returncode == 29, strict.stdout
        assert "TLS startup failed" in strict.stderr
    assert swaks.arrived == (2 if strict.returncode == 0 else 1)


@pytest.mark.parametrize("kind", BAD)
def test_smtplib_and_the_certificates(peer: Peer, kind: Kind) -> None:
    peer.lab.use_certificate(MX, kind)
    with peer.lab.smtp(MX, 25) as client, pytest.raises(ssl.SSLCertVerificationError) as raised:
        try:
            client.starttls()
        finally:
            client.close()
    assert re.search(FAULTS[kind], str(raised.value))
    with peer.lab.smtp(MX, 25) as client:
        assert client.starttls(context=peer.lab.tls_context(check=False))[0] == 220


def test_smtplib_checks_nothing_unless_it_is_told_to(peer: Peer) -> None:
    """starttls() with no context took any certificate, until the caller passed one that checks."""
    peer.lab.use_certificate(MX, "self-signed")
    with smtplib.SMTP(*peer.lab.address(MX, 25), "visitor.example", timeout=LIMIT) as client:
        assert client.starttls()[0] == 220
        assert client.sendmail(EVE, [BOB], MESSAGE) == {}
    assert peer.arrived == 1


# Mallory takes STARTTLS away --------------------------------------------------------------------


def test_curl_stripped(curl: Peer) -> None:
    curl.lab.mallory.strip_starttls(MX)
    strict = ask_curl(curl, "--ssl-reqd")
    assert strict.returncode == 64 and "STARTTLS" in strict.stderr
    assert curl.arrived == 0
    assert ask_curl(curl, "--ssl").returncode == 0
    assert curl.arrived == 1
    assert_heard(curl.lab)


def test_swaks_stripped(swaks: Peer) -> None:
    swaks.lab.mallory.strip_starttls(MX)
    strict = ask_swaks(swaks, "--tls")
    assert strict.returncode == 29 and "did not advertise STARTTLS" in strict.stderr
    assert swaks.arrived == 0
    assert ask_swaks(swaks, "--tls-optional").returncode == 0
    assert swaks.arrived == 1
    assert_heard(swaks.lab)


def test_openssl_stripped(openssl: Peer) -> None:
    """It tries STARTTLS even where it is not offered, and takes Mallory's refusal for TLS."""
    openssl.lab.mallory.strip_starttls(MX, code=454)
    result = ask_openssl(openssl)
    assert result.returncode == 1
    assert "STARTTLS" in result.stderr
    near = openssl.lab.mallory.transcripts[-1]
    assert b"454 4.7.0" in b"".join(event.data for event in near.events if event.side is Side.SERVER)
    assert near.twin
    assert b"STARTTLS" not in b"".join(e.data for e in near.twin.events if e.side is Side.CLIENT)


def assert_heard(lab: Lab) -> None:
    """Mallory has read the message on the client's leg."""
    assert any(
        b"the body" in b"".join(event.data for event in near.events) for near in lab.mallory.transcripts
    )


# Mallory in the server's place ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["self-signed", "unknown-ca", "wrong-name"])
def test_curl_and_the_impostor(curl: Peer, kind: str) -> None:
    curl.lab.mallory.impersonate(MX, kind=kind)  # type: ignore[arg-type]
    strict = ask_curl(curl, "--ssl-reqd")
    assert strict.returncode == 60 and re.search(FAULTS[kind], strict.stderr)
    assert curl.arrived == 0
    assert ask_curl(curl, "--ssl-reqd", "--insecure").returncode == 0
    assert curl.arrived == 1
    assert_heard(curl.lab)


def test_swaks_and_the_impostor(swaks: Peer) -> None:
    swaks.lab.mallory.impersonate(MX)
    assert strict_swaks(swaks).returncode == 29
    assert swaks.arrived == 0
    assert ask_swaks(swaks, "--tls").returncode == 0
    assert swaks.arrived == 1
    assert_heard(swaks.lab)


def test_openssl_and_the_impostor(openssl: Peer) -> None:
    openssl.lab.mallory.impersonate(MX, kind="wrong-name")
    said = ask_openssl(openssl).stdout
    assert "mail.mallory.example" in said
    assert re.search(FAULTS["wrong-name"], said)


# Mallory behind STARTTLS ------------------------------------------------------------------------


def test_nobody_notices_an_injection_that_is_dropped(curl: Peer) -> None:
    curl.lab.mallory.inject(MX, 25, "RSET")
    assert ask_curl(curl, "--ssl-reqd").returncode == 0
    assert curl.arrived == 1


def test_one_reply_too_many_confuses_curl(curl: Peer) -> None:
    """A careless server answers Mallory's RSET under TLS: from there on no reply fits its command."""
    curl.lab.mta(MX).careless_starttls = True
    curl.lab.mallory.inject(MX, 25, "RSET")
    assert ask_curl(curl, "--ssl-reqd").returncode != 0
    assert curl.arrived == 0


def test_and_swaks(swaks: Peer) -> None:
    swaks.lab.mallory.inject(MX, 25, "RSET")
    assert strict_swaks(swaks).returncode == 0
    swaks.lab.mta(MX).careless_starttls = True
    assert strict_swaks(swaks).returncode != 0
    assert swaks.arrived == 1
