"""Real mail programs log in to the lab: msmtp with every mechanism it shares with the lab, curl and swaks.

msmtp does SCRAM-SHA-256 with GNU SASL: another implementation than the lab's on the server's side.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtplab.lab.lab import Lab
from smtplab.mail.sasl import explain, guess
from smtplab.mail.sasl_exchange import logins

HOST, ALICE, BOB, PASSWORD = "mail.acorn.example", "alice@acorn.example", "bob@birch.example", "wonderland"
MESSAGE = f"From: {ALICE}\nTo: {BOB}\nSubject: from a peer\n\nHello\n"
LIMIT = 30  # seconds that a program may take

Done = subprocess.CompletedProcess[bytes]


@pytest.fixture(scope="module")
def one_lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def lab(one_lab: Lab) -> Lab:
    """The lab with its server as it was at first, and Bob's mailbox empty."""
    one_lab.settle()
    mta = one_lab.mta(HOST)
    mta.mechanisms = ["PLAIN", "LOGIN", "SCRAM-SHA-256", "OAUTHBEARER"]
    mta.accounts.change(ALICE, mechanisms=None)
    mta.failures.forgive("203.0.113.200")
    one_lab.mta("mx.birch.example").store.boxes[BOB].clear()
    one_lab.network.transcripts.clear()
    return one_lab


def start(folder: Path, *command: str, data: str = "") -> Done:
    """Run a program to its end, with an empty home, so that nobody's configuration matters."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command, input=data.encode(), capture_output=True, timeout=LIMIT, env=environment, check=False
    )


@pytest.fixture
def msmtp(lab: Lab, tmp_path: Path, need_program: Callable[..., str]) -> Callable[[str, str], Done]:
    """`msmtp(mechanism, secret)` submits a message on port 587; mechanism "on" lets msmtp choose."""
    program = need_program("msmtp")

    def submit(mechanism: str, secret: str, name: str = ALICE) -> Done:
        host, port = lab.address(HOST, 587)
        settings = tmp_path / "msmtprc"
        settings.touch(0o600)
        settings.write_text(
            f"account default\nhost {host}\nport {port}\nfrom {ALICE}\ndomain peer.example\ntls on\n"
            f"tls_trust_file {lab.ca_file()}\ntls_host_override {HOST}\n"
            f"auth {mechanism}\nuser {name}\npassword {secret}\n"
        )
        return start(tmp_path, program, f"--file={settings}", BOB, data=MESSAGE)

    return submit


@pytest.mark.parametrize("mechanism", ["plain", "login", "scram-sha-256", "oauthbearer"])
def test_msmtp_logs_in(lab: Lab, msmtp: Callable[[str, str], Done], mechanism: str) -> None:
    done = msmtp(mechanism, lab.token(ALICE) if mechanism == "oauthbearer" else PASSWORD)
    assert done.returncode == 0, done.stderr
    lab.settle()
    assert len(lab.mailbox(BOB)) == 1
    said = lab.transcripts[0]
    [login] = logins(said)
    assert (login.mechanism, login.code) == (mechanism.upper(), 235)
    assert explain(said).result == "pass"
    assert PASSWORD not in explain(said).text(1000)


def test_what_msmtp_says_with_scram_can_be_guessed_by_whoever_has_it(
    lab: Lab, msmtp: Callable[[str, str], Done]
) -> None:
    """The arithmetic of `guess` against a client that is neither the lab's nor scramp's."""
    assert msmtp("scram-sha-256", PASSWORD).returncode == 0
    assert guess(lab.transcripts[0], ["oak", PASSWORD]) == PASSWORD
    assert guess(lab.transcripts[0], ["oak", "builder"]) is None


@pytest.mark.parametrize("mechanism", ["plain", "login", "scram-sha-256", "oauthbearer"])
def test_msmtp_with_a_wrong_secret(lab: Lab, msmtp: Callable[[str, str], Done], mechanism: str) -> None:
    done = msmtp(mechanism, "looking-glass")
    assert done.returncode == 77  # EX_NOPERM
    assert b"5.7.8" in done.stderr
    [login] = logins(lab.transcripts[0])
    assert (login.mechanism, login.code) == (mechanism.upper(), 535)
    lab.settle()
    assert lab.mailbox(BOB) == []


def test_an_expired_token(lab: Lab, msmtp: Callable[[str, str], Done]) -> None:
    token = lab.token(ALICE, hours=1)
    lab.clock.advance(hours=2)
    assert msmtp("oauthbearer", token).returncode == 77
    told = explain(lab.transcripts[0])
    assert told.result == "fail"
    assert "the token is unknown, expired or for somebody else" in told.text(1000)


def test_msmtp_is_locked_out(lab: Lab, msmtp: Callable[[str, str], Done]) -> None:
    codes = []
    for number in range(4):
        done = msmtp("plain", f"guess-{number}")
        codes.append(next(code for code in (b"535 5.7.8", b"421 4.7.0") if code in done.stderr))
    assert codes == [b"535 5.7.8", b"535 5.7.8", b"421 4.7.0", b"421 4.7.0"]
    lab.clock.advance(minutes=10)
    assert msmtp("plain", PASSWORD).returncode == 0


def test_msmtp_chooses_without_basic_passwords(lab: Lab, msmtp: Callable[[str, str], Done]) -> None:
    lab.mta(HOST).mechanisms = ["SCRAM-SHA-256", "OAUTHBEARER"]
    assert msmtp("on", PASSWORD).returncode == 0
    assert logins(lab.transcripts[0])[0].mechanism == "SCRAM-SHA-256"
    assert msmtp("plain", PASSWORD).returncode == 69  # EX_UNAVAILABLE: the server does not offer it


def test_msmtp_and_an_account_that_wants_more(lab: Lab, msmtp: Callable[[str, str], Done]) -> None:
    lab.mta(HOST).accounts.change(ALICE, mechanisms=("SCRAM-SHA-256",))
    done = msmtp("plain", PASSWORD)
    assert done.returncode == 77
    assert b"534 5.7.9 PLAIN is too weak here" in done.stderr
    assert msmtp("scram-sha-256", PASSWORD).returncode == 0


# curl ---------------------------------------------------------------------------------------------


@pytest.fixture
def curl(lab: Lab, tmp_path: Path, need_program: Callable[..., str]) -> Callable[..., Done]:
    """`curl(*options)` submits a message on port 465."""
    program = need_program("curl")

    def submit(*options: str) -> Done:
        host, port = lab.address(HOST, 465)
        message = tmp_path / "message"
        message.write_text(MESSAGE.replace("\n", "\r\n"))
        return start(
            tmp_path, program, "-q", "--silent", "--show-error", "--url", f"smtps://{HOST}:{port}/peer.example",
            "--resolve", f"{HOST}:{port}:{host}", "--cacert", lab.ca_file(), "--mail-from", ALICE,
            "--mail-rcpt", BOB, "--upload-file", str(message), *options,
        )  # fmt: skip

    return submit


@pytest.mark.parametrize("initial", [True, False])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "OAUTHBEARER"])
def test_curl_logs_in(lab: Lab, curl: Callable[..., Done], mechanism: str, initial: bool) -> None:
    options = ["--sasl-ir"] if initial else []
    if mechanism == "OAUTHBEARER":
        options += ["--user", ALICE, "--oauth2-bearer", lab.token(ALICE)]
    else:
        options += ["--user", f"{ALICE}:{PASSWORD}", "--login-options", f"AUTH={mechanism}"]
    done = curl(*options)
    assert done.returncode == 0, done.stderr
    [login] = logins(lab.transcripts[0])
    assert (login.mechanism, login.code) == (mechanism, 235)
    assert (login.turns[0].nth == 1) is initial


def test_curl_with_a_wrong_token(lab: Lab, curl: Callable[..., Done]) -> None:
    assert curl("--user", ALICE, "--oauth2-bearer", "nonsense").returncode == 67  # login denied
    [login] = logins(lab.transcripts[0])
    assert login.code in (501, 535)  # it may end the exchange with %x01 or with *
    assert len(lab.mta(HOST).failures._times["203.0.113.200"]) == 1


# swaks --------------------------------------------------------------------------------------------


@pytest.fixture
def swaks(need_program: Callable[..., str]) -> str:
    return need_program("swaks")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_swaks_logs_in(lab: Lab, tmp_path: Path, swaks: str, mechanism: str) -> None:
    host, port = lab.address(HOST, 587)
    done = start(
        tmp_path, swaks, "--server", host, "--port", str(port), "--ehlo", "peer.example", "--tls", "--from",
        ALICE, "--to", BOB, "--auth", mechanism, "--auth-user", ALICE, "--auth-password", PASSWORD,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    [login] = logins(lab.transcripts[0])
    assert (login.mechanism, login.code) == (mechanism, 235)
    # The two transcripts have the same lines, and only swaks' has the password.
    theirs = [line.split(" ", 2)[-1].strip() for line in done.stdout.decode().splitlines()]
    assert [turn.text.strip() for turn in login.turns if turn.text.strip() not in theirs] == []
    secret = login.turns[0].coded or login.turns[-2].coded
    assert secret not in lab.transcripts[0].text()
